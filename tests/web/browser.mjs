// browser.mjs PROGRAM APP ROOT TOOLS : the page in headless Chromium, as an app (the folder APP) and as reports that the
// program writes. TOOLS has gen_chain, which writes large models. playwright-core and axe-core lie in build/node.
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import os from 'node:os';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {convModel} from './models.mjs';
import {serve} from './serve.mjs';
import {cardTests} from './cards.mjs';

const [program, app, root, tools] = process.argv.slice(2).map(name => path.resolve(name));
const require = createRequire(path.join(root, 'build/node/'));
const {chromium} = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'picojoule-web-'));
process.on('exit', () => fs.rmSync(work, {recursive: true, force: true}));
const file = name => path.join(work, name);
const corpus = path.join(root, '../shared/corpus/models/models');
const native = (args, cwd = work) => execFileSync(program, args, {cwd, encoding: 'utf8', maxBuffer: 1 << 30,
                                                                  stdio: ['ignore', 'pipe', 'pipe']});

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
           '--disable-component-update', '--disable-sync'],
});
const server = await serve(app, 0), home = `http://127.0.0.1:${server.address().port}/`;

let failed = 0, passed = 0;
function check(good, what) {
    if (good) {
        passed++;
    } else {
        failed++;
        console.error(`FAILED: ${what}`);
    }
}

// ---- helpers ----

// A page that tells of its errors and requests; none of either may be left at its end.
async function newPage(options = {}) {
    const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...options});
    const page = await context.newPage();
    page.errors = [];
    page.requests = [];
    page.on('console', message => message.type() === 'error' && page.errors.push(message.text()));
    page.on('pageerror', error => page.errors.push(String(error)));
    page.on('request', request => page.requests.push(request.url()));
    return page;
}

async function endPage(page, what) {
    const foreign = page.requests.filter(url => !url.startsWith(home) && !url.startsWith('blob:') && !url.startsWith('file:'));
    check(!foreign.length, `${what}: requests of others: ${foreign.slice(0, 3)}`);
    check(!page.errors.length, `${what}: ${page.errors.slice(0, 3).join('; ')}`);
    await page.context().close();
}

const asked = page => page.waitForSelector('.whatif select', {timeout: 60000});
const total = page => page.locator('header .total').getAttribute('data-pj');

async function openApp(files, options) {
    const page = await newPage(options);
    await page.goto(home);
    await page.setInputFiles('input[type=file]', files);
    await asked(page);
    return page;
}

async function openReport(args, options) {
    const name = file(`${fs.readdirSync(work).length}.html`);
    native([...args, '--format', 'html', '-o', name], root);
    const page = await newPage(options);
    await page.goto(pathToFileURL(name).href);
    page.file = name;
    return page;
}

// axe in a world of its own, so that the policy of the page stays as it is.
async function accessible(page, what) {
    const session = await page.context().newCDPSession(page);
    const {frameTree} = await session.send('Page.getFrameTree');
    const {executionContextId: contextId} = await session.send('Page.createIsolatedWorld', {
        frameId: frameTree.frame.id, worldName: 'axe'});
    await session.send('Runtime.evaluate', {expression: axe, contextId});
    const {result} = await session.send('Runtime.evaluate', {contextId, awaitPromise: true, expression:
        'axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].target.join(" "), v.nodes[0].failureSummary])))'});
    check(result.value === '[]', `axe, ${what}: ${result.value}`);
}

async function inBothThemes(page, what) {
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({colorScheme});
        await accessible(page, `${what}, ${colorScheme}`);
    }
}

const sideways = page => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
const shown = page => page.evaluate(() => picojoule.page.text);
const choose = (page, label, value) => page.locator('.whatif label', {hasText: label}).locator('select').selectOption(value);
const settled = page => page.waitForFunction(() => picojoule.page.settled, undefined, {timeout: 60000, polling: 20});

// ---- tests ----

