/* The trade-off of energy and noise as text, Markdown, CSV, JSON and a chart. */
#include <math.h>
#include <string.h>

#include "report/plan.h"
#include "report/svg.h"

/* clang-format off */
static const pj_column columns[] = {
    {.key = "energy", .title = "energy", .kind = PJ_CELL_ENERGY},
    {.key = "share", .title = "share", .kind = PJ_CELL_SHARE},
    {.key = "noise", .kind = PJ_CELL_NUMBER},
    {.title = "noise", .kind = PJ_CELL_TEXT},
    {.key = "what", .title = "", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

enum { COLUMNS = sizeof columns / sizeof *columns, MOST_ROWS = 40 };

/* Text shows so many points at most, evenly, with the knee and both ends. */
static bool is_shown(const pj_plan_result *result, size_t at, bool for_people)
{
    size_t count = result->frontier_count;
    if (!for_people || count <= MOST_ROWS || at == 0 || at + 1 == count || at == result->knee)
        return true;
    return at * MOST_ROWS / count != (at - 1) * MOST_ROWS / count;
}

static void add_point(pj_rows *rows, const pj_plan_result *result, double energy, double noise, const char *what)
{
    pj_cell *cell = pj_rows_add(rows);
    pj_cell_number(&cell[0], energy);
    if (result->now.energy > 0)
        pj_cell_number(&cell[1], energy / result->now.energy);
    pj_cell_number(&cell[2], noise);
    pj_str text = pj_str_new(0);
    pj_plan_noise_print(&text, noise);
    pj_cell_text(&cell[3], pj_str_keep(&text, rows->arena));
    pj_cell_text(&cell[4], what);
}

static pj_rows *rows_of(const pj_plan_result *result, bool for_people, pj_arena *arena)
{
    const pj_column *named = pj_plan_columns(columns, COLUMNS, result->unit, arena);
    pj_rows *rows = named ? pj_rows_new(arena, named, COLUMNS) : NULL;
    if (!rows)
        return NULL;
    rows->unit = result->unit;
    for (size_t i = 0; i < result->frontier_count; i++) {
        const pj_plan_point *at = &result->frontier[i];
        if (is_shown(result, i, for_people))
            add_point(rows, result, at->energy, at->noise, i == result->knee ? "knee" : NULL);
    }
    for (size_t i = 0; i < result->uniform_count && !for_people; i++)
        add_point(rows, result, result->uniform[i].totals.energy, result->uniform[i].totals.noise,
                  result->uniform[i].label);
    return rows->failed || pj_arena_failed(arena) ? NULL : rows;
}

static void add_title(const pj_plan_result *result, const pj_rows *rows, pj_str *out)
{
    pj_text_clean(out, result->model);
    pj_str_printf(out, ": %zu plans, %s; energies in %s, sums over layers; noise: %s", result->frontier_count,
                  result->frontier_complete ? "all that no other beats" : "those on the convex hull",
                  pj_rows_scale(rows, PJ_CELL_ENERGY, 0).unit, result->sensitivity);
}

static void write_json(const pj_plan_result *result, pj_str *out)
{
    pj_json_writer json = pj_json_writer_new(out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_write_key(&json, "schema");
    pj_json_write_text(&json, "picojoule.frontier/1");
    pj_plan_basis_json(result, &json);
    pj_json_write_key(&json, "complete");
    pj_json_write_bool(&json, result->frontier_complete);
    pj_json_write_key(&json, "knee");
    pj_json_write_int(&json, (int64_t)result->knee);
    pj_json_write_key(&json, "points");
    pj_json_write_begin(&json, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < result->frontier_count; i++) {
        pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_write_key(&json, "energy");
        pj_json_write_double(&json, result->frontier[i].energy);
        pj_json_write_key(&json, "noise");
        pj_json_write_double(&json, result->frontier[i].noise);
        pj_json_write_end(&json);
    }
    pj_json_write_end(&json);
    pj_plan_uniform_json(result, &json);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}

void pj_plan_frontier_print(const pj_plan_result *result, pj_output output, const pj_text_style *style, pj_arena *arena,
                            pj_str *out)
{
    bool for_people = output == PJ_OUTPUT_TEXT || output == PJ_OUTPUT_MARKDOWN;
    const pj_rows *rows = rows_of(result, for_people, arena);
    pj_str title = pj_str_new(0);
    if (!rows) {
        out->failed = true;
        return;
    }
    add_title(result, rows, &title);
    switch (output) {
    case PJ_OUTPUT_TEXT:
        pj_text_wrap(out, title.data, 0, 2, style->width);
        pj_str_add(out, "\n\n");
        pj_rows_text(rows, style, 0, out);
        break;
    case PJ_OUTPUT_JSON:
        write_json(result, out);
        break;
    case PJ_OUTPUT_CSV:
        pj_rows_csv(rows, out);
        break;
    case PJ_OUTPUT_MARKDOWN:
        pj_markdown_escape(out, title.data);
        pj_str_add(out, "\n\n");
        pj_rows_markdown(rows, out);
        break;
    }
    out->failed = out->failed || title.failed;
    pj_str_free(&title);
}

/* ---- the chart ---- */

static const char *note_of(const pj_plan_result *result, double energy, double noise, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_human_energy(&text, energy, result->unit);
    pj_str_add(&text, ", noise ");
    pj_plan_noise_print(&text, noise);
    return pj_str_keep(&text, arena);
}

/* The axis of noise is logarithmic: plans without noise are drawn below all others. */
static double floor_of(const pj_plan_result *result)
{
    double least = INFINITY;
    for (size_t i = 0; i < result->frontier_count; i++)
        if (result->frontier[i].noise > 0)
            least = fmin(least, result->frontier[i].noise);
    for (size_t i = 0; i < result->uniform_count; i++)
        if (result->uniform[i].totals.noise > 0)
            least = fmin(least, result->uniform[i].totals.noise);
    return isfinite(least) ? least / 4 : 1;
}

static const char *uniform_note(const pj_plan_uniform *uniform, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s", uniform->label, uniform->totals.noise > 0 ? "" : " (no noise)");
    return pj_str_keep(&text, arena);
}

void pj_plan_frontier_svg(const pj_plan_result *result, pj_arena *arena, pj_str *out)
{
    size_t count = result->frontier_count, others = result->uniform_count;
    pj_svg_point *points = PJ_NEW(arena, pj_svg_point, count), *marked = PJ_NEW(arena, pj_svg_point, others);
    pj_svg_point *knee = PJ_NEW(arena, pj_svg_point, 1);
    pj_scale scale = pj_scale_energy(result->now.energy, result->unit);
    double least = floor_of(result);
    if (!points || !marked || !knee) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const pj_plan_point *at = &result->frontier[i];
        points[i] = (pj_svg_point){at->energy / scale.factor, fmax(at->noise, least),
                                   note_of(result, at->energy, at->noise, arena), false};
    }
    for (size_t i = 0; i < others; i++) {
        const pj_plan_totals *at = &result->uniform[i].totals;
        marked[i] = (pj_svg_point){at->energy / scale.factor, fmax(at->noise, least),
                                   uniform_note(&result->uniform[i], arena), false};
    }
    if (count)
        knee[0] = points[result->knee];
    const pj_svg_series series[] = {
        {"best plans",            PJ_SVG_LINE,   points, count        },
        {"one format everywhere", PJ_SVG_LABELS, marked, others       },
        {"knee",                  PJ_SVG_DOTS,   knee,   count ? 1 : 0}
    };
    pj_str axis = pj_str_new(0), subtitle = pj_str_new(0);
    pj_str_printf(&axis, "energy of one run (%s)", scale.unit);
    pj_str_printf(&subtitle, "table %s; noise: %s", result->table, result->sensitivity);
    const pj_svg_chart chart = {
        .title = result->model,
        .subtitle = subtitle.data,
        .x = {.title = axis.data,                           .from_zero = true},
        .y = {.title = "noise (sum over layers, relative)", .log = true      },
        .series = series,
        .count = sizeof series / sizeof *series
    };
    pj_svg_write(&chart, out);
    out->failed = out->failed || axis.failed || subtitle.failed || pj_arena_failed(arena);
    pj_str_free(&axis);
    pj_str_free(&subtitle);
}
