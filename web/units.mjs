// Figures as the program prints them: four digits and a unit. Nothing is computed here that is a finding.

// Parts of an energy: key, name, what it is.
export const COMPONENTS = [
    ['inputs', 'inputs', 'reading activations'],
    ['outputs', 'outputs', 'writing activations'],
    ['parameters', 'weights', 'reading weights, constants'],
    ['op_cost', 'arithmetic', 'computing'],
];

const ENERGY = ['aJ', 'fJ', 'pJ', 'nJ', 'µJ', 'mJ', 'J', 'kJ', 'MJ'], PICO = 2;
const COUNT = ['', ' k', ' M', ' G', ' T', ' P', ' E'];
const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const TIME = ['ns', 'µs', 'ms', 's'], MICRO = 1;

function scaled(value, units, at, step) {
    const seen = () => Math.abs(Number(value.toPrecision(4)));
    while (seen() >= step && at + 1 < units.length) {
        value /= step;
        at++;
    }
    while (value && seen() < 1 && at > 0) {
        value *= step;
        at--;
    }
    return [value, units[at]];
}

function digits(value) {
    const text = value.toPrecision(4);
    return text.includes('e') ? String(Number(text)) : text;
}

// `unit`: that of the table, "pJ" or "relative".
export function energy(value, unit = 'pJ') {
    if (value === null || value === undefined)
        return 'not known';
    if (unit !== 'pJ')
        return count(value);
    if (!value)
        return '0 J';
    const [scaledValue, word] = scaled(value, ENERGY, PICO, 1000);
    return `${digits(scaledValue)} ${word}`;
}

export function count(value) {
    if (value === null || value === undefined)
        return 'not known';
    if (Math.abs(value) < 1000)
        return Number.isInteger(value) ? String(value) : digits(value);
    const [scaledValue, word] = scaled(value, COUNT, 0, 1000);
    return digits(scaledValue) + word;
}

export function bytes(value) {
    if (value === null || value === undefined)
        return 'not known';
    if (value < 1024)
        return `${Math.ceil(value)} B`;
    const [scaledValue, word] = scaled(value, BYTES, 0, 1024);
    return `${digits(scaledValue)} ${word}`;
}

export function time(microseconds) {
    const [scaledValue, word] = scaled(microseconds, TIME, MICRO, 1000);
    return `${digits(scaledValue)} ${word}`;
}

export function percent(share) {
    return `${(100 * share).toFixed(1)} %`;
}

export const plural = (number, one, many) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
