/* What a loaded device profile holds; only device.c (estimates) and device_read.c (reads) look inside. */
#pragma once

#include "cost/device.h"
#include "cost/float_format.h"

typedef enum pj_device_method {
    PJ_DEVICE_DATASHEET,
    PJ_DEVICE_MEASURED,
    PJ_DEVICE_V4,
    PJ_DEVICE_CAPACITY,
    PJ_DEVICE_METHODS
} pj_device_method;

/* "datasheet", "measured", "v4", "capacity", NULL. */
extern const char *const pj_device_method_words[PJ_DEVICE_METHODS + 1];

/* Negative: not published. */
typedef struct pj_device_rate {
    bool given;
    double tops;
    double pj_per_op;
} pj_device_rate;

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
    pj_figures figures;
};

/* Fills an empty profile (arena, name and figures are set) from its document. */
pj_status pj_device_fill(pj_device *device, pj_json root, pj_error *err);
