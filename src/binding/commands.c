/* The commands of one call with JSON: analyze, compare, frontier, generate, sweep; more.c has others. */
#include "binding/commands.h"

#include "picojoule/diff.h"
#include "picojoule/generation.h"
#include "picojoule/plan.h"

/* ---- what several read ---- */

/* A whole number from 1 on, as a text, as all values of requests are. */
static pj_status read_count(pj_json request, const char *name, int64_t *out, pj_error *err)
{
    const char *text = NULL;
    PJ_TRY(pj_json_opt_text(request, name, &text, err));
    const char *end = text ? pj_whole_read(text, out) : "";
    if (!text || (end && !*end && *out > 0 && *out < INT32_MAX))
        return PJ_OK;
    return pj_fail(err, PJ_EARGUMENT, "\"%s\" wants a whole number of at least 1, not \"%.32s\"", name, text);
}

/* Opens the model, unless the request has failed before: then nobody reads the resource any more. */
static pj_status open_model(const pj_asked *asked, const pj_setup *setup, pj_status status, pj_model **out,
                            pj_error *err)
{
    if (status == PJ_OK)
        return pj_model_open_resource(asked->model, setup, out, err);
    pj_asked_leave(asked);
    return status;
}

/* ---- analyze ---- */

static pj_status analyze(const pj_asked *asked, pj_error *err)
{
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_status status = open_model(asked, asked->setup, PJ_OK, &model, err);
    if (status == PJ_OK)
        status = pj_analyze(model, asked->setup, &result, err);
    const pj_explain explain = {result, asked->explain, NULL, 0};
    if (status == PJ_OK && asked->explain)
        status = pj_explain_write(model, &explain, asked->options, asked->sink, asked->payload, err);
    else if (status == PJ_OK)
        status = pj_report_write(result, asked->options, asked->sink, asked->payload, err);
    pj_result_free(result);
    pj_model_close(model);
    return status;
}

/* ---- compare: B is the file "with", or the same one, under the settings "b" ---- */

static pj_status read_compare(const pj_asked *asked, const char **path, pj_setup *other, pj_error *err)
{
    static const char *const none[] = {NULL};
    pj_json settings = {0};
    if (asked->model->bytes || asked->model->read_at)
        return pj_fail(err, PJ_EUNSUPPORTED, "\"compare\" opens files: the model needs a path, and no contents");
    PJ_TRY(pj_json_opt_text(asked->request, "with", path, err));
    PJ_TRY(pj_json_opt_object(asked->request, "b", &settings, err));
    return pj_asked_settings(settings, none, other, err);
}

static pj_status compare(const pj_asked *asked, pj_error *err)
{
    pj_setup other = *asked->bare;
    const char *path = asked->model->name;
    pj_result *a = NULL, *b = NULL;
    pj_diff *diff = NULL;
    other.owner = NULL;
    pj_status status = read_compare(asked, &path, &other, err);
    if (status == PJ_OK)
        status = pj_result_open(asked->model->name, asked->setup, &a, err);
    if (status == PJ_OK)
        status = pj_result_open(path, &other, &b, err);
    if (status == PJ_OK)
        status = pj_diff_run(a, b, NULL, &diff, err);
    if (status == PJ_OK)
        status = pj_diff_write(diff, asked->options, asked->sink, asked->payload, err);
    pj_diff_free(diff);
    pj_result_free(b);
    pj_result_free(a);
    other.resource_count = 0; /* they are the caller's */
    pj_setup_clear(&other);
    pj_asked_leave(asked);
    return status;
}

/* ---- frontier ---- */

enum { MOST_CHOICES = 32 };

static pj_status read_frontier(pj_json request, const char **choices, pj_plan_options *out, pj_error *err)
{
    PJ_TRY(pj_asked_texts(request, "choices", choices, MOST_CHOICES, &out->choice_count, err));
    PJ_TRY(pj_json_opt_text(request, "target", &out->target, err));
    return pj_json_opt_text(request, "sensitivity", &out->sensitivity, err);
}

static pj_status frontier(const pj_asked *asked, pj_error *err)
{
    const char *choices[MOST_CHOICES];
    pj_plan_options options = {.choices = choices, .frontier = true, .time_limit = -1};
    pj_model *model = NULL;
    pj_plan_result *result = NULL;
    pj_status status = read_frontier(asked->request, choices, &options, err);
    status = open_model(asked, asked->setup, status, &model, err);
    if (status == PJ_OK)
        status = pj_plan_search(model, asked->setup, &options, &result, err);
    if (status == PJ_OK)
        status = pj_plan_write(result, PJ_PLAN_VIEW_FRONTIER, asked->options, asked->sink, asked->payload, err);
    pj_plan_result_free(result);
    pj_model_close(model);
    return status;
}

