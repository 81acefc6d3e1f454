#!/bin/sh
# Validates JSON reports against their schemas in docs/, and checks that the validator refuses what breaks it.
#
#     run.sh PROGRAM CHECK_SCHEMA CHECK_JUNIT
set -u
program=$1
check=$2
junit=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
schema=$root/docs/report.schema.json
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# valid MODEL [OPTION...]
valid() {
    model=$1
    shift
    "$program" analyze "$root/models/$model.onnx" --format json -o "$work/report.json" "$@" &&
        "$check" "$schema" "$work/report.json" || {
        echo "not valid: $model $*"
        failed=1
    }
}

# valid_diff A [B] [OPTION...]: a comparison against docs/diff.schema.json
valid_diff() {
    (cd "$root/models" && "$program" compare "$@" --format json -o "$work/diff.json") &&
        "$check" "$root/docs/diff.schema.json" "$work/diff.json" || {
        echo "not valid: compare $*"
        failed=1
    }
}

# broken SED-SCRIPT MESSAGE: the last report, changed, is refused with the message
broken() {
    sed "$1" "$work/report.json" >"$work/broken.json"
    if "$check" "$schema" "$work/broken.json" >"$work/found" || ! grep -qF "$2" "$work/found"; then
        echo "accepted, or refused for another reason: $1"
        cat "$work/found"
        failed=1
    fi
}

for name in resnet8 resnet8_fp16 vww_mobilenet ad_autoencoder encoder; do
    valid "$name"
done
valid encoder --dim batch=2 --dim sequence=64 --group-by scope:2 --top 3
valid kws_dscnn --group-by op --sort macs --memory
valid kws_dscnn --table qtools --weights-on sram --activations-on fixed --io-on-dram no --sram-min 16KiB
valid kws_dscnn --table eyeriss-65nm-relative
valid kws_dscnn --device a100 --device edge-tpu --device stm32l4r5 --top 2

# told SCHEMA COMMAND OPTION...: whatever command
told() {
    name=$1
    shift
    (cd "$root/models" && "$program" "$@" --format json -o "$work/told.json") &&
        "$check" "$root/docs/$name.schema.json" "$work/told.json" || {
        echo "not valid: $*"
        failed=1
    }
}
told footprint footprint --energy 1J --tokens 7 --per-day 3 --price 1 --region gcp:us-central1 --region FRA --fail-on 'cost_day<0'
told footprint footprint resnet8.onnx --figure table
told footprint footprint --energy 1J --embodied gpu.h100_sxm --reserved 1s --region v4.default
told footprint footprint resnet8.onnx --device t4 --training --epochs 1 --samples 9 --batch 2
"$program" footprint --init -o "$work/life.json"
told lifecycle-report footprint --lifecycle "$work/life.json"
printf 'hour,g_per_kwh\n0,300\n1,200\n2,250\n' >"$work/grid.csv"
told schedule schedule "$work/grid.csv" --duration 90min --interruptible --watts 100 --top 2
told schedule schedule "$work/grid.csv" --duration 1h --repeat no
told rating rate resnet8.onnx kws_dscnn.onnx --device a100
told rating rate resnet8.onnx --figure table --mix --method range --class aies

# applied OPTION...: of a model that is written, or not
applied() {
    "$program" apply "$root/models/kws_dscnn.onnx" "$@" --format json >"$work/applied.json" &&
        "$check" "$root/docs/applied.schema.json" "$work/applied.json" || {
        echo "not valid: apply $*"
        failed=1
    }
}
applied --quantize w4a32 --block none --dry-run
applied --quantize int8 --scheme dynamic --dry-run
applied --quantize w8a32 -o "$work/w8.onnx"
applied --clean --prune 2:4 -o "$work/pruned.onnx"

