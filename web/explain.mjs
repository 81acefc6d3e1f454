// The program's own Markdown as elements: headings, lists, tables, paragraphs.
import {h} from './dom.mjs';

const plain = text => text.replace(/\\([\\`*_[\]<>|~])/g, '$1');

// `code` and **strong** inside of a line.
function words(line) {
    const out = [];
    for (const part of line.split(/(`[^`]*`|\*\*(?:[^*\\]|\\.)*\*\*)/)) {
        if (part.startsWith('`') && part.length > 1)
            out.push(h('code', {}, part.slice(1, -1)));
        else if (part.startsWith('**') && part.length > 3)
            out.push(h('strong', {}, plain(part.slice(2, -2))));
        else if (part)
            out.push(plain(part));
    }
    return out;
}

const cells = line => line.slice(1).replace(/\|\s*$/, '').split(/(?<!\\)\|/).map(cell => cell.trim());

function tableOf(lines, label) {
    const right = cells(lines[1]).map(cell => cell.endsWith(':'));
    const row = (tag, line) => h('tr', {}, cells(line).map((cell, i) => h(tag, {
        scope: tag === 'th' ? 'col' : undefined, class: !right[i] && 'left'}, words(cell))));
    return h('div', {class: 'wide', tabindex: 0, role: 'group', 'aria-label': label},
             h('table', {}, h('thead', {}, row('th', lines[0])),
               h('tbody', {}, lines.slice(2).map(line => row('td', line)))));
}

export function markdown(text) {
    const out = [], lines = text.split('\n');
    let label = 'Figures';
    for (let i = 0; i < lines.length; i++) {
        const line = lines[i];
        const run = test => {
            const from = i;
            while (i + 1 < lines.length && test(lines[i + 1]))
                i++;
            return lines.slice(from, i + 1);
        };
        const heading = line.match(/^(#+) (.*)/);
        if (heading) {
            label = plain(heading[2]);
            out.push(h(heading[1].length > 2 ? 'h4' : 'h3', {}, words(heading[2])));
        } else if (line.startsWith('|')) {
            const table = tableOf(run(next => next.startsWith('|')), label);
            out.pop();
            out.push(h('details', {}, h('summary', {}, label), table));
        } else if (/^\s*- /.test(line)) {
            out.push(h('ul', {}, run(next => /^\s*- /.test(next)).map(
                item => h('li', {class: item.startsWith(' ') && 'inner'}, words(item.replace(/^\s*- /, ''))))));
        } else if (line.trim() && !line.startsWith('<')) {
            out.push(h('p', {}, words(line)));
        }
    }
    return out;
}
