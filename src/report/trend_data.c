/* Trends for programs: all that a record holds, or the layers of each record, as a table and as JSON
 * (docs/history.schema.json). */
#include "picojoule/version.h"
#include "report/trend.h"

/* clang-format off */
static const pj_column texts[] = {
    {PJ_MEMBER(pj_history_entry, id), .key = "id", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_history_entry, time), .key = "time", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_entry, commit), .key = "commit", .kind = PJ_CELL_TEXT, .or_unknown = true},
    {PJ_MEMBER(pj_history_entry, branch), .key = "branch", .kind = PJ_CELL_TEXT, .or_unknown = true},
    {PJ_MEMBER(pj_history_entry, model), .key = "model", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_entry, path), .key = "path", .kind = PJ_CELL_TEXT, .or_unknown = true},
    {PJ_MEMBER(pj_history_entry, version), .key = "version", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_entry, table), .key = "table", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_entry, rules), .key = "rules", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_entry, settings), .key = "settings", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_entry, unit), .key = "unit", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

/* Places where JSON, which orders and groups them otherwise, begins and ends a run of members. */
enum { MODEL = 4, PATH, SETTINGS = 9, UNIT, TEXTS };

/* The columns: texts, energies, other figures, the total. */
typedef struct data_columns {
    pj_column of[TEXTS + PJ_MOST_FIGURES];
    size_t energies, total; /* where the energies end, and where the total stands */
} data_columns;

static void add_figures(data_columns *c, size_t *count, bool energies)
{
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_RECORDS); f; f = pj_figure_next(f, PJ_IN_RECORDS)) {
        bool may_lack = f->absent < 0;
        if (pj_figure_is_energy(f) == energies)
            c->of[(*count)++] = (pj_column){.key = pj_figure_word(f, PJ_IN_TRENDS),
                                            .kind = f->type == &pj_field_amount ? PJ_CELL_NUMBER : PJ_CELL_COUNT,
                                            .at = offsetof(pj_history_entry, totals) + f->totals,
                                            .size = sizeof(int64_t),
                                            .from_zero = may_lack,
                                            .or_unknown = may_lack};
    }
}

static data_columns columns_of(void)
{
    data_columns c;
    size_t count = TEXTS;
    memcpy(c.of, texts, sizeof texts);
    add_figures(&c, &count, true);
    c.energies = count;
    add_figures(&c, &count, false);
    c.total = count;
    c.of[count] = (pj_column){.key = pj_figure_total()->key, .kind = PJ_CELL_NUMBER};
    return c;
}

static pj_rows *entry_rows(const pj_history *history, pj_arena *arena)
{
    const data_columns made = columns_of();
    const data_columns *c = pj_arena_memdup(arena, &made, 1, sizeof made);
    pj_rows *rows = c ? pj_rows_new(arena, c->of, c->total + 1) : NULL;
    for (size_t i = 0; rows && i < history->count; i++)
        pj_cell_number(&pj_rows_add_of(rows, &history->entries[i])[c->total],
                       pj_energy_total(&history->entries[i].totals.energy));
    return rows;
}

/* clang-format off */
static const pj_column layer_columns[] = {
    {PJ_MEMBER(pj_history_entry, id), .key = "id", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_history_entry, time), .key = "time", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_entry, commit), .key = "commit", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_entry, branch), .key = "branch", .kind = PJ_CELL_TEXT},
    {.key = "layer", .kind = PJ_CELL_TEXT},
    {.key = "op", .kind = PJ_CELL_TEXT},
    {.key = "energy", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_history_entry, unit), .key = "unit", .kind = PJ_CELL_TEXT},
};

/* In JSON layers are part of their record. */
static const pj_column nested_columns[] = {
    {PJ_MEMBER(pj_history_layer, name), .key = "name", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_layer, op), .key = "op", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_layer, energy), .key = pj_key_energy_pj, .kind = PJ_CELL_NUMBER},
};
/* clang-format on */

static pj_rows *layer_rows(const pj_history *history, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, layer_columns, sizeof layer_columns / sizeof *layer_columns);
    for (size_t i = 0; rows && i < history->count; i++)
        for (size_t k = 0; k < history->entries[i].layer_count; k++) {
            const pj_history_layer *layer = &history->entries[i].layers[k];
            pj_cell *cell = pj_rows_add_of(rows, &history->entries[i]);
            pj_cell_text(&cell[4], layer->name);
            pj_cell_text(&cell[5], layer->op);
            pj_cell_number(&cell[6], layer->energy);
        }
    return rows;
}

pj_rows *pj_trend_table(const pj_history *history, pj_arena *arena)
{
    return history->layer ? layer_rows(history, arena) : entry_rows(history, arena);
}

static void put_entry(const pj_history_entry *entry, pj_json_writer *json)
{
    const data_columns c = columns_of();
    pj_members_json(c.of, MODEL, entry, json);
    pj_members_json(c.of + PATH, SETTINGS - PATH, entry, json);
    pj_members_json(c.of + UNIT, 1, entry, json);
    pj_members_json(c.of + SETTINGS, 1, entry, json);
    pj_json_put_begin(json, pj_figure_total()->object, PJ_JSON_WRITE_OBJECT_LINE);
    pj_members_json(c.of + TEXTS, c.energies - TEXTS, entry, json);
    pj_json_put_double(json, c.of[c.total].key, pj_energy_total(&entry->totals.energy));
    pj_json_write_end(json);
    pj_members_json(c.of + c.energies, c.total - c.energies, entry, json);
}

static void put_head(pj_json_writer *json, const char *file)
{
    pj_json_put_text(json, "schema", "picojoule.history/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "file", file);
}

void pj_trend_json(const pj_history *history, pj_arena *arena, pj_json_writer *json)
{
    put_head(json, history->file);
    pj_json_put_text(json, "model", history->model);
    pj_json_put_text(json, "layer", history->layer);
    pj_json_put_begin(json, "records", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < history->count; i++) {
        const pj_history_entry *entry = &history->entries[i];
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        put_entry(entry, json);
        pj_json_put_bool(json, "compares", pj_trend_compares(history, i));
        if (history->layer) {
            pj_json_write_key(json, "layers");
            pj_rows_json(pj_rows_of(arena, nested_columns, sizeof nested_columns / sizeof *nested_columns,
                                    entry->layers, entry->layer_count, sizeof *entry->layers),
                         json);
        }
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

void pj_trend_list_json(const pj_history_list *list, pj_json_writer *json)
{
    put_head(json, list->file);
    pj_json_put_begin(json, "models", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < list->count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "model", list->models[i].model);
        pj_json_put_uint(json, "records", list->models[i].records);
        pj_json_put_begin(json, "last", PJ_JSON_WRITE_OBJECT);
        put_entry(&list->models[i].last, json);
        pj_json_write_end(json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}
