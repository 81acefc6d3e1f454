// Activations over the run: what is in memory while each layer runs, and what the size of the SRAM does to the energy.
import {bytes, energy, h, percent, plural, svg} from './parts.mjs';

const HEIGHT = 200, LEFT = 76, RIGHT = 10, TOP = 22, BOTTOM = 26;
const SIZES = ['16KiB', '32KiB', '64KiB', '128KiB', '256KiB', '512KiB', '1MiB', '2MiB', '4MiB', '8MiB', '16MiB', '32MiB'];

// A round step of a scale with at most `most` of them.
function stepOf(value, most) {
    const power = 2 ** Math.floor(Math.log2(value / most));
    return value / power > most ? power * 2 : power;
}

// `points` {index, bytes}: what is in memory from the layer `index` on. Arrow keys and the pointer move along it.
function courseOf({points, peak, node, layers, best, tell, onpick}) {
    const last = Math.max(layers, 1), most = Math.max(peak, 1);
    const highest = points.reduce((a, b) => b.bytes > a.bytes ? b : a, points[0]);
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
                      svg('text', {x: LEFT - 6, y: y(value) + 4, class: 'end'}, bytes(value)));
        const at = x(highest.index), right = at > width * 0.6;
        cursor = svg('line', {y1: TOP, y2: HEIGHT - BOTTOM, class: 'cursor', visibility: 'hidden'});
        chart.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
        chart.replaceChildren(...grid, svg('path', {d: `${path}H${x(last)}V${y(0)}Z`, class: 'area'}),
            svg('line', {x1: at, x2: at, y1: TOP - 12, y2: HEIGHT - BOTTOM, class: 'peak'}),
            svg('text', {x: at + (right ? -6 : 6), y: TOP - 8, class: right ? 'end' : ''}, `peak at ${node || 'the start'}`),
            svg('text', {x: (width + LEFT) / 2, y: HEIGHT - 6, class: 'middle'}, `layers in graph order, 0 to ${last - 1}`),
            cursor);
        if (best < peak)
            chart.append(svg('line', {x1: LEFT, x2: width - RIGHT, y1: y(best), y2: y(best), class: 'peak'}));
    }

    function show(next) {
        index = Math.min(Math.max(Math.round(next), 0), last - 1);
        const point = points.findLast(one => one.index <= index) ?? points[0];
        cursor?.setAttribute('x1', x(index));
        cursor?.setAttribute('x2', x(index));
        cursor?.setAttribute('visibility', 'visible');
        say(tell(index, point.bytes));
    }

    function say(text) {
        chart.setAttribute('aria-valuenow', index);
        chart.setAttribute('aria-valuetext', text);
    }

    say(tell(highest.index, highest.bytes));
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
    return chart;
}

// The tensors that are there while a layer runs, largest first, as bars of what they take.
function aliveList(tensors, index, total) {
    const alive = tensors.filter(one => one.from <= index && index < one.until).sort((a, b) => b.bytes - a.bytes);
    return [h('ul', {class: 'alive'}, alive.slice(0, 8).map(one => {
        const bar = h('i', {class: 'tone0'});
        bar.style.width = `${100 * (one.bytes ?? 0) / (total || 1)}%`;
        return h('li', {}, h('span', {}, one.name), h('span', {class: 'value'}, one.bytes === null ? 'not known' : bytes(one.bytes)),
                 h('span', {class: 'track', 'aria-hidden': 'true'}, bar));
    })), alive.length > 8 && h('p', {class: 'note'}, `and ${alive.length - 8} more`)];
}

// What stayed on chip, and what is gone by fusion, as the report counts it.
function fates(report) {
    const reuse = report.totals.reuse;
    if (!reuse?.tensors)
        return null;
    const {gone, chip, level0} = reuse.tensors;
    return h('p', {class: 'note'}, `Of the tensors between layers ${gone} are gone by fusion, ${chip} stay on chip, and ` +
             `${level0} cross ${reuse.levels[0]?.name ?? 'the memory outside'}` +
             (reuse.saved_pj ? `; keeping whole tensors saves ${energy(reuse.saved_pj, report.settings.unit)}.` : '.'));
}

