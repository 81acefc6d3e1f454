#!/bin/sh
# crash.sh PICOJOULE MODELS : whatever happens to the processes of a sweep, its files are the same bytes in the end, and
# none is there by halves.
set -eu
program=$1 models=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir zoo
cp "$models"/resnet8.onnx "$models"/kws_dscnn.onnx "$models"/ad_autoencoder.onnx zoo
cp "$models"/../energy_tables/horowitz-mac.json mine.json
cat >spec.json <<'END'
{"schema": "picojoule.sweep-spec/1", "chunk": 25, "blocks": [
  {"models": "zoo/*.onnx", "quantize": [null, "int8", "fp16", "w4a8"], "table": ["horowitz-45nm", "mine.json"],
   "weights_on": ["dram", "sram"], "activations_on": ["dram", "sram", "fixed"],
   "sram_min": ["0", "1KiB", "16KiB", "64KiB", "256KiB", "1MiB"]}]}
END
fail()
{
    echo "FAIL: $*" >&2
    exit 1
}
sums() { (cd "$1/points" && sha256sum -- *); }
same() # FOLDER: as that of one process
{
    [ "$(sums one)" = "$(sums "$1")" ] || fail "$1 has other files"
    [ -z "$(find "$1" -name '.*tmp')" ] || fail "$1: $(find "$1" -name '.*tmp')"
    "$program" sweep spec.json -o "$1" --status >/dev/null || fail "$1 is not complete"
}
code() # WANTED COMMAND...
{
    wanted=$1 got=0
    shift
    "$@" >out 2>err || got=$?
    [ "$got" = "$wanted" ] || fail "exit $got and not $wanted: $* ($(cat err))"
}
says() { grep -q -e "$1" err || fail "nothing of '$1' in: $(cat err)"; }

code 0 "$program" sweep spec.json -o one --jobs 1
[ "$(ls one/points | wc -l)" = 35 ] || fail "864 points in chunks of 25 are 35 files"

# ---- threads, shards ----
code 0 "$program" sweep spec.json -o threads --jobs 3
same threads
for n in 2 7 40; do
    i=0
    while [ "$i" -lt "$n" ]; do
        code 0 "$program" sweep spec.json -o "shards$n" --shard "$i/$n" --jobs 1
        i=$((i + 1))
    done
    same "shards$n"
done
code 2 "$program" sweep spec.json -o never --shard 3/3

# ---- killed, again and again; then to the end ----
for after in 0.01 0.02 0.03 0.04 0.05 0.06; do
    timeout -s KILL "$after" "$program" sweep spec.json -o killed --jobs 1 >/dev/null 2>&1 || true
done
echo "killed six times: $(ls killed/points 2>/dev/null | wc -l) of 35 chunks"
code 0 "$program" sweep spec.json -o killed --jobs 1
find killed -name '.*tmp' -delete # of those that were killed
same killed

# ---- three at once, on all chunks ----
for i in 1 2 3; do "$program" sweep spec.json -o three --jobs 1 >/dev/null 2>"three.$i" & done
wait
same three

# ---- a file that may not grow: chunks that are whole stay ----
code 0 "$program" sweep spec.json -o full --shard 0/9
(
    trap '' XFSZ
    ulimit -f 4
    "$program" sweep spec.json -o full --jobs 1 >out 2>err
) && fail "written on a full disk" || [ "$?" = 5 ] || fail "a full disk: exit $? ($(cat err))"
says "cannot be written"
[ -z "$(find full -name '.*tmp')" ] || fail "a full disk leaves $(find full -name '.*tmp')"
[ "$(ls full/points | wc -l)" = 4 ] || fail "a full disk: $(ls full/points)"
code 1 "$program" sweep spec.json -o full --status
code 0 "$program" sweep spec.json -o full
same full

# ---- once more: nothing to do ----
code 0 "$program" sweep spec.json -o one
says '0 chunks written (0 points), 35 there before'
same one

# ---- what comes later is not of the folder ----
rm -r full/points/c00000[12]*
cp "$models"/vww_mobilenet.onnx zoo
code 0 "$program" sweep spec.json -o full
same full
rm zoo/vww_mobilenet.onnx

