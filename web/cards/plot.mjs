// A plot of points: two axes, marks, and texts that never lie across each other or a mark that is named.
import {h, svg} from './parts.mjs';

const HEIGHT = 320, LEFT = 84, RIGHT = 16, TOP = 26, BOTTOM = 42, LINE = 15;

// Round places on a scale: powers of ten, with 2 and 5 between where there are few; or steps.
export function placesOf({least, most, log}) {
    const out = [];
    if (log) {
        const powers = Math.log10(most / least), parts = powers < 2 ? [1, 2, 5] : [1], step = Math.ceil(powers / 6);
        for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++)
            for (const part of parts)
                if (power % step === 0 && part * 10 ** power >= least * 0.999 && part * 10 ** power <= most * 1.001)
                    out.push(part * 10 ** power);
        return out;
    }
    const rough = (most - least) / 5 || 1, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find(part => part * power >= rough) * power;
    for (let i = Math.ceil(least / step); i * step <= most * 1.0001; i++)
        out.push(i * step);
    return out;
}

const across = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

// As wide as the texts of a chart are, whatever font this machine has for them.
const ruler = document.createElement('canvas').getContext('2d');
ruler.font = '12px system-ui, sans-serif';
const widthOf = text => ruler.measureText(text).width;

// Where each text of `labels` {x, y, text} stands: beside its mark, where nothing of `taken` is, and where that goes nothing
// of `better`; null: there is no room.
function layLabels(labels, taken, better, width, height) {
    const boxes = [...taken];
    return labels.map(({x, y, text}) => {
        const w = widthOf(text), h = LINE;
        const tries = [];
        for (const far of [8, 22, 38, 56])
            tries.push([x + far, y - h / 2], [x - far - w, y - h / 2], [x - w / 2, y - far - h], [x - w / 2, y + far],
                       [x + far, y - far - h / 2], [x + far, y + far - h / 2]);
        const free = tries.map(([left, top]) => ({x: left, y: top, w, h})).filter(
            box => box.x >= LEFT && box.x + w <= width - 2 && box.y >= 0 && box.y + h <= height - BOTTOM && !boxes.some(one => across(one, box)));
        const place = free.find(box => !better.some(one => across(one, box))) ?? free[0] ?? null;
        if (place)
            boxes.push(place);
        return place;
    });
}

// axes {x, y}: {title, least, most, log, print}; lines: [{points: [[x, y]], class}]; marks: [{x, y, text, class, title, pick}].
export function plot({axes, lines, marks, label}) {
    const chart = svg('svg', {class: 'chart plot', role: 'img', 'aria-label': label});
    let width = 0;
    const scale = ({least, most, log}, from, to) => value => {
        const at = log ? Math.log(Math.max(value, least) / least) / Math.log(most / least) : (value - least) / (most - least || 1);
        return from + (to - from) * Math.min(Math.max(at, 0), 1);
    };

    function draw() {
        const x = scale(axes.x, LEFT, width - RIGHT), y = scale(axes.y, HEIGHT - BOTTOM, TOP), out = [];
        let last = -Infinity;
        for (const value of placesOf(axes.x)) {
            out.push(svg('line', {x1: x(value), x2: x(value), y1: TOP, y2: HEIGHT - BOTTOM, class: 'grid'}));
            if (x(value) - last < 62)
                continue;
            last = x(value);
            out.push(svg('text', {x: Math.min(x(value), width - 30), y: HEIGHT - BOTTOM + 16, class: 'middle'}, axes.x.print(value)));
        }
        for (const value of placesOf(axes.y))
            out.push(svg('line', {x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: 'grid'}),
                     svg('text', {x: LEFT - 6, y: y(value) + 4, class: 'end'}, axes.y.print(value)));
        out.push(svg('text', {x: (LEFT + width) / 2, y: HEIGHT - 6, class: 'middle'}, axes.x.title),
                 svg('text', {x: LEFT, y: 12}, axes.y.title));
        for (const line of lines)
            out.push(svg('polyline', {class: line.class, points: line.points.map(([a, b]) => `${x(a)},${y(b)}`).join(' ')}));
        const named = marks.filter(mark => mark.text), bare = marks.filter(mark => !mark.text);
        const boxOf = mark => ({x: x(mark.x) - 5, y: y(mark.y) - 5, w: 10, h: 10});
        const taken = [{x: LEFT, y: 0, w: widthOf(axes.y.title) + 10, h: LINE},
                       ...named.map(boxOf)];
        for (const mark of [...bare, ...named].sort((a, b) => (a.class === 'here') - (b.class === 'here')))
            out.push(svg('circle', {cx: x(mark.x), cy: y(mark.y), r: mark.r ?? 4, class: mark.class, onclick: mark.pick},
                         svg('title', {}, mark.title ?? mark.text ?? '')));
        const places = layLabels(named.map(mark => ({x: x(mark.x), y: y(mark.y), text: mark.text})), taken, bare.map(boxOf), width, HEIGHT);
        named.forEach((mark, i) => places[i] && out.push(svg('text', {
            x: places[i].x, y: places[i].y + 11.5, class: 'name', 'paint-order': 'stroke', stroke: 'var(--panel)', 'stroke-width': 3}, mark.text)));
        chart.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
        chart.replaceChildren(...out);
    }
    new ResizeObserver(() => {
        if (chart.clientWidth && chart.clientWidth !== width) {
            width = chart.clientWidth;
            draw();
        }
    }).observe(chart);
    return h('div', {}, chart);
}

// A scale that holds all of the values, with a little room.
export function rangeOf(values, log) {
    const good = values.filter(value => Number.isFinite(value) && (!log || value > 0));
    if (!good.length)
        return {least: log ? 1 : 0, most: log ? 10 : 1, log};
    const least = Math.min(...good), most = Math.max(...good);
    return log ? {least: least / 1.5, most: most * 1.5, log} : {least: 0, most: most * 1.05, log};
}
