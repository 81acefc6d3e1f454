/* Which layer of one network is which layer of another. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "picojoule/result.h"

#define PJ_NO_LAYER SIZE_MAX

/* The other half of each layer, by index; PJ_NO_LAYER where there is none. */
typedef struct pj_matching {
    size_t *b_of_a, *a_of_b;
} pj_matching;

/* Pairs layers as a person would:
 *
 *  1. the same name, operator, output shape and work (MACs; where there are none, parameters);
 *  2. the same name and operator, with other sizes: the layer has changed. Unless names have shifted: where names are
 *     numbers ("Conv_7"), a layer put in front gives every later layer the name of its neighbour. If more than half
 *     of these layers find one of their own work elsewhere, in order, that counts instead;
 *  3. by position among what is left, between the pairs that are there already: the same operator, shape and work,
 *     then operator and shape, then operator and parameters, then, in gaps of one length, the operator alone. These
 *     layers were renamed.
 *
 * Quantized operators count as what they compute: QLinearConv, ConvInteger and FusedConv are Convs.
 *
 * Takes n log n time and memory in proportion to n: gaps of up to 64 K pairs of layers are aligned exactly (longest
 * common subsequence), larger ones by what is rare in them first. Arrays live in `arena`. PJ_ENOMEM. */
pj_status pj_match_layers(const pj_result *a, const pj_result *b, pj_arena *arena, pj_matching *out, pj_error *err);

/* The operator that counts: "Conv" of "QLinearConv"; *length characters from the returned place on. */
const char *pj_match_op(const char *op, size_t *length);
