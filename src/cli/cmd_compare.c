/* picojoule compare: two models, or one with two sets of options, layer by layer. */
#include "commands.h"
#include "progress.h"
#include "reports.h"
#include "say.h"

typedef struct compare_args {
    pj_output output;
    pj_texts limits; /* --fail-on */
    pj_reports reports;
    bool strict;
} compare_args;

#define AT(member) offsetof(compare_args, member)

/* clang-format off */
static const pj_option format_rows[] = {
    {"format", 0, NULL, "how the report is written (default text); from\njunit on: the limits of --fail-on alone",
     PJ_OPTION_WORD, .at = AT(output.report.format), .words = pj_diff_formats},
};
static const pj_option compare_rows[] = {
    {"top",     0, "N|all",
     "rows of layers: text prints the first N only\n"
     "(default 20), Markdown folds the rest (10)",
     PJ_OPTION_READ, .at = AT(output.report.top), .read = pj_top_read},
    {"fail-on", 0, "LIMIT",
     "exit code 1 where B has grown by more, for\n"
     "example 'total>2%', 'layer>10%', 'total>1uJ',\n"
     "'macs>0'; repeatable",
     PJ_OPTION_TEXTS, .at = AT(limits), .check = pj_diff_limit_check},
};

/* These stand for others: no option has their names. */
static const char *refuse_side(const char *value)
{
    (void)value;
    return "the name of an option in the place of OPTION, for example --a-plan FILE";
}

static const pj_option side_rows[] = {
    {"a-OPTION", 0, "VALUE",
     "any option of the groups Model and Energy, for A\n"
     "alone: --a-plan FILE, --a-dim batch=1 ...",
     PJ_OPTION_TEXTS, .at = 0, .check = refuse_side},
    {"b-OPTION", 0, "VALUE", "likewise for B: --b-table NAME, --b-quantize int8",
     PJ_OPTION_TEXTS, .at = 0, .check = refuse_side},
};
/* clang-format on */

/* The length of NAME in NAME=VALUE; names may hold a '=', too. 0: the value names nothing. */
static size_t name_length(const char *value)
{
    const char *equals = value ? strrchr(value, '=') : NULL;
    return equals ? (size_t)(equals - value) : 0;
}

/* Does the side say something else of what this option says something of for both? Lists of names only grow. */
static bool is_replaced(const pj_line *line, const pj_given *given, char side)
{
    bool is_list = given->setting->count_at != 0;
    size_t length = is_list ? name_length(given->value) : 0;
    for (size_t i = 0; i < line->givens && !given->side && (length || !is_list); i++) {
        const pj_given *other = &line->given[i];
        if (other->side == side && other->setting == given->setting &&
            (!is_list || (name_length(other->value) == length && memcmp(other->value, given->value, length) == 0)))
            return true;
    }
    return false;
}

static bool take(const pj_line *line, char from, char side, pj_setup *out, pj_exit *code)
{
    for (size_t i = 0; i < line->givens; i++) {
        const pj_given *given = &line->given[i];
        if (given->setting && given->side == from && !is_replaced(line, given, side) &&
            !pj_given_set(line, given, out, code))
            return false;
    }
    return true;
}

/* Those for both sides, then those for this one, which replace values of the same name. */
static bool take_side(const pj_line *line, char side, pj_setup *out, pj_exit *code)
{
    *out = pj_setup_default();
    out->watch = pj_progress;
    return take(line, 0, side, out, code) && take(line, side, side, out, code);
}

/* A setting for this side alone (0: for any), or NULL. */
static const pj_given *find_sided(const pj_line *line, char side)
{
    for (size_t i = 0; i < line->givens; i++)
        if (line->given[i].setting && (!side || line->given[i].side == side))
            return &line->given[i];
    return NULL;
}

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
static void say_unprinted(const pj_diff *diff, const compare_args *args)
{
    for (size_t i = 0; strcmp(args->output.report.format, "csv") == 0 && i < diff->setting_count; i++)
        if (diff->settings[i].other_prices) {
            pj_say("A and B were priced with different tables: part of the difference is that of the tables");
            return;
        }
}

static pj_status write_diff(const void *diff, const pj_report_options *options, pj_sink sink, void *payload,
                            pj_error *err)
{
    return pj_diff_write(diff, options, sink, payload, err);
}

static pj_exit report(const pj_diff *diff, const compare_args *args)
{
    pj_error err = {0};
    pj_exit code = pj_write_reports(write_diff, diff, &args->output, &args->reports, NULL);
    if (code == PJ_EXIT_DONE)
        say_unprinted(diff, args);
    if (code != PJ_EXIT_DONE || !diff->exceeded)
        return code;
    pj_status status = pj_diff_verdicts_write(diff, say_lines, NULL, &err);
    return status == PJ_OK ? PJ_EXIT_LIMIT : pj_say_error(&err, NULL);
}

