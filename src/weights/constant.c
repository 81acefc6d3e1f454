/* From a node's input back to the initializer: shapes of weights by operator, and what stands between. */
#include "weights/constant.h"

#include "base/limits.h"
#include "ops/einsum.h"
#include "ops/vendor.h"
#include "quant/scale.h"
#include "weights/decode.h"

/* Where the output channels of a weight are. */
typedef enum lay {
    LAY_NONE,    /* not known: the tensor is one channel */
    LAY_FIRST,   /* axis 0 */
    LAY_SECOND,  /* axis 1, of each of `group` parts of axis 0 */
    LAY_COLUMNS, /* the last axis; the one before with transB */
    LAY_LINES,   /* of a first operand: the axis before the last; the last with transA */
    LAY_LETTERS, /* of an Einsum: the axes that the result has and no other operand */
    LAY_ROWS,    /* axes 0 and 1 together */
    LAY_AXIS,    /* attribute axis, 0 without one */
    LAY_BLOCKS   /* packed rows of K numbers (MatMulNBits) */
} lay;

/* Weights by operator: the input, the lay of its channels, the inputs of its scale and zero point (-1: none). An input
 * with role w that has no row is a weight whose channels are not known. `unread`: why its numbers are not understood.
 */
typedef struct form {
    const char *op;
    int input;
    lay channels;
    int scale, zero;
    const char *unread;
} form;

static const char codebook[] = "its numbers are indexes into a table of the operator";
static const char other_scales[] = "its scales lie in an order that is not read";

static const form forms[] = {
    {"Conv",                         1, LAY_FIRST,   -1, -1, NULL        },
    {"FusedConv",                    1, LAY_FIRST,   -1, -1, NULL        },
    {"NhwcConv",                     1, LAY_FIRST,   -1, -1, NULL        },
    {"NhwcFusedConv",                1, LAY_FIRST,   -1, -1, NULL        },
    {"DeformConv",                   1, LAY_FIRST,   -1, -1, NULL        },
    {"CausalConvWithState",          1, LAY_FIRST,   -1, -1, NULL        },
    {"ConvInteger",                  1, LAY_FIRST,   -1, 3,  NULL        },
    {"QLinearConv",                  3, LAY_FIRST,   4,  5,  NULL        },
    {"ConvTranspose",                1, LAY_SECOND,  -1, -1, NULL        },
    {"ConvTransposeWithDynamicPads", 1, LAY_SECOND,  -1, -1, NULL        },
    {"MatMul",                       1, LAY_COLUMNS, -1, -1, NULL        },
    {"FusedMatMul",                  1, LAY_COLUMNS, -1, -1, NULL        },
    {"FusedMatMulActivation",        1, LAY_COLUMNS, -1, -1, NULL        },
    {"Gemm",                         1, LAY_COLUMNS, -1, -1, NULL        },
    {"FusedGemm",                    1, LAY_COLUMNS, -1, -1, NULL        },
    {"GemmFastGelu",                 1, LAY_COLUMNS, -1, -1, NULL        },
    {"MatMulInteger",                1, LAY_COLUMNS, -1, 3,  NULL        },
    {"QLinearMatMul",                3, LAY_COLUMNS, 4,  5,  NULL        },
    {"MatMulIntegerToFloat",         1, LAY_COLUMNS, 3,  5,  NULL        },
    {"DynamicQuantizeMatMul",        1, LAY_COLUMNS, 2,  3,  NULL        },
    {"QGemm",                        3, LAY_COLUMNS, 4,  5,  NULL        },
    {"MatMul",                       0, LAY_LINES,   -1, -1, NULL        },
    {"FusedMatMul",                  0, LAY_LINES,   -1, -1, NULL        },
    {"TransposeMatMul",              0, LAY_LINES,   -1, -1, NULL        },
    {"FusedMatMulActivation",        0, LAY_LINES,   -1, -1, NULL        },
    {"Gemm",                         0, LAY_LINES,   -1, -1, NULL        },
    {"FusedGemm",                    0, LAY_LINES,   -1, -1, NULL        },
    {"MatMulInteger",                0, LAY_LINES,   -1, 2,  NULL        },
    {"QLinearMatMul",                0, LAY_LINES,   1,  2,  NULL        },
    {"MatMulIntegerToFloat",         0, LAY_LINES,   2,  4,  NULL        },
    {"QGemm",                        0, LAY_LINES,   1,  2,  NULL        },
    {"TransposeMatMul",              1, LAY_COLUMNS, -1, -1, NULL        },
    {"Einsum",                       0, LAY_LETTERS, -1, -1, NULL        },
    {"Einsum",                       1, LAY_LETTERS, -1, -1, NULL        },
    {"Attention",                    1, LAY_COLUMNS, -1, -1, NULL        },
    {"QAttention",                   1, LAY_COLUMNS, 4,  7,  NULL        },
    {"LSTM",                         1, LAY_ROWS,    -1, -1, NULL        },
    {"LSTM",                         2, LAY_ROWS,    -1, -1, NULL        },
    {"GRU",                          1, LAY_ROWS,    -1, -1, NULL        },
    {"GRU",                          2, LAY_ROWS,    -1, -1, NULL        },
    {"RNN",                          1, LAY_ROWS,    -1, -1, NULL        },
    {"RNN",                          2, LAY_ROWS,    -1, -1, NULL        },
    {"MatMulNBits",                  1, LAY_BLOCKS,  2,  3,  NULL        },
    {"MatMulFpQ4",                   1, LAY_NONE,    -1, -1, codebook    },
    {"Gather",                       0, LAY_AXIS,    -1, -1, NULL        },
    {"GatherBlockQuantized",         0, LAY_NONE,    -1, -1, other_scales},
    {"EmbedLayerNormalization",      2, LAY_FIRST,   -1, -1, NULL        },
    {"EmbedLayerNormalization",      3, LAY_FIRST,   -1, -1, NULL        },
};

