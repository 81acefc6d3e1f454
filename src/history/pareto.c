/* Quality against energy: the points of a training run in an SQLite file, and which of them no other one beats. */
#include "base/limits.h"
#include "base/str.h"
#include "history/store.h"
#include "picojoule/history.h"

/* Columns are described in docs/history.md; within format 1 none is taken away or changed in meaning. Which points are
 * dominated is not in the file: it follows from them. */
static const pj_store_kind kind = {
    "Pareto file",
    "picojoule pareto add FILE",
    0x706a5041, /* "pjPA" */
    1,
    "CREATE TABLE run(id INTEGER PRIMARY KEY CHECK(id = 1), higher_is_better INTEGER NOT NULL, unit TEXT NOT NULL);"
    "CREATE TABLE point(id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT, quality REAL NOT NULL,"
    " energy REAL NOT NULL, basis TEXT, time TEXT NOT NULL);",
};

/* Smaller is better for both: quality with its sign turned where higher is better. */
static double cost_of(const pj_pareto_point *point, pj_better better)
{
    return better == PJ_BETTER_HIGHER ? -point->quality : point->quality;
}

typedef struct rank {
    double energy, cost;
    size_t at;
} rank;

/* By energy, then quality, then age. */
static int compare(const void *a, const void *b)
{
    const rank *one = a, *two = b;
    if (one->energy != two->energy)
        return one->energy < two->energy ? -1 : 1;
    if (one->cost != two->cost)
        return one->cost < two->cost ? -1 : 1;
    return one->at < two->at ? -1 : one->at > two->at;
}

bool pj_pareto_sort(pj_pareto_point *points, size_t count, pj_better better, size_t *frontier, size_t *frontier_count)
{
    rank *ranks = malloc((count ? count : 1) * sizeof *ranks);
    *frontier_count = 0;
    if (!ranks)
        return false;
    for (size_t i = 0; i < count; i++)
        ranks[i] = (rank){points[i].energy, cost_of(&points[i], better), i};
    qsort(ranks, count, sizeof *ranks, compare);
    double best = INFINITY; /* cost among those that need no more energy */
    for (size_t i = 0; i < count; i++) {
        points[ranks[i].at].dominated = ranks[i].cost >= best;
        if (ranks[i].cost < best) {
            best = ranks[i].cost;
            frontier[(*frontier_count)++] = ranks[i].at;
        }
    }
    free(ranks);
    return true;
}

/* The frontier goes from least energy to best quality, so the first point that is good enough is it. */
static size_t pick_within(const pj_pareto_point *points, const size_t *frontier, size_t count, pj_better better,
                          double within)
{
    double best = cost_of(&points[frontier[count - 1]], better);
    double limit = best + (within + 1e-12) * fabs(best); /* 0.77 is within 10 % of 0.7, which doubles miss */
    for (size_t i = 0; i < count; i++)
        if (cost_of(&points[frontier[i]], better) <= limit)
            return frontier[i];
    return frontier[count - 1];
}

typedef struct run_info {
    bool exists;
    pj_better better;
    const char *unit;
} run_info;

static const char *word_of(pj_better better)
{
    return better == PJ_BETTER_HIGHER ? "higher" : "lower";
}

static pj_status read_run(pj_store *store, pj_arena *arena, run_info *out)
{
    pj_statement s;
    PJ_TRY(pj_statement_new(store, "SELECT higher_is_better, unit FROM run", &s));
    pj_status status = pj_statement_step(&s, &out->exists);
    if (status == PJ_OK && out->exists) {
        int64_t higher;
        status = pj_store_get_int(&s, &higher);
        out->better = higher ? PJ_BETTER_HIGHER : PJ_BETTER_LOWER;
        if (status == PJ_OK)
            status = pj_store_get_text(&s, arena, &out->unit);
        if (status == PJ_OK && (!out->unit || (strcmp(out->unit, "pJ") != 0 && strcmp(out->unit, "relative") != 0)))
            status = pj_store_fail(store, PJ_EFORMAT, "is damaged: its unit is neither pJ nor relative");
    }
    pj_statement_free(&s);
    return status;
}

