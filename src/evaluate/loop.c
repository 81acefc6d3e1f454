/* From a model and samples to a plan that was measured: calibrate, measure layers, plan, apply, run; and again, with
 * what layers lose within the plan.
 *
 * Losses of single layers do not add up: what a layer loses depends on what the others have lost already, and a sum of
 * errors minds the worst output most. So several plans are made at the same budget, each is written and run, and the
 * best is kept: a plan by the losses, one by the losses in shares of what each output loses in the first, one by the
 * noise of the weights. A further round measures each layer within the best plan: in each format, and as it is. The
 * difference is what the format adds there, and the next plans are made of these. */
#include "evaluate/state.h"
#include "plan/rows.h"

pj_loop_options pj_loop_options_default(void)
{
    return (pj_loop_options){.data = pj_data_default(),
                             .test = pj_data_default(),
                             .engine = pj_engine_default(),
                             .plan = {.time_limit = -1},
                             .rounds = 2};
}

/* What a plan is made of. */
typedef enum source { LOSSES, ALIKE, WEIGHTS, SOURCES } source;

typedef struct looper {
    pj_evaluation e;
    const pj_loop_options *options;
    pj_data data, test;
    pj_bench bench;
    pj_variants variants;
    pj_setup bound;    /* of planning: with the sizes of the samples */
    pj_model *planned; /* the model at those sizes; plans live as long */
    pj_tried *alone;   /* losses of layers one by one, by variant */
    pj_tried *tried;   /* those that the next plan is made of */
    bool *done;
    pj_plan_budget knee; /* the energy of the first plan, where no budget is given */
    double most_noise;   /* a budget of noise; INFINITY: none */
    pj_loop_round *round;
    size_t kept; /* number of a round; SIZE_MAX: none yet */
    pj_plan_result *best;
    pj_loop *out;
} looper;

typedef struct loop_memory {
    pj_loop loop;
    pj_arena *arena;
    pj_model *planned;
    pj_plan_result *plan;
} loop_memory;

static pj_status measure_alone(looper *l, pj_error *err)
{
    pj_state state;
    l->tried = PJ_NEW(l->e.arena, pj_tried, l->variants.count);
    l->done = PJ_NEW(l->e.arena, bool, l->variants.count);
    PJ_TRY(pj_got(l->tried && l->done, err));
    PJ_TRY(pj_state_open(&l->bench, &l->variants, l->options->state, l->tried, l->done, &state, err));
    pj_status status = pj_variants_measure(&l->bench, &l->variants, NULL, 0, &state, l->tried, l->done, err);
    pj_state_close(&state);
    l->alone = pj_arena_memdup(l->e.arena, l->tried, l->variants.count, sizeof *l->alone);
    return status == PJ_OK ? pj_got(l->alone, err) : status;
}

/* What a format adds to the error of the plan: at least what it loses alone. */
static pj_status add_within(looper *l, size_t at, const pj_tried *base, pj_error *err)
{
    pj_tried *tried = &l->tried[at];
    const pj_tried *alone = &l->alone[at];
    if (!tried->error || !base->error || !alone->error)
        return PJ_OK;
    double *error = PJ_NEW(l->e.arena, double, l->bench.outputs);
    PJ_TRY(pj_got(error, err));
    for (size_t k = 0; k < l->bench.outputs; k++)
        error[k] = fmax(alone->error[k], tried->error[k] - base->error[k]);
    tried->error = error;
    tried->loss = fmax(alone->loss, tried->loss - base->loss);
    return PJ_OK;
}

