/* One model at many sizes: rebind, analyze, keep the totals. */
#include "picojoule/sweep.h"
#include "base/map.h"
#include "picojoule/session.h"
#include "run/level.h"
#include "setup/setup.h"

/* What the caller gets, and what is needed to make and to free it. */
typedef struct sweep {
    pj_sweep result; /* first: this is what is handed out */
    pj_arena *arena;
    pj_session *session;
    pj_pricer *pricer;
    pj_model *model;
    pj_setup setup;
    pj_dim_binding *bound; /* those of all points, then those of this one */
    size_t shared;
    pj_sweep_dim *dims;
    pj_sweep_point *points;
    pj_finding *findings;
    size_t room;
    pj_map seen; /* findings that are there already */
    pj_error *err;
} sweep;

/* ---- levels of the memory hierarchy ---- */

static const char level_head[] = "hierarchy.", level_tail[] = ".size", last_level[] = "sram";

bool pj_sweep_is_level(const char *name)
{
    const size_t head = sizeof level_head - 1, tail = sizeof level_tail - 1, length = strlen(name);
    return strcmp(name, last_level) == 0 || (length > head + tail && strncmp(name, level_head, head) == 0 &&
                                             strcmp(name + length - tail, level_tail) == 0);
}

const char *pj_sweep_level(const char *name, pj_arena *arena)
{
    const size_t head = sizeof level_head - 1, tail = sizeof level_tail - 1;
    return strcmp(name, last_level) == 0 ? last_level
                                         : pj_arena_strndup(arena, name + head, strlen(name) - head - tail);
}

/* ---- all points ---- */

/* Combinations of all values. */
static pj_status count_points(const pj_sweep_dim *dims, size_t count, size_t *points, pj_error *err)
{
    *points = 1;
    for (size_t i = 0; i < count; i++) {
        if (dims[i].count > PJ_MAX_SWEEP || dims[i].count * *points > PJ_MAX_SWEEP)
            return pj_fail(err, PJ_EARGUMENT, "the sweep has more than %d combinations of values", PJ_MAX_SWEEP);
        *points *= dims[i].count;
    }
    return PJ_OK;
}

static pj_status copy_dims(sweep *s, const pj_sweep_dim *dims, size_t count)
{
    s->dims = PJ_NEW(s->arena, pj_sweep_dim, count);
    for (size_t i = 0; s->dims && i < count; i++) {
        const int64_t *values = pj_arena_memdup(s->arena, dims[i].values, dims[i].count, sizeof *values);
        s->dims[i] = (pj_sweep_dim){pj_arena_strdup(s->arena, dims[i].name), values, dims[i].count};
        PJ_TRY(pj_got(values && s->dims[i].name, s->err));
    }
    s->result.dims = s->dims;
    s->result.dim_count = count;
    return pj_got(s->dims, s->err);
}

static pj_status start(sweep *s, const pj_setup *setup, const pj_sweep_dim *dims, size_t count)
{
    s->setup = *setup;
    s->setup.inspect_weights = false; /* they are the same at every point */
    s->shared = s->setup.dim_count;
    s->bound = PJ_NEW(s->arena, pj_dim_binding, s->shared + count);
    s->points = PJ_NEW(s->arena, pj_sweep_point, s->result.point_count);
    PJ_TRY(pj_got(s->bound && s->points, s->err));
    if (s->shared)
        memcpy(s->bound, s->setup.dims, s->shared * sizeof *s->bound);
    s->setup.dims = s->bound;
    s->setup.dim_count = s->shared;
    for (size_t i = 0; i < count; i++)
        s->setup.dim_count += !pj_sweep_is_level(dims[i].name);
    s->result.points = s->points;
    pj_map_init(&s->seen, s->arena);
    return copy_dims(s, dims, count);
}

/* ---- one point ---- */

