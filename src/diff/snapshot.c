/* Snapshots: making one from an analysis, freeing it, and the settings in which two differ. */
#include "diff/snapshot.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "cost/output.h"
#include "picojoule/picojoule.h"
#include "result/result.h"

pj_snapshot_draft *pj_snapshot_start(void)
{
    pj_arena *arena = pj_arena_new(0);
    pj_snapshot_draft *draft = arena ? PJ_NEW(arena, pj_snapshot_draft, 1) : NULL;
    if (!draft) {
        pj_arena_free(arena);
        return NULL;
    }
    draft->arena = arena;
    return draft;
}

pj_status pj_snapshot_finish(pj_snapshot_draft *draft, pj_status status, pj_snapshot **out, pj_error *err)
{
    if (status == PJ_OK && pj_arena_failed(draft->arena))
        status = pj_fail_memory(err);
    if (status == PJ_OK)
        *out = &draft->result;
    else
        pj_arena_free(draft->arena);
    return status;
}

void pj_snapshot_free(pj_snapshot *snapshot)
{
    if (snapshot)
        pj_arena_free(((pj_snapshot_draft *)(void *)snapshot)->arena);
}

int64_t pj_snapshot_count(int64_t count)
{
    const double beyond = 9223372036854775808.0; /* 2^63 */
    double rounded = (double)count;
    return rounded >= beyond ? (int64_t)nextafter(beyond, 0) : (int64_t)rounded;
}

const char *pj_snapshot_text(pj_arena *arena, const char *text)
{
    return text ? pj_arena_strdup(arena, text) : NULL;
}

/* ---- from an analysis ---- */

static void copy_format(pj_arena *arena, const pj_format_info *from, pj_format_info *out)
{
    *out = *from;
    out->word = pj_snapshot_text(arena, from->word);
    out->kind = pj_snapshot_text(arena, from->kind);
    out->from = pj_snapshot_text(arena, from->from);
}

static void copy_shape(pj_arena *arena, const pj_tensor_info *tensor, pj_snapshot_layer *out)
{
    out->rank = tensor ? tensor->rank : -1;
    if (out->rank < 0)
        return;
    pj_dim_info *dims = pj_arena_memdup(arena, tensor->dims, (size_t)out->rank, sizeof *dims);
    for (int k = 0; dims && k < out->rank; k++)
        dims[k].symbol = pj_snapshot_text(arena, dims[k].symbol);
    out->dims = dims;
}

static void copy_layer(pj_arena *arena, const pj_layer *from, size_t devices, pj_snapshot_layer *out)
{
    out->index = from->index;
    out->name = pj_snapshot_text(arena, from->name);
    out->op = pj_snapshot_text(arena, from->op);
    out->domain = pj_snapshot_text(arena, from->domain);
    out->scope = pj_snapshot_text(arena, from->scope);
    out->folded_into = pj_snapshot_text(arena, from->folded_into);
    out->counted = from->counted;
    out->free = from->free;
    out->runs = pj_snapshot_count(from->runs);
    out->macs = pj_snapshot_count(from->macs);
    out->flops = pj_snapshot_count(from->flops);
    out->params = pj_snapshot_count(from->params);
    out->param_bits = pj_snapshot_count(from->param_bits);
    out->bops = pj_snapshot_count(from->bops);
    out->input_bits = pj_snapshot_count(from->input_bits);
    out->output_bits = pj_snapshot_count(from->output_bits);
    copy_format(arena, &from->input, &out->input);
    copy_format(arena, &from->weight, &out->weight);
    copy_format(arena, &from->accumulator, &out->accumulator);
    copy_format(arena, &from->output, &out->output);
    out->implementation = pj_snapshot_text(arena, from->implementation);
    out->energy = from->energy;
    out->conversion = from->conversion;
    out->devices = pj_arena_memdup(arena, from->devices, devices, sizeof *from->devices);
}

static pj_status copy_layers(pj_snapshot_draft *draft, const pj_result *result, pj_error *err)
{
    size_t count, tensors, devices = draft->result.settings.device_count;
    const pj_layer *layers = result->layers;
    count = result->layer_count;
    const pj_tensor_info *tensor = pj_model_tensors(pj_result_found(result)->model, &tensors);
    const pj_tensor_info **first = tensor ? pj_layer_outputs(layers, count, tensor, tensors, draft->arena) : NULL;
    pj_snapshot_layer *copies = first ? PJ_NEW(draft->arena, pj_snapshot_layer, count) : NULL;
    if (!copies)
        return pj_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        copy_layer(draft->arena, &layers[i], devices, &copies[i]);
        copy_shape(draft->arena, first[i], &copies[i]);
    }
    draft->result.layers = copies;
    draft->result.layer_count = count;
    return PJ_OK;
}

/* Has the device a figure for any layer that has one at all? */
static bool device_says(const pj_snapshot *snapshot, size_t device)
{
    for (size_t i = 0; i < snapshot->layer_count; i++) {
        const pj_snapshot_layer *layer = &snapshot->layers[i];
        if (!layer->free && layer->counted && layer->devices[device].energy_pj >= 0)
            return true;
    }
    return false;
}

