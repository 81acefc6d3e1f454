/* The report of an analysis in each format. */
#ifndef PJ_REPORT_REPORT_H
#define PJ_REPORT_REPORT_H

#include "report/view.h"

/* Append the whole report; out->failed tells of missing memory. */
void pj_report_text(const pj_view *view, const pj_text_style *style, pj_str *out);
void pj_report_json(const pj_view *view, pj_str *out);
void pj_report_markdown(const pj_view *view, pj_str *out);

/* What figures rest on. */
typedef struct pj_basis {
    const pj_setup *settings;
    const char *table, *rules, *unit, *op_rules;
    const pj_dim_binding *dims;
    size_t dim_count;
} pj_basis;

/* The member "settings". */
void pj_basis_json(const pj_basis *basis, pj_json_writer *json);

#endif