static pj_status set_level(sweep *s, const char *name, int64_t bytes)
{
    if (bytes < 1 || bytes > INT64_MAX / 8)
        return pj_fail(s->err, PJ_EARGUMENT, "%.64s of %" PRId64 " bytes is no size", name, bytes);
    s->setup.resized = pj_sweep_level(name, s->arena);
    s->setup.resized_bits = 8 * (uint64_t)bytes;
    return s->setup.resized ? PJ_OK : pj_fail_memory(s->err);
}
/* Values of combination number `point`: the last dimension counts fastest. */
static pj_status set_values(sweep *s, size_t point)
{
    size_t count = s->result.dim_count, bound = s->setup.dim_count;
    int64_t *values = PJ_NEW(s->arena, int64_t, count);
    PJ_TRY(pj_got(values, s->err));
    s->points[point].values = values;
    for (size_t i = count; i-- > 0; point /= s->dims[i].count) {
        values[i] = s->dims[i].values[point % s->dims[i].count];
        if (pj_sweep_is_level(s->dims[i].name))
            PJ_TRY(set_level(s, s->dims[i].name, values[i]));
        else
            s->bound[--bound] = (pj_dim_binding){s->dims[i].name, values[i]};
    }
    return PJ_OK;
}

static pj_status keep_finding(sweep *s, const pj_finding *finding)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s\n%s\n%s", finding->code, finding->node, finding->message);
    char *key = pj_str_keep(&text, s->arena);
    PJ_TRY(pj_got(key, s->err));
    if (pj_map_get(&s->seen, key) || s->result.finding_count == PJ_MAX_DIAGNOSTICS)
        return PJ_OK;
    PJ_TRY(pj_got(PJ_GROW(s->arena, s->findings, s->result.finding_count, s->room), s->err));
    pj_finding *copy = &s->findings[s->result.finding_count++];
    *copy = *finding;
    copy->node = pj_arena_strdup(s->arena, finding->node);
    copy->message = pj_arena_strdup(s->arena, finding->message);
    s->result.findings = s->findings;
    return pj_got(copy->node && copy->message && pj_map_put(&s->seen, key, key), s->err);
}

static pj_status keep_totals(sweep *s, const pj_result *result, pj_sweep_point *out)
{
    size_t devices = s->setup.device_count, count;
    const pj_finding *findings = result->findings;
    count = result->finding_count;
    out->totals = result->totals;
    out->totals.devices = pj_arena_memdup(s->arena, out->totals.devices, devices, sizeof *out->totals.devices);
    out->totals.device_notes = NULL; /* of one point, as layers are */
    out->totals.reuse =
        out->totals.reuse ? pj_arena_memdup(s->arena, out->totals.reuse, 1, sizeof *out->totals.reuse) : NULL;
    for (size_t i = 0; i < count; i++)
        PJ_TRY(keep_finding(s, &findings[i]));
    return pj_got(out->totals.devices, s->err);
}

/* Does the size follow from others, by a formula? */
static bool follows(const pj_dim_binding *given, const char *name)
{
    size_t length = strlen(name);
    return given->value == PJ_DIM_FORMULA && strncmp(given->name, name, length) == 0 && given->name[length] == '=' &&
           !strchr(given->name + length + 1, '=');
}

/* The dimensions that are not swept, and do not follow from those that are. */
static void keep_fixed(sweep *s, const pj_model_info *info, pj_dim_binding *fixed)
{
    pj_sweep *out = &s->result;
    size_t count = 0;
    for (size_t i = 0; i < info->dim_count; i++) {
        bool swept = false;
        for (size_t k = 0; k < out->dim_count; k++)
            swept = swept || strcmp(out->dims[k].name, info->dims[i].name) == 0;
        for (size_t k = 0; k < s->shared; k++)
            swept = swept || follows(&s->bound[k], info->dims[i].name);
        if (!swept)
            fixed[count++] = (pj_dim_binding){pj_arena_strdup(s->arena, info->dims[i].name), info->dims[i].value};
    }
    out->setup.dims = fixed;
    out->setup.dim_count = count;
}

