// Files that are dropped beside a model: what the program or a runtime wrote about it.
const BEGINNING = 65536, READ = 1 << 28; // bytes
export const BESIDE = {measurement: 'measured', layers: 'measured', trace: 'measured', footprint: 'footprint', lifecycle: 'footprint',
                       'lifecycle-report': 'footprint'}; // the card that shows it

// What a file is by its beginning: a word of BESIDE, or another schema; '' where it is none.
export async function kindOf(file) {
    if (!/\.(json|csv)$/i.test(file.name))
        return '';
    const head = await file.slice(0, BEGINNING).text(), schema = head.match(/"schema"\s*:\s*"picojoule\.([a-z-]+)\/1"/);
    if (schema)
        return schema[1];
    return /^\uFEFF?\s*[[{]/.test(head) ? /"(cat|count|averageMs)"\s*:/.test(head) ? 'trace' : '' : /\.csv$/i.test(file.name) ? 'trace' : '';
}

// {name, blob, data}: data of what a page reads itself; a profile is the engine's alone.
export async function besideOf(file, kind) {
    if (kind === 'trace' || kind === 'lifecycle')
        return {name: file.name, blob: file};
    if (file.size > READ)
        throw new Error(`${file.name}: ${file.size} bytes are too many to be shown`);
    return {name: file.name, blob: file, data: JSON.parse(await file.text())};
}
