/* A first budget: today's figures, and a margin. */
#include <math.h>
#include <string.h>

#include "base/amount.h"
#include "base/json_write.h"
#include "base/map.h"
#include "base/real.h"
#include "budget/entry.h"
#include "picojoule/picojoule.h"

typedef struct draft {
    const pj_budget_draft *given;
    const pj_setup *setup;
    pj_arena *arena;
    pj_map names; /* of baselines */
    bool *bound;  /* by dimension of the options: some model has it */
    pj_json_writer json;
    pj_error *err;
} draft;

static void put_text(draft *d, const char *key, const char *text)
{
    pj_json_write_key(&d->json, key);
    pj_json_write_text(&d->json, text);
}

/* ---- limits ---- */

/* `value` in units of `factor`, rounded up to four digits, and never below it. */
static double round_up(double value, double factor)
{
    double figure = value / factor;
    double step = pj_pow(10, floor(pj_log10(figure)) - 3);
    double rounded = step >= 1 ? ceil(figure / step) * step : ceil(figure / step) / round(1 / step);
    while (rounded * factor < value)
        rounded += step;
    return rounded;
}

/* In the largest unit that leaves a figure of 1 or more; of the units, those up to the first that is smaller. */
static void put_limit(draft *d, const char *key, double value, const pj_amount_unit *units)
{
    pj_str text = pj_str_new(0);
    if (value <= 0)
        return;
    while (units[1].word && units[1].factor > units->factor && value >= units[1].factor)
        units++;
    pj_str_add_double(&text, round_up(value, units->factor));
    pj_str_add(&text, units->word);
    put_text(d, key, text.data);
    d->json.out->failed = d->json.out->failed || text.failed;
    pj_str_free(&text);
}

static void put_energy(draft *d, const char *unit, double pj)
{
    if (strcmp(unit, "relative") != 0) {
        put_limit(d, "total", pj, pj_units_energy);
    } else if (pj > 0) {
        pj_json_write_key(&d->json, "total");
        pj_json_write_double(&d->json, round_up(pj, 1));
    }
}

static void put_limits(draft *d, const pj_result *result)
{
    const pj_amount_unit *sizes = &pj_units_bytes[1]; /* "B": a size is never without */
    const pj_totals *totals = &result->totals;
    double more = 1 + d->given->margin;
    pj_json_write_key(&d->json, "limits");
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT);
    put_energy(d, result->unit, more * pj_energy_total(&totals->energy));
    put_limit(d, "macs", more * (double)totals->macs, pj_units_count);
    put_limit(d, "param_bytes", more * (double)totals->param_bits / 8, sizes);
    put_limit(d, "peak_activation_bytes", more * (double)totals->peak_activation_bytes, sizes);
    pj_str share = pj_str_new(0);
    pj_str_add_double(&share, totals->layers
                                  ? floor(100.0 * (double)(totals->layers - totals->uncounted) / (double)totals->layers)
                                  : 100);
    pj_str_add_char(&share, '%');
    put_text(d, "coverage", share.data);
    pj_str_free(&share);
    pj_json_write_end(&d->json);
}

/* ---- what figures rest on ---- */

static void put_memory(draft *d)
{
    const pj_setup *given = d->setup, usual = pj_setup_default();
    if (given->weights_on == usual.weights_on && given->activations_on == usual.activations_on &&
        given->io_on_dram == usual.io_on_dram && given->sram_min_bits == 0)
        return;
    pj_json_write_key(&d->json, "memory");
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT_LINE);
    put_text(d, "weights_on", pj_place_word(given->weights_on));
    put_text(d, "activations_on", pj_place_word(given->activations_on));
    pj_json_write_key(&d->json, "io_on_dram");
    pj_json_write_bool(&d->json, given->io_on_dram);
    if (given->sram_min_bits) {
        pj_json_write_key(&d->json, "sram_min");
        pj_json_write_uint(&d->json, given->sram_min_bits / 8);
    }
    pj_json_write_end(&d->json);
}

static void put_dims(draft *d, const pj_model_info *info)
{
    if (info->dim_count == 0)
        return;
    pj_json_write_key(&d->json, "dims");
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < info->dim_count; i++) {
        pj_json_write_key(&d->json, info->dims[i].name);
        pj_json_write_int(&d->json, info->dims[i].value);
    }
    pj_json_write_end(&d->json);
}

static void put_basis(draft *d, const pj_model_info *info)
{
    const pj_setup *given = d->setup, usual = pj_setup_default();
    put_dims(d, info);
    if (given->table && strcmp(given->table, usual.table) != 0)
        put_text(d, "table", given->table);
    if (given->plan)
        put_text(d, "plan", given->plan);
    if (given->quantize)
        put_text(d, "quantize", given->quantize);
    if (given->op_rules)
        put_text(d, "op_rules", given->op_rules);
    put_memory(d);
    if (given->device_count == 0)
        return;
    pj_json_write_key(&d->json, "devices");
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < given->device_count; i++)
        pj_json_write_text(&d->json, given->devices[i]);
    pj_json_write_end(&d->json);
}

/* ---- baselines ---- */

