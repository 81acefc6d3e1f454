/* Quality against energy: the frontier of a training run, and the point to take, in each format. */
#include "page/page.h"
#include "page/say.h"
#include "picojoule/history.h"
#include "picojoule/version.h"
#include "result/field.h"
#include "setup/setup.h"

static const pj_pareto_point *best_of(const pj_pareto *pareto)
{
    return &pareto->points[pareto->frontier[pareto->frontier_count - 1]];
}

static const pj_pareto_point *pick_of(const pj_pareto *pareto)
{
    return &pareto->points[pareto->pick];
}

/* "10 %", "2.5 %" */
static void add_within(const pj_pareto *pareto, pj_str *out)
{
    pj_str_add_double(out, pareto->within * 100);
    pj_str_add(out, " %");
}

static bool same_basis(const char *a, const char *b)
{
    return a && b ? pj_basis_same(a, b) : a == b;
}

/* A point whose energy rests on something else than that of the first point; NULL: there is none. */
static const pj_pareto_point *other_basis(const pj_pareto *pareto)
{
    for (size_t i = 1; i < pareto->count; i++)
        if (!same_basis(pareto->points[i].basis, pareto->points[0].basis))
            return &pareto->points[i];
    return NULL;
}

/* clang-format off */
static const pj_column frontier_columns[] = {
    {PJ_MEMBER(pj_pareto_point, label), .title = "label", .kind = PJ_CELL_TEXT, .wish = 32, .least = 12},
    {PJ_MEMBER(pj_pareto_point, quality), .title = "quality", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_pareto_point, energy), .title = "energy", .kind = PJ_CELL_ENERGY},
    {.title = "", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */

static const char *remark_on(const pj_pareto *pareto, const pj_pareto_point *point, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    if (point == pick_of(pareto)) {
        pj_str_add(&text, "least energy within ");
        add_within(pareto, &text);
        pj_str_add(&text, " of the best quality");
    }
    if (point == best_of(pareto))
        pj_str_add(&text, point == pick_of(pareto) ? "; best quality" : "best quality");
    return pj_str_keep(&text, arena);
}

static pj_rows *frontier_rows(const pj_pareto *pareto, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, frontier_columns, sizeof frontier_columns / sizeof *frontier_columns);
    for (size_t i = 0; rows && i < pareto->frontier_count; i++) {
        const pj_pareto_point *point = &pareto->points[pareto->frontier[i]];
        pj_cell_text(&pj_rows_add_of(rows, point)[3], remark_on(pareto, point, arena));
    }
    if (rows)
        rows->unit = pareto->points[0].unit;
    return rows;
}

/* "run.db: 12 points, 5 on the frontier; lower quality is better" */
static void add_title(const pj_pareto *pareto, const pj_rows *rows, pj_str *out)
{
    pj_say(out, "{}: {}", pj_w_text(pareto->file), pj_w_plural(pareto->count, "point", "points"));
    pj_str_printf(out, ", %zu on the frontier; %s quality is better%s", pareto->frontier_count,
                  pareto->higher_is_better ? "higher" : "lower", pj_rows_remark(rows));
}

static const char bases_differ[] =
    "The energies rest on different tables or settings, or some were only stated: do they"
    " compare? --format csv tells the basis of each.";

/* Of one table, what differs can be said: "run.onnx: table with other contents". */
static void add_difference(const pj_pareto_point *now, const pj_pareto_point *before, pj_page *page)
{
    pj_str text = pj_str_new(0), line = pj_str_new(0);
    const char *of_now = now->basis ? strstr(now->basis, " --") : NULL;
    const char *of_before = before->basis ? strstr(before->basis, " --") : NULL;
    size_t head = of_now ? (size_t)(of_now - now->basis) : 0;
    if (!of_now || !of_before || strncmp(now->basis, before->basis, head + sizeof " --" - 1) != 0)
        return;
    pj_basis_difference(of_now + 1, of_before + 1, true, &text);
    pj_say(&line, "{}: {}", pj_w_text(now->label), pj_w_text(text.data));
    page->failed = page->failed || text.failed;
    pj_str_free(&text);
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &line);
}

static void page_of(const void *input, pj_page *page)
{
    const pj_pareto *pareto = input;
    pj_rows *rows = frontier_rows(pareto, page->arena);
    pj_str title = pj_str_new(0);
    if (rows)
        add_title(pareto, rows, &title);
    pj_page_lead(page, &title);
    pj_page_table(page, rows, 0);
    if (!other_basis(pareto))
        return;
    page->gap = true;
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, bases_differ)->ours = true;
    add_difference(other_basis(pareto), &pareto->points[0], page);
}

