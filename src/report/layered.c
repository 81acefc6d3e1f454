/* `picojoule layers`: measured energy beside estimated energy, kernel by kernel; several profiles side by side. */
#include "page/page.h"
#include "page/say.h"
#include "picojoule/layers.h"
#include "picojoule/version.h"
#include "report/footprint_words.h"

enum { MOST_SIDES = 8 };

typedef struct asked {
    const pj_layered *const *layered;
    const char *const *names;
    size_t count;
} asked;

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static const char *name_of(const asked *a, size_t i)
{
    return a->names && a->names[i] ? a->names[i]
                                   : base_of(a->layered[i]->asked.trace ? a->layered[i]->asked.trace : "");
}

/* "conv1 + relu1": the layers that a kernel carries; one that carries none goes by its own name. */
static void layer_words(const pj_layered *l, const pj_layered_row *row, pj_str *out)
{
    if (!row->layer_count)
        pj_say(out, "(runtime) {}", pj_w_text(row->name));
    for (size_t i = 0; i < row->layer_count; i++) {
        pj_str_add(out, i ? " + " : "");
        pj_say(out, "{}", pj_w_text(l->result->layers[row->layers[i]].name));
    }
}

/* ---- one profile ---- */

/* clang-format off */
static const pj_column page_columns[] = {
    {.title = "layers", .kind = PJ_CELL_TEXT, .wish = 40, .least = 16},
    {.title = "kernel", .kind = PJ_CELL_TEXT, .rank = 2},
    {.title = "time", .kind = PJ_CELL_TIME},
    {.title = "share", .kind = PJ_CELL_SHARE},
    {.title = "measured", .kind = PJ_CELL_ENERGY},
    {.title = "estimated", .kind = PJ_CELL_ENERGY},
    {.title = "measured/est.", .kind = PJ_CELL_TEXT},
    {.title = "matched", .kind = PJ_CELL_TEXT, .rank = 2},
};
/* clang-format on */
enum { PAGE_COLUMNS = sizeof page_columns / sizeof *page_columns };

static void ratio_cell(pj_cell *cell, pj_rows *rows, double ratio)
{
    pj_str text = pj_str_new(0);
    if (isnan(ratio))
        return;
    pj_footprint_digits(ratio, &text);
    pj_cell_made(cell, rows, &text);
}

static void energy_cell(pj_cell *cell, double joules)
{
    if (!isnan(joules))
        pj_cell_number(cell, joules * 1e12);
}

static void add_row(const pj_layered *l, const pj_layered_row *row, pj_rows *rows)
{
    pj_str words = pj_str_new(0);
    pj_cell *cell = pj_rows_add(rows);
    layer_words(l, row, &words);
    pj_cell_made(&cell[0], rows, &words);
    pj_cell_text(&cell[1], row->op);
    pj_cell_number(&cell[2], row->us_per_run);
    pj_cell_number(&cell[3], row->share_of_kernels);
    energy_cell(&cell[4], row->measured_j);
    if (row->layer_count)
        pj_cell_number(&cell[5], row->estimated_pj);
    ratio_cell(&cell[6], rows, row->ratio);
    pj_cell_text(&cell[7], row->anchor);
}

static void add_sums(const pj_layered *l, pj_rows *rows)
{
    double estimated = 0, kernels_j = 0;
    for (size_t i = 0; i < l->row_count; i++) {
        estimated += l->rows[i].estimated_pj;
        kernels_j += l->rows[i].measured_j;
    }
    if (!isnan(l->overhead_j)) {
        pj_cell *cell = pj_rows_add_footer(rows);
        pj_cell_text(&cell[0], "(between kernels)");
        pj_cell_number(&cell[2], (l->run_us_sum - l->kernels_us_sum) / l->runs_used);
        energy_cell(&cell[4], l->overhead_j);
    }
    pj_cell *cell = pj_rows_add_footer(rows);
    pj_cell_text(&cell[0], "one run");
    pj_cell_number(&cell[2], (isnan(l->run_us_sum) ? l->kernels_us_sum : l->run_us_sum) / l->runs_used);
    energy_cell(&cell[4], isnan(l->total_j) ? kernels_j : l->total_j);
    pj_cell_number(&cell[5], estimated);
    ratio_cell(&cell[6], rows, l->measured_over_estimated);
}

static void mode_words(const pj_layered *l, pj_str *out)
{
    if (strcmp(l->mode, "time") == 0)
        pj_str_add(out, "No joules were measured: time stands beside estimated energy. `picojoule measure` finds them "
                        "where there is a counter (--measurement FILE), --joules-per-run gives them.");
    else if (strcmp(l->mode, "integrated") == 0)
        pj_say(out,
               "Energy is power over the time of each kernel ({}); what a run takes between kernels is a row of its "
               "own.",
               pj_w_text(l->energy_source));
    else
        pj_say(out,
               "Energy is that of a run ({}), shared by the kernels' time: differences of watts between kernels are "
               "not known.",
               pj_w_text(l->energy_source));
}

