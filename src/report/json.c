/* The report as JSON: picojoule.report/1. docs/report-format.md describes it. */
#include "report/report.h"

#include "report/memory.h"
#include "report/weights.h"
#include "result/field.h"
#include "setup/setup.h"

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
    pj_group_write(w, &row->sum);
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
    pj_setup_json(&result->setup, json);
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
