/* Whose joules: models, reports, measurements, results of seed 003, emissions.csv. */
#include "footprint/input.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "footprint/csv.h"
#include "footprint/formulas.h"
#include "footprint/generation.h"
#include "picojoule/measure.h"
#include "result/field.h"

static const char *const boundary_words[] = {
#define WORD_ROW(name, word, what) word,
    PJ_BOUNDARY_LIST(WORD_ROW)
#undef WORD_ROW
};
static const char *const boundary_texts[] = {
#define TEXT_ROW(name, word, what) what,
    PJ_BOUNDARY_LIST(TEXT_ROW)
#undef TEXT_ROW
};

const char *pj_boundary_word(pj_boundary boundary)
{
    return boundary_words[boundary];
}

const char *pj_boundary_text(pj_boundary boundary, const char *basis)
{
    if (boundary == PJ_BOUND_DEVICE && basis && strncmp(basis, "data sheet", 10) == 0)
        return "data sheet at full utilization; small batches need many times this; time between queries is not in it";
    if (boundary == PJ_BOUND_DEVICE && basis && strstr(basis, "fit"))
        return "an estimate by a fit of measured runs; time between queries is not in it";
    return boundary_texts[boundary];
}

typedef struct reader {
    const pj_energy_ask *ask;
    const char *path;
    pj_energy_sources *out;
    pj_energy_source row; /* what all figures of the file share */
    pj_error *err;
} reader;

static const double seed003_pue = 1.2; /* what its measurements were run with */

/* ---- rows ---- */

static const char *keep(reader *r, const char *text)
{
    return text ? pj_arena_strdup(r->out->arena, text) : NULL; /* no memory: the arena knows */
}

static pj_status add(reader *r, const pj_energy_source *row)
{
    pj_energy_sources *out = r->out;
    if (!(row->joules >= 0 && isfinite(row->joules)))
        return pj_fail(r->err, PJ_EFORMAT, "its energy of a query, %g J, is no energy", row->joules);
    PJ_TRY(pj_got(PJ_GROW(out->arena, out->rows, out->count, out->capacity), r->err));
    out->rows[out->count++] = *row;
    return pj_arena_failed(out->arena) ? pj_fail_memory(r->err) : PJ_OK;
}

static void begin(reader *r, const char *kind)
{
    const pj_energy_ask *ask = r->ask;
    const char *slash = r->path ? strrchr(r->path, '/') : NULL;
    const char *name = slash ? slash + 1 : r->path && strcmp(r->path, "-") == 0 ? "standard input" : r->path;
    r->row = (pj_energy_source){.name = keep(r, name),
                                .path = keep(r, r->path),
                                .kind = kind,
                                .joules = NAN,
                                .seconds = NAN,
                                .queries_per_run = ask->queries_per_run,
                                .tokens = ask->tokens,
                                .low_j = NAN,
                                .high_j = NAN,
                                .held_pue = NAN,
                                .task = ask->task,
                                .hardware = ask->hardware,
                                .params = -1};
}

static void take_queries(reader *r, double of_file)
{
    if (isnan(r->row.queries_per_run))
        r->row.queries_per_run = of_file > 0 ? of_file : 1;
}

/* ---- models and reports ---- */

static const char refusal[] =
    "an estimate of operations is no footprint: measured over table runs from 0.07 to 75 for one network. Name a "
    "device "
    "(--device NAME), measure (a measurement as input), give an energy (--energy 0.1J), or ask for the table's figures "
    "by name, to compare (--figure table)";

static pj_status add_device(reader *r, const pj_result *result, size_t device)
{
    const pj_totals *totals = &result->totals;
    const pj_device_note *note = &totals->device_notes[device];
    const double pj = totals->devices[device].energy_pj >= 0 ? totals->devices[device].energy_pj : note->at_least_pj;
    pj_energy_source row = r->row;
    row.figure = keep(r, result->devices[device]);
    row.hardware = row.hardware ? row.hardware : row.figure;
    row.boundary = PJ_BOUND_DEVICE;
    row.figures = note->layers;
    if (pj < 0)
        return pj_fail(r->err, PJ_EFORMAT, "device %.60s has no energy for any layer of it", row.figure);
    row.load = keep(r, note->load);
    row.basis = keep(r, note->basis);
    row.joules = pj * 1e-12 / row.queries_per_run;
    if (totals->devices[device].low_pj >= 0 && totals->devices[device].energy_pj >= 0) {
        row.low_j = totals->devices[device].low_pj * 1e-12 / row.queries_per_run;
        row.high_j = totals->devices[device].high_pj * 1e-12 / row.queries_per_run;
    }
    if (totals->devices[device].time_us >= 0)
        row.seconds = totals->devices[device].time_us * 1e-6 / row.queries_per_run;
    return add(r, &row);
}

