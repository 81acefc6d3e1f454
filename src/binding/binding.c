/* Handles, names, sized structs and JSON over setup and result. */
#include "picojoule/binding.h"

#include "base/input.h"
#include "binding/commands.h"
#include "page/page.h"
#include "picojoule/version.h"
#include "result/field.h"
#include "setup/setup.h"

const char *pj_version(void)
{
    return PICOJOULE_VERSION;
}

int pj_abi_version(void)
{
    return PJ_ABI;
}

bool pj_has_feature(const char *feature)
{
    return feature &&
           ((PJ_HISTORY && strcmp(feature, "history") == 0) || (PJ_THREADS && strcmp(feature, "threads") == 0) ||
            (PJ_ZLIB && strcmp(feature, "zlib") == 0) || (PJ_RUNTIME && strcmp(feature, "runtime") == 0) ||
            (PJ_ZSTD && strcmp(feature, "zstd") == 0) || (pj_page_has_engine() && strcmp(feature, "engine") == 0));
}

static void clear(pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
}

/* Copies as much of `from` as the caller's struct of `size` bytes has; both begin with their size. */
static pj_status hand_out(const void *from, size_t own_size, void *out, size_t size, pj_error *err)
{
    if (size < sizeof(size_t) || size > 4096)
        return pj_fail(err, PJ_EARGUMENT, "the size of the struct is %zu", size);
    memset(out, 0, size);
    memcpy(out, from, size < own_size ? size : own_size);
    memcpy(out, &size, sizeof size);
    return PJ_OK;
}

pj_setup *pj_setup_new(void)
{
    pj_setup *setup = malloc(sizeof *setup);
    if (setup)
        *setup = pj_setup_default();
    return setup;
}

void pj_setup_free(pj_setup *setup)
{
    if (setup)
        pj_setup_clear(setup);
    free(setup);
}

void pj_setup_watch(pj_setup *setup, pj_watcher step, void *payload)
{
    if (setup)
        setup->watch = (pj_watch){step, payload};
}

static const char *kind_word(pj_setting_kind kind)
{
    switch (kind) {
    case PJ_SETTING_PLACE:
        return "place";
    case PJ_SETTING_YES_NO:
        return "yes-no";
    case PJ_SETTING_FLAG:
        return "flag";
    case PJ_SETTING_COUNT:
        return "count";
    case PJ_SETTING_SIZE:
        return "size";
    case PJ_SETTING_TEXT:
        return "text";
    case PJ_SETTING_FILE:
        return "file";
    case PJ_SETTING_NAME:
        return "name";
    case PJ_SETTING_NAMES:
        return "names";
    case PJ_SETTING_DIMS:
        return "dims";
    case PJ_SETTING_INPUTS:
        return "inputs";
    case PJ_SETTING_TRIPS:
        return "trips";
    case PJ_SETTING_FOUND:
        break;
    }
    return "found";
}

/* Its value in pj_setup_default(), as a constant. */
static const char *preset_of(const pj_setting *member)
{
    const pj_setup setup = pj_setup_default();
    switch (member->kind) {
    case PJ_SETTING_PLACE:
        return pj_place_word(pj_setting_place(&setup, member));
    case PJ_SETTING_YES_NO:
    case PJ_SETTING_FLAG:
        return pj_setting_bool(&setup, member) ? "yes" : "no";
    case PJ_SETTING_COUNT:
        return "1";
    case PJ_SETTING_SIZE:
        return "0";
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
        return pj_setting_text(&setup, member);
    case PJ_SETTING_NAMES:
    case PJ_SETTING_DIMS:
    case PJ_SETTING_INPUTS:
    case PJ_SETTING_TRIPS:
    case PJ_SETTING_FOUND:
        break;
    }
    return NULL;
}

