/* Rows of points, devices and layers. */
#include "columns/records.h"
#include "result/field.h"
#include "study/study.h"

/* Facts beside the figures, in the order of their columns; figures stand after the first four. */
enum { FACT_TABLE, FACT_RULES, FACT_LAYERS, FACT_UNCOUNTED, FIRST_FACTS };
enum { LAST_STATUS, LAST_CODE, LAST_NODE, LAST_ERROR, LAST_FINDINGS, LAST_FACTS };
static const pj_sheet_column first_facts[] = {
    {"table",     PJ_SHEET_TEXT, true},
    {"rules",     PJ_SHEET_TEXT, true},
    {"layers",    PJ_SHEET_INT,  true},
    {"uncounted", PJ_SHEET_INT,  true}
};
static const pj_sheet_column last_facts[] = {
    {"status",     PJ_SHEET_TEXT, false},
    {"error_code", PJ_SHEET_TEXT, true },
    {"error_node", PJ_SHEET_TEXT, true },
    {"error",      PJ_SHEET_TEXT, true },
    {"findings",   PJ_SHEET_INT,  true }
};
static const char *const units[] = {"pj", "relative"};
enum { UNITS = sizeof units / sizeof *units };

const pj_sheet_column pj_device_columns[] = {
    {"point",          PJ_SHEET_INT,  false},
    {"device",         PJ_SHEET_TEXT, false},
    {pj_key_energy_pj, PJ_SHEET_REAL, true },
    {pj_key_time_us,   PJ_SHEET_REAL, true },
    {pj_key_low_pj,    PJ_SHEET_REAL, true },
    {pj_key_high_pj,   PJ_SHEET_REAL, true }
};
const size_t pj_device_column_count = sizeof pj_device_columns / sizeof *pj_device_columns;

const char *pj_code_at(size_t place)
{
    static const char *const codes[PJ_STUDY_CODES] = {"",
                                                      "memory",
                                                      "io",
                                                      "format",
                                                      "limit",
                                                      "overflow",
                                                      "shape",
                                                      "unsupported",
                                                      "argument",
                                                      "stopped",
                                                      "conflict",
                                                      [PJ_CODE_CRASHED] = "crashed",
                                                      [PJ_CODE_CHANGED] = "model-changed"};
    return place < PJ_STUDY_CODES && codes[place] ? codes[place] : "";
}

/* ---- columns of points ---- */

static pj_status add_column(pj_study *study, const char *name, pj_sheet_kind kind, bool may_lack, pj_error *err)
{
    PJ_TRY(pj_got(name && PJ_GROW(study->arena, study->column, study->columns, study->column_room), err));
    study->column[study->columns++] = (pj_sheet_column){name, kind, may_lack};
    return PJ_OK;
}

static const char *join(pj_arena *arena, const char *a, const char *b)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s_%s", a, b);
    return pj_str_keep(&text, arena);
}

/* The name of an item's column; NULL: it has none of its own. */
static const char *name_of(pj_study *study, const pj_item *item)
{
    if (item->kind == PJ_ITEM_DIM)
        return join(study->arena, "dim", item->name);
    if (item->kind == PJ_ITEM_MODEL || item->member == PJ_SETTING_AT(table) || item->member == PJ_SETTING_AT(devices))
        return NULL;
    return item->name;
}

/* Equal names are one column, whatever block they are of. */
static pj_status settle_item(pj_study *study, pj_map *known, const pj_item *item, pj_error *err)
{
    bool is_number = item->kind == PJ_ITEM_DIM || item->kind == PJ_ITEM_LEVEL;
    const char *name = name_of(study, item);
    if (!name)
        return pj_got(!pj_arena_failed(study->arena), err);
    size_t *place = pj_map_get(known, name);
    if (!place) {
        place = PJ_NEW(study->arena, size_t, 1);
        PJ_TRY(pj_got(place && pj_map_put(known, name, place), err));
        *place = study->columns;
        PJ_TRY(add_column(study, name, is_number ? PJ_SHEET_INT : PJ_SHEET_TEXT, true, err));
    }
    ((pj_item *)(uintptr_t)item)->column = *place;
    return PJ_OK;
}

