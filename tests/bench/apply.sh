#!/bin/sh
# apply.sh BUILD [RUNS]: 5 GiB of external weights, a file of holes, become fp16, in turn with a copy of them that cp
# writes out. Limits: half of cp's throughput, 64 MiB of memory. Needs 8 GB of disk in $TMPDIR; says so and ends where
# they are not there.
set -eu
build=${1:?usage: apply.sh BUILD [RUNS]}
runs=${2:-3}
work=$(mktemp -d "${TMPDIR:-/tmp}/picojoule-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
free=$(df -Pk "$work" | awk 'NR == 2 { print $4 }')
if [ "$free" -lt 9000000 ]; then
    echo "skipped: apply of 5 GiB (it takes 8 GB of disk; $work has $free KiB)"
    exit 0
fi
"$build/tests/gen_chain" 160 4096 8 external "$work/large.onnx"
"$build/tests/bench_run" "apply 5 GiB to fp16 / cp of it" runs="$runs" ratio=2 kib=65536 \
    -- "$build/picojoule" apply "$work/large.onnx" --quantize fp16 -o "$work/half.onnx" \
    -- cp --sparse=never --reflink=never "$work/large.onnx.data" "$work/copy"
