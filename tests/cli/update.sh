#!/bin/sh
# update.sh PROGRAM: rewriting the goldens of a sound tree leaves it as it is; a golden that is wrong or missing is made.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tests/cli" && ln -s "$here/../../models" "$work/models"
for name in run.sh files check_text usage_none version; do
    cp -r "$here/$name" "$work/tests/cli/"
done
cp -r "$work/tests/cli" "$work/before"

same()
{
    PJ_UPDATE_GOLDEN=1 sh "$work/tests/cli/run.sh" "$1" >"$work/log" && diff -r "$work/before" "$work/tests/cli" || {
        cat "$work/log"
        echo "PJ_UPDATE_GOLDEN=1 $2"
        exit 1
    }
}
same "$1" "changes a tree whose goldens are right"
echo 9 >"$work/tests/cli/version/exit"
echo wrong >"$work/tests/cli/check_text/stdout.exact"
rm "$work/tests/cli/usage_none/stderr.exact"
same "$1" "does not mend goldens"
