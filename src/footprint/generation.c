/* Decode steps between the points of a sweep. */
#include "footprint/generation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct point {
    double past, pj;
} point;

static pj_status read_point(pj_json row, const char *dim, const char *key, point *out, pj_error *err)
{
    PJ_TRY(pj_json_get_double(row, dim, &out->past, err));
    PJ_TRY(pj_json_get_double(row, key, &out->pj, err));
    if (!(out->past >= 0 && out->past < 1e12 && out->pj >= 0))
        return pj_json_fail(row, PJ_EFORMAT, err, "%g at %g is no energy of a step", out->pj, out->past);
    return PJ_OK;
}

/* The sum of the steps at from, from + 1 ... before `to`, on the line between two points. */
static double sum_between(const point *a, const point *b, double from, double to)
{
    double slope = b->past > a->past ? (b->pj - a->pj) / (b->past - a->past) : 0, count = to - from;
    double first = a->pj + slope * (from - a->past), last = a->pj + slope * (to - 1 - a->past);
    return count > 0 ? count * (first + last) / 2 : 0;
}

pj_status pj_generation_find(pj_json sweep, const char *key, double tokens, double *pj, pj_error *err)
{
    const char *name;
    char dim[128];
    pj_json swept, points, row;
    point last, now;
    double sum = 0, next;
    PJ_TRY(pj_json_get_array(sweep, "swept", &swept, err));
    PJ_TRY(pj_json_get_array(sweep, "points", &points, err));
    if (pj_json_count(swept) != 1 || pj_json_count(points) == 0)
        return pj_json_fail(swept, PJ_EFORMAT, err,
                            "a generation is a sweep over one dimension, the tokens of the past");
    PJ_TRY(pj_json_as_text(pj_json_first(swept), &name, err));
    snprintf(dim, sizeof dim, "dim_%.100s", name);
    row = pj_json_first(points);
    PJ_TRY(read_point(row, dim, key, &last, err));
    next = last.past;
    double end = next + tokens;
    for (row = pj_json_next(row); row.node && next < end; row = pj_json_next(row), last = now) {
        PJ_TRY(read_point(row, dim, key, &now, err));
        if (!(now.past > last.past))
            return pj_json_fail(row, PJ_EFORMAT, err, "%s = %g after %g: values have to grow", name, now.past,
                                last.past);
        double to = fmin(end, now.past);
        sum += sum_between(&last, &now, next, to);
        next = fmax(next, to);
    }
    if (next < end) { /* the last point itself is a step, too */
        sum += last.pj;
        next++;
    }
    if (next < end)
        return pj_json_fail(points, PJ_EFORMAT, err, "%g tokens reach beyond %s = %g, the last point of the sweep",
                            tokens, name, last.past);
    *pj = sum;
    return PJ_OK;
}
