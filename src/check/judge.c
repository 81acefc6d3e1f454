/* Does a model keep to its budget? */
#include "check/judge.h"

#include "base/map.h"
#include "check/basis.h"
#include "check/podium.h"
#include "diff/match.h"
#include "ir/diag.h"
#include "setup/setup.h"

typedef struct judge {
    const pj_budget_case *given;
    pj_arena *arena;
    pj_error *err;
    pj_check_verdict *verdict; /* room for one per rule and coverage */
    double total;              /* energy of the model */
    bool is_relative;
    const pj_matching *matching; /* of the baseline (a) and now (b), once it was needed */
    pj_map by_name;              /* name -> named_layer, once it was needed */
    uint64_t glob_steps;         /* that wildcards may still take */
    pj_error no_baseline;        /* why there is none to compare with; PJ_OK: there is one */
} judge;

/* A limit in joules is for a table in joules. */
static pj_status check_unit(const judge *j, const pj_budget_rule *rule)
{
    bool is_relative = j->is_relative && rule->kind != PJ_RULE_DEVICE;
    if (rule->quantity != PJ_QUANTITY_ENERGY || rule->kind == PJ_RULE_BASELINE ||
        rule->kind == PJ_RULE_BASELINE_LAYER || rule->is_joule != is_relative)
        return PJ_OK;
    return pj_budget_fail(j->given->budget, rule->path, PJ_EARGUMENT, j->err, "%s",
                          is_relative ? "a limit in joules, but this table has none: its figures are multiples of one "
                                        "operation; write a plain number"
                                      : "a number without unit; write for example \"2.5mJ\"");
}

static double device_figure(const pj_budget_rule *rule, const pj_device_figure *figure)
{
    if (rule->quantity == PJ_QUANTITY_TIME)
        return figure->time_us;
    return strcmp(rule->word, PJ_METRIC_HIGH) == 0 ? figure->high_pj : figure->energy_pj;
}

static double figure_of(const judge *j, const pj_budget_rule *rule, const pj_layer *layer)
{
    if (rule->kind == PJ_RULE_DEVICE) {
        return device_figure(rule, &layer->devices[rule->device]);
    }
    if (rule->quantity == PJ_QUANTITY_SHARE)
        return j->total > 0 ? pj_energy_total(&layer->energy) / j->total : 0;
    return rule->figure && rule->figure->of & PJ_OF_LAYER ? pj_figure_value(rule->figure, PJ_OF_LAYER, layer) : 0;
}

static void offer_layer(const judge *j, pj_podium *p, const pj_budget_rule *rule, const pj_layer *layer)
{
    pj_check_layer row = {layer->name, layer->op, figure_of(j, rule, layer), -1, false};
    if (!layer->free && row.value > 0)
        pj_podium_offer(p, &row, row.value);
}

static void top_layers(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    const pj_result *now = j->given->now;
    pj_podium p = {.count = 0};
    for (size_t i = 0; i < now->layer_count; i++)
        offer_layer(j, &p, rule, &now->layers[i]);
    pj_podium_crown(&p, j->arena, v);
}

/* Of the peak of memory, the largest tensors: they come in that order. */
static void top_tensors(judge *j, pj_check_verdict *v)
{
    const pj_peak *peak = &j->given->now->memory->graph;
    pj_podium p = {.count = 0};
    for (size_t i = 0; i < peak->alive_count && p.count < PJ_PODIUM; i++)
        if (peak->alive[i].bytes > 0)
            p.row[p.count++] = (pj_check_layer){peak->alive[i].name, "", (double)peak->alive[i].bytes, -1, false};
    v->layer = pj_arena_strdup(j->arena, peak->node);
    pj_podium_crown(&p, j->arena, v);
}

/* The reason stands for all rules that want what is not there. */
static pj_status fail_as(const judge *j, const pj_error *reason)
{
    if (j->err)
        *j->err = *reason;
    return reason->status;
}

static pj_status match_baseline(judge *j)
{
    if (j->no_baseline.status != PJ_OK)
        return fail_as(j, &j->no_baseline);
    if (j->matching)
        return PJ_OK;
    pj_matching *matching = PJ_NEW(j->arena, pj_matching, 1);
    PJ_TRY(pj_got(matching, j->err));
    PJ_TRY(pj_match_layers(j->given->baseline, j->given->now, j->arena, matching, j->err));
    j->matching = matching;
    return PJ_OK;
}

