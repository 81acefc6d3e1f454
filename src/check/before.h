/* What a model was before: another file of it, which its figures may not grow over. */
#pragma once

#include "check/entry.h"

typedef struct pj_before {
    pj_result *result; /* NULL: there is none; else the caller's */
    const char *file;  /* that it was read from */
    bool is_new;       /* there was no such model */
    bool renewed;      /* its limits were others then: growth up to those of now is meant */
    pj_error error;    /* why the file, which is there, cannot be judged */
} pj_before;

/* Finds the model as `against` and `old` of the options have it, and analyses it with the sizes and prices of `entry`
 * and the number formats that it had then. Texts live in the arena. PJ_ENOMEM. */
pj_status pj_before_open(const pj_check_options *options, const pj_budget_entry *entry, pj_arena *arena, pj_before *out,
                         pj_error *err);

/* The rules of an entry that is compared so: its own, and where it has none on growth, total energy and the energy of
 * each layer within its margin; none of those for a model that is new, or that was renewed. PJ_ENOMEM. */
pj_status pj_before_rules(const pj_before *before, pj_arena *arena, pj_budget_entry *entry, pj_error *err);
