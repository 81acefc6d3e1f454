#!/bin/sh
# check_words.sh PROGRAM ROOT: the words of a setting (option, key in reports, key in budgets) stand in one place,
# src/setup/members.c: once as a text, or not at all where they are the name of the member. Words of one part, such as
# "table" and "unit", mean other things elsewhere; those of several parts are the ones that nobody else may spell.
set -u
root=$2
table=$root/src/setup/members.c
failed=0
words=$({
    grep -oE '\.(option|in_report|in_budget) = "[^"]*"' "$table" | sed 's/.*= "//; s/"$//'
    grep -oE 'NAMED\([a-z_]+\)' "$table" | sed 's/.*(//; s/)//'
} | grep '[-_]' | sort -u)
[ "$(echo "$words" | wc -l)" -ge 12 ] || {
    echo "only these words were found in $table: $words"
    failed=1
}
for word in $words; do
    places=$(grep -rnF "\"$word\"" "$root/src" --include='*.c' --include='*.h' | grep -vE '^[^:]*:[0-9]*: *(/?\*|.*/\* )')
    elsewhere=$(echo "$places" | grep -v "^$table:" | grep .)
    if [ -n "$elsewhere" ] || [ "$(echo "$places" | grep -c .)" -gt 1 ]; then
        echo "\"$word\" is spelled more than once, or outside the table of settings:"
        echo "$places"
        failed=1
    fi
done
# what the program takes is what the table has, and docs/cli.md says so
for option in $(echo "$words" | grep -- -); do
    "$1" help --markdown | grep -q -e "--$option" || {
        echo "--$option is in the table, but no command has it"
        failed=1
    }
done
# ... and the schemas have its keys
want_keys() # MEMBER-OF-ROW SCHEMA...: the keys that rows have as .MEMBER stand in docs/SCHEMA.schema.json
{
    member=$1
    shift
    for key in $(grep -oE "\\.$member = (WORD\\([a-z_]+\\)|\"[^\"]*\")" "$table" | sed 's/.*[("]\(.*\)[)"]/\1/' | sort -u); do
        for schema in "$@"; do
            grep -qF "\"$key\"" "$root/docs/$schema.schema.json" || {
                echo "docs/$schema.schema.json lacks the key \"$key\" of a setting"
                failed=1
            }
        done
    done
}
want_keys in_report report sweep
want_keys in_budget budget
exit $failed
