/* Increments of prefixes, and factors between estimate and measurement. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/real.h"
#include "picojoule/layers.h"

void pj_increments(const double *mean_j, const double *sd_j, size_t count, double n, pj_increment *out, double *total_j,
                   double *clamped_j)
{
    double before = 0, sd_before = 0;
    *clamped_j = 0;
    for (size_t i = 0; i < count; i++) {
        pj_increment *at = &out[i];
        at->j = mean_j[i] - before;
        at->se_j = sqrt(sd_j[i] * sd_j[i] / n + sd_before * sd_before / n);
        at->significant = fabs(at->j) > 2 * at->se_j;
        at->negative = at->j < 0;
        *clamped_j += at->negative ? 0 : at->j;
        before = mean_j[i];
        sd_before = sd_j[i];
    }
    *total_j = count ? before : NAN;
}

static int by_op(const void *a, const void *b)
{
    return strcmp(((const pj_class_factor *)a)->op, ((const pj_class_factor *)b)->op);
}

static double factor_of(double measured, double estimated)
{
    return measured != 0 && estimated != 0 ? measured / estimated : NAN;
}

static pj_class_factor *find(pj_class_factor *factors, size_t count, const char *op)
{
    size_t i = 0;
    while (i < count && strcmp(factors[i].op, op) != 0)
        i++;
    return &factors[i];
}

/* |ln| of how far a row is from its factor; NAN where a logarithm has nothing to say. */
static double miss(const pj_class_row *row, double factor)
{
    return row->measured > 0 && row->estimated > 0 && factor > 0
               ? fabs(pj_log(row->measured / (row->estimated * factor)))
               : NAN;
}

static double exponential(double x)
{
    return pj_exp2(x * 1.44269504088896340736);
}

/* Each row by the factor of the others of its class. */
static double left_out(const pj_class_row *rows, size_t count, const pj_class_factor *of)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].op, of->op) != 0)
            continue;
        double one = miss(&rows[i], factor_of(of->measured - rows[i].measured, of->estimated - rows[i].estimated));
        sum += isnan(one) ? 0 : one;
        n += isnan(one) ? 0 : 1;
    }
    return n ? exponential(sum / (double)n) - 1 : NAN;
}

void pj_class_factors(const pj_class_row *rows, size_t count, pj_class_factor *out, size_t *factors, double *total,
                      double *geometric)
{
    double measured = 0, estimated = 0, sum = 0;
    size_t judged = 0;
    *factors = 0;
    for (size_t i = 0; i < count; i++) {
        pj_class_factor *at = find(out, *factors, rows[i].op);
        if (at == &out[*factors]) {
            *at = (pj_class_factor){.op = rows[i].op};
            ++*factors;
        }
        at->n++;
        at->estimated += rows[i].estimated;
        at->measured += rows[i].measured;
        measured += rows[i].measured;
        estimated += rows[i].estimated;
    }
    *total = factor_of(measured, estimated);
    for (size_t i = 0; i < *factors; i++) {
        pj_class_factor *at = &out[i];
        at->own = factor_of(at->measured, at->estimated);
        at->factor = at->n >= 3 && at->measured >= 0.01 * measured && !isnan(at->own) ? at->own : *total;
        at->left_out_error = left_out(rows, count, at);
    }
    for (size_t i = 0; i < count; i++) {
        double one = miss(&rows[i], find(out, *factors, rows[i].op)->factor);
        sum += isnan(one) ? 0 : one;
        judged += isnan(one) ? 0 : 1;
    }
    *geometric = judged ? exponential(sum / (double)judged) : NAN;
    if (*factors)
        qsort(out, *factors, sizeof *out, by_op);
}
