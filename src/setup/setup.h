/* What is asked, as a value: its defaults and copies. */
#ifndef PJ_SETUP_SETUP_H
#define PJ_SETUP_SETUP_H

#include "base/arena.h"
#include "picojoule/setup.h"

/* A copy with all its texts and arrays, which live as long as the arena. Out of memory shows in pj_arena_failed. */
pj_setup pj_setup_copy(const pj_setup *setup, pj_arena *arena);

#endif
