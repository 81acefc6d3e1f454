/* Reading a budget file: what its parts share. */
#pragma once

#include "check/entry.h"
#include "setup/setup.h"

typedef struct pj_reader {
    pj_budget *budget;
    pj_arena *arena;
    pj_error *err;
    const char *folder;     /* of the file, with a slash at the end; "" is the current one */
    pj_budget_entry *entry; /* that is being read */
    bool in_defaults;       /* what is being read stands for all models */
    bool in_pattern;        /* ... for the models that a pattern matches */
    bool finds_files;       /* patterns of models stand for files; else for none */
    int globs;
    size_t rules; /* of all entries */
    size_t room;  /* for entries */
} pj_reader;

/* Is the value an object with these keys alone (ends with NULL), and its remark one? */
pj_status pj_reader_keys(pj_reader *r, pj_json object, const char *const *keys);
bool pj_reader_is_remark(pj_json member);

/* Copies: of a text (NULL stays NULL), of the path of a value, of a file's path as it is found from the current folder.
 * Running out of memory shows in the arena. */
const char *pj_reader_path(pj_reader *r, pj_json at); /* "$.models[0].limits.total" */
const char *pj_reader_found(pj_reader *r, const char *path);

/* An optional text, which must not be empty; *out keeps its value when there is none. */
pj_status pj_reader_text(pj_reader *r, pj_json object, const char *key, const char **out);

/* The number of a device among those of the entry's settings; a new one is added. */
size_t pj_reader_device(pj_reader *r, const char *name);

/* The keys of what figures rest on; how many. */
enum { PJ_MOST_BASIS_KEYS = 32 };
size_t pj_reader_basis_keys(const char **keys);

/* Reads what the entry's figures rest on: dims, table, plan, memory ... Bindings of the defaults are optional ones. */
pj_status pj_reader_basis(pj_reader *r, pj_json object);

/* Adds the rules of these objects to the entry; of two on the same that of the model stays, not that of the defaults.
 * Of a baseline, each member may stand in either (absent: none). */
pj_status pj_reader_limits(pj_reader *r, pj_json limits);
pj_status pj_reader_forbid(pj_reader *r, pj_json forbid);
pj_status pj_reader_baseline(pj_reader *r, pj_json baseline, pj_json defaults);
pj_status pj_reader_override(pj_reader *r);
