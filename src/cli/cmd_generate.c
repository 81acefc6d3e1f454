/* picojoule generate: what a prompt, and each token after it, costs. */
#include "commands.h"
#include "say.h"

enum { MOST_POINTS = 64 };

typedef struct generate_args {
    pj_output output;
    pj_setup setup;
    pj_generation_ask ask;
    pj_texts roles;
    int64_t points[MOST_POINTS];
    const char *kv_scale, *what_if;
    bool strict;
} generate_args;

#define AT(member) offsetof(generate_args, member)

/* ---- options ---- */

/* 17, 2K, 1M; at least 1, below 2^31. */
static const char *read_count(pj_line *line, void *at, const char *value)
{
    int64_t count, times = 1;
    const char *end = pj_whole_read(value, &count);
    (void)line;
    if (end && (*end == 'K' || *end == 'k' || *end == 'M'))
        times = *end++ == 'M' ? 1000000 : 1000;
    if (!end || *end || count < 1 || count > INT32_MAX / times)
        return "a whole number of at least 1, below 2^31; K and M stand for thousands and millions";
    *(int64_t *)at = count * times;
    return NULL;
}

static const char *read_points(pj_line *line, void *at, const char *value)
{
    generate_args *args = at;
    (void)line;
    for (args->ask.point_count = 0; value; args->ask.point_count++) {
        int64_t point;
        value = args->ask.point_count < MOST_POINTS ? pj_whole_read(value, &point) : NULL;
        if (!value || point < 1 || point > INT32_MAX || (*value && *value != ','))
            return "up to 64 contexts, for example 1024,4096";
        args->points[args->ask.point_count] = point;
        value = *value ? value + 1 : NULL;
    }
    return NULL;
}

static const char *const *scale_words(void)
{
    static const char *const words[] = {"tensor", "token", NULL};
    return words;
}

static const char *const *yes_words(void)
{
    static const char *const words[] = {"yes", "no", NULL};
    return words;
}

/* clang-format off */
static const pj_option request_rows[] = {
    {"prompt", 0, "P", "tokens of the prompt; behind an encoder, of its\noutput",
     PJ_OPTION_READ, .at = AT(ask.prompt), .read = read_count},
    {"tokens", 0, "N", "that come out of each sequence: the first of the\nprefill, so N - 1 decode steps follow; 2K, 1M",
     PJ_OPTION_READ, .at = AT(ask.tokens), .read = read_count},
    {"tokens-per-step", 0, "K", "of a decode step, as speculative decoding has\nthem (default 1); the draft model is another call",
     PJ_OPTION_READ, .at = AT(ask.tokens_per_step), .read = read_count},
    {"accepted", 0, "A", "of those K that are kept on average, 1 to K",
     PJ_OPTION_REAL, .at = AT(ask.accepted), .least = 1, .most = 1e9, .wants = "a number of at least 1"},
    {"points", 0, "T1,T2,...", "contexts at which one decode step is shown\n(default: the first, the middle, the last)",
     PJ_OPTION_READ, .at = 0, .read = read_points},
    {"what-if", 0, NULL, "what other formats and sizes would make of a\ndecode token (default yes)",
     PJ_OPTION_WORD, .at = AT(what_if), .words = yes_words},
};
static const pj_option cache_rows[] = {
    {"kv-format", 0, "FORMAT", "of what is cached: int8, fp8e4m3, int4 ...",
     PJ_OPTION_TEXT, .at = AT(ask.kv_format)},
    {"kv-scale", 0, NULL, "16 bits of scale for each head and token, or\nnone (default tensor)",
     PJ_OPTION_WORD, .at = AT(kv_scale), .words = scale_words},
    {"step-model", 0, "FILE", "runs the decode steps, as\ndecoder_with_past_model.onnx does",
     PJ_OPTION_TEXT, .at = AT(ask.step_path), .wants = "the name of a file"},
    {"prompt-by-steps", 0, NULL, "the prompt goes through steps of one token",
     PJ_OPTION_FLAG, .at = AT(ask.prompt_by_steps)},
    {"recompute", 0, NULL, "without a cache: N runs, each of one token more",
     PJ_OPTION_FLAG, .at = AT(ask.recompute)},
    {"role", 0, "ROLE=INPUT[:AXIS]", "where the graph leaves it open: tokens, past,\ntotal, batch, cache, state, branch; repeatable",
     PJ_OPTION_TEXTS, .at = AT(roles)},
};
/* clang-format on */

static void set_defaults(void *given)
{
    generate_args *args = given;
    args->ask = pj_generation_ask_default();
    args->ask.prompt = args->ask.tokens = 0;
}

