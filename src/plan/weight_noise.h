/* The rounding noise of weights, for planning. */
#pragma once

#include "plan/network.h"

/* Noise over signal of every layer's weights in every format that somebody chooses for weights: at
 * [unit * formats + format], 0 where there is nothing to lose. One scale per tensor or per output channel. Lives in
 * `arena`. Layers that are kept need none; those whose weights cannot be looked at become kept, and `note` gets a
 * clause about them, with a comma after it. What is not looked at in so many `seconds` (0: no limit) counts among
 * these. PJ_EARGUMENT: no layer is left, or a pinned one has no weights; PJ_EFORMAT: weights that are no numbers; else
 * as pj_weights_inspect. */
pj_status pj_weight_noise_read(pj_model *model, pj_network *network, const pj_choice_list *choices, bool per_tensor,
                               double seconds, const pj_watch *watch, pj_arena *arena, const double **out, pj_str *note,
                               pj_error *err);