static pj_status settle_axes(pj_study *study, pj_map *known, const pj_block *block, pj_error *err)
{
    for (size_t a = 0; a < block->axes; a++)
        for (size_t c = 0; c < block->axis[a].count; c++)
            for (size_t i = 0; i < block->axis[a].choice[c].items; i++)
                PJ_TRY(settle_item(study, known, &block->axis[a].choice[c].item[i], err));
    for (size_t i = 0; i < block->fixed_count; i++)
        PJ_TRY(settle_item(study, known, &block->fixed[i], err));
    return PJ_OK;
}

static pj_status add_energy(pj_study *study, const char *key, pj_error *err)
{
    for (size_t u = 0; u < UNITS; u++)
        PJ_TRY(add_column(study, join(study->arena, key, units[u]), PJ_SHEET_REAL, true, err));
    return PJ_OK;
}

static const pj_field *next_figure(const pj_field *after)
{
    return pj_figure_next(after, PJ_IN_TABLES);
}

static pj_status add_figures(pj_study *study, pj_error *err)
{
    for (const pj_field *f = next_figure(NULL); f; f = next_figure(f)) {
        if (pj_figure_is_energy(f))
            PJ_TRY(add_energy(study, f->key, err));
        else
            PJ_TRY(add_column(study, f->key, PJ_SHEET_INT, true, err));
    }
    PJ_TRY(add_energy(study, "per_sample", err));
    return add_column(study, pj_key_peak_activation_bytes, PJ_SHEET_INT, true, err);
}

/* Levels of the memory hierarchy, farthest first: each hierarchy has names of its own for them. */
static pj_status add_levels(pj_study *study, pj_error *err)
{
    for (int i = 0; i < PJ_MOST_LEVELS; i++) {
        char name[16];
        snprintf(name, sizeof name, "level%d", i);
        PJ_TRY(add_column(study, join(study->arena, name, "bits"), PJ_SHEET_REAL, true, err));
        PJ_TRY(add_energy(study, pj_arena_strdup(study->arena, name), err));
    }
    return add_energy(study, "registers", err);
}

pj_status pj_table_columns(pj_study *study, pj_error *err)
{
    pj_map known;
    pj_map_init(&known, study->arena);
    PJ_TRY(add_column(study, "point", PJ_SHEET_INT, false, err));
    PJ_TRY(add_column(study, "block", PJ_SHEET_TEXT, false, err));
    PJ_TRY(add_column(study, "model", PJ_SHEET_TEXT, false, err));
    for (size_t b = 0; b < study->blocks; b++)
        PJ_TRY(settle_axes(study, &known, &study->block[b], err));
    study->first_fact = study->columns;
    for (int i = 0; i < FIRST_FACTS; i++)
        PJ_TRY(add_column(study, first_facts[i].name, first_facts[i].kind, first_facts[i].may_lack, err));
    PJ_TRY(add_figures(study, err));
    PJ_TRY(add_levels(study, err));
    for (int i = 0; i < LAST_FACTS; i++)
        PJ_TRY(add_column(study, last_facts[i].name, last_facts[i].kind, last_facts[i].may_lack, err));
    return pj_got(!pj_arena_failed(study->arena), err);
}

/* ---- rows ---- */

/* What a figure of the base is; a count that is negative is not known. */
static void put_figure(const pj_field *figure, unsigned of, const void *base, bool is_relative, pj_sheet *sheet,
                       size_t *column)
{
    if (pj_figure_is_energy(figure)) {
        pj_sheet_real(sheet, *column + is_relative, pj_figure_value(figure, of, base));
        *column += UNITS;
        return;
    }
    int64_t count;
    memcpy(&count, pj_field_at(figure, of, base), sizeof count);
    if (count >= 0)
        pj_sheet_int(sheet, *column, count);
    ++*column;
}

static void put_levels(const pj_result *result, bool is_relative, pj_sheet *sheet, size_t column)
{
    const pj_reuse_totals *totals = result->totals.reuse;
    for (size_t i = 0; i < result->level_count; i++, column += 1 + UNITS) {
        pj_sheet_real(sheet, column, totals->level[i].read_bits + totals->level[i].written_bits);
        pj_sheet_real(sheet, column + 1 + is_relative, totals->level[i].pj);
    }
    column += (PJ_MOST_LEVELS - result->level_count) * (1 + UNITS);
    if (result->level_count)
        pj_sheet_real(sheet, column + is_relative, totals->register_pj);
}