# other SCHEMA MODEL OPTION...
other() {
    name=$1
    model=$2
    shift 2
    "$program" analyze "$root/models/$model.onnx" --format json -o "$work/other.json" "$@" 2>/dev/null
    [ -s "$work/other.json" ] &&
        "$check" "$root/docs/$name.schema.json" "$work/other.json" || {
        echo "not valid: $model $*"
        failed=1
    }
}
other sweep encoder --sweep sequence=16,64 --sweep batch=1,2
other runs encoder "$root/models/resnet8.onnx" nothing.onnx --dim batch=2 --device a100
other runs encoder --table horowitz-45nm --table horowitz-mac --dim sequence=8
other lint vww_mobilenet --lint
other lint resnet8_fp16 --lint
other sweep encoder --sweep sequence=16,64 --device a100 --device edge-tpu --quantize int8
valid kws_dscnn --inspect-weights
broken 's/"channel_values": "any"/"channel_values": "some"/' 'channel_values: is none of the allowed values'
valid kws_dscnn --device a100 --device edge-tpu --device stm32l4r5 --top 2

broken 's/"picojoule.report.1"/"picojoule.report\/2"/' 'schema: is not picojoule.report/1'
broken 's/"macs": [0-9]*/"macs": 0.5/' 'totals.macs: is not of type integer'
broken 's/"bops": [0-9]*/"bops": -1/' 'layers[1].bops: is below the minimum'
broken 's/"settings"/"setting"/' '$: lacks settings'
broken 's/"kind": "float"/"kind": "real"/' 'precision.input.kind: is none of the allowed values'
broken 's/"domain": ""/"domain": null/' 'layers[0].domain: is not of type string'
broken 's/"counted": true/"counted": true, "extra": 1/' 'layers[0].extra: is not allowed'

valid kws_dscnn --device a100
valid_diff resnet8.onnx resnet8_fp16.onnx --fail-on 'total>2%' --fail-on 'layer>0' --fail-on 'macs>0'
valid_diff kws_dscnn.onnx vww_mobilenet.onnx
valid_diff encoder.onnx --a-table horowitz-45nm --b-table qtools
valid_diff kws_dscnn.onnx --table eyeriss-65nm-relative --b-quantize int8
valid_diff "$work/report.json" kws_dscnn.onnx --device a100
# a model and its own report do not differ in the last digit
for what in '"same": 0' '"changed": [1-9]' '"difference\(_pj\)\?": -\?[1-9]' '"name": "'; do
    ! grep -q "$what" "$work/diff.json" || {
        echo "a report and its own model differ: $what"
        failed=1
    }
done

# written SCHEMA COMMAND...: what the command writes as JSON is valid; it stays for `broken`
written()
{
    schema=$root/docs/$1
    shift
    "$program" "$@" --format json -o "$work/report.json" && "$check" "$schema" "$work/report.json" || {
        echo "not valid: $*"
        failed=1
    }
}

histories()
{
    for name in resnet8 resnet8_fp16; do
        "$program" analyze "$root/models/$name.onnx" --record "$work/energy.db" --record-as net \
            --time 2026-01-01T00:00:00Z >"$work/text" || failed=1
    done
    written history.schema.json history "$work/energy.db"
    broken 's/"records": 2/"records": -2/' 'models[0].records: is below the minimum'
    written history.schema.json history "$work/energy.db" net
    written history.schema.json history "$work/energy.db" net --layer '*conv*' --last 1
    broken 's/"unit": "pJ"/"unit": "kWh"/' 'records[0].unit: is none of the allowed values'
    broken 's/"peak_bytes": [0-9]*/"peak_bytes": "?"/' 'records[0].peak_bytes: is not of type'
    broken 's/"op": "Conv"/"kind": "Conv"/' 'layers[0]: lacks op'
    "$program" pareto add "$work/run.db" --quality 2 --energy 1uJ --label a || failed=1
    "$program" pareto add "$work/run.db" --quality 1 --energy-from "$root/models/resnet8.onnx" || failed=1
    written pareto.schema.json pareto show "$work/run.db"
    broken 's/"better": "lower"/"better": "left"/' '$.better: is none of the allowed values'
    broken 's/"dominated": false/"dominated": 0/' 'points[0].dominated: is not of type boolean'
    "$program" pareto add "$work/relative.db" --quality 2 --energy 1relative || failed=1
    written pareto.schema.json pareto show "$work/relative.db"
}

