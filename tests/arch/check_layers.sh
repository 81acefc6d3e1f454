#!/bin/sh
# check_layers.sh ROOT LIBRARY_OBJECTS PROGRAM_OBJECTS [NM]: each layer includes and calls only what layers.txt grants
# it, files of a layer need each other in no circle, and names outside a file begin with pj_ and are needed there.
#
# Who defines a name and who uses it is read from the objects of the build at hand, so no header hides an arrow.
set -u
root=$1
library=$2
program=$3
nm=${4:-nm}
LC_ALL=C
export LC_ALL
cd "$root/src" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

find . -name '*.[ch]' | sed 's|^\./||' | sort >"$work/files"
while read -r file; do
    case $file in
    wasm/* | binding/less.c) ;; # compiled for other machines; its includes are looked at
    cli/*.c) echo "$program/$file.o" ;;
    *.c) echo "$library/$file.o" ;;
    esac
done <"$work/files" >"$work/objects"
xargs "$nm" -A -P <"$work/objects" >"$work/names" || exit 1 # an object that is not there has not been built
# shellcheck disable=SC2046 # no name has a blank
grep -E '^ *# *include +"' $(cat "$work/files") /dev/null >"$work/includes"
cat "$root"/include/picojoule/*.h >"$work/public"
find "$root/tests" -name '*.[ch]' -exec cat {} + >"$work/tests"

awk -v layers="$root/tests/arch/layers.txt" -v names="$work/names" -v includes="$work/includes" -v public="$work/public" \
    -v library="$library" -v program="$program" -v tests="$work/tests" '
function layer_of(file)
{
    return file ~ /\// ? substr(file, 1, index(file, "/") - 1) : "."
}

function fail(text)
{
    print text
    bad = 1
}

function read_layers(    line, n, part, i)
{
    while ((getline line <layers) > 0) {
        if (line ~ /^#/ || line == "")
            continue
        n = split(line, part, / +/)
        if (part[1] == "circle:") {
            circles++
            for (i = 2; i <= n && part[i] != "--"; i++)
                circle_of[part[i]] = circles
            if (i >= n)
                fail("layers.txt: a circle without a reason: " line)
            continue
        }
        sub(/:$/, "", part[1])
        known[part[1]] = 1
        for (i = 2; i <= n; i++)
            if (part[i] in known || part[1] == "cli" || part[1] == "wasm")
                may[part[1], part[i]] = 1
            else
                fail("layers.txt: " part[1] " stands below " part[i] ", so it may not call it")
    }
}

function check_arrow(from, to, why)
{
    if (layer_of(from) != layer_of(to) && !((layer_of(from), layer_of(to)) in may))
        fail(from ": layer " layer_of(from) " may not use " layer_of(to) "/ (" why ")")
}

function read_names(    line, n, part, file, last)
{
    while ((getline line <names) > 0) {
        n = split(line, part, " ") # OBJECT: NAME TYPE ...
        file = substr(part[1], 1, length(part[1]) - 3)
        file = substr(file, length(index(file, program "/") == 1 ? program : library) + 2)
        if (file != last) {
            files[++count] = last = file
            if (!(layer_of(file) in known))
                fail(file ": folder " layer_of(file) "/ has no line in tests/arch/layers.txt")
        }
        if (part[3] == "U") {
            use[++uses] = part[2]
            user[uses] = file
        } else if (part[3] ~ /^[A-Z]$/ && part[2] !~ /^_/) {
            if (part[2] !~ /^pj_/ && part[2] != "main")
                fail(file ": " part[2] " is seen by other files and does not begin with pj_")
            owner[part[2]] = file
        }
    }
}

function read_words(file, words,    line, n, part, i)
{
    while ((getline line <file) > 0) {
        n = split(line, part, /[^A-Za-z0-9_]+/)
        for (i = 1; i <= n; i++)
            words[part[i]] = 1
    }
}

# A name that one file alone uses is static there; what nobody uses is not there.
function check_needed(    name)
{
    for (name in owner)
        if (name ~ /^pj_/ && !(name in is_used) && !(name in is_public) && !(name in in_tests))
            fail(owner[name] ": no other file and no test uses " name)
}

function check_uses(    i, from, to)
{
    for (i = 1; i <= uses; i++) {
        from = user[i]
        if (!(use[i] in owner) || owner[use[i]] == from)
            continue
        to = owner[use[i]]
        is_used[use[i]] = 1
        arrows++
        if (layer_of(from) != "cli")
            check_arrow(from, to, use[i] " of " to)
        else if (layer_of(to) != "cli" && !(use[i] in is_public))
            fail(from ": " use[i] " is in no public header")
        if (!((from, to) in met)) {
            met[from, to] = 1
            needs[from] = needs[from] " " to
        }
    }
}

function check_includes(    line, from, other)
{
    while ((getline line <includes) > 0) {
        from = substr(line, 1, index(line, ":") - 1)
        other = line
        sub(/^[^"]*"/, "", other)
        sub(/".*/, "", other)
        if (other ~ /^picojoule\// || other !~ /\//)
            continue
        if (layer_of(from) == "cli" && layer_of(other) != "cli")
            fail(from ": the program includes " other ", which is no public header")
        else if (layer_of(from) != "cli")
            check_arrow(from, other, "#include \"" other "\"")
    }
}

function reach(start,    stack, top, n, part, i, at)
{
    delete seen
    stack[top = 1] = start
    while (top > 0) {
        at = stack[top--]
        n = split(needs[at], part, " ")
        for (i = 1; i <= n; i++)
            if (!(part[i] in seen)) {
                seen[part[i]] = 1
                stack[++top] = part[i]
            }
    }
}

function check_circles(    i, k, text, far)
{
    for (i = 1; i <= count; i++) {
        reach(files[i])
        for (far in seen)
            reaches[files[i], far] = 1
    }
    for (i = 1; i <= count; i++) {
        text = ""
        for (k = 1; k <= count; k++)
            if (k != i && ((files[i], files[k]) in reaches) && ((files[k], files[i]) in reaches)) {
                if (circle_of[files[i]] == "" || circle_of[files[i]] != circle_of[files[k]])
                    text = text " " files[k]
                met_circle[circle_of[files[i]]] = 1
            }
        if (text != "")
            fail(files[i] ": it and these need each other:" text)
    }
    for (i = 1; i <= circles; i++)
        if (!(i in met_circle))
            for (far in circle_of)
                if (circle_of[far] == i) {
                    fail("layers.txt: the circle of " far " is gone; drop its line")
                    break
                }
}

BEGIN {
    read_layers()
    read_names()
    read_words(public, is_public)
    read_words(tests, in_tests)
    check_uses()
    check_needed()
    check_includes()
    check_circles()
    print count " files, " arrows " uses of names of other files"
    if (count < 50 || arrows < 1000)
        fail("too few: the check looks in the wrong place")
    exit bad
}'
