/* The result of a check in words, and in each format. */
#pragma once

#include "page/page.h"
#include "picojoule/budget.h"

/* One sentence without a full stop: limit, value, and by how much; or why it could not be judged. */
void pj_check_sentence(const pj_check_model *model, const pj_check_verdict *verdict, pj_str *out);

/* What costs most in it: "/conv1 (Conv) 12.10 uJ, ..."; nothing where there is nothing to name. */
void pj_check_top(const pj_check_model *model, const pj_check_verdict *verdict, pj_str *out);
/* What comes before it: "Costs most", "Grew most". */
const char *pj_check_top_title(const pj_check_verdict *verdict);

/* What to try next: one or two sentences with commands. */
void pj_check_advice(const pj_check *check, const pj_check_model *model, const pj_check_verdict *verdict, pj_str *out);

/* What is better than in the baseline, and the command that makes it the new one; nothing where there is nothing. */
void pj_check_improvement(const pj_check *check, const pj_check_model *model, pj_str *out);

/* Why something could not be judged: "FILE: node 'x' (Op): sentence". */
void pj_check_error(const pj_error *err, pj_str *out);

/* "models/a.onnx: 388.1 uJ, 7 limits are kept": the model in one line, with the first of its limits that is exceeded.
 */
void pj_check_summary(const pj_check_model *model, pj_str *out);

/* "2 models: 1 keeps its budget, 1 does not" */
void pj_check_headline(const pj_check *check, pj_str *out);

/* "passed", "failed", "error" */
const char *pj_check_outcome(pj_outcome outcome);

/* A stable word for each kind of rule, one after the other, and for a model that cannot be checked (PJ_RULE_KINDS). */
extern const pj_verdict_rule pj_check_rules[PJ_RULE_KINDS + 1];

/* ---- the pieces of the report ---- */
void pj_check_page(const pj_check *check, bool quiet, pj_page *page);
/* An object of the list of models. */
void pj_check_json_model(const pj_check *check, const pj_check_model *model, pj_arena *arena, pj_json_writer *json);
void pj_check_json(const pj_check *check, pj_arena *arena, pj_json_writer *json);
