/* The numbers of shape inference: whole numbers and reals here, formulas in formula_*.c. */
#include "ir/num.h"

#include "ir/formula.h"

bool pj_num_equal(pj_num a, pj_num b)
{
    bool known[2];
    double x = pj_num_as_real(a, &known[0]);
    double y = pj_num_as_real(b, &known[1]);
    if (!a.formula && !b.formula)
        return a.whole == b.whole;
    if (known[0] && known[1])
        return x == y;
    return pj_num_symbolic(a) && a.formula == b.formula;
}

bool pj_num_differ(pj_num a, pj_num b)
{
    bool known[2];
    double x = pj_num_as_real(a, &known[0]);
    double y = pj_num_as_real(b, &known[1]);
    if (!a.formula && !b.formula)
        return a.whole != b.whole;
    if (known[0] && known[1])
        return x != y;
    if (!(pj_num_symbolic(a) || pj_num_known(a)) || !(pj_num_symbolic(b) || pj_num_known(b)))
        return false;
    pj_range range = pj_formula_range_of_difference(a, b);
    return range.low > 0 || range.high < 0;
}

double pj_num_as_real(pj_num a, bool *known)
{
    *known = pj_num_known(a) || pj_num_is_real(a);
    if (!*known)
        return 0;
    return a.formula ? a.real : (double)a.whole;
}

bool pj_num_at_least(pj_num a, int64_t bound)
{
    if (pj_num_is_real(a))
        return a.real >= (double)bound;
    if (pj_num_symbolic(a))
        return a.formula->range.low >= bound;
    return pj_num_known(a) && a.whole >= bound;
}

typedef enum operation { ADD, SUB, MUL, FLOOR_DIV, CEIL_DIV, TRUNC_DIV, MOD, MIN, MAX, DIV } operation;

/* A real that is a whole number and fits becomes one; other numbers stay. */
static pj_num whole_if_exact(pj_num a)
{
    const double limit = 9223372036854775808.0; /* 2^63 */
    if (pj_num_is_real(a) && a.real >= -limit && a.real < limit && a.real == floor(a.real))
        return pj_num_of((int64_t)a.real);
    return a;
}

