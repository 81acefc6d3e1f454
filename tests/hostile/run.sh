#!/bin/sh
# run.sh PROGRAM FOLDER [sanitized]: models that were made to break the program, each alone and all of them at once: exit
# code 0, a figure for each, no sanitizer's report, within a minute and 2 GiB; damaged histories end with the sentence
# for it.
set -u
program=${1:?PROGRAM}
folder=${2:?FOLDER of hostile files}
limit=--memory-limit=2GiB
if [ "${3:-}" = sanitized ]; then # the sanitizer takes terabytes of addresses, so it counts what is used
    limit=
    export ASAN_OPTIONS=hard_rss_limit_mb=2048:detect_leaks=1
fi
if [ ! -d "$folder" ]; then
    echo "skipped: no folder $folder: hostile models of others not looked at"
    exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cp "$folder"/* "$work" && chmod -R u+w "$work" && cd "$work" || exit 1
head -c 1048576 /dev/zero >w1m.bin # what same_200.onnx and sparse_64g.onnx say is beside them
truncate -s 2T sparse.bin || rm -f sparse.bin
wrong=0

# ends CODE WORD...: runs the program, and looks at how it ends
ends()
{
    want=$1
    shift
    timeout 60 "$program" "$@" >out 2>err
    code=$?
    if [ "$code" != "$want" ] || grep -q -e 'ERROR: AddressSanitizer' -e 'runtime error' err; then
        wrong=$((wrong + 1))
        echo "$*: exit code $code, not $want: $(head -1 err)"
    fi
}

count=0
for model in *.onnx; do
    count=$((count + 1))
    ends 0 analyze $limit "$model"
    ends 0 analyze $limit --inspect-weights "$model"
    ends 0 analyze $limit --format json -o report.json "$model"
    ends 0 compare report.json "$model"
done
ends 0 analyze $limit *.onnx
for model in *.onnx; do
    grep -q "^$model " out || {
        wrong=$((wrong + 1))
        echo "all at once: no row of $model"
    }
done
for history in *.db; do
    ends 3 history "$history"
    grep -q 'is damaged' err || {
        wrong=$((wrong + 1))
        echo "$history: it is not said that it is damaged: $(head -1 err)"
    }
done
echo "$count models, $wrong otherwise than expected"
[ "$count" -gt 0 ] && [ "$wrong" = 0 ]
