#!/bin/sh
# loop.sh PROGRAM CHECK_SCHEMA ROOT FAKES WORK INSTALL: calibrate, sensitivity, plan --data and verify on the sample models,
# end to end, with ONNX Runtime, which is installed in INSTALL. Without it all of this is one sentence, and that is said.
set -u
program=$1 check=$2 root=$3 fakes=$4 work=$5 install=$6
here=$(cd "$(dirname "$0")" && pwd)
. "$here/get.sh"
passed=0
failed=0
unset PICOJOULE_ORT ORT_DYLIB_PATH

good() { passed=$((passed + 1)); }
bad()
{
    failed=$((failed + 1))
    echo "FAILED: $*"
    sed 's/^/    /' "$work/log" | tail -n 5
}

# run WANTED-EXIT-CODE ARGUMENT...
run()
{
    wanted=$1
    shift
    "$program" "$@" >"$work/log" 2>&1
    got=$?
    if [ "$got" = "$wanted" ]; then good; else bad "exit code $got, not $wanted: $*"; fi
}
# Lines are broken where the terminal ends, and a path may be long.
said() { if tr -s "\n " "  " <"$work/log" | grep -qF -e "$1"; then good; else bad "not said: $1"; fi; }
valid() # SCHEMA FILE
{
    if "$check" "$root/docs/$1.schema.json" "$2" >"$work/log" 2>&1; then good; else bad "$2 is no $1"; fi
}
none() { if [ -e "$1" ]; then bad "$1 was left"; else good; fi; }

rm -rf "$work"
mkdir -p "$work/data"
export HOME="$work" TMPDIR="$work"

# ---- without a runtime: a sentence, and nothing is written ----
net=$root/models/resnet8.onnx
run 4 calibrate "$net" --random 2 --runtime "$fakes/libfake_ort_old.so" -o "$work/none.json"
said "ONNX Runtime 1.12.1, which is too old"
run 4 calibrate "$net" --random 2 --runtime "$fakes/libfake_ort_dies.so" -o "$work/none.json"
said "died of signal 6"
run 4 plan "$net" --random 2 --runtime "$fakes/libfake_ort_hangs.so" --run-limit 0.3 -o "$work/none.json"
said "has not answered in 0.3 seconds"
none "$work/none.json"
run 0 plan "$net" --budget 'energy<=40%' -o "$work/proxy.txt"

runtime_in "$install"
if [ -z "$runtime" ]; then
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] || exit 1
    echo "SKIPPED: $why_not; nothing was calibrated, measured or verified"
    exit 77
fi
export PICOJOULE_ORT="$runtime"
models_in "$install" "$root/models"
[ -z "$lacks" ] || echo "LEFT OUT: $lacks (no python3 with numpy and onnx to make their weights with)"

# ---- five models ----
# all_of MODEL OPTION...
all_of()
{
    name=$1
    shift
    model=$models/$name.onnx
    case " $lacks " in *" $name "*) return ;; esac
    run 0 calibrate "$model" --random 4 "$@" -o "$work/$name.ranges.json"
    said "4 random samples (seed 1)"
    valid ranges "$work/$name.ranges.json"
    run 0 sensitivity "$model" --random 2 --choices w8a16,int8 "$@" -o "$work/$name.sensitivity.json"
    valid sensitivity "$work/$name.sensitivity.json"
    none "$work/$name.sensitivity.json.partial"
    run 0 plan "$model" "$@" --sensitivity "$work/$name.sensitivity.json" --choices w8a16,int8 --budget 'energy<=60%'
    run 0 plan "$model" --random 2 --choices fp16,w8a16,int8 --budget 'energy<=50%' "$@" --rounds 2 \
        -o "$work/$name.plan.json" --apply "$work/$name.onnx" --measured "$work/$name.loop.json"
    said "SQNR"
    said "written to $work/$name.onnx"
    valid plan "$work/$name.plan.json"
    valid loop "$work/$name.loop.json"
    run 0 verify "$model" "$work/$name.onnx" --random 4 --seed 2 "$@" --fail-on 'sqnr<5' --format json -o "$work/$name.json"
    valid verify "$work/$name.json"
    run 1 verify "$model" "$work/$name.onnx" --random 4 --seed 2 "$@" --fail-on 'sqnr<200'
    run 0 verify "$model" "$model" --random 2 "$@" --fail-on 'error>0'
    said "equal"
}
all_of resnet8
all_of ad_autoencoder
[ "${PJ_FEW:-}" ] || { # with sanitizers these take minutes, and show nothing that the others do not
    all_of kws_dscnn
    all_of vww_mobilenet
}
all_of encoder --dim batch=1 --dim sequence=16

# ---- layers without weights are measured in integers alone; several plans are made, and one is kept ----
sed 's/"format"/\n&/g' "$work/resnet8.sensitivity.json" >"$work/formats" # a line, or several, for each
sed -n '/"w8a16"/,/"int8"/p' "$work/formats" | sed '/"int8"/d' >"$work/log"
if grep -q 'Conv' "$work/log" && ! grep -q 'Add' "$work/log"; then good; else bad "an Add in w8a16"; fi
sed -n '/"format": *"int8"/,$p' "$work/formats" >"$work/log"
said "/Add"
cp "$work/resnet8.loop.json" "$work/log"
said '"weights"'
said '"losses"'

