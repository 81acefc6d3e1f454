/* What layers cost, as metadata of their nodes, which viewers show. */
#include <inttypes.h>
#include <stdio.h>

#include "apply/pass.h"
#include "picojoule/result.h"

static void note_number(pj_edit *edit, pj_edit_node *node, const char *key, double value)
{
    pj_str text = pj_str_new(0);
    pj_str_add_double(&text, value);
    pj_edit_metadata(edit, node, key, text.data);
    if (text.failed)
        pj_arena_fail(edit->arena);
    pj_str_free(&text);
}

static const char *const keys[] = {"onnxsim.macs",        "onnxsim.flops",   "picojoule.energy_pj",
                                   "picojoule.precision", "picojoule.table", NULL};

/* "int8 x fp16", or the format of the data alone. */
static void note_precision(pj_edit *edit, pj_edit_node *node, const pj_layer *layer)
{
    const char *weight = layer->weight->known ? layer->weight->word : NULL,
               *input = layer->input->known ? layer->input->word : NULL;
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s%s", weight ? weight : "", weight && input ? " x " : "", input ? input : "");
    if (text.length > 0)
        pj_edit_metadata(edit, node, "picojoule.precision", text.data);
    if (text.failed)
        pj_arena_fail(edit->arena);
    pj_str_free(&text);
}

/* Totals are notes of the model. */
static void note_totals(pj_pass *pass, const pj_result *result)
{
    pj_str energy = pj_str_new(0), macs = pj_str_new(0);
    pj_str_add_double(&energy, pj_energy_total(&result->totals.energy));
    pj_str_printf(&macs, "%lld", (long long)result->totals.macs);
    pass->energy_note = pj_str_keep(&energy, pass->arena);
    pass->macs_note = pj_str_keep(&macs, pass->arena);
    pass->table_note = pj_arena_strdup(pass->arena, result->table);
}

pj_status pj_annotate(pj_pass *pass, const pj_setup *setup)
{
    pj_result *result = NULL;
    pj_map by_label;
    pj_status status = pj_analyze(pass->model, setup, &result, pass->err);
    pj_map_init(&by_label, pass->arena);
    for (size_t i = 0; status == PJ_OK && i < result->layer_count; i++)
        if (!pj_map_put(&by_label, result->layers[i].name, (void *)(uintptr_t)&result->layers[i]))
            status = pj_fail_memory(pass->err);
    for (pj_edit_node *node = pass->edit->first; status == PJ_OK && node; node = node->next) {
        const pj_layer *layer = node->was && !node->is_dropped ? pj_map_get(&by_label, node->was->label) : NULL;
        if (!layer)
            continue;
        node->replaces = keys;
        note_number(pass->edit, node, "onnxsim.macs", (double)layer->macs);
        note_number(pass->edit, node, "onnxsim.flops", (double)layer->flops);
        note_number(pass->edit, node, "picojoule.energy_pj", pj_energy_total(&layer->energy));
        note_precision(pass->edit, node, layer);
        pj_edit_metadata(pass->edit, node, "picojoule.table", result->table);
    }
    if (status == PJ_OK)
        note_totals(pass, result);
    pj_result_free(result);
    return status;
}
