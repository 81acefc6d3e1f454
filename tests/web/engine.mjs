// engine.mjs PROGRAM ENGINE ROOT : reports of the WebAssembly are those of the program, byte for byte, over our models
// and those of the corpus beside the project, where it is there; so are the sentences where it fails. And the engine
// keeps its size.
import {execFile} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {gzipSync} from 'node:zlib';
import {Engine, bytesFile} from '../../web/engine.mjs';

const LIMIT = {bytes: 1_100_000, compressed: 400_000, tables: 40_000};
const LIMIT_OF_MORE = {bytes: 1_200_000, compressed: 450_000, tables: 40_000}; // loaded when it is asked for
const [program, wasm, root] = process.argv.slice(2).map(name => path.resolve(name));
process.chdir(root);
const run = promisify(execFile);
const module = await WebAssembly.compile(fs.readFileSync(wasm));
let failed = 0;

function check(good, what) {
    if (good)
        return;
    failed++;
    console.error(`FAILED: ${what}`);
}

// Tables are kept apart, packed, in a section of their own; they are not what the limits are of.
function checkSize(name, file, compiled, limit) {
    const whole = fs.readFileSync(file), [packed] = WebAssembly.Module.customSections(compiled, 'tables').map(one => Buffer.from(one));
    const at = whole.indexOf(packed), bytes = Buffer.concat([whole.subarray(0, at), whole.subarray(at + packed.length)]);
    const compressed = gzipSync(bytes, {level: 9}).length;
    console.log(`${name}: ${bytes.length} bytes, ${compressed} compressed; tables: ${packed.length}`);
    check(packed.length <= limit.tables, `${name}: the tables have ${packed.length} bytes, more than ${limit.tables}`);
    check(bytes.length <= limit.bytes, `${name} has ${bytes.length} bytes, more than ${limit.bytes}`);
    check(compressed <= limit.compressed, `${name}: compressed, it has ${compressed} bytes, more than ${limit.compressed}`);
}
const wasmOfMore = wasm.replace(/\.wasm$/, '-more.wasm'), more = await WebAssembly.compile(fs.readFileSync(wasmOfMore));
checkSize('engine', wasm, module, LIMIT);
checkSize('engine with footprints and profiles', wasmOfMore, more, LIMIT_OF_MORE);

function files(folder) {
    const out = new Map();
    for (const name of fs.readdirSync(folder)) {
        const at = path.join(folder, name);
        if (fs.statSync(at).isFile())
            out.set(at, bytesFile(fs.readFileSync(at)));
    }
    return out;
}

const words = request => Object.entries(request).flatMap(
    ([name, value]) => [value].flat().flatMap(one => one === true ? [`--${name}`] : [`--${name}`, one]));

const all = {maxBuffer: 1 << 30};
async function native(model, request) {
    try {
        return (await run(program, ['analyze', model, '--format', 'json', ...words(request)], all)).stdout;
    } catch (error) {
        return error.stderr.replace(/^picojoule: /, '').trimEnd();
    }
}

async function engine(given, model, request, which = module) {
    try {
        return (await new Engine(given).start(which)).run(model, {format: 'json', ...request});
    } catch (error) {
        if (error.status === undefined)
            throw error;
        return error.message;
    }
}

const corpus = '../shared/corpus/models/models';
if (!fs.existsSync(corpus))
    console.log('SKIPPED: no corpus beside the project; only our models are compared');
const requests = [
    {},
    {quantize: 'int8', table: 'jouppi-7nm', reuse: 'resident', memory: true, device: ['jetson-orin-nano']},
    {'weights-on': 'sram', 'activations-on': 'sram', 'inspect-weights': true},
];
let compared = 0, refused = 0;
for (const folder of ['models', corpus, 'tests/web/bad'].filter(name => fs.existsSync(name))) {
    const given = files(folder);
    for (const model of given.keys())
        for (const request of folder === 'models' ? requests : requests.slice(0, 2)) {
            if (/\.(data|md|json|py)$/.test(model) && folder !== 'tests/web/bad')
                continue;
            const [ours, theirs] = await Promise.all([engine(given, model, request), native(model, request)]);
            check(ours === theirs, `${model} ${JSON.stringify(request)}\n  ${ours.slice(0, 300)}\n  ${theirs.slice(0, 300)}`);
            compared++;
            refused += ours[0] !== '{';
        }
}
console.log(`${compared} reports compared, ${refused} of them refusals`);
check(compared > 40, `only ${compared} reports were compared`);

