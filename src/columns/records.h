/* Reading back what pj_sheet_parquet has written, a group of rows at a time. The file may be anything: what it holds at
 * a time is bounded, and what we would not have written so is PJ_EFORMAT.
 *
 *     pj_records *rows;
 *     PJ_TRY(pj_records_open(path, columns, 2, &rows, err));
 *     while (pj_records_next(rows, err) == PJ_OK && pj_records_held(rows) > 0)
 *         for (size_t row = 0; row < pj_records_held(rows); row++)
 *             pj_records_put(rows, row, 1, sheet);
 *     pj_records_free(rows); */
#pragma once

#include "columns/sheet.h"

typedef struct pj_records pj_records;

/* Opens a file that has these columns, which are borrowed. PJ_EIO, PJ_EFORMAT, PJ_ENOMEM; then *out is NULL. */
pj_status pj_records_open(const char *path, const pj_sheet_column *columns, size_t count, pj_records **out,
                          pj_error *err);

/* The same of a file that is open, which is closed whatever happens. */
pj_status pj_records_take(FILE *file, const pj_sheet_column *columns, size_t count, pj_records **out, pj_error *err);

/* Reads the next group; pj_records_held is 0 past the last one, and after a failure. PJ_EFORMAT, PJ_ENOMEM. */
pj_status pj_records_next(pj_records *rows, pj_error *err);
size_t pj_records_held(const pj_records *rows);

/* A cell of the group: its integer, or its text; 0 or NULL where it is missing or of another kind. Texts live until the
 * next group. */
int64_t pj_records_int(const pj_records *rows, size_t row, size_t column);
const char *pj_records_text(const pj_records *rows, size_t row, size_t column);

/* Sets the cell of that column in the row to come of a sheet with the same columns. */
void pj_records_put(const pj_records *rows, size_t row, size_t column, pj_sheet *sheet);

void pj_records_free(pj_records *rows); /* NULL is allowed */
