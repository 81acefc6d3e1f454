/* What the commands that read a model share. */
#ifndef PJ_CLI_MODEL_H
#define PJ_CLI_MODEL_H

#include "say.h"

/* analyze --sweep: one row of totals for each combination of values. */
pj_exit pj_run_sweep(const pj_args *args);

/* Says the findings that --strict makes errors; false: there are none. */
bool pj_say_strict(const pj_finding *findings, size_t count, const char *model);

#endif
