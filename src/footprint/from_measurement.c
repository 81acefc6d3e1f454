/* Energies that were measured: by this program, or by the ML Energy Score. */
#include "footprint/reader.h"

#include <math.h>
#include <string.h>

#include "footprint/formulas.h"

static const double seed003_pue = 1.2; /* what its measurements were run with */

/* ---- measurements: picojoule.measurement/1 ---- */

/* The widest place that any of its counters sits at. */
static pj_status read_boundary(pj_energy_reader *r, pj_json root)
{
    static const char *const kinds[] = {"measured", "estimate", "mixed", NULL};
    int kind = 0;
    pj_json domains = {0};
    PJ_TRY(pj_json_get_word(root, "kind", kinds, &kind, r->err));
    PJ_TRY(pj_json_opt_array(root, "domains", &domains, r->err));
    r->row.boundary = kind ? PJ_BOUND_ESTIMATE : PJ_BOUND_PACKAGE;
    for (pj_json at = pj_json_first(domains); at.node && kind == 0; at = pj_json_next(at)) {
        const char *source = "", *part = "";
        bool added = true;
        PJ_TRY(pj_json_opt_bool(at, "added", &added, r->err));
        PJ_TRY(pj_json_opt_text(at, "source", &source, r->err));
        PJ_TRY(pj_json_opt_text(at, "part", &part, r->err));
        bool wall = strcmp(source, "meter") == 0 || strcmp(source, "wall") == 0;
        if (added && wall)
            r->row.boundary = PJ_BOUND_WALL;
        else if (added && strcmp(part, "board") == 0 && r->row.boundary != PJ_BOUND_WALL)
            r->row.boundary = PJ_BOUND_MACHINE;
    }
    return PJ_OK;
}

pj_status pj_energy_of_measurement_file(pj_energy_reader *r, pj_json root)
{
    double queries = 1, joules, seconds = NAN;
    pj_json result, host = {0}, of_query;
    pj_energy_begin(r, "measurement");
    PJ_TRY(pj_json_get_object(root, "result", &result, r->err));
    PJ_TRY(pj_json_get_double(result, "joules", &joules, r->err));
    PJ_TRY(pj_json_opt_double(result, "seconds", &seconds, r->err));
    PJ_TRY(pj_json_opt_double(root, "queries", &queries, r->err));
    pj_energy_queries(r, queries);
    of_query = pj_json_find(result, "joules_per_query");
    r->row.joules = joules / r->row.queries_per_run;
    if (of_query.node && isnan(r->ask->queries_per_run))
        PJ_TRY(pj_json_as_double(of_query, &r->row.joules, r->err));
    r->row.seconds = seconds / r->row.queries_per_run;
    PJ_TRY(pj_json_opt_object(root, "host", &host, r->err));
    const char *model = NULL;
    if (host.node)
        PJ_TRY(pj_json_opt_text(host, "cpu_model", &model, r->err));
    if (!r->row.hardware)
        r->row.hardware = pj_energy_keep(r, model);
    PJ_TRY(read_boundary(r, root));
    return pj_energy_add(r, &r->row);
}

/* One that the caller has. */
pj_status pj_energy_of_measurement(pj_energy_reader *r, const pj_measurement *m)
{
    pj_energy_begin(r, "measurement");
    r->row.name = pj_energy_keep(r, m->command && m->command[0] ? m->command[0] : "the machine");
    pj_energy_queries(r, m->queries);
    r->row.joules = m->joules.mean / r->row.queries_per_run;
    r->row.seconds = m->seconds / r->row.queries_per_run;
    if (!r->row.hardware && *m->host.cpu_model)
        r->row.hardware = pj_energy_keep(r, m->host.cpu_model);
    r->row.boundary = strcmp(m->kind, "measured") == 0 ? PJ_BOUND_PACKAGE : PJ_BOUND_ESTIMATE;
    for (size_t i = 0; i < m->domain_count && r->row.boundary != PJ_BOUND_ESTIMATE; i++) {
        const pj_domain_figure *d = &m->domains[i];
        if (d->added && strcmp(d->source, "meter") == 0)
            r->row.boundary = PJ_BOUND_WALL;
        else if (d->added && strcmp(d->part, "board") == 0 && r->row.boundary != PJ_BOUND_WALL)
            r->row.boundary = PJ_BOUND_MACHINE;
    }
    return pj_energy_add(r, &r->row);
}

/* ---- results of seed 003 ---- */

pj_status pj_energy_of_seed003(pj_energy_reader *r, pj_json root)
{
    double samples, kwh, seconds = NAN, pue = isnan(r->ask->input_pue) ? seed003_pue : r->ask->input_pue;
    const char *task = NULL, *hardware = NULL, *name = NULL;
    pj_energy_begin(r, "seed003");
    PJ_TRY(pj_json_get_double(root, "num_samples", &samples, r->err));
    PJ_TRY(pj_json_get_double(root, "energy_kwh", &kwh, r->err));
    PJ_TRY(pj_json_opt_double(root, "duration_seconds", &seconds, r->err));
    PJ_TRY(pj_json_opt_text(root, "task_name", &task, r->err));
    PJ_TRY(pj_json_opt_text(root, "hardware", &hardware, r->err));
    PJ_TRY(pj_json_opt_text(root, "model_name", &name, r->err));
    if (!(samples > 0))
        return pj_json_fail(pj_json_find(root, "num_samples"), PJ_EFORMAT, r->err, "no samples, no energy of a query");
    pj_energy_queries(r, samples);
    r->row.name = name && *name ? pj_energy_keep(r, name) : r->row.name;
    r->row.task = r->row.task ? r->row.task : pj_energy_keep(r, task);
    r->row.hardware = r->row.hardware ? r->row.hardware : pj_energy_keep(r, hardware);
    r->row.boundary = PJ_BOUND_REPORTED;
    r->row.held_pue = pue;
    r->row.joules = pj_without_pue(kwh * PJ_J_PER_KWH / r->row.queries_per_run, pue);
    r->row.seconds = seconds / r->row.queries_per_run;
    return pj_energy_add(r, &r->row);
}