static const form *form_of(const pj_node *node, int i)
{
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++)
        if (forms[k].input == i && strcmp(forms[k].op, node->op) == 0)
            return &forms[k];
    return NULL;
}

typedef struct shape {
    int rank; /* -1: not known in numbers */
    int64_t dim[PJ_MAX_RANK];
} shape;

static shape shape_of(const pj_value *value)
{
    shape s = {.rank = value->type.rank};
    if (!pj_type_is_tensor(&value->type) || s.rank > PJ_MAX_RANK)
        s.rank = -1;
    for (int k = 0; k < s.rank; k++) {
        if (!pj_num_known(value->type.dims[k])) {
            s.rank = -1;
            break;
        }
        s.dim[k] = value->type.dims[k].whole;
    }
    return s;
}

/* Product of the dims from `from` to `to` - 1; they are a tensor's, so it fits. */
static int64_t product(const shape *s, int from, int to)
{
    int64_t all = 1;
    for (int k = from; k < to; k++)
        if (!pj_mul_i64(all, s->dim[k], &all))
            return 0;
    return all;
}

/* The channels are axis `axis`, or that and the axes after it up to `last`. */
static void set_axes(pj_constant *out, const shape *s, int axis, int last)
{
    out->lead = 1;
    out->outer = product(s, 0, axis);
    out->channels = product(s, axis, last + 1);
    out->inner = product(s, last + 1, s->rank);
}

static void set_axis(pj_constant *out, const shape *s, int axis)
{
    set_axes(out, s, axis, axis);
}

static void set_flat(pj_constant *out, int64_t count)
{
    out->lead = out->outer = out->channels = 1;
    out->inner = count;
}

