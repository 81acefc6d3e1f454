/* What reports have in common. */
#ifndef PJ_REPORT_REPORT_H
#define PJ_REPORT_REPORT_H

#include "report/view.h"

/* The members of the report of an analysis (picojoule.report/1). */
void pj_report_json(const pj_view *view, pj_json_writer *json);

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