static pj_status copy_totals(pj_snapshot_draft *draft, const pj_result *result, pj_error *err)
{
    pj_snapshot *out = &draft->result;
    size_t devices = out->settings.device_count;
    out->totals = result->totals;
    pj_totals *totals = &out->totals;
    pj_device_figure *figures = pj_arena_memdup(draft->arena, totals->devices, devices, sizeof *figures);
    totals->macs = pj_snapshot_count(totals->macs);
    totals->flops = pj_snapshot_count(totals->flops);
    totals->params = pj_snapshot_count(totals->params);
    totals->param_bits = pj_snapshot_count(totals->param_bits);
    totals->bops = pj_snapshot_count(totals->bops);
    totals->qtools_total_cost = pj_snapshot_count(totals->qtools_total_cost);
    totals->qtools_energy_sum = pj_snapshot_count(totals->qtools_energy_sum);
    totals->idle_w = pj_arena_memdup(draft->arena, totals->idle_w, devices, sizeof *totals->idle_w);
    totals->devices = figures;
    if (pj_arena_failed(draft->arena))
        return pj_fail_memory(err);
    for (size_t d = 0; d < devices; d++)
        if (!device_says(out, d))
            figures[d] = (pj_device_figure){-1, -1};
    return PJ_OK;
}

static pj_status copy_findings(pj_snapshot_draft *draft, const pj_result *result, pj_error *err)
{
    const pj_finding *findings = result->findings;
    size_t count = result->finding_count;
    pj_finding *copies = pj_arena_memdup(draft->arena, findings, count, sizeof *findings);
    if (!copies)
        return pj_fail_memory(err);
    for (size_t i = 0; i < count; i++) { /* code and severity are words of the program */
        copies[i].node = pj_snapshot_text(draft->arena, findings[i].node);
        copies[i].message = pj_snapshot_text(draft->arena, findings[i].message);
    }
    draft->result.findings = copies;
    draft->result.finding_count = count;
    return PJ_OK;
}

static pj_status copy_basis(pj_snapshot_draft *draft, const pj_result *result, pj_error *err)
{
    pj_arena *arena = draft->arena;
    pj_snapshot *out = &draft->result;
    const pj_model_info *info = result->model;
    pj_dim_binding *dims = info ? pj_arena_memdup(arena, info->dims, info->dim_count, sizeof *dims) : NULL;
    out->settings = result->setup;
    const char **devices = PJ_NEW(arena, const char *, out->settings.device_count);
    if (!dims || !devices)
        return pj_fail_memory(err);
    for (size_t i = 0; i < info->dim_count; i++)
        dims[i].name = pj_snapshot_text(arena, dims[i].name);
    for (size_t i = 0; i < out->settings.device_count; i++)
        devices[i] = pj_snapshot_text(arena, result->devices[i]);
    out->version = PICOJOULE_VERSION;
    out->source = out->model = pj_snapshot_text(arena, info->path);
    out->producer = pj_snapshot_text(arena, info->producer);
    out->file_bytes = info->file_bytes;
    out->settings.table = pj_snapshot_text(arena, result->table);
    out->settings.plan = pj_snapshot_text(arena, out->settings.plan);
    out->settings.quantize = pj_snapshot_text(arena, out->settings.quantize);
    out->settings.devices = devices;
    out->rules = result->rules;
    out->unit = result->unit;
    out->op_rules = pj_snapshot_text(arena, info->op_rules);
    out->dims = dims;
    out->dim_count = info->dim_count;
    return PJ_OK;
}

pj_status pj_snapshot_of_analysis(const pj_result *result, pj_snapshot **out, pj_error *err)
{
    *out = NULL;
    pj_snapshot_draft *draft = pj_snapshot_start();
    if (!draft)
        return pj_fail_memory(err);
    pj_status status = copy_basis(draft, result, err);
    if (status == PJ_OK)
        status = copy_layers(draft, result, err);
    if (status == PJ_OK)
        status = copy_totals(draft, result, err);
    if (status == PJ_OK)
        status = copy_findings(draft, result, err);
    return pj_snapshot_finish(draft, status, out, err);
}

/* ---- settings ---- */

static void put_table(const pj_snapshot *s, pj_str *out)
{
    pj_str_add(out, s->settings.table);
}

static void put_rules(const pj_snapshot *s, pj_str *out)
{
    pj_str_add(out, s->rules);
}

static void put_unit(const pj_snapshot *s, pj_str *out)
{
    pj_str_add(out, s->unit);
}

static void put_weights_on(const pj_snapshot *s, pj_str *out)
{
    pj_str_add(out, pj_place_word(s->settings.weights_on));
}

static void put_activations_on(const pj_snapshot *s, pj_str *out)
{
    pj_str_add(out, pj_place_word(s->settings.activations_on));
}

static void put_io(const pj_snapshot *s, pj_str *out)
{
    pj_str_add(out, s->settings.io_on_dram ? "yes" : "no");
}

