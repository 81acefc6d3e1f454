#!/bin/sh
# dist.sh [FOLDER]: what a release consists of, made from source into FOLDER (build/dist/VERSION unless it is named).
#
# The same commit makes the same bytes, in whatever folder, with whatever umask, time zone and language: times are those
# of SOURCE_DATE_EPOCH (the commit's unless it is set), and paths of this machine are in none of the files.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
umask 022
export LC_ALL=C TZ=UTC
version=$(sed -n 's/^project(picojoule VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
machine=$(uname -m)
work=$root/build/dist/work
to=${1:-build/dist/$version}
mkdir -p "$work" "$to"
to=$(cd "$to" && pwd)
name=picojoule-$version

say() { echo "dist: $1" >&2; }

quietly() # LOG COMMAND... : prints what it said only where it fails
{
    log=$work/$1.log
    shift
    "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
}

# An archive of a folder that says nothing of this machine.
archive() # FOLDER NAME OUT
{
    tar -C "$1" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go=u-w \
        --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime -cf - "$2" | gzip -9n >"$3"
}

# build FOLDER [CMAKE-OPTION...]: the program without a word on the folder it was made in
build()
{
    folder=$work/$1
    shift
    quietly build cmake -S "$root" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release -DPJ_LTO=ON -DPJ_SYSTEM_DEPS=OFF \
        -DPJ_DEPS_DIR="$root/build/deps" -DPJ_ENGINE="$work/wasm/picojoule.wasm.gz" -DBUILD_TESTING=OFF -DPJ_SHARED=OFF -DCMAKE_INSTALL_PREFIX=/ \
        -DCMAKE_C_FLAGS="-ffile-prefix-map=$root=." "$@"
    quietly build cmake --build "$folder" --target picojoule
}

# ---- what is compiled ----
say "sources of protobuf-c, SQLite, zlib"
packaging/deps.sh build/deps
say "the engine of pages (WebAssembly)"
quietly build cmake --preset wasm -B "$work/wasm" -DPJ_DEPS_DIR="$root/build/deps"
quietly build cmake --build "$work/wasm" --target engine
say "the static program (musl)"
build static -DCMAKE_C_COMPILER=musl-gcc -DPJ_RUNTIME=OFF -DCMAKE_EXE_LINKER_FLAGS=-static
strip -s -o "$work/picojoule-static" "$work/static/picojoule"
say "the program of the wheel (glibc: it can load ONNX Runtime)"
build wheel
strip -s -o "$work/picojoule-wheel" "$work/wheel/picojoule"

# ---- an archive to unpack anywhere ----
say "archives"
static=$work/$name-linux-$machine
rm -rf "$static"
install -D -m 755 "$work/picojoule-static" "$static/bin/picojoule"
install -D -m 644 "$work/static/picojoule.1" "$static/share/man/man1/picojoule.1"
install -D -m 644 share/picojoule.bash "$static/share/bash-completion/completions/picojoule"
install -D -m 644 share/_picojoule "$static/share/zsh/site-functions/_picojoule"
install -D -m 644 share/picojoule.fish "$static/share/fish/vendor_completions.d/picojoule.fish"
mkdir -p "$static/share/picojoule/schemas"
install -m 644 docs/*.schema.json "$static/share/picojoule/schemas"
install -m 644 LICENSE README.md CHANGELOG.md "$static"
python3 packaging/parts.py notices build/deps >"$static/THIRD-PARTY-NOTICES"
archive "$work" "${static##*/}" "$to/$name-linux-$machine.tar.gz"
git archive --format=tar --prefix="$name/" HEAD | gzip -9n >"$to/$name.tar.gz"

# ---- packages ----
say "container image"
python3 packaging/oci.py "$work/picojoule-static" "$static/THIRD-PARTY-NOTICES" "$version" "$machine" \
    "$to/$name-linux-$machine.oci.tar"
say "wheel"
python3 packaging/python/wheel.py "$work/picojoule-wheel" "$static/THIRD-PARTY-NOTICES" "$version" "$machine" "$to"
say "npm package, and the app"
packaging/npm.sh "$work/picojoule-static" "$work/wasm/picojoule.wasm" "$static/THIRD-PARTY-NOTICES" "$version" "$work" "$to"
quietly app cmake -DROOT="$root" -DENGINE="$work/wasm/picojoule.wasm" -DFOLDER="$work/$name-web" -P cmake/make_app.cmake
archive "$work" "$name-web" "$to/$name-web.tar.gz"
say "Debian packages"
PJ_ENGINE="$work/wasm/picojoule.wasm.gz" packaging/debian.sh "$work" "$version" "$to"

# ---- what it consists of ----
say "SBOM and sums"
python3 packaging/parts.py sbom "$version" "$to" >"$work/sbom.json"
mv "$work/sbom.json" "$to/$name.spdx.json"
(cd "$to" && rm -f SHA256SUMS && find . -maxdepth 1 -type f -printf '%f\n' | sort | xargs sha256sum >"$work/sums" &&
    mv "$work/sums" SHA256SUMS)
say "$to"
