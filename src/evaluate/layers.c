/* One layer changed at a time. */
#include "evaluate/layers.h"

#include <errno.h>

#include "base/parallel.h"
#include "quant/plan_file.h"

/* What apply can write, and ONNX Runtime can run. */
static const char *const default_choices[] = {"fp16", "w8a16", "int8", "w4a16", "w4a8"};
enum { DEFAULT_CHOICES = sizeof default_choices / sizeof *default_choices };

/* ---- listing ---- */

static pj_status word_of(const pj_format *format, pj_arena *arena, const char **out, pj_error *err)
{
    pj_str text = pj_str_new(0);
    *out = NULL;
    if (format->from == PJ_FROM_NOTHING)
        return PJ_OK;
    pj_number_print(&format->number, &text);
    *out = pj_str_keep(&text, arena);
    return pj_got(*out, err);
}

static pj_status add_layer(pj_bench *b, const pj_plan_layer *layer, pj_variants *out, pj_error *err)
{
    for (size_t c = 0; c < out->choice_count; c++) {
        pj_format weights, activations;
        pj_variant *variant = &out->variant[out->count];
        PJ_TRY(pj_quantize_parse("--choices", out->choices[c], &weights, &activations, err));
        *variant = (pj_variant){.choice = out->choices[c]};
        variant->layer = pj_arena_strdup(b->e->arena, layer->name);
        variant->op = pj_arena_strdup(b->e->arena, layer->op);
        PJ_TRY(word_of(&weights, b->e->arena, &variant->weights, err));
        PJ_TRY(word_of(&activations, b->e->arena, &variant->activations, err));
        out->count++;
    }
    return pj_arena_failed(b->e->arena) ? pj_fail_memory(err) : PJ_OK;
}

static pj_status copy_choices(pj_bench *b, const char *const *choices, size_t count, pj_variants *out, pj_error *err)
{
    const char **copies = PJ_NEW(b->e->arena, const char *, count);
    PJ_TRY(pj_got(copies, err));
    for (size_t i = 0; i < count; i++)
        copies[i] = pj_arena_strdup(b->e->arena, choices[i]);
    out->choices = copies;
    out->choice_count = count;
    return pj_arena_failed(b->e->arena) ? pj_fail_memory(err) : PJ_OK;
}

/* The planner knows which layers could change, and what a target has. */
static pj_status list(pj_bench *b, pj_model *model, const pj_setup *setup, const pj_plan_options *options,
                      pj_variants *out, pj_error *err)
{
    pj_plan_result *plan = NULL;
    PJ_TRY(pj_plan_search(model, setup, options, &plan, err));
    out->variant = PJ_NEW(b->e->arena, pj_variant, plan->layer_count * plan->choice_count);
    pj_status status = pj_got(out->variant, err);
    if (status == PJ_OK)
        status = copy_choices(b, plan->choices, plan->choice_count, out, err);
    for (size_t i = 0; i < plan->layer_count && status == PJ_OK; i++)
        if (plan->layers[i].has_weights)
            status = add_layer(b, &plan->layers[i], out, err);
    pj_plan_result_free(plan);
    return status;
}

pj_status pj_variants_list(pj_bench *b, const pj_plan_options *options, pj_variants *out, pj_error *err)
{
    pj_setup bound;
    pj_model *model;
    const bool usual = options->choice_count == 0 && !options->target;
    const pj_plan_options all = {.choices = usual ? default_choices : options->choices,
                                 .choice_count = usual ? (size_t)DEFAULT_CHOICES : options->choice_count,
                                 .target = options->target,
                                 .sensitivity = "uniform",
                                 .time_limit = 0.1};
    *out = (pj_variants){0};
    PJ_TRY(pj_bench_bind(b, b->e->setup, b->e->arena, &bound, err));
    bound.plan = bound.quantize = NULL;
    PJ_TRY(pj_model_open(b->e->model->path, &bound, &model, err));
    pj_status status = list(b, model, &bound, &all, out, err);
    pj_model_close(model);
    if (status == PJ_OK && out->count == 0)
        status = pj_fail(err, PJ_EARGUMENT, "the model has no layer whose weights could take another format");
    return status;
}

pj_status pj_variants_as_is(pj_bench *b, const pj_variants *variants, pj_variants *out, pj_error *err)
{
    *out = (pj_variants){.choices = NULL, .choice_count = 1};
    out->variant = PJ_NEW(b->e->arena, pj_variant, variants->count);
    PJ_TRY(pj_got(out->variant, err));
    for (size_t i = 0; i < variants->count; i += variants->choice_count)
        out->variant[out->count++] = (pj_variant){.layer = variants->variant[i].layer, .op = variants->variant[i].op};
    return PJ_OK;
}

