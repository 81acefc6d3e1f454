/* Contents of new tensors, a window at a time. */
#include "apply/make.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/ckd.h"
#include "ir/graph.h"

enum { WINDOW = 1 << 18, TILE_BYTES = 16 << 20 };

/* ---- reading ahead ---- */

typedef struct window {
    const pj_numbers *from;
    int64_t first;
    size_t held;
    float *x;
} window;

/* `n` numbers from `first` on, at most WINDOW of them; more are read ahead. */
static pj_status view(window *w, int64_t first, size_t n, const float **out, pj_error *err)
{
    if (first < w->first || first + (int64_t)n > w->first + (int64_t)w->held) {
        int64_t left = w->from->count - first;
        size_t want = left < WINDOW ? (size_t)left : WINDOW;
        w->held = 0;
        PJ_TRY(w->from->get(w->from->payload, first, want, w->x, err));
        w->first = first;
        w->held = want;
    }
    *out = w->x + (first - w->first);
    return PJ_OK;
}

static size_t part_of(int64_t left)
{
    return left < WINDOW ? (size_t)left : WINDOW;
}

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

/* ---- writing ---- */

/* What one run works with. */
typedef struct run {
    const pj_make *make;
    const pj_bytes_to *to;
    pj_lost *lost;
    pj_error *err;
    pj_arena *arena;
    window in;
    int8_t *codes; /* that wait to be packed: WINDOW and a few */
    size_t have;
    uint8_t *bytes; /* 4 * WINDOW */
} run;

/* Hands on the codes that fill whole bytes, or all of them. */
static pj_status flush(run *r, bool all)
{
    if (r->have == 0)
        return PJ_OK;
    size_t each = 8 / (size_t)r->make->bits, n = all ? r->have : r->have - r->have % each;
    size_t bytes = pj_pack(r->codes, n, r->make->bits, r->bytes);
    for (size_t i = 0; r->make->offset && i < bytes; i++)
        r->bytes[i] = (uint8_t)(r->bytes[i] + r->make->offset);
    memmove(r->codes, r->codes + n, r->have - n);
    r->have -= n;
    return r->to->put(r->to->payload, r->bytes, bytes, r->err);
}

/* Room for `n` codes, at most WINDOW. */
static pj_status room(run *r, size_t n, int8_t **out)
{
    if (r->have + n > WINDOW)
        PJ_TRY(flush(r, false));
    *out = r->codes + r->have;
    r->have += n;
    return PJ_OK;
}

static pj_status put_scales(run *r, const float *scale, size_t n)
{
    pj_lost lost = {0};
    if (!r->make->half_scales)
        return r->to->put(r->to->payload, scale, n * sizeof *scale, r->err);
    pj_halves(scale, n, (uint16_t *)(void *)r->bytes, &lost);
    return r->to->put(r->to->payload, r->bytes, 2 * n, r->err);
}

/* ---- number by number ---- */

static void measure(pj_rounding *sum, float x, float y)
{
    double error = (double)x - (double)y;
    sum->signal += (double)x * (double)x;
    sum->noise += error * error;
}

static void code_run(const pj_make *make, const float *x, size_t n, float scale, int8_t *out)
{
    const float m = (float)make->most;
    for (size_t i = 0; i < n; i++) {
        float q = rintf(x[i] / scale);
        q = q < -m ? -m : q;
        out[i] = (int8_t)(q < m ? q : m);
    }
    for (size_t i = 0; make->rounding && i < n; i++)
        measure(make->rounding, x[i], (float)out[i] * scale);
}

/* Numbers that have the same scale from p on, and its number. */
static size_t same_scale(const pj_make *make, int64_t p, size_t n, int64_t *scale)
{
    *scale = 0;
    if (make->scales <= 1)
        return n;
    int64_t left = make->lay.inner - p % make->lay.inner;
    *scale = p / make->lay.inner % make->lay.extent;
    return left < (int64_t)n ? (size_t)left : n;
}

static void eighth_run(const float *x, size_t n, float scale, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        float y = x[i] / scale;
        pj_eighths(&y, 1, out + i);
    }
}

