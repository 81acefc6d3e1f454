"""Writers of quantized graphs, and plain(), which takes the quantization out again for the checks."""

import math
from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from networks import IR_VERSION, OPSET, Writer

FLOAT8E4M3FN, INT4 = 17, 22  # of TensorProto.DataType; onnx 1.12 does not know them yet
QONNX, MICROSOFT = "qonnx.custom_op.general", "com.microsoft"


def symmetric(array, bits, axis=None):
    """Integers of `bits` bits and their scale, one for each index of `axis` or for all: the largest value is the last one."""
    most = 2 ** (bits - 1) - 1
    over = None if axis is None else tuple(i for i in range(array.ndim) if i != axis)
    scale = np.maximum(np.abs(array).max(axis=over, keepdims=True), 1e-6).astype(np.float32) / np.float32(most)
    return np.clip(np.rint(array / scale), -most, most).astype(np.int8), scale


def pack4(array):
    """Two 4-bit integers a byte, the first in the low half."""
    flat = (array.reshape(-1).astype(np.int16) & 15).astype(np.uint8)
    flat = np.append(flat, np.zeros(flat.size % 2, np.uint8))
    return flat[0::2] | flat[1::2] << 4


def e4m3(array):
    """Bytes of float8e4m3fn: 1 sign, 4 exponent (bias 7), 3 mantissa bits; nearest, largest 448."""
    size = np.minimum(np.abs(array), 448.0)
    exponent = np.clip(np.frexp(np.maximum(size, 2.0**-10))[1] - 1, -6, 8)
    steps = np.rint(size / 2.0 ** (exponent - 3)).astype(np.int64)  # 8 to 15 where normal, 16: next exponent
    code = np.where(steps < 8, steps, (exponent + 7) * 8 + steps - 8)
    return (np.minimum(code, 126) | np.signbit(array) * 128).astype(np.uint8)


class Qdq(Writer):
    """int8 between QuantizeLinear and DequantizeLinear, as ONNX Runtime's quantizer and PyTorch's exporters write it:
    weights per output channel, int32 biases, activations per tensor behind Relu."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.scales = {}  # of activations, by the value that a layer reads
        self.at = None  # scale of the input of the layer that is being written; of its weights
        self.weight_scale = None

    def scale_of(self, scope):
        """Activation scales are drawn, like weights: nobody has calibrated these networks."""
        return np.float32(self.graph.uniform(f"{scope}/scale", (), 0.01, 0.05))

    def conv(self, layer, x, shape):
        self.at = self.scales[x]
        return super().conv(layer, x, shape)

    def dense(self, layer, x, shape):
        self.at = self.scales[x]
        return super().dense(layer, x, shape)

    def weight(self, name, array, axis=0):
        integers, scale = symmetric(array, 8, axis)
        self.weight_scale = scale.reshape(-1)
        return self.graph.op("DequantizeLinear", "/" + name, self.graph.numbers(f"{name}_quantized", integers),
                             self.graph.numbers(f"{name}_scale", self.weight_scale),
                             self.graph.numbers(f"{name}_zero_point", np.zeros(scale.size, np.int8)), axis=axis)

    def int32_bias(self, name, array):
        scale = np.float32(self.at) * self.weight_scale
        return self.graph.numbers(f"{name}_quantized", np.rint(array / scale).astype(np.int32)), scale

    def bias(self, name, array):
        integers, scale = self.int32_bias(name, array)
        return self.graph.op("DequantizeLinear", "/" + name, integers, self.graph.numbers(f"{name}_scale", scale), axis=0)

    def quantizer(self, scope, relu):
        """Names of scale and zero point; the whole range of int8 is for what is not negative."""
        name = scope.strip("/").replace("/", ".")
        scale = self.scale_of(scope)
        return scale, (self.graph.scalar(f"{name}.scale", scale),
                       self.graph.numbers(f"{name}.zero_point", np.array(-128 if relu else 0, np.int8)))

    def activation(self, scope, value, relu):
        scale, names = self.quantizer(scope, relu)
        value = self.graph.op("QuantizeLinear", scope, value, *names)
        value = self.graph.op("DequantizeLinear", scope, value, *names)
        self.scales[value] = scale
        return value


class Fp8(Qdq):
    """float8e4m3fn between QuantizeLinear and DequantizeLinear, one scale a tensor; biases stay fp32."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.graph.opset, self.graph.ir_version = 19, 9

    def weight(self, name, array, axis=0):
        scale = np.float32(np.abs(array).max() / 448)
        return self.graph.op("DequantizeLinear", "/" + name,
                             self.graph.packed(f"{name}_fp8", FLOAT8E4M3FN, array.shape, e4m3(array / scale).tobytes()),
                             self.graph.scalar(f"{name}_scale", scale),
                             self.graph.packed(f"{name}_zero_point", FLOAT8E4M3FN, (), b"\0"))

    def bias(self, name, array):
        return self.graph.initializer(name, array)

    def quantizer(self, scope, relu):
        name, scale = scope.strip("/").replace("/", "."), self.scale_of(scope)
        return scale, (self.graph.scalar(f"{name}.scale", scale),
                       self.graph.packed(f"{name}.zero_point", FLOAT8E4M3FN, (), b"\0"))


