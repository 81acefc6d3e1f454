/* Energies of models, of reports about them, and of generations. */
#include "footprint/reader.h"

#include <math.h>
#include <string.h>

#include "footprint/generation.h"
#include "result/field.h"

/* ---- models and reports ---- */

static pj_status add_device(pj_energy_reader *r, const pj_result *result, size_t device)
{
    const pj_totals *totals = &result->totals;
    const pj_device_note *note = &totals->device_notes[device];
    const double pj = totals->devices[device].energy_pj >= 0 ? totals->devices[device].energy_pj : note->at_least_pj;
    pj_energy_source row = r->row;
    row.figure = pj_energy_keep(r, result->devices[device]);
    row.hardware = row.hardware ? row.hardware : row.figure;
    row.boundary = PJ_BOUND_DEVICE;
    row.figures = note->layers;
    if (pj < 0)
        return pj_fail(r->err, PJ_EFORMAT, "device %.60s has no energy for any layer of it", row.figure);
    row.load = pj_energy_keep(r, note->load);
    row.basis = pj_energy_keep(r, note->basis);
    row.joules = pj * 1e-12 / row.queries_per_run;
    if (totals->devices[device].low_pj >= 0 && totals->devices[device].energy_pj >= 0) {
        row.low_j = totals->devices[device].low_pj * 1e-12 / row.queries_per_run;
        row.high_j = totals->devices[device].high_pj * 1e-12 / row.queries_per_run;
    }
    if (totals->devices[device].time_us >= 0)
        row.seconds = totals->devices[device].time_us * 1e-6 / row.queries_per_run;
    return pj_energy_add(r, &row);
}

static pj_status add_table(pj_energy_reader *r, const pj_result *result)
{
    pj_energy_source row = r->row;
    if (strcmp(result->unit, "pJ") != 0)
        return pj_fail(r->err, PJ_EFORMAT, "table %.60s has relative units, no joules: there is no footprint of it",
                       result->table);
    row.figure = pj_energy_keep(r, result->table);
    row.hardware = row.hardware ? row.hardware : row.figure;
    row.boundary = PJ_BOUND_OPERATIONS;
    row.figures = row.layers - row.uncounted;
    row.joules = pj_energy_total(&result->totals.energy) * 1e-12 / row.queries_per_run;
    return pj_energy_add(r, &row);
}

pj_status pj_energy_of_result(pj_energy_reader *r, const pj_result *result)
{
    const char *figure = r->ask->figure;
    bool found = false;
    r->row.uncounted = result->totals.uncounted;
    r->row.layers = result->totals.layers;
    r->row.params = result->totals.params;
    pj_energy_queries(r, (double)result->totals.batch);
    if (figure && strcmp(figure, "table") == 0)
        return add_table(r, result);
    for (size_t i = 0; i < result->setup.device_count; i++)
        if (!figure || strcmp(figure, result->devices[i]) == 0) {
            PJ_TRY(add_device(r, result, i));
            found = true;
        }
    if (!found && figure)
        return pj_fail(r->err, PJ_EFORMAT, "it has no figures of device \"%.60s\"", figure);
    if (!found)
        pj_energy_refuse(r);
    return PJ_OK;
}

pj_status pj_energy_of_report(pj_energy_reader *r, const char *bytes, size_t length)
{
    pj_result *result = NULL;
    PJ_TRY(bytes ? pj_result_parse(bytes, length, r->path, &result, r->err)
                 : pj_result_open(r->path, r->ask->setup, &result, r->err));
    pj_status status = pj_energy_of_result(r, result);
    pj_result_free(result);
    return status;
}

/* ---- picojoule.generation/1: a query is the request of one sequence ---- */

static bool is_wanted(const pj_energy_reader *r, const char *figure)
{
    return !r->ask->figure || strcmp(r->ask->figure, figure) == 0;
}

