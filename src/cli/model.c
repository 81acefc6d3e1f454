/* Model options and strict findings. */
#include "model.h"

pj_model_options pj_model_options_of(const pj_args *args, bool unbound_dims_are_one)
{
    pj_model_options options = {.dims = args->dim,
                                .dim_count = args->dims,
                                .inputs = args->input,
                                .input_count = args->inputs,
                                .unbound_dims_are_one = unbound_dims_are_one,
                                .trips = args->trip,
                                .trip_count = args->trips,
                                .op_rules = args->op_rules};
    return options;
}

bool pj_say_strict(const pj_finding *findings, size_t count, const char *model)
{
    enum { MOST = 20 };
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        const pj_finding *at = &findings[i];
        if (!at->strict || failed++ >= MOST)
            continue;
        if (*at->node)
            pj_say("%s: node '%s': %s [%s]", model, at->node, at->message, at->code);
        else
            pj_say("%s: %s [%s]", model, at->message, at->code);
    }
    if (failed > MOST)
        pj_say("%s: and %zu more", model, failed - MOST);
    if (failed)
        pj_say("%s: --strict makes %s an error; there is no report", model, failed == 1 ? "this" : "each of these");
    return failed > 0;
}
