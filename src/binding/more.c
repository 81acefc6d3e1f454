/* Further commands of one call with JSON: footprint, lifecycle, regions, layers. They read files by name. */
#include "binding/commands.h"

#include <math.h>

#include "picojoule/footprint.h"
#include "picojoule/layers.h"

enum { MOST_REGIONS = 32, MOST_INPUTS = 64 };

/* ---- what several read ---- */

/* A number as a text, within what its quantity can be. */
static pj_status read_quantity(pj_json request, const char *name, const char *quantity, double *out, pj_error *err)
{
    const char *text = NULL;
    double number = NAN;
    PJ_TRY(pj_json_opt_text(request, name, &text, err));
    if (!text)
        return PJ_OK;
    const char *wants = pj_quantity_wants(quantity, pj_number_read(text, &number) ? number : NAN);
    if (wants)
        return pj_fail(err, PJ_EARGUMENT, "\"%s\" wants %s, not \"%.32s\"", name, wants, text);
    *out = number;
    return PJ_OK;
}

static pj_status read_joules(pj_json request, const char *name, double *out, pj_error *err)
{
    const char *text = NULL;
    PJ_TRY(pj_json_opt_text(request, name, &text, err));
    return !text || pj_joules_read(text, out)
               ? PJ_OK
               : pj_fail(err, PJ_EARGUMENT, "\"%s\" wants an energy as 0.102J, not \"%.32s\"", name, text);
}

static pj_status read_site(pj_json request, const char **regions, pj_site *out, pj_error *err)
{
    double losses_percent = 0;
    PJ_TRY(pj_asked_texts(request, "region", regions, MOST_REGIONS, &out->region_count, err));
    out->regions = regions;
    PJ_TRY(read_quantity(request, "intensity", "g_per_kwh", &out->intensity, err));
    PJ_TRY(read_quantity(request, "pue", "pue", &out->pue, err));
    PJ_TRY(read_quantity(request, "wue-onsite", "wue_onsite", &out->wue_onsite, err));
    PJ_TRY(read_quantity(request, "wue-offsite", "wue_offsite", &out->wue_offsite, err));
    PJ_TRY(read_quantity(request, "losses", "losses_percent", &losses_percent, err));
    PJ_TRY(read_quantity(request, "price", "price_per_kwh", &out->price, err));
    out->losses = losses_percent / 100;
    return PJ_OK;
}

#define SITE "region", "intensity", "pue", "wue-onsite", "wue-offsite", "losses", "price"

/* ---- footprint: of the model, of the files "inputs", or of "energy" ---- */

static pj_status read_footprint(const pj_asked *asked, const char **inputs, const char **regions, pj_footprint_ask *out,
                                pj_error *err)
{
    const pj_json request = asked->request;
    pj_energy_ask *energy = &out->energy;
    energy->setup = asked->setup;
    energy->paths = inputs;
    PJ_TRY(read_joules(request, "energy", &energy->joules, err));
    PJ_TRY(pj_asked_texts(request, "inputs", inputs, MOST_INPUTS, &energy->path_count, err));
    if (!energy->path_count && isnan(energy->joules))
        inputs[energy->path_count++] = asked->model->name;
    PJ_TRY(pj_json_opt_text(request, "figure", &energy->figure, err));
    PJ_TRY(read_quantity(request, "queries-per-run", "queries_per_run", &energy->queries_per_run, err));
    PJ_TRY(read_quantity(request, "per-day", "queries_per_day", &out->per_day, err));
    PJ_TRY(read_quantity(request, "days", "days", &out->days, err));
    PJ_TRY(pj_json_opt_bool(request, "mix", &out->mix, err));
    return read_site(request, regions, &out->site, err);
}

