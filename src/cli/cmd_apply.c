/* picojoule apply: a plan becomes a model. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "progress.h"
#include "say.h"

typedef struct apply_args {
    pj_output output;
    pj_setup setup;
    pj_apply_options options; /* its lists are those below */
    pj_texts keep, only;
    int scheme, activations, external, io, scale;
    bool strict;
} apply_args;

#define AT(member) offsetof(apply_args, member)

/* ---- options ---- */

static const char *const *scheme_words(void)
{
    static const char *const words[] = {"auto", "static", "dynamic", "weights", NULL};
    return words;
}

static const char *const *activation_words(void)
{
    static const char *const words[] = {"uint8", "int8", "uint16", "int16", NULL};
    return words;
}

static const char *const *external_words(void)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    return words;
}

static const char *const *io_words(void)
{
    static const char *const words[] = {"keep", "convert", NULL};
    return words;
}

static const char *const *scale_words(void)
{
    static const char *const words[] = {"max-abs", "least-error", NULL};
    return words;
}

static const char *read_block(pj_line *line, void *at, const char *value)
{
    pj_apply_options *options = at;
    char *end;
    (void)line;
    long block = strtol(value, &end, 10);
    if (strcmp(value, "none") == 0)
        options->block = -1;
    else if (*end || end == value || block < 2 || block > 1 << 20)
        return "a whole number from 2 to 1048576, or none";
    else
        options->block = block;
    return NULL;
}

/* A share of all weights, or N:M. */
static const char *read_prune(pj_line *line, void *at, const char *value)
{
    static const char wants[] = "a share such as 50% or 0.5, or N of M: 2:4";
    pj_apply_options *options = at;
    double number;
    (void)line;
    const char *rest = pj_decimal_read(value, &number);
    if (!rest || number < 0)
        return wants;
    if (*rest == ':') {
        double of;
        rest = pj_decimal_read(rest + 1, &of);
        if (!rest || *rest || of < 2 || of > 64 || number < 1 || number >= of || number != (double)(int)number ||
            of != (double)(int)of)
            return wants;
        options->prune_keep = (int64_t)number;
        options->prune_of = (int64_t)of;
        return NULL;
    }
    number = *rest == '%' ? number / 100 : number;
    rest += *rest == '%';
    options->prune = number;
    return *rest || number >= 1 ? wants : NULL;
}

