/* From an analysis to a record of its figures. */
#include "picojoule/history.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* What figures rest on beside the table, as the options that say so: two records compare where these texts are the
 * same. Settings that have a default are there, too, since a default may change. Number formats are what the points of
 * one Pareto file differ in, so they are not part of every basis. */
static void add_settings(const pj_result *result, const pj_model_info *model, bool with_formats, pj_str *out)
{
    const pj_setup *settings = &result->setup;
    pj_str_printf(out, "--weights-on %s --activations-on %s --io-on-dram %s --sram-min %llu",
                  pj_place_word(settings->weights_on), pj_place_word(settings->activations_on),
                  settings->io_on_dram ? "yes" : "no", (unsigned long long)settings->sram_min_bits);
    if (with_formats && settings->plan)
        pj_str_printf(out, " --plan %s", settings->plan);
    if (with_formats && settings->quantize)
        pj_str_printf(out, " --quantize %s", settings->quantize);
    if (settings->no_fold)
        pj_str_add(out, " --no-fold");
    if (model->op_rules)
        pj_str_printf(out, " --op-rules %s", model->op_rules);
    for (size_t i = 0; i < model->dim_count; i++)
        pj_str_printf(out, " --dim %s=%lld", model->dims[i].name, (long long)model->dims[i].value);
}

/* Layers with an energy: those that are free have none, those that are not counted have none that is known. */
static pj_history_layer *layers_of(const pj_result *result, pj_arena *arena, size_t *count)
{
    const pj_layer *layer = result->layers;
    size_t layers = result->layer_count;
    pj_history_layer *out = PJ_NEW(arena, pj_history_layer, layers);
    *count = 0;
    for (size_t i = 0; out && i < layers; i++)
        if (layer[i].counted && !layer[i].free)
            out[(*count)++] = (pj_history_layer){layer[i].name, layer[i].op, pj_energy_total(&layer[i].energy)};
    return out;
}

pj_status pj_history_record(const char *file, const pj_result *result, const pj_history_stamp *stamp, pj_error *err)
{
    const pj_totals *totals = &result->totals;
    const pj_model_info *model = result->model;
    if (!model)
        return pj_fail_memory(err);
    pj_history_entry entry = {.model = stamp->model ? stamp->model : model->path,
                              .path = model->path,
                              .commit = stamp->commit,
                              .branch = stamp->branch,
                              .time = stamp->time,
                              .table = result->table,
                              .rules = result->rules,
                              .unit = result->unit,
                              .energy = totals->energy,
                              .macs = totals->macs,
                              .params = totals->params,
                              .param_bits = totals->param_bits,
                              .bops = totals->bops,
                              .peak_bytes = stamp->peak_bytes,
                              .uncounted = (int64_t)totals->uncounted};
    pj_arena *arena = pj_arena_new(0);
    pj_str settings = pj_str_new(0);
    pj_status status = PJ_OK;
    add_settings(result, model, true, &settings);
    entry.settings = settings.data;
    entry.layers = arena ? layers_of(result, arena, &entry.layer_count) : NULL;
    if (!entry.layers || settings.failed)
        status = pj_fail_memory(err);
    else
        status = pj_history_append(file, &entry, err);
    pj_str_free(&settings);
    pj_arena_free(arena);
    return status;
}

pj_status pj_pareto_basis(const pj_result *result, char **out, pj_error *err)
{
    pj_str text = pj_str_new(0);
    const pj_model_info *model = result->model;
    if (!model)
        return pj_fail_memory(err);
    pj_str_printf(&text, "table %s, rules %s, ", result->table, result->rules);
    add_settings(result, model, false, &text);
    if (text.failed) {
        pj_str_free(&text);
        return pj_fail_memory(err);
    }
    *out = text.data; /* never empty, so it is owned */
    return PJ_OK;
}
