/* Levels of the memory hierarchy whose size is swept. */
#pragma once

#include "base/arena.h"

/* The level that the name of a swept size means (picojoule/sweep.h): "sram", "global"; NULL: no memory. */
const char *pj_sweep_level(const char *name, pj_arena *arena);