/* clang-format off */
static const pj_option apply_rows[] = {
    {"output",       'o', "FILE",
     "the model that is written; with external weights,\n"
     "FILE.HASH.data beside it",
     PJ_OPTION_TEXT, .at = AT(options.out), .wants = "a file"},
    {"calibration",  0, "FILE",                  "ranges of activations (JSON, docs/planning.md)",
     PJ_OPTION_TEXT, .at = AT(options.calibration), .wants = "a file"},
    {"scheme",       0, NULL,
     "what activations of 8 bits become: quantized with\n"
     "known ranges, at run time, or not at all (auto:\n"
     "static with --calibration)",
     PJ_OPTION_CHOICE, .at = AT(scheme), .words = scheme_words},
    {"target",       0, "onnx|onnxruntime|NAME|FILE",
     "which operators may be written (default onnx); of\n"
     "a target as `plan` has them, which formats",
     PJ_OPTION_TEXT, .at = AT(options.target), .wants = "a name or a file"},
    {"activations",  0, NULL,                    "the type of quantized activations (default uint8)",
     PJ_OPTION_CHOICE, .at = AT(activations), .words = activation_words},
    {"symmetric",    0, NULL,                    "ranges of activations are made symmetric",
     PJ_OPTION_FLAG, .at = AT(options.symmetric)},
    {"reduce-range", 0, NULL,                    "weights of 7 bits, for x86 without VNNI",
     PJ_OPTION_FLAG, .at = AT(options.reduce_range)},
    {"per-tensor",   0, NULL,                    "one scale a weight instead of one a channel",
     PJ_OPTION_FLAG, .at = AT(options.per_tensor)},
    {"asymmetric",   0, NULL,                    "zero points in the blocks of MatMulNBits",
     PJ_OPTION_FLAG, .at = AT(options.asymmetric)},
    {"block",        0, "N|none",
     "numbers that share a scale (default 32 for int4\n"
     "weights of MatMul and Gemm, else none)",
     PJ_OPTION_READ, .at = AT(options), .read = read_block},
    {"keep-float",   0, "NAME",
     "layers of that name (may be a glob) stay as they\n"
     "are; repeatable",
     PJ_OPTION_TEXTS, .at = AT(keep), .wants = "the name of a layer, or a glob"},
    {"only",         0, "LAYER=FORMAT",
     "changes these layers alone, in place of a plan:\n"
     "/fc/MatMul=w8a16; LAYER may be a glob; repeatable",
     PJ_OPTION_TEXTS, .at = AT(only), .wants = "LAYER=FORMAT"},
    {"scale",        0, NULL,
     "scales of weights: of the largest one, or those\n"
     "that add the least noise (not of blocks)",
     PJ_OPTION_CHOICE, .at = AT(scale), .words = scale_words},
    {"io",           0, NULL,
     "inputs and outputs of the model keep their type\n"
     "(default), or take the planned one",
     PJ_OPTION_CHOICE, .at = AT(io), .words = io_words},
    {"share-concat", 0, NULL,
     "inputs of an integer Concat take the scale of its\n"
     "output, as accelerators want it",
     PJ_OPTION_FLAG, .at = AT(options.share_concat)},
    {"half-all",     0, NULL,
     "fp16: Softmax, normalizations and sums, too",
     PJ_OPTION_FLAG, .at = AT(options.half_all)},
    {"dynamic-conv", 0, NULL,                    "--scheme dynamic: convolutions, too",
     PJ_OPTION_FLAG, .at = AT(options.dynamic_conv)},
    {"force",        0, NULL,                    "write what costs more than it saves",
     PJ_OPTION_FLAG, .at = AT(options.force)},
    {"lenient",      0, NULL,
     "layers that cannot be done as planned stay as\n"
     "they are, and are listed",
     PJ_OPTION_FLAG, .at = AT(options.lenient)},
    {"dry-run",      0, NULL,                    "only reports what would be written",
     PJ_OPTION_FLAG, .at = AT(options.dry_run)},
};

static const pj_option other_rows[] = {
    {"clean",        0, NULL,
     "folds BatchNormalization, drops nodes that do\n"
     "nothing or that nobody reads",
     PJ_OPTION_FLAG, .at = AT(options.clean)},
    {"prune",        0, "P|N:M",
     "the smallest weights become 0: a share of each\n"
     "tensor (50%), or all but N of each M",
     PJ_OPTION_READ, .at = AT(options), .read = read_prune},
    {"prune-global", 0, NULL,                    "--prune P: a share of all weights together",
     PJ_OPTION_FLAG, .at = AT(options.prune_global)},
    {"annotate",     0, NULL,                    "MACs and energy as metadata of the nodes",
     PJ_OPTION_FLAG, .at = AT(options.annotate)},
    {"strict-ir",    0, NULL,
     "raises the IR version to 10, the first one that\n"
     "has metadata of nodes",
     PJ_OPTION_FLAG, .at = AT(options.strict_ir)},
    {"name-nodes",   0, NULL,                    "names nodes that have none as reports do",
     PJ_OPTION_FLAG, .at = AT(options.name_nodes)},
    {"external-min", 0, "BYTES",
     "smaller tensors stay in the model (default 1024)",
     PJ_OPTION_COUNT, .at = AT(options.external_min), .least = 1, .wants = "a number of bytes"},
    {"probe",        0, NULL,
     "all float tensors become outputs, to measure\n"
     "their ranges",
     PJ_OPTION_FLAG, .at = AT(options.probe)},
    {"external",     0, NULL,
     "weights in a file beside the model (default: as\n"
     "the source, and above 1 GiB)",
     PJ_OPTION_CHOICE, .at = AT(external), .words = external_words},
    {"reuse-data",   0, NULL,
     "external weights that do not change stay where\n"
     "they are; the model goes into the same folder",
     PJ_OPTION_FLAG, .at = AT(options.reuse_data)},
};
/* clang-format on */