case $("$program" history "$work/energy.db" 2>&1) in
*"not in this build"*) ;;
*) histories ;;
esac

# planned MODEL [OPTION...]: a plan is valid, and --plan takes it back
planned()
{
    model=$1
    shift
    written plan.schema.json plan "$root/models/$model.onnx" "$@"
    "$program" analyze "$root/models/$model.onnx" --plan "$work/report.json" -o "$work/analysis.txt" || failed=1
}

planned resnet8
planned encoder --budget 'energy<=50%' --budget 'param_bytes<=60KiB'
planned ad_autoencoder --sensitivity uniform --budget 'noise<=0.01'
planned kws_dscnn --target npu-int8 --keep last
planned resnet8_fp16 --choices int8,w4a8 --table eyeriss-65nm-relative --budget 'energy<=80%'
broken 's/"picojoule.plan.1"/"picojoule.plan\/2"/' 'schema: is not picojoule.plan/1'
broken 's/"match"/"name"/' 'layers[0]: lacks match'
broken 's/"gap": [-0-9.e]*/"gap": -1/' 'report.gap: is below the minimum'

# Budgets and results of checks: the formats of continuous integration against what their readers want.
cd "$work" && ln -s "$root/models" models || exit 1
result() {
    "$program" check "$1" --format "$2" -o "$work/result"
    [ $? -eq "$3" ] || {
        echo "check $1: another exit code than $3"
        failed=1
    }
}
for budget in "$root"/tests/cli/files/*.json; do
    cp "$budget" budget.json
    "$check" "$root/docs/budget.schema.json" budget.json || failed=1
    result budget.json json 3 2>/dev/null
    "$check" "$root/docs/check.schema.json" result || failed=1
    result budget.json sarif 3 2>/dev/null
    "$check" "$root/tests/reports/sarif.schema.json" result || failed=1
    result budget.json junit 3 2>/dev/null
    "$junit" result || failed=1
    result budget.json gitlab 3 2>/dev/null
    "$check" "$root/tests/reports/codequality.schema.json" result || failed=1
    result budget.json junit 3 2>/dev/null
    ! command -v xmllint >/dev/null || xmllint --noout result || failed=1
    sed 's/ failures="[0-9]*"/ failures="99"/' result >broken.xml
    ! "$junit" broken.xml >/dev/null || {
        echo "a wrong count in JUnit is not noticed"
        failed=1
    }
done
"$program" check --init models/kws_dscnn.onnx models/encoder.onnx --dim batch=2 --dim sequence=8 --device a100 \
    --table horowitz-mac --baselines base -o first.json 2>/dev/null || failed=1
"$check" "$root/docs/budget.schema.json" first.json || failed=1
"$check" "$root/docs/report.schema.json" base/*.json || failed=1
result first.json json 0
"$check" "$root/docs/check.schema.json" result || failed=1
# the same of passing runs, and of comparisons that pass, fail and cannot be judged
alerts() {
    "$program" "$@" --format sarif >result 2>/dev/null
    [ $? -eq "$code" ] && "$check" "$root/tests/reports/sarif.schema.json" result || failed=1
    "$program" "$@" --format gitlab >result 2>/dev/null
    "$check" "$root/tests/reports/codequality.schema.json" result || failed=1
    "$program" "$@" --format junit >result 2>/dev/null
    "$junit" result || failed=1
}
code=0 alerts check first.json
code=3 alerts check budget.json
code=0 alerts compare models/kws_dscnn.onnx models/kws_dscnn_int8.onnx --fail-on 'total>0'
code=1 alerts compare models/kws_dscnn_int8.onnx models/kws_dscnn.onnx --fail-on 'total>0' --fail-on 'layer>0'
sed 's/"peak_activation_bytes": [0-9]*/"peak_activation_bytes": null/' base/kws_dscnn.json >old.json
code=1 alerts compare old.json models/kws_dscnn.onnx --fail-on 'peak_activation_bytes>0' --table horowitz-mac
grep -q '<error type="cannot-check"' result || failed=1
exit $failed