static void add_findings(const pj_layered *l, pj_page *page)
{
    for (size_t i = 0; i < l->finding_count; i++) {
        pj_str text = pj_str_new(0);
        pj_say(&text, "{} [{}]", pj_w_text(l->findings[i].message), pj_w_ours(l->findings[i].code));
        pj_page_add(page, PJ_BLOCK_ITEM, &text)->look = PJ_WARN;
    }
}

static void page_of_one(const pj_layered *l, pj_page *page)
{
    pj_rows *rows = pj_rows_new(page->arena, page_columns, PAGE_COLUMNS);
    pj_str text = pj_str_new(0);
    pj_say(&text, "{}: {} of {} (", pj_w_text(base_of(l->result->source)),
           pj_w_plural(l->row_count, "kernel", "kernels"), pj_w_text(base_of(l->asked.trace)));
    pj_str_add(&text, l->format);
    pj_str_add(&text, "), ");
    pj_str_add_double(&text, l->runs_used);
    pj_str_add(&text, l->runs_used == 1 ? " run; " : " runs; ");
    pj_say(&text, "estimate by {}", pj_w_text(l->result->table));
    pj_page_add(page, PJ_BLOCK_TITLE, &text)->ours = true;
    for (size_t i = 0; rows && i < l->row_count; i++)
        add_row(l, &l->rows[i], rows);
    if (rows) {
        rows->unit = "pJ";
        add_sums(l, rows);
    }
    page->gap = true;
    pj_page_table(page, rows, 0);
    page->gap = true;
    mode_words(l, &text);
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    pj_page_printf(page, PJ_BLOCK_PARAGRAPH,
                   "The ratio says how far the table is from this machine; it is no error of either.");
    add_findings(l, page);
}

/* ---- several side by side: layers of the first, by name ---- */

static const pj_layered_part *part_of(const pj_layered *l, const char *layer)
{
    for (size_t i = 0; i < l->result->layer_count; i++)
        if (strcmp(l->result->layers[i].name, layer) == 0)
            return l->parts[i].row == SIZE_MAX ? NULL : &l->parts[i];
    return NULL;
}

/* Columns: layer, op, then time and energy of each. NULL: no memory. */
static pj_column *side_columns(const asked *a, pj_arena *arena, size_t *count)
{
    pj_column *column = PJ_NEW(arena, pj_column, 2 + 2 * MOST_SIDES);
    if (!column)
        return NULL;
    column[0] = (pj_column){.title = "layer", .key = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 16};
    column[1] = (pj_column){.title = "op", .key = "op", .kind = PJ_CELL_TEXT, .rank = 2};
    *count = 2;
    for (size_t i = 0; i < a->count && i < MOST_SIDES; i++) {
        pj_str time = pj_str_new(0), energy = pj_str_new(0), us = pj_str_new(0), pj = pj_str_new(0);
        pj_say(&time, "{}", pj_w_text(name_of(a, i)));
        pj_say(&energy, "energy {}", pj_w_text(name_of(a, i)));
        pj_str_printf(&us, "us_%zu", i + 1);
        pj_str_printf(&pj, "measured_pj_%zu", i + 1);
        column[(*count)++] =
            (pj_column){.title = pj_str_keep(&time, arena), .key = pj_str_keep(&us, arena), .kind = PJ_CELL_TIME};
        column[(*count)++] =
            (pj_column){.title = pj_str_keep(&energy, arena), .key = pj_str_keep(&pj, arena), .kind = PJ_CELL_ENERGY};
    }
    return column;
}

static pj_rows *side_rows(const asked *a, pj_arena *arena)
{
    const pj_layered *first = a->layered[0];
    size_t columns = 0;
    pj_column *column = side_columns(a, arena, &columns);
    pj_rows *rows = column ? pj_rows_new(arena, column, columns) : NULL;
    for (size_t i = 0; rows && i < first->result->layer_count; i++) {
        const pj_layer *layer = &first->result->layers[i];
        bool any = false;
        for (size_t k = 0; k < a->count && k < MOST_SIDES; k++)
            any = any || part_of(a->layered[k], layer->name);
        if (!any)
            continue;
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], layer->name);
        pj_cell_text(&cell[1], layer->op);
        for (size_t k = 0; k < a->count && k < MOST_SIDES; k++) {
            const pj_layered_part *part = part_of(a->layered[k], layer->name);
            if (part)
                pj_cell_number(&cell[2 + 2 * k], part->us);
            if (part)
                energy_cell(&cell[3 + 2 * k], part->measured_j);
        }
    }
    if (rows) {
        pj_cell *cell = pj_rows_add_footer(rows);
        pj_cell_text(&cell[0], "one run");
        for (size_t i = 0; i < a->count && i < MOST_SIDES; i++) {
            const pj_layered *l = a->layered[i];
            pj_cell_number(&cell[2 + 2 * i], (isnan(l->run_us_sum) ? l->kernels_us_sum : l->run_us_sum) / l->runs_used);
            energy_cell(&cell[3 + 2 * i], l->total_j);
        }
    }
    if (rows)
        rows->unit = "pJ";
    return rows;
}

