/* A strict look over JSON bytes before they become a tree. */
#ifndef PJ_BASE_JSON_SCAN_H
#define PJ_BASE_JSON_SCAN_H

#include <stddef.h>

#include "base/err.h"

/* Checks grammar (RFC 8259), UTF-8, depth and number of values. On failure err->what says what is wrong and *line,
 * *column (from 1, in characters) where. Texts hold no \u0000, no half surrogate pair; numbers at most
 * PJ_MAX_JSON_DIGITS characters. */
pj_status pj_json_scan(const char *text, size_t length, size_t *line, size_t *column, pj_error *err);

#endif
