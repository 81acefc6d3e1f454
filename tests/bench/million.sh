#!/bin/sh
# The projection of docs/scale.md, from a run at size:
#
#     million.sh PICOJOULE FOLDER [SHARE]      FOLDER has some 80 models (shared/corpus/models)
#
# Figures are processor times, of one thread. SHARE makes a part of the million points, 1/SHARE of them (default 1).
set -eu
program=$(realpath "$1") zoo=$(realpath "$2") share=${3:-1}
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/picojoule-million.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/zoo"
find "$here/models" "$zoo" -name '*.onnx' -exec ln -s {} "$work/zoo" \;
sizes='"sram": ["16KiB", "64KiB", "128KiB", "256KiB", "512KiB", "1MiB", "2MiB", "4MiB", "8MiB", "16MiB"]'

# NAME AXES: the points of all models, priced by one thread; sets points, seconds, bytes, files
price()
{
    name=$1 axes=$2 shards=$3
    shift 3
    printf '{"schema": "picojoule.sweep-spec/1", "blocks": [{"models": "zoo/*.onnx", %s}]}\n' "$axes" >"$work/$name.json"
    command time -f '%U %S %M' -o "$work/time" \
        "$program" sweep "$work/$name.json" -o "$work/$name" --jobs 1 --shard "0/$shards" "$@" 2>"$work/err"
    points=$(sed -n 's/.* chunks\{0,1\} written (\([0-9]*\) points).*/\1/p' "$work/err")
    bytes=$(find "$work/$name/points" "$work/$name/layers" -type f -printf '%s\n' 2>/dev/null | awk '{s += $1} END {print s}')
    files=$(find "$work/$name/points" -type f | wc -l)
    awk -v name="$name" -v points="$points" -v bytes="$bytes" -v files="$files" '{
        seconds = $1 + $2
        printf "%-10s %8d points: %7.1f s, %6.1f us a point, %6.1f MB of memory, %8.2f MB in %d files\n", name, points, seconds,
            seconds / points * 1e6, $3 / 1024, bytes / 1e6, files
    }' "$work/time"
    errors=$(sed -n "s/.*; \([0-9]*\) error rows.*/\1/p" "$work/err")
    [ "${errors:-0}" -lt $((points / 20)) ] || echo "  of these, $errors are error rows"
    rm -rf "${work:?}/$name"
}

echo "$(find "$work/zoo" -name '*.onnx' | wc -l) models"
formats='"quantize": [null, "int8", "fp16", "w4a8"], "table": ["horowitz-45nm", "jouppi-7nm"]'
price million "$formats, $sizes, \"reuse\": [\"once\", \"fused\", \"resident\"], \"kv_cache\": [null, \"whole\"],
    \"runs\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 50, 70, 100, 200, 300, 500, 1000, 2000, 3000]" "$share"
price fused "\"quantize\": [null, \"int8\"], $sizes, \"reuse\": \"fused\", \"runs\": [1, 2, 3, 4, 5, 6, 7, 8]" 1
price tiled "\"quantize\": [null, \"int8\"], $sizes, \"reuse\": \"tiled\", \"runs\": [1, 2, 3, 4, 5, 6, 7, 8]" 1
price sizes "\"quantize\": [null, \"int8\"], $sizes, \"reuse\": \"tiled\"" 1
price chips "\"quantize\": [null, \"int8\"], \"hierarchy\": [\"horowitz-45nm\", \"tpu-like\", \"edge-tpu-like\", \"edge-npu-gap9-like\"], \"reuse\": \"tiled\"" 1
price layers "\"quantize\": [null, \"int8\", \"fp16\", \"w4a8\"], $sizes, \"reuse\": \"fused\"" 1 --layers
price opened '"reuse": "fused"' 1
