/* Numbers in memory and in files, a window at a time; scaled and pruned ones. */
#include "apply/numbers.h"

#include <math.h>
#include <string.h>

#include "apply/codes.h"
#include "base/ckd.h"

static pj_status get_memory(void *payload, int64_t first, size_t n, float *out, pj_error *err)
{
    (void)err;
    memcpy(out, (const float *)payload + first, n * sizeof *out);
    return PJ_OK;
}

pj_numbers pj_numbers_of(const float *x, int64_t count)
{
    return (pj_numbers){get_memory, (void *)(uintptr_t)x, count};
}

/* ---- reading ahead ---- */

pj_status pj_window_new(const pj_numbers *from, pj_arena *arena, pj_window *out, pj_error *err)
{
    *out = (pj_window){.from = from, .x = PJ_NEW(arena, float, PJ_WINDOW)};
    return pj_got(out->x, err);
}

size_t pj_window_part(int64_t left)
{
    return left < PJ_WINDOW ? (size_t)left : PJ_WINDOW;
}

pj_status pj_window_view(pj_window *w, int64_t first, size_t n, const float **out, pj_error *err)
{
    if (first < w->first || first + (int64_t)n > w->first + (int64_t)w->held) {
        size_t want = pj_window_part(w->from->count - first);
        w->held = 0;
        PJ_TRY(w->from->get(w->from->payload, first, want, w->x, err));
        w->first = first;
        w->held = want;
    }
    *out = w->x + (first - w->first);
    return PJ_OK;
}

/* ---- scaled ---- */

typedef struct scaled {
    pj_numbers from;
    pj_lay lay;
    const double *factor;
} scaled;

static pj_status get_scaled(void *payload, int64_t first, size_t n, float *out, pj_error *err)
{
    const scaled *s = payload;
    PJ_TRY(s->from.get(s->from.payload, first, n, out, err));
    for (size_t i = 0; i < n; i++)
        out[i] = (float)((double)out[i] * s->factor[(first + (int64_t)i) / s->lay.inner % s->lay.extent]);
    return PJ_OK;
}

pj_status pj_numbers_scaled(const pj_numbers *from, pj_lay lay, const double *factor, pj_arena *arena, pj_numbers *out,
                            pj_error *err)
{
    scaled *s = PJ_NEW(arena, scaled, 1);
    if (!s)
        return pj_fail_memory(err);
    *s = (scaled){*from, lay, factor};
    *out = (pj_numbers){get_scaled, s, from->count};
    return PJ_OK;
}

/* ---- the smallest ones become zeros ---- */

typedef struct sparse {
    pj_numbers from;
    float most;   /* smaller ones become 0 ... */
    int64_t last; /* ... and those of this magnitude up to here */
} sparse;

static pj_status get_sparse(void *payload, int64_t first, size_t n, float *out, pj_error *err)
{
    const sparse *s = payload;
    PJ_TRY(s->from.get(s->from.payload, first, n, out, err));
    for (size_t i = 0; i < n; i++) {
        float size = fabsf(out[i]);
        if (size < s->most || (size == s->most && first + (int64_t)i <= s->last))
            out[i] = 0;
    }
    return PJ_OK;
}

uint64_t pj_numbers_share(double share, uint64_t count)
{
    return (uint64_t)floor(share * (double)count);
}

/* All tensors among whose numbers the smallest are looked for. */
typedef struct hunt {
    const pj_numbers *from;
    size_t count;
    pj_window window;
    uint64_t *bin; /* 65536 */
    pj_error *err;
} hunt;

enum { BINS = 65536 };

static uint32_t size_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffff;
}

/* Counts magnitudes by 16 of their bits, of those whose bits above are `top` (-1: of all). */
static pj_status count_sizes(hunt *h, int64_t top)
{
    const float *x;
    memset(h->bin, 0, BINS * sizeof *h->bin);
    for (size_t t = 0; t < h->count; t++) {
        h->window.from = &h->from[t];
        h->window.held = 0;
        for (int64_t p = 0; p < h->from[t].count; p += PJ_WINDOW) {
            size_t n = pj_window_part(h->from[t].count - p);
            PJ_TRY(pj_window_view(&h->window, p, n, &x, h->err));
            for (size_t i = 0; i < n; i++) {
                uint32_t bits = size_bits(x[i]);
                if (top < 0)
                    h->bin[bits >> 16]++;
                else if (bits >> 16 == (uint32_t)top)
                    h->bin[bits & 0xffff]++;
            }
        }
    }
    return PJ_OK;
}

/* The bin that holds number *rank (from 0), which becomes its number in the bin. */
static int64_t bin_of(const uint64_t *bin, uint64_t *rank)
{
    int64_t i = 0;
    for (; i < BINS - 1 && *rank >= bin[i]; i++)
        *rank -= bin[i];
    return i;
}

/* How many numbers of a tensor become zeros: those below, and `equal` of those of that magnitude, of which fewer are
 * left then. */
