// The program as WebAssembly. A request goes in as an object of the command line's long names, a report comes out.
//
// It reads files through the few calls of WASI that are answered here, from `files`: a map of names to {size, read},
// where read(offset, length) hands out bytes. There are no others, and nothing is written.

const ERRNO = {badf: 8, inval: 28, io: 29, noent: 44, nosys: 52};
const KIND = {device: 2, folder: 3, file: 4};
const ROOT = 3; // the descriptor of the one folder there is

export function bytesFile(bytes) {
    return {size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length)};
}

// A file that was dropped, in a worker: a slice at a time, so a model of any size takes no memory.
export function blobFile(blob) {
    const reader = new FileReaderSync();
    return {
        size: blob.size,
        read: (offset, length) => new Uint8Array(reader.readAsArrayBuffer(blob.slice(offset, offset + length))),
    };
}

// Parts of a file, {at, bytes} by their place: what a report holds of its model. Nothing else of it can be read.
export function partsFile(size, parts) {
    return {
        size,
        read: (offset, length) => {
            const part = parts.findLast(one => one.at <= offset);
            const bytes = part?.bytes.subarray(offset - part.at, offset - part.at + length);
            return bytes?.length ? bytes : null;
        },
    };
}

export class EngineError extends Error {}

// Tables that the module holds packed, a line each: the name, a blank, JSON.
async function tablesOf(module) {
    const [packed] = WebAssembly.Module.customSections(module, 'tables');
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    const lines = (await new Response(stream).text()).split('\n').filter(Boolean);
    return lines.map(line => [`picojoule/${line.slice(0, line.indexOf(' '))}`,
                              bytesFile(new TextEncoder().encode(line.slice(line.indexOf(' ') + 1)))]);
}

const nameOf = path => path.replace(/^(\.?\/)+/, '');

export class Engine {
    #files;
    #loose;
    #open = new Map();
    #next = ROOT + 1;
    #exports;
    #encoder = new TextEncoder();
    #decoder = new TextDecoder();
    bytesRead = 0;

    // `loose`: files that were dropped have no folders, so a file is found by the last part of its name, too.
    constructor(files, loose = false) {
        this.#files = new Map([...files].map(([name, file]) => [nameOf(name), file]));
        this.#loose = loose;
    }

    async start(module) {
        for (const [name, file] of await tablesOf(module))
            this.#files.set(name, file);
        const instance = await WebAssembly.instantiate(module, {wasi_snapshot_preview1: this.#wasi(module)});
        this.#exports = instance.exports;
        this.#exports._initialize();
        return this;
    }

    // One file more.
    give(name, file) {
        this.#files.set(nameOf(name), file);
    }

    // A report on the model `path`; throws what the program says where it fails.
    run(path, request) {
        const text = this.#encoder.encode(JSON.stringify(request));
        return this.#call([this.#bytes(path + '\0'), this.#bytes(text)],
                          ([name, at]) => this.#exports.pjw_run(name, at, text.length));
    }

    // What there is to choose from: "tables", "devices", "hierarchies".
    list(what) {
        return JSON.parse(this.#call([this.#bytes(what + '\0')], ([name]) => this.#exports.pjw_list(name)));
    }

    get memory() {
        return this.#exports.memory.buffer.byteLength;
    }

    #u8() {
        return new Uint8Array(this.#exports.memory.buffer);
    }

    #view() {
        return new DataView(this.#exports.memory.buffer);
    }

    #bytes(data) {
        const bytes = typeof data === 'string' ? this.#encoder.encode(data) : data;
        const at = this.#exports.pjw_alloc(bytes.length);
        if (!at)
            throw new EngineError('out of memory');
        this.#u8().set(bytes, at);
        return at;
    }

    #text(at, length) {
        return this.#decoder.decode(this.#u8().subarray(at, at + length));
    }

    #call(places, call) {
        const status = call(places);
        places.forEach(place => this.#exports.pjw_free(place));
        const text = this.#text(this.#exports.pjw_result(), this.#exports.pjw_length());
        if (status === 0)
            return text;
        const {file, node, op, what} = text ? JSON.parse(text) : {what: 'out of memory'};
        const place = node ? `node '${node}'${op ? ` (${op})` : ''}: ` : '';
        throw Object.assign(new EngineError(`${file ? `${file}: ` : ''}${place}${what}`), {status});
    }

    #stat(at, kind, size) {
        const view = this.#view();
        for (let i = 0; i < 64; i += 8)
            view.setBigUint64(at + i, 0n, true);
        view.setUint8(at + 16, kind);
        view.setBigUint64(at + 24, 1n, true);
        view.setBigUint64(at + 32, BigInt(size), true);
        return 0;
    }