/* The layer's figure before; 0 where it is new. */
static double figure_before(const judge *j, const pj_budget_rule *rule, size_t layer)
{
    size_t before = j->matching->a_of_b[layer];
    return before == PJ_NO_LAYER ? 0 : figure_of(j, rule, &j->given->baseline->layers[before]);
}

/* What has grown since the baseline, for figures that layers have. */
static void top_growth(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    const pj_result *now = j->given->now;
    pj_podium p = {.count = 0};
    for (size_t i = 0; i < now->layer_count; i++) {
        const pj_layer *layer = &now->layers[i];
        pj_check_layer row = {layer->name, layer->op, figure_of(j, rule, layer), figure_before(j, rule, i),
                              j->matching->a_of_b[i] == PJ_NO_LAYER};
        if (row.value > row.baseline)
            pj_podium_offer(&p, &row, row.value - row.baseline);
    }
    pj_podium_crown(&p, j->arena, v);
}

/* Who is to blame that a limit is exceeded: what has grown since the baseline, where that is known. */
static void top_culprits(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    if (v->exceeded && j->no_baseline.status == PJ_OK && match_baseline(j) == PJ_OK)
        top_growth(j, rule, v);
    if (!v->top_count)
        top_layers(j, rule, v);
}

/* Negative: not known. */
static double generation_value(const pj_generation *g, const char *word)
{
    if (!g)
        return -1;
#define METRIC_VALUE(name, quantity, value) \
    if (strcmp(word, name) == 0)            \
        return isnan(value) ? -1 : (value);
    PJ_GENERATION_METRICS(METRIC_VALUE)
#undef METRIC_VALUE
    return -1;
}

static void judge_total(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    v->value = rule->figure ? pj_figure_value(rule->figure, PJ_OF_TOTALS, &j->given->now->totals)
                            : generation_value(j->given->generation, rule->word);
    v->is_unknown = v->value < 0;
    v->exceeded = v->is_unknown || v->value > v->allowed;
    if (!rule->figure)
        return;
    if (rule->figure->of & PJ_OF_LAYER)
        top_culprits(j, rule, v);
    else if (strcmp(rule->figure->key, pj_key_peak_activation_bytes) == 0)
        top_tensors(j, v);
}

static void judge_device(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    const pj_totals *totals = &j->given->now->totals;
    const pj_device_figure *figure = &totals->devices[rule->device];
    const pj_device_note *note = &totals->device_notes[rule->device];
    if (rule->quantity == PJ_QUANTITY_BYTES) {
        v->value = note->memory_wants;
        v->allowed = note->memory_has;
        v->is_unknown = !*note->memory || (v->value <= v->allowed && totals->peak_activation_bytes < 0);
    } else {
        v->value = device_figure(rule, figure);
        /* The sum of some layers can break a limit, and cannot keep one. */
        if (rule->quantity == PJ_QUANTITY_ENERGY && v->value < 0 && note->at_least_pj > v->allowed)
            v->value = note->at_least_pj;
        v->is_unknown = v->value < 0;
        top_layers(j, rule, v);
    }
    v->exceeded = v->is_unknown || v->value > v->allowed;
}

static void judge_coverage(judge *j, pj_check_verdict *v)
{
    const pj_result *now = j->given->now;
    pj_podium p = {.count = 0};
    v->matched = now->totals.layers;
    v->count = now->totals.uncounted;
    v->value = v->matched ? (double)(v->matched - v->count) / (double)v->matched : 1;
    v->exceeded = v->value < v->allowed;
    for (size_t i = 0; i < now->layer_count; i++) {
        pj_check_layer row = {now->layers[i].name, now->layers[i].op, 0, -1, false};
        if (!now->layers[i].counted)
            pj_podium_offer(&p, &row, 0);
    }
    pj_podium_crown(&p, j->arena, v);
}

static void judge_finding(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    pj_podium p = {.count = 0};
    for (size_t i = 0; i < j->given->finding_count; i++) {
        const pj_finding *finding = &j->given->findings[i];
        if (strcmp(finding->code, rule->what) != 0)
            continue;
        if (v->count++ == 0)
            v->detail = pj_arena_strdup(j->arena, finding->message);
        pj_check_layer row = {finding->node, "", 0, -1, false};
        if (*finding->node)
            pj_podium_offer(&p, &row, 0);
    }
    v->value = (double)v->count;
    v->exceeded = v->count > 0;
    pj_podium_crown(&p, j->arena, v);
    v->layer = v->top_count ? v->top[0].name : "";
}

