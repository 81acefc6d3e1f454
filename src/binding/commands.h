/* What one call with JSON can be asked for: a row for each command. */
#pragma once

#include "base/json.h"
#include "picojoule/report.h"

/* A request on its way to a command. */
typedef struct pj_asked {
    const pj_resource *model;
    pj_setup *setup;      /* of the request */
    const pj_setup *bare; /* what the caller gave: files and the watch, and what else the request builds on */
    pj_json request;
    const char *format, *explain;
    const pj_report_options *options;
    pj_sink sink;
    void *payload;
} pj_asked;

typedef struct pj_asked_command {
    const char *name;
    const char *const *members; /* of the request that are its own, and no settings; ends with NULL */
    pj_status (*run)(const pj_asked *asked, pj_error *err);
} pj_asked_command;

/* The commands of more.c, `*count` of them. The engine of the page leaves them to a module of their own
 * (less.c), since few ask for them. */
const pj_asked_command *pj_asked_more(size_t *count);

/* NULL: "analyze". PJ_EARGUMENT: there is none of that name. */
pj_status pj_asked_command_find(const char *name, const pj_asked_command **out, pj_error *err);

/* Settings of a JSON object, but for members that `skip` (ends with NULL) names. */
pj_status pj_asked_settings(pj_json object, const char *const *skip, pj_setup *out, pj_error *err);

/* The value of a member as texts, `most` of them; one text is a list of it. They live as long as the request. */
pj_status pj_asked_texts(pj_json request, const char *name, const char **out, size_t most, size_t *count,
                         pj_error *err);

/* "256KiB": bytes. */
pj_status pj_asked_size(const char *name, const char *text, int64_t *out, pj_error *err);

/* What is not opened by the command itself: the resource is not read any more. */
void pj_asked_leave(const pj_asked *asked);
