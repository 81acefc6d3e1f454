/* Budgets: what models may cost, and whether they do. For continuous integration: an estimate has no noise, so a check
 * fails exactly when a model got worse.
 *
 *     pj_budget *budget = NULL;
 *     pj_check *check = NULL;
 *     if (pj_budget_read("picojoule.json", &budget, &err) == PJ_OK &&
 *         pj_budget_check(budget, NULL, &check, &err) == PJ_OK)
 *         printf("%zu of %zu models are over their budget\n", check->failed, check->model_count);
 *     pj_check_free(check);
 *     pj_budget_free(budget);
 *
 * The file (picojoule.budget/1) is described in docs/ci.md and docs/budget.schema.json. Files that it names are found
 * from its own folder. Units: energies pJ (or multiples of a table's reference operation), sizes bytes, times
 * microseconds, shares 0 to 1.
 *
 * Threads: a budget may be checked by several at once; a check that is made never changes. */
#ifndef PICOJOULE_BUDGET_H
#define PICOJOULE_BUDGET_H

#include "picojoule/report.h"

typedef enum pj_rule_kind {
    PJ_RULE_TOTAL,          /* a figure of the whole model */
    PJ_RULE_DEVICE,         /* energy or time on a device, which `what` names */
    PJ_RULE_LAYER,          /* a figure of each layer that `what`, a glob, matches */
    PJ_RULE_LAYER_SHARE,    /* the share of each layer in the total */
    PJ_RULE_COVERAGE,       /* counted layers: a least share */
    PJ_RULE_FINDING,        /* a finding, whose code `what` is, must not be there */
    PJ_RULE_FORMAT,         /* no layer that multiplies may read the format `what` */
    PJ_RULE_BASELINE,       /* growth of a figure of the model over the baseline */
    PJ_RULE_BASELINE_LAYER, /* growth of the energy of each layer */
    PJ_RULE_KINDS
} pj_rule_kind;

/* A layer, or a tensor at the peak of memory, and its part in what a rule is about. */
typedef struct pj_check_layer {
    const char *name, *op; /* op: "" of tensors */
    double value;          /* in the quantity of the rule */
    double baseline;       /* what it was in the baseline, where that is compared; negative elsewhere */
    bool is_new;           /* it was not there */
} pj_check_layer;

/* What one rule of a budget says. */
typedef struct pj_check_verdict {
    pj_rule_kind kind;
    const char *metric; /* "total", "macs", "peak_activation_bytes", "energy", "share" ... */
    const char *path;   /* in the budget file: "$.models[0].limits.total" */
    size_t line;        /* likewise, from 1 */
    pj_quantity quantity;
    const char *what;      /* glob, device, code, format; "" where there is none */
    const char *op;        /* of PJ_RULE_LAYER: the operator that it is for; "": any */
    const pj_error *error; /* why the rule could not be judged; NULL: it was */
    bool exceeded;
    bool improved;             /* less than the baseline */
    bool is_fixed;             /* the budget wants it to stay as it is */
    bool is_unknown;           /* the figure is not known, so it counts as exceeded */
    double allowed;            /* most; of coverage: least */
    double value;              /* of the model, or of the worst layer */
    double baseline;           /* of PJ_RULE_BASELINE...; negative elsewhere */
    double tolerance;          /* share of the baseline; likewise */
    const char *layer;         /* the worst one; "" where it is about the model */
    const char *detail;        /* message of the first finding; "" elsewhere */
    size_t count;              /* layers or findings that are over it */
    size_t matched;            /* layers that it is about */
    const pj_check_layer *top; /* what costs most in this, at most 3; of a layer rule that is exceeded: the worst */
    size_t top_count;
} pj_check_verdict;

typedef enum pj_outcome { PJ_PASSED, PJ_FAILED, PJ_BROKEN } pj_outcome;

