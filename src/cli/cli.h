/* The program: exit codes, what a command line can say, what a command is. It uses nothing but the public headers. */
#pragma once

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "picojoule/picojoule.h"

/* Exit codes, and what docs/cli.md says of them.
 *  enumerator, code, meaning */
#define PJ_EXIT_LIST(X)                                                                                     \
    X(PJ_EXIT_DONE, 0, "done")                                                                              \
    X(PJ_EXIT_LIMIT, 1, "a limit is exceeded (check, --fail-on)")                                           \
    X(PJ_EXIT_USAGE, 2, "wrong usage: unknown option, malformed value")                                     \
    X(PJ_EXIT_INPUT, 3, "bad input: model, table or device is absent, broken, or not what the options say") \
    X(PJ_EXIT_UNSUPPORTED, 4, "something in the model is not supported, or a finding under --strict")       \
    X(PJ_EXIT_SYSTEM, 5, "input or output failed, or memory ran out")                                       \
    X(PJ_EXIT_OWN, 125, "measure itself failed, before or after its command; else the command's own code")  \
    X(PJ_EXIT_NO_RUN, 126, "measure: the command cannot be executed")                                       \
    X(PJ_EXIT_NO_COMMAND, 127, "measure: the command is not found")

typedef enum pj_exit {
#define PJ_EXIT_ENUM(name, code, meaning) name = code,
    PJ_EXIT_LIST(PJ_EXIT_ENUM)
#undef PJ_EXIT_ENUM
} pj_exit;

/* ---- options ---- */

/* A list of texts, in the order of the command line. */
typedef struct pj_texts {
    const char **text;
    size_t count;
} pj_texts;

typedef struct pj_line pj_line;

typedef enum pj_option_kind {
    PJ_OPTION_FLAG,   /* bool: true; takes no value */
    PJ_OPTION_AS,     /* int: `least`; takes no value */
    PJ_OPTION_TEXT,   /* const char *, not empty */
    PJ_OPTION_WORD,   /* const char *: one of the words */
    PJ_OPTION_CHOICE, /* int: the position of one of the words */
    PJ_OPTION_COUNT,  /* size_t: whole, from `least` to `most` (0: no end) */
    PJ_OPTION_INT,    /* int, likewise */
    PJ_OPTION_REAL,   /* double, likewise; of a `share`, written as a percentage */
    PJ_OPTION_TEXTS,  /* pj_texts: repeatable */
    PJ_OPTION_READ    /* what `read` makes of it; repeatable where `repeats` */
} pj_option_kind;

/* One option. A row is all that parsing, --help and docs/cli.md need. */
typedef struct pj_option {
    const char *name;  /* without dashes */
    char letter;       /* answers to -o, too; 0: to no letter */
    const char *value; /* what --help calls its value; NULL: takes none, or is one of the words */
    const char *help;  /* lines of at most 48 columns */
    pj_option_kind kind;
    size_t at;                         /* offset of what it sets, in the struct of its rows */
    const char *const *(*words)(void); /* that there are; ends with NULL */
    const char *(*word_at)(size_t index) /* likewise, one by one */;
    double least, most;
    bool share, repeats;
    const char *wants;                       /* what it wants instead of a value of another kind */
    const char *(*check)(const char *value); /* of texts; NULL: good, else what it wants */
    const char *(*read)(pj_line *line, void *at, const char *value); /* likewise */
    unsigned not_for;                                                /* commands, by their bit, that do not have it */
    const char *format; /* that it is for: refused beside another one; NULL: for all */
    const char *is;     /* that it is short for: "format=json"; NULL: it is itself */
} pj_option;

/* Options that a command has, with one title in its help: rows, or settings (src/setup/members.c). */
typedef struct pj_rows {
    const char *title;
    const pj_option *option;
    size_t count;
    size_t at;         /* offset, in the arguments of the command, of what the rows set; of settings, of the pj_setup */
    unsigned settings; /* bit 1 << pj_setting_group of those that it takes; then there are no rows */
    bool in_budget;    /* of settings: those alone that a budget has a place for */
} pj_rows;
#define PJ_ROWS(title, rows, at)                                 \
    {                                                            \
        title, rows, sizeof(rows) / sizeof *(rows), at, 0, false \
    }
#define PJ_SETTINGS(group) (1U << (group))

/* Options that do not go together. Where `with` is given and `without` is not (NULL: whatever is given), none of
 * `others` may be. `with` can be "=WORD", the first operand, or "#N", so many operands; else it is names between
 * spaces, all of which have to be given: "memory format=csv|json" with one of these values. `without` is names, too,
 * any of which is enough; `others` are names between spaces; @model, @energy, @formats, @devices are the settings of a
 * group, @settings all of them. */
typedef struct pj_clash {
    const char *with, *without, *others;
    const char *why; /* the sentence, %s in it is the first operand; NULL: "--X has no effect beside --WITH" */
} pj_clash;

/* ---- commands ---- */

enum { PJ_MOST_ROWS = 12, PJ_MOST_CLASHES = 20 };

