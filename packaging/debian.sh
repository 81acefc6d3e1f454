#!/bin/sh
# debian.sh WORK VERSION OUT: the Debian packages picojoule, libpicojoule0, libpicojoule-dev into OUT, by debhelper from the
# committed sources in a folder of their own (debian/ of the project lies in packaging/debian).
set -eu
work=$1 version=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
tree=$work/debian/picojoule-$version
rm -rf "$work/debian"
mkdir -p "$tree"
git -C "$here/.." archive --format=tar HEAD | tar -xf - -C "$tree"
cp -R "$here/debian" "$tree/debian"
cat >"$tree/debian/changelog" <<END
picojoule ($version) unstable; urgency=medium

  * Release $version; CHANGELOG.md says what is new.

 -- $(sed -n 's/^Maintainer: //p' "$here/debian/control")  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
(cd "$tree" && DEB_BUILD_OPTIONS="noautodbgsym nocheck" dpkg-buildpackage -us -uc -b) >"$work/debian.log" 2>&1 || {
    cat "$work/debian.log" >&2
    exit 1
}
cp "$work"/debian/*.deb "$out"