pj_status pj_setup_member(size_t index, pj_member_info *info, pj_error *err)
{
    const pj_setting *member = NULL;
    size_t seen = 0;
    clear(err);
    for (size_t i = 0; (member = pj_setup_setting(i)) != NULL; i++)
        if (member->kind != PJ_SETTING_FOUND && seen++ == index)
            break;
    if (!member)
        member = pj_setup_look(index - seen);
    if (!info || !member)
        return pj_fail(err, PJ_EARGUMENT, "there is no member number %zu", index);
    bool is_number =
        member->kind == PJ_SETTING_DIMS || member->kind == PJ_SETTING_TRIPS || member->kind == PJ_SETTING_COUNT;
    const pj_member_info own = {.name = member->name,
                                .option = member->option,
                                .kind = kind_word(member->kind),
                                .value = member->value,
                                .help = member->help,
                                .preset = preset_of(member),
                                .most = member->kind == PJ_SETTING_SIZE ? 8000000000000000 /* a petabyte */
                                        : is_number                     ? INT64_MAX
                                                                        : 0};
    return hand_out(&own, sizeof own, info, info->size, err);
}

enum { BY_NAME = PJ_EVERYWHERE & ~PJ_IN_RECORDS }; /* what only histories store is no figure for others */

static const char *quantity_word(pj_quantity quantity)
{
    switch (quantity) {
    case PJ_QUANTITY_ENERGY:
        return "energy";
    case PJ_QUANTITY_COUNT:
        return "count";
    case PJ_QUANTITY_BITS:
        return "bits";
    case PJ_QUANTITY_BYTES:
        return "bytes";
    case PJ_QUANTITY_TIME:
        return "time";
    case PJ_QUANTITY_SHARE:
        return "share";
    case PJ_QUANTITY_NONE:
        break;
    }
    return "none";
}

pj_status pj_figure_at(size_t index, pj_figure_info *info, pj_error *err)
{
    const pj_field *figure = pj_figure_next(NULL, BY_NAME);
    clear(err);
    for (size_t i = 0; figure && i < index; i++)
        figure = pj_figure_next(figure, BY_NAME);
    if (!info || !figure)
        return pj_fail(err, PJ_EARGUMENT, "there is no figure number %zu", index);
    const pj_figure_info own = {.name = pj_figure_word(figure, BY_NAME),
                                .quantity = quantity_word(figure->quantity),
                                .of_layers = (figure->of & PJ_OF_LAYER) != 0};
    return hand_out(&own, sizeof own, info, info->size, err);
}

static pj_status find(const char *name, unsigned of, const pj_field **out, pj_error *err)
{
    *out = name ? pj_figure_find(name, strlen(name), BY_NAME) : NULL;
    if (*out && (*out)->of & of)
        return PJ_OK;
    return pj_fail(err, PJ_EARGUMENT, "there is no figure \"%.64s\" of %s", name ? name : "",
                   of == PJ_OF_LAYER ? "layers" : "the model");
}

static double known(double value)
{
    return value < 0 ? NAN : value;
}

pj_status pj_result_figure(const pj_result *result, const char *name, double *out, pj_error *err)
{
    const pj_field *figure;
    clear(err);
    if (!result || !out)
        return pj_fail_null(err);
    PJ_TRY(find(name, PJ_OF_TOTALS, &figure, err));
    *out = known(pj_figure_value(figure, PJ_OF_TOTALS, &result->totals));
    return PJ_OK;
}

size_t pj_result_layers(const pj_result *result)
{
    return result ? result->layer_count : 0;
}

pj_status pj_result_column(const pj_result *result, const char *name, double *out, size_t count, pj_error *err)
{
    const pj_field *figure;
    clear(err);
    if (!result || !out)
        return pj_fail_null(err);
    PJ_TRY(find(name, PJ_OF_LAYER, &figure, err));
    if (count != result->layer_count)
        return pj_fail(err, PJ_EARGUMENT, "there are %zu layers, not %zu", result->layer_count, count);
    for (size_t i = 0; i < count; i++)
        out[i] = known(pj_figure_value(figure, PJ_OF_LAYER, &result->layers[i]));
    return PJ_OK;
}

typedef struct text_row {
    const char *name, *text;
} text_row;

static pj_status pick(const text_row *rows, size_t count, const char *name, const char **out, pj_error *err)
{
    *out = NULL;
    clear(err);
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(rows[i].name, name) == 0) {
            *out = rows[i].text;
            return PJ_OK;
        }
    return pj_fail(err, PJ_EARGUMENT, "there is no text \"%.64s\" of it", name ? name : "");
}

