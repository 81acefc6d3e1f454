#!/bin/sh
# run.sh PROGRAM TREES FAKE_NVML: `measure` from end to end, with the program itself, on folders that look like sysfs and
# a library that looks like NVIDIA's. Nothing here needs a counter, and nothing was measured by one.
set -u
program=$1
trees=$2
fake_nvml=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

fail()
{
    echo "FAILED: $*"
    failed=1
}

# fresh TREE: a copy in $sys, its package in $energy
fresh()
{
    rm -rf tree
    mkdir tree
    tar -xf "$trees" -C tree "$1"
    chmod -R u+w tree
    sys=tree/$1/sys
    energy=$sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/energy_uj
}

# measure NAME OPTION...: JSON into out.json, standard error into err
measure()
{
    "$program" measure --json -o out.json "$@" >out.txt 2>err
}

# member NAME VALUE: out.json has this line
member()
{
    grep -qF "\"$1\": $2" out.json || fail "$label: $1 is not $2: $(grep "\"$1\":" out.json | head -1)"
}

code()
{
    [ "$1" = "$2" ] || fail "$label: exit code $1, not $2: $(head -3 err)"
}

label="joules of a command that moves the counter, and its exit code"
fresh laptop
measure --sysfs $sys -- sh -c "echo 121350000 >$energy; exit 7"
code $? 7
member joules 21.35
member exit_code 7
member kind '"measured"'

label="wrap of a counter, two sockets"
fresh server-2s
measure --sysfs $sys -- sh -c "echo 299671150 >$energy"
code $? 0
grep -q '"name": "package-0", "part": "cpu", "joules": 300, .*"wraps": 1,' out.json || fail "$label: $(cat err)"
member joules 300

label="footprint and rate take the report"
fresh laptop
measure --sysfs $sys --queries 100 -- sh -c "echo 136000000 >$energy"
"$program" footprint out.json --region DEU --json >foot.json 2>err || fail "$label: $(cat err)"
grep -qF '"energy_j_per_query": 0.36' foot.json || fail "$label: $(grep joules foot.json | head -2)"
grep -qF 'measured-package' foot.json || fail "$label: boundary"
"$program" rate out.json >/dev/null 2>err || fail "$label, rate: $(cat err)"

label="no source"
mkdir -p empty
measure --sysfs empty --nvml-library none.so -- true
code $? 125
grep -q 'measure --list' err || fail "$label: the message does not say what to type"
[ ! -e out2.json ] || fail "$label"

label="usage"
for wrong in "--nonsense" "--interval 0s" "--sources raql" "--until-ci 2"; do
    "$program" measure $wrong -- true 2>err
    code $? 125
done
"$program" measure 2>err
code $? 125
"$program" measure --json -- true 2>err
code $? 125

label="commands that cannot be run"
fresh laptop
measure --sysfs $sys -- ./there-is-none
code $? 127
measure --sysfs $sys -- "$work"
code $? 126

label="a command that is killed"
measure --sysfs $sys -- sh -c 'kill -9 $$'
code $? 137
member exit_code 137

label="SIGTERM goes on to the command, and the report is written"
fresh laptop
rm -f out.json
"$program" measure --sysfs $sys --json -o out.json -- sh -c "trap 'echo 101000000 >$energy; exit 3' TERM
    echo ready; while :; do sleep 0.05; done" >ready 2>err &
pid=$!
tries=0
while ! grep -q ready ready 2>/dev/null && [ $tries -lt 100 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
kill -TERM $pid
wait $pid
code $? 3
member joules 1

label="the counter of a virtual machine stands still"
fresh vm-zero
measure --sysfs $sys -- sleep 0.7
code $? 0
grep -qF '"joules": null' out.json || fail "$label: a figure"
grep -q counter_stands_still out.json || fail "$label: no diagnostic"

label="a counter that vanishes is no energy"
fresh laptop
measure --sysfs $sys -- sh -c "echo nothing >$energy; sleep 0.7"
code $? 0
grep -q unreadable_counter out.json || fail "$label: no diagnostic"
grep -q '"joules": -' out.json && fail "$label: a negative energy"

label="a folder where a counter should be"
fresh laptop
rm $energy && mkdir $energy
measure --sysfs $sys --list
"$program" measure --sysfs $sys --list >list.txt
grep -q 'package-0 .*not read: Is a directory' list.txt || fail "$label: $(cat list.txt)"

label="whoever may not read a counter is told the least that opens it"
fresh laptop
if [ "$(id -u)" != 0 ]; then
    chmod 0 $energy
    "$program" measure --sysfs $sys --list >list.txt
    grep -q 'chgrp' list.txt || fail "$label: $(cat list.txt)"
fi

label="repetitions, warm-up, queries from the output, which passes through"
fresh laptop
# the runs take 50 (warm-up), 1, 2, 3 J
cat >step.sh <<'EOF'
n=$(cat n 2>/dev/null || echo 0)
echo $((n + 1)) >n
at=$(cat "$1")
case $n in 0) more=50 ;; *) more=$n ;; esac
echo $((at + more * 1000000)) >"$1"
echo "queries: 20"
EOF
measure --sysfs $sys --warmup 1 --repeat 3 --queries-from 'queries: ([0-9]+)' -- sh step.sh $energy
code $? 0
member joules 2
member sd 1
member queries 20
member joules_per_query 0.1
[ "$(grep -c queries out.txt)" = 4 ] || fail "$label: output does not pass through"
[ "$(grep -c '"joules": .*"covered_s"' out.json)" -ge 4 ] || fail "$label: four runs"

