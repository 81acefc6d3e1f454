/* picojoule check: do models keep their energy budgets? */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "budget_file.h"
#include "commands.h"
#include "git.h"
#include "progress.h"
#include "record.h"
#include "reports.h"
#include "shard.h"

typedef struct check_args {
    pj_output output;
    pj_setup setup; /* of --init */
    pj_record_args record;
    pj_reports reports;
    pj_texts only; /* models, by name or glob */
    pj_shard shard;
    const char *against;   /* git:COMMIT, a file or a folder; NULL: baselines */
    size_t jobs;           /* 0: as many as processors */
    double margin;         /* of --init and --update: 0.05 is 5 % */
    const char *baselines; /* folder, or NULL */
    bool init, update;
} check_args;

#define AT(member) offsetof(check_args, member)

static const char *read_margin(pj_line *line, void *at, const char *value)
{
    size_t digits = strspn(value, "0123456789");
    (void)line;
    if (digits < 1 || digits > 6 || (value[digits] && strcmp(value + digits, "%") != 0))
        return "whole percents, for example 5%";
    *(double *)at = (double)strtol(value, NULL, 10) / 100;
    return NULL;
}

/* clang-format off */
static const pj_option result_rows[] = {
    {"format",         0, NULL, "how the result is written (default text)",
     PJ_OPTION_WORD, .at = AT(output.report.format), .words = pj_check_formats},
    {"quiet",          'q', NULL,
     "only what does not pass; nothing where all does",
     PJ_OPTION_FLAG, .at = AT(output.report.quiet)},
    {"shard",          0, "I/N",
     "every Nth model alone, from number I on: N\n"
     "processes check all; auto/N takes I from what has\n"
     "started this one: Slurm, MPI, Kubernetes, GitLab",
     PJ_OPTION_READ, .at = AT(shard), .read = pj_shard_read},
    {"against",        0, "SOURCE",
     "compares with the models as they were, instead\n"
     "of with baselines: git:COMMIT, a folder that has\n"
     "them, or one file",
     PJ_OPTION_TEXT, .at = AT(against), .wants = "git:COMMIT, a folder or a file"},
    {"only",           0, "MODEL",
     "of the budget's models this one alone, by name\n"
     "or glob, for example --only 'models/kws*';\n"
     "repeatable",
     PJ_OPTION_TEXTS, .at = AT(only), .wants = "the name of a model"},
    {"jobs",           0, "N",
     "models at once (default: as many as there are\n"
     "processors); the result is the same",
     PJ_OPTION_COUNT, .at = AT(jobs), .least = 1, .most = 999, .wants = "a number of models, from 1 to 999"},
};
static const pj_option budget_rows[] = {
    {"init",            0, NULL,
     "writes a first budget for the models: today's\n"
     "figures and a margin; -o FILE, or picojoule.json;\n"
     "one that is there gets the models that it lacks",
     PJ_OPTION_FLAG, .at = AT(init)},
    {"margin",          0, "PERCENT",
     "of --init and --update: how much more than\n"
     "today's figures is allowed (default: what the\n"
     "budget says, else 5%)",
     PJ_OPTION_READ, .at = AT(margin), .read = read_margin},
    {"baselines",       0, "FOLDER",
     "of --init: saves reports of the models there,\n"
     "and checks against them",
     PJ_OPTION_TEXT, .at = AT(baselines), .wants = "a folder"},
    {"update",          0, NULL,
     "makes today's figures the limits and baselines\n"
     "of the budget, and checks it; the rest of the\n"
     "file stays as it is",
     PJ_OPTION_FLAG, .at = AT(update)},
    {"update-baseline", 0, NULL, "the older name of --update",
     PJ_OPTION_FLAG, .at = AT(update)},
};
/* clang-format on */

static void set_defaults(void *given)
{
    ((check_args *)given)->margin = -1; /* not given */
}

static const char default_budget[] = "picojoule.json";

static pj_status write_check(const void *check, const pj_report_options *options, pj_sink sink, void *payload,
                             pj_error *err)
{
    return pj_check_write(check, options, sink, payload, err);
}

