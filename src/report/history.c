/* The trend of a model, and the list of models, in each format. */
#include <math.h>
#include <string.h>

#include "report/trend.h"

/* ---- for people ---- */

/* What text and Markdown are made of. */
typedef struct page {
    const pj_history *history;
    const pj_history_options *options;
    const pj_text_style *style;
    pj_arena *arena;
    pj_metric metric;
    pj_trend_line *lines;
    size_t line_count;
    pj_rows *rows;
    size_t left_out; /* records, or layers, that are not in the rows */
} page;

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
    {.title = "branch", .kind = PJ_CELL_TEXT, .wish = 16, .least = 8, .rank = 4},
    {.kind = PJ_CELL_ENERGY},
    {.title = "change", .kind = PJ_CELL_TEXT},
    {.title = "energy", .kind = PJ_CELL_ENERGY},
    {.title = "MACs", .kind = PJ_CELL_COUNT, .rank = 2},
    {.title = "params", .kind = PJ_CELL_COUNT, .rank = 3},
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
static void make_record_rows(page *p)
{
    const pj_history *history = p->history;
    pj_column *columns = pj_arena_memdup(p->arena, record_columns, RECORD_COLUMNS, sizeof *columns);
    const double *values = p->lines[0].values;
    size_t first = p->options->rows && p->options->rows < history->count ? history->count - p->options->rows : 0;
    if (!columns)
        return;
    columns[3].title = pj_metric_word((size_t)p->metric);
    columns[3].kind = p->metric <= PJ_METRIC_OP_COST ? PJ_CELL_ENERGY : PJ_CELL_COUNT;
    if (p->metric == PJ_METRIC_ENERGY)
        columns[5].title = NULL;
    p->left_out = first;
    p->rows = pj_rows_new(p->arena, columns, RECORD_COLUMNS);
    for (size_t i = first; p->rows && i < history->count; i++) {
        const pj_history_entry *entry = &history->entries[i];
        pj_cell *cell = pj_rows_add(p->rows);
        pj_cell_text(&cell[0], keep_time(entry->time, p->arena));
        pj_cell_text(&cell[1], keep_commit(entry->commit, p->arena));
        pj_cell_text(&cell[2], entry->branch);
        put_number(&cell[3], &columns[3], values[i]);
        if (i > 0 && pj_trend_compares(history, i))
            pj_cell_text(&cell[4], keep_change(values[i - 1], values[i], p->arena));
        pj_cell_number(&cell[5], pj_energy_total(&entry->energy));
        pj_cell_count(&cell[6], entry->macs);
        pj_cell_count(&cell[7], entry->params);
    }
}