/* ---- generate ---- */

static pj_status read_generate(pj_json request, pj_generation_ask *out, pj_error *err)
{
    PJ_TRY(read_count(request, "prompt", &out->prompt, err));
    PJ_TRY(read_count(request, "tokens", &out->tokens, err));
    return pj_json_opt_text(request, "kv-format", &out->kv_format, err);
}

static pj_status generate(const pj_asked *asked, pj_error *err)
{
    pj_generation_ask ask = pj_generation_ask_default();
    pj_setup bare = *asked->setup;
    pj_model *model = NULL;
    pj_generation *found = NULL;
    ask.setup = asked->setup;
    ask.batch = asked->setup->batch ? (int64_t)asked->setup->batch : 1;
    ask.what_if = true;
    bare.unbound_dims_are_one = false;
    bare.batch = 0;
    bare.dim_count = 0;
    pj_status status = read_generate(asked->request, &ask, err);
    status = open_model(asked, &bare, status, &model, err);
    if (status == PJ_OK)
        status = pj_generate(model, &ask, &found, err);
    if (status == PJ_OK)
        status = pj_generation_write(found, asked->options, asked->sink, asked->payload, err);
    pj_generation_free(found);
    pj_model_close(model);
    return status;
}

/* ---- sweep: sizes of the SRAM, of the level that the hierarchy calls so ---- */

enum { MOST_SIZES = 32 };

static pj_status read_sizes(pj_json request, int64_t *values, size_t *count, pj_error *err)
{
    const char *texts[MOST_SIZES];
    PJ_TRY(pj_asked_texts(request, "sram", texts, MOST_SIZES, count, err));
    for (size_t i = 0; i < *count; i++)
        PJ_TRY(pj_asked_size("sram", texts[i], &values[i], err));
    return *count ? PJ_OK : pj_fail(err, PJ_EARGUMENT, "\"sweep\" wants \"sram\", an array of sizes");
}

static pj_status sweep(const pj_asked *asked, pj_error *err)
{
    int64_t values[MOST_SIZES];
    pj_sweep_dim dim = {"sram", values, 0};
    pj_model *model = NULL;
    pj_sweep *found = NULL;
    pj_status status = read_sizes(asked->request, values, &dim.count, err);
    status = open_model(asked, asked->setup, status, &model, err);
    if (status == PJ_OK)
        status = pj_sweep_run(model, asked->setup, &dim, 1, &found, err);
    if (status == PJ_OK)
        status = pj_sweep_write(found, asked->options, asked->sink, asked->payload, err);
    pj_sweep_free(found);
    pj_model_close(model);
    return status;
}

/* ---- the table ---- */

/* NULL: the first one. */
static const pj_asked_command *find(const pj_asked_command *commands, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!name || strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static void add_names(const pj_asked_command *commands, size_t count, pj_str *out)
{
    for (size_t i = 0; i < count; i++)
        pj_str_printf(out, "%s%s", *out->data ? ", " : "", commands[i].name);
}

pj_status pj_asked_command_find(const char *name, const pj_asked_command **out, pj_error *err)
{
    static const char *const none[] = {NULL}, *const of_compare[] = {"with", "b", NULL},
                             *const of_frontier[] = {"choices", "target", "sensitivity", NULL},
                             *const of_generate[] = {"prompt", "tokens", "kv-format", NULL},
                             *const of_sweep[] = {"sram", NULL};
    static const pj_asked_command commands[] = {
        {"analyze",  none,        analyze },
        {"compare",  of_compare,  compare },
        {"frontier", of_frontier, frontier},
        {"generate", of_generate, generate},
        {"sweep",    of_sweep,    sweep   },
    };
    size_t count;
    const pj_asked_command *more = pj_asked_more(&count);
    *out = find(commands, sizeof commands / sizeof *commands, name);
    if (!*out)
        *out = find(more, count, name);
    if (*out)
        return PJ_OK;
    pj_str names = pj_str_new(0);
    add_names(commands, sizeof commands / sizeof *commands, &names);
    add_names(more, count, &names);
    pj_status status = pj_fail(err, PJ_EARGUMENT, "there is no command \"%.32s\"; there are %s", name, names.data);
    pj_str_free(&names);
    return status;
}
