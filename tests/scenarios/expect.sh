# What scenarios share: sourced with the program as first argument. `work` is a folder of their own, which is removed in the
# end; they exit with `failed`.
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