static pj_status measure_within(looper *l, const pj_plan_result *plan, pj_error *err)
{
    pj_variants as_is;
    PJ_TRY(pj_variants_as_is(&l->bench, &l->variants, &as_is, err));
    pj_tried *base = PJ_NEW(l->e.arena, pj_tried, as_is.count);
    bool *done = PJ_NEW(l->e.arena, bool, as_is.count);
    PJ_TRY(pj_got(base && done, err));
    memset(l->done, 0, l->variants.count * sizeof *l->done);
    PJ_TRY(pj_variants_measure(&l->bench, &as_is, plan->layers, plan->layer_count, NULL, base, done, err));
    PJ_TRY(pj_variants_measure(&l->bench, &l->variants, plan->layers, plan->layer_count, NULL, l->tried, l->done, err));
    for (size_t i = 0; i < l->variants.count; i++)
        PJ_TRY(add_within(l, i, &base[l->variants.variant[i].number], err));
    return PJ_OK;
}

/* ---- losses ---- */

/* What was measured of a layer in the format that a plan gives it. NULL: nothing, it stays. */
static const pj_tried *tried_of(const looper *l, const pj_plan_layer *layer)
{
    for (size_t i = 0; i < l->variants.count; i++) {
        const pj_variant *v = &l->variants.variant[i];
        if (strcmp(v->then, layer->then) == 0 && strcmp(v->layer, layer->name) == 0)
            return v->has_weights || !l->tried[i].refused ? &l->tried[i] : NULL;
    }
    return NULL;
}

static double predict(const looper *l, const pj_plan_result *plan)
{
    double sum = 0;
    for (size_t i = 0; i < plan->layer_count; i++) {
        const pj_tried *tried = tried_of(l, &plan->layers[i]);
        sum += tried ? tried->loss : 0;
    }
    return sum;
}

/* Losses in shares of what each output loses in `plan`: where a sum of errors minds the worst output, these sum up to
 * what each output loses in decibels, nearly. NULL: no memory. */
static const pj_tried *share_losses(const looper *l, const pj_plan_result *plan)
{
    const size_t outputs = l->bench.outputs;
    pj_tried *shared = pj_arena_memdup(l->e.arena, l->tried, l->variants.count, sizeof *shared);
    double *whole = PJ_NEW(l->e.arena, double, outputs);
    size_t used = 0;
    if (!shared || !whole)
        return NULL;
    for (size_t i = 0; i < plan->layer_count; i++) {
        const pj_tried *tried = tried_of(l, &plan->layers[i]);
        for (size_t k = 0; tried && k < outputs; k++)
            whole[k] += tried->error ? tried->error[k] : 1;
    }
    for (size_t k = 0; k < outputs; k++)
        used += whole[k] > 0;
    for (size_t i = 0; i < l->variants.count && used > 0; i++) {
        double sum = 0;
        for (size_t k = 0; k < outputs; k++)
            sum += whole[k] > 0 ? (shared[i].error ? shared[i].error[k] : 1) / whole[k] : 0;
        shared[i].loss = sum / (double)used;
    }
    return shared;
}

/* ---- one plan ---- */

static const char *word_of(looper *l, source made_of, size_t round)
{
    static const char *const words[SOURCES] = {"losses", "losses, outputs alike", "weights"};
    pj_str text = pj_str_new(0);
    pj_str_add(&text, words[made_of]);
    if (round > 0)
        pj_str_printf(&text, ", within plan %zu", l->kept + 1);
    return pj_str_keep(&text, l->e.arena);
}

