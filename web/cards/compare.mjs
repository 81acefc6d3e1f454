// Compare: what is shown against another model, a saved report, or the model as it was; rows and causes are the program's.
import {COMPONENTS, RowTable, bars, energy, h, percent} from './parts.mjs';

const signed = (value, unit) => value ? `${value > 0 ? '+' : '−'}${energy(Math.abs(value), unit)}` : '';

function causesOf(diff, unit) {
    return diff.causes.length > 0 && [h('h3', {}, 'What explains it'), h('ul', {}, diff.causes.map(cause => h('li', {},
        h('strong', {}, signed(cause.difference_pj, unit)), ` ${cause.text}`, cause.layer ? `, most in ${cause.layer}` : '',
        cause.detail ? `: ${cause.detail}` : '')))];
}

function columnsOf(unit) {
    const cost = (key, title) => ({key, title, value: row => row[key] ?? 0, show: row => row[key] === undefined ? '' : energy(row[key], unit)});
    return [
        {key: 'name', title: 'layer', left: true, value: row => row.name_b ?? row.name_a, show: row => row.name_b ?? row.name_a},
        {key: 'change', title: 'what', left: true, value: row => row.change, show: row => row.change},
        cost('total_a_pj', 'before'), cost('total_b_pj', 'after'),
        {key: 'difference_pj', title: 'change', value: row => row.difference_pj ?? 0, show: row => signed(row.difference_pj, unit)},
        {key: 'reason', title: 'cause', left: true, value: row => row.reason ?? '', show: row => row.reason ?? ''},
    ];
}

export function card(page, box) {
    let shown = null, other = null;
    const out = h('div'), said = h('p', {class: 'note', role: 'status'});
    const file = h('input', {type: 'file', multiple: true, onchange: () => take([...file.files])});
    const again = h('button', {type: 'button', onclick: () => take([])}, 'With the model as it was');

    // Of several files one is the model, the others are its weights.
    async function take(files) {
        for (const blob of files)
            await page.client.call('give', {name: blob.name, blob});
        other = (files.find(one => /\.(onnx|ort|pb|json)$/i.test(one.name)) ?? files[0])?.name ?? null;
        shown = null;
        await draw();
    }

    // A is the model as it was, B what is shown; or A what is shown, and B the other file.
    async function draw() {
        if (shown === page.report)
            return;
        shown = page.report;
        if (!other && page.base === page.report) {
            said.textContent = 'Drop a second model or a saved report here, or choose it; or ask what if above.';
            out.replaceChildren();
            return;
        }
        const now = page.request(), was = page.request({choices: {}, dims: page.state.dims});
        const request = other ? {...now, with: other, b: now} : {...was, b: now};
        let diff;
        try {
            diff = JSON.parse((await page.client.call('run', {request: {...request, command: 'compare', format: 'json'}})).text);
        } catch (error) {
            said.textContent = error.message;
            out.replaceChildren();
            return;
        }
        const unit = diff.a.settings.unit, costs = diff.totals.energy_pj, print = value => energy(value, unit);
        said.textContent = `${diff.a.model}${other ? '' : ' as it was'}: ${print(costs.total.a)}. ${other ?? 'As it is shown'}: ` +
            `${print(costs.total.b)}, ${percent(costs.total.b / (costs.total.a || 1))}.`;
        const rows = diff.layers.map((row, index) => ({...row, index})).filter(row => row.total_a_pj || row.total_b_pj);
        const table = new RowTable({columns: columnsOf(unit), sort: {key: 'difference_pj', down: false}, label: 'Layers before and after',
                                    match: row => `${row.name_a} ${row.name_b} ${row.change}`.toLowerCase(), onpick: row => {
            table.pick(row.index);
            const layer = other ? null : page.report.layers.find(one => one.name === row.name_b);
            if (layer)
                page.pick(layer.index, true);
        }});
        out.replaceChildren(...[
            bars(COMPONENTS.map(([key, name, about], i) => ({name, about, value: costs[key].b, was: costs[key].a, tone: `tone${i}`})),
                 print, 'Energy by component, after; marks are where it was before'),
            ...(causesOf(diff, unit) || []), h('h3', {}, `${rows.length} layers, ${['changed', 'added', 'removed'].map(
                word => `${rows.filter(row => row.change === word).length} ${word}`).join(', ')}`), table.element]);
        table.rows = rows;
    }

    box.addEventListener('dragover', event => event.preventDefault());
    box.addEventListener('drop', event => {
        event.preventDefault();
        event.stopPropagation();
        document.body.classList.remove('over');
        take([...event.dataTransfer.files]);
    });
    box.append(h('div', {class: 'tools'}, h('label', {class: 'choose'}, 'Compare with ...', file), again), said, out);
    return draw;
}
