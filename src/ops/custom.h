/* Operators that a user describes in a file, so that models with operators of their own can be analyzed
 * (docs/op-rules.md). */
#pragma once

#include "ops/op.h"
#include "picojoule/setup.h"

typedef struct pj_custom_ops pj_custom_ops;

/* Reads the file of picojoule.op-rules/1 that the setup names into model->custom, after the model is loaded and before
 * anything is inferred. Its rules win over our own; a finding names the operators where that is so. All lives as long
 * as the model. PJ_EIO; PJ_EFORMAT, with file and JSON path; PJ_ELIMIT; PJ_ENOMEM. */
pj_status pj_custom_read(const pj_setup *setup, pj_model *model, pj_error *err);

/* The row of the shipped rules for an operator that nothing else knows, by its domain; exporters leave out domains, so
 * one of ai.onnx is looked for in all of them. A finding says where it was found. *out NULL: nowhere. PJ_ENOMEM. */
pj_status pj_custom_shipped(pj_model *model, const char *domain, const char *op, pj_diags *diags,
                            const pj_op_desc **out, pj_error *err);

/* Is it a row of the shipped rules? They are about operators of others, so a node that does not fit one is unknown. */
bool pj_custom_is_shipped(const pj_model *model, const pj_op_desc *desc);

/* The file's row for an operator; NULL: it has none, or there is no file. */
const pj_op_desc *pj_custom_find(const pj_model *model, const char *domain, const char *op);

/* The file; NULL: there is none. */
const char *pj_custom_path(const pj_model *model);
const char *pj_custom_sha256(const pj_model *model); /* the digest of what was in it */
