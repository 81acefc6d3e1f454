#!/usr/bin/env python3
"""Writes the sample models of this folder, proves their MAC counts, and keeps the table in README.md.

    generate.py              write the models and the table
    generate.py --check      compare both with what would be written; exit 1 if anything differs
    generate.py --data DIR   write all models to DIR together with the weight files that are not kept here

Needs the Python packages onnx (1.12 or newer) and numpy. Nothing else in the project needs this script.

A network is described once, as a list of layers; a writer turns it into a graph. A variant of a network (other element
type, BatchNormalization kept or folded, quantized) is another Writer, or a parameter of one, and a row of MODELS.
"""

import argparse
import hashlib
import math
import re
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

HERE = Path(__file__).resolve().parent
OPSET, IR_VERSION = 17, 8
EPSILON = 1e-3  # of BatchNormalization, Keras' default
EXTERNAL_FROM = 1024  # bytes; smaller tensors stay in the model file, as PyTorch's exporter keeps them
ELEM = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float16): TensorProto.FLOAT16}


# ---------------------------------------------------------------- layers


@dataclass(frozen=True)
class Conv:
    """Convolution with "same" padding as TensorFlow makes it. `of` names the input layer; default: the one before."""

    name: str
    out: int  # channels; 0: depthwise, as many as come in
    kernel: tuple = (3, 3)
    stride: int = 1
    norm: bool = True
    relu: bool = True
    of: Optional[str] = None


@dataclass(frozen=True)
class Dense:
    name: str
    out: int
    norm: bool = False
    relu: bool = False


@dataclass(frozen=True)
class Add:
    """Residual sum of two layers, then ReLU."""

    name: str
    of: tuple


@dataclass(frozen=True)
class Pool:
    """Average pooling without padding, stride = kernel."""

    kernel: tuple


@dataclass(frozen=True)
class Softmax:
    pass


@dataclass(frozen=True)
class Network:
    input: tuple  # shape of the input: N, C, H, W or N, C
    input_name: str
    output_name: str
    layers: list


def separable(name, out, stride=1):
    return [Conv(f"{name}.dw", 0, stride=stride), Conv(f"{name}.pw", out, (1, 1))]


def residual(name, out, stride, before):
    """Two convolutions beside the identity, which is a 1x1 convolution where the shape changes."""
    layers = [Conv(f"{name}.conv1", out, stride=stride, of=before), Conv(f"{name}.conv2", out, relu=False)]
    if stride != 1:
        layers.append(Conv(f"{name}.shortcut", out, (1, 1), stride, norm=False, relu=False, of=before))
        before = f"{name}.shortcut"
    return layers + [Add(name, (before, f"{name}.conv2"))]


# 13 blocks of MobileNetV1 at width 0.25: output channels and stride
MOBILENET = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)] + 5 * [(128, 1)] + [(256, 2), (256, 1)]

NETWORKS = {
    "kws": Network((1, 1, 49, 10), "mfcc", "probabilities", [
        Conv("stem", 64, (10, 4), 2),
        *[c for i in range(1, 5) for c in separable(f"block{i}", 64)],
        Pool((24, 5)), Dense("classifier", 12), Softmax()]),
    "resnet8": Network((1, 3, 32, 32), "image", "probabilities", [
        Conv("stem", 16),
        *residual("stack1", 16, 1, "stem"), *residual("stack2", 32, 2, "stack1"), *residual("stack3", 64, 2, "stack2"),
        Pool((8, 8)), Dense("classifier", 10), Softmax()]),
    "vww": Network((1, 3, 96, 96), "image", "probabilities", [
        Conv("stem", 8, stride=2),
        *[c for i, (out, stride) in enumerate(MOBILENET, 1) for c in separable(f"block{i}", out, stride)],
        Pool((3, 3)), Dense("classifier", 2), Softmax()]),
    "ad": Network((1, 640), "spectrum", "reconstruction", [
        *[Dense(f"encoder.{i}", 128, True, True) for i in range(4)],
        Dense("bottleneck", 8, True, True),
        *[Dense(f"decoder.{i}", 128, True, True) for i in range(4)],
        Dense("output", 640)]),
}


