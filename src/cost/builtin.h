/* The JSON files of energy_tables/ and its folders devices/ and targets/, compiled in. */
#ifndef PJ_COST_BUILTIN_H
#define PJ_COST_BUILTIN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"

typedef struct pj_builtin {
    const char *name; /* file name without .json */
    const char *json; /* terminated */
    size_t length;
} pj_builtin;

/* Sorted by name; ends with a row whose name is NULL. */
extern const pj_builtin pj_builtin_tables[];
extern const pj_builtin pj_builtin_devices[];
extern const pj_builtin pj_builtin_targets[];

/* The document of a built-in name, else of a file. PJ_EARGUMENT: neither; `what` ("energy table") and `command`
 * ("picojoule tables") make the sentence, with the names that are near. The caller frees *out. */
pj_status pj_builtin_open(const pj_builtin *list, const char *what, const char *command, const char *name_or_path,
                          pj_json_doc **out, pj_error *err);

/* Last part of a path without .json, in `arena`; NULL: no memory. */
const char *pj_builtin_name(const char *name_or_path, pj_arena *arena);

/* Name at `index`, or NULL past the last. */
const char *pj_builtin_at(const pj_builtin *list, size_t index);

#endif
