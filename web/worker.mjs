// Runs the engine beside the page. One message is one call: {id, call, ...}; the answer is {id, result} or {id, error}.

import {Engine, blobFile, bytesFile, partsFile} from './engine.mjs';

let module, engine, files, path;

async function compile({wasm, url}) {
    if (wasm)
        return WebAssembly.compile(wasm);
    const answer = await fetch(url);
    if (!answer.ok)
        throw new Error(`the engine cannot be loaded: ${url}: ${answer.status}`);
    return WebAssembly.compile(await answer.arrayBuffer());
}

function fileOf(file) {
    if (file.blob)
        return blobFile(file.blob);
    return file.parts ? partsFile(file.size, file.parts) : bytesFile(file.bytes);
}

const calls = {
    async start(given) {
        module = await compile(given);
        engine = await new Engine(new Map()).start(module);
    },
    async open(given) {
        files = new Map(given.files.map(file => [file.name, fileOf(file)]));
        path = given.path;
        engine = await new Engine(files, given.loose).start(module);
    },
    // One file more, for what is asked from now on.
    give(given) {
        files.set(given.name, fileOf(given));
        engine.give(given.name, files.get(given.name));
    },
    run: ({request}) => ({text: engine.run(path, request), read: engine.bytesRead, memory: engine.memory}),
    list: ({what}) => engine.list(what),
};

onmessage = async ({data}) => {
    try {
        postMessage({id: data.id, result: await calls[data.call](data)});
    } catch (error) {
        if (error instanceof WebAssembly.RuntimeError && files)
            engine = await new Engine(files, true).start(module);
        postMessage({id: data.id, error: error instanceof WebAssembly.RuntimeError ?
                     `the engine has failed: ${error.message}` : error.message});
    }
};
