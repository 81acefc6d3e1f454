/* Trends as a line chart: one line for the metric, or one for each of the largest layers. */
#include "report/trend.h"

enum { MOST_LINES = 5 };

static pj_chart_point *points_of(const pj_history *history, const pj_field *metric, const pj_trend_line *line,
                                 double factor, pj_arena *arena)
{
    pj_chart_point *points = PJ_NEW(arena, pj_chart_point, history->count);
    for (size_t i = 0; points && i < history->count; i++) {
        pj_str note = pj_str_new(0);
        pj_trend_name(&history->entries[i], &note);
        pj_str_add(&note, ": ");
        pj_trend_print(history, metric, line->values[i], &note);
        points[i].x = (double)(i + 1);
        points[i].y = line->values[i] / factor;
        points[i].apart = !pj_trend_compares(history, i);
        points[i].note = pj_str_keep(&note, arena);
        if (!points[i].note)
            return NULL;
    }
    return points;
}

/* Each record by its commit, or its number, and its date. */
static const pj_chart_tick *ticks_of(const pj_history *history, pj_arena *arena)
{
    enum { COMMIT = 7, DATE = 10 };
    pj_chart_tick *ticks = PJ_NEW(arena, pj_chart_tick, history->count);
    for (size_t i = 0; ticks && i < history->count; i++) {
        const pj_history_entry *entry = &history->entries[i];
        pj_str text = pj_str_new(0), number = pj_str_new(0);
        pj_str_printf(&number, "#%zu", i + 1);
        pj_text_clean(&text, entry->commit ? entry->commit : number.data);
        pj_str_fail_as(&text, &number);
        pj_str_free(&number);
        const char *whole = pj_str_keep(&text, arena);
        size_t length = whole ? strlen(whole) : 0;
        ticks[i].at = (double)(i + 1);
        ticks[i].text = whole ? pj_arena_strndup(arena, whole, length < COMMIT ? length : COMMIT) : NULL;
        ticks[i].below = pj_arena_strndup(arena, entry->time, DATE);
    }
    return ticks;
}

/* "2026-01-05 a1b2c3d to 2026-11-20 e4f5a6b; table horowitz-45nm" */
static const char *subtitle_of(const pj_history *history, size_t left_out, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    const pj_history_entry *last = &history->entries[history->count - 1];
    pj_trend_name(&history->entries[0], &text);
    if (history->count > 1) {
        pj_str_add(&text, " to ");
        pj_trend_name(last, &text);
    }
    pj_str_printf(&text, "; table %s", last->table);
    if (left_out)
        pj_str_printf(&text, "; %zu smaller layers are not drawn", left_out);
    return pj_str_keep(&text, arena);
}

const pj_chart *pj_trend_chart(const pj_history *history, const pj_field *metric, pj_arena *arena)
{
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, MOST_LINES);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    size_t count, left_out;
    const pj_trend_line *lines = pj_trend_lines(history, metric, arena, &count);
    if (!lines || !series || !chart)
        return NULL;
    left_out = count > MOST_LINES ? count - MOST_LINES : 0;
    count -= left_out;
    pj_scale scale = pj_trend_scale(history, metric, lines[0].most);
    for (size_t i = 0; i < count; i++) {
        pj_chart_point *points = points_of(history, metric, &lines[i], scale.factor, arena);
        if (!points)
            return NULL;
        series[i] = (pj_chart_series){lines[i].name, PJ_CHART_LINE, points, history->count};
    }
    *chart = (pj_chart){
        .title = history->model,
        .subtitle = subtitle_of(history, left_out, arena),
        .x = {.title = "record: commit and date (UTC)",
              .whole = true,
              .ticks = ticks_of(history,                                               arena),
              .tick_count = history->count                                                                      },
        .y = {.title = pj_axis_title(pj_figure_word(metric, PJ_IN_TRENDS), scale.unit, arena), .from_zero = true},
        .series = series,
        .count = count,
    };
    return chart->subtitle && !pj_arena_failed(arena) ? chart : NULL;
}
