#!/usr/bin/env python3
"""layer_policies.py PROGRAM MEASURED_LAYERS.json: how memory policies price single layers that were measured.

Each measured convolution, matrix product and pooling (rows whose repetitions differ by more than a tenth judge nothing) is
a model of one node without weights' values. Prints per candidate (policy, size of the SRAM) and class of operators
Spearman's rank correlation with the measured energy, and the median error of one constant per class: the least squares of
the logarithms over a random half, judged on the other. docs/memory.md has the table. It needs Python's onnx."""
import csv
import io
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile

from onnx import TensorProto, helper, save

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from devices import spearman  # noqa: E402

OPERATORS = {"conv": "Conv", "linear": "Gemm", "maxpool": "MaxPool"}
CANDIDATES = [("once", None), ("fused", 256)] + [(p, kib) for p in ("resident", "tiled") for kib in (256, 1024, 4096)]


def model_of(row):
    d, square = row["dims"], lambda value: [value] * 2
    weights, attributes = {}, {}
    if row["op"] == "linear":
        into, out, attributes = [d["batch"], d["cin"]], [d["batch"], d["cout"]], {"transB": 1}
        weights = {"w": [d["cout"], d["cin"]], "b": [d["cout"]]}
    else:
        into = [d["batch"], d["cin"], d["h"], d["w"]]
        out = [d["batch"], d["cout"], d["oh"], d["ow"]]
        attributes = {"kernel_shape": square(d["kernel"]), "strides": square(d["stride"]), "pads": square(d["pad"]) * 2}
    if row["op"] == "conv":
        attributes["group"] = d["groups"]
        weights = {"w": [d["cout"], d["cin"] // d["groups"]] + square(d["kernel"])}
    node = helper.make_node(OPERATORS[row["op"]], ["x", *weights], ["y"], row["op"], **attributes)
    value = helper.make_tensor_value_info
    graph = helper.make_graph([node], "layer", [value("x", TensorProto.FLOAT, into)], [value("y", TensorProto.FLOAT, out)])
    for name, dims in weights.items():
        tensor = graph.initializer.add(name=name, data_type=TensorProto.FLOAT, dims=dims, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="absent.data")
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def energies(program, folder, policy, kib):
    """Energy by the name of the model, of all models of a folder."""
    command = [program, "analyze", os.path.join(folder, "*.onnx"), "--reuse", policy, "--format", "csv"]
    if kib and kib != 256:
        path = os.path.join(folder, "%d.json" % kib)
        with open(os.path.join(os.path.dirname(__file__), "../../hierarchies/horowitz-45nm.json"), encoding="utf-8") as file:
            hierarchy = json.load(file)
        hierarchy["levels"][1]["size"]["kib"] = kib
        with open(path, "w", encoding="utf-8") as file:
            json.dump(hierarchy, file)
        command += ["--hierarchy", path]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return {os.path.basename(row["model"]): float(row["total_pj"]) for row in csv.DictReader(io.StringIO(text))}


def error_of_one_constant(pairs):
    """Median |constant x estimate / measured - 1| on half of the pairs, with the constant of the other half."""
    shuffled = random.Random(1).sample(pairs, len(pairs))
    seen, unseen = shuffled[::2], shuffled[1::2]
    constant = math.exp(statistics.median(math.log(measured / own) for own, measured in seen))
    return [abs(constant * own / measured - 1) for own, measured in unseen]


def main():
    program, measured = sys.argv[1:]
    with open(measured, encoding="utf-8") as file:
        rows = [row for row in json.load(file)["rows"] if row["op"] in OPERATORS and row["spread"] <= 0.1]
    print("%-18s" % "" + "".join("%18s" % ("%s (%d)" % (op, sum(r["op"] == op for r in rows))) for op in OPERATORS) +
          "%18s" % "all")
    with tempfile.TemporaryDirectory() as folder:
        for number, row in enumerate(rows):
            save(model_of(row), os.path.join(folder, "%04d.onnx" % number))
        for policy, kib in CANDIDATES:
            own, errors, cells = energies(program, folder, policy, kib), [], []
            for op in OPERATORS:
                pairs = [(own["%04d.onnx" % i], row["energy_uj"]) for i, row in enumerate(rows) if row["op"] == op]
                of = error_of_one_constant(pairs)
                errors += of
                cells.append("%.3f %6.1f %%" % (spearman(*zip(*pairs)), 100 * statistics.median(of)))
            cells.append("%.1f %%" % (100 * statistics.median(errors)))
            print("%-18s" % (policy + (" %d KiB" % kib if kib else "")) + "".join("%18s" % cell for cell in cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
