/* One neutral table that every writer prints: typed columns, rows of cells, footers. Writers compute nothing.
 *
 *     static const pj_column columns[] = {
 *         {.key = "name", .title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 24},
 *         {.key = "macs", .title = "MACs", .kind = PJ_CELL_COUNT, .rank = 2},
 *     };
 *     pj_rows *rows = pj_rows_new(arena, columns, 2);
 *     pj_cell *cell = pj_rows_add(rows);
 *     pj_cell_text(&cell[0], "conv1");
 *     pj_cell_count(&cell[1], 2656768);
 *
 * Columns that are members of a struct say so, and such a table fills itself:
 *
 *     {.key = "macs", .title = "MACs", .kind = PJ_CELL_COUNT, PJ_MEMBER(layer, macs)},
 *     pj_rows *rows = pj_rows_of(arena, columns, 2, layers, layer_count, sizeof *layers);
 *
 * All memory comes from the arena. Running out of it shows once, in rows->failed. */
#pragma once

#include "page/humane.h"

/* What a column holds decides how it is printed: raw by CSV and JSON, humane by text and Markdown. */
typedef enum pj_cell_kind {
    PJ_CELL_TEXT,
    PJ_CELL_COUNT,  /* int64_t */
    PJ_CELL_EXACT,  /* int64_t that is humane only in full: the size of a dimension */
    PJ_CELL_NUMBER, /* double, as it is */
    PJ_CELL_ENERGY, /* double, pJ; or relative */
    PJ_CELL_TIME,   /* double, microseconds */
    PJ_CELL_SHARE,  /* double, 0..1 */
    PJ_CELL_RATIO,  /* double, "x0.25" */
    PJ_CELL_FLAG
} pj_cell_kind;

typedef struct pj_column {
    const char *key;   /* CSV and JSON, with the unit in it: "inputs_pj"; NULL: not there */
    const char *title; /* text and Markdown; NULL: not there */
    size_t wish;       /* texts: may be elided down to so many columns ... */
    size_t least;      /* ... and to so many where nothing else helps, at least 5; 0: never */
    pj_cell_kind kind;
    int rank;           /* columns of rank 0 stay; on a narrow terminal those of a higher rank yield to the lower ones,
                         * those of rank 1 only where texts that are elided as far as they can be leave no room */
    bool wraps;         /* texts, last column only: goes on in the next lines */
    bool only_text;     /* not in Markdown */
    bool signs;         /* energies and times: a plus before what is positive */
    bool ours;          /* texts: written by us, with code in backquotes; Markdown prints them as they are */
    size_t at;          /* the member of a row's struct that it shows: PJ_MEMBER ... */
    unsigned char size; /* ... of so many bytes; 0: cells are filled one by one */
    bool from_zero;     /* figures: missing where they are below zero */
    bool no_empty;      /* texts: missing where they are empty; without a text they always are */
    bool or_unknown;    /* what is missing is unknown; else it is absent */
} pj_column;

/* Texts are const char *, counts integers of 4 or 8 bytes, the other figures doubles. */
#define PJ_MEMBER(type, member) .at = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

typedef enum pj_cell_state { PJ_CELL_ABSENT, PJ_CELL_GIVEN, PJ_CELL_UNKNOWN } pj_cell_state;

typedef struct pj_cell {
    pj_cell_state state; /* absent prints as nothing, unknown as "?" (CSV: nothing, JSON: null) */
    bool at_least;       /* for people: ">= " before it; it is the sum of what is known */
    union {
        const char *text;
        int64_t count;
        double number;
        bool flag;
    };
} pj_cell;

typedef struct pj_rows {
    pj_arena *arena;
    const pj_column *column;
    size_t columns;
    pj_cell **row; /* `count` rows, the last `footers` of them sums that CSV and JSON leave out */
    size_t count, capacity, footers;
    const char *unit; /* of the energies: "pJ" or "relative" */
    const char *how;  /* how to see columns that find no room: "--width" */
    bool failed;
} pj_rows;

/* An empty table; columns are borrowed. NULL: no memory. */
pj_rows *pj_rows_new(pj_arena *arena, const pj_column *column, size_t columns);

/* One more row of absent cells; never NULL. */
pj_cell *pj_rows_add(pj_rows *rows);
/* One more row with the members of a struct in the columns that have one. */
pj_cell *pj_rows_add_of(pj_rows *rows, const void *item);
/* A table of `count` structs, `size` bytes apart. NULL: no memory. */
pj_rows *pj_rows_of(pj_arena *arena, const pj_column *column, size_t columns, const void *items, size_t count,
                    size_t size);

/* The same for a sum below the rows; call it after the last pj_rows_add. */
pj_cell *pj_rows_add_footer(pj_rows *rows);

void pj_cell_member(pj_cell *cell, const pj_column *column, const void *item); /* of a column that is a member */
void pj_cell_text(pj_cell *cell, const char *text);                            /* borrowed; NULL: absent */
/* A text that was made for the cell, which is emptied; absent where it is empty. */
void pj_cell_made(pj_cell *cell, pj_rows *rows, pj_str *text);
void pj_cell_count(pj_cell *cell, int64_t count);
void pj_cell_number(pj_cell *cell, double number); /* also energies, times and shares */
void pj_cell_flag(pj_cell *cell, bool flag);
void pj_cell_unknown(pj_cell *cell);

/* Texts stand on the left, figures on the right. */
bool pj_column_is_left(const pj_column *column);
/* Appends a cell as people read it; `unit` is that of the energies. */
void pj_cell_print(const pj_cell *cell, const pj_column *column, const char *unit, pj_str *out);

/* What the title of the table has to add: " (energies are relative)", or nothing. */
const char *pj_rows_remark(const pj_rows *rows);
