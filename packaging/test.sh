#!/bin/sh
# test.sh DIST PROGRAM: what dist.sh made, used as people would: each program writes the bytes of PROGRAM, the packages
# install and leave nothing behind, the Python module does what its tests say.
set -eu
dist=$(cd "${1:?DIST}" && pwd)
program=$(realpath "${2:?PROGRAM}")
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
failed=0

fail()
{
    echo "FAILED: $1" >&2
    failed=1
}

skip() { echo "SKIPPED: $1"; }

same() # NAME COMMAND... : writes what PROGRAM writes
{
    name=$1
    shift
    compared=0
    for words in "analyze models/resnet8.onnx --inspect-weights --device stm32h7a3 --format json" \
        "analyze models/resnet8.onnx --table qtools --quantize w4a8 --memory --format json" \
        "analyze models/encoder.onnx --dim batch=2 --dim sequence=16 --lint" "plan models/kws_dscnn.onnx --format json" \
        "tables horowitz-45nm" "ops"; do
        # shellcheck disable=SC2086 # words
        if "$program" $words >"$work/ours" 2>&1 && "$@" $words >"$work/theirs" 2>&1 &&
            cmp -s "$work/ours" "$work/theirs"; then
            compared=$((compared + 1))
        else
            fail "$name: $words"
        fi
    done
    echo "$name: $compared outputs are the same bytes"
}

# ---- sums and parts ----
(cd "$dist" && sha256sum --check --quiet SHA256SUMS) || fail "SHA256SUMS"
python3 - "$dist" <<'END' || fail "SBOM"
import glob, hashlib, json, os, sys
folder = sys.argv[1]
bom = json.load(open(glob.glob(folder + "/*.spdx.json")[0]))
assert bom["spdxVersion"] == "SPDX-2.3" and bom["dataLicense"] == "CC0-1.0"
ids = [one["SPDXID"] for one in bom["packages"] + bom["files"]]
assert len(set(ids)) == len(ids) and {"SPDXRef-picojoule", "SPDXRef-sqlite3", "SPDXRef-musl"} <= set(ids)
for one in bom["relationships"]:
    assert one["relatedSpdxElement"] in ids and one["spdxElementId"] in ids + ["SPDXRef-DOCUMENT"]
listed = {one["fileName"]: one["checksums"][1]["checksumValue"] for one in bom["files"]}
for name in os.listdir(folder):
    if name != "SHA256SUMS" and not name.endswith(".spdx.json"):
        assert listed["./" + name] == hashlib.sha256(open(os.path.join(folder, name), "rb").read()).hexdigest(), name
END

# ---- the archive, in a folder that has nothing else ----
machine=$(uname -m)
tar -xf "$dist"/picojoule-*-linux-"$machine".tar.gz -C "$work"
static=$(echo "$work"/picojoule-*-linux-"$machine"/bin/picojoule)
readelf -l "$static" | grep -q INTERP && fail "the static program is not static"
same "static program" "$static"
if [ "$(id -u)" = 0 ]; then
    mkdir "$work/empty"
    cp "$static" models/resnet8.onnx "$work/empty"
    chroot "$work/empty" /picojoule analyze resnet8.onnx --format json >"$work/theirs" &&
        (cd models && "$program" analyze resnet8.onnx --format json) | cmp -s - "$work/theirs" || fail "in an empty root"
fi

