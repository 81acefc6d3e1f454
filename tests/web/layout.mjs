// layout.mjs : the map's rectangles have areas in proportion, lie inside and across no other; sizes of the page's code;
// texts read as numbers; requests and commands from states.
import assert from 'node:assert/strict';
import {makeTree, layersIn, squarify} from '../../web/treemap.mjs';
import {bytes, count, energy, percent, time} from '../../web/units.mjs';
import {baseOf, commandOf, fragmentOf, requestOf, stateOf} from '../../web/whatif.mjs';

// A sequence that looks random, the same each time (Park and Miller).
let seed = 1;
const random = () => (seed = seed * 48271 % 2147483647) / 2147483647;

for (let round = 0; round < 200; round++) {
    const items = Array.from({length: 1 + Math.floor(random() * 60)}, () => ({value: 10 ** (-3 * random())}));
    items.sort((a, b) => b.value - a.value);
    const width = 50 + 900 * random(), height = 50 + 400 * random(), placed = [];
    squarify(items, 7, 11, width, height, (item, x, y, w, h) => placed.push({item, x, y, w, h}));
    assert.equal(placed.length, items.length);
    const total = items.reduce((sum, item) => sum + item.value, 0), slack = 1e-6;
    for (const one of placed) {
        assert.ok(Math.abs(one.w * one.h / (width * height) - one.item.value / total) < 1e-9, 'an area out of proportion');
        assert.ok(one.x > 7 - slack && one.y > 11 - slack, 'outside');
        assert.ok(one.x + one.w < 7 + width + slack && one.y + one.h < 11 + height + slack, 'outside');
        for (const other of placed)
            assert.ok(one === other || one.x + one.w <= other.x + slack || other.x + other.w <= one.x + slack ||
                      one.y + one.h <= other.y + slack || other.y + other.h <= one.y + slack, 'two lie across');
    }
}

const layers = [['/a/b/x', 3], ['/a/b/y', 1], ['/c/z', 2], ['/free', 0]].map(([name, value]) => ({name, value}));
const tree = makeTree(layers, layer => layer.name.split('/').slice(1, -1), layer => layer.value);
assert.deepEqual(tree.children.map(child => [child.name, child.value, layersIn(child)]), [['a/b', 4, 2], ['c', 2, 1]]);

assert.equal(energy(258419918.17438233), '258.4 µJ');
assert.equal(energy(1234567890123), '1.235 J');
assert.equal(energy(999999.9), '1.000 µJ');
assert.equal(energy(0), '0 J');
assert.equal(energy(0.25), '250.0 fJ');
assert.equal(energy(12.5, 'relative'), '12.50');
assert.equal(count(12501632), '12.50 M');
assert.equal(count(22), '22');
assert.equal(bytes(310824), '303.5 KiB');
assert.equal(bytes(5), '5 B');
assert.equal(time(47.2), '47.20 µs');
assert.equal(percent(0.137), '13.7 %');

const asked = {dim: ['batch=2', '?sequence=64'], quantize: 'fp16'};
const state = stateOf('#quantize=int8&device=h100&dim=sequence%3D128&dim=a%3Db%3D3&nonsense=1&dim=x%3D-1');
assert.deepEqual(state, {choices: {quantize: 'int8', device: 'h100'}, dims: {sequence: 128, 'a=b': 3}});
assert.deepEqual(stateOf(fragmentOf(state)), state);
assert.deepEqual(requestOf(asked, state),
                 {dim: ['batch=2', 'sequence=128', 'a=b=3'], quantize: 'int8', device: ['h100']});
assert.deepEqual(baseOf(asked, state), {dim: ['batch=2', 'sequence=128', 'a=b=3'], quantize: 'fp16'});
assert.deepEqual(requestOf(asked, {choices: {quantize: ''}, dims: {}}), {dim: asked.dim});
assert.equal(commandOf("-it's.onnx", {dim: ['a b=1'], memory: true}),
             "picojoule analyze './-it'\\''s.onnx' --dim 'a b=1' --memory");
assert.deepEqual(stateOf('#sram=1MiB').choices, {sram: '1MiB'});
assert.equal(commandOf('a.onnx', {quantize: 'int8', sram: '1MiB'}), 'picojoule analyze a.onnx --quantize int8 --sweep sram=1MiB');
console.log('layout, units, requests: as they must be');
