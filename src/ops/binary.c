/* Element-wise operators of several tensors: arithmetic, comparisons, logic, Where. */
#include "base/real.h"
#include "ops/families.h"
#include "ops/values.h"

#define MS "com.microsoft"

PJ_VALUE(add, 2, pj_num_add(c->symbols, x[0], x[1]))
PJ_VALUE(sub, 2, pj_num_sub(c->symbols, x[0], x[1]))
PJ_VALUE(mul, 2, pj_num_mul(c->symbols, x[0], x[1]))

/* Integers are divided toward zero. */
PJ_VALUE(div, 2, pj_on_integers(c) ? pj_num_trunc_div(c->symbols, x[0], x[1]) : pj_num_div_real(c->symbols, x[0], x[1]))

/* The remainder has the divisor's sign, with fmod=1 the dividend's: x - y trunc(x / y). */
static pj_num mod_of(pj_ctx *c, const pj_num *x)
{
    bool known[2];
    if (!pj_attr_int(c, "fmod", 0) || (pj_num_at_least(x[0], 0) && pj_num_at_least(x[1], 1)))
        return pj_num_mod(c->symbols, x[0], x[1]);
    if (pj_num_known(x[0]) && pj_num_known(x[1]))
        return pj_num_sub(c->symbols, x[0], pj_num_mul(c->symbols, x[1], pj_num_trunc_div(c->symbols, x[0], x[1])));
    double a = pj_num_as_real(x[0], &known[0]), b = pj_num_as_real(x[1], &known[1]);
    return known[0] && known[1] && b != 0 ? pj_num_of_real(fmod(a, b)) : pj_num_unknown();
}

PJ_VALUE_MAP(mod, 2)

/* An exponent that stands for a few multiplications: whole, and at most 16 in size. */
static bool is_small_power(pj_num exponent, int64_t *out)
{
    pj_num whole = pj_num_trunc(NULL, exponent);
    if (!pj_num_known(whole) || !pj_num_equal(whole, exponent) || whole.whole < -16 || whole.whole > 16)
        return false;
    *out = whole.whole;
    return true;
}

static pj_num pow_of(pj_ctx *c, const pj_num *x)
{
    bool known[2];
    int64_t exponent;
    if (is_small_power(x[1], &exponent) && exponent >= 0) {
        pj_num power = pj_num_of(1);
        for (int64_t k = 0; k < exponent; k++)
            power = pj_num_mul(c->symbols, power, x[0]);
        return power;
    }
    double a = pj_num_as_real(x[0], &known[0]), b = pj_num_as_real(x[1], &known[1]);
    return known[0] && known[1] && !pj_on_integers(c) ? pj_num_of_real(pj_pow(a, b)) : pj_num_unknown();
}

PJ_VALUE_MAP(pow, 2)

typedef pj_num (*pair_rule)(pj_symbols *s, pj_num a, pj_num b);

/* A variadic operator: the inputs that are there, from left to right. */
static pj_num fold(pj_ctx *c, const pj_num *x, pair_rule rule)
{
    pj_num result = x[0];
    for (int i = 1; i < c->node->inputs; i++)
        result = rule(c->symbols, result, x[i]);
    return result;
}

PJ_VALUE(max, c->node->inputs, fold(c, x, pj_num_max))
PJ_VALUE(min, c->node->inputs, fold(c, x, pj_num_min))
PJ_VALUE(sum, c->node->inputs, fold(c, x, pj_num_add))
PJ_VALUE(mean, c->node->inputs, pj_num_div_real(c->symbols, sum_of(c, x), pj_num_of(c->node->inputs)))

/* 1, 0 or unknown from 1, 0 or -1. */
static pj_num truth(int value)
{
    return value < 0 ? pj_num_unknown() : pj_num_of(value);
}

/* Is a < b: 1, 0, or -1 for not known? */
static int is_less(pj_ctx *c, pj_num a, pj_num b)
{
    bool known[2];
    double x = pj_num_as_real(a, &known[0]), y = pj_num_as_real(b, &known[1]);
    if (pj_num_known(a) && pj_num_known(b))
        return a.whole < b.whole;
    if (known[0] && known[1])
        return isnan(x) || isnan(y) ? -1 : x < y;
    pj_num distance = pj_num_sub(c->symbols, b, a);
    if (pj_num_at_least(distance, 1))
        return 1;
    return pj_num_at_least(pj_num_neg(c->symbols, distance), 0) ? 0 : -1;
}

PJ_VALUE(equal, 2, truth(pj_num_equal(x[0], x[1]) ? 1 : pj_num_differ(x[0], x[1]) ? 0 : -1))
PJ_VALUE(less, 2, truth(is_less(c, x[0], x[1])))
PJ_VALUE(greater, 2, truth(is_less(c, x[1], x[0])))

