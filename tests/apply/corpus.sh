#!/bin/sh
# corpus.sh PROGRAM MODELS WORK [FOLDER...]: every model of the project, and of the folders, in every form: what apply
# writes loads and runs in ONNX Runtime at level all (fp8: basic). Ranges are random. Models that the runtime does not run
# as they are are left out, and so are those that apply refuses by name; both are counted. WORK/corpus.failed lists what
# went wrong.
set -u
program=$1
models=$2
work=$3
shift 3
. "$(dirname "$0")/runtime.sh"
out=$work/corpus
rm -rf "$out"
mkdir -p "$out"

# load_all LEVEL LIST: a line for each model in `lines`; what a crash took with it is asked again, one by one
load_all()
{
    xargs -r -n 12 node "$here/ort.js" load "$1" <"$2" >"$out/lines" 2>/dev/null
    while IFS= read -r model; do
        grep -qF " $model" "$out/lines" && continue
        node "$here/ort.js" load "$1" "$model" >>"$out/lines" 2>/dev/null ||
            grep -qF " $model" "$out/lines" || echo "crashes $model" >>"$out/lines"
    done <"$2"
}

find "$models" "$@" -name '*.onnx' | LC_ALL=C sort >"$out/all"
load_all all "$out/all"
sed -n 's/^runs //p' "$out/lines" >"$out/runnable"
total=$(wc -l <"$out/all")
runnable=$(wc -l <"$out/runnable")
echo "$total models, $runnable of them run as they are"

# form NAME LEVEL OPTION...
form()
{
    name=$1
    level=$2
    shift 2
    mkdir -p "$out/$name"
    number=0
    refused=0
    broken=0
    : >"$out/$name/list"
    : >"$out/$name/cautious"
    while IFS= read -r model; do
        number=$((number + 1))
        target=$out/$name/$number.onnx
        set -- "$@"
        if [ "$name" = static ] || [ "$name" = static4 ] || [ "$name" = fp8 ]; then
            "$program" shapes "$model" --format csv 2>/dev/null | awk -F, '
                NR > 1 && $2 == "float32" { gsub(/^"|"$/, "", $1); srand(NR); r = 0.5 + 4 * rand()
                    printf "%s\"%s\": [%.6g, %.6g]", n++ ? ", " : "{\"schema\": \"picojoule.ranges/1\", \"tensors\": {", $1, -r, 2 * r }
                END { print n ? "}}" : "{\"schema\": \"picojoule.ranges/1\", \"tensors\": {}}" }' >"$out/ranges.json"
            "$program" apply "$model" "$@" --calibration "$out/ranges.json" --json -o "$target" >"$out/log" 2>&1
        else
            "$program" apply "$model" "$@" --json -o "$target" >"$out/log" 2>&1
        fi
        code=$?
        if [ $code = 0 ] && grep -q 'load it at level disabled' "$out/log"; then
            echo "$target" >>"$out/$name/cautious"
            echo "$target $model" >>"$out/$name/names"
        elif [ $code = 0 ]; then
            echo "$target" >>"$out/$name/list"
            echo "$target $model" >>"$out/$name/names"
        elif [ $code = 3 ] || [ $code = 4 ]; then
            refused=$((refused + 1))
            echo "$name refused $model: $(tail -n 1 "$out/log")" >>"$work/corpus.refused"
        else
            broken=$((broken + 1))
            echo "$name exit $code $model: $(tail -n 1 "$out/log")" >>"$work/corpus.failed"
        fi
    done <"$out/runnable"
    load_all disabled "$out/$name/cautious"
    mv "$out/lines" "$out/cautious"
    load_all "$level" "$out/$name/list"
    cat "$out/cautious" >>"$out/lines"
    good=$(grep -c '^runs ' "$out/lines")
    grep -v '^runs ' "$out/lines" | while IFS= read -r line; do
        target=$(echo "$line" | cut -d' ' -f2)
        echo "$name $line: $(sed -n "s|^$target ||p" "$out/$name/names")"
    done >>"$work/corpus.failed"
    wrong=$(($(cat "$out/$name/list" "$out/$name/cautious" | wc -l) - good + broken))
    echo "$name: $good run, $refused refused by apply, $wrong wrong"
    passed=$((passed + good))
    failed=$((failed + wrong))
    rm -rf "${out:?}/$name"
}

: >"$work/corpus.failed"
: >"$work/corpus.refused"
form fp16 all --quantize fp16
form int8 all --quantize w8a32
form int4 all --quantize w4a16
form static all --quantize int8
form static4 all --quantize w4a8
form dynamic all --quantize int8 --scheme dynamic
form runtime4 all --quantize w4a32 --target onnxruntime
form fp8 basic --quantize fp8
cat "$work/corpus.failed"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
