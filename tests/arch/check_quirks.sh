#!/bin/sh
# check_quirks.sh PROGRAM ROOT: the deviations that `picojoule tables qtools` prints are those of docs/energy-model.md, and
# the numbers that the code of rules qtools names.
set -u
program=$1
root=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

"$program" tables qtools --format markdown | sed -n '/^|  | rules qtools/,$p' >"$work/printed"
sed -n '/^|  | rules qtools/,/^$/p' "$root/docs/energy-model.md" | grep . >"$work/documented"
diff "$work/documented" "$work/printed" || failed=1
[ -s "$work/printed" ] || failed=1

numbers()
{
    grep -oE 'Q[0-9]+' "$@" | sort -u
}
numbers "$work/printed" >"$work/listed"
cat "$root"/src/cost/qtools*.[ch] | numbers >"$work/made"
cat "$root"/src/cost/[!q]*.[ch] "$root"/src/cost/qtools*.[ch] "$root"/src/arith/*.[ch] | numbers >"$work/named"
echo "named in src/cost/qtools*, but not in the list: $(comm -23 "$work/made" "$work/listed" | tr '\n' ' ')"
[ -z "$(comm -23 "$work/made" "$work/listed")" ] || failed=1
echo "in the list, but nowhere in the code: $(comm -13 "$work/named" "$work/listed" | tr '\n' ' ')"
[ -z "$(comm -13 "$work/named" "$work/listed")" ] || failed=1
exit $failed
