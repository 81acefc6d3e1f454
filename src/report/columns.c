/* The columns of layers, of sums of layers, and of a sweep: each is one row here. Most show a member of a struct. */
#include "report/columns.h"

#include "result/field.h"

#include "page/humane.h"
#include "report/layer_text.h"
#include "setup/setup.h"

/* What a cell is of. */
typedef enum source {
    OF_ROW,    /* a member of pj_view_row */
    OF_SUM,    /* likewise, "?" where none of the layers is counted */
    OF_LAYER,  /* a member of the layer; nothing in sums */
    OF_FORMAT, /* a member of one of its number formats; `which` is the place of the pointer to it */
    OF_MADE    /* made by a function */
} source;

/* The cell to make. */
typedef struct place {
    const pj_columns *of;
    const pj_view_row *row;
    size_t at; /* of what its column repeats for */
    pj_rows *rows;
} place;

typedef void (*make_cell)(const place *p, pj_cell *cell);

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

static void make_counted(const place *p, pj_cell *cell)
{
    pj_cell_flag(cell, p->row->sum.uncounted == 0);
}

static void make_model(const place *p, pj_cell *cell)
{
    pj_cell_text(cell, p->of->model);
}

static void make_table(const place *p, pj_cell *cell)
{
    pj_cell_text(cell, p->of->setup->table);
}

static void make_options(const place *p, pj_cell *cell)
{
    pj_cell_text(cell, pj_columns_options(p->of->setup, p->of->arena));
}

static void make_shape(const place *p, pj_cell *cell)
{
    pj_str text = pj_str_new(0);
    if (p->row->layer && p->row->layer->rank != PJ_RANK_NONE)
        pj_shape_text(p->row->layer->rank, p->row->layer->dims, &text);
    pj_cell_made(cell, p->rows, &text);
}

static void make_precision(const place *p, pj_cell *cell)
{
    pj_str text = pj_str_new(0);
    if (p->row->layer)
        pj_precision_text(p->row->layer, &text);
    pj_cell_made(cell, p->rows, &text);
}

static void make_gate_bits(const place *p, pj_cell *cell)
{
    if (p->row->layer && p->row->layer->implementation)
        pj_cell_number(cell, p->row->layer->gate_bits);
}

static void make_gate_factor(const place *p, pj_cell *cell)
{
    if (p->row->layer && p->row->layer->implementation)
        pj_cell_number(cell, p->row->layer->gate_factor);
}

static void make_work(const place *p, pj_cell *cell)
{
    if (p->row->layer && is_unknown(p->row))
        pj_cell_unknown(cell);
    else if (p->row->layer)
        pj_cell_count(cell, p->row->layer->work[p->at]);
}

static void make_total(const place *p, pj_cell *cell)
{
    put_energy(p->row, pj_energy_total(&p->row->sum.energy), cell);
}

static void make_share(const place *p, pj_cell *cell)
{
    if (p->of->whole > 0)
        put_energy(p->row, pj_energy_total(&p->row->sum.energy) / p->of->whole, cell);
}

static void make_per_sample(const place *p, pj_cell *cell)
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
static void make_device_energy(const place *p, pj_cell *cell)
{
    const pj_device_note *notes = p->row->layer ? NULL : p->row->sum.device_notes;
    put_known(p->row->sum.devices[p->at].energy_pj, cell);
    if (cell->state == PJ_CELL_UNKNOWN && p->of->for_people && notes && notes[p->at].at_least_pj > 0) {
        pj_cell_number(cell, notes[p->at].at_least_pj);
        cell->at_least = true;
    }
}

static void make_device_low(const place *p, pj_cell *cell)
{
    put_known(p->row->sum.devices[p->at].low_pj, cell);
}

static void make_device_high(const place *p, pj_cell *cell)
{
    put_known(p->row->sum.devices[p->at].high_pj, cell);
}

static void make_device_time(const place *p, pj_cell *cell)
{
    put_known(p->row->sum.devices[p->at].time_us, cell);
}