static pj_status add_table(reader *r, const pj_result *result)
{
    pj_energy_source row = r->row;
    if (strcmp(result->unit, "pJ") != 0)
        return pj_fail(r->err, PJ_EFORMAT, "table %.60s has relative units, no joules: there is no footprint of it",
                       result->table);
    row.figure = keep(r, result->table);
    row.hardware = row.hardware ? row.hardware : row.figure;
    row.boundary = PJ_BOUND_OPERATIONS;
    row.figures = row.layers - row.uncounted;
    row.joules = pj_energy_total(&result->totals.energy) * 1e-12 / row.queries_per_run;
    return add(r, &row);
}

static pj_status add_result(reader *r, const pj_result *result)
{
    const char *figure = r->ask->figure;
    bool found = false;
    r->row.uncounted = result->totals.uncounted;
    r->row.layers = result->totals.layers;
    r->row.params = result->totals.params;
    take_queries(r, (double)result->totals.batch);
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
        r->out->refusal = refusal;
    return PJ_OK;
}

static pj_status read_result(reader *r, const char *bytes, size_t length)
{
    pj_result *result = NULL;
    PJ_TRY(bytes ? pj_result_parse(bytes, length, r->path, &result, r->err)
                 : pj_result_open(r->path, r->ask->setup, &result, r->err));
    pj_status status = add_result(r, result);
    pj_result_free(result);
    return status;
}

/* ---- measurements: picojoule.measurement/1 ---- */

/* The widest place that any of its counters sits at. */
static pj_status read_boundary(reader *r, pj_json root)
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

static pj_status read_measurement(reader *r, pj_json root)
{
    double queries = 1, joules, seconds = NAN;
    pj_json result, host = {0}, of_query;
    begin(r, "measurement");
    PJ_TRY(pj_json_get_object(root, "result", &result, r->err));
    PJ_TRY(pj_json_get_double(result, "joules", &joules, r->err));
    PJ_TRY(pj_json_opt_double(result, "seconds", &seconds, r->err));
    PJ_TRY(pj_json_opt_double(root, "queries", &queries, r->err));
    take_queries(r, queries);
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
        r->row.hardware = keep(r, model);
    PJ_TRY(read_boundary(r, root));
    return add(r, &r->row);
}

/* One that the caller has. */
static pj_status add_measurement(reader *r, const pj_measurement *m)
{
    begin(r, "measurement");
    r->row.name = keep(r, m->command && m->command[0] ? m->command[0] : "the machine");
    take_queries(r, m->queries);
    r->row.joules = m->joules.mean / r->row.queries_per_run;
    r->row.seconds = m->seconds / r->row.queries_per_run;
    if (!r->row.hardware && *m->host.cpu_model)
        r->row.hardware = keep(r, m->host.cpu_model);
    r->row.boundary = strcmp(m->kind, "measured") == 0 ? PJ_BOUND_PACKAGE : PJ_BOUND_ESTIMATE;
    for (size_t i = 0; i < m->domain_count && r->row.boundary != PJ_BOUND_ESTIMATE; i++) {
        const pj_domain_figure *d = &m->domains[i];
        if (d->added && strcmp(d->source, "meter") == 0)
            r->row.boundary = PJ_BOUND_WALL;
        else if (d->added && strcmp(d->part, "board") == 0 && r->row.boundary != PJ_BOUND_WALL)
            r->row.boundary = PJ_BOUND_MACHINE;
    }
    return add(r, &r->row);
}

/* ---- results of seed 003 ---- */

