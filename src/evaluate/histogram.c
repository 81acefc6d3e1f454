/* Counting numbers in bins, and cutting them off. */
#include "evaluate/histogram.h"

#include "base/real.h"

enum { BINS = PJ_HISTOGRAM_BINS, STEPS = 128 };

bool pj_histogram_init(pj_histogram *h, double low, double high, pj_arena *arena)
{
    *h = (pj_histogram){low, high, PJ_NEW(arena, uint64_t, BINS), 0};
    return h->count;
}

void pj_histogram_add(pj_histogram *h, const pj_ndarray *array)
{
    const double scale = h->high > h->low ? BINS / (h->high - h->low) : 0;
    const bool of_magnitudes = h->low == 0;
    for (int64_t i = 0; i < array->count; i++) {
        double x = pj_array_real(array, i);
        if (!isfinite(x))
            continue;
        double at = ((of_magnitudes ? fabs(x) : x) - h->low) * scale;
        size_t bin = at <= 0 ? 0 : at >= BINS - 1 ? BINS - 1 : (size_t)at;
        h->count[bin]++;
        h->all++;
    }
}

void pj_histogram_percentile(const pj_histogram *h, double percent, double *low, double *high)
{
    const double width = (h->high - h->low) / BINS, out = (double)h->all * (1 - percent / 100) / 2;
    double below = 0, above = 0;
    size_t from = 0, to = BINS;
    while (from + 1 < BINS && below + (double)h->count[from] <= out)
        below += (double)h->count[from++];
    while (to > from + 1 && above + (double)h->count[to - 1] <= out)
        above += (double)h->count[--to];
    *low = from == 0 ? h->low : h->low + width * (double)from;
    *high = to == BINS ? h->high : h->low + width * (double)to;
}

/* The divergence of the first `bins` bins, the rest in the last, from the same in STEPS steps, each of which spreads
 * what is in it over those of its bins that are not empty. */
static double divergence(const pj_histogram *h, size_t bins, double rest)
{
    double sum_q = 0, result = 0, all = (double)h->all;
    double step[STEPS] = {0};
    size_t used[STEPS] = {0};
    for (size_t i = 0; i < bins; i++) {
        size_t s = i * STEPS / bins;
        step[s] += (double)h->count[i];
        used[s] += h->count[i] > 0;
        sum_q += (double)h->count[i];
    }
    for (size_t i = 0; i < bins; i++) {
        size_t s = i * STEPS / bins;
        double p = ((double)h->count[i] + (i + 1 == bins ? rest : 0)) / all;
        double q = h->count[i] > 0 ? step[s] / (double)used[s] / sum_q : 0;
        if (p > 0)
            result += p * (pj_log(p) - pj_log(q > 0 ? q : 1e-12)); /* what the steps lost costs dearly */
    }
    return result;
}

double pj_histogram_entropy(const pj_histogram *h)
{
    double rest = (double)h->all, least = INFINITY;
    size_t best = BINS;
    if (h->all == 0)
        return h->high;
    for (size_t i = 0; i < STEPS; i++)
        rest -= (double)h->count[i];
    for (size_t bins = STEPS; bins <= BINS; bins++) {
        double found = rest < (double)h->all ? divergence(h, bins, rest) : INFINITY;
        if (found < least) {
            least = found;
            best = bins;
        }
        if (bins < BINS)
            rest -= (double)h->count[bins];
    }
    return h->high * (double)best / BINS;
}
