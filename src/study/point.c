/* One point: its setup, and the command line that analyzes the same. */
#include "run/level.h"
#include "study/study.h"

static pj_status set_level(const pj_item *item, pj_arena *arena, pj_setup *setup, pj_error *err)
{
    setup->resized = pj_sweep_level(item->name, arena);
    setup->resized_bits = 8 * (uint64_t)item->number;
    return pj_got(setup->resized, err);
}

static pj_status set_dim(const pj_item *item, bool optional, pj_arena *arena, pj_setup *setup, pj_error *err)
{
    const char *name = item->number == PJ_DIM_FORMULA ? item->value : item->name;
    if (optional && item->number != PJ_DIM_FORMULA) {
        pj_str text = pj_str_new(0);
        pj_str_printf(&text, "?%s", name);
        name = pj_str_keep(&text, arena);
    }
    return pj_got(name && pj_setting_bind(setup, PJ_SETTING_AT(dims), name, item->number, arena), err);
}

pj_status pj_item_set(const pj_item *item, pj_arena *arena, pj_setup *setup, pj_error *err)
{
    const pj_setting *member = item->member;
    switch (item->kind) {
    case PJ_ITEM_MODEL:
        return PJ_OK;
    case PJ_ITEM_DIM:
        return set_dim(item, false, arena, setup, err);
    case PJ_ITEM_LEVEL:
        return set_level(item, arena, setup, err);
    case PJ_ITEM_SETTING:
        break;
    }
    if (!item->text)
        return PJ_OK;
    const char *wants = pj_setting_parse(setup, member, item->value, arena);
    if (wants)
        return pj_fail(err, PJ_EARGUMENT, "%.64s '%.200s': wants %s", item->name, item->text, wants);
    setup->places_asked = setup->places_asked || pj_setting_is_place(member);
    return pj_got(!pj_arena_failed(arena), err);
}

pj_status pj_point_make(const pj_study *study, uint64_t number, pj_arena *arena, pj_point *out, pj_error *err)
{
    const pj_block *block = pj_point_block(study, number);
    *out = (pj_point){.number = number, .block = block, .setup = pj_setup_default()};
    out->items = pj_point_items(block, number, out->item);
    for (size_t i = 0; i < out->items; i++) {
        const pj_item *item = out->item[i];
        if (item->kind == PJ_ITEM_MODEL)
            out->model = &study->model[item->number];
        PJ_TRY(item->kind == PJ_ITEM_DIM ? set_dim(item, block->ignores_absent_dims, arena, &out->setup, err)
                                         : pj_item_set(item, arena, &out->setup, err));
    }
    return block->exclusions ? pj_point_excluded(block, out->item, out->items, arena, &out->is_excluded, err) : PJ_OK;
}

/* ---- as a command ---- */

static void add_dim(const pj_item *item, bool optional, pj_str *out)
{
    pj_str text = pj_str_new(0);
    if (item->number == PJ_DIM_FORMULA)
        pj_str_add(&text, item->value);
    else
        pj_str_printf(&text, "%s%s=%" PRId64, optional ? "?" : "", item->name, item->number);
    pj_str_add(out, " --dim ");
    pj_str_add_shell(out, text.data);
    pj_str_fail_as(out, &text);
    pj_str_free(&text);
}

static void add_item(const pj_point *point, const pj_item *item, pj_str *out)
{
    switch (item->kind) {
    case PJ_ITEM_MODEL:
        break;
    case PJ_ITEM_DIM:
        add_dim(item, point->block->ignores_absent_dims, out);
        break;
    case PJ_ITEM_LEVEL:
        pj_str_printf(out, " --sweep %s=%" PRId64, item->name, item->number);
        break;
    case PJ_ITEM_SETTING:
        if (item->text)
            pj_str_printf(out, " --%s", item->member->option);
        if (item->text && item->member->kind != PJ_SETTING_FLAG) {
            pj_str_add_char(out, ' ');
            pj_str_add_shell(out, item->value);
        }
        break;
    }
}

pj_status pj_study_command(const pj_study *study, uint64_t number, pj_sink sink, void *payload, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_point point;
    pj_str text = pj_str_new(0);
    if (err)
        memset(err, 0, sizeof *err);
    PJ_TRY(pj_got(arena, err));
    pj_status status = number < study->points
                           ? pj_point_make(study, number, arena, &point, err)
                           : pj_fail(err, PJ_EARGUMENT, "there is no point %" PRIu64 ": the last one is %" PRIu64,
                                     number, study->points ? study->points - 1 : 0);
    if (status == PJ_OK && point.is_excluded)
        status = pj_fail(err, PJ_EARGUMENT, "point %" PRIu64 " is excluded by block %.100s", number, point.block->name);
    if (status == PJ_OK) {
        pj_str_add(&text, "picojoule analyze ");
        pj_str_add_shell(&text, point.model->path);
        for (size_t i = 0; i < point.items; i++)
            add_item(&point, point.item[i], &text);
        pj_str_add_char(&text, '\n');
        status = pj_got(!text.failed, err);
    }
    if (status == PJ_OK && !sink(text.data, text.length, payload))
        status = pj_fail(err, PJ_EIO, "the output cannot be written");
    pj_str_free(&text);
    pj_arena_free(arena);
    return status;
}
