/* Chunks: a file each, by threads that take the next one of their shard. */
#include "base/parallel.h"
#include "picojoule/version.h"
#include "study/study.h"

typedef struct runner {
    const pj_study *study;
    const pj_study_ask *ask;
    const pj_since *since;        /* or NULL */
    uint64_t first, step, chunks; /* of the shard; all of the study */
    pj_work_bench *bench[PJ_MOST_THREADS];
    pj_study_done by[PJ_MOST_THREADS];
    uint64_t total, told; /* points of the shard, and of chunks that are there by now */
} runner;

static uint64_t chunk_at(const runner *r, size_t job)
{
    return r->first + job * r->step;
}

static void span(const pj_study *study, uint64_t chunk, uint64_t *first, uint64_t *end)
{
    *first = chunk * study->chunk;
    *end = study->points - *first > study->chunk ? *first + study->chunk : study->points;
}

static void note_number(pj_sheet *sheet, const char *key, uint64_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, number);
    pj_sheet_note(sheet, key, text);
}

/* What is told beside the rows. Nothing of when, where and by whom: files are the same bytes whoever writes them. */
static void note_facts(const pj_study *study, uint64_t chunk, const pj_study_sheets *sheets)
{
    pj_sheet *sheet = sheets->points;
    uint64_t first, end;
    span(study, chunk, &first, &end);
    pj_sheet_note(sheet, "picojoule.schema", "picojoule.sweep-points/1");
    pj_sheet_note(sheet, "picojoule.version", PICOJOULE_VERSION);
    pj_sheet_note(sheet, "picojoule.spec", study->sha256);
    note_number(sheet, "picojoule.chunk", chunk);
    note_number(sheet, "picojoule.first", first);
    note_number(sheet, "picojoule.last", end - 1);
    note_number(sheet, "picojoule.errors", sheets->errors);
    for (size_t i = 0; i < PJ_STUDY_CODES; i++) {
        char key[64];
        if (!sheets->code[i])
            continue;
        snprintf(key, sizeof key, "picojoule.error.%s", pj_code_at(i));
        note_number(sheet, key, sheets->code[i]);
    }
}

/* The files of one chunk. */
typedef struct chunk_files {
    pj_whole points, devices, layers;
    pj_study_sheets sheets;
} chunk_files;

static pj_status begin_file(const runner *r, const char *kind, uint64_t chunk, const pj_sheet_column *columns,
                            size_t count, pj_arena *arena, pj_whole *whole, pj_sheet **sheet, pj_error *err)
{
    PJ_TRY(pj_whole_begin(whole, r->study->target, kind, chunk, arena, err));
    *sheet = pj_sheet_new(&pj_sheet_parquet, columns, count, pj_whole_write, whole);
    return pj_got(*sheet, err);
}

static pj_status begin_files(const runner *r, uint64_t chunk, pj_arena *arena, chunk_files *out, pj_error *err)
{
    const pj_study *study = r->study;
    pj_study_sheets *sheets = &out->sheets;
    if (study->has_devices)
        PJ_TRY(begin_file(r, "devices", chunk, pj_device_columns, pj_device_column_count, arena, &out->devices,
                          &sheets->devices, err));
    if (r->ask->layers) {
        size_t count;
        const pj_sheet_column *columns = pj_layer_columns(arena, &count);
        PJ_TRY(pj_got(columns, err));
        PJ_TRY(begin_file(r, "layers", chunk, columns, count, arena, &out->layers, &sheets->layers, err));
    }
    return begin_file(r, "points", chunk, study->column, study->columns, arena, &out->points, &sheets->points, err);
}

static pj_status end_sheet(pj_sheet *sheet, pj_status status, pj_error *err)
{
    return status == PJ_OK && sheet ? pj_sheet_end(sheet, err) : status;
}

/* That of points is the last: it says that the chunk is done. */
static pj_status end_files(chunk_files *files, pj_status status, pj_error *err)
{
    status = end_sheet(files->sheets.devices, status, err);
    status = end_sheet(files->sheets.layers, status, err);
    status = end_sheet(files->sheets.points, status, err);
    status = pj_whole_end(&files->devices, status, err);
    status = pj_whole_end(&files->layers, status, err);
    status = pj_whole_end(&files->points, status, err);
    pj_sheet_free(files->sheets.devices);
    pj_sheet_free(files->sheets.layers);
    pj_sheet_free(files->sheets.points);
    return status;
}

/* The end of the points from `at` on that are of the same model. */
static pj_status find_run(const pj_study *study, uint64_t at, uint64_t end, pj_arena *scratch, uint64_t *out,
                          pj_error *err)
{
    const pj_study_model *model = NULL;
    for (*out = at; *out < end; ++*out) {
        pj_point point;
        pj_arena_reset(scratch);
        PJ_TRY(pj_point_make(study, *out, scratch, &point, err));
        if (model && model != point.model)
            break;
        model = point.model;
    }
    return PJ_OK;
}

