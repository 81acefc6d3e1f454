// queries.mjs DOCUMENT NODE_MODULES: DuckDB answers the queries that the document shows, of the folder out/. Each
// network has one row in the first two; policies come in the order of what they save. Layers add up to their points, and
// the folder has the rows that --points writes as CSV.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
const [document, modules] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(modules + '/')('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const queries = readFileSync(document, 'utf8').split('\n').filter((line) => line.startsWith('    ')).join('\n')
    .split(/^ *-- /m).slice(1).map((text) => '-- ' + text.split(';')[0]);
const rows = async (query) => (await connection.runAndReadAll(query)).getRowsJson();
const fail = (what) => { console.log(what); process.exit(1); };
if (queries.length !== 3) fail(`the document has ${queries.length} queries`);
const [best, least, policies] = [await rows(queries[0]), await rows(queries[1]), await rows(queries[2])];
for (const answer of [best, least, policies]) console.log(JSON.stringify(answer));
const models = new Set(best.map((row) => row[0]));
if (models.size !== 8 || best.length !== 8 || least.length !== 8) fail('not one row for each of eight networks');
if (!best.every((row) => row[3] > 0)) fail('an energy that is none');
const order = policies.map((row) => row[0]).join(' ');
if (order !== 'once fused resident tiled' && order !== 'once fused tiled resident') fail(`policies save in the order ${order}`);
const [points] = await rows("SELECT count(*), count(total_pj), count(total_relative), count(DISTINCT point) FROM 'out/points/*.parquet'");
if (points.join() !== '2560,2560,0,2560') fail(`rows: ${points}`);
const [sums] = await rows(`SELECT count(*), max(abs(p.total_pj - l.total) / p.total_pj), max(abs(p.macs - l.macs)) FROM 'out/points/*.parquet' AS p
    JOIN (SELECT point, sum(total_pj) AS total, sum(macs) AS macs FROM 'out/layers/*.parquet' GROUP BY point) AS l USING (point)`);
if (sums[0] !== '2560' || !(sums[1] < 1e-12) || Number(sums[2]) !== 0) fail(`layers do not add up to points: ${sums}`);
const columns = (await rows("DESCRIBE SELECT * FROM 'out/points/*.parquet'")).map((row) => `'${row[0]}': '${row[1]}'`);
const csv = `read_csv('points.csv', header = true, nullstr = '', columns = {${columns.join(', ')}})`;
for (const [a, b] of [["'out/points/*.parquet'", csv], [csv, "'out/points/*.parquet'"]]) {
    const [other] = await rows(`SELECT count(*) FROM (SELECT * FROM ${a} EXCEPT ALL SELECT * FROM ${b})`);
    if (other[0] !== '0') fail(`${other[0]} rows stand in one of folder and CSV alone`);
}
