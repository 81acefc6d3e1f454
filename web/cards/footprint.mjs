// Footprint: kWh, CO2e and water of queries in a region, and of a whole life. All figures are the program's: of a second module
// that the app loads for it, or of a report that is dropped.
import {bars, h, svg} from './parts.mjs';

const LIFE = 'life.json', HEIGHT = 240, LEFT = 84, RIGHT = 16, TOP = 26, BOTTOM = 40;
const PER = [['query', 'a query'], ['thousand_queries', '1,000 queries'], ['million_queries', 'a million queries'],
             ['token', 'a token'], ['million_tokens', 'a million tokens'], ['day', 'a day'], ['period', 'the period'], ['training', 'training']];

const digits = value => value === 0 ? '0' : Math.abs(value) < 1e-4 || Math.abs(value) >= 1e7 ? value.toExponential(3) :
    Number(value.toPrecision(4)).toLocaleString('en', {maximumFractionDigits: 8});
const known = (value, unit) => value === null || value === undefined ? 'not known' : `${digits(value)}${unit}`;
const grams = value => value >= 1e6 ? `${digits(value / 1e6)} t` : value >= 1e3 ? `${digits(value / 1e3)} kg` : `${digits(value)} g`;
const rowsOf = found => found.rows ?? [found];
const nameOf = row => `${row.input.figure ?? row.input.path?.replace(/^.*\//, '') ?? 'given'}, ${row.region.name}`;

const table = (label, heads, rows) => h('div', {class: 'wide', tabindex: 0, role: 'group', 'aria-label': label}, h('table', {},
    h('thead', {}, h('tr', {}, heads.map((head, i) => h('th', {scope: 'col', class: i ? '' : 'left'}, head)))),
    h('tbody', {}, rows.map(row => h('tr', {}, row.map((cell, i) => i ? h('td', {}, cell) : h('th', {scope: 'row', class: 'left'}, cell)))))));

// A row of figures for each unit that the report has, with boundary, region and year in the same block.
function footprintOf(found) {
    const rows = rowsOf(found), out = [];
    for (const row of rows.slice(0, 12)) {
        const {region, per} = row;
        out.push(h('h3', {}, nameOf(row)), table(`Footprint of ${nameOf(row)}`, ['per', 'kWh', 'CO2e', 'water (L)', 'phone charges', 'cost'],
            PER.filter(([key]) => per[key]).map(([key, name]) => [name, known(per[key].kwh_site, ''), grams(per[key].gco2e),
                known(per[key].water_l?.total, ''), known(per[key].phone_charges, ''), known(per[key].cost, '')])),
            h('p', {class: 'note'}, `Boundary ${row.boundary}; ${region.id}: ${digits(region.g_per_kwh)} gCO2e/kWh` +
              `${region.year ? `, ${region.year}` : ''}, ${region.source ?? 'source not known'}; PUE ${row.pue.value}` +
              `${row.sci ? '' : '; operational only, no SCI'}${row.comparison_only ? '. Comparison only, not a footprint' : ''}.`));
    }
    if (rows.length > 1 && rows.every(row => row.per.thousand_queries))
        out.unshift(h('h3', {}, 'CO2e of 1,000 queries'), bars(rows.map((row, i) => ({
            name: nameOf(row), value: row.per.thousand_queries.gco2e, tone: `tone${i % 4}`})), grams, 'CO2e of 1,000 queries', false));
    return out;
}