static void page_of_sides(const asked *a, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_say(&text, "{}: {} side by side", pj_w_text(base_of(a->layered[0]->result->source)),
           pj_w_plural(a->count, "profile", "profiles"));
    pj_page_add(page, PJ_BLOCK_TITLE, &text)->ours = true;
    pj_page_table(page, side_rows(a, page->arena), 0);
    page->gap = true;
    pj_page_printf(page, PJ_BLOCK_PARAGRAPH,
                   "Layers of one kernel share its time and energy by their estimates; a layer "
                   "that a profile has not is empty.");
    for (size_t i = 0; i < a->count; i++)
        add_findings(a->layered[i], page);
}

static void page_of(const void *input, pj_page *page)
{
    const asked *a = input;
    if (a->count == 1)
        page_of_one(a->layered[0], page);
    else
        page_of_sides(a, page);
}

/* ---- for programs ---- */

/* clang-format off */
static const pj_column columns[] = {
    {.key = "layer_name", .kind = PJ_CELL_TEXT},
    {.key = "layer_idx", .kind = PJ_CELL_COUNT},
    {.key = "avg_power_w", .kind = PJ_CELL_NUMBER},
    {.key = "total_time_s", .kind = PJ_CELL_NUMBER},
    {.key = "energy_total_j", .kind = PJ_CELL_NUMBER},
    {.key = "energy_per_inference_mj", .kind = PJ_CELL_NUMBER},
    {.key = "num_loops", .kind = PJ_CELL_NUMBER},
    {.key = "latency_per_loop_ms", .kind = PJ_CELL_NUMBER},
    {.key = "num_power_samples", .kind = PJ_CELL_COUNT},
    {.key = "percent", .kind = PJ_CELL_NUMBER},
    {.key = "op", .kind = PJ_CELL_TEXT},
    {.key = "estimated_pj", .kind = PJ_CELL_NUMBER},
    {.key = "measured_over_estimated", .kind = PJ_CELL_NUMBER},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

/* A number; absent where it is not known. */
static void known_cell(pj_cell *cell, double value)
{
    if (!isnan(value))
        pj_cell_number(cell, value);
}

/* The columns of the per-layer guide: W * s = J holds in each row, percentages are of the sum of the rows. */
static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const asked *a = input;
    const pj_layered *l = a->layered[0];
    double measured = 0;
    if (a->count > 1)
        return side_rows(a, arena);
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; i < l->row_count; i++)
        measured += l->rows[i].measured_j;
    for (size_t i = 0; rows && i < l->row_count; i++) {
        const pj_layered_row *row = &l->rows[i];
        const double seconds = row->us_sum * 1e-6, joules = row->measured_j * l->runs_used;
        pj_str words = pj_str_new(0);
        pj_cell *cell = pj_rows_add(rows);
        layer_words(l, row, &words);
        pj_cell_made(&cell[0], rows, &words);
        pj_cell_count(&cell[1], (int64_t)i);
        known_cell(&cell[2], joules / seconds);
        known_cell(&cell[3], seconds);
        known_cell(&cell[4], joules);
        known_cell(&cell[5], row->measured_j * 1e3);
        known_cell(&cell[6], l->runs_used);
        known_cell(&cell[7], row->us_per_run * 1e-3);
        known_cell(&cell[9], isnan(measured) ? row->share_of_kernels * 100 : row->measured_j / measured * 100);
        pj_cell_text(&cell[10], row->op);
        if (row->layer_count)
            known_cell(&cell[11], row->estimated_pj);
        known_cell(&cell[12], row->ratio);
    }
    return rows;
}

static void put_row(const pj_layered *l, const pj_layered_row *row, pj_json_writer *json)
{
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(json, "name", row->name);
    pj_json_put_text(json, "op", row->op);
    pj_json_put_int(json, "node_index", row->node_index);
    pj_json_put_begin(json, "layers", PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < row->layer_count; i++)
        pj_json_write_text(json, l->result->layers[row->layers[i]].name);
    pj_json_write_end(json);
    pj_json_put_text(json, "anchor", row->anchor);
    pj_json_put_uint(json, "events", row->events);
    pj_json_put_double(json, "us_per_run", row->us_per_run);
    pj_json_put_double(json, "us_median", row->us_median);
    pj_json_put_double(json, "us_min", row->us_min);
    pj_json_put_double(json, "share_of_kernels", row->share_of_kernels);
    pj_json_put_double(json, "measured_j", row->measured_j);
    pj_json_put_double(json, "above_idle_j", row->above_idle_j);
    pj_json_put_double(json, "estimated_pj", row->estimated_pj);
    pj_json_put_double(json, "measured_over_estimated", row->ratio);
    pj_json_put_bool(json, "resolved", row->resolved);
    pj_json_write_end(json);
}