/* FOLDER/NAME.json, with a number behind the name where it is taken. */
static const char *name_baseline(draft *d, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *point = strrchr(name, '.');
    int length = (int)(point && point > name ? (size_t)(point - name) : strlen(name));
    for (int number = 1;; number++) {
        pj_str text = pj_str_new(0);
        pj_str_printf(&text, "%s/%.*s", d->given->baselines, length, name);
        if (number > 1)
            pj_str_printf(&text, "-%d", number);
        pj_str_add(&text, ".json");
        char *kept = pj_str_keep(&text, d->arena);
        if (!kept || !pj_map_get(&d->names, kept))
            return kept && pj_map_put(&d->names, kept, kept) ? kept : NULL;
    }
}

static void put_baseline(draft *d, const char *path)
{
    const char *name = name_baseline(d, path);
    if (!name) {
        d->json.out->failed = true;
        return;
    }
    pj_json_write_key(&d->json, "baseline");
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT);
    put_text(d, "report", name);
    pj_json_write_key(&d->json, "tolerance");
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT_LINE);
    put_text(d, "total", "1%");
    put_text(d, "layer", "5%");
    pj_json_write_end(&d->json);
    pj_json_write_end(&d->json);
}

/* ---- all models ---- */

/* Binds those of the options' dimensions that the model has: the options are for all models of the draft. */
static pj_status bind_dims(draft *d, pj_model *model, pj_setup *setup)
{
    const pj_model_info *info = pj_model_describe(model);
    size_t given = d->setup->dim_count;
    pj_dim_binding *dims = PJ_NEW(d->arena, pj_dim_binding, given);
    if (!info || !dims)
        return pj_fail_memory(d->err);
    for (size_t i = 0; i < given; i++)
        for (size_t k = 0; k < info->dim_count; k++)
            if (strcmp(info->dims[k].name, d->setup->dims[i].name) == 0) {
                dims[setup->dim_count++] = d->setup->dims[i];
                d->bound[i] = true;
            }
    setup->dims = dims;
    return setup->dim_count ? pj_model_rebind(model, setup, d->err) : PJ_OK;
}

/* Nobody but the user knows which size is meant. */
static pj_status check_dims(draft *d, pj_model *model, const char *path)
{
    size_t count;
    const pj_finding *finding = pj_model_findings(model, &count);
    for (size_t i = 0; finding && i < count; i++)
        if (strcmp(finding[i].code, "assumed-dimension") == 0) {
            pj_fail(d->err, PJ_EARGUMENT, "a budget wants all sizes to be known: %s", finding[i].message);
            pj_error_at(d->err, path, NULL, NULL);
            return PJ_EARGUMENT;
        }
    return PJ_OK;
}

static pj_status put_model(draft *d, const char *path)
{
    pj_setup setup = *d->setup;
    pj_model *model = NULL;
    pj_result *result = NULL;
    setup.dim_count = 0;
    setup.unbound_dims_are_one = true;
    pj_status status = pj_model_open(path, &setup, &model, d->err);
    if (status == PJ_OK)
        status = bind_dims(d, model, &setup);
    if (status == PJ_OK)
        status = check_dims(d, model, path);
    if (status == PJ_OK)
        status = pj_analyze(model, d->setup, &result, d->err);
    const pj_model_info *info = status == PJ_OK ? pj_model_describe(model) : NULL;
    if (status == PJ_OK && !info)
        status = pj_fail_memory(d->err);
    if (status == PJ_OK) {
        pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT);
        put_text(d, "model", path);
        put_basis(d, info);
        put_limits(d, result);
        if (d->given->baselines)
            put_baseline(d, path);
        pj_json_write_end(&d->json);
    }
    pj_result_free(result);
    pj_model_close(model);
    return status;
}

static pj_status put_budget(draft *d)
{
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT);
    put_text(d, "schema", "picojoule.budget/1");
    pj_json_write_key(&d->json, "models");
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < d->given->model_count; i++)
        PJ_TRY(put_model(d, d->given->models[i]));
    for (size_t i = 0; i < d->setup->dim_count; i++)
        if (!d->bound[i])
            return pj_fail(d->err, PJ_EARGUMENT, "none of the models has a dimension '%.100s'", d->setup->dims[i].name);
    pj_json_write_end(&d->json);
    pj_json_write_end(&d->json);
    pj_str_add_char(d->json.out, '\n');
    return PJ_OK;
}

pj_status pj_budget_write(const pj_budget_draft *given, const pj_setup *setup, pj_sink sink, void *payload,
                          pj_error *err)
{
    pj_str text = pj_str_new(0);
    if (!(given->margin >= 0) || !isfinite(given->margin))
        return pj_fail(err, PJ_EARGUMENT, "the margin is negative or no number");
    draft d = {
        .given = given, .setup = setup, .arena = pj_arena_new(0), .json = pj_json_writer_new(&text, true), .err = err};
    if (!d.arena)
        return pj_fail_memory(err);
    pj_map_init(&d.names, d.arena);
    d.bound = PJ_NEW(d.arena, bool, setup->dim_count);
    pj_status status = d.bound ? put_budget(&d) : pj_fail_memory(err);
    if (status == PJ_OK && text.failed)
        status = pj_fail_memory(err);
    if (status == PJ_OK && !sink(text.data, text.length, payload))
        status = pj_fail(err, PJ_EIO, "the budget cannot be written");
    pj_arena_free(d.arena);
    pj_str_free(&text);
    return status;
}