static void put_result(const pj_result *result, pj_sheet *sheet, size_t column)
{
    const pj_totals *totals = &result->totals;
    bool is_relative = strcmp(result->unit, "pJ") != 0;
    pj_sheet_text(sheet, column + FACT_TABLE, result->table);
    pj_sheet_text(sheet, column + FACT_RULES, result->rules);
    pj_sheet_int(sheet, column + FACT_LAYERS, (int64_t)totals->layers);
    pj_sheet_int(sheet, column + FACT_UNCOUNTED, (int64_t)totals->uncounted);
    column += FIRST_FACTS;
    for (const pj_field *f = next_figure(NULL); f; f = next_figure(f))
        put_figure(f, PJ_OF_TOTALS, totals, is_relative, sheet, &column);
    if (totals->batch > 0)
        pj_sheet_real(sheet, column + is_relative, pj_energy_total(&totals->energy) / (double)totals->batch);
    column += UNITS;
    if (totals->peak_activation_bytes >= 0)
        pj_sheet_int(sheet, column, totals->peak_activation_bytes);
    put_levels(result, is_relative, sheet, column + 1);
}

static void put_dim(const pj_item *item, const pj_result *result, pj_sheet *sheet)
{
    for (size_t i = 0; result && i < result->model->dim_count; i++)
        if (strcmp(result->model->dims[i].name, item->name) == 0)
            pj_sheet_int(sheet, item->column, result->model->dims[i].value);
    if (!result && item->number >= 0)
        pj_sheet_int(sheet, item->column, item->number);
}

static void put_items(const pj_study_row *row, size_t fact, pj_sheet *sheet)
{
    for (size_t i = 0; i < row->point->items; i++) {
        const pj_item *item = row->point->item[i];
        if (item->member == PJ_SETTING_AT(table) && !row->result)
            pj_sheet_text(sheet, fact + FACT_TABLE, item->text);
        if (item->column == SIZE_MAX)
            continue;
        if (item->kind == PJ_ITEM_DIM)
            put_dim(item, row->result, sheet);
        else if (item->kind == PJ_ITEM_LEVEL)
            pj_sheet_int(sheet, item->column, item->number);
        else
            pj_sheet_text(sheet, item->column, item->text);
    }
}

pj_status pj_table_add(const pj_study *study, const pj_study_row *row, pj_sheet *sheet, pj_error *err)
{
    size_t last = study->columns - LAST_FACTS;
    const pj_result *result = row->result;
    pj_sheet_int(sheet, 0, (int64_t)row->point->number);
    pj_sheet_text(sheet, 1, row->point->block->name);
    pj_sheet_text(sheet, 2, row->point->model->name);
    put_items(row, study->first_fact, sheet);
    pj_sheet_text(sheet, last + LAST_STATUS, !result ? "error" : result->totals.uncounted ? "partial" : "ok");
    if (result) {
        put_result(result, sheet, study->first_fact);
        pj_sheet_int(sheet, last + LAST_FINDINGS, (int64_t)result->finding_count);
        return pj_sheet_row(sheet, err);
    }
    pj_sheet_text(sheet, last + LAST_CODE, row->code);
    pj_sheet_text(sheet, last + LAST_NODE, *row->error->node ? row->error->node : NULL);
    pj_sheet_text(sheet, last + LAST_ERROR, *row->error->what ? row->error->what : pj_status_text(row->error->status));
    return pj_sheet_row(sheet, err);
}

bool pj_table_failed(const pj_study *study, const pj_records *rows, size_t row)
{
    const char *status = pj_records_text(rows, row, study->columns - LAST_FACTS + LAST_STATUS);
    return !status || strcmp(status, "error") == 0;
}

/* ---- devices and layers ---- */

