/* Training: FLOPs of the graph on a device, GPU hours, or steps of a known energy. And circuits, by V4's heuristic. */
#include <math.h>
#include <string.h>

#include "arith/number.h"
#include "cost/device.h"
#include "footprint/footprint.h"
#include "footprint/formulas.h"

/* A device as it computes at its peak. */
typedef struct peak {
    double watts, flops; /* flops: per second */
} peak;

/* One that is absent is no matter of how the command was called. */
static pj_status open_device(const char *name, const pj_setup *setup, pj_device **out, pj_error *err)
{
    pj_status status = pj_device_open(name, setup, out, err);
    pj_error_at(status == PJ_OK ? NULL : err, name, NULL, NULL);
    return status;
}

static pj_status find_peak(const char *name, const pj_setup *setup, const char *precision, peak *out, pj_error *err)
{
    enum { OPS = 1000000 };
    pj_device *device = NULL;
    pj_device_work work = {.ops = OPS, .utilization = 1};
    pj_device_cost cost = {0};
    PJ_TRY(pj_number_parse(precision, &work.format, err));
    PJ_TRY(open_device(name, setup, &device, err));
    pj_status status =
        strcmp(pj_device_formula(device), "datasheet") == 0
            ? pj_device_estimate(device, &work, &cost, err)
            : pj_fail(err, PJ_EFORMAT, "device %.60s has formula %s; operations alone have no energy there", name,
                      pj_device_formula(device));
    pj_device_close(device);
    PJ_TRY(status);
    if (!cost.has_energy || !cost.has_time || !(cost.time_us > 0))
        return pj_fail(err, PJ_EFORMAT, "no power or no peak is published of device %.60s", name);
    *out = (peak){cost.energy_pj * 1e-12 / (cost.time_us * 1e-6), OPS / (cost.time_us * 1e-6)};
    return PJ_OK;
}

static const char *the_device(const pj_setup *setup)
{
    return setup && setup->device_count == 1 ? setup->devices[0] : NULL;
}

static void begin(const pj_footprint_ask *ask, const char *kind, pj_boundary boundary, pj_energy_source *out)
{
    *out = (pj_energy_source){.name = kind,
                              .kind = kind,
                              .boundary = boundary,
                              .joules = NAN,
                              .seconds = NAN,
                              .queries_per_run = 1,
                              .tokens = NAN,
                              .low_j = NAN,
                              .high_j = NAN,
                              .held_pue = NAN,
                              .task = ask->energy.task,
                              .hardware = ask->energy.hardware,
                              .params = -1};
}

/* FLOPs of one sample forward, off the graph. */
static pj_status find_forward(const pj_footprint_ask *ask, pj_arena *arena, double *flops, pj_energy_source *source,
                              pj_error *err)
{
    pj_result *result = NULL;
    pj_status status = pj_result_open(ask->energy.paths[0], ask->energy.setup, &result, err);
    pj_error_at(status == PJ_OK ? NULL : err, ask->energy.paths[0], NULL, NULL);
    PJ_TRY(status);
    const pj_totals *totals = &result->totals;
    *flops = (double)totals->flops / (totals->batch > 0 ? (double)totals->batch : 1);
    source->path = source->name = pj_arena_strdup(arena, ask->energy.paths[0]);
    source->params = totals->params;
    source->layers = totals->layers;
    source->uncounted = totals->uncounted;
    source->figures = totals->layers - totals->uncounted;
    pj_result_free(result);
    return source->path ? PJ_OK : pj_fail_memory(err);
}

static pj_status of_model(const pj_footprint_ask *ask, pj_arena *arena, pj_training *out, pj_energy_source *source,
                          pj_error *err)
{
    const pj_training_ask *t = &ask->training;
    const char *device = the_device(ask->energy.setup);
    double forward;
    peak best;
    if (ask->energy.path_count != 1 || !device)
        return pj_fail(err, PJ_EARGUMENT,
                       "--training wants one model and one --device, or --gpu-hours and --watts, or "
                       "--energy of a step");
    PJ_TRY(find_forward(ask, arena, &forward, source, err));
    PJ_TRY(find_peak(device, ask->energy.setup, t->precision, &best, err));
    source->figure = source->hardware = device;
    out->flops = pj_training_flops(out->steps, t->batch, forward, t->backward);
    out->joules = pj_training_joules(out->flops, best.watts, best.flops, t->mfu);
    out->hours = pj_training_hours(out->flops, best.flops, t->mfu) / t->devices;
    return PJ_OK;
}

static pj_status find(const pj_footprint_ask *ask, pj_arena *arena, pj_training *out, pj_energy_source *source,
                      pj_error *err)
{
    const pj_training_ask *t = &ask->training;
    bool by_hours = !isnan(t->gpu_hours);
    if (by_hours && isnan(t->watts))
        return pj_fail(err, PJ_EARGUMENT, "--gpu-hours wants --watts: the power of one device");
    if (by_hours) {
        source->boundary = PJ_BOUND_ESTIMATE;
        out->joules = pj_joules_of(t->watts, t->gpu_hours);
        out->hours = t->gpu_hours / t->devices;
        return PJ_OK;
    }
    if (isnan(t->epochs) || isnan(t->samples) || isnan(t->batch))
        return pj_fail(err, PJ_EARGUMENT,
                       "--training wants --epochs, --samples and --batch, or --gpu-hours and --watts");
    out->steps = pj_training_steps(t->samples, t->batch, t->epochs);
    if (isnan(ask->energy.joules))
        return of_model(ask, arena, out, source, err);
    source->boundary = PJ_BOUND_GIVEN;
    out->joules = ask->energy.joules * out->steps;
    return PJ_OK;
}

pj_status pj_training_find(const pj_footprint_ask *ask, pj_arena *arena, pj_training *out, pj_energy_source *source,
                           pj_error *err)
{
    *out = (pj_training){NAN, NAN, NAN, NAN};
    begin(ask, "training", PJ_BOUND_DEVICE, source);
    PJ_TRY(find(ask, arena, out, source, err));
    out->joules *= 1 + ask->training.overhead_percent / 100;
    source->joules = out->joules;
    source->seconds = out->hours * 3600;
    return PJ_OK;
}

pj_status pj_quantum_find(const pj_footprint_ask *ask, pj_arena *arena, pj_energy_source *source, pj_error *err)
{
    const char *device = the_device(ask->energy.setup);
    pj_device *opened = NULL;
    pj_device_cost cost = {0};
    (void)arena;
    if (!device)
        return pj_fail(err, PJ_EARGUMENT, "--quantum wants one --device, for example v4-quantum-simulator");
    PJ_TRY(open_device(device, ask->energy.setup, &opened, err));
    bool published = pj_device_is_v4(opened);
    pj_device_work work = {.format = pj_number_float(32, PJ_FLOAT_PLAIN),
                           .ops = pj_quantum_ops(ask->qubits, ask->layers, ask->circuit_tokens),
                           .batch = 16,
                           .utilization = 1};
    work.params = published ? work.ops / (2 * work.batch) : 0; /* V4 counts operations as 2 * params * batch */
    pj_status status = pj_device_estimate(opened, &work, &cost, err);
    pj_device_close(opened);
    PJ_TRY(status);
    if (!cost.has_energy)
        return pj_fail(err, PJ_EFORMAT, "no energy is published of device %.60s", device);
    begin(ask, "quantum", PJ_BOUND_ESTIMATE, source);
    source->figure = source->hardware = device;
    source->joules = cost.energy_pj * 1e-12;
    return PJ_OK;
}
