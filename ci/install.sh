#!/bin/sh
# install.sh FOLDER: the program into FOLDER: of a release (get.sh) in a second, else built from these sources in two
# minutes. PICOJOULE_GET is the version, "source" to build, or empty for the one that release.env names. A release whose
# bytes are not those of PICOJOULE_SHA256 is an error; it is not built around.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case ${PICOJOULE_GET:-} in
source) ;;
*)
    if [ "${PICOJOULE_GET:-}" ]; then
        export PICOJOULE_VERSION="${PICOJOULE_GET#v}"
    fi
    if "$here/get.sh" "$1"; then
        exit 0
    elif [ "${PICOJOULE_GET:-}${PICOJOULE_SHA256:-}" ]; then
        exit 1
    fi
    echo "picojoule: it is built from source instead" >&2
    ;;
esac
"$here/../dev" build >&2
[ "$1" -ef "$here/../build/release" ] || cp "$here/../build/release/picojoule" "$1/picojoule"
echo "$1/picojoule"