static pj_status put_part(run *r, const float *x, int64_t p, size_t n)
{
    const pj_make *make = r->make;
    uint16_t *halves = (uint16_t *)(void *)r->bytes;
    int8_t *codes = NULL;
    int64_t scale;
    switch ((int)make->form) {
    case PJ_FORM_FLOAT:
        return r->to->put(r->to->payload, x, n * sizeof *x, r->err);
    case PJ_FORM_HALF:
        pj_halves(x, n, halves, r->lost);
        return r->to->put(r->to->payload, halves, 2 * n, r->err);
    case PJ_FORM_BRAIN:
        pj_brains(x, n, halves, r->lost);
        return r->to->put(r->to->payload, halves, 2 * n, r->err);
    case PJ_FORM_EIGHTH:
        for (size_t at = 0, part; at < n; at += part) {
            part = same_scale(make, p + (int64_t)at, n - at, &scale);
            eighth_run(x + at, part, make->scale[scale], r->bytes + at);
        }
        return r->to->put(r->to->payload, r->bytes, n, r->err);
    default:
        break;
    }
    PJ_TRY(room(r, n, &codes));
    for (size_t at = 0, part; at < n; at += part) {
        part = same_scale(make, p + (int64_t)at, n - at, &scale);
        code_run(make, x + at, part, make->scale[scale], codes + at);
    }
    return PJ_OK;
}

static pj_status run_numbers(run *r)
{
    const float *x;
    for (int64_t p = 0; p < r->make->from.count; p += WINDOW) {
        size_t n = part_of(r->make->from.count - p);
        PJ_TRY(view(&r->in, p, n, &x, r->err));
        PJ_TRY(put_part(r, x, p, n));
    }
    return flush(r, true);
}

/* ---- blocks ---- */

static int64_t blocks_of(const pj_make *make)
{
    return make->lay.extent / make->block + (make->lay.extent % make->block != 0);
}

/* A scale as it will be read. */
static float settled(const pj_make *make, float scale)
{
    uint16_t half;
    pj_lost lost = {0};
    if (!make->half_scales)
        return scale;
    pj_halves(&scale, 1, &half, &lost);
    if (half == 0 && scale > 0)
        half = 1;
    return (float)pj_element_real(PJ_FLOAT16, half);
}

/* The rows [first, first + n) of `inner` numbers have scales of their own, one a column. */
static pj_status find_scales(run *r, int64_t first, int64_t n, float *scale)
{
    const int64_t inner = r->make->lay.inner;
    const float *x;
    memset(scale, 0, (size_t)inner * sizeof *scale);
    for (int64_t at = 0; at < n; at += WINDOW) {
        size_t part = part_of(n - at);
        int64_t column = at % inner;
        PJ_TRY(view(&r->in, first + at, part, &x, r->err));
        for (size_t i = 0; i < part; i++) {
            float size = fabsf(x[i]);
            scale[column] = size > scale[column] ? size : scale[column];
            column = column + 1 == inner ? 0 : column + 1;
        }
    }
    for (int64_t i = 0; i < inner; i++) {
        float s = scale[i] / (float)r->make->most;
        scale[i] = settled(r->make, s > 0 ? s : 1);
    }
    return PJ_OK;
}

static pj_status put_block(run *r, int64_t first, int64_t n, const float *scale)
{
    const int64_t inner = r->make->lay.inner;
    const float *x;
    int8_t *codes;
    for (int64_t at = 0; at < n; at += WINDOW) {
        size_t part = part_of(n - at);
        int64_t column = at % inner;
        PJ_TRY(view(&r->in, first + at, part, &x, r->err));
        PJ_TRY(room(r, part, &codes));
        if (inner == 1) {
            code_run(r->make, x, part, scale[0], codes);
            continue;
        }
        for (size_t i = 0; i < part; i++) {
            code_run(r->make, x + i, 1, scale[column], codes + i);
            column = column + 1 == inner ? 0 : column + 1;
        }
    }
    return PJ_OK;
}

static pj_status run_blocks(run *r)
{
    const pj_make *make = r->make;
    const pj_lay *lay = &make->lay;
    float *scale = PJ_NEW(r->arena, float, lay->inner);
    if (!scale)
        return pj_fail_memory(r->err);
    for (int64_t o = 0; o < lay->outer; o++)
        for (int64_t a = 0; a < lay->extent; a += make->block) {
            int64_t rows = lay->extent - a < make->block ? lay->extent - a : make->block;
            int64_t first = (o * lay->extent + a) * lay->inner, n = rows * lay->inner;
            PJ_TRY(find_scales(r, first, n, scale));
            for (int64_t i = 0; make->form == PJ_FORM_BLOCK_SCALES && i < lay->inner; i += WINDOW)
                PJ_TRY(put_scales(r, scale + i, part_of(lay->inner - i)));
            if (make->form == PJ_FORM_BLOCK_CODES)
                PJ_TRY(put_block(r, first, n, scale));
        }
    return make->form == PJ_FORM_BLOCK_CODES ? flush(r, true) : PJ_OK;
}

