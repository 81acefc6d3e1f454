/* `picojoule schedule`: when to run. */
#include <math.h>

#include "footprint/window.h"
#include "page/page.h"
#include "page/say.h"
#include "picojoule/version.h"
#include "report/footprint_words.h"

static double grams(const pj_timing *t, double mean)
{
    return t->kwh * mean;
}

/* ---- tables ---- */

/* clang-format off */
static const pj_column columns[] = {
    {.key = "time", .title = "start", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_stretch, start_h), .key = "start_h", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_stretch, hours), .key = "hours", .title = "hours", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_stretch, mean), .key = "mean_g_per_kwh", .title = "gCO2e/kWh", .kind = PJ_CELL_NUMBER},
    {.key = "gco2e", .title = "gCO2e", .kind = PJ_CELL_NUMBER},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns, MEAN = 3 };

static pj_rows *rows_of(const pj_timing *t, bool for_people, const pj_stretch *slots, size_t count,
                        const char *const *times, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, isnan(t->kwh) ? COLUMNS - 1 : COLUMNS);
    for (size_t i = 0; rows && i < count; i++) {
        pj_cell *cell = pj_rows_add_of(rows, &slots[i]);
        double mean = slots[i].mean, part = grams(t, mean) * slots[i].hours / t->asked.duration_h;
        pj_cell_text(&cell[0], times[i]);
        pj_cell_number(&cell[MEAN], for_people ? pj_footprint_round(mean) : mean);
        if (!isnan(t->kwh))
            pj_cell_number(&cell[COLUMNS - 1], for_people ? pj_footprint_round(part) : part);
    }
    return rows;
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_timing *t = input;
    if (t->asked.interruptible)
        return rows_of(t, false, t->window.slots, t->window.slot_count, t->slot_times, arena);
    return rows_of(t, false, t->window.starts, t->window.start_count, t->times, arena);
}

/* ---- the page ---- */

/* "165.0 gCO2e/kWh, 1.980 kgCO2e" */
static void add_mean(const pj_timing *t, double mean, pj_str *out)
{
    pj_footprint_digits(mean, out);
    pj_str_add(out, " gCO2e/kWh");
    if (isnan(t->kwh))
        return;
    pj_str_add(out, ", ");
    pj_footprint_digits(grams(t, mean), out);
    pj_str_add(out, " gCO2e");
}

static void add_fact(const pj_timing *t, const char *lead, const char *time, double mean, double saving, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s: ", time ? time : "");
    add_mean(t, mean, &text);
    if (!isnan(saving)) {
        pj_str_add(&text, "; the best saves ");
        pj_str_add_fixed(&text, saving, 1);
        pj_str_add(&text, " %");
    }
    pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = lead;
}

static void page_of(const void *input, pj_page *page)
{
    const pj_timing *t = input;
    const pj_run_window *w = &t->window;
    pj_str title = pj_str_new(0);
    pj_say(&title, "{}: {} of ", pj_w_text(t->asked.profile), pj_w_plural(t->rows, "step", "steps"));
    pj_str_add_double(&title, t->step_h);
    pj_str_printf(&title, " h%s; a job of ", t->repeats ? ", repeating" : "");
    pj_str_add_double(&title, t->asked.duration_h);
    pj_str_add(&title, " h");
    pj_page_lead(page, &title);
    add_fact(t, "best", t->times[0], w->mean, NAN, page);
    add_fact(t, "now", t->now, w->now_mean, w->saving_percent_of_now, page);
    add_fact(t, "worst", t->worst, w->worst_mean, w->saving_percent_of_worst, page);
    if (w->start_count > 1) {
        pj_page_say(page, PJ_BLOCK_HEADING, "Best starts");
        pj_page_table(page, rows_of(t, true, w->starts, w->start_count, t->times, page->arena), 0);
    }
    if (isnan(w->slots_mean))
        return;
    pj_str heading = pj_str_new(0);
    pj_str_add(&heading, "With interruptions: ");
    add_mean(t, w->slots_mean, &heading);
    pj_page_add(page, PJ_BLOCK_HEADING, &heading);
    pj_page_table(page, rows_of(t, true, w->slots, w->slot_count, t->slot_times, page->arena), 0);
}

