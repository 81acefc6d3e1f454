/* Rows on their way to a writer: a group of them, column by column. */
#include "columns/sheet.h"

#include "base/utf8.h"

pj_sheet *pj_sheet_new(const pj_sheet_writer *writer, const pj_sheet_column *columns, size_t count, pj_sink sink,
                       void *payload)
{
    pj_arena *arena = pj_arena_new(0), *words = pj_arena_new(0);
    pj_sheet *sheet = arena && words ? PJ_NEW(arena, pj_sheet, 1) : NULL;
    pj_sheet_cells *cells = sheet ? PJ_NEW(arena, pj_sheet_cells, count) : NULL;
    if (!cells) {
        pj_arena_free(words);
        pj_arena_free(arena);
        return NULL;
    }
    *sheet = (pj_sheet){.writer = writer,
                        .column = columns,
                        .columns = count,
                        .sink = sink,
                        .payload = payload,
                        .arena = arena,
                        .words = words,
                        .cells = cells};
    for (size_t c = 0; c < count; c++)
        pj_map_init(&cells[c].known, words);
    return sheet;
}

void pj_sheet_free(pj_sheet *sheet)
{
    if (!sheet)
        return;
    for (size_t c = 0; c < sheet->columns; c++) {
        free(sheet->cells[c].value);
        free(sheet->cells[c].there);
    }
    pj_arena_free(sheet->words);
    pj_arena_free(sheet->arena);
}

void pj_sheet_note(pj_sheet *sheet, const char *key, const char *value)
{
    sheet->failed = sheet->failed || !PJ_GROW(sheet->arena, sheet->fact, sheet->facts, sheet->fact_room);
    if (sheet->failed)
        return;
    pj_sheet_fact fact = {pj_arena_strdup(sheet->arena, key), pj_arena_strdup(sheet->arena, value)};
    sheet->failed = !fact.key || !fact.value;
    if (!sheet->failed)
        sheet->fact[sheet->facts++] = fact;
}

/* Room for one more row; all columns have the same. */
static bool grow(pj_sheet *sheet)
{
    enum { FIRST = 256 };
    size_t room = sheet->room ? 2 * sheet->room : FIRST;
    if (sheet->held < sheet->room)
        return true;
    for (size_t c = 0; c < sheet->columns; c++) {
        pj_sheet_cells *cells = &sheet->cells[c];
        uint64_t *value = realloc(cells->value, room * sizeof *value);
        cells->value = value ? value : cells->value;
        bool *there = value ? realloc(cells->there, room * sizeof *there) : NULL;
        cells->there = there ? there : cells->there;
        if (!there)
            return false;
        memset(value + sheet->room, 0, (room - sheet->room) * sizeof *value);
        memset(there + sheet->room, 0, (room - sheet->room) * sizeof *there);
    }
    sheet->room = room;
    return true;
}

static void set(pj_sheet *sheet, size_t column, uint64_t value)
{
    sheet->failed = sheet->failed || !grow(sheet);
    if (sheet->failed)
        return;
    sheet->cells[column].value[sheet->held] = value;
    sheet->cells[column].there[sheet->held] = true;
}

void pj_sheet_int(pj_sheet *sheet, size_t column, int64_t value)
{
    set(sheet, column, (uint64_t)value);
}

void pj_sheet_real(pj_sheet *sheet, size_t column, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (isfinite(value))
        set(sheet, column, bits);
}

void pj_sheet_flag(pj_sheet *sheet, size_t column, bool value)
{
    set(sheet, column, value);
}

/* Only UTF-8: most texts are, and are copied once. */
static char *copy_word(pj_sheet *sheet, const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    size_t left = strlen(text), step;
    const char *at = text;
    for (; left && (step = pj_utf8_sequence(at, left)) > 0; left -= step)
        at += step;
    if (!left)
        return pj_arena_strdup(sheet->words, text);
    pj_str clean = pj_str_new(0);
    for (at = text, left = strlen(text); left; at += step, left -= step) {
        step = pj_utf8_sequence(at, left);
        pj_str_add_bytes(&clean, step ? at : replacement, step ? step : sizeof replacement - 1);
        step += !step;
    }
    return pj_str_keep(&clean, sheet->words);
}

