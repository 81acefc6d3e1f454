/* The result of a check in words, and in each format. */
#ifndef PJ_REPORT_CHECK_H
#define PJ_REPORT_CHECK_H

#include "picojoule/budget.h"
#include "report/rows.h"

/* "4.312 uJ", "12.50 M", "192.0 KiB", "25.0 %": a figure of the verdict's quantity. */
void pj_check_figure(const pj_check_model *model, const pj_check_verdict *verdict, double value, pj_str *out);

/* One sentence without a full stop: limit, value, and by how much. */
void pj_check_sentence(const pj_check_model *model, const pj_check_verdict *verdict, pj_str *out);

/* What costs most in it: "/conv1 (Conv) 12.10 uJ, ..."; nothing where there is nothing to name. */
void pj_check_top(const pj_check_model *model, const pj_check_verdict *verdict, pj_str *out);
/* What stands before it: "Costs most", "Grew most". */
const char *pj_check_top_title(const pj_check_verdict *verdict);

/* What to try next: one or two sentences with commands. */
void pj_check_advice(const pj_check *check, const pj_check_model *model, const pj_check_verdict *verdict, pj_str *out);

/* What is better than in the baseline, and the command that makes it the new one; nothing where there is nothing. */
void pj_check_improvement(const pj_check *check, const pj_check_model *model, pj_str *out);

/* Why a model could not be judged: "FILE: node 'x' (Op): sentence". */
void pj_check_error(const pj_check_model *model, pj_str *out);

/* "2 models: 1 keeps its budget, 1 does not" */
void pj_check_headline(const pj_check *check, pj_str *out);

/* "passed", "failed", "error" */
const char *pj_check_outcome(pj_outcome outcome);

/* A stable word for each kind of rule ("model-limit"), and what it means. */
typedef struct pj_check_rule {
    const char *id, *text;
} pj_check_rule;
const pj_check_rule *pj_check_rule_of(pj_rule_kind kind);

/* A text made by one of the functions above, handed on to `escape`: for formats with special characters. */
void pj_check_escaped(pj_str *text, void (*escape)(pj_str *out, const char *text), pj_str *out);

/* ---- the formats; out->failed tells of missing memory ---- */
void pj_check_text(const pj_check *check, const pj_text_style *style, pj_str *out);
void pj_check_json(const pj_check *check, pj_str *out);
void pj_check_markdown(const pj_check *check, pj_str *out);
void pj_check_junit(const pj_check *check, pj_str *out);
void pj_check_sarif(const pj_check *check, pj_str *out);
void pj_check_github(const pj_check *check, pj_str *out);

#endif
