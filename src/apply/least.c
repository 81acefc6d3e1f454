/* Scales that add the least noise: each by the search that tells of weights. */
#include <stdio.h>

#include "apply/make.h"
#include "weights/search.h"

enum { TILE_BYTES = 16 << 20 };

/* The numbers of one channel: gathered, or read from the file where they lie together. */
typedef struct channel {
    pj_window *window; /* NULL: they are gathered */
    int64_t first;
    double *x; /* PJ_WINDOW of them; of gathered ones all */
    int64_t count;
} channel;

static pj_status next_run(void *payload, int64_t at, const double **w, size_t *n, pj_error *err)
{
    channel *c = payload;
    const float *x;
    *n = (size_t)(c->count - at);
    *w = c->x + at;
    if (!c->window)
        return PJ_OK;
    *n = pj_window_part(c->count - at);
    *w = c->x;
    PJ_TRY(pj_window_view(c->window, c->first + at, *n, &x, err));
    for (size_t i = 0; i < *n; i++)
        c->x[i] = (double)x[i];
    return PJ_OK;
}

static pj_status find_scale(channel *c, const pj_levels *grid, float *scale, pj_error *err)
{
    const pj_run_source source = {c->count, next_run, c};
    pj_scan scan = pj_scan_new();
    double ratio;
    size_t n = 0;
    for (int64_t at = 0; at < c->count; at += (int64_t)n) {
        const double *w;
        PJ_TRY(next_run(c, at, &w, &n, err));
        pj_scan_add(&scan, (double *)(uintptr_t)w, n); /* all are finite, so nothing changes */
    }
    PJ_TRY(pj_least_error_ratio(&source, &scan, grid, &ratio, err));
    *scale = (float)((double)*scale * ratio);
    return PJ_OK;
}

/* Reads the channels [first, first + wide), each together. */
static pj_status gather(pj_window *window, pj_lay lay, int64_t first, int64_t wide, double *x, pj_error *err)
{
    const int64_t each = lay.outer * lay.inner;
    for (int64_t o = 0; o < lay.outer; o++)
        for (int64_t at = 0, n = wide * lay.inner; at < n;) {
            const float *part;
            size_t got = pj_window_part(n - at);
            PJ_TRY(pj_window_view(window, (o * lay.extent + first) * lay.inner + at, got, &part, err));
            for (size_t i = 0; i < got; i++, at++)
                x[at / lay.inner * each + o * lay.inner + at % lay.inner] = (double)part[i];
        }
    return PJ_OK;
}

static pj_status find_all(pj_window *window, pj_lay lay, const pj_levels *grid, pj_arena *arena, float *scale,
                          pj_error *err)
{
    const bool together = lay.outer == 1;
    const int64_t each = lay.outer * lay.inner;
    int64_t wide = TILE_BYTES / (int64_t)sizeof(double) / (each > 0 ? each : 1);
    wide = together || wide < 1 ? 1 : wide < lay.extent ? wide : lay.extent;
    double *x = PJ_NEW(arena, double, together ? PJ_WINDOW : wide *each);
    PJ_TRY(pj_got(x, err));
    for (int64_t first = 0; first < lay.extent; first += wide) {
        const int64_t n = lay.extent - first < wide ? lay.extent - first : wide;
        if (!together)
            PJ_TRY(gather(window, lay, first, n, x, err));
        for (int64_t a = 0; a < n; a++) {
            channel c = {together ? window : NULL, (first + a) * lay.inner, together ? x : x + a * each, each};
            PJ_TRY(find_scale(&c, grid, &scale[first + a], err));
        }
    }
    return PJ_OK;
}

pj_status pj_make_least(const pj_numbers *from, pj_lay lay, int bits, float *scale, pj_error *err)
{
    char word[16];
    pj_levels grid;
    pj_window window;
    snprintf(word, sizeof word, "int%d", bits);
    PJ_TRY(pj_levels_of(word, &grid, err));
    pj_arena *arena = pj_arena_new(0);
    PJ_TRY(pj_got(arena, err));
    pj_status status = pj_window_new(from, arena, &window, err);
    if (status == PJ_OK)
        status = find_all(&window, lay, &grid, arena, scale, err);
    pj_arena_free(arena);
    return status;
}
