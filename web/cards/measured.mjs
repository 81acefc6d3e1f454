// Measured beside estimated: a profile of a runtime, joules that were measured, or what `picojoule layers` made of both. Which kernel
// carries which layers, and what is shared by time, the program finds.
import {RowTable, bars, energy, h, percent, time} from './parts.mjs';

const PICO = 1e12;
const joules = value => value === null || value === undefined ? '' : energy(value * PICO);
const times = value => value === null || value === undefined ? '' : `× ${value.toPrecision(4)}`;

function columnsOf(profile, unit) {
    const most = Math.max(...profile.rows.map(row => row.share_of_kernels ?? 0)) || 1;
    return [
        {key: 'name', title: 'kernel', left: true, value: row => row.name, show: row => row.name},
        {key: 'op', title: 'operator', left: true, value: row => row.op, show: row => row.op},
        {key: 'layers', title: 'layers', left: true, value: row => row.layers.length, show: row => row.layers.join(', ') || 'none'},
        {key: 'us', title: 'time of a run', value: row => row.us_per_run ?? 0, show: row => time(row.us_per_run)},
        {key: 'share', title: 'of the kernels', value: row => row.share_of_kernels ?? 0, show: row => percent(row.share_of_kernels ?? 0), cell: row => {
            const bar = h('span', {class: 'parts', 'aria-hidden': 'true'}, h('i', {class: 'tone0'}));
            bar.firstChild.style.width = `${100 * (row.share_of_kernels ?? 0) / most}%`;
            return [bar, percent(row.share_of_kernels ?? 0)];
        }},
        {key: 'measured', title: 'measured', value: row => row.measured_j ?? 0, show: row => joules(row.measured_j)},
        {key: 'estimated', title: 'estimated', value: row => row.estimated_pj ?? 0, show: row => row.estimated_pj ? energy(row.estimated_pj, unit) : ''},
        {key: 'ratio', title: 'measured / estimated', value: row => row.measured_over_estimated ?? 0, show: row => times(row.measured_over_estimated)},
    ];
}

function profileOf(profile, page) {
    const unit = page.report.settings.unit, rows = profile.rows.map((row, index) => ({...row, index}));
    const table = new RowTable({columns: columnsOf(profile, unit), sort: {key: 'us', down: true}, label: `Kernels of ${profile.name}`,
                                match: row => `${row.name} ${row.op} ${row.layers.join(' ')}`.toLowerCase(), onpick: row => {
        table.pick(row.index);
        const layer = page.report.layers.find(one => one.name === row.layers[0]);
        if (layer)
            page.pick(layer.index, true);
    }});
    const facts = [['energy of a run', profile.joules_per_run === null ? 'not known: only time was recorded' : joules(profile.joules_per_run)],
                   ['measured / estimated', times(profile.measured_over_estimated) || 'not known'],
                   ['a run', time(profile.run_us_median)], ['runs that count', String(profile.runs ?? 'not known')],
                   ['in kernels that carry layers', percent(profile.coverage ?? 0)], ['energy from', profile.energy_from],
                   ['layers that no kernel carries', profile.unassigned.length || undefined]].filter(([, value]) => value);
    queueMicrotask(() => {
        table.rows = rows;
    });
    return [h('h3', {}, `${profile.name}: ${profile.format}, estimate by ${profile.table}`),
            h('dl', {}, facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, String(value))))), table.element,
            profile.diagnostics.length > 0 && h('ul', {}, profile.diagnostics.slice(0, 12).map(one => h('li', {}, one.message)))];
}

// A query as it was measured beside a run as it is estimated: by the table, and by each device.
function totalsOf({data, name}, {totals, settings}) {
    const {joules_per_query: each, queries} = data.result;
    if (typeof each !== 'number')
        return [h('p', {class: 'note'}, `${name} has no joules of a query.`)];
    const rows = [{name: 'measured, a query', about: name, value: each * PICO, tone: 'tone0'},
                  ...(settings.unit === 'pJ' ? [{name: 'estimated, a run', about: settings.table, value: totals.energy_pj.total, tone: 'tone2'}] : []),
                  ...Object.entries(totals.devices ?? {}).filter(([, one]) => typeof one.energy_pj === 'number').map(
                      ([device, one]) => ({name: 'estimated, a run', about: device, value: one.energy_pj, tone: 'tone3'}))];
    return [h('h3', {}, 'In total'), bars(rows, value => energy(value), 'Energy, measured and estimated', false), h('ul', {}, rows.slice(1).filter(row => row.value > 0).map(row => h('li', {},
                `measured / ${row.about}: ${times(rows[0].value / row.value)}`))),
            h('p', {class: 'note'}, `${queries ? `${queries.toLocaleString('en')} queries were measured. ` : ''}A run answers as many queries as its batch; ` +
              'a table of operations knows neither idle power nor control, and is no bound.')];
}

export function card(page, box) {
    let asked = null;
    const said = h('p', {class: 'note', role: 'status'}), out = h('div');
    const file = h('input', {type: 'file', multiple: true, accept: '.json,.csv', onchange: () => page.add([...file.files])});

    async function layersOf() {
        const {beside} = page, trace = beside.get('trace'), measurement = beside.get('measurement'), client = trace && await page.more?.();
        if (!client)
            return beside.get('layers')?.data ?? null;
        const {plan, quantize, ...request} = page.request(); // what ran is the model as it was
        await client.call('give', trace);
        if (measurement)
            await client.call('give', measurement);
        const {text} = await client.call('run', {request: {...request, command: 'layers', format: 'json', trace: trace.name,
                                                            ...(measurement && {measurement: measurement.name})}});
        return JSON.parse(text);
    }

    return box.append(h('div', {class: 'tools'}, h('label', {class: 'choose'}, 'A profile or a measurement', file)), said, out), async () => {
        const {beside, report} = page, key = [report, ...['trace', 'measurement', 'layers'].map(kind => beside.get(kind))];
        if (asked && key.every((one, i) => one === asked[i]))
            return;
        asked = key;
        const parts = [];
        said.textContent = '';
        if (!key.slice(1).some(Boolean))
            said.textContent = 'Drop what `picojoule measure` or `picojoule layers --format json` wrote, or a profile of a runtime, with the model or after it.';
        if (beside.has('trace') && !page.more)
            said.textContent = 'Drop what `picojoule layers --format json` made of it, or open the model in the app: it matches profiles with layers.';
        if (beside.has('measurement'))
            parts.push(...totalsOf(beside.get('measurement'), report));
        try {
            for (const profile of (await layersOf())?.profiles ?? [])
                parts.push(...profileOf(profile, page));
        } catch (error) {
            said.textContent = error.message;
        }
        out.replaceChildren(...parts.filter(Boolean));
    };
}
