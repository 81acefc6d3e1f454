#!/bin/sh
# names.sh CC INCLUDE GENERATED SHARED STATIC LIST [--update] : the names that the library defines for others are the
# functions that its headers declare, and those of LIST. --update writes LIST anew: a name that goes from it breaks
# programs that were linked with an earlier library.
set -eu
cc=$1 include=$2 generated=$3 shared=$4 static=$5 list=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat "$include"/picojoule/*.h | sed -n 's/^PJ_API .*\<\(pj_[a-z0-9_]*\)(.*/\1/p' | LC_ALL=C sort >"$work/marked"
if "$cc" --version | grep -qi 'free software'; then # GCC tells of all functions that it has seen a declaration of
    for header in "$include"/picojoule/*.h; do
        echo "#include \"picojoule/$(basename "$header")\""
    done >"$work/all.c"
    "$cc" -std=c11 -I"$include" -I"$generated" -aux-info "$work/info" -fsyntax-only "$work/all.c"
    sed -n 's/.*\/picojoule\/[a-z]*\.h:.*[ *]\(pj_[a-z0-9_]*\) (.*/\1/p' "$work/info" | LC_ALL=C sort >"$work/declared"
    diff "$work/declared" "$work/marked" || {
        echo "a function of a public header without PJ_API in front (<), or with it twice (>)" >&2
        exit 1
    }
fi
if [ "${7:-}" = --update ]; then
    cp "$work/marked" "$list"
fi
for library in $shared $static; do
    case $library in
    *.a) nm -g --defined-only "$library" ;;
    *) nm -D --defined-only "$library" ;;
    esac | awk 'NF == 3 {print $3}' | LC_ALL=C sort >"$work/defined"
    diff "$work/marked" "$work/defined" || {
        echo "$library: its names (>) are not those of the headers (<)" >&2
        exit 1
    }
done
nm -D --undefined-only "$shared" | awk '{sub(/@.*/, "", $2); print $2}' |
    grep -xE '(log|log2|log10|log1p|exp|exp2|exp10|expm1|pow|hypot|cbrt|sinh?|cosh?|tanh?|a(sin|cos|tan)h?|atan2|erfc?|.gamma)[fl]?' && {
    echo "$shared uses these, whose last bit depends on the C library: base/real.h has what is the same everywhere" >&2
    exit 1
}
[ ! -e "$list" ] || diff "$list" "$work/marked" || {
    echo "the headers (>) declare other functions than $list (<), which --update writes anew" >&2
    exit 1
}
