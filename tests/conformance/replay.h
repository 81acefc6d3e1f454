/* Replays rows of published figures: reads a JSON file, lets a function compute each row anew, compares every field. */
#ifndef REPLAY_H
#define REPLAY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "cost/table.h"

/* What the functions that compute a row may use. */
typedef struct replay {
    const pj_table *horowitz;
    const pj_table *defaults; /* the table named "settings_default" */
    const cJSON *quantizers;  /* of the file at hand; may be NULL */
    const char *unusable;     /* set by a row function: why the row cannot be computed */
} replay;

/* Adds to `got` each figure of the row, under the row's own keys. */
typedef void replay_row(replay *context, const cJSON *row, cJSON *got);

/* One array of rows in one file. `given` names the fields that are no results, each between blanks. */
typedef struct replay_grid {
    const char *file;
    const char *array;
    const char *given;
    replay_row *compute;
} replay_grid;

/* Replays all grids, each line of standard output is "FILE: N passed, M failed"; the first failures go to standard
 * error. Returns the exit code: 0, 1 (a row failed), 2 (no file found). */
int replay_folder(const char *folder, const replay_grid *grids, size_t count, replay *context);

#endif
