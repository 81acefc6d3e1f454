/* floor, ceil, trunc, mod, min and max of formulas, simplified so that equal values meet in one form.
 *
 * The functions here use pj_num arithmetic throughout: what becomes unknown or overflow on the way stays so. */
#include "ir/formula.h"

/* A formula in parts, for a division by k: a == k*whole + rest + number, where 0 <= number < k and the coefficients of
 * `rest`, which has no number, are in -k/2..k/2. */
typedef struct parts {
    pj_num whole;
    pj_num rest;
    int64_t number;
} parts;

/* k > 1. */
static parts split_by_number(pj_symbols *s, pj_num a, int64_t k)
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
        bool number = !terms[i].product->count;
        int64_t least = number ? 0 : -(k / 2);
        int64_t most = number ? k - 1 : k / 2;
        int64_t left = terms[i].coefficient % k;
        int step = (left > most) - (left < least);
        int64_t quotient = terms[i].coefficient / k + step;
        left -= step * k;
        if (number)
            out.number = left;
        else if (left)
            rest[rests++] = (pj_term){left, terms[i].product};
        if (quotient)
            whole[wholes++] = (pj_term){quotient, terms[i].product};
    }
    out.whole = pj_formula_sum(s, whole, wholes);
    out.rest = pj_formula_sum(s, rest, rests);
    return out;
}

/* The coefficient k/2 of `rest` can as well be -k/2: makes it positive in all terms. */
static void settle_ties(pj_symbols *s, parts *in, int64_t k)
{
    for (int i = 0; k % 2 == 0 && pj_num_symbolic(in->rest) && i < in->rest.formula->count; i++) {
        pj_term term = in->rest.formula->terms[i];
        if (term.coefficient != -k / 2)
            continue;
        term.coefficient = 1;
        pj_num product = pj_formula_sum(s, &term, 1);
        in->rest = pj_num_add(s, in->rest, pj_num_mul(s, product, pj_num_of(k)));
        in->whole = pj_num_sub(s, in->whole, product);
    }
}

/* Is the first coefficient of `rest` negative, not counting k/2, which has no sign, unless there is no other? */
static bool turned_negative(const pj_formula *rest, int64_t k)
{
    for (int i = 0; i < rest->count; i++)
        if (k % 2 || (rest->terms[i].coefficient != k / 2 && rest->terms[i].coefficient != -k / 2))
            return rest->terms[i].coefficient < 0;
    return rest->terms[0].coefficient < 0;
}

/* Divides rest, number and *k by what all but the number have in common: floor((g*x + n)/(g*k)) is
 * floor((x + floor(n/g))/k), and the same holds for the quotient in mod. Returns g. */
static int64_t cancel_number(pj_symbols *s, parts *in, int64_t *k)
{
    pj_term common;
    if (!pj_num_symbolic(in->rest) || !pj_formula_common(s, in->rest, pj_num_of(*k), &common))
        return 1;
    int64_t g = common.coefficient;
    if (g == 1 || !pj_formula_divide(s, in->rest, pj_num_of(g), &in->rest))
        return 1;
    in->number /= g;
    *k /= g;
    return g;
}

/* A term that can be opened in a division of `a` by k: c*floor(x/m) where c is 1 or -1, or c*mod(x, m) where k divides
 * m; m is whole and m*k fits. */
static const pj_term *find_call(pj_num a, pj_formula_kind kind, int64_t k)
{
    for (int i = 0; pj_num_symbolic(a) && i < a.formula->count; i++) {
        const pj_term *term = &a.formula->terms[i];
        const pj_formula *atom = term->product->count == 1 ? term->product->factors[0] : NULL;
        int64_t product;
        if (!atom || atom->kind != kind || !pj_num_known(atom->args[1]) ||
            !pj_mul_i64(atom->args[1].whole, k, &product))
            continue;
        bool unit = term->coefficient == 1 || term->coefficient == -1;
        if (kind == PJ_FORMULA_MOD ? atom->args[1].whole % k == 0 : unit)
            return term;
    }
    return NULL;
}

/* floor((floor(x/m) + y)/k) = floor((x + m*y)/(m*k)) and, as -floor(x/m) = floor((m - 1 - x)/m),
 * floor((-floor(x/m) + y)/k) = floor((m - 1 - x + m*y)/(m*k)); `term` is the inner floor with its sign. */