const tests = {
    async drop() {
        const model = path.join(root, 'models/resnet8.onnx');
        const page = await openApp([model]);
        fs.copyFileSync(model, file('resnet8.onnx'));
        const want = native(['analyze', 'resnet8.onnx', '--format', 'json', '--sort', 'energy', '--top', '20000']);
        check(await shown(page) === want, 'the document of a dropped model is not that of the program');
        check(await total(page) === String(JSON.parse(want).totals.energy_pj.total), 'the total differs');
        const data = await page.evaluateHandle(() => new DataTransfer());
        await page.evaluate(async transfer => {
            const answer = await fetch('samples/kws_dscnn.onnx');
            transfer.items.add(new File([await answer.blob()], 'kws_dscnn.onnx'));
        }, data);
        await page.dispatchEvent('body', 'drop', {dataTransfer: data});
        await page.waitForSelector('h1:has-text("kws_dscnn.onnx")');
        await asked(page);
        await page.locator('header select').selectOption('ad_autoencoder.onnx');
        await page.waitForSelector('h1:has-text("ad_autoencoder.onnx")');
        await endPage(page, 'drop');
    },

    async whatIf() {
        let seed = 11;
        const random = most => (seed = seed * 48271 % 2147483647) % most;
        const bert = path.join(corpus, 'gen_bert_base_dynamic.onnx');
        const model = fs.existsSync(bert) ? bert : path.join(root, 'models/resnet8.onnx');
        const name = path.basename(model);
        fs.copyFileSync(model, file(name));
        const page = await openApp([file(name)]);
        let same = 0;
        for (let i = 0; i < 20; i++) {
            const boxes = page.locator('.whatif select'), which = random(await boxes.count());
            const options = await boxes.nth(which).locator('option').evaluateAll(all => all.map(one => one.value));
            await boxes.nth(which).selectOption(options[random(options.length)]);
            await settled(page);
            const sizes = page.locator('.sizes input');
            if (i % 3 === 0 && await sizes.count()) {
                await sizes.nth(random(2)).fill(String(1 + random(64)));
                await sizes.nth(0).press('Tab');
                await settled(page);
            }
            const command = (await page.locator('.command code').textContent()).replace(/^picojoule /, '');
            const want = execFileSync('sh', ['-c', `"$0" ${command} --format json --sort energy --top 20000`, program],
                                      {cwd: work, encoding: 'utf8', maxBuffer: 1 << 30});
            same += await shown(page) === want;
            const figure = execFileSync('sh', ['-c', `"$0" ${command} --quiet`, program], {cwd: work, encoding: 'utf8'}).match(/One run takes (\S+) (\S+)/);
            const seen = await page.locator('header .total').textContent();
            if (JSON.parse(want).settings.unit === 'pJ')
                check(seen === `${figure[1]} ${figure[2].replace('u', 'µ')}`, `${command}: ${seen}, not ${figure[0]}`);
        }
        check(same === 20, `of 20 states ${same} have the program's own figures`);
        const fragment = await page.evaluate(() => location.hash);
        const again = await newPage();
        await again.goto(home + fragment);
        await endPage(again, 'fragment');
        await endPage(page, 'what if');
    },

    async fragment() {
        const page = await openReport(['analyze', 'models/resnet8.onnx']);
        await asked(page);
        await choose(page, 'Number format', 'int8');
        await settled(page);
        const value = await total(page), address = page.url();
        check(address.endsWith('#quantize=int8'), `the address is ${address}`);
        check(/% of 258\.4 µJ/.test(await page.locator('header .note').textContent()), 'what it was is not said');
        await page.goto('about:blank');
        await page.goto(address);
        await asked(page);
        await settled(page);
        check(await total(page) === value, 'the address does not bring the state back');
        await page.getByRole('button', {name: 'As it was'}).click();
        await settled(page);
        check(Math.abs(Number(await total(page)) - 258419918.17) < 1, 'as it was');
        await choose(page, /^Memory(?! policy)/, 'edge-tpu-like');
        await settled(page);
        await choose(page, 'Device', 'h100');
        await settled(page);
        check((await page.locator('.facts').textContent()).includes('h100'), 'no estimate of the device');
        await endPage(page, 'fragment');
    },

    async keys() {
        const page = await openReport(['analyze', 'models/resnet8.onnx']);
        await asked(page);
        await page.locator('.map [tabindex="0"]').focus();
        const active = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
        const first = await active();
        await page.keyboard.press('ArrowRight');
        check(await active() !== first, 'the arrow does not move');
        await page.keyboard.press('Home');
        await page.keyboard.press('Enter');
        check(await page.locator('.crumbs > *').count() === 2, 'Enter does not open the group');
        await page.keyboard.press('Backspace');
        check(await page.locator('.crumbs > *').count() === 1, 'Backspace does not go up');
        await page.keyboard.press('End');
        for (let i = 0; i < 3 && / layer|groups/.test(await active()); i++)
            await page.keyboard.press('Enter');
        await page.keyboard.press('Enter');
        const label = await active();
        const picked = await page.locator('.layer h3').first().textContent();
        check(label.startsWith(picked), `Enter does not select: ${label}, ${picked}`);
        await page.locator('.rows[tabindex]').focus();
        await page.keyboard.press('Home');
        await page.keyboard.press('ArrowDown');
        check(await page.locator('.rows tr[aria-current]').getAttribute('aria-rowindex') === '3', 'arrows in the table');
        await page.locator('#memory .chart').focus();
        await page.keyboard.press('ArrowRight');
        check((await page.locator('#memory .chart').getAttribute('aria-valuetext')).includes('KiB at '), 'arrows in the chart');
        await endPage(page, 'keys');
    },

    async search() {
        const page = await openReport(['analyze', 'models/resnet8.onnx']);
        await asked(page);
        await page.locator('#layers input').fill('conv1');
        check((await page.locator('#layers .tools .note').textContent()).startsWith('6 of 22 layers'),
              `search: ${await page.locator('#layers .tools .note').textContent()}`);
        await page.getByRole('button', {name: 'MACs'}).click();
        check(await page.locator('th[aria-sort=descending]').textContent() === 'MACs', 'sort');
        const download = page.waitForEvent('download');
        await page.getByRole('button', {name: 'CSV'}).click();
        const csv = fs.readFileSync(await (await download).path(), 'utf8').split('\r\n');
        check(csv.length === 8 && csv[0].startsWith('name,op,format,macs'), `CSV: ${csv[0]}, ${csv.length} lines`);
        await endPage(page, 'search');
    },

    async print() {
        const page = await openReport(['analyze', 'models/resnet8.onnx']);
        await asked(page);
        await page.emulateMedia({media: 'print'});
        const bytes = await page.pdf({format: 'A4'});
        check(bytes.length > 20000, 'the print is empty');
        await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
        check(await page.locator('.rows tbody tr:not(.gap)').count() === 22, 'not all rows are printed');
        await endPage(page, 'print');
    },

    async large() {
        execFileSync(path.join(tools, 'gen_chain'), ['64', '4096', '8', 'holes', file('large.onnx')]);
        check(fs.statSync(file('large.onnx')).size >= 2 ** 31 - 2 ** 26, 'the large model is small');
        const page = await openApp([file('large.onnx')]);
        const read = Number(await page.locator('#app').getAttribute('data-read'));
        check(read > 0 && read < 2 ** 20, `of a model of 2 GiB ${read} bytes are read`);
        await endPage(page, 'large');
    },

    async external() {
        fs.writeFileSync(file('ext.onnx'), convModel());
        fs.writeFileSync(file('w.bin'), Buffer.alloc(432));
        const alone = await openApp([file('ext.onnx')]);
        check((await alone.locator('section.findings').textContent()).includes("'w.bin' is not there"), 'absent weights are not said');
        await endPage(alone, 'without weights');
        const page = await openApp([file('w.bin'), file('ext.onnx')]);
        check(!(await page.locator('section.findings').textContent()).includes('is not there'), 'the file of weights is not found');
        await endPage(page, 'external data');
    },

    async policy() {
        const model = file('private.onnx');
        fs.writeFileSync(model, convModel());
        for (const page of [await openApp([model]), await openReport(['analyze', model])]) {
            await asked(page);
            const got = await page.evaluate(async url => {
                const tried = {}, script = document.createElement('script');
                script.textContent = 'globalThis.injected = 1';
                document.head.append(script);
                setTimeout('globalThis.evaluated = 1', 0);
                await new Promise(done => setTimeout(done, 50));
                tried.ran = [globalThis.injected, globalThis.evaluated].join();
                tried.fetch = await fetch(url).then(() => 'allowed', () => 'refused');
                return tried;
            }, 'http://127.0.0.1:9/');
            check(got.ran === ',', `a script that is not the page's runs: ${got.ran}`);
            check(got.fetch === 'refused', 'a request leaves');
            page.errors = page.errors.filter(text => !/Content Security Policy|violates/.test(text));
            page.requests = page.requests.filter(url => url !== 'http://127.0.0.1:9/');
            await endPage(page, 'policy');
        }
    },

    async hostile() {
        const name = '</script><img src=x onerror="globalThis.pwned=1"><!--<script>', model = file('hostile.onnx');
        fs.writeFileSync(model, convModel({conv: name, relu: '${1+1}`"\'&lt;', batch: 'b</script>"=1'}));
        for (const page of [await openApp([model]), await openReport(['analyze', model]),
                            await openReport(['analyze', model, '--no-engine']), await openReport(['compare', model, model, '--b-quantize', 'int8'])]) {
            await page.waitForSelector('h1');
            await page.waitForTimeout(300);
            const got = await page.evaluate(() => ({pwned: globalThis.pwned, images: document.images.length}));
            check(got.pwned === undefined && got.images === 0, 'a name becomes markup');
            check((await page.locator('body').textContent()).includes('</script><img'), `the name is not shown: ${page.url()}`);
            await endPage(page, 'hostile names');
        }
    },

    async bad() {
        const model = fs.readFileSync(path.join(root, 'models/resnet8.onnx'));
        fs.writeFileSync(file('cut.onnx'), model.subarray(0, model.length / 2));
        fs.copyFileSync(path.join(root, 'README.md'), file('README.md'));
        fs.writeFileSync(file('empty.onnx'), '');
        const page = await newPage();
        await page.goto(home);
        for (const name of ['README.md', 'cut.onnx', 'empty.onnx']) {
            let sentence = '';
            try {
                native(['analyze', name]);
            } catch (error) {
                sentence = error.stderr.replace(/^picojoule: /, '').trim();
            }
            await page.setInputFiles('input[type=file]', [file(name)]);
            await page.waitForSelector(`.error:not([hidden]):has-text("${name}")`);
            check(await page.locator('.error').textContent() === sentence && sentence, `${name}: not the program's own sentence`);
        }
        await inBothThemes(page, 'an error');
        for (let i = 0; i < 2; i++) { // the same file twice
            await page.setInputFiles('input[type=file]', [path.join(root, 'models/resnet8.onnx')]);
            await asked(page);
        }
        fs.writeFileSync(file('not.json'), '{"schema": "something"}');
        await page.setInputFiles('input[type=file]', [file('not.json')]);
        await page.waitForSelector('.error:not([hidden])');
        const saved = file('saved.json');
        native(['analyze', path.join(root, 'models/resnet8.onnx'), '--format', 'json', '-o', saved]);
        await page.setInputFiles('input[type=file]', [saved]);
        await page.waitForSelector('h1:has-text("resnet8.onnx")');
        await endPage(page, 'bad files');
    },

    async twoAtOnce() {
        execFileSync(path.join(tools, 'gen_chain'), ['20000', '8', '8', 'embedded', file('slow.onnx')]);
        const page = await newPage();
        await page.goto(home);
        await page.setInputFiles('input[type=file]', [file('slow.onnx')]);
        await page.evaluate(async () => {
            const answer = await fetch('samples/resnet8.onnx');
            picojoule.open([new File([await answer.blob()], 'second.onnx')]);
        });
        await asked(page);
        await page.waitForTimeout(2000);
        check(await page.locator('h1').textContent() === 'second.onnx', 'the first file wins over the second');
        await endPage(page, 'a drop during a run');
    },

    async many() {
        execFileSync(path.join(tools, 'gen_chain'), ['100000', '8', '8', 'embedded', file('many.onnx')]);
        const page = await openApp([file('many.onnx')]);
        check(/shows the 20,000 dearest layers; \d/.test(await page.locator('.strip').textContent()), 'what is shown is not said');
        check(await page.locator('.rows tr').count() < 100, 'rows out of sight are drawn');
        check(await page.locator('.map .cell').count() < 12000, 'the map draws what cannot be seen');
        const began = Date.now();
        await page.locator('#layers input').fill('99');
        await page.evaluate(() => new Promise(requestAnimationFrame));
        check(Date.now() - began < 3000, `a search takes ${Date.now() - began} ms`);
        await endPage(page, '100,000 layers');
    },

    async withoutEngine() {
        const page = await openReport(['analyze', 'models/resnet8.onnx', '--no-engine']);
        await page.waitForSelector('header .total');
        check(await total(page) === '258419918.17438233', 'the total without an engine');
        check((await page.locator('.said').textContent()).includes('without the engine'), 'that it has no engine is not said');
        const size = fs.statSync(page.file).size, data = (await page.locator('#data').textContent()).length;
        check(size - data < 110_000, `without engine and data the report has ${size - data} bytes`);
        await endPage(page, 'no engine');
        const off = await browser.newContext();
        await off.addInitScript(() => delete globalThis.WebAssembly);
        const bare = await off.newPage();
        await bare.goto(pathToFileURL(page.file).href);
        await bare.waitForSelector('header .total');
        await off.close();
        const full = await openReport(['analyze', 'models/resnet8.onnx']);
        await full.close();
        const none = await browser.newContext({javaScriptEnabled: false});
        const plain = await none.newPage();
        await plain.goto(pathToFileURL(full.file).href);
        check((await plain.locator('body').textContent()).includes('One run takes 258.4 uJ'), 'without scripts nothing is told');
        await none.close();
    },

    async told() {
        const compare = await openReport(['compare', 'models/resnet8.onnx', 'models/resnet8_int8.onnx']);
        const after = native(['analyze', path.join(root, 'models/resnet8_int8.onnx'), '--quiet']).match(/One run takes (\S+)/)[1];
        check((await compare.locator('h2').first().textContent()).includes(`258.4 µJ before, ${after} µJ after`), 'compare');
        await inBothThemes(compare, 'a comparison');
        await compare.locator('thead button').first().click();
        await endPage(compare, 'compare');
        const plan = await openReport(['plan', 'models/resnet8.onnx']);
        await plan.waitForSelector('.bars');
        await inBothThemes(plan, 'a plan');
        await endPage(plan, 'plan');
        fs.writeFileSync(file('budget.json'), JSON.stringify({schema: 'picojoule.budget/1', models: [
            {model: path.join(root, 'models/resnet8.onnx'), limits: {total: '1uJ'}}]}));
        let code = 0;
        try {
            native(['check', 'budget.json', '--report', `html=${file('check.html')}`, '--report', `json=${file('check.json')}`]);
        } catch (error) {
            code = error.status;
        }
        check(code === 1 && fs.existsSync(file('check.html')), `check ends with ${code}`);
        const page = await newPage();
        await page.goto(pathToFileURL(file('check.html')).href);
        await page.waitForSelector('main#told table');
        const {models: [{verdicts: [verdict]}]} = JSON.parse(fs.readFileSync(file('check.json'), 'utf8'));
        await page.waitForSelector('h3');
        check((await page.locator('#told h2').first().textContent()).includes('1 of 1 limits exceeded'), 'limits of a check');
        check(await page.locator('#told h3').first().textContent() === verdict.message, 'the limit that is exceeded');
        check((await page.locator('#told .bars').nth(1).textContent()).includes(verdict.top[0].name), 'the culprit of a check');
        check((await page.locator('#told .bars .value').first().textContent()) === `${(100 * verdict.value / verdict.limit).toFixed(1)} %`, 'how far it is over');
        await inBothThemes(page, 'a check');
        await endPage(page, 'check');
    },

    async phone() {
        for (const args of [['analyze', 'models/resnet8.onnx'], ['compare', 'models/resnet8.onnx', 'models/resnet8_int8.onnx']]) {
            const page = await openReport(args, {viewport: {width: 390, height: 800}});
            await page.waitForTimeout(1000);
            check(await sideways(page) <= 0, `${args[0]}: ${await sideways(page)} px beyond a width of 390`);
            await endPage(page, 'phone');
        }
        const page = await newPage({viewport: {width: 390, height: 800}});
        await page.goto(home);
        check(await sideways(page) <= 0, 'the app is wider than a phone');
        await endPage(page, 'phone');
    },

    async access() {
        const start = await newPage();
        await start.goto(home);
        await start.waitForSelector('h1');
        await inBothThemes(start, 'the start');
        await endPage(start, 'start');
        const page = await openReport(['analyze', 'models/resnet8.onnx', '--device', 'h100']);
        await asked(page);
        await page.waitForSelector('.layer summary');
        await inBothThemes(page, 'a report');
        await choose(page, 'Number format', 'w4a8');
        await settled(page);
        await inBothThemes(page, 'a what-if');
        await page.locator('.map [tabindex="0"]').focus();
        await page.keyboard.press('Enter');
        await page.locator('#layers input').fill('conv');
        await inBothThemes(page, 'zoomed and searched');
        await page.setViewportSize({width: 390, height: 800});
        await inBothThemes(page, 'on a phone');
        await endPage(page, 'access');
        const sizes = await openReport(['analyze', fs.existsSync(file('hostile.onnx')) ? file('hostile.onnx') : 'models/encoder.onnx']);
        await asked(sizes);
        await inBothThemes(sizes, 'sizes that nobody gave');
        await endPage(sizes, 'sizes');
    },
};

