/* The program: exit codes, what a command line can say, the commands. It uses nothing but the public headers. */
#ifndef PJ_CLI_CLI_H
#define PJ_CLI_CLI_H

#include "picojoule/picojoule.h"

/* Exit codes. docs/cli.md has this list, too. */
typedef enum pj_exit {
    PJ_EXIT_DONE = 0,
    PJ_EXIT_LIMIT = 1,       /* a budget or a limit on growth is exceeded */
    PJ_EXIT_USAGE = 2,       /* unknown option, malformed value */
    PJ_EXIT_INPUT = 3,       /* model, table or device: absent, broken, or not what the options say */
    PJ_EXIT_UNSUPPORTED = 4, /* something in the model is not supported, or a finding under --strict */
    PJ_EXIT_SYSTEM = 5       /* input or output failed, or memory ran out */
} pj_exit;

/* --record and what goes with it; the texts may be NULL. */
typedef struct pj_record_args {
    const char *file, *model, *commit, *branch, *time;
} pj_record_args;

/* What of a trend is shown. */
typedef struct pj_trend_args {
    size_t last; /* 0: all */
    const char *metric; /* NULL: energy */
    const char *layer; /* glob, or NULL */
} pj_trend_args;

/* A point of `pareto add`, and how `pareto show` reads the file. */
typedef struct pj_pareto_args {
    bool has_quality, has_energy, has_within;
    double quality, energy, within;
    const char *unit;        /* of the energy */
    const char *energy_from; /* a model, or NULL */
    const char *label;
    pj_better better;
} pj_pareto_args;

/* An option of the groups Model or Energy as it was given: for both sides of a comparison, or for one. */
typedef struct pj_given {
    const struct pj_option *option;
    const char *value; /* NULL: it takes none */
    char side;         /* 'a', 'b', or 0 */
} pj_given;

/* What `plan` is asked for. The lists of `options` are those beside it. */
typedef struct pj_plan_args {
    pj_plan_options options;
    const char **choice, **exclude;
    pj_plan_budget *budget;
    pj_plan_pin *pin;
    const char *emit;
} pj_plan_args;

/* Room for the lists of so many words and characters; false: no memory. */
bool pj_plan_args_alloc(pj_plan_args *plan, size_t words, size_t characters);
void pj_plan_args_free(pj_plan_args *plan);

/* What check shall do. */
enum { PJ_MOST_REPORTS = 16 };
typedef struct pj_budget_args {
    bool init, update, summary, has_margin;
    double margin;                       /* 0.05: 5 % */
    const char *baselines;               /* folder, or NULL */
    size_t jobs;                         /* 0: as many as processors */
    const char *report[PJ_MOST_REPORTS]; /* FORMAT=FILE */
    size_t reports;
} pj_budget_args;

/* All that a command line says. Texts are borrowed from argv, or stand in `texts`. */
typedef struct pj_args {
    const char *command;
    const char **operand;
    size_t operands;
    pj_dim_binding *dim;
    size_t dims;
    pj_input_binding *input;
    size_t inputs;
    pj_trips_binding *trip;
    size_t trips;
    pj_sweep_dim *sweep;
    size_t sweeps;
    const char **device;
    size_t devices;
    int64_t *numbers; /* where the dimensions of `input` and the values of `sweep` stand */
    size_t numbers_used;
    char *texts; /* names cut out of the words */
    size_t texts_used;
    pj_setup setup; /* bindings: the lists above, once all words are read */
    pj_report_options report;
    pj_record_args record;
    pj_trend_args trend;
    pj_pareto_args pareto;
    pj_budget_args budget;
    const char *out; /* NULL: standard output */
    bool strict, check, markdown;
    bool lint;
    const char **lint_off; /* codes */
    size_t lint_offs;
    const char **limit; /* --fail-on */
    size_t limits;
    int words; /* of the command line, and characters in them: what the lists above have room for */
    size_t characters;
    pj_given *given; /* comparisons alone: what pj_args_of_side puts together */
    size_t givens;
    pj_plan_args plan;
} pj_args;

