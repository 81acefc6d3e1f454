/* Contents of small tensors: what an element type can hold, walks over elements, element-wise maps with broadcasting.
 *
 * Shapes are computed with small tensors, so value rules calculate exactly as a runtime does: in the element type. */
#pragma once

#include "ops/rules.h"

/* `a` as an element of the type, converted as Cast does: reals are rounded to the type's precision, whole numbers wrap
 * around at its width, a real becomes an integer by cutting its fraction off, bools are 0 or 1. Formulas pass: a
 * dimension is taken to fit. Unknown where the type cannot hold it or is no type of numbers. */
pj_num pj_value_fit(pj_dtype dtype, pj_num a);

/* Is `a` true (1), false (0) or neither provably (-1)? */
int pj_value_truth(pj_num a);

/* ---- walks ---- */

/* The elements of a shape in row-major order. Axes of size 1 are left out: a walk costs what its elements cost. */
typedef struct pj_grid {
    int64_t count; /* of elements */
    int axes;      /* that are longer than 1 */
    int axis[PJ_MAX_RANK];
    int64_t size[PJ_MAX_RANK];
    int64_t at[PJ_MAX_RANK];
} pj_grid;

/* A position in some tensor that follows a walk: `stride` by axis of the walked shape (0: stays). */
typedef struct pj_track {
    int64_t at;
    int64_t stride[PJ_MAX_RANK];
} pj_track;

/* A walk over the shape, at its first element; false where a dim is not known or there are more than
 * PJ_MAX_VALUE_ELEMENTS elements. */
bool pj_grid_of(pj_grid *grid, int rank, const pj_num *dims);

/* On to the next element; the tracks follow. */
void pj_grid_step(pj_grid *grid, pj_track *tracks, int count);

/* The contents of input `i` together with a walk over its shape; NULL where either is not known or they disagree. */
const pj_num *pj_grid_of_input(const pj_ctx *c, int i, pj_grid *grid);

/* ---- maps ---- */

/* One element of output 0 from one element of each input (unknown where the input is absent). */
typedef pj_num (*pj_element_rule)(pj_ctx *c, const pj_num *x);

/* The contents of output 0 from the first `inputs` inputs, which broadcast to its shape (before opset 7 the second
 * one at the attribute `axis`). Elements are made to fit output 0's type. Nothing is known of more than 16 inputs. */
pj_status pj_value_map(pj_ctx *c, int inputs, pj_element_rule rule);

/* Defines value_NAME, the map of the element rule NAME_of over that many inputs. */
#define PJ_VALUE_MAP(name, inputs)                   \
    static pj_status value_##name(pj_ctx *c)         \
    {                                                \
        return pj_value_map(c, (inputs), name##_of); \
    }

/* The same with the element rule as an expression of c and x: PJ_VALUE(neg, 1, pj_num_neg(c->symbols, x[0])) */
#define PJ_VALUE(name, inputs, element)                 \
    static pj_num name##_of(pj_ctx *c, const pj_num *x) \
    {                                                   \
        (void)c;                                        \
        return (element);                               \
    }                                                   \
    PJ_VALUE_MAP(name, inputs)
