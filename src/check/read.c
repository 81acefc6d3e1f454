/* Reading a budget file: picojoule.budget/1. */
#include "base/file.h"
#include "base/input.h"
#include "check/judge.h"
#include "check/reader.h"
#include "quant/precision.h"

static pj_budget_rule *add_rule(pj_reader *r, pj_json at, pj_rule_kind kind, const char *word, pj_quantity quantity)
{
    pj_budget_entry *entry = r->entry;
    if (entry->rules == entry->room) {
        size_t room = entry->room ? 2 * entry->room : 8;
        pj_budget_rule *more = PJ_NEW(r->arena, pj_budget_rule, room);
        if (!more)
            return NULL;
        if (entry->rules)
            memcpy(more, entry->rule, entry->rules * sizeof *more);
        entry->rule = more;
        entry->room = room;
    }
    pj_budget_rule *rule = &entry->rule[entry->rules++];
    *rule = (pj_budget_rule){.kind = kind,
                             .figure = pj_figure_find(word, strlen(word), PJ_IN_BUDGETS),
                             .word = pj_reader_keep(r, word),
                             .quantity = quantity,
                             .what = "",
                             .path = pj_reader_path(r, at),
                             .line = pj_json_line(at)};
    return rule->word && rule->path ? rule : NULL;
}

/* A rule whose limit is the value at hand. */
static pj_status add_limit(pj_reader *r, pj_json at, pj_rule_kind kind, const char *word, pj_quantity quantity,
                           const char *what)
{
    pj_budget_rule *rule = add_rule(r, at, kind, word, quantity);
    PJ_TRY(pj_got(rule, r->err));
    rule->what = what;
    return pj_budget_amount(at, quantity, &rule->allowed, &rule->is_joule, r->err);
}

/* The members of `object` that are figures. */
static pj_status read_figures(pj_reader *r, pj_json object, pj_rule_kind kind, const char *what)
{
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at)) {
        const pj_field *figure = pj_figure_find(pj_json_key(at), strlen(pj_json_key(at)), PJ_IN_BUDGETS);
        if (figure)
            PJ_TRY(add_limit(r, at, kind, figure->key, figure->quantity, what));
    }
    return PJ_OK;
}

enum { MOST_KEYS = 24 };

/* Keys of an object with figures: those of the model, or of a layer, and more. */
static void list_keys(const char **keys, bool of_layer, const char *const *more)
{
    size_t count = 0;
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_BUDGETS); f; f = pj_figure_next(f, PJ_IN_BUDGETS))
        if (count < MOST_KEYS / 2 && (!of_layer || f->of & PJ_OF_LAYER))
            keys[count++] = f->key;
    for (; *more; more++)
        keys[count++] = *more;
    keys[count] = NULL;
}

static pj_status read_layer_rule(pj_reader *r, pj_json object)
{
    static const char *const more[] = {"match", "op", "share", PJ_BUDGET_REMARK, NULL};
    const char *keys[MOST_KEYS], *match = NULL, *op = NULL;
    size_t before = r->entry->rules;
    list_keys(keys, true, more);
    PJ_TRY(pj_reader_keys(r, object, keys));
    PJ_TRY(pj_reader_text(r, object, "match", &match));
    PJ_TRY(pj_reader_text(r, object, "op", &op));
    if (!match && !op)
        return pj_json_fail(object, PJ_EFORMAT, r->err, "\"match\" is missing: the name of a layer, or a glob (\"*\")");
    if (!match)
        match = "*";
    if (strpbrk(match, "*?[") && ++r->globs > PJ_MAX_PLAN_GLOBS)
        return pj_json_fail(object, PJ_ELIMIT, r->err, "more than %d rules match by wildcards", (int)PJ_MAX_PLAN_GLOBS);
    PJ_TRY(read_figures(r, object, PJ_RULE_LAYER, match));
    pj_json share = pj_json_find(object, "share");
    if (share.node)
        PJ_TRY(add_limit(r, share, PJ_RULE_LAYER, "share", PJ_QUANTITY_SHARE, match));
    if (r->entry->rules == before)
        return pj_json_fail(object, PJ_EFORMAT, r->err, "this limits nothing: add for example \"total\": \"40uJ\"");
    for (size_t i = before; i < r->entry->rules; i++)
        r->entry->rule[i].op = op;
    return PJ_OK;
}

