/* Plans: a JSON file (picojoule.plan/1) that says in which formats layers work, and the short form `--quantize`.
 *
 *     {"schema": "picojoule.plan/1", "model": {"sha256": "..."},
 *      "default": {"weights": "fp16", "activations": "fp16"},
 *      "layers": [{"match": "name or glob", "op": "Conv", "weights": "int4", "activations": "int8",
 *                  "accumulator": "int32", "output": "int8"}]}
 *
 * All keys but `schema` and `match` may be left out. `sha256` is the digest of the model file that the plan is for;
 * another file is refused. `default` stands in for the floating-point element types of the model. An entry belongs to
 * the nodes whose label matches (and whose operator is `op`); of several that match a node, the last one counts, alone.
 * An entry that matches nothing is an error. `report` is not read: `picojoule plan` says there how it came to the plan.
 */
#pragma once

#include "base/json.h"
#include "picojoule/setup.h"
#include "quant/precision.h"

typedef struct pj_plan {
    pj_format weights, activations; /* in place of float element types; PJ_FROM_NOTHING: as declared */
    const pj_plan_formats **node;   /* by pj_node.id; NULL: no entry */
} pj_plan;

/* The plan that the setup names ("-": standard input), applied to a model; NULL: none. Its `quantize` (or NULL) sets
 * the defaults first: a format word ("int8", "fp16", "fp8" for fp8e4m3), or wNaM, where 4 and 8 stand for int4 and
 * int8, and 16 and 32 for fp16 and fp32, but
 * wNaiM for integers of M bits (w8ai16). Lives in `arena`. PJ_EFORMAT: FILE: $.path in err->file; PJ_EARGUMENT:
 * `quantize`; PJ_EIO, PJ_ELIMIT, PJ_ENOMEM. */
pj_status pj_plan_read(const pj_setup *setup, const pj_model *model, pj_arena *arena, pj_plan *out, pj_error *err);

/* The same where the file has been read: `doc` (NULL: none). */
pj_status pj_plan_take(const pj_json_doc *doc, const char *quantize, const pj_model *model, pj_arena *arena,
                       pj_plan *out, pj_error *err);

/* What such a word means for weights and activations: one format for both, wNaM, or two with a slash between them.
 * PJ_EARGUMENT: a sentence that starts with `option`. */
pj_status pj_quantize_parse(const char *option, const char *spec, pj_format *weights, pj_format *activations,
                            pj_error *err);

/* The word of a pair, which reads back as the same: "int8", "w4a16", "w8ai16", "int4/fp8e4m3". */
void pj_quantize_print(const pj_number *weights, const pj_number *activations, pj_str *out);

/* The same from `length` bytes in memory; `name` stands for the file in messages. */
pj_status pj_plan_parse(const char *json, size_t length, const char *name, const pj_model *model, pj_arena *arena,
                        pj_plan *out, pj_error *err);