/* Of the layer, or of all; NULL: nothing is told of it. */
static const pj_level_figure *level_of(const place *p)
{
    const pj_level_figure *levels = NULL;
    if (p->row->layer && p->row->layer->reuse)
        levels = p->row->layer->reuse->level;
    else if (!p->row->layer && p->row->sum.reuse)
        levels = p->row->sum.reuse->level;
    return levels ? &levels[p->at] : NULL;
}

static void make_level_bits(const place *p, pj_cell *cell)
{
    const pj_level_figure *level = level_of(p);
    if (level)
        pj_cell_number(cell, level->read_bits + level->written_bits);
}

static void make_level_energy(const place *p, pj_cell *cell)
{
    const pj_level_figure *level = level_of(p);
    if (level)
        put_energy(p->row, level->pj, cell);
}

static void make_bound(const place *p, pj_cell *cell)
{
    const pj_layer *layer = p->row->layer;
    if (layer && layer->reuse)
        pj_cell_number(cell, layer->reuse->bound_bits);
    else if (!layer && p->row->sum.reuse)
        pj_cell_number(cell, p->row->sum.reuse->bound_bits);
}

/* Sizes of memories are in bytes. */
static void make_dim(const place *p, pj_cell *cell)
{
    pj_str text = pj_str_new(0);
    if (!p->of->for_people || !pj_sweep_is_level(p->of->dims[p->at].name)) {
        pj_cell_count(cell, p->row->dims[p->at]);
        return;
    }
    pj_human_bits(&text, 8 * (double)p->row->dims[p->at]);
    pj_cell_made(cell, p->rows, &text);
}

const char *pj_columns_options(const pj_setup *setup, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_setup bare = *setup;
    bare.table = pj_setup_default().table;
    pj_setup_options(&bare, &text);
    const char *kept = pj_str_keep(&text, arena);
    return kept ? kept + strspn(kept, " ") : NULL;
}

/* How often a column stands there; the names of those that repeat are settled then. */
typedef enum repeat { ONCE, PER_COUNT, PER_ENERGY, PER_WORK, PER_LEVEL, PER_DEVICE, PER_DIM } repeat;

typedef struct column {
    unsigned in; /* tables that have it */
    repeat repeat;
    source source;
    size_t which;
    make_cell make;
    pj_column column;
} column;

/* clang-format off */
enum { LAYERS = PJ_COLUMNS_LAYERS, GROUPS = PJ_COLUMNS_GROUPS, SWEEP = PJ_COLUMNS_SWEEP, RUNS = PJ_COLUMNS_RUNS,
       BOTH = LAYERS | GROUPS, MANY = SWEEP | RUNS, ALL = BOTH | MANY };
#define ROW(member, name)       OF_ROW, 0, NULL, {PJ_MEMBER(pj_view_row, member), .key = name
#define LAYER(member)           OF_LAYER, 0, NULL, {PJ_MEMBER(pj_layer, member), .key = #member
#define FORMAT(part, member)    OF_FORMAT, offsetof(pj_layer, part), NULL, {PJ_MEMBER(pj_format_info, member)
#define MADE(make)              OF_MADE, 0, make, {.size = 0
#define COUNT(name, place)      .title = name, .kind = PJ_CELL_COUNT, .rank = place}
#define ENERGY(name, place)     .title = name, .kind = PJ_CELL_ENERGY, .rank = place}
#define TEXT                    .kind = PJ_CELL_TEXT

/* People see columns by rank: who the row is and what it costs (0), its parts (1), loops (2), the rest; those of a
 * higher rank leave a narrow terminal first. Programs see them as they stand here. Keys of energies get their unit. */
