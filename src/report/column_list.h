/* The columns of layers, of sums of layers, and of a sweep, and what their cells are made of. */
#pragma once

#include "report/columns.h"

/* What a cell is of. */
typedef enum pj_cell_source {
    PJ_CELL_OF_ROW,    /* a member of pj_view_row */
    PJ_CELL_OF_SUM,    /* likewise, "?" where none of the layers is counted */
    PJ_CELL_OF_LAYER,  /* a member of the layer; nothing in sums */
    PJ_CELL_OF_FORMAT, /* a member of one of its number formats; `which` is the place of the pointer to it */
    PJ_CELL_OF_MADE    /* made by a function */
} pj_cell_source;

/* The cell to make. */
typedef struct pj_cell_place {
    const pj_columns *of;
    const pj_view_row *row;
    size_t at; /* of what its column repeats for */
    pj_rows *rows;
} pj_cell_place;

/* How often a column stands there; the names of those that repeat are settled then. */
typedef enum pj_repeat {
    PJ_ONCE,
    PJ_PER_COUNT,
    PJ_PER_ENERGY,
    PJ_PER_WORK,
    PJ_PER_LEVEL,
    PJ_PER_DEVICE,
    PJ_PER_DIM
} pj_repeat;

typedef struct pj_column_row {
    unsigned in; /* tables that have it */
    pj_repeat repeat;
    pj_cell_source source;
    size_t which;
    void (*make)(const pj_cell_place *p, pj_cell *cell);
    pj_column column;
} pj_column_row;

/* All of them, in the order in which programs see them. */
const pj_column_row *pj_column_rows(size_t *count);

/* Fills in one cell; `shown` is the column as its table has it. */
void pj_column_fill(const pj_column_row *column, const pj_column *shown, const pj_cell_place *place, pj_cell *cell);
