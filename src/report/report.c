/* pj_report_write: from an analysis to bytes. */
#include "report/report.h"

#include "report/weights.h"

/* One file is one table: that of the weights, where they were looked at. */
static void write_csv(const pj_view *view, pj_str *out)
{
    const pj_weights *weights = view->result->weights;
    const pj_rows *rows = weights ? pj_weight_rows(weights, view->arena) : pj_view_rows(view);
    if (rows)
        pj_rows_csv(rows, out);
    else
        out->failed = true;
}

pj_status pj_report_write(const pj_result *result, const pj_report_options *options, pj_sink sink, void *payload,
                          pj_error *err)
{
    pj_output output;
    pj_view view;
    pj_str text = pj_str_new(0);
    pj_text_style style = pj_style_of(options);
    PJ_TRY(pj_output_of(options, &output, err));
    bool for_people = output == PJ_OUTPUT_TEXT || output == PJ_OUTPUT_MARKDOWN;
    pj_arena *arena = pj_arena_new(0);
    if (!arena)
        return pj_fail_memory(err);
    pj_status status =
        pj_view_make(result, options, for_people ? PJ_BY_ENERGY : PJ_IN_ORDER, for_people, arena, &view, err);
    if (status != PJ_OK) {
        pj_arena_free(arena);
        return status;
    }
    switch (output) {
    case PJ_OUTPUT_TEXT:
        pj_report_text(&view, &style, &text);
        break;
    case PJ_OUTPUT_JSON:
        pj_report_json(&view, &text);
        break;
    case PJ_OUTPUT_CSV:
        write_csv(&view, &text);
        break;
    case PJ_OUTPUT_MARKDOWN:
        pj_report_markdown(&view, &text);
        break;
    }
    pj_arena_free(arena);
    return pj_emit(&text, sink, payload, err);
}
