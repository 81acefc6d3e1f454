// The total of a model, and its dearest layer. npm install picojoule; node dearest.mjs MODEL
import {analyze} from 'picojoule';

const {totals, layers} = await analyze(process.argv[2]);
const total = totals.energy_pj.total;
const dearest = layers.reduce((a, b) => (b.energy_pj?.total ?? 0) > (a.energy_pj?.total ?? 0) ? b : a);
const share = 100 * dearest.energy_pj.total / total;
console.log(`${(total / 1e6).toFixed(3)} uJ, of which ${share.toFixed(1)} % in ${dearest.name}`);
