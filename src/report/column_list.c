/* One row for each column. Most show a member of a struct. */
#include "report/column_list.h"

#include "page/humane.h"
#include "report/layer_text.h"
#include "result/field.h"
#include "setup/setup.h"

const char *pj_columns_options(const pj_setup *setup, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_setup bare = *setup;
    bare.table = pj_setup_default().table;
    pj_setup_options(&bare, &text);
    const char *kept = pj_str_keep(&text, arena);
    return kept ? kept + strspn(kept, " ") : NULL;
}

/* Nothing is known of layers when none of them is counted; a sweep tells how many are not. */
static bool is_unknown(const pj_view_row *row)
{
    return !row->dims && !row->table && row->sum.uncounted > 0 && row->sum.uncounted == row->sum.layers;
}

static void put_energy(const pj_view_row *row, double energy, pj_cell *cell)
{
    if (is_unknown(row))
        pj_cell_unknown(cell);
    else
        pj_cell_number(cell, energy);
}

static void make_counted(const pj_cell_place *p, pj_cell *cell)
{
    pj_cell_flag(cell, p->row->sum.uncounted == 0);
}

static void make_model(const pj_cell_place *p, pj_cell *cell)
{
    pj_cell_text(cell, p->of->model);
}

static void make_table(const pj_cell_place *p, pj_cell *cell)
{
    pj_cell_text(cell, p->of->setup->table);
}

static void make_options(const pj_cell_place *p, pj_cell *cell)
{
    pj_cell_text(cell, pj_columns_options(p->of->setup, p->of->arena));
}

static void make_shape(const pj_cell_place *p, pj_cell *cell)
{
    pj_str text = pj_str_new(0);
    if (p->row->layer && p->row->layer->rank != PJ_RANK_NONE)
        pj_shape_text(p->row->layer->rank, p->row->layer->dims, &text);
    pj_cell_made(cell, p->rows, &text);
}

static void make_precision(const pj_cell_place *p, pj_cell *cell)
{
    pj_str text = pj_str_new(0);
    if (p->row->layer)
        pj_precision_text(p->row->layer, &text);
    pj_cell_made(cell, p->rows, &text);
}

static void make_gate_bits(const pj_cell_place *p, pj_cell *cell)
{
    if (p->row->layer && p->row->layer->implementation)
        pj_cell_number(cell, p->row->layer->gate_bits);
}

static void make_gate_factor(const pj_cell_place *p, pj_cell *cell)
{
    if (p->row->layer && p->row->layer->implementation)
        pj_cell_number(cell, p->row->layer->gate_factor);
}

static void make_work(const pj_cell_place *p, pj_cell *cell)
{
    if (p->row->layer && is_unknown(p->row))
        pj_cell_unknown(cell);
    else if (p->row->layer)
        pj_cell_count(cell, p->row->layer->work[p->at]);
}

static void make_total(const pj_cell_place *p, pj_cell *cell)
{
    put_energy(p->row, pj_energy_total(&p->row->sum.energy), cell);
}

static void make_share(const pj_cell_place *p, pj_cell *cell)
{
    if (p->of->whole > 0)
        put_energy(p->row, pj_energy_total(&p->row->sum.energy) / p->of->whole, cell);
}

static void make_per_sample(const pj_cell_place *p, pj_cell *cell)
{
    if (p->row->sum.batch > 0)
        pj_cell_number(cell, pj_energy_total(&p->row->sum.energy) / (double)p->row->sum.batch);
    else
        pj_cell_unknown(cell);
}

/* Negative: the device cannot say. */
static void put_known(double number, pj_cell *cell)
{
    if (number < 0)
        pj_cell_unknown(cell);
    else
        pj_cell_number(cell, number);
}

/* Of a total without a figure for some layers: what those have that have one. */
static void make_device_energy(const pj_cell_place *p, pj_cell *cell)
{
    const pj_device_note *notes = p->row->layer ? NULL : p->row->sum.device_notes;
    put_known(p->row->sum.devices[p->at].energy_pj, cell);
    if (cell->state == PJ_CELL_UNKNOWN && p->of->for_people && notes && notes[p->at].at_least_pj > 0) {
        pj_cell_number(cell, notes[p->at].at_least_pj);
        cell->at_least = true;
    }
}

static void make_device_low(const pj_cell_place *p, pj_cell *cell)
{
    put_known(p->row->sum.devices[p->at].low_pj, cell);
}

static void make_device_high(const pj_cell_place *p, pj_cell *cell)
{
    put_known(p->row->sum.devices[p->at].high_pj, cell);
}

static void make_device_time(const pj_cell_place *p, pj_cell *cell)
{
    put_known(p->row->sum.devices[p->at].time_us, cell);
}

/* Of the layer, or of all; NULL: nothing is told of it. */
static const pj_level_figure *level_of(const pj_cell_place *p)
{
    const pj_level_figure *levels = NULL;
    if (p->row->layer && p->row->layer->reuse)
        levels = p->row->layer->reuse->level;
    else if (!p->row->layer && p->row->sum.reuse)
        levels = p->row->sum.reuse->level;
    return levels ? &levels[p->at] : NULL;
}