static pj_exit compare(const pj_line *line, const pj_result *a, const pj_result *b, const compare_args *args)
{
    pj_error err = {0};
    pj_diff *diff = NULL;
    const pj_diff_options options = {args->limits.text, args->limits.count};
    const pj_result *sides[] = {a, b};
    if (a->is_report && b->is_report && find_sided(line, 0))
        return pj_say_usage("compare", "compare: both are saved reports; --%s is for models",
                            find_sided(line, 0)->setting->option);
    for (int s = 0; args->strict && s < 2; s++)
        if (pj_say_strict(sides[s]->findings, sides[s]->finding_count, sides[s]->source))
            return PJ_EXIT_UNSUPPORTED;
    pj_status status = pj_diff_run(a, b, &options, &diff, &err);
    pj_exit code = status == PJ_OK ? report(diff, args) : pj_say_error(&err, NULL);
    pj_diff_free(diff);
    return code;
}

/* Opens one side with the options that are its own. */
static pj_exit open_side(const pj_line *line, const char *path, char side, pj_result **out)
{
    pj_error err = {0};
    pj_setup own;
    pj_exit code = PJ_EXIT_DONE;
    if (!take_side(line, side, &own, &code)) {
        pj_setup_clear(&own);
        return code;
    }
    pj_status status = pj_result_open(path, &own, out, &err);
    if (status != PJ_OK)
        code = pj_say_error(&err, path);
    else if ((*out)->is_report && find_sided(line, side))
        code = pj_say_usage("compare", "%s is a saved report: --%c- options are for models", path, side);
    pj_setup_clear(&own);
    return code;
}

static pj_exit check_usage(const pj_line *line)
{
    for (size_t i = 0; i < line->givens; i++) {
        const pj_given *given = &line->given[i];
        if (given->setting && is_replaced(line, given, 'a') && is_replaced(line, given, 'b'))
            return pj_say_usage("compare", "compare: --%s has no effect beside --a-%s and --b-%s",
                                given->setting->option, given->setting->option, given->setting->option);
    }
    bool sided = find_sided(line, 'a') || find_sided(line, 'b');
    if (line->operands == 1 && !sided)
        return pj_say_usage("compare", "compare: with what? Name two models or reports, or give one model options "
                                       "for one side, for example --b-quantize int8");
    if (strcmp(line->operand[0], "-") == 0 && (line->operands == 1 || strcmp(line->operand[1], "-") == 0))
        return pj_say_usage("compare", "compare: standard input can be read only once");
    return PJ_EXIT_DONE;
}

static pj_exit run(pj_line *line, const void *args)
{
    pj_result *a = NULL, *b = NULL;
    pj_exit code = check_usage(line);
    if (code == PJ_EXIT_DONE)
        code = open_side(line, line->operand[0], 'a', &a);
    if (code == PJ_EXIT_DONE)
        code = open_side(line, line->operand[line->operands - 1], 'b', &b);
    if (code == PJ_EXIT_DONE && a && b)
        code = pj_refuse_model(line, a->model);
    if (code == PJ_EXIT_DONE && a && b)
        code = pj_refuse_model(line, b->model);
    if (code == PJ_EXIT_DONE && a && b)
        code = compare(line, a, b, args);
    pj_result_free(a);
    pj_result_free(b);
    return code;
}

const pj_command pj_command_compare = {
    .name = "compare",
    .sided = true,
    .operands = "A [B]",
    .least = 1,
    .most = 2,
    .summary = "two models, or one with other options, layer by layer",
    .text = "Says by how much the energy of B differs from that of A, in which layers, and\n"
            "why. A and B are ONNX models (- for standard input) or reports that `analyze\n"
            "--format json` has saved. Layers are matched by name, then by operator, shape\n"
            "and position, so that an inserted or renamed layer is found as such.\n"
            "\n"
            "Options hold for both sides. With a- or b- before its name, any option of the\n"
            "groups Model and Energy holds for one side alone; with one operand, that is the\n"
            "same model twice. The report begins with the settings that differ.\n"
            "docs/compare.md describes the formats, the causes and the limits.",
    .rows = {PJ_ROWS("Comparison", compare_rows,                          0),
             PJ_ROWS("One side", side_rows, 0),
             {.title = "Model", .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             {.title = "Energy",
              .settings = PJ_SETTINGS(PJ_ABOUT_ENERGY) | PJ_SETTINGS(PJ_ABOUT_FORMATS) | PJ_SETTINGS(PJ_ABOUT_DEVICES)},
             PJ_ROWS("Report", format_rows, 0),
             PJ_ROWS("Report", pj_reports_rows, AT(reports)),
             {"Report", pj_report_rows + 1, 5, 0, 0, false},
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {{.with = "format=junit|sarif|github|gitlab",
                 .without = "fail-on",
                 .others = "format",
                 .why = "compare: this format tells limits alone: give some, for example --fail-on 'total>2%'"},
             {.with = "format=json|csv", .others = "top"},
             {.without = "device", .others = "load utilization"},
             {.with = "format=csv", .others = "@devices"}  },
    .examples = "picojoule compare old.onnx new.onnx\n"
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
    .size = sizeof(compare_args),
    .run = run,
};
