/* Sums of formulas: addition, multiplication, exact division. */
#include "ir/formula.h"

enum { WORK_TERMS = 4 * PJ_MAX_FORMULA_TERMS }; /* terms that may cancel before a result is kept */

/* A sum in the making, in order. `failed` is the mark that the result will be. */
typedef struct sum {
    const pj_formula *failed;
    int count;
    pj_term terms[WORK_TERMS];
} sum;

static void clear(sum *out)
{
    out->failed = NULL;
    out->count = 0;
}

static void add_term(sum *out, int64_t coefficient, const pj_formula *product)
{
    if (!coefficient || out->failed)
        return;
    if (!product || out->count == WORK_TERMS)
        out->failed = &pj_mark_unknown;
    else
        out->terms[out->count++] = (pj_term){coefficient, product};
}

static pj_num finish(pj_symbols *s, const sum *in)
{
    return in->failed ? (pj_num){in->failed, {.whole = 0}} : pj_formula_sum(s, in->terms, in->count);
}

static int64_t scaled(sum *out, int64_t coefficient, int64_t scale)
{
    int64_t product;
    if (pj_mul_i64(coefficient, scale, &product))
        return product;
    out->failed = &pj_mark_overflow;
    return 0;
}

/* *out = a*x + b*y, where x and y are lists of terms in order. */
static void merge(int64_t a, const pj_term *x, int x_count, int64_t b, const pj_term *y, int y_count, sum *out)
{
    clear(out);
    for (int i = 0, j = 0; (i < x_count || j < y_count) && !out->failed;) {
        int order = i == x_count ? 1 : j == y_count ? -1 : pj_formula_compare_products(x[i].product, y[j].product);
        const pj_formula *product = order <= 0 ? x[i].product : y[j].product;
        int64_t left = order <= 0 ? scaled(out, x[i++].coefficient, a) : 0;
        int64_t right = order >= 0 ? scaled(out, y[j++].coefficient, b) : 0;
        int64_t total;
        if (pj_add_i64(left, right, &total))
            add_term(out, total, product);
        else
            out->failed = &pj_mark_overflow;
    }
}

pj_num pj_formula_combine(pj_symbols *s, int64_t a, pj_num x, int64_t b, pj_num y)
{
    pj_term one[2];
    int counts[2];
    const pj_term *left = pj_formula_terms(x, &one[0], &counts[0]);
    const pj_term *right = pj_formula_terms(y, &one[1], &counts[1]);
    sum out;
    merge(a, left, counts[0], b, right, counts[1], &out);
    return finish(s, &out);
}

static int64_t saturated_difference(int64_t a, int64_t b)
{
    int64_t difference;
    if (pj_sub_i64(a, b, &difference))
        return difference;
    return b < 0 ? INT64_MAX : INT64_MIN;
}

pj_range pj_formula_range_of_difference(pj_num a, pj_num b)
{
    pj_term one[2];
    int counts[2];
    const pj_term *x = pj_formula_terms(a, &one[0], &counts[0]);
    const pj_term *y = pj_formula_terms(b, &one[1], &counts[1]);
    pj_range_sum range = {
        {0, 0},
        false, false
    };
    for (int i = 0, j = 0; i < counts[0] || j < counts[1];) {
        int order = i == counts[0] ? 1 : j == counts[1] ? -1 : pj_formula_compare_products(x[i].product, y[j].product);
        const pj_formula *product = order <= 0 ? x[i].product : y[j].product;
        int64_t left = order <= 0 ? x[i++].coefficient : 0;
        int64_t right = order >= 0 ? y[j++].coefficient : 0;
        int64_t difference;
        if (pj_sub_i64(left, right, &difference))
            pj_range_add(&range, difference, product);
        else
            range.no_low = range.no_high = true;
    }
    /* Each side fits 64 bits, which may say more: INT64_MAX - (n + 1) >= 0. */
    pj_range out = pj_range_of_sum(range);
    int64_t low = saturated_difference(pj_formula_range(a).low, pj_formula_range(b).high);
    int64_t high = saturated_difference(pj_formula_range(a).high, pj_formula_range(b).low);
    return (pj_range){low > out.low ? low : out.low, high < out.high ? high : out.high};
}

/* NULL: past the largest degree or out of memory. */
static const pj_formula *mul_products(pj_symbols *s, const pj_formula *a, const pj_formula *b)
{
    if (!a->count || !b->count)
        return a->count ? a : b;
    if (a->count + b->count > PJ_MAX_FORMULA_DEGREE)
        return NULL;
    const pj_formula *factors[PJ_MAX_FORMULA_DEGREE];
    int count = 0;
    for (int i = 0, j = 0; i < a->count || j < b->count;) {
        bool left = j == b->count || (i < a->count && pj_formula_compare_atoms(a->factors[i], b->factors[j]) <= 0);
        factors[count++] = left ? a->factors[i++] : b->factors[j++];
    }
    return pj_formula_product(s, factors, count);
}

