/* Jobs: groups of channels, then whole tensors; reading, transposing, and adding up what they find. */
#include "weights/measure.h"

#include <time.h>

#include "base/parallel.h"
#include "weights/distinct.h"
#include "weights/search.h"

/* Numbers: of a job; of a row that is held in memory (longer ones are read anew for each pass); of a run of those; of
 * rows that are worked on together, so that they stay in the cache. */
enum { JOB = 1 << 20, MOST_TILE = 1 << 21, RUN = 1 << 16, GROUP = 1 << 15, SEGMENT = 512 };

/* One constant of a batch. */
typedef struct item {
    pj_reader reader;
    pj_measured *out;
    int64_t lead, outer, channels, inner; /* as in pj_constant, with lead 1 where outer is */
    int64_t step;                         /* channels of one job */
    size_t first_job, jobs;
} item;

/* What a job found; kept until those before it are added. */
typedef struct part {
    pj_scan scan;
    pj_value_set channel_values;
    bool many;        /* more than PJ_MOST_DISTINCT values */
    double *distinct; /* else these */
    size_t distincts;
    pj_errors errors;
    bool is_late; /* nothing was looked at: there was no time left */
} part;

/* Memory of one thread. */
typedef struct worker {
    pj_arena *arena; /* for what parts keep */
    uint8_t *scratch;
    double *tile, *rows;
    pj_distinct *distinct;
} worker;

typedef struct measure {
    const pj_measure_options *options;
    pj_arena *arena; /* of one batch */
    item *item;
    size_t items;
    part *part;
    size_t *item_of; /* by job */
    size_t jobs;
    worker worker[PJ_MOST_THREADS];
    int threads;
    struct timespec start;
} measure;

static const char late[] = "the time limit was over before it was looked at";

static bool is_late(const measure *m)
{
    struct timespec now;
    if (m->options->seconds <= 0)
        return false;
    timespec_get(&now, TIME_UTC);
    return (double)(now.tv_sec - m->start.tv_sec) + 1e-9 * (double)(now.tv_nsec - m->start.tv_nsec) >
           m->options->seconds;
}

static pj_value_set merge_values(pj_value_set a, pj_value_set b)
{
    pj_value_set least = a < b ? a : b, most = a < b ? b : a;
    return least == PJ_VALUES_ZERO && most == PJ_VALUES_BINARY ? PJ_VALUES_TERNARY : most;
}

pj_value_set pj_values_of(const pj_scan *scan)
{
    double most = pj_scan_most(scan);
    if (scan->finite == 0)
        return PJ_VALUES_NONE;
    if (most == 0)
        return PJ_VALUES_ZERO;
    if (!scan->is_po2)
        return PJ_VALUES_ANY;
    if (scan->least != most)
        return PJ_VALUES_PO2;
    return scan->zeros ? PJ_VALUES_TERNARY : PJ_VALUES_BINARY;
}

/* A row of numbers: in memory, or read as it is needed. */
typedef struct row {
    const item *of;
    worker *worker;
    double *held;    /* NULL: not in memory */
    int64_t first;   /* of its first segment */
    int64_t count;   /* of all of them */
    int64_t segment; /* numbers that stand together ... */
    int64_t pitch;   /* ... every so many */
    bool has_infinite;
} row;

/* Numbers of a row between which others stand: with those, where they are close together. */
static pj_status read_segments(const row *r, int64_t at, int64_t want, pj_error *err)
{
    double *out = r->worker->rows, *span = r->worker->tile;
    int64_t spans = r->pitch < RUN ? RUN / r->pitch : 0;
    for (int64_t have = 0; have < want;) {
        int64_t in = (at + have) % r->segment, number = (at + have) / r->segment;
        int64_t length = r->segment - in < want - have ? r->segment - in : want - have;
        if (spans > 1 && in == 0 && length == r->segment) {
            int64_t n = (want - have) / r->segment < spans ? (want - have) / r->segment : spans;
            int64_t from = r->first + number * r->pitch, all = (n - 1) * r->pitch + r->segment;
            PJ_TRY(pj_reader_get(&r->of->reader, from, all, r->worker->scratch, span, err));
            for (int64_t k = 0; k < n; k++, have += r->segment)
                memcpy(out + have, span + k * r->pitch, (size_t)r->segment * sizeof *out);
            continue;
        }
        PJ_TRY(pj_reader_get(&r->of->reader, r->first + number * r->pitch + in, length, r->worker->scratch, out + have,
                             err));
        have += length;
    }
    return PJ_OK;
}

