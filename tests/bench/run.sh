#!/bin/sh
# Benchmarks, called by ./dev bench: time and memory of the program against the limits that stand here.
#
#     run.sh BUILD [MODEL]
#
# MODEL takes the place of the generated network of 415 nodes. Times are those of whole runs; limits are ratios wherever
# one machine differs from the next. Exit code 1: something is over its limit.
set -eu
build=${1:?usage: run.sh BUILD [MODEL]}
picojoule=$build/picojoule
generate=$build/tests/gen_chain
work=$(mktemp -d "${TMPDIR:-/tmp}/picojoule-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
over=0

row()
{
    "$build/tests/bench_run" "$@" || over=1
}

model=${2:-$work/chain_415.onnx}
[ $# -gt 1 ] || "$generate" 415 64 56 absent "$work/chain_415.onnx"
"$generate" 10000 8 8 embedded "$work/chain_10000.onnx"
"$generate" 100000 8 8 embedded "$work/chain_100000.onnx"
"$generate" 48 4096 8 holes "$work/embedded.onnx" # 24 tensors of 64 MiB
"$generate" 48 4096 8 absent "$work/bare.onnx"
"$generate" 12 2048 8 random "$work/random.onnx" # 100 MB
scan=$build/tests/scan_weights

echo "Median time, largest resident memory, times another command; [least..most time, least processor time]"
row "analyze $(basename "$model") / true" runs=51 ratio=10 kib=8000 -- "$picojoule" analyze "$model" -- /bin/true
row "analyze 1.5 GB of weights / none" runs=31 ratio=2 kib=16000 \
    -- "$picojoule" analyze "$work/embedded.onnx" -- "$picojoule" analyze "$work/bare.onnx"
row "analyze --top 20, 100000 nodes / 10 * 10000" runs=7 per=10 ratio=1.5 ms=500 \
    -- "$picojoule" analyze --top 20 "$work/chain_100000.onnx" -- "$picojoule" analyze --top 20 "$work/chain_10000.onnx"
row "shapes 100000 nodes / 10 * 10000" runs=7 per=10 ratio=1.5 \
    -- "$picojoule" shapes "$work/chain_100000.onnx" -- "$picojoule" shapes "$work/chain_10000.onnx"
for format in text json csv markdown; do
    row "analyze --format $format 100000 / 10 * 10000" runs=3 per=10 ratio=1.5 \
        -- "$picojoule" analyze --format $format "$work/chain_100000.onnx" \
        -- "$picojoule" analyze --format $format "$work/chain_10000.onnx"
done
row "range scan of 100 MB of weights, one thread / cat" runs=15 ratio=3 \
    -- "$scan" range "$work/random.onnx" 1 -- cat "$work/random.onnx"
row "noise of 100 MB of weights, 6 formats a channel" runs=3 ms=1000 -- "$scan" noise "$work/random.onnx"
"$scan" range "$work/random.onnx" 1
"$scan" noise "$work/random.onnx"
"$build/tests/bench_session" 0.5 models/resnet8.onnx models/kws_dscnn_int8.onnx || over=1
"$build/tests/bench_probe" 0.6 || over=1
sh "$(dirname "$0")/sweep.sh" "$build" || over=1
# The search of `plan` beside GLPK, where that was found.
if [ -x "$build/tests/bench_search" ]; then
    echo
    "$build/tests/bench_search" 5 || over=1
fi
# The page in a browser, where `./dev web` and `./dev web-tools` have been.
if [ -r build/web/picojoule.wasm ] && [ -d build/node/node_modules/playwright-core ]; then
    node tests/web/bench.mjs build/web . || over=1
else
    echo "skipped: the page (./dev web makes it, ./dev web-tools gets a browser)"
fi
sh "$(dirname "$0")/measure.sh" "$picojoule" || over=1
exit $over
