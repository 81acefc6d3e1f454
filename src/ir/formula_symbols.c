/* The table of symbols: names and their values. */
#include "ir/formula.h"

enum { FIRST_LIST = 16 };

pj_symbols *pj_symbols_new(pj_arena *arena)
{
    pj_symbols *s = PJ_NEW(arena, pj_symbols, 1);
    if (!s)
        return NULL;
    s->arena = arena;
    pj_map_init(&s->by_name, arena);
    return s;
}

bool pj_symbols_out_of_memory(const pj_symbols *s)
{
    return s->out_of_memory;
}

pj_symbol *pj_symbols_entry(pj_symbols *s, const char *name)
{
    pj_symbol *entry = pj_map_get(&s->by_name, name);
    if (entry)
        return entry;
    entry = PJ_NEW(s->arena, pj_symbol, 1);
    char *copy = pj_arena_strdup(s->arena, name);
    if (!entry || !copy || !pj_map_put(&s->by_name, copy, entry)) {
        s->out_of_memory = true;
        return NULL;
    }
    entry->name = copy;
    entry->symbol = pj_num_unknown();
    return entry;
}

bool pj_symbols_bind(pj_symbols *s, const char *name, int64_t value)
{
    pj_symbol *entry = pj_symbols_entry(s, name);
    if (!entry)
        return false;
    entry->bound = true;
    entry->symbol = pj_num_of(value);
    return true;
}

/* Appends to the list of names in use. */
static void list_entry(pj_symbols *s, pj_symbol *entry)
{
    if (entry->listed)
        return;
    if (s->listed_count == s->listed_capacity) {
        size_t capacity = s->listed_capacity ? s->listed_capacity * 2 : FIRST_LIST;
        pj_symbol **bigger = PJ_NEW(s->arena, pj_symbol *, capacity);
        if (!bigger) {
            s->out_of_memory = true;
            return;
        }
        for (size_t i = 0; i < s->listed_count; i++)
            bigger[i] = s->listed[i];
        s->listed = bigger;
        s->listed_capacity = capacity;
    }
    s->listed[s->listed_count++] = entry;
    entry->listed = true;
}

const char *pj_symbols_name(const pj_symbols *s, size_t index, bool *bound)
{
    if (index >= s->listed_count)
        return NULL;
    *bound = s->listed[index]->bound;
    return s->listed[index]->name;
}

static pj_num make_symbol(pj_symbols *s, const char *name)
{
    pj_formula *symbol = PJ_NEW(s->arena, pj_formula, 1);
    if (!symbol) {
        s->out_of_memory = true;
        return pj_num_unknown();
    }
    symbol->kind = PJ_FORMULA_SYMBOL;
    symbol->size = 1;
    symbol->range = (pj_range){0, INT64_MAX};
    symbol->name = name;
    return pj_formula_of_atom(s, symbol);
}

pj_num pj_symbols_find(pj_symbols *s, const char *name, bool list)
{
    pj_symbol *entry = pj_symbols_entry(s, name);
    if (!entry)
        return pj_num_unknown();
    if (pj_num_is_unknown(entry->symbol))
        entry->symbol = make_symbol(s, entry->name);
    if (list)
        list_entry(s, entry);
    return entry->symbol;
}
