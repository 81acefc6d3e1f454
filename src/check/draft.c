/* A first budget: today's figures, and a margin. */
#include <sys/stat.h>

#include "base/map.h"
#include "check/bind.h"
#include "check/entry.h"
#include "check/paths.h"
#include "picojoule/picojoule.h"
#include "setup/setup.h"

typedef struct draft {
    const pj_budget_draft *given;
    const pj_setup *setup;
    pj_arena *arena;
    pj_map names;            /* of baselines */
    bool *bound, *shaped;    /* by dimension and input of the options: some model has it */
    pj_map seen;             /* models, by what file they are */
    pj_map open;             /* dimensions that nobody gives */
    pj_str missing, lacking; /* options that give them, models that want them */
    double margin;
    size_t models;
    pj_json_writer json;
    pj_error *err;
} draft;

/* A pj_path_of: as the budget finds it. */
static const char *found(const char *path, void *payload)
{
    draft *d = payload;
    return pj_path_seen_from(path, d->given->file, d->arena);
}

static void put_limit(draft *d, const char *key, double value, pj_quantity quantity, bool plain)
{
    pj_str text = pj_str_new(0);
    pj_limit_print(value, quantity, plain, &text);
    if (plain)
        pj_json_put_double(&d->json, key, strtod(text.data, NULL));
    else
        pj_json_put_text(&d->json, key, text.data);
    pj_str_fail_as(d->json.out, &text);
    pj_str_free(&text);
}

static void put_margin(draft *d)
{
    put_limit(d, "margin", d->margin, PJ_QUANTITY_SHARE, false);
}

static void put_limits(draft *d, const pj_result *result)
{
    static const char *const keys[] = {pj_key_macs, pj_key_param_bytes, pj_key_peak_activation_bytes};
    const pj_totals *totals = &result->totals;
    double more = 1 + d->margin;
    pj_json_put_begin(&d->json, "limits", PJ_JSON_WRITE_OBJECT);
    put_limit(d, pj_figure_total()->key, more * pj_energy_total(&totals->energy), PJ_QUANTITY_ENERGY,
              strcmp(result->unit, "relative") == 0);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const pj_field *figure = pj_figure_find(keys[i], strlen(keys[i]), PJ_IN_BUDGETS);
        double value = pj_figure_value(figure, PJ_OF_TOTALS, totals);
        if (value > 0)
            put_limit(d, figure->key, more * value, figure->quantity, false);
    }
    double share = totals->layers ? (double)(totals->layers - totals->uncounted) / (double)totals->layers : 1;
    put_limit(d, "coverage", floor(100 * share) / 100, PJ_QUANTITY_SHARE, false);
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
    pj_json_write_end(&d->json);
}

/* Nobody but the user knows which size is meant: names those of this model, and keeps them for the message. */
static bool lacks_dims(draft *d, pj_model *model, const pj_setup *setup, const char *path)
{
    const char *name;
    if (!pj_has_open_dims(model))
        return false;
    pj_str_printf(&d->lacking, "%s%s (", d->lacking.length ? ", " : "", path);
    for (size_t i = 0; (name = pj_open_dim(model, setup, i)); i++) {
        pj_str_printf(&d->lacking, "%s%s", i ? ", " : "", name);
        const char *kept = pj_arena_strdup(d->arena, name);
        if (kept && !pj_map_get(&d->open, kept)) {
            pj_map_put(&d->open, kept, (void *)(uintptr_t)kept);
            pj_str_printf(&d->missing, " --dim %s=N", kept);
        }
    }
    pj_str_add_char(&d->lacking, ')');
    return true;
}

static pj_status fail_dims(draft *d)
{
    return pj_fail(d->err, PJ_EARGUMENT, "a budget wants all sizes to be known; add%s%s: %s%s",
                   d->missing.length ? d->missing.data : " --input NAME=SHAPE", d->missing.failed ? " ..." : "",
                   d->lacking.length ? d->lacking.data : "", d->lacking.failed ? " ..." : "");
}

static void put_entry(draft *d, const char *path, const pj_setup *setup, const pj_result *result)
{
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&d->json, "model", found(path, d));
    pj_setup_budget_json(setup, found, d, &d->json);
    if (d->given->budget && d->margin != d->given->budget->margin)
        put_margin(d);
    put_limits(d, result);
    if (d->given->baselines)
        put_baseline(d, path);
    pj_json_write_end(&d->json);
}

static pj_status put_model(draft *d, const char *path)
{
    pj_setup setup = *d->setup;
    pj_model *model = NULL;
    pj_result *result = NULL;
    setup.dim_count = setup.input_count = 0;
    setup.unbound_dims_are_one = true;
    pj_status status = pj_model_open(path, &setup, &model, d->err);
    if (status == PJ_OK)
        status = pj_bind_optional(model, d->setup, d->bound, d->shaped, d->arena, &setup, d->err);
    bool lacks = status == PJ_OK && lacks_dims(d, model, &setup, path);
    if (status == PJ_OK && !lacks)
        status = pj_analyze(model, &setup, &result, d->err);
    if (status == PJ_OK && !lacks) {
        setup.dims = result->setup.dims;
        setup.dim_count = result->setup.dim_count;
        setup.reuse = result->setup.reuse;
        put_entry(d, path, &setup, result);
        d->models++;
    }
    pj_result_free(result);
    pj_model_close(model);
    return status;
}

