/* Copies of what is asked. */
#include "setup/setup.h"

static const char *copy_text(const char *text, pj_arena *arena)
{
    return text ? pj_arena_strdup(arena, text) : NULL;
}

static void copy_dims(pj_setup *out, pj_arena *arena)
{
    pj_dim_binding *copy = pj_arena_memdup(arena, out->dims, out->dim_count, sizeof *copy);
    for (size_t i = 0; copy && i < out->dim_count; i++)
        copy[i].name = copy_text(copy[i].name, arena);
    out->dims = copy;
}

static void copy_trips(pj_setup *out, pj_arena *arena)
{
    pj_trips_binding *copy = pj_arena_memdup(arena, out->trips, out->trip_count, sizeof *copy);
    for (size_t i = 0; copy && i < out->trip_count; i++)
        copy[i].node = copy_text(copy[i].node, arena);
    out->trips = copy;
}

static void copy_inputs(pj_setup *out, pj_arena *arena)
{
    pj_input_binding *copy = pj_arena_memdup(arena, out->inputs, out->input_count, sizeof *copy);
    for (size_t i = 0; copy && i < out->input_count; i++) {
        copy[i].name = copy_text(copy[i].name, arena);
        copy[i].dtype = copy_text(copy[i].dtype, arena);
        copy[i].dims = pj_arena_memdup(arena, copy[i].dims, (size_t)copy[i].rank, sizeof *copy[i].dims);
    }
    out->inputs = copy;
}

static void copy_names(pj_setup *out, const pj_setting *member, pj_arena *arena)
{
    const char *const **names = pj_setting_of(out, member);
    size_t count = pj_setting_count(out, member);
    const char **copy = pj_arena_memdup(arena, *names, count, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = copy_text(copy[i], arena);
    *names = copy;
}

static void copy_member(pj_setup *out, const pj_setting *member, pj_arena *arena)
{
    switch (member->kind) {
    case PJ_SETTING_PLACE:
    case PJ_SETTING_YES_NO:
    case PJ_SETTING_FLAG:
    case PJ_SETTING_SIZE:
        break;
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
    case PJ_SETTING_FOUND: {
        const char **text = pj_setting_of(out, member);
        *text = copy_text(*text, arena);
        break;
    }
    case PJ_SETTING_NAMES:
        copy_names(out, member, arena);
        break;
    case PJ_SETTING_DIMS:
        copy_dims(out, arena);
        break;
    case PJ_SETTING_INPUTS:
        copy_inputs(out, arena);
        break;
    case PJ_SETTING_TRIPS:
        copy_trips(out, arena);
        break;
    }
}

static void copy_contents(pj_setup *out, pj_arena *arena)
{
    pj_content *copy = pj_arena_memdup(arena, out->contents, out->content_count, sizeof *copy);
    for (size_t i = 0; copy && i < out->content_count; i++) {
        copy[i].member = copy_text(copy[i].member, arena);
        copy[i].name = copy_text(copy[i].name, arena);
        copy[i].sha256 = copy_text(copy[i].sha256, arena);
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
