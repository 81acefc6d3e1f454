/* What was assumed, not understood or not counted: the last part of every report. */
#ifndef PJ_REPORT_FINDINGS_H
#define PJ_REPORT_FINDINGS_H

#include "picojoule/model.h"
#include "report/rows.h"

/* Grouped by code, in the order of their first appearance, the first few messages of each, and what to do about them.
 * Nothing where there are none. Memory for the groups comes from the arena. */
void pj_findings_text(const pj_finding *findings, size_t count, const pj_text_style *style, pj_arena *arena,
                      pj_str *out);
void pj_findings_markdown(const pj_finding *findings, size_t count, pj_arena *arena, pj_str *out);

/* The array "diagnostics". */
void pj_findings_json(const pj_finding *findings, size_t count, pj_json_writer *json);

#endif
