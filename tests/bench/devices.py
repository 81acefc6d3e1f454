#!/usr/bin/env python3
"""devices.py PROGRAM MEASURED.json MODELS [GRAPHS]: estimate / measured of device profiles over measured points.

MEASURED.json has the rows of collected measurements, MODELS the MLPerf Tiny models of this repository, GRAPHS the graphs
that rows name. Rows with `caution`, and BERT (whose runs have shorter sentences), stand apart and are not counted.
Prints per device and load: points, geometric factor exp(mean |ln ratio|), share within 2x, mean direction. Points that
the profile itself was made from (MLPerf Tiny v1.2, and the one submission that some boards have) are in-sample.
An estimate counts where all layers with MACs have a figure."""
import json
import math
import os
import subprocess
import sys

TINY = {"kws": "kws_dscnn", "ic": "resnet8", "vww": "vww_mobilenet", "ad": "ad_autoencoder"}
# Part of the name of the hardware, profile; the first that matches.
PROFILES = (("L4R5", "stm32l4r5"), ("U575", "stm32u575"), ("H7A3", "stm32h7a3"), ("U385", "stm32u385"),
            ("RA6M4", "ra6m4"), ("xG24", "efr32mg24"), ("gap9_650", "gap9-240mhz"), ("gap9_800", "gap9-370mhz"),
            ("syntiant_9120_0v9", "ndp120-30mhz"), ("syntiant_9120_1v1", "ndp120-98mhz"), ("A100", "a100"),
            ("A30", "a30"), ("T4", "t4"), ("H100-PCIe", "h100-pcie"), ("Xavier NX", "jetson-xavier-nx"),
            ("CPU only", None), ("AGX Xavier", "jetson-xavier"), ("Raspberry Pi 4", "raspberry-pi-4"),
            ("Hailo-8", "hailo-8"))


def profile_of(row):
    return next((name for part, name in PROFILES if part in row["hardware"]), None)


def model_of(row, models, graphs):
    if row.get("task") in TINY and "Tiny" in row.get("suite", ""):
        return os.path.join(models, TINY[row["task"]] + ".onnx"), "int8"
    if graphs and row.get("graph") and not row["graph"].startswith("bert"):
        return os.path.join(graphs, row["graph"] + ".onnx"), row["precision"]
    return None, None


def estimates(program, model, precision, devices):
    command = [program, "analyze", model, "--format", "json"] + [w for d in devices for w in ("--device", d)]
    if precision != "fp32":
        command += ["--quantize", precision]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    batch = report["totals"]["batch"] or 1
    whole = {d for d in devices  # a board measured per MAC says nothing of layers without MACs, nor needs to
             if all(l["devices"].get(d, {}).get("energy_pj") is not None for l in report["layers"] if l["macs"])}
    return {d: f["energy_pj"] / 1e6 / batch for d, f in report["totals"]["devices"].items() if d in whole}


def show(name, points):
    logs = [math.log(e / m) for e, m in points]
    factor = math.exp(sum(map(abs, logs)) / len(logs))
    within = sum(abs(x) <= math.log(2) for x in logs) / len(logs)
    print("%-44s %5d %9.2f %9.0f %% %9.2f" % (name, len(logs), factor, 100 * within, math.exp(sum(logs) / len(logs))))


def main(program, rows_at, models, graphs=None):
    with open(rows_at, encoding="utf-8") as f:
        rows = json.load(f)["rows"]
    wanted, taken = {}, []
    for row in rows:
        device, (model, precision) = profile_of(row), model_of(row, models, graphs)
        if device and model and os.path.exists(model) and row.get("energy_uj") and "caution" not in row:
            wanted.setdefault((model, precision), set()).add(device)
            taken.append((row, device, model, precision))
    found = {key: estimates(program, *key, sorted(devices)) for key, devices in wanted.items()}
    groups, without = {}, 0
    submissions = {}
    for row, device, *_ in taken:
        submissions.setdefault(device, set()).add(row["suite"])
    for row, device, model, precision in taken:
        estimate = found[model, precision].get(device)
        if not estimate:
            without += 1
            continue
        tiny = "Tiny" in row["suite"]
        seen = tiny and ("v1.2" in row["suite"] or len(submissions[device]) == 1)
        load = row.get("scenario", "tiny")
        for name in ("%s %s %s%s" % (device, load, precision, ", in-sample" if seen else ""),
                     "all Tiny, %s" % ("in-sample" if seen else "not seen") if tiny else "all Inference"):
            groups.setdefault(name, []).append((estimate, row["energy_uj"]))
    print("%-44s %5s %9s %11s %9s" % ("device, load, precision", "n", "factor", "within 2x", "est/meas"))
    for name in sorted(groups):
        show(name, groups[name])
    print("%d of %d rows have a profile and a model; %d of them no whole estimate" % (len(taken), len(rows), without))


if __name__ == "__main__":
    main(*sys.argv[1:])
