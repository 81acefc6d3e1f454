/* The scale with the least squared error: a coarse row of candidates, then finer ones around the best. */
#include "weights/search.h"

#include "base/real.h"

/* First max-abs, then FIRST candidates in equal ratios down to the least that can be better, then twice SIDE on either
 * side of the best one, in a fifth of the last ratio. */
enum { FIRST = PJ_MOST_CANDIDATES, SIDE = 4, FINER = 5, ROUNDS = 4 };

/* Scales below this have no reciprocal, or squares that vanish: their numbers count as without noise. */
#define LEAST_SCALE 1e-290

/* Errors below this share of the signal come from the rounding of our own arithmetic. */
#define LEAST_ERROR 1e-28

/* The search of one format. Ratios are those of the range that the format covers to the largest magnitude. */
typedef struct search {
    double ratio[PJ_MOST_CANDIDATES], error[PJ_MOST_CANDIDATES];
    size_t candidates;
    double best, best_error; /* best 0: none yet */
    double step;             /* ratio of neighbours */
} search;

/* A scale whose range ends at ratio r of the largest magnitude cuts (1 - r) off that one alone, so it is no better than
 * max-abs where (1 - r)^2 is more than the whole error of max-abs. Nor is `least`, half the root mean square, worth a
 * look. */
static void coarse_round(search *s, double least)
{
    double bound = 1 - sqrt(s->best_error);
    least = bound > least ? bound : least;
    s->step = pj_pow(least, 1.0 / FIRST);
    s->candidates = least < 1 ? FIRST : 0;
    for (size_t k = 0; k < s->candidates; k++)
        s->ratio[k] = (k > 0 ? s->ratio[k - 1] : 1) * s->step;
}

static void next_round(search *s)
{
    double up = s->best, down = s->best;
    bool done = s->candidates == 0;
    s->step = pj_pow(s->step, 1.0 / FINER);
    s->candidates = 0;
    for (int k = 0; k < SIDE && !done; k++) {
        up /= s->step;
        down *= s->step;
        if (up < 1)
            s->ratio[s->candidates++] = up;
        s->ratio[s->candidates++] = down;
    }
}

static void choose(search *s)
{
    for (size_t k = 0; k < s->candidates; k++)
        if (s->best == 0 || s->error[k] < s->best_error) {
            s->best = s->ratio[k];
            s->best_error = s->error[k];
        }
}

/* One round for all formats that are scaled. */
static pj_status run_round(const pj_run_source *source, double most, const pj_measure_options *options,
                           search *searches, pj_error *err)
{
    size_t n = 0;
    for (size_t f = 0; f < options->grids; f++)
        memset(searches[f].error, 0, sizeof searches[f].error);
    for (int64_t at = 0; at < source->count; at += (int64_t)n) {
        const double *w;
        PJ_TRY(source->next(source->payload, at, &w, &n, err));
        for (size_t f = 0; f < options->grids; f++) {
            const pj_levels *grid = &options->grid[f];
            double scale[PJ_MOST_CANDIDATES];
            for (size_t k = 0; k < searches[f].candidates; k++)
                scale[k] = searches[f].ratio[k] / grid->most;
            if (grid->is_scaled)
                pj_levels_compare(grid, w, n, most, scale, searches[f].candidates, searches[f].error);
        }
    }
    for (size_t f = 0; f < options->grids; f++)
        choose(&searches[f]);
    return PJ_OK;
}

static pj_status find_scales(const pj_run_source *source, const pj_scan *scan, double most,
                             const pj_measure_options *options, search *searches, pj_error *err)
{
    double least = sqrt(scan->squares / (double)scan->finite) / most / 2;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t f = 0; f < options->grids; f++) {
            search *s = &searches[f];
            if (round == 0)
                s->ratio[s->candidates++] = 1;
            else if (round == 1)
                coarse_round(s, least);
            else
                next_round(s);
        }
        PJ_TRY(run_round(source, most, options, searches, err));
    }
    return PJ_OK;
}

static double scale_of(const pj_levels *grid, double most, double ratio)
{
    return grid->is_scaled ? most / grid->most * ratio : 1;
}

pj_status pj_add_errors(const pj_run_source *source, const pj_scan *scan, const pj_measure_options *options,
                        pj_grain grain, pj_errors *errors, pj_error *err)
{
    search searches[PJ_MOST_FORMATS];
    double found[2][PJ_MOST_FORMATS] = {{0}}, most = pj_scan_most(scan), floor = scan->squares * LEAST_ERROR;
    bool searched = options->rule[PJ_SCALE_LEAST_ERROR];
    size_t n = 0;
    for (size_t f = 0; f < options->grids && !isfinite(scan->squares); f++)
        errors->sum[grain][PJ_SCALE_MAX_ABS][f] = errors->sum[grain][PJ_SCALE_LEAST_ERROR][f] = INFINITY;
    if (options->grids == 0 || most < LEAST_SCALE * 1e6 || !isfinite(scan->squares))
        return PJ_OK;
    memset(searches, 0, sizeof searches);
    if (searched)
        PJ_TRY(find_scales(source, scan, most, options, searches, err));
    for (int64_t at = 0; at < source->count; at += (int64_t)n) {
        const double *w;
        PJ_TRY(source->next(source->payload, at, &w, &n, err));
        for (size_t f = 0; f < options->grids; f++) {
            const pj_levels *grid = &options->grid[f];
            found[PJ_SCALE_MAX_ABS][f] += pj_levels_error(grid, w, n, scale_of(grid, most, 1));
            if (searched && grid->is_scaled && searches[f].best != 1)
                found[PJ_SCALE_LEAST_ERROR][f] += pj_levels_error(grid, w, n, scale_of(grid, most, searches[f].best));
        }
    }
    for (size_t f = 0; f < options->grids; f++) {
        double plain = found[PJ_SCALE_MAX_ABS][f], best = found[PJ_SCALE_LEAST_ERROR][f];
        if (!options->grid[f].is_scaled || searches[f].best == 1 || best > plain)
            best = plain;
        errors->sum[grain][PJ_SCALE_MAX_ABS][f] += plain > floor ? plain : 0;
        errors->sum[grain][PJ_SCALE_LEAST_ERROR][f] += best > floor ? best : 0;
    }
    return PJ_OK;
}

pj_status pj_least_error_ratio(const pj_run_source *source, const pj_scan *scan, const pj_levels *grid, double *out,
                               pj_error *err)
{
    const pj_measure_options options = {.grid = grid, .grids = 1};
    search found = {0};
    double most = pj_scan_most(scan), plain = 0, best = 0;
    size_t n = 0;
    *out = 1;
    if (most < LEAST_SCALE * 1e6 || !isfinite(scan->squares))
        return PJ_OK;
    PJ_TRY(find_scales(source, scan, most, &options, &found, err));
    for (int64_t at = 0; at < source->count && found.best != 1; at += (int64_t)n) {
        const double *w;
        PJ_TRY(source->next(source->payload, at, &w, &n, err));
        plain += pj_levels_error(grid, w, n, scale_of(grid, most, 1));
        best += pj_levels_error(grid, w, n, scale_of(grid, most, found.best));
    }
    *out = best < plain ? found.best : 1;
    return PJ_OK;
}
