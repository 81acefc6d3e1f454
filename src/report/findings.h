/* What was assumed, not understood or not counted: the last part of every report. */
#pragma once

#include "page/page.h"
#include "result/field.h" /* pj_findings_json */

/* Grouped by code, in the order of their first appearance, the first few messages of each, and what to do about them.
 * Nothing where there are none. */
void pj_findings_page(const pj_finding *findings, size_t count, pj_page *page);

/* The same below the words "Assumed or not known". */
void pj_findings_section(const pj_finding *findings, size_t count, pj_page *page);
