#!/bin/sh
# Verdicts that are told as they come: the last model is a pipe that gives nothing before those of the others are there.
#
#     stream.sh PROGRAM
. "$(dirname "$0")/expect.sh"

cd "$work" || exit 1
cp "$root/models/resnet8_int8.onnx" a.onnx && cp "$root/models/kws_dscnn.onnx" b.onnx && cp "$root/models/resnet8.onnx" z.onnx
step="a budget that one keeps, one breaks, one cannot be judged by"
expect 0 "$program" check --init a.onnx b.onnx z.onnx -o budget.json
sed -i '/"b.onnx"/,/}/s/"total": "[^"]*"/"total": "1pJ"/' budget.json
sed -i 's|"models": \[|&{"model": "absent.onnx", "limits": {"macs": 1}},|' budget.json

# first_of FORMAT JOBS LINES: so many lines are there before the pipe has given a byte; then all is as without a pipe
first_of() {
    step="$1 with --jobs $2"
    expect 3 "$program" check budget.json --format "$1" --jobs "$2" -o "whole.$1"
    mv z.onnx kept.onnx && mkfifo z.onnx && : >told
    "$program" check budget.json --format "$1" --jobs "$2" >told &
    checker=$!
    tries=0
    while [ "$(wc -l <told)" -lt "$3" ] && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    [ "$(wc -l <told)" -eq "$3" ] || wrong "$(wc -l <told) lines, not $3, are there before the last model is"
    cat kept.onnx >z.onnx
    wait $checker
    [ $? -eq 3 ] || wrong "another exit code than 3"
    rm z.onnx && mv kept.onnx z.onnx
    cmp told "whole.$1" || wrong "other bytes than in one piece"
}
# absent, a, b: the pass of a is no annotation
first_of github 1 2
first_of github 4 2
first_of jsonl 1 3
first_of jsonl 4 3

step="lines are the models of the JSON"
expect 3 "$program" check budget.json --format json -o whole.json
/usr/bin/env python3 - <<'END' || wrong "other objects than in the JSON"
import json
whole = json.load(open("whole.json"))["models"]
lines = [json.loads(line) for line in open("whole.jsonl")]
assert lines == whole and [m["outcome"] for m in lines] == ["error", "passed", "failed", "passed"]
END

step="an output that is an input"
expect 2 "$program" check budget.json --format jsonl -o a.onnx
cmp a.onnx "$root/models/resnet8_int8.onnx" || wrong "an input was written over"

step="a full disk"
if [ -w /dev/full ]; then
    expect 5 "$program" check budget.json --format jsonl -o /dev/full
fi
exit $failed
