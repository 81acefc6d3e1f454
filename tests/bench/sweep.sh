#!/bin/sh
# What sweeps cost, as ratios of processor time taken in turn (best of three), bytes and memory: docs/scale.md.
#
#     sweep.sh BUILD       exit code 1: a ratio is past its limit. The clock's row has none: it is for idle machines
set -eu
build=$(realpath "$1")
program=$build/picojoule
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/picojoule-sweep.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here"/models/*.onnx .
over=0

# FILE COMMAND...: adds its processor time, that of all children, and the most memory of one (KiB)
measure()
{
    to=$1
    shift
    command time -a -o "$to" -f '%U %S %M' "$@" >/dev/null 2>&1 || { echo "failed: $*" >&2; exit 2; }
}
least() { awk '{t = ($1 + $2) * 1000; if (NR == 1 || t < least) least = t} END {print least + 0.001}' "$1"; }
most() { awk '{if ($3 > most) most = $3} END {print most}' "$1"; }

# TITLE A B LIMIT PER: A / B / PER must not be above LIMIT (or below, where LIMIT begins with >)
row()
{
    awk -v title="$1" -v a="$2" -v b="$3" -v limit="$4" -v per="${5:-1}" 'BEGIN {
        ratio = a / b / per
        least = limit ~ /^>/
        sub(/^>/, "", limit)
        bad = limit != "" && (least ? ratio < limit : ratio > limit)
        printf "%-66s %9.1f / %9.1f = %8.3f%s%s\n", title, a, b, ratio, limit == "" ? "" : (least ? ", at least " : ", at most ") limit,
            bad ? "  OVER" : ""
        exit bad
    }' || over=1
}

spec() { printf '{"schema": "picojoule.sweep-spec/1", "chunk": %s, "blocks": [{"models": %s, %s}]}\n' "$2" "$3" "$4" >"$1.json"; }

axes='"table": ["horowitz-45nm", "horowitz-mac", "jouppi-7nm"], "quantize": [null, "fp16", "int8", "w4a8", "int4"],
    "sram_min": ["0", "16KiB", "64KiB", "256KiB", "1MiB"], "weights_on": ["dram", "sram"]'
spec many 10000 '["resnet8.onnx", "kws_dscnn.onnx", "vww_mobilenet.onnx", "encoder.onnx"]' "$axes, \"runs\": [1, 2, 3, 4, 5, 6, 7, 8, 9]"
spec shards 1000 '["resnet8.onnx", "kws_dscnn.onnx", "vww_mobilenet.onnx", "encoder.onnx"]' "$axes, \"runs\": [$(seq -s, 1 64)]"
spec large 10000 '"resnet8.onnx"' "$axes, \"activations_on\": [\"dram\", \"sram\"], \"runs\": [$(seq -s, 1 128)]"
spec small 10000 '"resnet8.onnx"' "$axes, \"activations_on\": [\"dram\", \"sram\"], \"runs\": [1]"
spec layers 10000 '"resnet8.onnx"' "$axes"

cat >cold.sh <<'END2'
for i in 1 2 3 4 5 6 7 8 9 10; do
    for model in resnet8 kws_dscnn vww_mobilenet encoder; do
        "$1" analyze $model.onnx --quantize int8 --weights-on sram --format csv >/dev/null
    done
done
END2
cat >four.sh <<'END2'
for i in 0 1 2 3; do "$1" sweep shards.json -o four --jobs 1 --shard $i/4; done
END2
for _ in 1 2 3; do
    rm -rf one four whole big few
    measure t.cold sh cold.sh "$program"
    measure t.one "$program" sweep many.json -o one --jobs 1
    measure t.whole "$program" sweep shards.json -o whole --jobs 1
    measure t.four sh four.sh "$program"
    measure t.again "$program" sweep shards.json -o whole --jobs 1
    measure t.big "$program" sweep large.json -o big --jobs 1
    measure t.few "$program" sweep small.json -o few --jobs 1
done
points=$(sed -n 's/.* written (\([0-9]*\) points).*/\1/p' <<END2
$("$program" sweep many.json -o one2 --jobs 1 2>&1)
END2
)
echo "Processor time (ms), memory (KiB), bytes"
row "40 points, a process each / the same in one process" "$(least t.cold)" "$(least t.one)" ">50" "$(awk "BEGIN {print 40 / $points}")"
row "four shards / one" "$(least t.four)" "$(least t.whole)" 1.2
row "a complete folder once more / the first time" "$(least t.again)" "$(least t.whole)" 0.03
row "memory: 19200 points / 300 of one model" "$(most t.big)" "$(most t.few)" 1.5
"$program" sweep layers.json -o wide --jobs 1 --layers 2>/dev/null
"$program" analyze resnet8.onnx --format csv >layers.csv
row "bytes of a row of layers: Parquet / CSV" "$(awk -v b="$(cat wide/layers/*.parquet | wc -c)" -v r="$(wc -l <layers.csv)" 'BEGIN {print b / 150 / (r - 1)}')" \
    "$(awk -v b="$(wc -c <layers.csv)" -v r="$(wc -l <layers.csv)" 'BEGIN {print b / r}')" 0.05
exit $over
