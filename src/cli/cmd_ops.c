/* picojoule ops: the operators it knows. */
#include "commands.h"
#include "say.h"

typedef struct ops_args {
    pj_output output;
    bool markdown;
} ops_args;

static const pj_option markdown_rows[] = {
    {"markdown", 0, NULL, "the same as --format markdown", PJ_OPTION_FLAG, .at = offsetof(ops_args, markdown)},
};

static pj_exit run(pj_line *line, const void *given)
{
    const ops_args *args = given;
    pj_report_options options = args->output.report;
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    (void)line;
    if (args->markdown)
        options.format = "markdown";
    pj_status status = pj_operators_write(&options, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, NULL);
}

const pj_command pj_command_ops = {
    .name = "ops",
    .operands = "",
    .least = 0,
    .most = 0,
    .summary = "operators, and what is known of each",
    .text = "Every operator of the table with the first version of its domain that the rules\n"
            "hold for (since), and which rules there are: shape (output types and shapes),\n"
            "value (contents of small tensors that shapes are computed with), work (what one\n"
            "run of it computes, which gives its energy).",
    .rows = {PJ_ROWS("Report", pj_report_rows, 0), PJ_ROWS("Documentation", markdown_rows, 0)},
    .clashes = {{.with = "markdown", .others = "format width"}             },
    .examples = "picojoule ops --format csv | grep Conv\n"
                "    what is known of convolutions",
    .size = sizeof(ops_args),
    .run = run,
};