static pj_status footprint(const pj_asked *asked, pj_error *err)
{
    const char *inputs[MOST_INPUTS], *regions[MOST_REGIONS];
    pj_footprint_ask ask = pj_footprint_ask_default();
    pj_footprint *found = NULL;
    pj_asked_leave(asked);
    pj_status status = read_footprint(asked, inputs, regions, &ask, err);
    if (status == PJ_OK)
        status = pj_footprint_run(&ask, &found, err);
    if (status == PJ_OK && found->refusal)
        status = pj_fail(err, PJ_EARGUMENT, "%s", found->refusal);
    if (status == PJ_OK)
        status = pj_footprint_write(found, asked->options, asked->sink, asked->payload, err);
    pj_footprint_free(found);
    return status;
}

/* ---- lifecycle: of the file "file" ---- */

static pj_status lifecycle(const pj_asked *asked, pj_error *err)
{
    const char *path = NULL, *regions[MOST_REGIONS];
    pj_site site = pj_site_default();
    pj_lifecycle *found = NULL;
    bool mix = false;
    pj_asked_leave(asked);
    PJ_TRY(pj_json_get_text(asked->request, "file", &path, err));
    PJ_TRY(pj_json_opt_bool(asked->request, "mix", &mix, err));
    PJ_TRY(read_site(asked->request, regions, &site, err));
    pj_status status = pj_lifecycle_run(path, &site, mix, &found, err);
    if (status == PJ_OK)
        status = pj_lifecycle_write(found, asked->options, asked->sink, asked->payload, err);
    pj_lifecycle_free(found);
    return status;
}

static pj_status regions(const pj_asked *asked, pj_error *err)
{
    const char *name = NULL;
    pj_asked_leave(asked);
    PJ_TRY(pj_json_opt_text(asked->request, "name", &name, err));
    return pj_regions_write(name, asked->options, asked->sink, asked->payload, err);
}

/* ---- layers: the profile "trace", with the joules of "measurement" or "joules-per-run" ---- */

static pj_status read_layers(const pj_asked *asked, pj_layers_ask *out, pj_error *err)
{
    const pj_json request = asked->request;
    double drop_runs = (double)out->drop_runs;
    out->model = asked->model->name;
    out->setup = asked->setup;
    PJ_TRY(pj_json_get_text(request, "trace", &out->trace, err));
    PJ_TRY(pj_json_opt_text(request, "measurement", &out->measurement, err));
    PJ_TRY(pj_json_opt_text(request, "optimized", &out->optimized, err));
    PJ_TRY(read_joules(request, "joules-per-run", &out->joules_per_run, err));
    PJ_TRY(read_quantity(request, "drop-runs", "runs", &drop_runs, err));
    if (!(drop_runs < 1e9))
        return pj_fail(err, PJ_EARGUMENT, "\"drop-runs\" wants less than 1e9, not %g", drop_runs);
    out->drop_runs = (size_t)drop_runs;
    return PJ_OK;
}

static pj_status layers(const pj_asked *asked, pj_error *err)
{
    pj_layers_ask ask = pj_layers_ask_default();
    pj_layered *found = NULL;
    pj_asked_leave(asked);
    pj_status status = read_layers(asked, &ask, err);
    if (status == PJ_OK)
        status = pj_layers_run(&ask, &found, err);
    if (status == PJ_OK)
        status = pj_layers_write((const pj_layered *const[]){found}, NULL, 1, asked->options, asked->sink,
                                 asked->payload, err);
    pj_layers_free(found);
    return status;
}

const pj_asked_command *pj_asked_more(size_t *count)
{
    static const char *const of_footprint[] = {"inputs", "energy", "figure", "queries-per-run", "per-day", "days",
                                               "mix",    SITE,     NULL},
                             *const of_lifecycle[] = {"file", "mix", SITE, NULL}, *const of_regions[] = {"name", NULL},
                             *const of_layers[] = {"trace",          "measurement", "optimized",
                                                   "joules-per-run", "drop-runs",   NULL};
    static const pj_asked_command commands[] = {
        {"footprint", of_footprint, footprint},
        {"lifecycle", of_lifecycle, lifecycle},
        {"regions",   of_regions,   regions  },
        {"layers",    of_layers,    layers   },
    };
    *count = sizeof commands / sizeof *commands;
    return commands;
}
