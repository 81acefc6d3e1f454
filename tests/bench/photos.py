#!/usr/bin/env python3
"""photos.py OUT WIDTH HEIGHT MEAN SCALE [--bgr] [--last] IMAGE...: images as samples of a network, OUT/0.npy, OUT/1.npy ...:
float32[1,3,HEIGHT,WIDTH] (--last: channels last) of (x - MEAN) * SCALE. Needs PIL and numpy."""
import os
import sys

import numpy
from PIL import Image

words = [word for word in sys.argv[1:] if not word.startswith("--")]
out, width, height, mean, scale = words[0], int(words[1]), int(words[2]), float(words[3]), float(words[4])
os.makedirs(out, exist_ok=True)
for i, path in enumerate(words[5:]):
    image = numpy.asarray(Image.open(path).convert("RGB").resize((width, height), Image.BILINEAR), numpy.float32)
    if "--bgr" in sys.argv:
        image = image[:, :, ::-1]
    image = (image - mean) * scale
    if "--last" not in sys.argv:
        image = image.transpose(2, 0, 1)
    numpy.save(os.path.join(out, f"{i}.npy"), numpy.ascontiguousarray(image[None]))
