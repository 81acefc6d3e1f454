/* Samples as a model takes them: from a file or a folder, split into runs, matched to inputs; or random. One sample is
 * held at a time, with the file that it is in. docs/samples.md says what is matched how. */
#pragma once

#include "ir/graph.h"
#include "picojoule/evaluate.h"
#include "samples/array.h"

/* An input of a model. */
typedef struct pj_sample_slot {
    const char *name;
    pj_dtype dtype;
    int rank;            /* -1: not known */
    const int64_t *dims; /* -1: any */
    const char **symbol; /* names of the dimensions that are any; "" without one */
    int64_t below;       /* random integers are from 0 to this, without it: rows of the table that they look up, or 2 */
} pj_sample_slot;

typedef struct pj_samples pj_samples;

/* Looks what there is, and reads nothing yet. The model's texts are borrowed. *out is owned by the caller.
 * PJ_EIO: no such file or folder; PJ_EARGUMENT: nothing to read in it, an input that no samples can be for; PJ_ENOMEM.
 */
pj_status pj_samples_open(const pj_data *data, const pj_model *model, pj_samples **out, pj_error *err);

/* The next sample: an array for each slot, valid until the next call; *out is NULL past the last. PJ_EFORMAT,
 * PJ_EARGUMENT: with the file, what it has and what the model wants; PJ_EIO, PJ_ELIMIT, PJ_ENOMEM. */
pj_status pj_samples_next(pj_samples *samples, const pj_ndarray **out, pj_error *err);
void pj_samples_rewind(pj_samples *samples);

size_t pj_samples_slots(const pj_samples *samples);
const pj_sample_slot *pj_samples_slot(const pj_samples *samples, size_t index);

/* "12 samples of photos/", "64 random samples (seed 1)"; `count` of them were read. NULL: no memory. */
const char *pj_samples_told(const pj_samples *samples, uint64_t count, pj_arena *arena);

void pj_samples_close(pj_samples *samples); /* NULL is allowed */

/* ---- between the files of this folder ---- */

/* Files of one sample, or of several: one for all slots, or one for each. */
typedef struct pj_sample_files {
    const char **path; /* one, or as many as there are slots */
    size_t count;
} pj_sample_files;

typedef struct pj_sample_list {
    pj_sample_files *file;
    size_t count, room;
} pj_sample_list;

/* What a path holds, in the order of numbers in names. PJ_EIO, PJ_EARGUMENT, PJ_ENOMEM. */
pj_status pj_samples_list(const char *path, const pj_sample_slot *slots, size_t count, pj_arena *arena,
                          pj_sample_list *out, pj_error *err);

/* How many samples the arrays are, one for each slot. PJ_EARGUMENT: one does not fit its slot, or they are not equally
 * many. *whole says of each whether it is taken as it is. */
pj_status pj_samples_split(const pj_sample_slot *slots, const pj_ndarray *arrays, size_t count, int64_t *samples,
                           bool *whole, pj_error *err);

/* Sample number i of an array that is split in so many. false: no memory. */
bool pj_sample_part(const pj_sample_slot *slot, const pj_ndarray *array, int64_t samples, bool whole, int64_t i,
                    pj_arena *arena, pj_ndarray *out);

/* Numbers of sample i for a slot. false: no memory. PJ_UNDEFINED types have been refused. */
bool pj_sample_random(const pj_sample_slot *slot, uint64_t seed, uint64_t i, size_t place, pj_arena *arena,
                      pj_ndarray *out);
