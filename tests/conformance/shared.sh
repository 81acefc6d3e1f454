#!/bin/sh
# shared.sh BUILD SHARED: compares the program with the reference corpora, where they and Python are at hand.
#
# SHARED is a folder with corpus/, golden/ and tools/. It is not part of the project: a clone without it passes, and says
# what it has skipped (exit code 77, which ctest shows as skipped).
set -u
build=$1
shared=$2
program=$build/picojoule
failed=0

skip()
{
    echo "skipped: $1; not compared: multiply-accumulates, operator shapes, whole-model shapes, QTools twins, QONNX costs, formats"
    exit 77
}

[ -d "$shared/tools" ] || skip "no reference corpora beside the project"
command -v python3 >/dev/null 2>&1 || skip "no python3 to run the checkers with"

# check NAME PATTERN COMMAND...: runs the checker; a line of its output that matches PATTERN is a failure.
check()
{
    name=$1
    pattern=$2
    shift 2
    output=$("$@" 2>&1)
    echo "== $name"
    echo "$output" | grep -E '^(macs|models|tensors|twins|[a-z_/]+\.json)' || true
    bad=$(echo "$output" | grep -E "$pattern")
    if [ -n "$bad" ]; then
        echo "$bad" | head -20
        failed=$((failed + 1))
    fi
}

# The golden count of this one model is 0: its tool could not infer the shapes. Two products of 2*9*4*6 outputs and 8
# terms each are 6912.
known='node_attention_4d_gqa_expanded|^macs:'
macs=$(python3 "$shared/tools/check_macs.py" "$shared/golden/peers/strict_macs.json" "$shared/corpus" \
    --cmd "$program analyze" 2>&1)
echo "== multiply-accumulates"
echo "$macs" | tail -n 1
if echo "$macs" | grep -vqE "$known" || ! echo "$macs" | grep -q '^macs: [1-9]'; then
    echo "$macs" | grep -vE "$known" | head
    failed=$((failed + 1))
fi

shapes="$program shapes --format json"
bad='^models .*(mismatch|dtype|crash|timeout|error|badjson)|no models found|Traceback'
check "operators" "$bad" python3 "$shared/tools/check_shapes.py" --show 0 --cmd "$shapes" \
    "$shared/corpus/ops" "$shared/corpus/grid"
check "whole models, as they are" '^models .*(mismatch|crash|timeout|error|badjson)|no models found|Traceback' \
    python3 "$shared/tools/check_shapes.py" --show 0 --cmd "$shapes" "$shared/corpus/models"
check "whole models, without declared shapes" '^models .*(mismatch|crash|timeout|error|badjson)|no models found|Traceback' \
    python3 "$shared/tools/check_shapes.py" --show 0 --strip --input-arg '--input {name}={dims}' --cmd "$shapes" \
    "$shared/corpus/models"

check "QTools' figures for the twins of its models" '^FAIL|Traceback|no cases' \
    python3 "$shared/tools/check_twins.py" -q --cmd "$program analyze" "$shared/golden/qtools_onnx"

# cost MODEL MACS BOPS: totals of QONNX' inference_cost (dense), in golden/peers/qonnx_cost.json.
cost()
{
    got=$("$program" analyze "$shared/corpus/models/models/$1.onnx" --format json 2>/dev/null |
        python3 -c 'import json, sys; t = json.load(sys.stdin)["totals"]; print(t["macs"], t["bops"])')
    [ "$got" = "$2 $3" ] && return
    echo "$1: macs and bops are $got, QONNX gives $2 $3"
    costs_failed=1
}

echo "== QONNX inference cost"
costs_failed=0
cost fastmachinelearning__TFC_1W1A 59008 59008
cost fastmachinelearning__TFC_2W2A 59008 236032
cost fastmachinelearning__nn_resize_quant_model 1041235968 23152558080
failed=$((failed + costs_failed))

echo "== formats of quantized models"
if ! python3 "$(dirname "$0")/check_formats.py" "$(dirname "$0")/formats.txt" "$shared/corpus/models/models" \
    "$program" analyze; then
    failed=$((failed + 1))
fi

check "measurements, profiles, trees of sysfs" '^total: 0 passed|total: .* [1-9][0-9]* failed|differs$' \
    "$build/replay_measure" "$shared/golden/measure"

echo "$((8 - failed)) passed, $failed failed"
[ "$failed" = 0 ]
