// bench.mjs APP ROOT : the page in headless Chromium. Cold: a new browser profile, from the drop of a model to its report;
// what-if: from asking for another number format to the figures, as many as it takes to have a median.
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {serve} from './serve.mjs';

const [app, root] = process.argv.slice(2).map(name => path.resolve(name));
const {chromium} = createRequire(path.join(root, 'build/node/'))('playwright-core');
const LIMIT = {cold: 1000, whatIf: 30}, RUNS = 5, ASKS = 20;
const corpus = path.join(root, '../shared/corpus/models/models/gen_yolov5s_640.onnx');
const models = [path.join(root, 'models/resnet8.onnx'), corpus].filter(name => fs.existsSync(name));
const server = await serve(app, 0);
let over = false;

const median = list => list.sort((a, b) => a - b)[list.length >> 1];

async function cold(model) {
    const browser = await chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
                                           args: ['--no-sandbox', '--disable-gpu']});
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const began = performance.now();
    await page.setInputFiles('input[type=file]', [model]);
    await page.waitForSelector('header .total');
    return {browser, page, took: performance.now() - began};
}

for (const model of models) {
    const times = [];
    let asks;
    for (let i = 0; i < RUNS; i++) {
        const {browser, page, took} = await cold(model);
        times.push(took);
        if (i === RUNS - 1)
            asks = await page.evaluate(async count => {
                const out = [];
                for (let k = 0; k < count; k++) {
                    const began = performance.now();
                    await picojoule.page.measure({quantize: k % 2 ? 'int8' : 'w4a8'});
                    out.push(performance.now() - began);
                }
                return out;
            }, ASKS);
        await browser.close();
    }
    const name = path.basename(model), least = Math.min(...times), leastAsk = Math.min(...asks);
    console.log(`page, ${name}: drop to report ${median(times).toFixed(0)} ms [${least.toFixed(0)}], what-if ` +
                `${median(asks).toFixed(1)} ms [${leastAsk.toFixed(1)}] (median [least])`);
    if (least > LIMIT.cold || leastAsk > LIMIT.whatIf) {
        console.log(`    OVER: at most ${LIMIT.cold} and ${LIMIT.whatIf} ms`);
        over = true;
    }
}
server.close();
process.exit(over ? 1 : 0);