/* One option. A row is all that parsing, --help and docs/cli.md need. */
typedef struct pj_option {
    const char *name;  /* without dashes */
    char letter;       /* answers to -o, too; 0: to no letter */
    const char *value; /* what --help calls its value; NULL: takes none */
    const char *help;  /* lines of at most 48 columns */
    /* Takes the value (NULL without one). NULL: done; else what it wants instead. */
    const char *(*set)(pj_args *args, const char *value);
} pj_option;

typedef struct pj_option_group {
    const char *title;
    const pj_option *option;
    size_t count;
} pj_option_group;

extern const pj_option_group pj_options_model;  /* --input --dim --trips --op-rules */
extern const pj_option_group pj_options_energy; /* --table --device --weights-on ... */
extern const pj_option_group pj_options_report; /* --format -o --width */
extern const pj_option_group pj_options_plan;   /* --budget --choices --target ... */
extern const pj_option_group pj_options_rows;   /* --group-by --sort --top --sweep */
extern const pj_option_group pj_options_strict;
extern const pj_option_group pj_options_lint;   /* --lint --lint-off */
extern const pj_option_group pj_options_out;    /* -o --width */
extern const pj_option_group pj_options_result; /* of check: --format --report ... */
extern const pj_option_group pj_options_budget; /* --init --update-baseline ... */
extern const pj_option_group pj_options_check;
extern const pj_option_group pj_options_compare; /* --top --fail-on */
extern const pj_option_group pj_options_sides;   /* --a-OPTION --b-OPTION: any of model and energy, for one side */
extern const pj_option_group pj_options_markdown;
extern const pj_option_group pj_options_reference;
extern const pj_option_group pj_options_chart;  /* --format with svg, -o --width */
extern const pj_option_group pj_options_record; /* --record --record-as --commit ... */
extern const pj_option_group pj_options_trend;  /* --last --metric --layer --branch */
extern const pj_option_group pj_options_pareto; /* --quality --energy ... */

/* One command. */
typedef struct pj_command {
    const char *name;
    const char *operands;             /* "MODEL"; "" without any */
    size_t least, most;               /* of them */
    const char *summary;              /* one line */
    const char *text;                 /* paragraphs, lines of at most 80 columns */
    const pj_option_group *group[10]; /* ends with NULL */
    const char *examples;             /* lines "command\n    what it does"; NULL: none */
    pj_exit (*run)(const pj_args *args);
} pj_command;

extern const pj_command pj_command_analyze, pj_command_shapes, pj_command_compare, pj_command_tables,
    pj_command_devices, pj_command_ops, pj_command_check, pj_command_history, pj_command_pareto, pj_command_plan,
    pj_command_help;

/* All of them in the order of the help; ends with NULL. */
extern const pj_command *const pj_commands[];

/* The command of that name, or NULL. */
const pj_command *pj_command_find(const char *name);

/* Does it look like the name of a model: "net.onnx"? */
bool pj_is_model_name(const char *word);

/* Says that there is none, and which one was probably meant. */
pj_exit pj_say_unknown_command(const char *word);

/* Reads the words behind the command. false: *code is the exit code, and why has been said (or help was asked for and
 * given). On true the caller frees *out. */
/* A copy of the text up to `end`, which lives as long as the arguments. */
const char *pj_args_keep(pj_args *args, const char *text, const char *end);

bool pj_args_read(const pj_command *command, int count, char **words, pj_args *out, pj_exit *code);
void pj_args_free(pj_args *args);

/* Defaults, and lists with room for what so many words and characters can say. false: out of memory, which is said;
 * pj_args_free is due in either case. */
bool pj_args_alloc(int words, size_t characters, pj_args *args);

/* Lets the setup of the arguments have the lists beside it. */
void pj_args_set_up(pj_args *args);

/* What the options mean for one side ('a', 'b') of a comparison: those for both sides, then those for this one, which
 * replace values of the same name. false: as pj_args_read. On true the caller frees *out; texts are those of argv. */
bool pj_args_of_side(const pj_command *command, const pj_args *args, char side, pj_args *out, pj_exit *code);

/* Is there an option for this side alone? */
bool pj_args_has_side(const pj_args *args, char side);

/* Help on standard output. */
void pj_help_program(void);
void pj_help_command(const pj_command *command);

#endif
