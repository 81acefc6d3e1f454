/* Lint: what an engineer who deploys the model would change in its graph.
 *
 * Rules look at an analysed model: its graph, its number formats and what its layers cost. Each has a stable code, a
 * word that other programs may rely on; docs/lint.md explains them with examples. A check that forbids some of them:
 *
 *     pj_lint *lint = NULL;
 *     size_t count;
 *     if (pj_lint_run(result, NULL, 0, &lint, &err) == PJ_OK) {
 *         const pj_lint_finding *finding = pj_lint_findings(lint, &count);
 *         for (size_t i = 0; i < count; i++)
 *             if (is_forbidden(finding[i].code))
 *                 printf("%s: %s [%s]\n", finding[i].node, finding[i].message, finding[i].code);
 *     }
 *     pj_lint_free(lint);
 *
 * All rules together take time in proportion to the size of the graph. Weights are not read.
 *
 * Threads: different results may be looked at at once; findings never change. */
#ifndef PICOJOULE_LINT_H
#define PICOJOULE_LINT_H

#include "picojoule/result.h"

typedef struct pj_lint_rule {
    const char *code;     /* "float-bias" */
    const char *severity; /* "warning": costs or breaks something on most targets; "note": worth knowing */
    const char *summary;  /* what is wrong, a phrase */
    const char *example;  /* a graph that it fires on, and why that matters: lines of at most 110 columns */
    const char *remedy;   /* what to do: sentences */
} pj_lint_rule;

/* The rules in the order of their findings; NULL past the last. */
PJ_API const pj_lint_rule *pj_lint_rule_at(size_t index);

/* The rule of that code, or NULL. */
PJ_API const pj_lint_rule *pj_lint_rule_find(const char *code);

typedef struct pj_lint_finding {
    const pj_lint_rule *rule;
    const char *code, *severity; /* of the rule */
    const char *node;            /* label of the first node concerned; "" where it is about none */
    const char *op;              /* its operator, or "" */
    const char *message;         /* what is wrong, with figures: one sentence */
    double energy_pj; /* (unit of the table) one run of the layers concerned: the most that the remedy can save;
                         negative where that cannot be told */
} pj_lint_finding;

typedef struct pj_lint pj_lint;

/* Runs all rules but those whose codes are in `off` (may be NULL with count 0). The analysis and its model must outlive
 * the result, which the caller owns. PJ_EARGUMENT: `off` has a code that there is not; PJ_ENOMEM. */
PJ_API pj_status pj_lint_run(const pj_result *result, const char *const *off, size_t off_count, pj_lint **out,
                             pj_error *err);
PJ_API void pj_lint_free(pj_lint *lint); /* NULL is allowed */

/* Rule by rule, of each in graph order. Borrowed; valid as long as `lint`. */
PJ_API const pj_lint_finding *pj_lint_findings(const pj_lint *lint, size_t *count);

/* Findings past the 10,000 that are kept of one rule. */
PJ_API size_t pj_lint_dropped(const pj_lint *lint);

/* The analysis that it was made of. */
PJ_API const pj_result *pj_lint_result(const pj_lint *lint);

#endif