/* ---- MatMulNBits ---- */

typedef struct block {
    float scale;
    float factor; /* 1 / scale; 0: there is none */
    float zero;
} block;

static block block_of(const pj_make *make, const float *w, int64_t n)
{
    const float codes = (float)((1 << make->bits) - 1), middle = (float)(1 << (make->bits - 1));
    float lo = 0, hi = 0, most = 0;
    block b = {0, 0, middle};
    for (int64_t i = 0; i < n; i++) {
        lo = w[i] < lo ? w[i] : lo;
        hi = w[i] > hi ? w[i] : hi;
        most = fabsf(w[i]) > fabsf(most) ? w[i] : most;
    }
    b.scale = settled(make, make->asymmetric ? (hi - lo) / codes : most / -middle);
    b.factor = b.scale != 0 ? 1 / b.scale : 0;
    if (make->asymmetric && b.scale != 0)
        b.zero = rintf(-lo * b.factor);
    return b;
}

static int8_t nbits_code(const pj_make *make, float w, const block *b)
{
    const float codes = (float)((1 << make->bits) - 1);
    float q = rintf(make->asymmetric ? w * b->factor + b->zero : w * b->factor);
    q = make->asymmetric ? q : q + b->zero;
    q = b->scale != 0 ? q : b->zero;
    q = q > 0 ? q : 0;
    return (int8_t)(uint8_t)(q < codes ? q : codes);
}

/* One row of N: K numbers that lie together. */
static pj_status put_row(run *r, const float *w)
{
    const pj_make *make = r->make;
    int64_t k = make->lay.extent;
    int8_t *out;
    for (int64_t at = 0; at < k; at += make->block) {
        int64_t n = k - at < make->block ? k - at : make->block;
        const block b = block_of(make, w + at, n);
        if (make->form == PJ_FORM_NBITS_SCALES) {
            PJ_TRY(put_scales(r, &b.scale, 1));
            continue;
        }
        if (make->form == PJ_FORM_NBITS_ZEROS) {
            PJ_TRY(room(r, 1, &out));
            *out = (int8_t)(uint8_t)b.zero;
            continue;
        }
        PJ_TRY(room(r, (size_t)make->block, &out));
        for (int64_t i = 0; i < make->block; i++)
            out[i] = nbits_code(make, i < n ? w[at + i] : 0, &b);
        for (int64_t i = 0; make->rounding && i < n; i++)
            measure(make->rounding, w[at + i], ((float)(uint8_t)out[i] - b.zero) * b.scale);
    }
    return make->form == PJ_FORM_NBITS_SCALES ? PJ_OK : flush(r, true);
}

/* Columns of [K, N], so many at once as memory allows. */
static pj_status run_columns(run *r)
{
    const pj_make *make = r->make;
    const int64_t k = make->lay.extent, n = make->lay.inner;
    int64_t wide = TILE_BYTES / 4 / (k > 0 ? k : 1);
    wide = wide < 1 ? 1 : wide > n ? n : wide > WINDOW ? WINDOW : wide;
    float *tile = PJ_NEW(r->arena, float, wide *k);
    if (!tile)
        return pj_fail_memory(r->err);
    for (int64_t first = 0; first < n; first += wide) {
        int64_t columns = n - first < wide ? n - first : wide;
        for (int64_t a = 0; a < k; a++) {
            const float *x = r->in.x;
            PJ_TRY(make->from.get(make->from.payload, a * n + first, (size_t)columns, r->in.x, r->err));
            for (int64_t i = 0; i < columns; i++)
                tile[i * k + a] = x[i];
        }
        for (int64_t i = 0; i < columns; i++)
            PJ_TRY(put_row(r, tile + i * k));
    }
    return PJ_OK;
}

