/* picojoule compare: two models, or one with two sets of options, layer by layer. */
#include <string.h>

#include "model.h"

/* Each line of a text as a message. */
static bool say_lines(const char *bytes, size_t length, void *payload)
{
    (void)payload;
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t line = end ? (size_t)(end - bytes) : length;
        pj_say("%.*s", (int)line, bytes);
        line += end != NULL;
        bytes += line;
        length -= line;
    }
    return true;
}

/* CSV has no place for these. */
static void say_unprinted(const pj_diff *diff, const pj_args *args)
{
    for (size_t i = 0; strcmp(args->report.format, "csv") == 0 && i < diff->setting_count; i++)
        if (diff->settings[i].other_prices) {
            pj_say("A and B were priced with different tables: part of the difference is that of the tables");
            return;
        }
}

static pj_exit report(const pj_diff *diff, const pj_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->out);
    pj_status status = pj_diff_write(diff, &args->report, pj_out_write, &out, &err);
    if (status == PJ_OK)
        say_unprinted(diff, args);
    pj_exit code = pj_out_finish(&out, status, &err, NULL);
    if (code != PJ_EXIT_DONE || !diff->exceeded)
        return code;
    status = pj_diff_verdicts_write(diff, say_lines, NULL, &err);
    return status == PJ_OK ? PJ_EXIT_LIMIT : pj_say_error(&err, NULL);
}

static pj_exit compare(const pj_result *a, const pj_result *b, const pj_args *args)
{
    pj_error err = {0};
    pj_diff *diff = NULL;
    const pj_diff_options options = {args->limit, args->limits};
    const pj_result *sides[] = {a, b};
    if (a->is_report && b->is_report && args->givens)
        return pj_say_usage(args->command, "compare: both are saved reports; --%s is for models",
                            args->given[0].option->name);
    for (int s = 0; args->strict && s < 2; s++)
        if (pj_say_strict(sides[s]->findings, sides[s]->finding_count, sides[s]->source))
            return PJ_EXIT_UNSUPPORTED;
    pj_status status = pj_diff_run(a, b, &options, &diff, &err);
    pj_exit code = status == PJ_OK ? report(diff, args) : pj_say_error(&err, NULL);
    pj_diff_free(diff);
    return code;
}

/* Opens one side with the options that are its own. */
static pj_exit open_side(const pj_args *args, const char *path, char side, pj_result **out)
{
    pj_error err = {0};
    pj_args own;
    pj_exit code;
    if (!pj_args_of_side(&pj_command_compare, args, side, &own, &code))
        return code;
    pj_status status = pj_result_open(path, &own.setup, out, &err);
    if (status != PJ_OK)
        code = pj_say_error(&err, path);
    else if ((*out)->is_report && pj_args_has_side(args, side))
        code = pj_say_usage(args->command, "%s is a saved report: --%c- options are for models", path, side);
    else
        code = PJ_EXIT_DONE;
    pj_args_free(&own);
    return code;
}

static pj_exit check_usage(const pj_args *args)
{
    bool sided = pj_args_has_side(args, 'a') || pj_args_has_side(args, 'b');
    if (args->operands == 1 && !sided)
        return pj_say_usage(args->command, "compare: with what? Name two models or reports, or give one model options "
                                           "for one side, for example --b-quantize int8");
    if (strcmp(args->operand[0], "-") == 0 && (args->operands == 1 || strcmp(args->operand[1], "-") == 0))
        return pj_say_usage(args->command, "compare: standard input can be read only once");
    return PJ_EXIT_DONE;
}

static pj_exit run(const pj_args *args)
{
    pj_result *a = NULL, *b = NULL;
    pj_exit code = check_usage(args);
    if (code == PJ_EXIT_DONE)
        code = open_side(args, args->operand[0], 'a', &a);
    if (code == PJ_EXIT_DONE)
        code = open_side(args, args->operand[args->operands - 1], 'b', &b);
    if (code == PJ_EXIT_DONE && a && b)
        code = compare(a, b, args);
    pj_result_free(a);
    pj_result_free(b);
    return code;
}

const pj_command pj_command_compare = {
    "compare",
    "A [B]",
    1,
    2,
    "two models, or one with other options, layer by layer",
    "Says by how much the energy of B differs from that of A, in which layers, and\n"
    "why. A and B are ONNX models (- for standard input) or reports that `analyze\n"
    "--format json` has saved. Layers are matched by name, then by operator, shape\n"
    "and position, so that an inserted or renamed layer is found as such.\n"
    "\n"
    "Options hold for both sides. With a- or b- before its name, any option of the\n"
    "groups Model and Energy holds for one side alone; with one operand, that is the\n"
    "same model twice. The report begins with the settings that differ.\n"
    "docs/compare.md describes the formats, the causes and the limits.",
    {&pj_options_compare, &pj_options_sides, &pj_options_model, &pj_options_energy, &pj_options_report,
      &pj_options_strict},
    "picojoule compare old.onnx new.onnx\n"
    "    what a change of the network does\n"
    "picojoule compare model.onnx --b-quantize int8\n"
    "    what quantization would save, and where\n"
    "picojoule compare model.onnx --a-table horowitz-45nm --b-table qtools\n"
    "    one model under two tables\n"
    "picojoule compare model.onnx --a-dim sequence=128 --b-dim sequence=512\n"
    "    one model at two sizes\n"
    "picojoule compare baseline.json model.onnx --fail-on 'total>2%' --fail-on 'layer>10%'\n"
    "    in CI: exit code 1 where energy has grown by more\n"
    "picojoule compare baseline.json model.onnx --format markdown -o comment.md\n"
    "    a comment for a pull request",
    run,
};
