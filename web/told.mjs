// Reports that are told and not asked: comparisons, plans, checks ... What the program wrote stays; tables can be sorted
// and searched, and where it has figures of before and after, there is a chart.
import {bars} from './chart.mjs';
import {h, themeButton} from './dom.mjs';
import {COMPONENTS, bytes, count, energy, percent, time} from './units.mjs';

const FACTOR = {a: 1e-18, f: 1e-15, p: 1e-12, n: 1e-9, u: 1e-6, 'µ': 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12};
const BINARY = {Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40};

// A figure as the program prints it, as a number to sort by; a text where it is none.
export function orderOf(text) {
    const match = text.trim().match(/^(?:x|\+)?(-?[\d,]*\.?\d+(?:e[+-]?\d+)?)\s*(?:(Ki|Mi|Gi|Ti)?B|([afpnuµmkMGT]?)(?:J|s)?|%)?$/);
    if (!match)
        return text.toLowerCase();
    return Number(match[1].replaceAll(',', '')) * (BINARY[match[2]] ?? FACTOR[match[3] ?? ''] ?? 1);
}

function sortBy(body, column, down) {
    const rows = [...body.rows].map(row => [orderOf(row.cells[column]?.textContent ?? ''), row]);
    rows.sort(([a], [b]) => {
        if (typeof a !== typeof b)
            return typeof a === 'number' ? -1 : 1;
        return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
    });
    body.append(...rows.map(([, row]) => row));
}

function makeSortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
        if (!head.textContent.trim())
            return;
        head.setAttribute('aria-sort', 'none');
        const press = () => {
            const down = head.getAttribute('aria-sort') !== 'descending';
            heads.forEach(one => one.hasAttribute('aria-sort') && one.setAttribute('aria-sort', 'none'));
            head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
            sortBy(table.tBodies[0], column, down);
        };
        head.replaceChildren(h('button', {type: 'button', onclick: press}, ...head.childNodes));
    });
}

function makeSearchable(region, table) {
    const said = h('span', {class: 'note', role: 'status'});
    const box = h('input', {type: 'search', oninput: () => {
        const word = box.value.trim().toLowerCase();
        let shown = 0;
        for (const row of table.tBodies[0].rows) {
            row.hidden = Boolean(word) && !row.textContent.toLowerCase().includes(word);
            shown += !row.hidden;
        }
        said.textContent = word ? `${shown} of ${table.tBodies[0].rows.length} rows` : '';
    }});
    region.before(h('div', {class: 'tools'}, h('label', {class: 'field'}, h('span', {}, 'Search'), box), said));
}

const SOME = 8;

// A figure of a verdict in its unit.
function amount(value, unit) {
    const print = {pJ: energy, bytes, us: time, share: percent}[unit];
    return print ? print(value) : count(value);
}

// One limit that is exceeded: what, and the layers or tensors that made it so, with where they were.
function exceededOf(verdict) {
    const {top, unit} = verdict, print = value => amount(value, unit);
    return [h('h3', {}, verdict.message), top?.length > 0 && bars(top.map(one => ({
        name: one.name, about: `${one.op ?? ''}${one.new ? ', new' : ''}${typeof one.baseline === 'number' ? `, was ${print(one.baseline)}` : ''}`.replace(/^, /, ''),
        value: one.value, was: typeof one.baseline === 'number' ? one.baseline : undefined, tone: 'tone2'})), print,
        `What makes it exceed: ${verdict.metric ?? 'the limit'}`, false)];
}

// A check: how far each limit of each model is used, then the culprits of those that are exceeded.
function limitsOf(data) {
    const out = [];
    for (const model of data.models) {
        const judged = model.verdicts.filter(one => typeof one.value === 'number' && one.limit > 0 && one.unit !== 'share'); // of shares limits are least ones
        const wrong = model.verdicts.filter(one => one.exceeded);
        if (!judged.length && !wrong.length)
            continue;
        out.push(h('h2', {}, `${model.name}: ${wrong.length ? `${wrong.length} of ${model.verdicts.length} limits exceeded` : 'within its limits'}`));
        if (judged.length)
            out.push(bars(judged.map(one => ({name: [one.what ?? one.metric, one.layer].filter(Boolean).join(' of '),
                about: `${amount(one.value, one.unit)} of ${amount(one.limit, one.unit)}${one.baseline ? ', by the baseline' : ''}`, value: one.value / one.limit, was: 1,
                tone: one.exceeded ? 'tone2' : 'tone0'})), percent, 'Limits: how much of each is used', false),
                h('p', {class: 'note'}, 'Bars: how much of the limit is used. Marks: the limit.'));
        out.push(...wrong.slice(0, SOME).flatMap(exceededOf),
                 wrong.length > SOME && h('p', {class: 'note'}, `and ${wrong.length - SOME} more, below`));
    }
    return out.length ? h('section', {}, out.filter(Boolean)) : null;
}

function chartOf(data) {
    if (data.schema?.startsWith('picojoule.check/'))
        return limitsOf(data);
    const unit = data.report?.unit ?? data.a?.settings?.unit ?? 'pJ';
    const print = value => energy(value, unit);
    const costs = data.totals?.energy_pj;
    if (data.schema?.startsWith('picojoule.diff/') && costs?.total)
        return h('section', {}, h('h2', {}, `${print(costs.total.a)} before, ${print(costs.total.b)} after`),
                 bars(COMPONENTS.map(([key, name, about], i) => ({
                     name, about, value: costs[key].b, was: costs[key].a, tone: `tone${i}`})), print,
                      'Energy by component, after; marks are where it was before'),
                 h('p', {class: 'note'}, 'Bars: after. Marks: before.'));
    const plan = data.report;
    if (data.schema?.startsWith('picojoule.plan/') && plan?.uniform)
        return h('section', {}, h('h2', {}, `${print(plan.now.energy)} now, ${print(plan.then.energy)} with the plan` +
                                 ` (${percent(plan.then.energy / plan.now.energy)})`),
                 bars([['this plan', plan.then.energy], ...plan.uniform.map(one => [one.format === 'today' ? 'today' :
                     `${one.format} everywhere`, one.energy])].map(([name, value], i) => ({
                     name, value, tone: i ? 'level1' : 'tone0'})), print, 'Energy of the plan and of one format everywhere'));
    return null;
}

export function tell(root, data) {
    for (const table of root.querySelectorAll('table')) {
        const rows = table.tBodies[0]?.rows.length ?? 0;
        if (rows > 1)
            makeSortable(table);
        if (rows > SOME)
            makeSearchable(table.closest('.wide') ?? table, table);
    }
    const chart = data && chartOf(data);
    if (chart)
        (root.querySelector('h1') ?? root.firstChild).after(chart);
    root.prepend(themeButton());
}