static const column all_columns[] = {
    {RUNS, ONCE, ROW(name, "model"), .title = "model", TEXT, PJ_NAME_FITS}},
    {RUNS | PJ_COLUMNS_TABLES, ONCE, ROW(table, "table"), .title = "table", TEXT}},
    {RUNS, ONCE, ROW(options, "options"), TEXT}},
    {BOTH | PJ_COLUMNS_NAMED, ONCE, MADE(make_model), .key = "model", TEXT}},
    {BOTH | PJ_COLUMNS_NAMED, ONCE, MADE(make_table), .key = "table", TEXT}},
    {BOTH | PJ_COLUMNS_NAMED, ONCE, MADE(make_options), .key = "options", TEXT}},
    {SWEEP, PER_DIM, MADE(make_dim), .kind = PJ_CELL_EXACT}},
    {LAYERS, ONCE, LAYER(index), COUNT(NULL, 0)},
    {LAYERS, ONCE, ROW(name, "name"), .title = "layer", TEXT, PJ_NAME_FITS}},
    {GROUPS, ONCE, ROW(name, "name"), .title = "group", TEXT, PJ_NAME_FITS}},
    {LAYERS, ONCE, ROW(op, "op"), .title = "op", TEXT, PJ_OP_FITS}},
    {LAYERS, ONCE, LAYER(scope), TEXT}},
    {GROUPS, ONCE, ROW(sum.layers, "layers"), COUNT("layers", 0)},
    {GROUPS, ONCE, ROW(sum.uncounted, "uncounted"), COUNT(NULL, 0)},
    {LAYERS, ONCE, MADE(make_counted), .key = "counted", .kind = PJ_CELL_FLAG}},
    {LAYERS, ONCE, LAYER(free), .kind = PJ_CELL_FLAG}},
    {LAYERS | PJ_COLUMNS_LOOPS, ONCE, LAYER(runs), COUNT("runs", 2)},
    {LAYERS, ONCE, LAYER(output_dtype), TEXT, .no_empty = true}},
    {LAYERS, ONCE, MADE(make_shape), .key = "output_shape", .title = "output", TEXT, .rank = 6}},
    {LAYERS, ONCE, MADE(make_precision), .title = "precision", TEXT, .rank = 4}},
    {LAYERS, ONCE, FORMAT(input, from), .title = "from", TEXT, .rank = 7}},
    {ALL, PER_COUNT, OF_SUM, 0, NULL, {.kind = PJ_CELL_COUNT}},
    {MANY, ONCE, ROW(sum.layers, "layers"), COUNT(NULL, 0)},
    {MANY | PJ_COLUMNS_UNCOUNTED, ONCE, ROW(sum.uncounted, "uncounted"), COUNT("uncounted", 2)},
    {LAYERS, ONCE, FORMAT(input, word), .key = "input_format", TEXT}},
    {LAYERS, ONCE, FORMAT(input, from), .key = "input_from", TEXT}},
    {LAYERS, ONCE, FORMAT(weight, word), .key = "weight_format", TEXT}},
    {LAYERS, ONCE, FORMAT(weight, from), .key = "weight_from", TEXT}},
    {LAYERS, ONCE, FORMAT(accumulator, word), .key = "accumulator_format", TEXT}},
    {LAYERS, ONCE, FORMAT(accumulator, from), .key = "accumulator_from", TEXT}},
    {LAYERS, ONCE, FORMAT(output, word), .key = "output_format", TEXT}},
    {LAYERS, ONCE, FORMAT(output, from), .key = "output_from", TEXT}},
    {LAYERS, ONCE, LAYER(implementation), TEXT}},
    {LAYERS, ONCE, MADE(make_gate_bits), .key = pj_key_gate_bits, .kind = PJ_CELL_NUMBER}},
    {LAYERS, ONCE, MADE(make_gate_factor), .key = pj_key_gate_factor, .kind = PJ_CELL_NUMBER}},
    {LAYERS, PER_WORK, MADE(make_work), .key = "work", .kind = PJ_CELL_COUNT}},
    {ALL, PER_ENERGY, OF_SUM, 0, NULL, {.kind = PJ_CELL_ENERGY}},
    {ALL, ONCE, MADE(make_total), .key = "total", ENERGY("total", 0)},
    {MANY, ONCE, MADE(make_per_sample), .key = "per_sample", ENERGY("per sample", 0)},
    {BOTH, ONCE, MADE(make_share), .key = "share", .title = "share", .kind = PJ_CELL_SHARE}},
    {LAYERS | SWEEP, PER_LEVEL, MADE(make_level_bits), .key = "bits", .kind = PJ_CELL_NUMBER}},
    {LAYERS | SWEEP, PER_LEVEL, MADE(make_level_energy), .key = "pj", .kind = PJ_CELL_ENERGY}},
    {LAYERS | SWEEP, ONCE, MADE(make_bound), .key = "bound_bits", .kind = PJ_CELL_NUMBER}},
    {ALL, PER_DEVICE, MADE(make_device_energy), .key = pj_key_energy_pj, ENERGY(NULL, 0)},
    {ALL, PER_DEVICE, MADE(make_device_time), .key = pj_key_time_us, .kind = PJ_CELL_TIME}},
    {ALL, PER_DEVICE, MADE(make_device_low), .key = pj_key_low_pj, .kind = PJ_CELL_ENERGY}},
    {ALL, PER_DEVICE, MADE(make_device_high), .key = pj_key_high_pj, .kind = PJ_CELL_ENERGY}},
    {MANY | PJ_COLUMNS_ERRORS, ONCE, ROW(error, "error"), TEXT}},
};
/* clang-format on */
enum { COLUMNS = sizeof all_columns / sizeof *all_columns };

