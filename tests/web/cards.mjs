// Cards of the page: what each shows is what the program says, they are reached by key, and axe finds nothing in them.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const CARDS = ['memory', 'roofline', 'frontier', 'compare', 'generate', 'footprint', 'measured'];

// `t`: what browser.mjs has.
export function cardTests(t) {
    const {check, native, file} = t;
    const model = path.join(t.root, 'models/resnet8.onnx');

    async function open(page, name) {
        const fold = page.locator(`#${name} > details`);
        if (await fold.getAttribute('open') === null)
            await fold.locator('summary').first().click();
        await page.waitForFunction(one => document.querySelector(`#${one} .card`).childElementCount > 0, name, {timeout: 60000, polling: 20});
        return page.locator(`#${name}`);
    }

    const frontier = page => page.waitForSelector('#frontier .plot circle', {timeout: 60000});

    async function saved(page) {
        const download = page.waitForEvent('download');
        await page.getByRole('button', {name: 'Save plan'}).click();
        const plan = file('plan.json');
        fs.copyFileSync(await (await download).path(), plan);
        return plan;
    }

    async function applied(page) {
        await page.waitForTimeout(150);
        await t.settled(page);
    }

    const energyOf = args => JSON.parse(native(['analyze', model, '--format', 'json', ...args])).totals.energy_pj.total;

    // Boxes of texts that lie across each other.
    const overlaps = (page, card) => page.evaluate(id => {
        return [...document.querySelectorAll(`#${id} .plot`)].flatMap(plot => {
            const boxes = [...plot.querySelectorAll('.name, .here')].map(one => [one.textContent, one.getBBox()]);
            return boxes.flatMap(([a, x], i) => boxes.slice(i + 1).filter(([, y]) => x.x < y.x + y.width && y.x < x.x + x.width &&
                x.y + 2 < y.y + y.height && y.y + 2 < x.y + x.height).map(([b]) => `${a} / ${b}`));
        });
    }, card);

    return {
        async memoryCard() {
            const page = await t.openApp([model]), card = await open(page, 'memory');
            await card.locator('.alive li').first().waitFor();
            const report = JSON.parse(native(['analyze', model, '--memory', '--format', 'json'])).memory.graph_order;
            const chart = card.locator('.chart').first();
            await chart.focus();
            await page.keyboard.press('Home');
            for (let index = 0; index < 22; index++) {
                const bytes = report.timeline.findLast(one => one.index <= index).bytes;
                const alive = report.tensors.filter(one => one.from <= index && index < one.until);
                check(alive.reduce((sum, one) => sum + one.bytes, 0) === bytes, `tensors at layer ${index} are not what is in memory`);
                check(await card.locator('.alive li').count() === alive.length, `layer ${index} does not list ${alive.length} tensors`);
                await page.keyboard.press('ArrowRight');
            }
            await card.getByRole('button', {name: /size of the SRAM/}).click();
            const slider = card.locator('input[type=range]');
            await slider.focus();
            await page.keyboard.press('Home');
            const sweep = JSON.parse(native(['analyze', model, '--sweep', 'sram=16KiB,32KiB', '--format', 'json'])).points;
            check((await slider.getAttribute('aria-valuetext')).includes(`${(sweep[0].total_pj / 1e6).toPrecision(4)} µJ`), 'the size of 16 KiB');
            await page.keyboard.press('ArrowRight');
            check((await slider.getAttribute('aria-valuetext')).includes(`${(sweep[1].total_pj / 1e6).toPrecision(4)} µJ`), 'the size of 32 KiB');
            // The page as a whole is at the size of the slider: head, table, address, command; and a plan of the frontier, too.
            await applied(page);
            check(await t.total(page) === String(sweep[1].total_pj), `the page is at ${await t.total(page)}, the sweep at ${sweep[1].total_pj}`);
            check(await page.evaluate(() => document.activeElement.matches('#memory input[type=range]')), 'the slider has lost the focus');
            check((await page.locator('.findings dl').textContent()).includes('SRAM32 KiB'), 'what this rests on has no size of the SRAM');
            check(page.url().includes('sram=32KiB'), `the address is ${page.url()}`);
            check((await page.locator('.command code').textContent()).includes('--sweep sram=32KiB'), 'the command has no size');
            check(await page.evaluate(pj => picojoule.page.report.layers.reduce((sum, one) => sum + one.energy_pj.total, 0) / pj, sweep[1].total_pj) > 0.999,
                  'the layers are not at the size');
            await open(page, 'compare');
            await page.waitForSelector('#compare .rows tbody tr');
            check((await page.locator('#compare .note').first().textContent()).includes(`${(sweep[1].total_pj / 1e6).toPrecision(4)} µJ`), 'the comparison is not at the size');
            await page.getByRole('button', {name: 'As it was', exact: true}).click();
            await applied(page);
            check(await t.total(page) === String(energyOf([])), 'the size does not go');
            check(await slider.inputValue() === '4', 'the slider does not follow');
            await t.endPage(page, 'memory');
        },

        async rooflines() {
            const page = await t.openApp([model]), card = await open(page, 'roofline');
            await card.locator('circle').first().waitFor();
            check(await card.locator('.plot').count() === 1 && await card.locator('.trail').count() === 0, 'a roofline of energy, no trails');
            await t.choose(page, 'Device', 'h100');
            await t.settled(page);
            check(await card.locator('.plot').count() === 2, 'no roofline of time');
            await t.choose(page, 'Number format', 'int8');
            await t.settled(page);
            check(await card.locator('.trail').count() > 5, 'what a what-if moves has no trail');
            check(!(await overlaps(page, 'roofline')).length, `names across each other: ${await overlaps(page, 'roofline')}`);
            await t.endPage(page, 'rooflines');
        },

        async frontierCard() {
            const page = await t.openApp([model]);
            await open(page, 'frontier');
            await frontier(page);
            const found = JSON.parse(native(['plan', model, '--frontier', '--format', 'json']));
            const slider = page.locator('#frontier input[type=range]');
            check(Number(await slider.getAttribute('max')) === found.points.length - 1, 'the slider has not the points of the frontier');
            await page.getByRole('button', {name: 'The knee'}).click();
            await applied(page);
            check(Number(await slider.inputValue()) === found.knee, 'the knee is another one');
            check(await t.total(page) === String(energyOf(['--plan', await saved(page)])), 'the plan of the page costs something else');
            check((await page.locator('.command code').textContent()).includes('--plan plan.json'), 'the command has no plan');
            await slider.focus();
            await page.keyboard.press('End');
            await applied(page);
            check(await t.total(page) === String(energyOf(['--plan', await saved(page)])), 'the last plan costs something else');
            check(!(await overlaps(page, 'frontier')).length, `labels across each other: ${await overlaps(page, 'frontier')}`);
            check(await page.locator('#frontier .uniform').count() === found.uniform.length, 'not all uniform formats are marked');
            const hand = page.locator('#frontier select'), options = await hand.locator('option').count();
            check(options > 1, 'no format to choose by hand');
            await hand.selectOption({index: 0});
            await applied(page);
            check(await t.total(page) === String(energyOf(['--plan', await saved(page)])), 'a plan by hand costs something else');
            await page.getByRole('button', {name: 'As it was'}).click();
            await applied(page);
            check(await t.total(page) === String(energyOf([])), 'the plan does not go');
            const losses = {schema: 'picojoule.sensitivity/1', layers: found.layers.map(layer => ({name: layer.match, formats: {int8: 0.01}}))};
            fs.writeFileSync(file('broken.json'), JSON.stringify({...losses, schema: 'other/1'}));
            await page.locator('#frontier input[type=file]').setInputFiles([file('broken.json')]);
            await page.waitForFunction(() => /broken\.json/.test(document.querySelector('#frontier .card').textContent), undefined, {polling: 20});
            await t.endPage(page, 'frontier');
        },

        async compareCard() {
            const page = await t.openApp([model]), other = path.join(t.root, 'models/resnet8_int8.onnx');
            await open(page, 'compare');
            await page.locator('#compare input[type=file]').setInputFiles([other]);
            await page.waitForSelector('#compare .rows tbody tr');
            const diff = JSON.parse(native(['compare', model, other, '--format', 'json']));
            const text = await page.locator('#compare .note').first().textContent(), first = [...diff.layers].sort(
                (a, b) => (a.difference_pj ?? 0) - (b.difference_pj ?? 0))[0];
            check(text.includes(`${(diff.totals.energy_pj.total.b / 1e6).toPrecision(4)} µJ`), `compare says ${text}`);
            const row = await page.locator('#compare .rows tbody tr').first().textContent();
            check(row.includes(first.name_b ?? first.name_a) && row.includes(first.reason ?? ''), `the row of the largest change is ${row}`);
            const report = file('before.json');
            native(['analyze', model, '--format', 'json', '-o', report]);
            await page.locator('#compare input[type=file]').setInputFiles([report]);
            await page.waitForFunction(() => /100\.0 %/.test(document.querySelector('#compare .note').textContent), undefined, {polling: 20});
            await page.getByRole('button', {name: 'With the model as it was'}).click();
            await t.choose(page, 'Number format', 'int8');
            await t.settled(page);
            await page.waitForSelector('#compare .rows tbody tr');
            await t.endPage(page, 'compare');
        },

        async generateCard() {
            const plain = await t.openApp([model]);
            await open(plain, 'generate');
            await plain.waitForSelector('#generate .note:has-text("no cache")');
            await t.endPage(plain, 'generate without a decoder');
            const decoder = path.join(t.corpus, 'gen_llm_int4_contrib.onnx');
            if (!fs.existsSync(decoder))
                return;
            const page = await t.openApp([decoder]);
            await open(page, 'generate');
            await page.locator('#generate input').first().fill('64');
            await page.locator('#generate input').nth(1).fill('32');
            await page.locator('#generate input').nth(1).press('Tab');
            await page.waitForSelector('#generate h3:has-text("31 decode steps")');
            const found = JSON.parse(native(['generate', decoder, '--prompt', '64', '--tokens', '32', '--format', 'json']));
            const facts = await page.locator('#generate dl').first().textContent();
            check(facts.includes(`${(found.request.energy_pj.total / 1e9).toPrecision(4)} mJ`), `the request: ${facts}`);
            check(facts.includes(`${(found.per_token_pj.out / 1e9).toPrecision(4)} kJ`), `a million tokens: ${facts}`);
            await t.endPage(page, 'generate');
        },

        // Footprints are those of `picojoule footprint`, lives those of its --lifecycle.
        async footprintCard() {
            const page = await t.openApp([model]);
            const said = () => page.locator('#footprint .note').first().textContent();
            await open(page, 'footprint');
            await page.waitForFunction(() => /device/.test(document.querySelector('#footprint .note').textContent), undefined, {polling: 20});
            check((await said()).includes('no footprint') || (await said()).includes('operations'), `without a device the card says ${await said()}`);
            await t.choose(page, 'Device', 'h100');
            await t.settled(page);
            await page.waitForSelector('#footprint td');
            const menu = page.locator('#footprint select');
            await menu.nth(0).selectOption('DEU');
            await menu.nth(1).selectOption('FRA');
            await page.waitForSelector('#footprint h3:has-text("h100, France")');
            const {rows} = JSON.parse(native(['footprint', model, '--device', 'h100', '--region', 'DEU', '--region', 'FRA', '--per-day', '10000', '--format', 'json']));
            const grams = value => `${Number(value.toPrecision(4)).toLocaleString('en', {maximumFractionDigits: 8})}`;
            const cells = await page.locator('#footprint table').first().locator('tbody tr').nth(1).locator('td').allTextContents();
            check(cells[1] === `${grams(rows[0].per.thousand_queries.gco2e)} g`, `1,000 queries in Germany: ${cells}`);
            check((await page.locator('#footprint .bars .value').nth(1).textContent()) === `${grams(rows[1].per.thousand_queries.gco2e)} g`, 'the bar of France');
            await page.locator('#footprint label', {hasText: 'Training'}).locator('input').fill('300');
            await page.locator('#footprint label', {hasText: 'Hardware'}).locator('input').fill('164');
            await page.locator('#footprint label', {hasText: 'Years'}).locator('input').fill('2');
            await page.keyboard.press('Tab');
            await page.waitForFunction(() => document.querySelectorAll('#footprint .life rect').length === 6, undefined, {polling: 20});
            fs.writeFileSync(file('life.json'), JSON.stringify({schema: 'picojoule.lifecycle/1', region: 'DEU', phases: [
                {phase: 'training', kwh: 300}, {phase: 'deployment', kwh: 0, embodied: 164, lifespan_years: 1},
                {phase: 'inference', queries_per_day: 10000, joules_per_query: rows[0].energy_j_per_query, days: 730}]}));
            const life = JSON.parse(native(['footprint', '--lifecycle', file('life.json'), '--format', 'json']));
            const kg = value => `${grams(value / 1000)} kg`;
            check(await page.locator('#footprint h3:has-text("A life")').textContent() === `A life: ${kg(life.total.gco2e + life.total.embodied_g)}`,
                  `the life is ${await page.locator('#footprint h3:has-text("A life")').textContent()}, not ${kg(life.total.gco2e + life.total.embodied_g)}`);
            await page.locator('#footprint input[type=file]').setInputFiles([file('life.json')]);
            await page.waitForSelector('#footprint h3:has-text("From life.json")');
            await t.inBothThemes(page, 'a footprint and a life');
            await t.endPage(page, 'footprint');
        },

        // A page without the module shows what the program has worked out.
        async footprintTold() {
            fs.writeFileSync(file('life.json'), native(['footprint', '--init']));
            fs.writeFileSync(file('told.json'), native(['footprint', '--lifecycle', file('life.json'), '--format', 'json']));
            fs.writeFileSync(file('query.json'), native(['footprint', '--energy', '0.102J', '--region', 'DEU', '--format', 'json']));
            const page = await t.openReport(['analyze', 'models/resnet8.onnx', '--no-engine']);
            const card = await open(page, 'footprint');
            await card.locator('input[type=file]').setInputFiles([file('told.json'), file('query.json')]);
            await page.waitForSelector('#footprint .life rect');
            check((await card.textContent()).includes('342.1 gCO2e/kWh'), 'the region of a footprint is not told');
            await t.inBothThemes(page, 'footprints in a report');
            await t.endPage(page, 'footprints in a report');
        },

        // A profile and joules that are dropped with the model, or after it: what `picojoule layers` says.
        async measuredCard() {
            const trace = path.join(t.root, 'tests/conformance/measure/ort/resnet8.disabled.t1.json');
            const joules = path.join(t.root, 'tests/fuzz/corpus/emissions/measurement.json');
            const page = await t.openApp([model, trace]);
            await page.waitForSelector('#measured .rows tbody tr');
            const timed = JSON.parse(native(['layers', model, '--trace', trace, '--format', 'json'])).profiles[0];
            const dearest = [...timed.rows].sort((a, b) => b.us_per_run - a.us_per_run)[0];
            check((await page.locator('#measured .rows tbody tr').first().textContent()).includes(dearest.name), 'the longest kernel is not first');
            await page.setInputFiles('header input[type=file]', [joules]);
            await page.waitForSelector('#measured .bars');
            await page.waitForFunction(() => /J/.test(document.querySelector('#measured .rows tbody tr').children[5].textContent), undefined, {polling: 20});
            const {profiles: [profile]} = JSON.parse(native(['layers', model, '--trace', trace, '--measurement', joules, '--format', 'json']));
            const cells = await page.locator('#measured .rows tbody tr').first().locator('td, th').allTextContents();
            const row = profile.rows.find(one => one.name === cells[0]);
            check(cells.at(-1) === `× ${row.measured_over_estimated.toPrecision(4)}`, `measured over estimated: ${cells}`);
            check((await page.locator('#measured dl').textContent()).includes(`× ${profile.measured_over_estimated.toPrecision(4)}`), 'the ratio of all');
            await page.locator('#measured .rows').focus();
            await page.keyboard.press('ArrowDown');
            check(page.url().includes('layer='), 'a row does not select its layer by key');
            await t.inBothThemes(page, 'measured beside estimated');
            await page.setInputFiles('#measured input[type=file]', [path.join(t.root, 'models/resnet8.onnx')]);
            await page.waitForFunction(() => /neither/.test(document.querySelector('.said').textContent), undefined, {polling: 20});
            fs.writeFileSync(file('layers.json'), native(['layers', model, '--trace', trace, '--format', 'json']));
            const bare = await t.openReport(['analyze', 'models/resnet8.onnx', '--no-engine']);
            await (await open(bare, 'measured')).locator('input[type=file]').setInputFiles([file('layers.json')]);
            await bare.waitForSelector('#measured .rows tbody tr');
            await t.endPage(bare, 'measured layers in a report');
            await t.endPage(page, 'measured beside estimated');
        },

        async cardsAccess() {
            const page = await t.openApp([model]);
            await t.choose(page, 'Device', 'jetson-orin-nano');
            await t.settled(page);
            for (const name of CARDS)
                await open(page, name);
            await frontier(page);
            await t.inBothThemes(page, 'all cards');
            await page.getByRole('button', {name: 'The knee'}).click();
            await applied(page);
            await page.locator('#memory button').click();
            await page.waitForSelector('#memory .sweep p');
            await page.waitForSelector('#compare .rows tbody tr');
            await t.inBothThemes(page, 'all cards with a plan');
            await page.setViewportSize({width: 390, height: 800});
            await page.waitForTimeout(300);
            check(await t.sideways(page) <= 0, `cards: ${await t.sideways(page)} px beyond a width of 390`);
            await t.inBothThemes(page, 'all cards on a phone');
            await t.endPage(page, 'cards');
        },

        // In a report cards are in the file; without weights plans are by formats alone, and without an engine two are left.
        async cardsInReports() {
            // The card of the memory is there before the engine, which knows the tensors.
            const early = await t.openReport(['analyze', 'models/resnet8.onnx']);
            check(await early.locator('#memory .alive li').first().waitFor({timeout: 20000}).then(() => true, () => false), 'a report lists no tensors');
            await t.endPage(early, 'a report and its tensors');
            const page = await t.openReport(['analyze', 'models/resnet8.onnx']);
            await t.asked(page);
            await open(page, 'frontier');
            await frontier(page);
            check((await page.locator('#frontier .note').first().textContent()).includes('by format'), 'noise without weights');
            await open(page, 'roofline');
            await page.waitForSelector('#roofline circle');
            await t.endPage(page, 'cards of a report');
            const bare = await t.openReport(['analyze', 'models/resnet8.onnx', '--no-engine']);
            await bare.waitForSelector('#memory .chart');
            await open(bare, 'roofline');
            await bare.waitForSelector('#roofline circle');
            check(await bare.locator('#frontier, #compare').count() === 0, 'cards that need an engine stand in a page without');
            await t.endPage(bare, 'cards without an engine');
        },

        async layerLink() {
            const page = await t.openReport(['analyze', 'models/resnet8.onnx']);
            await t.asked(page);
            await page.locator('.rows tbody tr').nth(3).click();
            const name = await page.locator('.layer h3').first().textContent(), address = page.url();
            check(decodeURIComponent(address).endsWith(`layer=${name}`), `the address is ${address}`);
            await page.goto('about:blank');
            await page.goto(address);
            await t.asked(page);
            await page.waitForFunction(want => document.querySelector('.layer h3').textContent === want, name, {polling: 20});
            await page.locator('select:has(option[value=icicle])').selectOption('icicle');
            check(await page.locator('.map .cell').count() > 10, 'no icicle');
            await t.inBothThemes(page, 'an icicle');
            await t.endPage(page, 'a link to a layer');
        },

        async offline() {
            const page = await t.newPage();
            await page.goto(t.home);
            await page.evaluate(() => navigator.serviceWorker.ready.then(() => 1));
            await page.waitForFunction(() => navigator.serviceWorker.controller, undefined, {polling: 50});
            await page.context().setOffline(true);
            await page.reload();
            await page.locator('select').first().selectOption('resnet8.onnx');
            await t.asked(page);
            await open(page, 'frontier');
            await frontier(page);
            check(await t.total(page) === String(energyOf([])), 'without a network figures are others');
            await t.endPage(page, 'offline');
        },

        // Ten tasks, by key alone: Tab until something has the focus, then its own keys.
        async tenTasks() {
            const page = await t.openApp([model]);
            const press = async (...keys) => {
                for (const key of keys)
                    await page.keyboard.press(key);
            };
            const reach = async (what, most = 400) => {
                for (let i = 0; i < most; i++) {
                    await page.keyboard.press('Tab');
                    if (await page.evaluate(selector => document.activeElement.matches(selector), what))
                        return true;
                }
                check(false, `Tab does not come to ${what}`);
                return false;
            };
            const start = () => page.evaluate(() => {
                document.activeElement.blur();
                scrollTo(0, 0);
                getSelection().removeAllRanges();
            });
            const task = async (name, work) => {
                await start();
                check(await work(), `by key: ${name}`);
            };
            const text = selector => page.locator(selector).first().textContent();
            await task('choose a number format', async () => {
                await reach('.whatif select');
                await press('i', 'Enter');
                await t.settled(page);
                return page.url().includes('quantize=int8');
            });
            await task('take it back', async () => {
                await reach('.command button:not(:disabled):nth-of-type(2)');
                await press('Enter');
                await t.settled(page);
                return !page.url().includes('quantize');
            });
            await task('open a group of the map', async () => {
                await reach('.map .cell');
                await press('Enter');
                return await page.locator('.crumbs > *').count() === 2;
            });
            await task('search layers', async () => {
                await reach('#layers input');
                await page.keyboard.type('conv1');
                return (await text('#layers .tools .note')).startsWith('6 of 22');
            });
            await task('sort layers', async () => {
                await reach('#layers thead button');
                await press('Enter');
                return await page.locator('#layers th[aria-sort=ascending], #layers th[aria-sort=descending]').first().textContent() === 'layer';
            });
            await task('select a layer', async () => {
                await reach('#layers .rows');
                await press('Home', 'ArrowDown');
                return page.url().includes('layer=');
            });
            await task('walk along the memory', async () => {
                await reach('#memory .chart');
                await press('Home', 'ArrowRight');
                return await page.locator('#memory .chart').first().getAttribute('aria-valuenow') === '1';
            });
            await task('open plans and move the slider', async () => {
                await reach('#frontier summary');
                await press('Enter');
                await frontier(page);
                await reach('#frontier input[type=range]');
                await press('End');
                await applied(page);
                return Number(await t.total(page)) < 1e8;
            });
            await task('open the comparison', async () => {
                await reach('#compare summary');
                await press('Enter');
                await page.waitForSelector('#compare .rows tbody tr');
                await reach('#compare thead button');
                await press('Enter');
                return await page.locator('#compare th[aria-sort]').first().getAttribute('aria-sort') !== 'none';
            });
            await task('name the knee', async () => {
                await reach('#frontier button:not(:disabled)');
                await press('Enter');
                await applied(page);
                return (await page.locator('#frontier input[type=range]').getAttribute('aria-valuetext')).includes('the knee');
            });
            await t.endPage(page, 'ten tasks');
        },

        // Other reports as HTML: charts of the program's own, tables that sort.
        async charts() {
            fs.writeFileSync(file('profile.csv'), 'hour,g_per_kwh\n' + Array.from({length: 24}, (_, hour) => 300 + 100 * Math.sin(hour / 4)).map(
                (g, hour) => `${hour},${g.toFixed(1)}\n`).join(''));
            const asked = {
                footprint: ['footprint', model, '--device', 'h100', '--region', 'DEU', '--region', 'FRA'],
                rate: ['rate', model, path.join(t.root, 'models/vww_mobilenet.onnx'), '--device', 'a100', '--region', 'DEU'],
                schedule: ['schedule', 'profile.csv', '--duration', '4h', '--watts', '400', '--top', '3'],
                layers: ['layers', model, '--trace', path.join(t.root, 'tests/conformance/measure/ort/resnet8.disabled.t1.json'),
                         '--joules-per-run', '22mJ'],
                sweep: ['analyze', model, '--sweep', 'sram=64KiB,256KiB,1MiB'],
                frontier: ['plan', model, '--frontier'],
                generate: ['generate', path.join(t.corpus, 'gen_llm_int4_contrib.onnx'), '--prompt', '8', '--tokens', '4'],
            };
            for (const [name, args] of Object.entries(asked)) {
                if (name === 'generate' && !fs.existsSync(args[1]))
                    continue;
                const out = file(`${name}.html`);
                execFileSync(t.program, [...args, '--format', 'html', '-o', out], {cwd: t.work, stdio: 'ignore'});
                const page = await t.newPage();
                await page.goto(pathToFileURL(out).href);
                check(await page.locator('main#told table').count() > 0, `${name}: no table`);
                check(name === 'generate' || await page.locator('.drawn svg').count() === 1, `${name}: no chart`);
                await t.inBothThemes(page, `the report of ${name}`);
                await t.endPage(page, name);
            }
        },
    };
}
