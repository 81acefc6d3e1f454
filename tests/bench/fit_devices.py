#!/usr/bin/env python3
"""fit_devices.py PROGRAM MEASURED.json MODELS GRAPHS ENERGY_TABLES: fits how loads use devices, and writes it.

What a roofline does not say is fitted to at most half of the networks of a device: utilizations by class of work and
precision, fixed times, watts around the device, the share of the power that work takes. A device of which one network
was measured gives every second submission to the fit of its class. Boards of MLPerf Tiny share the ratios between the
classes of work; each has a scale of its own. `loads` of classes/*.json and of devices/*.json, and `fitted`, are this
script's results, nothing by hand (formulas: README.md of ENERGY_TABLES). It prints how each fit does on what it has seen
and on the rest, and each group of devices as the fit of its class comes out without it."""
import json
import math
import os
import subprocess
import sys

from device_profiles import text
from devices import factor, half, is_tiny, load_of, model_of, profile_of, tiny_half

CLASSES = ("conv", "depthwise", "matmul", "pool", "elementwise", "movement")
FITTED = ("conv", "depthwise", "elementwise")  # pool and movement are as element-wise work, matmul as conv: no network with
WITH_MACS = ("conv", "depthwise", "matmul")    # many of its MACs has been measured as its graph has it
LOADS = ("latency", "throughput")
POOLS = {"accelerators": ("gpu", "edge", "npu", "soc", "tpu"), "processors": ("cpu", "sbc")}
START = {"conv": 0.3, "depthwise": 0.1, "elementwise": 1, "layer_us": 3, "active_share": 0.5}
DIGITS = 3


def class_of(layer):
    """As src/cost/estimate.c, from what a report has."""
    if layer["macs"]:
        shape = layer["output_shape"]
        taps = layer["macs"] / math.prod(shape)
        if "Conv" not in layer["op"]:
            return "matmul"
        return "depthwise" if taps in (9, 25, 49) and layer["params"] <= shape[1] * (taps + 1) else "conv"
    if "Pool" in layer["op"]:
        return "pool"
    return "elementwise" if layer["flops"] else "movement"


class Network:
    """Its layers as (class, operations, MACs, bytes), and what the plain table says."""
    def __init__(self, program, model, precision):
        command = [program, "analyze", model, "--format", "json"]
        if precision != "fp32" and not model.endswith("_int8.onnx"):
            command += ["--quantize", precision]
        report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL).stdout)
        self.layers = [(class_of(l), l["flops"], l["macs"], (l["input_bits"] + l["output_bits"] + l["param_bits"]) / 8)
                       for l in report["layers"] if l["counted"] and not l["free"]]
        self.macs = {c: sum(l[2] for l in self.layers if l[0] == c) for c in WITH_MACS}


class Point:
    def __init__(self, row, key, network, name, profile):
        self.group, self.graph, self.precision = row.get("device_group") or "", row.get("graph"), key[1]
        self.name, self.network, self.cls = name, network, profile["class"]
        self.load = load_of(row)
        self.energy = row["energy_uj"]
        if profile["formula"] != "datasheet":
            return
        self.time = 1e6 / row["throughput_ips"] * ((row["accelerators"] or 1) if self.load == "throughput" else 1)
        peaks = profile["peak"]
        self.has_own_peak = key[1] in peaks
        self.peak = peaks.get(key[1], peaks.get("fp32"))["tops"] * 1e6
        self.power, self.idle = profile["power"]["w"], profile.get("idle", {}).get("w")
        self.bandwidth = profile["bandwidth"]["gb_per_s"] * 1e3 if "bandwidth" in profile else 0
        self.key = (name, key)
        cards, wall = row["accelerators"] or 1, row.get("idle_w_before")
        self.host_w = wall / (cards if self.load == "throughput" else 1) - (self.idle or 0) if wall else None


