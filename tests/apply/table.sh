#!/bin/sh
# table.sh PROGRAM MODELS WORK: what ONNX Runtime makes of what apply writes: the accuracy of docs/apply.md's table, and
# the operators that are left of the integer models.
#
# MODELS is the folder models/ of the project; runtime.sh says what else is needed.
set -u
program=$1
models=$2
work=$3
. "$(dirname "$0")/runtime.sh"
"$python" "$here/samples.py" "$work/samples" || exit 1

# cell MODEL COLUMN WANTED OPTION...: the SQNR of a variant within 1 dB (2 below 15).
cell()
{
    model=$1
    column=$2
    wanted=$3
    shift 3
    if ! "$program" apply "$models/$model.onnx" --clean "$@" -o "$work/$model.$column.onnx" >"$work/log" 2>&1; then
        echo "$model $column: $(tail -n 1 "$work/log")"
        failed=$((failed + 1))
        return
    fi
    got=$(node "$here/ort.js" sqnr "$models/$model.onnx" "$work/$model.$column.onnx" "$work/samples" "$model" 2>&1)
    if echo "$got $wanted" | awk '{ d = $1 - $2; if (d < 0) d = -d; exit !(NF == 2 && $1 != "" && $1 + 0 == $1 && d <= ($2 < 15 ? 2 : 1)) }'; then
        passed=$((passed + 1))
    else
        echo "$model $column: wanted $wanted dB, got $got"
        failed=$((failed + 1))
    fi
}

# row MODEL FP16 W8 W4 B32 NBITS U8S8 U8W4 DYNAMIC
row()
{
    model=$1
    "$program" apply "$models/$model.onnx" --clean -o "$work/$model.clean.onnx" >"$work/log" 2>&1
    source=$models/$model.onnx
    [ "$model" = ad_autoencoder ] || source=$work/$model.clean.onnx
    "$program" apply "$source" --probe -o "$work/$model.probe.onnx" >"$work/log" 2>&1 &&
        node "$here/ort.js" ranges "$work/$model.probe.onnx" "$work/samples" "$model" "$work/$model.ranges.json" ||
        { echo "$model: no ranges"; tail -n 1 "$work/log"; }
    cell "$model" fp16 "$2" --quantize fp16 --half-all
    cell "$model" w8 "$3" --quantize w8a32
    cell "$model" w4 "$4" --quantize w4a32 --block none
    cell "$model" w4b32 "$5" --quantize w4a32 --block 32
    cell "$model" nbits4 "$6" --quantize w4a32 --target onnxruntime --keep-float '*Conv*'
    cell "$model" u8s8 "$7" --quantize int8 --calibration "$work/$model.ranges.json"
    cell "$model" u8w4 "$8" --quantize w4a8 --calibration "$work/$model.ranges.json"
    shift
    cell "$model" dynamic "$8" --quantize int8 --scheme dynamic --dynamic-conv --force
}

row resnet8 102.7 53.9 41.9 35.9 44.3 47.2 41.1 54.2
row kws_dscnn 66.3 39.4 23.5 25.5 22.6 35.9 23.7 34.5
row vww_mobilenet 74.1 43.4 18.6 23.1 31.9 37.9 23.7 36.2
row ad_autoencoder 58.9 32.8 11.9 11.2 11.8 19.0 11.4 29.4
row encoder 53.3 35.6 13.9 13.7 11.4 21.4 13.0 29.5

# left MODEL WORDS: the operators that the runtime ends with at level extended.
left()
{
    node "$here/ort.js" ops extended "$work/$1.u8s8.onnx" "$work/$1.fused.onnx" >/dev/null 2>&1
    got=$("$program" analyze "$work/$1.fused.onnx" --format csv 2>/dev/null |
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "op") c = i; next }
                 c && $c != "" && $1 != "total" { n[$c]++ } END { for (o in n) print o "=" n[o] }' |
        sed 's/com.microsoft:://' | LC_ALL=C sort | tr '\n' ' ')
    if [ "$got" = "$2 " ]; then
        passed=$((passed + 1))
    else
        echo "$1: wanted $2, got $got"
        failed=$((failed + 1))
    fi
}
left resnet8 "DequantizeLinear=1 Flatten=1 QGemm=1 QLinearAdd=3 QLinearAveragePool=1 QLinearConv=9 QLinearSoftmax=1 QuantizeLinear=1"
left kws_dscnn "DequantizeLinear=1 Flatten=1 QGemm=1 QLinearAveragePool=1 QLinearConv=9 QLinearSoftmax=1 QuantizeLinear=1"
left vww_mobilenet "DequantizeLinear=1 Flatten=1 QGemm=1 QLinearAveragePool=1 QLinearConv=27 QLinearSoftmax=1 QuantizeLinear=1"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
