#!/bin/sh
# run.sh SCRIPT PROGRAM SOURCE CMAKE : runs a test of the page with node, against the engine that `./dev engine` has
# built. 77: there is none, or it is not that of these sources.
set -eu
script=$1 program=$2 source=$3 cmake=$4
engine=$source/build/wasm/picojoule.wasm
skip()
{
    echo "SKIPPED: $1" >&2
    exit 77
}
command -v node >/dev/null 2>&1 || skip "no node"
[ -r "$engine" ] || skip "no engine: ./dev engine builds it"
now=$(mktemp)
trap 'rm -f "$now"' EXIT
"$cmake" -DROOT="$source" -DDIGEST_OUT="$now" -P "$source/cmake/digest_sources.cmake"
cmp -s "$now" "$engine.digest" || skip "the engine is not of these sources: ./dev engine builds it anew"
node "$source/tests/web/$script" "$program" "$engine" "$source"
