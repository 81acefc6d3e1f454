/* Several models, or tables, in one analysis. */
#pragma once

#include "cli.h"

/* Are there several? */
bool pj_is_runs(const pj_line *line);

/* Analyzes each model with each --table, and writes a row for each. */
pj_exit pj_runs(pj_line *line, const pj_setup *setup, const pj_output *output, bool strict);
