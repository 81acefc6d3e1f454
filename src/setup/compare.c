/* What the setups of two results do not share. */
#include "base/map.h"
#include "setup/setup.h"

/* The array and the arena that it lives in. */
typedef struct change_list {
    pj_arena *arena;
    pj_setting_change change[];
} change_list;

typedef struct comparer {
    const pj_setup *a, *b;
    pj_arena *arena;
    pj_setting_change *out;
    size_t count;
} comparer;

/* Lists of NAME=VALUE differ in their members, each for itself. */
static bool is_bindings(const pj_setting *member)
{
    return member->kind == PJ_SETTING_DIMS || member->kind == PJ_SETTING_INPUTS || member->kind == PJ_SETTING_TRIPS;
}

static const char *print(const pj_setup *setup, const pj_setting *member, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_setting_print(setup, member, &text);
    return pj_str_keep(&text, arena);
}

static void compare_value(comparer *c, const pj_setting *member)
{
    const char *a = print(c->a, member, c->arena), *b = print(c->b, member, c->arena);
    if (a && b && strcmp(a, b) != 0)
        c->out[c->count++] = (pj_setting_change){
            .name = member->in_report, .option = member->option, .a = a, .b = b, .other_prices = member->other_prices};
}

static const char *print_item(const pj_setup *setup, const pj_setting *member, size_t index, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_setting_item_value(setup, member, index, &text);
    return pj_str_keep(&text, arena);
}

static const char *join(const char *object, const char *key, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s.%s", object, key);
    return pj_str_keep(&text, arena);
}

/* Names of items -> their number, from 1 on; of a name that is given twice the last. */
static bool index_items(const pj_setup *setup, const pj_setting *member, pj_arena *arena, pj_map *out)
{
    pj_map_init(out, arena);
    for (size_t i = 0; i < pj_setting_count(setup, member); i++)
        if (!pj_map_put(out, pj_setting_item_name(setup, member, i), (void *)(uintptr_t)(i + 1)))
            return false;
    return true;
}

/* Items of `these` that `those` do not have at the same value; where `swapped`, that they do not have at all. */
static void compare_items(comparer *c, const pj_setting *member, bool swapped)
{
    const pj_setup *these = swapped ? c->b : c->a, *those = swapped ? c->a : c->b;
    pj_map own, others;
    if (!index_items(these, member, c->arena, &own) || !index_items(those, member, c->arena, &others))
        return;
    for (size_t i = 0; i < pj_setting_count(these, member); i++) {
        const char *name = pj_setting_item_name(these, member, i), *value = print_item(these, member, i, c->arena);
        uintptr_t at = (uintptr_t)pj_map_get(&others, name);
        if (!value || (uintptr_t)pj_map_get(&own, name) != i + 1 || (swapped && at))
            continue; /* swapped: the other way round has found it */
        const char *other = at ? print_item(those, member, at - 1, c->arena) : "none";
        if (!other || (at && strcmp(other, value) == 0))
            continue;
        c->out[c->count++] = (pj_setting_change){.name = join(member->in_report, name, c->arena),
                                                 .option = member->option,
                                                 .a = swapped ? "none" : value,
                                                 .b = swapped ? value : other};
    }
}

static const char *digest_of(const pj_setup *setup, const pj_content *like)
{
    for (size_t i = 0; i < setup->content_count; i++)
        if (strcmp(setup->contents[i].member, like->member) == 0 && strcmp(setup->contents[i].name, like->name) == 0)
            return setup->contents[i].sha256;
    return NULL;
}

/* Where names differ, that has been said; a digest that only one of them has, as older reports, says nothing. */
static void compare_contents(comparer *c)
{
    for (size_t i = 0; i < c->a->content_count; i++) {
        const pj_content *content = &c->a->contents[i];
        const pj_setting *member = pj_setting_find(content->member, strlen(content->member));
        const char *other = digest_of(c->b, content);
        if (!member || !other || strcmp(other, content->sha256) == 0)
            continue;
        pj_str what = pj_str_new(0);
        pj_str_printf(&what, "%s %s", member->option, content->name);
        c->out[c->count++] = (pj_setting_change){.name = join("contents", content->member, c->arena),
                                                 .option = member->option,
                                                 .a = content->sha256,
                                                 .b = other,
                                                 .contents = pj_str_keep(&what, c->arena),
                                                 .other_prices = member->other_prices};
    }
}

static size_t most_changes(const pj_setup *a, const pj_setup *b)
{
    size_t most = a->content_count;
    const pj_setting *member;
    for (size_t i = 0; (member = pj_setup_setting(i)); i++)
        most += is_bindings(member) ? pj_setting_count(a, member) + pj_setting_count(b, member) : 1;
    return most;
}

pj_status pj_setup_compare(const pj_setup *a, const pj_setup *b, pj_setting_change **out, size_t *count, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    size_t most = most_changes(a, b);
    change_list *list = arena ? pj_arena_alloc(arena, 1, sizeof *list + most * sizeof *list->change) : NULL;
    const pj_setting *member = NULL;
    *out = NULL;
    *count = 0;
    if (list) {
        comparer c = {a, b, arena, list->change, 0};
        list->arena = arena;
        while ((member = pj_setting_after(PJ_ORDER_REPORT, member)))
            if (!is_bindings(member))
                compare_value(&c, member);
        while ((member = pj_setting_after(PJ_ORDER_REPORT, member)))
            if (is_bindings(member)) {
                compare_items(&c, member, false);
                compare_items(&c, member, true);
            }
        compare_contents(&c);
        *count = c.count;
    }
    if (!list || pj_arena_failed(arena)) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *out = list->change;
    return PJ_OK;
}

void pj_setting_changes_free(pj_setting_change *changes)
{
    if (changes) {
        char *list = (char *)(void *)changes - offsetof(change_list, change);
        pj_arena_free(((change_list *)(void *)list)->arena);
    }
}
