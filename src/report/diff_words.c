/* Totals, causes and sentences of a comparison. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/diff_view.h"
#include "result/field.h"

void pj_diff_view_change(const pj_diff *diff, double pj, pj_str *out)
{
    pj_str_add(out, pj > 0 ? "+" : pj < 0 ? "-" : "");
    pj_human_energy(out, fabs(pj), diff->b->unit);
}

/* ---- totals ---- */

/* A line of the table: energies, times and counts stand in one column, so cells are texts. */
static void add_line(const pj_diff_view *view, pj_rows *rows, const char *name, double a, double b,
                     void (*print)(const pj_diff_view *view, double value, pj_str *out))
{
    pj_cell *cell = pj_rows_add(rows);
    const double values[] = {a, b, b - a};
    pj_cell_text(&cell[0], name);
    for (int i = 0; i < 3; i++) {
        pj_str text = pj_str_new(0);
        if (i == 2)
            pj_str_add(&text, b > a ? "+" : b < a ? "-" : "0");
        if (i < 2 || a != b)
            print(view, fabs(values[i]), &text);
        pj_cell_made(&cell[1 + i], rows, &text);
    }
    if (a > 0)
        pj_cell_number(&cell[4], b / a);
}

static void print_energy(const pj_diff_view *view, double value, pj_str *out)
{
    pj_human_energy(out, value, view->diff->b->unit);
}

static void print_joules(const pj_diff_view *view, double value, pj_str *out)
{
    (void)view;
    pj_human_energy(out, value, "pJ");
}

static void print_time(const pj_diff_view *view, double value, pj_str *out)
{
    (void)view;
    pj_human_time(out, value);
}

static void print_count(const pj_diff_view *view, double value, pj_str *out)
{
    (void)view;
    pj_human_count(out, value < 9.2e18 ? (int64_t)value : INT64_MAX);
}

static void print_bits(const pj_diff_view *view, double value, pj_str *out)
{
    (void)view;
    pj_human_bits(out, value);
}

const pj_device_figure *pj_diff_view_device(const pj_result *result, const char *name)
{
    for (size_t i = 0; i < result->setup.device_count; i++)
        if (strcmp(result->devices[i], name) == 0)
            return &result->totals.devices[i];
    return NULL;
}

/* Devices that both sides have. */
static void add_devices(const pj_diff_view *view, pj_rows *rows)
{
    const pj_result *a = view->diff->a;
    for (size_t i = 0; i < a->setup.device_count; i++) {
        const char *name = a->devices[i];
        const pj_device_figure *of_a = &a->totals.devices[i], *of_b = pj_diff_view_device(view->diff->b, name);
        pj_str text = pj_str_new(0);
        pj_str_printf(&text, "%s time", name);
        const char *time = pj_str_keep(&text, view->arena);
        rows->failed = rows->failed || !time;
        if (of_b && of_a->energy_pj >= 0 && of_b->energy_pj >= 0)
            add_line(view, rows, name, of_a->energy_pj, of_b->energy_pj, print_joules);
        if (of_b && of_a->time_us >= 0 && of_b->time_us >= 0)
            add_line(view, rows, time, of_a->time_us, of_b->time_us, print_time);
    }
}

static void add_figures(const pj_diff_view *view, pj_rows *rows, bool energies)
{
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_COMPARISONS); f; f = pj_figure_next(f, PJ_IN_COMPARISONS)) {
        const char *name = f->line ? f->line : f->title;
        if (name && pj_figure_is_energy(f) == energies)
            add_line(view, rows, name, pj_figure_value(f, PJ_OF_TOTALS, &view->diff->a->totals),
                     pj_figure_value(f, PJ_OF_TOTALS, &view->diff->b->totals),
                     energies                          ? print_energy
                     : f->quantity == PJ_QUANTITY_BITS ? print_bits
                                                       : print_count);
    }
}