static pj_status read_device_limits(pj_reader *r, pj_json devices)
{
    static const char *const keys[] = {"energy", "time", PJ_BUDGET_REMARK, NULL};
    for (pj_json at = pj_json_first(devices); at.node; at = pj_json_next(at)) {
        if (pj_reader_is_remark(at))
            continue;
        PJ_TRY(pj_reader_keys(r, at, keys));
        size_t before = r->entry->rules, number = pj_reader_device(r, pj_json_key(at));
        const char *name = pj_reader_keep(r, pj_json_key(at));
        pj_json energy = pj_json_find(at, "energy"), time = pj_json_find(at, "time");
        if (energy.node)
            PJ_TRY(add_limit(r, energy, PJ_RULE_DEVICE, "energy", PJ_QUANTITY_ENERGY, name));
        if (time.node)
            PJ_TRY(add_limit(r, time, PJ_RULE_DEVICE, "time", PJ_QUANTITY_TIME, name));
        if (r->entry->rules == before)
            return pj_json_fail(at, PJ_EFORMAT, r->err, "this limits nothing: add \"energy\" or \"time\"");
        for (size_t i = before; i < r->entry->rules; i++)
            r->entry->rule[i].device = number;
    }
    return PJ_OK;
}

static pj_status read_limits(pj_reader *r, pj_json limits)
{
    static const char *const more[] = {"devices", "layers", "layer_share", "coverage", PJ_BUDGET_REMARK, NULL};
    const char *keys[MOST_KEYS];
    pj_json devices = {0}, layers = {0};
    list_keys(keys, false, more);
    PJ_TRY(pj_reader_keys(r, limits, keys));
    PJ_TRY(read_figures(r, limits, PJ_RULE_TOTAL, ""));
    pj_json share = pj_json_find(limits, "layer_share"), coverage = pj_json_find(limits, "coverage");
    if (share.node)
        PJ_TRY(add_limit(r, share, PJ_RULE_LAYER_SHARE, "share", PJ_QUANTITY_SHARE, ""));
    if (coverage.node)
        PJ_TRY(add_limit(r, coverage, PJ_RULE_COVERAGE, "coverage", PJ_QUANTITY_SHARE, ""));
    PJ_TRY(pj_json_opt_object(limits, "devices", &devices, r->err));
    PJ_TRY(read_device_limits(r, devices));
    PJ_TRY(pj_json_opt_array(limits, "layers", &layers, r->err));
    for (pj_json at = pj_json_first(layers); at.node; at = pj_json_next(at))
        PJ_TRY(read_layer_rule(r, at));
    return PJ_OK;
}

static pj_status read_forbidden(pj_reader *r, pj_json object, const char *key, pj_rule_kind kind,
                                pj_status (*check)(pj_json at, const char *word, pj_error *err))
{
    pj_json array = {0};
    PJ_TRY(pj_json_opt_array(object, key, &array, r->err));
    for (pj_json at = pj_json_first(array); at.node; at = pj_json_next(at)) {
        const char *word;
        PJ_TRY(pj_json_as_text(at, &word, r->err));
        PJ_TRY(check(at, word, r->err));
        pj_budget_rule *rule = add_rule(r, at, kind, key, PJ_QUANTITY_NONE);
        PJ_TRY(pj_got(rule, r->err));
        rule->what = pj_reader_keep(r, word);
    }
    return PJ_OK;
}

