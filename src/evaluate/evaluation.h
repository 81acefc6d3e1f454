/* What all that is measured has in common: samples, a process that runs models, a folder for models that are made on
 * the way, findings. */
#pragma once

#include "base/str.h"
#include "ir/diag.h"
#include "picojoule/apply.h"
#include "picojoule/evaluate.h"
#include "runtime/runtime.h"
#include "samples/samples.h"

enum { PJ_FOLDER_ROOM = 1024 };

typedef struct pj_evaluation {
    const pj_model *model;
    const pj_setup *setup;
    const pj_data *data;
    const pj_engine *engine;
    pj_arena *arena; /* of what is returned */
    pj_samples *samples;
    pj_runtime *runtime;
    char folder[PJ_FOLDER_ROOM]; /* "": not made yet */
    pj_diags diags;
    const pj_watch *watch;
} pj_evaluation;

/* Opens samples and a runtime; what is in it by then is to be closed even after a failure. */
pj_status pj_evaluation_open(pj_evaluation *evaluation, pj_error *err);
void pj_evaluation_close(pj_evaluation *evaluation);

/* A finding, of a layer or of all. */
void pj_evaluation_note(pj_evaluation *evaluation, const char *layer, const char *format, ...) PJ_PRINTF(3, 4);

/* A path in a folder that is removed at the end. NULL: it cannot be made, or no memory. */
const char *pj_evaluation_path(pj_evaluation *evaluation, const char *name, pj_arena *arena);

/* Loads a model at the level that is asked for. */
pj_status pj_evaluation_load(const pj_evaluation *evaluation, pj_runtime *runtime, const char *path,
                             pj_runtime_model **out, pj_error *err);

/* Writes the model with all float tensors as outputs, as `name` in the folder, and loads it. */
pj_status pj_evaluation_probe(pj_evaluation *evaluation, pj_model *model, const char *name, pj_runtime_model **out,
                              pj_error *err);

/* Runs on a sample, whose number is for messages. */
pj_status pj_evaluation_run(const pj_evaluation *evaluation, pj_runtime_model *model, const pj_ndarray *sample,
                            uint64_t number, pj_arena *arena, const pj_ndarray **out, pj_error *err);

/* With what it was made. */
pj_status pj_evaluation_tell(pj_evaluation *evaluation, uint64_t samples, pj_evaluated *out, pj_error *err);

/* A process of its own for another thread. */
pj_status pj_evaluation_runtime(const pj_evaluation *evaluation, pj_runtime **out, pj_error *err);

/* ---- difference.c ---- */

/* What one array differs by from another of its shape; sums over samples may be added up. */
typedef struct pj_difference {
    double signal, noise; /* sums of y^2 and (y - y')^2 */
    double largest, most; /* of |y| and |y - y'| */
    double error;         /* sum over arrays of e / (1 + e) */
    uint64_t arrays, numbers, odd;
} pj_difference;

/* Adds one sample. What is not finite in `a` is not compared; where `b` alone has such a number, its error is 1. */
void pj_difference_add(pj_difference *difference, const pj_ndarray *a, const pj_ndarray *b);

/* 10 log10(signal / noise); INFINITY without noise, NAN where there was nothing to compare. */
double pj_decibels(double signal, double noise);

/* Are they comparable: real numbers, of one shape? */
bool pj_arrays_compare(const pj_ndarray *a, const pj_ndarray *b);
