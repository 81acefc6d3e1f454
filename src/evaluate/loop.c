/* From a model and samples to a plan that was measured: calibrate, measure layers, plan, apply, run; and again, with
 * what layers lose within the plan.
 *
 * Losses of single layers do not add up: what a layer loses depends on what the others have lost already. So a further
 * round measures each layer within the last plan: in each format, and as it is. The difference is what the format adds
 * there, and the next plan is made of these. The best of all rounds is kept, so that a round never makes it worse. */
#include "evaluate/state.h"
#include "plan/rows.h"

pj_loop_options pj_loop_options_default(void)
{
    return (pj_loop_options){.data = pj_data_default(),
                             .test = pj_data_default(),
                             .engine = pj_engine_default(),
                             .plan = {.time_limit = -1},
                             .rounds = 1};
}

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
    pj_loop_round *round;
    size_t kept; /* number of a round; SIZE_MAX: none yet */
    pj_plan_result *plan, *best;
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

/* What each format adds to the error of the last plan. */
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
        if (!l->tried[i].refused)
            l->tried[i].loss = fmax(l->alone[i].loss, l->tried[i].loss - base[i / l->variants.choice_count].loss);
    return PJ_OK;
}

/* ---- one round ---- */

static pj_status search(looper *l, pj_plan_result **out, pj_error *err)
{
    pj_setup setup = l->bound;
    pj_plan_options options = l->options->plan;
    pj_str text = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&text, false);
    pj_resource *resources = PJ_NEW(l->e.arena, pj_resource, setup.resource_count + 1);
    PJ_TRY(pj_got(resources, err));
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "schema", "picojoule.sensitivity/1");
    pj_variants_json(&l->variants, l->tried, &json);
    pj_json_write_end(&json);
    if (setup.resource_count > 0)
        memcpy(resources, setup.resources, setup.resource_count * sizeof *resources);
    options.sensitivity = pj_samples_told(l->e.samples, l->bench.samples, l->e.arena);
    resources[setup.resource_count++] = (pj_resource){
        .size = sizeof(pj_resource), .name = options.sensitivity, .bytes = text.data, .length = text.length};
    setup.resources = resources;
    setup.watch = (pj_watch){0};
    options.choices = l->variants.choices;
    options.choice_count = l->variants.choice_count;
    options.calibration = NULL; /* measured losses hold what activations lose */
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

/* The least energy of those that keep a budget of noise, else the least error. */
static bool is_better(const looper *l, const pj_plan_result *plan, const pj_loop_round *round)
{
    if (round->refused || l->kept == SIZE_MAX)
        return l->kept == SIZE_MAX;
    const pj_loop_round *best = &l->round[l->kept];
    double most = INFINITY;
    for (size_t i = 0; i < plan->limit_count; i++)
        if (plan->limits[i].budget.measure == PJ_PLAN_NOISE)
            most = plan->limits[i].most;
    const bool keeps = round->measured <= most, kept = best->measured <= most;
    if (best->refused || keeps != kept)
        return best->refused || keeps;
    return plan->minimizes_energy && keeps ? round->energy < best->energy : round->measured < best->measured;
}

static pj_status run_round(looper *l, size_t number, pj_error *err)
{
    pj_loop_round *round = &l->round[number];
    pj_tried tried;
    PJ_TRY(search(l, &l->plan, err));
    *round = (pj_loop_round){.energy = l->plan->then.energy,
                             .param_bytes = l->plan->then.param_bytes,
                             .predicted = l->plan->then.noise,
                             .sqnr_db = NAN,
                             .agreement = NAN,
                             .top1 = NAN};
    PJ_TRY(pj_bench_try(&l->bench, 0, l->plan->layers, l->plan->layer_count, NULL, l->e.arena, &tried, err));
    round->measured = tried.loss;
    round->refused = tried.refused;
    round->left = tried.left;
    if (!tried.refused)
        PJ_TRY(judge(l, round, err));
    l->out->round_count = number + 1;
    if (!is_better(l, l->plan, round))
        return PJ_OK;
    l->kept = number;
    pj_plan_result_free(l->best);
    l->best = l->plan;
    l->plan = NULL;
    return PJ_OK;
}

static bool is_same(const pj_plan_result *a, const pj_plan_result *b)
{
    bool same = a->layer_count == b->layer_count;
    for (size_t i = 0; i < a->layer_count && same; i++)
        same = strcmp(a->layers[i].then, b->layers[i].then) == 0;
    return same;
}

/* A plan is measured within once; one that comes again ends the loop. */
static pj_status run_rounds(looper *l, pj_error *err)
{
    const size_t rounds = l->options->rounds ? l->options->rounds : 1;
    l->round = PJ_NEW(l->e.arena, pj_loop_round, rounds);
    l->out->rounds = l->round;
    PJ_TRY(pj_got(l->round, err));
    for (size_t i = 0; i < rounds; i++) {
        if (i > 0 && l->round[i - 1].refused)
            break;
        if (i > 0)
            PJ_TRY(measure_within(l, l->plan ? l->plan : l->best, err));
        pj_plan_result *last = l->plan;
        l->plan = NULL;
        pj_status status = run_round(l, i, err);
        bool again = status == PJ_OK && l->plan && (is_same(l->plan, l->best) || (last && is_same(l->plan, last)));
        pj_plan_result_free(last);
        if (status != PJ_OK)
            return status;
        if (again)
            break;
    }
    pj_plan_result_free(l->plan);
    l->plan = NULL;
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
        if (l->tried[i].refused && refused++ == 0)
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
    pj_plan_result_free(l.plan);
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