/* Bad input is worse than an exceeded limit. Reports on standard output have the errors themselves. */
static pj_exit judge(const pj_check *check, bool says)
{
    pj_exit code = check->failed ? PJ_EXIT_LIMIT : PJ_EXIT_DONE;
    for (size_t i = 0; i < check->model_count; i++) {
        const pj_check_model *model = &check->models[i];
        if (model->outcome != PJ_BROKEN)
            continue;
        pj_exit one = (says ? pj_say_error : pj_exit_of)(&model->error, model->path);
        code = one > code ? one : code;
    }
    return code;
}

/* What is done with each model as soon as it is judged. */
typedef struct recorder {
    const pj_line *line;
    const check_args *args;
    pj_out *out;  /* of a report that is told model by model; NULL: all of it is told at the end */
    pj_exit code; /* of the first that failed; none is recorded then */
    size_t named; /* models that need not be named any more */
} recorder;

static pj_exit refuse_data(const pj_line *line, const pj_check_model *model)
{
    pj_exit code = PJ_EXIT_DONE;
    for (size_t i = 0; code == PJ_EXIT_DONE && i < model->data_file_count; i++)
        code = pj_refuse_file(line, model->data_files[i]);
    return code;
}

/* Under the name that the budget gives the model; where no output is one of its files. */
static pj_status record(const pj_check_model *model, const pj_result *result, void *payload, pj_error *err)
{
    recorder *r = payload;
    pj_record_args named = r->args->record;
    (void)err;
    named.model = model->name;
    if (r->code == PJ_EXIT_DONE)
        r->code = refuse_data(r->line, model);
    if (r->code == PJ_EXIT_DONE && named.file)
        r->code = pj_record_result(r->line, &named, result);
    return PJ_OK;
}

/* Who waits at a terminal hears of what does not pass as it is found, unless the report tells it there and then. */
static void name_failures(recorder *r, const pj_check *check, size_t last)
{
    if ((r->out && !r->out->path) || !pj_progress_is_late())
        return;
    for (; r->named <= last; r->named++)
        if (check->models[r->named].outcome != PJ_PASSED)
            pj_say("%s  %s", check->models[r->named].outcome == PJ_FAILED ? "FAIL " : "ERROR",
                   check->models[r->named].name);
}

/* A check whose output would be one of its inputs ends here. */
static pj_status tell(const pj_check *check, size_t at, void *payload, pj_error *err)
{
    recorder *r = payload;
    pj_progress_step("models", at + 1, check->model_count, NULL);
    pj_progress_outcomes(check->passed, check->failed, check->broken);
    name_failures(r, check, at);
    if (r->code == PJ_EXIT_DONE)
        r->code = refuse_data(r->line, &check->models[at]);
    if (r->code == PJ_EXIT_USAGE)
        return err->status = PJ_ESTOPPED;
    return r->out ? pj_check_write_part(check, at, &r->args->output.report, pj_out_write, r->out, err) : PJ_OK;
}

/* What the budget names, beside what the command line does. */
static pj_exit refuse_inputs(const pj_line *line, const pj_budget *budget, const char *file)
{
    pj_exit code = pj_refuse_file(line, file);
    for (size_t i = 0; code == PJ_EXIT_DONE && i < pj_budget_models(budget); i++) {
        const char *input = pj_budget_baseline(budget, i);
        if (input)
            code = pj_refuse_file(line, input);
        for (size_t k = 0; code == PJ_EXIT_DONE && (input = pj_budget_input(budget, i, k)); k++)
            code = pj_refuse_file(line, input);
    }
    return code;
}

/* What the models are compared with instead of their baselines. */
static pj_exit open_past(const check_args *args, const char *file, const pj_budget *budget, pj_past *past,
                         pj_budget **old, pj_check_options *out)
{
    static const char git[] = "git:";
    pj_error err = {0};
    if (!args->against)
        return PJ_EXIT_DONE;
    out->against = args->against;
    if (strncmp(args->against, git, sizeof git - 1) != 0) {
        if (access(args->against, F_OK) == 0)
            return PJ_EXIT_DONE;
        pj_say("--against %s: %s", args->against, strerror(errno));
        return PJ_EXIT_INPUT;
    }
    pj_exit code = pj_past_read(args->against + sizeof git - 1, file, budget, past);
    if (code == PJ_EXIT_DONE && past->budget && pj_budget_read(past->budget, old, &err) != PJ_OK)
        code = pj_say_error(&err, past->budget);
    out->against = past->folder;
    out->against_name = args->against;
    out->old = *old;
    return code;
}

