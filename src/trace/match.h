/* Which layers of a model a kernel that ran carries: fused, renamed and reordered ones, too. */
#pragma once

#include "trace/trace.h"

#include "picojoule/result.h"

typedef struct pj_match {
    const char **anchor; /* one a kernel; NULL: it carries no layer */
    size_t *owner;       /* one a layer: the place of its kernel; SIZE_MAX: none */
} pj_match;

/* `optimized` is the model that the runtime wrote; NULL: names alone decide. The rules are in docs/measure.md. Memory
 * is the trace's. PJ_ENOMEM. */
pj_status pj_trace_match(const pj_trace *trace, const pj_result *result, const pj_result *optimized, pj_match *out,
                         pj_error *err);

/* The name without what runtimes add: "_nchwc", "_token_7", "fused ", "/GeluFusion/"; it is changed. Returns where it
 * begins. */
char *pj_strip_name(char *name);