/* clang-format off */
static const pj_column layer_columns[] = {
    {.title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 16},
    {.title = "op", .kind = PJ_CELL_TEXT, .rank = 2},
    {.title = "trend", .kind = PJ_CELL_TEXT},
    {.title = "first", .kind = PJ_CELL_ENERGY},
    {.title = "last", .kind = PJ_CELL_ENERGY},
    {.title = "change", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

static const char *keep_spark(const page *p, const double *values, size_t most)
{
    pj_str text = pj_str_new(0);
    size_t count = p->history->count, first = count > most ? count - most : 0;
    pj_trend_spark(values + first, count - first, p->options->utf8, &text);
    return pj_str_keep(&text, p->arena);
}

/* The layers that cost most, one a row. */
static void make_layer_rows(page *p)
{
    size_t shown = p->line_count < ROWS_SHOWN ? p->line_count : ROWS_SHOWN, last = p->history->count - 1;
    bool even = pj_trend_is_even(p->history);
    p->left_out = p->line_count - shown;
    p->rows = pj_rows_new(p->arena, layer_columns, sizeof layer_columns / sizeof *layer_columns);
    for (size_t i = 0; p->rows && i < shown; i++) {
        const pj_trend_line *line = &p->lines[i];
        pj_cell *cell = pj_rows_add(p->rows);
        pj_cell_text(&cell[0], line->name);
        pj_cell_text(&cell[1], line->op);
        pj_cell_text(&cell[2], keep_spark(p, line->values, SPARKS_IN_ROW));
        put_number(&cell[3], &layer_columns[3], line->values[0]);
        put_number(&cell[4], &layer_columns[4], line->values[last]);
        if (even)
            pj_cell_text(&cell[5], keep_change(line->values[0], line->values[last], p->arena));
    }
}

static bool make_page(page *p)
{
    const char *unit = p->history->entries[p->history->count - 1].unit;
    p->metric = p->history->layer ? PJ_METRIC_ENERGY : p->options->metric;
    p->lines = pj_trend_lines(p->history, p->metric, p->arena, &p->line_count);
    if (!p->lines)
        return false;
    if (p->history->layer)
        make_layer_rows(p);
    else
        make_record_rows(p);
    if (p->rows)
        p->rows->unit = unit;
    return p->rows && !p->rows->failed && !pj_arena_failed(p->arena);
}

/* "energy of 12 records, 2026-01-05 a1b2c3d to 2026-11-20 e4f5a6b; energies in uJ, table horowitz-45nm" */
static void add_title(const page *p, pj_str *out)
{
    const pj_history *history = p->history;
    const pj_history_entry *last = &history->entries[history->count - 1];
    pj_text_clean(out, history->model);
    pj_str_printf(out, ": %s", p->history->layer ? "layers" : pj_metric_word((size_t)p->metric));
    pj_str_add(out, " in ");
    pj_human_plural(out, history->count, "record", "records");
    pj_str_add(out, ", ");
    pj_trend_name(&history->entries[0], out);
    if (history->count > 1) {
        pj_str_add(out, " to ");
        pj_trend_name(last, out);
    }
    pj_str_printf(out, "; energies in %s, table ", pj_rows_scale(p->rows, PJ_CELL_ENERGY, 0).unit);
    pj_text_clean(out, last->table);
}

/* "from 351.2 uJ to 388.1 uJ; the last is 351.2 uJ, -9.5 % since the first" */
static void add_range(const page *p, pj_str *out)
{
    const double *values = p->lines[0].values;
    size_t count = p->history->count;
    double least = INFINITY;
    for (size_t i = 0; i < count; i++)
        least = fmin(least, values[i]); /* of NAN and a number it is the number */
    pj_str_add(out, "from ");
    pj_trend_print(p->history, p->metric, isfinite(least) ? least : NAN, out);
    pj_str_add(out, " to ");
    pj_trend_print(p->history, p->metric, isfinite(least) ? p->lines[0].most : NAN, out);
    pj_str_add(out, "; the last is ");
    pj_trend_print(p->history, p->metric, values[count - 1], out);
    if (count < 2 || isnan(values[0]) || !pj_trend_is_even(p->history))
        return;
    pj_str_add(out, ", ");
    pj_trend_change(values[0], values[count - 1], out);
    pj_str_add(out, " since the first");
}

/* "2026-11-20 e4f5a6b: with --quantize int8" */
static void add_break(const page *p, size_t at, const char *bullet, pj_str *out)
{
    pj_str what = pj_str_new(0), clean = pj_str_new(0);
    pj_trend_difference(p->history, at, &what);
    pj_trend_name(&p->history->entries[at], &clean);
    pj_str_add(&clean, ": ");
    pj_text_clean(&clean, what.data);
    pj_str_add(out, bullet);
    if (*bullet == '-')
        pj_markdown_escape(out, clean.data);
    else
        pj_text_wrap(out, clean.data, 2, 4, p->style->width);
    pj_str_add_char(out, '\n');
    out->failed = out->failed || what.failed || clean.failed;
    pj_str_free(&what);
    pj_str_free(&clean);
}

/* A line for each record whose figures rest on something else than those of the one before; of many, the newest. */
static void add_breaks(const page *p, const char *bullet, pj_str *out)
{
    enum { BREAKS_SHOWN = 5 };
    size_t breaks = 0, seen = 0;
    for (size_t i = 1; i < p->history->count; i++)
        breaks += !pj_trend_compares(p->history, i);
    if (breaks == 0)
        return;
    pj_str_add(out, "\nFigures before and after do not compare\n");
    pj_str_add(out, *bullet == '-' ? "\n" : "");
    if (breaks > BREAKS_SHOWN)
        pj_str_printf(out, "%s(%zu earlier ones)\n", bullet, breaks - BREAKS_SHOWN);
    for (size_t i = 1; i < p->history->count; i++)
        if (!pj_trend_compares(p->history, i) && ++seen + BREAKS_SHOWN > breaks)
            add_break(p, i, bullet, out);
}

static void add_wrapped(const page *p, void (*add)(const page *p, pj_str *out), size_t indent, pj_str *out)
{
    pj_str text = pj_str_new(0);
    add(p, &text);
    for (size_t i = 0; i < indent; i++)
        pj_str_add_char(out, ' ');
    pj_text_wrap(out, text.data, indent, 2, p->style->width);
    pj_str_add_char(out, '\n');
    out->failed = out->failed || text.failed;
    pj_str_free(&text);
}

static void write_text(const page *p, pj_str *out)
{
    add_wrapped(p, add_title, 0, out);
    pj_str_add_char(out, '\n');
    if (!p->history->layer) {
        size_t sparks = p->style->width - 4;
        const char *spark = keep_spark(p, p->lines[0].values, sparks);
        pj_str_printf(out, "  %s\n", spark ? spark : "");
        out->failed = out->failed || !spark;
        if (p->history->count > sparks)
            pj_str_printf(out, "  (the newest %zu)\n", sparks);
        add_wrapped(p, add_range, 2, out);
        pj_str_add_char(out, '\n');
    }
    pj_rows_text(p->rows, p->style, 0, out);
    if (p->left_out && p->history->layer)
        pj_str_printf(out, "(%zu smaller layers are not shown; --format csv has all)\n", p->left_out);
    else if (p->left_out)
        pj_str_printf(out, "(%zu earlier records are not shown; --last %zu shows all)\n", p->left_out,
                      p->history->count);
    add_breaks(p, "  ", out);
}

static void write_markdown(const page *p, pj_str *out)
{
    pj_str text = pj_str_new(0);
    add_title(p, &text);
    if (!p->history->layer) {
        pj_str_add(&text, "; ");
        add_range(p, &text);
    }
    pj_markdown_escape(out, text.data);
    pj_str_add(out, "\n\n");
    out->failed = out->failed || text.failed;
    pj_str_free(&text);
    pj_rows_markdown(p->rows, out);
    if (p->left_out)
        pj_str_printf(out, "\n%zu more are not shown.\n", p->left_out);
    add_breaks(p, "- ", out);
}

/* ---- the way out ---- */

static void write_format(page *p, pj_output output, pj_str *out)
{
    switch (output) {
    case PJ_OUTPUT_JSON:
        pj_trend_json(p->history, out);
        break;
    case PJ_OUTPUT_CSV:
        pj_trend_csv(p->history, p->arena, out);
        break;
    case PJ_OUTPUT_TEXT:
    case PJ_OUTPUT_MARKDOWN:
        if (!make_page(p))
            out->failed = true;
        else if (output == PJ_OUTPUT_TEXT)
            write_text(p, out);
        else
            write_markdown(p, out);
        break;
    }
}

pj_status pj_history_write(const pj_history *history, const pj_history_options *options,
                           const pj_report_options *report, pj_sink sink, void *payload, pj_error *err)
{
    pj_output output = PJ_OUTPUT_TEXT;
    pj_str text = pj_str_new(0);
    pj_text_style style = pj_style_of(report);
    if (pj_is_svg(report)) {
        pj_trend_svg(history, options->metric, &text);
        return pj_emit(&text, sink, payload, err);
    }
    PJ_TRY(pj_output_of(report, &output, err));
    page p = {.history = history, .options = options, .style = &style, .arena = pj_arena_new(0)};
    if (p.arena)
        write_format(&p, output, &text);
    else
        text.failed = true;
    pj_arena_free(p.arena);
    return pj_emit(&text, sink, payload, err);
}

/* clang-format off */
static const pj_column model_columns[] = {
    {.key = "model", .title = "model", .kind = PJ_CELL_TEXT, .wish = 40, .least = 16},
    {.key = "records", .title = "records", .kind = PJ_CELL_COUNT},
    {.key = "time", .kind = PJ_CELL_TEXT},
    {.title = "last (UTC)", .kind = PJ_CELL_TEXT},
    {.key = "commit", .kind = PJ_CELL_TEXT},
    {.title = "commit", .kind = PJ_CELL_TEXT, .rank = 1},
    {.key = "table", .title = "table", .kind = PJ_CELL_TEXT, .rank = 3},
    {.key = "total", .kind = PJ_CELL_NUMBER},
    {.key = "unit", .kind = PJ_CELL_TEXT},
    {.title = "energy", .kind = PJ_CELL_TEXT},
    {.key = "macs", .title = "MACs", .kind = PJ_CELL_COUNT, .rank = 2},
};
/* clang-format on */

static pj_rows *model_rows(const pj_history_list *list, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, model_columns, sizeof model_columns / sizeof *model_columns);
    for (size_t i = 0; rows && i < list->count; i++) {
        const pj_history_model *model = &list->models[i];
        double total = pj_energy_total(&model->last.energy);
        pj_cell *cell = pj_rows_add(rows);
        pj_str energy = pj_str_new(0);
        pj_human_energy(&energy, total, model->last.unit);
        pj_cell_text(&cell[0], model->model);
        pj_cell_count(&cell[1], (int64_t)model->records);
        pj_cell_text(&cell[2], model->last.time);
        pj_cell_text(&cell[3], keep_time(model->last.time, arena));
        pj_cell_text(&cell[4], model->last.commit);
        pj_cell_text(&cell[5], keep_commit(model->last.commit, arena));
        pj_cell_text(&cell[6], model->last.table);
        pj_cell_number(&cell[7], total);
        pj_cell_text(&cell[8], model->last.unit);
        pj_cell_text(&cell[9], pj_str_keep(&energy, arena));
        pj_cell_count(&cell[10], model->last.macs);
    }
    return rows;
}

static void write_list(const pj_history_list *list, pj_output output, const pj_text_style *style, pj_arena *arena,
                       pj_str *out)
{
    pj_rows *rows = model_rows(list, arena);
    if (!rows || rows->failed || pj_arena_failed(arena)) {
        out->failed = true;
        return;
    }
    switch (output) {
    case PJ_OUTPUT_TEXT:
        pj_rows_text(rows, style, 0, out);
        break;
    case PJ_OUTPUT_JSON:
        pj_trend_list_json(list, out);
        break;
    case PJ_OUTPUT_CSV:
        pj_rows_csv(rows, out);
        break;
    case PJ_OUTPUT_MARKDOWN:
        pj_rows_markdown(rows, out);
        break;
    }
}

pj_status pj_history_list_write(const pj_history_list *list, const pj_report_options *report, pj_sink sink,
                                void *payload, pj_error *err)
{
    pj_output output;
    pj_str text = pj_str_new(0);
    pj_text_style style = pj_style_of(report);
    PJ_TRY(pj_output_of(report, &output, err));
    pj_arena *arena = pj_arena_new(0);
    if (arena)
        write_list(list, output, &style, arena, &text);
    else
        text.failed = true;
    pj_arena_free(arena);
    return pj_emit(&text, sink, payload, err);
}
