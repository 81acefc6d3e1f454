// What a prompt and each token cost a decoder: the request, where its energy goes, and what would change it.
import {bars, bytes, energy, h, percent, time} from './parts.mjs';

const PARTS = [['weights', 'weights'], ['kv_cache', 'cache'], ['activations', 'activations'], ['arithmetic', 'arithmetic']];

export function card(page, box) {
    let shown = null;
    const out = h('div'), said = h('p', {class: 'note', role: 'status'});
    const field = (name, value) => {
        const input = h('input', {type: 'number', min: 1, step: 1, value, onchange: () => draw(true)});
        return {input, element: h('label', {class: 'field'}, h('span', {}, name), input)};
    };
    const prompt = field('Prompt (tokens)', 512), tokens = field('Tokens out', 128), batch = field('Sequences', 1);

    function tell(found, unit) {
        const {request, per_token_pj: each} = found, print = value => energy(value, unit), million = value => print(value * 1e6);
        const facts = [['the request', print(request.energy_pj.total)], ['a million tokens out', million(each.out)],
                       ['a million tokens of prompt', million(each.prompt)],
                       ['a million decode steps', each.decode === null ? 'none' : million(each.decode)],
                       ['share of the cache', percent(request.energy_pj.kv_cache / (request.energy_pj.total || 1))],
                       ['cache for each token', bytes(found.kv_bits_per_token / 8)],
                       ...Object.entries(request.devices ?? {}).map(([name, one]) => [
                           name, one.energy_pj === null ? 'not known' : `${energy(one.energy_pj)}, ${time(one.time_us)}`])];
        const part = phase => bars(PARTS.map(([key, name], i) => ({name, value: found[phase].energy_pj[key], tone: `tone${i}`})), print,
                                   `Energy of the ${phase}`);
        const changes = (found.what_if ?? []).filter(one => one.ratio !== null && one.ratio !== undefined);
        return [h('dl', {}, facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))),
                h('h3', {}, `Prefill of ${found.asked.prompt} tokens`), part('prefill'),
                h('h3', {}, `${found.asked.decode_steps} decode steps`), part('decode'),
                ...(changes.length ? [h('h3', {}, 'What would change a decode token'), h('ul', {}, changes.map(one => h('li', {},
                    `${one.change}: ${print(one.decode_token_pj)}, ${percent(one.ratio)}`)))] : [])];
    }

    async function draw(always) {
        if (!page.client || (shown === page.report && !always))
            return;
        shown = page.report;
        said.textContent = 'Computing ...';
        try {
            const {text} = await page.client.call('run', {request: {
                ...page.request(), command: 'generate', format: 'json', prompt: prompt.input.value, tokens: tokens.input.value,
                batch: batch.input.value}});
            const found = JSON.parse(text);
            out.replaceChildren(...tell(found, found.settings.unit));
            said.textContent = 'One prefill, then a decode step for each further token; the cache is kept in place.';
        } catch (error) {
            out.replaceChildren();
            said.textContent = error.message;
        }
    }

    box.append(h('div', {class: 'tools'}, prompt.element, tokens.element, batch.element), said, out);
    return () => draw(false);
}
