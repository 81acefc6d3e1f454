#!/bin/sh
# get.sh FOLDER: lays the static program of a release into FOLDER and prints its path. Its SHA-256 is that of
# PICOJOULE_SHA256 where it is set (of the archive: pin it), else that of the release's own SHA256SUMS.
#
#     PICOJOULE_RELEASES   where releases are (https://, file://); PICOJOULE_VERSION which one: ci/release.env
#
# Exit code 1, and nothing in FOLDER: there is no such release, or its bytes are others.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=release.env
. "$here/release.env"
mkdir -p "${1:?FOLDER}"
to=$(cd "$1" && pwd)
name=picojoule-$PICOJOULE_VERSION-linux-$(uname -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say()
{
    echo "picojoule: $1" >&2
    exit 1
}

fetch() # NAME : of the release, into the working folder
{
    case $PICOJOULE_RELEASES in
    file://*) cp "${PICOJOULE_RELEASES#file://}/v$PICOJOULE_VERSION/$1" "$work/$1" 2>/dev/null ;;
    *) curl -fsSL --retry 3 -o "$work/$1" "$PICOJOULE_RELEASES/v$PICOJOULE_VERSION/$1" ;;
    esac || say "no $1 in release v$PICOJOULE_VERSION of $PICOJOULE_RELEASES"
}

fetch "$name.tar.gz"
if [ -z "${PICOJOULE_SHA256:-}" ]; then
    fetch SHA256SUMS
    PICOJOULE_SHA256=$(sed -n "s/  $name\.tar\.gz\$//p" "$work/SHA256SUMS")
    [ "$PICOJOULE_SHA256" ] || say "SHA256SUMS of release v$PICOJOULE_VERSION does not list $name.tar.gz"
fi
is=$(sha256sum "$work/$name.tar.gz" | cut -d' ' -f1)
[ "$is" = "$PICOJOULE_SHA256" ] || say "$name.tar.gz has the SHA-256 $is, not $PICOJOULE_SHA256"
tar -xzf "$work/$name.tar.gz" -C "$work"
mv "$work/$name/bin/picojoule" "$to/picojoule"
echo "$to/picojoule"