/* What file it is, whatever its name. */
static const char *identity(const char *path, pj_arena *arena)
{
    struct stat info;
    pj_str text = pj_str_new(0);
    if (stat(path, &info) == 0)
        pj_str_printf(&text, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
    else
        pj_str_add(&text, path);
    return pj_str_keep(&text, arena);
}

/* Is the model one of those before it, or of the budget, perhaps under another name? Then it is there. */
static bool is_there(draft *d, const char *path)
{
    const char *key = identity(path, d->arena);
    bool there = key && pj_map_get(&d->seen, key);
    if (key && !there)
        pj_map_put(&d->seen, key, (void *)(uintptr_t)key);
    return there;
}

static pj_status check_used(const draft *d)
{
    for (size_t i = 0; i < d->setup->dim_count; i++)
        if (!d->bound[i])
            return pj_fail(d->err, PJ_EARGUMENT, "none of the models has a dimension '%.100s'", d->setup->dims[i].name);
    for (size_t i = 0; i < d->setup->input_count; i++)
        if (!d->shaped[i])
            return pj_fail(d->err, PJ_EARGUMENT, "none of the models has an input '%.100s'", d->setup->inputs[i].name);
    if (!d->models)
        return pj_fail(d->err, PJ_EARGUMENT,
                       "all of these models are there; `picojoule check --update` makes today's figures their limits");
    return PJ_OK;
}

static const char models_key[] = "\"models\": [";

static pj_status put_budget(draft *d)
{
    pj_json_write_begin(&d->json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&d->json, "schema", "picojoule.budget/1");
    pj_json_put_begin(&d->json, "defaults", PJ_JSON_WRITE_OBJECT_LINE);
    put_margin(d);
    pj_json_write_end(&d->json);
    pj_json_put_begin(&d->json, "models", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < d->given->model_count; i++) {
        PJ_TRY(pj_watch_step(&d->setup->watch, "models", i, d->given->model_count, d->err));
        if (!is_there(d, d->given->models[i]))
            PJ_TRY(put_model(d, d->given->models[i]));
    }
    if (d->lacking.length || d->lacking.failed)
        return fail_dims(d);
    PJ_TRY(check_used(d));
    pj_json_write_end(&d->json);
    pj_json_write_end(&d->json);
    pj_str_add_char(d->json.out, '\n');
    return PJ_OK;
}

/* The models of `text`, a budget that was written here, at the end of those of the one that is there. */
static void append_models(const pj_budget *budget, pj_str *text)
{
    pj_str all = pj_str_new(0);
    const char *from = text->failed ? NULL : strstr(text->data, models_key), *end = from ? strrchr(from, ']') : NULL;
    size_t at = budget->models_end - 1; /* of the bracket */
    while (at > 0 && strchr(" \t\r\n", budget->text[at - 1]))
        at--;
    pj_str_add_bytes(&all, budget->text, at);
    if (end) {
        from += sizeof models_key - 1;
        while (end > from && strchr(" \n", end[-1]))
            end--;
        pj_str_add(&all, ",");
        pj_str_add_bytes(&all, from, (size_t)(end - from));
    }
    pj_str_add_bytes(&all, budget->text + at, budget->length - at);
    all.failed = all.failed || !end;
    pj_str_free(text);
    *text = all;
}

static pj_status draw(draft *d, pj_str *text)
{
    pj_map_init(&d->names, d->arena);
    pj_map_init(&d->open, d->arena);
    pj_map_init(&d->seen, d->arena);
    d->bound = PJ_NEW(d->arena, bool, d->setup->dim_count);
    d->shaped = PJ_NEW(d->arena, bool, d->setup->input_count);
    if (!d->bound || !d->shaped)
        return pj_fail_memory(d->err);
    for (size_t i = 0; d->given->budget && i < d->given->budget->entries; i++) {
        const char *name = d->given->budget->entry[i].baseline_file;
        is_there(d, d->given->budget->entry[i].file);
        if (name && !pj_map_put(&d->names, name, (void *)(uintptr_t)name))
            return pj_fail_memory(d->err);
    }
    PJ_TRY(put_budget(d));
    if (d->given->budget)
        append_models(d->given->budget, text);
    return text->failed ? pj_fail_memory(d->err) : PJ_OK;
}

pj_status pj_budget_write(const pj_budget_draft *given, const pj_setup *setup, pj_sink sink, void *payload,
                          pj_error *err)
{
    pj_str text = pj_str_new(0);
    if (!isfinite(given->margin))
        return pj_fail(err, PJ_EARGUMENT, "the margin is no number");
    draft d = {.given = given,
               .setup = setup,
               .arena = pj_arena_new(0),
               .missing = pj_str_new(200),
               .lacking = pj_str_new(240),
               .margin = given->margin,
               .json = pj_json_writer_new(&text, true),
               .err = err};
    if (d.margin < 0)
        d.margin = given->budget && given->budget->margin >= 0 ? given->budget->margin : PJ_BUDGET_MARGIN;
    pj_status status = d.arena ? draw(&d, &text) : pj_fail_memory(err);
    if (status == PJ_OK && !sink(text.data, text.length, payload))
        status = pj_fail(err, PJ_EIO, "the budget cannot be written");
    pj_arena_free(d.arena);
    pj_str_free(&d.missing);
    pj_str_free(&d.lacking);
    pj_str_free(&text);
    return status;
}
