/* Rows of measured layers from a file, JSON or CSV. */
#pragma once

#include "calibrate/fit.h"
#include "cost/roofline.h"

/* Lists of rows: one for each class of work, and whole networks. */
enum { PJ_MEASURED_NETWORKS = PJ_WORK_CLASSES, PJ_MEASURED_LISTS };

/* What all rows of a file have in common, and the rows. */
typedef struct pj_measured {
    pj_fit_row *row[PJ_MEASURED_LISTS];
    size_t count[PJ_MEASURED_LISTS], room[PJ_MEASURED_LISTS];
    double *watts; /* of rows with energy and time */
    size_t watts_count, watts_room;
    const char *hardware, *precision, *boundary; /* "": not stated */
    size_t left_out;                             /* rows whose spread is above 0.1 */
} pj_measured;

/* All in `arena`. PJ_EIO, PJ_EFORMAT: a row that is none, rows of several machines, precisions or boundaries, of layers
 * and of whole networks, none at all; PJ_ELIMIT, PJ_ENOMEM; of models that rows name, errors as pj_analyze.
 * docs/devices.md has the format. */
pj_status pj_measured_read(const char *path, pj_arena *arena, pj_measured *out, pj_error *err);