static void set_channels(const pj_node *node, int i, lay channels, const shape *s, pj_constant *out)
{
    int first, last;
    int64_t axis = pj_node_int(node, "axis", 0), group = pj_node_int(node, "group", 1);
    set_flat(out, s->rank < 0 ? 1 : product(s, 0, s->rank));
    switch (channels) {
    case LAY_NONE:
    case LAY_BLOCKS:
        break;
    case LAY_FIRST:
        if (s->rank >= 1)
            set_axis(out, s, 0);
        break;
    case LAY_SECOND:
        if (s->rank < 2 || group < 1 || s->dim[0] % group)
            break;
        set_axis(out, s, 1);
        out->lead = group;
        out->outer = s->dim[0] / group;
        break;
    case LAY_COLUMNS:
        if (s->rank >= 2)
            set_axis(out, s, pj_node_int(node, "transB", 0) ? s->rank - 2 : s->rank - 1);
        break;
    case LAY_LINES:
        if (s->rank >= 2)
            set_axis(out, s, pj_node_int(node, "transA", 0) ? s->rank - 1 : s->rank - 2);
        break;
    case LAY_LETTERS:
        if (s->rank >= 0 && pj_einsum_channels(node, i, s->rank, &first, &last))
            set_axes(out, s, first, last);
        break;
    case LAY_ROWS:
        if (s->rank < 2)
            break;
        out->channels = product(s, 0, 2);
        out->inner = product(s, 2, s->rank);
        break;
    case LAY_AXIS:
        axis += axis < 0 ? s->rank : 0;
        if (axis >= 0 && axis < s->rank)
            set_axis(out, s, (int)axis);
        break;
    }
}

static bool is_op(const pj_node *node, const char *const *ops)
{
    for (; *ops; ops++)
        if (strcmp(node->op, *ops) == 0)
            return true;
    return false;
}

/* Operators that keep elements and their order. */
static bool keeps_order(const pj_node *node)
{
    static const char *const ops[] = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", NULL};
    return !*node->domain && node->inputs > 0 && node->in[0] && is_op(node, ops);
}

/* A conversion between floats keeps what we look at, up to its rounding. */
static bool is_float_cast(const pj_node *node)
{
    return !*node->domain && strcmp(node->op, "Cast") == 0 && node->inputs > 0 && node->in[0] &&
           pj_dtype_is_float(node->in[0]->type.dtype) && pj_dtype_is_float(node->out[0]->type.dtype);
}

/* DequantizeLinear, ONNX Runtime's too, and those of vendors. */
static bool is_dequantizer(const pj_node *node)
{
    bool known = !*node->domain || strcmp(node->domain, "com.microsoft") == 0;
    return known ? strcmp(node->op, "DequantizeLinear") == 0
                 : node->desc && strcmp(node->desc->domain, "*") == 0 && pj_text_glob("*DequantizeLinear", node->op);
}

/* The tensor of a constant that nothing but its shape changes, or NULL. */
static const pj_tensor *plain_tensor(const pj_value *value)
{
    const pj_tensor *tensor;
    while (!(tensor = pj_value_tensor(value)) && value->producer && keeps_order(value->producer))
        value = value->producer->in[0];
    return tensor;
}

static const pj_value *input_of(const pj_node *node, int i)
{
    return i >= 0 && i < node->inputs ? node->in[i] : NULL;
}

/* The channels of what a Transpose reads: the axis that they are on has another place there. */
static void transpose(const pj_node *node, pj_constant *out)
{
    shape to = shape_of(node->out[0]), from = shape_of(node->in[0]);
    const pj_attr *perm = pj_node_attr(node, "perm");
    for (int k = 0; k < to.rank && out->lead == 1 && from.rank == to.rank; k++) {
        if (product(&to, 0, k) != out->outer || to.dim[k] != out->channels)
            continue;
        int64_t axis = perm && perm->kind == PJ_ATTR_INTS && k < perm->count ? perm->ints[k] : to.rank - 1 - k;
        if (axis < 0 || axis >= from.rank)
            break;
        set_axis(out, &from, (int)axis);
        return;
    }
    set_flat(out, product(&from, 0, from.rank));
}

static const char computed[] =
    "it is computed from other constants (fold them, as onnxsim and ONNX Runtime's optimizer do)";
static const char bad_scale[] = "its scale is no constant of the file";
static const char bad_zero[] = "its zero point is no constant of the file";

/* Scale and zero point from two values (NULL: none). */
static const char *set_scales(const pj_value *scale, const pj_value *zero, pj_scaling *out)
{
    out->scale = scale ? plain_tensor(scale) : NULL;
    out->zero = zero ? plain_tensor(zero) : NULL;
    if (scale && !out->scale)
        return bad_scale;
    return zero && !out->zero ? bad_zero : NULL;
}

