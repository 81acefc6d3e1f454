/* A budget file in memory: one entry per model, one rule per limit. */
#pragma once

#include "picojoule/budget.h"
#include "result/field.h"

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
    const char *path; /* JSON path */
    size_t line;
} pj_budget_rule;

typedef struct pj_budget_entry {
    const char *name, *path; /* as in the file */
    const char *file;        /* found from the current folder */
    const char *json_path;   /* "$.models[0]" */
    size_t line;
    pj_setup setup;
    pj_budget_rule *rule;
    size_t rules, room;
    const char *baseline, *baseline_file; /* as in the file, found from the current folder; NULL: none */
} pj_budget_entry;

struct pj_budget {
    pj_arena *arena;
    const char *file;
    pj_budget_entry *entry;
    size_t entries, all_entries; /* that are wanted; that the file has */
};

/* A number with a unit, as `quantity` wants it: bytes, pJ, microseconds, shares. *is_joule: an energy with a unit of
 * joules (a plain number is one of a table without joules). PJ_EFORMAT: FILE: $.path. */
pj_status pj_budget_amount(pj_json at, pj_quantity quantity, double *out, bool *is_joule, pj_error *err);

/* pj_budget_read from memory; `name` stands for the file. */
pj_status pj_budget_parse(const char *json, size_t length, const char *name, pj_budget **out, pj_error *err);
