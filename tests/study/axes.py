"""axes.py PICOJOULE CHECK_SCHEMA ROOT : each axis of a sweep changes its own columns and the figures that rest on it, no
others; files that describe sweeps are what their schema says, and what it refuses is refused.

Two rows that differ in one axis alone are compared, column by column."""
import csv
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile

program, check_schema, root = sys.argv[1:]
schema = os.path.join(root, "docs/sweep-spec.schema.json")
COUNTS = {"layers", "macs", "params", "uncounted"}
ENERGY = {key + unit for key in ("inputs", "outputs", "parameters", "op_cost", "total", "per_sample", "conversion")
          for unit in ("_pj", "_relative")}
MOVED = {key + unit for key in ("inputs", "outputs", "parameters", "total", "per_sample") for unit in ("_pj", "_relative")}
LEVELS = {"level%d_%s" % (i, key) for i in range(3) for key in ("bits", "pj", "relative")} | {"registers_pj", "registers_relative"}
ENERGY |= LEVELS
MOVED |= LEVELS
FORMATS = {"flops", "bops", "param_bits", "peak_activation_bytes"}

# axis -> what it may change beside its own column
MAY = {
    "weights_on": {"parameters_pj", "parameters_relative", "total_pj", "total_relative", "per_sample_pj", "per_sample_relative",
                   "findings"},
    "activations_on": MOVED | {"findings"},
    "io_on_dram": MOVED | {"findings"},
    "sram_min": MOVED | {"findings"},
    "sram": MOVED | {"findings"},
    "reuse": MOVED | {"findings"},
    "runs": {"parameters_pj", "parameters_relative", "total_pj", "total_relative", "per_sample_pj", "per_sample_relative"} | LEVELS,
    "kv_cache": MOVED | {"findings"},
    "table": ENERGY | FORMATS | {"rules", "findings"},    # formats: by its accumulators
    "hierarchy": ENERGY | {"findings"},
    "quantize": ENERGY | FORMATS | {"params", "findings"},
    "no_fold": ENERGY | FORMATS | COUNTS | {"findings"},
    "dim_batch": ENERGY | FORMATS | COUNTS | {"findings", "dim_total"},
    "dim_sequence": ENERGY | FORMATS | COUNTS | {"findings", "dim_total"},
    "model": None,
}
SPEC = {"schema": "picojoule.sweep-spec/1", "chunk": 500, "blocks": [
    {"name": "places", "models": ["kws_dscnn_int8.onnx", "resnet8.onnx"], "table": ["horowitz-45nm", "horowitz-mac"],
     "quantize": [None, "int8"], "no_fold": [None, True], "weights_on": ["dram", "sram"],
     "activations_on": ["dram", "sram", "fixed"], "io_on_dram": ["yes", "no"], "sram_min": ["0", "64KiB"]},
    {"name": "levels", "models": ["kws_dscnn.onnx", "encoder.onnx"], "absent_dims": "ignore",
     "dims": {"batch": [1, 2], "sequence": {"from": 64, "to": 128, "step": 64}},
     "sram": ["32KiB", "1MiB"], "reuse": ["once", "fused", "tiled"], "runs": [1, 100], "kv_cache": [None, "whole"],
     "hierarchy": [None, "tpu-like"], "exclude": ["batch * sequence > 200"]}]}
BAD = [{"blocks": [{"models": "a.onnx"}]}, {"schema": "picojoule.sweep-spec/1", "blocks": []},
       {"schema": "picojoule.sweep-spec/1", "blocks": [{"models": "a.onnx"}], "chunk": 0},
       {"schema": "picojoule.sweep-spec/1", "blocks": [{"models": "a.onnx", "modles": "b"}]},
       {"schema": "picojoule.sweep-spec/1", "blocks": [{"models": "a.onnx", "dims": {"n": {"from": 1}}}]},
       {"schema": "picojoule.sweep-spec/1", "blocks": [{"models": "a.onnx", "dims": {"n": {"from": 1, "to": 2, "step": 0}}}]},
       {"schema": "picojoule.sweep-spec/1", "blocks": [{"models": "a.onnx", "dims": {"n": {"from": 1, "to": 2, "factor": 1}}}]},
       {"schema": "picojoule.sweep-spec/1", "blocks": [{"models": "a.onnx", "quantize": []}]},
       {"schema": "picojoule.sweep-spec/1", "blocks": [{"models": "a.onnx", "absent_dims": "never"}]},
       {"schema": "picojoule.sweep-spec/1", "blocks": [{"models": "a.onnx", "zip": []}]}]


def validates(path):
    return subprocess.run([check_schema, schema, path], capture_output=True, text=True)


def sweep(path, *words):
    return subprocess.run([program, "sweep", path, *words], capture_output=True, text=True)


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "spec.json")
    for block in SPEC["blocks"]:
        block["models"] = [os.path.join(root, "models", name) for name in block["models"]]
    with open(path, "w") as file:
        json.dump(SPEC, file)
    for good in (path, os.path.join(root, "models/study.json"), os.path.join(root, "tests/cli/sweep_spec/spec.json")):
        done = validates(good)
        assert done.returncode == 0, (good, done.stdout)
    open(os.path.join(folder, "a.onnx"), "w").close()
    bad_path = os.path.join(folder, "bad.json")
    for bad in BAD:
        with open(bad_path, "w") as file:
            json.dump(bad, file)
        assert validates(bad_path).returncode != 0, ("the schema takes", bad)
        done = sweep(bad_path, "--count")
        assert done.returncode == 3, ("the program takes", bad, done)

    total = int(sweep(path, "--points", "0-999999").stderr.rsplit(" ", 1)[1])
    done = sweep(path, "--points", f"0-{total - 1}")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    levels = [row for row in rows if row["level0_pj"]]
    assert levels
    for row in levels:    # what the levels take, and arithmetic, is all there is
        parts = [row[key] for key in row if key.startswith(("level", "registers", "op_cost")) and key.endswith("_pj")]
        assert abs(sum(float(part) for part in parts if part) / float(row["total_pj"]) - 1) < 1e-9, row
    axes = [axis for axis in rows[0] if axis in MAY]
    compared = dict.fromkeys(axes, 0)
    for axis in axes:
        groups = {}
        for row in rows:
            key = (row["block"],) + tuple(row[other] for other in axes if other != axis)
            groups.setdefault(key, []).append(row)
        for group in groups.values():
            for a, b in itertools.combinations(group, 2):
                if a[axis] == b[axis] or "error" in (a["status"], b["status"]):
                    continue
                compared[axis] += 1
                changed = {key for key in a if a[key] != b[key]} - {"point", axis}
                if MAY[axis] is not None:
                    assert changed <= MAY[axis], (axis, changed - MAY[axis], a, b)
    assert all(compared.values()), compared
    print(f"{sum(compared.values())} pairs of {len(rows)} rows, axes: {', '.join(axes)}; {len(BAD)} files refused by both")
