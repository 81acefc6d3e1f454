/* Sheets and lists of tables and devices. */
#include "report/figures.h"

#include <string.h>

#include "base/map.h"

/* clang-format off */
static const pj_column columns[] = {
    {.key = "path", .title = "figure", .kind = PJ_CELL_TEXT, .wish = 40, .least = 24},
    {.key = "value", .title = "value", .kind = PJ_CELL_NUMBER},
    {.key = "unit", .title = "unit", .kind = PJ_CELL_TEXT},
    {.key = "confidence", .title = "confidence", .kind = PJ_CELL_TEXT, .rank = 1},
    {.key = "source", .title = "source", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static pj_rows *rows_of(const pj_sheet *sheet, pj_arena *arena)
{
    pj_rows *rows = arena ? pj_rows_new(arena, columns, COLUMNS) : NULL;
    for (size_t i = 0; rows && i < sheet->figures; i++) {
        const pj_figure *figure = &sheet->figure[i];
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], strncmp(figure->path, "$.", 2) == 0 ? figure->path + 2 : figure->path);
        pj_cell_number(&cell[1], figure->value);
        pj_cell_text(&cell[2], figure->unit);
        pj_cell_text(&cell[3], figure->confidence);
        pj_cell_text(&cell[4], figure->source);
    }
    return rows && !rows->failed ? rows : NULL;
}

/* clang-format off */
static const pj_column quirk_columns[] = {
    {.key = "number", .title = "", .kind = PJ_CELL_TEXT},
    {.key = "qtools", .title = "rules qtools", .kind = PJ_CELL_TEXT},
    {.key = "picojoule", .title = "rules picojoule", .kind = PJ_CELL_TEXT},
};

