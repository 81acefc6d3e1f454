/* Reading a budget file: its models, and what stands for all of them. */
#include "base/file.h"
#include "base/input.h"
#include "base/map.h"
#include "check/judge.h"
#include "check/paths.h"
#include "check/reader.h"

static const char *const own_keys[] = {"generation", "margin",   "fixed",          "limits",
                                       "forbid",     "baseline", PJ_BUDGET_REMARK, NULL};

/* Of an object with the keys of what figures rest on, `more` (ends with NULL) and the above. */
static pj_status check_keys(pj_reader *r, pj_json object, const char *const *more)
{
    const char *keys[PJ_MOST_BASIS_KEYS + 12];
    size_t count = pj_reader_basis_keys(keys);
    while (*more)
        keys[count++] = *more++;
    memcpy(keys + count, own_keys, sizeof own_keys);
    return pj_reader_keys(r, object, keys);
}

static pj_status read_margin(pj_reader *r, pj_json object)
{
    pj_json margin = pj_json_find(object, "margin");
    bool ignored;
    return margin.node ? pj_budget_amount(margin, PJ_QUANTITY_SHARE, &r->entry->margin, &ignored, r->err) : PJ_OK;
}

/* The key of a rule in "limits". */
static const char *key_of(const pj_budget_rule *rule)
{
    switch (rule->kind) {
    case PJ_RULE_TOTAL:
    case PJ_RULE_COVERAGE:
        return rule->word;
    case PJ_RULE_DEVICE:
        return "devices";
    case PJ_RULE_LAYER:
        return "layers";
    case PJ_RULE_LAYER_SHARE:
        return "layer_share";
    case PJ_RULE_FINDING:
    case PJ_RULE_FORMAT:
    case PJ_RULE_BASELINE:
    case PJ_RULE_BASELINE_LAYER:
    case PJ_RULE_KINDS:
        break;
    }
    return "";
}

enum { MOST_FIXED = 64 };

/* "fixed": true, or the keys of the limits that are. */
static pj_status read_fixed(pj_reader *r, pj_json object)
{
    pj_budget_entry *entry = r->entry;
    pj_json fixed = pj_json_find(object, "fixed");
    bool all = false;
    if (pj_json_kind_of(fixed) == PJ_JSON_BOOL) {
        PJ_TRY(pj_json_as_bool(fixed, &all, r->err));
        for (size_t i = 0; i < entry->rules; i++)
            entry->rule[i].is_fixed |= all;
        return PJ_OK;
    }
    if (fixed.node)
        PJ_TRY(pj_json_as_array(fixed, &fixed, r->err));
    if (pj_json_count(fixed) > MOST_FIXED)
        return pj_json_fail(fixed, PJ_ELIMIT, r->err, "more than %d limits", MOST_FIXED);
    for (pj_json at = pj_json_first(fixed); at.node; at = pj_json_next(at)) {
        const char *word;
        size_t found = 0;
        PJ_TRY(pj_json_as_text(at, &word, r->err));
        for (size_t i = 0; i < entry->rules; i++)
            if (*word && strcmp(key_of(&entry->rule[i]), word) == 0)
                found += entry->rule[i].is_fixed = true;
        if (!found && !r->in_defaults)
            return pj_json_fail(at, PJ_EFORMAT, r->err, "the model has no limit \"%.60s\" to fix", word);
    }
    return PJ_OK;
}

static pj_status read_rules(pj_reader *r, pj_json object)
{
    pj_json limits = {0}, forbid = {0};
    PJ_TRY(pj_json_opt_object(object, "limits", &limits, r->err));
    PJ_TRY(pj_json_opt_object(object, "forbid", &forbid, r->err));
    if (limits.node)
        PJ_TRY(pj_reader_limits(r, limits));
    return forbid.node ? pj_reader_forbid(r, forbid) : PJ_OK;
}

/* "generation": {"prompt": 512, "tokens": 128, "batch": 1} */
static pj_status read_generation(pj_reader *r, pj_json object)
{
    static const char *const keys[] = {"prompt", "tokens", "batch", PJ_BUDGET_REMARK, NULL};
    int64_t *const numbers[] = {&r->entry->prompt, &r->entry->tokens, &r->entry->sequences};
    pj_json generation = {0};
    PJ_TRY(pj_json_opt_object(object, "generation", &generation, r->err));
    if (!generation.node)
        return PJ_OK;
    PJ_TRY(pj_reader_keys(r, generation, keys));
    r->entry->sequences = r->entry->sequences ? r->entry->sequences : 1;
    for (int i = 0; i < 3; i++) {
        pj_json at = pj_json_find(generation, keys[i]);
        uint64_t number = 0;
        if (!at.node && *numbers[i])
            continue;
        if (!at.node)
            return pj_json_fail(generation, PJ_EFORMAT, r->err, "\"%s\" is missing: a number of tokens", keys[i]);
        PJ_TRY(pj_json_as_uint(at, &number, r->err));
        if (number < 1 || number > INT32_MAX)
            return pj_json_fail(at, PJ_EFORMAT, r->err, "wants a whole number from 1 to 2147483647");
        *numbers[i] = (int64_t)number;
    }
    return PJ_OK;
}

