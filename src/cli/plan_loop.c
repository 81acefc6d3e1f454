/* The closed loop on the command line: the plan to its file, what was measured to the terminal. */
#include "plan_loop.h"

#define AT(member) offsetof(pj_plan_loop_args, member)

/* clang-format off */
const pj_option pj_plan_loop_rows[5] = {
    {"apply",     0, "FILE",                     "writes the model of the plan",
     PJ_OPTION_TEXT, .at = AT(apply), .wants = "a file"},
    {"rounds",    0, "N",
     "of measuring: from the second on layers are\n"
     "measured within the best plan so far (default 2)",
     PJ_OPTION_COUNT, .at = AT(rounds), .least = 1, .most = 20, .wants = "a number from 1 to 20"},
    {"test-data", 0, "DIR|FILE",                 "other samples, to judge plans on",
     PJ_OPTION_TEXT, .at = AT(test), .wants = "a file or a folder"},
    {"measured",  0, "FILE",                     "what was measured of each plan (JSON)",
     PJ_OPTION_TEXT, .at = AT(measured), .wants = "a file"},
    {"labels",    0, "FILE.npy",
     "of the samples that plans are judged on: one\n"
     "whole number a row of the first output",
     PJ_OPTION_TEXT, .at = AT(labels), .wants = "a file"},
};
/* clang-format on */

pj_plan_loop_args pj_plan_loop_defaults(void)
{
    return (pj_plan_loop_args){.run = pj_run_defaults(), .rounds = 2};
}

static bool is_given(const pj_line *line, const char *name)
{
    for (size_t i = 0; i < line->givens; i++)
        if (strcmp(pj_given_name(&line->given[i]), name) == 0)
            return true;
    return false;
}

/* A plan that goes to a file is one that --plan takes, unless another format is asked for. */
static pj_exit write_plan(const pj_line *line, const pj_loop *loop, const pj_output *output)
{
    pj_error err = {0};
    pj_report_options options = output->report;
    if (output->out && !is_given(line, "format") && !is_given(line, "json"))
        options.format = "json";
    pj_out out = pj_out_new(output->out);
    pj_status status = pj_plan_write(loop->plan, PJ_PLAN_VIEW_PLAN, &options, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

/* Where standard output has a plan for programs, what was measured goes beside it. */
static pj_exit write_measured(const pj_line *line, const pj_loop *loop, const pj_output *output)
{
    pj_error err = {0};
    pj_report_options options = output->report;
    const bool to_file = output->out && strcmp(output->out, "-") != 0;
    const bool is_text = strcmp(options.format, "text") == 0 || strcmp(options.format, "markdown") == 0;
    if (!to_file && !is_text) {
        for (size_t i = 0; i < loop->round_count; i++)
            pj_say("plan %zu: SQNR %.1f dB on %s", i + 1, loop->rounds[i].sqnr_db, loop->test ? loop->test : "nothing");
        return PJ_EXIT_DONE;
    }
    if (!is_text)
        options.format = "text";
    pj_out out = pj_out_new(NULL);
    pj_status status = PJ_OK;
    if (!to_file)
        status = pj_out_write("\n", 1, &out) ? PJ_OK : PJ_EIO;
    if (status == PJ_OK)
        status = pj_loop_write(loop, &options, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

static pj_exit write_json(const pj_line *line, const pj_loop *loop, const char *path)
{
    pj_error err = {0};
    pj_report_options options = pj_report_options_default();
    options.format = "json";
    pj_out out = pj_out_new(path);
    pj_status status = pj_loop_write(loop, &options, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

static pj_exit write_all(const pj_line *line, const pj_loop *loop, const pj_output *output, const char *measured)
{
    pj_exit code = write_plan(line, loop, output);
    if (code == PJ_EXIT_DONE && measured)
        code = write_json(line, loop, measured);
    return code == PJ_EXIT_DONE ? write_measured(line, loop, output) : code;
}

static pj_exit run_loop(pj_line *line, pj_model *model, const pj_output *output, const pj_setup *setup,
                        const pj_loop_options *options, const char *measured, bool strict)
{
    pj_error err = {0};
    pj_loop *loop = NULL;
    pj_status status = pj_loop_run(model, setup, options, &loop, &err);
    pj_run_watched();
    pj_exit code = PJ_EXIT_UNSUPPORTED;
    if (status != PJ_OK)
        code = pj_say_error(&err, line->operand[0]);
    else if (!strict || !pj_say_strict(loop->plan->findings, loop->plan->finding_count, line->operand[0]))
        code = write_all(line, loop, output, measured);
    if (code == PJ_EXIT_DONE && options->state)
        (void)remove(options->state);
    pj_loop_free(loop);
    return code;
}

pj_exit pj_plan_loop(pj_line *line, const pj_output *output, const pj_setup *setup, const pj_plan_options *plan,
                     const pj_plan_loop_args *args, bool strict)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_watch watch = pj_run_watch();
    pj_loop_options options = pj_loop_options_default();
    options.data = args->run.data;
    options.test.path = args->test;
    options.test.cast = args->run.data.cast;
    options.engine = args->run.engine;
    options.plan = *plan;
    options.labels = args->labels;
    options.out = args->apply;
    options.rounds = args->rounds;
    options.state = pj_run_state(line, output->out);
    options.watch = &watch;
    if (pj_run_open(line->operand[0], setup, &model, &err) != PJ_OK)
        return pj_say_error(&err, line->operand[0]);
    pj_exit code = pj_refuse_model(line, pj_model_describe(model));
    if (code == PJ_EXIT_DONE)
        code = run_loop(line, model, output, setup, &options, args->measured, strict);
    pj_model_close(model);
    return code;
}
