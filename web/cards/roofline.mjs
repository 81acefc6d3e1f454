// Rooflines: how much a layer computes for each byte that it moves, against what a joule or a second buys there. With a
// what-if, a line leads from where a point was.
import {count, h, percent} from './parts.mjs';
import {plot, rangeOf} from './plot.mjs';

const NAMED = 6, LEAST = 0.001; // layers that are named, and the least share of energy that is drawn

const movedBy = layer => (layer.input_bits + layer.output_bits + layer.param_bits * (layer.runs ?? 1)) / 8;

// The points of a report: {index, name, x, y, weight}; `figure` is what stands below FLOPs.
function pointsOf(report, figure) {
    const least = LEAST * report.totals.energy_pj.total;
    return report.layers.filter(layer => layer.energy_pj.total >= least && layer.flops > 0 && movedBy(layer) > 0 &&
                                figure(layer) > 0).map(layer => ({
        index: layer.index, name: layer.name, x: layer.flops / movedBy(layer), y: layer.flops / figure(layer),
        weight: layer.energy_pj.total}));
}

// At each place of x the best that any layer left of it or there shows: what is reached, not what a data sheet says.
function reached(points) {
    let best = 0;
    return [...points].sort((a, b) => a.x - b.x).map(point => [point.x, best = Math.max(best, point.y)]);
}

// The end of a name, as much of it as tells it from the others.
function shortener(names) {
    const tail = (name, parts) => name.split('/').filter(Boolean).slice(-parts).join('/');
    const parts = [1, 2, 3].find(some => new Set(names.map(name => tail(name, some))).size === names.length) ?? 4;
    return name => tail(name, parts).slice(-28);
}

function draw(page, title, unit, figure) {
    const now = pointsOf(page.report, figure), was = page.base === page.report ? [] : pointsOf(page.base, figure);
    if (!now.length)
        return [h('h3', {}, title), h('p', {class: 'note'}, 'No layer has figures for it.')];
    const before = new Map(was.map(point => [point.name, point]));
    const named = new Set([...now].sort((a, b) => b.weight - a.weight).slice(0, NAMED).map(point => point.index));
    const all = [...now, ...was], short = shortener(now.filter(point => named.has(point.index)).map(point => point.name));
    const trails = now.map(point => [point, before.get(point.name)]).filter(([point, old]) => old &&
        (Math.abs(point.x / old.x - 1) > 0.01 || Math.abs(point.y / old.y - 1) > 0.01));
    const axis = (key, words, print) => ({title: words, print, ...rangeOf(all.map(point => point[key]), true)});
    return [h('h3', {}, title), plot({
        label: `${title}: ${now.length} layers${trails.length ? `, ${trails.length} of them moved` : ''}`,
        axes: {x: axis('x', 'FLOPs for each byte moved', value => count(value)), y: axis('y', unit, value => count(value))},
        lines: [{points: reached(now), class: 'roof'},
                ...trails.map(([point, old]) => ({points: [[old.x, old.y], [point.x, point.y]], class: 'trail'}))],
        marks: [...trails.map(([, old]) => ({x: old.x, y: old.y, class: 'ghost', r: 3})),
                ...now.map(point => ({
                    x: point.x, y: point.y, class: point.index === page.picked ? 'here' : 'dot', title: `${point.name}: ` +
                        `${count(point.x)} FLOPs a byte, ${count(point.y)} ${unit}`,
                    text: named.has(point.index) || point.index === page.picked ? short(point.name) : undefined,
                    pick: () => page.pick(point.index, true)}))]})];
}

// The same as a table, for those who do not see it: what takes most.
function tableOf(page) {
    const rows = pointsOf(page.report, layer => layer.energy_pj.total).sort((a, b) => b.weight - a.weight).slice(0, 20);
    const total = page.report.totals.energy_pj.total || 1;
    return h('details', {}, h('summary', {}, 'As a table'), h('div', {class: 'wide', tabindex: 0, role: 'group', 'aria-label': 'Roofline'},
        h('table', {}, h('thead', {}, h('tr', {}, ['layer', 'FLOPs a byte', 'FLOPs a pJ', 'share'].map(
            (text, i) => h('th', {scope: 'col', class: !i && 'left'}, text)))),
          h('tbody', {}, rows.map(row => h('tr', {}, h('th', {scope: 'row', class: 'left'}, row.name), h('td', {}, count(row.x)),
            h('td', {}, row.y.toPrecision(3)), h('td', {}, percent(row.weight / total))))))));
}

export function card(page, box) {
    return () => {
        const {report} = page, devices = Object.keys(report.totals.devices ?? {});
        const clocked = report.layers.some(layer => layer.reuse?.time_us > 0);
        const timed = devices.map(name => [`Time on ${name}`, layer => layer.devices?.[name]?.time_us]);
        if (clocked)
            timed.push(['Time of the hierarchy', layer => layer.reuse?.time_us]);
        const unit = report.settings.unit === 'pJ' ? 'FLOPs for a joule' : 'FLOPs for a unit of energy';
        box.replaceChildren(
            ...draw(page, 'Energy', unit, layer => layer.energy_pj.total * (report.settings.unit === 'pJ' ? 1e-12 : 1)),
            ...timed.flatMap(([title, figure]) => draw(page, title, 'FLOPs a second', layer => figure(layer) * 1e-6)),
            h('p', {class: 'note'}, 'Each dot is a layer that takes 0.1 % of the energy or more; bytes are those of its inputs, ' +
              `outputs and weights. The line is the best that layers up to there reach.${timed.length ? '' : ' With a device, or a hierarchy that has a clock, time stands beside it.'}`),
            tableOf(page));
    };
}
