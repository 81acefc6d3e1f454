/* The output error of each layer in each format: listed, measured on several processes, told. */
#include "evaluate/state.h"

pj_sensitivity_options pj_sensitivity_options_default(void)
{
    return (pj_sensitivity_options){.data = pj_data_default(), .engine = pj_engine_default()};
}

typedef struct sensor {
    pj_evaluation e;
    const pj_sensitivity_options *options;
    pj_data data;
    pj_bench bench;
    pj_variants variants;
    pj_tried *tried;
    bool *done;
    pj_sensitivity *out;
} sensor;

typedef struct sensitivity_memory {
    pj_sensitivity sensitivity;
    pj_arena *arena;
} sensitivity_memory;

static pj_status measure(sensor *s, pj_error *err)
{
    pj_state state;
    s->tried = PJ_NEW(s->e.arena, pj_tried, s->variants.count);
    s->done = PJ_NEW(s->e.arena, bool, s->variants.count);
    PJ_TRY(pj_got(s->tried && s->done, err));
    PJ_TRY(pj_state_open(&s->bench, &s->variants, s->options->state, s->tried, s->done, &state, err));
    for (size_t i = 0; i < s->variants.count; i++)
        s->out->resumed += s->done[i];
    pj_status status = pj_variants_measure(&s->bench, &s->variants, NULL, 0, &state, s->tried, s->done, err);
    pj_state_close(&state);
    return status;
}

/* Refusals go by their reasons: the first layer of each, and how many more. */
static void note_refusals(sensor *s)
{
    for (size_t i = 0; i < s->variants.count; i++) {
        size_t more = 0;
        bool first = s->tried[i].refused && s->variants.variant[i].has_weights;
        for (size_t k = 0; k < s->variants.count && first; k++) {
            bool same = s->tried[k].refused && s->variants.variant[k].has_weights &&
                        strcmp(s->tried[k].refused, s->tried[i].refused) == 0 &&
                        strcmp(s->variants.variant[k].choice, s->variants.variant[i].choice) == 0;
            first = !same || k >= i;
            more += same && k > i;
        }
        if (first)
            pj_evaluation_note(&s->e, s->variants.variant[i].layer,
                               "%s cannot be written or run, so its loss counts as 1, all that there is: %.200s%s",
                               s->variants.variant[i].choice, s->tried[i].refused,
                               more ? " (and other layers likewise)" : "");
    }
    if (!s->data.path)
        pj_evaluation_note(&s->e, NULL, "the samples are random numbers: real ones order layers better");
}

static pj_status tell(sensor *s, pj_error *err)
{
    pj_sensitivity *out = s->out;
    pj_layer_loss *losses = PJ_NEW(s->e.arena, pj_layer_loss, s->variants.count);
    PJ_TRY(pj_got(losses, err));
    for (size_t i = 0; i < s->variants.count; i++) {
        const pj_variant *v = &s->variants.variant[i];
        if (!v->has_weights && s->tried[i].refused)
            continue; /* it stays as it is, and loses nothing */
        losses[out->count++] = (pj_layer_loss){
            v->layer, v->op, v->choice, s->tried[i].loss, s->bench.top1 - s->tried[i].top1, s->tried[i].refused};
    }
    note_refusals(s);
    out->choices = s->variants.choices;
    out->choice_count = s->variants.choice_count;
    out->losses = losses;
    out->top1 = s->bench.top1;
    return pj_evaluation_tell(&s->e, s->bench.samples, &out->with, err);
}

static pj_status find(sensor *s, pj_error *err)
{
    const pj_sensitivity_options *o = s->options;
    PJ_TRY(pj_evaluation_open(&s->e, err));
    pj_status status = pj_bench_open(&s->bench, &s->e, o->labels, o->calibration, o->target, o->engine.jobs, err);
    if (status == PJ_OK)
        status = pj_variants_list(&s->bench, &(pj_plan_options){.choices = o->choices, .choice_count = o->choice_count},
                                  &s->variants, err);
    if (status == PJ_OK)
        status = measure(s, err);
    if (status == PJ_OK)
        status = tell(s, err);
    pj_bench_close(&s->bench);
    return status;
}

pj_status pj_measure_sensitivity(pj_model *model, const pj_setup *setup, const pj_sensitivity_options *options,
                                 pj_sensitivity **out, pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (!model || !setup || !options || !out)
        return pj_fail_null(err);
    *out = NULL;
    pj_arena *arena = pj_arena_new(0);
    sensitivity_memory *memory = arena ? PJ_NEW(arena, sensitivity_memory, 1) : NULL;
    if (!memory) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    memory->arena = arena;
    sensor s = {.options = options, .data = options->data, .out = &memory->sensitivity};
    s.data.most = s.data.most ? s.data.most : PJ_SENSITIVITY_SAMPLES;
    s.e = (pj_evaluation){.model = model,
                          .setup = setup,
                          .data = &s.data,
                          .engine = &options->engine,
                          .arena = arena,
                          .watch = options->watch};
    pj_status status = find(&s, err);
    pj_evaluation_close(&s.e);
    if (status == PJ_OK) {
        *out = &memory->sensitivity;
        return PJ_OK;
    }
    pj_error_at(err, model->path, NULL, NULL);
    pj_arena_free(arena);
    return status;
}

void pj_sensitivity_free(pj_sensitivity *sensitivity)
{
    if (sensitivity)
        pj_arena_free(((sensitivity_memory *)(void *)sensitivity)->arena);
}
