/* Prices of a small model at very many sizes: what a search over architectures asks for, a million times.
 *
 *     const char *const columns[] = {"x[1] w[1]", "w[0]", "x[2] x[3]", ".strides[0] .strides[1]"};
 *     const int64_t rows[][4] = {{16, 32, 56, 1}, {16, 64, 28, 2}};
 *     const pj_setup *asked = &setup;
 *     pj_price prices[2];
 *     pj_probe *probe = NULL;
 *     if (pj_probe_new(model, columns, 4, &asked, 1, &probe, &err) == PJ_OK)
 *         status = pj_probe_price(probe, rows[0], 2, prices, &err);
 *     pj_probe_free(probe);
 *
 * The model is one layer, or a block of few. Each row of numbers gives it other sizes, and is priced as pj_analyze
 * would price a file with these sizes, to the last bit: the same rules run, but nothing is opened, told or kept.
 *
 * Threads: a probe and its model are for one thread at a time; each thread has its own of both. */
#ifndef PICOJOULE_PROBE_H
#define PICOJOULE_PROBE_H

#include "picojoule/result.h"

/* The figures of one row under one setup: 80 bytes, whose order stays as it is. */
typedef struct pj_price {
    pj_energy energy;          /* totals of the model, in one run; (pJ), or relative, as the table has it */
    int64_t macs, flops, bops; /* counts */
    int64_t params;            /* numbers of parameters */
    int64_t param_bits;        /* (bits) */
    int32_t status;            /* a pj_status. PJ_OK; else all figures are 0: as pj_model_open and pj_analyze
                                  would fail, PJ_ESHAPE above all; PJ_EARGUMENT: a size is negative */
    int32_t uncounted;         /* layers that are not in the totals, as their work or price is not known */
} pj_price;

typedef struct pj_probe pj_probe;

/* Makes a probe of `columns` columns. Each text names the places of the model that the numbers of its column are put
 * into, with blanks between them:
 *
 *     NAME[AXIS]               a dimension of an input or an initializer (of which contents are then not looked at)
 *     NAME                     the dimension of that name ("batch") wherever inputs have it
 *     NODE.ATTRIBUTE           a number among the attributes of a node; NODE may be left out of a model of one node
 *     NODE.ATTRIBUTE[INDEX]    one of a list of numbers
 *
 * Sizes without a column stay as the model has them; those of inputs must be known. What the file declares of results
 * is not used, as their sizes follow.
 *
 * Rows are priced under each of `setup_count` setups, whose tables, hierarchies and plans are opened now. What setups
 * say of dimensions is for opening a model, and not looked at; nor are devices. Texts and setups are not needed any
 * more afterwards. The model is borrowed and changed: until the probe is freed nothing else may use it, and afterwards
 * it may only be closed. *out is the caller's, who frees it before the model. PJ_EARGUMENT: a place that the model does
 * not have, or that cannot be changed; an input whose size is not known; whatever pj_analyze returns for the setups;
 * PJ_ENOMEM. */
PJ_API pj_status pj_probe_new(pj_model *model, const char *const *columns, size_t column_count,
                              const pj_setup *const *setups, size_t setup_count, pj_probe **out, pj_error *err);

/* Prices `count` rows. `rows`: [count, column_count] numbers; `out`: [count, setup_count], both the caller's. A row
 * that cannot be priced says so in `status` and stops nothing; `err` (may be NULL) then has the sentence of the last
 * such row. PJ_ENOMEM: `out` is not complete. */
PJ_API pj_status pj_probe_price(pj_probe *probe, const int64_t *rows, size_t count, pj_price *out, pj_error *err);

PJ_API void pj_probe_free(pj_probe *probe); /* NULL is allowed */

#endif
