// Small ONNX files for the tests of the page, written field by field.

const text = value => typeof value === 'string' ? Buffer.from(value) : value;

function varint(value) {
    const out = [];
    for (let left = BigInt(value); ; left >>= 7n) {
        out.push(Number(left & 127n) | (left > 127n ? 128 : 0));
        if (left <= 127n)
            return Buffer.from(out);
    }
}

const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => Buffer.concat([varint(field << 3 | 2), varint(text(value).length), text(value)]);
const message = (...parts) => Buffer.concat(parts);

// float32 of these sizes; a text is a symbol.
const valueInfo = (name, dims) => message(bytes(1, name), bytes(2, bytes(1, message(number(1, 1), bytes(2, message(
    ...dims.map(dim => bytes(1, typeof dim === 'string' ? bytes(2, dim) : number(1, dim)))))))));

// An image of 3 x 8 x 8, or `batch` of them, through a Conv whose weight is in `file`, and a Relu.
export function convModel({conv = 'conv', relu = 'relu', batch = 1, file = 'w.bin'} = {}) {
    const entry = (key, value) => bytes(13, message(bytes(1, key), bytes(2, value)));
    const weight = message(...[4, 3, 3, 3].map(dim => number(1, dim)), number(2, 1), bytes(8, 'w'),
                           entry('location', file), entry('offset', '0'), entry('length', '432'), number(14, 1));
    const node = (op, name, inputs, output) => bytes(1, message(
        ...inputs.map(input => bytes(1, input)), bytes(2, output), bytes(3, name), bytes(4, op)));
    const graph = message(node('Conv', conv, ['x', 'w'], 'c'), node('Relu', relu, ['c'], 'y'), bytes(2, 'g'),
                          bytes(5, weight), bytes(11, valueInfo('x', [batch, 3, 8, 8])), bytes(12, valueInfo('y', [batch, 4, 6, 6])));
    return message(number(1, 8), bytes(7, graph), bytes(8, number(2, 17)));
}