    // Reads on at `open.at`, or at `offset`.
    #read(open, vectors, count, out, offset = open.at) {
        const file = open.file;
        let got = 0;
        for (let i = 0; i < count; i++) {
            const at = this.#view().getUint32(vectors + 8 * i, true);
            const length = this.#view().getUint32(vectors + 8 * i + 4, true);
            const want = Math.min(length, file.size - offset - got);
            if (want <= 0)
                break;
            const bytes = file.read(offset + got, want);
            if (!bytes)
                return ERRNO.io;
            this.#u8().set(bytes, at);
            got += bytes.length;
            if (bytes.length < length)
                break;
        }
        this.bytesRead += got;
        open.at = offset + got;
        this.#view().setUint32(out, got, true);
        return 0;
    }

    #wasi(module) {
        const find = (at, length) => {
            const name = nameOf(this.#text(at, length));
            return this.#files.get(name) ?? (this.#loose ? this.#files.get(name.replace(/.*\//, '')) : undefined);
        };
        const calls = {
            fd_prestat_get: (fd, out) => {
                if (fd !== ROOT)
                    return ERRNO.badf;
                this.#view().setUint32(out, 0, true);
                this.#view().setUint32(out + 4, 1, true);
                return 0;
            },
            fd_prestat_dir_name: (fd, out) => {
                this.#u8()[out] = 0x2f;
                return 0;
            },
            fd_fdstat_get: (fd, out) => {
                if (fd > ROOT && !this.#open.has(fd))
                    return ERRNO.badf;
                const view = this.#view();
                view.setBigUint64(out, 0n, true);
                view.setUint8(out, fd < ROOT ? KIND.device : fd === ROOT ? KIND.folder : KIND.file);
                view.setBigUint64(out + 8, ~0n, true);
                view.setBigUint64(out + 16, ~0n, true);
                return 0;
            },
            path_filestat_get: (fd, flags, at, length, out) => {
                const file = find(at, length);
                return file ? this.#stat(out, KIND.file, file.size) : ERRNO.noent;
            },
            fd_filestat_get: (fd, out) => {
                const open = this.#open.get(fd);
                return open ? this.#stat(out, KIND.file, open.file.size) : ERRNO.badf;
            },
            path_open: (folder, look, at, length, flags, rights, more, how, out) => {
                const file = find(at, length);
                if (!file)
                    return ERRNO.noent;
                this.#open.set(this.#next, {file, at: 0});
                this.#view().setUint32(out, this.#next++, true);
                return 0;
            },
            fd_close: fd => this.#open.delete(fd) ? 0 : ERRNO.badf,
            fd_read: (fd, vectors, count, out) => {
                const open = this.#open.get(fd);
                return open ? this.#read(open, vectors, count, out) : ERRNO.badf;
            },
            fd_pread: (fd, vectors, count, offset, out) => {
                const file = this.#open.get(fd)?.file;
                return file ? this.#read({file}, vectors, count, out, Number(offset)) : ERRNO.badf;
            },
            fd_seek: (fd, offset, whence, out) => {
                const open = this.#open.get(fd);
                if (!open)
                    return ERRNO.badf;
                const at = Number(offset) + [0, open.at, open.file.size][whence];
                if (at < 0)
                    return ERRNO.inval;
                open.at = at;
                this.#view().setBigUint64(out, BigInt(at), true);
                return 0;
            },
            proc_exit: code => {
                throw new EngineError(`the engine has stopped (${code})`);
            },
        };
        const asked = WebAssembly.Module.imports(module).filter(one => one.kind === 'function');
        return Object.fromEntries(asked.map(({name}) => [name, calls[name] ?? (() => ERRNO.nosys)]));
    }
}
