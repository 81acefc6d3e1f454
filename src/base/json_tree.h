/* From JSON bytes to a tree: the strict parser below json.h. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

typedef enum pj_json_kind {
    PJ_JSON_ABSENT,
    PJ_JSON_NULL,
    PJ_JSON_BOOL,
    PJ_JSON_NUMBER,
    PJ_JSON_TEXT,
    PJ_JSON_ARRAY,
    PJ_JSON_OBJECT
} pj_json_kind;

typedef struct pj_json_node {
    unsigned kind : 3, index : 28; /* a pj_json_kind; place among its parent's */
    unsigned is_whole : 1;         /* a number that is written as an integer of 64 bits */
    uint32_t line;                 /* where it begins, from 1 */
    uint32_t begin, end;           /* the bytes that it stands in, and the one after them */
    const char *key;               /* of a member; NULL: none */
    union {
        double number; /* of a bool 0 or 1; infinite where a double cannot hold it */
        int64_t whole; /* where it is one */
        const char *text;
        struct pj_json_node *child; /* of arrays and objects: the first; NULL: none */
    } as;
    const struct pj_json_node *parent; /* NULL: the root */
    struct pj_json_node *next;
} pj_json_node;

/* Reads one value (RFC 8259, in UTF-8) into `arena`. Texts hold no \u0000 and no half surrogate pair. On failure
 * err->what says what is wrong, and *line, *column (from 1, in characters) where. PJ_EFORMAT; PJ_ELIMIT: depth, more
 * than `most_values`, digits of a number; PJ_ENOMEM. Keys may stand twice. */
pj_status pj_json_tree(const char *text, size_t length, size_t most_values, pj_arena *arena, const pj_json_node **root,
                       size_t *line, size_t *column, pj_error *err);
