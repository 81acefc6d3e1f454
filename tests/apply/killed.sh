#!/bin/sh
# killed.sh PROGRAM MODELS: apply killed at any moment leaves the old pair of files or the new one, and the next run
# removes what is left of it.
set -u
program=$1
models=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$models/resnet8.onnx" model.onnx

write()
{
    "$program" apply model.onnx --quantize "$1" --external always --external-min 16 -o out.onnx >/dev/null 2>&1
}

# pair: the digest of the model and of the data that it names.
pair()
{
    data=$(grep -ao 'out\.onnx\.[0-9a-f]*\.data' out.onnx | head -n 1)
    [ -n "$data" ] && [ -e "$data" ] && cat out.onnx "$data" | cksum
}

write fp16
first=$(pair)
write w8a32
second=$(pair)
[ -n "$first" ] && [ -n "$second" ] && [ "$first" != "$second" ] || { echo "no two pairs to tell apart"; exit 1; }
failed=0
killed=0
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    format=$([ $((round % 2)) = 0 ] && echo fp16 || echo w8a32)
    "$program" apply model.onnx --quantize $format --external always --external-min 16 -o out.onnx >/dev/null 2>&1 &
    child=$!
    sleep "0.00$round"
    kill -9 $child 2>/dev/null && killed=$((killed + 1))
    wait $child 2>/dev/null
    now=$(pair)
    [ "$now" = "$first" ] || [ "$now" = "$second" ] || { echo "round $round: a pair that is neither"; failed=1; }
done
write fp16
[ "$(pair)" = "$first" ] || { echo "the last run did not write its pair"; failed=1; }
left=$(ls | grep -cv -e '^model.onnx$' -e '^out.onnx$' -e '^out.onnx.[0-9a-f]*.data$')
[ "$left" = 0 ] && [ "$(ls out.onnx.*.data | wc -l)" = 1 ] || { echo "left over:"; ls; failed=1; }
echo "20 runs, $killed of them killed"
exit $failed
