#!/bin/sh
# abi.sh CC INCLUDE GENERATED REFERENCE [--update] : the functions that binding.h promises, with all their types, are as
# REFERENCE has them. Handles are opaque here, as they are for who relies on the promise. --update writes REFERENCE
# anew: for additions, with a larger PJ_ABI; anything else needs another soname. 77: no abidiff here.
set -eu
cc=$1 include=$2 generated=$3 reference=$4
command -v abidiff >/dev/null && command -v abidw >/dev/null && "$cc" --version | grep -qi 'free software' || {
    echo "skipped: no abidiff and abidw, or no GCC"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ---- who is promised: what binding.h declares, and what its first comment names of other headers ----
declared() # FILE...
{
    sed -n 's/^PJ_API .*\<\(pj_[a-z0-9_]*\)(.*/\1/p' "$@" | LC_ALL=C sort
}
declared "$include"/picojoule/*.h >"$work/all"
{
    sed '/\*\//q' "$include/picojoule/binding.h" | grep -o 'pj_[a-z0-9_]*' | LC_ALL=C sort -u | LC_ALL=C comm -12 "$work/all" -
    declared "$include/picojoule/binding.h"
} | LC_ALL=C sort -u >"$work/promised"

# ---- a library of their prototypes ----
for header in "$include"/picojoule/*.h; do
    echo "#include \"picojoule/$(basename "$header")\""
done >"$work/all.c"
"$cc" -std=c11 -I"$include" -I"$generated" -aux-info "$work/info" -fsyntax-only "$work/all.c"
{
    # handles are declared, and the headers that define them left out
    echo '#define PICOJOULE_REPORT_H'
    echo '#define PICOJOULE_SESSION_H'
    echo '#include <stddef.h>'
    echo '#include "picojoule/error.h"'
    echo '#include "picojoule/resource.h"'
    for handle in setup model session result; do
        echo "typedef struct pj_$handle pj_$handle;"
    done
    sed -n '/^typedef .*pj_sink)/p' "$include/picojoule/report.h"
    echo '#include "picojoule/binding.h"'
    while read -r name; do
        sed -n "s/^.*\*\/ extern \(.*[ *]$name (.*)\);.*/\1 { __builtin_trap(); }/p" "$work/info"
    done <"$work/promised"
} >"$work/stub.c"
"$cc" -std=gnu2x -w -g -O0 -shared -fPIC -I"$include" -I"$generated" -o "$work/libstub.so" "$work/stub.c"
nm -D --defined-only "$work/libstub.so" | awk '{print $3}' | LC_ALL=C sort | diff "$work/promised" - || {
    echo "functions that are promised (<) were not found with their types (>)" >&2
    exit 1
}
abidw --no-architecture --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --no-parameter-names "$work/libstub.so" >"$work/now"
if [ "${5:-}" = --update ]; then
    cp "$work/now" "$reference"
fi
abidiff --no-architecture --no-show-locs "$reference" "$work/now" || {
    echo "the promised functions or their types are not those of $reference: for additions raise PJ_ABI and run this with" >&2
    echo "--update; all else breaks programs that were linked before" >&2
    exit 1
}
echo "ok: $(grep -c . "$work/promised") functions are as promised"
