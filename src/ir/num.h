/* A number that shape inference knows, half-knows or does not know: a dimension, or an element of a small tensor.
 *
 * A pj_num is one of
 *   whole      7                 formula == NULL, `whole` is the value
 *   real       0.5               formula == pj_num_is_real marker, `real` is the value (elements of float tensors)
 *   symbolic   batch*seq + 1     formula points to an interned expression over named symbols
 *   unknown                      nothing is known
 *   overflow                     a computation left 64 bits; the driver turns it into PJ_EOVERFLOW
 *
 * Arithmetic on pj_num never fails: unknown in, unknown out; too large in, overflow out. So a rule is written like the
 * formula it implements. Equal symbolic formulas are the same pointer (they are kept in a normal form: a polynomial
 * with integer coefficients over symbols and floor, ceil, mod, min, max terms), so equality is a comparison.
 * Symbols stand for dimensions: whole numbers >= 0. A formula that would need more than PJ_MAX_FORMULA_TERMS terms
 * becomes unknown. */
#ifndef PJ_IR_NUM_H
#define PJ_IR_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
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

/* The symbols of one model and the formulas over them. Owned by whoever owns the arena. */
typedef struct pj_symbols pj_symbols;

/* An empty table; NULL: out of memory. */
pj_symbols *pj_symbols_new(pj_arena *arena);

/* Gives the symbol a value: from now on pj_num_symbol(name) yields it. For --dim; call it before the first use. */
bool pj_symbols_bind(pj_symbols *symbols, const char *name, int64_t value);

/* Every symbol asked for so far, in order of first use, with whether it is bound. Index from 0; NULL at the end. */
const char *pj_symbols_name(const pj_symbols *symbols, size_t index, bool *bound);

/* ---- making ---- */
pj_num pj_num_of(int64_t whole);
pj_num pj_num_of_real(double real);
pj_num pj_num_unknown(void);

/* The value bound to the name, or the symbol. An empty name is unknown. Names that are formulas ("2*seq + 1", as
 * exporters write them) are read as such where every part of them is a name, a number, + - * // or parentheses or a
 * floor/ceil/max/min/mod call; any other text is one opaque symbol. */
pj_num pj_num_symbol(pj_symbols *symbols, const char *name);

/* ---- asking ---- */
bool pj_num_known(pj_num a);      /* whole */
bool pj_num_is_real(pj_num a);    /* real */
bool pj_num_is_unknown(pj_num a); /* unknown (overflow is not) */
bool pj_num_overflowed(pj_num a);
bool pj_num_symbolic(pj_num a);
bool pj_num_is(pj_num a, int64_t whole);           /* known and equal */
bool pj_num_equal(pj_num a, pj_num b);             /* provably equal: both known and equal, or the same formula */
bool pj_num_differ(pj_num a, pj_num b);            /* provably different */
double pj_num_as_real(pj_num a, bool *known);      /* whole or real */
bool pj_num_at_least(pj_num a, int64_t bound);     /* provably >= bound (symbols are >= 0) */

/* ---- whole arithmetic (shapes, integer tensors); reals mix in as doubles ---- */
pj_num pj_num_add(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_sub(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_mul(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_floor_div(pj_symbols *s, pj_num a, pj_num b); /* toward minus infinity; by zero: unknown */
pj_num pj_num_ceil_div(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_trunc_div(pj_symbols *s, pj_num a, pj_num b); /* toward zero, as ONNX Div on integers */
pj_num pj_num_mod(pj_symbols *s, pj_num a, pj_num b);       /* sign of the divisor, as Python and ONNX Mod */
pj_num pj_num_min(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_max(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_num_neg(pj_symbols *s, pj_num a);

/* Real division a / b for elements of float tensors: the quotient of two known numbers as a real; of a formula and a
 * whole number that divides it exactly, a formula; else unknown. */
pj_num pj_num_div_real(pj_symbols *s, pj_num a, pj_num b);

/* floor and ceil of an element of a float tensor; wholes and formulas pass. */
pj_num pj_num_floor(pj_symbols *s, pj_num a);
pj_num pj_num_ceil(pj_symbols *s, pj_num a);

/* Product and sum of `count` numbers (1 and 0 when there are none). */
pj_num pj_num_product(pj_symbols *s, const pj_num *nums, int count);
pj_num pj_num_sum(pj_symbols *s, const pj_num *nums, int count);

/* ---- printing ---- */
/* "7", "0.5", "batch*seq + 1", "?" for unknown. Terms in a fixed order, so equal formulas print alike. */
void pj_num_print(pj_num a, pj_str *out);

/* The value of `a` under bindings (name -> int64_t*); unknown where a symbol has none. */
pj_num pj_num_evaluate(pj_symbols *s, pj_num a, const pj_map *bindings);

#endif
