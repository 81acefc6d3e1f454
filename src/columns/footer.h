/* What the footer of a Parquet file says of all of it. */
#pragma once

#include "columns/sheet.h"

typedef struct pj_footer {
    uint64_t rows;
    const pj_sheet_fact *fact;
    size_t facts;
} pj_footer;

/* Reads it; texts live in `arena`. The rest of the file is not looked at. PJ_EFORMAT: this is no whole Parquet file, or
 * one that holds more than we would write; PJ_EIO, PJ_ENOMEM. */
pj_status pj_footer_read(const char *path, pj_arena *arena, pj_footer *out, pj_error *err);

/* The same from bytes, those of the file. */
pj_status pj_footer_parse(const void *bytes, size_t length, pj_arena *arena, pj_footer *out, pj_error *err);

/* The head of the file, its footer and its tail: what pj_footer_parse takes, without the pages. PJ_EFORMAT, PJ_ENOMEM.
 */
pj_status pj_footer_ends(FILE *file, pj_str *out, pj_error *err);

/* The value of a fact, or NULL. */
const char *pj_footer_fact(const pj_footer *footer, const char *key);
