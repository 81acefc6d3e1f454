// What is asked of the engine: as a request, in the address of the page, and as a command line.

const FORMATS = ['fp16', 'bf16', 'int8', 'w8a16', 'w4a16', 'w4a8', 'int4'];
const POLICIES = ['once', 'fused', 'resident', 'tiled'];
export const DEAREST = 20000; // layers that a page holds at most

export const CHOICES = [
    {key: 'quantize', title: 'Number format', usual: 'as exported', of: () => FORMATS},
    {key: 'table', title: 'Energy table', usual: 'horowitz-45nm', of: lists => lists.tables},
    {key: 'hierarchy', title: 'Memory', usual: 'DRAM and 256 KiB SRAM', of: lists => lists.hierarchies},
    {key: 'reuse', title: 'Memory policy', usual: 'as the memory wants', of: () => POLICIES},
    {key: 'device', title: 'Device', usual: 'none', of: lists => lists.devices},
];

// And the size of the SRAM, which a slider sets.
const KEYS = [...CHOICES.map(choice => choice.key), 'sram'];

// The state: a word for each choice, sizes by the name of their dimension, the layer that is selected. What is not in it is
// as in `asked`. A plan, which cards make, is a choice that the address cannot hold.
export const emptyState = () => ({choices: {}, dims: {}});

export function stateOf(fragment) {
    const state = emptyState();
    for (const [key, value] of new URLSearchParams(fragment.replace(/^#/, ''))) {
        const equals = value.lastIndexOf('=');
        if (key === 'dim' && equals > 0 && /^\d{1,15}$/.test(value.slice(equals + 1)))
            state.dims[value.slice(0, equals)] = Number(value.slice(equals + 1));
        else if (KEYS.includes(key))
            state.choices[key] = value;
        else if (key === 'layer')
            state.layer = value;
    }
    return state;
}

export function fragmentOf(state) {
    const words = new URLSearchParams();
    for (const key of KEYS)
        if (state.choices[key] !== undefined)
            words.set(key, state.choices[key]);
    for (const [name, value] of Object.entries(state.dims))
        words.append('dim', `${name}=${value}`);
    if (state.layer !== undefined)
        words.set('layer', state.layer);
    return words.toString();
}

// Is anything else than at first?
export const isAsked = state => Object.keys(state.choices).length + Object.keys(state.dims).length > 0;

const nameOf = binding => binding.replace(/^\?/, '').replace(/=.*$/, '');

// What was asked when the report was made, with the changes of the state. An empty word takes a choice back.
export function requestOf(asked, state) {
    const request = structuredClone(asked);
    for (const [key, word] of Object.entries(state.choices)) {
        if (word)
            request[key] = key === 'device' ? [word] : word;
        else
            delete request[key];
    }
    const dims = (request.dim ?? []).filter(binding => !(nameOf(binding) in state.dims));
    const changed = Object.entries(state.dims).map(([name, value]) => `${name}=${value}`);
    if (dims.length + changed.length)
        request.dim = [...dims, ...changed];
    return request;
}

// The same sizes, and otherwise as asked: what changes are compared with.
export const baseOf = (asked, state) => requestOf(asked, {choices: {}, dims: state.dims});

const shell = word => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

export function commandOf(path, request) {
    const words = ['picojoule', 'analyze', shell(path.startsWith('-') ? `./${path}` : path)];
    for (const [option, value] of Object.entries(request))
        for (const one of [value].flat())
            words.push(...(option === 'sram' ? ['--sweep', `sram=${one}`] : [`--${option}`, ...(one === true ? [] : [shell(String(one))])]));
    return words.join(' ');
}

// The engine in a worker: calls are answered one after the other.
export class EngineClient {
    #worker;
    #next = 0;
    #open = new Map();
    #lists;

    constructor(worker) {
        this.#worker = worker;
        worker.onmessage = ({data}) => {
            const {done, fail} = this.#open.get(data.id);
            this.#open.delete(data.id);
            if (data.error === undefined)
                done(data.result);
            else
                fail(new Error(data.error));
        };
        worker.onerror = event => {
            for (const {fail} of this.#open.values())
                fail(new Error(event.message || 'the engine does not start'));
            this.#open.clear();
        };
    }

    call(call, given, transfer) {
        return new Promise((done, fail) => {
            this.#open.set(++this.#next, {done, fail});
            this.#worker.postMessage({id: this.#next, call, ...given}, transfer ?? []);
        });
    }

    async analyze(request) {
        const {text, ...rest} = await this.call('run', {
            request: {...request, format: 'json', dearest: String(DEAREST)}});
        return {report: JSON.parse(text), text, ...rest};
    }

    // Names of what is built in.
    lists() {
        return this.#lists ??= Promise.all(['tables', 'devices', 'hierarchies'].map(async what => {
            const list = await this.call('list', {what});
            return [what, list[what].map(row => row.name)];
        })).then(Object.fromEntries);
    }

    close() {
        this.#worker.terminate();
        for (const {fail} of this.#open.values())
            fail(new Error('closed'));
        this.#open.clear();
    }
}
