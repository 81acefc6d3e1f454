// Bars, and memory over the run.
import {h, svg} from './dom.mjs';

// Rows {name, about, value, was, tone}: a bar as long as its value, with a mark where it was.
export function bars(rows, print, label) {
    const most = Math.max(...rows.flatMap(row => [row.value, row.was ?? 0]), 0) || 1;
    const total = rows.reduce((sum, row) => sum + row.value, 0) || 1;
    const list = rows.map(row => {
        const bar = h('span', {class: `bar ${row.tone}`}), was = h('span', {class: 'was'});
        bar.style.width = `${100 * row.value / most}%`;
        was.style.left = `${100 * (row.was ?? 0) / most}%`;
        return h('li', {}, h('span', {class: 'name'}, row.name, h('small', {}, row.about ?? '')),
                 h('span', {class: 'track', 'aria-hidden': 'true'}, bar, row.was !== undefined && was),
                 h('span', {class: 'value'}, print(row.value)),
                 h('span', {class: 'share'}, `${(100 * row.value / total).toFixed(1)} %`));
    });
    return h('ul', {class: 'bars', 'aria-label': label}, list);
}

const HEIGHT = 180, LEFT = 76, RIGHT = 10, TOP = 22, BOTTOM = 26;

// A round step of a scale with at most `most` of them.
function stepOf(value, most) {
    const power = 2 ** Math.floor(Math.log2(value / most));
    return value / power > most ? power * 2 : power;
}

// `points` {index, bytes}: what is in memory from the layer `index` on. Arrow keys and the pointer move along it.
export function memoryChart({points, peak, node, layers, nameOf, print, onpick}) {
    const last = Math.max(layers, 1), most = Math.max(peak, 1);
    const highest = points.reduce((a, b) => b.bytes > a.bytes ? b : a, points[0]);
    const said = h('p', {class: 'note', role: 'status'}, '\u00a0');
    const chart = svg('svg', {class: 'chart', tabindex: 0, role: 'slider', 'aria-valuemin': 0, 'aria-valuemax': last - 1,
                              'aria-label': 'Bytes of activations in memory while each layer runs'});
    const y = value => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / most;
    let width = 0, index = highest.index, cursor;
    const x = at => LEFT + (width - LEFT - RIGHT) * at / last;

    function draw() {
        let path = `M${x(0)} ${y(0)}`;
        for (const point of points)
            path += `H${x(point.index).toFixed(1)}V${y(point.bytes).toFixed(1)}`;
        const grid = [];
        for (let value = 0, step = stepOf(most, 4); value <= most; value += step)
            grid.push(svg('line', {x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: 'grid'}),
                      svg('text', {x: LEFT - 6, y: y(value) + 4, class: 'end'}, print(value)));
        const at = x(highest.index), right = at > width * 0.6;
        cursor = svg('line', {y1: TOP, y2: HEIGHT - BOTTOM, class: 'cursor', visibility: 'hidden'});
        chart.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
        chart.replaceChildren(...grid, svg('path', {d: `${path}H${x(last)}V${y(0)}Z`, class: 'area'}),
            svg('line', {x1: at, x2: at, y1: TOP - 12, y2: HEIGHT - BOTTOM, class: 'peak'}),
            svg('text', {x: at + (right ? -6 : 6), y: TOP - 8, class: right ? 'end' : ''}, `peak at ${node || 'the start'}`),
            svg('text', {x: (width + LEFT) / 2, y: HEIGHT - 6, class: 'middle'}, `layers in graph order, 0 to ${last - 1}`),
            cursor);
    }

    function show(next) {
        index = Math.min(Math.max(Math.round(next), 0), last - 1);
        const point = points.findLast(one => one.index <= index) ?? points[0];
        cursor?.setAttribute('x1', x(index));
        cursor?.setAttribute('x2', x(index));
        cursor?.setAttribute('visibility', 'visible');
        said.textContent = `${print(point.bytes)} at ${nameOf(index)}`;
        tell(said.textContent);
    }

    function tell(text) {
        chart.setAttribute('aria-valuenow', index);
        chart.setAttribute('aria-valuetext', text);
    }

    tell(`${print(highest.bytes)} at ${nameOf(highest.index)}`);
    new ResizeObserver(() => {
        if (chart.clientWidth && chart.clientWidth !== width) {
            width = chart.clientWidth;
            draw();
        }
    }).observe(chart);
    chart.addEventListener('pointermove', event => {
        const box = chart.getBoundingClientRect();
        show((event.clientX - box.left - LEFT) / (width - LEFT - RIGHT) * last);
    });
    chart.addEventListener('click', () => onpick(index));
    chart.addEventListener('keydown', event => {
        const move = {ArrowRight: 1, ArrowLeft: -1, PageDown: 20, PageUp: -20, Home: -last, End: last}[event.key];
        if (event.key === 'Enter')
            onpick(index);
        else if (move)
            show(index + move);
        else
            return;
        event.preventDefault();
    });
    return h('div', {}, chart, said);
}
