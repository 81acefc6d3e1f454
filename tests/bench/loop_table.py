#!/usr/bin/env python3
"""loop_table.py PROGRAM NAME=MODEL[:CALIBRATION:TEST]...: the tables of docs/planning.md.

For each network plans for sizes between w8a16 and w4a16 everywhere are made of the weights alone, and by `plan --data
CALIBRATION` (without it on random numbers of seed 1), which measures layers and chooses among plans on those samples
alone. The models of both are run on TEST (random: seed 2), which nothing was chosen on. A row is their SQNR in the mean
over outputs and sizes; the difference of what the loss itself says (-10 log10 of the mean of e / (1 + e)); and the rank
correlation of each layer's loss with what it loses on TEST. In the environment ROUNDS=N and SHARES=0.1,0.5 ask for other
rounds and sizes, RANKS=no leaves the correlations out, PLANS=no the plans. Needs ONNX Runtime (PICOJOULE_ORT)."""
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

FORMATS = ["w8a16", "w4a16"]
SHARES = [float(share) for share in os.environ.get("SHARES", "0.1,0.3,0.5,0.7,0.9").split(",")]


def run(*words):
    done = subprocess.run([sys.argv[1], *words], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.strip() or " ".join(words))
    return done.stdout


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    out = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        for k in order[at:end]:
            out[k] = (at + end - 1) / 2
        at = end
    return out


def spearman(a, b):
    x, y = ranks(a), ranks(b)
    mx, my = sum(x) / len(x), sum(y) / len(y)
    top = sum((p - mx) * (q - my) for p, q in zip(x, y))
    bottom = math.sqrt(sum((p - mx) ** 2 for p in x) * sum((q - my) ** 2 for q in y))
    return top / bottom if bottom else float("nan")


def losses(work, name, model, data, extra):
    path = os.path.join(work, name + ".json")
    run("sensitivity", model, *data, *extra, "--choices", ",".join(FORMATS), "-o", path)
    return path, {one["format"]: one["values"] for one in load(path)["measured"]}


def proxy(model, extra, word):
    plan = json.loads(run("plan", model, *extra, "--choices", word, "--target", TARGET, "--pin", f"*={word}", "--format", "json"))
    return {layer["layer"]: layer["noise"] for layer in plan["report"]["layers"] if layer.get("noise") is not None}


def sizes(model, extra):
    """The least bytes that a plan can have, and those of the plan with the least noise."""
    words = ["plan", model, *extra, "--choices", ",".join(FORMATS), "--target", TARGET, "--format", "json", "--budget"]
    done = subprocess.run([sys.argv[1], *words, "param_bytes<=0.1%"], capture_output=True, text=True)
    least = re.search(r"the least that can be had is ([0-9.]+) bytes", done.stderr)
    most = json.loads(run(*words, "param_bytes<=100%"))["report"]["then"]["param_bytes"]
    return float(least.group(1)), most


def decibels(work, model, extra, test, ranges, plan):
    with open(os.path.join(work, "plan.json"), "w", encoding="utf-8") as file:
        file.write(plan)
    out = os.path.join(work, "out.onnx")
    run("apply", model, "--plan", os.path.join(work, "plan.json"), "--calibration", ranges, "--lenient", "--force",
        "-o", out)
    found = json.loads(run("verify", model, out, *test, *extra, "--outputs-only", "--format", "json"))
    known = [min(o["sqnr_db"], 200) for o in found["outputs"] if o.get("sqnr_db") is not None]
    return sum(known) / len(known), -10 * math.log10(max(found["error"], 1e-20))


