/* Files as they were at a commit. */
#pragma once

#include "cli.h"

/* A copy of what a budget names, as it was at another commit. */
typedef struct pj_past {
    char *top;    /* the folder that all of it is in, to be removed; NULL: none */
    char *folder; /* in it, that of the budget */
    char *budget; /* in it, the budget; NULL: there was none */
} pj_past;

/* Reads the budget and what it names now, as far as they were there, and what the budget of then named, with the
 * program `git`. Says what fails. End with pj_past_remove() in any case. */
pj_exit pj_past_read(const char *commit, const char *file, const pj_budget *budget, pj_past *out);
void pj_past_remove(pj_past *past);
