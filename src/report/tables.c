/* `picojoule tables`, `picojoule devices` and `picojoule hierarchies`. */
#include "cost/device.h"
#include "cost/table.h"
#include "plan/target.h"
#include "report/figures.h"
#include "reuse/hierarchy.h"

/* "45 nm", or "" for 0. */
static void quantity(double value, const char *unit, pj_str *out)
{
    if (value <= 0)
        return;
    pj_str_add_double(out, value);
    pj_str_printf(out, " %s", unit);
}

/* clang-format off */
static const pj_column table_columns[] = {
    {.key = "name", .title = "table", .kind = PJ_CELL_TEXT},
    {.key = "rules", .title = "rules", .kind = PJ_CELL_TEXT, .rank = 1},
    {.key = "unit", .title = "unit", .kind = PJ_CELL_TEXT, .rank = 2},
    {.key = "process_nm", .title = "nm", .kind = PJ_CELL_NUMBER},
    {.key = "voltage_v", .title = "V", .kind = PJ_CELL_NUMBER, .rank = 3},
    {.key = "figures", .title = "figures", .kind = PJ_CELL_COUNT, .rank = 4},
    {.key = "title", .title = "what", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */

static void number_if(pj_cell *cell, double value)
{
    if (value > 0)
        pj_cell_number(cell, value);
}

static pj_status list_table(const char *name, pj_arena *arena, pj_rows *rows, pj_error *err)
{
    pj_table *table = NULL;
    size_t figures;
    PJ_TRY(pj_table_open(name, NULL, &table, err));
    pj_cell *cell = pj_rows_add(rows);
    pj_table_figures(table, &figures);
    pj_cell_text(&cell[0], name);
    pj_cell_text(&cell[1], pj_rules_word(pj_table_rules(table)));
    pj_cell_text(&cell[2], pj_arena_strdup(arena, pj_table_unit(table)));
    number_if(&cell[3], pj_table_process_nm(table));
    number_if(&cell[4], pj_table_voltage_v(table));
    pj_cell_count(&cell[5], (int64_t)figures);
    pj_cell_text(&cell[6], pj_arena_strdup(arena, pj_table_title(table)));
    pj_table_close(table);
    rows->failed = rows->failed || !cell[2].text || !cell[6].text;
    return PJ_OK;
}

/* A list of what is built in: `name` tells the names, `add` adds the row of one. */
static pj_status write_list(const char *key, const pj_column *columns, size_t count, const char *(*name)(size_t index),
                            pj_status (*add)(const char *name, pj_arena *arena, pj_rows *rows, pj_error *err),
                            const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_rows *rows = arena ? pj_rows_new(arena, columns, count) : NULL;
    pj_status status = rows ? PJ_OK : pj_fail_memory(err);
    for (size_t i = 0; status == PJ_OK && name(i); i++)
        status = add(name(i), arena, rows, err);
    if (status == PJ_OK)
        status = pj_list_write(key, rows, options, sink, payload, err);
    pj_arena_free(arena);
    return status;
}

static pj_status show_table(const pj_table *table, const pj_report_options *options, pj_sink sink, void *payload,
                            pj_error *err)
{
    pj_str nm = pj_str_new(0), voltage = pj_str_new(0);
    quantity(pj_table_process_nm(table), "nm", &nm);
    quantity(pj_table_voltage_v(table), "V", &voltage);
    const pj_fact facts[] = {
        {"rules",   pj_rules_word(pj_table_rules(table))},
        {"unit",    pj_table_unit(table)                },
        {"process", nm.data                             },
        {"voltage", voltage.data                        }
    };
    pj_sheet sheet = {pj_table_name(table), pj_table_title(table), pj_table_notes(table), facts, 4, NULL, 0, NULL, 0};
    if (pj_table_rules(table) == PJ_RULES_QTOOLS)
        sheet.quirk = pj_quirks(&sheet.quirks);
    sheet.figure = pj_table_figures(table, &sheet.figures);
    pj_status status =
        nm.failed || voltage.failed ? pj_fail_memory(err) : pj_sheet_write(&sheet, options, sink, payload, err);
    pj_str_free(&nm);
    pj_str_free(&voltage);
    return status;
}

pj_status pj_tables_write(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                          pj_error *err)
{
    pj_table *table = NULL;
    if (!name)
        return write_list("tables", table_columns, sizeof table_columns / sizeof *table_columns, pj_table_builtin,
                          list_table, options, sink, payload, err);
    PJ_TRY(pj_table_open(name, NULL, &table, err));
    pj_status status = show_table(table, options, sink, payload, err);
    pj_table_close(table);
    return status;
}

/* clang-format off */
static const pj_column device_columns[] = {
    {.key = "name", .title = "device", .kind = PJ_CELL_TEXT},
    {.key = "class", .title = "class", .kind = PJ_CELL_TEXT, .rank = 1},
    {.key = "formula", .title = "formula", .kind = PJ_CELL_TEXT, .rank = 2},
    {.key = "figures", .title = "figures", .kind = PJ_CELL_COUNT, .rank = 3},
    {.key = "title", .title = "what", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */

static pj_status list_device(const char *name, pj_arena *arena, pj_rows *rows, pj_error *err)
{
    pj_device *device = NULL;
    size_t figures;
    PJ_TRY(pj_device_open(name, NULL, &device, err));
    pj_cell *cell = pj_rows_add(rows);
    pj_device_figures(device, &figures);
    pj_cell_text(&cell[0], name);
    pj_cell_text(&cell[1], pj_arena_strdup(arena, pj_device_class(device)));
    pj_cell_text(&cell[2], pj_arena_strdup(arena, pj_device_formula(device)));
    pj_cell_count(&cell[3], (int64_t)figures);
    pj_cell_text(&cell[4], pj_arena_strdup(arena, pj_device_title(device)));
    pj_device_close(device);
    rows->failed = rows->failed || !cell[1].text || !cell[2].text || !cell[4].text;
    return PJ_OK;
}

pj_status pj_devices_write(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                           pj_error *err)
{
    pj_device *device = NULL;
    if (!name)
        return write_list("devices", device_columns, sizeof device_columns / sizeof *device_columns, pj_device_builtin,
                          list_device, options, sink, payload, err);
    PJ_TRY(pj_device_open(name, NULL, &device, err));
    const pj_fact facts[] = {
        {"class",   pj_device_class(device)  },
        {"formula", pj_device_formula(device)}
    };
    pj_sheet sheet = {
        pj_device_name(device), pj_device_title(device), pj_device_notes(device), facts, 2, NULL, 0, NULL, 0};
    sheet.figure = pj_device_figures(device, &sheet.figures);
    pj_status status = pj_sheet_write(&sheet, options, sink, payload, err);
    pj_device_close(device);
    return status;
}

/* clang-format off */
static const pj_column target_columns[] = {
    {.key = "name", .title = "target", .kind = PJ_CELL_TEXT},
    {.key = "formats", .title = "formats", .kind = PJ_CELL_TEXT, .wish = 40, .least = 16},
    {.key = "floats_stay", .title = "floats stay", .kind = PJ_CELL_FLAG, .rank = 1},
    {.key = "title", .title = "what", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */

static pj_status list_target(const char *name, pj_arena *arena, pj_rows *rows, pj_error *err)
{
    pj_choice_list choices;
    pj_target target;
    pj_str formats = pj_str_new(0);
    pj_choices_init(&choices, arena);
    PJ_TRY(pj_target_open(name, NULL, &choices, &target, err));
    for (size_t i = 0; i < choices.count; i++)
        pj_str_printf(&formats, "%s%s", i ? ", " : "", choices.choice[i].word);
    pj_cell *cell = pj_rows_add(rows);
    pj_cell_text(&cell[0], name);
    pj_cell_made(&cell[1], rows, &formats);
    pj_cell_flag(&cell[2], target.floats_stay);
    pj_cell_text(&cell[3], target.title);
    return PJ_OK;
}

pj_status pj_plan_targets_write(const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    return write_list("targets", target_columns, sizeof target_columns / sizeof *target_columns, pj_plan_target,
                      list_target, options, sink, payload, err);
}

/* clang-format off */
static const pj_column hierarchy_columns[] = {
    {.key = "name", .title = "hierarchy", .kind = PJ_CELL_TEXT},
    {.key = "unit", .title = "unit", .kind = PJ_CELL_TEXT, .rank = 2},
    {.key = "memories", .title = "memories", .kind = PJ_CELL_TEXT, .rank = 1},
    {.key = "figures", .title = "figures", .kind = PJ_CELL_COUNT, .rank = 3},
    {.key = "title", .title = "what", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */

/* "dram, global 256 KiB" */
static void add_levels(const pj_hierarchy *hierarchy, pj_str *out)
{
    const double bits_per_kib = 8192;
    for (int i = 0; i < hierarchy->level_count; i++) {
        const pj_level *level = &hierarchy->level[i];
        pj_str_printf(out, "%s%s", i ? ", " : "", level->name);
        if (!level->has_size)
            continue;
        pj_str_add(out, " ");
        pj_str_add_double(out, level->size_bits / bits_per_kib);
        pj_str_add(out, " KiB");
    }
}

static void add_fused(const pj_hierarchy *hierarchy, pj_str *out)
{
    for (int i = PJ_FUSE_NONE + 1; i < PJ_FUSE_CLASSES; i++)
        if (hierarchy->fuse & 1u << i)
            pj_str_printf(out, "%s%s", *out->data ? ", " : "", pj_fuse_words[i]);
}

static pj_status list_hierarchy(const char *name, pj_arena *arena, pj_rows *rows, pj_error *err)
{
    pj_hierarchy *hierarchy = NULL;
    pj_str levels = pj_str_new(0);
    PJ_TRY(pj_hierarchy_open(name, NULL, &hierarchy, err));
    pj_cell *cell = pj_rows_add(rows);
    add_levels(hierarchy, &levels);
    pj_cell_text(&cell[0], name);
    pj_cell_text(&cell[1], pj_arena_strdup(arena, hierarchy->unit));
    pj_cell_text(&cell[2], pj_str_keep(&levels, arena));
    pj_cell_count(&cell[3], (int64_t)hierarchy->figures.count);
    pj_cell_text(&cell[4], pj_arena_strdup(arena, hierarchy->title));
    pj_hierarchy_close(hierarchy);
    rows->failed = rows->failed || !cell[1].text || !cell[2].text || !cell[4].text;
    return PJ_OK;
}

static pj_status show_hierarchy(const pj_hierarchy *hierarchy, const pj_report_options *options, pj_sink sink,
                                void *payload, pj_error *err)
{
    pj_str levels = pj_str_new(0), fused = pj_str_new(0);
    add_levels(hierarchy, &levels);
    add_fused(hierarchy, &fused);
    const pj_fact facts[] = {
        {"unit",     hierarchy->unit},
        {"memories", levels.data    },
        {"fused",    fused.data     },
    };
    pj_sheet sheet = {hierarchy->name, hierarchy->title, hierarchy->notes, facts, 3, NULL, 0, NULL, 0};
    sheet.figure = hierarchy->figures.rows;
    sheet.figures = hierarchy->figures.count;
    pj_status status =
        levels.failed || fused.failed ? pj_fail_memory(err) : pj_sheet_write(&sheet, options, sink, payload, err);
    pj_str_free(&levels);
    pj_str_free(&fused);
    return status;
}

pj_status pj_hierarchies_write(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                               pj_error *err)
{
    pj_hierarchy *hierarchy = NULL;
    if (!name)
        return write_list("hierarchies", hierarchy_columns, sizeof hierarchy_columns / sizeof *hierarchy_columns,
                          pj_hierarchy_builtin, list_hierarchy, options, sink, payload, err);
    PJ_TRY(pj_hierarchy_open(name, NULL, &hierarchy, err));
    pj_status status = show_hierarchy(hierarchy, options, sink, payload, err);
    pj_hierarchy_close(hierarchy);
    return status;
}
