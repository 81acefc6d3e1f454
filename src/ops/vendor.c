/* Quantizers of vendors, by the ends of their names: whatever their domain adds, they keep shapes.
 *
 * The rows stand for operators of domains that no other row knows; their names are patterns (pj_text_glob). What a
 * quantizer rounds to stands in its name (TRT_FP8QuantizeLinear), else its zero point has the type, else the file
 * declares it. */
#include "ops/vendor.h"

#include "ops/families.h"
#include "ops/rules.h"

pj_dtype pj_vendor_dtype(const char *op)
{
    static const struct {
        const char *part;
        pj_dtype dtype;
    } parts[] = {
        {"*FP8E5M2*", PJ_FLOAT8E5M2  },
        {"*FP8*",     PJ_FLOAT8E4M3FN},
        {"*FP4*",     PJ_FLOAT4E2M1  },
        {"*UINT4*",   PJ_UINT4       },
        {"*INT4*",    PJ_INT4        },
        {"*UINT8*",   PJ_UINT8       },
        {"*INT8*",    PJ_INT8        },
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (pj_text_glob(parts[i].part, op))
            return parts[i].dtype;
    return PJ_UNDEFINED;
}

/* The element type that the file declares for output `o`, where nothing else tells it. */
static pj_dtype declared_dtype(const pj_ctx *c, int o, pj_dtype otherwise)
{
    const pj_value *out = pj_out(c, o);
    return out && pj_type_is_tensor(&out->declared) && out->declared.dtype != PJ_UNDEFINED ? out->declared.dtype
                                                                                           : otherwise;
}

static pj_status shape_quantize(pj_ctx *c)
{
    pj_dtype dtype = pj_vendor_dtype(c->node->op);
    if (dtype == PJ_UNDEFINED)
        dtype = pj_in_dtype(c, 2);
    return pj_set_shape_of(c, 0, dtype != PJ_UNDEFINED ? dtype : declared_dtype(c, 0, PJ_UINT8), 0);
}

/* Floats of the scale's type, if that is wide. */
static pj_status shape_dequantize(pj_ctx *c)
{
    pj_dtype dtype = pj_in_dtype(c, 1);
    bool wide = dtype == PJ_FLOAT32 || dtype == PJ_FLOAT16 || dtype == PJ_BFLOAT16;
    return pj_set_shape_of(c, 0, wide ? dtype : declared_dtype(c, 0, PJ_FLOAT32), 0);
}

/* Blocks along the last axis, or along `axis`, get a scale each. */
static pj_status shape_dynamic_quantize(pj_ctx *c)
{
    int rank = pj_in_rank(c, 0), axis;
    int64_t block = pj_attr_int(c, "block_size", 0);
    pj_num dims[PJ_MAX_RANK];
    PJ_TRY(shape_quantize(c));
    if (rank < 1 || block < 1)
        return pj_set_dtype(c, 1, declared_dtype(c, 1, PJ_FLOAT32));
    PJ_TRY(pj_axis(c, pj_attr_int(c, "axis", -1), rank, &axis));
    memcpy(dims, pj_in_type(c, 0)->dims, (size_t)rank * sizeof *dims);
    dims[axis] = pj_num_ceil_div(c->symbols, dims[axis], pj_num_of(block));
    return pj_set(c, 1, declared_dtype(c, 1, PJ_FLOAT32), rank, dims);
}

/* 1 mul by the reciprocal of the scale, 1 round; 1 add for a zero point. */
PJ_WORK_EACH(quantize, [PJ_MUL] = 1, [PJ_ROUND] = 1, [PJ_ADD] = pj_has(c, 2))

/* The largest magnitude of each block: 1 cmp for the magnitude and 1 to compare; then as above. */
static pj_status work_dynamic_quantize(pj_ctx *c, pj_work *work)
{
    pj_work_times(c, work, PJ_CMP, 2, pj_out_count(c, 0));
    return work_quantize(c, work);
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"*", "*DequantizeLinear",   1, "xsz", PJ_ELEMENT | PJ_QUANTIZER, shape_dequantize,       NULL, work_quantize        },
    {"*", "*QuantizeLinear",     1, "xsz", PJ_ELEMENT | PJ_QUANTIZER, shape_quantize,         NULL, work_quantize        },
    {"*", "*DynamicQuantize",    1, "x",   0,                         shape_dynamic_quantize, NULL, work_dynamic_quantize},
    {"*", "*QuantizeDequantize", 1, "xs*", PJ_ELEMENT | PJ_QUANTIZER, pj_shape_same,          NULL, work_quantize        },
    {"*", "*QDQ",                1, "xs*", PJ_ELEMENT | PJ_QUANTIZER, pj_shape_same,          NULL, work_quantize        },
    {"*", "*FakeQuant*",         1, "xs*", PJ_ELEMENT | PJ_QUANTIZER, pj_shape_same,          NULL, work_quantize        },
    {"*", "*FixNeuron",          1, "xs*", PJ_ELEMENT | PJ_QUANTIZER, pj_shape_same,          NULL, work_quantize        },
    {"*", "QcQuantizeOp",        1, "xs*", PJ_ELEMENT | PJ_QUANTIZER, pj_shape_same,          NULL, work_quantize        },
};

PJ_FAMILY(vendor);

const pj_op_desc *pj_vendor_find(const char *domain, const char *op)
{
    for (size_t i = 0; *domain && i < sizeof rows / sizeof *rows; i++)
        if (pj_text_glob(rows[i].op, op))
            return &rows[i];
    return NULL;
}
