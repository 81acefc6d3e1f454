/* A number that shape inference knows, half-knows or does not know: a dimension, or an element of a small tensor.
 *
 * A pj_num is one of
 *   whole      7                 formula == NULL, `whole` is the value
 *   real       0.5               formula == &pj_mark_real, `real` is the value (elements of float tensors)
 *   symbolic   batch*seq + 1     formula points to an interned expression over named symbols
 *   unknown                      nothing is known (&pj_mark_unknown)
 *   overflow                     a computation left 64 bits (&pj_mark_overflow); the driver makes it PJ_EOVERFLOW
 *
 * Arithmetic on pj_num never fails: unknown in, unknown out; too large in, overflow out (overflow beats unknown). So a
 * rule is written like the formula it implements. Equal symbolic formulas are the same pointer (they are kept in a
 * normal form: a polynomial with integer coefficients over symbols and floor, mod, min, max terms), so equality is a
 * comparison. A zeroed pj_num is the whole number 0.
 * Symbols stand for dimensions: whole numbers >= 0, and >= 1 where something is divided by them. A formula that would
 * need more than PJ_MAX_FORMULA_TERMS terms, or is too deep (formula.h), becomes unknown. */
#pragma once

#include "base/ckd.h"
#include "base/map.h"
#include "base/str.h"

typedef struct pj_formula pj_formula;

typedef struct pj_num {
    const pj_formula *formula;
    union {
        int64_t whole;
        double real;
    };
} pj_num;

/* What `formula` is for numbers that are neither whole nor symbolic. */
extern const pj_formula pj_mark_real;
extern const pj_formula pj_mark_unknown;
extern const pj_formula pj_mark_overflow;

/* The symbols of one model and the formulas over them. Owned by whoever owns the arena. */
typedef struct pj_symbols pj_symbols;

/* An empty table; NULL: out of memory. */
pj_symbols *pj_symbols_new(pj_arena *arena);

/* Gives the symbol a value: from now on pj_num_symbol(name) yields it. For --dim; call it before the first use.
 * False: out of memory. */
bool pj_symbols_bind(pj_symbols *symbols, const char *name, int64_t value);

/* Every symbol asked for so far, in order of first use, with whether it is bound. Index from 0; NULL at the end. */
const char *pj_symbols_name(const pj_symbols *symbols, size_t index, bool *bound);

/* Did a formula become unknown because memory ran out? */
bool pj_symbols_out_of_memory(const pj_symbols *symbols);

/* ---- making ---- */
static inline pj_num pj_num_of(int64_t whole)
{
    return (pj_num){NULL, {.whole = whole}};
}

static inline pj_num pj_num_of_real(double real)
{
    return (pj_num){&pj_mark_real, {.real = real}};
}

static inline pj_num pj_num_overflow(void)
{
    return (pj_num){&pj_mark_overflow, {.whole = 0}};
}

static inline pj_num pj_num_unknown(void)
{
    return (pj_num){&pj_mark_unknown, {.whole = 0}};
}

/* The value bound to the name, or the symbol. Words for "unknown" (an empty name, "?", "-1", "None", "unk" ...) are
 * unknown, so that two such dimensions are not taken for equal. Names that are formulas ("2*seq + 1", as exporters
 * write them) are read as such where every part of them is a name, a number, + - * / // % ** or parentheses or a
 * floor/ceil/max/min/mod call and the value is whole; any other text is one opaque symbol, and so is a hyphenated
 * name like "batch-size". In a formula, opaque names stand in quotes: 'batch size' + 1. */
pj_num pj_num_symbol(pj_symbols *symbols, const char *name);

/* ---- asking ---- */
static inline bool pj_num_known(pj_num a) /* whole */
{
    return !a.formula;
}

static inline bool pj_num_is_real(pj_num a) /* real */
{
    return a.formula == &pj_mark_real;
}

static inline bool pj_num_is_unknown(pj_num a) /* unknown (overflow is not) */
{
    return a.formula == &pj_mark_unknown;
}

static inline bool pj_num_overflowed(pj_num a)
{
    return a.formula == &pj_mark_overflow;
}

static inline bool pj_num_symbolic(pj_num a)
{
    return a.formula && !pj_num_is_real(a) && !pj_num_is_unknown(a) && !pj_num_overflowed(a);
}

