/* Totals of a model, and the estimates of devices beside the table's joules. */
#pragma once

#include "cost/device.h"
#include "cost/layer.h"

/* Where a constant's bytes come from: a view or a quantizer of one constant has the same elements. */
const pj_value *pj_parameter_root(const pj_precision *precision, const pj_value *value);

/* Sums in graph order. Parameters count once for each distinct constant. PJ_EOVERFLOW, PJ_ENOMEM. */
pj_status pj_layers_total(const pj_model *model, const pj_precision *precision, const pj_layers *layers,
                          pj_arena *arena, pj_diags *diags, pj_totals *out, pj_error *err);

/* Fills `work_class`, `input_bits` and `output_bits` of each priced layer, under both rules by the shapes and formats
 * of its tensors; beyond 63 bits: INT64_MAX. */
void pj_layers_traffic(const pj_precision *precision, pj_layers *layers);

/* Fills `devices` of each layer and of the totals (one figure per device of the setup), and what stands beside them. A
 * layer whose format a device does not have gets no figure there, and a finding per device and format. PJ_EARGUMENT:
 * load or utilization of the setup. */
pj_status pj_estimate_devices(const pj_model *model, const pj_setup *setup, const pj_precision *precision,
                              const pj_device *const *devices, pj_layers *layers, pj_totals *totals, pj_arena *arena,
                              pj_diags *diags, pj_error *err);