static void set_defaults(void *given)
{
    ((apply_args *)given)->options = pj_apply_options_default();
}

/* ---- the command ---- */

static pj_exit write_report(const pj_line *line, const pj_applied *applied, const apply_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(NULL);
    pj_status status = pj_applied_write(applied, &args->output.report, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, line->operand[0]);
}

/* An output that cannot be written is the system's fault, whether its folder is there or not. */
static pj_exit fail(const pj_line *line, const pj_error *err, const apply_args *args)
{
    pj_exit code = pj_say_error(err, line->operand[0]);
    bool is_output = err->status == PJ_EIO && args->options.out && strcmp(err->file, args->options.out) == 0;
    return is_output ? PJ_EXIT_SYSTEM : code;
}

static pj_exit run(pj_line *line, const void *given)
{
    const apply_args *args = given;
    pj_error err = {0};
    pj_model *model = NULL;
    pj_applied *applied = NULL;
    pj_apply_options options = args->options;
    options.scheme = (pj_apply_scheme)args->scheme;
    options.activations = (pj_apply_activations)args->activations;
    options.external = (pj_apply_external)args->external;
    options.keep_float = args->keep.text;
    options.keep_float_count = args->keep.count;
    options.only = args->only.text;
    options.only_count = args->only.count;
    options.io_convert = args->io == 1;
    options.least_error = args->scale == 1;
    options.strict = args->strict;
    options.watch = &pj_progress;
    pj_setup setup = args->setup;
    setup.unbound_dims_are_one = args->options.annotate; /* sizes are asked for where energy is */
    if (!options.out && !options.dry_run)
        return pj_say_usage(line->command->name, "where should the model be written? -o FILE, or --dry-run");
    if (options.out && strcmp(options.out, "-") == 0)
        return pj_say_usage(line->command->name, "a model is written to a file, not to standard output");
    pj_status status = pj_model_open(line->operand[0], &setup, &model, &err);
    if (status == PJ_OK && pj_refuse_model(line, pj_model_describe(model)) != PJ_EXIT_DONE) {
        pj_model_close(model);
        return PJ_EXIT_USAGE;
    }
    if (status == PJ_OK)
        status = pj_apply(model, &setup, &options, &applied, &err);
    pj_exit code = status == PJ_OK ? write_report(line, applied, args) : fail(line, &err, args);
    pj_applied_free(applied);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_apply = {
    .name = "apply",
    .operands = "MODEL",
    .least = 1,
    .most = 1,
    .summary = "a plan becomes a model: writes the quantized ONNX file",
    .text = "Writes a copy of the model whose layers work in the formats of a plan (--plan, or\n"
            "the short form --quantize). All that does not change is copied byte for byte;\n"
            "weights of any size pass through a small window. A layer that cannot be done as\n"
            "planned is an error that names it. docs/apply.md says what becomes what.",
    .rows = {PJ_ROWS("Apply",   apply_rows, 0),
             PJ_ROWS("Besides", other_rows, 0),
             {.title = "Model", .at = offsetof(apply_args, setup), .settings = PJ_SETTINGS(PJ_ABOUT_MODEL)},
             {.title = "Formats", .at = offsetof(apply_args, setup), .settings = PJ_SETTINGS(PJ_ABOUT_FORMATS)},
             PJ_ROWS("Report", pj_look_rows, 0),
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {{.with = "dry-run", .others = "output"}, {.with = "only", .others = "plan quantize"}},
    .examples = "picojoule apply model.onnx --plan plan.json --calibration ranges.json -o out.onnx\n"
                "    integers where the plan says so, with the ranges that were measured\n"
                "picojoule apply model.onnx --quantize fp16 -o half.onnx\n"
                "    half the file\n"
                "picojoule apply model.onnx --quantize w4a16 --target onnxruntime -o out.onnx\n"
                "    int4 weights in blocks, which ONNX Runtime reads as they are\n"
                "picojoule apply model.onnx --clean -o clean.onnx\n"
                "    without BatchNormalization and what does nothing",
    .size = sizeof(apply_args),
    .defaults = set_defaults,
    .run = run,
};
