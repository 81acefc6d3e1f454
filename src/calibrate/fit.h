/* What layers cost on a machine, from rows of measured ones: prices for work, for bytes of inputs, outputs and weights,
 * and a fixed one, none below 0, with the least relative error. Pure numbers. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { PJ_FIT_PRICES = 5, PJ_FIT_LEAST = 10 };

/* A measured layer. */
typedef struct pj_fit_row {
    double work;                                    /* MACs, or operations where there are none */
    double channels_in, channels_out;               /* of a filter, of a convolution; 0: none, or not known */
    double input_bytes, output_bytes, weight_bytes; /* each tensor once */
    double pj;                                      /* above 0 */
} pj_fit_row;

typedef struct pj_fit {
    double price[PJ_FIT_PRICES]; /* pJ for each unit of work, byte of inputs, outputs, weights, and for the layer */
    int pad;                     /* channels are taken in multiples of that; 1: as they are */
    double error; /* median of |estimate / measured - 1| of one half by the other; negative: too few rows */
    double work_from, work_to; /* that the rows have */
    bool is_scale;             /* fewer than PJ_FIT_LEAST rows: one price alone */
} pj_fit;

/* Fits `count` rows, of one class of work, at least one. `ratio`, one for each row, gets measured / estimate by the
 * half of the rows (always the same ones) that the row is not in; 0 where there are too few for halves. PJ_ENOMEM. */
pj_status pj_fit_rows(const pj_fit_row *row, size_t count, pj_arena *arena, double *ratio, pj_fit *out, pj_error *err);

/* The middle one; sorts. At least one. */
double pj_fit_median(double *value, size_t count);