static pj_status run_rows(run *r)
{
    const int64_t k = r->make->lay.extent;
    float *row = PJ_NEW(r->arena, float, k);
    if (!row)
        return pj_fail_memory(r->err);
    for (int64_t o = 0; o < r->make->lay.outer; o++) {
        for (int64_t at = 0; at < k; at += WINDOW) {
            const float *x;
            size_t n = part_of(k - at);
            PJ_TRY(view(&r->in, o * k + at, n, &x, r->err));
            memcpy(row + at, x, n * sizeof *x);
        }
        PJ_TRY(put_row(r, row));
    }
    return PJ_OK;
}

/* ---- all forms ---- */

static pj_status run_form(run *r)
{
    switch ((int)r->make->form) {
    case PJ_FORM_BLOCK_SCALES:
    case PJ_FORM_BLOCK_CODES:
        return run_blocks(r);
    case PJ_FORM_NBITS:
    case PJ_FORM_NBITS_SCALES:
    case PJ_FORM_NBITS_ZEROS:
        return r->make->lay.inner > 1 ? run_columns(r) : run_rows(r);
    default:
        return run_numbers(r);
    }
}

static pj_status start(run *r, const pj_numbers *from, pj_error *err)
{
    memset(r, 0, sizeof *r);
    r->err = err;
    r->arena = pj_arena_new(0);
    r->in.from = from;
    r->in.x = r->arena ? PJ_NEW(r->arena, float, WINDOW) : NULL;
    return r->in.x ? PJ_OK : pj_fail_memory(err);
}

pj_status pj_make_run(const pj_make *make, const pj_bytes_to *to, pj_lost *lost, pj_error *err)
{
    run r;
    const uint64_t bad = lost->bad;
    pj_status status = start(&r, &make->from, err);
    r.make = make;
    r.to = to;
    r.lost = lost;
    if (status == PJ_OK) {
        r.codes = PJ_NEW(r.arena, int8_t, WINDOW + 8);
        r.bytes = PJ_NEW(r.arena, uint8_t, 4 * WINDOW);
        status = r.codes && r.bytes ? run_form(&r) : pj_fail_memory(err);
    }
    if (status == PJ_OK && lost->bad > bad && !make->keeps_special)
        status = pj_fail(err, PJ_EFORMAT, "the tensor '%.200s' has %llu numbers that are NaN or infinite",
                         make->name ? make->name : "", (unsigned long long)(lost->bad - bad));
    pj_arena_free(r.arena);
    return status;
}

bool pj_make_bytes(const pj_make *make, uint64_t *out)
{
    const uint64_t count = (uint64_t)make->from.count, scale = make->half_scales ? 2 : 4;
    const uint64_t rest = (uint64_t)make->lay.outer * (uint64_t)make->lay.inner; /* not more than `count`, or all 0 */
    const uint64_t blocks = make->block > 0 ? (uint64_t)blocks_of(make) : 0;
    const uint64_t bits = make->bits > 0 ? (uint64_t)make->bits : 8;
    uint64_t row;
    switch (make->form) {
    case PJ_FORM_FLOAT:
        return pj_mul_u64(count, 4, out);
    case PJ_FORM_HALF:
    case PJ_FORM_BRAIN:
        return pj_mul_u64(count, 2, out);
    case PJ_FORM_EIGHTH:
        *out = count;
        return true;
    case PJ_FORM_CODES:
    case PJ_FORM_BLOCK_CODES:
        *out = count / (8 / bits) + (count % (8 / bits) != 0);
        return true;
    case PJ_FORM_BLOCK_SCALES:
    case PJ_FORM_NBITS_SCALES:
        return pj_mul_u64(rest, blocks, out) && pj_mul_u64(*out, scale, out);
    case PJ_FORM_NBITS:
        return pj_mul_u64(blocks, (uint64_t)make->block * bits / 8, &row) && pj_mul_u64(rest, row, out);
    case PJ_FORM_NBITS_ZEROS:
        return pj_mul_u64(rest, (blocks * bits + 7) / 8, out);
    }
    return false;
}