/* What is the same for all points. */
static pj_status keep_names(sweep *s, const pj_result *result)
{
    pj_sweep *out = &s->result;
    const pj_model_info *info = pj_model_describe(s->model);
    pj_dim_binding *fixed = info ? PJ_NEW(s->arena, pj_dim_binding, info->dim_count) : NULL;
    PJ_TRY(pj_got(fixed, s->err));
    out->model = pj_arena_strdup(s->arena, info->path);
    out->setup = pj_setup_copy(&result->setup, s->arena);
    keep_fixed(s, info, fixed);
    out->setup.resized = NULL; /* it differs from point to point */
    const char **levels = PJ_NEW(s->arena, const char *, result->level_count);
    for (size_t i = 0; levels && i < result->level_count; i++)
        levels[i] = pj_arena_strdup(s->arena, result->levels[i]);
    out->levels = levels;
    out->level_count = result->level_count;
    return pj_arena_failed(s->arena) ? pj_fail_memory(s->err) : PJ_OK;
}

/* "with sequence = 512: ..." in front of the sentence. */
static void name_point(sweep *s)
{
    pj_str text = pj_str_new(sizeof s->err->what);
    for (size_t i = s->shared; i < s->setup.dim_count; i++)
        pj_str_printf(&text, "%s%.60s = %" PRId64, i > s->shared ? ", " : "with ", s->bound[i].name, s->bound[i].value);
    pj_str_printf(&text, ": %s", s->err->what);
    pj_error_set(s->err, s->err->status, "%s", text.data);
    pj_str_free(&text);
}

/* Keeps why the model does not stand the sizes of a point; the last one that could fails the sweep. */
static pj_status keep_error(sweep *s, size_t point, pj_status status)
{
    pj_str text = pj_str_new(0);
    if (s->result.failed + 1 == s->result.point_count) {
        name_point(s);
        return status;
    }
    if (*s->err->node)
        pj_str_printf(&text, *s->err->op ? "node '%s' (%s): " : "node '%s': ", s->err->node, s->err->op);
    pj_str_add(&text, s->err->what);
    s->points[point].error = pj_str_keep(&text, s->arena);
    s->result.failed++;
    return pj_got(s->points[point].error, s->err);
}

static pj_status run_point(sweep *s, size_t point)
{
    const pj_result *result = NULL;
    pj_status status = PJ_OK;
    PJ_TRY(set_values(s, point));
    if (point == 0 || s->setup.dim_count > s->shared)
        status = pj_model_rebind(s->model, &s->setup, s->err);
    if (status == PJ_OK)
        status = pj_pricer_run(s->pricer, &s->setup, &result, s->err);
    if (status == PJ_ESHAPE || status == PJ_EOVERFLOW)
        return keep_error(s, point, status);
    if (status == PJ_OK)
        status = keep_totals(s, result, &s->points[point]);
    if (status == PJ_OK && !s->result.model)
        status = keep_names(s, result);
    return status;
}

pj_status pj_sweep_run(pj_model *model, const pj_setup *setup, const pj_sweep_dim *dims, size_t dim_count,
                       pj_sweep **out, pj_error *err)
{
    size_t points;
    pj_error unheard;
    *out = NULL;
    PJ_TRY(count_points(dims, dim_count, &points, err));
    pj_arena *arena = pj_arena_new(0);
    pj_session *session = pj_session_new();
    pj_pricer *pricer = pj_pricer_new(session, model);
    sweep *s = arena && pricer ? PJ_NEW(arena, sweep, 1) : NULL;
    if (!s) {
        pj_pricer_free(pricer);
        pj_session_free(session);
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *s = (sweep){.arena = arena, .session = session, .pricer = pricer, .model = model, .err = err ? err : &unheard};
    s->result.point_count = points;
    pj_status status = start(s, setup, dims, dim_count);
    for (size_t i = 0; status == PJ_OK && i < points; i++) {
        status = pj_watch_step(&setup->watch, "sizes", i, points, err);
        if (status == PJ_OK)
            status = run_point(s, i);
    }
    pj_pricer_free(pricer);
    pj_session_free(session);
    if (status == PJ_OK)
        *out = &s->result;
    else
        pj_arena_free(arena);
    return status;
}

void pj_sweep_free(pj_sweep *result)
{
    if (result)
        pj_arena_free(((sweep *)(void *)result)->arena);
}
