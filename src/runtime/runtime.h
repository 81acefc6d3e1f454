/* ONNX Runtime, if there is one: models are run by a library that is found and loaded at run time, in a child process.
 *
 *     pj_runtime *runtime;
 *     pj_runtime_model *model;
 *     PJ_TRY(pj_runtime_open(&(pj_runtime_options){.library = asked}, &runtime, err));
 *     PJ_TRY(pj_runtime_load(runtime, &(pj_runtime_load_options){.path = "net.onnx", .level = PJ_RUNTIME_BASIC},
 *                            &model, err));
 *     PJ_TRY(pj_runtime_run(model, inputs, count, NULL, 0, arena, &outputs, err));
 *     pj_runtime_close(runtime); // and all of its models
 *
 * No header of ONNX Runtime is needed to build: functions are called by their places in its table, which never move.
 * A damaged or old library can kill its process, so it has one of its own, whose death, silence and complaints are
 * errors with a sentence. Integers are computed alike on every processor (session.x64quantprecision).
 *
 * What it can do: run a model on arrays and give all outputs or some; run it again and again and give the time of each
 * run; write ONNX Runtime's profile of the runs between pj_runtime_load and pj_runtime_end_profile.
 *
 * Threads: a runtime is for one thread at a time; several of them run at once, each in its process. Open all of them
 * before threads are started: a process that has threads should not be forked.
 *
 * A build with PJ_RUNTIME=OFF has the same functions; opening one is PJ_EUNSUPPORTED. */
#pragma once

#include "samples/array.h"

typedef struct pj_runtime pj_runtime;
typedef struct pj_runtime_model pj_runtime_model;

typedef struct pj_runtime_options {
    const char *library; /* --runtime: the library, or a folder that it is in; NULL: it is looked for (find.h) */
    double seconds;      /* that one answer may take, or the process is ended; 0: PJ_RUNTIME_SECONDS */
} pj_runtime_options;

enum { PJ_RUNTIME_SECONDS = 600 };

typedef struct pj_runtime_info {
    const char *path, *version;
    uint64_t bytes; /* of the file; 0: not known */
} pj_runtime_info;

/* Finds the library, checks the file before it is loaded (kind, machine, size), and starts the process. An explicit
 * place that fails is an error; places that were only looked at are passed over. *out is owned by the caller.
 * PJ_EUNSUPPORTED: there is none, with how to get one, or it is of another kind or machine, damaged or too old;
 * PJ_EIO: a place that was given is not there; PJ_ENOMEM. */
pj_status pj_runtime_open(const pj_runtime_options *options, pj_runtime **out, pj_error *err);
const pj_runtime_info *pj_runtime_describe(const pj_runtime *runtime);
bool pj_runtime_lives(const pj_runtime *runtime); /* false: its process has ended, and nothing but closing is left */
void pj_runtime_close(pj_runtime *runtime);       /* NULL is allowed */

/* What ONNX Runtime makes of a graph before it runs it. */
typedef enum pj_runtime_level {
    PJ_RUNTIME_DISABLED = 0, /* each node as it stands */
    PJ_RUNTIME_BASIC = 1,    /* what changes no numbers: the level to measure formats at */
    PJ_RUNTIME_EXTENDED = 2, /* fused operators, integer kernels */
    PJ_RUNTIME_ALL = 99      /* layouts of this machine, too: the level that people run at */
} pj_runtime_level;

typedef struct pj_runtime_load_options {
    const char *path; /* of the model */
    pj_runtime_level level;
    int threads;         /* of one run; 0: one */
    const char *profile; /* prefix of the profile's file, which gets a date and .json; NULL: none is written */
} pj_runtime_load_options;

/* An input or output of a loaded model. */
typedef struct pj_port {
    const char *name;
    pj_dtype dtype; /* PJ_UNDEFINED: no tensor, or of a type that is not known here */
    int rank;
    const int64_t *dims;        /* -1: any */
    const char *const *symbols; /* names of dimensions, "" without one */
} pj_port;

typedef struct pj_ports {
    const pj_port *port;
    size_t count;
} pj_ports;

/* *out lives until pj_runtime_unload or pj_runtime_close. PJ_EUNSUPPORTED: ONNX Runtime refuses the model, in its
 * words; the process died or gave no answer in time. */
pj_status pj_runtime_load(pj_runtime *runtime, const pj_runtime_load_options *options, pj_runtime_model **out,
                          pj_error *err);
void pj_runtime_unload(pj_runtime_model *model); /* NULL is allowed */
pj_ports pj_runtime_inputs(const pj_runtime_model *model);
pj_ports pj_runtime_outputs(const pj_runtime_model *model);

/* Runs once. Inputs go by their names; every input of the model has to be there, with its type and shape. `wanted`
 * names the outputs, or is NULL: all of them. *out is an array of them in `arena`, in that order; those that are no
 * tensors of numbers have no data. PJ_EARGUMENT: inputs do not fit; PJ_EUNSUPPORTED as above. */
pj_status pj_runtime_run(pj_runtime_model *model, const pj_ndarray *inputs, size_t count, const char *const *wanted,
                         size_t wanted_count, pj_arena *arena, const pj_ndarray **out, pj_error *err);

/* Runs `warm_up` times, then `runs` times, and gives the microseconds of each of these, measured in the process. */
pj_status pj_runtime_time(pj_runtime_model *model, const pj_ndarray *inputs, size_t count, size_t warm_up, size_t runs,
                          double *microseconds, pj_error *err);

/* Ends the profile; *file is its name, in `arena`. PJ_EARGUMENT: the model was loaded without one. */
pj_status pj_runtime_end_profile(pj_runtime_model *model, pj_arena *arena, const char **file, pj_error *err);
