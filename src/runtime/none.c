/* A build that runs no models: none can be opened, so nothing else is ever called. */
#include "runtime/runtime.h"

#if !PJ_RUNTIME

pj_status pj_runtime_open(const pj_runtime_options *options, pj_runtime **out, pj_error *err)
{
    (void)options;
    *out = NULL;
    return pj_fail(err, PJ_EUNSUPPORTED,
                   "this build of picojoule cannot run models (it was built with PJ_RUNTIME=OFF)");
}

const pj_runtime_info *pj_runtime_describe(const pj_runtime *runtime)
{
    static const pj_runtime_info none = {"", "", 0};
    (void)runtime;
    return &none;
}

bool pj_runtime_lives(const pj_runtime *runtime)
{
    (void)runtime;
    return false;
}

void pj_runtime_close(pj_runtime *runtime)
{
    (void)runtime;
}

static pj_status fail(pj_error *err)
{
    return pj_fail(err, PJ_EUNSUPPORTED, "there is no ONNX Runtime in this build");
}

pj_status pj_runtime_load(pj_runtime *runtime, const pj_runtime_load_options *options, pj_runtime_model **out,
                          pj_error *err)
{
    (void)runtime, (void)options;
    *out = NULL;
    return fail(err);
}

void pj_runtime_unload(pj_runtime_model *model)
{
    (void)model;
}

pj_ports pj_runtime_inputs(const pj_runtime_model *model)
{
    (void)model;
    return (pj_ports){NULL, 0};
}

pj_ports pj_runtime_outputs(const pj_runtime_model *model)
{
    (void)model;
    return (pj_ports){NULL, 0};
}

pj_status pj_runtime_run(pj_runtime_model *model, const pj_ndarray *inputs, size_t count, const char *const *wanted,
                         size_t wanted_count, pj_arena *arena, const pj_ndarray **out, pj_error *err)
{
    (void)model, (void)inputs, (void)count, (void)wanted, (void)wanted_count, (void)arena, (void)out;
    return fail(err);
}

pj_status pj_runtime_time(pj_runtime_model *model, const pj_ndarray *inputs, size_t count, size_t warm_up, size_t runs,
                          double *microseconds, pj_error *err)
{
    (void)model, (void)inputs, (void)count, (void)warm_up, (void)runs, (void)microseconds;
    return fail(err);
}

pj_status pj_runtime_end_profile(pj_runtime_model *model, pj_arena *arena, const char **file, pj_error *err)
{
    (void)model, (void)arena, (void)file;
    return fail(err);
}
#endif
