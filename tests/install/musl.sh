#!/bin/sh
# musl.sh PROGRAM SOURCE CMAKE WORK : builds the program anew against another C library, and compares the reports of the
# models that come along, byte by byte: no figure rests on what a C library makes of a logarithm, a power or a text.
# 77: it cannot be tried here.
set -eu
program=$1 source=$2 cmake=$3 work=$4
skip()
{
    echo "skipped: $1"
    exit 77
}
compiler=$(command -v musl-gcc) || skip "no musl-gcc"
headers=$(pkg-config --variable=includedir libprotobuf-c)
archive=$(pkg-config --variable=libdir libprotobuf-c)/libprotobuf-c.a
[ -r "$archive" ] || skip "no libprotobuf-c.a"

# ---- protobuf-c alone: the compiler must not see the other headers of its folder ----
mkdir -p "$work/need/protobuf-c"
cp "$archive" "$work/need"
cp "$headers/protobuf-c/protobuf-c.h" "$work/need/protobuf-c"
cat >"$work/need/libprotobuf-c.pc" <<END
Name: libprotobuf-c
Description: the one of this machine
Version: $(pkg-config --modversion libprotobuf-c)
Cflags: -I$work/need
Libs: -L$work/need -lprotobuf-c
END
if ! { PKG_CONFIG_PATH=$work/need "$cmake" -S "$source" -B "$work/build" -G Ninja -DCMAKE_C_COMPILER="$compiler" \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_EXE_LINKER_FLAGS=-static -DPJ_HISTORY=OFF -DPJ_ZLIB=OFF -DPJ_ZSTD=OFF -DPJ_RUNTIME=OFF -DPJ_SHARED=OFF -DBUILD_TESTING=OFF &&
    "$cmake" --build "$work/build" --target picojoule; } >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
fi
other=$work/build/picojoule
if readelf -l "$other" | grep -q INTERP; then
    echo "$other is not static, so who knows with what it runs" >&2
    exit 1
fi

# ---- the same bytes ----
compared=0
same() # ARGUMENT... : both say the same, and end alike
{
    ours=0 theirs=0
    "$program" "$@" >"$work/ours" 2>&1 || ours=$?
    "$other" "$@" >"$work/theirs" 2>&1 || theirs=$?
    [ "$ours" != 2 ] && [ "$ours" = "$theirs" ] && cmp "$work/ours" "$work/theirs" || {
        echo "differs: $* (exit $ours and $theirs)" >&2
        exit 1
    }
    compared=$((compared + 1))
}
for model in "$source"/models/*.onnx; do
    same analyze "$model" --inspect-weights --device stm32h7a3 --format json
    same analyze "$model" --table qtools --quantize w4a8 --memory --format json
    same plan "$model" --format json
    same analyze "$model" --lint
done
same tables horowitz-45nm
"$program" analyze "$model" --inspect-weights --format json | grep -q sqnr_db || {
    echo "no logarithm was compared" >&2
    exit 1
}
echo "ok: $compared outputs are the same bytes with musl"
