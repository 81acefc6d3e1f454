/* Tables that are written as they grow: typed columns, row after row, a writer for each file format.
 *
 *     static const pj_sheet_column columns[] = {{"point", PJ_SHEET_INT, false}, {"model", PJ_SHEET_TEXT, true}};
 *     pj_sheet *sheet = pj_sheet_new(&pj_sheet_parquet, columns, 2, sink, payload);
 *     pj_sheet_int(sheet, 0, 12);
 *     pj_sheet_text(sheet, 1, "resnet8.onnx");
 *     pj_sheet_row(sheet, err);
 *     pj_sheet_end(sheet, err);
 *
 * Rows are handed to the writer in groups of PJ_SHEET_GROUP, so a sheet of any length takes the memory of one group.
 * The same cells give the same bytes. */
#pragma once

#include "base/map.h"
#include "base/str.h"
#include "picojoule/report.h"

enum { PJ_SHEET_GROUP = 65536 };

typedef enum pj_sheet_kind { PJ_SHEET_INT, PJ_SHEET_REAL, PJ_SHEET_FLAG, PJ_SHEET_TEXT } pj_sheet_kind;

typedef struct pj_sheet_column {
    const char *name;
    pj_sheet_kind kind;
    bool may_lack; /* false: each row has it */
} pj_sheet_column;

typedef struct pj_sheet pj_sheet;
typedef struct pj_sheet_writer pj_sheet_writer;

extern const pj_sheet_writer pj_sheet_csv;     /* RFC 4180; what a spreadsheet takes for a formula has an apostrophe */
extern const pj_sheet_writer pj_sheet_parquet; /* compressed by zstd where the library is built with it (PJ_ZSTD) */

/* An empty one; columns are borrowed. NULL: no memory. pj_sheet_free frees it. */
pj_sheet *pj_sheet_new(const pj_sheet_writer *writer, const pj_sheet_column *columns, size_t count, pj_sink sink,
                       void *payload);

/* A fact about all of it, which formats that have a place for such keep: at any time before the end. Out of memory
 * shows in pj_sheet_end. */
void pj_sheet_note(pj_sheet *sheet, const char *key, const char *value);

/* Cells of the row to come; those that are not set are missing: without a value, or 0 or "" where each row has one.
 * Reals are finite, else they are missing. Texts are copied; what is no UTF-8 in them becomes U+FFFD. */
void pj_sheet_int(pj_sheet *sheet, size_t column, int64_t value);
void pj_sheet_real(pj_sheet *sheet, size_t column, double value);
void pj_sheet_flag(pj_sheet *sheet, size_t column, bool value);
void pj_sheet_text(pj_sheet *sheet, size_t column, const char *value); /* NULL: missing */

/* Ends the row. PJ_EIO: the sink refuses; PJ_ENOMEM. */
pj_status pj_sheet_row(pj_sheet *sheet, pj_error *err);
size_t pj_sheet_rows(const pj_sheet *sheet); /* so far */

/* Writes what is left. PJ_EIO, PJ_ENOMEM. */
pj_status pj_sheet_end(pj_sheet *sheet, pj_error *err);

void pj_sheet_free(pj_sheet *sheet); /* NULL is allowed */

/* ---- for writers ---- */

/* The cells of a column in this group. */
typedef struct pj_sheet_cells {
    const uint64_t *value; /* by row: bits of the integer or the double, 0 or 1, number of the word; 0 where missing */
    const bool *there;
    size_t missing;
    const char **word; /* of texts: those that occur, in the order of their first row */
    size_t words, word_room;
    uint64_t *own_value; /* room for `room` rows, which begins with the first cell: many columns never have one */
    bool *own_there;
    size_t room;
    pj_map known; /* word -> its entry in `word` */
} pj_sheet_cells;

typedef struct pj_sheet_fact {
    const char *key, *value;
} pj_sheet_fact;

/* Hands bytes to the sink and counts them. */
pj_status pj_sheet_put(pj_sheet *sheet, const pj_str *bytes, pj_error *err);

struct pj_sheet_writer {
    pj_status (*begin)(pj_sheet *sheet, pj_error *err);
    pj_status (*group)(pj_sheet *sheet, pj_error *err); /* the rows that are held, at least one */
    pj_status (*end)(pj_sheet *sheet, pj_error *err);
};

struct pj_sheet {
    const pj_sheet_writer *writer;
    const pj_sheet_column *column;
    size_t columns;
    pj_sink sink;
    void *payload;
    uint64_t bytes;        /* written */
    pj_arena *arena;       /* of the sheet */
    pj_arena *words;       /* of this group */
    pj_sheet_cells *cells; /* by column */
    size_t held;           /* rows in this group */
    void *nothing;         /* zeros, for columns without a cell */
    size_t rows;           /* all */
    pj_sheet_fact *fact;
    size_t facts, fact_room;
    bool begun, failed; /* failed: no memory */
    void *state;        /* the writer's, in `arena` */
};
