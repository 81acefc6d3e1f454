/* The trend of a model, and the list of models, in each format. */
#include "page/say.h"
#include "report/trend.h"

/* The first three members are what is asked for; the others are made of them for people. */
typedef struct trend {
    const pj_history *history;
    const pj_history_options *options;
    const pj_field *metric;
    pj_arena *arena;
    pj_trend_line *lines;
    size_t line_count;
    pj_rows *rows;
    size_t left_out; /* records, or layers, that are not in the rows */
} trend;

enum { COMMIT_SHOWN = 10, SPARKS_IN_ROW = 24, ROWS_SHOWN = 20 };

static const char *keep_change(double from, double to, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_trend_change(from, to, &text);
    return pj_str_keep(&text, arena);
}

/* The first characters of a commit; NULL of none. */
static const char *keep_commit(const char *commit, pj_arena *arena)
{
    size_t length = commit ? strlen(commit) : 0;
    return commit ? pj_arena_strndup(arena, commit, length < COMMIT_SHOWN ? length : COMMIT_SHOWN) : NULL;
}

/* "2026-11-20 22:09" */
static const char *keep_time(const char *time, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%.10s %.5s", time, time + 11);
    return pj_str_keep(&text, arena);
}

/* clang-format off */
static const pj_column record_columns[] = {
    {.title = "time (UTC)", .kind = PJ_CELL_TEXT},
    {.title = "commit", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_entry, branch), .title = "branch", .kind = PJ_CELL_TEXT, .wish = 16, .least = 8, .rank = 4},
    {.kind = PJ_CELL_ENERGY},
    {.title = "change", .kind = PJ_CELL_TEXT},
    {.title = "energy", .kind = PJ_CELL_ENERGY},
    {PJ_MEMBER(pj_history_entry, totals.macs), .title = "MACs", .kind = PJ_CELL_COUNT, .rank = 2},
    {PJ_MEMBER(pj_history_entry, totals.params), .title = pj_key_params, .kind = PJ_CELL_COUNT, .rank = 3},
};
/* clang-format on */
enum { RECORD_COLUMNS = sizeof record_columns / sizeof *record_columns };

static void put_number(pj_cell *cell, const pj_column *column, double value)
{
    if (isnan(value))
        pj_cell_unknown(cell);
    else if (column->kind == PJ_CELL_COUNT)
        pj_cell_count(cell, value < 0x1p63 ? (int64_t)value : INT64_MAX);
    else
        pj_cell_number(cell, value);
}

/* The newest records. */
static void make_record_rows(trend *t)
{
    const pj_history *history = t->history;
    pj_column *columns = pj_arena_memdup(t->arena, record_columns, RECORD_COLUMNS, sizeof *columns);
    const double *values = t->lines[0].values;
    size_t first = t->options->rows && t->options->rows < history->count ? history->count - t->options->rows : 0;
    if (!columns)
        return;
    columns[3].title = pj_figure_word(t->metric, PJ_IN_TRENDS);
    columns[3].kind = pj_figure_is_energy(t->metric) ? PJ_CELL_ENERGY : PJ_CELL_COUNT;
    if (t->metric == pj_figure_total())
        columns[5].title = NULL;
    t->left_out = first;
    t->rows = pj_rows_new(t->arena, columns, RECORD_COLUMNS);
    for (size_t i = first; t->rows && i < history->count; i++) {
        const pj_history_entry *entry = &history->entries[i];
        pj_cell *cell = pj_rows_add_of(t->rows, entry);
        pj_cell_text(&cell[0], keep_time(entry->time, t->arena));
        pj_cell_text(&cell[1], keep_commit(entry->commit, t->arena));
        put_number(&cell[3], &columns[3], values[i]);
        if (i > 0 && pj_trend_compares(history, i))
            pj_cell_text(&cell[4], keep_change(values[i - 1], values[i], t->arena));
        pj_cell_number(&cell[5], pj_energy_total(&entry->totals.energy));
    }
}