static pj_num not_less_of(pj_ctx *c, const pj_num *x)
{
    int less = is_less(c, x[0], x[1]);
    return truth(less < 0 ? -1 : !less);
}

PJ_VALUE_MAP(not_less, 2)

static pj_num not_greater_of(pj_ctx *c, const pj_num *x)
{
    int greater = is_less(c, x[1], x[0]);
    return truth(greater < 0 ? -1 : !greater);
}

PJ_VALUE_MAP(not_greater, 2)

/* One operand decides where it is `decisive`; else both must be known. */
static pj_num connect(const pj_num *x, int decisive)
{
    int a = pj_value_truth(x[0]), b = pj_value_truth(x[1]);
    if (a == decisive || b == decisive)
        return truth(decisive);
    return truth(a < 0 || b < 0 ? -1 : !decisive);
}

PJ_VALUE(and, 2, connect(x, 0))
PJ_VALUE(or, 2, connect(x, 1))

static pj_num xor_of(pj_ctx *c, const pj_num *x)
{
    int a = pj_value_truth(x[0]), b = pj_value_truth(x[1]);
    (void)c;
    return truth(a < 0 || b < 0 ? -1 : a != b);
}

PJ_VALUE_MAP(xor, 2)

static pj_num where_of(pj_ctx *c, const pj_num *x)
{
    int condition = pj_value_truth(x[0]);
    (void)c;
    if (condition >= 0)
        return condition ? x[1] : x[2];
    return pj_num_equal(x[1], x[2]) ? x[1] : pj_num_unknown();
}

PJ_VALUE_MAP(where, 3)

static bool both_whole(const pj_num *x)
{
    return pj_num_known(x[0]) && pj_num_known(x[1]);
}

PJ_VALUE(bitwise_and, 2, both_whole(x) ? pj_num_of(x[0].whole &x[1].whole) : pj_num_unknown())
PJ_VALUE(bitwise_or, 2, both_whole(x) ? pj_num_of(x[0].whole | x[1].whole) : pj_num_unknown())
PJ_VALUE(bitwise_xor, 2, both_whole(x) ? pj_num_of(x[0].whole ^ x[1].whole) : pj_num_unknown())

/* Operands are unsigned: a shift by k multiplies by 2^k or divides by it, rounding down. */
static pj_num shift_of(pj_ctx *c, const pj_num *x)
{
    if (!pj_num_known(x[1]) || x[1].whole < 0 || x[1].whole > 62)
        return pj_num_unknown();
    pj_num factor = pj_num_of((int64_t)1 << x[1].whole);
    bool left = pj_attr_string(c, "direction", "")[0] == 'L';
    return left ? pj_num_mul(c->symbols, x[0], factor) : pj_num_floor_div(c->symbols, x[0], factor);
}

PJ_VALUE_MAP(shift, 2)

/* The result is of the type of the two operands after the condition. */
static pj_status shape_where(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int rank;
    pj_dtype dtype = pj_in_dtype(c, 1) != PJ_UNDEFINED ? pj_in_dtype(c, 1) : pj_in_dtype(c, 2);
    PJ_TRY(pj_broadcast_inputs(c, 0, 3, &rank, dims));
    return pj_set(c, 0, dtype, rank, dims);
}

PJ_WORK_EACH(shift, [PJ_SHIFT] = 1)

/* X + bias + skip */
PJ_WORK_EACH(add2, [PJ_ADD] = 2)

/* A variadic operator: one primitive less than there are inputs, for each element of the output. */
static void count_folds(pj_ctx *c, pj_work *work, pj_prim prim)
{
    pj_work_times(c, work, prim, c->node->inputs > 0 ? c->node->inputs - 1 : 0, pj_out_count(c, 0));
}

PJ_WORK(extreme, count_folds(c, work, PJ_CMP))
PJ_WORK(sum, count_folds(c, work, PJ_ADD))

/* The sum times the constant 1/n. */
static pj_status work_mean(pj_ctx *c, pj_work *work)
{
    count_folds(c, work, PJ_ADD);
    if (c->node->inputs > 1)
        pj_work_add(c, work, PJ_MUL, pj_out_count(c, 0));
    return PJ_OK;
}

/* x^n for a whole constant n of at most 16: squarings, and a product for each further bit that is set; x^-n: and a
 * division. x^(1/2): a square root. Any other exponent: one power. */
