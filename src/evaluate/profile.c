/* A profile made here: runs without profiling for the joules, runs with it for the shares. */
#include "picojoule/layers.h"

#include <errno.h>
#include <unistd.h>

#include "evaluate/evaluation.h"

pj_profile_options pj_profile_options_default(void)
{
    pj_profile_options options = {.data = pj_data_default(), .engine = pj_engine_default(), .warm_up = 5, .runs = 50};
    options.data.random = 1;
    options.engine.level = 3;
    return options;
}

typedef struct profiling {
    pj_evaluation e;
    const pj_profile_options *options;
    const pj_ndarray *sample;
    size_t inputs;
    pj_meter *meter;
    double joules;     /* of a run; NAN */
    const char *trace; /* the file */
    char remark[300];
} profiling;

static pj_status load(profiling *p, const char *profile, pj_runtime_model **out, pj_error *err)
{
    static const pj_runtime_level levels[] = {PJ_RUNTIME_DISABLED, PJ_RUNTIME_BASIC, PJ_RUNTIME_EXTENDED,
                                              PJ_RUNTIME_ALL};
    const int level = p->options->engine.level;
    const pj_runtime_load_options options = {
        .path = p->e.model->path, .level = levels[level >= 0 && level < 4 ? level : 3], .profile = profile};
    return pj_runtime_load(p->e.runtime, &options, out, err);
}

/* Runs in blocks, each about as long as the sampling interval: counters are read between them. */
static pj_status run_measured(profiling *p, pj_runtime_model *model, pj_error *err)
{
    const size_t runs = p->options->runs;
    double *us = PJ_NEW(p->e.arena, double, runs + 1), one;
    pj_measurement *measurement;
    PJ_TRY(pj_got(us, err));
    PJ_TRY(pj_runtime_time(model, p->sample, p->inputs, p->options->warm_up, 1, &one, err));
    const double fits = pj_meter_interval(p->meter) * 1e6 / fmax(one, 1);
    const size_t block = fits > 1 ? fits < (double)runs ? (size_t)fits : runs : 1;
    PJ_TRY(pj_meter_begin(p->meter, err));
    for (size_t done = 0; done < runs;) {
        size_t now = runs - done < block ? runs - done : block;
        PJ_TRY(pj_runtime_time(model, p->sample, p->inputs, 0, now, us + done, err));
        pj_meter_sample(p->meter);
        done += now;
    }
    PJ_TRY(pj_meter_end(p->meter, NAN, true, err));
    pj_meter_set_queries(p->meter, (double)runs);
    PJ_TRY(pj_meter_finish(p->meter, 0, &measurement, err));
    p->joules = measurement->joules.mean / (double)runs;
    if (isnan(p->joules))
        snprintf(p->remark, sizeof p->remark,
                 "the counters of this machine gave no figure for %zu runs in %.3g s: time stands beside the estimate",
                 runs, measurement->seconds);
    else
        snprintf(
            p->remark, sizeof p->remark,
            "joules are those of %zu runs in %.3g s without profiling, %s, of all the machine, idle power included",
            runs, measurement->seconds, measurement->kind);
    return PJ_OK;
}

static pj_status find_joules(profiling *p, pj_error *err)
{
    pj_runtime_model *model;
    if (p->options->measure)
        PJ_TRY(pj_meter_open(p->options->measure, &p->meter, err));
    if (!p->meter || !pj_meter_reads(p->meter)) {
        snprintf(p->remark, sizeof p->remark, "no joules: %s; time stands beside the estimate",
                 p->meter ? "nothing here tells its power (`picojoule measure --list` says why)"
                          : "none were asked for");
        return PJ_OK;
    }
    PJ_TRY(load(p, NULL, &model, err));
    pj_status status = run_measured(p, model, err);
    pj_runtime_unload(model);
    return status;
}