pj_rows *pj_diff_view_totals(const pj_diff_view *view)
{
    /* clang-format off */
    static const pj_column columns[] = {
        {.title = "figure", .kind = PJ_CELL_TEXT},
        {.title = "before", .kind = PJ_CELL_TEXT},
        {.title = "after", .kind = PJ_CELL_TEXT},
        {.title = "difference", .kind = PJ_CELL_TEXT},
        {.title = "ratio", .kind = PJ_CELL_RATIO},
    };
    /* clang-format on */
    pj_rows *rows = pj_rows_new(view->arena, columns, sizeof columns / sizeof *columns);
    if (!rows)
        return NULL;
    add_figures(view, rows, true);
    add_figures(view, rows, false);
    add_devices(view, rows);
    return rows->failed ? NULL : rows;
}

/* ---- causes ---- */

pj_rows *pj_diff_view_causes(const pj_diff_view *view)
{
    /* clang-format off */
    static const pj_column columns[] = {
        {PJ_MEMBER(pj_cause, text), .title = "cause", .kind = PJ_CELL_TEXT, .wish = 26, .least = 20},
        {PJ_MEMBER(pj_cause, difference), .title = "difference", .kind = PJ_CELL_ENERGY, .signs = true},
        {PJ_MEMBER(pj_cause, layer), .title = "most of it in", .kind = PJ_CELL_TEXT, .wish = 26, .least = 18},
        {PJ_MEMBER(pj_cause, detail), .title = "there", .kind = PJ_CELL_TEXT, .wish = 22, .least = 16, .rank = 1,
         .no_empty = true},
    };
    /* clang-format on */
    const pj_diff *diff = view->diff;
    pj_rows *rows = pj_rows_of(view->arena, columns, sizeof columns / sizeof *columns, diff->causes, diff->cause_count,
                               sizeof *diff->causes);
    if (rows)
        rows->unit = diff->b->unit;
    return rows;
}

/* ---- sentences ---- */

/* "+5.3 %" */
static void add_percent(double a, double b, pj_str *out)
{
    double percent = (b / a - 1) * 100;
    pj_str_add(out, percent > 0 ? "+" : percent < 0 ? "-" : "");
    if (percent != 0 && fabs(percent) < 0.05)
        pj_str_add(out, "<0.1");
    else
        pj_str_add_fixed(out, fabs(percent), 1);
    pj_str_add(out, " %");
}

void pj_diff_view_headline(const pj_diff_view *view, pj_str *out)
{
    double a = pj_energy_total(&view->diff->a->totals.energy), b = pj_energy_total(&view->diff->b->totals.energy);
    pj_human_energy(out, b, view->diff->b->unit);
    if (a == b) {
        pj_str_add(out, ", as before");
        return;
    }
    pj_str_add(out, " instead of ");
    pj_human_energy(out, a, view->diff->b->unit);
    pj_str_add(out, ": ");
    pj_diff_view_change(view->diff, b - a, out);
    if (a > 0) {
        pj_str_add(out, ", ");
        add_percent(a, b, out);
    }
}

void pj_diff_view_counts(const pj_diff_view *view, pj_str *out)
{
    const pj_diff *diff = view->diff;
    const struct {
        size_t count;
        const char *word;
    } parts[] = {
        {diff->changed, "changed" },
        {diff->added,   "added"   },
        {diff->removed, "removed" },
        {diff->renamed, "renamed" },
        {diff->same,    "the same"}
    };
    bool first = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i].count)
            continue;
        pj_str_add(out, first ? "" : ", ");
        pj_human_exact(out, (int64_t)parts[i].count);
        pj_str_printf(out, " %s", parts[i].word);
        first = false;
    }
    pj_str_add(out, first ? "none" : "");
}

void pj_diff_view_settings(const pj_diff_view *view, pj_page *page)
{
    for (size_t i = 0; i < view->diff->setting_count; i++) {
        const pj_setting_change *change = &view->diff->settings[i];
        pj_str text = pj_str_new(0);
        if (change->contents) {
            pj_text_clean(&text, change->contents);
            pj_str_add(&text, " has other contents");
        } else {
            pj_text_clean(&text, change->name);
            pj_str_add(&text, ": ");
            pj_text_clean(&text, change->a);
            pj_str_add(&text, " -> ");
            pj_text_clean(&text, change->b);
        }
        pj_block *item = pj_page_add(page, PJ_BLOCK_ITEM, &text);
        item->indent = 1; /* below the names */
    }
}

