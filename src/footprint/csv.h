/* Rows of a CSV file, one after the other, cut up where they lie. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { PJ_CSV_FIELDS = 256 };

typedef struct pj_csv {
    const char *name; /* for messages */
    char separator;   /* of fields; a comma, until somebody says otherwise */
    char *at, *end;   /* what is left; `end` is a terminator */
    size_t row;       /* the line that was read last, from 1 */
    char *field[PJ_CSV_FIELDS];
    size_t fields;
} pj_csv;

/* The text is borrowed, and written to: it needs a terminator at text[length]. */
pj_csv pj_csv_new(char *text, size_t length, const char *name);

/* The next row that is not empty; false in *there: that was all. Fields are texts without blanks around them; "a,b"
 * in quotes is one field. PJ_EFORMAT names the row: a NUL, an open quote, too many fields; PJ_ELIMIT: a line that is
 * too long, more than PJ_MAX_PROFILE_ROWS. */
pj_status pj_csv_next(pj_csv *csv, bool *there, pj_error *err);

/* pj_fail() with the row in front. */
pj_status pj_csv_fail(const pj_csv *csv, pj_status status, pj_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A finite number that is all of the field, the same in every locale. */
bool pj_csv_number(const char *field, double *out);
