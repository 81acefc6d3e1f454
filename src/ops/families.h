/* The family files. Adding a family: a file, a line here. Adding an operator: a row and its rules in its family file,
 * and a block in tests/ops/<family>.case; nothing else. */
#pragma once

#include "ops/op.h"

/* Operators that ONNX Runtime's optimizer leaves in a file: on [N, C, H, W] with the channels in blocks. */
#define PJ_NCHWC "com.microsoft.nchwc"
/* QONNX: operators of ONNX on tensors whose channels are the last axis; weights stay as they are. */
#define PJ_LAST  "qonnx.custom_op.channels_last"

/*  file           what it holds */
#define PJ_FAMILY_LIST(X)                                                            \
    X(unary, "element-wise functions of one tensor, Cast, Clip")                     \
    X(activation, "activation functions, Dropout")                                   \
    X(binary, "element-wise operators of several tensors: arithmetic, logic, Where") \
    X(conv, "convolutions")                                                          \
    X(matmul, "matrix products and contractions")                                    \
    X(einsum, "contractions written as an equation")                                 \
    X(pool, "pooling windows")                                                       \
    X(norm, "normalizations and softmaxes")                                          \
    X(reduce, "reductions, cumulative sums, arg-reductions")                         \
    X(layout, "reshaping, transposing, shapes themselves")                           \
    X(slice, "cutting: slices, splits, triangles, reversal")                         \
    X(join, "joining, padding, repeating, expanding")                                \
    X(gather, "gathering elements by index")                                         \
    X(scatter, "writing elements to places given by index")                          \
    X(select, "selecting elements by contents: sorting, searching")                  \
    X(generate, "tensors from nothing: constants, ranges, random numbers")           \
    X(quantize, "quantizers and operators on quantized tensors")                     \
    X(packed, "products with weights packed into bytes")                             \
    X(vendor, "quantizers of vendors' own domains, by the ends of their names")      \
    X(rnn, "recurrent layers")                                                       \
    X(attention, "attention and its parts")                                          \
    X(fused_attention, "attention layers of ONNX Runtime, projections included")     \
    X(grouped_attention, "attention with grouped heads and caches")                  \
    X(transformer, "experts, position biases, padding, generation loops")            \
    X(image, "resizing, sampling, regions, boxes")                                   \
    X(control, "branches, whole models of other runtimes")                           \
    X(loop, "loops and scans")                                                       \
    X(signal, "Fourier transforms")                                                  \
    X(sequence, "sequences of tensors")                                              \
    X(optional, "optional values")                                                   \
    X(text, "operators on strings and tokens")                                       \
    X(ml, "ai.onnx.ml: encoders, scalers, maps")                                     \
    X(estimator, "ai.onnx.ml: linear models, support vector machines")               \
    X(tree, "ai.onnx.ml: tree ensembles")                                            \
    X(training, "losses, optimizers")                                                \
    X(legacy, "experiments of the first opsets")

#define PJ_FAMILY_DECLARE(name, what) extern const pj_op_family pj_family_##name;
PJ_FAMILY_LIST(PJ_FAMILY_DECLARE)
#undef PJ_FAMILY_DECLARE

/* Defines the family of a file from its array `rows`. */
#define PJ_FAMILY(name) const pj_op_family pj_family_##name = {#name, rows, (int)(sizeof rows / sizeof *rows)}