pj_status pj_result_text(const pj_result *result, const char *name, const char **out, pj_error *err)
{
    clear(err);
    if (!result || !out)
        return pj_fail_null(err);
    const text_row rows[] = {
        {"model",    result->model->path    },
        {"producer", result->model->producer},
        {"table",    result->setup.table    },
        {"rules",    result->setup.rules    },
        {"unit",     result->setup.unit     },
        {"version",  result->version        },
    };
    return pick(rows, sizeof rows / sizeof *rows, name, out, err);
}

static const char *word_of(const pj_format_info *format)
{
    return format && format->known ? format->word : NULL;
}

pj_status pj_result_layer_text(const pj_result *result, size_t layer, const char *name, const char **out, pj_error *err)
{
    clear(err);
    if (!result || !out)
        return pj_fail_null(err);
    *out = NULL;
    if (layer >= result->layer_count)
        return pj_fail(err, PJ_EARGUMENT, "there are %zu layers, so none of number %zu", result->layer_count, layer);
    const pj_layer *at = &result->layers[layer];
    const text_row rows[] = {
        {"name",           at->name           },
        {"op",             at->op             },
        {"domain",         at->domain         },
        {"scope",          at->scope          },
        {"implementation", at->implementation },
        {"input",          word_of(at->input) },
        {"weight",         word_of(at->weight)},
        {"output",         word_of(at->output)},
    };
    return pick(rows, sizeof rows / sizeof *rows, name, out, err);
}

pj_status pj_result_report(const pj_result *result, const char *format, pj_sink sink, void *payload, pj_error *err)
{
    pj_report_options options = pj_report_options_default();
    clear(err);
    if (!result || !format || !sink)
        return pj_fail_null(err);
    options.format = format;
    return pj_report_write(result, &options, sink, payload, err);
}

/* How to tell of it: what a request has besides the setup. */
typedef struct telling {
    const char *format, *explain, *top, *command;
    pj_report_options options;
} telling;

static pj_status read_telling(pj_json request, telling *out, pj_error *err)
{
    int64_t top = 0;
    *out = (telling){.format = "json", .options = pj_report_options_default()};
    PJ_TRY(pj_json_opt_text(request, "format", &out->format, err));
    PJ_TRY(pj_json_opt_text(request, "explain", &out->explain, err));
    PJ_TRY(pj_json_opt_text(request, "dearest", &out->top, err));
    PJ_TRY(pj_json_opt_text(request, "command", &out->command, err));
    out->options.format = out->format;
    if (!out->top)
        return PJ_OK;
    const char *end = pj_whole_read(out->top, &top);
    if (!end || *end || top < 1)
        return pj_fail(err, PJ_EARGUMENT, "\"dearest\" wants a number of layers, not \"%.32s\"", out->top);
    out->options.sort = PJ_BY_ENERGY;
    out->options.top = (size_t)top;
    return PJ_OK;
}

pj_status pj_run_json(const pj_resource *model, const pj_setup *setup, const char *request, size_t length, pj_sink sink,
                      void *payload, pj_error *err)
{
    pj_json_doc *doc = NULL;
    pj_setup own = setup ? *setup : pj_setup_default();
    const pj_setup bare = own;
    const pj_asked_command *command = NULL;
    telling how;
    pj_json root = {0};
    clear(err);
    PJ_TRY(pj_resource_check(model, err));
    own.owner = NULL;
    pj_status status = request && sink ? pj_json_parse(request, length, "request", &doc, err) : pj_fail_null(err);
    if (status == PJ_OK)
        status = pj_json_as_object(pj_json_root(doc), &root, err);
    if (status == PJ_OK)
        status = read_telling(root, &how, err);
    if (status == PJ_OK)
        status = pj_asked_command_find(how.command, &command, err);
    if (status == PJ_OK)
        status = pj_asked_settings(root, command->members, &own, err);
    const pj_asked asked = {model, &own, &bare, root, how.format, how.explain, &how.options, sink, payload};
    if (status == PJ_OK)
        status = command->run(&asked, err);
    else if (model->close)
        model->close(model->payload);
    pj_json_free(doc);
    own.resource_count = 0; /* they are the caller's */
    pj_setup_clear(&own);
    return status;
}
