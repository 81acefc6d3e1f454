/* One analysis. */
#pragma once

#include "result/result.h"
#include "run/shelf.h"

/* Fills `found`, whose arena is empty but for it. What is needed on the way lives in `scratch`; tables, devices and
 * plans are opened by the shelf, and the result keeps nothing of them. Errors as pj_analyze. */
pj_status pj_run(pj_shelf *shelf, pj_arena *scratch, pj_model *model, const pj_setup *setup, pj_found *found,
                 pj_error *err);