/* A column of one table. */
typedef struct chosen {
    const column *from;
    size_t at; /* of what it repeats for */
} chosen;

struct pj_columns_made {
    const pj_columns *of;
    pj_rows *rows;
    chosen *chosen;
};

/* The figure at a place, of those that are, or are not, energies; the total has a column of its own. NULL: past the
 * last. */
static const pj_field *figure_at(bool energies, size_t at)
{
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_TABLES); f; f = pj_figure_next(f, PJ_IN_TABLES))
        if (pj_figure_is_energy(f) == energies && f != pj_figure_total() && at-- == 0)
            return f;
    return NULL;
}

static size_t count_figures(bool energies)
{
    size_t count = 0;
    while (figure_at(energies, count))
        count++;
    return count;
}

static size_t repeats(const pj_columns *of, const column *c)
{
    size_t works = 0;
    switch (c->repeat) {
    case ONCE:
        return (!(c->in & PJ_COLUMNS_LOOPS) || of->has_loops) && (!(c->in & PJ_COLUMNS_ERRORS) || of->has_errors);
    case PER_COUNT:
    case PER_ENERGY:
        return count_figures(c->repeat == PER_ENERGY);
    case PER_WORK:
        while (pj_work_word(works))
            works++;
        return works;
    case PER_LEVEL:
        return of->level_count;
    case PER_DEVICE:
        return of->device_count;
    case PER_DIM:
        return of->dim_count;
    }
    return 0;
}

static const char *join(pj_arena *arena, const char *a, const char *b)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s_%s", a, b);
    return pj_str_keep(&text, arena);
}

/* "inputs_pj", "inputs_relative": keys of energies have their unit. */
static const char *unit_key(const char *key, const char *unit, pj_arena *arena)
{
    return join(arena, key, strcmp(unit, "pJ") == 0 ? "pj" : unit);
}