static pj_status settle(hunt *h, size_t t, uint64_t *equal, sparse *s, uint64_t *zeros)
{
    const float *x;
    uint64_t below = 0, same = 0;
    h->window.from = &h->from[t];
    h->window.held = 0;
    for (int64_t p = 0; p < h->from[t].count; p += PJ_WINDOW) {
        size_t n = pj_window_part(h->from[t].count - p);
        PJ_TRY(pj_window_view(&h->window, p, n, &x, h->err));
        for (size_t i = 0; i < n; i++) {
            float size = fabsf(x[i]);
            below += size < s->most;
            if (size == s->most && same < *equal) {
                same++;
                s->last = p + (int64_t)i;
            }
        }
    }
    *equal -= same;
    *zeros = below + same;
    return PJ_OK;
}

static pj_status find_sparse(hunt *h, uint64_t zeros, pj_numbers *out, uint64_t *zeroed)
{
    uint64_t rank = zeros - 1, ignored;
    float most;
    PJ_TRY(count_sizes(h, -1));
    int64_t top = bin_of(h->bin, &rank);
    PJ_TRY(count_sizes(h, top));
    uint32_t bits = (uint32_t)top << 16 | (uint32_t)bin_of(h->bin, &rank);
    memcpy(&most, &bits, sizeof most);
    uint64_t equal = rank + 1;
    for (size_t t = 0; t < h->count; t++) {
        sparse *s = out[t].payload;
        s->most = most;
        PJ_TRY(settle(h, t, &equal, s, zeroed ? &zeroed[t] : &ignored));
    }
    return PJ_OK;
}

pj_status pj_numbers_sparse(const pj_numbers *from, size_t count, uint64_t zeros, pj_arena *arena, pj_numbers *out,
                            uint64_t *zeroed, pj_error *err)
{
    sparse *s = PJ_NEW(arena, sparse, count);
    PJ_TRY(pj_got(s, err));
    for (size_t i = 0; i < count; i++) {
        s[i] = (sparse){.from = from[i], .most = -1, .last = -1};
        out[i] = (pj_numbers){get_sparse, &s[i], from[i].count};
        if (zeroed)
            zeroed[i] = 0;
    }
    if (zeros == 0)
        return PJ_OK;
    pj_arena *own = pj_arena_new(0);
    hunt h = {.from = from, .count = count, .bin = own ? PJ_NEW(own, uint64_t, BINS) : NULL, .err = err};
    pj_status status = pj_got(h.bin, err);
    if (status == PJ_OK)
        status = pj_window_new(from, own, &h.window, err);
    if (status == PJ_OK)
        status = find_sparse(&h, zeros, out, zeroed);
    pj_arena_free(own);
    return status;
}

/* ---- N of M stay ---- */

typedef struct grouped {
    pj_numbers from;
    pj_lay lay;
    int64_t keep, of;
    int64_t first, held; /* numbers in `group` */
    float *group;        /* of rows of `inner` */
} grouped;

/* Reads the rows that number p has its group in. */
static pj_status read_group(grouped *g, int64_t p, pj_error *err)
{
    const int64_t inner = g->lay.inner, row = p / inner, a = row % g->lay.extent;
    int64_t rows = g->lay.extent - (a - a % g->of);
    rows = rows < g->of ? rows : g->of;
    g->held = 0;
    g->first = (row - a % g->of) * inner;
    PJ_TRY(g->from.get(g->from.payload, g->first, (size_t)(rows * inner), g->group, err));
    g->held = rows * inner;
    for (int64_t i = 0; rows == g->of && i < inner; i++)
        pj_prune_group(g->group + i, (size_t)rows, (size_t)inner, (size_t)g->keep);
    return PJ_OK;
}

static pj_status get_grouped(void *payload, int64_t first, size_t n, float *out, pj_error *err)
{
    grouped *g = payload;
    while (n > 0) {
        if (first < g->first || first >= g->first + g->held)
            PJ_TRY(read_group(g, first, err));
        int64_t left = g->first + g->held - first;
        size_t part = left < (int64_t)n ? (size_t)left : n;
        memcpy(out, g->group + (first - g->first), part * sizeof *out);
        out += part;
        first += (int64_t)part;
        n -= part;
    }
    return PJ_OK;
}

pj_status pj_numbers_grouped(const pj_numbers *from, pj_lay lay, int64_t keep, int64_t of, pj_arena *arena,
                             pj_numbers *out, pj_error *err)
{
    grouped *g = PJ_NEW(arena, grouped, 1);
    int64_t room = 0;
    if (!g || !pj_mul_i64(lay.inner, of, &room) || !(g->group = PJ_NEW(arena, float, room)))
        return pj_fail_memory(err);
    g->from = *from;
    g->lay = lay;
    g->keep = keep;
    g->of = of;
    *out = (pj_numbers){get_grouped, g, from->count};
    return PJ_OK;
}
