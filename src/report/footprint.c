/* `picojoule footprint`. */
#include <math.h>
#include <string.h>

#include "page/say.h"
#include "picojoule/version.h"
#include "report/footprint_words.h"
#include "result/field.h"

static const char *table_of_operations(const pj_footprint *f)
{
    for (size_t i = 0; i < f->source_count; i++)
        if (f->sources[i].boundary == PJ_BOUND_OPERATIONS)
            return f->sources[i].figure;
    return NULL;
}

/* In front of every block, where it rests on a table. */
static void add_warning(const pj_footprint *f, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (!f->comparison_only)
        return;
    pj_comparison_words(table_of_operations(f), &text);
    pj_str_add_char(&text, '.');
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text)->look = PJ_WARN;
}

/* ---- one row in full ---- */

static void add_fact(const char *lead, pj_str *text, pj_page *page)
{
    pj_page_add(page, PJ_BLOCK_FACT, text)->lead = lead;
}

/* "net.onnx", "net.onnx (lower bound)": no line has a partial sum without saying so. */
static void add_name(const pj_energy_source *s, pj_str *out)
{
    pj_text_clean(out, s->name);
    if (pj_footprint_is_part(s))
        pj_str_add(out, " (lower bound)");
}

static void add_energy(const pj_footprint *f, const pj_energy_source *s, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (pj_footprint_is_part(s))
        pj_str_add(&text, "at least ");
    pj_human_energy(&text, s->joules * 1e12, "pJ");
    pj_str_add(&text, f->asked.training.wanted ? " for all of it" : " a query");
    if (s->figure)
        pj_say(&text, ", by {}", pj_w_text(s->figure));
    if (s->basis)
        pj_say(&text, " ({}; {})", pj_w_text(s->load ? s->load : ""), pj_w_text(s->basis));
    if (!isnan(s->low_j))
        pj_say(&text, ", {} to {}", pj_w_energy(s->low_j * 1e12, "pJ"), pj_w_energy(s->high_j * 1e12, "pJ"));
    if (!isnan(s->held_pue)) {
        pj_str_add(&text, ", without the PUE of ");
        pj_str_add_double(&text, s->held_pue);
        pj_str_add(&text, " that the file holds");
    }
    if (s->queries_per_run != 1) {
        pj_str_add(&text, "; a run answers ");
        pj_str_add_double(&text, s->queries_per_run);
        pj_str_add(&text, " queries");
    }
    add_fact("energy", &text, page);
    pj_str_printf(&text, "%s: %s", pj_boundary_word(s->boundary), pj_boundary_text(s->boundary, s->basis));
    add_fact("boundary", &text, page);
}

static void add_training(const pj_footprint *f, pj_page *page)
{
    const pj_training *t = &f->training;
    pj_str text = pj_str_new(0);
    if (!f->asked.training.wanted)
        return;
    if (!isnan(t->steps)) {
        pj_footprint_digits(t->steps, &text);
        pj_str_add(&text, " steps, ");
    }
    if (!isnan(t->flops)) {
        pj_footprint_digits(t->flops, &text);
        pj_str_add(&text, " FLOPs, ");
    }
    pj_footprint_digits(t->hours, &text);
    pj_str_add(&text, " hours; optimizer, checkpoints and evaluation are in it only by --overhead");
    add_fact("training", &text, page);
}

static void add_site(const pj_footprint_row *row, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_region_words(row->region, &text);
    add_fact("region", &text, page);
    pj_str_add_double(&text, row->pue);
    if (isnan(row->region->pue.value) && row->pue == 1)
        pj_str_add(&text, " (not known: nothing is added for cooling)");
    else if (row->pue == row->region->pue.value)
        pj_say(&text, " ({})", pj_w_text(row->region->pue.source));
    add_fact("PUE", &text, page);
    if (isnan(row->query.water_l))
        pj_str_printf(&text, "water not known (%s)", isnan(row->wue_onsite) ? "no WUE on site" : "no WUE off site");
    else
        pj_str_add(&text, "on site and at power stations");
    add_fact("water", &text, page);
}

