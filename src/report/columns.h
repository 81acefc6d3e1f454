/* Tables of layers, of sums of layers, and of sweeps: one list of columns for all. */
#pragma once

#include "page/page.h"

/* One layer, or the sum of several. */
typedef struct pj_view_row {
    const char *name;            /* of the layer, the operator or the module */
    const char *op;              /* of a layer: "Conv", "com.microsoft::FusedConv" */
    const pj_layer *layer;       /* NULL: a sum */
    pj_totals sum;               /* its figures; devices are negative where they cannot say */
    pj_device_figure *devices;   /* those of `sum` where they can be changed */
    const int64_t *dims;         /* of a sweep: a value for each dimension */
    const char *error;           /* of a sweep or a run: then there are no figures; else NULL */
    const char *table, *options; /* of a run */
} pj_view_row;

enum {
    PJ_COLUMNS_LAYERS = 1,
    PJ_COLUMNS_GROUPS = 2,
    PJ_COLUMNS_SWEEP = 4,
    PJ_COLUMNS_LOOPS = 8,      /* of a column: where some layer runs more or less often than once */
    PJ_COLUMNS_UNCOUNTED = 16, /* of a column: people see it where some layer is not counted */
    PJ_COLUMNS_ERRORS = 32,    /* of a column: where some row has an error */
    PJ_COLUMNS_RUNS = 64,
    PJ_COLUMNS_TABLES = 128, /* of a column: people see it where runs have several tables */
    PJ_COLUMNS_NAMED = 256   /* of a column: only where --columns names it */
};

/* What the columns of a table depend on. */
typedef struct pj_columns {
    pj_arena *arena;
    unsigned table;  /* PJ_COLUMNS_LAYERS, _GROUPS, _SWEEP or _RUNS */
    bool for_people; /* columns that have a title; else those that have a key */
    bool has_loops, has_uncounted, has_errors, one_table;
    const char *unit, *group_title;
    const char *const *devices;
    size_t device_count;
    const char *const *levels;
    size_t level_count;
    const pj_sweep_dim *dims;
    size_t dim_count;
    const char *model; /* of layers and groups: what rows of several runs are told apart by */
    const pj_setup *setup;
    double whole;        /* what shares are shares of */
    const char *list;    /* "layer,total,MACs": these alone; NULL: the usual ones */
    const char *unknown; /* the word of it that is no column */
} pj_columns;

typedef struct pj_columns_made pj_columns_made;

/* An empty table with its columns, which know how to fill cells. NULL: no memory. */
pj_rows *pj_columns_make(pj_columns *of, pj_columns_made **out);
void pj_columns_fill(const pj_columns_made *made, const pj_view_row *row, pj_cell *cells);

/* The first word of of->list that is no column, and the names of all; NULL: there is none. */
const char *pj_columns_unknown(pj_columns *of, pj_str *names);

/* The options of a run but for its table, which has a column of its own; "" without any. NULL: no memory. */
const char *pj_columns_options(const pj_setup *setup, pj_arena *arena);

/* How far names of layers and operators may be elided. */
#define PJ_NAME_FITS .wish = 32, .least = 16
#define PJ_OP_FITS   .wish = 11, .least = 8
