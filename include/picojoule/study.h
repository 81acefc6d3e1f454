/* Many models at many settings: points that are numbered, priced in chunks of one file each, by as many processes as
 * there are, and resumed where they stopped (docs/scale.md).
 *
 * A study is described by a JSON file (picojoule.sweep-spec/1). Each of its points is one analysis; its row is that of
 * pj_analyze at the same settings, bit for bit. Files are the same bytes whoever writes them.
 *
 * Threads: calls may share a study, but for pj_study_run, which has threads of its own. */
#ifndef PICOJOULE_STUDY_H
#define PICOJOULE_STUDY_H

#include "picojoule/report.h"

typedef struct pj_study pj_study;

/* Reads the file, lists the models that its patterns mean, and checks all settings; models are data, and are not
 * looked at. `folder` (or NULL) is where results go: once it is begun, models are those that it has listed. *out is
 * owned by the caller. PJ_EIO, PJ_EFORMAT, PJ_ELIMIT: the file, or one that it names, with the JSON path; PJ_EARGUMENT:
 * a table, device or hierarchy that there is not; PJ_ECONFLICT: the folder is of another study or version, or a file
 * that settings name has changed since; PJ_ENOMEM. */
PJ_API pj_status pj_study_open(const char *path, const char *folder, pj_study **out, pj_error *err);
PJ_API void pj_study_free(pj_study *study); /* NULL is allowed */

typedef struct pj_study_info {
    uint64_t points; /* numbered from 0; those that are excluded keep their numbers and have no row */
    uint64_t chunk;  /* points of a file */
    uint64_t chunks;
    size_t blocks, models;
    const char *sha256; /* of the file that describes it */
} pj_study_info;

PJ_API pj_study_info pj_study_describe(const pj_study *study);

/* The point as a command line for a shell, with a newline. PJ_EARGUMENT: there is no such point, or it is excluded. */
PJ_API pj_status pj_study_command(const pj_study *study, uint64_t point, pj_sink sink, void *payload, pj_error *err);

/* Rows of the points from `first` to `last`, each `step`-th (from 1 on), as "csv" or "parquet". PJ_EARGUMENT: there are
 * no such points, or more than PJ_MOST_STUDY_ROWS, or no such format; PJ_EIO, PJ_ENOMEM. */
enum { PJ_MOST_STUDY_ROWS = 100000 };
PJ_API pj_status pj_study_rows(const pj_study *study, uint64_t first, uint64_t last, uint64_t step, const char *format,
                               pj_sink sink, void *payload, pj_error *err);

typedef struct pj_study_ask {
    size_t shard, shards; /* chunks c with c mod shards = shard; shards 0: all */
    int jobs;             /* threads; 0: one a processor */
    bool layers;          /* rows of layers, too */
    bool prepare;         /* only lists models and digests in FOLDER/sweep.json */
    const char *since;    /* folder of an earlier sweep, whose rows are taken where nothing has changed; or NULL */
    pj_watch watch;       /* of stage "points"; is called by whichever thread has done a chunk, one at a time */
} pj_study_ask;

typedef struct pj_study_done {
    uint64_t chunks, points;  /* of this call */
    uint64_t chunks_there;    /* before it, of the same shard */
    uint64_t errors, assumed; /* rows: that have an error, that assume a size */
    uint64_t chunks_taken;    /* from the earlier sweep, whole */
    uint64_t points_taken;    /* from it, among `points` */
    const char *none_taken;   /* why it gives none: "it is of another version"; NULL: it may */
    uint64_t first_error;     /* the lowest point with an error row of this call, if there are any ... */
    char why[256];            /* ... and its sentence */
} pj_study_done;

/* Writes what is not there yet into the folder that the study was opened with. PJ_ECONFLICT: another process has begun
 * it with another study in between; PJ_EFORMAT: `since` is no folder of a sweep; PJ_EIO: a file cannot be
 * written, and whole chunks stay; PJ_ESTOPPED, PJ_ENOMEM. `out` is filled in as far as it came. */
PJ_API pj_status pj_study_run(pj_study *study, const pj_study_ask *ask, pj_study_done *out, pj_error *err);

enum { PJ_STUDY_CODES = 16 };
typedef struct pj_study_status {
    uint64_t points, chunks, there, rows, errors;
    uint64_t foreign;        /* files under the name of a chunk that are not ours, or not whole */
    char first_foreign[256]; /* one of them */
    uint64_t first_missing;  /* chunk; `chunks`: none */
    struct {
        const char *code; /* of an error: "shape"; NULL past the last */
        uint64_t rows;
    } error[PJ_STUDY_CODES];
    char version[32];
} pj_study_status;

/* What is there of a folder. PJ_EIO, PJ_EFORMAT: it is no folder of a study. */
PJ_API pj_status pj_study_look(const char *folder, pj_study_status *out, pj_error *err);

#endif