# ---------------------------------------------------------------- graphs


class Graph:
    """Nodes and initializers in the making, named as PyTorch's exporter names them."""

    def __init__(self, name, dtype=np.float32):
        self.name, self.dtype = name, np.dtype(dtype)
        self.nodes, self.initializers, self.hints, self.used = [], [], [], {}

    def uniform(self, name, shape, low, high):
        """float64 values that depend on names and shape alone: RandomState's integers and IEEE arithmetic, no libm."""
        state = np.random.RandomState(zlib.crc32(f"{self.name}/{name}".encode()))
        return low + (high - low) * state.random_sample(shape)

    def he(self, name, shape, fan_in):
        bound = math.sqrt(6.0 / fan_in)
        return self.uniform(name, shape, -bound, bound)

    def initializer(self, name, array):
        array = np.ascontiguousarray(array, array.dtype if array.dtype == np.int64 else self.dtype)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def op(self, op_type, scope, *inputs, **attributes):
        """Appends a node and returns the name of its output."""
        name = f"{scope}/{op_type}"
        count = self.used[name] = self.used.get(name, -1) + 1
        name += f"_{count}" if count else ""
        self.nodes.append(helper.make_node(op_type, list(inputs), [f"{name}_output_0"], name, **attributes))
        return f"{name}_output_0"

    def constant(self, scope, value, dtype=np.int64):
        return self.op("Constant", scope, value=numpy_helper.from_array(np.array(value, dtype)))

    def model(self, inputs, outputs):
        """`outputs`: {value name in the graph: (name to give it, elem_type, shape)}."""
        for value, (name, _, _) in outputs.items():
            for node in self.nodes:
                node.output[:] = [name if x == value else x for x in node.output]
                node.input[:] = [name if x == value else x for x in node.input]
        graph = helper.make_graph(self.nodes, self.name, [helper.make_tensor_value_info(*i) for i in inputs],
                                  [helper.make_tensor_value_info(*o) for o in outputs.values()], self.initializers,
                                  value_info=[helper.make_tensor_value_info(*h) for h in self.hints])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                                 producer_name="picojoule-models", producer_version="1")


def same_pads(size, kernel, stride):
    """Begin and end padding of one axis, and its output size: the odd cell goes to the end."""
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2, out