static void make_level_bits(const pj_cell_place *p, pj_cell *cell)
{
    const pj_level_figure *level = level_of(p);
    if (level)
        pj_cell_number(cell, level->read_bits + level->written_bits);
}

static void make_level_energy(const pj_cell_place *p, pj_cell *cell)
{
    const pj_level_figure *level = level_of(p);
    if (level)
        put_energy(p->row, level->pj, cell);
}

static void make_bound(const pj_cell_place *p, pj_cell *cell)
{
    const pj_layer *layer = p->row->layer;
    if (layer && layer->reuse)
        pj_cell_number(cell, layer->reuse->bound_bits);
    else if (!layer && p->row->sum.reuse)
        pj_cell_number(cell, p->row->sum.reuse->bound_bits);
}

/* Sizes of memories are in bytes. */
static void make_dim(const pj_cell_place *p, pj_cell *cell)
{
    pj_str text = pj_str_new(0);
    if (!p->of->for_people || !pj_sweep_is_level(p->of->dims[p->at].name)) {
        pj_cell_count(cell, p->row->dims[p->at]);
        return;
    }
    pj_human_bits(&text, 8 * (double)p->row->dims[p->at]);
    pj_cell_made(cell, p->rows, &text);
}

/* clang-format off */
enum { LAYERS = PJ_COLUMNS_LAYERS, GROUPS = PJ_COLUMNS_GROUPS, SWEEP = PJ_COLUMNS_SWEEP, RUNS = PJ_COLUMNS_RUNS,
       BOTH = LAYERS | GROUPS, MANY = SWEEP | RUNS, ALL = BOTH | MANY };
#define ROW(member, name)       PJ_CELL_OF_ROW, 0, NULL, {PJ_MEMBER(pj_view_row, member), .key = name
#define LAYER(member)           PJ_CELL_OF_LAYER, 0, NULL, {PJ_MEMBER(pj_layer, member), .key = #member
#define FORMAT(part, member)    PJ_CELL_OF_FORMAT, offsetof(pj_layer, part), NULL, {PJ_MEMBER(pj_format_info, member)
#define MADE(make)              PJ_CELL_OF_MADE, 0, make, {.size = 0
#define COUNT(name, place)      .title = name, .kind = PJ_CELL_COUNT, .rank = place}
#define ENERGY(name, place)     .title = name, .kind = PJ_CELL_ENERGY, .rank = place}
#define TEXT                    .kind = PJ_CELL_TEXT

/* People see columns by rank: who the row is and what it costs (0), its parts (1), loops (2), the rest; those of a
 * higher rank leave a narrow terminal first. Programs see them as they stand here. Keys of energies get their unit. */
