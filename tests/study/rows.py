"""rows.py PICOJOULE MODELS: rows of a sweep are those of `analyze`, digit for digit.

Each point that is tried is a process of its own, by the command line that `sweep --command` gives. Its JSON has the same
figures as the row; of an error the same sentence. `--points` in one go keeps more from point to point than one point
alone, so both are compared."""
import csv, io, json, os, random, subprocess, sys, tempfile

program, models = sys.argv[1], sys.argv[2]
TRIED = 60


def run(*words):
    done = subprocess.run([program, *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


spec = {"schema": "picojoule.sweep-spec/1", "chunk": 100, "blocks": [
    {"name": "formats", "models": ["resnet8*.onnx", "kws_dscnn_int8.onnx"], "quantize": [None, "int8", "w4a8"],
     "no_fold": [None, True], "table": ["horowitz-45nm", "eyeriss-65nm-relative", "qtools", "jouppi-7nm"],
     "weights_on": ["dram", "sram"], "sram_min": ["0", "64KiB"], "io_on_dram": [None, "no"]},
    {"name": "levels", "models": ["kws_dscnn.onnx", "vww_mobilenet.onnx"], "sram": ["16KiB", "256KiB", 1048576],
     "zip": [{"table": "horowitz-45nm"}, {"table": "jouppi-7nm", "hierarchy": "tpu-like"}],
     "reuse": [None, "resident", "tiled"], "runs": [None, 100], "devices": ["stm32h7a3"]},
    {"name": "sizes", "models": ["encoder.onnx"], "dims": {"batch": [1, 3], "sequence": {"from": 100, "to": 600, "step": 100}},
     "quantize": [None, "fp16"]},
    {"name": "ignored", "models": ["encoder.onnx", "resnet8.onnx"], "dims": {"batch": [2], "sequence": "64 * batch"},
     "absent_dims": "ignore"}]}
with tempfile.TemporaryDirectory() as folder:
    for block in spec["blocks"]:
        block["models"] = [os.path.join(models, name) for name in block["models"]]
    path = os.path.join(folder, "spec.json")
    with open(path, "w") as file:
        json.dump(spec, file)
    code, out, err = run("sweep", path, "--points", "0-999999")
    assert code == 3 and "there are no points" in err, (code, err)
    total = int(err.rsplit(" ", 1)[1])
    code, out, err = run("sweep", path, "--points", f"0-{total - 1}")
    assert code == 0, err
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert [int(row["point"]) for row in rows] == list(range(total))
    random.seed(22)
    levels = [row for row in rows if row["block"] == "levels"]
    tried = random.sample(rows, TRIED) + random.sample(levels, 10) + [row for row in rows if row["block"] in ("sizes", "ignored")]
    errors = 0
    for row in tried:
        point = row["point"]
        code, command, err = run("sweep", path, "--command", point)
        assert code == 0, err
        words = subprocess.run(["sh", "-c", "printf '%s\\n' " + command.strip().split(" ", 1)[1]], capture_output=True,
                               text=True).stdout.split("\n")[:-1]
        code, out, err = run(*words, "--format", "json")
        alone = next(csv.DictReader(io.StringIO(run("sweep", path, "--points", point)[1], newline="")))
        assert alone == row, (point, alone, row)
        if row["status"] == "error":
            errors += 1
            assert code != 0 and row["error"] in err, (command, row["error"], err)
            continue
        assert code == 0, (command, err)
        report = json.loads(out)
        swept = "points" in report
        unit = report["settings"]["unit"]
        totals = report["points"][0] if swept else report["totals"]
        assert (unit == "pJ") == (row["total_pj"] != ""), row
        assert (unit == "pJ") == (row["total_relative"] == ""), row
        suffix = "_pj" if unit == "pJ" else "_relative"
        for key in ("inputs", "outputs", "parameters", "op_cost", "total"):
            told = totals[key + suffix] if swept else totals["energy_pj"][key] if "energy_pj" in totals else totals["energy"][key]
            assert float(row[key + suffix]) == told, (command, key, row[key + suffix], told)
        for key in ("macs", "flops", "params", "bops"):
            assert int(row[key]) == totals[key], (command, key)
        if not swept:
            assert row["peak_activation_bytes"] == str(totals["peak_activation_bytes"]), (command, row)
            assert int(row["findings"]) == len(report["diagnostics"]), (command, row["findings"])
    assert errors, "no point that fails was among those that were tried"
    print(f"{len(tried)} points of {total} are as analyze says, {errors} of them errors")
