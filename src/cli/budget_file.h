/* Budget files that are written: a first one, more models, today's figures. */
#pragma once

#include "cli.h"

/* pj_budget_read, and of its models those alone that `only` names, where it names any. */
pj_status pj_read_budget(const char *file, const pj_texts *only, pj_budget **out, pj_error *err);

/* The folders of a file, where they are not there yet. */
void pj_make_folders(const char *file);

/* Writes a first budget, or adds the models to the one that is there; and baselines, where the draft wants them. */
pj_exit pj_init_budget(pj_line *line, const pj_budget_draft *draft, const pj_setup *setup);

/* Makes today's figures limits and baselines of the models (pj_budget_renew), and says which have changed. */
pj_exit pj_update_budget(pj_line *line, const char *file, const pj_texts *only, double margin, size_t jobs);
