/* Trends as CSV: all that a record holds, or a row for each layer of each record. */
#include <stddef.h>
#include <string.h>

#include "report/trend.h"

typedef struct raw_column {
    const char *key;
    pj_cell_kind kind; /* text, count or number */
    size_t at;         /* in a pj_history_entry */
} raw_column;

#define AT(member) offsetof(pj_history_entry, member)

static const raw_column raw_columns[] = {
    {"id",         PJ_CELL_COUNT,  AT(id)               },
    {"time",       PJ_CELL_TEXT,   AT(time)             },
    {"commit",     PJ_CELL_TEXT,   AT(commit)           },
    {"branch",     PJ_CELL_TEXT,   AT(branch)           },
    {"model",      PJ_CELL_TEXT,   AT(model)            },
    {"path",       PJ_CELL_TEXT,   AT(path)             },
    {"version",    PJ_CELL_TEXT,   AT(version)          },
    {"table",      PJ_CELL_TEXT,   AT(table)            },
    {"rules",      PJ_CELL_TEXT,   AT(rules)            },
    {"settings",   PJ_CELL_TEXT,   AT(settings)         },
    {"unit",       PJ_CELL_TEXT,   AT(unit)             },
    {"inputs",     PJ_CELL_NUMBER, AT(energy.inputs)    },
    {"outputs",    PJ_CELL_NUMBER, AT(energy.outputs)   },
    {"parameters", PJ_CELL_NUMBER, AT(energy.parameters)},
    {"op_cost",    PJ_CELL_NUMBER, AT(energy.op_cost)   },
    {"macs",       PJ_CELL_COUNT,  AT(macs)             },
    {"params",     PJ_CELL_COUNT,  AT(params)           },
    {"param_bits", PJ_CELL_COUNT,  AT(param_bits)       },
    {"bops",       PJ_CELL_COUNT,  AT(bops)             },
    {"peak_bytes", PJ_CELL_COUNT,  AT(peak_bytes)       },
    {"uncounted",  PJ_CELL_COUNT,  AT(uncounted)        },
};
enum { RAW_COLUMNS = sizeof raw_columns / sizeof *raw_columns };

static void fill_raw(const pj_history_entry *entry, const raw_column *column, pj_cell *cell)
{
    const char *at = (const char *)entry + column->at, *text;
    int64_t count;
    double number;
    if (column->kind == PJ_CELL_TEXT) {
        memcpy(&text, at, sizeof text);
        pj_cell_text(cell, text);
    } else if (column->kind == PJ_CELL_COUNT) {
        memcpy(&count, at, sizeof count);
        if (count < 0)
            pj_cell_unknown(cell);
        else
            pj_cell_count(cell, count);
    } else {
        memcpy(&number, at, sizeof number);
        pj_cell_number(cell, number);
    }
}

/* The records, with the sum of the four components behind. */
static pj_rows *raw_rows(const pj_history *history, pj_arena *arena)
{
    pj_column *columns = PJ_NEW(arena, pj_column, RAW_COLUMNS + 1);
    for (size_t i = 0; columns && i < RAW_COLUMNS; i++)
        columns[i] = (pj_column){.key = raw_columns[i].key, .kind = raw_columns[i].kind};
    if (columns)
        columns[RAW_COLUMNS] = (pj_column){.key = "total", .kind = PJ_CELL_NUMBER};
    pj_rows *rows = columns ? pj_rows_new(arena, columns, RAW_COLUMNS + 1) : NULL;
    for (size_t i = 0; rows && i < history->count; i++) {
        pj_cell *cell = pj_rows_add(rows);
        for (size_t c = 0; c < RAW_COLUMNS; c++)
            fill_raw(&history->entries[i], &raw_columns[c], &cell[c]);
        pj_cell_number(&cell[RAW_COLUMNS], pj_energy_total(&history->entries[i].energy));
    }
    return rows;
}

/* clang-format off */
static const pj_column raw_layer_columns[] = {
    {.key = "id", .kind = PJ_CELL_COUNT},
    {.key = "time", .kind = PJ_CELL_TEXT},
    {.key = "commit", .kind = PJ_CELL_TEXT},
    {.key = "branch", .kind = PJ_CELL_TEXT},
    {.key = "layer", .kind = PJ_CELL_TEXT},
    {.key = "op", .kind = PJ_CELL_TEXT},
    {.key = "energy", .kind = PJ_CELL_NUMBER},
    {.key = "unit", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

static pj_rows *raw_layer_rows(const pj_history *history, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, raw_layer_columns, sizeof raw_layer_columns / sizeof *raw_layer_columns);
    for (size_t i = 0; rows && i < history->count; i++) {
        const pj_history_entry *entry = &history->entries[i];
        for (size_t k = 0; k < entry->layer_count; k++) {
            pj_cell *cell = pj_rows_add(rows);
            pj_cell_count(&cell[0], entry->id);
            pj_cell_text(&cell[1], entry->time);
            pj_cell_text(&cell[2], entry->commit);
            pj_cell_text(&cell[3], entry->branch);
            pj_cell_text(&cell[4], entry->layers[k].name);
            pj_cell_text(&cell[5], entry->layers[k].op);
            pj_cell_number(&cell[6], entry->layers[k].energy);
            pj_cell_text(&cell[7], entry->unit);
        }
    }
    return rows;
}

pj_rows *pj_trend_table(const pj_history *history, pj_arena *arena)
{
    return history->layer ? raw_layer_rows(history, arena) : raw_rows(history, arena);
}