def plan_of(work, model, calibration, budget):
    """The plan of the loop, and all that it tried. What layers lose one by one is measured for the first size alone:
    a second name keeps the file of it, which the program removes when all is done."""
    out, kept, told = (os.path.join(work, name) for name in ("loop.json", "kept", "told.json"))
    if os.path.exists(kept):
        shutil.copy(kept, out + ".partial")
    loop = subprocess.Popen([sys.argv[1], "plan", model, *calibration, *budget, "-o", out, "--measured", told,
                             *(["--rounds", os.environ["ROUNDS"]] if "ROUNDS" in os.environ else [])],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while loop.poll() is None:
        if not os.path.exists(kept) and os.path.exists(out + ".partial"):
            os.link(out + ".partial", kept)
        time.sleep(0.02)
    said = loop.stderr.read()
    if loop.returncode:
        raise RuntimeError(said.strip())
    rounds = load(told)["rounds"]
    with open(out, encoding="utf-8") as file:
        return file.read(), "; ".join(f"{one['made_of']} {one['outputs_db']:.2f}{' kept' * one['kept']}" for one in rounds)


def row(work, word):
    name, rest = word.split("=", 1)
    model, *data = rest.split(":")
    extra = ["--dim", "batch=1", "--dim", "sequence=16"] if name == "encoder" else []
    calibration = ["--data", data[0]] if data else ["--random", "4"]
    test = ["--data", data[1]] if data else ["--random", "4", "--seed", "2"]
    figures, layers = ranks_of(work, model, calibration, test, extra, data)
    gains = plans_of(work, name, model, calibration, test, extra)
    differences = [b[0] - a[0] for a, b in gains]
    bounded = [b[1] - a[1] for a, b in gains]
    mean = [sum(one[0] for one in column) / len(column) for column in zip(*gains)] or [math.nan] * 2
    cells = [f"{mean[0]:.1f}", f"{mean[1]:.1f}", f"{average(differences):+.1f}", f"{min(differences, default=math.nan):+.1f}",
             f"{max(differences, default=math.nan):+.1f}", f"{average(bounded):+.1f}", f"{min(bounded, default=math.nan):+.1f}",
             *(f"{f:.2f}" for form in figures for f in form)]
    print(f"| {name} | {'real' if data else 'random'} | {layers} | "
          + " | ".join("" if "nan" in cell else cell for cell in cells) + " |", flush=True)
    return bool(data), list(zip(differences, bounded))


def average(values):
    return sum(values) / len(values) if values else math.nan


def ranks_of(work, model, calibration, test, extra, data):
    """Correlations by format, and how many layers they are over."""
    if os.environ.get("RANKS") == "no":
        return [[math.nan] * 3] * 2, ""
    _, measured = losses(work, "calibration", model, calibration, extra)
    _, truth = losses(work, "test", model, test, extra)
    chance = losses(work, "random", model, ["--random", "4"], extra)[1] if data else None
    figures = []
    for form in FORMATS:
        noise = proxy(model, extra, form)
        layers = [layer for layer in truth[form] if layer in noise and truth[form][layer] < 1]
        want = [truth[form][layer] for layer in layers]
        figures.append([spearman([noise[layer] for layer in layers], want),
                        spearman([measured[form][layer] for layer in layers], want),
                        spearman([chance[form][layer] for layer in layers], want) if chance else float("nan")])
    return figures, len(layers)


def plans_of(work, name, model, calibration, test, extra):
    """For each size: SQNR and error of the plan by weights, and of that of the loop."""
    gains = []
    if os.environ.get("PLANS") == "no":
        return gains
    if os.path.exists(os.path.join(work, "kept")):
        os.remove(os.path.join(work, "kept"))
    ranges = os.path.join(work, "ranges.json")
    run("calibrate", model, *calibration, *extra, "-o", ranges)
    least, most = sizes(model, extra)
    for share in SHARES:
        budget = ["--budget", f"param_bytes<={least + share * (most - least):.0f}", "--format", "json",
                  "--choices", ",".join(FORMATS), "--target", TARGET, *extra]
        by_weights = decibels(work, model, extra, test, ranges, run("plan", model, *budget))
        plan, word = plan_of(work, model, calibration, budget)
        by_loss = decibels(work, model, extra, test, ranges, plan)
        gains.append((by_weights, by_loss))
        print(f"{name} {share}: {by_weights[0]:.2f} and {by_loss[0]:.2f} dB ({word})", file=sys.stderr, flush=True)
    return gains


def main():
    global TARGET
    print("| network | inputs | layers | dB by weights | by losses | difference | least | most | by error | least | rank w8: weights | losses | "
          "random | rank w4: weights | losses | random |\n|---|---|" + "---:|" * 14, flush=True)
    found = {True: [], False: []}
    with tempfile.TemporaryDirectory() as work:
        TARGET = os.path.join(work, "target.json")
        with open(TARGET, "w", encoding="utf-8") as file:  # layers with weights have to take one of the two
            json.dump({"schema": "picojoule.target/1", "title": "weights alone", "floats_stay": False,
                       "formats": [{"weights": ["int8", "int4"], "activations": ["fp16"]}], "others": ["fp16"]}, file)
        for word in sys.argv[2:]:
            try:
                real, differences = row(work, word)
                found[real] += differences
            except RuntimeError as error:
                print(f"| {word.split('=')[0]} | not measured: {str(error)[:160]} |", flush=True)
    for real, all_of in found.items():
        if all_of:
            for what, of in zip(("SQNR", "error"), zip(*all_of)):
                print(f"{'real' if real else 'random'} inputs, {what}: {len(of)} plans, mean {sum(of) / len(of):+.2f} dB, "
                      f"least {min(of):+.2f}, better by more than 0.1 dB in {sum(d > 0.1 for d in of)}, "
                      f"worse in {sum(d < -0.1 for d in of)}")
    return 0


sys.exit(main())