/* The planner's own options, and what it is told of losses, as a file in memory. */
static pj_status search(looper *l, const pj_tried *tried, pj_plan_result **out, pj_error *err)
{
    pj_setup setup = l->bound;
    pj_plan_options options = l->options->plan;
    pj_str text = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&text, false);
    pj_resource *resources = PJ_NEW(l->e.arena, pj_resource, setup.resource_count + 1);
    PJ_TRY(pj_got(resources, err));
    setup.watch = (pj_watch){0};
    options.choices = l->variants.choices;
    options.choice_count = l->variants.choice_count;
    options.target = options.target || options.device ? options.target : l->variants.target;
    if (l->knee.most > 0) {
        options.budgets = &l->knee;
        options.budget_count = 1;
        options.knee = false;
    }
    options.sensitivity = NULL;
    if (tried) {
        pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(&json, "schema", "picojoule.sensitivity/1");
        pj_variants_json(&l->variants, tried, &json);
        pj_json_write_end(&json);
        if (setup.resource_count > 0)
            memcpy(resources, setup.resources, setup.resource_count * sizeof *resources);
        options.sensitivity = pj_samples_told(l->e.samples, l->bench.samples, l->e.arena);
        resources[setup.resource_count++] = (pj_resource){
            .size = sizeof(pj_resource), .name = options.sensitivity, .bytes = text.data, .length = text.length};
        setup.resources = resources;
        options.calibration = NULL; /* measured losses hold what activations lose */
    }
    pj_status status = text.failed ? pj_fail_memory(err) : pj_plan_search(l->planned, &setup, &options, out, err);
    pj_str_free(&text);
    return status;
}

static pj_status judge(looper *l, pj_loop_round *round, pj_error *err)
{
    pj_model *one = NULL, *two = NULL;
    pj_verified *found = NULL;
    pj_verify_options options = pj_verify_options_default();
    options.data = l->test;
    options.engine = l->options->engine;
    options.labels = l->options->labels;
    options.outputs_only = true;
    const char *written = pj_bench_written(&l->bench, 0, l->e.arena);
    pj_status status = written ? pj_model_open(l->e.model->path, l->e.setup, &one, err) : pj_fail_memory(err);
    if (status == PJ_OK)
        status = pj_model_open(written, NULL, &two, err);
    if (status == PJ_OK)
        status = pj_verify(one, two, l->e.setup, &options, &found, err);
    if (status == PJ_OK) {
        round->sqnr_db = found->sqnr_db;
        round->agreement = found->agreement;
        round->top1 = found->top1_other;
        l->out->top1 = found->top1;
        l->out->test = pj_arena_strdup(l->e.arena, found->with.data);
        status = pj_got(l->out->test, err);
    }
    pj_verified_free(found);
    pj_model_close(two);
    pj_model_close(one);
    return status;
}

/* The least energy of those that keep a budget of noise, else the best SQNR. */
static bool is_better(const looper *l, const pj_plan_result *plan, const pj_loop_round *round)
{
    if (round->refused || l->kept == SIZE_MAX)
        return l->kept == SIZE_MAX;
    const pj_loop_round *best = &l->round[l->kept];
    const bool keeps = round->measured <= l->most_noise, kept = best->measured <= l->most_noise;
    if (best->refused || keeps != kept)
        return best->refused || keeps;
    return plan->minimizes_energy && keeps ? round->energy < best->energy : round->outputs_db > best->outputs_db;
}

static bool is_same(const pj_plan_result *a, const pj_plan_result *b)
{
    bool same = a->layer_count == b->layer_count;
    for (size_t i = 0; i < a->layer_count && same; i++)
        same = strcmp(a->layers[i].then, b->layers[i].then) == 0;
    return same;
}

/* Runs a plan, and keeps it where it is better than the best, whose place it takes; *plan is NULL then. */
static pj_status try_plan(looper *l, const char *made_of, pj_plan_result **plan, pj_error *err)
{
    const pj_plan_result *p = *plan;
    const size_t number = l->out->round_count;
    pj_loop_round *round = &l->round[number];
    pj_tried tried;
    *round = (pj_loop_round){.energy = p->then.energy,
                             .param_bytes = p->then.param_bytes,
                             .made_of = made_of,
                             .predicted = predict(l, p),
                             .sqnr_db = NAN,
                             .agreement = NAN,
                             .top1 = NAN};
    PJ_TRY(pj_bench_try(&l->bench, 0, p->layers, p->layer_count, NULL, l->e.arena, &tried, err));
    round->measured = tried.loss;
    round->outputs_db = tried.outputs_db;
    round->refused = tried.refused;
    round->left = tried.left;
    if (!tried.refused)
        PJ_TRY(judge(l, round, err));
    l->out->round_count = number + 1;
    if (!is_better(l, p, round))
        return PJ_OK;
    l->kept = number;
    pj_plan_result_free(l->best);
    l->best = *plan;
    *plan = NULL;
    return PJ_OK;
}

