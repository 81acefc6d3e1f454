# get.sh: to be read by scripts that need ONNX Runtime. `runtime_in WORK` sets `runtime` to a library, or leaves it empty
# and says in `why_not` why there is none.
#
# PICOJOULE_TEST_ORT names one that is there; else npm's package is installed in WORK once, unless NODE_PATH has it. It
# lies where tests/apply/table.sh puts it, too.
runtime_in()
{
    runtime=${PICOJOULE_TEST_ORT:-}
    [ -z "$runtime" ] || return 0
    case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *)
        why_not="no ONNX Runtime for $(uname -m) is known"
        return 0
        ;;
    esac
    for folder in "${NODE_PATH:-}" "$1/node_modules"; do
        file=$folder/onnxruntime-node/bin/napi-v6/linux/$machine/libonnxruntime.so.1
        [ -e "$file" ] && runtime=$file && return 0
    done
    command -v npm >/dev/null 2>&1 || {
        why_not="no npm to install onnxruntime-node with"
        return 0
    }
    mkdir -p "$1"
    # one at a time: several tests ask at once
    (
        flock 9
        [ -e "$file" ] ||
            (cd "$1" && npm install --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 >npm.log 2>&1)
    ) 9>"$1/npm.lock"
    [ -e "$file" ] && runtime=$file && return 0
    why_not="npm cannot install onnxruntime-node: $(tail -n 1 "$1/npm.log")"
}

# models_in WORK MODELS: sets `models` to a folder of sample models that all have their weights, or to MODELS, and says in
# `lacks` which are without.
models_in()
{
    models=$2
    lacks="vww_mobilenet ad_autoencoder"
    (
        flock 9
        [ -e "$1/models/vww_mobilenet.onnx.data" ] || for python in /usr/bin/python3 python3; do
            mkdir -p "$1/models"
            "$python" "$2/generate.py" --data "$1/models" >"$1/generate.log" 2>&1 && break
        done
    ) 9>"$1/models.lock"
    [ -e "$1/models/vww_mobilenet.onnx.data" ] && models=$1/models && lacks=
    return 0
}
