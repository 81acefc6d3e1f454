/* floor, ceil, trunc, mod, min and max of formulas, simplified so that equal values meet in one form.
 *
 * The functions here use pj_num arithmetic throughout: what becomes unknown or overflow on the way stays so. */
#include "base/ckd.h"
#include "ir/formula.h"

/* A formula in parts, for a division by k: a == k*whole + rest + number, 0 <= number < k. `rest` has no number. */
typedef struct parts {
    pj_num whole;
    pj_num rest;
    int64_t number;
} parts;

/* The remainder of c by k that is nearest to 0; for k even and both k/2 away, the positive one. */
static int64_t near_remainder(int64_t c, int64_t k)
{
    int64_t rest = c % k;
    if (rest > k / 2)
        return rest - k;
    return rest < -((k - 1) / 2) ? rest + k : rest;
}

/* k > 0. `near`: the coefficients of the rest are the remainders nearest to 0, and `whole` is not wanted; else they
 * keep their sign. */
static parts split_by_number(pj_symbols *s, pj_num a, int64_t k, bool near)
{
    pj_term one;
    int count;
    const pj_term *terms = pj_formula_terms(a, &one, &count);
    pj_term whole[PJ_MAX_FORMULA_TERMS];
    pj_term rest[PJ_MAX_FORMULA_TERMS];
    int wholes = 0;
    int rests = 0;
    parts out = {.number = 0};
    for (int i = 0; i < count; i++) {
        int64_t c = terms[i].coefficient;
        const pj_formula *product = terms[i].product;
        bool number = !product->count;
        int64_t quotient = number ? pj_floor_div(c, k) : c / k;
        int64_t left = near && !number ? near_remainder(c, k) : c - quotient * k;
        if (number)
            out.number = left;
        else if (left)
            rest[rests++] = (pj_term){left, product};
        if (quotient)
            whole[wholes++] = (pj_term){quotient, product};
    }
    out.whole = near ? pj_num_of(0) : pj_formula_sum(s, whole, wholes);
    out.rest = pj_formula_sum(s, rest, rests);
    return out;
}

/* Divides rest, number and *k by what all but the number have in common: floor((g*x + n)/(g*k)) is
 * floor((x + floor(n/g))/k), and the same holds for the quotient in mod. Returns g. */
static int64_t cancel_number(pj_symbols *s, parts *in, int64_t *k)
{
    pj_term common;
    if (!pj_num_symbolic(in->rest) || !pj_formula_common(s, in->rest, pj_num_of(*k), &common))
        return 1;
    int64_t g = common.coefficient;
    if (g > 1 && pj_formula_divide(s, in->rest, pj_num_of(g), &in->rest)) {
        in->number /= g;
        *k /= g;
    }
    return g;
}

/* A term 1*floor(x/m) or c*mod(x, m) of `a` with a whole m. */
static const pj_term *find_call(pj_num a, pj_formula_kind kind)
{
    for (int i = 0; pj_num_symbolic(a) && i < a.formula->count; i++) {
        const pj_term *term = &a.formula->terms[i];
        if (term->product->count == 1 && term->product->factors[0]->kind == kind &&
            pj_num_known(term->product->factors[0]->args[1]))
            return term;
    }
    return NULL;
}

/* ---- floor ---- */

/* floor(a/k), k > 1. What k divides goes in front; the number within is in 0..k-1 and the first coefficient positive:
 * floor(-x/k) = -floor((x + k - 1)/k). */
static pj_num floor_by_number(pj_symbols *s, pj_num a, int64_t k)
{
    parts in = split_by_number(s, a, k, false);
    if (!pj_num_symbolic(in.rest))
        return pj_num_add(s, in.whole, pj_num_mul(s, in.rest, pj_num_of(0)));
    cancel_number(s, &in, &k);
    int sign = 1;
    if (pj_num_symbolic(in.rest) && in.rest.formula->terms[0].coefficient < 0) {
        sign = -1;
        in.rest = pj_num_neg(s, in.rest);
        in.number = k - 1 - in.number;
    }
    pj_num top = pj_num_add(s, in.rest, pj_num_of(in.number));
    const pj_term *term = find_call(top, PJ_FORMULA_FLOOR);
    pj_num floor;
    int64_t product;
    if (term && term->coefficient == 1 && pj_mul_i64(term->product->factors[0]->args[1].whole, k, &product)) {
        /* floor((floor(x/m) + y)/k) = floor((x + m*y)/(m*k)) */
        const pj_formula *inner = term->product->factors[0];
        pj_num others = pj_num_sub(s, top, pj_formula_of_atom(s, inner));
        pj_num scaled = pj_num_mul(s, inner->args[1], others);
        floor = pj_num_floor_div(s, pj_num_add(s, inner->args[0], scaled), pj_num_of(product));
    } else {
        const pj_num args[2] = {top, pj_num_of(k)};
        floor = pj_num_symbolic(top) ? pj_formula_call(s, PJ_FORMULA_FLOOR, args, 2) : top;
    }
    return pj_num_add(s, in.whole, pj_num_mul(s, pj_num_of(sign), floor));
}