/* The bound of a device, and what GPUs that serve were measured to take instead. */
static pj_status add_served(pj_energy_reader *r, pj_json device, const char *name)
{
    const char *const keys[] = {pj_key_energy_pj, "served_pj"};
    for (int i = 0; i < 2; i++) {
        pj_energy_source row = r->row;
        pj_str figure = pj_str_new(0);
        pj_json energy = pj_json_find(device, keys[i]), time = pj_json_find(device, pj_key_time_us);
        double pj, us = -1;
        pj_str_printf(&figure, "%s%s", name, i ? " as served" : "");
        row.figure = pj_str_keep(&figure, r->out->arena);
        if (!row.figure)
            return pj_fail_memory(r->err);
        if (!energy.node || pj_json_kind_of(energy) == PJ_JSON_NULL || !is_wanted(r, row.figure))
            continue;
        PJ_TRY(pj_json_as_double(energy, &pj, r->err));
        if (time.node && pj_json_kind_of(time) != PJ_JSON_NULL && !i)
            PJ_TRY(pj_json_as_double(time, &us, r->err));
        row.hardware = row.hardware ? row.hardware : pj_energy_keep(r, name);
        row.boundary = PJ_BOUND_DEVICE;
        row.joules = pj * 1e-12 / row.queries_per_run;
        row.seconds = us >= 0 ? us * 1e-6 / row.queries_per_run : NAN;
        PJ_TRY(pj_energy_add(r, &row));
    }
    return PJ_OK;
}

pj_status pj_energy_of_generation(pj_energy_reader *r, pj_json root)
{
    pj_json asked, request, devices, energy, settings;
    const char *table = "", *unit = "";
    double tokens, batch;
    size_t before = r->out->count;
    PJ_TRY(pj_json_get_object(root, "asked", &asked, r->err));
    PJ_TRY(pj_json_get_object(root, "request", &request, r->err));
    PJ_TRY(pj_json_get_object(root, "settings", &settings, r->err));
    PJ_TRY(pj_json_get_object(request, "devices", &devices, r->err));
    PJ_TRY(pj_json_get_object(request, pj_key_energy_pj, &energy, r->err));
    PJ_TRY(pj_json_get_double(asked, "tokens", &tokens, r->err));
    PJ_TRY(pj_json_get_double(asked, "batch", &batch, r->err));
    if (!(tokens >= 1 && batch >= 1))
        return pj_json_fail(asked, PJ_EFORMAT, r->err, "%g tokens of %g sequences are no request", tokens, batch);
    pj_energy_begin(r, "generation");
    pj_energy_queries(r, batch);
    r->row.tokens = isnan(r->row.tokens) ? tokens : r->row.tokens;
    for (pj_json at = pj_json_first(devices); at.node; at = pj_json_next(at))
        PJ_TRY(add_served(r, at, pj_json_key(at)));
    if (r->ask->figure && strcmp(r->ask->figure, "table") == 0) {
        pj_energy_source row = r->row;
        PJ_TRY(pj_json_get_text(settings, "table", &table, r->err));
        PJ_TRY(pj_json_get_text(settings, "unit", &unit, r->err));
        if (strcmp(unit, "pJ") != 0)
            return pj_fail(r->err, PJ_EFORMAT, "it has relative units, no joules");
        PJ_TRY(pj_json_get_double(energy, "total", &row.joules, r->err));
        row.figure = pj_energy_keep(r, table);
        row.hardware = row.hardware ? row.hardware : row.figure;
        row.boundary = PJ_BOUND_OPERATIONS;
        row.joules *= 1e-12 / row.queries_per_run;
        PJ_TRY(pj_energy_add(r, &row));
    }
    if (r->out->count == before && r->ask->figure)
        return pj_fail(r->err, PJ_EFORMAT, "it has no figures of device \"%.60s\"", r->ask->figure);
    if (r->out->count == before)
        pj_energy_refuse(r);
    return PJ_OK;
}