pj_status pj_make_most(const pj_numbers *from, pj_lay lay, float *most, uint64_t *bad, pj_error *err)
{
    run r;
    const float *x;
    const pj_make make = {.lay = lay, .scales = lay.extent};
    uint64_t wrong = 0;
    pj_status status = start(&r, from, err);
    memset(most, 0, (size_t)lay.extent * sizeof *most);
    for (int64_t p = 0; status == PJ_OK && p < from->count; p += WINDOW) {
        size_t n = part_of(from->count - p);
        status = view(&r.in, p, n, &x, err);
        for (size_t at = 0, part; status == PJ_OK && at < n; at += part) {
            int64_t a;
            part = same_scale(&make, p + (int64_t)at, n - at, &a);
            float largest = most[a];
            for (size_t i = at; i < at + part; i++) {
                float size = fabsf(x[i]);
                wrong += !(size <= 0x1.fffffep127F);
                largest = size > largest && size <= 0x1.fffffep127F ? size : largest;
            }
            most[a] = largest;
        }
    }
    *bad += wrong;
    pj_arena_free(r.arena);
    return status;
}

/* ---- numbers that are changed on the way ---- */

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

pj_status pj_make_scaled(const pj_numbers *from, pj_lay lay, const double *factor, pj_arena *arena, pj_numbers *out,
                         pj_error *err)
{
    scaled *s = PJ_NEW(arena, scaled, 1);
    if (!s)
        return pj_fail_memory(err);
    *s = (scaled){*from, lay, factor};
    *out = (pj_numbers){get_scaled, s, from->count};
    return PJ_OK;
}

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

/* Counts magnitudes by 16 of their bits, of those whose bits above are `top` (-1: of all). */
static pj_status count_sizes(run *r, int64_t top, uint64_t *bin)
{
    const float *x;
    memset(bin, 0, 65536 * sizeof *bin);
    for (int64_t p = 0; p < r->in.from->count; p += WINDOW) {
        size_t n = part_of(r->in.from->count - p);
        PJ_TRY(view(&r->in, p, n, &x, r->err));
        for (size_t i = 0; i < n; i++) {
            uint32_t bits;
            memcpy(&bits, &x[i], sizeof bits);
            bits &= 0x7fffffff;
            if (top < 0)
                bin[bits >> 16]++;
            else if (bits >> 16 == (uint32_t)top)
                bin[bits & 0xffff]++;
        }
    }
    return PJ_OK;
}

/* The bin that holds number *rank (from 0), which becomes its number in the bin. */
static int64_t bin_of(const uint64_t *bin, uint64_t *rank)
{
    int64_t i = 0;
    for (; i < 65535 && *rank >= bin[i]; i++)
        *rank -= bin[i];
    return i;
}

/* The place of the equal number `rank` (from 0). */
static pj_status find_equal(run *r, float size, uint64_t rank, int64_t *out)
{
    const float *x;
    for (int64_t p = 0; p < r->in.from->count; p += WINDOW) {
        size_t n = part_of(r->in.from->count - p);
        PJ_TRY(view(&r->in, p, n, &x, r->err));
        for (size_t i = 0; i < n; i++)
            if (fabsf(x[i]) == size && rank-- == 0) {
                *out = p + (int64_t)i;
                return PJ_OK;
            }
    }
    return PJ_OK;
}

static pj_status find_sparse(run *r, uint64_t zeros, sparse *out)
{
    uint64_t rank = zeros - 1, *bin = PJ_NEW(r->arena, uint64_t, 65536);
    if (!bin)
        return pj_fail_memory(r->err);
    PJ_TRY(count_sizes(r, -1, bin));
    int64_t top = bin_of(bin, &rank);
    PJ_TRY(count_sizes(r, top, bin));
    uint32_t bits = (uint32_t)top << 16 | (uint32_t)bin_of(bin, &rank);
    memcpy(&out->most, &bits, sizeof bits);
    return find_equal(r, out->most, rank, &out->last);
}

pj_status pj_make_sparse(const pj_numbers *from, double share, pj_arena *arena, pj_numbers *out, uint64_t *zeros,
                         pj_error *err)
{
    run r;
    sparse *s = PJ_NEW(arena, sparse, 1);
    if (!s)
        return pj_fail_memory(err);
    *s = (sparse){.from = *from, .most = -1, .last = -1};
    *out = (pj_numbers){get_sparse, s, from->count};
    *zeros = (uint64_t)floor(share * (double)from->count);
    if (*zeros == 0)
        return PJ_OK;
    pj_status status = start(&r, from, err);
    if (status == PJ_OK)
        status = find_sparse(&r, *zeros, s);
    pj_arena_free(r.arena);
    return status;
}

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

pj_status pj_make_grouped(const pj_numbers *from, pj_lay lay, int64_t keep, int64_t of, pj_arena *arena,
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
