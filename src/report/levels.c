/* Where the energy goes by memory, and what stays on chip, for the summary. */
#include "page/humane.h"
#include "report/summary.h"

pj_rows *pj_summary_levels(const pj_view *view)
{
    const pj_result *result = view->result;
    const pj_reuse_totals *reuse = view->totals->reuse;
    pj_rows *rows = pj_summary_parts(view, "memory");
    for (size_t i = 0; rows && i < result->level_count; i++) {
        pj_str what = pj_str_new(0);
        pj_human_bits(&what, reuse->level[i].read_bits);
        pj_str_add(&what, " read, ");
        pj_human_bits(&what, reuse->level[i].written_bits);
        pj_str_add(&what, " written");
        pj_summary_part(view, rows, result->levels[i], reuse->level[i].pj, &what);
    }
    pj_str what = pj_str_new(0);
    pj_str_add(&what, "next to the arithmetic");
    if (rows && reuse->register_pj > 0)
        pj_summary_part(view, rows, "registers", reuse->register_pj, &what);
    else
        pj_str_free(&what);
    return rows && !rows->failed ? rows : NULL;
}

void pj_summary_reuse(const pj_view *view, pj_str *out)
{
    const pj_reuse_totals *reuse = view->totals->reuse;
    const pj_result *result = view->result;
    double moved = reuse->level[0].read_bits + reuse->level[0].written_bits;
    pj_str_printf(out, "Of the tensors between layers %.0f %s gone (fused), %.0f on chip, %.0f in %s. ", reuse->gone,
                  reuse->gone == 1 ? "is" : "are", reuse->on_chip, reuse->level0, result->levels[0]);
    if (reuse->bound_bits <= moved) {
        pj_str_printf(out, "No schedule of single layers moves less than ");
        pj_human_bits(out, reuse->bound_bits);
        pj_str_printf(out, " over %s (%.0f %% of what they move). ", result->levels[0],
                      moved > 0 ? 100 * reuse->bound_bits / moved : 100);
    } else {
        pj_str_add(out, "What does not fit in the buffer has to be read again: ");
        pj_human_bits(out, reuse->bound_bits);
        pj_str_printf(out, " over %s at least (--reuse tiled). ", result->levels[0]);
    }
    pj_str_add(out, "What more SRAM would save: --sweep sram=256KiB,1MiB,4MiB.");
}
