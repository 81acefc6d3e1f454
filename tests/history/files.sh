#!/bin/sh
# Files that are not ours, are damaged, cannot be written or may not grow: a clean error, and nothing changed.
#
#     files.sh PROGRAM
set -u
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
model=$(cd "$(dirname "$0")/../../models" && pwd)/resnet8.onnx
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
SOURCE_DATE_EPOCH=1767225600
export SOURCE_DATE_EPOCH

complain()
{
    echo "$*"
    cat message
    failed=1
}

record()
{
    "$program" analyze "$model" --record "$1" >report 2>message
}

# refuses FILE CODE WORDS: recording into FILE and reading it fail with this code and these words, without a report, and
# FILE stays as it is
refuses()
{
    cp "$1" before
    record "$1"
    code=$?
    [ "$code" -eq "$2" ] || complain "$1: recording: exit code $code, expected $2"
    grep -qF -e "$3" message || complain "$1: recording does not say: $3"
    [ ! -s report ] || complain "$1: recording failed, and there is a report"
    cmp -s "$1" before || complain "$1 was changed"
    for also in "$1-journal" "$1-wal" "$1-shm"; do
        [ ! -e "$also" ] || complain "$also was left behind"
    done
    "$program" history "$1" m >report 2>message
    code=$?
    [ "$code" -eq "$2" ] || complain "$1: reading: exit code $code, expected $2"
    grep -qF -e "$3" message || complain "$1: reading does not say: $3"
    cmp -s "$1" before || complain "$1 was changed by reading"
}

# header FILE OFFSET: puts the 4 bytes of standard input into the file
header()
{
    dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

record good.db || complain "good.db: not made"
record good.db || complain "good.db: not appended to"

printf 'a text, longer than the hundred bytes that the header of a database file has: %070d' 0 >text.db
refuses text.db 3 'is no SQLite file'
printf 'short' >short.db
refuses short.db 3 'is no SQLite file'

cp good.db foreign.db
printf '\000\000\000\001' | header foreign.db 68 # application_id
refuses foreign.db 3 'is no history of picojoule'
cp good.db stranger.db
printf '\000\000\000\000' | header stranger.db 68
refuses stranger.db 3 'is no history of picojoule'
"$program" pareto add points.db --quality 1 --energy 1pJ || complain "points.db: not made"
refuses points.db 3 'is no history of picojoule'
cp good.db newer.db
printf '\000\000\000\002' | header newer.db 60 # user_version
refuses newer.db 3 'its format is 2, this program knows 1'

head -c 5000 good.db >cut.db
refuses cut.db 3 'is damaged'
cp good.db garbled.db
size=$(wc -c <good.db)
head -c $((size - 100)) /dev/zero | tr '\0' 'x' | header garbled.db 100
refuses garbled.db 3 'is damaged'

record missing/folder.db
[ $? -eq 3 ] || complain "missing/folder.db: no exit code 3"
mkdir folder.db
record folder.db
[ $? -eq 3 ] || complain "folder.db: no exit code 3"
"$program" history absent.db m >report 2>message
[ $? -eq 3 ] || complain "absent.db: no exit code 3"
[ ! -e absent.db ] || complain "absent.db: made by reading"

# An empty file is one in which nothing has been recorded yet: reading says so, recording makes it.
: >empty.db
"$program" history empty.db m >report 2>message
{ [ $? -eq 3 ] && grep -qF 'nothing has been recorded yet' message; } || complain "empty.db: not said to be empty"
record empty.db || complain "empty.db: not recorded into"

# Names that mean something else to SQLite.
{ record ':memory:' && [ -s ':memory:' ]; } || complain "':memory:' is no file"
{ record 'file:x.db?mode=memory' && [ -s 'file:x.db?mode=memory' ]; } || complain "file:... is no file"

# A file that may not grow, as on a full disk: blocks of 512 bytes.
# shellcheck disable=SC3045 # -f is POSIX
(
    ulimit -f 8
    record full.db
)
code=$?
[ $code -eq 5 ] || complain "full.db: exit code $code, expected 5"
grep -qF 'cannot be' message || complain "full.db: no message"
[ ! -s full.db ] || complain "full.db: half made"
rm -f full.db-journal
cp good.db grown.db
(
    ulimit -f $((size / 512 + 4))
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        record grown.db || exit $?
    done
)
code=$?
[ $code -eq 5 ] || complain "grown.db: exit code $code, expected 5"
"$program" history grown.db "$model" --format csv >report 2>message || complain "grown.db: cannot be read any more"
record grown.db || complain "grown.db: cannot be written any more"

# Read-only, for somebody who is not root, and who may not look into root's folders.
chmod 755 .
cp "$program" picojoule
cp "$model" resnet8.onnx
as=
[ "$(id -u)" -ne 0 ] || as='setpriv --reuid 65534 --clear-groups'
if $as ./picojoule shapes resnet8.onnx >report 2>message; then
    cp good.db readonly.db
    chmod 444 readonly.db
    $as ./picojoule analyze resnet8.onnx --record readonly.db >report 2>message
    code=$?
    [ $code -eq 5 ] || complain "readonly.db: exit code $code, expected 5"
    grep -qF 'readonly.db: cannot be' message || complain "readonly.db: no message"
    $as ./picojoule history readonly.db "$model" >report 2>message || complain "readonly.db: cannot be read"
fi
exit $failed
