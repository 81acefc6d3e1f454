/* The roofline: how long a piece of work takes on a machine that computes and moves at the same time. Pure arithmetic:
 * devices bring rates of data sheets or fits, memory hierarchies those of their levels. */
#pragma once

#include "base/libc.h"

/* What the utilization of a machine depends on beside the precision. */
typedef enum pj_work_class {
    PJ_WORK_CONV,        /* dense convolution, groups of several channels included */
    PJ_WORK_DEPTHWISE,   /* convolution with one input channel for each filter */
    PJ_WORK_MATMUL,      /* other work with MACs */
    PJ_WORK_POOL,        /* pooling windows */
    PJ_WORK_ELEMENTWISE, /* other arithmetic without MACs: activations, additions */
    PJ_WORK_MOVEMENT,    /* no arithmetic */
    PJ_WORK_CLASSES
} pj_work_class;

/* "conv", "depthwise", "matmul", "pool", "elementwise", "movement", NULL. */
extern const char *const pj_work_class_words[PJ_WORK_CLASSES + 1];

/* A machine for one class and precision. Rates at or below 0: no limit is known. Any unit of time, the same for all. */
typedef struct pj_roof {
    double ops_rate;    /* operations per unit of time at the peak */
    double utilization; /* of that peak, 0 to 1; 0 counts as 1 */
    double bytes_rate;  /* bytes per unit of time */
    double fixed;       /* time that each layer costs, however small */
} pj_roof;

typedef struct pj_roof_time {
    double compute; /* 0 without a rate */
    double memory;
    double total;         /* the longer of the two, and the fixed time */
    bool is_memory_bound; /* moving takes longer than computing */
} pj_roof_time;

/* Finite and not negative for finite arguments that are not negative and rates that do not underflow. */
pj_roof_time pj_roofline(const pj_roof *roof, double ops, double bytes);
