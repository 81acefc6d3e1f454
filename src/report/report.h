/* What reports have in common. */
#ifndef PJ_REPORT_REPORT_H
#define PJ_REPORT_REPORT_H

#include "report/view.h"

/* The members of the report of an analysis (picojoule.report/1). */
void pj_report_json(const pj_view *view, pj_json_writer *json);

#endif
