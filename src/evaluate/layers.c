/* One layer changed at a time. */
#include "evaluate/layers.h"

#include <errno.h>

#include "base/parallel.h"
#include "quant/plan_file.h"

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

/* The Relu or Clip that alone reads what a layer makes: apply puts no quantizer between them. */
static const pj_node *bound_of(const pj_model *model, const char *layer)
{
    const pj_node *node = NULL, *reader = NULL;
    const pj_graph *graph = model->graph;
    size_t readers = 0;
    for (int i = 0; i < graph->nodes && !node; i++)
        if (strcmp(graph->node[i]->label, layer) == 0)
            node = graph->node[i];
    for (int i = 0; node && node->outputs > 0 && i < graph->nodes; i++)
        for (int k = 0; k < graph->node[i]->inputs; k++)
            if (graph->node[i]->in[k] == node->out[0]) {
                reader = graph->node[i];
                readers++;
            }
    bool is_bound = readers == 1 && !node->out[0]->is_output && !*reader->domain &&
                    (strcmp(reader->op, "Relu") == 0 || strcmp(reader->op, "Clip") == 0);
    return is_bound ? reader : NULL;
}

/* Is it the first choice with these activations? Layers without weights ask for no more of one. */
static bool is_first_of(const pj_variants *list, size_t choice, const pj_format *activations)
{
    pj_format weights, other;
    for (size_t c = 0; c < choice; c++)
        if (pj_quantize_parse("--choices", list->choices[c], &weights, &other, NULL) == PJ_OK &&
            pj_number_equal(&other.number, &activations->number))
            return false;
    return true;
}

static pj_status add_variant(pj_bench *b, const pj_plan_layer *layer, size_t choice, pj_variants *out, pj_error *err)
{
    pj_format weights, activations;
    pj_arena *arena = b->e->arena;
    pj_variant *v = &out->variant[out->count];
    PJ_TRY(pj_quantize_parse("--choices", out->choices[choice], &weights, &activations, err));
    if (!layer->has_weights && (activations.number.kind == PJ_FLOAT || !is_first_of(out, choice, &activations)))
        return PJ_OK;
    *v = (pj_variant){.choice = out->choices[choice], .number = out->layers, .has_weights = layer->has_weights};
    v->layer = pj_arena_strdup(arena, layer->name);
    v->op = pj_arena_strdup(arena, layer->op);
    const pj_node *bound = activations.number.kind == PJ_FLOAT ? NULL : bound_of(b->e->model, layer->name);
    v->bound = bound ? bound->label : NULL;
    v->bound_op = bound ? bound->op : NULL;
    pj_str then = pj_str_new(0);
    pj_quantize_print(layer->has_weights ? &weights.number : &activations.number, &activations.number, &then);
    v->then = pj_str_keep(&then, arena);
    if (!layer->has_weights)
        weights = activations; /* of its constants, if it has any */
    PJ_TRY(word_of(&weights, arena, &v->weights, err));
    PJ_TRY(word_of(&activations, arena, &v->activations, err));
    out->count++;
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
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
    out->target = options->target;
    out->variant = PJ_NEW(b->e->arena, pj_variant, plan->layer_count * plan->choice_count);
    pj_status status = pj_got(out->variant, err);
    if (status == PJ_OK)
        status = copy_choices(b, plan->choices, plan->choice_count, out, err);
    for (size_t i = 0; i < plan->layer_count && status == PJ_OK; i++) {
        const size_t before = out->count;
        for (size_t c = 0; c < out->choice_count && status == PJ_OK && !plan->layers[i].passes; c++)
            status = add_variant(b, &plan->layers[i], c, out, err);
        out->layers += out->count > before;
    }
    pj_plan_result_free(plan);
    return status;
}

pj_status pj_variants_list(pj_bench *b, const pj_plan_options *options, pj_variants *out, pj_error *err)
{
    pj_setup bound;
    pj_model *model;
    pj_plan_options all = {.choices = options->choices,
                           .choice_count = options->choice_count,
                           .target = options->target,
                           .device = options->device,
                           .sensitivity = "uniform",
                           .time_limit = 0.1};
    const bool is_free = !options->target && !options->device;
    *out = (pj_variants){0};
    PJ_TRY(pj_bench_bind(b, b->e->setup, b->e->arena, &bound, err));
    bound.plan = bound.quantize = NULL;
    PJ_TRY(pj_model_open(b->e->model->path, &bound, &model, err));
    if (is_free)
        all.target = "onnxruntime"; /* which runs all of it */
    pj_status status = list(b, model, &bound, &all, out, err);
    if (status == PJ_EARGUMENT && is_free && all.choice_count > 0) {
        all.target = NULL;
        *out = (pj_variants){0};
        status = list(b, model, &bound, &all, out, err);
    }
    pj_model_close(model);
    if (status == PJ_OK && out->count == 0)
        status = pj_fail(err, PJ_EARGUMENT, "the model has no layer whose weights could take another format");
    return status;
}

pj_status pj_variants_as_is(pj_bench *b, const pj_variants *variants, pj_variants *out, pj_error *err)
{
    *out = (pj_variants){.choices = NULL, .choice_count = 1};
    out->variant = PJ_NEW(b->e->arena, pj_variant, variants->layers);
    PJ_TRY(pj_got(out->variant, err));
    for (size_t i = 0; i < variants->count; i++) {
        const pj_variant *v = &variants->variant[i];
        if (v->number == out->count)
            out->variant[out->count++] =
                (pj_variant){.layer = v->layer, .op = v->op, .number = v->number, .has_weights = v->has_weights};
    }
    out->layers = out->count;
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
        for (size_t i = 0; i < variants->count; i++) {
            const pj_variant *v = &variants->variant[i];
            bool counts = v->has_weights || !tried[i].refused; /* what nobody writes loses nothing */
            if (v->choice == variants->choices[c] && counts)
                pj_json_put_double(json, v->layer, tried[i].loss);
        }
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

static void put_bits(FILE *file, double number)
{
    fprintf(file, "%016llx ", (unsigned long long)bits_of(number));
}

void pj_state_write(FILE *file, size_t index, const pj_tried *tried, size_t outputs)
{
    const char *reason = tried->refused ? tried->refused : "";
    fprintf(file, "%zu ", index);
    put_bits(file, tried->loss);
    put_bits(file, tried->top1);
    put_bits(file, tried->outputs_db);
    for (size_t k = 0; k < outputs; k++)
        put_bits(file, tried->error ? tried->error[k] : 1);
    for (; *reason; reason++)
        fputc((unsigned char)*reason < ' ' ? ' ' : *reason, file);
    fputc('\n', file);
}

static pj_status keep(const pj_state *state, size_t index, const pj_tried *tried, size_t outputs, pj_error *err)
{
    if (!state || !state->file)
        return PJ_OK;
    pj_state_write(state->file, index, tried, outputs);
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
    pj_plan_layer *rows = PJ_NEW(arena, pj_plan_layer, w->plan_count + 2);
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
    if (!w->plan_count && v->bound)
        rows[(*count)++] = (pj_plan_layer){.name = v->bound, .op = v->bound_op, .activations = v->activations};
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
    pj_tried *tried = &w->tried[at];
    pj_arena *arena = w->bench->e->arena;
    w->done[at] = true;
    if (tried->refused)
        tried->refused = pj_arena_strdup(arena, tried->refused);
    if (tried->error)
        tried->error = pj_arena_memdup(arena, tried->error, w->bench->outputs, sizeof *tried->error);
    PJ_TRY(pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK);
    return keep(w->state, at, tried, w->bench->outputs, err);
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