/* One command. Its arguments are a struct of its own, which begins with a pj_output. */
typedef struct pj_command {
    const char *name;
    unsigned bit;
    const char *operands;              /* "MODEL"; "" without any */
    size_t least, most;                /* of them */
    const char *summary;               /* one line */
    const char *text;                  /* paragraphs, lines of at most 80 columns */
    pj_rows rows[PJ_MOST_ROWS];        /* ends with one without a title */
    pj_clash clashes[PJ_MOST_CLASHES]; /* ends with one without others */
    bool sided;                        /* settings are for A, for B, or for both */
    const char *each;                  /* the setting that may be there several times, for a run each; NULL: none */
    pj_exit own_failure;               /* of all that fails before it runs: it runs commands whose codes are theirs;
                                          PJ_EXIT_DONE: codes as they are */
    const char *examples;              /* lines "command\n    what it does"; NULL: none */
    size_t size;                       /* of the arguments */
    void (*defaults)(void *args);      /* NULL: all zero, and a report as usual */
    pj_exit (*run)(pj_line *line, const void *args);
} pj_command;

/* Bits of commands that have less than all of shared rows. */
enum { PJ_BIT_CHECK = 1, PJ_BIT_LINT = 2 };

/* Where a report goes, and how it looks. */
typedef struct pj_output {
    pj_report_options report;
    const char *out;       /* NULL: standard output */
    uint64_t memory_limit; /* bytes; 0: none */
    int color;             /* pj_color_words() */
} pj_output;

/* --report FORMAT=FILE and --github-summary. */
typedef struct pj_reports {
    pj_texts files;
    bool summary;
} pj_reports;

/* --record and what goes with it; the texts may be NULL. */
typedef struct pj_record_args {
    const char *file, *model, *commit, *branch, *time;
} pj_record_args;

/* ---- rows.c: rows that several commands have ---- */

extern const pj_option pj_report_rows[6];  /* --format --json -o --width --color --memory-limit; of a pj_output */
extern const pj_option pj_look_rows[5];    /* without -o: of a report beside another output */
extern const pj_option pj_chart_rows[6];   /* with svg */
extern const pj_option pj_reports_rows[2]; /* --report --github-summary; of a pj_reports */
extern const pj_option pj_strict_rows[1];  /* of a bool */
extern const pj_option pj_record_rows[5];  /* --record --record-as --commit ...; of a pj_record_args */

/* A pj_option.read of a number of rows, or all: of a size_t. */
const char *pj_top_read(pj_line *line, void *at, const char *value);

/* A pj_option.check of times. */
const char *pj_time_wants(const char *value);

/* ---- line.c: a command line that was read ---- */

/* An option as it was given. */
typedef struct pj_given {
    const pj_option *option;   /* or */
    const pj_setting *setting; /* a setting */
    const char *value;         /* NULL: it takes none */
    char side;                 /* 'a', 'b', or 0 */
    bool configured;           /* not on the command line: no clash counts it */
} pj_given;

struct pj_line {
    const pj_command *command;
    const pj_command *const *commands; /* all of them, in the order of the help; ends with NULL */
    const char **operand;
    size_t operands;
    pj_given *given;
    size_t givens;
    struct pj_kept *kept; /* memory that lives as long as the line */
};

/* Memory, zeroed, that lives as long as the line; NULL: there is none, which is said. */
void *pj_line_keep(pj_line *line, size_t count, size_t size);
/* A copy of the text up to `end`. */
const char *pj_line_text(pj_line *line, const char *text, const char *end);
/* One more, zeroed, at the end of a list that this function has made. */
void *pj_line_add(pj_line *line, void *list, size_t *count, size_t size);
bool pj_texts_add(pj_line *line, pj_texts *list, const char *text);
void pj_line_free(pj_line *line);

/* The name of what is given, without dashes. */
const char *pj_given_name(const pj_given *given);

/* Sets a setting as it was given. false: *code is the exit code, and why has been said. */
bool pj_given_set(const pj_line *line, const pj_given *given, pj_setup *setup, pj_exit *code);

/* ---- value.c ---- */

/* Sets what the option is for. NULL: done; else what it wants instead of the value. */
const char *pj_option_take(pj_line *line, const pj_option *option, void *at, const char *value);

/* What --help calls its value, which may be in `room`; NULL: it takes none. */
enum { PJ_VALUE_ROOM = 200 };
const char *pj_given_value(const pj_given *given, char room[PJ_VALUE_ROOM]);

/* A decimal number at the start of the text, as "-1.5e3"; NULL: there is none; else what follows. */
const char *pj_decimal_read(const char *text, double *out);

/* ---- options.c: which options a command has ---- */

/* The option at `index` of some rows: one of both is set. false: past the last. */
bool pj_rows_at(const pj_command *command, const pj_rows *rows, size_t index, pj_given *out);

/* The option that a name of `length` characters or a letter means; *rows is where it stands. */
bool pj_option_find(const pj_command *command, const char *name, size_t length, char letter, pj_given *out,
                    const pj_rows **rows);

/* The command of that name, or NULL. */
const pj_command *pj_command_find(const pj_command *const *commands, const char *name);

/* Does it look like the name of a model: "net.onnx"? */
bool pj_is_model_name(const char *word);

/* Says that there is none, and which one was probably meant. */
pj_exit pj_say_unknown_command(const pj_command *const *commands, const char *word);

/* ---- parse.c, help.c ---- */

/* Reads the words after the command's name, and runs it. */
pj_exit pj_command_run(const pj_command *const *commands, const pj_command *command, int count, char **words);

/* Help on standard output: of the program, of a command, of all as docs/cli.md. */
void pj_help_program(const pj_command *const *commands);
void pj_help_version(void);
void pj_help_command(const pj_command *command);
void pj_help_markdown(const pj_command *const *commands);
void pj_help_man(const pj_command *const *commands, const char *intro); /* man.c */
extern const char pj_help_intro[];

/* complete.c: what may stand next, for shells. */
void pj_complete(const pj_command *const *commands, int count, char **words);