static const pj_column_row all_columns[] = {
    {RUNS, PJ_ONCE, ROW(name, "model"), .title = "model", TEXT, PJ_NAME_FITS}},
    {RUNS | PJ_COLUMNS_TABLES, PJ_ONCE, ROW(table, "table"), .title = "table", TEXT}},
    {RUNS, PJ_ONCE, ROW(options, "options"), TEXT}},
    {BOTH | PJ_COLUMNS_NAMED, PJ_ONCE, MADE(make_model), .key = "model", TEXT}},
    {BOTH | PJ_COLUMNS_NAMED, PJ_ONCE, MADE(make_table), .key = "table", TEXT}},
    {BOTH | PJ_COLUMNS_NAMED, PJ_ONCE, MADE(make_options), .key = "options", TEXT}},
    {SWEEP, PJ_PER_DIM, MADE(make_dim), .kind = PJ_CELL_EXACT}},
    {LAYERS, PJ_ONCE, LAYER(index), COUNT(NULL, 0)},
    {LAYERS, PJ_ONCE, ROW(name, "name"), .title = "layer", TEXT, PJ_NAME_FITS}},
    {GROUPS, PJ_ONCE, ROW(name, "name"), .title = "group", TEXT, PJ_NAME_FITS}},
    {LAYERS, PJ_ONCE, ROW(op, "op"), .title = "op", TEXT, PJ_OP_FITS}},
    {LAYERS, PJ_ONCE, LAYER(scope), TEXT}},
    {GROUPS, PJ_ONCE, ROW(sum.layers, "layers"), COUNT("layers", 0)},
    {GROUPS, PJ_ONCE, ROW(sum.uncounted, "uncounted"), COUNT(NULL, 0)},
    {LAYERS, PJ_ONCE, MADE(make_counted), .key = "counted", .kind = PJ_CELL_FLAG}},
    {LAYERS, PJ_ONCE, LAYER(free), .kind = PJ_CELL_FLAG}},
    {LAYERS | PJ_COLUMNS_LOOPS, PJ_ONCE, LAYER(runs), COUNT("runs", 2)},
    {LAYERS, PJ_ONCE, LAYER(output_dtype), TEXT, .no_empty = true}},
    {LAYERS, PJ_ONCE, MADE(make_shape), .key = "output_shape", .title = "output", TEXT, .rank = 6}},
    {LAYERS, PJ_ONCE, MADE(make_precision), .title = "precision", TEXT, .rank = 4}},
    {LAYERS, PJ_ONCE, FORMAT(input, from), .title = "from", TEXT, .rank = 7}},
    {ALL, PJ_PER_COUNT, PJ_CELL_OF_SUM, 0, NULL, {.kind = PJ_CELL_COUNT}},
    {MANY, PJ_ONCE, ROW(sum.layers, "layers"), COUNT(NULL, 0)},
    {MANY | PJ_COLUMNS_UNCOUNTED, PJ_ONCE, ROW(sum.uncounted, "uncounted"), COUNT("uncounted", 2)},
    {LAYERS, PJ_ONCE, FORMAT(input, word), .key = "input_format", TEXT}},
    {LAYERS, PJ_ONCE, FORMAT(input, from), .key = "input_from", TEXT}},
    {LAYERS, PJ_ONCE, FORMAT(weight, word), .key = "weight_format", TEXT}},
    {LAYERS, PJ_ONCE, FORMAT(weight, from), .key = "weight_from", TEXT}},
    {LAYERS, PJ_ONCE, FORMAT(accumulator, word), .key = "accumulator_format", TEXT}},
    {LAYERS, PJ_ONCE, FORMAT(accumulator, from), .key = "accumulator_from", TEXT}},
    {LAYERS, PJ_ONCE, FORMAT(output, word), .key = "output_format", TEXT}},
    {LAYERS, PJ_ONCE, FORMAT(output, from), .key = "output_from", TEXT}},
    {LAYERS, PJ_ONCE, LAYER(implementation), TEXT}},
    {LAYERS, PJ_ONCE, MADE(make_gate_bits), .key = pj_key_gate_bits, .kind = PJ_CELL_NUMBER}},
    {LAYERS, PJ_ONCE, MADE(make_gate_factor), .key = pj_key_gate_factor, .kind = PJ_CELL_NUMBER}},
    {LAYERS, PJ_PER_WORK, MADE(make_work), .key = "work", .kind = PJ_CELL_COUNT}},
    {ALL, PJ_PER_ENERGY, PJ_CELL_OF_SUM, 0, NULL, {.kind = PJ_CELL_ENERGY}},
    {ALL, PJ_ONCE, MADE(make_total), .key = "total", ENERGY("total", 0)},
    {MANY, PJ_ONCE, MADE(make_per_sample), .key = "per_sample", ENERGY("per sample", 0)},
    {BOTH, PJ_ONCE, MADE(make_share), .key = "share", .title = "share", .kind = PJ_CELL_SHARE}},
    {LAYERS | SWEEP, PJ_PER_LEVEL, MADE(make_level_bits), .key = "bits", .kind = PJ_CELL_NUMBER}},
    {LAYERS | SWEEP, PJ_PER_LEVEL, MADE(make_level_energy), .key = "pj", .kind = PJ_CELL_ENERGY}},
    {LAYERS | SWEEP, PJ_ONCE, MADE(make_bound), .key = "bound_bits", .kind = PJ_CELL_NUMBER}},
    {ALL, PJ_PER_DEVICE, MADE(make_device_energy), .key = pj_key_energy_pj, ENERGY(NULL, 0)},
    {ALL, PJ_PER_DEVICE, MADE(make_device_time), .key = pj_key_time_us, .kind = PJ_CELL_TIME}},
    {ALL, PJ_PER_DEVICE, MADE(make_device_low), .key = pj_key_low_pj, .kind = PJ_CELL_ENERGY}},
    {ALL, PJ_PER_DEVICE, MADE(make_device_high), .key = pj_key_high_pj, .kind = PJ_CELL_ENERGY}},
    {MANY | PJ_COLUMNS_ERRORS, PJ_ONCE, ROW(error, "error"), TEXT}},
};
/* clang-format on */

const pj_column_row *pj_column_rows(size_t *count)
{
    *count = sizeof all_columns / sizeof *all_columns;
    return all_columns;
}

void pj_column_fill(const pj_column_row *column, const pj_column *shown, const pj_cell_place *place, pj_cell *cell)
{
    const pj_view_row *row = place->row;
    const pj_layer *layer = row->layer;
    const pj_format_info *format = NULL;
    if (row->error && column->repeat != PJ_PER_DIM && shown->kind != PJ_CELL_TEXT) {
        if (place->of->for_people)
            pj_cell_unknown(cell);
        return;
    }
    switch (column->source) {
    case PJ_CELL_OF_SUM:
        if (is_unknown(row)) {
            pj_cell_unknown(cell);
            break;
        }
        pj_cell_member(cell, shown, row);
        break;
    case PJ_CELL_OF_ROW:
        pj_cell_member(cell, shown, row);
        break;
    case PJ_CELL_OF_LAYER:
        if (layer)
            pj_cell_member(cell, shown, layer);
        break;
    case PJ_CELL_OF_FORMAT:
        if (layer)
            memcpy(&format, (const char *)layer + column->which, sizeof format);
        if (format && format->known)
            pj_cell_member(cell, shown, format);
        break;
    case PJ_CELL_OF_MADE:
        column->make(place, cell);
        break;
    }
}
