/* One member of a setup: its value, by its kind. */
#include "setup/setup.h"

void *pj_setting_of(pj_setup *setup, const pj_setting *member)
{
    return (char *)setup + member->at;
}

static const void *value_of(const pj_setup *setup, const pj_setting *member)
{
    return (const char *)setup + member->at;
}

const char *pj_setting_text(const pj_setup *setup, const pj_setting *member)
{
    return *(const char *const *)value_of(setup, member);
}

bool pj_setting_bool(const pj_setup *setup, const pj_setting *member)
{
    return *(const bool *)value_of(setup, member);
}

pj_place pj_setting_place(const pj_setup *setup, const pj_setting *member)
{
    return *(const pj_place *)value_of(setup, member);
}

uint64_t pj_setting_bits(const pj_setup *setup, const pj_setting *member)
{
    return *(const uint64_t *)value_of(setup, member);
}

bool pj_setting_is_set(const pj_setup *setup, const pj_setting *member)
{
    const pj_setup usual = pj_setup_default();
    switch (member->kind) {
    case PJ_SETTING_PLACE:
        return pj_setting_place(setup, member) != pj_setting_place(&usual, member);
    case PJ_SETTING_YES_NO:
    case PJ_SETTING_FLAG:
        return pj_setting_bool(setup, member) != pj_setting_bool(&usual, member);
    case PJ_SETTING_COUNT:
    case PJ_SETTING_SIZE:
        return pj_setting_bits(setup, member) != pj_setting_bits(&usual, member);
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
    case PJ_SETTING_FOUND: {
        const char *text = pj_setting_text(setup, member), *other = pj_setting_text(&usual, member);
        other = member->usual ? member->usual : other;
        return text && (!other || strcmp(text, other) != 0);
    }
    case PJ_SETTING_NAMES:
    case PJ_SETTING_DIMS:
    case PJ_SETTING_INPUTS:
    case PJ_SETTING_TRIPS:
        break;
    }
    return pj_setting_count(setup, member) > 0;
}

bool pj_setting_is_place(const pj_setting *member)
{
    return member->budget_object != NULL;
}

bool pj_setup_has_places(const pj_setup *setup)
{
    const pj_setting *member;
    bool has = setup->places_asked;
    for (size_t i = 0; (member = pj_setup_setting(i)) != NULL; i++)
        has = has || (pj_setting_is_place(member) && pj_setting_is_set(setup, member));
    return has;
}

bool pj_setup_has_levels(const pj_setup *setup)
{
    return setup->hierarchy || (setup->reuse && strcmp(setup->reuse, PJ_REUSE_ONCE) != 0);
}

void pj_setup_unsaid(pj_setup *setup)
{
    const pj_setting *member;
    for (size_t i = 0; (member = pj_setup_setting(i)) != NULL; i++)
        if (member->unsaid && !pj_setting_text(setup, member) && !setup->hierarchy)
            *(const char **)pj_setting_of(setup, member) = member->unsaid;
}

/* ---- lists ---- */
static size_t *count_of(pj_setup *setup, const pj_setting *member)
{
    return (size_t *)(void *)((char *)setup + member->count_at);
}

size_t pj_setting_count(const pj_setup *setup, const pj_setting *member)
{
    return member->count_at ? *(const size_t *)(const void *)((const char *)setup + member->count_at) : 0;
}

static size_t item_size(const pj_setting *member)
{
    return member->kind == PJ_SETTING_DIMS     ? sizeof(pj_dim_binding)
           : member->kind == PJ_SETTING_INPUTS ? sizeof(pj_input_binding)
           : member->kind == PJ_SETTING_TRIPS  ? sizeof(pj_trips_binding)
                                               : sizeof(const char *);
}

bool pj_setting_take(pj_setup *setup, const pj_setting *member, pj_arena *arena)
{
    size_t count = pj_setting_count(setup, member), room = 1;
    if (!count)
        return true;
    while (room < count)
        room *= 2;
    void **list = pj_setting_of(setup, member), *copy = pj_arena_alloc(arena, room, item_size(member));
    if (copy)
        *list = memcpy(copy, *list, count * item_size(member));
    return copy != NULL;
}

