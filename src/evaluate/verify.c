/* Two models on the same samples: outputs, and tensors that both have. */
#include "base/map.h"
#include "evaluate/evaluation.h"
#include "evaluate/rows.h"

pj_verify_options pj_verify_options_default(void)
{
    return (pj_verify_options){.data = pj_data_default(), .engine = pj_engine_default()};
}

/* A tensor that is compared, by its places among the outputs of both. */
typedef struct pair {
    size_t a, b;
    pj_compared told;
    pj_difference found;
} pair;

typedef struct pairs {
    pair *pair;
    size_t count;
} pairs;

typedef struct verifier {
    pj_evaluation e;
    const pj_verify_options *options;
    pj_model *model, *other;
    pj_runtime_model *a, *b, *probe_a, *probe_b;
    pairs outputs, layers;
    pj_rows_judge judge;
    uint64_t samples;
    pj_verified *out;
} verifier;

typedef struct verified_memory {
    pj_verified verified;
    pj_arena *arena;
} verified_memory;

/* ---- what is compared ---- */

static size_t port_named(pj_ports ports, const char *name)
{
    for (size_t i = 0; i < ports.count; i++)
        if (strcmp(ports.port[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static pj_status check_inputs(const verifier *v, pj_error *err)
{
    pj_ports a = pj_runtime_inputs(v->a), b = pj_runtime_inputs(v->b);
    for (size_t i = 0; i < b.count; i++)
        if (port_named(a, b.port[i].name) == SIZE_MAX || a.count != b.count)
            return pj_fail(err, PJ_EARGUMENT,
                           "the models have other inputs: %.100s has %zu, and %.100s has %zu with \"%.100s\"",
                           v->model->path, a.count, v->other->path, b.count, b.port[i].name);
    return PJ_OK;
}

/* Outputs by their names; where none is shared and there are as many, by their places. */
static pj_status pair_outputs(verifier *v, pj_error *err)
{
    pj_ports a = pj_runtime_outputs(v->a), b = pj_runtime_outputs(v->b);
    size_t shared = 0;
    v->outputs.pair = PJ_NEW(v->e.arena, pair, a.count);
    PJ_TRY(pj_got(v->outputs.pair, err));
    for (size_t i = 0; i < a.count; i++)
        shared += port_named(b, a.port[i].name) != SIZE_MAX;
    if (shared == 0 && a.count != b.count)
        return pj_fail(err, PJ_EARGUMENT,
                       "the models share no output: %.100s has %zu, the first is \"%.60s\"; %.100s has"
                       " %zu",
                       v->model->path, a.count, a.count ? a.port[0].name : "", v->other->path, b.count);
    for (size_t i = 0; i < a.count; i++) {
        size_t at = shared ? port_named(b, a.port[i].name) : i;
        const char *name = pj_arena_strdup(v->e.arena, a.port[i].name);
        PJ_TRY(pj_got(name, err));
        if (at == SIZE_MAX)
            pj_evaluation_note(&v->e, NULL, "output \"%.200s\" is not in the second model", a.port[i].name);
        else
            v->outputs.pair[v->outputs.count++] = (pair){
                .a = i, .b = at, .told = {.tensor = name, .is_output = true}
            };
    }
    return PJ_OK;
}

/* Who makes a tensor. */
static void name_layer(const verifier *v, pj_compared *out)
{
    const pj_value *value = pj_graph_find(v->model->graph, out->tensor);
    out->layer = value && value->producer ? value->producer->label : "";
    out->op = value && value->producer ? value->producer->op : "";
}

/* Outputs of the probes that both have, in the order of the first one's graph. */
static pj_status pair_layers(verifier *v, pj_error *err)
{
    pj_ports a = pj_runtime_outputs(v->probe_a), b = pj_runtime_outputs(v->probe_b);
    pj_map places;
    pj_map_init(&places, v->e.arena);
    v->layers.pair = PJ_NEW(v->e.arena, pair, a.count);
    PJ_TRY(pj_got(v->layers.pair, err));
    for (size_t i = 0; i < b.count; i++) {
        union {
            uintptr_t number;
            void *pointer;
        } cast = {i + 1};
        PJ_TRY(pj_got(pj_map_put(&places, b.port[i].name, cast.pointer), err));
    }
    for (size_t i = 0; i < a.count; i++) {
        uintptr_t at = (uintptr_t)pj_map_get(&places, a.port[i].name);
        const char *name = pj_arena_strdup(v->e.arena, a.port[i].name);
        PJ_TRY(pj_got(name, err));
        if (!at || !pj_dtype_is_float(a.port[i].dtype))
            continue;
        pair *p = &v->layers.pair[v->layers.count++];
        *p = (pair){.a = i, .b = at - 1, .told = {.tensor = name}};
        p->told.is_output = port_named(pj_runtime_outputs(v->a), name) != SIZE_MAX;
    }
    return PJ_OK;
}

/* ---- samples ---- */

static pj_status compare(verifier *v, pairs *list, const pj_ndarray *a, const pj_ndarray *b, pj_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        pair *p = &list->pair[i];
        const pj_ndarray *x = &a[p->a], *y = &b[p->b];
        char has[PJ_ARRAY_TEXT], other[PJ_ARRAY_TEXT];
        if (pj_arrays_compare(x, y)) {
            pj_difference_add(&p->found, x, y);
            continue;
        }
        if (!p->told.is_output || list == &v->layers || !x->data || !y->data)
            continue;
        return pj_fail(err, PJ_EARGUMENT, "output \"%.100s\" is %s in the first model and %s in the second",
                       p->told.tensor, pj_array_print(x, has), pj_array_print(y, other));
    }
    return PJ_OK;
}

/* Outputs of the second model in the order of those of the first that both have. */
static pj_status judge_rows(verifier *v, const pj_ndarray *a, const pj_ndarray *b, pj_arena *arena, pj_error *err)
{
    const size_t count = v->outputs.count;
    pj_ndarray *one = PJ_NEW(arena, pj_ndarray, count), *two = PJ_NEW(arena, pj_ndarray, count);
    PJ_TRY(pj_got(one && two, err));
    for (size_t i = 0; i < count; i++) {
        one[i] = a[v->outputs.pair[i].a];
        two[i] = b[v->outputs.pair[i].b];
    }
    return pj_rows_judge_add(&v->judge, one, two, count, err);
}

static pj_status run_sample(verifier *v, const pj_ndarray *sample, pj_arena *arena, pj_error *err)
{
    const pj_ndarray *a, *b;
    PJ_TRY(pj_evaluation_run(&v->e, v->a, sample, v->samples, arena, &a, err));
    PJ_TRY(pj_evaluation_run(&v->e, v->b, sample, v->samples, arena, &b, err));
    PJ_TRY(compare(v, &v->outputs, a, b, err));
    PJ_TRY(judge_rows(v, a, b, arena, err));
    if (v->layers.count == 0)
        return PJ_OK;
    PJ_TRY(pj_evaluation_run(&v->e, v->probe_a, sample, v->samples, arena, &a, err));
    PJ_TRY(pj_evaluation_run(&v->e, v->probe_b, sample, v->samples, arena, &b, err));
    return compare(v, &v->layers, a, b, err);
}

static pj_status run_all(verifier *v, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_status status = pj_got(arena, err);
    while (status == PJ_OK) {
        const pj_ndarray *sample;
        pj_arena_reset(arena);
        status = pj_watch_step(v->options->watch, "samples", v->samples, v->options->data.random, err);
        if (status == PJ_OK)
            status = pj_samples_next(v->e.samples, &sample, err);
        if (status != PJ_OK || !sample)
            break;
        status = run_sample(v, sample, arena, err);
        v->samples++;
    }
    pj_arena_free(arena);
    if (status == PJ_OK && v->samples == 0)
        return pj_fail(err, PJ_EARGUMENT, "there are no samples in it");
    if (status == PJ_OK && !v->options->data.most) /* of fewer samples labels are left */
        status = pj_rows_judge_end(&v->judge, err);
    return status;
}

/* ---- what is told ---- */

static const pj_compared *tell_pairs(verifier *v, pairs *list)
{
    pj_compared *told = PJ_NEW(v->e.arena, pj_compared, list->count);
    for (size_t i = 0; told && i < list->count; i++) {
        const pj_difference *found = &list->pair[i].found;
        told[i] = list->pair[i].told;
        name_layer(v, &told[i]);
        told[i].sqnr_db = pj_decibels(found->signal, found->noise);
        told[i].error = found->arrays ? found->error / (double)found->arrays : NAN;
        told[i].difference = found->most;
        told[i].largest = found->largest;
        told[i].numbers = found->numbers;
        told[i].odd = found->odd;
    }
    return told;
}

static void tell_all(verifier *v)
{
    double signal = 0, noise = 0, error = 0;
    size_t compared = 0;
    uint64_t odd = 0;
    for (size_t i = 0; i < v->outputs.count; i++) {
        const pj_difference *found = &v->outputs.pair[i].found;
        signal += found->signal;
        noise += found->noise;
        odd += found->odd;
        if (found->arrays > 0) {
            error += found->error / (double)found->arrays;
            compared++;
        }
    }
    v->out->sqnr_db = pj_decibels(signal, noise);
    v->out->error = compared ? error / (double)compared : NAN;
    if (odd > 0) {
        v->out->sqnr_db = -INFINITY; /* what is no number has no end of noise */
        pj_evaluation_note(&v->e, NULL, "%" PRIu64 " numbers of the second model's outputs are not finite", odd);
    }
    if (compared == 0)
        pj_evaluation_note(&v->e, NULL, "no output is a tensor of finite numbers: nothing could be compared");
    if (!v->options->data.path)
        pj_evaluation_note(&v->e, NULL,
                           "the samples are random numbers: what the models make of real ones may differ "
                           "more, or less");
}

static pj_status tell(verifier *v, pj_error *err)
{
    pj_verified *out = v->out;
    tell_all(v);
    out->other = pj_arena_strdup(v->e.arena, v->other->path);
    out->outputs = tell_pairs(v, &v->outputs);
    out->output_count = v->outputs.count;
    out->layers = tell_pairs(v, &v->layers);
    out->layer_count = v->layers.count;
    out->rows = v->judge.rows;
    out->agreement = v->judge.rows ? (double)v->judge.agree / (double)v->judge.rows : NAN;
    out->top1 = pj_rows_share(v->judge.right, &v->judge);
    out->top1_other = pj_rows_share(v->judge.right_other, &v->judge);
    return pj_evaluation_tell(&v->e, v->samples, &out->with, err);
}

/* The texts of layers are the model's; the result outlives it. */
static pj_status keep_texts(verifier *v, pj_error *err)
{
    for (pairs *list = &v->outputs; list; list = list == &v->outputs ? &v->layers : NULL) {
        pj_compared *told = NULL;
        const pj_compared *from = list == &v->outputs ? v->out->outputs : v->out->layers;
        told = pj_arena_memdup(v->e.arena, from, list->count, sizeof *told);
        PJ_TRY(pj_got(told, err));
        for (size_t i = 0; i < list->count; i++) {
            told[i].layer = pj_arena_strdup(v->e.arena, told[i].layer);
            told[i].op = pj_arena_strdup(v->e.arena, told[i].op);
        }
        if (list == &v->outputs)
            v->out->outputs = told;
        else
            v->out->layers = told;
    }
    return pj_arena_failed(v->e.arena) ? pj_fail_memory(err) : PJ_OK;
}

static pj_status verify(verifier *v, pj_error *err)
{
    v->judge.file = v->options->labels;
    PJ_TRY(pj_labels_read(v->options->labels, v->e.arena, &v->judge.labels, err));
    PJ_TRY(pj_evaluation_open(&v->e, err));
    PJ_TRY(pj_evaluation_load(&v->e, v->e.runtime, v->model->path, &v->a, err));
    PJ_TRY(pj_evaluation_load(&v->e, v->e.runtime, v->other->path, &v->b, err));
    PJ_TRY(check_inputs(v, err));
    PJ_TRY(pair_outputs(v, err));
    if (!v->options->outputs_only) {
        PJ_TRY(pj_evaluation_probe(&v->e, v->model, "a.onnx", &v->probe_a, err));
        PJ_TRY(pj_evaluation_probe(&v->e, v->other, "b.onnx", &v->probe_b, err));
        PJ_TRY(pair_layers(v, err));
    }
    PJ_TRY(run_all(v, err));
    PJ_TRY(tell(v, err));
    return keep_texts(v, err);
}

pj_status pj_verify(pj_model *model, pj_model *other, const pj_setup *setup, const pj_verify_options *options,
                    pj_verified **out, pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (!model || !other || !setup || !options || !out)
        return pj_fail_null(err);
    *out = NULL;
    pj_arena *arena = pj_arena_new(0);
    verified_memory *memory = arena ? PJ_NEW(arena, verified_memory, 1) : NULL;
    if (!memory) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    memory->arena = arena;
    verifier v = {
        .e = {.model = model, .setup = setup, .data = &options->data, .engine = &options->engine, .arena = arena},
        .options = options,
        .model = model,
        .other = other,
        .out = &memory->verified
    };
    pj_status status = verify(&v, err);
    pj_evaluation_close(&v.e);
    if (status == PJ_OK) {
        *out = &memory->verified;
        return PJ_OK;
    }
    pj_error_at(err, model->path, NULL, NULL);
    pj_arena_free(arena);
    return status;
}

void pj_verified_free(pj_verified *verified)
{
    if (verified)
        pj_arena_free(((verified_memory *)(void *)verified)->arena);
}
