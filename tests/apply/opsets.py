#!/usr/bin/env python3
"""opsets.py DIR: small models of old opsets, each with an operator that changed its meaning since, and a product whose
weights int4 holds exactly: `apply` raises the opset and must not change what they compute. Also DIR/ternary.onnx, whose
weights are -a, 0 and a in each channel, DIR/concat.onnx, and models for `--clean`: weights behind nodes that hand them on
(behind_*), shapes that are computed (shape_*)."""
import sys

import numpy
from onnx import TensorProto, helper, numpy_helper

random = numpy.random.default_rng(11)
folder = sys.argv[1]
FLOAT = TensorProto.FLOAT


def exact(rows, columns, most=7):
    """Weights that symmetric integers up to `most` hold exactly, in every block and channel."""
    codes = random.integers(-most, most + 1, (rows, columns))
    codes[::8] = most
    return (codes * 0.25).astype(numpy.float32)


def save(name, opset, nodes, inputs, constants=(), outputs=(("y", FLOAT),), ir=7):
    """x, or what `nodes` makes of it as 'a', goes through the product."""
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info(n, FLOAT, s) for n, s in inputs],
        [helper.make_tensor_value_info(n, t, None) for n, t in outputs],
        [numpy_helper.from_array(v, n) for n, v in constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir,
                              producer_name="opsets.py")
    with open(f"{folder}/{name}.onnx", "wb") as out:
        out.write(model.SerializeToString())


def product(name, opset, nodes, shape, columns, constants=(), outputs=(("y", FLOAT),)):
    """y = a W, a = what `nodes` make of x."""
    save(name, opset, nodes + [helper.make_node("MatMul", ["a", "w"], ["y"], "product")], [("x", shape)],
         [("w", exact(columns, 16))] + list(constants), outputs)


node = helper.make_node
i64 = lambda *x: numpy.array(x, numpy.int64)
f32 = lambda *x: numpy.array(x, numpy.float32)

for mode in ("nearest", "linear"):
    product(f"upsample7_{mode}", 7, [node("Upsample", ["x"], ["a"], mode=mode, scales=[1.0, 1.0, 2.0, 3.0])],
            [1, 2, 5, 8], 24)
    product(f"upsample9_{mode}", 9, [node("Upsample", ["x", "s"], ["a"], mode=mode)], [1, 2, 5, 8], 20,
            [("s", f32(1, 1, 1.5, 2.5))])
    product(f"resize10_{mode}", 10, [node("Resize", ["x", "s"], ["a"], mode=mode)], [1, 2, 6, 16], 8,
            [("s", f32(1, 1, 0.5, 0.5))])
product("topk1", 9, [node("TopK", ["x"], ["a", "i"], axis=-1, k=8)], [3, 24], 8,
        outputs=(("y", FLOAT), ("i", TensorProto.INT64)))
product("topk10", 10, [node("TopK", ["x", "k"], ["a", "i"], axis=-1)], [3, 24], 8, [("k", i64(8))])
product("scatter9", 9, [node("Scatter", ["x", "j", "u"], ["a"], axis=1)], [2, 16], 16,
        [("j", i64([3, 1, 4], [0, 2, 9])), ("u", random.standard_normal((2, 3)).astype(numpy.float32))])
for op in ("Softmax", "LogSoftmax", "Hardmax"):
    product(f"{op.lower()}_flat", 11, [node(op, ["x"], ["a"], axis=1)], [2, 3, 4, 16], 16)
    product(f"{op.lower()}_last", 11, [node(op, ["x"], ["a"], axis=3)], [2, 3, 4, 16], 16)
product("softmax_default", 9, [node("Softmax", ["x"], ["a"])], [2, 3, 16], 16)
product("clip6", 10, [node("Clip", ["x"], ["a"], min=-0.25, max=0.75)], [4, 16], 16)
product("pad2", 10, [node("Pad", ["x"], ["a"], pads=[0, 2, 0, 6], value=0.5)], [4, 16], 24)
product("slice1", 9, [node("Slice", ["x"], ["a"], starts=[4], ends=[20], axes=[1])], [4, 24], 16)
product("dropout7", 9, [node("Dropout", ["x"], ["a"], ratio=0.3)], [4, 16], 16)
product("split2", 11, [node("Split", ["x"], ["a", "b"], axis=1, split=[16, 8])], [4, 24], 16)
product("split_even", 13, [node("Split", ["x"], ["a", "b"], axis=1)], [4, 32], 16)
product("mean11", 11, [node("ReduceMean", ["x"], ["a"], axes=[1], keepdims=0)], [4, 3, 16], 16)
product("sum11", 11, [node("ReduceSum", ["x"], ["a"], axes=[1], keepdims=0)], [4, 3, 16], 16)
product("unsqueeze11", 11, [node("Unsqueeze", ["x"], ["a"], axes=[0, 2])], [4, 16], 16)
product("squeeze11", 11, [node("Squeeze", ["x"], ["a"], axes=[1])], [4, 1, 16], 16)
product("batchnorm8", 8, [node("BatchNormalization", ["x", "g", "b", "m", "v"], ["a"], spatial=1)], [2, 3, 5, 16], 16,
        [("g", f32(1, 2, 3)), ("b", f32(0, 1, 2)), ("m", f32(0.5, 0, 1)), ("v", f32(1, 2, 3))])