pj_status pj_devices_add(const pj_study_row *row, pj_sheet *sheet, pj_error *err)
{
    const pj_result *result = row->result;
    for (size_t d = 0; result && d < result->setup.device_count; d++) {
        const pj_device_figure *figure = &result->totals.devices[d];
        const double numbers[] = {figure->energy_pj, figure->time_us, figure->low_pj, figure->high_pj};
        pj_sheet_int(sheet, 0, (int64_t)row->point->number);
        pj_sheet_text(sheet, 1, result->devices[d]);
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            if (numbers[i] >= 0)
                pj_sheet_real(sheet, 2 + i, numbers[i]);
        PJ_TRY(pj_sheet_row(sheet, err));
    }
    return PJ_OK;
}

enum {
    LAYER_POINT,
    LAYER_INDEX,
    LAYER_NAME,
    LAYER_OP,
    LAYER_COUNTED,
    LAYER_FREE,
    LAYER_RUNS,
    LAYER_INPUT,
    LAYER_WEIGHT,
    LAYER_OUTPUT,
    LAYER_FACTS
};

const pj_sheet_column *pj_layer_columns(pj_arena *arena, size_t *count)
{
    static const pj_sheet_column facts[] = {
        {"point",         PJ_SHEET_INT,  false},
        {"layer",         PJ_SHEET_INT,  false},
        {"name",          PJ_SHEET_TEXT, false},
        {"op",            PJ_SHEET_TEXT, false},
        {"counted",       PJ_SHEET_FLAG, false},
        {"free",          PJ_SHEET_FLAG, false},
        {"runs",          PJ_SHEET_INT,  false},
        {"input_format",  PJ_SHEET_TEXT, true },
        {"weight_format", PJ_SHEET_TEXT, true },
        {"output_format", PJ_SHEET_TEXT, true }
    };
    size_t figures = 0;
    for (const pj_field *f = next_figure(NULL); f; f = next_figure(f))
        figures += pj_figure_is_energy(f) ? UNITS : 1;
    pj_sheet_column *columns = PJ_NEW(arena, pj_sheet_column, LAYER_FACTS + figures);
    if (!columns)
        return NULL;
    memcpy(columns, facts, sizeof facts);
    *count = LAYER_FACTS;
    for (const pj_field *f = next_figure(NULL); f; f = next_figure(f)) {
        bool is_energy = pj_figure_is_energy(f);
        for (size_t u = 0; u < (is_energy ? (size_t)UNITS : 1); u++)
            columns[(*count)++] = (pj_sheet_column){is_energy ? join(arena, f->key, units[u]) : f->key,
                                                    is_energy ? PJ_SHEET_REAL : PJ_SHEET_INT, true};
    }
    return pj_arena_failed(arena) ? NULL : columns;
}

pj_status pj_layers_add(const pj_study_row *row, pj_sheet *sheet, pj_error *err)
{
    const pj_result *result = row->result;
    bool is_relative = result && strcmp(result->unit, "pJ") != 0;
    for (size_t i = 0; result && i < result->layer_count; i++) {
        const pj_layer *layer = &result->layers[i];
        const pj_totals figures = pj_totals_of_layer(layer);
        size_t column = LAYER_FACTS;
        pj_sheet_int(sheet, LAYER_POINT, (int64_t)row->point->number);
        pj_sheet_int(sheet, LAYER_INDEX, (int64_t)layer->index);
        pj_sheet_text(sheet, LAYER_NAME, layer->name);
        pj_sheet_text(sheet, LAYER_OP, layer->op);
        pj_sheet_flag(sheet, LAYER_COUNTED, layer->counted);
        pj_sheet_flag(sheet, LAYER_FREE, layer->free);
        pj_sheet_int(sheet, LAYER_RUNS, layer->runs);
        pj_sheet_text(sheet, LAYER_INPUT, layer->input->word);
        pj_sheet_text(sheet, LAYER_WEIGHT, layer->weight->word);
        pj_sheet_text(sheet, LAYER_OUTPUT, layer->output->word);
        for (const pj_field *f = next_figure(NULL); f; f = next_figure(f))
            put_figure(f, PJ_OF_TOTALS, &figures, is_relative, sheet, &column);
        PJ_TRY(pj_sheet_row(sheet, err));
    }
    return PJ_OK;
}
