/* Findings that are no errors: what was assumed, not understood or not counted. Reports list them; --strict makes some
 * of them errors. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/*  enumerator, code in reports, severity, fails under --strict */
#define PJ_DIAG_LIST(X)                                                 \
    X(PJ_DIAG_UNKNOWN_OP, "unknown-operator", "warning", true)          \
    X(PJ_DIAG_UNKNOWN_SHAPE, "unknown-shape", "warning", true)          \
    X(PJ_DIAG_ASSUMED_DIM, "assumed-dimension", "warning", true)        \
    X(PJ_DIAG_FIXED_DIM, "fixed-dimension", "note", false)              \
    X(PJ_DIAG_EMPTY_DIM, "empty-dimension", "warning", false)           \
    X(PJ_DIAG_SHAPE_CONFLICT, "shape-conflict", "warning", false)       \
    X(PJ_DIAG_UNCOUNTED, "uncounted", "warning", true)                  \
    X(PJ_DIAG_ASSUMED_PRECISION, "assumed-precision", "warning", true)  \
    X(PJ_DIAG_QUANTIZER, "bad-quantizer", "warning", true)              \
    X(PJ_DIAG_STAND_IN, "stand-in-price", "note", false)                \
    X(PJ_DIAG_UNPRICED, "unpriced", "warning", true)                    \
    X(PJ_DIAG_QTOOLS, "qtools-no-figure", "note", false)                \
    X(PJ_DIAG_DEVICE, "device-precision", "note", false)                \
    X(PJ_DIAG_DEVICE_FIT, "does-not-fit", "warning", true)              \
    X(PJ_DIAG_DEVICE_FIGURES, "device-figures", "note", false)          \
    X(PJ_DIAG_WEIGHTS_ABSENT, "weights-absent", "note", false)          \
    X(PJ_DIAG_WEIGHTS_UNREAD, "weights-unread", "note", false)          \
    X(PJ_DIAG_WEIGHTS_INFINITE, "weights-not-finite", "warning", false) \
    X(PJ_DIAG_WEIGHTS_SPECIAL, "weights-special", "note", false)        \
    X(PJ_DIAG_MOST, "figure-too-large", "warning", false)               \
    X(PJ_DIAG_SUM, "unquantized-sum", "note", false)                    \
    X(PJ_DIAG_WIDTHS, "mixed-widths", "note", false)                    \
    X(PJ_DIAG_CONTROL_FLOW, "control-flow", "warning", false)           \
    X(PJ_DIAG_EXTRAPOLATED, "extrapolated-price", "note", false)        \
    X(PJ_DIAG_CACHE, "cache-appended", "note", false)                   \
    X(PJ_DIAG_OP_RULE, "operator-rule", "note", false)                  \
    X(PJ_DIAG_APPLY, "applied", "note", false)                          \
    X(PJ_DIAG_ALIKE, "layers-alike", "note", false)                     \
    X(PJ_DIAG_MEASURED, "measured", "note", false)

typedef enum pj_diag_code {
#define PJ_DIAG_ENUM(name, code, severity, strict) name,
    PJ_DIAG_LIST(PJ_DIAG_ENUM)
#undef PJ_DIAG_ENUM
        PJ_DIAG_CODES
} pj_diag_code;

typedef struct pj_diag {
    pj_diag_code code;
    const char *node; /* label, or "" */
    const char *message;
    struct pj_diag *next;
} pj_diag;

/* In the order found. A list keeps at most PJ_MAX_DIAGNOSTICS; `dropped` counts the rest. */
typedef struct pj_diags {
    pj_arena *arena;
    pj_diag *first, *last;
    int count, dropped;
} pj_diags;

void pj_diags_init(pj_diags *diags, pj_arena *arena);

/* Appends; out of memory drops the finding and counts it. `node` may be NULL. */
void pj_diag_add(pj_diags *diags, pj_diag_code code, const char *node, const char *format, ...) PJ_PRINTF(4, 5);

const char *pj_diag_word(pj_diag_code code);     /* "unknown-operator" */
const char *pj_diag_severity(pj_diag_code code); /* "warning", "note" */
bool pj_diag_strict(pj_diag_code code);
