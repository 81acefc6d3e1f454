#!/usr/bin/env python3
"""samples.py DIR: the inputs of the accuracy table, 16 for each model, as DIR/MODEL.N.INPUT.bin (docs/apply.md)."""
import sys

import numpy

COUNT = 16
random = numpy.random.default_rng(7)


def normal(*shape):
    return [random.standard_normal(shape).astype(numpy.float32) for _ in range(COUNT)]


models = {}
models["resnet8"] = {"image": normal(1, 3, 32, 32)}
models["kws_dscnn"] = {"mfcc": normal(1, 1, 49, 10)}
models["vww_mobilenet"] = {"image": normal(1, 3, 96, 96)}
models["ad_autoencoder"] = {"spectrum": normal(1, 640)}
models["encoder"] = {"input_ids": [random.integers(0, 100, (1, 64)) for _ in range(COUNT)],
                     "attention_mask": [numpy.ones((1, 64), numpy.int64) for _ in range(COUNT)]}
for model, inputs in models.items():
    for name, samples in inputs.items():
        for i, sample in enumerate(samples):
            sample.tofile(f"{sys.argv[1]}/{model}.{i}.{name}.bin")
