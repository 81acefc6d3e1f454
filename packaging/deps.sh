#!/bin/sh
# deps.sh FOLDER [TARBALLS [PACKAGE]]: the sources that -DPJ_SYSTEM_DEPS=OFF -DPJ_DEPS_DIR=FOLDER compiles: protobuf-c,
# SQLite, zlib, and musl; or that of them which is named.
#
# The tarballs come from the folder TARBALLS, else from Debian's source packages, and are what deps.txt says to the last
# bit, or the script ends. Nothing else is fetched, and CMake never fetches anything.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?FOLDER}"
to=$(cd "$1" && pwd)
mkdir -p "${2:-$to/tarballs}"
from=$(cd "${2:-$to/tarballs}" && pwd)

say()
{
    echo "deps: $1" >&2
    exit 1
}

quietly() # LOG COMMAND... : prints what it said only where it fails
{
    log=$1
    shift
    "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
}

# apt-get with source lists of its own: those of the machine stay as they are
sources_of() # SOURCE-PACKAGE...
{
    command -v apt-get >/dev/null 2>&1 || say "tarballs of packaging/deps.txt are missing in $from, and there is no apt-get"
    apt=$to/apt
    mkdir -p "$apt/lists/partial" "$apt/parts"
    for list in /etc/apt/sources.list.d/*.sources; do
        [ -r "$list" ] && sed 's/^Types:.*/Types: deb-src/' "$list" >"$apt/parts/${list##*/}"
    done
    if [ -r /etc/apt/sources.list ]; then
        sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$apt/parts/own.list"
    fi
    options="-q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$apt/parts -o Dir::State::Lists=$apt/lists
             -o APT::Sandbox::User=root"
    # shellcheck disable=SC2086 # lists of words
    (cd "$from" && quietly "$to/apt.log" apt-get $options update &&
        quietly "$to/apt.log" apt-get $options source --download-only "$@")
}

unpack() # FILE FOLDER
{
    rm -rf "$to/$2.new"
    mkdir "$to/$2.new"
    tar -xf "$from/$1" -C "$to/$2.new" --strip-components=1
}

rows=$(sed '/^#/d' "$here/deps.txt" | grep "^${3:-}")
missing=$(echo "$rows" | while read -r package file sum _; do
    echo "$sum  $from/$file" | sha256sum --check --status 2>/dev/null || echo "$package"
done)
# shellcheck disable=SC2086 # a list of words
[ -z "$missing" ] || sources_of $missing

echo "$rows" | while read -r package file sum _; do
    echo "$sum  $from/$file" | sha256sum --check --status || say "$file is not what packaging/deps.txt says (SHA-256)"
    [ "$(cat "$to/$package/SUM" 2>/dev/null)" != "$sum" ] || continue
    unpack "$file" "$package"
    if [ "$package" = sqlite3 ]; then # one file, made by its own scripts (they need tclsh)
        command -v tclsh >/dev/null 2>&1 || say "SQLite's one file is made by tclsh: apt-get install tcl"
        (cd "$to/$package.new" && quietly "$to/sqlite.log" ./configure --disable-tcl &&
            quietly "$to/sqlite.log" make sqlite3.c)
    fi
    echo "$sum" >"$to/$package.new/SUM"
    rm -rf "${to:?}/$package"
    mv "$to/$package.new" "$to/$package"
done
