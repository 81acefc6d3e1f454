/* What an analysis rests on: for the public entry points beside picojoule.c. Borrowed; valid as long as it. */
#ifndef PJ_ANALYSIS_H
#define PJ_ANALYSIS_H

#include "cost/layer.h"

const pj_precision *pj_analysis_precision(const pj_analysis *analysis); /* settled by the layers */
const pj_layers *pj_analysis_counts(const pj_analysis *analysis);       /* rows and what stands behind them */

#endif