label="until the interval is narrow"
fresh laptop
cat >same.sh <<'EOF'
echo $(($(cat "$1") + 1000000)) >"$1"
EOF
measure --sysfs $sys --until-ci 2% -- sh same.sh $energy
code $? 0
grep -c '"cpu_s"' out.json | grep -qx 5 || fail "$label: $(grep -c '"cpu_s"' out.json) runs"

label="a command that fails stops the repetition"
fresh laptop
cat >third.sh <<'EOF'
n=$(cat third 2>/dev/null || echo 0)
echo $((n + 1)) >third
echo $(($(cat "$1") + 1000000)) >"$1"
[ $n -lt 2 ] || exit 9
EOF
measure --sysfs $sys --repeat 5 -- sh third.sh $energy
code $? 9
member joules 1
[ "$(sed -n '/"repetitions"/,/]/p' out.json | grep -c cpu_s)" = 2 ] || fail "$label: the failed run counts"

label="above idle, below idle"
fresh laptop
measure --sysfs $sys --idle 1 -- sh -c "echo 136000000 >$energy; sleep 0.5"
grep -q '"above_idle_joules": 3[0-9.]*,' out.json || fail "$label: $(grep above out.json)"
measure --sysfs $sys --idle 1000 -- sh -c "echo 137000000 >$energy; sleep 0.5"
member above_idle_joules 0
grep -q below_idle out.json || fail "$label: no diagnostic"

label="a baseline that is saved and used"
fresh laptop
touch rising
(at=100000000; while [ -e rising ]; do at=$((at + 100000)); echo $at >$energy; sleep 0.05; done) &
"$program" measure --sysfs $sys --duration 1s --save-idle idle.json 2>err
code $? 0
rm rising
wait
measure --sysfs $sys --idle idle.json -- sh -c "echo 200000000 >$energy"
grep -q '"idle": {"watts": [0-9.]*, "seconds": [0-9.]*, "source": "idle.json"}' out.json || fail "$label: $(grep '"idle"' out.json)"

label="GPUs by their library: a counter, and power where there is none"
fresh laptop
cat >gpus <<'EOF'
devices 2
init 0
gpu 0 name "NVIDIA A100-SXM4-80GB" energy_mj 1000000 power_mw 60000 energy_rc 0 power_rc 0
gpu 1 name "Quadro P400" energy_mj 0 power_mw 30000 energy_rc 3 power_rc 0
EOF
FAKE_NVML=$work/gpus measure --sources nvml --nvml-library "$fake_nvml" -- sh -c 'sed s/1000000/1250500/ gpus >g; cat g >gpus; sleep 0.5'
code $? 0
grep -q '"name": "GPU 0", "part": "gpu", "joules": 250.5,' out.json || fail "$label: $(grep GPU out.json)"
grep -q '"name": "GPU 1", "part": "gpu", "joules": [0-9.]*, "watts_mean": \(30\|29\.99\|30\.00\)' out.json || fail "$label: $(grep GPU out.json)"
grep -q 'A100' out.json || fail "$label: the model's name"
CUDA_VISIBLE_DEVICES=1 FAKE_NVML=$work/gpus measure --sources nvml --nvml-library "$fake_nvml" -- true
grep -q '"name": "GPU 0"' out.json && fail "$label: CUDA_VISIBLE_DEVICES"
echo 'init 9' >gpus
FAKE_NVML=$work/gpus "$program" measure --sources nvml --nvml-library "$fake_nvml" --list >list.txt
grep -q 'Driver Not Loaded' list.txt || fail "$label: $(cat list.txt)"

label="a meter at the plug counts alone"
fresh laptop
measure --sysfs $sys --meter 'while :; do echo 50.0; sleep 0.02; done' -- sleep 0.5
code $? 0
grep -q '"source": "meter", .*"watts_mean": \(50\|49\.99\|50\.00\).*"added": true' out.json || fail "$label: $(grep meter out.json)"
grep -q '"name": "package-0", .*"added": false' out.json || fail "$label: the package is added, too"