/* clang-format off */
static const pj_column point_columns[] = {
    {PJ_MEMBER(pj_pareto_point, id), .key = "id", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_pareto_point, label), .key = "label", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_pareto_point, quality), .key = "quality", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_pareto_point, energy), .key = pj_key_energy_pj, .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_pareto_point, dominated), .key = "dominated", .kind = PJ_CELL_FLAG},
    {.key = "pick", .kind = PJ_CELL_FLAG},
    {PJ_MEMBER(pj_pareto_point, time), .key = "time", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_pareto_point, basis), .key = "basis", .kind = PJ_CELL_TEXT},
};
enum { POINT_COLUMNS = sizeof point_columns / sizeof *point_columns };
/* clang-format on */

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_pareto *pareto = input;
    pj_column *columns = pj_arena_memdup(arena, point_columns, POINT_COLUMNS, sizeof *columns);
    pj_rows *rows = columns ? pj_rows_new(arena, columns, POINT_COLUMNS) : NULL;
    if (rows && strcmp(pareto->points[0].unit, "pJ") != 0)
        columns[3].key = "energy_relative";
    for (size_t i = 0; rows && i < pareto->count; i++)
        pj_cell_flag(&pj_rows_add_of(rows, &pareto->points[i])[5], i == pareto->pick);
    return rows;
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_pareto *pareto = input;
    pj_json_put_text(json, "schema", "picojoule.pareto/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "file", pareto->file);
    pj_json_put_text(json, "better", pareto->higher_is_better ? "higher" : "lower");
    pj_json_put_text(json, "unit", pareto->points[0].unit);
    pj_json_write_key(json, "points");
    pj_rows_json(table_of(pareto, arena), json);
    pj_json_put_begin(json, "frontier", PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < pareto->frontier_count; i++)
        pj_json_write_int(json, pareto->points[pareto->frontier[i]].id);
    pj_json_write_end(json);
    pj_json_put_double(json, "within", pareto->within);
    pj_json_put_int(json, "pick", pick_of(pareto)->id);
}

/* "step=4000: 12.3 at 388.1 uJ" */
static const char *note_of(const pj_pareto_point *point, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    if (point->label)
        pj_str_printf(&text, "%s: ", point->label);
    pj_str_add_double(&text, point->quality);
    pj_say(&text, " at {}", pj_w_energy(point->energy, point->unit));
    return pj_str_keep(&text, arena);
}

static pj_chart_point point_of(const pj_pareto_point *point, double factor, pj_arena *arena)
{
    return (pj_chart_point){point->energy / factor, point->quality, note_of(point, arena), false};
}

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    enum { SERIES = 3 };
    const pj_pareto *pareto = input;
    pj_chart_point *others = PJ_NEW(arena, pj_chart_point, pareto->count);
    pj_chart_point *frontier = PJ_NEW(arena, pj_chart_point, pareto->frontier_count);
    pj_chart_point *pick = PJ_NEW(arena, pj_chart_point, 1);
    pj_chart_series *series = PJ_NEW(arena, pj_chart_series, SERIES);
    pj_chart *chart = PJ_NEW(arena, pj_chart, 1);
    size_t other_count = 0;
    double most = 0;
    for (size_t i = 0; i < pareto->count; i++)
        most = fmax(most, pareto->points[i].energy);
    pj_scale scale = pj_scale_energy(most, pareto->points[0].unit);
    if (!others || !frontier || !pick || !series || !chart)
        return NULL;
    for (size_t i = 0; i < pareto->count; i++)
        if (pareto->points[i].dominated)
            others[other_count++] = point_of(&pareto->points[i], scale.factor, arena);
    for (size_t i = 0; i < pareto->frontier_count; i++)
        frontier[i] = point_of(&pareto->points[pareto->frontier[i]], scale.factor, arena);
    *pick = point_of(pick_of(pareto), scale.factor, arena);
    pj_str within = pj_str_new(0);
    pj_str_add(&within, "least energy within ");
    add_within(pareto, &within);
    pj_str_add(&within, " of the best");
    series[0] = (pj_chart_series){other_count ? "dominated" : NULL, PJ_CHART_PALE, others, other_count};
    series[1] = (pj_chart_series){"frontier", PJ_CHART_STEP, frontier, pareto->frontier_count};
    series[2] = (pj_chart_series){pj_str_keep(&within, arena), PJ_CHART_LABELS, pick, 1};
    chart->title = pareto->file;
    chart->x.title = pj_axis_title("energy of one run", scale.unit, arena);
    chart->y.title = pj_axis_title("quality", pareto->higher_is_better ? "higher is better" : "lower is better", arena);
    chart->series = series;
    chart->count = SERIES;
    return chart;
}

pj_status pj_pareto_write(const pj_pareto *pareto, const pj_report_options *report, pj_sink sink, void *payload,
                          pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .chart = chart_of};
    return pj_tell(&pieces, pareto, report, sink, payload, err);
}
