/* Copies of what is asked. */
#include "setup/setup.h"

static void copy_list(pj_setup *out, const pj_setting *member, pj_arena *arena)
{
    if (!pj_setting_take(out, member, arena))
        return;
    for (size_t i = 0; i < pj_setting_count(out, member); i++) {
        const char **name = pj_setting_item(out, member, i);
        pj_input_binding *input = (void *)name;
        *name = pj_arena_strdup(arena, *name);
        if (member->kind != PJ_SETTING_INPUTS)
            continue;
        input->dtype = pj_arena_strdup(arena, input->dtype);
        input->dims = pj_arena_memdup(arena, input->dims, (size_t)input->rank, sizeof *input->dims);
    }
}

static void copy_member(pj_setup *out, const pj_setting *member, pj_arena *arena)
{
    const char **text = pj_setting_of(out, member);
    switch (member->kind) {
    case PJ_SETTING_PLACE:
    case PJ_SETTING_YES_NO:
    case PJ_SETTING_FLAG:
    case PJ_SETTING_COUNT:
    case PJ_SETTING_SIZE:
        break;
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
    case PJ_SETTING_FOUND:
        *text = pj_arena_strdup(arena, *text);
        break;
    case PJ_SETTING_NAMES:
    case PJ_SETTING_DIMS:
    case PJ_SETTING_INPUTS:
    case PJ_SETTING_TRIPS:
        copy_list(out, member, arena);
        break;
    }
}

static void copy_contents(pj_setup *out, pj_arena *arena)
{
    pj_content *copy = pj_arena_memdup(arena, out->contents, out->content_count, sizeof *copy);
    for (size_t i = 0; copy && i < out->content_count; i++) {
        copy[i].member = pj_arena_strdup(arena, copy[i].member);
        copy[i].name = pj_arena_strdup(arena, copy[i].name);
        copy[i].sha256 = pj_arena_strdup(arena, copy[i].sha256);
    }
    out->contents = copy;
}

pj_setup pj_setup_copy(const pj_setup *setup, pj_arena *arena)
{
    pj_setup copy = *setup;
    if (!copy.table)
        copy.table = pj_setup_default().table;
    copy.owner = NULL;
    for (size_t i = 0; pj_setup_setting(i); i++)
        copy_member(&copy, pj_setup_setting(i), arena);
    copy_contents(&copy, arena);
    return copy;
}

/* Lists that the caller has put in are copied: pj_setting_add() knows where its own are full. */
bool pj_setup_own(pj_setup *setup)
{
    const pj_setting *member;
    if (setup->owner)
        return true;
    setup->owner = pj_arena_new(0);
    for (size_t i = 0; setup->owner && (member = pj_setup_setting(i)); i++)
        if (!pj_setting_take(setup, member, setup->owner))
            return false;
    return setup->owner != NULL;
}