/* clang-format off */
static const pj_column layer_columns[] = {
    {PJ_MEMBER(pj_trend_line, name), .title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 16},
    {PJ_MEMBER(pj_trend_line, op), .title = "op", .kind = PJ_CELL_TEXT, .rank = 2},
    {.title = "trend", .kind = PJ_CELL_TEXT},
    {.title = "first", .kind = PJ_CELL_ENERGY},
    {.title = "last", .kind = PJ_CELL_ENERGY},
    {.title = "change", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

static const char *keep_spark(const trend *t, const double *values, size_t most)
{
    pj_str text = pj_str_new(0);
    size_t count = t->history->count, first = count > most ? count - most : 0;
    pj_trend_spark(values + first, count - first, t->options->utf8, &text);
    return pj_str_keep(&text, t->arena);
}

/* The layers that cost most, one a row. */
static void make_layer_rows(trend *t)
{
    size_t shown = t->line_count < ROWS_SHOWN ? t->line_count : ROWS_SHOWN, last = t->history->count - 1;
    bool even = pj_trend_is_even(t->history);
    t->left_out = t->line_count - shown;
    t->rows = pj_rows_new(t->arena, layer_columns, sizeof layer_columns / sizeof *layer_columns);
    for (size_t i = 0; t->rows && i < shown; i++) {
        const pj_trend_line *line = &t->lines[i];
        pj_cell *cell = pj_rows_add_of(t->rows, line);
        pj_cell_text(&cell[2], keep_spark(t, line->values, SPARKS_IN_ROW));
        put_number(&cell[3], &layer_columns[3], line->values[0]);
        put_number(&cell[4], &layer_columns[4], line->values[last]);
        if (even)
            pj_cell_text(&cell[5], keep_change(line->values[0], line->values[last], t->arena));
    }
}

static bool make_trend(trend *t, pj_arena *arena)
{
    t->arena = arena;
    const char *unit = t->history->entries[t->history->count - 1].unit;
    t->lines = pj_trend_lines(t->history, t->metric, t->arena, &t->line_count);
    if (!t->lines)
        return false;
    if (t->history->layer)
        make_layer_rows(t);
    else
        make_record_rows(t);
    if (t->rows)
        t->rows->unit = unit;
    return t->rows && !t->rows->failed && !pj_arena_failed(t->arena);
}

/* "energy of 12 records, 2026-01-05 a1b2c3d to 2026-11-20 e4f5a6b; table horowitz-45nm" */
static void add_title(const trend *t, pj_str *out)
{
    const pj_history *history = t->history;
    const pj_history_entry *last = &history->entries[history->count - 1];
    pj_text_clean(out, history->model);
    pj_str_printf(out, ": %s", t->history->layer ? "layers" : pj_figure_word(t->metric, PJ_IN_TRENDS));
    pj_say(out, " in {}, ", pj_w_plural(history->count, "record", "records"));
    pj_trend_name(&history->entries[0], out);
    if (history->count > 1) {
        pj_str_add(out, " to ");
        pj_trend_name(last, out);
    }
    pj_say(out, "; table {}{}", pj_w_text(last->table), pj_w_ours(pj_rows_remark(t->rows)));
}

/* "from 351.2 uJ to 388.1 uJ; the last is 351.2 uJ, -9.5 % since the first" */
static void add_range(const trend *t, pj_str *out)
{
    const double *values = t->lines[0].values;
    size_t count = t->history->count;
    double least = INFINITY;
    for (size_t i = 0; i < count; i++)
        least = fmin(least, values[i]); /* of NAN and a number it is the number */
    pj_str_add(out, "from ");
    pj_trend_print(t->history, t->metric, isfinite(least) ? least : NAN, out);
    pj_str_add(out, " to ");
    pj_trend_print(t->history, t->metric, isfinite(least) ? t->lines[0].most : NAN, out);
    pj_str_add(out, "; the last is ");
    pj_trend_print(t->history, t->metric, values[count - 1], out);
    if (count < 2 || isnan(values[0]) || !pj_trend_is_even(t->history))
        return;
    pj_str_add(out, ", ");
    pj_trend_change(values[0], values[count - 1], out);
    pj_str_add(out, " since the first");
}

/* An item for each record whose figures rest on something else than those of the one before; of many, the newest. */
static void add_breaks(const pj_history *history, pj_page *page)
{
    enum { BREAKS_SHOWN = 5 };
    size_t breaks = 0, seen = 0;
    for (size_t i = 1; i < history->count; i++)
        breaks += !pj_trend_compares(history, i);
    if (breaks == 0)
        return;
    page->gap = true;
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, "Figures before and after do not compare");
    if (breaks > BREAKS_SHOWN)
        pj_page_printf(page, PJ_BLOCK_ITEM, "(%zu earlier ones)", breaks - BREAKS_SHOWN);
    for (size_t i = 1; i < history->count; i++) {
        pj_str what = pj_str_new(0), text = pj_str_new(0);
        if (pj_trend_compares(history, i) || ++seen + BREAKS_SHOWN <= breaks)
            continue;
        pj_trend_difference(history, i, &what);
        pj_trend_name(&history->entries[i], &text);
        pj_str_add(&text, ": ");
        pj_text_clean(&text, pj_page_keep(page, &what));
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
}

/* The metric as a line of small bars, and its range. */
static void add_spark(const trend *t, pj_page *page)
{
    size_t most = page->width - 4;
    pj_str range = pj_str_new(0);
    pj_block *spark = pj_page_say(page, PJ_BLOCK_PARAGRAPH, keep_spark(t, t->lines[0].values, most));
    spark->indent = 2;
    spark->whole = true;
    if (t->history->count > most)
        pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "(the newest %zu)", most)->indent = 2;
    add_range(t, &range);
    pj_block *block = pj_page_add(page, PJ_BLOCK_PARAGRAPH, &range);
    block->indent = block->hang = 2;
    page->gap = true;
}

static void add_left_out(const trend *t, pj_page *page)
{
    page->in = PJ_IN_TEXT;
    if (t->history->layer)
        pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "(%zu smaller layers are not shown; --format csv has all)",
                       t->left_out)
            ->whole = true;
    else
        pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "(%zu earlier records are not shown; --last %zu shows all)",
                       t->left_out, t->history->count)
            ->whole = true;
    page->in = PJ_IN_MARKDOWN;
    pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "%zu more are not shown.", t->left_out);
    page->in = PJ_IN_ALL;
}

