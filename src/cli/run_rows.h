/* Options of commands that run models: on what, with what. */
#pragma once

#include "say.h"

typedef struct pj_run_args {
    pj_data data;
    pj_engine engine;
} pj_run_args;

extern const pj_option pj_data_rows[5];   /* --data --random --seed --samples --cast; of a pj_run_args */
extern const pj_option pj_engine_rows[3]; /* --runtime --run-limit --optimize; likewise */
extern const pj_option pj_jobs_rows[1];   /* --jobs; likewise */

/* --data does not go with --random. */
#define PJ_DATA_CLASHES                                                                                        \
    {.with = "data", .others = "random seed", .why = "samples are those of --data, or random ones: not both"}, \
    {                                                                                                          \
        .with = "random", .others = "samples cast"                                                             \
    }

/* Formats between commas, into a pj_texts (pj_option.read). */
const char *pj_read_choices(pj_line *line, void *at, const char *value);

pj_run_args pj_run_defaults(void);

/* Opens the model as running wants it: sizes that nobody gives are those of the samples. */
pj_status pj_run_open(const char *path, const pj_setup *setup, pj_model **out, pj_error *err);

/* Tells how far it is and how long it may still take, where standard error is a terminal. */
pj_watch pj_run_watch(void);
/* Takes that line away again. */
void pj_run_watched(void);

/* Writes a result in the format of the options, to standard output; with `file` (may be NULL) it goes there as JSON,
 * too, and nowhere else where that is "-". */
typedef pj_status (*pj_run_writer)(const void *result, const pj_report_options *options, pj_out *out, pj_error *err);
pj_exit pj_run_write(const pj_line *line, const void *result, pj_run_writer write, const pj_output *output,
                     const char *file);

/* FILE.partial, that keeps what is measured so far; NULL: there is no file. */
const char *pj_run_state(pj_line *line, const char *file);
