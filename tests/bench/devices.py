#!/usr/bin/env python3
"""devices.py PROGRAM MEASURED.json MODELS [GRAPHS]: estimate / measured of device profiles over measured points.

MEASURED.json has the rows of collected measurements, MODELS the MLPerf Tiny models of this repository, GRAPHS the graphs
that rows name. Rows with `caution`, and BERT (whose runs have shorter sentences), stand apart and are not counted.
Prints per device, load and precision: points, geometric factor exp(mean |ln ratio|), share within 2x, mean direction, share
within the range that the estimate states, and over mobile networks Spearman's rank correlation of the estimate, and of the
plain table, with what was measured. "seen" are the points that fit_devices.py fits a profile or its class to."""
import json
import math
import os
import subprocess
import sys
from types import SimpleNamespace

TINY = {"kws": "kws_dscnn", "ic": "resnet8", "vww": "vww_mobilenet", "ad": "ad_autoencoder"}
# Part of the name of the hardware, profile; the first that matches.
PROFILES = (("L4R5", "stm32l4r5"), ("U575", "stm32u575"), ("H7A3", "stm32h7a3"), ("U385", "stm32u385"),
            ("RA6M4", "ra6m4"), ("xG24", "efr32mg24"), ("gap9_650", "gap9-240mhz"), ("gap9_800", "gap9-370mhz"),
            ("syntiant_9120_0v9", "ndp120-30mhz"), ("syntiant_9120_1v1", "ndp120-98mhz"), ("A100", "a100"),
            ("A30", "a30"), ("T4", "t4"), ("H100-PCIe", "h100-pcie"), ("Xavier NX", "jetson-xavier-nx"),
            ("CPU only (power mode 0)", "jetson-xavier-cpu"), ("CPU only", None), ("RK3588S CPU", "rk3588-cpu"),
            ("AGX Xavier", "jetson-xavier"), ("Raspberry Pi 4", "raspberry-pi-4"), ("Hailo-8", "hailo-8"))


def is_tiny(row):
    return row.get("task") in TINY and "Tiny" in row.get("suite", "")


def load_of(row):
    return "latency" if row.get("scenario", "singlestream") == "singlestream" else "throughput"


def profile_of(row):
    return next((name for part, name in PROFILES if part in row["hardware"]), None)


def model_of(row, models, graphs):
    if is_tiny(row):
        return os.path.join(models, TINY[row["task"]] + ".onnx"), "int8"
    if graphs and row.get("graph"):
        return os.path.join(graphs, row["graph"] + ".onnx"), row["precision"]
    return None, None


def factor(ratios):
    """exp(mean |ln ratio|), and the share of ratios within 2x."""
    logs = [math.log(r) for r in ratios]
    return math.exp(sum(map(abs, logs)) / len(logs)), sum(abs(x) <= math.log(2) for x in logs) / len(logs)


def half(points):
    """What a fit may see: every second network of a device, or submission where one network was measured."""
    seen = []
    for name in sorted({p.name for p in points}):
        mine = [p for p in points if p.name == name]
        graphs = sorted({p.graph for p in mine})
        seen += [p for p in mine if p.graph in graphs[::2]] if len(graphs) > 1 else mine[::2]
    return seen


def tiny_half(points):
    """Two of four networks, other ones on every second board, so that the ratios are seen everywhere."""
    seen = []
    for i, name in enumerate(sorted({p.name for p in points})):
        pair = (("kws", "ic"), ("vww", "ad"))[i % 2]
        seen += [p for p in points if p.name == name and p.graph in pair]
    return seen


def ranks(values):
    order, out = sorted(range(len(values)), key=values.__getitem__), [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and values[order[end + 1]] == values[order[at]]:
            end += 1
        for i in order[at:end + 1]:
            out[i] = (at + end) / 2
        at = end + 1
    return out


def spearman(a, b):
    a, b = ranks(a), ranks(b)
    mean = (len(a) - 1) / 2
    over = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    return over / math.sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))


