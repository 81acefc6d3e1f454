/* Reading a budget file: limits, what is forbidden, baselines. */
#include "base/map.h"
#include "check/judge.h"
#include "check/reader.h"
#include "quant/precision.h"

/* NULL: no memory. */
static pj_budget_rule *add_rule(pj_reader *r, pj_json at, pj_rule_kind kind, const char *word, pj_quantity quantity)
{
    pj_budget_entry *entry = r->entry;
    if (!PJ_GROW(r->arena, entry->rule, entry->rules, entry->room))
        return NULL;
    pj_budget_rule *rule = &entry->rule[entry->rules++];
    r->rules++;
    *rule = (pj_budget_rule){.kind = kind,
                             .figure = pj_figure_find(word, strlen(word), PJ_IN_BUDGETS),
                             .word = pj_arena_strdup(r->arena, word),
                             .quantity = quantity,
                             .what = "",
                             .is_default = r->in_defaults,
                             .is_shared = r->in_defaults || r->in_pattern,
                             .path = pj_reader_path(r, at),
                             .line = pj_json_line(at)};
    pj_json_span(at, &rule->begin, &rule->end);
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

enum { MOST_KEYS = 32 };

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

/* "fits": true wants the memories of the device to hold the model. */
static pj_status add_fits(pj_reader *r, pj_json device, const char *name)
{
    pj_json at = pj_json_find(device, PJ_METRIC_FITS);
    bool wanted = false;
    PJ_TRY(pj_json_opt_bool(device, PJ_METRIC_FITS, &wanted, r->err));
    if (!wanted)
        return PJ_OK;
    pj_budget_rule *rule = add_rule(r, at, PJ_RULE_DEVICE, PJ_METRIC_FITS, PJ_QUANTITY_BYTES);
    PJ_TRY(pj_got(rule, r->err));
    rule->what = name;
    rule->is_fixed = true; /* true is no amount: what --update writes would not be read */
    return PJ_OK;
}

static pj_status read_device_limits(pj_reader *r, pj_json devices)
{
    static const char *const keys[] = {"energy", PJ_METRIC_HIGH, "time", PJ_METRIC_FITS, PJ_BUDGET_REMARK, NULL};
    for (pj_json at = pj_json_first(devices); at.node; at = pj_json_next(at)) {
        if (pj_reader_is_remark(at))
            continue;
        PJ_TRY(pj_reader_keys(r, at, keys));
        size_t before = r->entry->rules, number = pj_reader_device(r, pj_json_key(at));
        const char *name = pj_arena_strdup(r->arena, pj_json_key(at));
        for (size_t i = 0; i < 3; i++) {
            pj_json limit = pj_json_find(at, keys[i]);
            if (limit.node)
                PJ_TRY(
                    add_limit(r, limit, PJ_RULE_DEVICE, keys[i], i < 2 ? PJ_QUANTITY_ENERGY : PJ_QUANTITY_TIME, name));
        }
        PJ_TRY(add_fits(r, at, name));
        if (r->entry->rules == before)
            return pj_json_fail(at, PJ_EFORMAT, r->err,
                                "this limits nothing: add \"energy\", \"energy.high\", \"time\" or \"fits\"");
        for (size_t i = before; i < r->entry->rules; i++)
            r->entry->rule[i].device = number;
    }
    return PJ_OK;
}

static pj_status read_generation_limits(pj_reader *r, pj_json limits)
{
    static const struct {
        const char *word;
        pj_quantity quantity;
    } metrics[] = {
#define METRIC_ROW(word, quantity, value) {word, quantity},
        PJ_GENERATION_METRICS(METRIC_ROW)
#undef METRIC_ROW
    };
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        pj_json limit = pj_json_find(limits, metrics[i].word);
        if (limit.node && !r->in_defaults && !r->entry->prompt)
            return pj_json_fail(
                limit, PJ_EFORMAT, r->err,
                "a limit of a generation, which the model has none of: add \"generation\": {\"prompt\": "
                "512, \"tokens\": 128}");
        if (limit.node)
            PJ_TRY(add_limit(r, limit, PJ_RULE_TOTAL, metrics[i].word, metrics[i].quantity, ""));
    }
    return PJ_OK;
}

