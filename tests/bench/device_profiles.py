#!/usr/bin/env python3
"""device_profiles.py DEVICES.json FOLDER: writes the device profiles (format: energy_tables/README.md) from the rows of
collected figures, nothing by hand. Names that exist stay (NAMES); profiles that no row describes (v4-*) are not touched.
Each figure has the source of its own field, else that of its row, and says so; without one it is marked "memory"."""
import json
import os
import re
import sys

NAMES = {
    "v100_sxm2_32": "v100", "a100_sxm_80": "a100", "h100_sxm": "h100", "h200_sxm": "h200", "b200_sxm": "b200",
    "b300_sxm": "b300", "rtx4090": "rtx-4090", "rtx3090": "rtx-3090", "rtx4060": "rtx-4060", "rtx5090": "rtx-5090",
    "jetson_agx_orin_64": "jetson-orin", "jetson_orin_nano_8": "jetson-orin-nano", "jetson_orin_nx_16": "jetson-orin-nx",
    "jetson_agx_xavier": "jetson-xavier", "hailo8": "hailo-8", "hailo8l": "hailo-8l", "hailo10h": "hailo-10h",
    "xeon_8480p": "xeon-8480", "rpi4": "raspberry-pi-4", "rpi5": "raspberry-pi-5", "m4_mini": "apple-m4-cpu",
    "gap9_240": "gap9-240mhz", "gap9_370": "gap9-370mhz", "ndp120_30": "ndp120-30mhz", "ndp120_98": "ndp120-98mhz",
    "kria_k26_b3136": "kria-k26", "grace_superchip": "grace", "altra_q64_22": "altra-q64", "altra_m128_28": "altra-m128",
    "ampereone_a192_32x": "ampereone-a192", "rk3588_npu": "rk3588",
}
FACTS = (("process", "nm", "process_nm"), ("clock", "mhz", "clock_mhz"), ("power", "w", "tdp_w"), ("idle", "w", "idle_w"),
         ("memory", "gb", "memory_gb"), ("ram", "kb", "sram_kb"), ("flash", "kb", "flash_kb"))
NETWORKS = {"kws": ("keyword spotting", 2656768), "ic": ("image classification", 12501632),
            "vww": ("visual wake words", 7489664), "ad": ("anomaly detection", 264192)}
UNSEEN = "recalled, not seen in print"
# Energy per byte by kind of memory: the file that has it from its source.
LIKE = (("GDDR", "t4"), ("HBM2e", "h100-pcie"), ("HBM2", "tpu-v4"), ("HBM3e", "b200"), ("HBM3", "h200"),
        ("LPDDR5", "jetson-orin"), ("LPDDR4", "jetson-nano"), ("DDR5", "epyc-9654"), ("DDR4", "epyc-7763"))


def whole(x):
    return int(x) if x == int(x) else x


def precisions(key):
    return ("fp8e4m3", "fp8e5m2") if key == "fp8" else (key,)


def clean(source, row):
    """Without words that mean something only beside the rows."""
    source = source.replace(" (rows tiny.* of measured_dev.json)", "")
    source = re.sub(r" \(file index ids? [0-9, ]*\)", "", source)
    if source.startswith("same system file"):
        source = row["field_source"]["l2_mb"] + source[len("same system file"):]
    return source


def figure(row, field, key, value, note=None):
    source = row["field_source"].get(field)
    confidence = row["field_confidence"].get(field)
    if not source:
        seen = confidence != "memory" and row["source"] != "see field_source"
        if field == "process_nm":  # from memory, unless the row's source names it
            seen = seen and "%g nm" % value in row["source"]
        source = row["source"] + " [row source, not looked up again]" if seen else UNSEEN
        confidence = (confidence or row["confidence"]) if seen else "memory"
    if "(recalled)" in source:
        confidence = "memory"
    out = {key: whole(value), "source": clean(source, row), "confidence": confidence or row["confidence"]}
    if note:
        out["note"] = note
    return out