static void add_sci(const pj_footprint *f, const pj_footprint_row *row, pj_page *page)
{
    pj_str text = pj_str_new(0);
    const char *of = f->asked.unit ? f->asked.unit : f->asked.training.wanted ? "training" : "query";
    if (!row->has_sci) {
        pj_str_add(&text, "operational only: without embodied emissions (--embodied) there is no SCI");
    } else {
        pj_footprint_digits(row->sci.g_per_r, &text);
        pj_str_printf(&text, " gCO2e per %s: O ", of);
        pj_footprint_digits(row->sci.o_g, &text);
        pj_str_add(&text, " g + M ");
        pj_footprint_digits(row->sci.m_g, &text);
        pj_say(&text, " g ({}); boundary {}; location-based", pj_w_text(row->sci.embodied),
               pj_w_ours(pj_boundary_word(row->source->boundary)));
    }
    add_fact("SCI", &text, page);
    if (row->idle_j_per_day > 0) {
        pj_human_energy(&text, row->idle_j_per_day * 1e12, "pJ");
        pj_str_add(&text, " a day between queries, in the figures per day");
        add_fact("idle", &text, page);
    }
    if (row->devices_needed > 1) {
        pj_footprint_digits(row->devices_needed, &text);
        pj_str_add(&text, " at least, for the queries of a day");
        add_fact("devices", &text, page);
    }
}

static void add_amounts(const pj_footprint *f, const pj_footprint_row *row, pj_page *page)
{
    pj_footprint_unit list[PJ_FOOTPRINT_UNITS];
    size_t count = pj_footprint_units(f, row, list);
    pj_rows *rows = pj_amounts_rows(page->arena, "per", !isnan(row->query.cost));
    for (size_t i = 0; rows && i < count; i++) {
        pj_str title = pj_str_new(0);
        pj_str_add(&title, list[i].title);
        if (list[i].amounts == &row->period) {
            pj_str_add(&title, " of ");
            pj_str_add_double(&title, f->asked.days);
            pj_str_add(&title, " days");
        }
        pj_amounts_add(rows, pj_str_keep(&title, page->arena), list[i].amounts);
    }
    pj_page_table(page, rows, 0)->gap = true;
}

static void row_page(const pj_footprint *f, const pj_footprint_row *row, pj_page *page)
{
    add_energy(f, row->source, page);
    add_training(f, page);
    add_site(row, page);
    add_sci(f, row, page);
    add_amounts(f, row, page);
}

/* ---- several rows, side by side ---- */

/* clang-format off */
static const pj_column side_columns[] = {
    {.title = "input", .kind = PJ_CELL_TEXT, .wish = 28, .least = 12},
    {.title = "figure", .kind = PJ_CELL_TEXT, .rank = 2},
    {.title = "boundary", .kind = PJ_CELL_TEXT, .rank = 1},
    {.title = "region", .kind = PJ_CELL_TEXT},
    {.title = "year", .kind = PJ_CELL_TEXT, .rank = 1},
    {.title = "kWh/1000", .kind = PJ_CELL_TEXT},
    {.title = "gCO2e/1000", .kind = PJ_CELL_TEXT},
    {.title = "water (L)", .kind = PJ_CELL_TEXT, .rank = 3},
    {.title = "cost", .kind = PJ_CELL_TEXT, .rank = 3},
    {.title = "CO2e ratio", .kind = PJ_CELL_TEXT},
    {.title = "queries/g", .kind = PJ_CELL_TEXT, .rank = 2},
    {.title = "quality/g", .kind = PJ_CELL_TEXT, .rank = 4},
};
/* clang-format on */
enum { SIDE_COLUMNS = sizeof side_columns / sizeof *side_columns };

enum { SIDE_WORDS = 5 };

/* The figures of a row, in the order of the columns after its words. */
static void side_values(const pj_footprint_row *row, double values[SIDE_COLUMNS - SIDE_WORDS])
{
    const pj_amounts *a = &row->thousand;
    const double all[] = {a->kwh_site, a->gco2e,           a->water_l,        a->cost,
                          row->ratio,  row->queries_per_g, row->quality_per_g};
    memcpy(values, all, sizeof all);
}

static bool has_values(const pj_footprint *f, size_t column)
{
    double values[SIDE_COLUMNS - SIDE_WORDS];
    bool found = column < SIDE_WORDS;
    for (size_t i = 0; i < f->row_count && !found; i++) {
        side_values(&f->rows[i], values);
        found = !isnan(values[column - SIDE_WORDS]);
    }
    return found;
}

static void add_side(const pj_footprint_row *row, const size_t *shown, pj_rows *rows)
{
    double values[SIDE_COLUMNS - SIDE_WORDS];
    pj_cell *cell = pj_rows_add(rows);
    pj_str year = pj_str_new(0), name = pj_str_new(0);
    side_values(row, values);
    add_name(row->source, &name);
    pj_cell_made(&cell[0], rows, &name);
    pj_cell_text(&cell[1], row->source->figure);
    pj_cell_text(&cell[2], pj_boundary_word(row->source->boundary));
    pj_cell_text(&cell[3], row->region->id);
    if (row->region->g_per_kwh.year)
        pj_str_printf(&year, "%d", row->region->g_per_kwh.year);
    pj_cell_made(&cell[4], rows, &year);
    for (size_t i = SIDE_WORDS; i < rows->columns; i++) {
        pj_str text = pj_str_new(0);
        pj_footprint_digits(values[shown[i] - SIDE_WORDS], &text);
        pj_cell_made(&cell[i], rows, &text);
    }
}

