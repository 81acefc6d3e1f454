/* A budget with today's figures for limits: the text of its file, with nothing else changed. */
#include "base/json_write.h"
#include "check/entry.h"
#include "check/judge.h"

/* What a limit becomes. */
typedef struct edit {
    const pj_budget_rule *rule;
    const char *model;
    double value;
} edit;

typedef struct renewal {
    pj_renewal result; /* first: this is what is handed out */
    pj_arena *arena;
    const pj_budget *budget;
    edit *edit;
    size_t count;
} renewal;

static const pj_budget_rule *rule_of(const pj_budget_entry *entry, const pj_check_verdict *v, size_t *from)
{
    for (; *from < entry->rules; ++*from) /* verdicts have the order of the rules */
        if (entry->rule[*from].path == v->path)
            return &entry->rule[(*from)++];
    return NULL;
}

/* Negative: the limit stays as it is. Where the budget has no margin its limits were agreed upon: they move only where
 * they are exceeded. */
static double wanted(const pj_budget_entry *entry, const pj_check_verdict *v, double margin)
{
    double own = margin >= 0 ? margin : entry->margin, more = 1 + (own >= 0 ? own : PJ_BUDGET_MARGIN);
    if (v->is_fixed || v->is_unknown || v->error || (own < 0 && !v->exceeded))
        return -1;
    switch (v->kind) {
    case PJ_RULE_TOTAL:
    case PJ_RULE_DEVICE:
        return more * v->value;
    case PJ_RULE_LAYER:
    case PJ_RULE_LAYER_SHARE:
        if (!v->top_count)
            return -1;
        return v->quantity == PJ_QUANTITY_SHARE && more * v->value > 1 ? 1 : more * v->value;
    case PJ_RULE_COVERAGE:
        return floor(100 * v->value) / 100;
    case PJ_RULE_FINDING:
    case PJ_RULE_FORMAT:
    case PJ_RULE_BASELINE:
    case PJ_RULE_BASELINE_LAYER:
    case PJ_RULE_KINDS:
        break;
    }
    return -1;
}

static void collect(renewal *r, const pj_check *check, double margin)
{
    for (size_t i = 0; i < check->model_count; i++) {
        const pj_budget_entry *entry = &r->budget->entry[i];
        size_t from = 0;
        for (size_t k = 0; k < check->models[i].verdict_count; k++) {
            const pj_check_verdict *v = &check->models[i].verdicts[k];
            const pj_budget_rule *rule = rule_of(entry, v, &from);
            double value = rule ? wanted(entry, v, margin) : -1;
            if (value >= 0)
                r->edit[r->count++] = (edit){rule, entry->name, value};
        }
    }
}

static int compare_edits(const void *a, const void *b)
{
    const edit *one = a, *two = b;
    return (one->rule->begin > two->rule->begin) - (one->rule->begin < two->rule->begin);
}

/* One limit may stand for several models: it has to suit all of them, and those that are not checked now, too. */
static void merge(renewal *r, bool all_judged)
{
    size_t kept = 0;
    qsort(r->edit, r->count, sizeof *r->edit, compare_edits);
    for (size_t i = 0; i < r->count; i++) {
        edit *last = kept ? &r->edit[kept - 1] : NULL, *now = &r->edit[i];
        bool is_least = now->rule->kind == PJ_RULE_COVERAGE;
        if (!all_judged && now->rule->is_shared &&
            (is_least ? now->rule->allowed < now->value : now->rule->allowed > now->value))
            now->value = now->rule->allowed;
        if (!last || last->rule->begin != now->rule->begin)
            r->edit[kept++] = *now;
        else if (is_least ? now->value < last->value : now->value > last->value)
            *last = *now;
    }
    r->count = kept;
}

/* Appends the text up to the limit, and the new one; says so where it is another one. */
static void write_edit(renewal *r, const edit *e, size_t *at, pj_renewed_limit *said, pj_str *out)
{
    const pj_budget_rule *rule = e->rule;
    const char *before = r->budget->text + rule->begin;
    size_t length = rule->end - rule->begin;
    bool is_text = *before == '"';
    pj_str text = pj_str_new(0);
    if (e->value == rule->allowed)
        return;
    pj_str_add(&text, is_text ? "\"" : "");
    pj_limit_print(e->value, rule->quantity, !is_text, &text);
    pj_str_add(&text, is_text ? "\"" : "");
    pj_str_fail_as(out, &text);
    if (!text.failed && (text.length != length || memcmp(text.data, before, length) != 0)) {
        pj_str_add_bytes(out, r->budget->text + *at, rule->begin - *at);
        pj_str_add_bytes(out, text.data, text.length);
        *at = rule->end;
        *said = (pj_renewed_limit){.model = e->model,
                                   .path = rule->path,
                                   .line = rule->line,
                                   .before = pj_arena_strndup(r->arena, before + is_text, length - 2 * is_text),
                                   .after = pj_arena_strndup(r->arena, text.data + is_text, text.length - 2 * is_text)};
        r->result.limit_count++;
    }
    pj_str_free(&text);
}

static pj_status write_all(renewal *r, pj_error *err)
{
    pj_renewed_limit *said = PJ_NEW(r->arena, pj_renewed_limit, r->count);
    pj_str text = pj_str_new(0);
    size_t at = 0;
    PJ_TRY(pj_got(said, err));
    for (size_t i = 0; i < r->count; i++)
        write_edit(r, &r->edit[i], &at, &said[r->result.limit_count], &text);
    pj_str_add_bytes(&text, r->budget->text + at, r->budget->length - at);
    r->result.limits = said;
    r->result.length = text.length;
    r->result.text = pj_str_keep(&text, r->arena);
    return r->result.text && !pj_arena_failed(r->arena) ? PJ_OK : pj_fail_memory(err);
}

pj_status pj_budget_renew(const pj_budget *budget, const pj_check *check, double margin, pj_renewal **out,
                          pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    renewal *r = arena ? PJ_NEW(arena, renewal, 1) : NULL;
    size_t verdicts = 0;
    *out = NULL;
    for (size_t i = 0; i < check->model_count; i++)
        verdicts += check->models[i].verdict_count;
    if (r) {
        r->arena = arena;
        r->budget = budget;
        r->edit = PJ_NEW(arena, edit, verdicts);
    }
    pj_status status = r && r->edit ? PJ_OK : pj_fail_memory(err);
    if (status == PJ_OK) {
        collect(r, check, margin);
        merge(r, check->model_count == budget->all_entries && check->broken == 0);
        status = write_all(r, err);
    }
    if (status == PJ_OK)
        *out = &r->result;
    else
        pj_arena_free(arena);
    return status;
}

void pj_renewal_free(pj_renewal *renewed)
{
    if (renewed)
        pj_arena_free(((renewal *)(void *)renewed)->arena);
}
