/* Variants: written, run, compared. */
#include "evaluate/bench.h"

#include <errno.h>
#include <unistd.h>

#include "base/parallel.h"
#include "evaluate/rows.h"
#include "plan/rows.h"

static const char plan_name[] = "the plan of a variant", ranges_name[] = "the measured ranges";

/* ---- opening ---- */

/* Copies, since a sample lives until the next one. */
static bool hold(pj_arena *arena, const pj_ndarray *from, size_t count, const pj_ndarray **out)
{
    pj_ndarray *arrays = pj_arena_memdup(arena, from, count, sizeof *arrays);
    for (size_t i = 0; arrays && i < count; i++) {
        arrays[i].dims = pj_arena_memdup(arena, from[i].dims, (size_t)from[i].rank, sizeof *from[i].dims);
        if (from[i].data)
            arrays[i].data = pj_arena_memdup(arena, from[i].data, (size_t)from[i].bytes, 1);
    }
    *out = arrays;
    return arrays && !pj_arena_failed(arena);
}

static pj_status hold_samples(pj_bench *b, pj_error *err)
{
    size_t room = 0, room_too = 0;
    uint64_t bytes = 0;
    for (;;) {
        const pj_ndarray *sample;
        PJ_TRY(pj_samples_next(b->e->samples, &sample, err));
        if (!sample)
            break;
        if (!PJ_GROW(b->e->arena, b->sample, b->samples, room) ||
            !PJ_GROW(b->e->arena, b->reference, b->samples, room_too))
            return pj_fail_memory(err);
        PJ_TRY(pj_got(hold(b->e->arena, sample, pj_samples_slots(b->e->samples), &b->sample[b->samples]), err));
        for (size_t i = 0; i < pj_samples_slots(b->e->samples); i++)
            bytes += sample[i].bytes;
        if (bytes > PJ_MAX_SAMPLE_BYTES)
            return pj_fail(err, PJ_ELIMIT,
                           "the first %zu samples have more than %" PRIu64 " bytes, and all are held at "
                           "once here: take fewer with --samples",
                           b->samples + 1, PJ_MAX_SAMPLE_BYTES);
        b->samples++;
    }
    return b->samples ? PJ_OK : pj_fail(err, PJ_EARGUMENT, "there are no samples in it");
}

static pj_status run_reference(pj_bench *b, pj_error *err)
{
    pj_runtime_model *model;
    pj_rows_judge rows = {.labels = b->labels, .file = b->labels_file};
    PJ_TRY(pj_evaluation_load(b->e, b->e->runtime, b->e->model->path, &model, err));
    b->outputs = pj_runtime_outputs(model).count;
    pj_arena *arena = pj_arena_new(0);
    pj_status status = pj_got(arena, err);
    for (size_t i = 0; i < b->samples && status == PJ_OK; i++) {
        const pj_ndarray *outputs;
        pj_arena_reset(arena);
        status = pj_evaluation_run(b->e, model, b->sample[i], i, arena, &outputs, err);
        if (status == PJ_OK)
            status = pj_rows_judge_add(&rows, outputs, outputs, b->outputs, err);
        if (status == PJ_OK)
            status = pj_got(hold(b->e->arena, outputs, b->outputs, &b->reference[i]), err);
    }
    if (status == PJ_OK && !b->e->data->most) /* of fewer samples labels are left */
        status = pj_rows_judge_end(&rows, err);
    b->top1 = pj_rows_share(rows.right, &rows);
    pj_arena_free(arena);
    pj_runtime_unload(model);
    return status;
}

static pj_status measure_ranges(pj_bench *b, pj_error *err)
{
    pj_calibrate_options options = pj_calibrate_options_default();
    pj_model *model;
    pj_ranges *ranges;
    options.data = *b->e->data;
    options.engine = *b->e->engine;
    PJ_TRY(pj_model_open(b->e->model->path, &b->setup, &model, err));
    pj_status status = pj_calibrate(model, &b->setup, &options, &ranges, err);
    pj_model_close(model);
    if (status != PJ_OK)
        return status;
    pj_json_writer json = pj_json_writer_new(&b->ranges, false);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "schema", "picojoule.ranges/1");
    pj_ranges_json(ranges, &json);
    pj_json_write_end(&json);
    pj_ranges_free(ranges);
    return pj_got(!b->ranges.failed, err);
}

/* Processes before threads, which fork() does not like. */
static pj_status open_workers(pj_bench *b, size_t wish, pj_error *err)
{
    int most = pj_threads((int)(wish < PJ_MOST_WORKERS ? wish : PJ_MOST_WORKERS));
    for (b->workers = 0; b->workers < most && b->workers < PJ_MOST_WORKERS; b->workers++) {
        pj_bench_worker *worker = &b->worker[b->workers];
        PJ_TRY(pj_model_open(b->e->model->path, &b->setup, &worker->model, err));
        pj_status status = pj_evaluation_runtime(b->e, &worker->runtime, err);
        if (status != PJ_OK) {
            pj_model_close(worker->model);
            return status;
        }
    }
    return PJ_OK;
}