label="a board that holds its rails"
fresh jetson
measure --sysfs $sys -- sleep 0.5
grep -q '"name": "VDD_IN", .*"watts_mean": 11\.[34]' out.json || fail "$label: $(grep VDD out.json)"

label="estimates only when asked for, and named so"
measure --sysfs empty --nvml-library none.so --estimate --tdp 100 -- sleep 0.2
code $? 0
member kind '"estimate"'
grep -q '"code": "estimate"' out.json || fail "$label"
"$program" measure --sysfs empty --nvml-library none.so --estimate -- true 2>err
grep -q 'ESTIMATE, not measured' err || fail "$label: $(cat err)"
"$program" footprint out.json --json 2>/dev/null | grep -q '"boundary": "estimate"' || fail "$label: the boundary"

# Two sockets of 155 W that idle: 2 * 155 * 0.1 (footprint_data/tdp.json; docs/measure.md).
label="processors by their name"
mkdir -p proc && echo 'cpu 1 1 1 1 1 1 1 1' >proc/stat
cpuinfo() {
    for id in 0 1; do
        printf 'processor\t: %s\nmodel name\t: %s\nphysical id\t: %s\nflags\t\t: fpu %s\n' $id "$1" $id "$2"
    done >proc/cpuinfo
    measure --sysfs empty --procfs proc --nvml-library none.so --estimate -- sleep 0.1
}
cpuinfo 'AMD EPYC 7302 16-Core Processor' vme
grep -q '"watts_mean": 31[,.]' out.json && grep -q '2 x AMD EPYC 7302: 155 W each' out.json || fail "$label: $(cat out.json)"
cpuinfo 'Intel(R) Xeon(R) CPU E5-2696 v4 @ 2.20GHz' vme
grep -q '2 x Intel Xeon E5-2696 v4: ' out.json || fail "$label: $(cat out.json)"
cpuinfo 'AMD EPYC 7302 16-Core Processor' hypervisor
grep -q '"watts_mean": 0\.8' out.json && grep -q 'a virtual machine has a part' out.json || fail "$label: $(cat out.json)"
cpuinfo 'AMD EPYC 730' vme # no row is taken for its neighbour
grep -q 'the TDP of this processor is not known: 4 W a core' out.json || fail "$label: $(cat out.json)"

label="emissions.csv: a header once, another file is kept"
fresh laptop
echo 'a,b' >emissions.csv
for i in 1 2; do
    measure --sysfs $sys --emissions-csv emissions.csv --region DEU --pue 1.2 -- sh -c "echo $((i * 36))000000 >$energy"
done
[ "$(wc -l <emissions.csv)" = 3 ] || fail "$label: $(wc -l <emissions.csv) lines"
[ "$(cat emissions.csv.bak)" = 'a,b' ] || fail "$label: the other file is lost"
head -1 emissions.csv | grep -q '^timestamp,project_name,run_id,.*,pue,wue$' || fail "$label: header"
"$program" footprint emissions.csv --queries-per-run 1 --json >foot.json 2>err || fail "$label: $(cat err)"

label="a result of the ML Energy Score, which footprint takes"
fresh laptop
measure --sysfs $sys --results results --model-name resnet8 --task image-classification --hardware CPU --queries 100 \
    --region DEU --pue 1.2 -- sh -c "echo 460000000 >$energy"
result=$(ls results/image-classification/CPU/resnet8_*.json)
grep -q '"energy_kwh": 0.00011999999999999999\|"energy_kwh": 0.00012' "$result" || fail "$label: $(cat "$result")"
"$program" footprint "$result" --json 2>err | grep -q '"energy_j_per_query": 3\.[56]' || fail "$label: $(cat err)"

label="samples as CSV"
fresh laptop
measure --sysfs $sys --power-log power.csv -- sh -c "sleep 0.25; echo 101000000 >$energy"
head -1 power.csv | grep -qx 'time_s,source,domain,added,joules,watts' || fail "$label: header"
grep -q 'rapl,"package-0",yes,101,' power.csv || fail "$label: $(tail -3 power.csv)"

label="a point of a training run with measured energy"
fresh laptop
measure --sysfs $sys --queries 100 -- sh -c "echo 136000000 >$energy"
"$program" pareto add run.db --quality 3.5 --measured out.json 2>err || fail "$label: $(cat err)"
"$program" pareto show run.db --json | grep -q '"energy_pj": 360000000000' || fail "$label: $("$program" pareto show run.db --json)"
"$program" pareto show run.db --json | grep -q 'measured-package' || fail "$label: the basis"
measure --sysfs empty --nvml-library none.so --estimate -- true
"$program" pareto add run.db --quality 3.5 --measured out.json 2>err
code $? 3