static pj_status work_pow(pj_ctx *c, pj_work *work)
{
    pj_num n = pj_out_count(c, 0), exponent = pj_in_scalar(c, 1);
    int64_t power;
    if (is_small_power(exponent, &power)) {
        int64_t products = 0;
        for (int64_t rest = power < 0 ? -power : power; rest > 1; rest /= 2)
            products += 1 + rest % 2;
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = products, [PJ_DIV] = power < 0), n);
    } else if (pj_num_equal(exponent, pj_num_of_real(0.5)) || pj_num_equal(exponent, pj_num_of_real(-0.5))) {
        pj_work_each(c, work, PJ_EACH([PJ_SQRT] = 1, [PJ_DIV] = exponent.real < 0), n);
    } else {
        pj_work_add(c, work, PJ_POW, n);
    }
    return PJ_OK;
}

/* Pairs on the last axis are complex numbers: 4 mul, 2 add for two elements. */
PJ_WORK_EACH(complex_mul, [PJ_MUL] = 2, [PJ_ADD] = 1)

/* x + y * gate, the gate broadcasting along the last axis */
PJ_WORK_EACH(gated_add, [PJ_MUL] = 1, [PJ_ADD] = 1)

/* One primitive an element of the output; Where is a multiplexer and counts as one of logic.
 *
 *  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Add",            1,  "xx",  PJ_ELEMENT, pj_shape_broadcast, value_add,         pj_work_add1    },
    {"", "Sub",            1,  "xx",  PJ_ELEMENT, pj_shape_broadcast, value_sub,         pj_work_add1    },
    {"", "Mul",            1,  "xx",  PJ_ELEMENT, pj_shape_broadcast, value_mul,         pj_work_mul1    },
    {"", "Div",            1,  "xx",  PJ_ELEMENT, pj_shape_broadcast, value_div,         pj_work_div1    },
    {"", "Mod",            10, "xx",  PJ_ELEMENT, pj_shape_broadcast, value_mod,         pj_work_div1    },
    {"", "Pow",            1,  "xx",  PJ_ELEMENT, pj_shape_broadcast, value_pow,         work_pow        },
    {"", "Max",            1,  "x*",  PJ_ELEMENT, pj_shape_broadcast, value_max,         work_extreme    },
    {"", "Min",            1,  "x*",  PJ_ELEMENT, pj_shape_broadcast, value_min,         work_extreme    },
    {"", "Sum",            1,  "x*",  PJ_ELEMENT, pj_shape_broadcast, value_sum,         work_sum        },
    {"", "Mean",           1,  "x*",  PJ_ELEMENT, pj_shape_broadcast, value_mean,        work_mean       },
    {"", "Equal",          1,  "xx",  PJ_ELEMENT, pj_shape_compare,   value_equal,       pj_work_cmp1    },
    {"", "Less",           1,  "xx",  PJ_ELEMENT, pj_shape_compare,   value_less,        pj_work_cmp1    },
    {"", "Greater",        1,  "xx",  PJ_ELEMENT, pj_shape_compare,   value_greater,     pj_work_cmp1    },
    {"", "GreaterOrEqual", 12, "xx",  PJ_ELEMENT, pj_shape_compare,   value_not_less,    pj_work_cmp1    },
    {"", "LessOrEqual",    12, "xx",  PJ_ELEMENT, pj_shape_compare,   value_not_greater, pj_work_cmp1    },
    {"", "And",            1,  "xx",  PJ_ELEMENT, pj_shape_compare,   value_and,         pj_work_logic1  },
    {"", "Or",             1,  "xx",  PJ_ELEMENT, pj_shape_compare,   value_or,          pj_work_logic1  },
    {"", "Xor",            1,  "xx",  PJ_ELEMENT, pj_shape_compare,   value_xor,         pj_work_logic1  },
    {"", "BitwiseAnd",     18, "xx",  PJ_ELEMENT, pj_shape_broadcast, value_bitwise_and, pj_work_logic1  },
    {"", "BitwiseOr",      18, "xx",  PJ_ELEMENT, pj_shape_broadcast, value_bitwise_or,  pj_work_logic1  },
    {"", "BitwiseXor",     18, "xx",  PJ_ELEMENT, pj_shape_broadcast, value_bitwise_xor, pj_work_logic1  },
    {"", "BitShift",       11, "xx",  PJ_ELEMENT, pj_shape_broadcast, value_shift,       work_shift      },
    {"", "Where",          9,  "ixx", PJ_ELEMENT, shape_where,        value_where,       pj_work_logic1  },
    {MS, "BiasAdd",        1,  "xbx", PJ_ELEMENT, pj_shape_same,      NULL,              work_add2       },
    {MS, "ComplexMul",     1,  "xx",  0,          pj_shape_broadcast, NULL,              work_complex_mul},
    {MS, "ComplexMulConj", 1,  "xx",  0,          pj_shape_broadcast, NULL,              work_complex_mul},
    {MS, "GatedAdd",       1,  "xxx", 0,          pj_shape_same,      NULL,              work_gated_add  },
};

PJ_FAMILY(binary);
