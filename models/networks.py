"""Networks as lists of layers, and the writers that turn them into graphs; generate.py makes files of them."""

import math
import zlib
from dataclasses import dataclass
from typing import Optional

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8
EPSILON = 1e-3  # of BatchNormalization, Keras' default
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
        self.opset, self.ir_version, self.domains = OPSET, IR_VERSION, set()
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

    def numbers(self, name, array):
        """An initializer of the array's own type."""
        self.initializers.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def packed(self, name, elem, shape, content):
        """An initializer of an element type that numpy does not have."""
        tensor = TensorProto(name=name, data_type=elem, dims=shape, raw_data=content)
        self.initializers.append(tensor)
        return name

    def scalar(self, name, value):
        return self.numbers(name, np.array(value, np.float32))

    def op(self, op_type, scope, *inputs, **attributes):
        """Appends a node and returns the name of its output."""
        self.domains.add(attributes.get("domain", ""))
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
        opsets = [helper.make_opsetid(d, 1 if d else self.opset) for d in sorted(self.domains)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=self.ir_version,
                                 producer_name="picojoule-models", producer_version="1")


def same_pads(size, kernel, stride):
    """Begin and end padding of one axis, and its output size: the odd cell goes to the end."""
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2, out


class Writer:
    """Turns a network into a graph. A quantizing writer overrides weight(), bias() and activation()."""

    def __init__(self, name, network, dtype=np.float32, fold=True, gemm=True):
        self.graph, self.network = Graph(name, dtype), network
        self.fold, self.gemm = fold, gemm
        self.shapes, self.values = {}, {}  # of each layer: shape without batch, name of its output

    def weight(self, name, array, axis=0):
        """`axis` is that of the output channels."""
        return self.graph.initializer(name, array)

    def bias(self, name, array):
        return self.graph.initializer(name, array)

    def activation(self, scope, value, relu):
        """What a layer, or the model's input, hands on; `relu`: it is not negative."""
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
                          self.bias(f"{layer.name}.bias", b), dilations=[1, 1], group=groups,
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
            y = self.graph.op("Gemm", scope, x, weight, self.bias(f"{layer.name}.bias", b), transB=1)
        else:
            y = self.product(layer, scope, x, w)
            y = self.graph.op("Add", scope, y, self.bias(f"{layer.name}.bias", b))
        return self.finish(layer, scope, y, norm), (layer.out,)

    def pool(self, layer, x):
        return self.graph.op("AveragePool", "/pool", x, kernel_shape=list(layer.kernel), strides=list(layer.kernel))

    def floats(self, scope, value):
        """The value as floats, for operators that have no other kind."""
        return value

    def product(self, layer, scope, x, w):
        """x times w transposed: w has the output channels first."""
        return self.graph.op("MatMul", scope, x, self.weight(f"{layer.name}.weight", w.T, axis=1))

    def write(self):
        net, g = self.network, self.graph
        x, shape = self.activation(f"/{net.input_name}", net.input_name, False), net.input[1:]
        for layer in net.layers:
            scope, relu = "", True
            if isinstance(layer, Conv):
                source = (self.values[layer.of], self.shapes[layer.of]) if layer.of else (x, shape)
                x, shape = self.conv(layer, *source)
            elif isinstance(layer, Dense):
                x, shape = self.dense(layer, x, shape)
            elif isinstance(layer, Add):
                x, shape = g.op("Add", f"/{layer.name}", *[self.values[n] for n in layer.of]), self.shapes[layer.of[0]]
                x = g.op("Relu", f"/{layer.name}/relu", x)
            elif isinstance(layer, Pool):
                x, scope = self.pool(layer, x), "/pool"
                shape = (shape[0], *[s // k for s, k in zip(shape[1:], layer.kernel)])
            else:
                x = g.op("Softmax", "", self.floats("/probabilities", x), axis=1)
            name = getattr(layer, "name", None)
            if name:
                scope, relu = "/" + name.replace(".", "/"), getattr(layer, "relu", True)
            if scope:
                x = self.activation(scope, x, relu)
            self.values[name], self.shapes[name] = x, shape
        x = self.floats("/output", x)
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