/* A plan by weights where they cannot be looked at, or where nothing else than losses can be minimized, is none. */
static bool is_possible(const looper *l, source made_of)
{
    return made_of == LOSSES || (!isfinite(l->most_noise) && (made_of == WEIGHTS || l->bench.outputs > 1));
}

/* The plans of a round; *is_new says whether one of them was not the best before. */
static pj_status run_round(looper *l, size_t number, bool *is_new, pj_error *err)
{
    pj_status status = PJ_OK;
    *is_new = false;
    for (source s = LOSSES; s < (number == 0 ? SOURCES : WEIGHTS) && status == PJ_OK; s++) {
        pj_plan_result *plan = NULL;
        pj_error why = {0};
        const pj_tried *tried = s == ALIKE ? share_losses(l, l->best) : l->tried;
        const char *made_of = word_of(l, s, number);
        PJ_TRY(pj_got(tried && made_of, err));
        if (!is_possible(l, s))
            continue;
        status = search(l, s == WEIGHTS ? NULL : tried, &plan, s == WEIGHTS ? &why : err);
        if (s == WEIGHTS && status != PJ_OK && status != PJ_ENOMEM && status != PJ_ESTOPPED) {
            status = PJ_OK;
            continue;
        }
        if (status == PJ_OK && (!l->best || !is_same(plan, l->best))) {
            *is_new = true;
            if (!l->best && l->options->plan.budget_count == 0)
                l->knee = (pj_plan_budget){PJ_PLAN_ENERGY, plan->then.energy, false};
            status = try_plan(l, made_of, &plan, err);
        }
        pj_plan_result_free(plan);
    }
    return status;
}

/* A plan is measured within once; one that comes again ends the loop. */
static pj_status run_rounds(looper *l, pj_error *err)
{
    const size_t rounds = l->options->rounds ? l->options->rounds : 1;
    l->round = PJ_NEW(l->e.arena, pj_loop_round, rounds * (size_t)SOURCES);
    l->out->rounds = l->round;
    PJ_TRY(pj_got(l->round, err));
    bool is_new = true;
    l->most_noise = INFINITY;
    for (size_t i = 0; i < l->options->plan.budget_count; i++)
        if (l->options->plan.budgets[i].measure == PJ_PLAN_NOISE)
            l->most_noise = l->options->plan.budgets[i].relative ? 0 : l->options->plan.budgets[i].most;
    for (size_t i = 0; i < rounds && is_new; i++) {
        if (i > 0 && l->round[l->kept].refused)
            break;
        if (i > 0)
            PJ_TRY(measure_within(l, l->best, err));
        PJ_TRY(run_round(l, i, &is_new, err));
    }
    l->round[l->kept].is_kept = true;
    return PJ_OK;
}

/* ---- the model ---- */

static pj_status write_model(looper *l, pj_error *err)
{
    pj_applied *applied;
    if (!l->options->out)
        return PJ_OK;
    if (l->round[l->kept].refused)
        return pj_fail(err, PJ_EUNSUPPORTED, "the plan's model cannot be written or run: %.300s",
                       l->round[l->kept].refused);
    PJ_TRY(pj_bench_write(&l->bench, 0, l->best->layers, l->best->layer_count, l->options->out, l->e.arena, &applied,
                          err));
    l->out->out = pj_arena_strdup(l->e.arena, l->options->out);
    l->out->bytes_before = applied->bytes_before;
    l->out->bytes_after = applied->bytes_after;
    pj_applied_free(applied);
    return pj_got(l->out->out, err);
}