static pj_status read_seed003(reader *r, pj_json root)
{
    double samples, kwh, seconds = NAN, pue = isnan(r->ask->input_pue) ? seed003_pue : r->ask->input_pue;
    const char *task = NULL, *hardware = NULL, *name = NULL;
    begin(r, "seed003");
    PJ_TRY(pj_json_get_double(root, "num_samples", &samples, r->err));
    PJ_TRY(pj_json_get_double(root, "energy_kwh", &kwh, r->err));
    PJ_TRY(pj_json_opt_double(root, "duration_seconds", &seconds, r->err));
    PJ_TRY(pj_json_opt_text(root, "task_name", &task, r->err));
    PJ_TRY(pj_json_opt_text(root, "hardware", &hardware, r->err));
    PJ_TRY(pj_json_opt_text(root, "model_name", &name, r->err));
    if (!(samples > 0))
        return pj_json_fail(pj_json_find(root, "num_samples"), PJ_EFORMAT, r->err, "no samples, no energy of a query");
    take_queries(r, samples);
    r->row.name = name && *name ? keep(r, name) : r->row.name;
    r->row.task = r->row.task ? r->row.task : keep(r, task);
    r->row.hardware = r->row.hardware ? r->row.hardware : keep(r, hardware);
    r->row.boundary = PJ_BOUND_REPORTED;
    r->row.held_pue = pue;
    r->row.joules = pj_without_pue(kwh * PJ_J_PER_KWH / r->row.queries_per_run, pue);
    r->row.seconds = seconds / r->row.queries_per_run;
    return add(r, &r->row);
}

/* ---- a generation, from a sweep over the tokens that are there already ---- */

/* What comes before the first token: another input, of the same figure. 0 without. */
static pj_status read_prefill(reader *r, const char *figure, double *joules)
{
    pj_energy_ask ask = *r->ask;
    pj_energy_sources found = {.arena = r->out->arena};
    *joules = 0;
    if (!ask.prefill)
        return PJ_OK;
    ask.prefill = NULL;
    ask.figure = figure;
    PJ_TRY(pj_energy_read(&ask, r->ask->prefill, &found, r->err));
    if (found.count != 1)
        return pj_fail(r->err, PJ_EFORMAT, "--prefill %.60s: it has no single energy of %s", r->ask->prefill, figure);
    *joules = found.rows[0].joules;
    return PJ_OK;
}

static pj_status add_generation(reader *r, pj_json root, const char *figure, const char *key)
{
    pj_energy_source row = r->row;
    double prefill, decode;
    bool table = strcmp(figure, "table") == 0;
    PJ_TRY(pj_generation_find(root, key, r->ask->tokens, &decode, r->err));
    PJ_TRY(read_prefill(r, figure, &prefill));
    const char *name = figure;
    if (table)
        PJ_TRY(pj_json_get_text(pj_json_find(root, "settings"), "table", &name, r->err));
    row.figure = keep(r, name);
    row.hardware = row.hardware ? row.hardware : row.figure;
    row.boundary = table ? PJ_BOUND_OPERATIONS : PJ_BOUND_DEVICE;
    row.joules = prefill + decode * 1e-12 / row.queries_per_run;
    return add(r, &row);
}

/* Figures are members of the points: total_pj, NAME_energy_pj. */
static pj_status read_sweep(reader *r, pj_json root)
{
    static const char suffix[] = "_energy_pj";
    const char *figure = r->ask->figure, *unit = "";
    pj_json point = pj_json_first(pj_json_find(root, "points"));
    size_t before = r->out->count;
    begin(r, "sweep");
    take_queries(r, 1);
    PJ_TRY(pj_json_get_text(pj_json_find(root, "settings"), "unit", &unit, r->err));
    if (isnan(r->ask->tokens))
        return pj_fail(r->err, PJ_EFORMAT, "a sweep is a generation: --tokens says how many tokens are made");
    if (figure && strcmp(figure, "table") == 0)
        return strcmp(unit, "pJ") == 0 ? add_generation(r, root, figure, "total_pj")
                                       : pj_fail(r->err, PJ_EFORMAT, "it has relative units, no joules");
    for (pj_json at = pj_json_first(point); at.node; at = pj_json_next(at)) {
        const char *key = pj_json_key(at);
        size_t length = strlen(key), tail = sizeof suffix - 1;
        if (length <= tail || strcmp(key + length - tail, suffix) != 0)
            continue;
        const char *name = pj_arena_strndup(r->out->arena, key, length - tail);
        if (!name)
            return pj_fail_memory(r->err);
        if (!figure || strcmp(figure, name) == 0)
            PJ_TRY(add_generation(r, root, name, key));
    }
    if (r->out->count == before && figure)
        return pj_fail(r->err, PJ_EFORMAT, "it has no figures of device \"%.60s\"", figure);
    if (r->out->count == before)
        r->out->refusal = refusal;
    return PJ_OK;
}

