/* The objects of a JSON array of any length, one after the other, in the memory of one. */
#pragma once

#include "base/input.h"
#include "base/str.h"

typedef struct pj_event_scan {
    const pj_input *input;
    uint64_t offset; /* of what comes after the buffer */
    char buffer[16 * 1024];
    size_t at, have;
    pj_str object;
    bool failed; /* reading did: errno */
    bool ended;  /* the array has ended; false at the end: the file is cut off */
} pj_event_scan;

/* Finds the array: the document itself, or its member `key`. false: there is none. */
bool pj_scan_begin(pj_event_scan *scan, const pj_input *input, const char *key);
/* The next whole object, in scan->object; those of more than 1 MiB are passed over. false: no more. */
bool pj_scan_next(pj_event_scan *scan);
void pj_scan_end(pj_event_scan *scan);
