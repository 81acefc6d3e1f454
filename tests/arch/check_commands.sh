#!/bin/sh
# check_commands.sh PROGRAM: each command of the overview is run by some case of tests/cli.
set -u
cases=$(dirname "$0")/../cli
missing=0
found=0
for command in $("$1" --help | awk '/^First/ { exit } /^  [a-z]/ { print $1 }'); do
    found=$((found + 1))
    grep -qwE "(picojoule|try) $command" "$cases"/*/cmd || {
        echo "no case of tests/cli runs picojoule $command"
        missing=1
    }
done
[ "$found" -gt 11 ] || echo "commands found in --help: $found"
[ "$found" -gt 11 ] && exit $missing
