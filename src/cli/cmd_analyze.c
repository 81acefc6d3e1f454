/* picojoule analyze: energy, counts and precision per layer. */
#include <string.h>

#include "model.h"
#include "record.h"

/* CSV has no place for findings: says how many there are. */
static void say_unprinted(const pj_result *result, const pj_args *args)
{
    size_t warnings = 0;
    const pj_finding *findings = result->findings;
    size_t count = result->finding_count;
    for (size_t i = 0; i < count; i++)
        warnings += strcmp(findings[i].severity, "warning") == 0;
    if (warnings && strcmp(args->report.format, "csv") == 0)
        pj_say("%s: %zu warning%s; the other formats list them", args->operand[0], warnings, warnings == 1 ? "" : "s");
}

/* How much lint would find: text tells of it. Large models are looked at only when that is asked for: it would take a
 * tenth of the time of their report. */
static pj_status count_lint(const pj_result *result, const pj_args *args, size_t *count, pj_error *err)
{
    enum { LARGE = 20000 };
    pj_lint *lint = NULL;
    if (strcmp(args->report.format, "text") != 0 || result->layer_count > LARGE)
        return PJ_OK;
    pj_status status = pj_lint_run(result, NULL, 0, &lint, err);
    if (status == PJ_OK)
        pj_lint_findings(lint, count);
    pj_lint_free(lint);
    return status;
}

static pj_exit report(const pj_result *result, const pj_args *args)
{
    pj_error err = {0};
    pj_report_options options = args->report;
    pj_out out = pj_out_new(args->out);
    const pj_finding *findings = result->findings;
    size_t count = result->finding_count;
    if (args->strict && pj_say_strict(findings, count, args->operand[0]))
        return PJ_EXIT_UNSUPPORTED;
    if (args->record.file) { /* first, so that the report tells that the record is there */
        pj_exit code = pj_record_analysis(args, result, result->totals.peak_activation_bytes);
        if (code != PJ_EXIT_DONE)
            return code;
    }
    pj_status status = count_lint(result, args, &options.lint_findings, &err);
    if (status == PJ_OK)
        status = pj_report_write(result, &options, pj_out_write, &out, &err);
    if (status == PJ_OK)
        say_unprinted(result, args);
    return pj_out_finish(&out, status, &err, args->operand[0]);
}

/* --lint: the findings alone; --strict tells by the exit code that there are any. */
static pj_exit report_lint(const pj_result *result, const pj_args *args)
{
    pj_error err = {0};
    pj_lint *lint = NULL;
    pj_out out = pj_out_new(args->out);
    size_t count = 0, assumed;
    const pj_finding *findings = result->findings;
    assumed = result->finding_count;
    if (args->strict && pj_say_strict(findings, assumed, args->operand[0]))
        return PJ_EXIT_UNSUPPORTED;
    pj_status status = pj_lint_run(result, args->lint_off, args->lint_offs, &lint, &err);
    if (status == PJ_OK) {
        pj_lint_findings(lint, &count);
        status = pj_lint_write(lint, &args->report, pj_out_write, &out, &err);
    }
    pj_lint_free(lint);
    pj_exit code = pj_out_finish(&out, status, &err, args->operand[0]);
    return code == PJ_EXIT_DONE && args->strict && count ? PJ_EXIT_UNSUPPORTED : code;
}

static pj_exit run(const pj_args *args)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    if (args->lint_offs && !args->lint)
        return pj_say_usage("analyze", "--lint-off is for --lint");
    if (args->sweeps && args->lint)
        return pj_say_usage("analyze", "--lint looks at one size; it goes with --dim, not with --sweep");
    if (args->record.file && (args->sweeps || args->lint))
        return pj_say_usage("analyze", "--record keeps one run's figures; it goes with neither --sweep nor --lint");
    if (args->sweeps)
        return pj_run_sweep(args);
    pj_status status = pj_model_open(args->operand[0], &args->setup, &model, &err);
    if (status == PJ_OK)
        status = pj_analyze(model, &args->setup, &result, &err);
    /* that there is no such table or device says nothing of the model */
    const char *subject = model && status == PJ_EARGUMENT ? NULL : args->operand[0];
    pj_exit code = status != PJ_OK ? pj_say_error(&err, subject)
                   : args->lint    ? report_lint(result, args)
                                   : report(result, args);
    pj_result_free(result);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_analyze = {
    "analyze",
    "MODEL",
    1,
    1,
    "energy, counts and precision per layer",
    "Reads an ONNX model (- for standard input) and reports, layer by layer, the\n"
    "energy of one run in picojoules: reading inputs, writing outputs, reading\n"
    "parameters, arithmetic. Weights are not read and may be absent, unless\n"
    "--inspect-weights asks to look at them.\n"
    "\n"
    "Energies come from a table of published figures for one operation and one bit\n"
    "(--table), and from where tensors are kept (--weights-on, --activations-on).\n"
    "They say where energy goes and what a change would do; they are no measurement.\n"
    "A symbolic dimension that nobody binds counts as 1, and the report says so.",
    {&pj_options_model, &pj_options_energy, &pj_options_report, &pj_options_rows, &pj_options_strict, &pj_options_lint,
      &pj_options_record},
    "picojoule analyze model.onnx\n"
    "    where the energy goes, largest layers first\n"
    "picojoule analyze model.onnx --dim batch=1 --dim sequence=128\n"
    "    a model with symbolic dimensions\n"
    "picojoule analyze model.onnx --weights-on sram --activations-on sram --sram-min 1MiB\n"
    "    everything in on-chip memory of 1 MiB\n"
    "picojoule analyze model.onnx --group-by scope:2 --top 10\n"
    "    the ten most expensive modules\n"
    "picojoule analyze model.onnx --sweep sequence=128,512,2048 --format csv\n"
    "    how the totals grow with a dimension\n"
    "picojoule analyze model.onnx --lint\n"
    "    what to change in the graph before it is deployed\n"
    "picojoule analyze model.onnx --record energy.db\n"
    "    keeps the figures; `picojoule history energy.db model.onnx` shows the trend\n"
    "picojoule analyze model.onnx --inspect-weights\n"
    "    which weights would bear few bits, and which are ternary already\n"
    "picojoule analyze model.onnx --format json -o report.json\n"
    "    for programs; docs/report-format.md describes it",
    run,
};
