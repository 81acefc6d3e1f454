/* picojoule plan --data: the plan is made of what was measured, and measured itself. */
#pragma once

#include "run_rows.h"

typedef struct pj_plan_loop_args {
    pj_run_args run;
    const char *test, *labels, *apply, *measured;
    size_t rounds;
} pj_plan_loop_args;

extern const pj_option pj_plan_loop_rows[5]; /* --apply --rounds --test-data --labels --measured; of it */

pj_plan_loop_args pj_plan_loop_defaults(void);

pj_exit pj_plan_loop(pj_line *line, const pj_output *output, const pj_setup *setup, const pj_plan_options *plan,
                     const pj_plan_loop_args *args, bool strict);
