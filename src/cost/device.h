/* Device profiles: the estimate that a data sheet (or a measured board) allows for a layer.
 *
 *     busy   = max(ops / (peak * utilization), bytes / bandwidth)            utilization by class of work and precision
 *     time   = busy + fixed time                                             of each layer with MACs, and of the run
 *     energy = (host + idle) * time + active share * power * busy            idle: the profile's, or a share of power
 *
 * with the figures that a load has in the profile, or in its class. Where neither has any:
 *
 *     energy = ops * pJ/op(precision) / utilization + bytes * pJ/byte        pJ/op = power / peak, unless stated
 *     time   = max(ops / (peak * utilization), bytes / bandwidth)            idle energy = idle power * time, apart
 *
 * Formula "fitted", and "measured" boards with such figures: by class of work, macs * pJ/MAC, bytes of inputs, outputs
 * and weights at prices of their own, and a fixed energy for each layer.
 * Formula "measured": a board measured on whole networks: energy = macs * pJ/MAC, the mean of the networks as the
 * figure and their range beside it; everything on the board is in it, memory too.
 * Formula "v4": as the V4 energy-aware training module published it: ops = 2 * params * batch * sequence, and
 * utilization = max(0.2, min(1, batch / 16)). Its unit errors are kept; the -corrected profiles have none.
 * Formula "capacity": no power or rate is published, only memories: there is no estimate. */
#pragma once

#include "arith/number.h"
#include "base/figure.h"
#include "cost/roofline.h"
#include "setup/resource.h"

typedef struct pj_device pj_device;

/* What a device does: one inference after the other, or as many as it can. */
typedef enum pj_load { PJ_LOAD_LATENCY, PJ_LOAD_THROUGHPUT, PJ_LOADS } pj_load;

/* "latency", "throughput", NULL. */
extern const char *const pj_load_words[PJ_LOADS + 1];

/* A profile by resource of the setup (may be NULL), built-in name, else by file; errors as pj_table_open. The caller
 * closes *out. */
pj_status pj_device_open(const char *name_or_path, const pj_setup *setup, pj_device **out, pj_error *err);
pj_status pj_device_take(const pj_bytes *bytes, const char *name, pj_device **out, pj_error *err); /* as found */
pj_status pj_device_parse(const char *json, size_t length, const char *name, pj_device **out, pj_error *err);
void pj_device_close(pj_device *device); /* NULL is allowed */

const char *pj_device_name(const pj_device *device);
const char *pj_device_title(const pj_device *device);
const char *pj_device_class(const pj_device *device);   /* "gpu", "cpu", "mcu" ... */
const char *pj_device_formula(const pj_device *device); /* "datasheet", "measured", "v4", "capacity", "fitted" */
const char *pj_device_notes(const pj_device *device);   /* may be empty */
double pj_device_idle_w(const pj_device *device);       /* negative: not published */
bool pj_device_is_v4(const pj_device *device);          /* its notes say what is wrong with its formula */
/* Where `weights` bytes and `activations` bytes at once (negative: not known) go: weights to flash where there is one,
 * activations to RAM; a device with one memory holds both there. *what, *has and *wants name the memory and the bytes
 * of the first that is too small, else of the fullest; "": the profile states none. */
void pj_device_fits(const pj_device *device, double weights, double activations, const char **what, double *has,
                    double *wants);
/* The figures that estimates rest on that were recalled and not seen in print, "peak.fp32.tops, power.w", in `arena`;
 * "": none. NULL: out of memory. */
const char *pj_device_marked(const pj_device *device, pj_arena *arena);
const pj_figure *pj_device_figures(const pj_device *device, size_t *count);

/* Names of the built-in profiles, sorted; NULL past the last. */
const char *pj_device_builtin(size_t index);

/* The share of the peak that V4 assumes for a batch: max(0.2, min(1, batch / 16)). Its penalty is one over that. */
double pj_v4_utilization(double batch);

/* What a layer asks of the device. */
typedef struct pj_device_work {
    pj_number format;   /* in which it computes */
    double ops;         /* operations; a MAC is two */
    double macs;        /* of them */
    pj_work_class kind; /* what work it is */
    pj_load load;
    double channels_in, channels_out;               /* of a filter of a convolution; 0: it is none */
    double input_bytes, output_bytes, weight_bytes; /* moved to and from memory */
    double params;                                  /* elements; formula v4 only */
    double batch;                                   /* samples per run; formula v4 only; 0 counts as 1 */
    double sequence;                                /* tokens per sample; formula v4 only; 0 counts as 1 */
    double utilization; /* 0..1 of the peak; 0: the profile's own, else 1 (a lower bound of the energy) */
} pj_device_work;

typedef struct pj_device_cost {
    const char *precision; /* at which it was priced: "fp16", "int8", "any" */
    bool widened;          /* not the work's own format: the nearest wider one that the device has */
    bool has_energy;       /* false: the power is not published */
    double energy_pj;
    double low_pj, high_pj; /* what the errors of such estimates justify; negative: nobody knows */
    bool has_time;          /* false: no peak is published */
    double time_us;
    bool has_idle;
    double idle_pj; /* idle power * time, not in energy_pj */
} pj_device_cost;

/* What a data sheet says in short; NAN: it does not. Operations a second are those of fp16, else bf16, fp32 or int8. */
typedef struct pj_device_sheet {
    double watts, bytes_per_second, ops_per_second;
} pj_device_sheet;
pj_device_sheet pj_device_sheet_of(const pj_device *device);

/* What a run costs beside its layers. */
void pj_device_run(const pj_device *device, pj_load load, double *energy_pj, double *time_us);
/* What the estimate of a load rests on: "own fit, 96 points", "fit of class gpu, 6 points", "measured networks",
 * "V4 formula", "memories alone", "data sheet". */
const char *pj_device_basis(const pj_device *device, pj_load load);

/* What a model of floats could become to run on it: "fp16" or "int8", the wider where it has both; NULL: neither. */
const char *pj_device_substitute(const pj_device *device);

/* MACs of filters whose output channels, and input channels where they are more than `multiple`, are taken in multiples
 * of that. As they are where the channels are not known, or `multiple` is at most 1. */
double pj_padded_macs(double macs, double channels_in, double channels_out, double multiple);

/* PJ_EUNSUPPORTED: nobody has measured such layers on a device of measured ones, or the device has neither the format
 * nor a wider one (fp32 on an int8 accelerator): no figure is guessed, the sentence names what it has. */
pj_status pj_device_estimate(const pj_device *device, const pj_device_work *work, pj_device_cost *out, pj_error *err);