/* Keys name their unit: "inputs_pj", "inputs_relative", "gpu_energy_pj"; "work_mac", "dim_sequence". */
static void name_column(const pj_columns *of, const column *from, size_t at, pj_column *out)
{
    pj_str title = pj_str_new(0);
    *out = from->column;
    const pj_field *figure = figure_at(from->repeat == PER_ENERGY, at);
    switch (from->repeat) {
    case PER_COUNT:
    case PER_ENERGY:
        out->key = from->repeat == PER_ENERGY ? unit_key(figure->key, of->unit, of->arena) : figure->key;
        out->title = figure->title;
        out->rank = figure->rank;
        out->at = offsetof(pj_view_row, sum) + figure->totals;
        out->size = sizeof(int64_t);
        break;
    case PER_WORK:
        out->key = join(of->arena, out->key, pj_work_word(at));
        break;
    case PER_LEVEL:
        out->key = out->kind == PJ_CELL_ENERGY ? unit_key(of->levels[at], of->unit, of->arena)
                                               : join(of->arena, of->levels[at], out->key);
        break;
    case PER_DEVICE:
        if (out->key != pj_key_low_pj && out->key != pj_key_high_pj) /* the ends of ranges are for programs */
            out->title = of->devices[at];
        out->key = join(of->arena, of->devices[at], out->key);
        break;
    case PER_DIM:
        pj_text_clean(&title, of->dims[at].name);
        out->title = pj_str_keep(&title, of->arena);
        out->key = join(of->arena, "dim", of->dims[at].name);
        if (of->for_people && pj_sweep_is_level(of->dims[at].name))
            out->kind = PJ_CELL_TEXT;
        break;
    case ONCE:
        if (out->kind == PJ_CELL_ENERGY)
            out->key = unit_key(out->key, of->unit, of->arena);
        if (from->in == GROUPS && out->kind == PJ_CELL_TEXT)
            out->title = of->group_title;
        break;
    }
}

/* Does the table show it? People see what has a title, programs what has a key. */
static bool is_wanted(const pj_columns *of, const column *c, const pj_column *named)
{
    if (c->in & PJ_COLUMNS_NAMED)
        return false;
    if (c->in & PJ_COLUMNS_UNCOUNTED && of->for_people && !of->has_uncounted)
        return false;
    if (c->in & PJ_COLUMNS_TABLES && of->for_people && of->one_table)
        return false;
    return of->for_people ? named->title : named->key;
}

static void fill(const pj_columns_made *made, const chosen *c, const pj_view_row *row, const pj_column *shown,
                 pj_cell *cell)
{
    const pj_layer *layer = row->layer;
    const pj_format_info *format = NULL;
    if (row->error && c->from->repeat != PER_DIM && shown->kind != PJ_CELL_TEXT) {
        if (made->of->for_people)
            pj_cell_unknown(cell);
        return;
    }
    switch (c->from->source) {
    case OF_SUM:
        if (is_unknown(row)) {
            pj_cell_unknown(cell);
            break;
        }
        pj_cell_member(cell, shown, row);
        break;
    case OF_ROW:
        pj_cell_member(cell, shown, row);
        break;
    case OF_LAYER:
        if (layer)
            pj_cell_member(cell, shown, layer);
        break;
    case OF_FORMAT:
        if (layer)
            memcpy(&format, (const char *)layer + c->from->which, sizeof format);
        if (format && format->known)
            pj_cell_member(cell, shown, format);
        break;
    case OF_MADE:
        c->from->make(&(place){made->of, row, c->at, made->rows}, cell);
        break;
    }
}

/* Columns under construction. */
typedef struct list {
    pj_column *column;
    chosen *from;
    bool *picked;
    size_t count, most;
} list;

static void add_column(list *l, const pj_column *shown, const chosen *from)
{
    if (l->count == l->most)
        return;
    l->column[l->count] = *shown;
    l->from[l->count++] = *from;
}

/* Is it the word of --columns, of `length` bytes: the title, or the key with or without its unit? */
static bool is_called(const pj_columns *of, const pj_column *named, const char *word, size_t length)
{
    const char *key = named->key ? named->key : "", *title = named->title ? named->title : "";
    size_t bare = strlen(key), unit = strlen(of->unit) + 1;
    bare -= named->kind == PJ_CELL_ENERGY && bare > unit ? unit : 0;
    return length && ((strlen(title) == length && strncasecmp(title, word, length) == 0) ||
                      ((strlen(key) == length || bare == length) && strncasecmp(key, word, length) == 0));
}