pj_status pj_bench_open(pj_bench *b, pj_evaluation *e, const char *labels, const char *calibration, const char *target,
                        size_t workers, pj_error *err)
{
    *b = (pj_bench){.e = e,
                    .setup = *e->setup,
                    .labels_file = labels,
                    .calibration = calibration,
                    .target = target,
                    .ranges = pj_str_new(0)};
    b->setup.unbound_dims_are_one = false; /* sizes are those of the samples */
    PJ_TRY(pj_labels_read(labels, e->arena, &b->labels, err));
    PJ_TRY(hold_samples(b, err));
    PJ_TRY(run_reference(b, err));
    if (!calibration)
        PJ_TRY(measure_ranges(b, err));
    if (!pj_evaluation_path(e, "variant", e->arena))
        return pj_fail(err, PJ_EIO, "no folder for models can be made where TMPDIR says, or in /tmp: %s",
                       strerror(errno));
    PJ_TRY(open_workers(b, workers, err));
    b->setup.plan = plan_name;
    b->setup.quantize = NULL;
    return PJ_OK;
}

void pj_bench_close(pj_bench *b)
{
    for (int i = 0; i < b->workers; i++) {
        pj_runtime_close(b->worker[i].runtime);
        pj_model_close(b->worker[i].model);
    }
    pj_str_free(&b->ranges);
}

/* ---- variants ---- */

static pj_resource resource_of(const char *name, const pj_str *text)
{
    return (pj_resource){.size = sizeof(pj_resource), .name = name, .bytes = text->data, .length = text->length};
}

/* The plan and the ranges are resources of the setup that it is applied with. */
static pj_status apply_plan(pj_bench *b, int worker, const pj_str *plan, const char *path, pj_arena *arena,
                            pj_applied **out, pj_error *err)
{
    pj_setup setup = b->setup;
    pj_apply_options options = pj_apply_options_default();
    pj_resource *resources = PJ_NEW(arena, pj_resource, setup.resource_count + 2);
    PJ_TRY(pj_got(resources, err));
    if (setup.resource_count > 0)
        memcpy(resources, setup.resources, setup.resource_count * sizeof *resources);
    resources[setup.resource_count] = resource_of(plan_name, plan);
    resources[setup.resource_count + 1] = resource_of(ranges_name, &b->ranges);
    setup.resources = resources;
    setup.resource_count += b->ranges.length ? 2 : 1;
    options.out = path;
    options.calibration = b->ranges.length ? ranges_name : b->calibration;
    options.target = b->target;
    options.force = true;   /* what it costs is the plan's matter */
    options.lenient = true; /* what stays is told */
    return pj_apply(b->worker[worker].model, &setup, &options, out, err);
}

pj_status pj_bench_write(pj_bench *b, int worker, const pj_plan_layer *rows, size_t count, const char *path,
                         pj_arena *arena, pj_applied **out, pj_error *err)
{
    pj_str plan = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&plan, false);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_plan_rows_json(rows, count, &json);
    pj_json_write_end(&json);
    *out = NULL;
    pj_status status = plan.failed ? pj_fail_memory(err) : apply_plan(b, worker, &plan, path, arena, out, err);
    pj_str_free(&plan);
    return status;
}

/* A failure of the machine is one of the call; all else says that the variant cannot be had. */
static bool is_refusal(pj_status status)
{
    return status != PJ_OK && status != PJ_ENOMEM && status != PJ_EIO && status != PJ_ESTOPPED;
}

/* Sums over samples become means. false: there was nothing to compare. */
static bool sum_up(const pj_difference *found, size_t outputs, double *errors, pj_tried *out)
{
    enum { EQUAL_DB = 200 }; /* what stands for no difference at all */
    double error = 0, decibels = 0;
    uint64_t arrays = 0, compared = 0;
    for (size_t k = 0; k < outputs; k++) {
        const pj_difference *d = &found[k];
        if (!d->arrays)
            continue;
        error += d->error;
        arrays += d->arrays;
        errors[k] = d->error / (double)d->arrays;
        if (d->signal > 0 || d->noise > 0 || d->odd > 0) {
            decibels += d->odd > 0 ? -EQUAL_DB : fmax(-EQUAL_DB, fmin(EQUAL_DB, pj_decibels(d->signal, d->noise)));
            compared++;
        }
    }
    out->error = errors;
    out->loss = arrays ? error / (double)arrays : 1;
    out->outputs_db = compared ? decibels / (double)compared : EQUAL_DB;
    return arrays > 0;
}

