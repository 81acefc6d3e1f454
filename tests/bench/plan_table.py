#!/usr/bin/env python3
"""The table of docs/planning.md: the plan for a share of today's energy beside the best single format that fits.

    plan_table.py PICOJOULE PERCENT MODEL...
"""
import json
import os
import subprocess
import sys


def main():
    program, percent = sys.argv[1:3]
    print(f"| model | energy <= {percent} % | noise of the plan | best single format | its noise | times |")
    print("|---|---:|---:|---|---:|---:|")
    for model in sys.argv[3:]:
        run = subprocess.run([program, "plan", model, "--budget", f"energy<={percent}%", "--format", "json"],
                             capture_output=True, text=True)
        name = os.path.basename(model).removesuffix(".onnx")
        if run.returncode:
            print(f"| {name} | no plan: {run.stderr.split(': ', 2)[-1].strip()[:60]} | | | | |")
            continue
        report = json.loads(run.stdout)["report"]
        then, most = report["then"], report["budgets"][0]["most"]
        fits = [u for u in report["uniform"][1:] if u["energy"] <= most * (1 + 1e-9)]
        share = f"{100 * then['energy'] / report['now']['energy']:.1f} %"
        if not fits:
            print(f"| {name} | {share} | {then['noise']:.3g} | none fits | | |")
            continue
        best = min(fits, key=lambda u: u["noise"])
        times = best["noise"] / then["noise"] if then["noise"] else float("inf")
        print(f"| {name} | {share} | {then['noise']:.3g} | {best['format']} | {best['noise']:.3g} | {times:.2f} |")


main()