/* ---- picojoule.generation/1: a query is the request of one sequence ---- */

static bool is_wanted(const reader *r, const char *figure)
{
    return !r->ask->figure || strcmp(r->ask->figure, figure) == 0;
}

/* The bound of a device, and what GPUs that serve were measured to take instead. */
static pj_status add_served(reader *r, pj_json device, const char *name)
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
        row.hardware = row.hardware ? row.hardware : keep(r, name);
        row.boundary = PJ_BOUND_DEVICE;
        row.joules = pj * 1e-12 / row.queries_per_run;
        row.seconds = us >= 0 ? us * 1e-6 / row.queries_per_run : NAN;
        PJ_TRY(add(r, &row));
    }
    return PJ_OK;
}

static pj_status read_generated(reader *r, pj_json root)
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
    begin(r, "generation");
    take_queries(r, batch);
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
        row.figure = keep(r, table);
        row.hardware = row.hardware ? row.hardware : row.figure;
        row.boundary = PJ_BOUND_OPERATIONS;
        row.joules *= 1e-12 / row.queries_per_run;
        PJ_TRY(add(r, &row));
    }
    if (r->out->count == before && r->ask->figure)
        return pj_fail(r->err, PJ_EFORMAT, "it has no figures of device \"%.60s\"", r->ask->figure);
    if (r->out->count == before)
        r->out->refusal = refusal;
    return PJ_OK;
}

/* ---- JSON ---- */

static pj_status read_json(reader *r, char *text, size_t length)
{
    pj_json_doc *doc = NULL;
    const char *schema = "";
    PJ_TRY(pj_json_parse(text, length, r->path, &doc, r->err));
    pj_json root = pj_json_root(doc), at = pj_json_find(root, "schema");
    pj_status status = at.node ? pj_json_as_text(at, &schema, r->err) : PJ_OK;
    if (status != PJ_OK) {
    } else if (strcmp(schema, "picojoule.measurement/1") == 0) {
        status = read_measurement(r, root);
    } else if (!at.node && pj_json_find(root, "num_samples").node) {
        status = read_seed003(r, root);
    } else if (strcmp(schema, "picojoule.sweep/1") == 0) {
        status = read_sweep(r, root);
    } else if (strcmp(schema, "picojoule.generation/1") == 0) {
        status = read_generated(r, root);
    } else if (strcmp(schema, "picojoule.report/1") == 0) {
        begin(r, "report");
        status = read_result(r, text, length);
    } else {
        status = pj_json_fail(root, PJ_EFORMAT, r->err,
                              "\"%.60s\" is no report, sweep, generation, measurement or result of the ML Energy Score",
                              schema);
    }
    pj_json_free(doc);
    return status;
}

/* ---- emissions.csv ---- */

enum { ENERGY, RUN_ID, PUE, DURATION, CPU_MODEL, COLUMNS };
static const char *const column_words[COLUMNS] = {"energy_consumed", "run_id", "pue", "duration", "cpu_model"};

static pj_status find_columns(reader *r, const pj_csv *csv, size_t *column)
{
    for (size_t k = 0; k < COLUMNS; k++) {
        column[k] = PJ_CSV_FIELDS;
        for (size_t i = 0; i < csv->fields; i++)
            if (strcmp(csv->field[i], column_words[k]) == 0)
                column[k] = i;
    }
    if (column[ENERGY] == PJ_CSV_FIELDS || (r->ask->run_id && column[RUN_ID] == PJ_CSV_FIELDS))
        return pj_csv_fail(csv, PJ_EFORMAT, r->err, "there is no column %s",
                           column_words[column[ENERGY] == PJ_CSV_FIELDS ? ENERGY : RUN_ID]);
    return PJ_OK;
}