# ---- the images: their layers ----
layer_of() # MACHINE ARCHITECTURE
{
    mkdir -p "$work/oci/$1" "$work/rootfs/$1"
    tar -xf "$dist"/*-"$1".oci.tar -C "$work/oci/$1"
    layer=$(python3 - "$work/oci/$1" "$2" <<'END'
import hashlib, json, sys
def blob(digest):
    data = open(sys.argv[1] + "/blobs/" + digest.replace(":", "/"), "rb").read()
    assert "sha256:" + hashlib.sha256(data).hexdigest() == digest
    return data
index = json.load(open(sys.argv[1] + "/index.json"))
manifest = json.loads(blob(index["manifests"][0]["digest"]))
config = json.loads(blob(manifest["config"]["digest"]))
assert config["architecture"] == sys.argv[2]
assert config["config"]["Entrypoint"] == ["/picojoule"] and len(config["rootfs"]["diff_ids"]) == 1
blob(manifest["layers"][0]["digest"])
print(sys.argv[1] + "/blobs/" + manifest["layers"][0]["digest"].replace(":", "/"))
END
    )
    tar -xzf "$layer" -C "$work/rootfs/$1"
    cmp -s "$work/rootfs/$1/picojoule" "$work"/picojoule-*-linux-"$1"/bin/picojoule || fail "the image for $1 holds another program"
}
layer_of "$machine" "$(dpkg --print-architecture)"

# ---- the program for 64-bit Arm, by an emulator ----
if [ "$machine" != aarch64 ] && [ -e "$(echo "$dist"/picojoule-*-linux-aarch64.tar.gz)" ]; then
    tar -xf "$dist"/picojoule-*-linux-aarch64.tar.gz -C "$work"
    layer_of aarch64 arm64
    if command -v qemu-aarch64-static >/dev/null 2>&1; then
        same "program for 64-bit Arm" qemu-aarch64-static "$work"/picojoule-*-linux-aarch64/bin/picojoule
    else
        skip "no qemu-aarch64-static: the program for 64-bit Arm was NOT run"
    fi
fi

# ---- the wheel, without an index ----
if python3 -m pip --version >/dev/null 2>&1; then
    python3 -m pip install -q --no-index --no-deps --no-compile --target "$work/site" "$dist"/*.whl 2>"$work/pip" || {
        cat "$work/pip" >&2
        fail "the wheel does not install"
    }
    same "wheel" env PYTHONPATH="$work/site" python3 "$work/site/bin/picojoule"
    PYTHONPATH=$work/site python3 examples/dearest.py models/resnet8.onnx >"$work/says" &&
        grep -q '^258.420 uJ, of which 16.5 % in /stack3/conv2/Conv$' "$work/says" || fail "examples/dearest.py"
    for python in /usr/bin/python3 python3; do
        "$python" -c 'import pytest' 2>/dev/null || continue
        PYTHONPATH=$work/site PICOJOULE_MODELS=$root/models "$python" -m pytest -q -p no:cacheprovider \
            packaging/python/tests || fail "the module's tests"
        tested=yes
        break
    done
    [ "${tested:-}" ] || skip "no pytest: the Python module was installed, not tested"
else
    skip "no pip: the wheel was NOT tried"
fi

# ---- the npm package, and the app ----
tar -xzf "$dist"/picojoule-*-web.tar.gz -C "$work"
for file in index.html picojoule.wasm picojoule-more.wasm; do
    [ -s "$work"/picojoule-*-web/$file ] || fail "the app has no $file"
done
if command -v node >/dev/null 2>&1; then
    mkdir "$work/npm"
    tar -xzf "$dist"/picojoule-[0-9]*.tgz -C "$work/npm"
    node packaging/npm/test/test.mjs "$work/npm/package" "$program" models || fail "the npm package"
    if command -v npm >/dev/null 2>&1; then
        (cd "$work/npm" && npm install --silent --no-audit --no-fund --offline --ignore-scripts "$dist"/picojoule-[0-9]*.tgz &&
            npx --no-install picojoule analyze "$root/models/resnet8.onnx" | grep -q 'One run takes 258.4 uJ' &&
            cp "$root/examples/dearest.mjs" . && node dearest.mjs "$root/models/resnet8.onnx" |
            grep -q '^258.420 uJ, of which 16.5 % in /stack3/conv2/Conv$') || fail "npm install, examples/dearest.mjs"
    fi
else
    skip "no node: the npm package was NOT tried"
fi

# ---- the Debian packages, in a system of their own ----
if command -v lintian >/dev/null 2>&1; then
    lintian --fail-on error,warning --no-tag-display-limit "$dist"/*.deb >"$work/lintian" 2>&1 || {
        cat "$work/lintian" >&2
        fail "lintian"
    }
else
    skip "no lintian: the Debian packages were NOT checked"
fi
mkdir "$work/deb"
for package in "$dist"/*.deb; do
    dpkg-deb -x "$package" "$work/deb"
done
same "Debian package" "$work/deb/usr/bin/picojoule"
for file in usr/share/man/man1/picojoule.1.gz usr/share/picojoule/schemas/report.schema.json usr/include/picojoule/picojoule.h \
    usr/share/bash-completion/completions/picojoule; do
    [ -e "$work/deb/$file" ] || fail "the Debian packages have no $file"
done
if [ "$(id -u)" = 0 ] && command -v dpkg >/dev/null 2>&1 && ! dpkg -s picojoule >/dev/null 2>&1; then
    ours_in_system() { find /usr /etc /var/lib /opt -xdev -name '*picojoule*' ! -path '/var/lib/dpkg/*' | sort; }
    ours_in_system >"$work/before"
    dpkg -i "$dist"/*.deb >"$work/dpkg" 2>&1 || { cat "$work/dpkg" >&2; fail "dpkg -i"; }
    same "installed package" /usr/bin/picojoule
    cc -x c -o "$work/app" - $(pkg-config --cflags --libs picojoule) <<'END' && "$work/app" || fail "a program of the dev package"
#include <picojoule/picojoule.h>
int main(void) { return pj_abi_version() < PJ_ABI; }
END
    dpkg --purge picojoule libpicojoule-dev libpicojoule0 >"$work/dpkg" 2>&1 || { cat "$work/dpkg" >&2; fail "purge"; }
    ours_in_system | cmp -s - "$work/before" || fail "purge leaves files"
else
    skip "not root, or picojoule is installed: the Debian packages were unpacked, not installed"
fi
[ "$failed" = 0 ] && echo "all packages do what the program does"
exit "$failed"
