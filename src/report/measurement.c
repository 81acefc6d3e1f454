/* `picojoule measure`: joules of a command, with what they were read from. */
#include "page/say.h"
#include "picojoule/measure.h"
#include "picojoule/version.h"
#include "report/footprint_words.h"

/* ---- the page ---- */

static void digits(double value, pj_str *out)
{
    pj_footprint_digits(value, out);
}

/* "resnet.py" of "/home/me/resnet.py --fast". */
static void command_words(const pj_measurement *m, pj_str *out)
{
    const char *first = m->command && m->command[0] ? m->command[0] : "the machine", *slash = strrchr(first, '/');
    pj_say(out, "{}", pj_w_text(slash && slash[1] ? slash + 1 : first));
}

/* "measured: package-0, package-1, GPU 0" */
static void source_words(const pj_measurement *m, pj_str *out)
{
    bool first = true;
    pj_str_printf(out, "%s: ", strcmp(m->kind, "estimate") == 0 ? "ESTIMATE, not measured" : m->kind);
    for (size_t i = 0; i < m->domain_count; i++) {
        if (!m->domains[i].added)
            continue;
        pj_str_add(out, first ? "" : ", ");
        pj_say(out, "{}", pj_w_text(m->domains[i].name));
        if (m->domains[i].is_estimate && strcmp(m->kind, "mixed") == 0)
            pj_str_add(out, " (ESTIMATE)");
        first = false;
    }
    if (first)
        pj_str_add(out, "nothing");
}

static void lead(const pj_measurement *m, pj_page *page)
{
    pj_str text = pj_str_new(0);
    command_words(m, &text);
    pj_str_printf(&text, ", %zu run%s of ", m->joules.n, m->joules.n == 1 ? "" : "s");
    pj_str_add_double(&text, m->queries);
    pj_str_add(&text, m->queries == 1 ? " query: " : " queries: ");
    if (isnan(m->joules.mean)) {
        pj_str_add(&text, "no figure");
    } else {
        digits(m->joules.mean, &text);
        pj_str_add(&text, " J");
        if (!isnan(m->joules.low)) {
            pj_str_add(&text, " +- ");
            digits(m->joules.high - m->joules.mean, &text);
            pj_str_add(&text, " (95 %)");
        }
        pj_str_add(&text, ", ");
        digits(m->watts, &text);
        pj_str_add(&text, " W");
    }
    pj_str_add(&text, ", ");
    digits(m->seconds, &text);
    pj_str_add(&text, " s");
    pj_page_add(page, PJ_BLOCK_TITLE, &text)->ours = true;
    source_words(m, &text);
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text)->look = strcmp(m->kind, "measured") == 0 ? PJ_PLAIN : PJ_WARN;
}

static void fact(pj_page *page, const char *name, pj_str *text)
{
    pj_page_add(page, PJ_BLOCK_FACT, text)->lead = name;
}

static void energy_facts(const pj_measurement *m, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (m->footprint && m->footprint->row_count) {
        const pj_footprint_row *row = &m->footprint->rows[0];
        digits(row->thousand.kwh_site, &text);
        pj_str_add(&text, " kWh, ");
        digits(row->thousand.gco2e, &text);
        pj_str_add(&text, " gCO2e (PUE ");
        pj_str_add_double(&text, row->pue);
        pj_str_add(&text, "; ");
        pj_region_words(row->region, &text);
        pj_str_add(&text, ")");
        fact(page, "1000 queries", &text);
    }
    if (!isnan(m->idle.watts)) {
        digits(m->above_idle_j, &text);
        pj_str_add(&text, " J above the baseline of ");
        digits(m->idle.watts, &text);
        pj_say(&text, " W ({})", pj_w_text(m->idle.source));
        fact(page, "above idle", &text);
    }
    if (m->of_command && !isnan(m->share.cpu_share)) {
        digits(isnan(m->share.command_j) ? m->share.command_with_idle_j : m->share.command_j, &text);
        pj_str_add(&text, " J of processors and memory are the command's, by CPU time (");
        digits(m->share.cpu_share * 100, &text);
        pj_str_add(&text, " % of the machine's; clocks, vector units and hyperthreads are not seen)");
        fact(page, "its share", &text);
    }
    if (m->joules.n >= 2) {
        digits(m->joules.sd, &text);
        pj_str_add(&text, " J standard deviation, ");
        digits(m->joules.cv_percent, &text);
        pj_str_add(&text, " %");
        if (!isnan(m->joules.drift_percent))
            pj_str_add(&text, m->joules.steady ? ", steady" : ", NOT steady");
        fact(page, "runs", &text);
    }
}

