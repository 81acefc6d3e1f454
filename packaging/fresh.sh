#!/bin/sh
# fresh.sh DIST FOLDER [SUITE]: what dist.sh made, on a fresh Debian (bookworm unless SUITE is named) in FOLDER (debootstrap,
# as root, two minutes): the Debian packages, the static program, the wheel, the npm package with Debian's node, and the
# image's layer write the same report of resnet8; purging the packages leaves nothing.
set -eu
dist=$(cd "${1:?DIST}" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${2:?FOLDER}"
to=$(cd "$2" && pwd)
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates "${3:-bookworm}" "$to" ${mirror:+"$mirror"} >"$to.log" 2>&1
cp /etc/apt/apt.conf.d/* "$to/etc/apt/apt.conf.d/" 2>/dev/null || true
cp -R /etc/ssl/certs "$to/etc/ssl/" 2>/dev/null || true
mkdir "$to/t"
cp "$dist"/* "$root/models/resnet8.onnx" "$to/t"
cat >"$to/t/try.sh" <<'END'
set -e
cd /t
report="analyze resnet8.onnx --format json"
apt-get update -qq >apt.log 2>&1
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm >>apt.log 2>&1
apt-get install -y -qq --no-install-recommends ./*.deb >>apt.log 2>&1 || { cat apt.log; exit 1; }
picojoule $report >deb.out
machine=$(uname -m)
tar -xzf picojoule-*-linux-"$machine".tar.gz
picojoule-*-linux-"$machine"/bin/picojoule $report >static.out
pip install --break-system-packages -q --no-index ./*.whl
python3 -c 'import picojoule; assert picojoule.analyze("resnet8.onnx").totals.macs == 12501632'
/usr/local/bin/picojoule $report >wheel.out
mkdir npm rootfs oci
(cd npm && npm install --silent --offline --no-audit --no-fund ../picojoule-[0-9]*.tgz && cp ../resnet8.onnx . &&
    npx --no-install picojoule $report >../npm.out)
tar -xf ./*-"$machine".oci.tar -C oci
for blob in oci/blobs/sha256/*; do
    tar -tzf "$blob" >/dev/null 2>&1 && tar -xzf "$blob" -C rootfs
done
cp resnet8.onnx rootfs
chroot rootfs /picojoule $report >image.out
for out in static wheel npm image; do
    cmp deb.out $out.out
done
apt-get purge -y -qq picojoule libpicojoule0 libpicojoule-dev >>apt.log 2>&1
left=$(find /usr /etc /var/lib -name '*picojoule*' ! -path '/usr/local/*' ! -path '/var/lib/dpkg/*' ! -path '/var/lib/apt/*')
[ -z "$left" ] || { echo "left: $left"; exit 1; }
echo "Debian packages, static program, wheel, npm package and image write the same bytes; purge leaves nothing"
END
chroot "$to" sh /t/try.sh