static pj_num real_mod(double a, double b)
{
    double rest = fmod(a, b);
    return pj_num_of_real(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

static pj_num calculate_real(operation op, pj_num a, pj_num b)
{
    bool known;
    double x = pj_num_as_real(a, &known);
    double y = pj_num_as_real(b, &known);
    bool divides = op == FLOOR_DIV || op == CEIL_DIV || op == TRUNC_DIV || op == MOD || op == DIV;
    if (divides && y == 0)
        return pj_num_unknown();
    switch (op) {
    case ADD:
        return pj_num_of_real(x + y);
    case SUB:
        return pj_num_of_real(x - y);
    case MUL:
        return pj_num_of_real(x * y);
    case DIV:
        return pj_num_of_real(x / y);
    case FLOOR_DIV:
        return pj_num_of_real(floor(x / y));
    case CEIL_DIV:
        return pj_num_of_real(ceil(x / y));
    case TRUNC_DIV:
        return pj_num_of_real(trunc(x / y));
    case MOD:
        return real_mod(x, y);
    case MIN:
        return isnan(x) || x < y ? a : b;
    case MAX:
        return isnan(x) || x > y ? a : b;
    }
    return pj_num_unknown();
}

static pj_num calculate_formula(pj_symbols *s, operation op, pj_num a, pj_num b)
{
    pj_num quotient;
    switch (op) {
    case ADD:
        return pj_formula_combine(s, 1, a, 1, b);
    case SUB:
        return pj_formula_combine(s, 1, a, -1, b);
    case MUL:
        return pj_formula_mul(s, a, b);
    case DIV:
        return pj_formula_divide(s, a, b, &quotient) ? quotient : pj_num_unknown();
    case FLOOR_DIV:
        return pj_formula_floor_div(s, a, b);
    case CEIL_DIV:
        return pj_formula_ceil_div(s, a, b);
    case TRUNC_DIV:
        return pj_formula_trunc_div(s, a, b);
    case MOD:
        return pj_formula_mod(s, a, b);
    case MIN:
        return pj_formula_extreme(s, PJ_FORMULA_MIN, a, b);
    case MAX:
        return pj_formula_extreme(s, PJ_FORMULA_MAX, a, b);
    }
    return pj_num_unknown();
}

/* The operation on numbers that are not both whole. */
static pj_num calculate(pj_symbols *s, operation op, pj_num a, pj_num b)
{
    if (pj_num_overflowed(a) || pj_num_overflowed(b))
        return pj_num_overflowed(a) ? a : b;
    if (pj_num_is_unknown(a) || pj_num_is_unknown(b))
        return pj_num_unknown();
    if (!pj_num_symbolic(a) && !pj_num_symbolic(b))
        return calculate_real(op, a, b);
    a = whole_if_exact(a);
    b = whole_if_exact(b);
    if (pj_num_is_real(a) || pj_num_is_real(b))
        return pj_num_unknown();
    return calculate_formula(s, op, a, b);
}

static bool both_whole(pj_num a, pj_num b)
{
    return !a.formula && !b.formula;
}

pj_num pj_num_add_any(pj_symbols *s, pj_num a, pj_num b)
{
    return both_whole(a, b) ? pj_num_overflow() : calculate(s, ADD, a, b);
}

pj_num pj_num_sub_any(pj_symbols *s, pj_num a, pj_num b)
{
    return both_whole(a, b) ? pj_num_overflow() : calculate(s, SUB, a, b);
}

pj_num pj_num_mul_any(pj_symbols *s, pj_num a, pj_num b)
{
    return both_whole(a, b) ? pj_num_overflow() : calculate(s, MUL, a, b);
}

/* Quotient of whole numbers; C rounds toward zero. */
static pj_num divide_whole(operation op, pj_num a, pj_num b)
{
    if (b.whole == 0)
        return pj_num_unknown();
    if (a.whole == INT64_MIN && b.whole == -1)
        return pj_num_overflow();
    int64_t quotient = a.whole / b.whole;
    bool exact = a.whole % b.whole == 0;
    bool negative = (a.whole < 0) != (b.whole < 0);
    if (op == FLOOR_DIV)
        quotient -= !exact && negative;
    else if (op == CEIL_DIV)
        quotient += !exact && !negative;
    return pj_num_of(quotient);
}

pj_num pj_num_floor_div(pj_symbols *s, pj_num a, pj_num b)
{
    return both_whole(a, b) ? divide_whole(FLOOR_DIV, a, b) : calculate(s, FLOOR_DIV, a, b);
}

pj_num pj_num_ceil_div(pj_symbols *s, pj_num a, pj_num b)
{
    return both_whole(a, b) ? divide_whole(CEIL_DIV, a, b) : calculate(s, CEIL_DIV, a, b);
}

pj_num pj_num_trunc_div(pj_symbols *s, pj_num a, pj_num b)
{
    return both_whole(a, b) ? divide_whole(TRUNC_DIV, a, b) : calculate(s, TRUNC_DIV, a, b);
}

pj_num pj_num_mod(pj_symbols *s, pj_num a, pj_num b)
{
    if (!both_whole(a, b))
        return calculate(s, MOD, a, b);
    if (b.whole == 0)
        return pj_num_unknown();
    if (b.whole == -1)
        return pj_num_of(0); /* INT64_MIN % -1 is undefined in C */
    int64_t rest = a.whole % b.whole;
    return pj_num_of(rest && (rest < 0) != (b.whole < 0) ? rest + b.whole : rest);
}

pj_num pj_num_min(pj_symbols *s, pj_num a, pj_num b)
{
    if (both_whole(a, b))
        return a.whole < b.whole ? a : b;
    return calculate(s, MIN, a, b);
}

pj_num pj_num_max(pj_symbols *s, pj_num a, pj_num b)
{
    if (both_whole(a, b))
        return a.whole > b.whole ? a : b;
    return calculate(s, MAX, a, b);
}

pj_num pj_num_neg(pj_symbols *s, pj_num a)
{
    return pj_num_is_real(a) ? pj_num_of_real(-a.real) : pj_num_sub(s, pj_num_of(0), a);
}

pj_num pj_num_div_real(pj_symbols *s, pj_num a, pj_num b)
{
    return both_whole(a, b) ? calculate_real(DIV, a, b) : calculate(s, DIV, a, b);
}

pj_num pj_num_floor(pj_symbols *s, pj_num a)
{
    (void)s;
    return pj_num_is_real(a) ? whole_if_exact(pj_num_of_real(floor(a.real))) : a;
}

pj_num pj_num_ceil(pj_symbols *s, pj_num a)
{
    (void)s;
    return pj_num_is_real(a) ? whole_if_exact(pj_num_of_real(ceil(a.real))) : a;
}

pj_num pj_num_trunc(pj_symbols *s, pj_num a)
{
    (void)s;
    return pj_num_is_real(a) ? whole_if_exact(pj_num_of_real(trunc(a.real))) : a;
}

pj_num pj_num_product(pj_symbols *s, const pj_num *nums, int count)
{
    pj_num product = pj_num_of(1);
    for (int i = 0; i < count; i++)
        product = pj_num_mul(s, product, nums[i]);
    return product;
}

pj_num pj_num_sum(pj_symbols *s, const pj_num *nums, int count)
{
    pj_num sum = pj_num_of(0);
    for (int i = 0; i < count; i++)
        sum = pj_num_add(s, sum, nums[i]);
    return sum;
}

static pj_num substitute_atom(pj_symbols *s, const pj_formula *atom, const pj_map *values)
{
    if (atom->kind == PJ_FORMULA_SYMBOL) {
        const pj_num *value = pj_map_get(values, atom->name);
        return value ? *value : pj_formula_of_atom(s, atom);
    }
    pj_num value = pj_num_substitute(s, atom->args[0], values);
    for (int i = 1; i < atom->count; i++) {
        pj_num next = pj_num_substitute(s, atom->args[i], values);
        if (atom->kind == PJ_FORMULA_FLOOR)
            value = pj_num_floor_div(s, value, next);
        else if (atom->kind == PJ_FORMULA_MOD)
            value = pj_num_mod(s, value, next);
        else if (atom->kind == PJ_FORMULA_MIN)
            value = pj_num_min(s, value, next);
        else
            value = pj_num_max(s, value, next);
    }
    return value;
}

pj_num pj_num_substitute(pj_symbols *s, pj_num a, const pj_map *values)
{
    if (!pj_num_symbolic(a))
        return a;
    pj_num total = pj_num_of(0);
    for (int i = 0; i < a.formula->count && !pj_num_is_unknown(total); i++) {
        const pj_term *term = &a.formula->terms[i];
        pj_num value = pj_num_of(term->coefficient);
        for (int k = 0; k < term->product->count; k++)
            value = pj_num_mul(s, value, substitute_atom(s, term->product->factors[k], values));
        total = pj_num_add(s, total, value);
    }
    return total;
}

static const char *missing_in_atom(const pj_formula *atom, const pj_map *values)
{
    const char *name = NULL;
    if (atom->kind == PJ_FORMULA_SYMBOL)
        return pj_map_get(values, atom->name) ? NULL : atom->name;
    for (int i = 0; i < atom->count && !name; i++)
        name = pj_num_missing(atom->args[i], values);
    return name;
}

const char *pj_num_missing(pj_num a, const pj_map *values)
{
    const char *name = NULL;
    for (int i = 0; pj_num_symbolic(a) && i < a.formula->count; i++)
        for (int k = 0; k < a.formula->terms[i].product->count && !name; k++)
            name = missing_in_atom(a.formula->terms[i].product->factors[k], values);
    return name;
}
