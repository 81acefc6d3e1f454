#!/bin/sh
# planned.sh PROGRAM MODELS CORPUS WORK: what `plan` names for ONNX Runtime, `apply` writes: no layer is refused, none stays as
# it is, none is passed over. MODELS are the samples, CORPUS public models, which may be absent.
set -u
program=$1 models=$2 corpus=$3 work=$4
passed=0
failed=0
rm -rf "$work"
mkdir -p "$work"

# Some range for every tensor; nobody runs what is written.
ranges_of()
{
    printf '{"schema":"picojoule.ranges/1","tensors":{'
    "$program" shapes "$1" --format csv | tr -d '\r' | grep -v '"' | awk -F, 'NR > 1 && $2 ~ /^float/ {printf "%s\"%s\":[-3,3]", comma, $1; comma = ",\n"}'
    printf '}}\n'
}

# MODEL BUDGET...: one plan, and what becomes of it
agree()
{
    model=$1
    shift
    "$program" plan "$model" "$@" --time-limit 0.3 --format json -o "$work/plan.json" 2>"$work/log" || return 0 # there is none
    "$program" plan "$model" "$@" --time-limit 0.3 --format csv 2>"$work/log" | tr -d '\r' | grep -v '"' |
        awk -F, 'NR > 1 && $3 != $4 {print $1}' >"$work/named"
    if ! "$program" apply "$model" --plan "$work/plan.json" --calibration "$work/ranges.json" --target onnxruntime \
        --dry-run --force --format csv >"$work/applied" 2>"$work/log"; then
        failed=$((failed + 1))
        echo "FAILED: $model $*: $(tail -n 1 "$work/log")"
        return 0
    fi
    tr -d '\r' <"$work/applied" | grep -v '"' | awk -F, 'NR > 1 && $4 != "float" {print $1}' >"$work/written"
    lost=$(sort -u "$work/named" | grep -vxF -f "$work/written" | head -n 3 | tr '\n' ' ')
    if [ -z "$lost" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $model $*: the plan changes what apply leaves: $lost"
    fi
}

for model in "$models/resnet8.onnx" "$models/kws_dscnn.onnx" "$models/encoder.onnx" "$models/kws_dscnn_int8.onnx" \
    "$corpus/pulp-platform__TinyViT.onnx" "$corpus/microsoft__mnist.onnx" "$corpus/sonos__byte_sb_bidi_lstm.onnx" \
    "$corpus/fastmachinelearning__subpixel_quant_model.onnx" "$corpus/onnx__light_densenet121.onnx" \
    "$corpus/emmtrix__micro_kws_m_qoperator_softmax.onnx" "$corpus/sonos__qtdnn_10x5_101_i32_biases.onnx" \
    "$corpus/gen_shape_arithmetic.onnx" "$corpus/systran__silero_vad_v6.onnx" "$corpus/google__fast_v2_1.onnx"; do
    [ -e "$model" ] || continue
    ranges_of "$model" >"$work/ranges.json"
    agree "$model"
    agree "$model" --budget 'energy<=35%' --sensitivity uniform
    agree "$model" --budget 'param_bytes<=40%'
done

# A table that is looked up, in each of its formats; layers in integers beside it.
ranges_of "$models/encoder.onnx" >"$work/ranges.json"
for format in fp16 w8a16 w4a16; do
    agree "$models/encoder.onnx" --pin "/embeddings/word/Gather=$format"
    agree "$models/encoder.onnx" --pin "/embeddings/word/Gather=$format" --budget 'energy<=35%' --sensitivity uniform
done

# same WHAT ONE OTHER: texts that are to be equal, and not empty
same()
{
    if [ -n "$2" ] && [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1: '$2', not '$3'"
    fi
}

# A product whose weights come first is planned and written as its transposed twin.
cases=$corpus/../../../cases
first=$cases/weights-as-first-operand.onnx twin=$cases/weights-as-first-operand-twin.onnx
planned() { "$program" plan "$1" --choices int8,w8a16,w4a16 --target onnxruntime --budget 'param_bytes<=40%' --format csv; }
rounding() { "$program" apply "$1" --quantize "$2" -o "$work/out.onnx" --format csv | cut -d, -f 4,6-; }
if [ -e "$first" ]; then
    same "plans of the twins" "$(planned "$first")" "$(planned "$twin")"
    same "w8 of the twins" "$(rounding "$first" w8a16)" "$(rounding "$twin" w8a16)"
fi

# Weights of recurrent layers, both of them, alone: what is told is that 512 KiB become a quarter and scales.
recurrent=$corpus/systran__silero_vad_v6.onnx
if [ -e "$recurrent" ]; then
    "$program" plan "$recurrent" --pin '*LSTM=w8a16' --format json -o "$work/plan.json"
    same "a recurrent layer" "/decoder/rnn/LSTM,LSTM,w8a16,DequantizeLinear int8,524288,134144" \
        "$("$program" apply "$recurrent" --plan "$work/plan.json" --scheme weights -o "$work/out.onnx" --format csv |
            tr -d '\r' | grep LSTM | cut -d, -f 1-4,7,8)"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
