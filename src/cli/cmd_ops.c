/* picojoule ops: the operators it knows. */
#include "say.h"

static pj_exit run(const pj_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->out);
    pj_status status = pj_operators_write(&args->report, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, NULL);
}

const pj_command pj_command_ops = {
    "ops",
    "",
    0,
    0,
    "operators, and what is known of each",
    "Every operator of the table with the first version of its domain that the rules\n"
    "hold for (since), and which rules there are: shape (output types and shapes),\n"
    "value (contents of small tensors that shapes are computed with), work (what one\n"
    "run of it computes, which gives its energy).",
    {&pj_options_report, &pj_options_markdown},
    "picojoule ops --format csv | grep Conv\n"
    "    what is known of convolutions",
    run,
};
