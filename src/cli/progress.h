/* A line on the terminal that says what is being done, for whatever takes over a second.
 *
 * It stands on standard error where that is a terminal, is drawn by a timer, and is gone before anything else is
 * written. There is one terminal, so there is one line, the only thing that the program keeps outside of its calls. */
#pragma once

#include "cli.h"

/* From now on, until the end; `what` is done until a stage says something else. */
void pj_progress_start(const char *what);
void pj_progress_end(void);

/* A pj_watcher (error.h): the stages of the library. It never stops a call. */
bool pj_progress_step(const char *stage, uint64_t done, uint64_t total, void *payload);

/* What has become of the models so far; told beside the stage from now on. */
void pj_progress_outcomes(size_t passed, size_t failed, size_t broken);

/* Has the line been there for as long as it takes to be drawn? Then who looks at it waits, and news are welcome. */
bool pj_progress_is_late(void);

/* A pj_watch of it. */
extern const pj_watch pj_progress;

/* Before and after something else is written to the terminal. */
void pj_progress_hide(void);
void pj_progress_show(void);