/* ---- JSON ---- */

static void put_start(const char *key, const pj_timing *t, const char *time, double start_h, double mean,
                      pj_json_writer *json)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(json, "time", time);
    pj_json_put_double(json, "start_h", start_h);
    pj_json_put_double(json, "mean_g_per_kwh", mean);
    pj_json_put_double(json, "gco2e", grams(t, mean));
    pj_json_write_end(json);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_timing *t = input;
    const pj_run_window *w = &t->window;
    pj_json_put_text(json, "schema", "picojoule.schedule/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "profile", t->asked.profile);
    pj_json_put_uint(json, "rows", t->rows);
    pj_json_put_double(json, "step_h", t->step_h);
    pj_json_put_bool(json, "repeats", t->repeats);
    pj_json_put_double(json, "duration_h", t->asked.duration_h);
    pj_json_put_double(json, "earliest_h", t->earliest_h);
    pj_json_put_double(json, "latest_end_h", t->latest_end_h);
    pj_json_put_double(json, "energy_kwh", t->kwh);
    put_start("best", t, t->times[0], w->start_h, w->mean, json);
    put_start("now", t, t->now, t->earliest_h, w->now_mean, json);
    put_start("worst", t, t->worst, w->worst_start_h, w->worst_mean, json);
    pj_json_put_double(json, "saving_percent_of_now", w->saving_percent_of_now);
    pj_json_put_double(json, "saving_percent_of_worst", w->saving_percent_of_worst);
    pj_json_write_key(json, "starts");
    pj_rows_json(rows_of(t, false, w->starts, w->start_count, t->times, arena), json);
    pj_json_write_key(json, "interruptible");
    if (isnan(w->slots_mean)) {
        pj_json_write_null(json);
        return;
    }
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_double(json, "mean_g_per_kwh", w->slots_mean);
    pj_json_put_double(json, "gco2e", grams(t, w->slots_mean));
    pj_json_write_key(json, "slots");
    pj_rows_json(rows_of(t, false, w->slots, w->slot_count, t->slot_times, arena), json);
    pj_json_write_end(json);
}

/* ---- the chart ---- */

/* The profile, and the window at its mean. */
static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    enum { MOST = 2000 };
    const pj_timing *t = input;
    size_t count = t->rows < MOST ? t->rows : MOST;
    pj_chart_point *profile = PJ_NEW(arena, pj_chart_point, count + 1), *window = PJ_NEW(arena, pj_chart_point, 2);
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, 2);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    if (!profile || !window || !series || !chart)
        return NULL;
    for (size_t i = 0; i <= count; i++)
        profile[i] = (pj_chart_point){(double)i * t->step_h, t->values[i < count ? i : count - 1], NULL, false};
    window[0] = (pj_chart_point){t->window.start_h, t->window.mean, t->times[0], false};
    window[1] = (pj_chart_point){t->window.start_h + t->asked.duration_h, t->window.mean, NULL, false};
    series[0] = (pj_chart_series){"grid", PJ_CHART_STEP, profile, count + 1};
    series[1] = (pj_chart_series){"best window", PJ_CHART_LINE, window, 2};
    chart->title = t->asked.profile;
    chart->x.title = "hour of the profile";
    chart->y = (pj_chart_axis){.title = "gCO2e/kWh", .from_zero = true};
    chart->series = series;
    chart->count = 2;
    return chart;
}

pj_status pj_timing_write(const pj_timing *timing, const pj_report_options *options, pj_sink sink, void *payload,
                          pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .chart = chart_of};
    return pj_tell(&pieces, timing, options, sink, payload, err);
}
