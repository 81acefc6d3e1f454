// The page of an analysis: head, what is not known, where the energy goes, what if, map, layer, layers, and cards.
import {BESIDE, besideOf, kindOf} from './beside.mjs';
import {CardBox} from './cards.mjs';
import {bars} from './chart.mjs';
import {download, h, keepFocus, select, themeButton} from './dom.mjs';
import {markdown} from './explain.mjs';
import {EnergyMap, toneOf} from './map.mjs';
import {RowTable, csvOf} from './table.mjs';
import {COMPONENTS, bytes, count, energy, percent, plural, time} from './units.mjs';
import {CHOICES, baseOf, commandOf, emptyState, fragmentOf, isAsked, requestOf, stateOf} from './whatif.mjs';

const baseName = path => path.replace(/^.*\//, '');
const wordOf = format => format?.word ?? '';

function formatOf(layer) {
    const {input, weight, output} = layer.precision;
    const read = wordOf(input) || wordOf(output);
    return weight && weight.word !== read ? `${read} × ${weight.word}` : read;
}

const shapeOf = layer => layer.output_shape?.map(dim => dim ?? '?').join(' × ') ?? 'not known';

// A bar of the four parts of a layer, as long as the layer is dear.
function partsBar(layer, most) {
    const bar = h('span', {class: 'parts', 'aria-hidden': 'true'});
    COMPONENTS.forEach(([key], i) => {
        const part = h('i', {class: `tone${i}`});
        part.style.width = `${100 * layer.energy_pj[key] / (most || 1)}%`;
        bar.append(part);
    });
    return bar;
}

export class ReportPage {
    #root;
    #client;
    #asked;
    #report;    // what is shown
    #base;      // what it is compared with
    #bases = new Map();
    #state = emptyState();
    #lists;
    #turn = 0;
    #picked = null;
    #was = new Map();
    #most = 0;  // energy of the dearest layer
    #assumed;
    #map = new EnergyMap(index => this.pick(index, true));
    #table;
    #parts = {};
    #cards;
    beside = new Map(); // files that were dropped beside the model, by what they are
    more;       // hands out the client of the second module; undefined: there is none
    text;       // the document that is shown, as the engine wrote it
    settled = true; // what was asked is answered

    // `client`: the engine with the model, or null; `asked`: the request that has made the report; `tools`: more buttons.
    constructor({root, report, client, asked, tools, why, more}) {
        this.#root = root;
        this.#client = client;
        this.more = more;
        this.#asked = asked ?? {};
        this.#report = this.#base = report;
        this.#bases.set(JSON.stringify(baseOf(this.#asked, this.#state)), {report});
        this.#assumed = this.#assumedIn(report);
        this.#build(tools ?? [], why);
        this.#show();
        if (client)
            this.#begin();
    }

    async #begin() {
        addEventListener('hashchange', this.#read = () => {
            const state = stateOf(location.hash);
            if (fragmentOf(state) === fragmentOf(this.#state))
                return;
            this.#goTo(state);
            if (fragmentOf({...state, layer: undefined}) !== fragmentOf({...this.#state, layer: undefined}))
                this.ask(state);
        });
        try {
            this.#lists = await this.#client.lists();
        } catch (error) {
            this.#say(`No engine: ${error.message}. The page shows what was computed.`, true);
            return;
        }
        this.#controls();
        this.#cards.update();
        const state = stateOf(location.hash);
        this.#goTo(state);
        if (isAsked(state))
            await this.ask(state);
        else
            this.#say('Everything is computed on this machine; nothing is sent.');
        this.#explain();
    }

    // The layer that an address names.
    #goTo({layer: name}) {
        const layer = name === undefined ? undefined : this.#report.layers.find(one => one.name === name);
        if (layer)
            this.pick(layer.index, true);
    }

    #read;

    close() {
        removeEventListener('hashchange', this.#read);
        this.#client?.close();
    }

    #assumedIn(report) {
        return report.diagnostics.filter(one => one.code === 'assumed-dimension')
            .map(one => one.message.match(/^dimension '(.*)' is taken as \d+/s)?.[1]).filter(name => name !== undefined);
    }

    // ---- what cards ask of the page ----

    get report() {
        return this.#report;
    }

    get base() {
        return this.#base;
    }

    get client() {
        return this.#lists && this.#client;
    }

    get lists() {
        return this.#lists;
    }

    get state() {
        return this.#state;
    }

    get picked() {
        return this.#picked;
    }

    // What would be asked now, or in another state.
    request(state = this.#state) {
        return requestOf(this.#asked, state);
    }

    // A document of the engine, of what is shown.
    async call(more) {
        const {text} = await this.#client.call('run', {request: {...this.request(), format: 'json', ...more}});
        return JSON.parse(text);
    }

    // Files beside the model: what they are decides which card shows them.
    async add(files) {
        for (const file of files)
            try {
                const kind = await kindOf(file);
                if (!BESIDE[kind])
                    throw new Error(`${file.name}: neither a measurement, a profile, a footprint nor a lifecycle`);
                this.beside.set(kind, await besideOf(file, kind));
                this.#cards.open(BESIDE[kind]);
            } catch (error) {
                this.#say(error.message, true);
            }
        this.#cards.update();
    }

    print(value) {
        return this.#energy(value);
    }

    get #unit() {
        return this.#report.settings.unit;
    }

    #energy(value) {
        return energy(value, this.#unit);
    }

    // ---- parts ----

    #build(tools, why) {
        const p = this.#parts;
        for (const name of ['total', 'note', 'facts', 'strip', 'components', 'levels', 'whatif', 'said', 'command',
                            'layer', 'findings', 'rows'])
            p[name] = h('div', {class: name});
        p.said = h('p', {class: 'said note', role: 'status'});
        p.search = h('input', {type: 'search', oninput: () => {
            this.#table.word = p.search.value;
            this.#tellRows();
        }});
        p.rows = h('span', {class: 'note', role: 'status'});
        this.#table = new RowTable({
            columns: this.#columns(), sort: {key: 'total', down: true}, label: 'Layers', onpick: row => this.pick(row.index, true),
            match: layer => `${layer.name} ${layer.op} ${layer.scope} ${layer.stage ?? ''} ${formatOf(layer)}`.toLowerCase(),
        });
        this.#cards = new CardBox(this, Boolean(this.#client));
        const csv = h('button', {type: 'button', onclick: () => this.#csv()}, 'CSV');
        this.#root.replaceChildren(
            h('a', {class: 'skip', href: '#layers'}, 'Skip to the layers'),
            h('header', {}, h('div', {class: 'title'}, h('h1', {}, baseName(this.#report.model.path)), p.total, p.note),
              p.facts, h('div', {class: 'buttons'}, tools, themeButton())),
            h('main', {}, p.strip,
              h('section', {class: 'half'}, h('h2', {}, 'Where the energy goes'), p.components, p.levels),
              h('section', {class: 'half'}, h('h2', {}, 'What if'), p.whatif, p.said, p.command),
              h('section', {}, h('h2', {}, 'Map'), this.#map.element),
              h('section', {class: 'layer'}, h('h2', {}, 'Selected layer'), p.layer),
              h('section', {id: 'layers'}, h('h2', {}, 'Layers'),
                h('div', {class: 'tools'}, h('label', {class: 'field'}, h('span', {}, 'Name, operator, format'), p.search),
                  csv, p.rows), this.#table.element),
              this.#cards.elements,
              h('section', {class: 'findings'}, h('h2', {}, 'What this rests on'), p.findings)),
            h('footer', {}, `picojoule ${this.#report.version}. Figures are estimates from published energies, no measurement.`));
        p.said.textContent = why ?? '';
    }

    #shareOf(layer) {
        return layer.energy_pj.total / (this.#report.totals.energy_pj.total || 1);
    }

    #columns() {
        const share = layer => this.#shareOf(layer);
        const cost = (key, title) => ({key, title, value: layer => layer.energy_pj[key],
                                       show: layer => layer.energy_pj[key] ? this.#energy(layer.energy_pj[key]) : ''});
        const number = (key, title) => ({key, title, value: layer => layer[key],
                                         show: layer => layer[key] ? count(layer[key]) : ''});
        const change = layer => {
            const was = this.#was.get(layer.name + '\0' + layer.index);
            return was ? layer.energy_pj.total / was - 1 : 0;
        };
        return [
            {key: 'name', title: 'layer', left: true, value: layer => layer.name, show: layer => layer.name},
            {key: 'op', title: 'operator', left: true, value: layer => layer.op, show: layer => layer.op},
            {key: 'format', title: 'format', left: true, value: formatOf, show: formatOf},
            number('macs', 'MACs'), number('params', 'params'),
            ...COMPONENTS.map(([key, title]) => cost(key, title)), cost('total', 'energy'),
            {key: 'share', title: 'share', value: share, show: layer => percent(share(layer)),
             cell: layer => [partsBar(layer, this.#most), percent(share(layer))]},
            {key: 'change', title: 'change', value: change,
             show: layer => Math.abs(change(layer)) < 0.0005 ? '' :
                 `${change(layer) > 0 ? '+' : '−'}${Math.abs(100 * change(layer)).toFixed(change(layer) < 10 ? 1 : 0)} %`},
        ];
    }

    // ---- what is shown ----

    #show() {
        const {totals, layers} = this.#report, was = this.#base;
        this.#was = new Map(was === this.#report ? [] : was.layers.map(
            layer => [layer.name + '\0' + layer.index, layer.energy_pj.total]));
        const live = layers.filter(layer => !layer.free).sort((a, b) => a.index - b.index);
        if (this.#picked === null || !live.some(layer => layer.index === this.#picked))
            this.#picked = live.reduce((a, b) => b.energy_pj.total > a.energy_pj.total ? b : a, live[0])?.index ?? null;
        this.#most = live.reduce((most, layer) => Math.max(most, layer.energy_pj.total), 0);
        this.#head(totals, was.totals);
        this.#strip();
        this.#bars(totals, was.totals);
        this.#map.show(live, this.#unit);
        this.#map.pick(this.#picked);
        this.#table.element.classList.toggle('same', !this.#was.size);
        this.#table.rows = live;
        this.#table.pick(this.#picked);
        this.#tellRows();
        this.#layer();
        this.#findings();
        this.#cards.update();
        document.title = `${baseName(this.#report.model.path)} - picojoule`;
    }

    #head(totals, was) {
        const p = this.#parts, {model, coverage, settings} = this.#report;
        const same = this.#report === this.#base || settings.unit !== this.#base.settings.unit;
        p.total.textContent = this.#energy(totals.energy_pj.total);
        p.total.dataset.pj = totals.energy_pj.total;
        p.note.textContent = same ? `for one run${coverage.uncounted ? ', and more: not all layers are counted' : ''}` :
            `for one run, ${percent(totals.energy_pj.total / (was.energy_pj.total || 1))} of ` +
            `${this.#energy(was.energy_pj.total)} as it was`;
        const facts = [
            ['MACs', count(totals.macs)], ['parameters', count(totals.params)],
            ['size of weights', bytes(totals.param_bits / 8)], ['peak of activations', bytes(totals.peak_activation_bytes)],
            ['layers', `${coverage.layers.toLocaleString('en')}${coverage.uncounted ? `, ${coverage.uncounted} not counted` : ''}`],
            ['table', settings.table],
            ...Object.entries(totals.devices).map(([name, device]) => [
                name, device.time_us === null || device.time_us === undefined ? 'not known' :
                    `${energy(device.energy_pj)}, ${time(device.time_us)}`]),
        ];
        p.facts.replaceChildren(h('dl', {}, facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))));
    }

    #strip() {
        const p = this.#parts, {coverage, left_out: left, settings} = this.#report;
        const says = [];
        const open = this.#assumedIn(this.#report);
        if (this.#assumed.length)
            says.push(h('div', {class: 'sizes'}, h('p', {}, open.length ?
                `Nobody gave ${open.length === 1 ? 'this size' : 'these sizes'}, so 1 was taken:` : 'Sizes:'),
                this.#assumed.map(name => this.#size(name, settings.dims[name]))));
        if (coverage.uncounted)
            says.push(h('p', {}, `${plural(coverage.uncounted, 'layer is', 'layers are')} not counted: ` +
                        `${Object.keys(coverage.unknown_ops).join(', ') || 'sizes are missing'}. The energy is a lower bound.`));
        if (left)
            says.push(h('p', {}, `The page shows the ${this.#report.layers.length.toLocaleString('en')} dearest layers; ` +
                        `${left.rows.toLocaleString('en')} more take ${this.#energy(left.energy_pj.total)} and are in the totals.`));
        p.strip.hidden = !says.length;
        p.strip.classList.toggle('warn', Boolean(open.length || coverage.uncounted || left));
        keepFocus(p.strip, () => p.strip.replaceChildren(...says));
    }

    #size(name, value) {
        const box = h('input', {type: 'number', min: 0, step: 1, value, disabled: !this.#client, onchange: () => {
            if (/^\d{1,15}$/.test(box.value))
                this.ask({...this.#state, dims: {...this.#state.dims, [name]: Number(box.value)}});
        }});
        return h('label', {class: 'field'}, h('span', {}, name), box);
    }

    #bars(totals, was) {
        const p = this.#parts, costs = totals.energy_pj, same = totals === was || this.#base.settings.unit !== this.#unit;
        p.components.replaceChildren(h('h3', {}, 'By component'), bars(COMPONENTS.map(([key, name, about], i) => ({
            name, about, value: costs[key], was: same ? undefined : was.energy_pj[key], tone: `tone${i}`,
        })), value => this.#energy(value), 'Energy by component'));
        const levels = totals.reuse?.levels ?? [];
        p.levels.hidden = !levels.length;
        if (!levels.length)
            return;
        const rows = levels.map((level, i) => ({
            name: level.name, about: `${bytes(level.read_bits / 8)} read, ${bytes(level.written_bits / 8)} written`,
            value: level.pj, was: same ? undefined : was.reuse?.levels[i]?.pj, tone: `level${Math.min(i, 3)}`}));
        if (totals.reuse.register_pj)
            rows.push({name: 'registers', value: totals.reuse.register_pj, tone: 'level3'});
        rows.push({name: 'arithmetic', value: costs.op_cost, was: same ? undefined : was.energy_pj.op_cost, tone: 'tone3'});
        p.levels.replaceChildren(h('h3', {}, 'By level of memory'),
                                 bars(rows, value => this.#energy(value), 'Energy by level of memory'));
    }

    #tellRows() {
        const shown = this.#table.shown, all = this.#report.layers.filter(layer => !layer.free).length;
        const sum = shown.reduce((total, layer) => total + layer.energy_pj.total, 0);
        this.#parts.rows.textContent = `${shown.length.toLocaleString('en')} of ${all.toLocaleString('en')} layers` +
            (shown.length < all ? `, ${this.#energy(sum)}` : '');
    }

    // `chosen`: by somebody, so the address names it.
    pick(index, chosen) {
        this.#picked = index;
        if (chosen) {
            this.#state = {...this.#state, layer: this.#layerPicked?.name};
            this.#address();
        }
        this.#cards.update();
        this.#map.pick(index);
        this.#table.pick(index);
        this.#layer();
        this.#explain();
    }

    get #layerPicked() {
        return this.#report.layers.find(layer => layer.index === this.#picked);
    }

    #layer() {
        const layer = this.#layerPicked, {layer: box} = this.#parts;
        if (!layer) {
            box.replaceChildren(h('p', {class: 'note'}, 'Select a layer in the map or in the table.'));
            return;
        }
        const {precision, energy_pj: costs, work} = layer;
        const from = format => format ? `${format.word}, ${format.from}` : '-';
        const rows = [
            ['operator', layer.domain ? `${layer.domain}.${layer.op}` : layer.op], ['output', shapeOf(layer)],
            ['energy', `${this.#energy(costs.total)}, ${percent(this.#shareOf(layer))}`],
            ...COMPONENTS.map(([key, name]) => [name, this.#energy(costs[key])]),
            ['input', from(precision.input)], ['weight', from(precision.weight)], ['sum', from(precision.accumulator)],
            ['work', Object.entries(work ?? {}).filter(([, n]) => n).map(([key, n]) => `${count(n)} ${key}`).join(', ') || '-'],
            ['runs', layer.runs], ['fused into', layer.reuse?.fused_into],
            ...Object.entries(layer.devices ?? {}).map(([name, one]) => [
                name, one?.time_us === undefined || one.time_us === null ? 'not known' :
                    `${energy(one.energy_pj)}, ${time(one.time_us)}`]),
        ].filter(([, value]) => value !== undefined);
        this.#parts.told = h('div', {class: 'told'});
        box.replaceChildren(h('h3', {class: `mark tone${toneOf(costs)}`}, layer.name),
                            h('dl', {}, rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, String(value))))),
                            this.#parts.told);
    }

    // The life of the layer, as the program tells it.
    async #explain() {
        const layer = this.#layerPicked, told = this.#parts.told;
        if (!this.#client || !this.#lists || !layer)
            return;
        try {
            const request = {...requestOf(this.#asked, this.#state), explain: layer.name, format: 'markdown'};
            const {text} = await this.#client.call('run', {request});
            if (told === this.#parts.told)
                told.replaceChildren(h('details', {open: true}, h('summary', {}, 'How this comes about'),
                                       markdown(text.replace(/^.*\n/, ''))));
        } catch (error) {
            if (told === this.#parts.told)
                told.replaceChildren(h('p', {class: 'note'}, error.message));
        }
    }

    #findings() {
        const {diagnostics, settings} = this.#report;
        const basis = [['table', settings.table], ['rules', settings.rules], ['memory', settings.hierarchy], ['SRAM', this.#state.choices.sram?.replace(/(?=[A-Z])/, ' ')],
                       ['policy', settings.reuse], ['number formats', settings.quantize ?? settings.plan ?? 'as the model has them'],
                       ['sizes', Object.entries(settings.dims).map(([name, value]) => `${name} = ${value}`).join(', ')]];
        this.#parts.findings.replaceChildren(
            h('dl', {}, basis.filter(([, value]) => value).map(
                ([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))),
            h('ul', {}, diagnostics.slice(0, 200).map(one => h('li', {},
                h('strong', {class: one.severity === 'warning' ? 'warn' : ''}, `${one.severity}: `),
                one.node ? `${one.node}: ${one.message}` : one.message))),
            h('p', {class: 'note', hidden: diagnostics.length <= 200}, `and ${diagnostics.length - 200} more`));
    }

    // ---- what if ----

    #controls() {
        const p = this.#parts, dims = Object.entries(this.#report.settings.dims);
        keepFocus(p.whatif, () => p.whatif.replaceChildren(
            h('div', {class: 'tools'}, CHOICES.map(choice => {
                const asked = [this.#asked[choice.key]].flat()[0] ?? '';
                const words = choice.of(this.#lists);
                const options = [['', choice.usual], ...[...new Set([...(asked ? [asked] : []), ...words])].map(word => [word, word])];
                return select(choice.title, options, this.#state.choices[choice.key] ?? asked, word => {
                    const choices = {...this.#state.choices, [choice.key]: word};
                    if (word === asked)
                        delete choices[choice.key];
                    this.ask({...this.#state, choices});
                });
            }), dims.filter(([name]) => !this.#assumed.includes(name)).map(([name, value]) => this.#size(name, value)))));
        this.#tellCommand();
    }

    #tellCommand() {
        const command = commandOf(this.#report.model.path, requestOf(this.#asked, this.#state));
        const code = h('code', {tabindex: 0}, command);
        const copy = h('button', {type: 'button', onclick: async () => {
            try {
                await navigator.clipboard.writeText(command);
                this.#say('The command is copied.');
            } catch {
                getSelection().selectAllChildren(code);
                this.#say('The command is selected; copy it from there.');
            }
        }}, 'Copy as command line');
        const back = h('button', {type: 'button', disabled: !isAsked(this.#state), onclick: () => this.ask(emptyState())},
                       'As it was');
        this.#parts.command.replaceChildren(h('div', {class: 'tools'}, copy, back), code);
    }

    #address() {
        const fragment = fragmentOf(this.#state);
        history.replaceState(null, '', fragment ? `#${fragment}` : location.pathname + location.search);
    }

    #say(text, bad) {
        this.#parts.said.textContent = text;
        this.#parts.said.classList.toggle('bad', Boolean(bad));
    }

    async #baseline(state) {
        const request = baseOf(this.#asked, state), key = JSON.stringify(request);
        if (!this.#bases.has(key))
            this.#bases.set(key, await this.#client.analyze(request));
        return this.#bases.get(key);
    }

    // Answers with the newest state; what was asked before and is not answered yet is passed over.
    async ask(state) {
        const turn = ++this.#turn, began = performance.now();
        this.settled = false;
        try {
            const base = await this.#baseline(state);
            const answer = Object.keys(state.choices).length ? await this.#client.analyze(requestOf(this.#asked, state)) : null;
            if (turn !== this.#turn)
                return;
            this.#state = state;
            this.#base = base.report;
            ({report: this.#report, text: this.text} = answer ?? base);
            this.#address();
            this.#show();
            this.#controls();
            this.#explain();
            this.#say(`Analyzed anew in ${(performance.now() - began).toFixed(0)} ms, on this machine.`);
        } catch (error) {
            if (turn === this.#turn) {
                this.#controls();
                this.#say(`${error.message}`, true);
            }
        }
        this.settled = turn === this.#turn;
    }

    // One question to the engine, with nothing drawn: for benchmarks.
    measure(request) {
        return this.#client.analyze(request);
    }

    #csv() {
        download(`${baseName(this.#report.model.path)}.csv`, 'text/csv', csvOf(this.#columns(), this.#table.shown));
    }
}