/* clang-format off */
static const pj_column page_columns[] = {
    {.title = "domain", .kind = PJ_CELL_TEXT, .wish = 32, .least = 12},
    {.title = "source", .kind = PJ_CELL_TEXT},
    {.title = "part", .kind = PJ_CELL_TEXT, .rank = 1},
    {.title = "J", .kind = PJ_CELL_TEXT},
    {.title = "W", .kind = PJ_CELL_TEXT},
    {.title = "most W", .kind = PJ_CELL_TEXT, .rank = 2},
    {.title = "added", .kind = PJ_CELL_TEXT},
    {.title = "samples", .kind = PJ_CELL_COUNT, .rank = 2},
};
/* clang-format on */

static void digits_cell(pj_cell *cell, pj_rows *rows, double value)
{
    pj_str text = pj_str_new(0);
    if (isnan(value))
        return;
    digits(value, &text);
    pj_cell_made(cell, rows, &text);
}

static void page_of(const void *input, pj_page *page)
{
    const pj_measurement *m = input;
    pj_rows *rows = pj_rows_new(page->arena, page_columns, sizeof page_columns / sizeof *page_columns);
    lead(m, page);
    energy_facts(m, page);
    for (size_t i = 0; rows && i < m->domain_count; i++) {
        const pj_domain_figure *d = &m->domains[i];
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], d->name);
        pj_cell_text(&cell[1], d->is_estimate ? "ESTIMATE" : d->source);
        pj_cell_text(&cell[2], d->part);
        digits_cell(&cell[3], rows, d->joules);
        digits_cell(&cell[4], rows, d->watts_mean);
        digits_cell(&cell[5], rows, d->watts_max);
        pj_cell_text(&cell[6], d->added ? "yes" : "no");
        pj_cell_count(&cell[7], (int64_t)d->samples);
    }
    page->gap = true;
    pj_page_table(page, rows, 0);
    page->gap = true;
    for (size_t i = 0; i < m->finding_count; i++) {
        pj_str text = pj_str_new(0);
        pj_say(&text, "{} [{}]", pj_w_text(m->findings[i].message), pj_w_ours(m->findings[i].code));
        pj_page_add(page, PJ_BLOCK_ITEM, &text)->look = PJ_WARN;
    }
}

/* ---- for programs ---- */

/* clang-format off */
static const pj_column columns[] = {
    {.key = "source", .kind = PJ_CELL_TEXT, PJ_MEMBER(pj_domain_figure, source)},
    {.key = "name", .kind = PJ_CELL_TEXT, PJ_MEMBER(pj_domain_figure, name)},
    {.key = "part", .kind = PJ_CELL_TEXT, PJ_MEMBER(pj_domain_figure, part)},
    {.key = "joules", .kind = PJ_CELL_NUMBER, PJ_MEMBER(pj_domain_figure, joules)},
    {.key = "watts_mean", .kind = PJ_CELL_NUMBER, PJ_MEMBER(pj_domain_figure, watts_mean)},
    {.key = "watts_max", .kind = PJ_CELL_NUMBER, PJ_MEMBER(pj_domain_figure, watts_max)},
    {.key = "covered_s", .kind = PJ_CELL_NUMBER, PJ_MEMBER(pj_domain_figure, covered_s)},
    {.key = "wraps", .kind = PJ_CELL_COUNT, PJ_MEMBER(pj_domain_figure, wraps)},
    {.key = "lost_intervals", .kind = PJ_CELL_COUNT, PJ_MEMBER(pj_domain_figure, lost_intervals)},
    {.key = "samples", .kind = PJ_CELL_COUNT, PJ_MEMBER(pj_domain_figure, samples)},
    {.key = "added", .kind = PJ_CELL_FLAG, PJ_MEMBER(pj_domain_figure, added)},
    {.key = "kind", .kind = PJ_CELL_TEXT},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_measurement *m = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < m->domain_count; i++) {
        pj_cell *cell = pj_rows_add_of(rows, &m->domains[i]);
        pj_cell_text(&cell[COLUMNS - 1], m->domains[i].is_estimate ? "estimate" : "measured");
    }
    return rows;
}

static void put_host(const pj_host *host, pj_json_writer *json)
{
    pj_json_put_begin(json, "host", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "cpu_model", host->cpu_model);
    pj_json_put_uint(json, "cores", host->cores);
    pj_json_put_double(json, "ram_gib", host->ram_gib);
    pj_json_put_begin(json, "gpus", PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < host->gpu_count; i++)
        pj_json_write_text(json, host->gpus[i]);
    pj_json_write_end(json);
    pj_json_put_double(json, "celsius_start", host->start_c);
    pj_json_put_double(json, "celsius_end", host->end_c);
    pj_json_write_end(json);
}

