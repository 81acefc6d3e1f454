/* Files that a setup names: given as bytes, built in, or on disk; and what tells one content from another.
 *
 * The JSON files of energy_tables/ and its folders devices/ and targets/, and those of hierarchies/, op_rules/ and
 * footprint_data/, are compiled in. */
#pragma once

#include "base/json.h"
#include "base/sha256.h"
#include "picojoule/setup.h"

typedef struct pj_builtin {
    const char *name; /* file name without .json */
    const char *json; /* terminated; NULL: in the engine of pages, which reads it where it is asked for */
    size_t length;
    const char *sha256; /* of the bytes */
} pj_builtin;

/* Sorted by name; ends with a row whose name is NULL. */
extern const pj_builtin pj_builtin_tables[];
extern const pj_builtin pj_builtin_devices[];
extern const pj_builtin pj_builtin_classes[]; /* of devices */
extern const pj_builtin pj_builtin_targets[];
extern const pj_builtin pj_builtin_hierarchies[];
extern const pj_builtin pj_builtin_op_rules[];
extern const pj_builtin pj_builtin_footprint[]; /* regions, embodied, tdp */

typedef enum pj_resource_kind {
    PJ_RESOURCE_TABLE,
    PJ_RESOURCE_DEVICE,
    PJ_RESOURCE_TARGET,
    PJ_RESOURCE_HIERARCHY,
    PJ_RESOURCE_OP_RULES,
    PJ_RESOURCE_FOOTPRINT,
    PJ_RESOURCE_FILE /* of formats, ranges ... */
} pj_resource_kind;

/* What a resource holds. */
typedef struct pj_bytes {
    const char *at;
    size_t length;
    char *owned; /* `at`, where it was read from a file; else NULL */
    char sha256[PJ_SHA256_DIGITS + 1];
} pj_bytes;

/* The bytes of a name: among the resources of `setup` (may be NULL), built in, or a file ("-": standard input).
 * PJ_EARGUMENT: a table, device, target or hierarchy of that name is neither built in nor a file; the sentence has the
 * names that are near. PJ_EIO, PJ_ELIMIT, PJ_ENOMEM. The caller frees what was found. */
pj_status pj_resource_find(const pj_setup *setup, pj_resource_kind kind, const char *name, pj_bytes *out,
                           pj_error *err);
void pj_bytes_free(pj_bytes *bytes);

/* The built-in name that this is in any case, as it is spelled; else, and where a file has that name, the name itself.
 */
const char *pj_builtin_spelled(const char *name);

/* The document that they are. `sha256`, where it is not NULL, gets the digest of the bytes. The caller frees *out.
 * PJ_EFORMAT, and as pj_resource_find. */
pj_status pj_resource_json(const pj_setup *setup, pj_resource_kind kind, const char *name, pj_json_doc **out,
                           char sha256[PJ_SHA256_DIGITS + 1], pj_error *err);

/* The document of a built-in file of the folder, "op_rules/". The caller frees *out. */
pj_status pj_builtin_json(const pj_builtin *builtin, const char *folder, pj_json_doc **out, pj_error *err);

/* Last part of a path without .json, in `arena`; NULL: no memory. */
const char *pj_builtin_name(const char *name_or_path, pj_arena *arena);

/* Name at `index`, or NULL past the last. */
const char *pj_builtin_at(const pj_builtin *list, size_t index);