product("roialign10", 10, [node("RoiAlign", ["x", "r", "k"], ["a"], output_height=4, output_width=16,
                                sampling_ratio=2)], [1, 2, 20, 20], 16,
        [("r", f32([1, 2, 15, 17], [0, 0, 9, 9])), ("k", i64(0, 0))])
grid = (random.random((1, 4, 16, 2)) * 2 - 1).astype(numpy.float32)
for mode in ("bilinear", "bicubic", "nearest"):
    product(f"gridsample16_{mode}", 16, [node("GridSample", ["x", "g"], ["a"], mode=mode)], [1, 2, 9, 9], 16,
            [("g", grid)])
product("dft17", 17, [node("DFT", ["x"], ["c"], axis=1), node("Reshape", ["c", "s"], ["a"])], [1, 16, 1], 32,
        [("s", i64(1, 32))])

# must stay as they are: nobody knows how to write them otherwise
product("no_resize11", 11, [node("Resize", ["x", "r", "s"], ["a"], mode="nearest",
                                 coordinate_transformation_mode="tf_half_pixel_for_nn")], [1, 2, 5, 8], 16,
        [("r", f32()), ("s", f32(1, 1, 2, 2))])
product("no_resize10", 10, [node("Resize", ["x", "s"], ["a"], mode="nearest")], [1, 2, 6, 8], 16,
        [("s", f32(1, 1, 0.5, 2))])

ternary = (random.integers(-1, 2, (32, 16)) * random.random(16)).astype(numpy.float32)
save("ternary", 17, [node("MatMul", ["x", "w"], ["y"], "product")], [("x", [4, 32])], [("w", ternary)], ir=8)
conv = lambda *s: (random.standard_normal(s) / 3).astype(numpy.float32)
save("concat", 17, [node("Conv", ["x", "w1"], ["a"], "small"), node("Conv", ["x", "w2"], ["b"], "large"),
                    node("Relu", ["a"], ["c"], "relu"), node("Concat", ["c", "b"], ["d"], "concat", axis=1),
                    node("Conv", ["d", "w3"], ["y"], "last")],
     [("x", [1, 3, 8, 8])], [("w1", conv(4, 3, 1, 1)), ("w2", 4 * conv(4, 3, 1, 1)), ("w3", conv(5, 8, 1, 1))], ir=8)

# weights that are not at hand, but behind nodes which hand them on
def behind(name, nodes, weight, shape, constants=(), opset=13):
    save(f"behind_{name}", opset, nodes + [node("MatMul", ["x", "b"], ["y"], "product")], [("x", shape)],
         [("w", weight)] + list(constants))


w = exact(24, 16)
behind("reshape", [node("Reshape", ["w", "s"], ["b"])], w.reshape(2, 3, 4, 16), [4, 24], [("s", i64(24, 16))])
behind("transpose", [node("Transpose", ["w"], ["b"])], numpy.ascontiguousarray(w.T), [4, 24])
behind("axes", [node("Transpose", ["w"], ["t"], perm=[2, 0, 1]), node("Reshape", ["t", "s"], ["b"])],
       numpy.ascontiguousarray(w.reshape(6, 4, 16).transpose(1, 2, 0)), [4, 24], [("s", i64(24, 16))])
behind("unsqueeze", [node("Unsqueeze", ["w", "i"], ["u"]), node("Squeeze", ["u", "i"], ["v"]),
                     node("Identity", ["v"], ["b"])], w, [4, 24], [("i", i64(0))])
behind("half", [node("Cast", ["w"], ["b"], to=FLOAT)], w.astype(numpy.float16), [4, 24])
save("behind_shared", 13, [node("Flatten", ["w"], ["f"]), node("Reshape", ["w", "s"], ["b"]),
                           node("MatMul", ["x", "b"], ["z"], "product"), node("MatMul", ["x", "f"], ["v"], "other"),
                           node("Add", ["z", "v"], ["y"])], [("x", [4, 24])],
     [("w", w.reshape(24, 4, 4)), ("s", i64(24, 16))])

# shapes that are computed: of a batch that nobody knows, and of one that is a number
for name, batch in (("known", 4), ("batch", "n")):
    save(f"shape_{name}", 13, [
        node("Shape", ["x"], ["d"]), node("Gather", ["d", "i0"], ["n"]), node("Gather", ["d", "i1"], ["c"]),
        node("Unsqueeze", ["n", "at"], ["n1"]), node("Unsqueeze", ["c", "at"], ["c1"]),
        node("Mul", ["c1", "six"], ["k"]), node("Concat", ["n1", "k"], ["s"], axis=0),
        node("Reshape", ["x", "s"], ["a"]), node("MatMul", ["a", "w"], ["y"], "product")], [("x", [batch, 4, 6])],
         [("w", w), ("i0", numpy.array(0, numpy.int64)), ("i1", numpy.array(1, numpy.int64)), ("at", i64(0)),
          ("six", i64(6))])
