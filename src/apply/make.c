/* Contents of new tensors, a window at a time. */
#include "apply/make.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/ckd.h"
#include "ir/graph.h"

enum { TILE_BYTES = 16 << 20 };

/* ---- writing ---- */

/* What one run works with. */
typedef struct run {
    const pj_make *make;
    const pj_bytes_to *to;
    pj_lost *lost;
    pj_error *err;
    pj_arena *arena;
    pj_window in;
    int8_t *codes; /* that wait to be packed: PJ_WINDOW and a few */
    size_t have;
    uint8_t *bytes; /* 4 * PJ_WINDOW */
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

/* Room for `n` codes, at most PJ_WINDOW. */
static pj_status room(run *r, size_t n, int8_t **out)
{
    if (r->have + n > PJ_WINDOW)
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
    for (int64_t p = 0; p < r->make->from.count; p += PJ_WINDOW) {
        size_t n = pj_window_part(r->make->from.count - p);
        PJ_TRY(pj_window_view(&r->in, p, n, &x, r->err));
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
    for (int64_t at = 0; at < n; at += PJ_WINDOW) {
        size_t part = pj_window_part(n - at);
        int64_t column = at % inner;
        PJ_TRY(pj_window_view(&r->in, first + at, part, &x, r->err));
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
    for (int64_t at = 0; at < n; at += PJ_WINDOW) {
        size_t part = pj_window_part(n - at);
        int64_t column = at % inner;
        PJ_TRY(pj_window_view(&r->in, first + at, part, &x, r->err));
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
            for (int64_t i = 0; make->form == PJ_FORM_BLOCK_SCALES && i < lay->inner; i += PJ_WINDOW)
                PJ_TRY(put_scales(r, scale + i, pj_window_part(lay->inner - i)));
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
        b.zero = fminf(rintf(-lo * b.factor), codes); /* a scale of fp16 may be far less than asked */
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
    wide = wide < 1 ? 1 : wide > n ? n : wide > PJ_WINDOW ? PJ_WINDOW : wide;
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
        for (int64_t at = 0; at < k; at += PJ_WINDOW) {
            const float *x;
            size_t n = pj_window_part(k - at);
            PJ_TRY(pj_window_view(&r->in, o * k + at, n, &x, r->err));
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
    return r->arena ? pj_window_new(from, r->arena, &r->in, err) : pj_fail_memory(err);
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
        r.codes = PJ_NEW(r.arena, int8_t, PJ_WINDOW + 8);
        r.bytes = PJ_NEW(r.arena, uint8_t, 4 * PJ_WINDOW);
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
    for (int64_t p = 0; status == PJ_OK && p < from->count; p += PJ_WINDOW) {
        size_t n = pj_window_part(from->count - p);
        status = pj_window_view(&r.in, p, n, &x, err);
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