static pj_status check_code(pj_json at, const char *word, pj_error *err)
{
    const char *near = NULL;
    if (pj_budget_code_known(word, &near))
        return PJ_OK;
    return pj_json_fail(at, PJ_EFORMAT, err, "there is no finding \"%.64s\"%s%s%s", word,
                        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static pj_status check_format(pj_json at, const char *word, pj_error *err)
{
    pj_number number;
    if (strcmp(word, "float") == 0 || strcmp(word, "fixed") == 0 || pj_number_parse(word, &number, NULL) == PJ_OK)
        return PJ_OK;
    return pj_json_fail(at, PJ_EFORMAT, err,
                        "\"%.64s\" is no number format: float (all of them), fixed, fp32, fp16, int8, int4 ...", word);
}

static pj_status read_forbid(pj_reader *r, pj_json forbid)
{
    static const char *const keys[] = {"findings", "formats", PJ_BUDGET_REMARK, NULL};
    PJ_TRY(pj_reader_keys(r, forbid, keys));
    PJ_TRY(read_forbidden(r, forbid, "findings", PJ_RULE_FINDING, check_code));
    return read_forbidden(r, forbid, "formats", PJ_RULE_FORMAT, check_format);
}

static pj_status read_baseline(pj_reader *r, pj_json baseline)
{
    static const char *const keys[] = {"report", "tolerance", PJ_BUDGET_REMARK, NULL}, *const more[] = {
                                                                                           "layer", PJ_BUDGET_REMARK,
                                                                                           NULL};
    const char *metrics[MOST_KEYS];
    pj_json tolerance = {0};
    size_t before = r->entry->rules;
    PJ_TRY(pj_reader_keys(r, baseline, keys));
    PJ_TRY(pj_reader_text(r, baseline, "report", &r->entry->baseline));
    if (!r->entry->baseline)
        return pj_json_fail(baseline, PJ_EFORMAT, r->err, "\"report\" is missing: the file of the saved report");
    r->entry->baseline_file = pj_reader_found(r, r->entry->baseline);
    PJ_TRY(pj_json_get_object(baseline, "tolerance", &tolerance, r->err));
    list_keys(metrics, false, more);
    PJ_TRY(pj_reader_keys(r, tolerance, metrics));
    for (pj_json at = pj_json_first(tolerance); at.node; at = pj_json_next(at)) {
        bool is_layer = strcmp(pj_json_key(at), "layer") == 0, ignored;
        const char *key = pj_json_key(at);
        const pj_field *figure = is_layer ? pj_figure_total() : pj_figure_find(key, strlen(key), PJ_IN_BUDGETS);
        if (!figure)
            continue;
        pj_budget_rule *rule =
            add_rule(r, at, is_layer ? PJ_RULE_BASELINE_LAYER : PJ_RULE_BASELINE, figure->key, figure->quantity);
        PJ_TRY(pj_got(rule, r->err));
        PJ_TRY(pj_budget_amount(at, PJ_QUANTITY_SHARE, &rule->allowed, &ignored, r->err));
    }
    if (r->entry->rules == before)
        return pj_json_fail(tolerance, PJ_EFORMAT, r->err, "this checks nothing: add for example \"total\": \"1%%\"");
    return PJ_OK;
}

static pj_status read_entry(pj_reader *r, pj_json object)
{
    static const char *const own[] = {"model", "name", "limits", "forbid", "baseline", PJ_BUDGET_REMARK, NULL};
    const char *keys[PJ_MOST_BASIS_KEYS + sizeof own / sizeof *own];
    pj_json limits = {0}, forbid = {0}, baseline = {0};
    pj_budget_entry *entry = r->entry;
    memcpy(keys + pj_reader_basis_keys(keys), own, sizeof own);
    PJ_TRY(pj_reader_keys(r, object, keys));
    PJ_TRY(pj_reader_text(r, object, "model", &entry->path));
    if (!entry->path)
        return pj_json_fail(object, PJ_EFORMAT, r->err, "\"model\" is missing: the ONNX file");
    entry->name = entry->path;
    PJ_TRY(pj_reader_text(r, object, "name", &entry->name));
    entry->file = pj_reader_found(r, entry->path);
    entry->json_path = pj_reader_path(r, object);
    entry->line = pj_json_line(object);
    PJ_TRY(pj_reader_basis(r, object));
    PJ_TRY(pj_json_opt_object(object, "limits", &limits, r->err));
    PJ_TRY(pj_json_opt_object(object, "forbid", &forbid, r->err));
    PJ_TRY(pj_json_opt_object(object, "baseline", &baseline, r->err));
    if (limits.node)
        PJ_TRY(read_limits(r, limits));
    if (forbid.node)
        PJ_TRY(read_forbid(r, forbid));
    if (baseline.node)
        PJ_TRY(read_baseline(r, baseline));
    if (entry->rules == 0)
        return pj_json_fail(object, PJ_EFORMAT, r->err,
                            "nothing is checked of this model: add limits, forbid or a baseline");
    return PJ_OK;
}

static pj_status read_document(pj_reader *r, pj_json root)
{
    static const char *const keys[] = {"schema", "$schema", "models", PJ_BUDGET_REMARK, NULL};
    static const char *const schemas[] = {"picojoule.budget/1", NULL};
    const char *link;
    pj_json models = {0};
    int schema;
    PJ_TRY(pj_reader_keys(r, root, keys));
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, r->err));
    PJ_TRY(pj_json_opt_text(root, "$schema", &link, r->err));
    PJ_TRY(pj_json_get_array(root, "models", &models, r->err));
    size_t count = pj_json_count(models);
    if (count == 0)
        return pj_json_fail(models, PJ_EFORMAT, r->err, "there is no model in it, so nothing is checked");
    if (count > PJ_MAX_BUDGET_MODELS)
        return pj_json_fail(models, PJ_ELIMIT, r->err, "more than %d models", (int)PJ_MAX_BUDGET_MODELS);
    r->budget->entry = PJ_NEW(r->arena, pj_budget_entry, count);
    PJ_TRY(pj_got(r->budget->entry, r->err));
    for (pj_json at = pj_json_first(models); at.node; at = pj_json_next(at)) {
        r->entry = &r->budget->entry[r->budget->entries++];
        PJ_TRY(read_entry(r, at));
    }
    r->budget->all_entries = r->budget->entries;
    return pj_arena_failed(r->arena) ? pj_fail_memory(r->err) : PJ_OK;
}

