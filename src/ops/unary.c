/* Element-wise functions of one tensor: mathematics, rounding, tests, casts, Clip. */
#include <ctype.h>

#include "ops/families.h"
#include "ops/values.h"

#define MS "com.microsoft"

PJ_VALUE(abs, 1, pj_num_at_least(x[0], 0) ? x[0] : pj_num_max(c->symbols, x[0], pj_num_neg(c->symbols, x[0])))
PJ_VALUE(neg, 1, pj_num_neg(c->symbols, x[0]))
PJ_VALUE(floor, 1, pj_num_floor(c->symbols, x[0]))
PJ_VALUE(ceil, 1, pj_num_ceil(c->symbols, x[0]))

/* To the nearest whole number, halves to the even one. */
PJ_VALUE(round, 1, pj_num_is_real(x[0]) ? pj_num_of_real(rint(x[0].real)) : x[0])

static pj_num sqrt_of(pj_ctx *c, const pj_num *x)
{
    bool known;
    double real = pj_num_as_real(x[0], &known);
    (void)c;
    return known && real >= 0 ? pj_num_of_real(sqrt(real)) : pj_num_unknown();
}

PJ_VALUE_MAP(sqrt, 1)

PJ_VALUE(reciprocal, 1, pj_num_div_real(c->symbols, pj_num_of(1), x[0]))

static pj_num sign_of(pj_ctx *c, const pj_num *x)
{
    pj_num a = x[0];
    (void)c;
    if (pj_num_at_least(a, 1))
        return pj_num_of(1);
    if (!pj_num_known(a) && !pj_num_is_real(a))
        return pj_num_unknown();
    double real = pj_num_is_real(a) ? a.real : (double)a.whole;
    return pj_num_of((real > 0) - (real < 0));
}

PJ_VALUE_MAP(sign, 1)

static pj_num not_of(pj_ctx *c, const pj_num *x)
{
    int truth = pj_value_truth(x[0]);
    (void)c;
    return truth < 0 ? pj_num_unknown() : pj_num_of(!truth);
}

PJ_VALUE_MAP(not, 1)

/* ~x = -x - 1 in two's complement; the type's width makes it right for unsigned ones. */
PJ_VALUE(bitwise_not, 1, pj_num_sub(c->symbols, pj_num_of(-1), x[0]))

/* Conversion is what fitting into output 0's type does. */
PJ_VALUE(cast, 1, x[0])

PJ_WORK_EACH(sin, [PJ_SIN] = 1)
PJ_WORK_EACH(exp, [PJ_EXP] = 1)
PJ_WORK_EACH(log, [PJ_LOG] = 1)
PJ_WORK_EACH(erf, [PJ_ERF] = 1)
PJ_WORK_EACH(sqrt, [PJ_SQRT] = 1)

/* IsNaN, IsInf: one comparison an element (of the magnitude with infinity). */
PJ_SHAPE(test, pj_set_shape_of(c, 0, PJ_BOOL, 0))

/* `to` was a text ("FLOAT", "INT64") in opset 1. */
static pj_dtype cast_target(pj_ctx *c)
{
    const pj_attr *attr = pj_node_attr(c->node, "to");
    char word[16] = "";
    if (!attr || attr->kind != PJ_ATTR_STRING)
        return pj_attr_dtype(c, "to", PJ_UNDEFINED);
    for (size_t k = 0; attr->s[k] && k + 1 < sizeof word; k++)
        word[k] = (char)tolower((unsigned char)attr->s[k]);
    return pj_dtype_of_word(word);
}

PJ_SHAPE(cast, pj_set_shape_of(c, 0, cast_target(c), 0))
PJ_SHAPE(cast_like, pj_set_shape_of(c, 0, pj_in_dtype(c, 1), 0))

/* One conversion an element; nothing between equal types. */
static pj_status work_cast(pj_ctx *c, pj_work *work)
{
    if (pj_in_dtype(c, 0) != PJ_UNDEFINED && pj_in_dtype(c, 0) == pj_out_dtype(c, 0))
        pj_work_nothing(c, work);
    else
        pj_work_add(c, work, PJ_ROUND, pj_out_count(c, 0));
    return PJ_OK;
}

/* The same bits under a type of the same width. */
static pj_status shape_bit_cast(pj_ctx *c)
{
    pj_dtype from = pj_in_dtype(c, 0), to = pj_attr_dtype(c, "to", PJ_UNDEFINED);
    int bits = pj_dtype_bits(from), wanted = pj_dtype_bits(to);
    if (bits && wanted && bits != wanted)
        return pj_fail(c->err, PJ_ESHAPE, "the bits of %s elements (%d) are not as many as those of %s (%d)",
                       pj_dtype_word(from), bits, pj_dtype_word(to), wanted);
    return pj_set_shape_of(c, 0, to, 0);
}

/* Between integers of one width the bits mean the number that wrapping around gives; else only equal types are known.
 */
static pj_status value_bit_cast(pj_ctx *c)
{
    pj_dtype from = pj_in_dtype(c, 0), to = pj_out_dtype(c, 0);
    bool integers = pj_dtype_is_integer(from) && pj_dtype_is_integer(to);
    return from == to || integers ? value_cast(c) : PJ_OK;
}