static bool prices_differ(const pj_diff *diff)
{
    for (size_t i = 0; i < diff->setting_count; i++)
        if (diff->settings[i].other_prices)
            return true;
    return false;
}

static void add_warning(pj_page *page, pj_str *text)
{
    const char *words = pj_page_keep(page, text);
    for (page->in = PJ_IN_TEXT; page->in <= PJ_IN_MARKDOWN; page->in++) {
        pj_str_printf(text, "%s: %s", page->in == PJ_IN_TEXT ? "warning" : "Warning", words);
        pj_page_add(page, PJ_BLOCK_ITEM, text);
    }
    page->in = PJ_IN_ALL;
}

static void warn_uncounted(const pj_result *result, const char *side, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (!result->totals.uncounted)
        return;
    pj_str_printf(&text, "%s: ", side);
    pj_human_plural(&text, result->totals.uncounted, "layer is", "layers are");
    pj_str_add(&text, " not counted, so its total is too low.");
    add_warning(page, &text);
}

void pj_diff_view_warnings(const pj_diff_view *view, pj_page *page)
{
    const pj_result *a = view->diff->a, *b = view->diff->b;
    pj_str text = pj_str_new(0);
    if (prices_differ(view->diff)) {
        pj_str_add(&text, "A and B were priced with different tables: part of the difference is that of the tables, "
                          "not of the models.");
        add_warning(page, &text);
    }
    if (strcmp(a->version, b->version) != 0) {
        pj_str_add(&text, "A was made by picojoule ");
        pj_text_clean(&text, a->version);
        pj_str_add(&text, ", B by ");
        pj_text_clean(&text, b->version);
        pj_str_add(&text, ": rules may have changed between them.");
        add_warning(page, &text);
    }
    warn_uncounted(a, "A", page);
    warn_uncounted(b, "B", page);
}

/* ---- limits ---- */

static void add_figure(const pj_diff *diff, const pj_verdict *verdict, double value, pj_str *out)
{
    if (verdict->quantity == PJ_QUANTITY_ENERGY)
        pj_human_energy(out, value, diff->b->unit);
    else if (verdict->quantity == PJ_QUANTITY_BYTES)
        pj_human_bits(out, 8 * value);
    else
        pj_human_count(out, value < 9.2e18 ? (int64_t)value : INT64_MAX);
}

static void add_growth(const pj_diff *diff, const pj_verdict *verdict, pj_str *out)
{
    if (verdict->of_layers) {
        pj_str_add(out, "layer '");
        pj_text_clean(out, verdict->what);
        pj_str_add(out, "'");
    } else {
        pj_str_add(out, verdict->what);
    }
    pj_str_add(out, verdict->b < verdict->a ? " has fallen by " : " has grown by ");
    add_figure(diff, verdict, fabs(verdict->b - verdict->a), out);
    if (verdict->a > 0) {
        pj_str_add(out, " (");
        add_percent(verdict->a, verdict->b, out);
        pj_str_add(out, ")");
    }
    pj_str_add(out, ", from ");
    add_figure(diff, verdict, verdict->a, out);
    pj_str_add(out, " to ");
    add_figure(diff, verdict, verdict->b, out);
    if (verdict->count > 1) {
        pj_str_add(out, "; so have ");
        pj_human_plural(out, verdict->count - 1, "other layer", "other layers");
    }
}

void pj_diff_view_verdict(const pj_diff *diff, const pj_verdict *verdict, pj_str *out)
{
    pj_text_clean(out, verdict->limit);
    pj_str_add(out, ": ");
    if (verdict->uncounted) {
        pj_human_plural(out, verdict->uncounted, "layer of B is", "layers of B are");
        pj_str_add(out, " not counted that were before, so this cannot be judged");
        pj_str_add(out, verdict->count ? "; " : "");
    }
    if (verdict->is_unknown)
        pj_str_printf(out, "%s is not known, so this cannot be judged", verdict->what);
    else if (verdict->count)
        add_growth(diff, verdict, out);
    else if (!verdict->uncounted)
        pj_str_add(out, "holds");
}
