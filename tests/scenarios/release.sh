#!/bin/sh
# release.sh PROGRAM: how CI takes the program of a release, from a folder that stands for the place of releases: the
# step of action.yml, a pinned sum, other bytes, no release at all.
. "$(dirname "$0")/expect.sh"
cd "$work" || exit 1

step="a release in a folder"
name=picojoule-9.8.7-linux-$(uname -m)
mkdir -p "$work/releases/v9.8.7" "$work/$name/bin"
cp "$program" "$work/$name/bin/picojoule"
tar -czf "$work/releases/v9.8.7/$name.tar.gz" -C "$work" "$name"
(cd "$work/releases/v9.8.7" && sha256sum "$name.tar.gz" >SHA256SUMS)
sum=$(cut -d' ' -f1 "$work/releases/v9.8.7/SHA256SUMS")
mkdir -p "$work/action" && cp -r "$root/ci" "$root/action.yml" "$work/action"
printf '#!/bin/sh\nmkdir -p "%s/action/build/release" && echo built >"%s/action/build/release/picojoule"\n' "$work" "$work" \
    >"$work/action/dev"
chmod +x "$work/action/dev"
awk '/- name: Get picojoule/ { inside = 1; next } inside && /^ *- name:/ { exit } inside && /run: \|/ { run = 1; next }
    run { sub(/^ +/, ""); print }' "$root/action.yml" >step.sh
[ -s step.sh ] || wrong "action.yml has no such step"
get() # VERSION SHA256 [VARIABLE...]
{
    rm -rf "$work/action/build"
    version=$1 sha=$2
    shift 2
    env -i PATH=/usr/bin:/bin HOME="$work" GITHUB_ACTION_PATH="$work/action" PICOJOULE_RELEASES="file://$work/releases" \
        PICOJOULE_GET="$version" PICOJOULE_SHA256="$sha" "$@" sh -e step.sh
}
is_programs() { cmp -s "$program" "$work/action/build/release/picojoule"; }

step="the program of a release"
expect 0 get 9.8.7 ""
is_programs || wrong "another program"
expect 0 get v9.8.7 "$sum"
is_programs || wrong "another program, with a pinned sum"
expect 0 get "" "" PICOJOULE_VERSION=9.8.7
is_programs || wrong "another program, of the version of release.env"

step="other bytes"
expect 1 get 9.8.7 "$(printf '%064d' 0)"
has "has the SHA-256 $sum, not 0000"
[ ! -e "$work/action/build/release/picojoule" ] || wrong "a program of unknown bytes"
echo changed >>"$work/releases/v9.8.7/$name.tar.gz"
expect 1 get 9.8.7 ""
has "has the SHA-256"
expect 1 get "" "$sum" PICOJOULE_VERSION=9.8.7
[ ! -e "$work/action/build/release/picojoule" ] || wrong "a program of unknown bytes"

step="no release"
expect 1 get 1.2.3 ""
has "no picojoule-1.2.3-linux-"
expect 0 get "" "" PICOJOULE_VERSION=1.2.3
has "built from source instead"
[ "$(cat "$work/action/build/release/picojoule")" = built ] || wrong "it was not built"
expect 0 get source ""
[ "$(cat "$work/action/build/release/picojoule")" = built ] || wrong "it was not built"
exit $failed
