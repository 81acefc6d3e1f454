// Where the energy of a neural network goes: layer by layer, from an ONNX model, before it is deployed.
//
//     import {analyze} from 'picojoule';
//     const report = await analyze('model.onnx', {dim: {batch: 1}, table: 'horowitz-45nm'});
//     console.log(report.totals.energy_pj.total / 1e6, 'uJ');
//
// A model is a path (in node), bytes, or a Blob. Options are those of `picojoule analyze`, by their long names, in camelCase
// if you like; an object is a list of NAME=VALUE. The engine is the program itself, as WebAssembly: its figures are those of
// the program, byte for byte. Nothing leaves the machine.
import {Engine, EngineError, bytesFile} from './engine.mjs';

export {EngineError as PicojouleError};

const isNode = typeof process !== 'undefined' && Boolean(process.versions?.node);
let compiled;

function moduleOfEngine() {
    const url = new URL('./picojoule.wasm', import.meta.url);
    compiled ??= isNode
        ? import('node:fs/promises').then(async fs => WebAssembly.compile(await fs.readFile(url)))
        : WebAssembly.compileStreaming(fetch(url));
    return compiled;
}

// A file of the disk, opened when it is first read.
function diskFile(fs, path, size) {
    let handle;
    return {
        size,
        read(offset, length) {
            handle ??= fs.openSync(path, 'r');
            const bytes = new Uint8Array(length);
            return bytes.subarray(0, fs.readSync(handle, bytes, 0, length, offset));
        },
        close() {
            if (handle !== undefined)
                fs.closeSync(handle);
        },
    };
}

// The files that the engine may read: the model, those beside it (its weights may be there), and files that options name.
async function filesOf(model, options) {
    const files = new Map();
    if (!isNode || typeof model !== 'string') {
        const bytes = model instanceof Uint8Array ? model : new Uint8Array(model.arrayBuffer ? await model.arrayBuffer() : model);
        files.set('model.onnx', bytesFile(bytes));
        if (!isNode)
            return {name: 'model.onnx', files};
    }
    const fs = await import('node:fs'), path = await import('node:path');
    const add = file => {
        const info = fs.statSync(file, {throwIfNoEntry: false});
        if (info?.isFile())
            files.set(file, diskFile(fs, file, info.size));
    };
    Object.values(options).flat().forEach(value => typeof value === 'string' && add(value));
    if (typeof model !== 'string')
        return {name: 'model.onnx', files};
    const folder = path.dirname(model);
    add(model);
    if (fs.existsSync(folder))
        fs.readdirSync(folder).forEach(name => add(path.join(folder, name)));
    return {name: model, files};
}

function requestOf(options) {
    const request = {};
    for (const [name, value] of Object.entries(options)) {
        if (value === undefined || value === null || value === false)
            continue;
        const option = name.replace(/[A-Z]/g, letter => '-' + letter.toLowerCase());
        if (Array.isArray(value))
            request[option] = value.map(String);
        else if (typeof value === 'object')
            request[option] = Object.entries(value).map(([key, one]) => `${key}=${one}`);
        else
            request[option] = value === true ? true : String(value);
    }
    return request;
}

// The report as text, in the format that the options name.
export async function report(model, options = {}) {
    const {name, files} = await filesOf(model, options);
    try {
        const engine = await new Engine(files).start(await moduleOfEngine());
        return engine.run(name, requestOf(options));
    } finally {
        files.forEach(file => file.close?.());
    }
}

// The report as an object: docs/report.schema.json, types in index.d.ts.
export async function analyze(model, options = {}) {
    return JSON.parse(await report(model, {...options, format: 'json'}));
}