def estimates(program, model, precision, load, devices):
    command = [program, "analyze", model, "--format", "json", "--load", load, "--top", "1"]
    command += [w for d in devices for w in ("--device", d)]
    if precision != "fp32":
        command += ["--quantize", precision]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    batch, totals = report["totals"]["batch"] or 1, report["totals"]
    out = {d: [f[k] / 1e6 / batch if f[k] is not None else None for k in ("energy_pj", "low_pj", "high_pj")]
           for d, f in totals["devices"].items()}
    return {d: (*figures, totals["energy_pj"]["total"]) for d, figures in out.items() if figures[0]}


def is_mobile(p):
    return not p.tiny and not p.graph.startswith(("resnet", "bert"))


def show(name, points):
    ratios = [p.estimate / p.energy for p in points]
    within = [p.low <= p.energy <= p.high for p in points if p.low is not None]
    mobile = [p for p in points if is_mobile(p)]
    line = "%-46s %4d %7.2f %7.0f %% %8.2f" % (name, len(ratios), *(lambda f: (f[0], 100 * f[1]))(factor(ratios)),
                                               math.exp(sum(map(math.log, ratios)) / len(ratios)))
    line += " %7.0f %%" % (100 * sum(within) / len(within)) if within else "         -"
    if len({p.graph for p in mobile}) >= 10 and name.count(" "):
        measured = [p.energy for p in mobile]
        line += "  %.3f %.3f" % (spearman([p.estimate for p in mobile], measured),
                                 spearman([p.table for p in mobile], measured))
    print(line)


def collect(program, rows, models, graphs):
    wanted, points, without = {}, [], 0
    for row in rows:
        name, (model, precision) = profile_of(row), model_of(row, models, graphs)
        if name and model and os.path.exists(model) and row.get("energy_uj"):
            p = SimpleNamespace(name=name, graph=row["task"] if is_tiny(row) else row["graph"], tiny=is_tiny(row),
                                load=load_of(row), precision=precision, energy=row["energy_uj"], seen=False,
                                group=row.get("device_group"), apart="caution" in row, key=(model, precision))
            p.apart = p.apart or p.graph.startswith("bert")
            wanted.setdefault((*p.key, p.load), set()).add(name)
            points.append(p)
    found = {key: estimates(program, *key, sorted(devices)) for key, devices in wanted.items()}
    for p in points:
        p.estimate, p.low, p.high, p.table = found[(*p.key, p.load)].get(p.name, (None,) * 4)
        without += p.estimate is None
    whole = [p for p in points if p.estimate is not None]
    counted = [p for p in whole if not p.apart]
    for load in ("latency", "throughput"):
        for p in half([p for p in counted if not p.tiny and p.load == load]):
            p.seen = True
    for p in tiny_half([p for p in counted if p.tiny]):
        p.seen = True
    return whole, counted, len(points), without


def main(program, rows_at, models, graphs=None):
    with open(rows_at, encoding="utf-8") as f:
        rows = json.load(f)["rows"]
    whole, counted, taken, without = collect(program, rows, models, graphs)
    print("%-46s %4s %7s %9s %8s %9s  %s" % ("device, load, precision", "n", "factor", "in 2x", "est/meas", "in range",
                                           "rank: estimate, table"))
    lists = {}
    for p in counted:
        suite = "Tiny" if p.tiny else "Inference"
        words = "%s, %s" % (p.name, p.precision) if p.tiny else "%s, %s, %s" % (p.name, p.load, p.precision)
        for name in (words, "all %s" % suite, "all %s, %s" % (suite, "seen" if p.seen else "not seen"),
                     "all %s, no CPU profiles" % suite if not p.tiny and not p.name.endswith("-cpu") else None,
                     "%s, %s, all formats" % (p.name, p.load) if is_mobile(p) else None):
            lists.setdefault(name, []).append(p)
    lists.pop(None, None)
    for p in whole:
        if p.apart:
            lists.setdefault("~ apart: %s" % ("BERT" if p.graph.startswith("bert") else "caution"), []).append(p)
    for name in sorted(lists):
        show(name, lists[name])
    print("%d of %d rows have a profile and a model; %d of them no whole estimate" % (taken, len(rows), without))


if __name__ == "__main__":
    main(*sys.argv[1:])
