#!/bin/sh
# run.sh BUILD SOURCE CC CXX CMAKE PROTOC_C MAKE_MODEL : installs into an empty folder and builds programs against that,
# as others would: C and C++, shared and static, by pkg-config and by find_package. The program of docs/library.md reads a
# model through callbacks and has to write the same report as ours. CXX and PROTOC_C may be "".
set -eu
build=$1 source=$2 cc=$3 cxx=$4 cmake=$5 protoc=$6 make_model=$7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
"$cmake" --install "$build" --prefix "$prefix" >/dev/null
cp -R "$source/tests/install/consumer" "$work/consumer"
awk '/^```c$/ {on = 1; next} /^```$/ {on = 0} on' "$source/docs/library.md" >"$work/consumer/app.c"
cp "$work/consumer/app.c" "$work/consumer/app_cxx.cpp"

# ---- the files are those that the page lists ----
pc=$(find "$prefix" -name picojoule.pc)
libdir=$(dirname "$(dirname "$pc")")
(cd "$prefix" && find . ! -type d) | sed "s,^\./,,; s,^${libdir#"$prefix"/}/,lib/,; s,^include/picojoule/[a-z]*\.h$,include/picojoule/*.h,
    s,^share/picojoule/\(energy_tables\|op_rules\)/.*,share/picojoule/\1/*,; s,-\(debug\|noconfig\|relwithdebinfo\)\.cmake,-release.cmake," |
    LC_ALL=C sort -u >"$work/is"
awk '/^```$/ {on = !on; next} on && /^(bin|include|lib|share)\//' "$source/docs/library.md" >"$work/listed"
diff "$work/listed" "$work/is" || {
    echo "docs/library.md lists other files (<) than are installed (>)" >&2
    exit 1
}

# ---- what ours says ----
mkdir "$work/model"
"$make_model" "$work/model"
model=$work/model/m.onnx
"$prefix/bin/picojoule" analyze "$model" --dim batch=2 --inspect-weights --format json >"$work/expected"

check() # PROGRAM : the same report, and its figures
{
    LD_LIBRARY_PATH=$libdir "$1" "$model" >"$work/report" 2>"$work/figures" || {
        cat "$work/figures" >&2
        echo "$1 failed" >&2
        exit 1
    }
    cmp "$work/expected" "$work/report"
    # 2 x 50 x 70 + 2 x 70 x 60 MACs
    grep -q ' pJ, 15400 MACs, 2 layers' "$work/figures" || {
        cat "$work/figures" >&2
        exit 1
    }
    echo "ok: $(basename "$1")"
}

# ---- pkg-config ----
export PKG_CONFIG_PATH="$libdir/pkgconfig"
flags=$(pkg-config --cflags picojoule)
shared=$(pkg-config --libs picojoule)
static=$(pkg-config --static --libs picojoule | sed 's/-lpicojoule/-l:libpicojoule.a/')
strict="-O1 -Wall -Wextra -Wpedantic -Werror"
# shellcheck disable=SC2086 # lists of words
{
    "$cc" -std=c11 -D_POSIX_C_SOURCE=200809L $strict $flags -o "$work/c_shared" "$work/consumer/app.c" $shared
    "$cc" -std=c11 -D_POSIX_C_SOURCE=200809L $strict $flags -o "$work/c_static" "$work/consumer/app.c" $static
}
check "$work/c_shared"
check "$work/c_static"
if [ -n "$cxx" ]; then
    # shellcheck disable=SC2086
    "$cxx" -std=c++17 $strict $flags -o "$work/cxx_shared" "$work/consumer/app_cxx.cpp" $shared
    # shellcheck disable=SC2086
    "$cxx" -std=c++17 $strict $flags -o "$work/cxx_static" "$work/consumer/app_cxx.cpp" $static
    check "$work/cxx_shared"
    check "$work/cxx_static"
else
    echo "skipped: C++ (no compiler)"
fi

# ---- the examples say the same ----
example() # COMPILER FLAGS SOURCE
{
    # shellcheck disable=SC2086
    "$1" $2 $strict $flags -o "$work/example" "$source/examples/$3" $shared
    LD_LIBRARY_PATH=$libdir "$work/example" "$source/models/resnet8.onnx" >"$work/says"
    echo '258.420 uJ, of which 16.5 % in /stack3/conv2/Conv' | diff - "$work/says" # as the README's table
    echo "ok: $3"
}
example "$cc" -std=c11 dearest.c
[ -z "$cxx" ] || example "$cxx" -std=c++17 dearest.cpp

if readelf -d "$work/c_static" 2>/dev/null | grep -q 'NEEDED.*libpicojoule'; then
    echo "the static program needs the shared library" >&2
    exit 1
fi

# ---- a program with ONNX code of its own, in both packages that it may have ----
if [ -n "$protoc" ]; then
    for package in onnx pj_onnx; do
        mkdir "$work/$package"
        sed "s/^package pj_onnx;/package $package;/" "$source/proto/onnx.proto" >"$work/$package/onnx.proto"
        "$protoc" --c_out="$work/$package" --proto_path="$work/$package" onnx.proto
        # shellcheck disable=SC2046,SC2086
        "$cc" -std=c11 -D_POSIX_C_SOURCE=200809L -w -DUNPACK=${package}__model_proto__unpack \
            -DFREE=${package}__model_proto__free_unpacked -I"$work/$package" $flags $(pkg-config --cflags libprotobuf-c) \
            -o "$work/with_$package" "$work/consumer/embed.c" "$work/$package/onnx.pb-c.c" $static
        "$work/with_$package" "$model" | grep -qx '2 nodes, 2 layers' || {
            echo "a program with protobuf code of package $package does not work" >&2
            exit 1
        }
        echo "ok: with_$package"
    done
else
    echo "skipped: a program with ONNX code of its own (no protoc-c)"
fi

# ---- find_package, with paths from the cache of this build so that nothing is guessed ----
languages="C"
[ -z "$cxx" ] || languages="C;CXX"
"$cmake" -S "$work/consumer" -B "$work/consumer/build" -G Ninja -DCMAKE_C_COMPILER="$cc" ${cxx:+-DCMAKE_CXX_COMPILER="$cxx"} \
    -DLANGUAGES="$languages" -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" 2>&1 &&
    "$cmake" --build "$work/consumer/build" >>"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
for program in "$work"/consumer/build/find_*; do
    check "$program"
done
