// Bars.
import {h} from './dom.mjs';

// Rows {name, about, value, was, tone}: a bar as long as its value, with a mark where it was. `parts`: of a whole.
export function bars(rows, print, label, parts = true) {
    const most = Math.max(...rows.flatMap(row => [row.value, row.was ?? 0]), 0) || 1;
    const total = rows.reduce((sum, row) => sum + row.value, 0) || 1;
    const list = rows.map(row => {
        const bar = h('span', {class: `bar ${row.tone}`}), was = h('span', {class: 'was'});
        bar.style.width = `${100 * row.value / most}%`;
        was.style.left = `${100 * (row.was ?? 0) / most}%`;
        return h('li', {}, h('span', {class: 'name'}, row.name, h('small', {}, row.about ?? '')),
                 h('span', {class: 'track', 'aria-hidden': 'true'}, bar, row.was !== undefined && was),
                 h('span', {class: 'value'}, print(row.value)),
                 h('span', {class: 'share'}, parts ? `${(100 * row.value / total).toFixed(1)} %` : ''));
    });
    return h('ul', {class: 'bars', 'aria-label': label}, list);
}