// The other commands of a request, and every device and hierarchy there is.
const small = path.resolve('models/resnet8.onnx'), other = path.resolve('models/resnet8_int8.onnx'), both = files('models');
const decoder = path.resolve(corpus, 'gen_llm_int4_contrib.onnx');
const asked = [
    [small, {command: 'frontier'}, ['plan', small, '--frontier']],
    [small, {command: 'frontier', choices: ['fp16', 'int8'], sensitivity: 'uniform'},
     ['plan', small, '--frontier', '--choices', 'fp16,int8', '--sensitivity', 'uniform']],
    [small, {command: 'compare', with: other}, ['compare', small, other]],
    [small, {command: 'compare', table: 'jouppi-7nm', b: {quantize: 'int8', table: 'jouppi-7nm'}},
     ['compare', small, '--table', 'jouppi-7nm', '--b-quantize', 'int8']],
    [small, {command: 'sweep', sram: ['64KiB', '1MiB']}, ['analyze', small, '--sweep', 'sram=64KiB,1MiB']],
    ...(fs.existsSync(decoder) ? [[decoder, {command: 'generate', prompt: '16', tokens: '4', 'kv-format': 'int8'},
                                   ['generate', decoder, '--prompt', '16', '--tokens', '4', '--kv-format', 'int8']]] : []),
];
for (const [model, request, words] of asked) {
    const given = new Map([...[...both].map(([name, file]) => [path.resolve(name), file]),
                           ...(model === decoder ? [[decoder, bytesFile(fs.readFileSync(decoder))]] : [])]);
    const theirs = (await run(program, [...words, '--format', 'json'], all)).stdout, ours = await engine(given, model, request);
    check(ours === theirs, `${JSON.stringify(request)}\n  ${ours.slice(0, 300)}\n  ${theirs.slice(0, 300)}`);
}

// What the second module works out beside: footprints, lives, regions, profiles of a runtime.
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'picojoule-engine-')), life = path.join(scratch, 'life.json');
process.on('exit', () => fs.rmSync(scratch, {recursive: true, force: true}));
fs.writeFileSync(life, (await run(program, ['footprint', '--init'])).stdout);
const trace = path.resolve('tests/conformance/measure/ort/resnet8.disabled.t1.json');
const askedMore = [
    [{command: 'footprint', device: ['a100', 'h100'], region: ['DEU', 'gcp:us-central1'], 'per-day': '1000', pue: '1.2', price: '0.3'},
     ['footprint', small, '--device', 'a100', '--device', 'h100', '--region', 'DEU', '--region', 'gcp:us-central1', '--per-day', '1000',
      '--pue', '1.2', '--price', '0.3']],
    [{command: 'footprint', energy: '0.102J', region: ['FRA']}, ['footprint', '--energy', '0.102J', '--region', 'FRA']],
    [{command: 'footprint'}, ['footprint', small]],
    [{command: 'footprint', energy: '1J', region: ['Atlantis']}, ['footprint', '--energy', '1J', '--region', 'Atlantis']],
    [{command: 'lifecycle', file: life}, ['footprint', '--lifecycle', life]],
    [{command: 'regions'}, ['regions']],
    [{command: 'layers', trace: trace, 'joules-per-run': '0.024J'}, ['layers', small, '--trace', trace, '--joules-per-run', '0.024J']],
];
for (const [request, words] of askedMore) {
    const given = new Map([...[...both].map(([name, file]) => [path.resolve(name), file]),
                           ...[life, trace].map(name => [name, bytesFile(fs.readFileSync(name))])]);
    const theirs = await run(program, [...words, '--format', 'json'], all).then(
        answer => answer.stdout, error => error.stderr.replace(/^picojoule: (footprint: )?/, '').replace(/\n[^]*/, ''));
    const ours = await engine(given, small, request, more);
    check(ours === theirs, `${JSON.stringify(request)}\n  ${ours.slice(0, 300)}\n  ${theirs.slice(0, 300)}`);
    check(!(await engine(given, small, request)).startsWith('{'), `the engine of pages does ${request.command}`);
}
const atSize = JSON.parse(await engine(both, 'models/resnet8.onnx', {sram: '64KiB'})).totals.energy_pj.total;
const swept = JSON.parse((await run(program, ['analyze', small, '--sweep', 'sram=64KiB', '--format', 'json'], all)).stdout).points[0].total_pj;
check(atSize === swept, `with an SRAM of 64 KiB ${atSize}, as a sweep ${swept}`);
check(/wants a size/.test(await engine(both, 'models/resnet8.onnx', {sram: 'much'})), 'an SRAM of "much" is taken');
for (const command of ['nonsense', 'compare'])
    check(!(await engine(both, 'models/resnet8.onnx', {command, with: 'absent.onnx'})).startsWith('{'), `${command} is not refused`);
const lists = await new Engine(new Map()).start(module);
const devices = lists.list('devices').devices.map(one => one.name);
for (let i = 0; i < devices.length; i += 16)
    check(await engine(both, 'models/resnet8.onnx', {device: devices.slice(i, i + 16)}) ===
          await native('models/resnet8.onnx', {device: devices.slice(i, i + 16)}), `devices ${devices.slice(i, i + 16)} differ`);
for (const {name: hierarchy} of lists.list('hierarchies').hierarchies)
    check((await native('models/resnet8.onnx', {hierarchy})).endsWith(await engine(both, 'models/resnet8.onnx', {hierarchy})),
          `the hierarchy ${hierarchy} differs`);
for (const what of ['tables', 'devices', 'hierarchies'])
    check(JSON.stringify(lists.list(what)).length > 100, `no list of ${what}`);
process.exit(failed ? 1 : 0);
