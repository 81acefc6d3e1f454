#!/bin/sh
# dist.sh [--arm64] [FOLDER]: what a release consists of, made from source into FOLDER (build/dist/VERSION unless it is
# named); with --arm64 also the static program and the image for 64-bit Arm, by a cross compiler.
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
arm64=
[ "${1:-}" != --arm64 ] || {
    arm64=yes
    shift
}
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
if [ "$arm64" ]; then
    say "the static program for 64-bit Arm (musl)"
    sysroot=$work/musl-aarch64
    [ -x "$sysroot/bin/musl-gcc" ] || (
        cd build/deps/musl
        quietly musl ./configure --target=aarch64-linux-musl CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar \
            RANLIB=aarch64-linux-gnu-ranlib --prefix="$sysroot" --disable-shared
        quietly musl make -j"$(nproc)" install
    )
    build static-aarch64 -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DPJ_RUNTIME=OFF \
        -DCMAKE_C_COMPILER="$sysroot/bin/musl-gcc" -DCMAKE_AR="$(command -v aarch64-linux-gnu-gcc-ar)" \
        -DCMAKE_RANLIB="$(command -v aarch64-linux-gnu-gcc-ranlib)" -DCMAKE_EXE_LINKER_FLAGS=-static
    aarch64-linux-gnu-strip -s -o "$work/picojoule-static-aarch64" "$work/static-aarch64/picojoule"
fi
say "the program of the wheel (glibc: it can load ONNX Runtime)"
build wheel
strip -s -o "$work/picojoule-wheel" "$work/wheel/picojoule"

# ---- archives to unpack anywhere, and images ----
notices=$work/THIRD-PARTY-NOTICES
python3 packaging/parts.py notices build/deps >"$notices"

static_of() # MACHINE PROGRAM
{
    static=$work/$name-linux-$1
    rm -rf "$static"
    install -D -m 755 "$2" "$static/bin/picojoule"
    install -D -m 644 "$work/static/picojoule.1" "$static/share/man/man1/picojoule.1"
    install -D -m 644 share/picojoule.bash "$static/share/bash-completion/completions/picojoule"
    install -D -m 644 share/_picojoule "$static/share/zsh/site-functions/_picojoule"
    install -D -m 644 share/picojoule.fish "$static/share/fish/vendor_completions.d/picojoule.fish"
    mkdir -p "$static/share/picojoule/schemas"
    install -m 644 docs/*.schema.json "$static/share/picojoule/schemas"
    install -m 644 LICENSE README.md CHANGELOG.md "$notices" "$static"
    archive "$work" "${static##*/}" "$to/$name-linux-$1.tar.gz"
    python3 packaging/oci.py "$2" "$notices" "$version" "$1" "$to/$name-linux-$1.oci.tar"
}

say "archives, container images"
static_of "$machine" "$work/picojoule-static"
[ ! "$arm64" ] || static_of aarch64 "$work/picojoule-static-aarch64"
git archive --format=tar --prefix="$name/" HEAD | gzip -9n >"$to/$name.tar.gz"

# ---- packages ----
say "wheel"
python3 packaging/python/wheel.py "$work/picojoule-wheel" "$notices" "$version" "$machine" "$to"
say "npm package, and the app"
packaging/npm.sh "$work/picojoule-static" "$work/wasm/picojoule.wasm" "$notices" "$version" "$work" "$to"
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