static pj_status next_run(void *payload, int64_t at, const double **w, size_t *n, pj_error *err)
{
    row *r = payload;
    int64_t want = r->count - at < RUN ? r->count - at : RUN;
    *w = r->held;
    *n = (size_t)r->count;
    if (r->held)
        return PJ_OK;
    *w = r->worker->rows;
    *n = (size_t)want;
    if (r->segment == r->count)
        PJ_TRY(pj_reader_get(&r->of->reader, r->first + at, want, r->worker->scratch, r->worker->rows, err));
    else
        PJ_TRY(read_segments(r, at, want, err));
    if (r->has_infinite)
        pj_clear_infinite(r->worker->rows, *n);
    return PJ_OK;
}

/* All of a row for the first time. */
static pj_status scan_row(const measure *m, row *r, pj_scan *scan, pj_error *err)
{
    pj_distinct *distinct = r->worker->distinct;
    size_t n = 0;
    *scan = pj_scan_new();
    for (int64_t at = 0; at < r->count; at += (int64_t)n) {
        const double *w;
        PJ_TRY(next_run(r, at, &w, &n, err));
        double *runs = r->held ? r->held : r->worker->rows; /* = w */
        int64_t infinite = scan->nans + scan->infinities;
        pj_scan_add(scan, runs, n);
        if (!m->options->distinct || distinct->is_full)
            continue;
        if (scan->nans + scan->infinities == infinite)
            pj_distinct_add(distinct, w, n);
        else /* what is not finite became 0, which need not be one of the values */
            for (size_t i = 0; i < n; i++)
                if (w[i] != 0 || scan->zeros > 0)
                    pj_distinct_add(distinct, &w[i], 1);
    }
    r->has_infinite = scan->nans + scan->infinities > 0;
    return PJ_OK;
}

static pj_status measure_row(const measure *m, row *r, part *out, pj_error *err)
{
    pj_scan scan;
    pj_run_source source = {r->count, next_run, r};
    PJ_TRY(scan_row(m, r, &scan, err));
    pj_scan_merge(&out->scan, &scan);
    out->channel_values = merge_values(out->channel_values, pj_values_of(&scan));
    if (!m->options->grain[PJ_PER_CHANNEL])
        return PJ_OK;
    return pj_add_errors(&source, &scan, m->options, PJ_PER_CHANNEL, &out->errors, err);
}

static int64_t length_of(const item *it)
{
    return it->outer * it->inner;
}

/* Channels that are too long to be held, one by one. */
static pj_status measure_long(const measure *m, const item *it, worker *w, int64_t lead, int64_t from, int64_t to,
                              part *out, pj_error *err)
{
    for (int64_t c = from; c < to; c++) {
        row r = {it,
                 w,
                 NULL,
                 (lead * it->outer * it->channels + c) * it->inner,
                 length_of(it),
                 it->inner,
                 it->channels * it->inner,
                 false};
        if (it->outer == 1)
            r.segment = r.count;
        PJ_TRY(measure_row(m, &r, out, err));
    }
    return PJ_OK;
}