/* Each model by itself first. */
static pj_status price_with_care(runner *r, uint64_t at, uint64_t end, pj_work_bench *bench, pj_study_sheets *sheets,
                                 pj_error *err)
{
    pj_arena *scratch = pj_arena_new(0);
    pj_status status = pj_got(scratch, err);
    while (at < end && status == PJ_OK) {
        uint64_t last;
        char why[100] = "";
        status = find_run(r->study, at, end, scratch, &last, err);
        if (status == PJ_OK)
            status = pj_try_points(r->study, at, last, why, sizeof why, err);
        for (; status == PJ_OK && at < last; at++)
            status = *why ? pj_bench_crashed(bench, at, why, sheets, err) : pj_bench_point(bench, at, sheets, err);
    }
    pj_arena_free(scratch);
    return status;
}

/* Rows that an earlier sweep has are taken from there; NULL: it has none. */
static pj_status price_chunk(uint64_t at, uint64_t end, pj_earlier *earlier, pj_work_bench *bench,
                             pj_study_sheets *sheets, pj_error *err)
{
    for (; at < end; at++) {
        bool taken = false;
        if (earlier)
            PJ_TRY(pj_earlier_take(earlier, at, sheets, &taken, err));
        if (!taken)
            PJ_TRY(pj_bench_point(bench, at, sheets, err));
    }
    return PJ_OK;
}

/* The lowest point counts, whichever thread had it. */
static void keep_first_error(pj_study_done *done, uint64_t errors, uint64_t point, const char *why)
{
    if (errors && (!done->errors || point < done->first_error)) {
        done->first_error = point;
        snprintf(done->why, sizeof done->why, "%s", why);
    }
    done->errors += errors;
}

static pj_status fill_chunk(runner *r, uint64_t chunk, int worker, bool is_careful, pj_earlier *earlier,
                            pj_arena *arena, pj_error *err)
{
    chunk_files files = {0};
    uint64_t at, end;
    pj_study_done *done = &r->by[worker];
    span(r->study, chunk, &at, &end);
    pj_status status = begin_files(r, chunk, arena, &files, err);
    if (status == PJ_OK)
        status = is_careful ? price_with_care(r, at, end, r->bench[worker], &files.sheets, err)
                            : price_chunk(at, end, earlier, r->bench[worker], &files.sheets, err);
    if (status == PJ_OK)
        note_facts(r->study, chunk, &files.sheets);
    PJ_TRY(end_files(&files, status, err));
    done->points += end - at;
    done->chunks++;
    keep_first_error(done, files.sheets.errors, files.sheets.first_error, files.sheets.why);
    done->assumed += files.sheets.assumed;
    done->points_taken += files.sheets.taken;
    return PJ_OK;
}

/* Where files of the earlier sweep turn out to be damaged, nothing is taken for this chunk. */
static pj_status write_chunk(runner *r, uint64_t chunk, int worker, pj_arena *arena, pj_error *err)
{
    pj_earlier *earlier = NULL;
    pj_try one;
    pj_error why = {0};
    PJ_TRY(pj_try_begin(&one, r->study->target, chunk, arena, err));
    bool takes = r->since && !pj_since_why_not(r->since) && !one.is_careful;
    if (takes)
        earlier = pj_earlier_new(r->since, r->study);
    pj_status status = pj_got(earlier || !takes, err);
    if (status == PJ_OK)
        status = fill_chunk(r, chunk, worker, one.is_careful, earlier, arena, earlier ? &why : err);
    if (earlier && status == PJ_EFORMAT)
        status = fill_chunk(r, chunk, worker, one.is_careful, NULL, arena, err);
    else if (earlier && status != PJ_OK && err)
        *err = why;
    pj_earlier_free(earlier);
    pj_try_end(&one);
    return status;
}

/* The files of a chunk that are asked for, points last; NULL: that one is not. */
enum { KINDS = 3 };
static void list_kinds(const runner *r, const char *kinds[KINDS])
{
    kinds[0] = r->study->has_devices ? "devices" : NULL;
    kinds[1] = r->ask->layers ? "layers" : NULL;
    kinds[2] = "points";
}

/* All that is asked for of a chunk: one that was written without its layers is written again, as the same bytes. */
static pj_status look_for(const runner *r, uint64_t chunk, pj_arena *arena, bool *there, pj_error *err)
{
    const char *kinds[KINDS];
    list_kinds(r, kinds);
    *there = true;
    for (size_t i = 0; i < KINDS; i++) {
        char *path = kinds[i] ? pj_folder_file(r->study->target, kinds[i], chunk, arena) : NULL;
        PJ_TRY(pj_got(path || !kinds[i], err));
        *there = *there && (!path || pj_folder_has(path));
    }
    return PJ_OK;
}

