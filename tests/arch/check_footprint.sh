#!/bin/sh
# check_footprint.sh REPLAY DOCUMENT: the table of published and corrected figures is what the replay program prints.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$1" --table >"$work/made" || exit 1
sed -n '/^<!-- replay_footprint --table -->$/,/^<!-- end -->$/p' "$2" | sed '1d;$d' >"$work/shown"
[ -s "$work/shown" ] && diff "$work/shown" "$work/made"
