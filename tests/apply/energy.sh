#!/bin/sh
# energy.sh PROGRAM MODELS: what is written takes the energy that the plan promised, within 1 % (--io convert: no edges).
set -u
program=$1
models=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
count=0

total()
{
    "$program" analyze "$@" --format csv 2>/dev/null |
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "total_pj") c = i; next } { sum += $c } END { printf "%.9g", sum }'
}

# near NAME PLANNED WRITTEN
near()
{
    count=$((count + 1))
    echo "$2 $3" | awk -v name="$1" '
        { off = $1 > 0 ? 100 * ($2 / $1 - 1) : 100; printf "%-32s %9.4g uJ planned, %9.4g uJ written: %+.2f %%\n", name, $1 / 1e6, $2 / 1e6, off
          exit !(off < 1 && off > -1) }' || failed=$((failed + 1))
}

for model in resnet8 kws_dscnn encoder; do
    source=$work/$model.onnx
    "$program" apply "$models/$model.onnx" --clean -o "$source" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    "$program" shapes "$source" --format csv 2>/dev/null | awk -F, '
        NR > 1 && $2 == "float32" { printf "%s\"%s\": [-2, 2]", n++ ? ", " : "{\"schema\": \"picojoule.ranges/1\", \"tensors\": {", $1 }
        END { print "}}" }' >"$work/ranges.json"
    for format in fp16 w8a32 w8a16 w4a32 w4a16 int8 w4a8; do
        case $format in
        *8) [ $model = encoder ] && continue # normalizations stay floats, whatever --quantize says of them
            set -- --calibration "$work/ranges.json" ;;
        *) set -- --half-all ;;
        esac
        "$program" apply "$source" --quantize $format "$@" --io convert -o "$work/out.onnx" >"$work/log" 2>&1 ||
            { cat "$work/log"; failed=$((failed + 1)); }
        near "$model $format" "$(total "$source" --quantize $format)" "$(total "$work/out.onnx")"
        near "$model $format, once" "$(total "$source" --quantize $format --reuse once)" \
            "$(total "$work/out.onnx" --reuse once)"
    done
done
# A table that is looked up: what its own rows of the analysis take, the Cast behind it included (which is the border to the
# fp32 layers that read it: free where it is fused), and the bits of all parameters, which are equal.
of_table()
{
    "$program" analyze "$@" --format csv 2>/dev/null |
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "total_pj") c = i; next } $2 ~ /word\/Gather/ { sum += $c } END { printf "%.9g", sum }'
}
param_bits()
{
    "$program" analyze "$@" --format csv 2>/dev/null |
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "param_bits") c = i; next } { sum += $c } END { printf "%.12g", sum }'
}
for format in fp16/fp16 int8/fp16 int4/fp16 int8/fp32 int4/fp32; do
    source=$models/encoder.onnx
    printf '{"schema": "picojoule.plan/1", "layers": [{"match": "/embeddings/word/Gather", "weights": "%s", "activations": "%s"}]}' \
        ${format%/*} ${format#*/} >"$work/plan.json"
    "$program" apply "$source" --plan "$work/plan.json" --target onnxruntime -o "$work/out.onnx" >"$work/log" 2>&1 ||
        { cat "$work/log"; failed=$((failed + 1)); }
    set -- --dim sequence=16
    near "table $format" "$(of_table "$source" --plan "$work/plan.json" "$@")" "$(of_table "$work/out.onnx" "$@")"
    case $format in
    */fp32) near "table $format, once" "$(of_table "$source" --plan "$work/plan.json" --reuse once "$@")" \
        "$(of_table "$work/out.onnx" --reuse once "$@")" ;;
    esac
    planned=$(param_bits "$source" --plan "$work/plan.json")
    written=$(param_bits "$work/out.onnx")
    count=$((count + 1))
    [ "$planned" -gt 0 ] && [ "$planned" = "$written" ] ||
        { failed=$((failed + 1)); echo "table $format: $planned bits of parameters planned, $written written"; }
done
echo "$count compared, $failed failed"
[ $failed = 0 ]