void pj_variants_json(const pj_variants *variants, const pj_tried *tried, pj_json_writer *json)
{
    pj_json_put_begin(json, "measured", PJ_JSON_WRITE_ARRAY);
    for (size_t c = 0; c < variants->choice_count; c++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "format", variants->choices[c]);
        pj_json_put_text(json, "unit", "loss");
        pj_json_put_begin(json, "values", PJ_JSON_WRITE_OBJECT);
        for (size_t i = c; i < variants->count; i += variants->choice_count)
            pj_json_put_double(json, variants->variant[i].layer, tried[i].loss);
        pj_json_write_end(json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

/* ---- what is kept ---- */

static uint64_t bits_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

void pj_state_write(FILE *file, size_t index, const pj_tried *tried)
{
    const char *reason = tried->refused ? tried->refused : "";
    fprintf(file, "%zu %016llx %016llx ", index, (unsigned long long)bits_of(tried->loss),
            (unsigned long long)bits_of(tried->top1));
    for (; *reason; reason++)
        fputc((unsigned char)*reason < ' ' ? ' ' : *reason, file);
    fputc('\n', file);
}

static pj_status keep(const pj_state *state, size_t index, const pj_tried *tried, pj_error *err)
{
    if (!state || !state->file)
        return PJ_OK;
    pj_state_write(state->file, index, tried);
    return fflush(state->file) == 0 ? PJ_OK
                                    : pj_fail(err, PJ_EIO, "what is measured cannot be kept: %s", strerror(errno));
}

/* ---- measuring ---- */

typedef struct work {
    pj_bench *bench;
    const pj_variants *variants;
    const pj_plan_layer *plan;
    size_t plan_count, left;
    const size_t *todo; /* numbers of variants */
    pj_state *state;
    pj_tried *tried;
    bool *done;
    pj_arena **arena; /* of each worker: rows and reasons */
    size_t finished;
} work;

/* The plan with the one layer in the variant's format. NULL: no memory. */
static pj_plan_layer *rows_of(const work *w, const pj_variant *v, pj_arena *arena, size_t *count)
{
    pj_plan_layer *rows = PJ_NEW(arena, pj_plan_layer, w->plan_count + 1);
    pj_plan_layer *row = rows;
    for (size_t i = 0; rows && i < w->plan_count; i++) {
        rows[i] = w->plan[i];
        if (strcmp(rows[i].name, v->layer) == 0)
            row = &rows[i];
    }
    if (!rows)
        return NULL;
    *count = w->plan_count ? w->plan_count : 1;
    *row = (pj_plan_layer){.name = v->layer, .op = v->op, .weights = v->weights, .activations = v->activations};
    return rows;
}

static pj_status run_job(void *payload, size_t job, int worker, pj_error *err)
{
    work *w = payload;
    const size_t at = w->todo[job];
    size_t count;
    if (worker == 0)
        PJ_TRY(pj_watch_step(w->bench->e->watch, "layers", job, w->left, err));
    pj_plan_layer *rows = rows_of(w, &w->variants->variant[at], w->arena[worker], &count);
    PJ_TRY(pj_got(rows, err));
    return pj_bench_try(w->bench, worker, rows, count, w->variants->variant[at].layer, w->arena[worker], &w->tried[at],
                        err);
}

static pj_status keep_job(void *payload, size_t job, int worker, pj_error *err)
{
    work *w = payload;
    const size_t at = w->todo[job];
    (void)worker;
    w->done[at] = true;
    if (w->tried[at].refused)
        w->tried[at].refused = pj_arena_strdup(w->bench->e->arena, w->tried[at].refused);
    return keep(w->state, at, &w->tried[at], err);
}

static pj_status run_jobs(work *w, pj_error *err)
{
    const int workers = w->bench->workers;
    pj_status status = PJ_OK;
    w->arena = PJ_NEW(w->bench->e->arena, pj_arena *, workers);
    PJ_TRY(pj_got(w->arena, err));
    for (int i = 0; i < workers; i++)
        w->arena[i] = pj_arena_new(0);
    for (int i = 0; i < workers && status == PJ_OK; i++)
        status = pj_got(w->arena[i], err);
    if (status == PJ_OK)
        status = pj_parallel(workers, w->left, run_job, keep_job, w, err);
    for (int i = 0; i < workers; i++)
        pj_arena_free(w->arena[i]);
    return status;
}

pj_status pj_variants_measure(pj_bench *b, const pj_variants *variants, const pj_plan_layer *plan, size_t plan_count,
                              pj_state *state, pj_tried *tried, bool *done, pj_error *err)
{
    size_t *todo = PJ_NEW(b->e->arena, size_t, variants->count);
    work w = {.bench = b,
              .variants = variants,
              .plan = plan,
              .plan_count = plan_count,
              .todo = todo,
              .state = state,
              .tried = tried,
              .done = done};
    PJ_TRY(pj_got(todo, err));
    for (size_t i = 0; i < variants->count; i++)
        if (!done[i])
            todo[w.left++] = i;
    return w.left ? run_jobs(&w, err) : PJ_OK;
}