static inline bool pj_num_is(pj_num a, int64_t whole) /* known and equal */
{
    return !a.formula && a.whole == whole;
}

bool pj_num_equal(pj_num a, pj_num b);         /* provably equal: both known (whole or real), or the same formula */
bool pj_num_differ(pj_num a, pj_num b);        /* provably different */
double pj_num_as_real(pj_num a, bool *known);  /* whole or real */
bool pj_num_at_least(pj_num a, int64_t bound); /* provably >= bound (symbols are >= 0) */

/* ---- whole arithmetic (shapes, integer tensors); reals mix in as doubles ----
 * With a formula only a real that is a whole number mixes; any other real makes the result unknown. */

/* What add, sub and mul do when not both numbers are whole or the result does not fit. */
pj_num pj_num_add_any(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_sub_any(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_mul_any(pj_symbols *s, pj_num a, pj_num b);

static inline pj_num pj_num_add(pj_symbols *s, pj_num a, pj_num b)
{
    int64_t whole;
    return !a.formula && !b.formula && pj_add_i64(a.whole, b.whole, &whole) ? pj_num_of(whole)
                                                                            : pj_num_add_any(s, a, b);
}

static inline pj_num pj_num_sub(pj_symbols *s, pj_num a, pj_num b)
{
    int64_t whole;
    return !a.formula && !b.formula && pj_sub_i64(a.whole, b.whole, &whole) ? pj_num_of(whole)
                                                                            : pj_num_sub_any(s, a, b);
}

static inline pj_num pj_num_mul(pj_symbols *s, pj_num a, pj_num b)
{
    int64_t whole;
    return !a.formula && !b.formula && pj_mul_i64(a.whole, b.whole, &whole) ? pj_num_of(whole)
                                                                            : pj_num_mul_any(s, a, b);
}

pj_num pj_num_floor_div(pj_symbols *s, pj_num a, pj_num b); /* toward minus infinity; by zero: unknown */
pj_num pj_num_ceil_div(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_trunc_div(pj_symbols *s, pj_num a, pj_num b); /* toward zero, as ONNX Div on integers */
pj_num pj_num_mod(pj_symbols *s, pj_num a, pj_num b);       /* sign of the divisor, as Python and ONNX Mod */
pj_num pj_num_min(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_max(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_neg(pj_symbols *s, pj_num a);

/* Real division a / b for elements of float tensors: the quotient of two known numbers as a real; of a formula and a
 * whole number or formula that divides it exactly, a formula; else, and by zero, unknown. */
pj_num pj_num_div_real(pj_symbols *s, pj_num a, pj_num b);

/* An element of a float tensor rounded down, up, or toward zero (as Cast to an integer does): a whole number where it
 * fits 64 bits, else (and NaN) the real. Wholes and formulas pass. */
pj_num pj_num_floor(pj_symbols *s, pj_num a);
pj_num pj_num_ceil(pj_symbols *s, pj_num a);
pj_num pj_num_trunc(pj_symbols *s, pj_num a);

/* Product and sum of `count` numbers (1 and 0 when there are none). */
pj_num pj_num_product(pj_symbols *s, const pj_num *nums, int count);
pj_num pj_num_sum(pj_symbols *s, const pj_num *nums, int count);

/* ---- printing ---- */
/* "7", "0.5", "batch*seq + 1", "?" for unknown, "overflow". Terms by degree, then by name, so equal formulas print
 * alike in every run, and pj_num_symbol reads what was printed as the same formula. */
void pj_num_print(pj_num a, pj_str *out);

/* ---- symbols replaced by numbers: maps from a name to a pj_num, which may be symbolic itself ---- */

/* `a` with the numbers in the place of its symbols; a symbol that has none stays. */
pj_num pj_num_substitute(pj_symbols *s, pj_num a, const pj_map *values);

/* The name of a symbol in `a` that has no number; NULL: all have one. */
const char *pj_num_missing(pj_num a, const pj_map *values);

/* Reads a formula, as pj_num_symbol does, with the numbers in the place of its names (`values` may be NULL). No name
 * is listed as used. False: the text is no formula, or its value is not whole. */
bool pj_num_read(pj_symbols *s, const char *text, const pj_map *values, pj_num *out);
