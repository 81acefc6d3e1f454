#!/usr/bin/env python3
"""Writes the sample models of this folder, proves their MAC counts, and keeps the table in README.md.

    generate.py              write the models and the table
    generate.py --check      compare both with what would be written; exit 1 if anything differs
    generate.py --data DIR   write all models to DIR together with the weight files that are not kept here

Needs the Python packages onnx (1.12 or newer) and numpy. Nothing else in the project needs this script.

A network is described once, as a list of layers; a writer turns it into a graph. A variant of a network (other element
type, BatchNormalization kept or folded, quantized) is another Writer, or a parameter of one, and a row of MODELS.
Quantized models are checked without their quantizers too: what plain() leaves must be the network with all its MACs.
"""

import argparse
import hashlib
import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

import numpy as np
import onnx
from onnx import TensorProto, shape_inference

from networks import DEPTH, HEADS, NETWORKS, D, Encoder, Writer, encoder_macs
from quantized import Fp8, Int4, MatMulNBits, Qdq, Qonnx, Qoperator, is_known, is_quantized, plain

HERE = Path(__file__).resolve().parent


# ---------------------------------------------------------------- counting


def bound(model, dims):
    """Copy of a model with its symbolic extents replaced by numbers."""
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    for value in [*copy.graph.input, *copy.graph.output, *copy.graph.value_info]:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_value = dims[dim.dim_param]
    return copy


def strict_macs(model, dims):
    """Multiply-accumulates of each Conv, Gemm and MatMul: outputs times terms of one output; bias not, padding is."""
    graph = shape_inference.infer_shapes(bound(model, dims), check_type=True, strict_mode=True, data_prop=True).graph
    shapes = {i.name: tuple(i.dims) for i in graph.initializer}
    for value in [*graph.input, *graph.output, *graph.value_info]:
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    counts = []
    for node in graph.node:
        if node.op_type not in ("Conv", "Gemm", "MatMul"):
            continue
        a, b, y = shapes[node.input[0]], shapes[node.input[1]], shapes[node.output[0]]
        if 0 in a + b + y:
            raise ValueError(f"{node.name}: unknown extent in {a} x {b} -> {y}")
        terms = math.prod(b[1:]) if node.op_type == "Conv" else a[-1]  # no Gemm here has transA
        counts.append((node.name, math.prod(y) * terms))
    return counts


def parameters(model):
    """Numbers in initializers: two in each byte that MatMulNBits reads."""
    packed = {node.input[1] for node in model.graph.node if node.op_type == "MatMulNBits"}
    return sum(math.prod(i.dims) * (2 if i.name in packed else 1) for i in model.graph.initializer)


# ---------------------------------------------------------------- files


@dataclass(frozen=True)
class Model:
    file: str
    what: str
    build: Callable
    macs: int  # what the count must be
    external: int = 0  # tensors of so many bytes are in <file>.data, which is not kept in the repository; 0: none
    dims: Optional[dict] = None


def network(key, name, writer=Writer, **options):
    return lambda: writer(name, NETWORKS[key], **options).write()


