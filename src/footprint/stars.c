/* Stars: three rules that agree on little. */
#include "footprint/stars.h"

#include <math.h>
#include <stdlib.h>

typedef struct ranked {
    double value;
    size_t at;
} ranked;

static int compare(const void *a, const void *b)
{
    const ranked *one = a, *two = b;
    if (one->value != two->value)
        return one->value < two->value ? -1 : 1;
    return one->at < two->at ? -1 : one->at > two->at;
}

static int least(size_t a, int b)
{
    return a < (size_t)b ? (int)a : b;
}

static int stars_of(const pj_star *star, double value, double low, double high, size_t n, pj_star_method method)
{
    enum { MOST = 5 };
    size_t fifth = n / MOST ? n / MOST : 1;
    switch (method) {
    case PJ_STARS_RANK:
        return MOST - (int)(MOST * star->less / n);
    case PJ_STARS_RANGE: /* in this order: 0.6 of 0..1 are 2 stars */
        return high > low ? MOST - (int)fmin(MOST - 1, floor(MOST * (value - low) / (high - low))) : MOST;
    case PJ_STARS_SEED003:
        return MOST - least(star->place / fifth, MOST - 1);
    }
    return 0;
}

bool pj_stars_give(const double *values, size_t n, pj_star_method method, pj_star *out)
{
    ranked *list = malloc((n ? n : 1) * sizeof *list);
    if (!list)
        return false;
    for (size_t i = 0; i < n; i++)
        list[i] = (ranked){values[i], i};
    qsort(list, n, sizeof *list, compare);
    for (size_t i = 0, first = 0; i < n; i++) {
        double value = list[i].value, low = list[0].value, high = list[n - 1].value;
        first = list[first].value == value ? first : i;
        pj_star *star = &out[list[i].at];
        *star = (pj_star){.less = first, .place = i, .percentile = n > 1 ? (int)(100 * i / (n - 1)) : 0};
        star->range_percent = high > low ? (value - low) / (high - low) * 100 : 0;
        star->stars = stars_of(star, value, low, high, n, method);
    }
    free(list);
    return true;
}