typedef struct pj_check_model {
    const char *name; /* in reports: the member "name", else the path */
    const char *path; /* as the budget has it */
    const char *file; /* the same, found from the current folder */
    size_t line;      /* of its entry in the budget file */
    pj_outcome outcome;
    pj_error error;       /* of PJ_BROKEN: why it, or the first of its rules that could not be, is not judged */
    const char *baseline; /* file of the baseline, found from the current folder; NULL: none */
    const char *unit;     /* of its energies: "pJ", "relative" */
    const char *table;    /* name of the table */
    pj_energy energy;     /* totals */
    const char *changed;  /* files with other contents than the baseline was made with: "plan p.json"; "" */
    const char *options;  /* what the figures rest on, as options of analyze: "--dim batch=1 --quantize int8"; "" */
    bool is_float;        /* some layer that multiplies reads floats of more than 8 bits */
    const char *dearest;  /* component of the totals that costs most: "inputs", "outputs", "parameters", "op_cost" */
    const pj_check_verdict *verdicts;
    size_t verdict_count;
    size_t exceeded;
    size_t improved;
    const char *before;            /* what it was compared with, of pj_check_options.against; "": nothing */
    bool is_new;                   /* it was not there */
    bool renewed;                  /* its limits were others, so it was not compared */
    bool no_policy;                /* the budget names no memory policy, so the figures are those of `once` */
    size_t unjudged;               /* rules that could not be judged */
    const char *const *data_files; /* as in pj_model_info, of a PJ_BROKEN model that could be opened, too */
    size_t data_file_count;
} pj_check_model;

typedef struct pj_check {
    const char *budget;           /* the file, as it was given */
    size_t budget_models;         /* all that it has, checked or not */
    const pj_check_model *models; /* in the order of the file */
    size_t model_count;
    size_t passed, failed, broken;
    size_t exceeded; /* verdicts of all models */
    size_t improved; /* models */
} pj_check;

typedef struct pj_budget pj_budget;

/* Reads a budget ("-": standard input) and checks its form; models are not opened.
 * PJ_EIO; PJ_EFORMAT: with file and JSON path: an unknown key (the nearest is named), a wrong unit, an entry that
 * checks nothing; PJ_ELIMIT: more than PJ_MAX_BUDGET_MODELS models or 4096 rules with wildcards; PJ_ENOMEM. */
enum { PJ_MAX_BUDGET_MODELS = 10000 };
PJ_API pj_status pj_budget_read(const char *path, pj_budget **out, pj_error *err);

/* The same from a resource, which is not closed; files that it names are found from the folder of its name.
 * PJ_EARGUMENT: the resource contradicts itself. */
PJ_API pj_status pj_budget_open(const pj_resource *resource, pj_budget **out, pj_error *err);
PJ_API void pj_budget_free(pj_budget *budget); /* NULL is allowed */

/* Keeps those models alone that one of the names means: a name or path as the file has it, or a glob of either.
 * PJ_EARGUMENT: a name means no model; PJ_ENOMEM. */
PJ_API pj_status pj_budget_select(pj_budget *budget, const char *const *names, size_t count, pj_error *err);

/* Keeps every `count`th of the models, from `index` (< count) on: together, the shards check all of them. Perhaps
 * none is left. PJ_EARGUMENT: there is no such shard. */
PJ_API pj_status pj_budget_shard(pj_budget *budget, size_t index, size_t count, pj_error *err);

/* How many models it has; file of the baseline of one of them, found from the current folder; NULL: none. */
PJ_API size_t pj_budget_models(const pj_budget *budget);
PJ_API const char *pj_budget_baseline(const pj_budget *budget, size_t model);

/* What else one of its entries reads, likewise found: the model, table, plan, operators, devices (files, or names of
 * what is built in); NULL past the last. `model` is below pj_budget_models. */
PJ_API const char *pj_budget_input(const pj_budget *budget, size_t model, size_t index);

typedef struct pj_check_options {
    size_t jobs; /* models at once; 0: as many as there are processors */
    /* Called with the analysis of each model that could be analysed, in the order of the file, one at a time, perhaps
     * on another thread. Another status than PJ_OK ends the check. May be NULL. */
    pj_status (*analysed)(const pj_check_model *model, const pj_result *result, void *payload, pj_error *err);
    /* Likewise, after `analysed`, with each model, broken ones too: check->models[model] is judged, and so are those
     * before it, which the counts of `check` are about; those after it are not to be looked at yet. */
    pj_status (*judged)(const pj_check *check, size_t model, void *payload, pj_error *err);
    void *payload; /* of both */

    /* What the models were before, which takes the place of their baselines; NULL: nothing. `against`: a folder that
     * has them (their path in it, or their name alone, or saved reports NAME.json), or one file; a model that is not
     * there is new. `against_name`: what reports call it (NULL: the same). `old`: the budget of then, for number
     * formats; where it has other limits for a model, the change of the model is meant, and those of now alone count.
     */
    const char *against, *against_name;
    const struct pj_budget *old;
} pj_check_options;

/* Analyses all models and judges them; the same result whatever `jobs` is. A model that cannot be judged (absent,
 * broken, a symbolic dimension without a value) is PJ_BROKEN in the result, with its error; the others are judged. So
 * is one with a rule that cannot be (it matches no layer, its baseline is absent or was made otherwise): that rule says
 * why, the others are judged. `options` may be NULL. The budget must outlive *out, which the
 * caller owns. PJ_ENOMEM, PJ_EIO: no threads; what `analysed` or `judged` returns. */