/* Of `count` factors in order, those that are, or are not, in b; `out` may be `factors`. */
static int select_factors(const pj_formula *const *factors, int count, const pj_formula *b, bool in_both,
                          const pj_formula **out)
{
    int selected = 0;
    for (int i = 0, j = 0; i < count; i++) {
        while (j < b->count && pj_formula_compare_atoms(b->factors[j], factors[i]) < 0)
            j++;
        bool found = j < b->count && b->factors[j] == factors[i];
        if (found == in_both)
            out[selected++] = factors[i];
        j += found;
    }
    return selected;
}

/* a / b; NULL: not divisible, or out of memory. */
static const pj_formula *div_products(pj_symbols *s, const pj_formula *a, const pj_formula *b)
{
    const pj_formula *factors[PJ_MAX_FORMULA_DEGREE];
    if (a->count < b->count)
        return NULL;
    int count = select_factors(a->factors, a->count, b, false, factors);
    return count == a->count - b->count ? pj_formula_product(s, factors, count) : NULL;
}

/* *row = by * terms. */
static void mul_terms(pj_symbols *s, pj_term by, const pj_term *terms, int count, sum *row)
{
    clear(row);
    for (int i = 0; i < count && !row->failed; i++) {
        int64_t coefficient = scaled(row, by.coefficient, terms[i].coefficient);
        add_term(row, coefficient, mul_products(s, by.product, terms[i].product));
    }
}

pj_num pj_formula_mul(pj_symbols *s, pj_num a, pj_num b)
{
    pj_term one[2];
    int counts[2];
    const pj_term *x = pj_formula_terms(a, &one[0], &counts[0]);
    const pj_term *y = pj_formula_terms(b, &one[1], &counts[1]);
    if (counts[0] * counts[1] > WORK_TERMS)
        return pj_num_unknown();
    sum row;
    sum sums[2];
    int total = 0;
    clear(&sums[0]);
    clear(&sums[1]);
    for (int i = 0; i < counts[0] && !sums[total].failed; i++) {
        mul_terms(s, x[i], y, counts[1], &row);
        merge(1, sums[total].terms, sums[total].count, 1, row.terms, row.count, &sums[!total]);
        total = !total;
        if (row.failed)
            sums[total].failed = row.failed;
    }
    return finish(s, &sums[total]);
}

/* The quotient of two terms; false: not divisible. */
static bool div_terms(pj_symbols *s, pj_term a, pj_term b, pj_term *out)
{
    if ((b.coefficient == -1 && a.coefficient == INT64_MIN) || a.coefficient % b.coefficient)
        return false;
    out->coefficient = a.coefficient / b.coefficient;
    out->product = div_products(s, a.product, b.product);
    return out->product != NULL;
}

bool pj_formula_divide(pj_symbols *s, pj_num a, pj_num b, pj_num *out)
{
    pj_term one[2];
    int counts[2];
    const pj_term *rest = pj_formula_terms(a, &one[0], &counts[0]);
    const pj_term *by = pj_formula_terms(b, &one[1], &counts[1]);
    if (!counts[1])
        return false;
    sum quotient;
    sum row;
    sum sums[2];
    int next = 0;
    clear(&quotient);
    clear(&sums[0]);
    clear(&sums[1]);
    /* As by hand: what remains loses its first term in each round, else b does not divide it. */
    while (counts[0] && !quotient.failed) {
        pj_term term;
        if (!div_terms(s, rest[0], by[0], &term))
            break;
        add_term(&quotient, term.coefficient, term.product);
        mul_terms(s, term, by, counts[1], &row);
        merge(1, rest, counts[0], -1, row.terms, row.count, &sums[next]);
        if (row.failed || sums[next].failed)
            break;
        rest = sums[next].terms;
        counts[0] = sums[next].count;
        next = !next;
    }
    if (counts[0] || quotient.failed)
        return false;
    *out = finish(s, &quotient);
    return true;
}

static uint64_t magnitude(int64_t a)
{
    return a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool pj_formula_common(pj_symbols *s, pj_num a, pj_num b, pj_term *out)
{
    const pj_formula *factors[PJ_MAX_FORMULA_DEGREE];
    const pj_num both[2] = {a, b};
    uint64_t number = 0;
    int shared = -1; /* no product yet */
    for (int i = 0; i < 2; i++) {
        pj_term one;
        int count;
        const pj_term *terms = pj_formula_terms(both[i], &one, &count);
        for (int k = 0; k < count; k++) {
            const pj_formula *product = terms[k].product;
            number = gcd(magnitude(terms[k].coefficient), number);
            if (shared < 0)
                shared = select_factors(product->factors, product->count, product, true, factors);
            else
                shared = select_factors(factors, shared, product, true, factors);
        }
    }
    out->coefficient = number <= INT64_MAX ? (int64_t)number : 1;
    out->product = pj_formula_product(s, factors, shared);
    return out->product != NULL;
}
