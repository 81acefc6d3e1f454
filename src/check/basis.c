/* Was a baseline made with the same settings? */
#include "check/basis.h"

#include "setup/setup.h"

/* The same file, seen from different folders: one path ends like the other. */
static bool is_same_file(const char *a, const char *b)
{
    size_t left = strlen(a), right = strlen(b);
    const char *longer = left > right ? a + (left - right) : b + (right - left);
    bool at_name = left == right || longer[-1] == '/';
    return at_name && strcmp(longer, left > right ? b : a) == 0;
}

static bool is_harmless(const pj_setting_change *change)
{
    const pj_setting *setting = pj_setting_find(change->option, strlen(change->option));
    return setting && setting->kind == PJ_SETTING_FILE && is_same_file(change->a, change->b);
}

static const char *digest_of(const pj_setup *setup, const pj_setting *member)
{
    for (size_t i = 0; member && i < setup->content_count; i++)
        if (strcmp(setup->contents[i].member, member->name) == 0)
            return setup->contents[i].sha256;
    return "";
}

/* Names what the model as it was had otherwise; files by their contents, as they lie elsewhere now. */
static void add_own(const pj_budget_case *given, const pj_setting_change *change, pj_str *out)
{
    const pj_setting *member = pj_setting_find(change->option, strlen(change->option));
    const char *between = out->length ? ", " : "";
    if (!is_harmless(change))
        pj_str_printf(out, "%s%s %s, now %s", between, change->name, change->a, change->b);
    else if (strcmp(digest_of(&given->baseline->setup, member), digest_of(&given->now->setup, member)) != 0)
        pj_str_printf(out, "%s%s %s", between, change->option, change->b);
}

/* Is it the model that has changed, or what it is priced with? */
static bool counts_same(const pj_result *a, const pj_result *b)
{
    return a->totals.layers == b->totals.layers && a->totals.macs == b->totals.macs &&
           a->totals.flops == b->totals.flops && a->totals.params == b->totals.params;
}

pj_status pj_check_basis(const pj_budget_case *given, pj_arena *arena, pj_check_model *out, pj_error *no_baseline,
                         pj_error *err)
{
    pj_setting_change *changes;
    size_t count, differ = 0;
    pj_str text = pj_str_new(300), changed = pj_str_new(0), path = pj_str_new(0);
    PJ_TRY(pj_setup_compare(&given->baseline->setup, &given->now->setup, &changes, &count, err));
    for (size_t i = 0; i < count; i++)
        if (changes[i].contents && changes[i].other_prices)
            pj_str_printf(&text, "%s%s has other contents", differ++ ? "; " : "", changes[i].contents);
        else if (changes[i].contents)
            pj_str_printf(&changed, "%s%s", changed.length ? ", " : "", changes[i].contents);
        else if (given->is_against && !changes[i].other_prices)
            add_own(given, &changes[i], &changed);
        else if (!is_harmless(&changes[i]))
            pj_str_printf(&text, "%s%s %s, now %s", differ++ ? "; " : "", changes[i].name, changes[i].a, changes[i].b);
    pj_setting_changes_free(changes);
    if (strcmp(given->baseline->version, given->now->version) != 0)
        pj_str_printf(&changed, "%spicojoule %s, now %s", changed.length ? ", " : "", given->baseline->version,
                      given->now->version);
    if (differ && counts_same(given->baseline, given->now))
        pj_str_add(&text, "; layers, MACs and parameters are as they were");
    pj_str_printf(&path, "%s.baseline.report", given->entry->json_path);
    if (differ)
        pj_budget_fail(given->budget, path.data, PJ_EARGUMENT, no_baseline,
                       "%.100s was made with other settings and cannot be compared: %s%s", given->entry->baseline,
                       text.data, text.failed ? " ..." : "");
    pj_str_free(&path);
    pj_str_free(&text);
    out->changed = pj_str_keep(&changed, arena);
    return out->changed ? PJ_OK : pj_fail_memory(err);
}
