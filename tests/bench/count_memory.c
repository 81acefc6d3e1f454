/* Counts what a model costs in memory, and holds it against baseline.txt: more than a tenth above is a failure.
 *
 *     count_memory BASELINE MODEL...      PJ_UPDATE_GOLDEN=1 writes the baseline
 *
 * A row is: model, bytes of the model's arena when it is open, allocations and bytes asked for by open, analyze and a
 * text report. Counts, so they are the same on every run; no row depends on time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "everything.h"
#include "fail_alloc.h"
#include "ir/graph.h"

typedef struct figures {
    size_t arena, allocations, bytes;
} figures;

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool measure(const char *path, figures *out)
{
    const pj_setup options = {.unbound_dims_are_one = true};
    const pj_setup settings = pj_setup_default();
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    digest text = digest_new();
    fail_alloc_start(0, false);
    pj_status status = pj_model_open(path, &options, &model, &err);
    out->arena = model ? pj_arena_bytes(model->arena) : 0;
    if (status == PJ_OK)
        status = pj_analyze(model, &settings, &result, &err);
    if (status == PJ_OK)
        status = pj_report_write(result, NULL, digest_sink, &text, &err);
    fail_alloc_stop();
    out->allocations = fail_alloc_count();
    out->bytes = fail_alloc_bytes();
    pj_result_free(result);
    pj_model_close(model);
    if (status != PJ_OK)
        printf("%s: %s\n", path, err.what);
    return status == PJ_OK;
}

/* The row of a model; false: there is none. */
static bool find_row(FILE *baseline, const char *name, figures *out)
{
    char line[512], at[256];
    rewind(baseline);
    while (fgets(line, sizeof line, baseline))
        if (sscanf(line, "%255s %zu %zu %zu", at, &out->arena, &out->allocations, &out->bytes) == 4 &&
            strcmp(at, name) == 0)
            return true;
    return false;
}

static bool hold(const char *model, const char *what, size_t got, size_t was)
{
    bool ok = got <= was + was / 10;
    if (!ok || got < was - was / 10)
        printf("%s: %s: %zu, was %zu: %s\n", model, what, got, was,
               ok ? "better by a tenth; PJ_UPDATE_GOLDEN=1 notes it" : "more than a tenth above the baseline");
    return ok;
}

static bool compare(FILE *baseline, const char *name, const figures *got)
{
    figures was;
    if (!find_row(baseline, name, &was)) {
        printf("%s has no row in the baseline; PJ_UPDATE_GOLDEN=1 makes one\n", name);
        return false;
    }
    bool ok = hold(name, "bytes of the arena", got->arena, was.arena);
    ok = hold(name, "allocations", got->allocations, was.allocations) && ok;
    return hold(name, "bytes asked for", got->bytes, was.bytes) && ok;
}

int main(int count, char **words)
{
    bool update = getenv("PJ_UPDATE_GOLDEN") != NULL, ok = true;
    FILE *baseline = count > 2 ? fopen(words[1], update ? "w" : "r") : NULL;
    if (!baseline) {
        fprintf(stderr, "usage: count_memory BASELINE MODEL...\n");
        return 2;
    }
    if (update)
        fprintf(baseline, "# model, arena bytes, allocations, bytes asked for: see count_memory.c\n");
    for (int i = 2; i < count; i++) {
        figures got;
        if (!measure(words[i], &got))
            ok = false;
        else if (update)
            fprintf(baseline, "%s %zu %zu %zu\n", base_name(words[i]), got.arena, got.allocations, got.bytes);
        else
            ok = compare(baseline, base_name(words[i]), &got) && ok;
    }
    fclose(baseline);
    return ok ? 0 : 1;
}