/* Where the scales of a tensor lie that are given for one axis of it, or for blocks along it. */
static void set_scale_axis(const shape *s, int64_t axis, int64_t block, pj_scaling *out)
{
    axis += axis < 0 ? s->rank : 0;
    out->extent = out->inner = out->scales = 1;
    if (axis < 0 || axis >= s->rank)
        return; /* only one scale will do */
    out->count = product(s, 0, s->rank);
    out->extent = s->dim[axis];
    out->inner = product(s, (int)axis + 1, s->rank);
    out->block = block;
    out->scales = s->dim[axis];
    if (block <= 0)
        return;
    shape blocks = *s;
    blocks.dim[axis] = out->extent / block + (out->extent % block != 0);
    out->scales = product(&blocks, 0, s->rank);
}

/* QuantizeLinear rounds to the type of its zero point. */
static const char *set_rounding(const pj_node *node, pj_scaling *out)
{
    pj_dtype dtype = node->out[0]->type.dtype;
    int bits = pj_dtype_bits(dtype), is_signed = pj_dtype_is_signed(dtype);
    if (!pj_dtype_is_integer(dtype) || bits > 32)
        return "it is rounded to floats on the way";
    out->rounds = true;
    out->most = (double)((INT64_C(1) << (bits - is_signed)) - 1);
    out->least = is_signed ? -out->most - 1 : 0;
    return NULL;
}

static const char *read_linear(const pj_node *node, pj_scaling *out)
{
    shape s = shape_of(node->in[0]);
    set_scale_axis(&s, pj_node_int(node, "axis", 1), pj_node_int(node, "block_size", 0), out);
    return set_scales(input_of(node, 1), input_of(node, 2), out);
}

/* Quant(x, scale, zero point, bits) of QONNX, and BipolarQuant(x, scale). Scales broadcast along all axes but one. */
static const char *read_qonnx(const pj_node *node, pj_scaling *out)
{
    static const char many[] = "its quantizer has scales along several axes";
    shape s = shape_of(node->in[0]);
    const pj_value *scale = input_of(node, 1);
    const pj_attr *mode = pj_node_attr(node, "rounding_mode");
    int64_t bits = 0, axis = INT64_MAX, narrow = pj_node_int(node, "narrow", 0) != 0;
    bool is_signed = pj_node_int(node, "signed", 1) != 0;
    out->is_sign = strcmp(node->op, "BipolarQuant") == 0;
    out->rounds = true;
    shape scales = scale ? shape_of(scale) : (shape){.rank = -1};
    if (scales.rank < 0)
        return bad_scale;
    for (int k = 0; k < scales.rank; k++) {
        if (scales.dim[k] == 1)
            continue;
        if (axis != INT64_MAX || scales.rank > s.rank)
            return many;
        axis = s.rank - scales.rank + k;
    }
    set_scale_axis(&s, axis, 0, out);
    if (out->is_sign)
        return set_scales(scale, NULL, out);
    if (mode && mode->kind == PJ_ATTR_STRING && strcmp(mode->s, "ROUND") != 0)
        return "its quantizer does not round to the nearest number";
    if (!pj_constant_whole(node, 3, &bits) || bits < 1 || bits > 32)
        return "the bit width of its quantizer is not known, or none from 1 to 32";
    out->most = (double)((INT64_C(1) << (bits - is_signed)) - 1 - (!is_signed && narrow));
    out->least = is_signed ? (double)(-(INT64_C(1) << (bits - 1)) + narrow) : 0;
    return set_scales(scale, input_of(node, 2), out);
}

/* Inputs that are scale and zero point of an integer operator's weight: per tensor, or for each channel. */
static const char *read_operands(const pj_node *node, const form *f, const pj_constant *c, pj_scaling *out)
{
    out->extent = c->channels;
    out->inner = c->inner;
    out->scales = c->channels;
    return set_scales(input_of(node, f->scale), input_of(node, f->zero), out);
}

/* MatMulNBits: rows of ceil(K / block_size) blocks, the last one filled up; zero points packed row by row; without
 * them, the middle of the range. */