MODELS = [
    Model("kws_dscnn.onnx", "Keyword spotting: DS-CNN, 49x10 MFCC, 12 words; fp32, BatchNormalization folded",
          network("kws", "kws_dscnn"), 2656768),
    Model("resnet8.onnx", "Image classification: ResNet-8, 32x32 RGB, 10 classes; fp32, BatchNormalization folded",
          network("resnet8", "resnet8"), 12501632),
    Model("resnet8_fp16.onnx", "The same network and weights rounded to fp16, inputs and outputs included",
          network("resnet8", "resnet8", dtype=np.float16), 12501632),
    Model("vww_mobilenet.onnx", "Visual wake words: MobileNetV1 0.25, 96x96 RGB; fp32, BatchNormalization kept",
          network("vww", "vww_mobilenet", fold=False), 7489664, external=1024),
    Model("ad_autoencoder.onnx", "Anomaly detection: 640-128-8-128-640 autoencoder; fp32, BatchNormalization kept",
          network("ad", "ad_autoencoder", fold=False, gemm=False), 264192, external=1024),
    Model("encoder.onnx", f"Transformer encoder, {DEPTH} layers, width {D}, {HEADS} heads; symbolic batch and sequence",
          lambda: Encoder("encoder").write(), encoder_macs(1, 64), dims={"batch": 1, "sequence": 64}),
    Model("kws_dscnn_int8.onnx", "`kws_dscnn` in int8: QuantizeLinear and DequantizeLinear, weights per channel",
          network("kws", "kws_dscnn", Qdq), 2656768),
    Model("kws_dscnn_int8_qop.onnx", "`kws_dscnn` in int8: operators on integers (QLinearConv, QGemm)",
          network("kws", "kws_dscnn", Qoperator), 2656768, external=512),
    Model("resnet8_int8.onnx", "`resnet8` in int8: QuantizeLinear and DequantizeLinear, weights per channel",
          network("resnet8", "resnet8", Qdq), 12501632, external=512),
    Model("resnet8_fp8.onnx", "`resnet8` in fp8 (E4M3): QuantizeLinear and DequantizeLinear of opset 19",
          network("resnet8", "resnet8", Fp8), 12501632, external=512),
    Model("kws_dscnn_w4a4.onnx", "`kws_dscnn` in QONNX: 4-bit fixed-point weights and activations",
          network("kws", "kws_dscnn", Qonnx, bits=4), 2656768, external=512),
    Model("ad_autoencoder_ternary.onnx", "`ad_autoencoder` in QONNX: ternary weights, 2-bit activations, 8-bit input",
          network("ad", "ad_autoencoder", Qonnx, bits=2), 264192, external=512),
    Model("ad_autoencoder_binary.onnx", "`ad_autoencoder` in QONNX: weights and activations -1/+1, 8-bit input",
          network("ad", "ad_autoencoder", Qonnx, bits=1), 264192, external=512),
    Model("ad_autoencoder_int4.onnx", "`ad_autoencoder`: int4 weights in blocks (DequantizeLinear of opset 21)",
          network("ad", "ad_autoencoder", Int4), 264192, external=512),
    Model("ad_autoencoder_nbits.onnx", "`ad_autoencoder`: the same int4 weights in MatMulNBits",
          network("ad", "ad_autoencoder", MatMulNBits), 264192, external=512),
]


def split(model, location, least):
    """Moves tensors of `least` bytes out of a model; returns (model, content of the data file)."""
    model, data = onnx.ModelProto.FromString(model.SerializeToString()), bytearray()
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) < least:
            continue
        for key, value in (("location", location), ("offset", len(data)), ("length", len(tensor.raw_data))):
            tensor.external_data.add(key=key, value=str(value))
        tensor.data_location = TensorProto.EXTERNAL
        data += tensor.raw_data
        tensor.ClearField("raw_data")
    return model, bytes(data)


def produce(row):
    """Builds and checks one model: (content of the file, content of its data file or none, row of the table)."""
    model = row.build()
    counted = plain(model) if is_quantized(model) else model
    onnx.checker.check_model(counted, full_check=True)
    if is_quantized(model) and is_known(model):
        onnx.checker.check_model(model)
    macs = sum(n for _, n in strict_macs(counted, row.dims or {}))
    if macs != row.macs:
        raise ValueError(f"{row.file}: {macs} MACs, must be {row.macs}")
    params, data = parameters(model), b""
    if row.external:
        model, data = split(model, row.file + ".data", row.external)
    content = model.SerializeToString()
    at = "".join(f", {k} {v}" for k, v in (row.dims or {}).items())
    line = (f"| `{row.file}` | {row.what} | {params:,} | {macs:,}{at} | {len(content):,} "
            f"| `{hashlib.sha256(content).hexdigest()}` |")
    return content, data, line


def table(lines):
    head = "| File | What | Parameters | MACs | Bytes | SHA-256 |\n|---|---|---:|---:|---:|---|\n"
    return head + "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="write the sample models")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    parser.add_argument("--data", metavar="DIR", type=Path, help="write models and absent weight files to DIR")
    options = parser.parse_args()
    made = {row.file: produce(row) for row in MODELS}
    if options.data:
        options.data.mkdir(parents=True, exist_ok=True)
        for file, (content, data, _) in made.items():
            (options.data / file).write_bytes(content)
            if data:
                (options.data / f"{file}.data").write_bytes(data)
        return 0
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    mark = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", re.S)
    wanted = {file: content for file, (content, _, _) in made.items()}
    wanted["README.md"] = mark.sub(lambda _: table(line for _, _, line in made.values()), readme).encode()
    stale = [f for f, c in wanted.items() if not (HERE / f).exists() or (HERE / f).read_bytes() != c]
    for file in stale:
        print(f"{file}: {'differs' if options.check else 'written'}")
        if not options.check:
            (HERE / file).write_bytes(wanted[file])
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
