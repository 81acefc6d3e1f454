/* Symbolic formulas in normal form: what a symbolic pj_num points to. For the files of ir/ only.
 *
 * A formula is a sum of terms; a term is a coefficient times a product; a product is a list of atoms; an atom is a
 * symbol or a call (floor, mod, min, max) on numbers. Sums, products and calls are interned in pj_symbols: what is
 * equal is the same pointer. Terms, factors and arguments are kept in an order that depends on names alone.
 *
 *   2*h*w + floor((h + 1)/2) + 3     sum of 3 terms
 *   2        h*w                     coefficient, product of 2 symbols
 *   1        floor((h + 1)/2)        coefficient, product of 1 call on the numbers h + 1 and 2
 *   3        (nothing)               coefficient, product of no atoms
 *
 * All functions here take whole or symbolic numbers, and return whole, symbolic, unknown or overflow. */
#pragma once

#include "base/limits.h"
#include "ir/num.h"

/* Past one of these a formula becomes unknown. */
enum {
    PJ_MAX_FORMULA_DEGREE = 16, /* atoms in one product */
    PJ_MAX_FORMULA_ARGS = 16,   /* arguments of one min or max */
    PJ_MAX_FORMULA_DEPTH = 64,  /* calls inside calls; parentheses inside parentheses in a text */
    PJ_MAX_FORMULA_SIZE = 1024  /* symbols and numbers when it is written out */
};

typedef enum pj_formula_kind {
    PJ_FORMULA_MARK, /* real, unknown, overflow: no formula at all */
    PJ_FORMULA_SYMBOL,
    PJ_FORMULA_FLOOR, /* args: top, bottom */
    PJ_FORMULA_MAX,   /* args: two or more */
    PJ_FORMULA_MIN,
    PJ_FORMULA_MOD, /* args: value, divisor */
    PJ_FORMULA_PRODUCT,
    PJ_FORMULA_SUM
} pj_formula_kind;

typedef struct pj_term {
    int64_t coefficient; /* not 0 */
    const pj_formula *product;
} pj_term;

/* Every value lies in low..high; INT64_MIN and INT64_MAX where nothing is known (true of anything that fits). */
typedef struct pj_range {
    int64_t low;
    int64_t high;
} pj_range;

struct pj_formula {
    pj_formula_kind kind;
    int count; /* terms, factors or arguments */
    int depth; /* calls inside calls */
    int size;  /* symbols and numbers when it is written out */
    pj_range range;
    uint64_t hash;
    union {
        const char *name;                 /* symbol */
        const pj_formula *const *factors; /* product: atoms in order; a power is a repetition */
        const pj_term *terms;             /* sum: in order, the number alone (if any) last */
        const pj_num *args;               /* call */
        const void *parts;
    };
};

/* One text that was asked for as a symbol. */
typedef struct pj_symbol {
    const char *name;
    pj_num symbol;  /* the text as a symbol, or the value bound to it; made on demand */
    pj_num meaning; /* what pj_num_symbol answers, once `read` */
    bool read;
    bool bound;
    bool listed;
} pj_symbol;

struct pj_symbols {
    pj_arena *arena;
    pj_map by_name;     /* text -> pj_symbol* */
    pj_symbol **listed; /* in order of first use */
    size_t listed_count;
    size_t listed_capacity;
    const pj_formula **interned; /* open addressing; a power of two, at most 3/4 full */
    size_t interned_count;
    size_t interned_capacity;
    bool out_of_memory;
};

/* The terms of a whole number or a formula; *one is room for the term of a whole number. */
const pj_term *pj_formula_terms(pj_num a, pj_term *one, int *count);

/* ---- formula.c: nodes ---- */

/* The product of atoms that are in order; NULL: past a limit or out of memory. */
const pj_formula *pj_formula_product(pj_symbols *s, const pj_formula *const *factors, int count);

/* A sum from terms that are in order, none with a coefficient of 0. */
pj_num pj_formula_sum(pj_symbols *s, const pj_term *terms, int count);

pj_num pj_formula_of_atom(pj_symbols *s, const pj_formula *atom);

/* The call as a number; `kind` is floor, mod, min or max. Nothing is simplified, but a call that can have only one
 * value is that value. */
pj_num pj_formula_call(pj_symbols *s, pj_formula_kind kind, const pj_num *args, int count);

/* The only factor of a formula that is one atom of this kind; else NULL. */
const pj_formula *pj_formula_atom(pj_num a, pj_formula_kind kind);

/* The place of a before (< 0) or after (> 0) b; numbers stand before formulas. */
int pj_formula_compare(pj_num a, pj_num b);
int pj_formula_compare_atoms(const pj_formula *a, const pj_formula *b);
int pj_formula_compare_products(const pj_formula *a, const pj_formula *b);

pj_range pj_formula_range(pj_num a);

/* The range of a sum, term by term. A bound that once left 64 bits is no bound any more. */
typedef struct pj_range_sum {
    pj_range range;
    bool no_low;
    bool no_high;
} pj_range_sum;

void pj_range_add(pj_range_sum *sum, int64_t coefficient, const pj_formula *product);
pj_range pj_range_of_sum(pj_range_sum sum);

/* ---- formula_sum.c: arithmetic on sums ---- */

/* a*x + b*y for whole numbers a and b. */
pj_num pj_formula_combine(pj_symbols *s, int64_t a, pj_num x, int64_t b, pj_num y);
pj_num pj_formula_mul(pj_symbols *s, pj_num a, pj_num b);

/* Does b (not 0) divide a exactly? Then *out is the quotient. Symbols in b count as not zero. */
bool pj_formula_divide(pj_symbols *s, pj_num a, pj_num b, pj_num *out);

/* The range of a - b; nothing is allocated. */
pj_range pj_formula_range_of_difference(pj_num a, pj_num b);

/* The largest whole number (> 0) times the largest product that divide every term of a and b, which are not both 0;
 * false: out of memory. */
bool pj_formula_common(pj_symbols *s, pj_num a, pj_num b, pj_term *out);

/* ---- formula_call.c: calls, simplified. ---- */
/* `kind` is PJ_FORMULA_MIN or PJ_FORMULA_MAX. */
pj_num pj_formula_floor_div(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_formula_ceil_div(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_formula_trunc_div(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_formula_mod(pj_symbols *s, pj_num a, pj_num b);
pj_num pj_formula_extreme(pj_symbols *s, pj_formula_kind kind, pj_num a, pj_num b);

/* ---- formula_print.c, formula_parse.c, formula_symbols.c: texts ---- */

/* How much of the text's start is a name that needs no quotes in a formula: a letter or _, then letters, digits and
 * _ . : */
size_t pj_formula_plain_name(const char *text);

/* The entry of a text, made if need be; NULL: out of memory. */
pj_symbol *pj_symbols_entry(pj_symbols *s, const char *name);

/* The value bound to the name, or the symbol of that name; listed as used if `list` is set. */
pj_num pj_symbols_find(pj_symbols *s, const char *name, bool list);