static void page_of(const void *input, pj_page *page)
{
    trend t = *(const trend *)input;
    pj_str title = pj_str_new(0);
    if (!make_trend(&t, page->arena)) {
        page->failed = true;
        return;
    }
    add_title(&t, &title);
    page->in = t.history->layer ? PJ_IN_ALL : PJ_IN_TEXT;
    const char *words = pj_page_keep(page, &title);
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, words)->hang = 2;
    page->gap = true;
    if (!t.history->layer) {
        add_spark(&t, page);
        page->in = PJ_IN_MARKDOWN;
        pj_str_printf(&title, "%s; ", words);
        add_range(&t, &title);
        pj_page_add(page, PJ_BLOCK_PARAGRAPH, &title);
    }
    page->in = PJ_IN_ALL;
    pj_page_table(page, t.rows, 0);
    if (t.left_out)
        add_left_out(&t, page);
    add_breaks(t.history, page);
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    return pj_trend_table(((const trend *)input)->history, arena);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    pj_trend_json(((const trend *)input)->history, arena, json);
}

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    const trend *t = input;
    return pj_trend_chart(t->history, t->metric, arena);
}

pj_status pj_history_write(const pj_history *history, const pj_history_options *options,
                           const pj_report_options *report, pj_sink sink, void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .chart = chart_of};
    const trend t = {
        .history = history, .options = options, .metric = pj_trend_metric(history->layer ? NULL : options->metric)};
    if (!t.metric)
        return pj_fail(err, PJ_EARGUMENT, "a trend has no figure \"%.60s\"", options->metric);
    return pj_tell(&pieces, &t, report, sink, payload, err);
}

/* clang-format off */
static const pj_column model_columns[] = {
    {PJ_MEMBER(pj_history_model, model), .key = "model", .title = "model", .kind = PJ_CELL_TEXT, .wish = 40, .least = 16},
    {PJ_MEMBER(pj_history_model, records), .key = "records", .title = "records", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_history_model, last.time), .key = "time", .kind = PJ_CELL_TEXT},
    {.title = "last (UTC)", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_model, last.commit), .key = "commit", .kind = PJ_CELL_TEXT},
    {.title = "commit", .kind = PJ_CELL_TEXT, .rank = 1},
    {PJ_MEMBER(pj_history_model, last.table), .key = "table", .title = "table", .kind = PJ_CELL_TEXT, .rank = 3},
    {.key = "total", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_history_model, last.unit), .key = "unit", .kind = PJ_CELL_TEXT},
    {.title = "energy", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_history_model, last.totals.macs), .key = pj_key_macs, .title = "MACs", .kind = PJ_CELL_COUNT, .rank = 2},
};
/* clang-format on */

static pj_rows *list_table(const void *input, pj_arena *arena)
{
    const pj_history_list *list = input;
    pj_rows *rows = pj_rows_new(arena, model_columns, sizeof model_columns / sizeof *model_columns);
    for (size_t i = 0; rows && i < list->count; i++) {
        const pj_history_model *model = &list->models[i];
        double total = pj_energy_total(&model->last.totals.energy);
        pj_cell *cell = pj_rows_add_of(rows, model);
        pj_str energy = pj_str_new(0);
        pj_human_energy(&energy, total, model->last.unit);
        pj_cell_text(&cell[3], keep_time(model->last.time, arena));
        pj_cell_text(&cell[5], keep_commit(model->last.commit, arena));
        pj_cell_number(&cell[7], total);
        pj_cell_made(&cell[9], rows, &energy);
    }
    return rows;
}

static void list_page(const void *input, pj_page *page)
{
    pj_page_table(page, list_table(input, page->arena), 0);
}

static void list_json(const void *input, pj_arena *arena, pj_json_writer *json)
{
    (void)arena;
    pj_trend_list_json(input, json);
}

pj_status pj_history_list_write(const pj_history_list *list, const pj_report_options *report, pj_sink sink,
                                void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = list_page, .table = list_table, .json = list_json};
    return pj_tell(&pieces, list, report, sink, payload, err);
}
