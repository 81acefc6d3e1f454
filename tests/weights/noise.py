#!/usr/bin/env python3
"""Statistics and rounding noise of made-up weights, computed with numpy and independently of the C code.

    python3 noise.py > noise.json

Floats are rounded to the nearest entry of a table of all numbers of the format. The least error is found by trying
4000 scales, and 400 more around the best one, which takes some minutes. tests/unit/test_weights.c makes the same weights and compares.
"""
import json

import numpy as np

FORMATS = ["int2", "int3", "int4", "int5", "int6", "int7", "int8", "fp16", "bf16", "fp8e4m3", "fp8e5m2", "fp4"]


def weights(count, channel_of):
    """The sum of four numbers from -1/2 to 1/2, times (1 + channel % 7) / 4, as float32."""
    state, out = 1, np.empty(count, np.float32)
    for i in range(count):
        total = 0.0
        for _ in range(4):
            state = (state * 1664525 + 1013904223) % 2**32
            total += state / 4294967296.0 - 0.5
        out[i] = np.float32(total * (1 + channel_of(i) % 7) / 4)
    return out


def floats(exponent_bits, mantissa_bits, bias, most):
    """All numbers of a format that are not negative."""
    numbers = []
    for e in range(2**exponent_bits):
        for m in range(2**mantissa_bits):
            if e == 0:
                value = m * 2.0 ** (1 - bias - mantissa_bits)
            else:
                value = (1 + m / 2**mantissa_bits) * 2.0 ** (e - bias)
            if value <= most:
                numbers.append(value)
    return np.array(numbers)


def table(word):
    """The numbers >= 0 of a format, and whether weights are scaled to its range."""
    if word.startswith("int"):
        return np.arange(2.0 ** (int(word[3:]) - 1)), True
    return {
        "fp16": (floats(5, 10, 15, 65504.0), False),
        "bf16": (floats(8, 7, 127, 3.3895313892515355e38), False),
        "fp8e4m3": (floats(4, 3, 7, 448.0), True),
        "fp8e5m2": (floats(5, 2, 15, 57344.0), True),
        "fp4": (floats(2, 1, 1, 6.0), True),
    }[word]


def error(w, numbers, scale):
    x = np.abs(w) / scale
    at = np.clip(np.searchsorted(numbers, x), 1, len(numbers) - 1)
    low, high = numbers[at - 1], numbers[at]
    q = np.where(x - low < high - x, low, high)
    return float(np.sum((np.abs(w) - scale * q) ** 2))


def noise(w, word):
    """Errors with the scale max-abs, and with the best one."""
    numbers, scaled = table(word)
    if not scaled:
        plain = error(w, numbers, 1.0)
        return plain, plain
    most = np.max(np.abs(w)) / numbers[-1]
    ratios = np.linspace(0.02, 1, 4000)
    errors = [error(w, numbers, most * r) for r in ratios]
    k = int(np.argmin(errors))
    fine = np.linspace(ratios[max(k - 1, 0)], ratios[min(k + 1, len(ratios) - 1)], 400)
    return error(w, numbers, most), min(min(errors), min(error(w, numbers, most * r) for r in fine))


def case(name, shape, channel_of, rows):
    """rows: the weights, channel by channel."""
    count = int(np.prod(shape))
    w = weights(count, channel_of)
    channels = [c.astype(np.float64) for c in rows(w.reshape(shape))]
    whole = w.astype(np.float64)
    out = {"name": name, "shape": list(shape), "channels": len(channels), "min": float(whole.min()),
           "max": float(whole.max()), "mean": float(whole.mean()), "rms": float(np.sqrt(np.mean(whole**2))),
           "zeros": int(np.sum(whole == 0)), "distinct": min(len(np.unique(whole)), 1025),
           "signal": float(np.sum(whole**2)), "noise": {}}
    for word in FORMATS:
        tensor, channel = noise(whole, word), np.sum([noise(c, word) for c in channels], axis=0)
        out["noise"][word] = {"tensor": list(tensor), "channel": [float(x) for x in channel]}
    return out


def grouped(w):
    """ConvTranspose in two groups: channel j of group g reads the inputs of that group."""
    half = w.shape[0] // 2
    return [w[g * half:(g + 1) * half, j].ravel() for g in range(2) for j in range(w.shape[1])]


print(json.dumps({"formats": FORMATS, "cases": [
    case("conv", (8, 3, 3, 3), lambda i: i // 27, lambda w: [c.ravel() for c in w]),
    case("matmul", (40, 12), lambda i: i % 12, lambda w: list(w.T)),
    case("gemm", (12, 40), lambda i: i // 40, list),
    case("transposed", (6, 5, 2, 2), lambda i: i // 4 % 5, grouped),
    case("gather", (30, 16), lambda i: i // 16, list),
    case("long", (8, 1024, 3, 3), lambda i: i // 9216, lambda w: [c.ravel() for c in w]),
]}, indent=1))
