/* A command that prints lines, which are looked at now and then without waiting. */
#pragma once

#include "base/libc.h"

enum { PJ_LINE = 256 };

typedef struct pj_process {
    long pid; /* 0: there is none */
    int fd;
    char line[PJ_LINE]; /* what has come of the next one */
    size_t length;
    bool ended;
} pj_process;

/* Runs `command` with the shell; its standard output is read here. false: errno. */
bool pj_process_start(pj_process *process, const char *command);

/* The next whole line that is there, without its end; false: there is none yet, or no more (process->ended). */
bool pj_process_line(pj_process *process, char out[PJ_LINE]);

/* Waits for more, at most so many milliseconds. */
void pj_process_wait(const pj_process *process, int milliseconds);

/* Ends it, and what it has started. */
void pj_process_stop(pj_process *process);