def estimate(fit, p):
    """Energy in uJ and time in us, as src/cost/device.c."""
    busy, layers = 0, 0
    used = fit["utilization"].get(p.precision) or fit["utilization"]["any"]
    for cls, ops, macs, moved in p.network.layers:
        at, over = used[cls], moved / p.bandwidth if p.bandwidth else 0
        busy += max(ops / (p.peak * at), over) if macs else max(ops / p.peak, over) / at
        layers += macs > 0
    time = busy + layers * fit["layer_us"]
    idle = p.idle if p.idle is not None else fit["idle_share"] * p.power
    host = fit["host_w"] if p.cls == "gpu" else 0
    return (host + idle) * time + fit["active_share"] * p.power * busy, time


def host_of(points):
    """Watts of a server beside the one card that works, or beside its share of the cards: what stands at the wall before
    the load, less the card's own; the median over servers."""
    servers = {(p.group, p.host_w) for p in points if p.host_w}
    at = sorted(w for _, w in servers)
    return (at[(len(at) - 1) // 2] + at[len(at) // 2]) / 2 if at else 0


class Search:
    """Coordinate descent over logarithms, drawn to where it starts; the names are the figures that may move."""
    def __init__(self, points, load, idle_share):
        self.precisions, self.idle_share = sorted({p.precision for p in points}), idle_share
        self.own = {p.precision for p in points if p.has_own_peak}
        self.names = [(q, c) for q in self.precisions for c in FITTED] + ["active_share"]
        self.names += ["layer_us"] if load == "latency" else []
        self.start = [math.log(START[n if isinstance(n, str) else n[1]]) for n in self.names]
        self.host_w = host_of([p for p in points if p.cls == "gpu"])

    def fit_of(self, x):
        fit = {"utilization": {q: {} for q in self.precisions}, "layer_us": 0, "host_w": self.host_w,
               "idle_share": self.idle_share}
        for name, value in zip(self.names, x):
            if isinstance(name, tuple):
                fit["utilization"][name[0]][name[1]] = math.exp(value)
            else:
                fit[name] = math.exp(value)
        for used in fit["utilization"].values():
            used["pool"] = used["movement"] = used["elementwise"]
            used["matmul"] = used["conv"]
        return fit

    def loss(self, x, points):
        fit, out, known = self.fit_of(x), 0, {}
        for p, weight in points:
            if (p.key, p.cls) not in known:
                known[p.key, p.cls] = estimate(fit, p)
            energy, time = known[p.key, p.cls]
            out += weight * (math.hypot(math.log(energy / p.energy), 0.1) + 0.5 * math.hypot(math.log(time / p.time), 0.1))
        pull = sum((a - b) ** 2 for a, b in zip(x, self.start))
        over = sum(max(0, x[i]) ** 2 for i, n in enumerate(self.names)
                   if isinstance(n, tuple) and n[0] in self.own and n[1] != "elementwise")
        return out / sum(w for _, w in points) + 0.004 * pull + over

    def run(self, points):
        x, step = list(self.start), 0.8
        best = self.loss(x, points)
        while step > 0.02:
            better = False
            for i in range(len(x)):
                for move in (step, -step):
                    x[i] += move
                    now = self.loss(x, points)
                    if now < best - 1e-6:
                        best, better = now, True
                        break
                    x[i] -= move
            if not better:
                step /= 2
        return self.fit_of(x)


def weighted(points):
    """Every group of devices counts the same, then every network, so that nobody's many submissions decide."""
    groups = {}
    for p in points:
        groups.setdefault(p.group, {}).setdefault(p.key, []).append(p)
    return [(p, 1 / len(groups) / len(nets) / len(same)) for nets in groups.values() for same in nets.values()
            for p in same]


def rounded(value):
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return float("%.*g" % (DIGITS, value)) if isinstance(value, float) else value


def fitted(points, load, idle_share):
    search = Search(points, load, idle_share)
    fit = rounded(search.run(weighted(points)))
    fit["utilization"]["any"] = fit["utilization"].get("fp32") or fit["utilization"][search.precisions[0]]
    return fit


def ratios(fit, points):
    return [estimate(fit, p)[0] / p.energy for p in points]


def show(name, found, note=""):
    if found:
        print("%-52s %4d  %5.2f  %4.0f %%  %s" % (name, len(found), *(lambda f: (f[0], 100 * f[1]))(factor(found)), note))


def span(found):
    """Between these multiples of an estimate lie nine in ten measurements, of those that the fit has not seen."""
    logs = sorted(-math.log(r) for r in found)
    at = lambda share: logs[min(len(logs) - 1, int(share * len(logs)))]
    return {"low": rounded(min(0.8, math.exp(at(0.05)))), "high": rounded(max(1.25, math.exp(at(0.95))))}


def head(points, suite, fit, note, unseen):
    order = ["utilization", "layer_us", "host_w", "idle_share", "active_share"]
    return {"points": len(points), "source": "fitted by tests/bench/fit_devices.py to MLPerf %s results" % suite,
            "confidence": "derived", "note": note, **span(unseen), **{k: fit[k] for k in order if k in fit}}


def store(path, key, value):
    with open(path, encoding="utf-8") as f:
        profile = json.load(f)
    profile[key] = value
    with open(path, "w", encoding="utf-8") as f:
        f.write(text(profile) + "\n")


def fit_pool(pool, points, tables, idle_share):
    """The fits of the classes of a pool, and those of its devices with several networks."""
    loads, own, all_unseen, best = {}, {}, [], []
    for load in LOADS:
        here = [p for p in points if p.load == load]
        if not here:
            continue
        seen, left_out = half(here), []
        fit = fitted(seen, load, idle_share)
        show("%s, %s: seen" % (pool, load), ratios(fit, seen))
        show("%s, %s: the rest" % (pool, load), ratios(fit, [p for p in here if p not in seen]))
        for group in sorted({p.group for p in here}):
            without = fitted([p for p in seen if p.group != group], load, idle_share)
            found = ratios(without, [p for p in here if p.group == group])
            show("%s, %s: %s, group not seen" % (pool, load, group), found, " ".join("%.2f" % r for r in sorted(found)[:6]))
            left_out += found
            all_unseen += [(group, r) for r in found]
        loads[load] = (fit, seen, left_out)
        for name in sorted({p.name for p in here}):
            mine = [p for p in here if p.name == name]
            if len({p.graph for p in mine}) < 2:
                best += [(name, r) for r in ratios(fit, mine)]
                continue
            my_half = half(mine)
            mine_fit = fitted(my_half, load, idle_share)
            rest = ratios(mine_fit, [p for p in mine if p not in my_half])
            show("%s, %s: seen" % (name, load), ratios(mine_fit, my_half))
            show("%s, %s: networks not seen" % (name, load), rest)
            best += [(name, r) for r in ratios(mine_fit, mine)]
            own.setdefault(name, {})[load] = head(my_half, "Inference", mine_fit, "half of the networks of this device", rest)
    for group in sorted({g for g, _ in all_unseen}):
        show("group %s, not seen, both loads" % group, [r for g, r in all_unseen if g == group])
    for cls in POOLS[pool]:
        out = {}
        for load, (fit, seen, left_out) in loads.items():
            mine = dict(fit) if cls == "gpu" else {**fit, "host_w": 0}
            note = "half of the points of %s" % ", ".join(sorted({p.name for p in seen}))
            out[load] = head(seen, "Inference", mine, note, left_out)
        with open(os.path.join(tables, "classes", cls + ".json"), "w", encoding="utf-8") as f:
            f.write(text({"loads": out}) + "\n")
    for name, out in own.items():
        store(os.path.join(tables, "devices", name + ".json"), "loads", out)
    return best


# ---- boards of MLPerf Tiny ----

def tiny_ratio(shape, scale, p):
    return scale * sum(shape[c] * p.network.macs[c] for c in shape) / 1e6 / p.energy


def scale_of(shape, points):
    logs = sorted(-math.log(tiny_ratio(shape, 1, p)) for p in points)
    return math.exp((logs[(len(logs) - 1) // 2] + logs[len(logs) // 2]) / 2)


def tiny_shape(points):
    """pJ/MAC relative to dense convolution, drawn to 1."""
    def loss(x):
        shape, out = {"conv": 1, "depthwise": math.exp(x[0]), "matmul": math.exp(x[1])}, 0
        for name in {p.name for p in points}:
            mine = [p for p in points if p.name == name]
            scale = scale_of(shape, mine)
            out += sum(abs(math.log(tiny_ratio(shape, scale, p))) for p in mine)
        return out / len(points) + 0.004 * (x[0] ** 2 + x[1] ** 2)
    x, step = [0.0, 0.0], 0.8
    while step > 0.02:
        moves = [(loss([x[0] + a, x[1] + b]), [x[0] + a, x[1] + b])
                 for a in (-step, 0, step) for b in (-step, 0, step)]
        least = min(moves)
        step = step if least[1] != x else step / 2
        x = least[1]
    return {"conv": 1.0, "depthwise": math.exp(x[0]), "matmul": math.exp(x[1])}


def fit_tiny(points, tables):
    seen, best = tiny_half(points), []
    shape = tiny_shape(seen)
    print("pJ/MAC relative to dense convolution:", rounded(shape))
    for name in sorted({p.name for p in points}):
        mine = [p for p in points if p.name == name]
        my_half = [p for p in mine if p in seen]
        scale = scale_of(shape, my_half)
        found, rest = ([tiny_ratio(shape, scale, p) for p in some] for some in
                       (my_half, [p for p in mine if p not in my_half]))
        show("%s: seen" % name, found)
        show("%s: networks not seen" % name, rest)
        best += [(name, r) for r in found + rest]
        networks = sorted({p.graph for p in my_half})
        store(os.path.join(tables, "devices", name + ".json"), "fitted", {
            "points": len(my_half), "source": "fitted by tests/bench/fit_devices.py to MLPerf Tiny results",
            "confidence": "derived", "note": "%s; ratios of the classes of work from all boards" % ", ".join(networks),
            **span(rest), "precision": "int8", "boundary": "the supply of the device, memories included",
            "classes": {c: {"pj_per_mac": rounded(scale * v)} for c, v in shape.items()}})
    return best


def main(program, rows_at, models, graphs, tables):
    with open(rows_at, encoding="utf-8") as f:
        rows = json.load(f)["rows"]
    networks, profiles, points, tiny = {}, {}, [], []
    for row in rows:
        name, key = profile_of(row), model_of(row, models, graphs)
        if not name or not key[0] or not row.get("energy_uj") or "caution" in row or "bert" in key[0]:
            continue
        if key not in networks:
            networks[key] = Network(program, *key)
        if name not in profiles:
            with open(os.path.join(tables, "devices", name + ".json"), encoding="utf-8") as f:
                profiles[name] = json.load(f)
        if is_tiny(row):
            tiny.append(Point({**row, "graph": row["task"]}, key, networks[key], name, profiles[name]))
        elif row.get("throughput_ips"):
            points.append(Point(row, key, networks[key], name, profiles[name]))
    print("%-52s %4s  %5s  %6s" % ("fit", "n", "factor", "in 2x"))
    shares = [p["idle"]["w"] / p["power"]["w"] for p in profiles.values() if "idle" in p and "power" in p]
    idle_share = rounded(math.exp(sum(map(math.log, shares)) / len(shares)))
    best = []
    for pool, classes in POOLS.items():
        best += fit_pool(pool, [p for p in points if p.cls in classes], tables, idle_share)
    show("all points of MLPerf Inference", [r for _, r in best])
    show("all points of MLPerf Tiny", [r for _, r in fit_tiny(tiny, tables)])


if __name__ == "__main__":
    main(*sys.argv[1:])