/* The end of what was told model by model. */
static pj_exit end_stream(recorder *r, const pj_check *check, const char *file, pj_status status, pj_error *err)
{
    if (r->code == PJ_EXIT_USAGE) {
        pj_out_drop(r->out);
        return r->code;
    }
    if (status == PJ_OK)
        status = pj_check_write_part(check, check->model_count, &r->args->output.report, pj_out_write, r->out, err);
    return pj_out_finish(r->out, status, err, file);
}

static pj_exit check_budget(const pj_line *line, const check_args *args, const char *file, const pj_budget *budget,
                            const pj_check_options *given)
{
    pj_error err = {0};
    pj_check *check = NULL;
    bool streams = pj_check_streams(args->output.report.format);
    pj_out out = pj_out_new(args->output.out);
    recorder each = {line, args, streams ? &out : NULL, PJ_EXIT_DONE, 0};
    pj_check_options options = *given;
    options.jobs = args->jobs;
    options.analysed = record;
    options.judged = tell;
    options.payload = &each;
    out.streams = streams;
    pj_progress_step("models", 0, pj_budget_models(budget), NULL);
    pj_status status = pj_budget_check(budget, &options, &check, &err);
    pj_exit code = streams                      ? end_stream(&each, check, file, status, &err)
                   : each.code == PJ_EXIT_USAGE ? each.code
                   : status != PJ_OK            ? pj_say_error(&err, file)
                                                : PJ_EXIT_DONE;
    if (check && each.code != PJ_EXIT_USAGE) {
        pj_exit more =
            pj_write_reports(write_check, check, streams ? NULL : &args->output, &args->reports, check->budget);
        pj_exit verdict = judge(check, args->output.out != NULL);
        code = code == PJ_EXIT_DONE ? more : code;
        code = code == PJ_EXIT_DONE ? each.code : code;
        code = code == PJ_EXIT_DONE ? verdict : code;
    }
    pj_check_free(check);
    return code;
}

static pj_exit run_check(const pj_line *line, const check_args *args, const char *file)
{
    pj_error err = {0};
    pj_budget *budget = NULL, *old = NULL;
    pj_past past = {NULL, NULL, NULL};
    pj_check_options options = {0};
    if (pj_read_budget(file, &args->only, &budget, &err) != PJ_OK) {
        pj_exit code = pj_say_error(&err, file);
        if (err.status == PJ_EIO && strcmp(file, default_budget) == 0)
            pj_say("there is no budget yet? `picojoule check --init MODEL...` writes a first one");
        return code;
    }
    pj_exit code = refuse_inputs(line, budget, file);
    if (code == PJ_EXIT_DONE && args->shard.count &&
        pj_budget_shard(budget, args->shard.index, args->shard.count, &err) != PJ_OK)
        code = pj_say_error(&err, file);
    if (code == PJ_EXIT_DONE)
        code = open_past(args, file, budget, &past, &old, &options);
    if (code == PJ_EXIT_DONE)
        code = check_budget(line, args, file, budget, &options);
    pj_budget_free(old);
    pj_budget_free(budget);
    pj_past_remove(&past);
    return code;
}

/* -o -: there is no file, but one was asked for. */
static bool asks_for_output(const pj_line *line)
{
    for (size_t i = 0; i < line->givens; i++)
        if (strcmp(pj_given_name(&line->given[i]), "output") == 0)
            return true;
    return false;
}

static pj_exit run(pj_line *line, const void *given)
{
    const check_args *args = given;
    const char *file = line->operands ? line->operand[0] : default_budget;
    if (args->init && !line->operands)
        return pj_say_usage("check", "check: --init wants models, for example: picojoule check --init model.onnx");
    if (args->init) {
        const char *out = args->output.out ? args->output.out : asks_for_output(line) ? NULL : default_budget;
        if (!out && args->baselines)
            return pj_say_usage("check", "check: --baselines wants a budget in a file: -o FILE");
        const pj_budget_draft draft = {line->operand, line->operands, args->baselines, out, args->margin, NULL};
        return pj_init_budget(line, &draft, &args->setup);
    }
    if (line->operands && pj_is_model_name(file))
        return pj_say_usage("check", "check: '%s' is a model; picojoule check --init %s writes a first budget for it",
                            file, file);
    if (line->operands > 1)
        return pj_say_usage("check", "check: there is one argument too many: '%s'", line->operand[1]);
    if (!args->update)
        return run_check(line, args, file);
    check_args after = *args; /* what the new limits say, and nothing else of it */
    after.output.report.quiet = true;
    pj_exit code = pj_update_budget(line, file, &args->only, args->margin, args->jobs);
    return code == PJ_EXIT_DONE ? run_check(line, &after, file) : code;
}

