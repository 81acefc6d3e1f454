#!/bin/sh
# Runs cases of the command line and compares what they print.
#
#     run.sh PROGRAM [CASE...]        all cases without names; PJ_UPDATE_GOLDEN=1 rewrites what they expect
#
# A case is a folder here with a file `cmd`; files/ holds what several cases read.
#     cmd            shell lines; `picojoule` is PROGRAM, models/ and cases/ (these folders) are in the current folder,
#                    which is empty otherwise
#     stdout.exact   what must come out; stdout.part: lines that must occur; neither: nothing may come out
#     stderr.exact   likewise
#     exit           the exit code; without it 0
set -u
here=$(cd "$(dirname "$0")" && pwd)
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
ran=0

# compare CASE NAME ACTUAL: 0 when ACTUAL is what the case expects
compare() {
    if [ -e "$here/$1/$2.part" ]; then
        while IFS= read -r line; do
            grep -qF -e "$line" "$3" || {
                echo "$1: $2 lacks: $line"
                sed 's/^/    /' "$3"
                return 1
            }
        done <"$here/$1/$2.part"
        return 0
    fi
    expected=$here/$1/$2.exact
    if [ -n "${PJ_UPDATE_GOLDEN:-}" ]; then
        rm -f "$expected"
        [ ! -s "$3" ] || cp "$3" "$expected"
    fi
    [ -e "$expected" ] || expected=/dev/null
    cmp -s "$expected" "$3" || {
        echo "$1: $2 differs (< expected, > actual)"
        diff "$expected" "$3"
        return 1
    }
}

run_case() {
    mkdir "$work/in" "$work/bin" && ln -s "$program" "$work/bin/picojoule"
    ln -s "$here/../../models" "$work/in/models"
    ln -s "$here" "$work/in/cases"
    (
        cd "$work/in" || exit 99
        unset COLUMNS PICOJOULE_TABLE PICOJOULE_DIM PICOJOULE_FORMAT NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE LC_ALL LANG
        PATH=$work/bin:$PATH sh "$here/$1/cmd"
    ) >"$work/stdout" 2>"$work/stderr" </dev/null
    code=$?
    if [ -n "${PJ_UPDATE_GOLDEN:-}" ]; then
        rm -f "$here/$1/exit"
        [ "$code" -eq 0 ] || echo "$code" >"$here/$1/exit"
    fi
    expected_code=0
    [ ! -e "$here/$1/exit" ] || expected_code=$(cat "$here/$1/exit")
    ok=0
    compare "$1" stdout "$work/stdout" || ok=1
    compare "$1" stderr "$work/stderr" || ok=1
    [ "$code" -eq "$expected_code" ] || {
        echo "$1: exit code $code, expected $expected_code"
        ok=1
    }
    rm -rf "$work/in" "$work/bin"
    return $ok
}

[ $# -gt 0 ] || set -- $(cd "$here" && ls -d */cmd | sed 's|/cmd$||')
for name; do
    ran=$((ran + 1))
    run_case "$name" || failed=$((failed + 1))
done
echo "$ran cases, $failed failed"
[ "$failed" -eq 0 ]
