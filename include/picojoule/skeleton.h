/* What of a model's files an analysis reads: all but the weights. A page that holds it can analyze the model anew.
 *
 * It has the graph, with all names in it, and small constants; not the weights.
 *
 * Threads: plain values, that never change. */
#ifndef PICOJOULE_SKELETON_H
#define PICOJOULE_SKELETON_H

#include "picojoule/model.h"

/* Bytes of a file that were read. */
typedef struct pj_file_part {
    uint64_t at;
    uint64_t length;
    const unsigned char *bytes;
} pj_file_part;

/* A file of the model: itself, or one with external data. */
typedef struct pj_skeleton_file {
    const char *name;          /* its path, as the analysis opens it */
    uint64_t size;             /* bytes of the whole file */
    const pj_file_part *parts; /* in the order of the file, none next to or across another */
    size_t part_count;
} pj_skeleton_file;

typedef struct pj_skeleton {
    const char *request;           /* what was asked, as pj_run_json() (binding.h) takes it */
    const pj_skeleton_file *files; /* the model first */
    size_t file_count;
} pj_skeleton;

/* Reads the files of an opened model again, as an analysis with `setup` (NULL: none) does, and keeps what was read. Of
 * the files beside it, those that the model itself was allowed to read. *out is freed by the caller. PJ_EARGUMENT: the
 * model is no regular file, so it cannot be read again; else as pj_model_open_resource(). */
PJ_API pj_status pj_skeleton_read(pj_model *model, const pj_setup *setup, pj_skeleton **out, pj_error *err);
PJ_API void pj_skeleton_free(pj_skeleton *skeleton); /* NULL is allowed */

#endif
