/* What the program tells on standard error, and where its report goes. */
#pragma once

#include "cli.h"

/* "picojoule: ...", control characters taken out. */
void pj_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Wrong usage: the sentence, and where to read on. `command` may be NULL. */
pj_exit pj_say_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "FILE: node 'X' (Op): sentence"; `subject` is the file where the error names none. The exit code for it. */
pj_exit pj_say_error(const pj_error *err, const char *subject);

/* The exit code alone. */
pj_exit pj_exit_of(const pj_error *err, const char *subject);

/* Says the findings that --strict makes errors; false: there are none. */
bool pj_say_strict(const pj_finding *findings, size_t count, const char *model);

/* Says that an option would write over what is read, the exit code for it; PJ_EXIT_DONE: none does. Files are compared,
 * not their names. */
pj_exit pj_refuse_file(const pj_line *line, const char *file);
pj_exit pj_refuse_model(const pj_line *line, const pj_model_info *model); /* NULL is allowed; its data files */
pj_exit pj_refuse_line(const pj_line *line);                              /* what the command line itself names */
bool pj_same_file(const char *a, const char *b); /* one regular file that is there, by whatever names */

/* A report on its way: to standard output, or to a file that is there as a whole or not at all. */
typedef struct pj_out {
    const char *path; /* NULL: standard output */
    FILE *file;
    char *target; /* `path` without symbolic links */
    char *temp;   /* what becomes the target; NULL: the target is written as it is (a device, a pipe) */
    int error;    /* errno of what failed, or 0 */
    bool streams; /* each write is seen at once, and the line of progress goes on */
} pj_out;

pj_out pj_out_new(const char *path);

/* A pj_sink; the payload is the pj_out. */
bool pj_out_write(const char *bytes, size_t length, void *payload);

/* Puts the file in its place if `status` is PJ_OK, else leaves nothing. Says what went wrong; the exit code. */
pj_exit pj_out_finish(pj_out *out, pj_status status, const pj_error *err, const char *subject);

/* Leaves nothing, and says nothing. */
void pj_out_drop(pj_out *out);