// Columns: CO2e of each phase, its hardware on top; the line: all phases so far.
function lifeChart(life) {
    const {phases} = life, chart = svg('svg', {class: 'chart life', role: 'img', 'aria-label': `CO2e of ${phases.map(
        phase => `${phase.phase} ${grams(phase.gco2e + phase.embodied_g)}`).join(', ')}; in total ${grams(life.total.gco2e + life.total.embodied_g)}`});
    const most = life.total.gco2e + life.total.embodied_g || 1, y = value => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / most;
    let width = 0;

    function draw() {
        const step = (width - LEFT - RIGHT) / phases.length, out = [], line = [];
        for (const part of [0, 0.25, 0.5, 0.75, 1])
            out.push(svg('line', {x1: LEFT, x2: width - RIGHT, y1: y(most * part), y2: y(most * part), class: 'grid'}),
                     svg('text', {x: LEFT - 6, y: y(most * part) + 4, class: 'end'}, grams(most * part)));
        let sum = 0;
        phases.forEach((phase, i) => {
            const x = LEFT + step * (i + 0.2), wide = step * 0.6, all = phase.gco2e + phase.embodied_g;
            sum += all;
            out.push(svg('rect', {x, width: wide, y: y(phase.gco2e), height: y(0) - y(phase.gco2e), class: 'tone0'}, svg('title', {}, grams(phase.gco2e))),
                     svg('rect', {x, width: wide, y: y(all), height: y(phase.gco2e) - y(all), class: 'tone2'}, svg('title', {}, `hardware ${grams(phase.embodied_g)}`)),
                     svg('text', {x: x + wide / 2, y: HEIGHT - BOTTOM + 16, class: 'middle'}, step < 90 ? phase.phase.slice(0, Math.max(3, step / 8)) : phase.phase));
            line.push(`${x + wide / 2},${y(sum)}`);
        });
        out.push(svg('polyline', {points: line.join(' '), class: 'sum'}));
        chart.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
        chart.replaceChildren(...out);
    }
    new ResizeObserver(() => {
        if (chart.clientWidth && chart.clientWidth !== width) {
            width = chart.clientWidth;
            draw();
        }
    }).observe(chart);
    return chart;
}

function lifeOf(life) {
    const {total, break_even_queries: even} = life;
    const row = (name, one, more) => [name, known(one.kwh_site, ''), grams(one.gco2e), one.embodied_g ? grams(one.embodied_g) : '-',
                                      known(one.water_l?.total, ''), ...more];
    return [h('h3', {}, `A life: ${grams(total.gco2e + total.embodied_g)}`), lifeChart(life),
            h('ul', {class: 'legend'}, h('li', {class: 'tone0'}, 'energy'), h('li', {class: 'tone2'}, 'hardware')),
            h('p', {class: 'note'}, 'The line is the sum of all phases so far.'),
            table('Phases', ['phase', 'kWh', 'CO2e', 'hardware', 'water (L)', 'share', 'region'], [...life.phases.map((phase, i) => row(phase.phase, phase, [
                life.shares[i].percent === null ? '-' : `${life.shares[i].percent.toFixed(1)} %`, `${phase.region.id}, ${digits(phase.region.g_per_kwh)} g/kWh`])),
                row('total', total, ['', ''])]),
            even && h('p', {class: 'note'}, `Inference passes training after ${digits(even)} queries.`)];
}

