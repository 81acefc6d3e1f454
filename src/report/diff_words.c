/* Totals, causes and sentences of a comparison. */
#include "page/say.h"
#include "report/diff_view.h"
#include "result/field.h"

void pj_diff_view_change(const pj_diff *diff, double pj, pj_str *out)
{
    pj_say(out, "{}{}", pj_w_ours(pj > 0 ? "+" : pj < 0 ? "-" : ""), pj_w_energy(fabs(pj), diff->b->unit));
}

/* A line of the table: energies, times and counts stand in one column, so cells are texts. */
static void add_line(pj_rows *rows, const char *name, double a, double b, pj_quantity quantity, const char *unit)
{
    pj_cell *cell = pj_rows_add(rows);
    const double values[] = {a, b, b - a};
    pj_cell_text(&cell[0], name);
    for (int i = 0; i < 3; i++) {
        pj_str text = pj_str_new(0);
        if (i == 2)
            pj_str_add(&text, b > a ? "+" : b < a ? "-" : "0");
        if (i < 2 || a != b)
            pj_human_figure(&text, fabs(values[i]), quantity, unit);
        pj_cell_made(&cell[1 + i], rows, &text);
    }
    if (a > 0)
        pj_cell_number(&cell[4], b / a);
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
            add_line(rows, name, of_a->energy_pj, of_b->energy_pj, PJ_QUANTITY_ENERGY, "pJ");
        if (of_b && of_a->time_us >= 0 && of_b->time_us >= 0)
            add_line(rows, time, of_a->time_us, of_b->time_us, PJ_QUANTITY_TIME, "");
    }
}

static void add_figures(const pj_diff_view *view, pj_rows *rows, bool energies)
{
    for (const pj_field *f = pj_figure_next(NULL, PJ_IN_COMPARISONS); f; f = pj_figure_next(f, PJ_IN_COMPARISONS)) {
        const char *name = f->line ? f->line : f->title;
        if (name && pj_figure_is_energy(f) == energies)
            add_line(rows, name, pj_figure_value(f, PJ_OF_TOTALS, &view->diff->a->totals),
                     pj_figure_value(f, PJ_OF_TOTALS, &view->diff->b->totals), f->quantity, view->diff->b->unit);
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

pj_rows *pj_diff_view_causes(const pj_diff_view *view)
{
    /* clang-format off */
    static const pj_column columns[] = {
        {PJ_MEMBER(pj_cause, text), .title = "cause", .kind = PJ_CELL_TEXT, .wish = 26, .least = 20},
        {PJ_MEMBER(pj_cause, difference), .title = "difference", .kind = PJ_CELL_ENERGY, .signs = true},
        {PJ_MEMBER(pj_cause, layer), .title = "most of it in", .kind = PJ_CELL_TEXT, .wish = 26, .least = 18},
        {PJ_MEMBER(pj_cause, detail), .title = "there", .kind = PJ_CELL_TEXT, .wish = 22, .least = 16, .rank = 2,
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
    const char *unit = view->diff->b->unit;
    if (a == b) {
        pj_say(out, "{}, as before", pj_w_energy(b, unit));
        return;
    }
    pj_say(out, "{} instead of {}: ", pj_w_energy(b, unit), pj_w_energy(a, unit));
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
        pj_say(out, "{}{} {}", pj_w_ours(first ? "" : ", "), pj_w_exact(parts[i].count), pj_w_ours(parts[i].word));
        first = false;
    }
    pj_str_add(out, first ? "none" : "");
}

void pj_diff_view_settings(const pj_diff_view *view, pj_page *page)
{
    for (size_t i = 0; i < view->diff->setting_count; i++) {
        const pj_setting_change *change = &view->diff->settings[i];
        pj_str text = pj_str_new(0);
        if (change->contents)
            pj_say(&text, "{} has other contents", pj_w_text(change->contents));
        else
            pj_say(&text, "{}: {} -> {}", pj_w_text(change->name), pj_w_text(change->a), pj_w_text(change->b));
        pj_page_add(page, PJ_BLOCK_ITEM, &text)->indent = 1; /* below the names */
    }
}

bool pj_diff_view_other_prices(const pj_diff *diff)
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
    pj_say(&text, "{}: {} not counted, so its total is too low.", pj_w_ours(side),
           pj_w_plural(result->totals.uncounted, "layer is", "layers are"));
    add_warning(page, &text);
}

void pj_diff_view_warnings(const pj_diff_view *view, pj_page *page)
{
    const pj_result *a = view->diff->a, *b = view->diff->b;
    pj_str text = pj_str_new(0);
    if (pj_diff_view_other_prices(view->diff)) {
        pj_str_add(&text, "A and B were priced with different tables: part of the difference is that of the tables, "
                          "not of the models.");
        add_warning(page, &text);
    }
    if (strcmp(a->version, b->version) != 0) {
        pj_say(&text, "A was made by picojoule {}, B by {}: rules may have changed between them.",
               pj_w_text(a->version), pj_w_text(b->version));
        add_warning(page, &text);
    }
    warn_uncounted(a, "A", page);
    warn_uncounted(b, "B", page);
}

static pj_word figure(const pj_diff *diff, const pj_verdict *verdict, double value)
{
    pj_quantity quantity = verdict->quantity == PJ_QUANTITY_ENERGY || verdict->quantity == PJ_QUANTITY_BYTES
                               ? verdict->quantity
                               : PJ_QUANTITY_COUNT;
    return pj_w_figure(value, quantity, diff->b->unit);
}

static void add_growth(const pj_diff *diff, const pj_verdict *verdict, pj_str *out)
{
    if (verdict->of_layers)
        pj_say(out, "layer '{}'", pj_w_text(verdict->what));
    else
        pj_str_add(out, verdict->what);
    pj_say(out, " has {} by {}", pj_w_ours(verdict->b < verdict->a ? "fallen" : "grown"),
           figure(diff, verdict, fabs(verdict->b - verdict->a)));
    if (verdict->a > 0) {
        pj_str_add(out, " (");
        add_percent(verdict->a, verdict->b, out);
        pj_str_add(out, ")");
    }
    pj_say(out, ", from {} to {}", figure(diff, verdict, verdict->a), figure(diff, verdict, verdict->b));
    if (verdict->count > 1)
        pj_say(out, "; so have {}", pj_w_plural(verdict->count - 1, "other layer", "other layers"));
}

void pj_diff_view_verdict(const pj_diff *diff, const pj_verdict *verdict, pj_str *out)
{
    pj_say(out, "{}: ", pj_w_text(verdict->limit));
    if (verdict->uncounted)
        pj_say(out, "{} not counted that were before, so this cannot be judged{}",
               pj_w_plural(verdict->uncounted, "layer of B is", "layers of B are"),
               pj_w_ours(verdict->count ? "; " : ""));
    if (verdict->is_unknown)
        pj_str_printf(out, "%s is not known, so this cannot be judged", verdict->what);
    else if (verdict->count)
        add_growth(diff, verdict, out);
    else if (!verdict->uncounted)
        pj_str_add(out, "holds");
}