class Writer:
    """Turns a network into a graph. A quantizing writer overrides weight() and activation()."""

    def __init__(self, name, network, dtype=np.float32, fold=True, gemm=True):
        self.graph, self.network = Graph(name, dtype), network
        self.fold, self.gemm = fold, gemm
        self.shapes, self.values = {}, {}  # of each layer: shape without batch, name of its output

    def weight(self, name, array):
        return self.graph.initializer(name, array)

    def activation(self, value):
        return value

    def parameters(self, layer, shape, fan_in):
        """Weight with the output channel first, bias, and what BatchNormalization adds: gamma, beta, mean, variance."""
        g, out = self.graph, shape[0]
        w, b = g.he(f"{layer.name}.weight", shape, fan_in), g.uniform(f"{layer.name}.bias", out, -0.05, 0.05)
        if not layer.norm:
            return w, b, None
        ranges = {"weight": (0.5, 1.5), "bias": (-0.2, 0.2), "running_mean": (-0.2, 0.2), "running_var": (0.5, 1.5)}
        norm = {k: g.uniform(f"{layer.name}.bn.{k}", out, *r) for k, r in ranges.items()}
        if not self.fold:
            return w, b, norm
        scale = norm["weight"] / np.sqrt(norm["running_var"] + EPSILON)
        return (w * scale.reshape([-1] + [1] * (w.ndim - 1)), norm["bias"] + (b - norm["running_mean"]) * scale, None)

    def finish(self, layer, scope, y, norm):
        if norm:
            names = [self.graph.initializer(f"{layer.name}.bn.{k}", v) for k, v in norm.items()]
            y = self.graph.op("BatchNormalization", f"{scope}/bn", y, *names, epsilon=EPSILON)
        return self.graph.op("Relu", f"{scope}/relu", y) if layer.relu else y

    def conv(self, layer, x, shape):
        channels, sizes, out = shape[0], shape[1:], layer.out or shape[0]
        groups = 1 if layer.out else channels
        top, bottom, height = same_pads(sizes[0], layer.kernel[0], layer.stride)
        left, right, width = same_pads(sizes[1], layer.kernel[1], layer.stride)
        w_shape = (out, channels // groups, *layer.kernel)
        w, b, norm = self.parameters(layer, w_shape, math.prod(w_shape[1:]))
        scope = "/" + layer.name.replace(".", "/")
        y = self.graph.op("Conv", scope, x, self.weight(f"{layer.name}.weight", w),
                          self.graph.initializer(f"{layer.name}.bias", b), dilations=[1, 1], group=groups,
                          kernel_shape=list(layer.kernel), pads=[top, left, bottom, right],
                          strides=[layer.stride, layer.stride])
        return self.finish(layer, scope, y, norm), (out, height, width)

    def dense(self, layer, x, shape):
        scope = "/" + layer.name.replace(".", "/")
        if len(shape) > 1:
            x, shape = self.graph.op("Flatten", "", x, axis=1), (math.prod(shape),)
        w, b, norm = self.parameters(layer, (layer.out, shape[0]), shape[0])
        if self.gemm:
            weight = self.weight(f"{layer.name}.weight", w)
            y = self.graph.op("Gemm", scope, x, weight, self.graph.initializer(f"{layer.name}.bias", b), transB=1)
        else:
            y = self.graph.op("MatMul", scope, x, self.weight(f"{layer.name}.weight", w.T))
            y = self.graph.op("Add", scope, y, self.graph.initializer(f"{layer.name}.bias", b))
        return self.finish(layer, scope, y, norm), (layer.out,)

    def write(self):
        net, g = self.network, self.graph
        x, shape = net.input_name, net.input[1:]
        for layer in net.layers:
            x = self.activation(x)
            if isinstance(layer, Conv):
                source = (self.values[layer.of], self.shapes[layer.of]) if layer.of else (x, shape)
                x, shape = self.conv(layer, *source)
            elif isinstance(layer, Dense):
                x, shape = self.dense(layer, x, shape)
            elif isinstance(layer, Add):
                x, shape = g.op("Add", f"/{layer.name}", *[self.values[n] for n in layer.of]), self.shapes[layer.of[0]]
                x = g.op("Relu", f"/{layer.name}/relu", x)
            elif isinstance(layer, Pool):
                x = g.op("AveragePool", "/pool", x, kernel_shape=list(layer.kernel), strides=list(layer.kernel))
                shape = (shape[0], *[s // k for s, k in zip(shape[1:], layer.kernel)])
            else:
                x = g.op("Softmax", "", x, axis=1)
            name = getattr(layer, "name", None)
            self.values[name], self.shapes[name] = x, shape
        elem = ELEM[g.dtype]
        return g.model([(net.input_name, elem, net.input)], {x: (net.output_name, elem, (net.input[0], *shape))})


# ---------------------------------------------------------------- transformer encoder

D, HEADS, FFN, DEPTH, VOCABULARY, POSITIONS, CLASSES = 32, 4, 64, 2, 100, 128, 2


class Encoder(Graph):
    """Small BERT-like classifier with symbolic batch and sequence, shapes computed in the graph."""

    def size(self, scope, x, axis):
        """One extent of x as a scalar."""
        return self.op("Gather", scope, self.op("Shape", scope, x), self.constant(scope, axis), axis=0)

    def vector(self, scope, *sizes):
        """1-D tensor of known extents (int) and of scalars in the graph (str)."""
        parts = [self.constant(scope, [s]) if isinstance(s, int) else
                 self.op("Unsqueeze", scope, s, self.constant(scope, [0])) for s in sizes]
        return self.op("Concat", scope, *parts, axis=0)

    def linear(self, scope, x, shape):
        module = scope.strip("/").replace("/", ".")
        w = self.initializer(f"{module}.weight_t", self.he(f"{module}.weight", shape, shape[0]))
        b = self.initializer(f"{module}.bias", self.uniform(f"{module}.bias", shape[1], -0.05, 0.05))
        return self.op("Add", scope, b, self.op("MatMul", scope, x, w))

    def norm(self, scope, x):
        module = scope.strip("/").replace("/", ".")
        g = self.initializer(f"{module}.weight", self.uniform(f"{module}.weight", D, 0.5, 1.5))
        b = self.initializer(f"{module}.bias", self.uniform(f"{module}.bias", D, -0.2, 0.2))
        return self.op("LayerNormalization", scope, x, g, b, axis=-1, epsilon=1e-12)

    def attention(self, scope, x, mask):
        batch, sequence = self.size(scope, x, 0), self.size(scope, x, 1)

        def heads(name, perm):
            y = self.linear(f"{scope}/{name}", x, (D, D))
            y = self.op("Reshape", scope, y, self.vector(scope, batch, sequence, HEADS, D // HEADS))
            return self.op("Transpose", scope, y, perm=perm)

        q, k, v = heads("q_proj", [0, 2, 1, 3]), heads("k_proj", [0, 2, 3, 1]), heads("v_proj", [0, 2, 1, 3])
        scores = self.op("MatMul", scope, q, k)
        scores = self.op("Div", scope, scores, self.constant(scope, math.sqrt(D // HEADS), np.float32))
        scores = self.op("Softmax", scope, self.op("Add", scope, scores, mask), axis=-1)
        y = self.op("Transpose", scope, self.op("MatMul", scope, scores, v), perm=[0, 2, 1, 3])
        y = self.op("Reshape", scope, y, self.vector(scope, batch, sequence, D))
        return self.linear(f"{scope}/out_proj", y, (D, D))

    def gelu(self, scope, x):
        y = self.op("Erf", scope, self.op("Div", scope, x, self.constant(scope, math.sqrt(2), np.float32)))
        y = self.op("Mul", scope, x, self.op("Add", scope, y, self.constant(scope, 1, np.float32)))
        return self.op("Mul", scope, y, self.constant(scope, 0.5, np.float32))

    def layer(self, scope, x, mask):
        x = self.norm(f"{scope}/norm1", self.op("Add", scope, x, self.attention(f"{scope}/self_attn", x, mask)))
        y = self.gelu(f"{scope}/activation", self.linear(f"{scope}/linear1", x, (D, FFN)))
        return self.norm(f"{scope}/norm2", self.op("Add", scope, x, self.linear(f"{scope}/linear2", y, (FFN, D))))

    def mask(self):
        """0 where a token counts, -10000 where it does not, to broadcast over heads and queries."""
        m = self.op("Unsqueeze", "", "attention_mask", self.constant("", [1]))
        m = self.op("Unsqueeze", "", m, self.constant("", [2]))
        m = self.op("Sub", "", self.constant("", 1, np.float32), self.op("Cast", "", m, to=TensorProto.FLOAT))
        return self.op("Mul", "", m, self.constant("", -10000, np.float32))

    def embed(self, scope):
        words = self.initializer("embeddings.word.weight", self.uniform("word", (VOCABULARY, D), -0.1, 0.1))
        places = self.initializer("embeddings.position", self.uniform("position", (1, POSITIONS, D), -0.1, 0.1))
        end = self.op("Unsqueeze", scope, self.size(scope, "input_ids", 1), self.constant(scope, [0]))
        places = self.op("Slice", scope, places, self.constant(scope, [0]), end, self.constant(scope, [1]))
        self.hints.append((places, TensorProto.FLOAT, (1, "sequence", D)))  # onnx infers no Slice whose end is computed
        y = self.op("Add", scope, self.op("Gather", f"{scope}/word", words, "input_ids"), places)
        return self.norm(f"{scope}/norm", y)

    def dense(self, scope, x, shape):
        module = scope.strip("/")
        w = self.initializer(f"{module}.weight", self.he(f"{module}.weight", shape, shape[1]))
        b = self.initializer(f"{module}.bias", self.uniform(f"{module}.bias", shape[0], -0.05, 0.05))
        return self.op("Gemm", scope, x, w, b, transB=1)

    def write(self):
        mask, x = self.mask(), self.embed("/embeddings")
        for i in range(DEPTH):
            x = self.layer(f"/encoder/layers.{i}", x, mask)
        x = self.op("Gather", "/pooler", x, self.constant("/pooler", 0), axis=1)
        x = self.op("Tanh", "/pooler/activation", self.dense("/pooler", x, (D, D)))
        x = self.dense("/classifier", x, (CLASSES, D))
        tokens = ("batch", "sequence")
        return self.model([("input_ids", TensorProto.INT64, tokens), ("attention_mask", TensorProto.INT64, tokens)],
                          {x: ("logits", TensorProto.FLOAT, ("batch", CLASSES))})


def encoder_macs(b, s):
    """By hand: four projections, scores and context, feed-forward; pooler and classifier see one token."""
    return DEPTH * (4 * b * s * D * D + 2 * b * s * s * D + 2 * b * s * D * FFN) + b * D * D + b * D * CLASSES


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
    return sum(math.prod(i.dims) for i in model.graph.initializer)


# ---------------------------------------------------------------- files


@dataclass(frozen=True)
class Model:
    file: str
    what: str
    build: Callable
    macs: int  # what the count must be
    external: bool = False  # large weights in <file>.data, which is not kept in the repository
    dims: Optional[dict] = None


def network(key, name, **options):
    return lambda: Writer(name, NETWORKS[key], **options).write()


MODELS = [
    Model("kws_dscnn.onnx", "Keyword spotting: DS-CNN, 49x10 MFCC, 12 words; fp32, BatchNormalization folded",
          network("kws", "kws_dscnn"), 2656768),
    Model("resnet8.onnx", "Image classification: ResNet-8, 32x32 RGB, 10 classes; fp32, BatchNormalization folded",
          network("resnet8", "resnet8"), 12501632),
    Model("resnet8_fp16.onnx", "The same network and weights rounded to fp16, inputs and outputs included",
          network("resnet8", "resnet8", dtype=np.float16), 12501632),
    Model("vww_mobilenet.onnx", "Visual wake words: MobileNetV1 0.25, 96x96 RGB; fp32, BatchNormalization kept",
          network("vww", "vww_mobilenet", fold=False), 7489664, external=True),
    Model("ad_autoencoder.onnx", "Anomaly detection: 640-128-8-128-640 autoencoder; fp32, BatchNormalization kept",
          network("ad", "ad_autoencoder", fold=False, gemm=False), 264192, external=True),
    Model("encoder.onnx", f"Transformer encoder, {DEPTH} layers, width {D}, {HEADS} heads; symbolic batch and sequence",
          lambda: Encoder("encoder").write(), encoder_macs(1, 64), dims={"batch": 1, "sequence": 64}),
]


def split(model, location):
    """Moves large tensors out of a model; returns (model, content of the data file)."""
    model, data = onnx.ModelProto.FromString(model.SerializeToString()), bytearray()
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) < EXTERNAL_FROM:
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
    onnx.checker.check_model(model, full_check=True)
    macs = sum(n for _, n in strict_macs(model, row.dims or {}))
    if macs != row.macs:
        raise ValueError(f"{row.file}: {macs} MACs, must be {row.macs}")
    params, data = parameters(model), b""
    if row.external:
        model, data = split(model, row.file + ".data")
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