static void put_profile(const asked *a, size_t i, pj_json_writer *json)
{
    const pj_layered *l = a->layered[i];
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "name", name_of(a, i));
    pj_json_put_text(json, "model", l->result->source);
    pj_json_put_text(json, "trace", l->asked.trace);
    pj_json_put_text(json, "format", l->format);
    pj_json_put_text(json, "table", l->result->table);
    pj_json_put_text(json, "mode", l->mode);
    pj_json_put_text(json, "energy_from", *l->energy_source ? l->energy_source : NULL);
    pj_json_put_double(json, "runs", l->runs_used);
    pj_json_put_double(json, "run_us_median", l->run_us_median);
    pj_json_put_double(json, "first_run_us", l->first_run_us);
    pj_json_put_double(json, "kernel_share", l->kernel_share);
    pj_json_put_double(json, "coverage", l->coverage);
    pj_json_put_double(json, "joules_per_run", l->total_j);
    pj_json_put_double(json, "between_kernels_j", l->overhead_j);
    pj_json_put_double(json, "measured_over_estimated", l->measured_over_estimated);
    pj_json_put_begin(json, "rows", PJ_JSON_WRITE_ARRAY);
    for (size_t k = 0; k < l->row_count; k++)
        put_row(l, &l->rows[k], json);
    pj_json_write_end(json);
    pj_json_put_begin(json, "unassigned", PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t k = 0; k < l->unassigned_count; k++)
        pj_json_write_text(json, l->result->layers[l->unassigned[k]].name);
    pj_json_write_end(json);
    pj_json_put_begin(json, "diagnostics", PJ_JSON_WRITE_ARRAY);
    for (size_t k = 0; k < l->finding_count; k++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "code", l->findings[k].code);
        pj_json_put_text(json, "message", l->findings[k].message);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_json_write_end(json);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const asked *a = input;
    (void)arena;
    pj_json_put_text(json, "schema", "picojoule.layers/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_begin(json, "profiles", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < a->count; i++)
        put_profile(a, i, json);
    pj_json_write_end(json);
}

/* ---- the chart: energy above, time below ---- */

static const pj_chart *bars(const asked *a, bool of_energy, const pj_chart *next, pj_arena *arena)
{
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, a->count);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    if (!series || !chart)
        return NULL;
    for (size_t i = 0; i < a->count; i++) {
        const pj_layered *l = a->layered[i];
        pj_chart_point *points = PJ_NEW(arena, pj_chart_point, l->row_count + 1);
        if (!points)
            return NULL;
        for (size_t k = 0; k < l->row_count; k++) {
            pj_str words = pj_str_new(0);
            layer_words(l, &l->rows[k], &words);
            points[k] = (pj_chart_point){(double)k + 1, of_energy ? l->rows[k].measured_j * 1e3 : l->rows[k].us_per_run,
                                         pj_str_keep(&words, arena), false};
        }
        series[i] = (pj_chart_series){a->count > 1 ? name_of(a, i) : NULL, a->count > 1 ? PJ_CHART_LINE : PJ_CHART_BARS,
                                      points, l->row_count};
    }
    *chart = (pj_chart){
        .title = of_energy ? "Energy of a run by kernel" : "Time of a run by kernel",
        .x = {.title = "kernel, in the order in which they run", .whole = true    },
        .y = {.title = of_energy ? "energy (mJ)" : "time (us)",  .from_zero = true},
        .series = series,
        .count = a->count,
        .next = next
    };
    return chart;
}

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    const asked *a = input;
    const pj_chart *time = bars(a, false, NULL, arena);
    bool joules = false;
    for (size_t i = 0; i < a->count; i++)
        joules = joules || strcmp(a->layered[i]->mode, "time") != 0;
    return time && joules ? bars(a, true, time, arena) : time;
}

pj_status pj_layers_write(const pj_layered *const *layered, const char *const *names, size_t count,
                          const pj_report_options *options, pj_sink sink, void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .chart = chart_of};
    const asked a = {layered, names, count};
    if (count == 0 || count > MOST_SIDES)
        return pj_fail(err, PJ_EARGUMENT, "%zu profiles: 1 to %d stand side by side", count, MOST_SIDES);
    return pj_tell(&pieces, &a, options, sink, payload, err);
}
