#!/bin/sh
# run.sh WRITE_COLUMNS MODULES : what DuckDB reads of our Parquet files is what their CSV says. MODULES is a folder with
# node_modules/@duckdb/node-api (`./dev test --all` puts it there); 77: there is none.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ -d "$2/node_modules/@duckdb/node-api" ] && command -v node >/dev/null || {
    echo "SKIPPED: no DuckDB to read Parquet with; ./dev test --all gets it where there is npm"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" "$work"
node "$here/read_columns.mjs" "$work" "$2"