# ---- another model in the place of one: rows that say so ----
rm -r full/points/*
cp zoo/resnet8.onnx kept.onnx
cp "$models"/resnet8_int8.onnx zoo/resnet8.onnx
code 0 "$program" sweep spec.json -o full
says '288 error rows'
says 'point 576 is the first: the file is another one'
code 0 "$program" sweep spec.json -o full --status
grep -q '288 model-changed' out || fail "$(cat out)"
cp kept.onnx zoo/resnet8.onnx

# ---- what an earlier sweep has is taken where its models, tables and version are the same; the rest is priced ----
code 0 "$program" sweep spec.json -o copied --since one
says 'one: 35 chunks taken from it'
says 'copied: 0 chunks written (0 points), 0 there before'
same copied
cp "$models"/resnet8_int8.onnx zoo/resnet8.onnx
code 0 "$program" sweep spec.json -o anew --jobs 2
code 0 "$program" sweep spec.json -o tonight --since one --jobs 2
says 'one: 23 chunks taken from it' # 576 points of the other two models, which come first
says 'tonight: 12 chunks written'
[ "$(sums anew)" = "$(sums tonight)" ] || fail "a sweep since another has other files than one anew"
code 0 "$program" sweep spec.json -o layered --since one --layers # which has none
says 'one: 0 chunks taken from it'
code 0 "$program" sweep spec.json -o again --since layered --layers
says 'layered: 35 chunks taken from it'
diff -r layered again || fail "layers are not copied as they are"
mkdir odd
for text in '' '[]' '{"schema": "picojoule.sweep-run/1"}' \
    '{"schema": "picojoule.sweep-run/1", "lists": 3, "models": {"path": 1}, "files": "x", "spec": [], "version": null}'; do
    echo "$text" >odd/sweep.json
    rm -rf from_odd
    "$program" sweep spec.json -o from_odd --since odd 2>err || [ $? -eq 3 ] || fail "$text: $(cat err)"
    ! grep -q 'taken from it' err || fail "$text: $(cat err)"
done
sed 's/"lists": \[/"lists": 3, "nothing": [/; s/"models": \[/"models": {"a": 1}, "none": [/' one/sweep.json >odd/sweep.json
code 0 "$program" sweep spec.json -o oddest --since odd
says 'nothing is taken from odd: its sweep.json is damaged'
cp kept.onnx zoo/resnet8.onnx
code 0 "$program" sweep spec.json -o mended --since full # with 288 error rows, in 12 chunks
same mended
says 'full: 23 chunks taken from it'
cp -r one cut_off
head -c 3000 one/points/c0000006.parquet >cut_off/points/c0000006.parquet
cp one/points/c0000007.parquet cut_off/points/c0000008.parquet
code 0 "$program" sweep spec.json -o whole --since cut_off
says 'cut_off: 33 chunks taken from it'
same whole
sed 's/"w4a8"/"int4"/' spec.json >other.json
code 0 "$program" sweep other.json -o others --since one
says 'nothing is taken from one: it is of another study'
cp "$models"/vww_mobilenet.onnx zoo/a_first.onnx # so that all points behind it have other numbers
code 0 "$program" sweep spec.json -o more --since one
says 'one: 0 chunks taken from it, and 864 points of others'
says 'more: 47 chunks written (1152 points)'
code 0 "$program" sweep spec.json -o more_anew --layers --jobs 2
[ "$(sums more)" = "$(sums more_anew)" ] || fail "a sweep with a model more has other files than one anew"
code 0 "$program" sweep spec.json -o more_layers --layers --since layered --jobs 2
says 'and 576 points of others' # where one model was another
diff -r more_anew more_layers || fail "rows of layers are not taken as they are"
rm zoo/a_first.onnx
code 0 "$program" sweep spec.json -o less --since more
says 'more: 0 chunks taken from it, and 864 points of others'
same less
cp -r one worn # pages that are damaged: their chunks are priced, the others taken
printf 'xxxxxxxxxxxxxxxx' | dd of=worn/points/c0000003.parquet bs=1 seek=100 conv=notrunc 2>/dev/null
cp "$models"/vww_mobilenet.onnx zoo/a_first.onnx
code 0 "$program" sweep spec.json -o from_worn --since worn
says 'and 8[0-9]* points of others'
[ "$(sums from_worn)" = "$(sums more_anew)" ] || fail "damaged pages have come into a sweep"
rm zoo/a_first.onnx
cat >two.json <<'END'
{"schema": "picojoule.sweep-spec/1", "chunk": 7, "blocks": [
  {"name": "a", "models": "zoo/*.onnx", "zip": [{"quantize": "int8", "sram_min": "1KiB"}, {"quantize": "fp16", "sram_min": "64KiB"}],
   "dims": {"batch": [1, 2, 3, 4]}, "absent_dims": "ignore", "exclude": ["batch > 3", {"model": "*kws*", "quantize": "fp16"}]},
  {"name": "b", "models": ["zoo/*.onnx"], "devices": ["h100"], "table": "horowitz-45nm", "quantize": [null, "int8"]}]}
END
code 0 "$program" sweep two.json -o two_before
cp "$models"/vww_mobilenet.onnx zoo/b.onnx
code 0 "$program" sweep two.json -o two_anew
code 0 "$program" sweep two.json -o two_taken --since two_before
diff -r two_anew two_taken || fail "blocks, devices, what is left out: other files than anew"
says 'and [1-9][0-9]* points of others'
cat err
rm zoo/b.onnx
cp mine.json kept.json
echo >>mine.json
code 0 "$program" sweep spec.json -o tabled --since one
says 'nothing is taken from one: a table, plan or other file has changed since'
cp kept.json mine.json
code 3 "$program" sweep spec.json -o never --since nowhere

# ---- another study, another table, files that are not ours ----
sed 's/"w4a8"/"int4"/' spec.json >other.json
code 3 "$program" sweep other.json -o one
says 'another study'
cp mine.json kept.json
echo >>mine.json
code 3 "$program" sweep spec.json -o one
says 'mine.json: the file has changed since one was begun'
cp kept.json mine.json
code 0 "$program" sweep spec.json -o one
echo nonsense >one/points/c0000004.parquet
head -c 3000 one/points/c0000006.parquet >cut
mv cut one/points/c0000006.parquet
cp one/points/c0000007.parquet one/points/c0000008.parquet
code 1 "$program" sweep spec.json -o one --status
says 'c0000004.parquet: this is no chunk of the sweep, or not all of one (3 such)'
code 3 "$program" sweep spec.json -o nowhere --status
code 5 "$program" sweep spec.json -o /proc/nothing
code 5 "$program" sweep spec.json -o spec.json
echo "all is as it was"