void pj_sheet_text(pj_sheet *sheet, size_t column, const char *value)
{
    pj_sheet_cells *cells = &sheet->cells[column];
    const char **known = value ? pj_map_get(&cells->known, value) : NULL;
    size_t number = 0;
    if (!value || sheet->failed)
        return;
    if (known) {
        memcpy(&number, known, sizeof number);
        set(sheet, column, number);
        return;
    }
    char *key = pj_arena_strdup(sheet->words, value), *word = key ? copy_word(sheet, value) : NULL;
    size_t *entry = word ? PJ_NEW(sheet->words, size_t, 1) : NULL;
    sheet->failed = !entry || !PJ_GROW(sheet->words, cells->word, cells->words, cells->room) ||
                    !pj_map_put(&cells->known, key, entry);
    if (sheet->failed)
        return;
    *entry = cells->words;
    cells->word[cells->words++] = word;
    set(sheet, column, *entry);
}

static void count_missing(pj_sheet *sheet)
{
    for (size_t c = 0; c < sheet->columns; c++) {
        pj_sheet_cells *cells = &sheet->cells[c];
        cells->missing = 0;
        for (size_t r = 0; r < sheet->held; r++)
            cells->missing += !cells->there[r];
    }
}

static pj_status begin(pj_sheet *sheet, pj_error *err)
{
    if (sheet->begun)
        return PJ_OK;
    sheet->begun = true;
    return sheet->writer->begin(sheet, err);
}

static pj_status flush(pj_sheet *sheet, pj_error *err)
{
    if (!sheet->held)
        return PJ_OK;
    PJ_TRY(begin(sheet, err));
    count_missing(sheet);
    PJ_TRY(sheet->writer->group(sheet, err));
    for (size_t c = 0; c < sheet->columns; c++) {
        pj_sheet_cells *cells = &sheet->cells[c];
        memset(cells->value, 0, sheet->held * sizeof *cells->value);
        memset(cells->there, 0, sheet->held * sizeof *cells->there);
        cells->word = NULL;
        cells->words = cells->room = 0;
    }
    pj_arena_reset(sheet->words);
    for (size_t c = 0; c < sheet->columns; c++)
        pj_map_init(&sheet->cells[c].known, sheet->words);
    sheet->held = 0;
    return PJ_OK;
}

/* A cell that each row has, and this one has not been given. */
static void fill(pj_sheet *sheet)
{
    for (size_t c = 0; c < sheet->columns && !sheet->failed; c++) {
        if (sheet->column[c].may_lack || sheet->cells[c].there[sheet->held])
            continue;
        if (sheet->column[c].kind == PJ_SHEET_TEXT)
            pj_sheet_text(sheet, c, "");
        else
            set(sheet, c, 0);
    }
}

pj_status pj_sheet_row(pj_sheet *sheet, pj_error *err)
{
    sheet->failed = sheet->failed || !grow(sheet);
    if (!sheet->failed)
        fill(sheet);
    PJ_TRY(pj_got(!sheet->failed, err));
    sheet->held++;
    sheet->rows++;
    return sheet->held == PJ_SHEET_GROUP ? flush(sheet, err) : PJ_OK;
}

size_t pj_sheet_rows(const pj_sheet *sheet)
{
    return sheet->rows;
}

pj_status pj_sheet_end(pj_sheet *sheet, pj_error *err)
{
    PJ_TRY(pj_got(!sheet->failed, err));
    PJ_TRY(begin(sheet, err));
    PJ_TRY(flush(sheet, err));
    return sheet->writer->end(sheet, err);
}

pj_status pj_sheet_put(pj_sheet *sheet, const pj_str *bytes, pj_error *err)
{
    PJ_TRY(pj_got(!bytes->failed, err));
    sheet->bytes += bytes->length;
    if (bytes->length && !sheet->sink(bytes->data, bytes->length, sheet->payload))
        return pj_fail(err, PJ_EIO, "the output cannot be written");
    return PJ_OK;
}