/* ---- running ---- */

static pj_exit report(const generate_args *args, const pj_generation *found, const char *path)
{
    pj_error err = {0};
    pj_out out = pj_out_new(args->output.out);
    if (args->strict && pj_say_strict(found->findings, found->finding_count, path))
        return PJ_EXIT_UNSUPPORTED;
    if (args->strict && found->uncounted) {
        pj_say("%s: %lld of %lld layers are not counted", path, (long long)found->uncounted, (long long)found->layers);
        return PJ_EXIT_UNSUPPORTED;
    }
    return pj_out_finish(&out, pj_generation_write(found, &args->output.report, pj_out_write, &out, &err), &err, path);
}

static pj_exit run(pj_line *line, const void *given)
{
    const generate_args *args = given;
    const char *path = line->operand[0];
    pj_error err = {0};
    pj_model *model = NULL;
    pj_generation *found = NULL;
    pj_setup setup = args->setup, bare = setup;
    pj_generation_ask ask = args->ask;
    if (!ask.prompt || !ask.tokens)
        return pj_say_usage("generate",
                            "generate: wants --prompt P and --tokens N, for example --prompt 512 --tokens 128");
    if (setup.step)
        return pj_say_usage("generate", "generate: --step is one step, as analyze prices it; a generation has many");
    setup.roles = args->roles.text;
    setup.role_count = args->roles.count;
    bare.unbound_dims_are_one = false;
    bare.batch = 0;
    bare.dim_count = 0;
    ask.setup = &setup;
    ask.batch = setup.batch ? (int64_t)setup.batch : 1;
    ask.points = args->points;
    ask.as_exported =
        setup.kv_cache && (strcmp(setup.kv_cache, "as-exported") == 0 || strcmp(setup.kv_cache, "whole") == 0);
    ask.scale_per_token = args->kv_scale && strcmp(args->kv_scale, "token") == 0;
    ask.what_if = !args->what_if || strcmp(args->what_if, "yes") == 0;
    pj_status status = pj_model_open(path, &bare, &model, &err);
    if (status == PJ_OK && pj_refuse_model(line, pj_model_describe(model)) != PJ_EXIT_DONE) {
        pj_model_close(model);
        return PJ_EXIT_USAGE;
    }
    if (status == PJ_OK)
        status = pj_generate(model, &ask, &found, &err);
    pj_exit code = status == PJ_OK ? report(args, found, path) : pj_say_error(&err, path);
    pj_generation_free(found);
    pj_model_close(model);
    return code;
}

const pj_command pj_command_generate = {
    .name = "generate",
    .operands = "MODEL",
    .least = 1,
    .most = 1,
    .summary = "what a prompt costs a language model, and each token",
    .text = "Reads a decoder with a cache of keys and values, finds in its graph which input\n"
            "is what, and prices a request: one prefill of --prompt tokens, and a decode step\n"
            "for each further one. Weights, cache, activations and arithmetic apart; with the\n"
            "cache in place, and as the graph stands. Counts are exact. What is no decoder is\n"
            "refused with what to do. docs/generation.md has the formulas, what is a bound,\n"
            "and what was measured.",
    .rows = {PJ_ROWS("Request", request_rows, 0),
             PJ_ROWS("Cache and files", cache_rows, 0),
             {.title = "Model",
              .at = AT(setup),
              .settings = PJ_SETTINGS(PJ_ABOUT_MODEL) | PJ_SETTINGS(PJ_ABOUT_ENERGY) | PJ_SETTINGS(PJ_ABOUT_FORMATS) |
                          PJ_SETTINGS(PJ_ABOUT_DEVICES)},
             PJ_ROWS("Report", pj_report_rows, 0),
             PJ_ROWS("Findings", pj_strict_rows, AT(strict))},
    .clashes = {{.with = "recompute",
                 .others = "kv-format kv-scale step-model tokens-per-step accepted points "
                           "prompt-by-steps"},
             {.without = "kv-format", .others = "kv-scale"},
             {.without = "tokens-per-step", .others = "accepted"}},
    .examples = "picojoule generate llm.onnx --prompt 64 --tokens 32\n"
                "    one request, by default energies of 45 nm\n"
                "picojoule generate llm.onnx --prompt 64 --tokens 32 --batch 8 --device h100\n"
                "    eight side by side, and what the device's data sheet allows\n"
                "picojoule generate llm.onnx --prompt 64 --tokens 32 --kv-format int8\n"
                "    the same with a cache of 8 bits",
    .size = sizeof(generate_args),
    .defaults = set_defaults,
    .run = run,
};
