#!/bin/sh
# A repository without stored baselines: its models are compared with those of other commits and folders.
#
#     against.sh PROGRAM
. "$(dirname "$0")/expect.sh"

if ! command -v git >/dev/null; then
    echo "SKIPPED: git is not installed"
    exit 0
fi
unset GIT_DIR GIT_WORK_TREE GITHUB_ACTIONS
mkdir -p "$work/repo/net/models" "$work/bin" "$work/tmp" && cd "$work/repo/net" || exit 1
ln -s "$program" "$work/bin/picojoule"
PATH=$work/bin:$PATH
export TMPDIR="$work/tmp" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q -b main "$work/repo" && git config user.email nobody@example.org && git config user.name nobody
commit() {
    git add -A && git commit -q -m "$1"
}
against() {
    picojoule check --width 1000 --against "$@"
}

step="the first commit"
cp "$root/models/resnet8_int8.onnx" models/a.onnx && cp "$root/models/kws_dscnn.onnx" models/b.onnx
expect 0 picojoule check --init models/a.onnx models/b.onnx
commit first
expect 0 against git:HEAD
has "2 models: all keep their budgets"
has "exactly the baseline of"

step="one model is worse, and its limits have room for that"
sed -i 's/"total": "[0-9.]*uJ"/"total": "1J"/' picojoule.json
commit room
cp "$root/models/resnet8_fp8.onnx" models/a.onnx
expect 0 picojoule check
expect 1 against git:HEAD
has "over the baseline of 57.47 uJ (5.0 % more is allowed)"
has "Grew most: /stack2/conv2/Conv (Conv) 5.287 uJ -> 7.364 uJ"
has "energy of /stack2/conv2/Conv is"
has "PASS  models/b.onnx"
has "Compared with git:HEAD. To accept it: \`picojoule check --update --only models/a.onnx\`, which renews its limits"

step="from another folder, and in each format"
(cd .. && expect 1 against git:HEAD net/picojoule.json && has "1 passed, 1 failed" && exit "$failed") || failed=1
for format in junit sarif github gitlab markdown; do
    expect 1 picojoule check --against git:HEAD --format $format
    has "/stack1/conv2/Conv (Conv) 6.958 uJ -"
done

step="renewed on purpose"
expect 0 picojoule check --update --only models/a.onnx
has "limits.total 1J -> 71.74uJ"
expect 0 against git:HEAD
has "other limits than git:HEAD, so it is not compared"
commit renewed
expect 0 against git:HEAD
has "exactly the baseline of 68.32 uJ"
expect 0 against git:HEAD~1 # whose limits were others, too

step="a new model"
cp "$root/models/ad_autoencoder.onnx" models/c.onnx
expect 0 picojoule check --init models/c.onnx
expect 0 against git:HEAD
has "models/c.onnx: 193.2 uJ, 5 limits are kept; new since git:HEAD"
commit new

step="other number formats in the budget"
sed -i 's/"model": "models\/b.onnx",/"model": "models\/b.onnx", "quantize": "int8",/' picojoule.json
expect 0 against git:HEAD
has "better than the baseline"
commit int8
sed -i 's/"quantize": "int8"/"quantize": "fp16"/' picojoule.json
expect 1 against git:HEAD --only models/b.onnx
has "Other contents than for the baseline: quantize int8, now fp16"
git checkout -q picojoule.json

step="a plan that was another one then"
echo '{"schema": "picojoule.plan/1", "default": {"weights": "int8", "activations": "int8"}, "layers": []}' >plan.json
sed -i 's/"quantize": "int8"/"plan": "plan.json"/' picojoule.json
commit plan
sed -i 's/int8/int16/g' plan.json
expect 1 against git:HEAD --only models/b.onnx
has "Other contents than for the baseline: plan plan.json"
git checkout -q plan.json

step="a folder, a file, a saved report"
mkdir "$work/old" && git show HEAD~4:./models/a.onnx >"$work/old/a.onnx"
expect 0 picojoule analyze models/b.onnx --plan plan.json --format json -o "$work/old/b.json"
expect 1 against "$work/old"
has "\`picojoule compare $work/old/a.onnx models/a.onnx\` shows what changed"
has "PASS  models/b.onnx"
has "models/c.onnx: 193.2 uJ, 5 limits are kept; new since $work/old"
expect 1 against "$work/old/a.onnx" --only models/a.onnx
has "over the baseline of 57.47 uJ"

step="what cannot be compared"
expect 3 against git:none
has "there is no such commit here; a shallow clone has to fetch it first"
expect 3 against nothing
has "--against nothing: No such file or directory"
expect 3 env PATH="$work/bin" picojoule check --against git:HEAD
has "the program git cannot be run"
printf 'no model' >"$work/old/a.onnx"
expect 3 against "$work/old"
has "PASS  models/b.onnx"
has "2 limits cannot be judged"
expect 2 picojoule check --update --against git:HEAD

step="paths of a budget stay in the copy"
mkdir -p "$work/repo/deep" && cd "$work/repo/deep" || exit 1
for path in ../net/models/a.onnx ../../../../../../../../../../../../../../../../tmp/picojoule-escape.onnx; do
    printf '{"schema": "picojoule.budget/1", "models": [{"model": "%s", "limits": {"macs": "1G"}}]}\n' "$path" >b.json
    code=$?
    picojoule check b.json --against git:HEAD >"$work/out" 2>&1
    code=$?
    [ $code -eq 0 ] || [ $code -eq 3 ] || wrong "exit code $code"
done
[ ! -e /tmp/picojoule-escape.onnx ] || wrong "a file outside of the copy"
[ -z "$(ls "$TMPDIR")" ] || wrong "the copy is left"
exit $failed