/* Channels that stand one after the other. */
static pj_status measure_rows(const measure *m, const item *it, worker *w, int64_t from, int64_t to, part *out,
                              pj_error *err)
{
    int64_t length = it->inner, group = length < GROUP ? GROUP / length : 1;
    for (int64_t c = from; c < to; c += group) {
        int64_t rows = to - c < group ? to - c : group;
        PJ_TRY(pj_reader_get(&it->reader, c * length, rows * length, w->scratch, w->rows, err));
        for (int64_t k = 0; k < rows; k++) {
            row r = {.of = it, .worker = w, .held = w->rows + k * length, .count = length};
            PJ_TRY(measure_row(m, &r, out, err));
        }
    }
    return PJ_OK;
}

/* Some channels of a tile become rows. */
static void gather(const item *it, const double *tile, int64_t width, int64_t channel, int64_t rows, double *out)
{
    int64_t length = length_of(it), inner = it->inner;
    for (int64_t o = 0; o < it->outer; o++) {
        const double *from = tile + o * width + channel * inner;
        for (int64_t k = 0; k < rows; k++)
            for (int64_t i = 0; i < inner; i++)
                out[k * length + o * inner + i] = from[k * inner + i];
    }
}

/* Channels between whose numbers those of others stand: read together, then taken apart. */
static pj_status measure_tile(const measure *m, const item *it, worker *w, int64_t lead, int64_t from, int64_t to,
                              part *out, pj_error *err)
{
    int64_t length = length_of(it), group = length < GROUP ? GROUP / length : 1, width = (to - from) * it->inner;
    bool whole = width == it->channels * it->inner;
    int64_t reads = whole ? 1 : it->outer, part_of_tile = whole ? it->outer * width : width;
    for (int64_t o = 0; o < reads; o++) {
        int64_t first = ((lead * it->outer + o) * it->channels + from) * it->inner;
        PJ_TRY(pj_reader_get(&it->reader, first, part_of_tile, w->scratch, w->tile + o * width, err));
    }
    for (int64_t c = 0; c < to - from; c += group) {
        int64_t rows = to - from - c < group ? to - from - c : group;
        gather(it, w->tile, width, c, rows, w->rows);
        for (int64_t k = 0; k < rows; k++) {
            row r = {.of = it, .worker = w, .held = w->rows + k * length, .count = length};
            PJ_TRY(measure_row(m, &r, out, err));
        }
    }
    return PJ_OK;
}

static pj_status keep_distinct(const worker *w, part *out, pj_error *err)
{
    out->many = w->distinct->is_full;
    out->distincts = out->many ? 0 : w->distinct->count;
    out->distinct = pj_arena_memdup(w->arena, w->distinct->value, out->distincts, sizeof *out->distinct);
    return pj_got(out->distinct, err);
}

static pj_status channel_job(void *payload, size_t job, int thread, pj_error *err)
{
    measure *m = payload;
    worker *w = &m->worker[thread];
    const item *it = &m->item[m->item_of[job]];
    part *out = &m->part[job];
    int64_t per_lead = (it->channels + it->step - 1) / it->step, number = (int64_t)(job - it->first_job);
    int64_t lead = number / per_lead, from = number % per_lead * it->step;
    int64_t to = it->channels - from < it->step ? it->channels : from + it->step;
    if (thread == 0) /* the caller's */
        PJ_TRY(pj_watch_step(m->options->watch, "weights", job, m->jobs, err));
    out->scan = pj_scan_new();
    pj_distinct_clear(w->distinct);
    out->is_late = is_late(m);
    if (out->is_late)
        return PJ_OK;
    if (length_of(it) > MOST_TILE)
        PJ_TRY(measure_long(m, it, w, lead, from, to, out, err));
    else if (it->outer == 1)
        PJ_TRY(measure_rows(m, it, w, from, to, out, err));
    else
        PJ_TRY(measure_tile(m, it, w, lead, from, to, out, err));
    return keep_distinct(w, out, err);
}

