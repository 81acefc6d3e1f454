// Where it begins: as an app, or with what the program has put into the file.
import {bars} from './chart.mjs';
import {byId, dataOf, download, h, select, svg} from './dom.mjs';
import {App} from './open.mjs';
import {ReportPage} from './report.mjs';
import {RowTable} from './table.mjs';
import {COMPONENTS, bytes, count, energy, percent, plural, time} from './units.mjs';
import {EngineClient} from './whatif.mjs';

const bytesOf = base64 => Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));

async function unpack(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The engine that the file holds, with the files of the model.
async function startEngine(path) {
    const code = new Blob([byId('worker').textContent], {type: 'text/javascript'});
    const client = new EngineClient(new Worker(URL.createObjectURL(code)));
    const files = dataOf('files').map(file => ({
        name: file.name, size: file.size, parts: file.parts.map(part => ({at: part.at, bytes: bytesOf(part.bytes)}))}));
    await client.call('start', {wasm: await unpack(bytesOf(byId('engine').textContent))});
    await client.call('open', {path, files});
    return client;
}

async function begin() {
    const data = dataOf('data');
    if (byId('app')) {
        globalThis.picojoule = new App(dataOf('samples') ?? []);
        return;
    }
    const root = h('div', {id: 'app'});
    let client = null, why = 'This page was made without the engine: it shows what was computed, and answers no what-if.';
    if (byId('engine'))
        try {
            client = await startEngine(data.model.path);
            why = '';
        } catch (error) {
            why = `The engine does not run here (${error.message}); the page shows what was computed.`;
        }
    globalThis.picojoule = {page: new ReportPage({root, report: data, client, asked: dataOf('asked'), why})};
    byId('told').replaceWith(root);
}

globalThis.picojouleParts = {cards: {}, h, svg, select, download, bars, RowTable, COMPONENTS, bytes, count, energy, percent, plural, time};

// Scripts of a report follow this one.
if (document.readyState === 'loading')
    addEventListener('DOMContentLoaded', begin);
else
    begin();