/* a == b*whole + rest, where b is one term. */
static void split_by_term(pj_symbols *s, pj_num a, pj_num b, pj_num *whole, pj_num *rest)
{
    pj_term one;
    int count;
    const pj_term *terms = pj_formula_terms(a, &one, &count);
    *whole = pj_num_of(0);
    *rest = pj_num_of(0);
    for (int i = 0; i < count; i++) {
        pj_num term = pj_formula_sum(s, &terms[i], 1);
        pj_num quotient;
        if (!pj_num_is_unknown(term) && pj_formula_divide(s, term, b, &quotient))
            *whole = pj_num_add(s, *whole, quotient);
        else
            *rest = pj_num_add(s, *rest, term);
    }
}

/* Provably 0 <= a < b. */
static bool is_remainder(pj_num a, pj_num b)
{
    return pj_num_at_least(a, 0) && pj_formula_range_of_difference(b, a).low >= 1;
}

/* Divides *a and *b by what all their terms have in common; false: by nothing. */
static bool cancel_common(pj_symbols *s, pj_num *a, pj_num *b)
{
    pj_term common;
    if (!pj_formula_common(s, *a, *b, &common) || (common.coefficient == 1 && !common.product->count))
        return false;
    pj_num by = pj_formula_sum(s, &common, 1);
    pj_num quotients[2];
    if (pj_num_is_unknown(by) || !pj_formula_divide(s, *a, by, &quotients[0]) ||
        !pj_formula_divide(s, *b, by, &quotients[1]))
        return false;
    *a = quotients[0];
    *b = quotients[1];
    return true;
}

static bool leads_negative(pj_num a)
{
    return a.formula ? a.formula->terms[0].coefficient < 0 : a.whole < 0;
}

/* floor(a/b), b symbolic. */
static pj_num floor_by_formula(pj_symbols *s, pj_num a, pj_num b)
{
    pj_num quotient;
    if (pj_formula_divide(s, a, b, &quotient))
        return quotient;
    if (leads_negative(b))
        return pj_num_floor_div(s, pj_num_neg(s, a), pj_num_neg(s, b));
    if (is_remainder(a, b))
        return pj_num_of(0);
    if (cancel_common(s, &a, &b))
        return pj_num_floor_div(s, a, b);
    if (leads_negative(a) && pj_num_at_least(b, 0)) {
        pj_num top = pj_num_add(s, pj_num_neg(s, a), pj_num_sub(s, b, pj_num_of(1)));
        return pj_num_neg(s, pj_num_floor_div(s, top, b));
    }
    if (b.formula->count == 1) {
        pj_num rest;
        split_by_term(s, a, b, &quotient, &rest);
        if (!pj_num_is(quotient, 0))
            return pj_num_add(s, quotient, pj_num_floor_div(s, rest, b));
    }
    const pj_num args[2] = {a, b};
    return pj_formula_call(s, PJ_FORMULA_FLOOR, args, 2);
}

pj_num pj_formula_floor_div(pj_symbols *s, pj_num a, pj_num b)
{
    if (!pj_num_known(b))
        return floor_by_formula(s, a, b);
    if (b.whole == 0)
        return pj_num_unknown();
    if (b.whole < 0)
        return pj_num_floor_div(s, pj_num_neg(s, a), pj_num_neg(s, b));
    return b.whole == 1 ? a : floor_by_number(s, a, b.whole);
}

pj_num pj_formula_ceil_div(pj_symbols *s, pj_num a, pj_num b)
{
    return pj_num_neg(s, pj_num_floor_div(s, pj_num_neg(s, a), b));
}

/* Where the sign of a is not known: trunc(x) = max(floor(x), 0) + min(ceil(x), 0). */
pj_num pj_formula_trunc_div(pj_symbols *s, pj_num a, pj_num b)
{
    pj_num quotient;
    if (pj_formula_divide(s, a, b, &quotient))
        return quotient;
    if (pj_formula_range(b).high < 0)
        return pj_num_trunc_div(s, pj_num_neg(s, a), pj_num_neg(s, b));
    if (!pj_num_at_least(b, 0) || pj_num_is(b, 0))
        return pj_num_unknown();
    if (pj_num_at_least(a, 0))
        return pj_num_floor_div(s, a, b);
    if (pj_formula_range(a).high <= 0)
        return pj_num_ceil_div(s, a, b);
    pj_num zero = pj_num_of(0);
    return pj_num_add(s, pj_num_max(s, pj_num_floor_div(s, a, b), zero), pj_num_min(s, pj_num_ceil_div(s, a, b), zero));
}