static pj_status read_text(pj_reader *r, const char *text, size_t length)
{
    pj_json_doc *doc = NULL;
    const char *slash = strrchr(r->budget->file, '/');
    r->folder = pj_arena_strndup(r->arena, r->budget->file, slash ? (size_t)(slash - r->budget->file) + 1 : 0);
    PJ_TRY(pj_json_parse(text, length, r->budget->file, &doc, r->err));
    pj_status status = r->folder ? read_document(r, pj_json_root(doc)) : pj_fail_memory(r->err);
    pj_json_free(doc);
    return status;
}

pj_status pj_budget_parse(const char *json, size_t length, const char *name, pj_budget **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_budget *budget = arena ? PJ_NEW(arena, pj_budget, 1) : NULL;
    pj_reader r = {.budget = budget, .arena = arena, .err = err};
    *out = NULL;
    if (budget) {
        budget->arena = arena;
        budget->file = pj_arena_strdup(arena, name);
    }
    pj_status status = budget && budget->file ? read_text(&r, json, length) : pj_fail_memory(err);
    if (status == PJ_OK)
        *out = budget;
    else
        pj_arena_free(arena);
    return status;
}

pj_status pj_budget_read(const char *path, pj_budget **out, pj_error *err)
{
    char *text = NULL;
    size_t length = 0;
    *out = NULL;
    PJ_TRY(pj_file_read(path, PJ_MAX_JSON_BYTES, &text, &length, err));
    pj_status status = pj_budget_parse(text, length, strcmp(path, "-") == 0 ? "standard input" : path, out, err);
    free(text);
    return status;
}

pj_status pj_budget_open(const pj_resource *resource, pj_budget **out, pj_error *err)
{
    char *text = NULL;
    size_t length = 0;
    *out = NULL;
    PJ_TRY(pj_resource_read(resource, PJ_MAX_JSON_BYTES, &text, &length, err));
    pj_status status = pj_budget_parse(text, length, resource->name, out, err);
    free(text);
    return status;
}

void pj_budget_free(pj_budget *budget)
{
    if (budget)
        pj_arena_free(budget->arena);
}

size_t pj_budget_models(const pj_budget *budget)
{
    return budget->entries;
}

/* By its name, its path, or a glob of either. */
static bool is_named(const pj_budget_entry *entry, const char *name)
{
    uint64_t steps = PJ_MAX_GLOB_STEPS;
    return strcmp(entry->name, name) == 0 || strcmp(entry->path, name) == 0 || strcmp(entry->file, name) == 0 ||
           pj_text_glob_within(name, entry->name, &steps) || pj_text_glob_within(name, entry->path, &steps);
}

pj_status pj_budget_select(pj_budget *budget, const char *const *names, size_t count, pj_error *err)
{
    size_t kept = 0;
    bool *used = PJ_NEW(budget->arena, bool, count), *wanted = PJ_NEW(budget->arena, bool, budget->entries);
    if (!used || !wanted)
        return pj_fail_memory(err);
    for (size_t i = 0; i < budget->entries; i++)
        for (size_t k = 0; k < count; k++)
            if (is_named(&budget->entry[i], names[k]))
                used[k] = wanted[i] = true;
    for (size_t k = 0; k < count; k++)
        if (!used[k])
            return pj_fail(err, PJ_EARGUMENT, "%.120s has no model \"%.120s\"", budget->file, names[k]);
    for (size_t i = 0; i < budget->entries; i++)
        if (wanted[i])
            budget->entry[kept++] = budget->entry[i];
    budget->entries = kept;
    return PJ_OK;
}

const char *pj_budget_baseline(const pj_budget *budget, size_t model)
{
    return model < budget->entries ? budget->entry[model].baseline_file : NULL;
}

const char *pj_budget_input(const pj_budget *budget, size_t model, size_t index)
{
    const pj_budget_entry *entry = &budget->entry[model];
    const pj_setup *setup = &entry->setup;
    const char *const one[] = {entry->file, setup->table, setup->plan, setup->op_rules};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        if (one[i] && index-- == 0)
            return one[i];
    return index < setup->device_count ? setup->devices[index] : NULL;
}