class Qoperator(Qdq):
    """int8 in operators on integers, as ONNX Runtime's quantizer writes them: QLinearConv, and of com.microsoft
    QLinearAveragePool and QGemm. Relu is the clipping at the zero point."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.names = {}  # of scale and zero point, by value

    def result(self, scope, relu):
        """Names of scale and zero point of what an operator is about to write."""
        self.pending = self.quantizer(scope, relu)
        return self.pending[1]

    def tensor(self, name, array, axis=0):
        integers, scale = symmetric(array, 8, axis)
        self.weight_scale = scale.reshape(-1)
        return (self.graph.numbers(f"{name}_quantized", integers),
                self.graph.numbers(f"{name}_scale", self.weight_scale),
                self.graph.numbers(f"{name}_zero_point", np.zeros(scale.size, np.int8)))

    def conv(self, layer, x, shape):
        g, held = self.graph, {}
        self.at = self.scales[x]
        self.weight = lambda name, array, axis=0: held.setdefault("w", self.tensor(name, array))[0]
        self.bias = lambda name, array: self.int32_bias(name, array)[0]
        value, out = Writer.conv(self, layer, x, shape)
        scope = "/" + layer.name.replace(".", "/")
        while g.nodes[-1].op_type != "Conv":
            g.nodes.pop()  # Relu
        node = g.nodes.pop()
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        y = g.op("QLinearConv", scope, x, *self.names[x], *held["w"], *self.result(scope, layer.relu), node.input[2],
                 **attributes)
        return y, out

    def dense(self, layer, x, shape):
        g, scope = self.graph, "/" + layer.name.replace(".", "/")
        names, self.at = self.names[x], self.scales[x]
        if len(shape) > 1:
            x, shape = g.op("Flatten", "", x, axis=1), (math.prod(shape),)
        w, b, _ = self.parameters(layer, (layer.out, shape[0]), shape[0])
        weight = self.tensor(f"{layer.name}.weight", w)
        y = g.op("QGemm", scope, x, *names, *weight, self.int32_bias(f"{layer.name}.bias", b)[0],
                 *self.result(scope, layer.relu), domain=MICROSOFT, transB=1)
        return y, (layer.out,)

    def pool(self, layer, x):
        return self.graph.op("QLinearAveragePool", "/pool", x, *self.names[x], *self.result("/pool", True),
                             domain=MICROSOFT, kernel_shape=list(layer.kernel), strides=list(layer.kernel))

    def activation(self, scope, value, relu):
        if value == self.network.input_name:
            value = self.graph.op("QuantizeLinear", scope, value, *self.result(scope, relu))
        self.scales[value], self.names[value] = self.pending
        return value

    def floats(self, scope, value):
        return self.graph.op("DequantizeLinear", scope, value, *self.names[value]) if value in self.names else value


class Qonnx(Writer):
    """QONNX: quantizers on floats. `bits` of weights and activations; 1 is -1/+1, 2 bits of weights are ternary. Scales
    of 4 bits are powers of two, so these numbers are fixed point. The input has 8 bits."""

    def __init__(self, *args, bits, **options):
        super().__init__(*args, **options)
        self.bits = bits

    def shared(self, value):
        """A scalar that all quantizers share."""
        name = f"scalar_{value:.6g}"
        if all(i.name != name for i in self.graph.initializers):
            self.graph.scalar(name, value)
        return name

    def quant(self, scope, value, scale, bits, signed, narrow=0):
        if bits == 1:
            return self.graph.op("BipolarQuant", scope, value, self.shared(scale), domain=QONNX)
        return self.graph.op("Quant", scope, value, self.shared(scale), self.shared(0), self.shared(bits), domain=QONNX,
                             signed=signed, narrow=narrow, rounding_mode="ROUND")

    def weight(self, name, array, axis=0):
        largest = float(np.abs(array).max())
        scale = {1: 1.0, 2: largest}.get(self.bits) or 2.0 ** math.ceil(math.log2(largest / (2 ** (self.bits - 1) - 1)))
        return self.quant("/" + name, self.graph.initializer(name, array), scale, self.bits, 1, 1)

    def finish(self, layer, scope, y, norm):
        return super().finish(replace(layer, relu=layer.relu and self.bits > 1), scope, y, norm)

    def activation(self, scope, value, relu):
        if value == self.network.input_name:
            return self.quant(scope, value, 2.0**-4, 8, 1)
        return self.quant(scope, value, 2.0**-2 if self.bits == 4 else 0.3, self.bits, int(not relu))


class Int4(Writer):
    """int4 weights in blocks of 32 along the inner axis, one scale each; activations stay fp32."""

    def __init__(self, *args, **options):
        super().__init__(*args, gemm=False, **options)
        self.graph.opset, self.graph.ir_version = 21, 10

    def weight(self, name, array, axis=0):
        rows, columns = array.shape
        size = min(32, rows)
        integers, scale = symmetric(array.reshape(-1, size, columns).transpose(0, 2, 1).reshape(-1, size), 4, 0)
        integers = integers.reshape(-1, columns, size).transpose(0, 2, 1)
        return self.graph.op("DequantizeLinear", "/" + name,
                             self.graph.packed(f"{name}_int4", INT4, (rows, columns), pack4(integers).tobytes()),
                             self.graph.numbers(f"{name}_scale", scale.reshape(-1, columns)), axis=0, block_size=size)


class MatMulNBits(Writer):
    """The same weights in com.microsoft's MatMulNBits, as the exporters of int4 language models write them."""

    def __init__(self, *args, **options):
        super().__init__(*args, gemm=False, **options)

    def product(self, layer, scope, x, w):
        columns, rows = w.shape
        blocks = -(-rows // 32)
        integers, scale = symmetric(np.pad(w, ((0, 0), (0, 32 * blocks - rows))).reshape(-1, 32), 4, 0)
        content = pack4(integers.astype(np.int16) + 8)  # 8 is the zero point where none is given
        return self.graph.op("MatMulNBits", scope, x,
                             self.graph.numbers(f"{layer.name}.weight_Q4", content.reshape(columns, blocks, 16)),
                             self.graph.numbers(f"{layer.name}.weight_scales", scale.reshape(-1)),
                             domain=MICROSOFT, K=rows, N=columns, bits=4, block_size=32)


# ---------------------------------------------------------------- without quantization


QUANTIZERS = ("QuantizeLinear", "DequantizeLinear", "Quant", "BipolarQuant")

# operator on quantized tensors: the one on floats, and which of its inputs that one has
ON_FLOATS = {"QLinearConv": ("Conv", (0, 3, 8)), "QLinearAveragePool": ("AveragePool", (0,)), "QGemm": ("Gemm", (0, 3, 6))}


def plain(model):
    """The model without its quantization, for the checks of onnx 1.12: all numbers but int64 are floats."""
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    graph = copy.graph
    for tensor in graph.initializer:
        if tensor.data_type not in (TensorProto.INT64, TensorProto.FLOAT):
            tensor.CopyFrom(numpy_helper.from_array(np.zeros(tuple(tensor.dims), np.float32), tensor.name))
    for node in graph.node:
        if node.op_type in QUANTIZERS:
            new = helper.make_node("Identity", node.input[:1], node.output, node.name)
        elif node.op_type in ON_FLOATS:
            op, keep = ON_FLOATS[node.op_type]
            new = helper.make_node(op, [node.input[i] for i in keep], node.output, node.name)
            new.attribute.extend(node.attribute)
        elif node.op_type == "MatMulNBits":
            k, n = (next(a.i for a in node.attribute if a.name == name) for name in "KN")
            graph.initializer.append(numpy_helper.from_array(np.zeros((k, n), np.float32), f"{node.name}/weight"))
            new = helper.make_node("MatMul", [node.input[0], f"{node.name}/weight"], node.output, node.name)
        else:
            continue
        node.CopyFrom(new)
    del copy.opset_import[:]
    copy.opset_import.append(helper.make_opsetid("", OPSET))
    copy.ir_version = IR_VERSION
    return copy


def is_quantized(model):
    return any(n.op_type in (*QUANTIZERS, *ON_FLOATS, "MatMulNBits") for n in model.graph.node)


def is_known(model):
    """Can onnx 1.12 check it as it is?"""
    return all(o.version <= OPSET for o in model.opset_import)
