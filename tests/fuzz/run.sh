#!/bin/sh
# Fuzzes each target (all, unless some are named) for so many seconds, from its corpus; the targets are those of a build
# with libFuzzer (cmake --preset fuzz). What is found on the way stays in BUILD/fuzzed. Ends with 1 if a target did.
#
#   tests/fuzz/run.sh BUILD SECONDS [TARGET...]
set -eu
build=$(cd "$1" && pwd)
seconds=$2
shift 2
cd "$(dirname "$0")/.."
# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(cd fuzz && echo fuzz_*.c | sed 's/fuzz_//g; s/\.c//g')
failed=0
for target; do
    corpus=fuzz/corpus/$target
    more=
    case $target in
    model | apply) corpus=fuzz/corpus/model more="-dict=fuzz/onnx.dict -max_len=4096" ;; # a larger model is a slower one
    generate) more="-dict=fuzz/onnx.dict" ;;
    esac
    mkdir -p "$build/fuzzed/$target"
    log=$build/fuzzed/$target.log
    told=ok
    # shellcheck disable=SC2086 # a list of options
    "$build/tests/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 $more \
        -artifact_prefix="$build/fuzzed/$target-" "$build/fuzzed/$target" "$corpus" >"$log" 2>&1 || {
        told="FOUND something: $log"
        failed=1
    }
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    printf '%-12s %s s, %s executions, %s a second: %s\n' "$target" "$seconds" "${runs:-?}" "${rate:-?}" "$told"
done
exit $failed