PJ_API pj_status pj_budget_check(const pj_budget *budget, const pj_check_options *options, pj_check **out,
                                 pj_error *err);
PJ_API void pj_check_free(pj_check *check); /* NULL is allowed */

/* Analyses one model of the budget, as its baseline wants it. *out is owned by the caller and keeps its model. Errors
 * of pj_model_open and pj_analyze; PJ_EARGUMENT: the entry names no baseline. */
PJ_API pj_status pj_budget_analyse(const pj_budget *budget, size_t model, pj_result **out, pj_error *err);

/* Analyses one model of the budget and writes the report (JSON) that is its baseline from now on. Errors of
 * pj_model_open, pj_analyze, pj_report_write; PJ_EARGUMENT: the entry names no baseline. */
PJ_API pj_status pj_budget_baseline_write(const pj_budget *budget, size_t model, pj_sink sink, void *payload,
                                          pj_error *err);

/* ---- renewing ---- */

/* A limit that is another one now; texts as the file has them: "407.5uJ". */
typedef struct pj_renewed_limit {
    const char *model; /* its name; of several, one that needs it */
    const char *path;  /* "$.models[0].limits.total" */
    size_t line;
    const char *before, *after;
} pj_renewed_limit;

typedef struct pj_renewal {
    const char *text; /* of the budget file from now on, of `length` bytes */
    size_t length;
    const pj_renewed_limit *limits; /* those that have changed, in the order of the file */
    size_t limit_count;
} pj_renewal;

/* The budget with limits that today's figures keep: what `check` found of them, and `margin` more (negative: that of
 * the budget), rounded up to four digits. All but the limits stays as it is, to the byte. A budget that names no margin
 * was agreed upon: without one its limits move only where they are exceeded, by 5 %. Limits that are fixed, or that
 * could not be judged, stay. *out is the caller's, and lives no longer than the budget. PJ_ENOMEM. */
PJ_API pj_status pj_budget_renew(const pj_budget *budget, const pj_check *check, double margin, pj_renewal **out,
                                 pj_error *err);
PJ_API void pj_renewal_free(pj_renewal *renewed); /* NULL is allowed */

/* ---- a first budget ---- */

typedef struct pj_budget_draft {
    const char *const *models; /* paths; one that is there twice is written once */
    size_t model_count;
    const char *baselines;   /* folder for baselines, without a slash at the end; NULL: none */
    const char *file;        /* where the budget will be: paths in it are found from there; NULL: the current folder */
    double margin;           /* 0.05: limits are 5 % over today's figures; negative: as the budget says, else 5 % */
    const pj_budget *budget; /* the models are added to this one, but for those that it has; NULL: a new one */
} pj_budget_draft;

/* Analyses the models with `setup` and writes a budget with today's figures plus the margin, rounded up to four digits.
 * Each model gets those dimensions and inputs of the setup that it has. Errors of pj_model_open and pj_analyze;
 * PJ_EARGUMENT: dimensions that are not bound (all of them are named at once), a budget that has all of the models, or
 * a margin that is not finite. */
PJ_API pj_status pj_budget_write(const pj_budget_draft *given, const pj_setup *setup, pj_sink sink, void *payload,
                                 pj_error *err);

/* ---- reports of a check ---- */

/* "text", "json", "jsonl", "markdown", "html", "junit", "sarif", "github", "gitlab"; ends with NULL. */
PJ_API const char *const *pj_check_formats(void);

/* Writes the result of a check. Of `options` (may be NULL), format, width, colour and quiet count.
 * PJ_EARGUMENT: no such format; PJ_EIO: the sink refused; PJ_ENOMEM. */
PJ_API pj_status pj_check_write(const pj_check *check, const pj_report_options *options, pj_sink sink, void *payload,
                                pj_error *err);

/* Can the result be told model by model while others are still judged? So it is in "github" and "jsonl", which say of
 * each model all that there is to say before the next one. NULL and words that are no format: false. */
PJ_API bool pj_check_streams(const char *format);

/* Writes what the format says of one model, which is judged; with `model` == check->model_count, what it ends with. All
 * of these parts in order are the bytes of pj_check_write. Errors as above; PJ_EARGUMENT: the format does not stream.
 */
PJ_API pj_status pj_check_write_part(const pj_check *check, size_t model, const pj_report_options *options,
                                     pj_sink sink, void *payload, pj_error *err);

#endif
