// What ONNX Runtime says of models:
//   node ort.js load LEVEL MODEL...                    loads and runs each with random inputs: a line each
//   node ort.js ranges PROBED SAMPLES NAME OUT         ranges of all outputs over samples 0, 2, 4 ...
//   node ort.js sqnr REFERENCE MODEL SAMPLES NAME      dB of the first output over samples 1, 3, 5 ...
//   node ort.js same REFERENCE MODEL                   do all outputs agree on random inputs, but for rounding?
//   node ort.js ops LEVEL MODEL OUT                    writes the optimized model
// The package onnxruntime-node is looked for where NODE_PATH says.
'use strict';
const fs = require('fs');
const path = require('path');
const ort = require('onnxruntime-node');

const COUNT = 16;
const arrays = {float32: Float32Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array, float64: Float64Array,
                uint8: Uint8Array, int8: Int8Array, float16: Uint16Array, int16: Int16Array, uint16: Uint16Array,
                uint32: Uint32Array, uint64: BigUint64Array};

function open(model, level) {
  return ort.InferenceSession.create(model, {graphOptimizationLevel: level, logSeverityLevel: 4, intraOpNumThreads: 1,
                                             interOpNumThreads: 1});
}

let seed = 1;
function random() {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
}

function fill(type, dims) {
  const size = dims.reduce((a, b) => a * b, 1);
  if (type === 'string')
    return new ort.Tensor('string', Array(size).fill('a'), dims);
  const data = new arrays[type](size);
  for (let i = 0; i < size; i++) {
    const x = type.startsWith('float') ? random() * 2 - 1 : Math.floor(random() * 2);
    data[i] = type === 'int64' || type === 'uint64' ? BigInt(x) : type === 'float16' ? 0x2000 + Math.floor(random() * 0x1c00) : x;
  }
  return new ort.Tensor(type, data, dims);
}

function feeds(session) {
  const out = {};
  for (const input of session.inputMetadata)
    if (input.isTensor)
      out[input.name] = fill(input.type, input.shape.map(d => typeof d === 'number' && d >= 0 ? d : 1));
  return out;
}

function sample(session, folder, name, i) {
  const out = {};
  for (const input of session.inputMetadata) {
    const bytes = fs.readFileSync(path.join(folder, `${name}.${i}.${input.name}.bin`));
    const data = new arrays[input.type](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const dims = input.shape.slice();
    const known = dims.map(d => typeof d === 'number' && d > 0 ? d : 0);
    const rest = data.length / known.reduce((a, b) => a * (b || 1), 1);
    let first = true;
    out[input.name] = new ort.Tensor(input.type, data, known.map(d => d || (first ? (first = false, dims.length > 1 && rest > 1 ? 1 : rest) : rest)));
  }
  return out;
}

async function load(level, models) {
  let failed = 0;
  for (const model of models) {
    try {
      seed = 1;
      const session = await open(model, level);
      try {
        await session.run(feeds(session));
        console.log(`runs ${model}`);
      } catch (e) {
        failed++;
        console.log(`fails ${model} ${String(e.message || e).split('\n')[0].slice(0, 300)}`);
      }
      await session.release();
    } catch (e) {
      failed++;
      console.log(`refused ${model} ${String(e.message || e).split('\n')[0].slice(0, 300)}`);
    }
  }
  return failed ? 1 : 0;
}

async function ranges(model, folder, name, out) {
  const session = await open(model, 'basic');
  const found = {};
  function add(key, data) {
    let [min, max] = found[key] || [Infinity, -Infinity];
    for (const x of data) {
      min = x < min ? x : min;
      max = x > max ? x : max;
    }
    found[key] = [min, max];
  }
  for (let i = 0; i < COUNT; i += 2) {
    const given = folder ? sample(session, folder, name, i) : (seed = i + 1, feeds(session));
    const results = await session.run(given);
    for (const all of [given, results])
      for (const [key, tensor] of Object.entries(all))
        if (tensor.type === 'float32' && tensor.data.length)
          add(key, tensor.data);
  }
  const tensors = {};
  for (const [key, range] of Object.entries(found))
    if (range.every(Number.isFinite))
      tensors[key] = range;
  fs.writeFileSync(out, JSON.stringify({schema: 'picojoule.ranges/1', tensors}) + '\n');
  return 0;
}

async function sqnr(reference, model, folder, name, level) {
  const a = await open(reference, 'all'), b = await open(model, level || 'basic');
  let signal = 0, noise = 0;
  for (let i = 1; i < COUNT; i += 2) {
    const x = (await a.run(sample(a, folder, name, i)))[a.outputNames[0]].data;
    const y = (await b.run(sample(b, folder, name, i)))[b.outputNames[0]].data;
    for (let k = 0; k < x.length; k++) {
      signal += x[k] * x[k];
      noise += (x[k] - y[k]) ** 2;
    }
  }
  console.log((10 * Math.log10(signal / noise)).toFixed(1));
  return 0;
}

async function same(reference, model) {
  const a = await open(reference, 'basic'), b = await open(model, 'basic');
  for (let i = 1; i <= 4; i++) {
    seed = i;
    const given = feeds(a), x = await a.run(given), y = await b.run(given);
    for (const name of a.outputNames) {
      let largest = 0, worst = 0;
      if (x[name].data.length !== y[name].data.length || `${x[name].dims}` !== `${y[name].dims}`)
        throw new Error(`${name}: ${x[name].dims} became ${y[name].dims}`);
      for (let k = 0; k < x[name].data.length; k++) {
        const u = Number(x[name].data[k]), v = Number(y[name].data[k]);
        largest = Math.max(largest, Math.abs(u));
        worst = Math.max(worst, u === v ? 0 : Math.abs(u - v));
      }
      if (!(worst <= 1e-5 * largest))
        throw new Error(`${name}: numbers up to ${largest} differ by ${worst}`);
    }
  }
  return 0;
}

async function ops(level, model, out) {
  await ort.InferenceSession.create(model, {graphOptimizationLevel: level, optimizedModelFilePath: out, logSeverityLevel: 4});
  return 0;
}

const [, , what, ...args] = process.argv;
const commands = {load: () => load(args[0], args.slice(1)), ranges: () => ranges(...args), sqnr: () => sqnr(...args), same: () => same(...args),
                  ops: () => ops(...args)};
if (!commands[what]) {
  console.error('usage: node ort.js load|ranges|sqnr|same|ops ...');
  process.exit(2);
}
commands[what]().then(code => process.exit(code), e => {
  console.error(String(e.message || e).split('\n')[0]);
  process.exit(1);
});