static const char *read_blocks(const pj_node *node, const form *f, pj_constant *c, pj_scaling *out)
{
    static const char broken[] = "K, N, bits and block_size do not fit its size";
    int64_t k = pj_node_int(node, "K", 0), n = pj_node_int(node, "N", 0), bits = pj_node_int(node, "bits", 4);
    int64_t block = pj_node_int(node, "block_size", 0), bytes = 0;
    if (bits == 3 || (bits > 4 && bits < 8)) /* of other widths, ONNX Runtime says no order of bits */
        return "its numbers do not divide a byte, and are not read";
    if (pj_node_int(node, "weight_prepacked", 0) != 0)
        return "they are packed for one kind of GPU, and are not read";
    if (k < 1 || n < 1 || block < 1 || block - (1 << 20) > k || (bits != 2 && bits != 4 && bits != 8))
        return broken;
    int64_t blocks = k / block + (k % block != 0);
    c->outer = c->lead = 1;
    c->channels = n;
    c->inner = k;
    if (!pj_mul_i64(blocks, block, &c->pitch) || !pj_mul_i64(n, c->pitch, &bytes) || c->pitch % 8 * bits % 8 != 0 ||
        !c->tensor || bytes / (8 / bits) != c->tensor->count || c->tensor->dtype != PJ_UINT8)
        return broken;
    c->codes = bits == 2 ? PJ_UINT2 : bits == 4 ? PJ_UINT4 : PJ_UINT8;
    out->extent = c->pitch;
    out->inner = 1;
    out->block = block;
    out->scales = n * blocks;
    out->offset = (double)(INT64_C(1) << (bits - 1));
    const char *why = set_scales(input_of(node, f->scale), input_of(node, f->zero), out);
    if (!why && out->zero && out->zero->dtype == PJ_UINT8) {
        out->zero_bits = (int)bits;
        out->zero_row = blocks;
    }
    return why;
}

/* Follows the value back to its tensor, over at most one quantizer. */
static const char *trace(const pj_value *value, pj_constant *out, pj_scaling *scaling)
{
    static const char *const qonnx[] = {"Quant", "IntQuant", "BipolarQuant", NULL};
    const char *why = NULL;
    bool scaled = out->scaling != NULL;
    while (!why && !(out->tensor = pj_value_tensor(value))) {
        const pj_node *node = value->producer;
        if (!node || node->inputs < 1 || !node->in[0] || node->out[0] != value)
            return computed;
        bool is_linear = is_dequantizer(node), is_qonnx = *node->domain && is_op(node, qonnx);
        if (keeps_order(node) || is_float_cast(node)) {
            value = node->in[0];
        } else if (!scaled && strcmp(node->op, "Transpose") == 0 && !*node->domain) {
            transpose(node, out);
            value = node->in[0];
        } else if (!scaled && (is_linear || is_qonnx)) {
            why = is_linear ? read_linear(node, scaling) : read_qonnx(node, scaling);
            const pj_node *before = node->in[0]->producer;
            value = node->in[0];
            scaled = true;
            out->scaling = scaling;
            if (is_linear && pj_vendor_dtype(node->op) != PJ_UNDEFINED)
                out->codes = pj_vendor_dtype(node->op); /* fp8 may lie in bytes */
            if (!why && is_linear && before && strcmp(before->op, "QuantizeLinear") == 0 && before->in[0]) {
                why = set_rounding(before, scaling);
                value = before->in[0];
            }
        } else {
            return computed;
        }
    }
    return why;
}

/* Numbers in all; -1: more than 64 bits count. */
static int64_t count_of(const pj_constant *c)
{
    int64_t all = 0;
    bool fits =
        pj_mul_i64(c->lead, c->outer, &all) && pj_mul_i64(all, c->channels, &all) && pj_mul_i64(all, c->inner, &all);
    return fits ? all : -1;
}

