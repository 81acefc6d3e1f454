/* Losses that the user measured: one number per layer and choice, additive over layers.
 *
 * JSON (picojoule.sensitivity/1):
 *     {"schema": "picojoule.sensitivity/1",
 *      "measured": [{"format": "int8", "unit": "loss", "values": {"conv1": 0.02, "fc": 0.3}},
 *                   {"format": "int4", "unit": "sqnr_db", "values": {"conv1.weight": 21.5}}]}
 * CSV: a header, then lines  layer,format,loss  (further columns are not read).
 *
 * A name is that of a layer, of its weight or of its output. unit: "loss" (any number >= 0, higher is worse) or
 * "sqnr_db", a signal-to-noise ratio, of which the loss is 10^(-dB/10). A value may be an object with "xmodel_err" or
 * "qdq_err", as ONNX Runtime's qdq_loss_debug has it; the first counts. */
#pragma once

#include "plan/network.h"

/* Loss of each unit in each choice: at [unit * choices + choice]; negative: not given. */
typedef struct pj_losses {
    double *loss;
    size_t choices;
} pj_losses;

/* Reads a file (CSV where its name ends so). Lives in `arena`. PJ_EFORMAT: a name that the model does not have, a
 * negative loss, two losses for one layer and format; formats that nobody chooses from are not read. */
pj_status pj_losses_read(const char *path, const pj_setup *setup, const pj_network *network,
                         const pj_choice_list *choices, pj_arena *arena, pj_losses *out, pj_error *err);

/* The same from memory. */
pj_status pj_losses_parse(const char *text, size_t length, const char *name, bool is_csv, const pj_network *network,
                          const pj_choice_list *choices, pj_arena *arena, pj_losses *out, pj_error *err);
