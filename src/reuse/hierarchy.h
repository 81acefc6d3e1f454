/* Memory hierarchies: levels, registers and the array of a chip, read from a JSON file (picojoule.hierarchy/1) and
 * checked. The format is documented in hierarchies/README.md. A hierarchy is immutable once open. */
#pragma once

#include "base/curve.h"
#include "reuse/fuse.h"
#include "reuse/machine.h"
#include "setup/resource.h"

enum { PJ_MAX_LEVELS = 2 };

/* What an access of a bit costs: one figure, or a curve over the size of the memory in KiB. */
typedef struct pj_access_curves {
    pj_curve read, write;
    double least_read_kib, least_write_kib; /* smaller memories cost as much as this one; 0: none */
} pj_access_curves;

typedef struct pj_level {
    const char *name;
    bool has_size;
    double size_bits; /* whole, usable or not */
    double usable;    /* share of it that tiles and tensors can take: 0.5 is double buffering */
    bool holds[PJ_NEST_OPERANDS];
    pj_access_curves cost;
} pj_level;

/* To be read, not changed; texts live as long as it does. */
typedef struct pj_hierarchy {
    pj_arena *arena;
    const char *name; /* file name without .json */
    const char *title, *notes;
    const char *unit; /* "pJ" or "relative" */
    int level_count;
    pj_level level[PJ_MAX_LEVELS]; /* farthest first */
    unsigned fuse;                 /* bit set of pj_fuse_class */
    double accumulator_bits;       /* of all nests; 0: as the number formats say */
    double mac_pj;                 /* of one multiply-accumulate; negative: as the energy table says */
    double background_pj;          /* of a cycle; 0: none */
    pj_machine machine;            /* the numbers that follow from all of it */
    pj_figures figures;            /* every number with its source */
} pj_hierarchy;

/* The name of the reference hierarchy: Horowitz' figures, DRAM and one SRAM of 256 KiB. */
#define PJ_HIERARCHY_DEFAULT "horowitz-45nm"

/* A hierarchy of that name (NULL: the default) among the resources of the setup (may be NULL), built in, or else by
 * file. PJ_EARGUMENT: none of that name (near names are listed); PJ_EIO, PJ_EFORMAT, PJ_ELIMIT: the file, with the JSON
 * path in err->file. The caller closes *out. */
pj_status pj_hierarchy_open(const char *name_or_path, const pj_setup *setup, pj_hierarchy **out, pj_error *err);

/* The same of bytes that were found (setup/resource.h) under that name; of `length` bytes in memory. */
pj_status pj_hierarchy_take(const pj_bytes *bytes, const char *name, pj_hierarchy **out, pj_error *err);
pj_status pj_hierarchy_parse(const char *json, size_t length, const char *name, pj_hierarchy **out, pj_error *err);

void pj_hierarchy_close(pj_hierarchy *hierarchy); /* NULL is allowed */

/* The level of that name ("sram" is short for the last one); -1: none. */
int pj_hierarchy_level(const pj_hierarchy *hierarchy, const char *name);

/* The numbers that it would have if the level were so large (bits, whole; more than 0): a price that is a curve over
 * the size moves with it. */
pj_machine pj_hierarchy_resized(const pj_hierarchy *hierarchy, int level, double size_bits);

/* Names of the built-in hierarchies, sorted; NULL past the last. */
const char *pj_hierarchy_builtin(size_t index);

/* ---- hierarchy_read.c ---- */

/* Fills an empty hierarchy (arena, name and figures are set) from its document. */
pj_status pj_hierarchy_fill(pj_hierarchy *hierarchy, pj_json root, pj_error *err);
