#!/bin/sh
# Plays the life of a repository that keeps energy budgets: first budget, change by change, baseline, CI.
#
#     repository.sh PROGRAM
. "$(dirname "$0")/expect.sh"

# On one line each, whatever its length.
check() {
    case $* in
    *--format* | *--update*) picojoule check "$@" ;;
    *) picojoule check --width 1000 "$@" ;;
    esac
}

plan() {
    cat >plan.json <<END
{"schema": "picojoule.plan/1", "default": {"weights": "int8", "activations": "int8"},
 "layers": [{"match": "/stack2/conv2/Conv", "weights": "$1", "activations": "$2"}]}
END
}

unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY GITHUB_TOKEN PICOJOULE PICOJOULE_BUDGET PICOJOULE_JUNIT PICOJOULE_SARIF
mkdir "$work/repo" "$work/bin" && cd "$work/repo" || exit 1
ln -s "$program" "$work/bin/picojoule"
PATH=$work/bin:$PATH

step="no budget yet"
mkdir models && cp "$root/models/resnet8.onnx" "$root/models/kws_dscnn.onnx" models
expect 3 check
has "picojoule check --init MODEL"

step="init"
plan int8 int8
expect 0 picojoule check --init models/resnet8.onnx models/kws_dscnn.onnx --baselines baselines
[ -f baselines/resnet8.json ] && [ -f baselines/kws_dscnn.json ] || wrong "no baselines"
sed -i 's|"model": "models/resnet8.onnx",|"model": "models/resnet8.onnx", "plan": "plan.json",|' picojoule.json

step="a plan: other figures than the baseline was made with"
expect 3 check
has "was made with other settings and cannot be compared: plan none, now plan.json"
expect 0 check --update

step="pass"
expect 0 check
has "2 models: all keep their budgets"
lacks "better than the baseline"

step="pass from another folder"
(cd models && expect 0 check ../picojoule.json && exit "$failed") || failed=1

step="regression in one layer"
plan fp32 fp32
expect 1 check
has "1 passed, 1 failed"
has "over the baseline of"
has "Grew most: /stack2/conv2/Conv (Conv)"
has "energy of /stack2/conv2/Conv is"
has "Next: \`picojoule compare baselines/resnet8.json models/resnet8.onnx --plan plan.json\`"
expect 1 picojoule compare baselines/resnet8.json models/resnet8.onnx --plan plan.json --fail-on 'total>1%'
has "/stack2/conv2/Conv"

step="improvement"
plan int4 int8
expect 0 check
has "2 models: all keep their budgets"
has "better than the baseline: total energy is"
has "\`picojoule check --update --only models/resnet8.onnx\` keeps it so"

step="baseline refreshed"
expect 0 check --update
expect 0 check
lacks "better than the baseline"
plan int8 int8
expect 1 check --format json
has '"rule": "layer-baseline"'
plan int4 int8

step="renamed layer"
LC_ALL=C sed 's|/stack3/conv2/Conv|/stack3/last!/Conv|g' models/resnet8.onnx >renamed.onnx
mv renamed.onnx models/resnet8.onnx
expect 0 check
has "compared: 23 layers"
sed 's|"limits": {|"limits": {"layers": [{"match": "/stack3/conv2/Conv", "total": "1J"}],|' picojoule.json >named.json
expect 3 check named.json
has '"/stack3/conv2/Conv" matches no layer of models/resnet8.onnx; did you mean'

step="changed table"
sed 's|"model": "models/kws_dscnn.onnx",|"model": "models/kws_dscnn.onnx", "table": "jouppi-7nm",|' picojoule.json >table.json
expect 3 check table.json
has "baselines/kws_dscnn.json was made with other settings and cannot be compared: table horowitz-45nm, now jouppi-7nm"
has "PASS  models/resnet8.onnx"

step="a killed refresh leaves the old baseline"
cp baselines/resnet8.json before.json
mkdir -p full && cp -r models plan.json picojoule.json full
expect 5 sh -c 'ulimit -f 1; picojoule check --update'
cmp -s before.json baselines/resnet8.json || wrong "the baseline has changed"

step="fork without token: the steps of action.yml"
# takes the script of a step out of the file, by the name of the step
script_of() {
    awk -v name="- name: $1" '
        index($0, name) { inside = 1; next }
        inside && /^ *- name:/ { exit }
        inside && /run: \|/ { run = 1; next }
        run { sub(/^ +/, ""); print }' "$root/action.yml"
}
script_of "Check energy budgets" >step.sh
[ -s step.sh ] || wrong "action.yml has no such step"
: >summary.md
as_action() {
    env -i PATH=/usr/bin:/bin HOME="$work" GITHUB_ACTIONS=true GITHUB_ACTION_PATH="$root" \
        GITHUB_STEP_SUMMARY="$work/repo/summary.md" PICOJOULE="$program" PICOJOULE_BUDGET=picojoule.json \
        PICOJOULE_JUNIT=junit.xml PICOJOULE_SARIF= sh -e step.sh
}
expect 0 as_action
has "2 models: all keep their budgets"
grep -q '^## Energy budget: 2 models: all keep their budgets' summary.md || wrong "no summary"
grep -q '<testsuites ' junit.xml || wrong "no JUnit file"
plan fp32 fp32
expect 1 as_action
has "::error file=picojoule.json,line="
has "/stack2/conv2/Conv"
[ "$(grep -c '^## ' summary.md)" -eq 2 ] || wrong "the summary is not appended"

