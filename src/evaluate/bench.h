/* A bench for variants of a model: samples and the outputs of the model as it is are held; a variant is written by
 * apply, run, and its outputs are compared. Several workers do so at once, each with a process and a model of its own.
 */
#pragma once

#include "base/json_write.h"
#include "evaluate/evaluation.h"

enum { PJ_MOST_WORKERS = 64 };

typedef struct pj_bench_worker {
    pj_runtime *runtime; /* NULL: it died, and is opened anew */
    pj_model *model;
} pj_bench_worker;

typedef struct pj_bench {
    pj_evaluation *e;
    pj_setup setup; /* for apply: names the plan and the ranges below */
    const char *labels_file;
    const pj_ndarray *labels;               /* NULL: none */
    const pj_ndarray **sample, **reference; /* `samples` of each: inputs, outputs */
    size_t samples, outputs;
    double top1;             /* of the model as it is; NAN: no labels */
    const char *calibration; /* the file of ranges; NULL: */
    pj_str ranges;           /* they were measured: as JSON */
    const char *target;
    pj_bench_worker worker[PJ_MOST_WORKERS];
    int workers;
} pj_bench;

/* What came of a variant. */
typedef struct pj_tried {
    double loss;         /* 1 where it is refused */
    double top1;         /* NAN: no labels, or refused */
    double outputs_db;   /* SQNR of each output over all samples, in the mean over outputs; NAN: refused */
    const double *error; /* of each output, in the mean over samples: e / (1 + e); NULL: refused */
    const char *refused; /* in the arena that was given; NULL: measured */
    size_t left;         /* layers of a plan that stay as they are, since they cannot be written so */
} pj_tried;

#define PJ_TRIED_NOTHING ((pj_tried){.loss = 1, .top1 = NAN, .outputs_db = NAN})

/* Reads samples and labels, runs the model on them, measures ranges where no file names them. `workers` at most. What
 * is in it by then is to be closed even after a failure. */
pj_status pj_bench_open(pj_bench *bench, pj_evaluation *e, const char *labels, const char *calibration,
                        const char *target, size_t workers, pj_error *err);
void pj_bench_close(pj_bench *bench);

/* A variant whose layers have these formats (weights, activations; NULL: as they are). The layer `must` has to be
 * written as its row says; others that cannot be stay as they are. NULL: all may. A refusal is no failure. PJ_ENOMEM,
 * PJ_EIO, PJ_ESTOPPED. */
pj_status pj_bench_try(pj_bench *bench, int worker, const pj_plan_layer *rows, size_t count, const char *must,
                       pj_arena *arena, pj_tried *out, pj_error *err);

/* Writes the same model to a file of the caller. Errors as pj_apply. */
pj_status pj_bench_write(pj_bench *bench, int worker, const pj_plan_layer *rows, size_t count, const char *path,
                         pj_arena *arena, pj_applied **out, pj_error *err);

/* The model that a worker has written last, in the folder. */
const char *pj_bench_written(const pj_bench *bench, int worker, pj_arena *arena);

/* A setup that gives the sizes that the first sample has to those symbols that are names and have none yet. */
pj_status pj_bench_bind(const pj_bench *bench, const pj_setup *setup, pj_arena *arena, pj_setup *out, pj_error *err);

/* Writes the member "tensors" of picojoule.ranges/1. */
void pj_ranges_json(const pj_ranges *ranges, pj_json_writer *json);