/* Puts the columns that are called so into the list, once; all stay. False: there is none. */
static bool pick(const pj_columns *of, list *all, const char *word, size_t length, list *out)
{
    bool found = false;
    for (size_t c = 0; c < all->count; c++) {
        pj_column one = all->column[c];
        if (!is_called(of, &one, word, length))
            continue;
        found = true;
        if (all->picked[c])
            continue;
        all->picked[c] = true;
        one.title = one.title ? one.title : one.key;
        one.rank = 0;
        add_column(out, &one, &all->from[c]);
    }
    return found;
}

/* The columns of --columns, in its order. A word that is none of them is left in of->unknown. */
static bool pick_all(pj_columns *of, list *all, list *out)
{
    const char *word = of->list;
    do {
        size_t length = strcspn(word, ",");
        if (!pick(of, all, word, length, out)) {
            of->unknown = pj_arena_strndup(of->arena, word, length);
            return false;
        }
        word += length;
    } while (*word++);
    return true;
}

/* Those that the readers are used to; for people by rank. */
static void pick_usual(const pj_columns *of, const list *all, list *out)
{
    int most = 0;
    for (size_t c = 0; c < all->count; c++)
        most = all->column[c].rank > most ? all->column[c].rank : most;
    for (int rank = 0; rank <= (of->for_people ? most : 0); rank++)
        for (size_t c = 0; c < all->count; c++)
            if ((!of->for_people || all->column[c].rank == rank) && is_wanted(of, all->from[c].from, &all->column[c]))
                add_column(out, &all->column[c], &all->from[c]);
}

static bool new_list(pj_arena *arena, size_t most, list *out)
{
    *out = (list){PJ_NEW(arena, pj_column, most), PJ_NEW(arena, chosen, most), PJ_NEW(arena, bool, most), 0, most};
    return out->column && out->from && out->picked;
}

/* All that the table could have, named. */
static bool list_all(const pj_columns *of, list *out)
{
    size_t most = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        most += repeats(of, &all_columns[i]);
    if (!new_list(of->arena, most, out))
        return false;
    for (size_t i = 0; i < COLUMNS; i++)
        for (size_t k = 0; all_columns[i].in & of->table && k < repeats(of, &all_columns[i]); k++) {
            pj_column named;
            name_column(of, &all_columns[i], k, &named);
            add_column(out, &named, &(chosen){&all_columns[i], k});
        }
    return true;
}

static const char *title_of(const pj_column *named)
{
    return named->title ? named->title : "";
}

const char *pj_columns_unknown(pj_columns *of, pj_str *names)
{
    list all, picked;
    if (!list_all(of, &all) || !new_list(of->arena, all.count, &picked) || pick_all(of, &all, &picked))
        return NULL;
    for (size_t c = 0; c < all.count; c++) {
        const char *word = title_of(&all.column[c]);
        if (*word && (c == 0 || strcmp(word, title_of(&all.column[c - 1])) != 0))
            pj_str_printf(names, "%s%s", names->length ? ", " : "", word);
    }
    return of->unknown ? of->unknown : "";
}

pj_rows *pj_columns_make(pj_columns *of, pj_columns_made **out)
{
    list all, shown;
    pj_columns_made *made = PJ_NEW(of->arena, pj_columns_made, 1);
    if (!made || !list_all(of, &all) || !new_list(of->arena, all.count, &shown))
        return NULL;
    if (!of->list || !pick_all(of, &all, &shown))
        pick_usual(of, &all, &shown);
    *made = (pj_columns_made){of, pj_rows_new(of->arena, shown.column, shown.count), shown.from};
    if (!made->rows || pj_arena_failed(of->arena))
        return NULL;
    made->rows->unit = of->unit;
    if (of->table & BOTH)
        made->rows->how = "--columns, --width";
    *out = made;
    return made->rows;
}

void pj_columns_fill(const pj_columns_made *made, const pj_view_row *row, pj_cell *cells)
{
    for (size_t c = 0; c < made->rows->columns; c++)
        fill(made, &made->chosen[c], row, &made->rows->column[c], &cells[c]);
}