const pj_command pj_command_check = {
    .name = "check",
    .bit = PJ_BIT_CHECK,
    .operands = "[BUDGET]",
    .least = 0,
    .most = SIZE_MAX,
    .summary = "do models keep their energy budgets? For CI",
    .text = "Analyses the models of a budget file (default picojoule.json) and says of each\n"
            "limit whether it is kept, by how much, what costs most and what to try next.\n"
            "Exit code 0: all limits are kept; 1: one is exceeded; 3: a model, the budget or\n"
            "a baseline is missing or broken. The same files give the same figures on every\n"
            "machine, so there is no noise to allow for.\n"
            "\n"
            "The budget is JSON (picojoule.budget/1, docs/ci.md): per model sizes, table and\n"
            "formats, limits on energy, MACs, parameters, memory, devices and layers, what\n"
            "is forbidden, and a baseline: a saved report that figures may not grow over.\n"
            "Files in it are found from its own folder. Energy and model options go with\n"
            "--init, which writes them into the file.",
    .rows = {PJ_ROWS("Result",                                                                                result_rows, 0),
             PJ_ROWS("Result",                                                                                                            pj_reports_rows, AT(reports)),
             {"Output", pj_report_rows + 1, 5, 0, 0, false},
             PJ_ROWS("Budget",                                                              budget_rows, 0),
             PJ_ROWS("Recording",                                        pj_record_rows, AT(record)),
             {.title = "Model", .at = AT(setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL), .in_budget = true},
             {.title = "Energy",
              .at = AT(setup),
              .settings = PJ_SETTINGS(PJ_ABOUT_ENERGY) | PJ_SETTINGS(PJ_ABOUT_FORMATS) | PJ_SETTINGS(PJ_ABOUT_DEVICES),
              .in_budget = true}},
    .clashes = {{.with = "init",
                 .others = "update update-baseline only against shard",
                 .why = "check: --init makes a budget, the other options need one: give one of them"},
             {.with = "init",
                 .others = "record",
                 .why = "check: --record goes with a check, not with --init or --update"},
             {.with = "update",
                 .others = "record",
                 .why = "check: --record goes with a check, not with --init or --update"},
             {.with = "update-baseline",
                 .others = "record",
                 .why = "check: --record goes with a check, not with --init or --update"},
             {.with = "shard",
                 .others = "record",
                 .why = "check: shards write no history: one process records, after them"},
             {.without = "record", .others = "commit branch time"},
             {.without = "init", .others = "baselines"},
             {.without = "init update update-baseline",
                 .others = "margin",
                 .why = "check: --margin goes with --init or --update"},
             {.without = "init",
                 .others = "@settings",
                 .why = "check: sizes, tables, formats and devices stand in the budget file; on the command line they "
                        "go with --init"},
             {.with = "init", .others = "format report github-summary jobs width quiet"},
             {.with = "update", .others = "format report github-summary output quiet against shard"},
             {.with = "update-baseline", .others = "format report github-summary output quiet against shard"}                                              },
    .examples = "picojoule check --init model.onnx --baselines baselines\n"
                "    a first picojoule.json, and a report to compare with\n"
                "picojoule check\n"
                "    are all limits kept?\n"
                "picojoule check --format github --report junit=check.xml --github-summary\n"
                "    in a GitHub workflow\n"
                "picojoule check --against git:origin/main\n"
                "    has a model got worse than on the main branch? Without stored baselines\n"
                "picojoule check --record energy.db\n"
                "    and keep the figures of this commit; `picojoule history energy.db` shows them\n"
                "picojoule check --update\n"
                "    today's figures are the new limits and baselines\n"
                "picojoule check --update --only model.onnx --margin 2%\n"
                "    of one model, with less room than before",
    .size = sizeof(check_args),
    .defaults = set_defaults,
    .run = run,
};