static void note_refusals(looper *l)
{
    size_t refused = 0, first = 0;
    for (size_t i = 0; i < l->variants.count; i++)
        if (l->variants.variant[i].has_weights && l->tried[i].refused && refused++ == 0)
            first = i;
    if (refused > 0)
        pj_evaluation_note(
            &l->e, l->variants.variant[first].layer,
            "%zu of %zu pairs of layer and format cannot be written or run and count as lost; the first, "
            "in %s: %.200s",
            refused, l->variants.count, l->variants.variant[first].choice, l->tried[first].refused);
    if (!l->data.path)
        pj_evaluation_note(&l->e, NULL,
                           "the samples are random numbers: with real ones the plan may be another, and is "
                           "better as a rule");
    if (!l->options->test.path)
        pj_evaluation_note(&l->e, NULL,
                           "plans are judged on the samples that they were made of: others, as --test-data, "
                           "tell more");
}

static pj_status loop(looper *l, pj_error *err)
{
    PJ_TRY(pj_variants_list(&l->bench, &l->options->plan, &l->variants, err));
    PJ_TRY(measure_alone(l, err));
    note_refusals(l);
    PJ_TRY(pj_bench_bind(&l->bench, l->e.setup, l->e.arena, &l->bound, err));
    PJ_TRY(pj_model_open(l->e.model->path, &l->bound, &l->planned, err));
    PJ_TRY(run_rounds(l, err));
    PJ_TRY(write_model(l, err));
    if (l->round[l->kept].left > 0)
        pj_evaluation_note(&l->e, NULL,
                           "%zu layers of the plan stay as they are in its model, for which no operator "
                           "computes so; the plan's energy counts them as changed",
                           l->round[l->kept].left);
    return pj_evaluation_tell(&l->e, l->bench.samples, &l->out->with, err);
}

static pj_status open_and_loop(looper *l, pj_error *err)
{
    const pj_loop_options *o = l->options;
    PJ_TRY(pj_evaluation_open(&l->e, err));
    const char *target = o->plan.target && strcmp(o->plan.target, "onnxruntime") == 0 ? o->plan.target : NULL;
    pj_status status = pj_bench_open(&l->bench, &l->e, o->test.path ? NULL : o->labels, o->plan.calibration, target,
                                     o->engine.jobs, err);
    if (status == PJ_OK)
        status = loop(l, err);
    pj_bench_close(&l->bench);
    return status;
}

pj_status pj_loop_run(pj_model *model, const pj_setup *setup, const pj_loop_options *options, pj_loop **out,
                      pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (!model || !setup || !options || !out)
        return pj_fail_null(err);
    *out = NULL;
    pj_arena *arena = pj_arena_new(0);
    loop_memory *memory = arena ? PJ_NEW(arena, loop_memory, 1) : NULL;
    if (!memory) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    pj_setup open = *setup; /* sizes that nobody gives are those of the samples */
    open.unbound_dims_are_one = false;
    memory->arena = arena;
    memory->loop.top1 = NAN;
    looper l = {.options = options, .data = options->data, .kept = SIZE_MAX, .out = &memory->loop};
    l.data.most = l.data.most ? l.data.most : PJ_SENSITIVITY_SAMPLES;
    l.test = options->test.path ? options->test : l.data;
    l.e = (pj_evaluation){.model = model,
                          .setup = &open,
                          .data = &l.data,
                          .engine = &options->engine,
                          .arena = arena,
                          .watch = options->watch};
    pj_status status = open_and_loop(&l, err);
    pj_evaluation_close(&l.e);
    memory->planned = l.planned;
    memory->plan = l.best;
    memory->loop.plan = l.best;
    if (status == PJ_OK) {
        *out = &memory->loop;
        return PJ_OK;
    }
    pj_error_at(err, model->path, NULL, NULL);
    pj_loop_free(&memory->loop);
    return status;
}

void pj_loop_free(pj_loop *loop)
{
    loop_memory *memory = (void *)loop;
    if (!memory)
        return;
    pj_plan_result_free(memory->plan);
    pj_model_close(memory->planned);
    pj_arena_free(memory->arena);
}