/* Do the sizes of tensor, scales and zero points fit each other? */
static const char *check(const pj_constant *c)
{
    const pj_scaling *s = c->scaling;
    if (!pj_decodes(c->codes))
        return "its elements are no numbers";
    if (pj_dtype_bits(c->codes) != pj_dtype_bits(c->tensor->dtype) && !c->pitch)
        return "its numbers are packed in an order that is not read";
    if (!c->pitch && c->tensor->count != count_of(c))
        return "its size is not that of the input that it comes to";
    bool is_hollow = s && (s->extent == 0 || s->inner == 0) && c->tensor->count > 0;
    if (is_hollow || (s && s->count && s->count != c->tensor->count))
        return "its size is not that of the quantizer that it comes to";
    if (s && s->scale && s->scale->count != 1 && s->scale->count != s->scales)
        return "the number of its scales does not fit its shape";
    if (!s || !s->zero)
        return NULL;
    int64_t per_byte = s->zero_row ? 8 / s->zero_bits : 1;
    int64_t row = s->zero_row / per_byte + (s->zero_row % per_byte != 0);
    int64_t want = s->zero_row ? s->scales / s->zero_row * row : s->scales;
    if (s->zero->count != want && (s->zero_row || s->zero->count != 1))
        return "the number of its zero points does not fit its shape";
    return NULL;
}

/* What is computed before the run has none. A table of numbers that a Gather reads is a weight where it holds real
 * numbers in at least two dimensions. */
static bool is_weight(const pj_node *node, int i, const form *f)
{
    const pj_value *value = node->in[i];
    if (!value || !value->is_constant || !node->desc || (node->outputs > 0 && node->out[0] && node->out[0]->is_folded))
        return false;
    if (f && (f->channels == LAY_LINES || f->channels == LAY_LETTERS || f->channels == LAY_COLUMNS))
        return pj_node_role(node, i) == 'w';
    if (f && f->channels == LAY_AXIS)
        return pj_dtype_is_float(value->type.dtype) && value->type.rank >= 2;
    return f || pj_node_role(node, i) == 'w';
}

/* An operator without a row here may have scales of its own, whose weights would be taken for real numbers. */
static bool has_scales(const pj_node *node)
{
    bool found = false;
    for (int i = 0; i < node->inputs; i++)
        found = found || (node->in[i] && pj_node_role(node, i) == 's');
    return found;
}

static const char *find(const pj_node *node, int i, const form *f, pj_scaling *scaling, pj_constant *out)
{
    shape s = shape_of(node->in[i]);
    const char *why = f ? f->unread : has_scales(node) ? other_scales : NULL;
    if (why || s.rank < 0)
        return why ? why : "its shape is not known";
    set_channels(node, i, f ? f->channels : LAY_NONE, &s, out);
    if (f && f->channels == LAY_BLOCKS) {
        out->tensor = plain_tensor(node->in[i]);
        out->scaling = scaling;
        return read_blocks(node, f, out, scaling);
    }
    if (f && (input_of(node, f->scale) || input_of(node, f->zero))) {
        out->scaling = scaling;
        why = read_operands(node, f, out, scaling);
    }
    return why ? why : trace(node->in[i], out, scaling);
}

bool pj_constant_of(const pj_node *node, int i, pj_arena *arena, pj_constant *out)
{
    const form *f = form_of(node, i);
    if (!is_weight(node, i, f))
        return false;
    pj_scaling *scaling = PJ_NEW(arena, pj_scaling, 1);
    *out = (pj_constant){.value = node->in[i], .input = i};
    set_flat(out, 0);
    if (!scaling)
        return true;
    out->absent = find(node, i, f, scaling, out);
    if (!out->absent && out->codes == PJ_UNDEFINED)
        out->codes = out->tensor->dtype;
    if (!out->absent)
        out->absent = check(out);
    if (!out->absent && out->tensor->storage == PJ_STORED_ABSENT)
        out->absent = out->tensor->sparse     ? "it is a sparse tensor, whose values are not read (store it densely)"
                      : out->tensor->location ? "the file that it is in is not there, or behind a link (--follow-links)"
                                              : "the file has no contents for it";
    return true;
}

pj_constant pj_constant_of_tensor(const pj_tensor *tensor)
{
    pj_constant out = {.tensor = tensor, .codes = tensor->dtype};
    set_flat(&out, tensor->count);
    return out;
}
