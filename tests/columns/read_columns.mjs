// read_columns.mjs FOLDER NODE_MODULES: DuckDB reads each FOLDER/*.parquet and the CSV beside it; both hold the same rows,
// the types are those that were written, and the statistics hold.
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
const [folder, modules] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(modules + '/')('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const rows = async (query) => (await connection.runAndReadAll(query)).getRowsJson();
const types = { point: 'BIGINT', big: 'BIGINT', word: 'VARCHAR', pj: 'DOUBLE', ok: 'BOOLEAN', always: 'DOUBLE' };
let failed = 0;
const expect = (what, got, want) => {
    if (JSON.stringify(got) === JSON.stringify(want)) return;
    failed++;
    console.log(`${what}: ${JSON.stringify(got)}, should be ${JSON.stringify(want)}`);
};
const names = readdirSync(folder).filter((name) => name.endsWith('.parquet'));
expect('files', names.length > 5, true);
for (const name of names) {
    const file = `'${folder}/${name}'`, csv = `'${folder}/${name.replace('.parquet', '.csv')}'`;
    const columns = Object.entries(types).map(([key, type]) => `'${key}': '${type}'`).join(', ');
    const text = `read_csv(${csv}, header = true, nullstr = '', quote = '"', escape = '"', delim = ',', columns = {${columns}})`;
    const described = await rows(`DESCRIBE SELECT * FROM ${file}`);
    expect(name + ' types', Object.fromEntries(described.map((row) => [row[0], row[1]])), types);
    expect(name + ' rows', await rows(`SELECT count(*) FROM ${file}`), await rows(`SELECT count(*) FROM ${text}`));
    for (const [a, b] of [[file, text], [text, file]])
        expect(name + ' only in one', await rows(`SELECT count(*) FROM (SELECT * FROM ${a} EXCEPT ALL SELECT * FROM ${b})`), [['0']]);
    expect(name + ' facts', await rows(`SELECT decode(value) FROM parquet_kv_metadata(${file}) WHERE decode(key) = 'case'`),
        [[name.replace('.parquet', '')]]);
    const bounds = await rows(`SELECT count(*) FROM parquet_metadata(${file}) AS m, (SELECT min(point) AS a, max(point) AS b FROM ${file}) AS p
        WHERE path_in_schema = 'point' AND (CAST(stats_min_value AS BIGINT) < p.a OR CAST(stats_max_value AS BIGINT) > p.b)`);
    expect(name + ' bounds', bounds, [['0']]);
    expect(name + ' filter', await rows(`SELECT count(*) FROM ${file} WHERE point = 3`), await rows(`SELECT count(*) FROM ${text} WHERE point = 3`));
}
console.log(`${names.length} files, ${failed} failed`);
process.exit(failed ? 1 : 0);