static bool is_format(const pj_format_info *format, const char *word)
{
    return format->known && (strcmp(format->word, word) == 0 || strcmp(format->kind, word) == 0);
}

static void judge_format(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    pj_podium p = {.count = 0};
    for (size_t i = 0; i < j->given->now->layer_count; i++) {
        const pj_layer *layer = &j->given->now->layers[i];
        if (layer->macs <= 0)
            continue;
        v->matched++;
        if (!is_format(layer->input, rule->what) && !is_format(layer->weight, rule->what))
            continue;
        v->count++;
        pj_check_layer row = {layer->name, layer->op, (double)layer->macs, -1, false};
        pj_podium_offer(&p, &row, row.value);
    }
    v->value = (double)v->count;
    v->exceeded = v->count > 0;
    pj_podium_crown(&p, j->arena, v);
    v->layer = v->top_count ? v->top[0].name : "";
}

static pj_status fail_unmatched(const judge *j, const pj_budget_rule *rule)
{
    const pj_result *now = j->given->now;
    const char *near = NULL;
    size_t most = strlen(rule->what) / 3 + 1;
    for (size_t i = 0; i < now->layer_count && most > 0; i++) {
        size_t distance = pj_text_distance(rule->what, now->layers[i].name, most);
        if (distance > most || (near && distance >= most))
            continue;
        near = now->layers[i].name;
        most = distance;
    }
    return pj_budget_fail(j->given->budget, rule->path, PJ_EFORMAT, j->err,
                          "\"%.120s\" matches no layer of %.120s%s%.60s%s%.120s%s", rule->what, j->given->entry->path,
                          rule->op ? " with operator " : "", rule->op ? rule->op : "", near ? "; did you mean \"" : "",
                          near ? near : "", near ? "\"?" : "");
}

/* Layers of one name, in their order. */
typedef struct named_layer {
    const pj_layer *layer;
    struct named_layer *next;
} named_layer;

/* Rules and layers may be many, so names are not looked for one by one. */
static pj_status index_names(judge *j)
{
    const pj_result *now = j->given->now;
    if (j->by_name.arena)
        return PJ_OK;
    named_layer *all = PJ_NEW(j->arena, named_layer, now->layer_count);
    pj_map_init(&j->by_name, j->arena);
    PJ_TRY(pj_got(all && pj_map_reserve(&j->by_name, now->layer_count), j->err));
    for (size_t i = now->layer_count; i-- > 0;) {
        all[i] = (named_layer){&now->layers[i], pj_map_get(&j->by_name, now->layers[i].name)};
        PJ_TRY(pj_got(pj_map_put(&j->by_name, now->layers[i].name, &all[i]), j->err));
    }
    return PJ_OK;
}

static void take_layer(judge *j, const pj_budget_rule *rule, const pj_layer *layer, pj_podium *p, pj_check_verdict *v)
{
    if (rule->op && strcmp(rule->op, layer->op) != 0)
        return;
    v->matched++;
    v->count += figure_of(j, rule, layer) > rule->allowed;
    offer_layer(j, p, rule, layer);
}

/* A name is a name even if it looks like a glob. */
static pj_status take_matching(judge *j, const pj_budget_rule *rule, pj_podium *p, pj_check_verdict *v)
{
    const pj_result *now = j->given->now;
    PJ_TRY(index_names(j));
    const named_layer *named = pj_map_get(&j->by_name, rule->what);
    for (const named_layer *at = named; at; at = at->next)
        take_layer(j, rule, at->layer, p, v);
    if (named || !strpbrk(rule->what, "*?["))
        return PJ_OK;
    for (size_t i = 0; i < now->layer_count; i++)
        if (pj_text_glob_within(rule->what, now->layers[i].name, &j->glob_steps))
            take_layer(j, rule, &now->layers[i], p, v);
    if (j->glob_steps > 0)
        return PJ_OK;
    return pj_budget_fail(j->given->budget, rule->path, PJ_ELIMIT, j->err,
                          "the wildcards up to here take too long to compare with all names of layers; write shorter "
                          "or fewer ones");
}

