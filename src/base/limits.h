/* Every cap on what a file may ask of us, in one place. tests/limits has a test for each. */
#pragma once

#include "base/libc.h"

enum {
    PJ_MAX_MESSAGE_DEPTH = 256,     /* protobuf messages inside messages; 3 for each subgraph, the rest for types */
    PJ_MAX_SUBGRAPH_DEPTH = 64,     /* graphs inside attributes of nodes inside graphs ... */
    PJ_MAX_FUNCTION_DEPTH = 64,     /* model-local functions that call each other */
    PJ_MAX_RANK = 64,               /* dimensions of a tensor */
    PJ_MAX_NODES = 4 * 1000 * 1000, /* nodes of one model, subgraphs and functions included */
    PJ_MAX_NAME = 64 * 1024,        /* bytes of one name */
    PJ_MAX_VALUE_BYTES = 64 * 1024, /* largest 32 or 64 bit integer tensor whose contents are kept for shapes */
    PJ_MAX_SCALE_ELEMENTS = 1024, /* the same for other types, in elements: scales, zero points, bounds; not weights */
    PJ_MAX_VALUE_ELEMENTS = 8192, /* the same, in elements, for computed ones */
    PJ_MAX_FORMULA_TERMS = 64,    /* terms of a symbolic dimension; past that it is unknown */
    PJ_MAX_DIAGNOSTICS = 10000,   /* findings kept for the report; more are only counted */
    PJ_MAX_JSON_BYTES = 64 * 1024 * 1024,
    PJ_MAX_JSON_DEPTH = 64,               /* arrays and objects inside each other, read or written */
    PJ_MAX_JSON_VALUES = 4 * 1000 * 1000, /* values of one document: each takes some 50 bytes of memory */
    PJ_MAX_JSON_DIGITS = 60,              /* characters of one number */
    PJ_MAX_UNPACKED_WEIGHTS = 1 << 24,    /* numbers of a weight that are held at once: of a typed field, scales */
    PJ_MAX_PLAN_GLOBS = 4096,             /* entries of a plan with wildcards: each is tried on every layer */
    PJ_MAX_BUDGET_RULES = 1000 * 1000,    /* limits of all models of a budget: defaults count for each */
    PJ_MAX_PROFILE_ROWS = 1000 * 1000,    /* steps of an intensity profile, and rows of other CSV files */
    PJ_MAX_CSV_BYTES = 256 * 1024 * 1024, /* of them */
    PJ_MAX_CSV_LINE = 64 * 1024,          /* bytes of one line */
    PJ_MAX_STORE_TEXT = 1024 * 1024,      /* bytes of one text or row of a history file */
    PJ_MAX_TABLE_BYTES = 1024 * 1024      /* of an energy table or a device profile: they are written by hand */
};

/* Memory for one model: so many bytes per byte of its skeleton (the file without its weights), and a floor. */
#define PJ_MODEL_BYTES_PER_BYTE ((size_t)32)
#define PJ_MODEL_BYTES_FLOOR    ((size_t)64 * 1024 * 1024)

/* Bytes of a model that comes from a pipe, which may never end; a message of protobuf has at most half as many. */
#define PJ_MAX_STREAM_BYTES ((uint64_t)4 * 1024 * 1024 * 1024)

/* Characters that all wildcards of one file may be compared with: some seconds. */
#define PJ_MAX_GLOB_STEPS ((uint64_t)500 * 1000 * 1000)

/* Bytes of a report that we have written ourselves, a baseline, and bytes for each of its values at least (it has some
 * 20): memory is seven times the file then. */
#define PJ_MAX_REPORT_BYTES       ((size_t)2 * 1024 * 1024 * 1024)
#define PJ_REPORT_BYTES_PER_VALUE ((size_t)8)

/* Memory for what is read from one history file. */
#define PJ_MAX_STORE_BYTES ((size_t)1024 * 1024 * 1024)

/* Skeleton bytes that we accept at all. */
#define PJ_MAX_SKELETON_BYTES ((size_t)1024 * 1024 * 1024)
