#!/bin/sh
# worked.sh PICOJOULE ROOT MODULES : the worked study of docs/scale.md in small: two sizes of SRAM, one format less, fewer
# runs. Its three queries answer where DuckDB is there; its chart is drawn.
set -eu
program=$1 root=$2 modules=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir models
cp "$root"/models/*.onnx models
sed -e 's/"4KiB".*"192KiB", /"16KiB", /' -e 's/"256KiB", "384KiB", "512KiB",/"1MiB"],/' -e '/"768KiB"/d' \
    -e 's/"runs": .*/"runs": [1, 100]/' "$root/models/study.json" >models/study.json
"$program" sweep models/study.json --count >count
grep -q 'points  2560 of 8 models' count || { cat count models/study.json; exit 1; }
"$program" sweep models/study.json -o out --strict --layers
"$program" sweep models/study.json -o out --status
"$program" analyze models/vww_mobilenet.onnx --quantize int8 --reuse tiled --sweep sram=16KiB,64KiB,256KiB,1MiB --format svg -o vww.svg
grep -q '</svg>' vww.svg
"$program" sweep models/study.json --points 0-2559 -o points.csv
[ -d "$modules/node_modules/@duckdb/node-api" ] && command -v node >/dev/null || {
    echo "SKIPPED: the queries; no DuckDB: ./dev test --all gets it where there is npm"
    exit 0
}
node "$root/tests/study/queries.mjs" "$root/docs/scale.md" "$modules"