def rates(row):
    out = {p: figure(row, key, "tops", value) for key, value in (row.get("peak_tops") or {}).items()
           for p in precisions(key)}
    if row.get("measured_fp64_gflops") and "fp64" not in out:
        out["fp64"] = figure(row, "measured_fp64_gflops", "tops", round(row["measured_fp64_gflops"] / 1e3, 9),
                             "measured with HPL, not a peak")
    return out


def memory_energy(name, kind, files):
    own = files.get(name, {}).get("memory_energy")
    if own or not kind:
        return own
    for start, like in LIKE:
        if kind.startswith(start) and "memory_energy" in files.get(like, {}):
            same = dict(files[like]["memory_energy"])
            same["confidence"] = "derived"
            return same
    return None


def profile(row, name, files):
    old = files.get(name, {})
    measured = row.get("measured_pj_per_mac") or {}
    out = {"schema": "picojoule.device/1", "title": row["name"], "class": row["cls"]}
    peak = rates(row)
    out["formula"] = "measured" if measured else "datasheet" if peak else "capacity"
    notes = row["notes"].replace("tdp_w", "the power").replace("measured_references.json", "the measured rows")
    if notes and not notes.startswith("see "):
        out["notes"] = notes[0].upper() + notes[1:] + ("" if notes.endswith(".") else ".")
    out["sources"] = {}
    for key, unit, field in FACTS:
        if row.get(field) is not None and not (measured and key == "power"):
            same = key == "power" and old.get(key, {}).get(unit) == row[field]  # what the note says of the old figure
            out[key] = figure(row, field, unit, row[field], old[key].get("note") if same else None)
    if row.get("memory_type"):
        out["memory_type"] = row["memory_type"]
    if out["formula"] == "datasheet":
        if row.get("mem_bw_gbs"):
            out["bandwidth"] = figure(row, "mem_bw_gbs", "gb_per_s", row["mem_bw_gbs"])
            same = memory_energy(name, row.get("memory_type"), files)
            if same:
                out["memory_energy"] = same
        if row.get("utilization"):
            out["utilization"] = figure(row, "utilization", "fraction", row["utilization"])
        out["peak"] = peak
    if measured:
        out["measured"] = {"int8": {n: figure(row, "measured_pj_per_mac", "pj_per_mac", v,
                                              "%s, %d MACs" % NETWORKS[n]) for n, v in measured.items() if v}}
    name_sources(out)
    return out


def figures_in(value):
    if isinstance(value, dict):
        if "source" in value:
            yield value
        for inner in value.values():
            yield from figures_in(inner)


def name_sources(out):
    """A source that several figures share is written once."""
    count = {}
    for at in figures_in(out):
        count[at["source"]] = count.get(at["source"], 0) + 1
    label = {s: "s%d" % (i + 1) for i, s in enumerate(s for s, n in count.items() if n > 1 and s != UNSEEN)}
    for at in figures_in(out):
        if at["source"] in label:
            at["source"] = "@" + label[at["source"]]
    out["sources"] = {v: k for k, v in label.items()}
    if not label:
        del out["sources"]


def text(value, depth=0, before=0):
    flat = json.dumps(value, ensure_ascii=False)
    nested = isinstance(value, dict) and any(isinstance(v, dict) for v in value.values())
    if not isinstance(value, dict) or not nested and depth > 0 and before + len(flat) <= 119:
        return flat
    pad = "  " * (depth + 1)
    lines = ["%s%s: %s" % (pad, json.dumps(k), text(v, depth + 1, len(pad) + len(k) + 4)) for k, v in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + "  " * depth + "}"


def main(rows_at, folder):
    with open(rows_at, encoding="utf-8") as f:
        rows = json.load(f)["rows"]
    files = {}
    for at in os.listdir(folder):
        if at != "schema.json":
            with open(os.path.join(folder, at), encoding="utf-8") as f:
                files[at[:-5]] = json.load(f)
    for row in rows:
        name = NAMES.get(row["id"], row["id"].replace("_", "-"))
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as f:
            f.write(text(profile(row, name, files)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