/* Text wraps its last column only, so both sides stand in one. */
static const pj_column quirk_text_columns[] = {
    {.title = "", .kind = PJ_CELL_TEXT},
    {.title = "what rules qtools do (rules picojoule)", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */

static const char *both_sides(const pj_quirk *quirk, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s (%s)", quirk->qtools, quirk->picojoule);
    return pj_str_keep(&text, arena);
}

/* NULL: out of memory, or no quirks. */
static pj_rows *rows_of_quirks(const pj_sheet *sheet, bool is_text, pj_arena *arena)
{
    pj_rows *rows = sheet->quirks == 0 ? NULL
                    : is_text          ? pj_rows_new(arena, quirk_text_columns, 2)
                                       : pj_rows_new(arena, quirk_columns, 3);
    for (size_t i = 0; rows && i < sheet->quirks; i++) {
        pj_cell *cell = pj_rows_add(rows);
        const char *text = is_text ? both_sides(&sheet->quirk[i], arena) : sheet->quirk[i].qtools;
        rows->failed = rows->failed || !text;
        pj_cell_text(&cell[0], sheet->quirk[i].number);
        pj_cell_text(&cell[1], text);
        if (!is_text)
            pj_cell_text(&cell[2], sheet->quirk[i].picojoule);
    }
    return rows;
}

/* In text, sources are numbered and stand below the figures, each once. */
/* clang-format off */
static const pj_column text_columns[] = {
    {.title = "figure", .kind = PJ_CELL_TEXT, .wish = 40, .least = 24},
    {.title = "value", .kind = PJ_CELL_NUMBER},
    {.title = "unit", .kind = PJ_CELL_TEXT},
    {.title = "confidence", .kind = PJ_CELL_TEXT},
    {.title = "source", .kind = PJ_CELL_TEXT},
};

static const pj_column source_columns[] = {
    {.title = "", .kind = PJ_CELL_TEXT},
    {.title = "sources", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */

/* "[3]" for the source, which is listed if it is new. */
static const char *number_source(const char *source, pj_map *seen, pj_rows *sources)
{
    char *number = pj_map_get(seen, source);
    if (number)
        return number;
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "[%zu]", sources->count + 1);
    number = pj_arena_strdup(sources->arena, text.data);
    pj_cell *cell = pj_rows_add(sources);
    pj_cell_text(&cell[0], number);
    pj_cell_text(&cell[1], source);
    sources->failed = sources->failed || text.failed || !number || !pj_map_put(seen, source, number);
    pj_str_free(&text);
    return number;
}

static void text_figures(const pj_rows *rows, const pj_text_style *style, pj_str *out)
{
    pj_rows *figures = pj_rows_new(rows->arena, text_columns, COLUMNS);
    pj_rows *sources = pj_rows_new(rows->arena, source_columns, 2);
    pj_map seen;
    pj_map_init(&seen, rows->arena);
    for (size_t i = 0; figures && sources && i < rows->count; i++) {
        pj_cell *cell = pj_rows_add(figures);
        memcpy(cell, rows->row[i], sizeof *cell * COLUMNS);
        if (cell[COLUMNS - 1].state == PJ_CELL_GIVEN && *cell[COLUMNS - 1].text)
            cell[COLUMNS - 1].text = number_source(cell[COLUMNS - 1].text, &seen, sources);
    }
    if (!figures || !sources || figures->failed || sources->failed) {
        out->failed = true;
        return;
    }
    pj_rows_text(figures, style, 0, out);
    pj_str_add_char(out, '\n');
    pj_rows_text(sources, style, 0, out);
}

static void text_sheet(const pj_sheet *sheet, const pj_rows *rows, const pj_text_style *style, pj_str *out)
{
    pj_text_look(out, style, PJ_BOLD);
    pj_text_clean(out, sheet->name);
    pj_text_look(out, style, PJ_PLAIN);
    pj_str_add_char(out, '\n');
    const pj_fact ends[] = {
        {"title", sheet->title},
        {"notes", sheet->notes}
    };
    for (size_t i = 0; i < sheet->facts + 2; i++) {
        enum { TEXT_AT = 13 };
        const pj_fact *fact = i == 0 ? &ends[0] : i <= sheet->facts ? &sheet->fact[i - 1] : &ends[1];
        pj_str clean = pj_str_new(0);
        if (!*fact->text)
            continue;
        pj_text_clean(&clean, fact->text);
        pj_str_printf(out, "  %-10s ", fact->name);
        pj_text_wrap(out, clean.data, TEXT_AT, TEXT_AT, style->width);
        pj_str_add_char(out, '\n');
        out->failed = out->failed || clean.failed;
        pj_str_free(&clean);
    }
    pj_str_add_char(out, '\n');
    text_figures(rows, style, out);
    pj_rows *quirks = rows_of_quirks(sheet, true, rows->arena);
    if (quirks) {
        pj_str_add_char(out, '\n');
        pj_rows_text(quirks, style, 0, out);
    }
    out->failed = out->failed || (sheet->quirks && (!quirks || quirks->failed));
}

static void markdown_sheet(const pj_sheet *sheet, const pj_rows *rows, pj_str *out)
{
    pj_str_printf(out, "## %s\n\n", sheet->name);
    pj_markdown_escape(out, sheet->title);
    pj_str_add(out, "\n\n");
    for (size_t i = 0; i < sheet->facts; i++)
        if (*sheet->fact[i].text)
            pj_str_printf(out, "- %s: %s\n", sheet->fact[i].name, sheet->fact[i].text);
    pj_str_add_char(out, '\n');
    pj_markdown_escape(out, sheet->notes);
    pj_str_add(out, *sheet->notes ? "\n\n" : "");
    pj_rows_markdown(rows, out);
    pj_rows *quirks = rows_of_quirks(sheet, false, rows->arena);
    if (quirks) {
        pj_str_add_char(out, '\n');
        pj_rows_markdown(quirks, out);
    }
    out->failed = out->failed || (sheet->quirks && (!quirks || quirks->failed));
}

static void json_sheet(const pj_sheet *sheet, const pj_rows *rows, pj_str *out)
{
    pj_json_writer json = pj_json_writer_new(out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_write_key(&json, "name");
    pj_json_write_text(&json, sheet->name);
    pj_json_write_key(&json, "title");
    pj_json_write_text(&json, sheet->title);
    for (size_t i = 0; i < sheet->facts; i++) {
        pj_json_write_key(&json, sheet->fact[i].name);
        pj_json_write_text(&json, *sheet->fact[i].text ? sheet->fact[i].text : NULL);
    }
    pj_json_write_key(&json, "notes");
    pj_json_write_text(&json, sheet->notes);
    pj_json_write_key(&json, "figures");
    pj_rows_json(rows, &json);
    pj_rows *quirks = rows_of_quirks(sheet, false, rows->arena);
    if (quirks) {
        pj_json_write_key(&json, "deviations");
        pj_rows_json(quirks, &json);
    }
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
    out->failed = out->failed || (sheet->quirks && (!quirks || quirks->failed));
}

pj_status pj_sheet_write(const pj_sheet *sheet, const pj_report_options *options, pj_sink sink, void *payload,
                         pj_error *err)
{
    pj_output output;
    PJ_TRY(pj_output_of(options, &output, err));
    pj_arena *arena = pj_arena_new(0);
    pj_rows *rows = rows_of(sheet, arena);
    pj_text_style style = pj_style_of(options);
    pj_str text = pj_str_new(0);
    text.failed = !rows;
    switch (output) {
    case PJ_OUTPUT_TEXT:
        if (rows)
            text_sheet(sheet, rows, &style, &text);
        break;
    case PJ_OUTPUT_JSON:
        if (rows)
            json_sheet(sheet, rows, &text);
        break;
    case PJ_OUTPUT_CSV:
        if (rows)
            pj_rows_csv(rows, &text);
        break;
    case PJ_OUTPUT_MARKDOWN:
        if (rows)
            markdown_sheet(sheet, rows, &text);
        break;
    }
    pj_arena_free(arena);
    return pj_emit(&text, sink, payload, err);
}

static void json_list(const char *key, const pj_rows *rows, pj_str *out)
{
    pj_json_writer json = pj_json_writer_new(out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_write_key(&json, key);
    pj_rows_json(rows, &json);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}

pj_status pj_list_write(const char *key, const pj_rows *rows, const pj_report_options *options, pj_sink sink,
                        void *payload, pj_error *err)
{
    pj_output output;
    PJ_TRY(pj_output_of(options, &output, err));
    pj_text_style style = pj_style_of(options);
    pj_str text = pj_str_new(0);
    if (!rows || rows->failed)
        return pj_fail_memory(err);
    switch (output) {
    case PJ_OUTPUT_TEXT:
        pj_rows_text(rows, &style, 0, &text);
        break;
    case PJ_OUTPUT_JSON:
        json_list(key, rows, &text);
        break;
    case PJ_OUTPUT_CSV:
        pj_rows_csv(rows, &text);
        break;
    case PJ_OUTPUT_MARKDOWN:
        pj_rows_markdown(rows, &text);
        break;
    }
    return pj_emit(&text, sink, payload, err);
}
