/* The graph as QTools sees it: which nodes are one Keras layer, where quantizers belong, who reads whom.
 *
 * A quantizer (QONNX Quant and kin, or QuantizeLinear with its DequantizeLinear) belongs to
 *   - the layer that uses it, on a constant;
 *   - nobody, on a model input: a source quantizer, free;
 *   - the layer in front, where it is the only reader of a convolution, a dense layer or an activation function;
 *   - itself elsewhere: a QActivation.
 * Dropout and Identity are no layers: producer and consumer are joined. */
#pragma once

#include "quant/precision.h"

/* The Keras layer that a node is the twin of. */
typedef enum pj_twin {
    PJ_TWIN_NONE,     /* QTools has no figure */
    PJ_TWIN_REMOVED,  /* Dropout, Identity */
    PJ_TWIN_ABSORBED, /* part of another layer, or a source quantizer */
    PJ_TWIN_CONV2D,
    PJ_TWIN_DEPTHWISE,
    PJ_TWIN_CONV1D,
    PJ_TWIN_CONV_TRANSPOSE,
    PJ_TWIN_DENSE,
    PJ_TWIN_BATCHNORM,
    PJ_TWIN_RELU,       /* an activation that hands the format on: Relu, LeakyRelu, Clip */
    PJ_TWIN_ACTIVATION, /* one whose output has its declared format: Sigmoid, Tanh, Softmax ... */
    PJ_TWIN_QUANTIZER,  /* QActivation without a function */
    PJ_TWIN_MAX_POOL,   /* MaxPooling2D */
    PJ_TWIN_PASS,       /* no arithmetic, the format of the input goes on: Flatten, Transpose, Resize ... */
    PJ_TWIN_POOL,       /* AveragePooling2D (Q6) */
    PJ_TWIN_POOL_GLOBAL,
    PJ_TWIN_ADD,
    PJ_TWIN_MERGE /* the other merges */
} pj_twin;

typedef struct pj_twin_node {
    pj_twin kind;
    const pj_node *head; /* of an absorbed node: the layer that it is part of; NULL: of none */
} pj_twin_node;

typedef struct pj_twins {
    const pj_precision *precision;
    pj_twin_node *node;        /* by pj_node.id; those of subgraphs are twins of nothing */
    const pj_node **add_of;    /* by pj_value.index of a MatMul's output: the Add of its bias */
    const pj_node **quantizer; /* by pj_value.index: the quantizer that the layer in front writes through */
    const pj_value **origin;   /* by pj_value.index: the value that a reader reads, past what is no layer */
    const pj_format **source;  /* by pj_value.index: of a model input, the format of its source quantizer; or NULL */
    int *readers;              /* by pj_value.index: layers that read the value */
} pj_twins;

/* Arrays live in `arena`. PJ_ENOMEM. */
pj_status pj_twins_find(const pj_precision *precision, pj_arena *arena, pj_twins *out, pj_error *err);

/* The value that the layer of `head` writes: after its bias and its quantizer. */
const pj_value *pj_twins_result(const pj_twins *twins, const pj_node *head);

/* The quantizer after the layer of `head`, or NULL. */
const pj_node *pj_twins_quantizer(const pj_twins *twins, const pj_node *head);

/* The bias of a layer with a kernel: input 2, or the constant of the Add after it; NULL: none. */
const pj_value *pj_twins_bias(const pj_twins *twins, const pj_node *head);

/* ---- shapes, without the batch ---- */

bool pj_twin_is_input(const pj_value *value); /* of the model */
/* Product of the dims but the first; -1: not known. An absent rank counts as one element. */
int64_t pj_twin_elements(const pj_value *value);
int64_t pj_twin_dim(const pj_value *value, int axis); /* 1 where there is none */
