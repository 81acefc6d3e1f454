/* The part of a model that computes on integers of known ranges. Its nodes are marked. */
#pragma once

#include "apply/pass.h"

/* The type of an activation, and the first opset that has its quantizers. */
typedef struct pj_activation {
    pj_dtype dtype;
    pj_int_range range;
    int64_t opset;
} pj_activation;

pj_activation pj_region_type(const pj_pass *pass, const pj_wish *wish);

/* Marks the node if it is to be, and can be, computed on integers. Errors as of pj_pass_keep. */
pj_status pj_region_choose(pj_pass *pass, pj_edit_node *node);

/* Is input `i` fp32 data or a weight? */
bool pj_region_reads(const pj_edit_node *node, int i);

/* Are the numbers of the output those of the input? */
bool pj_region_moves(const pj_edit_node *node);

/* Does nothing quantize it, since the bound that alone reads it does? Needs all marks. */
bool pj_region_merges(pj_pass *pass, const pj_edit_value *value);

/* Does an own DequantizeLinear of the model make it, or one of ours? */
bool pj_region_dequantized(const pj_edit_value *value);