/* Each layer by itself: the rule of a glob, or the greatest share. */
static pj_status judge_layers(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    const pj_result *now = j->given->now;
    bool all = rule->kind == PJ_RULE_LAYER_SHARE;
    pj_podium p = {.count = 0};
    if (!all)
        PJ_TRY(take_matching(j, rule, &p, v));
    for (size_t i = 0; all && i < now->layer_count; i++)
        take_layer(j, rule, &now->layers[i], &p, v);
    if (!all && v->matched == 0 && !rule->is_default)
        return fail_unmatched(j, rule);
    v->exceeded = v->count > 0;
    pj_podium_crown(&p, j->arena, v);
    v->value = v->top_count ? v->top[0].value : 0;
    v->layer = v->top_count ? v->top[0].name : "";
    return PJ_OK;
}

static pj_status judge_baseline(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    v->value = pj_figure_value(rule->figure, PJ_OF_TOTALS, &j->given->now->totals);
    v->baseline = pj_figure_value(rule->figure, PJ_OF_TOTALS, &j->given->baseline->totals);
    if (v->baseline < 0)
        return pj_budget_fail(j->given->budget, rule->path, PJ_EARGUMENT, j->err,
                              "the baseline %.200s does not know its %s", j->given->entry->baseline, rule->word);
    v->tolerance = rule->allowed;
    v->allowed = v->baseline * (1 + rule->allowed);
    v->is_unknown = v->value < 0;
    v->exceeded = v->is_unknown || v->value > v->allowed;
    v->improved = !v->is_unknown && v->value < v->baseline;
    if (!(rule->figure->of & PJ_OF_LAYER))
        top_tensors(j, v);
    else if (v->value > v->baseline)
        top_growth(j, rule, v);
    else
        top_layers(j, rule, v);
    return PJ_OK;
}

/* Layers that are new have no baseline: they count in the total alone. */
static void judge_baseline_layers(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    const pj_result *now = j->given->now;
    pj_podium p = {.count = 0};
    v->tolerance = rule->allowed;
    for (size_t i = 0; i < now->layer_count; i++) {
        const pj_layer *layer = &now->layers[i];
        if (j->matching->a_of_b[i] == PJ_NO_LAYER)
            continue;
        pj_check_layer row = {layer->name, layer->op, figure_of(j, rule, layer), figure_before(j, rule, i), false};
        v->matched++;
        if (row.value <= row.baseline * (1 + rule->allowed))
            continue;
        v->count++;
        pj_podium_offer(&p, &row, row.value - row.baseline);
    }
    v->exceeded = v->count > 0;
    pj_podium_crown(&p, j->arena, v);
    v->baseline = v->top_count ? v->top[0].baseline : -1;
    v->value = v->top_count ? v->top[0].value : 0;
    v->allowed = v->top_count ? v->baseline * (1 + rule->allowed) : 0;
    v->layer = v->top_count ? v->top[0].name : "";
}

static pj_status judge_kind(judge *j, const pj_budget_rule *rule, pj_check_verdict *v)
{
    *v = (pj_check_verdict){.kind = rule->kind,
                            .metric = rule->word,
                            .path = rule->path,
                            .line = rule->line,
                            .quantity = rule->quantity,
                            .what = rule->what,
                            .op = rule->op ? rule->op : "",
                            .allowed = rule->allowed,
                            .is_fixed = rule->is_fixed,
                            .baseline = -1,
                            .tolerance = -1,
                            .layer = "",
                            .detail = ""};
    PJ_TRY(check_unit(j, rule));
    switch (rule->kind) {
    case PJ_RULE_TOTAL:
        judge_total(j, rule, v);
        return PJ_OK;
    case PJ_RULE_DEVICE:
        judge_device(j, rule, v);
        return PJ_OK;
    case PJ_RULE_LAYER:
    case PJ_RULE_LAYER_SHARE:
        return judge_layers(j, rule, v);
    case PJ_RULE_COVERAGE:
        judge_coverage(j, v);
        return PJ_OK;
    case PJ_RULE_FINDING:
        if (j->given->no_lint && j->given->no_lint->status != PJ_OK && pj_lint_rule_find(rule->what))
            return fail_as(j, j->given->no_lint);
        judge_finding(j, rule, v);
        return PJ_OK;
    case PJ_RULE_FORMAT:
        judge_format(j, rule, v);
        return PJ_OK;
    case PJ_RULE_BASELINE:
        PJ_TRY(match_baseline(j));
        return judge_baseline(j, rule, v);
    case PJ_RULE_BASELINE_LAYER:
        PJ_TRY(match_baseline(j));
        judge_baseline_layers(j, rule, v);
        return PJ_OK;
    case PJ_RULE_KINDS:
        break;
    }
    return PJ_OK;
}

