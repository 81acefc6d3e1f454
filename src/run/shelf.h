/* What setups name, opened once: tables, devices, plans. */
#pragma once

#include "cost/device.h"
#include "cost/table.h"
#include "reuse/hierarchy.h"

/* Found again by kind, name and contents: a file that has changed is another one. */
typedef struct pj_kept {
    struct pj_kept *next;
    pj_resource_kind kind;
    char sha256[PJ_SHA256_DIGITS + 1];
    pj_table *table; /* one of these, by kind */
    pj_device *device;
    pj_hierarchy *hierarchy;
    pj_json_doc *plan;
    char name[];
} pj_kept;

typedef struct pj_shelf {
    pj_kept *first;
    size_t count;
    bool is_settled; /* a name is looked for once: what its file holds later is not asked */
} pj_shelf;

/* The resource of that name, opened; it is the shelf's until it is cleared. Errors as pj_table_open. */
pj_status pj_shelf_open(pj_shelf *shelf, const pj_setup *setup, pj_resource_kind kind, const char *name,
                        const pj_kept **out, pj_error *err);

void pj_shelf_clear(pj_shelf *shelf);