static pj_status tensor_job(void *payload, size_t job, int thread, pj_error *err)
{
    measure *m = payload;
    item *it = &m->item[job];
    pj_measured *out = it->out;
    int64_t count = it->lead * it->outer * it->channels * it->inner;
    row r = {it, &m->worker[thread], NULL, 0, count, count, count, out->scan.nans + out->scan.infinities > 0};
    pj_run_source source = {count, next_run, &r};
    if (it->jobs == 0 || out->absent)
        return PJ_OK;
    if (is_late(m)) {
        out->absent = late;
        return PJ_OK;
    }
    if (it->lead * it->channels == 1 && m->options->grain[PJ_PER_CHANNEL]) {
        memcpy(out->errors.sum[PJ_PER_TENSOR], out->errors.sum[PJ_PER_CHANNEL], sizeof out->errors.sum[PJ_PER_TENSOR]);
        return PJ_OK;
    }
    return pj_add_errors(&source, &out->scan, m->options, PJ_PER_TENSOR, &out->errors, err);
}

/* Sizes of a job's share: whole channels, so many that a job is worth a thread's while, and that what stands together
 * in the file is not read in crumbs. */
static void divide(const pj_constant *c, item *it)
{
    it->lead = c->lead;
    it->outer = c->outer;
    it->channels = c->channels;
    it->inner = c->inner;
    if (it->outer == 1) {
        it->channels *= it->lead;
        it->lead = 1;
    }
    int64_t length = length_of(it), count = it->lead * it->channels * length;
    if (count == 0)
        return;
    it->step = length < JOB ? JOB / length : 1;
    if (it->outer > 1 && it->step * it->inner < SEGMENT && length <= MOST_TILE) {
        int64_t wide = SEGMENT / it->inner + 1, most = MOST_TILE / length;
        it->step = wide < most ? wide : most;
    }
    it->step = it->step < it->channels ? it->step : it->channels;
    it->jobs = (size_t)(it->lead * ((it->channels + it->step - 1) / it->step));
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Memory of the threads, for the largest of all jobs. */
static pj_status make_workers(measure *m, const pj_constant *const *constants, size_t count, pj_arena *arena,
                              pj_error *err)
{
    int64_t tile = 0, longest = RUN;
    for (size_t i = 0; i < count; i++) {
        item it = {.jobs = 0};
        divide(constants[i], &it);
        if (it.jobs > 0 && it.outer > 1 && length_of(&it) > MOST_TILE)
            tile = larger(tile, RUN);
        if (it.jobs == 0 || length_of(&it) > MOST_TILE)
            continue;
        longest = larger(longest, length_of(&it));
        tile = it.outer > 1 ? larger(tile, it.step * length_of(&it)) : tile;
    }
    for (int i = 0; i < m->threads; i++) {
        worker *w = &m->worker[i];
        w->arena = pj_arena_new(0);
        w->scratch = PJ_NEW(arena, uint8_t, PJ_READ_BYTES);
        w->tile = PJ_NEW(arena, double, tile);
        w->rows = PJ_NEW(arena, double, longest);
        w->distinct = PJ_NEW(arena, pj_distinct, 1);
        PJ_TRY(pj_got(w->arena && w->scratch && w->tile && w->rows && w->distinct, err));
    }
    return PJ_OK;
}

static void add_part(pj_measured *out, const part *from, pj_distinct *set)
{
    pj_scan_merge(&out->scan, &from->scan);
    out->channel_values = merge_values(out->channel_values, from->channel_values);
    for (int rule = 0; rule < 2; rule++)
        for (int f = 0; f < PJ_MOST_FORMATS; f++)
            out->errors.sum[PJ_PER_CHANNEL][rule][f] += from->errors.sum[PJ_PER_CHANNEL][rule][f];
    set->is_full = set->is_full || from->many;
    pj_distinct_add(set, from->distinct, from->distincts);
}

static void add_parts(measure *m, item *it)
{
    pj_distinct *set = m->worker[0].distinct;
    pj_distinct_clear(set);
    for (size_t k = 0; k < it->jobs; k++) {
        add_part(it->out, &m->part[it->first_job + k], set);
        if (m->part[it->first_job + k].is_late)
            it->out->absent = late;
    }
    it->out->distinct = set->is_full ? PJ_MOST_DISTINCT + 1 : (int64_t)set->count;
}

static pj_status run_batch(measure *m, pj_error *err)
{
    m->part = PJ_NEW(m->arena, part, m->jobs);
    m->item_of = PJ_NEW(m->arena, size_t, m->jobs);
    PJ_TRY(pj_got(m->part && m->item_of, err));
    for (size_t i = 0; i < m->items; i++)
        for (size_t k = 0; k < m->item[i].jobs; k++)
            m->item_of[m->item[i].first_job + k] = i;
    PJ_TRY(pj_parallel(m->threads, m->jobs, channel_job, NULL, m, err));
    for (size_t i = 0; i < m->items; i++)
        add_parts(m, &m->item[i]);
    if (!m->options->grain[PJ_PER_TENSOR] || m->options->grids == 0)
        return PJ_OK;
    return pj_parallel(m->threads, m->items, tensor_job, NULL, m, err);
}

enum { MOST_ITEMS = 4096, MOST_JOBS = 4096, MOST_SIDE_BYTES = 64 << 20 };

/* Opens constants from number *at on, as many as make a batch. */
static pj_status fill_batch(measure *m, const pj_constant *const *constants, size_t count, size_t *at,
                            pj_weight_files *files, pj_measured *out, pj_error *err)
{
    m->item = PJ_NEW(m->arena, item, MOST_ITEMS);
    m->items = m->jobs = 0;
    PJ_TRY(pj_got(m->item, err));
    for (; *at < count && m->items < MOST_ITEMS && m->jobs < MOST_JOBS && !pj_weight_files_full(files) &&
           pj_arena_bytes(m->arena) < MOST_SIDE_BYTES;
         ++*at) {
        item *it = &m->item[m->items];
        it->out = &out[*at];
        *it->out = (pj_measured){.scan = pj_scan_new()};
        PJ_TRY(pj_reader_open(&it->reader, constants[*at], files, m->arena, &it->out->absent, err));
        if (it->out->absent)
            continue;
        divide(constants[*at], it);
        it->first_job = m->jobs;
        m->jobs += it->jobs;
        m->items++;
    }
    return PJ_OK;
}

static pj_status run_all(measure *m, const pj_model *model, const pj_constant *const *constants, size_t count,
                         pj_arena *arena, pj_measured *out, pj_error *err)
{
    pj_weight_files files;
    pj_status status = PJ_OK;
    PJ_TRY(pj_weight_files_new(&files, model, arena, err));
    PJ_TRY(make_workers(m, constants, count, arena, err));
    for (size_t at = 0; status == PJ_OK && at < count;) {
        pj_arena_reset(m->arena);
        for (int i = 0; i < m->threads; i++)
            pj_arena_reset(m->worker[i].arena);
        status = pj_watch_step(m->options->watch, "weights", 0, 0, err);
        if (status == PJ_OK)
            status = fill_batch(m, constants, count, &at, &files, out, err);
        if (status == PJ_OK)
            status = run_batch(m, err);
        pj_weight_files_close(&files);
    }
    return status;
}

pj_status pj_measure(const pj_model *model, const pj_constant *const *constants, size_t count,
                     const pj_measure_options *options, pj_measured *out, pj_error *err)
{
    bool in_turn = pj_origin_calls(model->origin); /* callbacks are called by the thread that called us */
    measure m = {.options = options, .threads = in_turn ? 1 : pj_threads(options->threads)};
    pj_arena *arena = pj_arena_new(0);
    timespec_get(&m.start, TIME_UTC);
    m.arena = pj_arena_new(0);
    pj_status status = arena && m.arena ? run_all(&m, model, constants, count, arena, out, err) : pj_fail_memory(err);
    for (int i = 0; i < m.threads; i++)
        pj_arena_free(m.worker[i].arena);
    pj_arena_free(m.arena);
    pj_arena_free(arena);
    return status;
}