const more = cardTests({accessible, asked, check, choose, corpus, endPage, file, home, inBothThemes, native, newPage, openApp, openReport,
                        program, root, settled, sideways, total, work});

for (const [name, test] of Object.entries({...tests, ...more})) {
    if (process.env.ONLY && !process.env.ONLY.split(',').includes(name))
        continue;
    const began = Date.now();
    try {
        await test();
    } catch (error) {
        failed++;
        console.error(`FAILED: ${name}: ${error.stack.split('\n').slice(0, 4).join('\n')}`);
    }
    console.log(`${name}: ${Date.now() - began} ms`);
}
const code = ['page.js', 'page.css'].reduce((sum, name) => sum + fs.statSync(path.join(app, name)).size, 0);
console.log(`page code: ${code} bytes`);
check(code <= 60_000, `the code of the page has ${code} bytes, more than 60000`);
const cards = fs.readdirSync(app).filter(name => name.startsWith('card-')).map(name => [name, fs.statSync(path.join(app, name)).size]);
console.log(`cards: ${cards.map(([name, size]) => `${name} ${size}`).join(', ')}`);
check(cards.length === 7 && cards.every(([, size]) => size <= 10_000), 'a card has more than 10000 bytes');
check(cards.reduce((sum, [, size]) => sum + size, 0) <= 56_000, 'cards together have more than 56000 bytes');
console.log(`${passed} checks passed, ${failed} failed`);
await browser.close();
server.close();
process.exit(failed ? 1 : 0);