/* Columns without a figure are left out. */
static pj_rows *side_rows(const pj_footprint *f, pj_arena *arena)
{
    pj_column *columns_shown = PJ_NEW(arena, pj_column, SIDE_COLUMNS);
    size_t shown[SIDE_COLUMNS], count = 0;
    for (size_t i = 0; columns_shown && i < SIDE_COLUMNS; i++)
        if (has_values(f, i)) {
            shown[count] = i;
            columns_shown[count++] = side_columns[i];
        }
    pj_rows *rows = columns_shown ? pj_rows_new(arena, columns_shown, count) : NULL;
    for (size_t i = 0; rows && i < f->row_count; i++)
        add_side(&f->rows[i], shown, rows);
    return rows;
}

static void side_page(const pj_footprint *f, pj_page *page)
{
    bool said[PJ_BOUNDARIES] = {false};
    add_warning(f, page);
    pj_page_printf(page, PJ_BLOCK_TITLE, "%zu footprints, per 1000 queries", f->row_count);
    pj_page_table(page, side_rows(f, page->arena), 0);
    page->gap = true;
    for (size_t i = 0; i < f->source_count; i++)
        if (!said[f->sources[i].boundary]) {
            said[f->sources[i].boundary] = true;
            pj_page_printf(page, PJ_BLOCK_ITEM, "%s: %s", pj_boundary_word(f->sources[i].boundary),
                           pj_boundary_text(f->sources[i].boundary, f->sources[i].basis));
        }
    for (size_t i = 0; i < f->row_count && f->rows[i].source == f->rows[0].source; i++) {
        pj_str text = pj_str_new(0);
        pj_region_words(f->rows[i].region, &text);
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
}

/* ---- the page ---- */

static void add_findings(const pj_footprint *f, pj_page *page)
{
    page->gap = f->finding_count > 0;
    for (size_t i = 0; i < f->finding_count; i++) {
        const pj_finding *finding = &f->findings[i];
        pj_str text = pj_str_new(0);
        pj_say(&text, "{}: {} [{}]", pj_w_text(finding->node), pj_w_text(finding->message), pj_w_ours(finding->code));
        pj_page_add(page, PJ_BLOCK_ITEM, &text)->look = finding->strict ? PJ_WARN : PJ_PLAIN;
    }
}

static void page_of(const void *input, pj_page *page)
{
    const pj_footprint *f = input;
    if (f->row_count == 1) {
        pj_str title = pj_str_new(0);
        add_warning(f, page);
        add_name(f->rows[0].source, &title);
        pj_say(&title, " in {}", pj_w_text(f->rows[0].region->name));
        pj_page_add(page, PJ_BLOCK_TITLE, &title)->ours = true;
        row_page(f, &f->rows[0], page);
    } else {
        side_page(f, page);
    }
    add_findings(f, page);
    page->gap = true;
    pj_page_say(
        page, PJ_BLOCK_PARAGRAPH,
        "Scopes: electricity of own machines is scope 2, their making scope 3 category 2; of a rented cloud all is "
        "scope 3. Grid intensities are of generation, so losses of lines (--losses) are scope 3 category 3.");
}

void pj_footprint_lines(const pj_footprint *f, const char *per, pj_page *page)
{
    for (size_t i = 0; i < f->row_count; i++) {
        const pj_footprint_row *row = &f->rows[i];
        bool thousand = strcmp(per, "1000-queries") == 0, million = strcmp(per, "million-queries") == 0;
        const pj_amounts *a = thousand ? &row->thousand : million ? &row->million : &row->query;
        pj_str text = pj_str_new(0);
        pj_say(&text, "{} on {}: ",
               pj_w_ours(thousand  ? "1000 queries"
                         : million ? "A million queries"
                                   : "A query"),
               pj_w_text(row->source->figure));
        pj_footprint_digits(a->kwh_site, &text);
        pj_str_add(&text, " kWh, ");
        pj_footprint_digits(a->gco2e, &text);
        pj_str_add(&text, pj_footprint_is_part(row->source) ? " gCO2e at least, in " : " gCO2e in ");
        pj_region_words(row->region, &text);
        pj_str_printf(&text, ". Boundary %s: %s", pj_boundary_word(row->source->boundary),
                      pj_boundary_text(row->source->boundary, row->source->basis));
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
    add_findings(f, page);
}

/* ---- the table ---- */

/* clang-format off */
static const pj_column columns[] = {
    {.key = "input", .kind = PJ_CELL_TEXT},
    {.key = "figure", .kind = PJ_CELL_TEXT},
    {.key = "boundary", .kind = PJ_CELL_TEXT},
    {.key = "comparison_only", .kind = PJ_CELL_TEXT},
    {.key = "region", .kind = PJ_CELL_TEXT},
    {.key = "g_per_kwh", .kind = PJ_CELL_NUMBER},
    {.key = "year", .kind = PJ_CELL_EXACT},
    {.key = "pue", .kind = PJ_CELL_NUMBER},
    {.key = "energy_j_per_query", .kind = PJ_CELL_NUMBER},
    {.key = "per", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_amounts, kwh_it), .key = "kwh_it", .kind = PJ_CELL_NUMBER, .from_zero = true},
    {PJ_MEMBER(pj_amounts, kwh_site), .key = "kwh_site", .kind = PJ_CELL_NUMBER, .from_zero = true},
    {PJ_MEMBER(pj_amounts, gco2e), .key = "gco2e", .kind = PJ_CELL_NUMBER, .from_zero = true},
    {PJ_MEMBER(pj_amounts, water_onsite_l), .key = "water_onsite_l", .kind = PJ_CELL_NUMBER, .from_zero = true},
    {PJ_MEMBER(pj_amounts, water_offsite_l), .key = "water_offsite_l", .kind = PJ_CELL_NUMBER, .from_zero = true},
    {PJ_MEMBER(pj_amounts, water_l), .key = "water_l", .kind = PJ_CELL_NUMBER, .from_zero = true},
    {PJ_MEMBER(pj_amounts, phone_charges), .key = "phone_charges", .kind = PJ_CELL_NUMBER, .from_zero = true},
    {PJ_MEMBER(pj_amounts, cost), .key = "cost", .kind = PJ_CELL_NUMBER, .from_zero = true},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static void add_unit(const pj_footprint *f, const pj_footprint_row *row, const pj_footprint_unit *of, pj_rows *rows)
{
    pj_cell *cell = pj_rows_add_of(rows, of->amounts);
    pj_str warning = pj_str_new(0), name = pj_str_new(0);
    add_name(row->source, &name);
    pj_cell_made(&cell[0], rows, &name);
    pj_cell_text(&cell[1], row->source->figure);
    pj_cell_text(&cell[2], pj_boundary_word(row->source->boundary));
    if (f->comparison_only)
        pj_comparison_words(table_of_operations(f), &warning);
    pj_cell_made(&cell[3], rows, &warning);
    pj_cell_text(&cell[4], row->region->id);
    pj_cell_number(&cell[5], row->region->g_per_kwh.value);
    if (row->region->g_per_kwh.year)
        pj_cell_count(&cell[6], row->region->g_per_kwh.year);
    pj_cell_number(&cell[7], row->pue);
    pj_cell_number(&cell[8], row->source->joules);
    pj_cell_text(&cell[9], of->key);
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_footprint *f = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < f->row_count; i++) {
        pj_footprint_unit list[PJ_FOOTPRINT_UNITS];
        size_t count = pj_footprint_units(f, &f->rows[i], list);
        for (size_t k = 0; k < count; k++)
            add_unit(f, &f->rows[i], &list[k], rows);
    }
    return rows;
}

/* ---- the chart ---- */

static const char *note_of(const pj_footprint_row *row, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s, %s", row->source->figure ? row->source->figure : row->source->name, row->region->id);
    return pj_str_keep(&text, arena);
}

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    const pj_footprint *f = input;
    pj_chart_point *points = PJ_NEW(arena, pj_chart_point, f->row_count);
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, 1);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    pj_str warning = pj_str_new(0);
    if (!points || !series || !chart)
        return NULL;
    for (size_t i = 0; i < f->row_count; i++)
        points[i] = (pj_chart_point){f->rows[i].thousand.kwh_site, f->rows[i].thousand.gco2e,
                                     note_of(&f->rows[i], arena), false};
    *series = (pj_chart_series){NULL, PJ_CHART_LABELS, points, f->row_count};
    chart->title = "Footprint of 1000 queries";
    if (f->comparison_only) {
        chart->title = "Comparison only, not a footprint: 1000 queries";
        pj_comparison_words(table_of_operations(f), &warning);
        chart->subtitle = pj_str_keep(&warning, arena);
    }
    chart->x = (pj_chart_axis){.title = "kWh", .from_zero = true};
    chart->y = (pj_chart_axis){.title = "gCO2e", .from_zero = true};
    chart->series = series;
    chart->count = 1;
    return chart;
}

pj_status pj_footprint_write(const pj_footprint *footprint, const pj_report_options *options, pj_sink sink,
                             void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = pj_footprint_json, .chart = chart_of};
    return pj_tell(&pieces, footprint, options, sink, payload, err);
}
