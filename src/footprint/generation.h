/* Generating text: one decode step for each token, each with one token more in the past. */
#pragma once

#include "base/json.h"

/* The picojoules of `tokens` steps, off the points of a sweep (picojoule.sweep/1) over one dimension, the length of the
 * past: the first step at its least value, each next one at one more, between points in a straight line. `key` is the
 * member of the points that has the energy. PJ_EFORMAT: several dimensions, a point without that energy, or more steps
 * than the sweep reaches. */
pj_status pj_generation_find(pj_json sweep, const char *key, double tokens, double *pj, pj_error *err);
