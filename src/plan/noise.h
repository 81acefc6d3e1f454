/* How much noise a number format adds: noise power over signal power, from the format alone or with a known range.
 *
 *     integers of b bits, no range known    16/3 * 4^-b       uniform quantization that reaches to four standard
 * deviations: (8 sigma / 2^b)^2 / 12 over sigma^2 integers, range and rms known         D^2 / 12 / rms^2  D = (max -
 * min) / (2^b - 1), zero inside the range floats of p significant bits          0.180 * 4^-p      for numbers spread
 * over several powers of two
 *
 * Sources: Jayant and Noll, Digital Coding of Waveforms, 1984 (four-sigma loading); Widrow and Kollar, Quantization
 * Noise, 2008, chapter 12 (floating point). */
#pragma once

#include "arith/number.h"
#include "ir/graph.h"
#include "picojoule/setup.h"

/* What calibration says of a tensor; rms 0: not known, then that of numbers spread evenly over the range. */
typedef struct pj_range {
    double min, max, rms;
} pj_range;

/* Noise of a format; `range` may be NULL. 0 for a tensor that is always 0. */
double pj_format_noise(const pj_number *number, const pj_range *range);

/* Ranges by name of tensor, from a file (picojoule.ranges/1):
 *     {"schema": "picojoule.ranges/1", "tensors": {"NAME": {"min": -1.5, "max": 3, "rms": 0.7}, "OTHER": [0, 6]}}
 * "samples", where it is given, is the largest number of the range named "". The map and what is in it lives in
 * `arena`. PJ_EFORMAT with the JSON path: min above max, no such tensor. */
pj_status pj_ranges_read(const char *path, const pj_setup *setup, const pj_model *model, pj_arena *arena, pj_map *out,
                         pj_error *err);
pj_status pj_ranges_parse(const char *json, size_t length, const char *name, const pj_model *model, pj_arena *arena,
                          pj_map *out, pj_error *err);
