/* What rules `qtools` do differently from rules `picojoule`: the one list that program and documents print. */
#pragma once

#include "base/libc.h"

/* One deviation. The numbers are those that comments in the code name. */
typedef struct pj_quirk {
    const char *number;    /* "Q1"; "-": it has none */
    const char *qtools;    /* what QTools does */
    const char *picojoule; /* what rules `picojoule` do */
} pj_quirk;

/* All of them, in order of their numbers. */
const pj_quirk *pj_quirks(size_t *count);