step="action.yml gives the script what it asks for"
for name in PICOJOULE PICOJOULE_BUDGET PICOJOULE_JUNIT PICOJOULE_SARIF PICOJOULE_AGAINST; do
    grep -q "^ *$name: " "$root/action.yml" || wrong "action.yml lacks $name"
done
[ -n "$(script_of 'Get picojoule')" ] && [ -x "$root/ci/install.sh" ] || wrong "nothing to get the program with"

step="GitLab: the line of its script"
line=$(sed -n '/^  script:/,/^  artifacts:/s/^    - //p' "$root/ci/gitlab-ci.yml")
mkdir -p "$work/opt/build/release" && cp -r "$root/ci" "$work/opt" && ln -s "$program" "$work/opt/build/release/picojoule"
plan int4 int8
expect 0 env PICOJOULE_BUDGET=picojoule.json PICOJOULE_JUNIT=gitlab.xml \
    sh -e -c "$(printf '%s' "$line" | sed "s|/opt/picojoule|$work/opt|g")"
[ -f gitlab.xml ] || wrong "no JUnit file"

step="Jenkins: the line of its stage"
line=$(sed -n "s/^ *sh '\(.*\)'$/\1/p" "$root/ci/Jenkinsfile")
expect 0 env PICOJOULE_HOME="$work/opt" PICOJOULE_GITLAB=quality.json sh -e -c "$line"
[ -f picojoule-junit.xml ] && [ "$(cat quality.json)" = "[]" ] || wrong "no JUnit file, or issues"

step="pre-commit: the entry of its hook"
entry=$(sed -n 's/^  entry: //p' "$root/.pre-commit-hooks.yaml")
expect 0 "$root/$entry"
has "all keep their budgets"
# A refused command leaves every file of the folder as it was.
refuses() {
    expect 2 "$@"
    has "$word"
    cmp -s "$work/net.onnx" "$root/models/kws_dscnn.onnx" || wrong "the model was changed"
    cmp -s "$work/own.json" "$root/energy_tables/horowitz-45nm.json" || wrong "the table was changed"
    [ "$(cat "$work/data.bin")" = "$data" ] || wrong "the data was changed"
}

step="outputs never replace what is read"
word="would overwrite"
cd "$work" || exit 1
cp "$root/models/kws_dscnn.onnx" net.onnx
ln net.onnx other.onnx
ln -s net.onnx link.onnx
mkdir folder
cp "$root/energy_tables/horowitz-45nm.json" own.json
# MatMul of x (1x4) and w (4x4), whose contents are in data.bin
{
    printf '\010\010\072c\012\021\012\001x\012\001w\022\001y\042\006MatMul\022\001g\052\041\010\004\010\004'
    printf '\020\001B\001wj\024\012\010location\022\010data\056binp\001Z\023\012\001x\022\016\012\014\010'
    printf '\001\022\010\012\002\010\001\012\002\010\004b\023\012\001y\022\016\012\014\010\001\022\010\012'
    printf '\002\010\001\012\002\010\004B\002\020\015'
} >data.onnx
data=$(printf '%064d' 7)
printf %s "$data" >data.bin
for output in "-o net.onnx" "-o other.onnx" "-o link.onnx" "-o folder/../net.onnx" "-o $work/net.onnx" \
    "--record net.onnx" "-o own.json" "-o ./own.json"; do
    refuses "$program" analyze net.onnx --table own.json $output
done
for command in "shapes net.onnx" "plan net.onnx --pick knee" "compare net.onnx own.json" "analyze net.onnx --lint" \
    "analyze net.onnx --sweep batch=1,2" "plan net.onnx --emit csv" "history net.onnx" "pareto show net.onnx" \
    "plan other.onnx --calibration link.onnx" "compare own.json --a-plan net.onnx"; do
    refuses "$program" $command -o net.onnx
done
for command in "analyze data.onnx" "analyze data.onnx --lint" "shapes data.onnx" \
    "plan data.onnx --pick knee" "compare net.onnx data.onnx" "compare data.onnx net.onnx"; do
    refuses "$program" $command -o folder/../data.bin
done
refuses "$program" analyze data.onnx --record data.bin
refuses "$program" pareto add net.onnx --quality 1 --energy-from other.onnx
refuses "$program" check own.json --report "junit=own.json"
GITHUB_STEP_SUMMARY=$work/own.json refuses "$program" check own.json --github-summary
word="both write"
refuses "$program" analyze net.onnx --record new.db -o folder/../new.db
[ ! -e new.db ] || wrong "something was written"
expect 0 "$program" analyze net.onnx -o new.txt
expect 0 "$program" analyze net.onnx -o new.txt # an older report is no input
expect 0 "$program" analyze net.onnx --record trend.db -o new.txt
expect 0 "$program" analyze net.onnx --record trend.db -o new.txt # nor is a history that grows

