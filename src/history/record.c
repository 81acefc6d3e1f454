/* From an analysis to a record of its figures. */
#include "picojoule/footprint.h"
#include "picojoule/history.h"

#include "setup/setup.h"

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
    const pj_model_info *model = result->model;
    pj_history_entry entry = {.model = stamp->model ? stamp->model : model->path,
                              .path = model->path,
                              .commit = stamp->commit,
                              .branch = stamp->branch,
                              .time = stamp->time,
                              .table = result->table,
                              .rules = result->rules,
                              .unit = result->unit,
                              .totals = result->totals};
    entry.totals.peak_activation_bytes = stamp->peak_bytes;
    pj_arena *arena = pj_arena_new(0);
    pj_str settings = pj_str_new(0);
    pj_status status = PJ_OK;
    pj_setup_basis(&result->setup, true, &settings);
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

/* All of a measurement is one figure, which stands where arithmetic does; what it rests on has words that no analysis
 * has, so the two never compare. */
pj_status pj_history_record_energy(const char *file, const pj_energy_source *source, const pj_history_stamp *stamp,
                                   pj_error *err)
{
    const char *word = pj_boundary_word(source->boundary);
    pj_history_entry entry = {.model = stamp->model ? stamp->model : source->name,
                              .path = source->path,
                              .commit = stamp->commit,
                              .branch = stamp->branch,
                              .time = stamp->time,
                              .table = "none",
                              .rules = "measured",
                              .unit = "pJ"};
    pj_str settings = pj_str_new(0);
    if (strncmp(word, "measured-", 9) != 0)
        return pj_fail(err, PJ_EFORMAT, "%.100s is %s: --record keeps measurements; analyze --record keeps estimates",
                       source->name, word);
    entry.totals = (pj_totals){.energy = {.op_cost = source->joules * 1e12}, .peak_activation_bytes = -1};
    pj_str_printf(&settings, "--%s --hardware ", word);
    pj_str_add_shell(&settings, source->hardware ? source->hardware : "unknown");
    entry.settings = settings.data;
    pj_status status = settings.failed ? pj_fail_memory(err) : pj_history_append(file, &entry, err);
    pj_str_free(&settings);
    return status;
}

pj_status pj_pareto_basis(const pj_result *result, char **out, pj_error *err)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "table %s, rules %s,", result->table, result->rules);
    pj_setup_basis(&result->setup, false, &text);
    if (text.failed) {
        pj_str_free(&text);
        return pj_fail_memory(err);
    }
    *out = text.data; /* never empty, so it is owned */
    return PJ_OK;
}
