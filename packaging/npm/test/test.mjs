// The package as it is installed: its figures are those of the program, from a path, bytes and a Blob; errors say where.
//     node test.mjs PACKAGE PROGRAM MODELS
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import path from 'node:path';

const [packageFolder, program, models] = process.argv.slice(2).map(name => path.resolve(name));
const {analyze, report, PicojouleError} = await import(path.join(packageFolder, 'index.mjs'));
const model = path.join(models, 'resnet8.onnx');
const same = (a, b) => assert.ok(a === b, 'other bytes than those of the program');
const of = (...words) => execFileSync(program, ['analyze', model, ...words, '--format', 'json'], {encoding: 'utf8'});

same(await report(model, {format: 'json'}), of());
same(await report(model, {table: 'qtools', noFold: true, device: ['a100', 't4'], format: 'json'}),
             of('--table', 'qtools', '--no-fold', '--device', 'a100', '--device', 't4'));
same(await report(model, {'inspect-weights': true, format: 'json'}), of('--inspect-weights'));
const bytes = readFileSync(model);
for (const given of [bytes, new Uint8Array(bytes), new Blob([bytes]), bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)])
    assert.equal((await analyze(given)).totals.macs, 12501632);
const encoder = await analyze(path.join(models, 'encoder.onnx'), {dim: {batch: 2, sequence: 16}});
assert.deepEqual(encoder.settings.dims, {batch: 2, sequence: 16});
await assert.rejects(analyze(model, {input: {image: '1,5,32,32'}}),
                     error => error instanceof PicojouleError && /resnet8.onnx: node '\/stem\/Conv' \(Conv\): .*5 is not 3/.test(error.message));
await assert.rejects(analyze(new Uint8Array([1, 2, 3])), PicojouleError);

const cli = (...words) => spawnSync(process.execPath, [path.join(packageFolder, 'cli.mjs'), ...words], {encoding: 'utf8'});
const told = cli('analyze', model, '--format=json', '--no-fold');
same(told.stdout, of('--no-fold'));
assert.equal(told.stderr, ''); // not a word of node's own
assert.equal(cli('analyze', model, '--tabel', 'x').status, 2);
assert.equal(cli('analyze', 'absent.onnx').status, 3);
assert.match(cli('plan', model).stderr, /All other commands are in the program/);
console.log('npm package: as the program');
