/* Pricing point after point: what does not change between two of them is kept. */
#include "load/load.h"
#include "picojoule/session.h"
#include "study/study.h"

struct pj_work_bench {
    const pj_study *study;
    pj_session *session;
    pj_pricer *pricer;
    pj_model *model;
    const pj_study_model *of; /* whose `model` is, or should be */
    const char *op_rules;
    pj_str bound, wanted; /* sizes that it has been bound to, and those of the next point, as texts */
    pj_status status;     /* of opening and binding */
    bool has_changed;     /* since the folder was begun */
    pj_error error;
    pj_arena *arena; /* of a point */
};

pj_work_bench *pj_bench_new(const pj_study *study)
{
    pj_work_bench *bench = calloc(1, sizeof *bench);
    if (!bench)
        return NULL;
    *bench = (pj_work_bench){.study = study,
                             .session = pj_session_new(),
                             .arena = pj_arena_new(0),
                             .bound = pj_str_new(0),
                             .wanted = pj_str_new(0)};
    pj_session_settle(bench->session);
    if (bench->session && bench->arena)
        return bench;
    pj_bench_free(bench);
    return NULL;
}

static void close_model(pj_work_bench *bench)
{
    pj_pricer_free(bench->pricer);
    pj_model_close(bench->model);
    bench->pricer = NULL;
    bench->model = NULL;
}

void pj_bench_free(pj_work_bench *bench)
{
    if (!bench)
        return;
    close_model(bench);
    pj_session_free(bench->session);
    pj_arena_free(bench->arena);
    pj_str_free(&bench->bound);
    pj_str_free(&bench->wanted);
    free(bench);
}

