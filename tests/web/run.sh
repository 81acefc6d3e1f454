#!/bin/sh
# run.sh SCRIPT PROGRAM SOURCE CMAKE TOOLS : runs a test of the page with node, against the engine that `./dev engine` has
# built; browser.mjs with Chromium and what `./dev web-tools` has installed. TOOLS: the folder of gen_chain.
# 77: it cannot be tried here.
set -eu
script=$1 program=$2 source=$3 cmake=$4 tools=$5
engine=$source/build/wasm/picojoule.wasm
skip()
{
    echo "SKIPPED: $1" >&2
    exit 77
}
command -v node >/dev/null 2>&1 || skip "no node"
[ "$script" = layout.mjs ] && exec node "$source/tests/web/layout.mjs"
[ -r "$engine" ] || skip "no engine: ./dev engine builds it"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$cmake" -DROOT="$source" -DDIGEST_OUT="$work/now" -P "$source/cmake/digest_sources.cmake"
cmp -s "$work/now" "$engine.digest" || skip "the engine is not of these sources: ./dev engine builds it anew"
if [ "$script" = engine.mjs ]; then
    node "$source/tests/web/$script" "$program" "$engine" "$source"
    exit
fi
[ -d "$source/build/node/node_modules/playwright-core" ] || skip "no playwright-core: ./dev web-tools installs it"
CHROMIUM=$(command -v chromium || command -v google-chrome || true)
[ "$CHROMIUM" ] || skip "NO CHROMIUM: THE PAGE IS NOT TESTED IN A BROWSER. ./dev web-tools installs it"
export CHROMIUM
"$program" analyze "$source/models/resnet8.onnx" --format html | grep -q 'id="engine"' ||
    skip "the program has no engine: build it again, after ./dev engine"
"$cmake" -DROOT="$source" -DENGINE="$engine" -DFOLDER="$work/app" -P "$source/cmake/make_app.cmake"
node "$source/tests/web/$script" "$program" "$work/app" "$source" "$tools"
