/* Reading the compact protocol of Thrift, of bytes that may be anything. */
#pragma once

#include "base/arena.h"
#include "columns/thrift.h"

/* Once it has failed what it gives means nothing, and loops over it end. */
typedef struct pj_unthrift {
    const uint8_t *at, *end;
    bool failed;
} pj_unthrift;

uint64_t pj_unthrift_varint(pj_unthrift *r);
int64_t pj_unthrift_int(pj_unthrift *r);

/* The type of the next field, whose number is *field, 0 before the first; PJ_THRIFT_STOP at the end of the struct. */
int pj_unthrift_field(pj_unthrift *r, int64_t *field);

/* The type of a list's elements, of which there are no more than bytes. */
int pj_unthrift_list(pj_unthrift *r, uint64_t *count);

/* A copy in `arena`; NULL: it has failed, or no memory. */
const char *pj_unthrift_text(pj_unthrift *r, pj_arena *arena);

/* Passes over a value of that type. */
void pj_unthrift_pass(pj_unthrift *r, int type);
