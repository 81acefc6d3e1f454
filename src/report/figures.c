/* Sheets and lists of tables and devices. */
#include "report/figures.h"

#include "base/map.h"

/* clang-format off */
static const pj_column columns[] = {
    {.key = "path", .title = "figure", .kind = PJ_CELL_TEXT, .wish = 40, .least = 24},
    {PJ_MEMBER(pj_figure, value), .key = "value", .title = "value", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_figure, unit), .key = "unit", .title = "unit", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_figure, confidence), .key = "confidence", .title = "confidence", .kind = PJ_CELL_TEXT, .rank = 1},
    {PJ_MEMBER(pj_figure, source), .key = "source", .title = "source", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_sheet *sheet = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < sheet->figures; i++) {
        const char *path = sheet->figure[i].path;
        pj_cell_text(&pj_rows_add_of(rows, &sheet->figure[i])[0], strncmp(path, "$.", 2) == 0 ? path + 2 : path);
    }
    return rows;
}

/* clang-format off */
static const pj_column quirk_columns[] = {
    {PJ_MEMBER(pj_quirk, number), .key = "number", .title = "", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_quirk, qtools), .key = "qtools", .title = "rules qtools", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_quirk, picojoule), .key = "picojoule", .title = "rules picojoule", .kind = PJ_CELL_TEXT},
};

/* Text wraps its last column only, so both sides stand in one. */
static const pj_column quirk_text_columns[] = {
    {PJ_MEMBER(pj_quirk, number), .title = "", .kind = PJ_CELL_TEXT},
    {.title = "what rules qtools do (rules picojoule)", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */

static pj_rows *rows_of_quirks(const pj_sheet *sheet, pj_arena *arena)
{
    return pj_rows_of(arena, quirk_columns, 3, sheet->quirk, sheet->quirks, sizeof *sheet->quirk);
}

static pj_rows *text_of_quirks(const pj_sheet *sheet, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, quirk_text_columns, 2);
    for (size_t i = 0; rows && i < sheet->quirks; i++) {
        pj_cell *cell = pj_rows_add_of(rows, &sheet->quirk[i]);
        pj_str both = pj_str_new(0);
        pj_str_printf(&both, "%s (%s)", sheet->quirk[i].qtools, sheet->quirk[i].picojoule);
        pj_cell_made(&cell[1], rows, &both);
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

static void text_figures(const pj_rows *rows, pj_page *page)
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
    pj_page_table(page, figures, 0)->gap = true;
    pj_page_table(page, sources, 0)->gap = true;
}

void pj_figures_page(const pj_figure *figure, size_t count, pj_page *page)
{
    const pj_sheet sheet = {.figure = figure, .figures = count};
    const pj_rows *rows = table_of(&sheet, page->arena);
    page->in = PJ_IN_TEXT;
    if (rows)
        text_figures(rows, page);
    page->in = PJ_IN_MARKDOWN;
    pj_page_table(page, rows, 0);
    page->in = PJ_IN_ALL;
}

static void add_fact(const char *name, const char *value, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (!*value)
        return;
    pj_text_clean(&text, value);
    pj_block *fact = pj_page_add(page, PJ_BLOCK_FACT, &text);
    fact->lead = name;
    fact->ours = true;
}

/* In text, title and notes are facts like the others. */
static void page_of(const void *input, pj_page *page)
{
    const pj_sheet *sheet = input;
    const pj_rows *rows = table_of(sheet, page->arena);
    pj_str name = pj_str_new(0);
    pj_text_clean(&name, sheet->name);
    pj_page_add(page, PJ_BLOCK_TITLE, &name)->ours = true;
    page->in = PJ_IN_TEXT;
    add_fact("title", sheet->title, page);
    page->in = PJ_IN_MARKDOWN;
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, sheet->title);
    page->in = PJ_IN_ALL;
    for (size_t i = 0; i < sheet->facts; i++)
        add_fact(sheet->fact[i].name, sheet->fact[i].text, page);
    page->in = PJ_IN_TEXT;
    add_fact("notes", sheet->notes, page);
    if (rows)
        text_figures(rows, page);
    if (sheet->quirks)
        pj_page_table(page, text_of_quirks(sheet, page->arena), 0)->gap = true;
    page->in = PJ_IN_MARKDOWN;
    if (*sheet->notes)
        pj_page_say(page, PJ_BLOCK_PARAGRAPH, sheet->notes);
    pj_page_table(page, rows, 0);
    if (sheet->quirks)
        pj_page_table(page, rows_of_quirks(sheet, page->arena), 0);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_sheet *sheet = input;
    pj_json_put_text(json, "name", sheet->name);
    pj_json_put_text(json, "title", sheet->title);
    for (size_t i = 0; i < sheet->facts; i++)
        pj_json_put_text(json, sheet->fact[i].name, *sheet->fact[i].text ? sheet->fact[i].text : NULL);
    pj_json_put_text(json, "notes", sheet->notes);
    pj_json_write_key(json, "figures");
    pj_rows_json(table_of(sheet, arena), json);
    if (sheet->quirks) {
        pj_json_write_key(json, "deviations");
        pj_rows_json(rows_of_quirks(sheet, arena), json);
    }
}

pj_status pj_sheet_write(const pj_sheet *sheet, const pj_report_options *options, pj_sink sink, void *payload,
                         pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of};
    return pj_tell(&pieces, sheet, options, sink, payload, err);
}

static pj_rows *list_table(const void *input, pj_arena *arena)
{
    (void)arena;
    return *(pj_rows *const *)input;
}

static void list_page(const void *input, pj_page *page)
{
    pj_page_table(page, *(pj_rows *const *)input, 0);
}

pj_status pj_list_write(const char *key, pj_rows *rows, const pj_report_options *options, pj_sink sink, void *payload,
                        pj_error *err)
{
    const pj_pieces pieces = {.page = list_page, .table = list_table, .list = key};
    return pj_tell(&pieces, &rows, options, sink, payload, err);
}
