/* Several models, or tables, side by side: one row of totals for each run. */
#include "page/say.h"
#include "picojoule/version.h"
#include "report/findings.h"
#include "report/view.h"
#include "setup/setup.h"

typedef struct input {
    const pj_run *run;
    size_t count, failed;
    const pj_run **by_energy; /* those that failed last */
    const pj_setup *setup;    /* of the first that did not */
} input;

static double cost(const pj_run *run)
{
    return run->result ? pj_energy_total(&run->result->totals.energy) : -1;
}

/* The dearest first, else in the order given. */
static int compare(const void *a, const void *b)
{
    const pj_run *one = *(const pj_run *const *)a, *other = *(const pj_run *const *)b;
    double x = cost(one), y = cost(other);
    return x > y ? -1 : x < y ? 1 : one < other ? -1 : one > other;
}

static bool differ(const input *in, bool by_table)
{
    for (size_t i = 1; i < in->count; i++)
        if (strcmp(by_table ? in->run[i].table : in->run[i].model, by_table ? in->run[0].table : in->run[0].model) != 0)
            return true;
    return false;
}

static pj_rows *rows_of(const input *in, bool for_people, pj_arena *arena)
{
    pj_columns of = {.arena = arena,
                     .table = PJ_COLUMNS_RUNS,
                     .for_people = for_people,
                     .has_errors = in->failed > 0,
                     .one_table = !differ(in, true),
                     .unit = in->setup ? in->setup->unit : "pJ",
                     .devices = in->setup ? in->setup->devices : NULL,
                     .device_count = in->setup ? in->setup->device_count : 0};
    pj_columns_made *columns = NULL;
    for (size_t i = 0; i < in->count; i++)
        of.has_uncounted = of.has_uncounted || (in->run[i].result && in->run[i].result->totals.uncounted > 0);
    pj_rows *rows = pj_columns_make(&of, &columns);
    for (size_t i = 0; rows && i < in->count; i++) {
        const pj_run *run = for_people ? in->by_energy[i] : &in->run[i];
        pj_view_row row = {.name = run->model, .table = run->table, .error = run->error};
        if (run->result) {
            row.sum = run->result->totals;
            row.options = pj_columns_options(&run->result->setup, arena);
        }
        pj_columns_fill(columns, &row, pj_rows_add(rows));
    }
    return rows;
}

static pj_rows *table_of(const void *data, pj_arena *arena)
{
    return rows_of(data, false, arena);
}

/* "3 models, the dearest first; table horowitz-45nm" */
static void add_title(const input *in, const pj_rows *rows, pj_str *out)
{
    bool models = differ(in, false), tables = differ(in, true);
    if (!models)
        pj_say(out, "{}: ", pj_w_text(in->run[0].model));
    pj_say(out, "{}, the dearest first",
           models && !tables ? pj_w_plural(in->count, "model", "models") : pj_w_plural(in->count, "run", "runs"));
    if (!tables)
        pj_say(out, "; table {}", pj_w_text(in->run[0].table));
    pj_str_add(out, pj_rows_remark(rows));
}

static void page_of(const void *data, pj_page *page)
{
    const input *in = data;
    const pj_rows *rows = rows_of(in, true, page->arena);
    pj_str text = pj_str_new(0);
    if (rows)
        add_title(in, rows, &text);
    pj_page_lead(page, &text);
    pj_page_table(page, rows, 0);
    if (in->failed)
        pj_page_say(page, PJ_BLOCK_HEADING, "Not analyzed");
    for (size_t i = 0; i < in->count; i++) {
        if (!in->run[i].error)
            continue;
        pj_say(&text, "{}: {}", pj_w_text(in->run[i].model), pj_w_text(in->run[i].error));
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
}

static void json_of(const void *data, pj_arena *arena, pj_json_writer *json)
{
    pj_json_put_text(json, "schema", "picojoule.runs/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_write_key(json, "runs");
    pj_rows_json(table_of(data, arena), json);
}

/* Figures of one column are of one kind. */
static pj_status check_units(const input *in, pj_error *err)
{
    for (size_t i = 0; i < in->count; i++) {
        const pj_result *result = in->run[i].result;
        if (result && strcmp(result->setup.unit, in->setup->unit) != 0)
            return pj_fail(err, PJ_EARGUMENT, "joules of table %.80s and multiples of table %.80s cannot be compared",
                           strcmp(in->setup->unit, "pJ") == 0 ? in->setup->table : result->setup.table,
                           strcmp(in->setup->unit, "pJ") == 0 ? result->setup.table : in->setup->table);
    }
    return PJ_OK;
}

pj_status pj_runs_write(const pj_run *runs, size_t count, const pj_report_options *options, pj_sink sink, void *payload,
                        pj_error *err)
{
    static const pj_pieces pieces = {
        .page = page_of, .table = table_of, .json = json_of, .no_chart = PJ_CHART_OF_SWEEPS};
    pj_arena *arena = pj_arena_new(0);
    input in = {.run = runs, .count = count, .by_energy = arena ? PJ_NEW(arena, const pj_run *, count) : NULL};
    pj_status status = pj_got(in.by_energy, err);
    for (size_t i = 0; status == PJ_OK && i < count; i++) {
        in.by_energy[i] = &runs[i];
        in.failed += runs[i].error != NULL;
        in.setup = in.setup || !runs[i].result ? in.setup : &runs[i].result->setup;
    }
    if (status == PJ_OK) {
        qsort(in.by_energy, count, sizeof *in.by_energy, compare);
        status = check_units(&in, err);
    }
    if (status == PJ_OK)
        status = pj_tell(&pieces, &in, options, sink, payload, err);
    pj_arena_free(arena);
    return status;
}