/* From the earlier sweep, where that has it. */
static pj_status take_chunk(runner *r, uint64_t chunk, pj_arena *arena, bool *taken, pj_error *err)
{
    const char *kinds[KINDS];
    uint64_t first, end;
    list_kinds(r, kinds);
    span(r->study, chunk, &first, &end);
    *taken = false;
    return pj_since_has(r->since, r->study, chunk, first, end, arena)
               ? pj_since_take(r->since, r->study, kinds, KINDS, chunk, arena, taken, err)
               : PJ_OK;
}

static pj_status run_chunk(void *payload, size_t job, int worker, pj_error *err)
{
    runner *r = payload;
    uint64_t chunk = chunk_at(r, job);
    bool there = false, taken = false;
    pj_arena *arena = pj_arena_new(0);
    pj_status status = pj_got(arena, err);
    if (status == PJ_OK)
        status = look_for(r, chunk, arena, &there, err);
    if (status == PJ_OK && !there)
        status = take_chunk(r, chunk, arena, &taken, err);
    if (status == PJ_OK && (there || taken)) {
        r->by[worker].chunks_there += there;
        r->by[worker].chunks_taken += taken;
        pj_arena_free(arena);
        return PJ_OK;
    }
    if (status == PJ_OK && !r->bench[worker])
        r->bench[worker] = pj_bench_new(r->study);
    if (status == PJ_OK)
        status = pj_got(r->bench[worker], err);
    if (status == PJ_OK)
        status = write_chunk(r, chunk, worker, arena, err);
    pj_arena_free(arena);
    return status;
}

static pj_status tell(void *payload, size_t job, int worker, pj_error *err)
{
    runner *r = payload;
    uint64_t first, end;
    (void)worker;
    span(r->study, chunk_at(r, job), &first, &end);
    r->told += end - first;
    return pj_watch_step(&r->ask->watch, "points", r->told, r->total, err);
}

static pj_status run_shard(runner *r, pj_study_done *out, pj_error *err)
{
    uint64_t jobs = r->first < r->chunks ? (r->chunks - r->first - 1) / r->step + 1 : 0, first, end;
    for (uint64_t i = 0; i < jobs && i < 1; i++) { /* all are full, but for the very last one */
        span(r->study, r->chunks - 1, &first, &end);
        r->total = jobs * r->study->chunk;
        if (chunk_at(r, (size_t)jobs - 1) == r->chunks - 1)
            r->total -= r->study->chunk - (end - first);
    }
    pj_status status = pj_parallel(pj_threads(r->ask->jobs), (size_t)jobs, run_chunk, tell, r, err);
    for (int i = 0; i < PJ_MOST_THREADS; i++) {
        out->chunks += r->by[i].chunks;
        out->points += r->by[i].points;
        out->chunks_there += r->by[i].chunks_there;
        out->chunks_taken += r->by[i].chunks_taken;
        out->points_taken += r->by[i].points_taken;
        keep_first_error(out, r->by[i].errors, r->by[i].first_error, r->by[i].why);
        out->assumed += r->by[i].assumed;
        pj_bench_free(r->bench[i]);
    }
    return status;
}

static pj_status open_since(const pj_study *study, const pj_study_ask *ask, pj_arena *arena, pj_since **since,
                            pj_study_done *out, pj_error *err)
{
    *since = NULL;
    PJ_TRY(pj_got(arena, err));
    if (ask->since)
        PJ_TRY(pj_since_open(study, ask->since, arena, since, err));
    out->none_taken = *since ? pj_since_why_not(*since) : NULL;
    return PJ_OK;
}

pj_status pj_study_run(pj_study *study, const pj_study_ask *ask, pj_study_done *out, pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (!study || !ask || !out || !study->target)
        return pj_fail_null(err);
    *out = (pj_study_done){0};
    if (ask->shards && ask->shard >= ask->shards)
        return pj_fail(err, PJ_EARGUMENT, "there is no shard %zu of %zu: they are counted from 0", ask->shard,
                       ask->shards);
    study->has_layers = ask->layers;
    PJ_TRY(pj_folder_claim(study, err));
    runner *r = ask->prepare ? NULL : calloc(1, sizeof *r);
    if (ask->prepare)
        return PJ_OK;
    PJ_TRY(pj_got(r, err));
    pj_arena *arena = pj_arena_new(0);
    pj_since *since = NULL;
    pj_status status = open_since(study, ask, arena, &since, out, err);
    *r = (runner){.study = study,
                  .ask = ask,
                  .since = since,
                  .first = ask->shards ? ask->shard : 0,
                  .step = ask->shards ? ask->shards : 1,
                  .chunks = pj_study_describe(study).chunks};
    if (status == PJ_OK)
        status = run_shard(r, out, err);
    pj_since_close(since);
    pj_arena_free(arena);
    free(r);
    return status;
}
