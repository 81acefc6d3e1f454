/* Options about energy, place and time that footprint, rate, schedule and analyze share. */
#pragma once

#include "cli.h"

/* Readers of values (pj_option.read) into a double. */
const char *pj_read_joules(pj_line *line, void *at, const char *value);
const char *pj_read_hours(pj_line *line, void *at, const char *value);
const char *pj_read_share(pj_line *line, void *at, const char *value);

extern const pj_option pj_site_rows[11]; /* of a pj_site_args */

/* A pj_site and the lists that it takes its regions from. */
typedef struct pj_site_args {
    pj_site site;
    pj_texts regions;
    double losses_percent;
} pj_site_args;

/* The defaults; and the site as it was given. */
void pj_site_defaults(pj_site_args *args);
pj_site pj_site_given(const pj_site_args *args);