/* The defaults first, then what the model says itself. */
static pj_status read_both(pj_reader *r, pj_json object, pj_json defaults)
{
    pj_json of_all = {0}, own = {0};
    if (defaults.node) {
        r->in_defaults = true;
        PJ_TRY(pj_reader_basis(r, defaults));
        PJ_TRY(read_generation(r, defaults));
        PJ_TRY(read_margin(r, defaults));
        PJ_TRY(read_rules(r, defaults));
        PJ_TRY(pj_json_opt_object(defaults, "baseline", &of_all, r->err));
        r->in_defaults = false;
    }
    PJ_TRY(pj_reader_basis(r, object));
    PJ_TRY(read_generation(r, object));
    PJ_TRY(read_margin(r, object));
    PJ_TRY(read_rules(r, object));
    PJ_TRY(pj_reader_override(r));
    PJ_TRY(pj_json_opt_object(object, "baseline", &own, r->err));
    if (of_all.node || own.node)
        PJ_TRY(pj_reader_baseline(r, own, of_all));
    r->in_defaults = true;
    PJ_TRY(read_fixed(r, defaults));
    r->in_defaults = false;
    return read_fixed(r, object);
}

/* One model, of the file at `path`. */
static pj_status read_entry(pj_reader *r, pj_json object, pj_json defaults, const char *path)
{
    pj_budget_entry *entry = r->entry;
    entry->name = entry->path = path;
    PJ_TRY(pj_reader_text(r, object, "name", &entry->name));
    entry->file = pj_reader_found(r, path);
    entry->json_path = pj_reader_path(r, object);
    entry->line = pj_json_line(object);
    entry->setup = pj_setup_default(); /* unbound dimensions are refused with all their names at once */
    entry->optional = pj_setup_default();
    entry->margin = -1;
    PJ_TRY(read_both(r, object, defaults));
    if (entry->rules == 0)
        return pj_json_fail(object, PJ_EFORMAT, r->err,
                            "nothing is checked of this model: add limits, forbid or a baseline");
    if (r->rules > PJ_MAX_BUDGET_RULES)
        return pj_json_fail(object, PJ_ELIMIT, r->err, "more than %d limits in all models", (int)PJ_MAX_BUDGET_RULES);
    return PJ_OK;
}

static bool is_pattern(pj_reader *r, const char *path)
{
    return strpbrk(path, "*?[") && !(r->finds_files && pj_path_is_there(pj_reader_found(r, path)));
}

/* What "model" says; each entry that is no pattern is in `named`. */
static pj_status read_paths(pj_reader *r, pj_json models, const char **paths, pj_map *named)
{
    static const char *const more[] = {"model", "name", NULL};
    size_t i = 0;
    for (pj_json at = pj_json_first(models); at.node; at = pj_json_next(at), i++) {
        paths[i] = NULL;
        PJ_TRY(check_keys(r, at, more));
        PJ_TRY(pj_reader_text(r, at, "model", &paths[i]));
        if (!paths[i])
            return pj_json_fail(at, PJ_EFORMAT, r->err, "\"model\" is missing: the ONNX file");
        if (is_pattern(r, paths[i]) && pj_json_find(at, "name").node)
            return pj_json_fail(pj_json_find(at, "name"), PJ_EFORMAT, r->err,
                                "one name for all that a pattern matches");
        if (!is_pattern(r, paths[i]) && !pj_map_put(named, paths[i], (void *)(uintptr_t)paths[i]))
            return pj_fail_memory(r->err);
    }
    return PJ_OK;
}

static pj_status add_entry(pj_reader *r, pj_json object, pj_json defaults, const char *path, bool no_file)
{
    pj_budget *budget = r->budget;
    if (budget->entries == PJ_MAX_BUDGET_MODELS)
        return pj_json_fail(object, PJ_ELIMIT, r->err, "more than %d models", (int)PJ_MAX_BUDGET_MODELS);
    PJ_TRY(pj_got(PJ_GROW(r->arena, budget->entry, budget->entries, r->room), r->err));
    r->entry = &budget->entry[budget->entries++];
    r->entry->no_file = no_file;
    return read_entry(r, object, defaults, path);
}