static pj_status check_better(const pj_store *store, const run_info *run, pj_better better)
{
    if (better == PJ_BETTER_AS_FILE || better == run->better)
        return PJ_OK;
    return pj_store_fail(store, PJ_EARGUMENT, "its first point was added as \"%s is better\"; that cannot change",
                         word_of(run->better));
}

static pj_status write_run(pj_store *store, const pj_pareto_point *point, pj_better better)
{
    pj_statement s;
    PJ_TRY(pj_statement_new(store, "INSERT INTO run(id, higher_is_better, unit) VALUES(1, ?, ?)", &s));
    pj_store_put_int(&s, better == PJ_BETTER_HIGHER);
    pj_store_put_text(&s, point->unit);
    pj_status status = pj_statement_step(&s, NULL);
    pj_statement_free(&s);
    return status;
}

static pj_status write_point(pj_store *store, const pj_pareto_point *point)
{
    pj_statement s;
    PJ_TRY(pj_statement_new(store, "INSERT INTO point(label, quality, energy, basis, time) VALUES(?, ?, ?, ?, ?)", &s));
    pj_store_put_text(&s, point->label);
    pj_store_put_real(&s, point->quality);
    pj_store_put_real(&s, point->energy);
    pj_store_put_text(&s, point->basis);
    pj_store_put_text(&s, point->time);
    pj_status status = pj_statement_step(&s, NULL);
    pj_statement_free(&s);
    return status;
}

static pj_status add(pj_store *store, const pj_pareto_point *point, pj_better better, pj_arena *arena)
{
    run_info run = {0};
    PJ_TRY(read_run(store, arena, &run));
    if (!run.exists)
        PJ_TRY(write_run(store, point, better));
    else if (strcmp(run.unit, point->unit) != 0)
        return pj_store_fail(store, PJ_EARGUMENT, "its energies are in %s, this one is in %s", run.unit, point->unit);
    else
        PJ_TRY(check_better(store, &run, better));
    return write_point(store, point);
}

/* A figure that is not finite is null in SQLite, a negative energy has no meaning. */
static pj_status check_point(const pj_pareto_point *point, pj_error *err)
{
    if (!isfinite(point->quality))
        return pj_fail(err, PJ_EARGUMENT, "the quality is no finite number");
    if (!isfinite(point->energy) || point->energy < 0)
        return pj_fail(err, PJ_EARGUMENT, "the energy is no number from 0 on");
    if (strcmp(point->unit, "pJ") != 0 && strcmp(point->unit, "relative") != 0)
        return pj_fail(err, PJ_EARGUMENT, "the unit %s is neither pJ nor relative", point->unit);
    if (!pj_time_is_valid(point->time))
        return pj_fail(err, PJ_EARGUMENT, "time \"%s\" is not of the form 2026-11-20T22:09:24Z", point->time);
    return PJ_OK;
}

pj_status pj_pareto_add(const char *file, const pj_pareto_point *point, pj_better better, pj_error *err)
{
    pj_store store;
    PJ_TRY(check_point(point, err));
    PJ_TRY(pj_store_open(file, &kind, true, &store, err));
    pj_arena *arena = pj_arena_new(0);
    pj_status status = arena ? add(&store, point, better, arena) : pj_fail_memory(err);
    pj_arena_free(arena);
    return pj_store_close(&store, status);
}

/* What the caller gets, and what frees it. */
typedef struct pareto {
    pj_pareto result; /* first: this is what is handed out */
    pj_arena *arena;
} pareto;

