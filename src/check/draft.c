/* A first budget: today's figures, and a margin. */
#include <sys/stat.h>

#include "base/amount.h"
#include "base/map.h"
#include "base/real.h"
#include "check/entry.h"
#include "check/paths.h"
#include "picojoule/picojoule.h"
#include "setup/setup.h"

typedef struct draft {
    const pj_budget_draft *given;
    const pj_setup *setup;
    pj_arena *arena;
    pj_map names; /* of baselines */
    bool *bound;  /* by dimension of the options: some model has it */
    pj_json_writer json;
    pj_error *err;
} draft;

/* A pj_path_of: as the budget finds it. */
static const char *found(const char *path, void *payload)
{
    draft *d = payload;
    return pj_path_seen_from(path, d->given->file, d->arena);
}

/* `value` in units of `factor`, rounded up to four digits, and never below it. The steps are counted, so that the
 * figure is the double next to its decimal text. */
static double round_up(double value, double factor)
{
    enum { DIGITS = 4 };
    int places = DIGITS - 1 - (int)floor(pj_log10(value / factor));
    double step = pj_pow(10, abs(places)), steps = ceil(places < 0 ? value / factor / step : value / factor * step);
    double rounded = places < 0 ? steps * step : steps / step;
    while (rounded * factor < value)
        rounded = places < 0 ? ++steps * step : ++steps / step;
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
    pj_json_put_text(&d->json, key, text.data);
    d->json.out->failed = d->json.out->failed || text.failed;
    pj_str_free(&text);
}

static void put_energy(draft *d, const char *unit, double pj)
{
    if (strcmp(unit, "relative") != 0) {
        put_limit(d, "total", pj, pj_units_energy);
    } else if (pj > 0) {
        pj_json_put_double(&d->json, "total", round_up(pj, 1));
    }
}

static void put_limits(draft *d, const pj_result *result)
{
    const pj_amount_unit *sizes = &pj_units_bytes[1]; /* "B": a size is never without */
    const pj_totals *totals = &result->totals;
    double more = 1 + d->given->margin;
    pj_json_put_begin(&d->json, "limits", PJ_JSON_WRITE_OBJECT);
    put_energy(d, result->unit, more * pj_energy_total(&totals->energy));
    put_limit(d, pj_key_macs, more * (double)totals->macs, pj_units_count);
    put_limit(d, pj_key_param_bytes, more * (double)totals->param_bits / 8, sizes);
    put_limit(d, pj_key_peak_activation_bytes, more * (double)totals->peak_activation_bytes, sizes);
    pj_str share = pj_str_new(0);
    pj_str_add_double(&share, totals->layers
                                  ? floor(100.0 * (double)(totals->layers - totals->uncounted) / (double)totals->layers)
                                  : 100);
    pj_str_add_char(&share, '%');
    pj_json_put_text(&d->json, "coverage", share.data);
    d->json.out->failed = d->json.out->failed || share.failed;
    pj_str_free(&share);
    pj_json_write_end(&d->json);
}

/* FOLDER/NAME.json, with a number after the name where it is taken. */
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
    pj_json_put_begin(&d->json, "baseline", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&d->json, "report", found(name, d));
    pj_json_put_begin(&d->json, "tolerance", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(&d->json, "total", "1%");
    pj_json_put_text(&d->json, "layer", "5%");
    pj_json_write_end(&d->json);
    pj_json_write_end(&d->json);
}

/* Binds those of the options' dimensions that the model has: the options are for all models of the draft. */
static pj_status bind_dims(draft *d, pj_model *model, pj_setup *setup)
{
    const pj_model_info *info = pj_model_describe(model);
    size_t given = d->setup->dim_count;
    pj_dim_binding *dims = PJ_NEW(d->arena, pj_dim_binding, given);
    PJ_TRY(pj_got(info && dims, d->err));
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
    if (status == PJ_OK) {
        setup.dims = result->setup.dims;
        setup.dim_count = result->setup.dim_count;
        pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(&d->json, "model", found(path, d));
        pj_setup_budget_json(&setup, found, d, &d->json);
        put_limits(d, result);
        if (d->given->baselines)
            put_baseline(d, path);
        pj_json_write_end(&d->json);
    }
    pj_result_free(result);
    pj_model_close(model);
    return status;
}

/* Is the model one of those before it, perhaps under another name? */
static bool is_there(const draft *d, size_t model)
{
    struct stat own, other;
    for (size_t i = 0; i < model; i++)
        if (strcmp(d->given->models[i], d->given->models[model]) == 0 ||
            (stat(d->given->models[i], &other) == 0 && stat(d->given->models[model], &own) == 0 &&
             own.st_dev == other.st_dev && own.st_ino == other.st_ino))
            return true;
    return false;
}

static pj_status put_budget(draft *d)
{
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&d->json, "schema", "picojoule.budget/1");
    pj_json_put_begin(&d->json, "models", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < d->given->model_count; i++)
        if (!is_there(d, i))
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
    PJ_TRY(pj_got(d.arena, err));
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
