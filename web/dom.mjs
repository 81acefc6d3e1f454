// Elements. Texts become text nodes, so nothing that a model is called is ever markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === undefined || value === null || value === false)
            continue;
        if (name.startsWith('on'))
            node.addEventListener(name.slice(2), value);
        else
            node.setAttribute(name, value === true ? '' : value);
    }
    node.append(...children.flat().filter(child => child !== undefined && child !== null && child !== false));
    return node;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
export const byId = id => document.getElementById(id);

// Data that the writer of the file has put into it.
export function dataOf(id) {
    const text = byId(id)?.textContent;
    return text ? JSON.parse(text) : null;
}

export function select(label, options, value, onchange) {
    const box = h('select', {onchange: () => onchange(box.value)},
                  options.map(([word, text]) => h('option', {value: word}, text)));
    box.value = value;
    return h('label', {class: 'field'}, h('span', {}, label), box);
}

export function download(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], {type}));
    h('a', {href: url, download: name}).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// Draws a part anew; who was at a field of it is there again.
export function keepFocus(part, draw) {
    const fields = () => [...part.querySelectorAll('select, input, button')];
    const at = fields().indexOf(document.activeElement);
    draw();
    fields()[at]?.focus();
}

export function themeButton() {
    const {dataset} = document.documentElement;
    return h('button', {type: 'button', class: 'theme', onclick: () => {
        const dark = dataset.theme ? dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
        dataset.theme = dark ? 'light' : 'dark';
    }}, 'Light / dark');
}
