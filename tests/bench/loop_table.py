#!/usr/bin/env python3
"""loop_table.py PROGRAM NAME=MODEL[:CALIBRATION:TEST]...: the tables of docs/planning.md.

For each network losses are measured on CALIBRATION (without it on random numbers of seed 1), plans for sizes between
w8a16 and w4a16 everywhere are made of them and of the weights alone, applied, and run on TEST (random: seed 2). A row is
the SQNR of both in the mean over outputs and sizes; the difference of what the loss itself says (-10 log10 of the mean
of e / (1 + e)); and the rank correlation of each layer's loss with what it loses on
TEST. With ROUNDS=N in the environment plans are those of `plan --data --rounds N`. Needs ONNX Runtime (PICOJOULE_ORT)."""
import json
import math
import os
import re
import subprocess
import sys
import tempfile

FORMATS = ["w8a16", "w4a16"]
SHARES = [0.1, 0.3, 0.5, 0.7, 0.9]


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


def decibels(work, model, extra, test, plan):
    with open(os.path.join(work, "plan.json"), "w", encoding="utf-8") as file:
        file.write(plan)
    out = os.path.join(work, "out.onnx")
    run("apply", model, "--plan", os.path.join(work, "plan.json"), "--lenient", "--force", "-o", out)
    found = json.loads(run("verify", model, out, *test, *extra, "--outputs-only", "--format", "json"))
    known = [min(o["sqnr_db"], 200) for o in found["outputs"] if o.get("sqnr_db") is not None]
    return sum(known) / len(known), -10 * math.log10(max(found["error"], 1e-20))


def plan_of(work, model, path, calibration, budget):
    rounds = os.environ.get("ROUNDS")
    if not rounds:
        return run("plan", model, "--sensitivity", path, *budget)
    out = os.path.join(work, "rounds.json")
    run("plan", model, *calibration, *budget, "--rounds", rounds, "-o", out)
    with open(out, encoding="utf-8") as file:
        return file.read()


def row(work, word):
    name, rest = word.split("=", 1)
    model, *data = rest.split(":")
    extra = ["--dim", "batch=1", "--dim", "sequence=16"] if name == "encoder" else []
    calibration = ["--data", data[0]] if data else ["--random", "4"]
    test = ["--data", data[1]] if data else ["--random", "4", "--seed", "2"]
    path, measured = losses(work, "calibration", model, calibration, extra)
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
    gains = []
    least, most = sizes(model, extra)
    for share in SHARES:
        budget = ["--budget", f"param_bytes<={least + share * (most - least):.0f}", "--format", "json",
                  "--choices", ",".join(FORMATS), "--target", TARGET, *extra]
        by_weights = decibels(work, model, extra, test, run("plan", model, *budget))
        by_loss = decibels(work, model, extra, test, plan_of(work, model, path, calibration, budget))
        gains.append((by_weights, by_loss))
    differences = [b[0] - a[0] for a, b in gains]
    bounded = [b[1] - a[1] for a, b in gains]
    mean = [sum(one[0] for one in column) / len(column) for column in zip(*gains)]
    print(f"| {name} | {'real' if data else 'random'} | {len(layers)} | {mean[0]:.1f} | {mean[1]:.1f} | "
          f"{sum(differences) / len(differences):+.1f} | {min(differences):+.1f} | {max(differences):+.1f} | {sum(bounded) / len(bounded):+.1f} | {min(bounded):+.1f} | "
          + " | ".join("" if math.isnan(f) else f"{f:.2f}" for form in figures for f in form) + " |", flush=True)
    return bool(data), list(zip(differences, bounded))


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