label="a table that is calibrated meets the measured energy"
ort=$root/tests/conformance/measure/ort
"$program" layers "$root/models/resnet8.onnx" --trace "$ort/resnet8.disabled.t1.json" --joules-per-run 22mJ \
    --calibrate my.json --fit-rows rows.csv --host board >/dev/null 2>err || fail "$label: $(cat err)"
"$program" analyze "$root/models/resnet8.onnx" --table my.json --json | grep -q '"total": 2[12][0-9.]*e+10\|"total": 2199999999\|"total": 22000000000' ||
    fail "$label: $("$program" analyze "$root/models/resnet8.onnx" --table my.json --json | grep total)"
"$program" tables my.json >tables.txt || fail "$label: the table is not valid"
grep -q 'measured' tables.txt || fail "$label: confidence"
"$program" devices --fit rows.csv -o board.json 2>err || fail "$label: $(cat err)"
"$program" analyze "$root/models/resnet8.onnx" --device board.json >/dev/null 2>err || fail "$label: $(cat err)"

label="prefixes of a model, and what they come to"
mkdir cuts
"$program" layers "$root/models/resnet8.onnx" --write-prefixes cuts --at /stem/Conv --at /stack3/conv2/Conv 2>err ||
    fail "$label: $(cat err)"
[ "$(ls cuts | tr '\n' ' ')" = "prefix_001.onnx prefix_002.onnx prefix_003.onnx prefixes.csv " ] || fail "$label: $(ls cuts)"
"$program" analyze cuts/prefix_001.onnx --json | grep -q '"total": 16032806.588' || fail "$label: the first layer's energy"
whole=$("$program" analyze "$root/models/resnet8.onnx" --json | grep '"energy_pj"' | head -1)
[ "$("$program" analyze cuts/prefix_003.onnx --json | grep '"energy_pj"' | head -1)" = "$whole" ] || fail "$label: the last is not the whole"
"$program" layers "$root/models/resnet8.onnx" --write-prefixes cuts --at /none 2>err
code $? 3
# 2, 10, 9 J a query, each 10 runs of 10 queries with 1 J of deviation: 2, 8, -1 J; sqrt(0.01 / 10), sqrt(0.02 / 10)
for i in 1:20 2:100 3:90; do
    echo "{\"queries\": 10, \"repetitions\": [1,2,3,4,5,6,7,8,9,10], \"result\": {\"joules\": ${i#*:}, \"sd\": 1}}" >cuts/prefix_00${i%:*}.json
done
"$program" layers "$root/models/resnet8.onnx" --increments cuts --format csv >cuts.csv 2>err || fail "$label: $(cat err)"
grep -q '^/stem/Conv,2,2,0.0316' cuts.csv && grep -q '^/stack3/conv2/Conv,10,8,0.0447' cuts.csv &&
    grep -q '^/Softmax,9,-1,0.0447.*,true,true' cuts.csv || fail "$label: $(cat cuts.csv)"
rm cuts/prefix_002.json
"$program" layers "$root/models/resnet8.onnx" --increments cuts 2>err
code $? 3

label="what a command leaves behind"
fresh laptop
measure --sysfs $sys -- sh -c 'sleep 2 & exit 0' </dev/null
grep -q left_behind out.json || fail "$label: no diagnostic"

label="reports follow their schemas"
if [ -n "${CHECK_SCHEMA:-}" ]; then
    fresh server-2s
    measure --sysfs $sys --attribute command --repeat 2 -- sh -c "echo \$((\$(cat $energy) + 5000000)) >$energy"
    "$CHECK_SCHEMA" "$root/docs/measurement.schema.json" out.json || fail "$label: measurement"
    echo '{"queries": 10, "repetitions": [1,2], "result": {"joules": 5, "sd": 1}}' >cuts/prefix_002.json
    sed -i 's/\[1,2,3,4,5,6,7,8,9,10\]/[1,2]/' cuts/prefix_001.json cuts/prefix_003.json
    "$program" layers "$root/models/resnet8.onnx" --increments cuts --json -o increments.json
    "$CHECK_SCHEMA" "$root/docs/increments.schema.json" increments.json || fail "$label: increments"
    "$program" measure --sysfs $sys --list --json >list.json
    "$CHECK_SCHEMA" "$root/docs/sources.schema.json" list.json || fail "$label: sources"
    "$program" layers "$root/models/resnet8.onnx" --trace "$root/tests/conformance/measure/ort/resnet8.all.t1.json" --json -o layers.json
    "$CHECK_SCHEMA" "$root/docs/layers.schema.json" layers.json || fail "$label: layers"
fi

[ $failed = 0 ] && echo "measure works from end to end on fakes"
exit $failed
