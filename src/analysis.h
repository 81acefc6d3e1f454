/* What an analysis holds: for the public entry points beside picojoule.c. */
#ifndef PJ_ANALYSIS_H
#define PJ_ANALYSIS_H

#include "cost/device.h"
#include "cost/layer.h"
#include "picojoule/energy.h"
#include "quant/precision.h"

struct pj_analysis {
    pj_arena *arena;
    pj_model *model;
    pj_settings settings;
    pj_table *table;
    pj_device **devices;
    pj_precision precision; /* settled by the layers */
    pj_layers layers;
    pj_totals totals;
    pj_diags diags;
    pj_finding *findings;
    size_t finding_count;
    pj_unknown_op *unknown;
    size_t unknown_count;
    const pj_shared_parameter *shared;
    size_t shared_count;
};

#endif
