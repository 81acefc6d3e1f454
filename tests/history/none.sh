#!/bin/sh
# none.sh PROGRAM: a build without SQLite says that it keeps no history, and writes nothing.
set -u
program=$1
models=$(cd "$(dirname "$0")/../../models" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# refused ARGUMENT...: says so on stderr, and prints nothing
refused()
{
    "$program" "$@" >out 2>err && echo "accepted: $*" && failed=1
    [ ! -s out ] && grep -q 'file.db: a .* is not in this build of picojoule' err || {
        echo "wrong answer: $*"
        cat out err
        failed=1
    }
}
refused history file.db
refused history file.db net
refused pareto show file.db
refused pareto add file.db --quality 1 --energy 3pJ
refused analyze "$models/resnet8.onnx" --record file.db --record-as net --commit c0ffee --branch main
[ ! -e file.db ] || {
    echo "a file was made"
    failed=1
}
exit $failed