# ---- samples of files: shapes, NaN, labels ----
# npy FILE DIMS: the header; the numbers are those of standard input
npy()
{
    header="{'descr': '${3:-<f4}', 'fortran_order': False, 'shape': ($2), }"
    printf "\\223NUMPY\\1\\0\\$(printf %03o ${#header})\\0%s" "$header" >"$1"
    cat >>"$1"
}
head -c 24576 /dev/zero | npy "$work/data/zeros.npy" "2, 3, 32, 32"
run 0 calibrate "$net" --data "$work/data"
said "2 samples of"
head -c 12 /dev/zero | npy "$work/wrong.npy" "1, 3"
run 3 calibrate "$net" --data "$work/wrong.npy" -o "$work/none.json"
said "the array is float32[1,3], but input \"image\" wants float32[1,3,32,32]"
head -c 24576 /dev/zero | npy "$work/double.npy" "1, 3, 32, 32" '<f8'
run 3 calibrate "$net" --data "$work/double.npy" -o "$work/none.json"
said "float64 is given, but input \"image\" wants float32; --cast converts"
run 0 calibrate "$net" --data "$work/double.npy" --cast
none "$work/none.json"
printf '\000\000\300\177%.0s' $(seq 3072) | npy "$work/nan.npy" "1, 3, 32, 32"
run 2 verify "$net" "$net" --data "$work/nan.npy" --fail-on 'sqnr<30'
said "the figure is not known"
run 0 calibrate "$net" --data "$work/nan.npy"
said "has no finite number"
printf '\1\0\0\0\2\0\0\0' | npy "$work/labels.npy" "2," '<i4'
run 0 verify "$net" "$net" --data "$work/data" --labels "$work/labels.npy"
said "Top-1 by the labels"
run 3 verify "$net" "$net" --data "$work/data/zeros.npy" --samples 1 --labels "$work/nan.npy"
said "labels are one array of whole numbers"
printf '\1\0\0\0\77\0\0\0' | npy "$work/labels.npy" "2," '<i4'
run 3 verify "$net" "$net" --data "$work/data" --labels "$work/labels.npy"
said "label 1 is 63, but the output has places 0 to 9"
printf '\1\0\0\0' | npy "$work/labels.npy" "1," '<i4'
run 3 verify "$net" "$net" --data "$work/data" --labels "$work/labels.npy"
said "holds 1 labels, but the samples have more rows"
run 3 verify "$net" "$models/kws_dscnn.onnx" --random 2
said "the models have other inputs"
run 4 verify "$root/models/resnet8_int8.onnx" "$net" --random 2 # its weights are in no file
said "resnet8_int8.onnx"

# ---- sizes that the model leaves open are those of the samples ----
mkdir -p "$work/texts"
for length in 5 7; do
    for input in input_ids attention_mask; do
        for i in $(seq $length); do printf '\1\0\0\0\0\0\0\0'; done |
            npy "$work/texts/$length.$input.npy" "1, $length" '<i8'
    done
done
run 0 sensitivity "$models/encoder.onnx" --data "$work/texts" --choices w8a16,int8
said "2 samples of"
run 0 plan "$models/encoder.onnx" --data "$work/texts" --choices w8a16,int8 --budget 'energy<=70%' -o "$work/texts.json"
said "SQNR"

# ---- a measurement that is killed goes on ----
"$program" sensitivity "$net" --random 8 --jobs 1 -o "$work/s.json" >/dev/null 2>&1 &
child=$!
for i in $(seq 200); do
    [ "$(wc -l <"$work/s.json.partial" 2>/dev/null || echo 0)" -gt 3 ] && break
    sleep 0.05
done
kill -9 $child
wait $child 2>/dev/null
none "$work/s.json"
run 0 sensitivity "$net" --random 8 --jobs 1 -o "$work/s.json"
said "had been measured before"
run 0 sensitivity "$net" --random 8 -o "$work/whole.json"
if cmp -s "$work/s.json" "$work/whole.json"; then good; else bad "resumed, and otherwise"; fi
left=$(ls -d "$work"/picojoule-* 2>/dev/null | wc -l) # that of the killed one is gone, too
if [ "$left" = 0 ]; then good; else bad "$left folders were left"; fi

left=$(ls "$work"/mat-debug* 2>/dev/null | wc -l) # logs of the runtime's telemetry
if [ "$left" = 0 ]; then good; else bad "$left logs were left"; fi

# ---- the accuracy that docs/apply.md has, measured by another program, on the same samples ----
if mkdir -p "$work/bin" && /usr/bin/python3 "$root/tests/apply/samples.py" "$work/bin" >/dev/null 2>&1; then
    reference() # MODEL INPUT DIMS DECIBELS
    {
        mkdir -p "$work/$1.samples"
        for i in 1 3 5 7 9 11 13 15; do
            npy "$work/$1.samples/$i.npy" "$3" <"$work/bin/$1.$i.$2.bin"
        done
        run 0 apply "$models/$1.onnx" --clean --quantize w8a32 -o "$work/$1.w8.onnx"
        run 0 verify "$models/$1.onnx" "$work/$1.w8.onnx" --data "$work/$1.samples" --fail-on "sqnr<$(($4 - 1))" --outputs-only
        run 1 verify "$models/$1.onnx" "$work/$1.w8.onnx" --data "$work/$1.samples" --fail-on "sqnr<$(($4 + 1))" --outputs-only
    }
    reference resnet8 image "1, 3, 32, 32" 54
    reference kws_dscnn mfcc "1, 1, 49, 10" 39
else
    echo "LEFT OUT: figures of docs/apply.md (no python3 with numpy)"
fi

echo "$passed passed, $failed failed; $runtime"
[ "$failed" = 0 ]
