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
        free(sheet->cells[c].own_value);
        free(sheet->cells[c].own_there);
    }
    free(sheet->nothing);
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

/* Room for a cell in the row to come. It grows by steps, as what it grows by is touched. */
static bool grow(pj_sheet_cells *cells, size_t held)
{
    enum { STEP = 1024 };
    size_t room = (held / STEP + 1) * STEP;
    if (held < cells->room)
        return true;
    uint64_t *value = realloc(cells->own_value, room * sizeof *value);
    cells->own_value = value ? value : cells->own_value;
    bool *there = value ? realloc(cells->own_there, room * sizeof *there) : NULL;
    cells->own_there = there ? there : cells->own_there;
    if (!there)
        return false;
    memset(value + cells->room, 0, (room - cells->room) * sizeof *value);
    memset(there + cells->room, 0, (room - cells->room) * sizeof *there);
    cells->room = room;
    return true;
}

static void set(pj_sheet *sheet, size_t column, uint64_t value)
{
    pj_sheet_cells *cells = &sheet->cells[column];
    sheet->failed = sheet->failed || !grow(cells, sheet->held);
    if (sheet->failed)
        return;
    cells->own_value[sheet->held] = value;
    cells->own_there[sheet->held] = true;
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

/* The number of a text that is new: texts that are the same once they are UTF-8 are one word. */
static size_t *add_word(pj_sheet *sheet, pj_sheet_cells *cells, const char *value)
{
    char *word = copy_word(sheet, value);
    bool is_clean = word && strcmp(word, value) == 0;
    size_t *entry = word && !is_clean ? pj_map_get(&cells->known, word) : NULL;
    char *key = is_clean ? word : pj_arena_strdup(sheet->words, value);
    if (!entry) {
        entry = word ? PJ_NEW(sheet->words, size_t, 1) : NULL;
        if (!entry || !PJ_GROW(sheet->words, cells->word, cells->words, cells->word_room) ||
            !pj_map_put(&cells->known, word, entry))
            return NULL;
        *entry = cells->words;
        cells->word[cells->words++] = word;
    }
    return key && (is_clean || pj_map_put(&cells->known, key, entry)) ? entry : NULL;
}

void pj_sheet_text(pj_sheet *sheet, size_t column, const char *value)
{
    pj_sheet_cells *cells = &sheet->cells[column];
    if (!value || sheet->failed)
        return;
    const size_t *number = pj_map_get(&cells->known, value);
    number = number ? number : add_word(sheet, cells, value);
    sheet->failed = !number;
    if (number)
        set(sheet, column, *number);
}

/* What writers read: cells up to the last row, zeros where a column has none. */
static bool show(pj_sheet *sheet)
{
    for (size_t c = 0; c < sheet->columns; c++) {
        pj_sheet_cells *cells = &sheet->cells[c];
        if (!cells->room && !sheet->nothing)
            sheet->nothing = calloc(PJ_SHEET_GROUP, sizeof(uint64_t));
        if (cells->room ? !grow(cells, sheet->held - 1) : !sheet->nothing)
            return false;
        cells->value = cells->room ? cells->own_value : sheet->nothing;
        cells->there = cells->room ? cells->own_there : sheet->nothing;
        cells->missing = 0;
        for (size_t r = 0; r < sheet->held; r++)
            cells->missing += !cells->there[r];
    }
    return true;
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
    PJ_TRY(pj_got(show(sheet), err));
    PJ_TRY(sheet->writer->group(sheet, err));
    for (size_t c = 0; c < sheet->columns; c++) {
        pj_sheet_cells *cells = &sheet->cells[c];
        if (cells->room) {
            memset(cells->own_value, 0, sheet->held * sizeof *cells->own_value);
            memset(cells->own_there, 0, sheet->held * sizeof *cells->own_there);
        }
        cells->word = NULL;
        cells->words = cells->word_room = 0;
    }
    pj_arena_reset(sheet->words);
    for (size_t c = 0; c < sheet->columns; c++)
        pj_map_init(&sheet->cells[c].known, sheet->words);
    sheet->held = 0;
    return PJ_OK;
}

static bool has_cell(const pj_sheet *sheet, size_t column)
{
    const pj_sheet_cells *cells = &sheet->cells[column];
    return sheet->held < cells->room && cells->own_there[sheet->held];
}

/* A cell that each row has, and this one has not been given. */
static void fill(pj_sheet *sheet)
{
    for (size_t c = 0; c < sheet->columns && !sheet->failed; c++) {
        if (sheet->column[c].may_lack || has_cell(sheet, c))
            continue;
        if (sheet->column[c].kind == PJ_SHEET_TEXT)
            pj_sheet_text(sheet, c, "");
        else
            set(sheet, c, 0);
    }
}

pj_status pj_sheet_row(pj_sheet *sheet, pj_error *err)
{
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
