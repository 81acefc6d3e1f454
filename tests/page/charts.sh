#!/bin/sh
# Charts as a browser draws them: no text leaves its chart, and none lies on another. Skipped, loudly, without Chromium.
#
#     charts.sh PROGRAM ROOT
program=$1 root=$2
browser=
for name in chromium chromium-browser google-chrome chrome; do
    browser=$(command -v $name) && break
done
if [ -z "$browser" ]; then
    echo "SKIPPED: there is no Chromium, so nobody has looked at the charts"
    exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
make() { # NAME COMMAND...: the chart NAME.svg
    name=$1
    shift
    if ! "$program" "$@" --format svg -o "$name.svg" 2>errors; then
        cat errors
        grep -q 'sizes failed' errors || failed=1
    fi
}

long="/a/very/long/path/to/models of the team/日本語のモデル名前テスト/resnet8_with_a_name_that_never_ends_and_goes_on.onnx"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    model=resnet8$([ $((i % 3)) = 0 ] && echo _int8)
    for name in "$long" net; do
        SOURCE_DATE_EPOCH=$((1767225600 + i * 86400)) "$program" analyze "$root/models/$model.onnx" --record energy.db \
            --record-as "$name" --commit "$(printf %040x $((i * 99991 + 123456789)))" -q >report 2>errors || failed=1
    done
done
"$program" analyze "$root/models/encoder.onnx" --record one.db --record-as one -q >report 2>errors || failed=1
make history-long history energy.db "$long"
make history-layers history energy.db "$long" --layer '/stack*'
make history history energy.db net
make history-one history one.db one
make history-macs history energy.db net --metric macs
make plan plan "$root/models/resnet8.onnx" --frontier
make plan-encoder plan "$root/models/encoder.onnx" --dim batch=1 --dim sequence=64 --frontier
make sweep-sram analyze "$root/models/encoder.onnx" --dim batch=1 --dim sequence=128 \
    --sweep sram=1KiB,4KiB,16KiB,64KiB,256KiB,1MiB,4MiB
make sweep-two analyze "$root/models/encoder.onnx" --sweep batch=1,2,4,8,16,32 --sweep sequence=1,2,3,4,5,6,7,8,9,128
make sweep-many analyze "$root/models/resnet8.onnx" --sweep sram=64KiB,65KiB,66KiB,67KiB,68KiB,69KiB,70KiB,71KiB,72KiB
make sweep-point analyze "$root/models/encoder.onnx" --dim batch=1 --sweep sequence=16
for golden in "$root"/tests/cli/*svg*/stdout.exact; do
    name=$(basename "$(dirname "$golden")")
    grep -q '^<svg' "$golden" && sed -n '/^<svg/,/^<\/svg>/p' "$golden" >"golden-$name.svg"
done

cat >look.js <<'JS'
const found = [];
const inside = (a, b) => a.left >= b.left - 0.5 && a.right <= b.right + 0.5 && a.top >= b.top - 0.5 && a.bottom <= b.bottom + 0.5;
const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
let texts = 0;
for (const svg of document.querySelectorAll("svg")) {
    const box = svg.getBoundingClientRect();
    const all = [...svg.querySelectorAll("text")].filter(t => t.textContent);
    all.forEach((text, i) => {
        const at = text.getBoundingClientRect();
        texts++;
        if (!inside(at, box))
            found.push(`OUT ${svg.dataset.name}: ${text.textContent}`);
        for (const other of all.slice(i + 1))
            if (over(at, other.getBoundingClientRect()))
                found.push(`ON ANOTHER ${svg.dataset.name}: ${text.textContent} | ${other.textContent}`);
    });
}
document.body.innerHTML = "";
const pre = document.createElement("pre");
pre.textContent = `LOOKED ${texts}\n` + found.join("\n");
document.body.append(pre);
JS
for font in sans-serif "'DejaVu Sans'"; do
    {
        echo "<!doctype html><meta charset=utf-8><body>"
        for svg in *.svg; do
            sed "1s/<svg /<svg data-name=\"$svg\" /" "$svg"
        done
        echo "<style>text{font-family:$font !important}</style><script>"
        cat look.js
        echo "</script></body>"
    } >page.html
    "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --window-size=800,600 --dump-dom \
        "file://$work/page.html" >dom 2>errors
    looked=$(sed -n 's/.*LOOKED \([0-9]*\).*/\1/p' dom)
    if [ "${looked:-0}" -lt 100 ]; then
        echo "$font: the browser has seen ${looked:-no} texts; it says:"
        tail -3 errors
        failed=1
    fi
    if grep -E '^(OUT|ON ANOTHER)' dom; then
        failed=1
    fi
    echo "$font: $looked texts in $(ls ./*.svg | wc -l) charts"
done
exit $failed
