# To be sourced by the tests that ask ONNX Runtime, with `program`, `models` (the folder models/ of the project) and
# `work` set: finds node, python3 with numpy and onnx, and onnxruntime-node, which npm installs in WORK unless NODE_PATH
# names a folder that has it. Models whose weights are in other files are made anew in WORK. Sets `python`, `models`,
# `here`. As root under CI, Debian's packages are installed. What cannot be had is said loudly, and the test is skipped.
here=$(cd "$(dirname "$0")" && pwd)
failed=0
passed=0

skip()
{
    echo "SKIPPED: $1; what ONNX Runtime makes of written models was NOT checked"
    exit 77
}

find_python()
{
    for candidate in /usr/bin/python3 python3; do
        "$candidate" -c 'import numpy, onnx' 2>/dev/null && python=$candidate && return
    done
    python=
}

mkdir -p "$work/samples" "$work/models"
find_python
if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && { [ -z "$python" ] || ! command -v npm >/dev/null 2>&1; }; then
    { apt-get update && apt-get install -y --no-install-recommends python3-numpy python3-onnx nodejs npm; } \
        >"$work/apt.log" 2>&1
    find_python
fi
command -v node >/dev/null 2>&1 || skip "no node to run ONNX Runtime with (apt-get install nodejs npm)"
[ -n "$python" ] ||
    skip "no python3 with numpy and onnx to make samples with (apt-get install python3-numpy python3-onnx)"
if [ -z "${NODE_PATH:-}" ]; then
    [ -d "$work/node_modules/onnxruntime-node" ] ||
        (cd "$work" && npm install --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 >npm.log 2>&1) ||
        skip "npm cannot install onnxruntime-node: $(tail -n 1 "$work/npm.log")"
    export NODE_PATH="$work/node_modules"
fi
[ -e "$work/models/vww_mobilenet.onnx.data" ] ||
    "$python" "$models/generate.py" --data "$work/models" >"$work/generate.log" 2>&1 ||
    skip "the models cannot be made: $(tail -n 1 "$work/generate.log")"
models=$work/models