/* What binds a model, as a text. */
static void want(pj_work_bench *bench, const pj_point *point)
{
    pj_str_clear(&bench->wanted);
    for (size_t i = 0; i < point->items; i++) {
        const pj_item *item = point->item[i];
        bool binds = item->kind == PJ_ITEM_DIM || (item->member && item->member->group == PJ_ABOUT_MODEL);
        if (binds && item->text)
            pj_str_printf(&bench->wanted, "%s=%s\n", item->name, item->text);
    }
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The file of operators that the point names, as long as the study lives; or NULL. */
static const char *rules_of(const pj_point *point)
{
    for (size_t i = 0; i < point->items; i++)
        if (point->item[i]->member == PJ_SETTING_AT(op_rules))
            return point->item[i]->value;
    return NULL;
}

/* Is the file still the one that the folder was begun with? One that could not be read then is tried now. */
static pj_status check_digest(pj_work_bench *bench)
{
    const pj_study_model *of = bench->of;
    char digest[PJ_SHA256_DIGITS + 1];
    uint64_t size;
    if (!*of->sha256)
        return PJ_OK;
    pj_status status = pj_load_digest(of->path, digest, &size, &bench->error);
    if (status == PJ_OK && strcmp(digest, of->sha256) == 0)
        return PJ_OK;
    if (status == PJ_ENOMEM)
        return status;
    bench->has_changed = true;
    bench->error = (pj_error){0};
    return pj_fail(&bench->error, PJ_EFORMAT,
                   "the file is another one than when the folder was begun; a new folder takes it as it is now");
}

static pj_status open_model(pj_work_bench *bench, const pj_point *point)
{
    close_model(bench);
    bench->of = point->model;
    bench->op_rules = rules_of(point);
    bench->has_changed = false;
    bench->error = (pj_error){0};
    PJ_TRY(check_digest(bench));
    PJ_TRY(pj_model_open(point->model->path, &point->setup, &bench->model, &bench->error));
    bench->pricer = pj_pricer_new(bench->session, bench->model);
    return pj_got(bench->pricer, &bench->error);
}

/* Opens or binds where the point asks for it. */
static void make_ready(pj_work_bench *bench, const pj_point *point)
{
    bool is_model = bench->of == point->model;
    want(bench, point);
    if (is_model && strcmp(bench->bound.data, bench->wanted.data) == 0)
        return;
    bool same_rules = is_same(bench->op_rules, rules_of(point));
    if (is_model && bench->has_changed)
        return;
    if (is_model && bench->model && same_rules) {
        bench->error = (pj_error){0};
        bench->status = pj_model_rebind(bench->model, &point->setup, &bench->error);
    } else {
        bench->status = open_model(bench, point);
    }
    pj_str_clear(&bench->bound);
    pj_str_add(&bench->bound, bench->wanted.data);
}

static bool is_assumed(const pj_result *result)
{
    for (size_t i = 0; i < result->finding_count; i++)
        if (strcmp(result->findings[i].code, "assumed-dimension") == 0)
            return true;
    return false;
}

static pj_status add_rows(const pj_work_bench *bench, const pj_study_row *row, pj_study_sheets *out, pj_error *err)
{
    PJ_TRY(pj_table_add(bench->study, row, out->points, err));
    if (out->devices)
        PJ_TRY(pj_devices_add(row, out->devices, err));
    return out->layers ? pj_layers_add(row, out->layers, err) : PJ_OK;
}

static void count_error(const pj_point *point, size_t code, const pj_error *error, pj_study_sheets *out)
{
    out->code[code]++;
    if (out->errors++)
        return;
    out->first_error = point->number;
    snprintf(out->why, sizeof out->why, "%.250s", *error->what ? error->what : pj_status_text(error->status));
}

/* What is wrong with one point is told in its row. A lack of memory may be over in the next try, so it is no row. */
static pj_status price_point(pj_work_bench *bench, const pj_point *point, pj_study_sheets *out, pj_error *err)
{
    pj_study_row row = {.point = point};
    pj_error error = {0};
    make_ready(bench, point);
    PJ_TRY(pj_got(!bench->wanted.failed && !bench->bound.failed, err));
    pj_status status = bench->status;
    error = bench->error;
    if (status == PJ_OK)
        status = pj_pricer_run(bench->pricer, &point->setup, &row.result, &error);
    if (status == PJ_ENOMEM) {
        pj_error_at(err, point->model->path, NULL, NULL);
        return pj_fail(err, status,
                       "point %" PRIu64
                       ": not enough memory, or the model takes more than its budget; if so, leave it out by "
                       "\"exclude\"",
                       point->number);
    }
    out->rows++;
    if (status == PJ_OK) {
        out->assumed += is_assumed(row.result);
        return add_rows(bench, &row, out, err);
    }
    size_t code = bench->has_changed ? (size_t)PJ_CODE_CHANGED : (size_t)status;
    row.error = &error;
    row.code = pj_code_at(code);
    count_error(point, code, &error, out);
    return add_rows(bench, &row, out, err);
}

pj_status pj_bench_point(pj_work_bench *bench, uint64_t number, pj_study_sheets *out, pj_error *err)
{
    pj_point point;
    pj_arena_reset(bench->arena);
    PJ_TRY(pj_point_make(bench->study, number, bench->arena, &point, err));
    return point.is_excluded ? PJ_OK : price_point(bench, &point, out, err);
}

pj_status pj_bench_crashed(pj_work_bench *bench, uint64_t number, const char *why, pj_study_sheets *out, pj_error *err)
{
    pj_point point;
    pj_error error = {0};
    pj_arena_reset(bench->arena);
    PJ_TRY(pj_point_make(bench->study, number, bench->arena, &point, err));
    if (point.is_excluded)
        return PJ_OK;
    pj_error_set(&error, PJ_EUNSUPPORTED, "the model %s, in an earlier try and by itself", why);
    out->rows++;
    count_error(&point, PJ_CODE_CRASHED, &error, out);
    const pj_study_row row = {.point = &point, .code = pj_code_at(PJ_CODE_CRASHED), .error = &error};
    return add_rows(bench, &row, out, err);
}
