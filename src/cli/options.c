/* The option tables, and what each option does with its value. */
#include <string.h>

#include "cli.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* ---- values ---- */

/* A whole number >= 0 at the start of the text; *end is what follows. */
static bool read_number(const char *text, int64_t *out, const char **end)
{
    int64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';
        if (value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    *end = at;
    return at > text;
}

static bool read_whole(const char *text, int64_t *out)
{
    const char *end;
    return read_number(text, out, &end) && !*end;
}

/* Position of a word in a list that ends with NULL; -1: not there. */
static int word_in(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

/* A copy of the text up to `end`, which lives as long as the arguments. */
const char *pj_args_keep(pj_args *args, const char *text, const char *end)
{
    char *copy = args->texts + args->texts_used;
    size_t length = (size_t)(end - text);
    memcpy(copy, text, length);
    copy[length] = 0;
    args->texts_used += length + 1;
    return copy;
}

/* NAME=N: names may hold a '=', too, so the last one counts. */
static const char *set_dim(pj_args *args, const char *value)
{
    pj_dim_binding *dim = &args->dim[args->dims];
    const char *equals = strrchr(value, '=');
    if (!equals || equals == value || !read_whole(equals + 1, &dim->value))
        return "NAME=N, for example batch=1";
    dim->name = pj_args_keep(args, value, equals);
    args->dims++;
    return NULL;
}

/* NAME=N: names of nodes, like those of dimensions, may hold a '='. */
static const char *set_trips(pj_args *args, const char *value)
{
    pj_trips_binding *trip = &args->trip[args->trips];
    const char *equals = strrchr(value, '=');
    if (!equals || equals == value || !read_whole(equals + 1, &trip->trips))
        return "NAME=N, for example decode=20";
    trip->node = pj_args_keep(args, value, equals);
    args->trips++;
    return NULL;
}

static const char *set_op_rules(pj_args *args, const char *value)
{
    args->setup.op_rules = value;
    return NULL;
}

/* NAME=V1,V2,... */
static const char *set_sweep(pj_args *args, const char *value)
{
    static const char wants[] = "NAME=V1,V2,..., for example sequence=128,512,2048";
    pj_sweep_dim *sweep = &args->sweep[args->sweeps];
    const char *equals = strrchr(value, '='), *at = equals;
    int64_t *values = args->numbers + args->numbers_used;
    if (!equals || equals == value)
        return wants;
    sweep->count = 0;
    do {
        if (!read_number(at + 1, &values[sweep->count++], &at) || (*at && *at != ','))
            return wants;
    } while (*at);
    sweep->name = pj_args_keep(args, value, equals);
    sweep->values = values;
    args->numbers_used += sweep->count;
    args->sweeps++;
    return NULL;
}

/* Dimensions "1,3,?" or "1x3x?": a number each, or ? for the declared one; none at all is a scalar. */
static bool read_dims(const char *text, pj_args *args, pj_input_binding *input)
{
    int64_t *dims = args->numbers + args->numbers_used;
    input->dims = dims;
    input->rank = 0;
    while (*text) {
        if (*text == '?') {
            dims[input->rank] = -1;
            text++;
        } else if (!read_number(text, &dims[input->rank], &text)) {
            return false;
        }
        input->rank++;
        if (*text && ((*text != ',' && *text != 'x') || !text[1]))
            return false;
        text += *text != 0;
    }
    args->numbers_used += (size_t)input->rank;
    return true;
}

static const char *set_input(pj_args *args, const char *value)
{
    pj_input_binding *input = &args->input[args->inputs];
    const char *equals = strrchr(value, '=');
    const char *colon = equals ? strrchr(equals, ':') : NULL;
    if (!equals || equals == value || colon == equals + 1 || !read_dims((colon ? colon : equals) + 1, args, input))
        return "NAME=[TYPE:]DIMS, for example tokens=int64:1,128";
    input->name = pj_args_keep(args, value, equals);
    input->dtype = colon ? pj_args_keep(args, equals + 1, colon) : NULL;
    args->inputs++;
    return NULL;
}

static const char *set_table(pj_args *args, const char *value)
{
    args->setup.table = value;
    return NULL;
}

static const char *set_device(pj_args *args, const char *value)
{
    args->device[args->devices++] = value;
    return NULL;
}

static const char *set_place(pj_place *place, const char *value)
{
    int at = word_in(pj_place_words(), value);
    if (at < 0)
        return "dram, sram or fixed";
    *place = (pj_place)at;
    return NULL;
}

static const char *set_weights_on(pj_args *args, const char *value)
{
    return set_place(&args->setup.weights_on, value);
}

static const char *set_activations_on(pj_args *args, const char *value)
{
    return set_place(&args->setup.activations_on, value);
}

static const char *set_io_on_dram(pj_args *args, const char *value)
{
    static const char *const words[] = {"no", "yes", NULL};
    int at = word_in(words, value);
    if (at < 0)
        return "yes or no";
    args->setup.io_on_dram = at == 1;
    return NULL;
}

static const char *set_sram_min(pj_args *args, const char *value)
{
    static const struct {
        const char *suffix;
        int64_t bits;
    } units[] = {
        {"",     1               },
        {"bit",  1               },
        {"bits", 1               },
        {"B",    8               },
        {"KiB",  INT64_C(8) << 10},
        {"MiB",  INT64_C(8) << 20},
        {"GiB",  INT64_C(8) << 30}
    };
    const char *suffix;
    int64_t number;
    if (read_number(value, &number, &suffix))
        for (size_t i = 0; i < COUNT(units); i++)
            if (strcmp(units[i].suffix, suffix) == 0 && number <= INT64_MAX / units[i].bits) {
                args->setup.sram_min_bits = (uint64_t)(number * units[i].bits);
                return NULL;
            }
    return "a number of bits, or a size like 16KiB, 8MiB, 512B";
}

static const char *set_format(pj_args *args, const char *value)
{
    if (word_in(pj_report_formats(), value) < 0)
        return "text, json, csv or markdown";
    args->report.format = value;
    return NULL;
}

static const char *set_chart_format(pj_args *args, const char *value)
{
    if (word_in(pj_chart_formats(), value) < 0)
        return "text, json, csv, markdown or svg";
    args->report.format = value;
    return NULL;
}

static const char *set_out(pj_args *args, const char *value)
{
    args->out = strcmp(value, "-") == 0 ? NULL : value;
    return NULL;
}

static const char *set_width(pj_args *args, const char *value)
{
    int64_t width;
    if (!read_whole(value, &width) || width < 40 || width > 10000)
        return "a number of columns from 40 to 10000";
    args->report.width = (int)width;
    return NULL;
}

static const char *set_group_by(pj_args *args, const char *value)
{
    static const char scope[] = "scope";
    int64_t depth = 0;
    bool is_scope = strncmp(value, scope, sizeof scope - 1) == 0;
    const char *rest = is_scope ? value + sizeof scope - 1 : value;
    if (is_scope && *rest == ':' && (!read_whole(rest + 1, &depth) || depth < 1 || depth > 1000))
        return "a depth from 1 on behind scope, for example scope:2";
    if (strcmp(value, "op") != 0 && !(is_scope && (!*rest || *rest == ':')))
        return "op, scope or scope:DEPTH";
    args->report.group = is_scope ? PJ_GROUP_SCOPE : PJ_GROUP_OP;
    args->report.scope_depth = (int)depth;
    return NULL;
}

static const char *set_sort(pj_args *args, const char *value)
{
    static const char *const words[] = {"energy", "macs", "order", NULL};
    static const pj_sort sorts[] = {PJ_BY_ENERGY, PJ_BY_MACS, PJ_IN_ORDER};
    int at = word_in(words, value);
    if (at < 0)
        return "energy, macs or order";
    args->report.sort = sorts[at];
    return NULL;
}

static const char *set_top(pj_args *args, const char *value)
{
    int64_t top;
    if (!read_whole(value, &top))
        return "a number of rows";
    args->report.top = (size_t)top;
    return NULL;
}

static const char *set_plan(pj_args *args, const char *value)
{
    args->setup.plan = value;
    return NULL;
}

static const char *set_quantize(pj_args *args, const char *value)
{
    args->setup.quantize = value;
    return NULL;
}

static const char *set_no_fold(pj_args *args, const char *value)
{
    (void)value;
    args->setup.no_fold = true;
    return NULL;
}

static const char *set_limit(pj_args *args, const char *value)
{
    args->limit[args->limits++] = value;
    return pj_diff_limit_check(value);
}

/* The rows of pj_options_sides stand for others: nothing has their names. */
static const char *set_side(pj_args *args, const char *value)
{
    (void)args;
    (void)value;
    return "the name of an option in the place of OPTION, for example --a-plan FILE";
}

static const char *set_inspect_weights(pj_args *args, const char *value)
{
    (void)value;
    args->setup.inspect_weights = true;
    return NULL;
}

static const char *set_memory(pj_args *args, const char *value)
{
    (void)value;
    args->setup.best_order = true;
    return NULL;
}

static const char *set_strict(pj_args *args, const char *value)
{
    (void)value;
    args->strict = true;
    return NULL;
}

static const char *set_check(pj_args *args, const char *value)
{
    (void)value;
    args->check = true;
    return NULL;
}

static const char *set_markdown(pj_args *args, const char *value)
{
    (void)value;
    args->markdown = true;
    args->report.format = "markdown";
    return NULL;
}

/* ---- tables: name, letter, value, help, setter ---- */

static const pj_option model_options[] = {
    {"input",    0, "NAME=[TYPE:]DIMS",
     "shape of a graph input, and its element type,\n"
     "for example --input tokens=int64:1,128;\n"
     "? leaves a dimension as the model declares it;\n"
     "repeatable",                              set_input   },
    {"dim",      0, "NAME=N",
     "value of a symbolic dimension, for example\n"
     "--dim batch=1; repeatable",               set_dim     },
    {"trips",    0, "NAME=N",
     "how often the Loop of that name runs, where the\n"
     "graph does not say it; repeatable",       set_trips   },
    {"op-rules", 0, "FILE",
     "shapes and work of operators that are not built\n"
     "in; docs/op-rules.md describes the file", set_op_rules},
};
static const pj_option energy_options[] = {
    {"table",          0, "NAME|FILE",
     "energy table (default horowitz-45nm);\n"
     "`picojoule tables` lists the built-in ones",    set_table         },
    {"device",         0, "NAME|FILE",
     "estimate for a device beside the table's\n"
     "energies; repeatable; see `picojoule devices`", set_device        },
    {"weights-on",     0, "dram|sram|fixed",
     "where weights and other constants are;\n"
     "fixed: hard-wired, free (default dram)",        set_weights_on    },
    {"activations-on", 0, "dram|sram|fixed",
     "where tensors between layers are\n"
     "(default dram)",                                set_activations_on},
    {"io-on-dram",     0, "yes|no",
     "model inputs and outputs cross DRAM\n"
     "(default yes)",                                 set_io_on_dram    },
    {"sram-min",       0, "SIZE",
     "the smallest SRAM that a tensor can sit in:\n"
     "bits, or 16KiB, 8MiB (default 0)",              set_sram_min      },
    {"plan",           0, "FILE",
     "number formats of layers (picojoule.plan/1),\n"
     "instead of those that the model has",           set_plan          },
    {"quantize",       0, "SPEC",
     "one format for all that is floating point:\n"
     "int8, fp16, ...; w4a8: weights int4, activations\n"
     "int8; w4a16: weights int4, activations fp16",   set_quantize      },
    {"no-fold",        0, NULL,
     "quantizers stay layers of their own instead of\n"
     "becoming part of the layer in front",           set_no_fold       },
};
/* clang-format off */
#define OUTPUT_OPTIONS                                  \
    {"output", 'o', "FILE",                             \
     "writes to FILE instead of standard output;\n"     \
     "the file is replaced as a whole or not at all",   \
     set_out},                                          \
    {"width",  0,   "N",                                \
     "columns for text (default: the terminal's,\n"     \
     "else 100)",                                       \
     set_width},
/* clang-format on */
static const pj_option report_options[] = {
    {"format", 0, "text|json|csv|markdown", "how the report is written (default text)", set_format},
    OUTPUT_OPTIONS
};
static const pj_option chart_options[] = {
    {"format", 0, "text|json|csv|markdown|svg", "how the report is written (default text); svg is\na chart",
     set_chart_format},
    OUTPUT_OPTIONS
};
static const pj_option rows_options[] = {
    {"group-by",        0, "op|scope[:DEPTH]",
     "sums per operator, or per module: the first\n"
     "DEPTH parts of names like /layer1/conv1/Conv",                                            set_group_by       },
    {"sort",            0, "energy|macs|order",
     "order of the rows (default: energy in text and\n"
     "Markdown, graph order in JSON and CSV)",                                                  set_sort           },
    {"top",             0, "N",                 "only the first N rows; the rest is summed up", set_top            },
    {"sweep",           0, "NAME=V1,V2,...",
     "instead of layers, one row of totals for each\n"
     "value of a dimension, for example --sweep\n"
     "sequence=128,512; repeatable: all combinations",                                          set_sweep          },
    {"inspect-weights", 0, NULL,
     "reads the weights, too: range, zeros, whether\n"
     "they are binary, ternary or powers of two, and\n"
     "the noise that each number format would add",                                             set_inspect_weights},
    {"memory",          0, NULL,
     "what is in memory at the peak of activations,\n"
     "and whether another order of nodes takes less",                                           set_memory         },
};
static const pj_option compare_options[] = {
    {"top",     0, "N",
     "rows of layers: text prints the first N only,\n"
     "Markdown folds the rest (default 10 there)", set_top  },
    {"fail-on", 0, "LIMIT",
     "exit code 1 where B has grown by more, for\n"
     "example 'total>2%', 'layer>10%', 'total>1uJ',\n"
     "'macs>0'; repeatable",                       set_limit},
};
static const pj_option side_options[] = {
    {"a-OPTION", 0, "VALUE",
     "any option of the groups Model and Energy, for A\n"
     "alone: --a-plan FILE, --a-dim batch=1 ...",                                 set_side},
    {"b-OPTION", 0, "VALUE", "likewise for B: --b-table NAME, --b-quantize int8", set_side},
};
static const pj_option strict_options[] = {
    {"strict", 0, NULL,
     "what had to be assumed, or is not known, is an\n"
     "error (exit code 4) instead of a remark", set_strict},
};
static const pj_option check_options[] = {
    {"check", 0, NULL, "only says whether the file is valid", set_check},
};
static const pj_option markdown_options[] = {
    {"markdown", 0, NULL, "the same as --format markdown", set_markdown},
};
static const pj_option reference_options[] = {
    {"markdown", 0, NULL, "all commands in one text, docs/cli.md", set_markdown},
};

const pj_option_group pj_options_model = {"Model", model_options, COUNT(model_options)};
const pj_option_group pj_options_energy = {"Energy", energy_options, COUNT(energy_options)};
const pj_option_group pj_options_report = {"Report", report_options, COUNT(report_options)};
const pj_option_group pj_options_chart = {"Report", chart_options, COUNT(chart_options)};
const pj_option_group pj_options_out = {"Output", report_options + 1, COUNT(report_options) - 1};
const pj_option_group pj_options_rows = {"Rows", rows_options, COUNT(rows_options)};
const pj_option_group pj_options_compare = {"Comparison", compare_options, COUNT(compare_options)};
const pj_option_group pj_options_sides = {"One side", side_options, COUNT(side_options)};
const pj_option_group pj_options_strict = {"Findings", strict_options, COUNT(strict_options)};
const pj_option_group pj_options_check = {"Validation", check_options, COUNT(check_options)};
const pj_option_group pj_options_reference = {"Documentation", reference_options, COUNT(reference_options)};
const pj_option_group pj_options_markdown = {"Documentation", markdown_options, COUNT(markdown_options)};