void *pj_setting_add(pj_setup *setup, const pj_setting *member, pj_arena *arena)
{
    size_t *count = count_of(setup, member), size = item_size(member);
    void **list = pj_setting_of(setup, member);
    void *more = pj_arena_more(arena, *list, *count, size);
    if (!more)
        return NULL;
    *list = more;
    return (char *)*list + (*count)++ * size;
}

bool pj_setting_bind(pj_setup *setup, const pj_setting *member, const char *name, int64_t number, pj_arena *arena)
{
    const char *kept = pj_arena_strdup(arena, name);
    void *item = kept ? pj_setting_add(setup, member, arena) : NULL;
    if (item && member->kind == PJ_SETTING_DIMS)
        *(pj_dim_binding *)item = (pj_dim_binding){kept, number};
    else if (item)
        *(pj_trips_binding *)item = (pj_trips_binding){kept, number};
    return item != NULL;
}

void *pj_setting_item(pj_setup *setup, const pj_setting *member, size_t index)
{
    return *(char **)pj_setting_of(setup, member) + index * item_size(member);
}

const char *pj_setting_item_name(const pj_setup *setup, const pj_setting *member, size_t index)
{
    const char *list = *(const char *const *)value_of(setup, member);
    return *(const char *const *)(const void *)(list + index * item_size(member));
}

int64_t pj_setting_item_number(const pj_setup *setup, const pj_setting *member, size_t index)
{
    return member->kind == PJ_SETTING_DIMS ? setup->dims[index].value : setup->trips[index].trips;
}

static void print_input(const pj_input_binding *input, pj_str *out)
{
    if (input->dtype)
        pj_str_printf(out, "%s:", input->dtype);
    for (int k = 0; k < input->rank; k++) {
        pj_str_add(out, k ? "," : "");
        if (input->dims[k] < 0)
            pj_str_add_char(out, '?');
        else
            pj_str_printf(out, "%" PRId64, input->dims[k]);
    }
}

void pj_setting_item_value(const pj_setup *setup, const pj_setting *member, size_t index, pj_str *out)
{
    if (member->kind == PJ_SETTING_INPUTS)
        print_input(&setup->inputs[index], out);
    else if (member->kind != PJ_SETTING_NAMES)
        pj_str_printf(out, "%" PRId64, pj_setting_item_number(setup, member, index));
}

void pj_setting_item_print(const pj_setup *setup, const pj_setting *member, size_t index, pj_str *out)
{
    pj_str_add(out, pj_setting_item_name(setup, member, index));
    if (member->kind == PJ_SETTING_DIMS && setup->dims[index].value == PJ_DIM_FORMULA)
        return;
    if (member->kind != PJ_SETTING_NAMES)
        pj_str_add_char(out, '=');
    pj_setting_item_value(setup, member, index, out);
}

static void print_list(const pj_setup *setup, const pj_setting *member, pj_str *out)
{
    size_t count = pj_setting_count(setup, member);
    for (size_t i = 0; i < count; i++) {
        pj_str_add(out, i ? ", " : "");
        pj_setting_item_print(setup, member, i, out);
    }
    pj_str_add(out, count ? "" : "none");
}

void pj_setting_print(const pj_setup *setup, const pj_setting *member, pj_str *out)
{
    const char *text;
    switch (member->kind) {
    case PJ_SETTING_PLACE:
        pj_str_add(out, pj_place_word(pj_setting_place(setup, member)));
        break;
    case PJ_SETTING_YES_NO:
    case PJ_SETTING_FLAG:
        pj_str_add(out, pj_setting_bool(setup, member) ? "yes" : "no");
        break;
    case PJ_SETTING_COUNT:
    case PJ_SETTING_SIZE:
        pj_str_printf(out, "%" PRIu64, pj_setting_bits(setup, member));
        break;
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
    case PJ_SETTING_FOUND:
        text = pj_setting_text(setup, member);
        pj_str_add(out, text ? text : "none");
        break;
    case PJ_SETTING_NAMES:
    case PJ_SETTING_DIMS:
    case PJ_SETTING_INPUTS:
    case PJ_SETTING_TRIPS:
        print_list(setup, member, out);
        break;
    }
}
