/* Data and runtime behind what was measured. */
#include "report/evaluated.h"

#include <math.h>

#include "page/say.h"
#include "picojoule/version.h"

void pj_evaluated_page(const pj_evaluated *with, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_say(&text, "On {}, with ONNX Runtime {} ({}, {})", pj_w_text(with->data), pj_w_text(with->runtime_version),
           pj_w_text(with->runtime), pj_w_bytes((double)with->runtime_bytes));
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
}

void pj_evaluated_json(const pj_evaluated *with, pj_json_writer *json)
{
    pj_json_put_begin(json, "made", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "model", with->model);
    pj_json_put_text(json, "data", with->data);
    pj_json_put_bool(json, "random", with->is_random);
    pj_json_put_uint(json, "samples", with->samples);
    pj_json_put_text(json, "runtime", with->runtime);
    pj_json_put_text(json, "runtime_version", with->runtime_version);
    pj_json_put_uint(json, "runtime_bytes", with->runtime_bytes);
    pj_json_write_end(json);
    pj_findings_json(with->findings, with->finding_count, json);
}

void pj_evaluated_figure(pj_rows *rows, pj_cell *cell, double figure)
{
    pj_str text = pj_str_new(0);
    if (isfinite(figure))
        pj_str_printf(&text, "%.4g", figure);
    pj_cell_made(cell, rows, &text);
}
