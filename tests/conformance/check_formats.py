#!/usr/bin/env python3
"""check_formats.py TABLE FOLDER COMMAND...: compares the formats that `COMMAND MODEL --format json` finds with a table.

TABLE is formats.txt beside this script, which says how it is to be read; FOLDER has the models. Exit code 1: something
differs. Needs nothing but Python's standard library.
"""

import json
import subprocess
import sys
from pathlib import Path


def numbers(text):
    """3,5-7 -> [3, 5, 6, 7]"""
    out = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        out += range(int(first), int(last or first) + 1)
    return out


def spread(words, count):
    """One word for each node: one for all, or one each."""
    parts = words.split(",") if "<" not in words else [words]
    return parts * count if len(parts) == 1 else parts


def read_table(path):
    """[(model, is partial, [(node, operator, expectation)], options)]; an expectation is a list of words."""
    models = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "model":
            models.append([words[1], False, [], []])
        elif words[0] == "partial":
            models[-1][1] = True
        elif words[0] == "with":
            models[-1][3] = words[1:]
        else:
            nodes = numbers(words[0])
            operators = spread(words[1], len(nodes))
            targets = numbers(words[3]) if words[2] == "=" else [None] * len(nodes)
            if len(operators) != len(nodes) or len(targets) != len(nodes) or len(words) not in (3, 4, 6):
                raise SystemExit(f"{path}:{number}: {line}")
            for node, operator, target in zip(nodes, operators, targets):
                models[-1][2].append((node, operator, ["=", target] if words[2] == "=" else words[2:]))
    return models


def word(info):
    return info["word"] if info else "-"


def describe(layers, at, expected):
    """What the report says of a layer, in the words of the table."""
    layer = layers[at]
    if expected == ["free"] and layer["energy_pj"]["total"] == 0:
        return expected
    if layer["free"]:
        if expected[0] != "=":
            return ["free"]
        names = {row["name"]: row["index"] for row in layers}
        return ["=", names.get(layer.get("folded_into"))]
    precision = layer["precision"]
    total = precision["accumulator"]
    bits = "-" if not total else total["word"] if total["kind"] == "float" else str(total["bits"])
    return [word(precision["input"]), word(precision["weight"]), bits, word(precision["output"])]


def check(model, is_partial, rows, options, folder, command):
    run = subprocess.run([*command, str(folder / f"{model}.onnx"), "--format", "json", *options], capture_output=True,
                         text=True, check=False)
    if run.returncode:
        return [f"{model}: {run.stderr.strip()}"]
    layers, wrong = json.loads(run.stdout)["layers"], []
    for at, operator, expected in rows:
        if at >= len(layers) or layers[at]["op"] != operator:
            wrong.append(f"{model}: node {at} is {layers[at]['op'] if at < len(layers) else 'none'}, not {operator}")
            continue
        if expected == ["unknown"]:
            if layers[at]["counted"]:
                wrong.append(f"{model}: node {at} {operator} is counted, but nobody can know what it does")
            continue
        if expected == ["counted"]:
            if not layers[at]["counted"]:
                wrong.append(f"{model}: node {at} {operator} is not counted")
            continue
        got = describe(layers, at, expected)
        if got != expected:
            wrong.append(f"{model}: node {at} {operator} is {got}, the graph says {expected}")
        if not layers[at]["counted"]:
            wrong.append(f"{model}: node {at} {operator} is not counted")
    missing = sorted(set(range(len(layers))) - {row[0] for row in rows})
    if missing and not is_partial:
        wrong.append(f"{model}: nodes {missing} are not in the table")
    return wrong


def main():
    table, folder, command = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    models = read_table(table)
    wrong = [line for model in models for line in check(*model, folder, command)]
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"formats: {len(models)} models, {sum(len(m[2]) for m in models)} nodes, {len(wrong)} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
