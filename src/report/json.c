/* The report as JSON: picojoule.report/1. docs/report-format.md describes it. */
#include "report/report.h"

#include "cost/memory.h"
#include "report/memory.h"
#include "report/weights.h"
#include "result/field.h"

/* ---- settings ---- */

void pj_basis_json(const pj_basis *basis, pj_json_writer *json)
{
    const pj_setup *settings = basis->settings;
    pj_json_put_begin(json, "settings", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "table", basis->table);
    pj_json_put_text(json, "rules", basis->rules);
    pj_json_put_text(json, "unit", basis->unit);
    pj_json_put_text(json, "weights_on_memory", pj_place_word(settings->weights_on));
    pj_json_put_text(json, "activations_on_memory", pj_place_word(settings->activations_on));
    pj_json_put_bool(json, "rd_wr_on_io", settings->io_on_dram);
    pj_json_put_uint(json, "min_sram_size", settings->sram_min_bits);
    pj_json_put_begin(json, "dims", PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < basis->dim_count; i++)
        pj_json_put_int(json, basis->dims[i].name, basis->dims[i].value);
    pj_json_write_end(json);
    pj_json_put_text(json, "op_rules", basis->op_rules);
    pj_json_put_text(json, "plan", settings->plan);
    if (settings->quantize)
        pj_json_put_text(json, "quantize", settings->quantize);
    if (settings->no_fold)
        pj_json_put_bool(json, "no_fold", true);
    pj_json_write_end(json);
}

static void put_settings(pj_json_writer *json, const pj_view *view)
{
    const pj_result *result = view->result;
    const pj_model_info *info = result->model;
    const pj_basis basis = {.settings = &result->setup,
                            .table = result->table,
                            .rules = result->rules,
                            .unit = result->unit,
                            .op_rules = info->op_rules,
                            .dims = info->dims,
                            .dim_count = info->dim_count};
    pj_basis_json(&basis, json);
}

/* ---- the report ---- */

/* Layers as the view orders and cuts them; all of them in graph order where it shows groups. */
static void put_layers(const pj_field_writer *w, const pj_view *view)
{
    pj_json_put_begin(w->json, "layers", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; view->group == PJ_NO_GROUP && i < view->count; i++)
        pj_layer_write(w, view->row[i].layer);
    for (size_t i = 0; view->group != PJ_NO_GROUP && i < w->result->layer_count; i++)
        pj_layer_write(w, &w->result->layers[i]);
    pj_json_write_end(w->json);
}

static void put_group(const pj_field_writer *w, const pj_view_row *row)
{
    const pj_totals sum = {.macs = row->macs,
                           .flops = row->flops,
                           .params = row->params,
                           .param_bits = row->param_bits,
                           .bops = row->bops,
                           .energy = row->energy,
                           .layers = row->layers,
                           .uncounted = row->uncounted,
                           .devices = row->devices};
    pj_group_write(w, &sum);
    pj_json_write_end(w->json);
}

static void put_groups(const pj_field_writer *w, const pj_view *view)
{
    pj_json_put_begin(w->json, "groups", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < view->count; i++) {
        pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(w->json, "name", view->row[i].name);
        put_group(w, &view->row[i]);
    }
    pj_json_write_end(w->json);
}

void pj_report_json(const pj_view *view, pj_json_writer *json)
{
    const pj_result *result = view->result;
    const pj_field_writer w = {json, result};
    pj_json_put_text(json, "schema", "picojoule.report/1");
    pj_json_put_text(json, "version", result->version);
    pj_model_write(&w);
    put_settings(json, view);
    put_layers(&w, view);
    if (view->group != PJ_NO_GROUP)
        put_groups(&w, view);
    if (view->left_out) {
        pj_json_put_begin(json, "left_out", PJ_JSON_WRITE_OBJECT);
        pj_json_put_uint(json, "rows", view->left_out);
        put_group(&w, &view->rest);
    }
    pj_totals_write(&w);
    if (result->memory)
        pj_memory_json(result->memory, view->arena, json);
    pj_shared_write(&w);
    if (result->weights)
        pj_weights_json(result->weights, json);
    pj_coverage_write(&w);
    pj_findings_json(result->findings, result->finding_count, json);
}
