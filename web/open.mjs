// The app: a model that is dropped, chosen or one of the samples. Nothing of it leaves the page.
import {BESIDE, kindOf} from './beside.mjs';
import {byId, h} from './dom.mjs';
import {ReportPage} from './report.mjs';
import {EngineClient} from './whatif.mjs';

const MODEL = /\.(onnx|ort|pb)$/i, REPORT = /\.json$/i;

export class App {
    #root = byId('app');
    #page = null;
    #client = null;
    #more = null; // the client of the second module, once it was asked for
    #turn = 0;
    #samples;

    constructor(samples) {
        this.#samples = samples;
        addEventListener('dragover', event => {
            event.preventDefault();
            document.body.classList.add('over');
        });
        addEventListener('dragleave', event => {
            if (!event.relatedTarget)
                document.body.classList.remove('over');
        });
        addEventListener('drop', event => {
            event.preventDefault();
            document.body.classList.remove('over');
            this.open([...event.dataTransfer.files]);
        });
        this.#welcome();
        navigator.serviceWorker?.register('sw.js').catch(() => {}); // where there is none, it needs a network each time
    }

    #picker(text) {
        const box = h('input', {type: 'file', multiple: true, onchange: () => {
            this.open([...box.files]);
            box.value = '';
        }});
        return h('label', {class: 'choose'}, text, box);
    }

    #sampleMenu() {
        const menu = h('select', {onchange: () => menu.value && this.#openSample(menu.value)},
                       h('option', {value: ''}, 'a sample ...'),
                       this.#samples.map(([file, title]) => h('option', {value: file}, title)));
        return h('label', {class: 'field'}, h('span', {}, 'or try'), menu);
    }

    #welcome(error) {
        document.title = 'picojoule';
        this.#root.replaceChildren(h('main', {class: 'welcome'},
            h('h1', {}, 'Where does the energy of a neural network go?'),
            h('p', {}, 'Drop an ONNX model anywhere on this page, together with the files of its weights if it has any.'),
            h('div', {class: 'tools'}, this.#picker('Choose files'), this.#sampleMenu()),
            h('p', {class: 'error', role: 'alert', hidden: !error}, error ?? ''),
            h('p', {class: 'note'}, 'Nothing leaves this machine: the program runs in this page, and the page may load ' +
              'nothing but its own files. Of a model of any size the graph is read, and no weights. A report that was ' +
              'saved with --format json can be dropped, too.')));
    }

    async #openSample(file) {
        try {
            const answer = await fetch(`samples/${file}`);
            if (!answer.ok)
                throw new Error(`samples/${file}: ${answer.status}`);
            await this.open([new File([await answer.blob()], file)]);
        } catch (error) {
            this.#welcome(error.message);
        }
    }

    // Of what is dropped one is the model, the others are beside it. What runs for an earlier one is given up. Measurements and
    // the like alone belong to the model that is there.
    async open(all) {
        const turn = ++this.#turn, kinds = await Promise.all(all.map(kindOf));
        const files = all.filter((file, i) => !BESIDE[kinds[i]]), beside = all.filter((file, i) => BESIDE[kinds[i]]);
        if (!files.length && this.#page)
            return this.#page.add(beside);
        if (!files.length && beside.length)
            return this.#welcome(`${beside[0].name} belongs to a model: drop both, or the model first.`);
        const report = files.length === 1 && REPORT.test(files[0].name) ? files[0] : null;
        const model = files.find(file => MODEL.test(file.name)) ?? files.reduce(
            (a, b) => !a || b.size < a.size ? b : a, null);
        if (!model)
            return;
        this.#page?.close();
        this.#client?.close();
        this.#more?.then(client => client.close(), () => {});
        this.#page = this.#client = this.#more = null;
        history.replaceState(null, '', location.pathname + location.search);
        this.#root.replaceChildren(h('main', {class: 'welcome'}, h('h1', {}, 'One moment'),
                                     h('p', {role: 'status'}, `Reading ${model.name} ...`)));
        try {
            const shown = report ? await this.#read(report) : await this.#analyze(files, model);
            if (turn === this.#turn)
                this.#show(shown, files, model, beside);
            else
                shown.client?.close();
        } catch (error) {
            if (turn === this.#turn)
                this.#welcome(error.message);
        }
    }

    async #read(file) {
        const report = JSON.parse(await file.text());
        if (!report?.schema?.startsWith?.('picojoule.report/'))
            throw new Error(`${file.name}: this is no report of picojoule analyze --format json`);
        return {report, why: 'This is a saved report; drop the model itself to ask what if.'};
    }

    async #analyze(files, model) {
        const client = this.#client = await this.#start('picojoule.wasm', files, model);
        const {report, text, read} = await client.analyze({});
        return {report, client, text, read};
    }

    // The engine with footprints and profiles, with the same files.
    #moreOf(files, model) {
        this.#more ??= this.#start('picojoule-more.wasm', files, model);
        this.#more.catch(() => {
            this.#more = null;
        });
        return this.#more;
    }

    async #start(url, files, model) {
        const client = new EngineClient(new Worker('worker.js'));
        await client.call('start', {url});
        await client.call('open', {path: model.name, loose: true, files: files.map(file => ({name: file.name, blob: file}))});
        return client;
    }

    #show({report, client, why, text, read}, files, model, beside) {
        const others = files.filter(file => file !== model && MODEL.test(file.name)).map(file => file.name);
        this.#page = new ReportPage({
            root: this.#root, report, client, asked: {}, tools: [this.#picker('Open another'), this.#sampleMenu()],
            more: client && (() => this.#moreOf(files, model)),
            why: others.length ? `Of several models the first one is shown; not ${others.join(', ')}.` : why,
        });
        this.#page.text = text;
        this.#root.dataset.read = read ?? 0;
        this.#page.add(beside);
    }

    get page() {
        return this.#page;
    }
}