static pj_status find_shares(profiling *p, pj_error *err)
{
    pj_runtime_model *model;
    const char *prefix = pj_evaluation_path(&p->e, "profile", p->e.arena);
    double *us = PJ_NEW(p->e.arena, double, p->options->runs + 1);
    PJ_TRY(pj_got(us, err));
    if (!prefix)
        return pj_fail(err, PJ_EIO, "no folder for the profile can be made where TMPDIR says, or in /tmp: %s",
                       strerror(errno));
    PJ_TRY(load(p, prefix, &model, err));
    pj_status status = pj_runtime_time(model, p->sample, p->inputs, p->options->warm_up, p->options->runs, us, err);
    if (status == PJ_OK)
        status = pj_runtime_end_profile(model, p->e.arena, &p->trace, err);
    pj_runtime_unload(model);
    return status;
}

/* Copies the profile to where it is kept, whole or not at all. */
static pj_status keep_profile(const profiling *p, pj_error *err)
{
    char bytes[16 * 1024];
    size_t count = 0;
    pj_str temp = pj_str_new(0);
    if (!p->options->keep)
        return PJ_OK;
    pj_str_printf(&temp, "%s.%ld.tmp", p->options->keep, (long)getpid());
    FILE *from = fopen(p->trace, "rb"), *to = from && !temp.failed ? fopen(temp.data, "wbx") : NULL;
    bool good = to != NULL;
    while (good && (count = fread(bytes, 1, sizeof bytes, from)) > 0)
        good = fwrite(bytes, 1, count, to) == count;
    good = good && !ferror(from);
    if (to)
        good = fclose(to) == 0 && good && rename(temp.data, p->options->keep) == 0;
    if (from)
        (void)fclose(from);
    pj_status status =
        good ? PJ_OK : pj_fail(err, PJ_EIO, "%.200s cannot be written: %s", p->options->keep, strerror(errno));
    if (!good && to)
        (void)unlink(temp.data);
    pj_str_free(&temp);
    return status;
}

static pj_status run(profiling *p, const pj_layers_ask *ask, pj_layered **out, pj_error *err)
{
    pj_layers_ask own = *ask;
    PJ_TRY(pj_evaluation_open(&p->e, err));
    PJ_TRY(pj_samples_next(p->e.samples, &p->sample, err));
    if (!p->sample)
        return pj_fail(err, PJ_EARGUMENT, "there are no samples in it");
    p->inputs = pj_samples_slots(p->e.samples);
    PJ_TRY(find_joules(p, err));
    PJ_TRY(find_shares(p, err));
    PJ_TRY(keep_profile(p, err));
    own.trace = p->trace;
    own.drop_runs = p->options->warm_up;
    own.joules_per_run = p->joules;
    own.remark = p->remark;
    PJ_TRY(pj_layers_run(&own, out, err));
    (*out)->asked.trace = "its own runs"; /* the file is gone at the end */
    (*out)->asked.remark = NULL;
    return PJ_OK;
}

pj_status pj_layers_profile(const pj_layers_ask *ask, const pj_profile_options *options, pj_layered **out,
                            pj_error *err)
{
    pj_model *model = NULL;
    if (!ask || !ask->model || !options || !out)
        return pj_fail_null(err);
    *out = NULL;
    pj_setup setup = ask->setup ? *ask->setup : pj_setup_default();
    setup.unbound_dims_are_one = false;
    PJ_TRY(pj_model_open(ask->model, &setup, &model, err));
    profiling p = {
        .e = {.model = model,
              .setup = &setup,
              .data = &options->data,
              .engine = &options->engine,
              .arena = pj_arena_new(0)},
        .options = options,
        .joules = NAN
    };
    pj_status status = p.e.arena ? run(&p, ask, out, err) : pj_fail_memory(err);
    pj_evaluation_close(&p.e);
    pj_meter_close(p.meter);
    pj_arena_free(p.e.arena);
    pj_model_close(model);
    return status;
}
