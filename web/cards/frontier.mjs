// Plans: the trade-off of energy and noise, a slider along it, and formats of layers by hand.
import {download, energy, h, percent, select} from './parts.mjs';
import {plot, rangeOf} from './plot.mjs';

const NAME = 'plan.json';

const digits = value => value === 0 ? '0' : value < 1e-3 ? value.toExponential(value / 10 ** Math.floor(Math.log10(value)) % 1 ? 2 : 0) : String(Number(value.toPrecision(3)));
const wordOf = setting => setting.weights && setting.weights !== setting.activations ?
    `weights ${setting.weights}, activations ${setting.activations ?? 'as they are'}` : setting.activations ?? 'as it is';

// A plan as --plan takes it; layers that stay as they are need no row.
export function planOf(frontier, numbers) {
    const layers = frontier.layers.map((layer, i) => ({...layer, ...frontier.settings[numbers[i]]})).filter(
        layer => layer.weights || layer.activations);
    return JSON.stringify({schema: 'picojoule.plan/1', layers}, null, 2) + '\n';
}

export function card(page, box) {
    let frontier = null, at = -1, numbers = null, asked = '', sensitivity = null, turn = 0, picked = null;
    const said = h('p', {class: 'note', role: 'status'}), drawn = h('div'), hand = h('div', {class: 'tools'});
    const range = h('input', {type: 'range', min: 0, step: 1, oninput: () => choose(Number(range.value)), 'aria-label': 'Plan'});
    const file = h('input', {type: 'file', accept: '.json,.csv', onchange: () => file.files[0] && measured(file.files[0])});
    const save = h('button', {type: 'button', disabled: true, onclick: () => download(NAME, 'application/json', planOf(frontier, numbers))},
                   'Save plan');
    const knee = h('button', {type: 'button', onclick: () => {
        range.value = frontier.knee;
        choose(frontier.knee);
    }}, 'The knee');

    // Losses that somebody measured, in place of the rounding of weights.
    async function measured(blob) {
        await page.client.call('give', {name: blob.name, blob});
        sensitivity = blob.name;
        asked = '';
        try {
            await find();
        } catch (error) {
            sensitivity = null;
            said.textContent = error.message;
        }
    }

    // Today's formats are where a frontier starts, whatever is applied now.
    function request() {
        const choices = {...page.state.choices};
        delete choices.plan;
        delete choices.quantize;
        const {plan, quantize, ...rest} = page.request({...page.state, choices});
        return rest;
    }

    async function find() {
        const base = {...request(), ...(sensitivity && {sensitivity})}, key = JSON.stringify(base);
        if (key === asked)
            return;
        asked = key;
        said.textContent = 'Looking for plans ...';
        const ask = more => page.client.call('run', {request: {...base, ...more, command: 'frontier', format: 'json'}});
        let answer, why = '';
        try {
            answer = await ask({});
        } catch (error) {
            if (sensitivity)
                throw error;
            why = 'The weights are not here, so noise is that of formats alone. ';
            answer = await ask({sensitivity: 'uniform'}).catch(() => {
                throw error;
            });
        }
        frontier = JSON.parse(answer.text);
        at = -1;
        numbers = null;
        range.max = frontier.points.length - 1;
        range.value = 0;
        save.disabled = true;
        said.textContent = `${why}${frontier.points.length} plans; noise: ${frontier.sensitivity}. Noise is no accuracy: measure a plan ` +
            'before you ship it.';
        name(0);
        draw();
    }

    function name(point) {
        const {energy: cost, noise} = frontier.points[point], now = frontier.points[0].energy;
        range.setAttribute('aria-valuetext', `${energy(cost, frontier.unit)}, ${percent(cost / (now || 1))} of today's, noise ` +
                           `${digits(noise)}${point === frontier.knee ? ', the knee' : ''}`);
        return range.getAttribute('aria-valuetext');
    }

    async function choose(point) {
        at = point;
        numbers = frontier.points[point].plan;
        said.textContent = name(point);
        draw();
        await apply();
    }

    // What is shown is what the engine says of the plan; of several in a row the last one counts.
    async function apply() {
        const mine = ++turn;
        await new Promise(done => setTimeout(done, 60));
        if (mine !== turn)
            return;
        save.disabled = false;
        await page.client.call('give', {name: NAME, bytes: new TextEncoder().encode(planOf(frontier, numbers))});
        await page.ask({...page.state, choices: {...page.state.choices, quantize: '', plan: NAME}});
    }

    function draw() {
        const {points, uniform, unit} = frontier, quiet = Math.min(...[...points, ...uniform].map(one => one.noise).filter(n => n > 0));
        const floor = Number.isFinite(quiet) ? quiet / 4 : 1, y = one => Math.max(one.noise, floor);
        const all = [...points, ...uniform];
        drawn.replaceChildren(plot({
            label: `${points.length} plans from ${energy(points[0].energy, unit)} to ${energy(points.at(-1).energy, unit)}`,
            axes: {x: {title: 'energy of one run', print: value => value ? energy(value, unit) : '0', ...rangeOf(all.map(one => one.energy))},
                   y: {title: 'noise (relative)', print: digits, ...rangeOf(all.map(y), true)}},
            lines: [{points: points.map(one => [one.energy, y(one)]), class: 'roof'}],
            marks: [...uniform.map(one => ({x: one.energy, y: y(one), class: 'uniform', r: 5,
                                            text: one.format === 'today' ? 'today' : `all ${one.format}`})),
                    {x: points[frontier.knee].energy, y: y(points[frontier.knee]), class: 'knee', r: 6, text: 'knee'},
                    ...(at >= 0 ? [{x: points[at].energy, y: y(points[at]), class: 'here', r: 6, text: 'this plan'}] : [])]}));
        byHand();
    }

    // The formats that any plan has for the selected layer.
    function byHand() {
        const {report} = page, layer = report.layers.find(one => one.index === page.picked);
        const place = frontier.layers.findIndex(one => one.match === layer?.name);
        picked = page.picked;
        if (place < 0) {
            hand.replaceChildren(h('span', {class: 'note'}, layer ? `${layer.name} keeps its formats in every plan.` : ''));
            return;
        }
        const known = [...new Set([0, ...frontier.points.map(point => point.plan[place])])].sort((a, b) => a - b);
        const mine = numbers ?? frontier.points[0].plan;
        hand.replaceChildren(select(`Format of ${layer.name}`, known.map(number => [number, wordOf(frontier.settings[number])]),
                                    mine[place], async value => {
            numbers = mine.map((number, i) => i === place ? Number(value) : number);
            at = -1;
            said.textContent = `A plan by hand: ${layer.name} is ${wordOf(frontier.settings[value])}.`;
            await apply();
            draw();
        }));
    }

    box.append(h('div', {class: 'tools'}, h('label', {class: 'choose'}, 'Measured losses', file), knee, save), said, drawn, range, hand);
    return async () => {
        await find();
        if (!page.state.choices.plan && numbers) {
            numbers = null;
            at = -1;
            draw();
        } else if (picked !== page.picked) {
            byHand();
        }
    };
}
