/* picojoule check: do models keep their energy budgets? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

static const char default_budget[] = "picojoule.json";

/* ---- reports ---- */

static pj_exit write_report(const pj_check *check, const pj_report_options *options, const char *path)
{
    pj_error err = {0};
    pj_out out = pj_out_new(path);
    pj_status status = pj_check_write(check, options, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, check->budget);
}

/* FORMAT=FILE */
static pj_exit write_extra(const pj_check *check, const char *report)
{
    char format[16] = "";
    size_t length = strcspn(report, "=");
    pj_report_options options = pj_report_options_default();
    memcpy(format, report, length < sizeof format ? length : 0);
    options.format = format;
    return write_report(check, &options, report + length + 1);
}

static bool append(const char *bytes, size_t length, void *payload)
{
    return fwrite(bytes, 1, length, payload) == length;
}

/* The file belongs to the runner and is never replaced. */
static pj_exit append_summary(const pj_check *check)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    pj_error err = {0};
    pj_report_options options = pj_report_options_default();
    options.format = "markdown";
    if (!path || !*path)
        return PJ_EXIT_DONE;
    FILE *file = fopen(path, "ab");
    pj_status status = file ? pj_check_write(check, &options, append, file, &err) : PJ_EIO;
    bool closed = file && fclose(file) == 0;
    if (status == PJ_OK && closed)
        return PJ_EXIT_DONE;
    pj_say("%s (GITHUB_STEP_SUMMARY): cannot be written: %s", path, strerror(errno));
    return PJ_EXIT_SYSTEM;
}

/* All of them, even if one fails; the first failure counts. */
static pj_exit write_all(const pj_check *check, const pj_args *args)
{
    pj_exit code = write_report(check, &args->report, args->out);
    for (size_t i = 0; i < args->budget.reports; i++) {
        pj_exit one = write_extra(check, args->budget.report[i]);
        code = code == PJ_EXIT_DONE ? one : code;
    }
    pj_exit summary = args->budget.summary ? append_summary(check) : PJ_EXIT_DONE;
    return code == PJ_EXIT_DONE ? summary : code;
}

/* ---- check ---- */

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

/* The figures of the models on their way into a history. */
typedef struct recorder {
    const pj_args *args;
    pj_exit code; /* of the first that failed; none is recorded then */
} recorder;

/* Under the name that the budget gives the model. */
static pj_status record(const pj_check_model *model, const pj_result *result, void *payload, pj_error *err)
{
    recorder *r = payload;
    pj_args args = *r->args;
    (void)err;
    args.record.model = model->name;
    if (r->code == PJ_EXIT_DONE)
        r->code = pj_record_analysis(&args, result, result->totals.peak_activation_bytes);
    return PJ_OK;
}

static pj_exit run_check(const pj_args *args, const char *file)
{
    pj_error err = {0};
    pj_budget *budget = NULL;
    pj_check *check = NULL;
    recorder history = {args, PJ_EXIT_DONE};
    const pj_check_options options = {
        .jobs = args->budget.jobs, .analysed = args->record.file ? record : NULL, .payload = &history};
    pj_status status = pj_budget_read(file, &budget, &err);
    if (status == PJ_OK)
        status = pj_budget_check(budget, &options, &check, &err);
    pj_exit code = status == PJ_OK ? write_all(check, args) : pj_say_error(&err, file);
    if (status == PJ_OK) {
        pj_exit verdict = judge(check, args->out != NULL);
        code = code == PJ_EXIT_DONE ? history.code : code;
        code = code == PJ_EXIT_DONE ? verdict : code;
    }
    if (!budget && err.status == PJ_EIO && strcmp(file, default_budget) == 0)
        pj_say("there is no budget yet? `picojoule check --init MODEL...` writes a first one");
    pj_check_free(check);
    pj_budget_free(budget);
    return code;
}

/* ---- baselines ---- */

/* The folders of a file, where they are not there yet. */
static void make_folders(const char *file)
{
    char *path = strdup(file);
    for (char *at = path ? strchr(path + 1, '/') : NULL; at; at = strchr(at + 1, '/')) {
        *at = 0;
        mkdir(path, 0777); /* what fails here shows when the file is written */
        *at = '/';
    }
    free(path);
}

static pj_exit update_baseline(const pj_budget *budget, size_t model)
{
    const char *file = pj_budget_baseline(budget, model);
    pj_error err = {0};
    make_folders(file);
    pj_out out = pj_out_new(file);
    pj_status status = pj_budget_baseline_write(budget, model, pj_out_write, &out, &err);
    pj_exit code = pj_out_finish(&out, status, &err, file);
    if (code == PJ_EXIT_DONE)
        pj_say("%s: written", file);
    return code;
}