/* An empty field is not known. */
static pj_status take_number(reader *r, const pj_csv *csv, const size_t *column, size_t which, double *out)
{
    const char *field = column[which] < csv->fields ? csv->field[column[which]] : "";
    if (!*field)
        return PJ_OK;
    if (!pj_csv_number(field, out) || *out < 0)
        return pj_csv_fail(csv, PJ_EFORMAT, r->err, "%s \"%.40s\" is no number from 0 on", column_words[which], field);
    return PJ_OK;
}

static pj_status take_row(reader *r, const pj_csv *csv, const size_t *column, double *kwh)
{
    double pue = 1, seconds = NAN;
    PJ_TRY(take_number(r, csv, column, ENERGY, kwh));
    if (isnan(*kwh))
        return pj_csv_fail(csv, PJ_EFORMAT, r->err, "energy_consumed is empty");
    PJ_TRY(take_number(r, csv, column, PUE, &pue));
    PJ_TRY(take_number(r, csv, column, DURATION, &seconds));
    if (pue < 1)
        return pj_csv_fail(csv, PJ_EFORMAT, r->err, "a pue of %g is below 1", pue);
    r->row.held_pue = pue > 1 ? pue : NAN;
    r->row.joules = pj_without_pue(*kwh * PJ_J_PER_KWH / r->row.queries_per_run, pue);
    r->row.seconds = seconds / r->row.queries_per_run;
    if (!r->ask->hardware && column[CPU_MODEL] < csv->fields)
        r->row.hardware = keep(r, csv->field[column[CPU_MODEL]]);
    return PJ_OK;
}

static pj_status read_emissions(reader *r, char *text, size_t length)
{
    pj_csv csv = pj_csv_new(text, length, r->path);
    size_t column[COLUMNS];
    bool there;
    double kwh = NAN;
    begin(r, "emissions");
    r->row.boundary = PJ_BOUND_REPORTED;
    PJ_TRY(pj_csv_next(&csv, &there, r->err));
    PJ_TRY(find_columns(r, &csv, column));
    size_t columns = csv.fields;
    if (isnan(r->row.queries_per_run))
        return pj_csv_fail(&csv, PJ_EFORMAT, r->err,
                           "it does not say how many queries a run answers; give --queries-per-run");
    for (;;) {
        PJ_TRY(pj_csv_next(&csv, &there, r->err));
        if (!there)
            break;
        if (csv.fields != columns)
            return pj_csv_fail(&csv, PJ_EFORMAT, r->err, "%zu fields where the header has %zu", csv.fields, columns);
        if (!r->ask->run_id || strcmp(csv.field[column[RUN_ID]], r->ask->run_id) == 0) {
            kwh = NAN;
            PJ_TRY(take_row(r, &csv, column, &kwh));
        }
    }
    if (isnan(kwh))
        return pj_csv_fail(&csv, PJ_EFORMAT, r->err, "there is no row%s%.60s", r->ask->run_id ? " of run " : "",
                           r->ask->run_id ? r->ask->run_id : "");
    return add(r, &r->row);
}

/* ---- which of them it is ---- */

typedef enum form { FORM_JSON, FORM_CSV, FORM_MODEL } form;

/* Models are no text: a CSV file has a first line without control characters that has a comma. */
static form form_of(const char *text, size_t length, const char *path)
{
    size_t at = 0, name = strlen(path);
    while (at < length && strchr(" \t\r\n", text[at]) && text[at])
        at++;
    if (at < length && text[at] == '{')
        return FORM_JSON;
    if (name > 4 && strcmp(path + name - 4, ".csv") == 0)
        return FORM_CSV;
    size_t from = at;
    while (at < length && ((unsigned char)text[at] >= ' ' || text[at] == '\t'))
        at++;
    bool has_comma = at > from && memchr(text + from, ',', at - from) != NULL;
    return has_comma && (at == length || text[at] == '\n' || text[at] == '\r') ? FORM_CSV : FORM_MODEL;
}

static pj_status digest(reader *r, const char *text, size_t length)
{
    char digits[PJ_SHA256_DIGITS + 1];
    pj_sha256 sum = pj_sha256_new();
    pj_sha256_add(&sum, text, length);
    pj_sha256_end(&sum, digits);
    r->row.sha256 = pj_arena_strdup(r->out->arena, digits);
    return r->row.sha256 ? PJ_OK : pj_fail_memory(r->err);
}