pj_status pj_reader_limits(pj_reader *r, pj_json limits)
{
    static const char *const more[] = {
#define METRIC_WORD(word, quantity, value) word,
        PJ_GENERATION_METRICS(METRIC_WORD)
#undef METRIC_WORD
            "devices",
        "layers",
        "layer_share",
        "coverage",
        PJ_BUDGET_REMARK,
        NULL};
    const char *keys[MOST_KEYS];
    pj_json devices = {0}, layers = {0};
    list_keys(keys, false, more);
    PJ_TRY(pj_reader_keys(r, limits, keys));
    PJ_TRY(read_figures(r, limits, PJ_RULE_TOTAL, ""));
    PJ_TRY(read_generation_limits(r, limits));
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
        rule->what = pj_arena_strdup(r->arena, word);
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

pj_status pj_reader_forbid(pj_reader *r, pj_json forbid)
{
    static const char *const keys[] = {"findings", "formats", PJ_BUDGET_REMARK, NULL};
    PJ_TRY(pj_reader_keys(r, forbid, keys));
    PJ_TRY(read_forbidden(r, forbid, "findings", PJ_RULE_FINDING, check_code));
    return read_forbidden(r, forbid, "formats", PJ_RULE_FORMAT, check_format);
}

static const char *print_rule(const pj_budget_rule *rule, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%d %s %s ", (int)rule->kind, rule->word, rule->op ? rule->op : "");
    pj_str_add(&text, rule->what);
    return pj_str_keep(&text, arena);
}

/* A model's own rules stand for those of the defaults on the same. */
pj_status pj_reader_override(pj_reader *r)
{
    pj_budget_entry *entry = r->entry;
    size_t kept = 0;
    pj_map own;
    pj_map_init(&own, r->arena);
    if (pj_arena_failed(r->arena))
        return pj_fail_memory(r->err); /* a rule may lack its words */
    if (!entry->rules || !entry->rule[0].is_default)
        return PJ_OK;
    for (size_t i = entry->rules; i-- > 0;) {
        pj_budget_rule *rule = &entry->rule[i];
        const char *text = print_rule(rule, r->arena);
        if (!text || (!rule->is_default && !pj_map_put(&own, text, rule)))
            return pj_fail_memory(r->err);
        rule->is_replaced = rule->is_default && pj_map_get(&own, text);
    }
    for (size_t i = 0; i < entry->rules; i++)
        if (!entry->rule[i].is_replaced)
            entry->rule[kept++] = entry->rule[i];
    entry->rules = kept;
    return PJ_OK;
}

/* A star in the name of a baseline stands for that of the model: models/net.onnx has baselines/net.json. */
static const char *fill_in(pj_reader *r, const char *pattern, const char *model)
{
    const char *star = strchr(pattern, '*'), *slash = strrchr(model, '/'), *name = slash ? slash + 1 : model;
    const char *point = strrchr(name, '.');
    pj_str text = pj_str_new(0);
    if (!star)
        return pattern;
    pj_str_add_bytes(&text, pattern, (size_t)(star - pattern));
    pj_str_add_bytes(&text, name, point > name ? (size_t)(point - name) : strlen(name));
    pj_str_add(&text, star + 1);
    return pj_str_keep(&text, r->arena);
}

static pj_status add_tolerance(pj_reader *r, pj_json at, pj_rule_kind kind, const char *word, double allowed)
{
    const pj_field *figure = pj_figure_find(word, strlen(word), PJ_IN_BUDGETS);
    pj_budget_rule *rule = add_rule(r, at, kind, word, figure->quantity);
    PJ_TRY(pj_got(rule, r->err));
    rule->allowed = allowed;
    return PJ_OK;
}

static pj_status read_tolerance(pj_reader *r, pj_json tolerance)
{
    static const char *const more[] = {"layer", PJ_BUDGET_REMARK, NULL};
    const char *metrics[MOST_KEYS];
    size_t before = r->entry->rules;
    list_keys(metrics, false, more);
    PJ_TRY(pj_reader_keys(r, tolerance, metrics));
    for (pj_json at = pj_json_first(tolerance); at.node; at = pj_json_next(at)) {
        const char *key = pj_json_key(at);
        bool is_layer = strcmp(key, "layer") == 0, ignored;
        double allowed;
        if (pj_reader_is_remark(at))
            continue;
        PJ_TRY(pj_budget_amount(at, PJ_QUANTITY_SHARE, &allowed, &ignored, r->err));
        PJ_TRY(add_tolerance(r, at, is_layer ? PJ_RULE_BASELINE_LAYER : PJ_RULE_BASELINE,
                             is_layer ? pj_figure_total()->key : key, allowed));
    }
    if (r->entry->rules == before)
        return pj_json_fail(tolerance, PJ_EFORMAT, r->err, "this checks nothing: add for example \"total\": \"1%%\"");
    return PJ_OK;
}

pj_status pj_reader_baseline(pj_reader *r, pj_json baseline, pj_json defaults)
{
    static const char *const keys[] = {"report", "tolerance", PJ_BUDGET_REMARK, NULL};
    pj_json at = baseline.node ? baseline : defaults, tolerance = {0};
    pj_budget_entry *entry = r->entry;
    double margin = entry->margin >= 0 ? entry->margin : PJ_BUDGET_MARGIN;
    if (defaults.node) {
        PJ_TRY(pj_reader_keys(r, defaults, keys));
        PJ_TRY(pj_reader_text(r, defaults, "report", &entry->baseline));
        PJ_TRY(pj_json_opt_object(defaults, "tolerance", &tolerance, r->err));
    }
    if (baseline.node) {
        PJ_TRY(pj_reader_keys(r, baseline, keys));
        PJ_TRY(pj_reader_text(r, baseline, "report", &entry->baseline));
        PJ_TRY(pj_json_opt_object(baseline, "tolerance", &tolerance, r->err));
    }
    if (!entry->baseline)
        return pj_json_fail(at, PJ_EFORMAT, r->err, "\"report\" is missing: the file of the saved report");
    entry->baseline = fill_in(r, entry->baseline, entry->path);
    entry->baseline_file = entry->baseline ? pj_reader_found(r, entry->baseline) : NULL;
    if (tolerance.node)
        return read_tolerance(r, tolerance);
    PJ_TRY(add_tolerance(r, at, PJ_RULE_BASELINE, pj_figure_total()->key, margin));
    return add_tolerance(r, at, PJ_RULE_BASELINE_LAYER, pj_figure_total()->key, margin);
}
