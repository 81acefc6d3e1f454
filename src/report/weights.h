/* The weights that were looked at, in a report. */
#pragma once

#include "page/page.h"

/* A row for each weight; CSV has all figures, text and Markdown those that people compare. NULL: no memory. */
pj_rows *pj_weight_rows(const pj_weights *weights, pj_arena *arena);

/* The member "weights". */
void pj_weights_json(const pj_weights *weights, pj_json_writer *json);