static pj_status get_point(pj_statement *s, pj_arena *arena, const char *unit, pj_pareto_point *out)
{
    PJ_TRY(pj_store_get_int(s, &out->id));
    PJ_TRY(pj_store_get_text(s, arena, &out->label));
    PJ_TRY(pj_store_get_real(s, &out->quality));
    PJ_TRY(pj_store_get_real(s, &out->energy));
    PJ_TRY(pj_store_get_text(s, arena, &out->basis));
    PJ_TRY(pj_store_get_text(s, arena, &out->time));
    out->unit = unit;
    if (!isfinite(out->quality) || !isfinite(out->energy) || out->energy < 0 || !out->time ||
        !pj_time_is_valid(out->time))
        return pj_store_fail(s->store, PJ_EFORMAT, "point %lld is damaged: its quality, energy or time is none",
                             (long long)out->id);
    return PJ_OK;
}

static pj_status read_points(pj_store *store, pj_arena *arena, const char *unit, pj_pareto_point **out, size_t *count)
{
    pj_statement s;
    int64_t rows;
    bool row;
    PJ_TRY(pj_store_ask(store, "SELECT count(*) FROM point", &rows));
    if (rows > PJ_HISTORY_MOST)
        return pj_store_fail(store, PJ_ELIMIT, "has more than %d points", PJ_HISTORY_MOST);
    if (rows == 0)
        return pj_store_fail(store, PJ_EFORMAT, "has no points");
    pj_pareto_point *points = PJ_NEW(arena, pj_pareto_point, rows);
    PJ_TRY(pj_got(points, store->err));
    PJ_TRY(pj_statement_new(store, "SELECT id, label, quality, energy, basis, time FROM point ORDER BY id", &s));
    pj_status status = pj_statement_step(&s, &row);
    for (*count = 0; status == PJ_OK && row && *count < (size_t)rows; ++*count) {
        status = get_point(&s, arena, unit, &points[*count]);
        if (status == PJ_OK)
            status = pj_statement_step(&s, &row);
    }
    pj_statement_free(&s);
    *out = points;
    return status;
}

static pj_status read_all(pj_store *store, pj_better better, double within, pareto *out)
{
    pj_pareto *result = &out->result;
    run_info run = {0};
    pj_pareto_point *points = NULL;
    PJ_TRY(read_run(store, out->arena, &run));
    if (!run.exists)
        return pj_store_fail(store, PJ_EFORMAT, "has no points");
    PJ_TRY(check_better(store, &run, better));
    PJ_TRY(read_points(store, out->arena, run.unit, &points, &result->count));
    size_t *frontier = PJ_NEW(out->arena, size_t, result->count);
    PJ_TRY(pj_got(frontier && pj_pareto_sort(points, result->count, run.better, frontier, &result->frontier_count),
                  store->err));
    result->higher_is_better = run.better == PJ_BETTER_HIGHER;
    result->points = points;
    result->frontier = frontier;
    result->within = within;
    result->pick = pick_within(points, frontier, result->frontier_count, run.better, within);
    return PJ_OK;
}

pj_status pj_pareto_read(const char *file, pj_better better, double within, pj_pareto **out, pj_error *err)
{
    pj_store store;
    PJ_TRY(pj_store_open(file, &kind, false, &store, err));
    pj_arena *arena = pj_arena_new(PJ_MAX_STORE_BYTES);
    pareto *made = arena ? PJ_NEW(arena, pareto, 1) : NULL;
    pj_status status = made ? PJ_OK : pj_fail_memory(err);
    if (status == PJ_OK) {
        made->arena = arena;
        made->result.file = pj_arena_strdup(arena, file);
        status = made->result.file ? read_all(&store, better, within, made) : pj_fail_memory(err);
    }
    status = pj_store_close(&store, status);
    if (status == PJ_OK)
        *out = &made->result;
    else
        pj_arena_free(arena);
    return status;
}

void pj_pareto_free(pj_pareto *points)
{
    if (points)
        pj_arena_free(((pareto *)(void *)points)->arena);
}