static void put_sram_min(const pj_snapshot *s, pj_str *out)
{
    pj_str_printf(out, "%" PRIu64, s->settings.sram_min_bits);
}

static void put_optional(const char *text, pj_str *out)
{
    pj_str_add(out, text ? text : "none");
}

static void put_op_rules(const pj_snapshot *s, pj_str *out)
{
    put_optional(s->op_rules, out);
}

static void put_plan(const pj_snapshot *s, pj_str *out)
{
    put_optional(s->settings.plan, out);
}

static void put_quantize(const pj_snapshot *s, pj_str *out)
{
    put_optional(s->settings.quantize, out);
}

static void put_no_fold(const pj_snapshot *s, pj_str *out)
{
    pj_str_add(out, s->settings.no_fold ? "yes" : "no");
}

static void put_devices(const pj_snapshot *s, pj_str *out)
{
    for (size_t i = 0; i < s->settings.device_count; i++) {
        pj_str_add(out, i ? ", " : "");
        pj_str_add(out, s->settings.devices[i]);
    }
    pj_str_add(out, s->settings.device_count ? "" : "none");
}

typedef struct setting {
    const char *name, *option;
    bool other_prices;
    void (*put)(const pj_snapshot *snapshot, pj_str *out);
} setting;

static const setting settings[] = {
    {"table",                 "table",          true,  put_table         },
    {"rules",                 "table",          true,  put_rules         },
    {"unit",                  "table",          true,  put_unit          },
    {"weights_on_memory",     "weights-on",     false, put_weights_on    },
    {"activations_on_memory", "activations-on", false, put_activations_on},
    {"rd_wr_on_io",           "io-on-dram",     false, put_io            },
    {"min_sram_size",         "sram-min",       false, put_sram_min      },
    {"op_rules",              "op-rules",       false, put_op_rules      },
    {"plan",                  "plan",           false, put_plan          },
    {"quantize",              "quantize",       false, put_quantize      },
    {"no_fold",               "no-fold",        false, put_no_fold       },
    {"devices",               "device",         false, put_devices       },
};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* The array and the arena that it lives in. */
typedef struct change_list {
    pj_arena *arena;
    pj_setting_change change[];
} change_list;

static char *print_setting(const setting *which, const pj_snapshot *snapshot, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    which->put(snapshot, &text);
    return pj_str_keep(&text, arena);
}

static const char *print_dim(const pj_dim_binding *dim, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    if (!dim)
        return "none";
    pj_str_printf(&text, "%" PRId64, dim->value);
    return pj_str_keep(&text, arena);
}

/* Dimensions of `these` that `those` do not have at the same value; where `swapped`, that they do not have at all. */
static void compare_dims(const pj_snapshot *these, const pj_snapshot *those, bool swapped, pj_arena *arena,
                         pj_setting_change *out, size_t *count)
{
    pj_map others;
    pj_map_init(&others, arena);
    pj_dim_binding *copies = pj_arena_memdup(arena, those->dims, those->dim_count, sizeof *copies);
    for (size_t i = 0; i < those->dim_count; i++)
        if (!copies || !pj_map_put(&others, those->dims[i].name, &copies[i]))
            return;
    for (size_t i = 0; i < these->dim_count; i++) {
        const pj_dim_binding *dim = &these->dims[i];
        const pj_dim_binding *other = pj_map_get(&others, dim->name);
        if (other && (swapped || other->value == dim->value))
            continue; /* swapped: the other way round has found it */
        pj_str name = pj_str_new(0);
        pj_str_printf(&name, "dims.%s", dim->name);
        out[(*count)++] = (pj_setting_change){.name = pj_str_keep(&name, arena),
                                              .option = "dim",
                                              .a = print_dim(swapped ? other : dim, arena),
                                              .b = print_dim(swapped ? dim : other, arena)};
    }
}

pj_status pj_snapshot_settings_diff(const pj_snapshot *a, const pj_snapshot *b, pj_setting_change **out, size_t *count,
                                    pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    size_t most = SETTINGS + a->dim_count + b->dim_count;
    change_list *list = arena ? pj_arena_alloc(arena, 1, sizeof *list + most * sizeof *list->change) : NULL;
    *out = NULL;
    *count = 0;
    for (size_t i = 0; list && i < SETTINGS; i++) {
        char *of_a = print_setting(&settings[i], a, arena), *of_b = print_setting(&settings[i], b, arena);
        if (of_a && of_b && strcmp(of_a, of_b) != 0)
            list->change[(*count)++] =
                (pj_setting_change){settings[i].name, settings[i].option, of_a, of_b, settings[i].other_prices};
    }
    if (list) {
        list->arena = arena;
        compare_dims(a, b, false, arena, list->change, count);
        compare_dims(b, a, true, arena, list->change, count);
    }
    if (!list || pj_arena_failed(arena)) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *out = list->change;
    return PJ_OK;
}

void pj_setting_changes_free(pj_setting_change *changes)
{
    if (changes) {
        char *list = (char *)(void *)changes - offsetof(change_list, change);
        pj_arena_free(((change_list *)(void *)list)->arena);
    }
}