static void put_runs(const pj_measurement *m, pj_json_writer *json)
{
    for (int warm = 0; warm < 2; warm++) {
        pj_json_put_begin(json, warm ? "not_counted" : "repetitions", PJ_JSON_WRITE_ARRAY);
        for (size_t i = 0; i < m->run_count; i++) {
            const pj_measured_run *run = &m->runs[i];
            if (run->counted == (warm == 1))
                continue;
            pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
            pj_json_put_double(json, "joules", run->joules);
            pj_json_put_double(json, "seconds", run->seconds);
            pj_json_put_double(json, "cpu_s", run->cpu_s);
            pj_json_put_double(json, "busy_cpu_s", run->busy_cpu_s);
            pj_json_put_double(json, "covered_s", run->covered_s);
            pj_json_write_end(json);
        }
        pj_json_write_end(json);
    }
}

static void put_idle(const pj_idle *idle, pj_json_writer *json)
{
    if (isnan(idle->watts)) {
        pj_json_put_text(json, "idle", NULL);
        return;
    }
    pj_json_put_begin(json, "idle", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_double(json, "watts", idle->watts);
    pj_json_put_double(json, "seconds", idle->seconds);
    pj_json_put_text(json, "source", idle->source);
    pj_json_write_end(json);
}

static void put_share(const pj_share_figures *share, pj_json_writer *json)
{
    pj_json_put_begin(json, "by_share", PJ_JSON_WRITE_OBJECT);
    pj_json_put_double(json, "machine_joules", share->machine_j);
    pj_json_put_double(json, "cpu_share", share->cpu_share);
    pj_json_put_double(json, "command_joules", share->command_j);
    pj_json_put_double(json, "command_above_idle_joules", share->command_above_idle_j);
    pj_json_put_double(json, "command_with_idle_by_share_joules", share->command_with_idle_j);
    pj_json_write_end(json);
}

static void put_result(const pj_measurement *m, pj_json_writer *json)
{
    const double of_query = m->joules.mean / m->queries;
    pj_json_put_begin(json, "result", PJ_JSON_WRITE_OBJECT);
    pj_json_put_double(json, "joules", m->joules.mean);
    pj_json_put_double(json, "median_joules", m->joules.median);
    pj_json_put_double(json, "sd", m->joules.sd);
    if (isnan(m->joules.low)) {
        pj_json_put_text(json, "ci95", NULL);
    } else {
        pj_json_put_begin(json, "ci95", PJ_JSON_WRITE_ARRAY_LINE);
        pj_json_write_double(json, m->joules.low);
        pj_json_write_double(json, m->joules.high);
        pj_json_write_end(json);
    }
    pj_json_put_double(json, "cv_percent", m->joules.cv_percent);
    pj_json_put_double(json, "drift_percent", m->joules.drift_percent);
    if (isnan(m->joules.drift_percent))
        pj_json_put_text(json, "steady", NULL);
    else
        pj_json_put_bool(json, "steady", m->joules.steady);
    pj_json_put_double(json, "watts", m->watts);
    pj_json_put_double(json, "seconds", m->seconds);
    pj_json_put_double(json, "joules_per_query", of_query);
    pj_json_put_double(json, "kwh_per_1000_queries", of_query / 3.6e6 * 1000);
    pj_json_put_double(json, "above_idle_joules", m->above_idle_j);
    pj_json_put_double(json, "extrapolated_joules", m->extrapolated_j);
    if (m->of_command)
        put_share(&m->share, json);
    pj_json_write_end(json);
}

static void put_command(const pj_measurement *m, pj_json_writer *json)
{
    pj_json_put_begin(json, "command", PJ_JSON_WRITE_ARRAY_LINE);
    for (const char *const *word = m->command; word && *word; word++)
        pj_json_write_text(json, *word);
    pj_json_write_end(json);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_measurement *m = input;
    pj_json_put_text(json, "schema", "picojoule.measurement/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    put_command(m, json);
    pj_json_put_int(json, "exit_code", m->exit_code);
    pj_json_put_text(json, "started", m->started);
    put_host(&m->host, json);
    pj_json_put_text(json, "kind", m->kind);
    pj_json_put_text(json, "attribute", m->of_command ? "command" : "machine");
    pj_json_put_double(json, "queries", m->queries);
    pj_json_put_double(json, "interval_s", m->interval_s);
    put_runs(m, json);
    pj_json_write_key(json, "domains");
    pj_rows_json(table_of(m, arena), json);
    put_idle(&m->idle, json);
    put_result(m, json);
    if (m->footprint && m->footprint->row_count) {
        pj_json_put_begin(json, "footprint", PJ_JSON_WRITE_OBJECT);
        pj_footprint_members(m->footprint, json);
        pj_json_write_end(json);
    } else {
        pj_json_put_text(json, "footprint", NULL);
    }
    pj_json_put_begin(json, "diagnostics", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < m->finding_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "code", m->findings[i].code);
        pj_json_put_text(json, "domain", m->findings[i].node);
        pj_json_put_text(json, "message", m->findings[i].message);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

pj_status pj_measurement_write(const pj_measurement *measurement, const pj_report_options *options, pj_sink sink,
                               void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of};
    return pj_tell(&pieces, measurement, options, sink, payload, err);
}
