/* Which columns a table has: those that fit it, or those that are asked for by name. */
#include "report/column_list.h"

#include "result/field.h"

/* A column of one table. */
typedef struct chosen {
    const pj_column_row *from;
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

static size_t repeats(const pj_columns *of, const pj_column_row *c)
{
    size_t works = 0;
    switch (c->repeat) {
    case PJ_ONCE:
        return (!(c->in & PJ_COLUMNS_LOOPS) || of->has_loops) && (!(c->in & PJ_COLUMNS_ERRORS) || of->has_errors);
    case PJ_PER_COUNT:
    case PJ_PER_ENERGY:
        return count_figures(c->repeat == PJ_PER_ENERGY);
    case PJ_PER_WORK:
        while (pj_work_word(works))
            works++;
        return works;
    case PJ_PER_LEVEL:
        return of->level_count;
    case PJ_PER_DEVICE:
        return of->device_count;
    case PJ_PER_DIM:
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
static void name_column(const pj_columns *of, const pj_column_row *from, size_t at, pj_column *out)
{
    pj_str title = pj_str_new(0);
    *out = from->column;
    const pj_field *figure = figure_at(from->repeat == PJ_PER_ENERGY, at);
    switch (from->repeat) {
    case PJ_PER_COUNT:
    case PJ_PER_ENERGY:
        out->key = from->repeat == PJ_PER_ENERGY ? unit_key(figure->key, of->unit, of->arena) : figure->key;
        out->title = figure->title;
        out->rank = figure->rank;
        out->at = offsetof(pj_view_row, sum) + figure->totals;
        out->size = sizeof(int64_t);
        break;
    case PJ_PER_WORK:
        out->key = join(of->arena, out->key, pj_work_word(at));
        break;
    case PJ_PER_LEVEL:
        out->key = out->kind == PJ_CELL_ENERGY ? unit_key(of->levels[at], of->unit, of->arena)
                                               : join(of->arena, of->levels[at], out->key);
        break;
    case PJ_PER_DEVICE:
        if (out->key != pj_key_low_pj && out->key != pj_key_high_pj) /* the ends of ranges are for programs */
            out->title = of->devices[at];
        out->key = join(of->arena, of->devices[at], out->key);
        break;
    case PJ_PER_DIM:
        pj_text_clean(&title, of->dims[at].name);
        out->title = pj_str_keep(&title, of->arena);
        out->key = join(of->arena, "dim", of->dims[at].name);
        if (of->for_people && pj_sweep_is_level(of->dims[at].name))
            out->kind = PJ_CELL_TEXT;
        break;
    case PJ_ONCE:
        if (out->kind == PJ_CELL_ENERGY)
            out->key = unit_key(out->key, of->unit, of->arena);
        if (from->in == PJ_COLUMNS_GROUPS && out->kind == PJ_CELL_TEXT)
            out->title = of->group_title;
        break;
    }
}

/* Does the table show it? People see what has a title, programs what has a key. */
static bool is_wanted(const pj_columns *of, const pj_column_row *c, const pj_column *named)
{
    if (c->in & PJ_COLUMNS_NAMED)
        return false;
    if (c->in & PJ_COLUMNS_UNCOUNTED && of->for_people && !of->has_uncounted)
        return false;
    if (c->in & PJ_COLUMNS_TABLES && of->for_people && of->one_table)
        return false;
    return of->for_people ? named->title : named->key;
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
    size_t most = 0, columns;
    const pj_column_row *row = pj_column_rows(&columns);
    for (size_t i = 0; i < columns; i++)
        most += repeats(of, &row[i]);
    if (!new_list(of->arena, most, out))
        return false;
    for (size_t i = 0; i < columns; i++)
        for (size_t k = 0; row[i].in & of->table && k < repeats(of, &row[i]); k++) {
            pj_column named;
            name_column(of, &row[i], k, &named);
            add_column(out, &named, &(chosen){&row[i], k});
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
    if (of->table & (PJ_COLUMNS_LAYERS | PJ_COLUMNS_GROUPS))
        made->rows->how = "--columns, --width";
    *out = made;
    return made->rows;
}

void pj_columns_fill(const pj_columns_made *made, const pj_view_row *row, pj_cell *cells)
{
    for (size_t c = 0; c < made->rows->columns; c++) {
        const pj_cell_place place = {made->of, row, made->chosen[c].at, made->rows};
        pj_column_fill(made->chosen[c].from, &made->rows->column[c], &place, &cells[c]);
    }
}
