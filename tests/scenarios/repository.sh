#!/bin/sh
# Plays the life of a repository that keeps energy budgets: first budget, change by change, baseline, CI.
#
#     repository.sh PROGRAM
set -u
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
step=

wrong() {
    echo "$step: $1"
    sed 's/^/    /' "$work/out"
    failed=1
}

# expect EXIT COMMAND...: all that it prints is in out
expect() {
    code=$1
    shift
    "$@" >"$work/out" 2>&1
    got=$?
    [ "$got" -eq "$code" ] || wrong "exit code $got, not $code: $*"
}

has() {
    grep -qF -e "$1" "$work/out" || wrong "lacks: $1"
}

lacks() {
    ! grep -qF -e "$1" "$work/out" || wrong "has: $1"
}

# On one line each, whatever its length.
check() {
    picojoule check --width 1000 "$@"
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
expect 0 check --update-baseline

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
has "\`picojoule check --update-baseline\` keeps it so"

step="baseline refreshed"
expect 0 check --update-baseline
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
expect 5 sh -c 'ulimit -f 1; trap "" XFSZ; picojoule check --update-baseline'
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
for name in PICOJOULE PICOJOULE_BUDGET PICOJOULE_JUNIT PICOJOULE_SARIF; do
    grep -q "^ *$name: " "$root/action.yml" || wrong "action.yml lacks $name"
done
[ -n "$(script_of 'Build picojoule')" ] && [ -x "$root/dev" ] || wrong "nothing to build with"

step="GitLab: the line of its script"
line=$(sed -n '/^  script:/,/^  artifacts:/s/^    - //p' "$root/ci/gitlab-ci.yml")
mkdir -p "$work/opt/build/release" && cp -r "$root/ci" "$work/opt" && ln -s "$program" "$work/opt/build/release/picojoule"
plan int4 int8
expect 0 env PICOJOULE_BUDGET=picojoule.json PICOJOULE_JUNIT=gitlab.xml \
    sh -e -c "$(printf '%s' "$line" | sed "s|/opt/picojoule|$work/opt|g")"
[ -f gitlab.xml ] || wrong "no JUnit file"

step="pre-commit: the entry of its hook"
entry=$(sed -n 's/^  entry: //p' "$root/.pre-commit-hooks.yaml")
expect 0 "$root/$entry"
has "all keep their budgets"
step="outputs never replace what is read"
cp "$root/models/kws_dscnn.onnx" "$work/net.onnx"
ln "$work/net.onnx" "$work/other.onnx"
cp "$root/energy_tables/horowitz-45nm.json" "$work/own.json"
for output in "-o $work/net.onnx" "-o $work/other.onnx" "--record $work/net.onnx" "-o $work/own.json"; do
    expect 2 "$program" analyze "$work/net.onnx" --table "$work/own.json" $output
    has "would overwrite"
done
expect 2 "$program" check "$work/own.json" --report "junit=$work/own.json"
has "would overwrite"
cmp -s "$work/net.onnx" "$root/models/kws_dscnn.onnx" || wrong "the model was changed"
cmp -s "$work/own.json" "$root/energy_tables/horowitz-45nm.json" || wrong "the table was changed"
expect 0 "$program" analyze "$work/net.onnx" -o "$work/new.txt"
expect 0 "$program" analyze "$work/net.onnx" -o "$work/new.txt" # an older report is no input

exit $failed
