/* What all writers share: checking the format, handing the finished text to the sink. */
#ifndef PJ_REPORT_EMIT_H
#define PJ_REPORT_EMIT_H

#include "picojoule/report.h"
#include "report/rows.h"

typedef enum pj_output { PJ_OUTPUT_TEXT, PJ_OUTPUT_JSON, PJ_OUTPUT_CSV, PJ_OUTPUT_MARKDOWN } pj_output;

/* The format that the options name; `options` may be NULL. PJ_EARGUMENT. */
pj_status pj_output_of(const pj_report_options *options, pj_output *out, pj_error *err);

/* Do the options name the chart of pj_chart_formats, which is no pj_output? */
bool pj_is_svg(const pj_report_options *options);

pj_text_style pj_style_of(const pj_report_options *options);

/* Hands the text to the sink and frees it. PJ_ENOMEM where the text has failed, PJ_EIO where the sink refuses. */
pj_status pj_emit(pj_str *text, pj_sink sink, void *payload, pj_error *err);

#endif