step="outputs never replace what a budget reads"
word="would overwrite"
echo '{"schema": "picojoule.budget/1", "models": [{"model": "net.onnx", "table": "own.json",
  "limits": {"total": "1J"}, "baseline": {"report": "base.json", "tolerance": {"total": "1%"}}}]}' >picojoule.json
expect 0 "$program" check --update
cp base.json kept.json
for output in "-o net.onnx" "-o other.onnx" "--record own.json" "-o base.json" "--report text=own.json" \
    "-o picojoule.json"; do
    refuses "$program" check $output
done
cmp -s base.json kept.json || wrong "the baseline was changed"
for victim in net.onnx other.onnx own.json update.json; do
    sed "s/base.json/$victim/" picojoule.json >update.json
    refuses "$program" check --update update.json
done
echo '{"schema": "picojoule.budget/1", "models": [{"model": "data.onnx", "limits": {"total": "1J"},
  "baseline": {"report": "data.bin", "tolerance": {"total": "1%"}}}]}' >data.json
refuses "$program" check --update data.json
sed "s/data.bin/absent.json/" data.json >other.json
refuses "$program" check other.json --report text=data.bin
ln -sf picojoule.json base.json
refuses "$program" check --update

step="a report equals its own model, whatever the names and sizes"
# Four Relus: of 2^53 + 1 numbers; names are no UTF-8, or would be obeyed; two dimensions that differ in such a byte
{
    printf '\010\010\072\276\001\012\021\012\001x\022\002t\351\032\002b\351\042\004Relu\012\022\012\002t\351'
    printf '\022\002t\350\032\002b\350\042\004Relu\012\036\012\002t\350\022\001y\032\017\075\033\13331m\342'
    printf '\200\256\357\277\276\074\046\042\042\004Relu\022\001gZ\026\012\001x\022\021\012\017\010\001\022'
    printf '\013\012\011\010\201\200\200\200\200\200\200\020b\026\012\001y\022\021\012\017\010\001\022\013'
    printf '\012\011\010\201\200\200\200\200\200\200\020\012\017\012\001u\022\002w\377\032\000\042\004ReluZ'
    printf '\027\012\001u\022\022\012\020\010\001\022\014\012\004\022\002n\377\012\004\022\002n\376b\030\012'
    printf '\002w\377\022\022\012\020\010\001\022\014\012\004\022\002n\377\012\004\022\002n\376B\002\020\015'
} >names.onnx
expect 0 "$program" analyze names.onnx --format json -o names.json
expect 0 "$program" compare names.json names.onnx --format json
has '"same": 4, "changed": 0, "renamed": 0, "added": 0, "removed": 0'
has '9007199254740993'
lacks '9007199254740992"'
expect 0 "$program" analyze names.onnx --dim 'n\xff=2' --dim 'n\xfe=3'
has 'b\xe9'
has 'b\xe8'
for format in text markdown csv; do
    for command in "analyze names.onnx" "shapes names.onnx" "analyze names.onnx --lint" "compare names.json names.onnx"; do
        "$program" $command --format $format >"$work/out" 2>&1 || wrong "fails: $command"
        lacks "$(printf '\033')"
        lacks "$(printf '\342\200\256')"
        lacks "$(printf '\357\277\276')"
    done
done

step="limits of the system"
mkdir small && cd small || exit 1
expect 5 sh -c 'ulimit -f 1; "$1" analyze "$2" --format json -o report.json' - "$program" "$root/models/resnet8.onnx"
has "report.json: cannot be written: File too large"
[ -z "$(ls)" ] || wrong "half a file is left"
expect 5 sh -c 'ulimit -f 1; exec "$1" analyze "$2" --format json 2>message >report' - "$program" \
    "$root/models/resnet8.onnx"
grep -qF "standard output: cannot be written" message || wrong "nothing is told of standard output"
expect 3 sh -c 'yes | "$1" check -' - "$program"
has "standard input: has more than the 67108864 bytes that are accepted here"
# A graph of 2^61 bytes with a tensor that has 2^59, and no end
expect 3 sh -c 'head=$1; { printf "$head"; cat /dev/zero; } | "$2" analyze -' - \
    '\010\010\072\200\200\200\200\200\200\200\200\040\052\200\200\200\200\200\200\200\200\020\010\004\020\001\112\200\200\200\200\200\200\200\200\010' \
    "$program"
has "more than the 4 GiB that are read from a stream"
if ! grep -q __asan_init "$program"; then # which reserves terabytes
    expect 5 "$program" analyze "$root/models/encoder.onnx" --memory-limit 64KiB
    has "not enough memory"
    has "--memory-limit let it take no more than 65536 bytes"
    expect 0 "$program" analyze "$root/models/encoder.onnx" --memory-limit 64MiB
fi
expect 2 "$program" analyze "$root/models/encoder.onnx" --memory-limit 0
has "a size from 1 byte on"

exit $failed