/* Clip: bounds are attributes until opset 10, inputs later */
static bool has_bound(const pj_ctx *c, const char *name, int i)
{
    return pj_has(c, i) || pj_attr_present(c, name);
}

/* The bound for one element; `input` is the element of the bound's input. */
static pj_num bound_of(pj_ctx *c, const char *name, int i, pj_num input)
{
    return pj_has(c, i) ? input : pj_num_of_real(pj_attr_float(c, name, 0));
}

/* min(max(x, low), high) */
static pj_num clip_of(pj_ctx *c, const pj_num *x)
{
    pj_num a = x[0];
    if (has_bound(c, "min", 1))
        a = pj_num_max(c->symbols, a, bound_of(c, "min", 1, x[1]));
    if (has_bound(c, "max", 2))
        a = pj_num_min(c->symbols, a, bound_of(c, "max", 2, x[2]));
    return a;
}

PJ_VALUE_MAP(clip, 3)

/* One comparison for each bound that is given. */
PJ_WORK_EACH(clip, [PJ_CMP] = has_bound(c, "min", 1) + has_bound(c, "max", 2))

static pj_status shape_all_finite(pj_ctx *c)
{
    if (pj_attr_int(c, "isinf_only", 0) && pj_attr_int(c, "isnan_only", 0))
        return pj_fail(c->err, PJ_ESHAPE, "isinf_only and isnan_only are both set");
    return pj_set_scalar(c, 0, PJ_BOOL);
}

/* Per element of all inputs: 1 cmp (of the magnitude with infinity), 1 logic (with the result so far). */
static pj_status work_all_finite(pj_ctx *c, pj_work *work)
{
    for (int i = 0; i < c->node->inputs; i++)
        if (pj_has(c, i))
            pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_LOGIC] = 1), pj_in_count(c, i));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Abs",         1,  "x",   PJ_KEEP | PJ_ELEMENT,            pj_shape_same,    value_abs,         pj_work_cmp1   },
    {"", "Neg",         1,  "x",   PJ_ELEMENT,                      pj_shape_same,    value_neg,         pj_work_add1   },
    {"", "Sign",        9,  "x",   PJ_ELEMENT,                      pj_shape_same,    value_sign,        pj_work_cmp1   },
    {"", "Floor",       1,  "x",   PJ_ELEMENT,                      pj_shape_same,    value_floor,       pj_work_round1 },
    {"", "Ceil",        1,  "x",   PJ_ELEMENT,                      pj_shape_same,    value_ceil,        pj_work_round1 },
    {"", "Round",       11, "x",   PJ_ELEMENT,                      pj_shape_same,    value_round,       pj_work_round1 },
    {"", "Reciprocal",  1,  "x",   PJ_ELEMENT,                      pj_shape_same,    value_reciprocal,  pj_work_div1   },
    {"", "Sqrt",        1,  "x",   PJ_ELEMENT,                      pj_shape_same,    value_sqrt,        work_sqrt      },
    {"", "Exp",         1,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_exp       },
    {"", "Log",         1,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_log       },
    {"", "Erf",         9,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_erf       },
    {"", "Sin",         7,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Cos",         7,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Tan",         7,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Asin",        7,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Acos",        7,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Atan",        7,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Sinh",        9,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Cosh",        9,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Asinh",       9,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Acosh",       9,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Atanh",       9,  "x",   PJ_ELEMENT,                      pj_shape_same,    NULL,              work_sin       },
    {"", "Not",         1,  "x",   PJ_ELEMENT,                      pj_shape_same,    value_not,         pj_work_logic1 },
    {"", "BitwiseNot",  18, "x",   PJ_ELEMENT,                      pj_shape_same,    value_bitwise_not, pj_work_logic1 },
    {"", "IsNaN",       9,  "x",   PJ_ELEMENT,                      shape_test,       NULL,              pj_work_cmp1   },
    {"", "IsInf",       10, "x",   PJ_ELEMENT | PJ_WIDE,            shape_test,       NULL,              pj_work_cmp1   },
    {"", "IsInf",       20, "x",   PJ_ELEMENT,                      shape_test,       NULL,              pj_work_cmp1   },
    {"", "Identity",    1,  "x",   PJ_VIEW,                         pj_shape_same,    pj_value_same,     NULL           },
    {"", "Cast",        1,  "x",   PJ_ELEMENT,                      shape_cast,       value_cast,        work_cast      },
    {"", "CastLike",    15, "xc",  PJ_ELEMENT,                      shape_cast_like,  value_cast,        work_cast      },
    {"", "BitCast",     26, "x",   PJ_VIEW,                         shape_bit_cast,   value_bit_cast,    NULL           },
    {"", "Clip",        1,  "xcc", PJ_KEEP | PJ_CLAMP | PJ_ELEMENT, pj_shape_same,    value_clip,        work_clip      },
    {MS, "IsAllFinite", 1,  "x*",  0,                               shape_all_finite, NULL,              work_all_finite},
    {MS, "SampleOp",    1,  "x",   PJ_VIEW,                         pj_shape_same,    pj_value_same,     NULL           },
};

PJ_FAMILY(unary);