static pj_exit run_update(const char *file)
{
    pj_error err = {0};
    pj_budget *budget = NULL;
    pj_exit code = PJ_EXIT_DONE;
    size_t updated = 0;
    if (pj_budget_read(file, &budget, &err) != PJ_OK)
        return pj_say_error(&err, file);
    for (size_t i = 0; i < pj_budget_models(budget); i++) {
        if (!pj_budget_baseline(budget, i))
            continue;
        pj_exit one = update_baseline(budget, i);
        code = one > code ? one : code;
        updated++;
    }
    pj_budget_free(budget);
    if (updated)
        return code;
    pj_say("%s: no model has a baseline; add \"baseline\": {\"report\": FILE, \"tolerance\": {\"total\": \"1%%\"}}",
           file);
    return PJ_EXIT_INPUT;
}

/* ---- a first budget ---- */

static pj_exit run_init(const pj_args *args)
{
    const char *file = args->out ? args->out : default_budget;
    const pj_budget_draft draft = {.models = args->operand,
                                   .model_count = args->operands,
                                   .file = file,
                                   .baselines = args->budget.baselines,
                                   .margin = args->budget.has_margin ? args->budget.margin : 0.05};
    pj_error err = {0};
    if (access(file, F_OK) == 0) {
        pj_say("%s: is there already; remove it, or name another file with -o", file);
        return PJ_EXIT_USAGE;
    }
    pj_out out = pj_out_new(file);
    pj_status status = pj_budget_write(&draft, &args->setup, pj_out_write, &out, &err);
    pj_exit code = pj_out_finish(&out, status, &err, file);
    if (code != PJ_EXIT_DONE)
        return code;
    pj_say("%s: written; `picojoule check%s%s` checks it", file, args->out ? " " : "", args->out ? args->out : "");
    return args->budget.baselines ? run_update(file) : PJ_EXIT_DONE;
}

/* ---- the command ---- */

/* What a budget says itself; options beside it would be passed over. */
static bool has_settings(const pj_args *args)
{
    const pj_setup usual = pj_setup_default(), *given = &args->setup;
    return args->dims || given->op_rules || args->devices || given->plan || given->quantize ||
           strcmp(given->table, usual.table) != 0 || given->weights_on != usual.weights_on ||
           given->activations_on != usual.activations_on || given->io_on_dram != usual.io_on_dram ||
           given->sram_min_bits;
}

static pj_exit run(const pj_args *args)
{
    const pj_budget_args *budget = &args->budget;
    const char *file = args->operands ? args->operand[0] : default_budget;
    if (args->record.model)
        return pj_say_usage("check", "check: models are recorded under their names in the budget, not --record-as");
    if (args->record.file && (budget->init || budget->update))
        return pj_say_usage("check", "check: --record goes with a check, not with --init or --update-baseline");
    if (args->inputs || args->trips || args->setup.no_fold)
        return pj_say_usage("check", "check: --input, --trips and --no-fold have no place in a budget");
    if (budget->init && budget->update)
        return pj_say_usage("check", "check: --init makes a budget, --update-baseline needs one: give one of them");
    if (budget->init && !args->operands)
        return pj_say_usage("check", "check: --init wants models, for example: picojoule check --init model.onnx");
    if (budget->init)
        return run_init(args);
    if (budget->has_margin || budget->baselines)
        return pj_say_usage("check", "check: --margin and --baselines go with --init");
    if (args->operands && pj_is_model_name(args->operand[0]))
        return pj_say_usage("check", "check: '%s' is a model; picojoule check --init %s writes a first budget for it",
                            args->operand[0], args->operand[0]);
    if (args->operands > 1)
        return pj_say_usage("check", "check: there is one argument too many: '%s'", args->operand[1]);
    if (has_settings(args))
        return pj_say_usage("check", "check: sizes, tables, formats and devices stand in the budget file; on the "
                                     "command line they go with --init");
    return budget->update ? run_update(file) : run_check(args, file);
}

const pj_command pj_command_check = {
    "check",
    "[BUDGET]",
    0,
    SIZE_MAX,
    "do models keep their energy budgets? For CI",
    "Analyses the models of a budget file (default picojoule.json) and says of each\n"
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
    {&pj_options_result, &pj_options_out, &pj_options_budget, &pj_options_record, &pj_options_model,
      &pj_options_energy},
    "picojoule check --init model.onnx --baselines baselines\n"
    "    a first picojoule.json, and a report to compare with\n"
    "picojoule check\n"
    "    are all limits kept?\n"
    "picojoule check --format github --report junit=check.xml --github-summary\n"
    "    in a GitHub workflow\n"
    "picojoule check --record energy.db\n"
    "    and keep the figures of this commit; `picojoule history energy.db` shows them\n"
    "picojoule check --update-baseline\n"
    "    today's figures are the new baseline",
    run,
};