static pj_status judge_samples(pj_bench *b, pj_runtime_model *model, pj_arena *results, pj_tried *out, pj_error *err)
{
    pj_rows_judge rows = {.labels = b->labels, .file = b->labels_file};
    pj_difference *found = PJ_NEW(results, pj_difference, b->outputs);
    double *errors = PJ_NEW(results, double, b->outputs);
    pj_arena *arena = pj_arena_new(0);
    pj_status status = pj_got(arena && found && errors, err);
    for (size_t i = 0; i < b->samples && status == PJ_OK; i++) {
        const pj_ndarray *outputs;
        pj_arena_reset(arena);
        status = pj_evaluation_run(b->e, model, b->sample[i], i, arena, &outputs, err);
        for (size_t k = 0; k < b->outputs && status == PJ_OK; k++)
            if (pj_arrays_compare(&b->reference[i][k], &outputs[k]))
                pj_difference_add(&found[k], &b->reference[i][k], &outputs[k]);
        if (status == PJ_OK)
            status = pj_rows_judge_add(&rows, b->reference[i], outputs, b->outputs, err);
    }
    pj_arena_free(arena);
    if (status == PJ_OK && !sum_up(found, b->outputs, errors, out))
        status = pj_fail(err, PJ_EUNSUPPORTED, "it has no output of finite numbers that could be compared");
    out->top1 = pj_rows_share(rows.right_other, &rows);
    return status;
}

/* The error of a model in a file. PJ_EUNSUPPORTED: it cannot be run. */
static pj_status judge(pj_bench *b, int worker, const char *path, pj_arena *arena, pj_tried *out, pj_error *err)
{
    pj_bench_worker *w = &b->worker[worker];
    pj_runtime_model *model;
    *out = PJ_TRIED_NOTHING;
    if (!w->runtime)
        PJ_TRY(pj_evaluation_runtime(b->e, &w->runtime, err));
    pj_status status = pj_evaluation_load(b->e, w->runtime, path, &model, err);
    if (status == PJ_OK) {
        status = pj_runtime_outputs(model).count == b->outputs
                     ? judge_samples(b, model, arena, out, err)
                     : pj_fail(err, PJ_EUNSUPPORTED, "it has %zu outputs, not %zu", pj_runtime_outputs(model).count,
                               b->outputs);
        pj_runtime_unload(model);
    }
    if (status != PJ_OK && !pj_runtime_lives(w->runtime)) {
        pj_runtime_close(w->runtime);
        w->runtime = NULL;
    }
    return status;
}

const char *pj_bench_written(const pj_bench *b, int worker, pj_arena *arena)
{
    char name[32];
    snprintf(name, sizeof name, "variant%d.onnx", worker);
    return pj_evaluation_path(b->e, name, arena);
}

/* Layers that stay although the plan changes them; the one that must not is a refusal. */
static pj_status count_left(const pj_applied *applied, const char *must, size_t *left, pj_error *why)
{
    for (size_t i = 0; i < applied->layer_count; i++) {
        const pj_applied_layer *layer = &applied->layers[i];
        if (strcmp(layer->written, "float") != 0)
            continue;
        if (must && strcmp(layer->name, must) == 0)
            return pj_fail(why, PJ_EUNSUPPORTED, "%.400s", layer->reason ? layer->reason : "it would stay as it is");
        ++*left;
    }
    return PJ_OK;
}

pj_status pj_bench_try(pj_bench *b, int worker, const pj_plan_layer *rows, size_t count, const char *must,
                       pj_arena *arena, pj_tried *out, pj_error *err)
{
    pj_error why = {0};
    pj_applied *applied = NULL;
    const char *path = pj_bench_written(b, worker, arena);
    size_t left = 0;
    *out = PJ_TRIED_NOTHING;
    pj_status status =
        path ? pj_bench_write(b, worker, rows, count, path, arena, &applied, &why) : pj_fail_memory(&why);
    if (status == PJ_OK)
        status = count_left(applied, must, &left, &why);
    pj_applied_free(applied);
    if (status == PJ_OK)
        status = judge(b, worker, path, arena, out, &why);
    out->left = left;
    if (is_refusal(status)) {
        *out = PJ_TRIED_NOTHING;
        out->refused = pj_arena_strdup(arena, why.what);
        return pj_got(out->refused, err);
    }
    if (status != PJ_OK && err)
        *err = why;
    return status;
}

/* ---- sizes ---- */

static bool is_plain(const char *symbol)
{
    return *symbol && !strpbrk(symbol, " +-*/%()'");
}

static bool has_dim(const pj_dim_binding *dims, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(dims[i].name, name) == 0)
            return true;
    return false;
}

pj_status pj_bench_bind(const pj_bench *b, const pj_setup *setup, pj_arena *arena, pj_setup *out, pj_error *err)
{
    size_t room = setup->dim_count, count = setup->dim_count;
    pj_dim_binding *dims = pj_arena_memdup(arena, setup->dims, setup->dims ? count : 0, sizeof *dims);
    PJ_TRY(pj_got(dims, err));
    *out = *setup;
    out->unbound_dims_are_one = true;
    for (size_t i = 0; i < pj_samples_slots(b->e->samples); i++) {
        const pj_sample_slot *slot = pj_samples_slot(b->e->samples, i);
        for (int k = 0; k < slot->rank; k++) {
            if (slot->dims[k] >= 0 || !is_plain(slot->symbol[k]) || has_dim(dims, count, slot->symbol[k]))
                continue;
            if (!PJ_GROW(arena, dims, count, room))
                return pj_fail_memory(err);
            dims[count++] = (pj_dim_binding){pj_arena_strdup(arena, slot->symbol[k]), b->sample[0][i].dims[k]};
        }
    }
    out->dims = dims;
    out->dim_count = count;
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
}
