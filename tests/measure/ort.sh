#!/bin/sh
# ort.sh PROGRAM MODELS TREES WORK: profiles that ONNX Runtime makes here, matched and merged, at each level of what it
# changes in a graph; joules from a fake counter that moves while the model runs. Installs the runtime in WORK by npm,
# where it is not there already; skipped (77) where that cannot be.
set -u
here=$(cd "$(dirname "$0")" && pwd)
program=$1
models=$2
trees=$3
. "$here/../runtime/get.sh"
runtime_in "$4"
[ -n "$runtime" ] || {
    echo "skipped: $why_not; no profile of ONNX Runtime was made"
    exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail()
{
    echo "FAILED: $*"
    failed=1
}

# Every kernel's time is there, every layer with work is carried, none twice; coverage is what the level leaves.
for model in resnet8 kws_dscnn kws_dscnn_int8 encoder; do
    dims=
    [ $model = encoder ] && dims='--dim batch=1 --dim sequence=16'
    for level in disabled basic extended all; do
        "$program" layers "$models/$model.onnx" $dims --run --runs 5 --warmup 1 --optimize $level --runtime "$runtime" --sysfs none \
            --nvml-library none.so --json -o $model.json --keep-trace $model.$level.trace 2>err ||
            { fail "$model $level: $(cat err)"; continue; }
        grep -q '"runs": 5,' $model.json || fail "$model $level: runs"
        grep -q '"unassigned": \[\]' $model.json || fail "$model $level: $(grep unassigned $model.json | cut -c1-300)"
        sed -n 's/.*"layers": \[\([^]]*\)\].*/\1/p' $model.json | tr ',' '\n' | sed 's/^ //' | grep -v '^$' | sort | uniq -d >twice
        [ -s twice ] && fail "$model $level: carried twice: $(head -3 twice)"
        case $level in
        disabled | basic) grep -q low_coverage $model.json && fail "$model $level: $(grep -o '"coverage": [0-9.]*' $model.json)" ;;
        esac
        grep -q '"joules_per_run": null' $model.json || fail "$model $level: joules from nowhere"
        # the same from the file that was kept
        "$program" layers "$models/$model.onnx" $dims --trace $model.$level.trace --json -o again.json 2>err ||
            fail "$model $level, kept: $(cat err)"
        [ "$(grep -c '"anchor"' again.json)" = "$(grep -c '"anchor"' $model.json)" ] || fail "$model $level: the kept profile"
    done
done

# Joules of a counter that moves meanwhile, in the runs without profiling. They take longer than many of its steps on any
# machine; it is written in place (1<>), as a file that is emptied first can be read while it is empty.
mkdir tree
tar -xf "$trees" -C tree laptop
chmod -R u+w tree
energy=tree/laptop/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/energy_uj
echo 100000000 >$energy
touch moving
(
    at=100000000
    while [ -e moving ]; do
        at=$((at + 100000))
        echo $at 1<>$energy
        sleep 0.01
    done
) &
"$program" layers "$models/resnet8.onnx" --run --runs 3000 --runtime "$runtime" --sources rapl --sysfs tree/laptop/sys --json \
    -o joules.json 2>err || fail "joules: $(cat err)"
rm moving
wait
grep -q '"mode": "time-shared"' joules.json || fail "joules: $(grep -e '"mode"' -e remark -e counters joules.json)"
grep -q '"joules_per_run": [0-9.e-]*,' joules.json || fail "joules: $(grep joules_per_run joules.json)"
grep -q '"measured_over_estimated": [0-9]' joules.json || fail "joules: no ratio"

[ $failed = 0 ] && echo "profiles of $runtime are matched and merged"
exit $failed
