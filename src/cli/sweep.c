/* analyze --sweep: totals of one model at many sizes. */
#include "model.h"

/* Opens the model at the first combination: a model may be broken at the sizes that it has without the sweep. */
static pj_status open_model(const pj_args *args, pj_model **out, pj_error *err)
{
    pj_setup first = args->setup;
    for (size_t i = 0; i < args->sweeps; i++) /* there is room: an option takes two words, or holds a '=' */
        args->dim[args->dims + i] = (pj_dim_binding){args->sweep[i].name, args->sweep[i].values[0]};
    first.dim_count += args->sweeps;
    return pj_model_open(args->operand[0], &first, out, err);
}

pj_exit pj_run_sweep(const pj_args *args)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_sweep *sweep = NULL;
    pj_out out = pj_out_new(args->out);
    const pj_report_options *report = &args->report;
    pj_exit code;
    if (args->setup.inspect_weights)
        return pj_say_usage("analyze", "--sweep prints totals, which --inspect-weights has nothing to add to");
    if (report->group != PJ_NO_GROUP || report->sort != PJ_BY_FORMAT || report->top)
        return pj_say_usage("analyze", "--sweep prints totals; --group-by, --sort and --top are for layers");
    pj_status status = open_model(args, &model, &err);
    if (status == PJ_OK)
        status = pj_sweep_run(model, &args->setup, args->sweep, args->sweeps, &sweep, &err);
    if (status == PJ_OK && args->strict && pj_say_strict(sweep->findings, sweep->finding_count, args->operand[0])) {
        code = PJ_EXIT_UNSUPPORTED;
    } else {
        if (status == PJ_OK)
            status = pj_sweep_write(sweep, report, pj_out_write, &out, &err);
        code = pj_out_finish(&out, status, &err, args->operand[0]);
    }
    pj_sweep_free(sweep);
    pj_model_close(model);
    return code;
}
