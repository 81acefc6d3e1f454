/* Distributions of the numbers of a tensor, from which ranges are cut that leave outliers out. */
#pragma once

#include "base/arena.h"
#include "samples/array.h"

enum { PJ_HISTOGRAM_BINS = 2048 };

typedef struct pj_histogram {
    double low, high; /* of the bins, which are equally wide */
    uint64_t *count;  /* of each bin */
    uint64_t all;
} pj_histogram;

bool pj_histogram_init(pj_histogram *histogram, double low, double high, pj_arena *arena);
void pj_histogram_add(pj_histogram *histogram, const pj_ndarray *array);

/* The range that `percent` of the numbers are in, as many left out below as above; to the width of a bin. */
void pj_histogram_percentile(const pj_histogram *histogram, double percent, double *low, double *high);

/* The bound of magnitudes whose histogram, told in 8-bit steps, differs least from the whole one (Kullback-Leibler
 * divergence; Migacz, 8-bit Inference with TensorRT, 2017). The histogram is one of magnitudes, from 0 on. */
double pj_histogram_entropy(const pj_histogram *histogram);
