/* A command that is run and waited for, while something else is done now and then. */
#pragma once

#include "cli.h"

typedef struct pj_child {
    const char *const *words; /* ends with NULL; NULL: nothing is run, time passes */
    double seconds;           /* of that */
    double interval_s;        /* between ticks */
    void (*tick)(void *payload);
    void (*line)(void *payload, const char *line); /* of its standard output, which goes on to ours; NULL: it is left
                                                      alone */
    void *payload;
    /* what came of it */
    int code;         /* its exit code; 128 + signal; 126, 127: it could not be run, and why has been said */
    bool ran;         /* it could be */
    double cpu_s;     /* of it and the children that it has waited for; NAN */
    int stopped;      /* a signal that we got and handed on; 0 */
    bool left_behind; /* something of its process group still lives */
} pj_child;

/* Signals that are to go on to the child, from here until pj_child_release(). */
void pj_child_catch(void);
void pj_child_release(void);

/* false: it could not be started; that has been said. */
bool pj_child_run(pj_child *child);
