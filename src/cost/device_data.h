/* What a loaded device profile holds; only device.c (estimates) and device_read.c (reads) look inside. */
#pragma once

#include "cost/device.h"
#include "cost/float_format.h"

typedef enum pj_device_method {
    PJ_DEVICE_DATASHEET,
    PJ_DEVICE_MEASURED,
    PJ_DEVICE_V4,
    PJ_DEVICE_CAPACITY,
    PJ_DEVICE_FITTED,
    PJ_DEVICE_METHODS
} pj_device_method;

/* "datasheet", "measured", "v4", "capacity", "fitted", NULL. */
extern const char *const pj_device_method_words[PJ_DEVICE_METHODS + 1];

/* Negative: not published. */
typedef struct pj_device_rate {
    bool given;
    double tops;
    double pj_per_op;
} pj_device_rate;

/* How a load uses the device; README.md of energy_tables has the formula. */
typedef struct pj_usage {
    bool given;
    const char *basis;                                  /* "own fit, 96 points" */
    double utilization[PJ_PRECISIONS][PJ_WORK_CLASSES]; /* 0: nothing is known of that precision */
    double layer_us, run_us, host_w, idle_share, active_share;
    double low, high; /* of an estimate: measured energies are that many times it; negative: not stated */
} pj_usage;

/* What layers of a class cost on a machine where layers were measured. */
typedef struct pj_class_cost {
    bool given;
    double pad_channels; /* channels of convolutions are taken in multiples of that; 0: as they are */
    double pj_per_op;    /* where there are no MACs */
    double pj_per_mac, pj_per_input_byte, pj_per_output_byte, pj_per_weight_byte, uj_per_layer;
} pj_class_cost;

typedef struct pj_fitted {
    bool given;
    const char *basis;
    pj_class_cost of[PJ_WORK_CLASSES];
    double watts; /* energy over this is time; 0: not known */
    double uj_per_run;
    double low, high;
} pj_fitted;

struct pj_device {
    pj_arena *arena;
    const char *name;
    const char *title;
    const char *class_word;
    const char *notes;
    pj_device_method method;
    /* negative: not published */
    double power_w;
    double idle_w;
    double gb_per_s;
    double pj_per_byte;
    double utilization;
    double memory_gb, ram_kb, flash_kb;
    pj_device_rate rates[PJ_PRECISIONS];
    int measured_at; /* precision of the measured networks */
    double mean_pj_per_mac, low_pj_per_mac, high_pj_per_mac;
    pj_usage usage[PJ_LOADS];
    pj_fitted fitted;
    pj_figures figures;
};

/* Reads $.loads, or takes the device's class's, and $.fitted: figures that tests/bench/fit_devices.py or
 * `devices --fit` wrote. */
pj_status pj_device_read_usage(pj_device *device, pj_json root, pj_error *err);
pj_status pj_device_read_fitted(pj_device *device, pj_json root, pj_error *err);

/* Fills an empty profile (arena, name and figures are set) from its document. */
pj_status pj_device_fill(pj_device *device, pj_json root, pj_error *err);
