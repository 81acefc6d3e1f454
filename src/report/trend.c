/* Trends: metrics, which records compare, sparklines. */
#include "report/trend.h"

#include "base/map.h"
#include "setup/setup.h"

/* The energy, then the others in the order of the table. */
const char *pj_metric_word(size_t index)
{
    const pj_field *at = NULL;
    for (size_t left = index; left > 0; left -= at != pj_figure_total()) {
        at = pj_figure_next(at, PJ_IN_TRENDS);
        if (!at)
            return NULL;
    }
    return pj_figure_word(index ? at : pj_figure_total(), PJ_IN_TRENDS);
}

const pj_field *pj_trend_metric(const char *word)
{
    return word ? pj_figure_find(word, strlen(word), PJ_IN_TRENDS) : pj_figure_total();
}

static bool same_unit(const pj_history *history, size_t at)
{
    return strcmp(history->entries[at].unit, history->entries[history->count - 1].unit) == 0;
}

static double value_of(const pj_history *history, size_t at, const pj_field *metric)
{
    double value = pj_figure_value(metric, PJ_OF_TOTALS, &history->entries[at].totals);
    return value < 0 || (pj_figure_is_energy(metric) && !same_unit(history, at)) ? NAN : value;
}

pj_scale pj_trend_scale(const pj_history *history, const pj_field *metric, double most)
{
    if (pj_figure_is_energy(metric))
        return pj_scale_energy(most, history->entries[history->count - 1].unit);
    bool is_bytes = metric->quantity == PJ_QUANTITY_BYTES;
    if (!is_bytes && metric->quantity != PJ_QUANTITY_BITS)
        return pj_scale_count(most);
    double bits = is_bytes ? 8 : 1; /* of one */
    pj_scale scale = pj_scale_bits(most * bits);
    if (scale.factor <= 1)
        return (pj_scale){1, is_bytes ? "bytes" : "bits"};
    return (pj_scale){scale.factor / bits, scale.unit};
}

void pj_trend_print(const pj_history *history, const pj_field *metric, double value, pj_str *out)
{
    pj_scale scale = pj_trend_scale(history, metric, value);
    if (isnan(value)) {
        pj_str_add_char(out, '?');
        return;
    }
    if (scale.factor > 1 || pj_figure_is_energy(metric))
        pj_human_digits(out, value / scale.factor);
    else
        pj_str_add_fixed(out, value, 0);
    pj_str_printf(out, "%s%s", *scale.unit ? " " : "", scale.unit);
}

void pj_trend_change(double from, double to, pj_str *out)
{
    if (!isfinite(from) || !isfinite(to) || !(from > 0))
        return;
    double percent = (to / from - 1) * 100;
    if (percent != 0 && fabs(percent) < 0.05) {
        pj_str_add(out, percent < 0 ? ">-0.1 %" : "<+0.1 %");
        return;
    }
    pj_str_add(out, percent > 0 ? "+" : "");
    pj_str_add_fixed(out, percent, 1);
    pj_str_add(out, " %");
}

/* "table a instead of b" */
static void add_swap(pj_str *out, const char *what, const char *now, const char *before)
{
    if (strcmp(now, before) != 0)
        pj_str_printf(out, "%s%s %s instead of %s", out->length ? ", " : "", what, now, before);
}

bool pj_trend_compares(const pj_history *history, size_t at)
{
    const pj_history_entry *now = &history->entries[at];
    if (at == 0)
        return true;
    return strcmp(now->version, now[-1].version) == 0 && strcmp(now->table, now[-1].table) == 0 &&
           strcmp(now->rules, now[-1].rules) == 0 && strcmp(now->unit, now[-1].unit) == 0 &&
           pj_basis_same(now->settings, now[-1].settings);
}

void pj_trend_difference(const pj_history *history, size_t at, pj_str *out)
{
    const pj_history_entry *now = &history->entries[at], *before = now - 1;
    add_swap(out, "picojoule", now->version, before->version);
    add_swap(out, "table", now->table, before->table);
    add_swap(out, "rules", now->rules, before->rules);
    add_swap(out, "unit", now->unit, before->unit);
    pj_basis_difference(now->settings, before->settings, strcmp(now->table, before->table) == 0, out);
}

