/* A budget file in memory: one entry per model, one rule per limit. */
#pragma once

#include "picojoule/budget.h"
#include "picojoule/generation.h"
#include "result/field.h"

/* Limits of a device beside its energy and time: the upper end of the energy's range, whether its memories hold the
 * model. */
#define PJ_METRIC_HIGH "energy.high"
#define PJ_METRIC_FITS "fits"

/* What a generation of the model comes to, of limits in entries that ask for one: words, quantities, values.
 *  word, quantity, of a pj_generation *g */
#define PJ_GENERATION_METRICS(X)                                 \
    X("decode_token_pj", PJ_QUANTITY_ENERGY, g->decode_token_pj) \
    X("request_pj", PJ_QUANTITY_ENERGY, g->request.total_pj)     \
    X("kv_bits_per_token", PJ_QUANTITY_COUNT, (double)g->kv_token_bits)

/* One thing that the check has to find out. */
typedef struct pj_budget_rule {
    pj_rule_kind kind;
    const pj_field *figure; /* NULL where it is none of the table */
    const char *word;       /* "total", "energy", "share", "coverage" ... */
    pj_quantity quantity;
    const char *what; /* glob, name of a device, code, format; "" else */
    const char *op;   /* of layer rules: the operator, or NULL */
    size_t device;    /* of PJ_RULE_DEVICE: number of the device in the settings */
    double allowed;   /* limit; of baselines: tolerance */
    bool is_joule;    /* the limit is in joules */
    bool is_default;  /* it stands in the defaults ... */
    bool is_replaced; /* ... and the model says something else */
    bool is_shared;   /* it stands for several models */
    bool is_fixed;    /* --update leaves it as it is */
    const char *path; /* JSON path */
    size_t line;
    size_t begin, end; /* of the limit, in the text */
} pj_budget_rule;

typedef struct pj_budget_entry {
    const char *name, *path; /* as in the file */
    const char *file;        /* found from the current folder */
    const char *json_path;   /* "$.models[0]" */
    size_t line;
    bool no_file;   /* the path is a pattern that no file matches */
    bool no_policy; /* it names no memory policy: it is from before there were several */
    pj_setup setup;
    int64_t prompt, tokens, sequences; /* of a generation; prompt 0: none is asked for */
    pj_setup optional;                 /* bindings of the defaults: those hold that the model has */
    double margin; /* how much more than today's figures limits allow; negative: the budget does not say */
    pj_budget_rule *rule;
    size_t rules, room;
    const char *baseline, *baseline_file; /* as in the file, found from the current folder; NULL: none */
} pj_budget_entry;

/* Where nothing says another margin. */
#define PJ_BUDGET_MARGIN 0.05

struct pj_budget {
    pj_arena *arena;
    const char *file;
    const char *text;          /* of the file */
    size_t length, models_end; /* the byte after the list of models */
    pj_budget_entry *entry;
    double margin;               /* of the defaults; negative: none */
    size_t entries, all_entries; /* that are wanted; that the file has */
};

/* A number with a unit, as `quantity` wants it: bytes, pJ, microseconds, shares. *is_joule: an energy with a unit of
 * joules (a plain number is one of a table without joules). PJ_EFORMAT: FILE: $.path. */
pj_status pj_budget_amount(pj_json at, pj_quantity quantity, double *out, bool *is_joule, pj_error *err);

/* Appends a limit as budgets write it, never below the value: "407.5uJ", "13.13M", "25%", of four digits; a `plain` one
 * without a unit. Units as pj_budget_amount. */
void pj_limit_print(double value, pj_quantity quantity, bool plain, pj_str *out);

/* pj_budget_read from memory; `name` stands for the file. Patterns match no files. */
pj_status pj_budget_parse(const char *json, size_t length, const char *name, pj_budget **out, pj_error *err);

/* Is there a finding of this code? If not, *near is the one that was probably meant, or NULL. */
bool pj_budget_code_known(const char *code, const char **near);

/* pj_fail() with FILE: $.path of the budget. */
pj_status pj_budget_fail(const pj_budget *budget, const char *path, pj_status status, pj_error *err, const char *format,
                         ...) PJ_PRINTF(5, 6);
