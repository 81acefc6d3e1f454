#!/bin/sh
# opsets.sh PROGRAM MODELS WORK: a raised opset changes nothing. Each model of opsets.py has an operator that changed
# since its opset, and weights that int4 holds exactly: ONNX Runtime computes the same before and after.
set -u
program=$1
models=$2
work=$3
. "$(dirname "$0")/runtime.sh"
mkdir -p "$work/opsets"
"$python" "$here/opsets.py" "$work/opsets" || exit 1

# same NAME OPTION...: the outputs are those of the source, but for rounding
same()
{
    model=$work/opsets/$1.onnx
    name=$1
    shift
    if "$program" apply "$model" "$@" -o "$work/opsets/out/$name.onnx" >"$work/log" 2>&1 &&
        node "$here/ort.js" same "$model" "$work/opsets/out/$name.onnx" >>"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        echo "$name: $(tail -n 1 "$work/log")"
        failed=$((failed + 1))
    fi
}

# stays NAME SENTENCE: it is refused with these words
stays()
{
    if "$program" apply "$work/opsets/$1.onnx" --only product=w4a32 --block 8 -o "$work/opsets/out/$1.onnx" \
        >"$work/log" 2>&1 || ! grep -qF "$2" "$work/log"; then
        echo "$1: wanted '$2', got: $(tail -n 1 "$work/log")"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}

mkdir -p "$work/opsets/out"
for file in "$work"/opsets/*.onnx; do
    name=$(basename "$file" .onnx)
    case $name in
    no_* | ternary | concat) ;;
    *) same "$name" --only product=w4a32 --block 8 ;;
    esac
done
same ternary --only product=ternary --scheme weights --block none
same ternary --only product=w2a32 --block none
for file in "$work"/opsets/behind_*.onnx "$work"/opsets/shape_*.onnx; do
    same "$(basename "$file" .onnx)" --clean
done
for name in behind_reshape behind_transpose behind_axes behind_unsqueeze behind_half; do
    same $name --only product=w4a32 --block none
done
# left NAME N: so many nodes are left of the cleaned model
left()
{
    got=$("$program" analyze "$work/opsets/out/$1.onnx" --format csv 2>/dev/null | grep -c '^[0-9]')
    [ "$got" = "$2" ] && passed=$((passed + 1)) && return
    echo "$1: wanted $2 nodes, got $got"
    failed=$((failed + 1))
}
same shape_known --clean
left shape_known 2
same shape_batch --clean
left shape_batch 6
same behind_axes --clean
left behind_axes 1
stays no_resize11 "it needs opset 21, to which the model cannot be raised"
stays no_resize10 "it needs opset 21, to which the model cannot be raised"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
