/* Targets: which pairs of formats a runtime or a chip really has (picojoule.target/1, docs/planning.md).
 *
 *     {"schema": "picojoule.target/1", "title": "...", "notes": "...", "sources": ["..."],
 *      "formats": [{"weights": ["int8"], "activations": ["int8"]}],   every weight format with every activation format
 *      "others": ["int8"],                                            of layers without weights; default: as "formats"
 *      "integer_operators": ["Conv", "Add"],                          those that may read integers in place of fp32;
 *                                                                     then operators of other domains stay. default:
 * any "weight_operators": ["Conv", "MatMul"],                        those whose weights may change; default: any
 *      "floats_stay": true,                                           may layers with weights stay as the model has
 * them "scales": "per_channel"}                                       or "per_tensor": of weights */
#pragma once

#include "plan/choice.h"

typedef struct pj_target {
    const char *name, *title;
    bool has_others;
    bool others[PJ_MOST_FORMATS];    /* by format: layers without weights work in it */
    const char *integers, *weighted; /* operators between spaces: " Conv Add "; NULL: any */
    bool floats_stay;
    bool per_tensor;
} pj_target;

/* Is the operator one of such a list? */
bool pj_target_lists(const char *operators, const pj_node *node);

/* Reads a target by built-in name, else from a file; its pairs become the list of choices. PJ_EARGUMENT: no such
 * target; PJ_EFORMAT with the JSON path. */
pj_status pj_target_open(const char *name_or_path, const pj_setup *setup, pj_choice_list *choices, pj_target *out,
                         pj_error *err);

/* The same from memory; `name` stands for the file in messages. */
pj_status pj_target_parse(const char *json, size_t length, const char *name, pj_choice_list *choices, pj_target *out,
                          pj_error *err);

/* What a device computes in (its profile's peaks), weights and activations alike. PJ_EARGUMENT: no such device, or its
 * profile says nothing of formats. */
pj_status pj_target_of_device(const char *device, const pj_setup *setup, pj_choice_list *choices, pj_target *out,
                              pj_error *err);

/* Without a target: any pair, layers without weights in any format of activations. */
pj_target pj_target_none(void);