/* A rule that cannot be judged says so, and stops no other one. */
static pj_status judge_rule(judge *j, const pj_budget_rule *rule, pj_check_model *out)
{
    pj_check_verdict *v = &j->verdict[out->verdict_count++];
    pj_status status = judge_kind(j, rule, v);
    if (status == PJ_OK || status == PJ_ENOMEM)
        return status;
    v->error = pj_arena_memdup(j->arena, j->err, 1, sizeof *j->err);
    v->exceeded = v->improved = false;
    if (out->unjudged++ == 0)
        out->error = *j->err;
    return v->error ? PJ_OK : pj_fail_memory(j->err);
}

/* Coverage is asked for even where the budget does not: all layers then. */
static bool lacks_coverage(const pj_budget_case *given)
{
    for (size_t i = 0; i < given->entry->rules; i++)
        if (given->entry->rule[i].kind == PJ_RULE_COVERAGE)
            return false;
    return given->now->totals.uncounted > 0;
}

/* The component that costs most. */
static const char *dearest(const pj_totals *totals)
{
    const pj_field *best = NULL;
    double most = -1;
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_BUDGETS); f; f = pj_figure_next(f, PJ_IN_BUDGETS)) {
        double part = pj_figure_value(f, PJ_OF_TOTALS, totals);
        if (!pj_figure_is_energy(f) || f == pj_figure_total() || part <= most)
            continue;
        best = f;
        most = part;
    }
    return best->key;
}

pj_status pj_budget_judge(const pj_budget_case *given, pj_arena *arena, pj_check_model *out, pj_error *err)
{
    const pj_budget_entry *entry = given->entry;
    judge j = {.given = given,
               .arena = arena,
               .err = err,
               .verdict = PJ_NEW(arena, pj_check_verdict, entry->rules + 1),
               .glob_steps = PJ_MAX_GLOB_STEPS,
               .total = pj_energy_total(&given->now->totals.energy),
               .is_relative = strcmp(given->now->unit, "relative") == 0};
    PJ_TRY(pj_got(j.verdict, err));
    out->verdicts = j.verdict;
    out->unit = j.is_relative ? "relative" : "pJ";
    out->table = pj_arena_strdup(j.arena, given->now->table);
    out->energy = given->now->totals.energy;
    out->dearest = dearest(&given->now->totals);
    out->no_policy = entry->no_policy && strcmp(given->now->rules, "qtools") != 0;
    pj_str options = pj_str_new(0);
    pj_setup_options(given->setup ? given->setup : &entry->setup, &options);
    out->options = pj_str_keep(&options, arena);
    PJ_TRY(pj_got(out->options, err));
    for (size_t i = 0; i < given->now->layer_count; i++)
        out->is_float =
            out->is_float || (given->now->layers[i].macs > 0 && is_format(given->now->layers[i].input, "float") &&
                              given->now->layers[i].input->bits > 8);
    if (given->no_baseline)
        j.no_baseline = *given->no_baseline;
    if (!given->baseline && j.no_baseline.status == PJ_OK)
        pj_fail(&j.no_baseline, PJ_EARGUMENT, "there is no baseline to compare with");
    if (given->baseline)
        PJ_TRY(pj_check_basis(given, arena, out, &j.no_baseline, err));
    for (size_t i = 0; i < entry->rules; i++)
        PJ_TRY(judge_rule(&j, &entry->rule[i], out));
    if (lacks_coverage(given)) {
        const pj_budget_rule all = {.kind = PJ_RULE_COVERAGE,
                                    .word = "coverage",
                                    .quantity = PJ_QUANTITY_SHARE,
                                    .what = "",
                                    .allowed = 1,
                                    .path = entry->json_path,
                                    .line = entry->line};
        PJ_TRY(judge_rule(&j, &all, out));
    }
    for (size_t i = 0; i < out->verdict_count; i++) {
        out->exceeded += j.verdict[i].exceeded;
        out->improved += j.verdict[i].improved;
    }
    out->outcome = out->unjudged ? PJ_BROKEN : out->exceeded ? PJ_FAILED : PJ_PASSED;
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
}
