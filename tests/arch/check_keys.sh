#!/bin/sh
# check_keys.sh ROOT: the key of a figure stands in one string literal of src, in a table of what results have.
#
# A figure is a row of src/result/members.c that has `uses`, what is no figure a row of about.c; keys that the tables share
# with others are constants there (pj_key_...). Words that mean something else, too, are listed below with the reason.
set -u
cd "$1" || exit 1
tables="src/result/members.c src/result/about.c"
keys=$( (cat $tables | tr '\n' ' ' | grep -oE 'pj_key_[a-z_]*\[\] = +"[a-z_]*"' | grep -o '"[a-z_]*"'
    grep -oE '\.key = "[a-z]*_[a-z_]*"|_key, "gate_[a-z]*"|(conversion|qtools)_key, "[a-z_]*"' -h $tables | grep -o '"[a-z_]*"') | sort -u)
count=$(echo "$keys" | wc -l)
bad=0
if [ "$count" -lt 15 ]; then
    echo "only $count keys found in $tables: the check looks in the wrong place"
    exit 1
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
find src include -name '*.[ch]' -exec grep -H '"' {} + | sed 's|/\*.*\*/||' | grep -v '^[^:]*: *\*\|^[^:]*: */\*' >"$work/lines"
for key in $keys; do
    case $key in
    '"macs"') others='^src/cli/\|^src/cost/table_read.c' ;;            # words of --sort, and of an accumulator policy
    '"parameters"') others='^src/diff/explain.c' ;;                    # a cause of a difference
    '"ir_version"') others='^src/load/' ;;                             # of ONNX
    '"output_shape"') others='^src/ops/\|^src/report/\(column_list\|diff_view\).c' ;; # an attribute, and texts of shapes
    *) others='^$' ;;
    esac
    found=$(grep -F -- "$key" "$work/lines" | cut -d: -f1 | grep -v "$others")
    case " $tables " in
    *" $found "*) ;;
    *)
        echo "$key stands in:" $found
        bad=1
        ;;
    esac
done
[ "$bad" -eq 0 ] && echo "$count keys, each in one literal"
exit "$bad"