// Sizes of the SRAM, priced by the engine: a slider over them, and what it is at is that of the whole page.
function sizesOf(page) {
    const sizes = h('div', {class: 'sweep'}), usual = SIZES.indexOf('256KiB');
    const said = h('p', {role: 'status'}), columns = h('div', {class: 'columns', 'aria-hidden': 'true'});
    const range = h('input', {type: 'range', min: 0, max: SIZES.length - 1, step: 1, 'aria-label': 'Size of the SRAM', oninput: () => choose()});
    let points = null, asked = '', turn = 0;

    const request = () => JSON.stringify({...page.request(), sram: undefined});

    function tell() {
        const most = Math.max(...points.map(point => point.total_pj ?? 0)) || 1, point = points[range.value];
        columns.replaceChildren(...points.map((one, i) => {
            const bar = h('i', {class: i === Number(range.value) ? 'on' : '', onclick: () => {
                range.value = i;
                choose();
            }});
            bar.style.height = `${100 * (one.total_pj ?? 0) / most}%`;
            return bar;
        }));
        said.textContent = `SRAM of ${bytes(point.dim_sram)}: ` + (point.error ?? `${page.print(point.total_pj)}, ` +
            `${percent(point.total_pj / most)} of the dearest size; ${bytes((point.dram_bits ?? 0) / 8)} over DRAM`) +
            (page.state.choices.sram ? '. The whole page is at this size.' : '. Move the slider, and the whole page is at its size.');
        range.setAttribute('aria-valuetext', said.textContent);
    }

    // Of several in a row the last one counts.
    async function choose() {
        const mine = ++turn, sram = SIZES[range.value];
        tell();
        await new Promise(done => setTimeout(done, 60));
        if (mine === turn)
            await page.ask({...page.state, choices: {...page.state.choices, sram}});
    }

    async function ask() {
        button.disabled = true;
        asked = request();
        try {
            ({points} = await page.call({command: 'sweep', sram: SIZES}));
            sizes.replaceChildren(columns, range, said, h('p', {class: 'note'}, 'With tiles of each layer, as --sweep sram=... computes it.'));
            follow();
        } catch (error) {
            points = null;
            sizes.replaceChildren(h('p', {class: 'note', role: 'status'}, error.message));
        }
        button.disabled = false;
    }

    function follow() {
        const at = SIZES.indexOf(page.state.choices.sram);
        range.value = at < 0 ? usual : at;
        tell();
    }

    const button = h('button', {type: 'button', onclick: ask}, 'Energy against the size of the SRAM');
    // The page shows something else.
    return {element: h('div', {}, h('div', {class: 'tools'}, button), sizes), update: () => points && (request() === asked ? follow() : ask())};
}

export function card(page, box) {
    const out = h('div'), sizes = sizesOf(page);
    let shown = null, asked = null; // without the engine, which starts later, there is no list of tensors
    box.append(out);
    return async () => {
        const {report, client} = page;
        if (client && !sizes.element.parentNode)
            box.append(sizes.element);
        if (shown === report && asked === client)
            return;
        shown = report;
        asked = client;
        sizes.update();
        let memory = report.memory;
        if (client && memory && !memory.graph_order.tensors)
            ({memory} = await page.call({memory: true, dearest: '1'}));
        const course = memory?.graph_order;
        if (!course?.timeline?.length) {
            out.replaceChildren(h('p', {class: 'note'}, 'This report has no course of the memory.'));
            return;
        }
        const names = new Map(report.layers.map(layer => [layer.index, layer.name]));
        const said = h('p', {role: 'status'}), alive = h('div'), best = memory.best_order?.peak_bytes ?? course.peak_bytes;
        const tell = (index, total) => {
            said.textContent = `${bytes(total)} at ${names.get(index) ?? `layer ${index}`}`;
            if (course.tensors)
                alive.replaceChildren(...aliveList(course.tensors, index, total).filter(Boolean));
            return said.textContent;
        };
        const layers = report.layers.reduce((most, layer) => Math.max(most, layer.index), 0) + 1;
        out.replaceChildren(...[
            courseOf({points: course.timeline, peak: course.peak_bytes, node: course.node, layers, best, tell,
                      onpick: index => page.pick(index, true)}),
            said, alive,
            memory.best_order && h('p', {class: 'note'}, best < course.peak_bytes ?
                `In the order of nodes "${memory.best_order.order}" the peak is ${bytes(best)} (the dashed line).` :
                'No better order of nodes was found.'),
            memory.is_lower_bound && h('p', {class: 'note'},
                `The size of ${plural(memory.unknown_tensors, 'tensor', 'tensors')} is not known: it is a lower bound.`),
            fates(report)].filter(Boolean));
    };
}