/* All rows that were added have the digest of the file. */
static void sign(reader *r, size_t from, const char *sha256)
{
    for (size_t i = from; i < r->out->count; i++)
        r->out->rows[i].sha256 = sha256;
}

/* A model from standard input. */
static pj_status read_model_bytes(reader *r, const char *bytes, size_t length)
{
    pj_model *model = NULL;
    pj_result *result = NULL;
    begin(r, "model");
    if (!r->ask->setup)
        return pj_fail(r->err, PJ_EFORMAT, "it is neither JSON nor CSV");
    PJ_TRY(pj_model_open_memory(bytes, length, r->path, r->ask->setup, &model, r->err));
    pj_status status = pj_analyze(model, r->ask->setup, &result, r->err);
    if (status == PJ_OK)
        status = add_result(r, result);
    pj_result_free(result);
    pj_model_close(model);
    return status;
}

static pj_status parse(reader *r, char *text, size_t length)
{
    size_t from = r->out->count;
    PJ_TRY(digest(r, text, length));
    const char *sha256 = r->row.sha256;
    pj_status status = PJ_OK;
    switch (form_of(text, length, r->path)) {
    case FORM_JSON:
        status = read_json(r, text, length);
        break;
    case FORM_CSV:
        status = read_emissions(r, text, length);
        break;
    case FORM_MODEL:
        status = read_model_bytes(r, text, length);
        break;
    }
    sign(r, from, sha256);
    pj_error_at(status == PJ_OK ? NULL : r->err, r->path, NULL, NULL);
    return status;
}

pj_status pj_energy_parse(const pj_energy_ask *ask, char *text, size_t length, const char *path, pj_energy_sources *out,
                          pj_error *err)
{
    reader r = {.ask = ask, .path = path, .out = out, .err = err};
    return parse(&r, text, length);
}

static pj_status read_model(reader *r)
{
    char digits[PJ_SHA256_DIGITS + 1] = "";
    size_t from = r->out->count;
    begin(r, "model");
    PJ_TRY(read_result(r, NULL, 0));
    if (strcmp(r->path, "-") != 0)
        PJ_TRY(pj_sha256_file(r->path, digits, r->err));
    sign(r, from, *digits ? keep(r, digits) : NULL);
    return pj_arena_failed(r->out->arena) ? pj_fail_memory(r->err) : PJ_OK;
}

/* Standard input can be read once: there, what is no text is a model by its name alone. */
static bool is_model_file(const char *path)
{
    char head[512];
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
    size_t length = file ? fread(head, 1, sizeof head, file) : 0;
    if (file)
        (void)fclose(file);
    return file && form_of(head, length, path) == FORM_MODEL;
}

pj_status pj_energy_read(const pj_energy_ask *ask, const char *path, pj_energy_sources *out, pj_error *err)
{
    reader r = {.ask = ask, .path = path, .out = out, .err = err};
    char *text = NULL;
    size_t length;
    if (is_model_file(path)) {
        pj_status of_model = read_model(&r);
        pj_error_at(of_model == PJ_OK ? NULL : err, path, NULL, NULL);
        return of_model;
    }
    PJ_TRY(pj_file_read(path, PJ_MAX_CSV_BYTES, &text, &length, err));
    pj_status status = parse(&r, text, length);
    free(text);
    return status;
}

pj_status pj_energy_read_all(const pj_energy_ask *ask, pj_energy_sources *out, pj_error *err)
{
    reader r = {.ask = ask, .out = out, .err = err};
    if (!isnan(ask->joules)) {
        begin(&r, "given");
        r.row.name = "given";
        r.row.boundary = PJ_BOUND_GIVEN;
        take_queries(&r, 1);
        r.row.joules = ask->joules;
        r.row.seconds = ask->seconds;
        PJ_TRY(add(&r, &r.row));
    }
    if (ask->measurement)
        PJ_TRY(add_measurement(&r, ask->measurement));
    if (ask->result) {
        r.path = ask->result->source;
        begin(&r, "model");
        PJ_TRY(add_result(&r, ask->result));
    }
    for (size_t i = 0; i < ask->path_count; i++)
        PJ_TRY(pj_energy_read(ask, ask->paths[i], out, err));
    return PJ_OK;
}