bool pj_trend_is_even(const pj_history *history)
{
    bool even = true;
    for (size_t i = 1; i < history->count; i++)
        even = even && pj_trend_compares(history, i);
    return even;
}

void pj_trend_spark(const double *values, size_t count, bool utf8, pj_str *out)
{
    static const char ascii[] = "_.-:=+*#";
    enum { LEVELS = 8 };
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        low = fmin(low, values[i]); /* of NAN and a number it is the number */
        high = fmax(high, values[i]);
    }
    for (size_t i = 0; i < count; i++) {
        double share = high > low ? (values[i] - low) / (high - low) : 0.5;
        int level = isnan(values[i]) ? -1 : (int)fmin(share * LEVELS, LEVELS - 1);
        if (level < 0)
            pj_str_add_char(out, ' ');
        else if (utf8)
            pj_str_printf(out, "\xe2\x96%c", 0x81 + level); /* U+2581 to U+2588 */
        else
            pj_str_add_char(out, ascii[level]);
    }
}

void pj_trend_name(const pj_history_entry *entry, pj_str *out)
{
    enum { DATE = 10, COMMIT = 10 };
    pj_str_printf(out, "%.*s", DATE, entry->time);
    if (entry->commit) {
        pj_str cut = pj_str_new(0);
        pj_str_printf(&cut, "%.*s", COMMIT, entry->commit);
        pj_str_add_char(out, ' ');
        pj_text_clean(out, cut.data);
        pj_str_fail_as(out, &cut);
        pj_str_free(&cut);
    }
}

static bool start_line(pj_trend_line *line, const pj_history *history, pj_arena *arena)
{
    line->values = PJ_NEW(arena, double, history->count);
    for (size_t i = 0; line->values && i < history->count; i++)
        line->values[i] = NAN;
    return line->values;
}

static void set_value(pj_trend_line *line, size_t at, double value)
{
    line->values[at] = value;
    line->most = fmax(line->most, value); /* of NAN and a number it is the number */
}

static pj_trend_line *line_of(const pj_history *history, const pj_field *metric, pj_arena *arena)
{
    pj_trend_line *line = PJ_NEW(arena, pj_trend_line, 1);
    if (!line || !start_line(line, history, arena))
        return NULL;
    for (size_t i = 0; i < history->count; i++)
        set_value(line, i, value_of(history, i, metric));
    return line;
}

static int compare(const void *a, const void *b)
{
    const pj_trend_line *one = a, *two = b;
    if (one->most != two->most)
        return one->most > two->most ? -1 : 1;
    return strcmp(one->name, two->name);
}

pj_trend_line *pj_trend_lines(const pj_history *history, const pj_field *metric, pj_arena *arena, size_t *count)
{
    size_t most = 0;
    pj_map known;
    *count = 1;
    if (!history->layer)
        return line_of(history, metric, arena);
    for (size_t i = 0; i < history->count; i++)
        most += history->entries[i].layer_count;
    pj_trend_line *lines = PJ_NEW(arena, pj_trend_line, most);
    pj_map_init(&known, arena);
    *count = 0;
    for (size_t i = 0; lines && i < history->count; i++)
        for (size_t k = 0; k < history->entries[i].layer_count; k++) {
            const pj_history_layer *layer = &history->entries[i].layers[k];
            pj_trend_line *line = pj_map_get(&known, layer->name);
            if (!line) {
                line = &lines[(*count)++];
                line->name = layer->name;
                line->op = layer->op;
                if (!start_line(line, history, arena) || !pj_map_put(&known, layer->name, line))
                    return NULL;
            }
            if (same_unit(history, i))
                set_value(line, i, layer->energy);
        }
    if (lines)
        qsort(lines, *count, sizeof *lines, compare);
    return lines;
}
