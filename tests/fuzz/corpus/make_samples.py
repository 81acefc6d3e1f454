#!/usr/bin/env python3
"""make_samples.py: writes samples/ anew with NumPy and onnx: the files that test_samples reads and that the fuzz target
starts from. Their numbers are i % 97 - 3 in C order (unsigned: i % 97; bool: i % 3 == 0)."""
import io
import os
import zipfile

import numpy
import onnx
import onnx.helper
import onnx.numpy_helper

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "samples")


def numbers(kind, *shape):
    at = numpy.arange(int(numpy.prod(shape))).reshape(shape)
    if kind == "b1":
        return at % 3 == 0
    return (at % 97 - (0 if "u" in kind else 3)).astype(kind)


def save(name, array, **how):
    with open(os.path.join(here, name), "wb") as file:
        numpy.lib.format.write_array(file, array, **how)


for kind in ["<f2", "<f4", "<f8", ">f4", ">f8", "<i1", "<i2", ">i2", "<i4", "<i8", ">i8", "<u1", "<u2", ">u4", "<u8", "b1"]:
    save(kind.replace("<", "le-").replace(">", "be-") + ".npy", numbers(kind, 3, 5))
save("scalar.npy", numpy.array(2.5, "<f4"))
save("empty.npy", numbers("<f4", 0, 7))
save("column.npy", numpy.asfortranarray(numbers("<f4", 2, 3, 4)))
save("column-big.npy", numpy.asfortranarray(numbers(">i2", 4, 3)))
save("version2.npy", numbers("<f4", 3, 5), version=(2, 0))
save("version3.npy", numbers("<f4", 3, 5), version=(3, 0))
save("text.npy", numpy.array(["ab", "c"]))
save("complex.npy", numpy.array([1j, 2]))
save("structure.npy", numpy.zeros(2, [("a", "<f4"), ("b", "<i2")]))
save("object.npy", numpy.array([1, "a"], object), allow_pickle=True)

arrays = {"image": numbers("<f4", 2, 3, 4), "ids/of": numbers("<i8", 2, 5)}
numpy.savez(os.path.join(here, "stored.npz"), **arrays)
numpy.savez_compressed(os.path.join(here, "packed.npz"), **arrays)
numpy.savez(os.path.join(here, "unnamed.npz"), numbers("<f4", 3, 5), numbers("<i4", 3, 5))


class Pipe(io.RawIOBase):
    """Cannot seek, so sizes stand behind the members."""

    def __init__(self, path):
        self.file = open(path, "wb")

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


with zipfile.ZipFile(Pipe(os.path.join(here, "streamed.npz")), "w", zipfile.ZIP_DEFLATED) as archive:
    for name, array in arrays.items():
        text = io.BytesIO()
        numpy.save(text, array)
        archive.writestr(name + ".npy", text.getvalue())
    archive.writestr("notes.txt", "no array")
with zipfile.ZipFile(os.path.join(here, "bzip2.npz"), "w", zipfile.ZIP_BZIP2) as archive:
    text = io.BytesIO()
    numpy.save(text, arrays["image"])
    archive.writestr("image.npy", text.getvalue())

for name, array in {"raw.pb": numbers("<f4", 3, 5), "int64.pb": numbers("<i8", 3, 5)}.items():
    with open(os.path.join(here, name), "wb") as file:
        file.write(onnx.numpy_helper.from_array(array, "x").SerializeToString())
typed = onnx.helper.make_tensor("", onnx.TensorProto.INT8, [3, 5], numbers("<i1", 15).tolist())
with open(os.path.join(here, "typed.pb"), "wb") as file:
    file.write(typed.SerializeToString())