export function card(page, box) {
    let asked = '', lists = null, found = null;
    const said = h('p', {class: 'note', role: 'status'}), out = h('div'), lived = h('div'), told = h('div');
    const region = h('select', {onchange: () => draw()}), other = h('select', {onchange: () => draw()});
    const field = (name, value, type = 'number') => {
        const input = h('input', {type, value, ...(type === 'number' && {min: 0, step: 'any'}), onchange: () => draw()});
        return {input, element: h('label', {class: 'field'}, h('span', {}, name), input)};
    };
    const energy = field('Energy of a query, if measured', '', 'text'), day = field('Queries a day', 10000);
    const training = field('Training (kWh)', 0), hardware = field('Hardware (kgCO2e)', 0), years = field('Years', 1);
    const file = h('input', {type: 'file', multiple: true, accept: '.json', onchange: () => page.add([...file.files])});
    energy.input.placeholder = '0.102J';

    // The module with all regions, and what it has to choose from.
    async function begin() {
        const client = await page.more?.();
        if (client && !lists) {
            lists = JSON.parse((await client.call('run', {request: {command: 'regions', format: 'json'}})).text).regions.filter(one => one.g_per_kwh !== null);
            const options = () => lists.map(one => h('option', {value: one.id}, `${one.name} (${one.id}), ${digits(one.g_per_kwh)} g/kWh`));
            region.append(...options());
            other.append(h('option', {value: ''}, 'none'), ...options());
            region.value = 'world';
        }
        return client;
    }

    function place() {
        return [region.value, other.value].filter(Boolean);
    }

    // What the page shows, on its device; or an energy that somebody measured.
    async function ask(client) {
        const {plan, ...request} = page.request(), word = energy.input.value.trim(), measured = page.beside.get('measurement');
        const more = {command: 'footprint', format: 'json', region: place(), 'per-day': day.input.value || '0',
                      ...(word ? {energy: word} : measured ? {inputs: [measured.name]} : {})};
        const key = JSON.stringify({request, more, life: [training.input.value, hardware.input.value, years.input.value]});
        if (key === asked)
            return;
        asked = key;
        if (measured && !word)
            await client.call('give', measured);
        try {
            found = JSON.parse((await client.call('run', {request: {...request, ...more}})).text);
        } catch (error) {
            said.textContent = /operations/.test(error.message) ? `${error.message}. Choose a device above, under "What if", or drop a measurement.` : error.message;
            out.replaceChildren();
            lived.replaceChildren();
            return;
        }
        said.textContent = 'Every figure stands with its boundary, region and year.';
        out.replaceChildren(...footprintOf(found));
        await live(client);
    }

    // Training before, the queries of so many years, and the hardware, as phases of a life.
    async function live(client) {
        const joules = rowsOf(found)[0].energy_j_per_query, phases = [
            {phase: 'training', kwh: Number(training.input.value) || 0},
            ...(Number(hardware.input.value) > 0 ? [{phase: 'deployment', kwh: 0, embodied: Number(hardware.input.value), lifespan_years: 1}] : []),
            {phase: 'inference', queries_per_day: Number(day.input.value) || 0, joules_per_query: joules, days: 365 * (Number(years.input.value) || 1)}];
        const text = JSON.stringify({schema: 'picojoule.lifecycle/1', region: region.value, phases});
        await client.call('give', {name: LIFE, bytes: new TextEncoder().encode(text)});
        lived.replaceChildren(...lifeOf(JSON.parse((await client.call('run', {request: {command: 'lifecycle', file: LIFE, format: 'json'}})).text)).filter(Boolean));
    }

    // Reports that were dropped, and lives that only the program can work out.
    async function dropped(client) {
        const of = page.beside, parts = [];
        if (of.has('footprint'))
            parts.push(h('h3', {}, `From ${of.get('footprint').name}`), ...footprintOf(of.get('footprint').data));
        if (of.has('lifecycle-report'))
            parts.push(h('h3', {}, `From ${of.get('lifecycle-report').name}`), ...lifeOf(of.get('lifecycle-report').data));
        if (of.has('lifecycle') && client) {
            const life = of.get('lifecycle');
            await client.call('give', life);
            const {text} = await client.call('run', {request: {command: 'lifecycle', file: life.name, format: 'json'}});
            parts.push(h('h3', {}, `From ${life.name}`), ...lifeOf(JSON.parse(text)));
        }
        if (page.report.footprint)
            parts.push(h('h3', {}, 'Of this report'), ...footprintOf({rows: [page.report.footprint].flat()}));
        told.replaceChildren(...parts.filter(Boolean));
    }

    async function draw() {
        const client = await begin();
        tools.hidden = !client;
        if (client)
            await ask(client);
        else
            said.textContent = 'Drop what `picojoule footprint --format json` wrote, also with --lifecycle, or open the model in the app: it has regions.';
        try {
            await dropped(client);
        } catch (error) {
            told.replaceChildren(h('p', {class: 'note', role: 'status'}, error.message));
        }
    }

    const menu = (name, element) => h('label', {class: 'field'}, h('span', {}, name), element);
    const tools = h('div', {class: 'tools', hidden: true}, menu('Region', region), menu('Beside', other), energy.element, day.element,
                    training.element, hardware.element, years.element);
    box.append(tools, h('div', {class: 'tools'}, h('label', {class: 'choose'}, 'A footprint or lifecycle', file)), said, out, lived, told);
    return draw;
}