/* The files that a pattern matches, but for those that have an entry of their own, or one by an earlier pattern. */
static pj_status add_matching(pj_reader *r, pj_json object, pj_json defaults, const char *pattern, pj_map *named)
{
    const char **files = NULL;
    size_t count = 0, skip = *pattern == '/' ? 0 : strlen(r->folder);
    if (r->finds_files && !pj_path_expand(pj_reader_found(r, pattern), r->arena, &files, &count))
        return pj_fail_memory(r->err);
    r->in_pattern = true;
    for (size_t i = 0; i < count; i++) {
        const char *path = files[i] + skip;
        if (pj_map_get(named, path))
            continue;
        if (!pj_map_put(named, path, (void *)(uintptr_t)path))
            return pj_fail_memory(r->err);
        PJ_TRY(add_entry(r, object, defaults, path, false));
    }
    r->in_pattern = false;
    return count ? PJ_OK : add_entry(r, object, defaults, pattern, true);
}

static pj_status read_models(pj_reader *r, pj_json models, pj_json defaults)
{
    size_t count = pj_json_count(models), i = 0;
    pj_map named;
    pj_map_init(&named, r->arena);
    if (count == 0)
        return pj_json_fail(models, PJ_EFORMAT, r->err, "there is no model in it, so nothing is checked");
    if (count > PJ_MAX_BUDGET_MODELS)
        return pj_json_fail(models, PJ_ELIMIT, r->err, "more than %d models", (int)PJ_MAX_BUDGET_MODELS);
    const char **paths = PJ_NEW(r->arena, const char *, count);
    PJ_TRY(pj_got(paths, r->err));
    PJ_TRY(read_paths(r, models, paths, &named));
    for (pj_json at = pj_json_first(models); at.node; at = pj_json_next(at), i++)
        PJ_TRY(is_pattern(r, paths[i]) ? add_matching(r, at, defaults, paths[i], &named)
                                       : add_entry(r, at, defaults, paths[i], false));
    return PJ_OK;
}

static pj_status read_default_margin(pj_reader *r, pj_json defaults)
{
    pj_budget_entry none = {.margin = -1};
    r->entry = &none;
    PJ_TRY(read_margin(r, defaults));
    r->budget->margin = none.margin;
    return PJ_OK;
}

static pj_status read_document(pj_reader *r, pj_json root)
{
    static const char *const keys[] = {"schema", "$schema", "defaults", "models", PJ_BUDGET_REMARK, NULL};
    static const char *const schemas[] = {"picojoule.budget/1", NULL}, *const none[] = {NULL};
    const char *link;
    pj_json models = {0}, defaults = {0};
    size_t ignored;
    int schema;
    PJ_TRY(pj_reader_keys(r, root, keys));
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, r->err));
    PJ_TRY(pj_json_opt_text(root, "$schema", &link, r->err));
    PJ_TRY(pj_json_opt_object(root, "defaults", &defaults, r->err));
    if (defaults.node)
        PJ_TRY(check_keys(r, defaults, none));
    PJ_TRY(read_default_margin(r, defaults));
    PJ_TRY(pj_json_get_array(root, "models", &models, r->err));
    pj_json_span(models, &ignored, &r->budget->models_end);
    PJ_TRY(read_models(r, models, defaults));
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

static pj_status parse(const char *json, size_t length, const char *name, bool finds_files, pj_budget **out,
                       pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_budget *budget = arena ? PJ_NEW(arena, pj_budget, 1) : NULL;
    pj_reader r = {.budget = budget, .arena = arena, .err = err, .finds_files = finds_files};
    *out = NULL;
    if (budget) {
        budget->arena = arena;
        budget->file = pj_arena_strdup(arena, name);
        budget->text = pj_arena_strndup(arena, json, length);
        budget->length = length;
    }
    pj_status status = budget && budget->file && budget->text ? read_text(&r, json, length) : pj_fail_memory(err);
    if (status == PJ_OK)
        *out = budget;
    else
        pj_arena_free(arena);
    return status;
}

pj_status pj_budget_parse(const char *json, size_t length, const char *name, pj_budget **out, pj_error *err)
{
    return parse(json, length, name, false, out, err);
}

pj_status pj_budget_read(const char *path, pj_budget **out, pj_error *err)
{
    char *text = NULL;
    size_t length = 0;
    *out = NULL;
    PJ_TRY(pj_file_read(path, PJ_MAX_JSON_BYTES, &text, &length, err));
    pj_status status = parse(text, length, strcmp(path, "-") == 0 ? "standard input" : path, true, out, err);
    free(text);
    return status;
}

pj_status pj_budget_open(const pj_resource *resource, pj_budget **out, pj_error *err)
{
    char *text = NULL;
    size_t length = 0;
    *out = NULL;
    PJ_TRY(pj_resource_read(resource, PJ_MAX_JSON_BYTES, &text, &length, err));
    pj_status status = parse(text, length, resource->name, true, out, err);
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

pj_status pj_budget_shard(pj_budget *budget, size_t index, size_t count, pj_error *err)
{
    size_t kept = 0;
    if (index >= count)
        return pj_fail(err, PJ_EARGUMENT, "there is no shard %zu of %zu: they count from 0", index, count);
    for (size_t i = index; i < budget->entries; i += count)
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
