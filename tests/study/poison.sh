#!/bin/sh
# poison.sh PICOJOULE MODELS POISON : a model that kills the process stops no shard for ever. The first try dies, the next
# one has rows that say so, and the rows of all other models are what they always are.
set -eu
program=$1 models=$2 poison=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir zoo
cp "$models/resnet8.onnx" zoo/a.onnx
cp "$models/resnet8.onnx" zoo/poison.onnx
cp "$models/kws_dscnn.onnx" zoo/z.onnx
cat >spec.json <<'END2'
{"schema": "picojoule.sweep-spec/1", "chunk": 25, "blocks": [
  {"models": "zoo/*.onnx", "quantize": [null, "int8", "fp16"], "runs": [1, 2, 3, 4, 5, 6, 7, 8, 9]}]}
END2
fail()
{
    echo "FAIL: $*" >&2
    exit 1
}
sweep() { LD_PRELOAD=$poison "$program" sweep spec.json -o out --jobs 1 "$@"; }

"$program" sweep spec.json -o sound --jobs 1 2>/dev/null
tries=0
until sweep 2>err; do
    tries=$((tries + 1))
    [ "$tries" -le 3 ] || fail "it dies for ever: $(cat err)"
done
[ "$tries" -ge 1 ] || fail "nothing has died, so nothing was tested"
"$program" sweep spec.json -o out --status >status || fail "not complete: $(cat status)"
grep -q '27 crashed' status || fail "$(cat status)"
[ -z "$(find out -name '.*.try')" ] || fail "markers stay: $(find out -name '.*.try')"
cmp -s out/points/c0000000.parquet sound/points/c0000000.parquet || fail "a chunk without it differs"

# ---- a marker of a killed process, of another host, and of one that lives, change no byte ----
rm -r out/points
mkdir out/points
echo "999999999 $(uname -n)" >out/points/.c0000000.try
echo "1 elsewhere" >out/points/.c0000001.try
echo "$$ $(uname -n)" >out/points/.c0000002.try
"$program" sweep spec.json -o out --jobs 1 2>/dev/null
for chunk in 0 1 2 3; do
    cmp -s "out/points/c000000$chunk.parquet" "sound/points/c000000$chunk.parquet" || fail "chunk $chunk differs"
done
[ "$(find out -name '.*.try')" = out/points/.c0000002.try ] || fail "markers: $(find out -name '.*.try')"
echo "died $tries times, then 27 rows say so; markers change nothing else"
