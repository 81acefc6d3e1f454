#!/usr/bin/env python3
"""policies.py PROGRAM MEASURED.json GRAPHS: how memory policies rank networks that were measured.

MEASURED.json has the rows of collected measurements, GRAPHS the graphs that rows name. A series is one processor at one
precision with the energies of at least ten networks, one sample at a time. Prints per candidate (policy, size of the
SRAM) Spearman's rank correlation of its energies with the measured ones over all series: mean and worst; then that of
the multiply-accumulates and of the arithmetic alone. docs/memory.md has the table, docs/decisions what follows from it."""
import csv
import io
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from devices import spearman  # noqa: E402

SIZES = "256KiB,1MiB,4MiB"


def run(program, graph, precision, *options):
    command = [program, "analyze", graph, *options]
    command += ["--quantize", precision] if precision != "fp32" else []
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def candidates(program, graph, precision):
    """Energy, or another figure that could rank, by the name of the candidate."""
    out = {}
    for policy in ("once", "fused"):
        totals = json.loads(run(program, graph, precision, "--reuse", policy, "--format", "json"))["totals"]
        out[policy] = totals["energy_pj"]["total"]
    out["macs"], out["op_cost"] = totals["macs"], totals["energy_pj"]["op_cost"]
    for policy in ("resident", "tiled"):
        text = run(program, graph, precision, "--reuse", policy, "--sweep", "sram=" + SIZES, "--format", "csv")
        for row, size in zip(csv.DictReader(io.StringIO(text)), SIZES.split(",")):
            out[policy + " " + size] = float(row["total_pj"])
    return out


def series_of(rows, graphs):
    series = {}
    for row in rows:
        graph = os.path.join(graphs, (row.get("graph") or "") + ".onnx")
        if not row.get("energy_uj") or not row.get("graph") or not os.path.exists(graph) or "caution" in row:
            continue
        if row.get("scenario", "singlestream") != "singlestream" or row["graph"].startswith(("resnet", "bert")):
            continue
        series.setdefault((row["hardware"], row["precision"]), {})[graph] = row["energy_uj"]
    return {name: points for name, points in series.items() if len(points) >= 10}


def main():
    program, measured, graphs = sys.argv[1:]
    with open(measured, encoding="utf-8") as file:
        series = series_of(json.load(file)["rows"], graphs)
    found, ranks = {}, {}
    for (hardware, precision), points in sorted(series.items()):
        for graph in points:
            if (graph, precision) not in found:
                found[graph, precision] = candidates(program, graph, precision)
        for name in found[next(iter(points)), precision]:
            own = [found[graph, precision][name] for graph in points]
            ranks.setdefault(name, []).append(spearman(own, list(points.values())))
    print("%d series, %d networks" % (len(series), len({graph for graph, _ in found})))
    for name, values in ranks.items():
        print("%-18s mean %.3f  worst %.3f" % (name, sum(values) / len(values), min(values)))
    return 0 if series else 1


if __name__ == "__main__":
    sys.exit(main())