/* ---- mod ---- */

/* mod(a, k), k > 1. The number within is in 0..k-1, the coefficients are the remainders nearest to 0. */
static pj_num mod_by_number(pj_symbols *s, pj_num a, int64_t k)
{
    parts in = split_by_number(s, a, k, true);
    pj_num number = pj_num_of(in.number);
    if (!pj_num_symbolic(in.rest))
        return pj_num_add(s, in.rest, number);
    const pj_term *term = find_call(in.rest, PJ_FORMULA_MOD);
    int64_t product;
    if (term && term->product->factors[0]->args[1].whole % k == 0 &&
        pj_mul_i64(term->product->factors[0]->args[1].whole, k, &product)) {
        /* mod(c*mod(x, n*k) + y, k) = mod(c*x + y, k) */
        const pj_formula *inner = term->product->factors[0];
        pj_num difference = pj_num_sub(s, inner->args[0], pj_formula_of_atom(s, inner));
        pj_num open = pj_num_add(s, in.rest, pj_num_mul(s, pj_num_of(term->coefficient), difference));
        return pj_num_mod(s, pj_num_add(s, open, number), pj_num_of(k));
    }
    int64_t g = cancel_number(s, &in, &k);
    pj_num value = pj_num_add(s, in.rest, pj_num_of(in.number));
    const pj_num args[2] = {value, pj_num_of(k)};
    pj_num mod = value;
    if (pj_num_symbolic(value) && !is_remainder(value, args[1]))
        mod = pj_formula_call(s, PJ_FORMULA_MOD, args, 2);
    return pj_num_add(s, pj_num_mul(s, pj_num_of(g), mod), pj_num_of(number.whole % g));
}

/* mod(a, b), b symbolic. */
static pj_num mod_by_formula(pj_symbols *s, pj_num a, pj_num b)
{
    pj_num quotient;
    if (pj_formula_divide(s, a, b, &quotient))
        return pj_num_of(0);
    if (leads_negative(b))
        return pj_num_neg(s, pj_num_mod(s, pj_num_neg(s, a), pj_num_neg(s, b)));
    if (is_remainder(a, b))
        return a;
    if (b.formula->count == 1)
        split_by_term(s, a, b, &quotient, &a);
    const pj_num args[2] = {a, b};
    return pj_num_symbolic(a) || pj_num_known(a) ? pj_formula_call(s, PJ_FORMULA_MOD, args, 2) : a;
}

pj_num pj_formula_mod(pj_symbols *s, pj_num a, pj_num b)
{
    if (is_remainder(a, b))
        return a;
    if (!pj_num_known(b))
        return mod_by_formula(s, a, b);
    if (b.whole == 0)
        return pj_num_unknown();
    if (b.whole < 0)
        return pj_num_neg(s, pj_num_mod(s, pj_num_neg(s, a), pj_num_neg(s, b)));
    return b.whole == 1 ? pj_num_of(0) : mod_by_number(s, a, b.whole);
}

/* ---- min and max ---- */

/* The arguments of the call in the making, in order, none provably beaten by another. */
typedef struct extreme {
    pj_formula_kind kind;
    int count;
    pj_num args[2 * PJ_MAX_FORMULA_ARGS];
} extreme;

static void add_argument(extreme *in, pj_num arg)
{
    int kept = 0;
    for (int i = 0; i < in->count; i++) {
        pj_range more = pj_formula_range_of_difference(arg, in->args[i]);
        bool below = more.high <= 0; /* arg is never above this one */
        bool above = more.low >= 0;
        if (in->kind == PJ_FORMULA_MAX ? below : above)
            return;
        if (!(in->kind == PJ_FORMULA_MAX ? above : below))
            in->args[kept++] = in->args[i];
    }
    int at = kept;
    for (; at > 0 && pj_formula_compare(in->args[at - 1], arg) > 0; at--)
        in->args[at] = in->args[at - 1];
    in->args[at] = arg;
    in->count = kept + 1;
}

pj_num pj_formula_extreme(pj_symbols *s, pj_formula_kind kind, pj_num a, pj_num b)
{
    extreme in = {.kind = kind, .count = 0};
    const pj_num both[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        const pj_formula *call = pj_formula_atom(both[i], kind);
        if (!call)
            add_argument(&in, both[i]);
        for (int k = 0; call && k < call->count; k++)
            add_argument(&in, call->args[k]);
    }
    return in.count == 1 ? in.args[0] : pj_formula_call(s, kind, in.args, in.count);
}
