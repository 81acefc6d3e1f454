/* Lint of an analysed model: the rules of lint/ over the parts of an analysis. */
#include <string.h>

#include "lint/lint.h"
#include "picojoule/report.h"
#include "result/result.h"

/* All rules but those that are off. */
static pj_status choose(const char *const *off, size_t off_count, bool *on, pj_arena *arena, pj_error *err)
{
    size_t rules = pj_lint_rules();
    for (size_t r = 0; r < rules; r++)
        on[r] = true;
    for (size_t i = 0; i < off_count; i++) {
        const pj_lint_rule *rule = pj_lint_rule_find(off[i]);
        for (size_t r = 0; rule && r < rules; r++)
            on[r] = on[r] && pj_lint_rule_at(r) != rule;
        if (rule)
            continue;
        const char **codes = PJ_NEW(arena, const char *, rules + 1);
        for (size_t r = 0; codes && r < rules; r++)
            codes[r] = pj_lint_rule_at(r)->code;
        const char *near = codes ? pj_nearest_word(off[i], codes) : NULL;
        return pj_fail(err, PJ_EARGUMENT, "there is no lint rule '%s'%s%s%s", off[i], near ? "; did you mean '" : "",
                       near ? near : "", near ? "'?" : "");
    }
    return PJ_OK;
}

static pj_status run(const pj_result *result, const char *const *off, size_t off_count, pj_lint *lint,
                     pj_arena *scratch, pj_error *err)
{
    bool *on = PJ_NEW(scratch, bool, pj_lint_rules());
    const pj_found *found = pj_result_found(result);
    pj_linter linter = {.model = found->model,
                        .precision = &found->precision,
                        .layers = &found->layers,
                        .arena = lint->arena,
                        .scratch = scratch};
    if (!on)
        return pj_fail_memory(err);
    PJ_TRY(choose(off, off_count, on, scratch, err));
    PJ_TRY(pj_lint_all(&linter, on, err));
    lint->finding = linter.finding;
    lint->count = linter.count;
    lint->dropped = linter.dropped;
    return PJ_OK;
}

pj_status pj_lint_run(const pj_result *result, const char *const *off, size_t off_count, pj_lint **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0), *scratch = pj_arena_new(0);
    pj_lint *lint = arena ? PJ_NEW(arena, pj_lint, 1) : NULL;
    pj_status status = PJ_ENOMEM;
    *out = NULL;
    if (lint && scratch) {
        lint->arena = arena;
        lint->result = result;
        status = run(result, off, off_count, lint, scratch, err);
    } else {
        status = pj_fail_memory(err);
    }
    pj_arena_free(scratch);
    if (status == PJ_OK)
        *out = lint;
    else
        pj_arena_free(arena);
    return status;
}

void pj_lint_free(pj_lint *lint)
{
    if (lint)
        pj_arena_free(lint->arena);
}

const pj_lint_finding *pj_lint_findings(const pj_lint *lint, size_t *count)
{
    *count = lint->count;
    return lint->finding;
}

size_t pj_lint_dropped(const pj_lint *lint)
{
    return lint->dropped;
}

const pj_result *pj_lint_result(const pj_lint *lint)
{
    return lint->result;
}
