/* Limits that were judged, as programs that follow alerts take them: JUnit, SARIF, GitHub. */
#pragma once

#include "base/libc.h"

/* A kind of limit: a stable word ("model-limit"), and what it means that one is broken. */
typedef struct pj_verdict_rule {
    const char *id, *text;
} pj_verdict_rule;

/* One limit of a subject. All texts are clean. */
typedef struct pj_judged {
    const char *name; /* "limits.total" */
    size_t rule;      /* place in the list of rules */
    bool exceeded;
    bool error;           /* it could not be judged: the sentence says why */
    const char *sentence; /* limit, figure, and by how much; no full stop */
    const char *top;      /* "Costs most: a, b"; NULL: nothing to name */
    const char *advice;   /* what to try next */
    const char *path;     /* of the limit in the file */
    size_t line;
    const char *layer; /* the part of the subject that it is about; "": the whole */
    const char *key;   /* the same for the same limit, whatever its figures: "model-limit|net.onnx|total|" */
} pj_judged;

typedef struct pj_subject {
    const char *name;
    size_t line;        /* in the file */
    const char *error;  /* why it cannot be judged; NULL: it was */
    const char *better; /* "better than the baseline: ..."; NULL: it is not */
    const char *error_key, *better_key;
    const pj_judged *judged;
    size_t count, exceeded, unjudged;
} pj_subject;

typedef struct pj_verdicts {
    const char *title;    /* "picojoule check" */
    const char *file;     /* where the limits stand */
    const char *headline; /* "2 models: 1 keeps its budget, 1 does not" */
    const pj_verdict_rule *rules;
    size_t rule_count, error_rule, better_rule; /* places in `rules` */
    const pj_subject *subjects;
    size_t count;
} pj_verdicts;