static pj_num floor_of_floor(pj_symbols *s, pj_num top, const pj_term *term, int64_t k)
{
    const pj_formula *inner = term->product->factors[0];
    pj_num m = inner->args[1];
    pj_num others = pj_num_sub(s, top, pj_formula_sum(s, term, 1));
    pj_num x = inner->args[0];
    if (term->coefficient < 0)
        x = pj_num_sub(s, pj_num_of(m.whole - 1), x);
    top = pj_num_add(s, x, pj_num_mul(s, m, others));
    return pj_num_floor_div(s, top, pj_num_mul(s, m, pj_num_of(k)));
}

/* floor(a/k), k > 1. What k divides goes in front; the number within is in 0..k-1, the coefficients are the remainders
 * nearest to 0, and the first is positive: floor(-x/k) = -floor((x + k - 1)/k). */
static pj_num floor_by_number(pj_symbols *s, pj_num a, int64_t k)
{
    parts in = split_by_number(s, a, k);
    if (!pj_num_symbolic(in.rest))
        return pj_num_add(s, in.whole, in.rest); /* 0, or unknown */
    cancel_number(s, &in, &k);
    pj_num top = pj_num_add(s, in.rest, pj_num_of(in.number));
    const pj_term *inner = find_call(top, PJ_FORMULA_FLOOR, k);
    if (inner)
        return pj_num_add(s, in.whole, floor_of_floor(s, top, inner, k));
    int sign = 1;
    if (pj_num_symbolic(in.rest) && turned_negative(in.rest.formula, k)) {
        sign = -1;
        in.rest = pj_num_neg(s, in.rest);
        in.whole = pj_num_neg(s, in.whole);
        in.number = k - 1 - in.number;
    }
    settle_ties(s, &in, k);
    const pj_num args[2] = {pj_num_add(s, in.rest, pj_num_of(in.number)), pj_num_of(k)};
    pj_num floor = pj_num_symbolic(args[0]) ? pj_formula_call(s, PJ_FORMULA_FLOOR, args, 2) : args[0];
    return pj_num_mul(s, pj_num_of(sign), pj_num_add(s, in.whole, floor));
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

/* mod(a, k), k > 1. The number within is in 0..k-1, the coefficients are the remainders nearest to 0. */
static pj_num mod_by_number(pj_symbols *s, pj_num a, int64_t k)
{
    parts in = split_by_number(s, a, k);
    if (!pj_num_symbolic(in.rest))
        return pj_num_add(s, in.rest, pj_num_of(in.number));
    int64_t number = in.number;
    int64_t g = cancel_number(s, &in, &k);
    if (g > 1) {
        pj_num mod = pj_num_mod(s, pj_num_add(s, in.rest, pj_num_of(in.number)), pj_num_of(k));
        return pj_num_add(s, pj_num_mul(s, pj_num_of(g), mod), pj_num_of(number % g));
    }
    const pj_term *term = find_call(in.rest, PJ_FORMULA_MOD, k);
    const pj_formula *inner = term ? term->product->factors[0] : NULL;
    if (inner) {
        /* mod(c*mod(x, n*k) + y, k) = mod(c*x + y, k) */
        pj_num difference = pj_num_sub(s, inner->args[0], pj_formula_of_atom(s, inner));
        pj_num open = pj_num_add(s, in.rest, pj_num_mul(s, pj_num_of(term->coefficient), difference));
        return pj_num_mod(s, pj_num_add(s, open, pj_num_of(number)), pj_num_of(k));
    }
    settle_ties(s, &in, k);
    pj_num value = pj_num_add(s, in.rest, pj_num_of(number));
    pj_range range = pj_formula_range(value);
    int64_t times = pj_floor_div(range.low, k);
    int64_t below;
    if (pj_num_symbolic(value) && times == pj_floor_div(range.high, k) && pj_mul_i64(times, k, &below))
        return pj_num_sub(s, value, pj_num_of(below));
    const pj_num args[2] = {value, pj_num_of(k)};
    return pj_num_symbolic(value) ? pj_formula_call(s, PJ_FORMULA_MOD, args, 2) : value;
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
