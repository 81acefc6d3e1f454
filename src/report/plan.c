/* Plans as text, Markdown, CSV and JSON. */
#include "report/plan.h"
#include "base/real.h"
#include "page/say.h"
#include "picojoule/version.h"
#include "plan/rows.h"
#include "report/findings.h"

/* clang-format off */
static const pj_column layer_columns[] = {
    {PJ_MEMBER(pj_plan_layer, name), .key = "layer", .title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 16},
    {PJ_MEMBER(pj_plan_layer, op), .key = "op", .title = "op", .kind = PJ_CELL_TEXT, .rank = 5},
    {PJ_MEMBER(pj_plan_layer, now), .key = "now", .title = "now", .kind = PJ_CELL_TEXT, .rank = 6},
    {PJ_MEMBER(pj_plan_layer, then), .key = "then", .title = "plan", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_plan_layer, energy_now), .key = "energy_now", .title = "energy", .kind = PJ_CELL_ENERGY, .rank = 4},
    {PJ_MEMBER(pj_plan_layer, energy_then), .key = "energy_then", .title = "then", .kind = PJ_CELL_ENERGY},
    {.key = "noise", .kind = PJ_CELL_NUMBER},
    {.title = "noise", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_plan_layer, group), .key = "group", .kind = PJ_CELL_COUNT},
    {.title = "up", .kind = PJ_CELL_TEXT, .rank = 2},
    {.title = "down", .kind = PJ_CELL_TEXT, .rank = 3},
    {PJ_MEMBER(pj_plan_layer, up.format), .key = "up", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_plan_layer, up.energy), .key = "up_energy", .kind = PJ_CELL_ENERGY},
    {PJ_MEMBER(pj_plan_layer, up.noise), .key = "up_noise", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_plan_layer, up.layers), .key = "up_layers", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_plan_layer, down.format), .key = "down", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_plan_layer, down.energy), .key = "down_energy", .kind = PJ_CELL_ENERGY},
    {PJ_MEMBER(pj_plan_layer, down.noise), .key = "down_noise", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_plan_layer, down.layers), .key = "down_layers", .kind = PJ_CELL_COUNT},
};

static const pj_column total_columns[] = {
    {.key = "measure", .title = "", .kind = PJ_CELL_TEXT},
    {.key = "now", .title = "now", .kind = PJ_CELL_TEXT},
    {.key = "then", .title = "plan", .kind = PJ_CELL_TEXT},
    {.key = "share", .title = "share", .kind = PJ_CELL_SHARE},
    {.key = "budget", .title = "budget", .kind = PJ_CELL_TEXT},
};

static const pj_column uniform_columns[] = {
    {PJ_MEMBER(pj_plan_uniform, label), .key = "format", .title = "everywhere", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_plan_uniform, totals.energy), .key = "energy", .title = "energy", .kind = PJ_CELL_ENERGY},
    {.key = "share", .title = "share", .kind = PJ_CELL_SHARE},
    {PJ_MEMBER(pj_plan_uniform, totals.noise), .key = "noise", .kind = PJ_CELL_NUMBER},
    {.title = "noise", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_plan_uniform, stay_count), .key = "stay", .title = "stay", .kind = PJ_CELL_COUNT, .rank = 2},
    {PJ_MEMBER(pj_plan_uniform, stay_share), .key = "stay_share", .title = "of it", .kind = PJ_CELL_SHARE, .rank = 1},
    {PJ_MEMBER(pj_plan_uniform, stay_names), .key = "stay_names", .title = "most of it in", .kind = PJ_CELL_TEXT, .wish = 40, .least = 16},
};
/* clang-format on */

enum {
    NAME = 0, /* places in the table of layers */
    NOW = 4,
    THEN = 5,
    ROWS_SHOWN = 20,
    LAYER_COLUMNS = sizeof layer_columns / sizeof *layer_columns,
    TOTAL_COLUMNS = sizeof total_columns / sizeof *total_columns,
    UNIFORM_COLUMNS = sizeof uniform_columns / sizeof *uniform_columns
};

void pj_plan_noise_print(pj_str *out, double noise)
{
    double size = fabs(noise);
    int power = size > 0 ? (int)floor(pj_log10(size)) : 0;
    if (size == 0 || (power >= -3 && power < 3)) {
        pj_str_add_fixed(out, noise, size == 0 ? 0 : power >= 2 ? 0 : 2 - power);
        return;
    }
    double digits = noise / pj_pow(10, power);
    if (fabs(digits) >= 9.995) { /* would be printed as 10.00 */
        digits /= 10;
        power++;
    }
    pj_str_add_fixed(out, digits, 2);
    pj_str_printf(out, "e%d", power);
}

static const char *noise_text(double noise, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_plan_noise_print(&text, noise);
    return pj_str_keep(&text, arena);
}

/* "fp16 +3.21 uJ": the format, and what it does to the energy. */
static const char *step_text(const pj_plan_step *step, const char *unit, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    if (!step->format)
        return NULL;
    pj_str_printf(&text, "%s %s", step->format, step->energy < 0 ? "" : "+");
    pj_brief_energy(&text, step->energy, unit);
    if (step->layers > 1)
        pj_str_printf(&text, " (%zu)", step->layers);
    return pj_str_keep(&text, arena);
}

static bool is_shown(const pj_plan_layer *layer, bool for_people)
{
    return !for_people || layer->energy_now > 0 || layer->energy_then > 0;
}

const pj_column *pj_plan_columns(const pj_column *columns, size_t count, const char *unit, pj_arena *arena)
{
    pj_column *named = pj_arena_memdup(arena, columns, count, sizeof *columns);
    for (size_t i = 0; named && i < count; i++) {
        if (named[i].kind != PJ_CELL_ENERGY || !named[i].key)
            continue;
        pj_str key = pj_str_new(0);
        pj_str_printf(&key, "%s_%s", named[i].key, strcmp(unit, "pJ") == 0 ? "pj" : unit);
        named[i].key = pj_str_keep(&key, arena);
    }
    return named;
}

static void add_layer(const pj_plan_layer *at, bool for_people, pj_rows *rows)
{
    enum { UP = 11, DOWN = 15, STEP = 4 };
    pj_cell *cell = pj_rows_add_of(rows, at);
    if (at->has_weights) {
        pj_cell_number(&cell[6], at->noise);
        pj_cell_text(&cell[7], for_people ? noise_text(at->noise, rows->arena) : "");
    }
    if (!at->up.format)
        memset(&cell[UP], 0, STEP * sizeof *cell);
    if (!at->down.format)
        memset(&cell[DOWN], 0, STEP * sizeof *cell);
    if (for_people) {
        pj_cell_text(&cell[9], step_text(&at->up, rows->unit, rows->arena));
        pj_cell_text(&cell[10], step_text(&at->down, rows->unit, rows->arena));
    }
}

static int by_energy(const void *a, const void *b)
{
    const pj_plan_layer *x = *(const pj_plan_layer *const *)a, *y = *(const pj_plan_layer *const *)b;
    return x->energy_now != y->energy_now ? (x->energy_now < y->energy_now ? 1 : -1) : x < y ? -1 : x > y;
}

static int by_place(const void *a, const void *b)
{
    const pj_plan_layer *x = *(const pj_plan_layer *const *)a, *y = *(const pj_plan_layer *const *)b;
    return x < y ? -1 : x > y;
}

/* Layers that are shown, in the order of the graph, then those that are left out; *shown: how many those before are. */
static const pj_plan_layer **pick_layers(const pj_plan_result *result, bool for_people, size_t top, pj_arena *arena,
                                         size_t *count, size_t *shown)
{
    const pj_plan_layer **list = PJ_NEW(arena, const pj_plan_layer *, result->layer_count);
    *count = 0;
    for (size_t i = 0; list && i < result->layer_count; i++)
        if (is_shown(&result->layers[i], for_people))
            list[(*count)++] = &result->layers[i];
    *shown = !for_people ? *count : top == PJ_TOP_NONE ? 0 : top ? top : ROWS_SHOWN;
    *shown = *shown < *count ? *shown : *count;
    if (!list || *shown == *count)
        return list;
    qsort(list, *count, sizeof *list, by_energy);
    qsort(list, *shown, sizeof *list, by_place);
    return list;
}

/* "... 551 more", and what they cost. */
static void add_rest(const pj_plan_layer *const *list, size_t count, pj_rows *rows)
{
    double now = 0, then = 0;
    pj_str name = pj_str_new(0);
    pj_cell *cell = pj_rows_add_footer(rows);
    for (size_t i = 0; i < count; i++) {
        now += list[i]->energy_now;
        then += list[i]->energy_then;
    }
    pj_str_printf(&name, "... %zu more (--top)", count);
    pj_cell_made(&cell[NAME], rows, &name);
    pj_cell_number(&cell[NOW], now);
    pj_cell_number(&cell[THEN], then);
}

static pj_rows *layer_rows(const pj_plan_result *result, bool for_people, size_t top, pj_arena *arena)
{
    size_t count, shown;
    const pj_plan_layer **list = pick_layers(result, for_people, top, arena, &count, &shown);
    const pj_column *columns = pj_plan_columns(layer_columns, LAYER_COLUMNS, result->unit, arena);
    pj_rows *rows = columns && list ? pj_rows_new(arena, columns, LAYER_COLUMNS) : NULL;
    if (!rows)
        return NULL;
    rows->unit = result->unit;
    for (size_t i = 0; i < shown; i++)
        add_layer(list[i], for_people, rows);
    if (shown < count)
        add_rest(list + shown, count - shown, rows);
    return rows->failed || pj_arena_failed(arena) ? NULL : rows;
}

static const char *amount_text(const pj_plan_result *result, pj_plan_measure measure, double amount, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    switch (measure) {
    case PJ_PLAN_ENERGY:
        pj_human_energy(&text, amount, result->unit);
        break;
    case PJ_PLAN_PARAM_BYTES:
        pj_human_bits(&text, 8 * amount);
        break;
    case PJ_PLAN_BOPS:
        pj_human_count(&text, amount < 9e18 ? (int64_t)amount : INT64_MAX);
        break;
    case PJ_PLAN_NOISE:
    case PJ_PLAN_MEASURES:
        pj_plan_noise_print(&text, amount);
        if (amount > 0 && amount < 1) {
            pj_str_add(&text, " (");
            pj_str_add_fixed(&text, -10 * pj_log10(amount), 1);
            pj_str_add(&text, " dB)");
        }
        break;
    }
    return pj_str_keep(&text, arena);
}

static const char *budget_text(const pj_plan_result *result, pj_plan_measure measure, pj_arena *arena)
{
    for (size_t k = 0; k < result->limit_count; k++) {
        if (result->limits[k].budget.measure != measure)
            continue;
        pj_str text = pj_str_new(0);
        const char *most = amount_text(result, measure, result->limits[k].most, arena);
        pj_str_printf(&text, "<= %s", most ? most : "");
        return pj_str_keep(&text, arena);
    }
    return NULL;
}

static pj_rows *total_rows(const pj_plan_result *result, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, total_columns, TOTAL_COLUMNS);
    for (int m = 0; rows && m < (int)PJ_PLAN_MEASURES; m++) {
        pj_plan_measure measure = (pj_plan_measure)m;
        double now = pj_plan_total(&result->now, measure), then = pj_plan_total(&result->then, measure);
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], pj_plan_measure_word(measure));
        pj_cell_text(&cell[1], amount_text(result, measure, now, arena));
        pj_cell_text(&cell[2], amount_text(result, measure, then, arena));
        if (now > 0)
            pj_cell_number(&cell[3], then / now);
        pj_cell_text(&cell[4], budget_text(result, measure, arena));
    }
    return rows && !rows->failed ? rows : NULL;
}

static pj_rows *uniform_rows(const pj_plan_result *result, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, uniform_columns, UNIFORM_COLUMNS);
    if (!rows)
        return NULL;
    rows->unit = result->unit;
    for (size_t i = 0; i < result->uniform_count; i++) {
        const pj_plan_totals *totals = &result->uniform[i].totals;
        pj_cell *cell = pj_rows_add_of(rows, &result->uniform[i]);
        pj_cell_number(&cell[2], result->now.energy > 0 ? totals->energy / result->now.energy : 1);
        pj_cell_text(&cell[4], noise_text(totals->noise, arena));
    }
    return rows->failed ? NULL : rows;
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    return layer_rows(((const pj_plan_told *)input)->result, false, 0, arena);
}

/* "the plan with the least noise that keeps the budget; proven" */
static void add_claim(const pj_plan_result *result, pj_str *out)
{
    pj_str_printf(out, "Least %s within the budget%s", result->minimizes_energy ? "energy" : "noise",
                  result->limit_count > 1 ? "s" : "");
    if (result->gap == 0) {
        pj_str_add(out, ", proven");
    } else {
        pj_say(out, ", not proven: at most {} above the optimum", pj_w_share(result->gap));
    }
    if (fabs(result->model_error) >= 0.001) {
        pj_say(out, " (by a sum over layers that is {} {} the whole analysis)", pj_w_share(fabs(result->model_error)),
               pj_w_ours(result->model_error > 0 ? "above" : "below"));
    }
    pj_str_add(out, ".");
}

static void add_basis(const pj_plan_result *result, pj_str *out)
{
    pj_str_printf(out, "Noise: %s. Table %s", result->sensitivity, result->table);
    if (*result->target)
        pj_str_printf(out, ", target %s", result->target);
    pj_str_add(out, ". Formats to choose from: ");
    for (size_t i = 0; i < result->choice_count; i++)
        pj_str_printf(out, "%s%s", i ? ", " : "", result->choices[i]);
    pj_str_add(out, ".");
    if (!result->is_measured)
        pj_str_add(out, " Between formats this noise is a fair guide, between layers it is a guess. Better: `picojoule "
                        "sensitivity MODEL --data SAMPLES -o losses.json`, then `--sensitivity losses.json`.");
}

/* Claim and basis: two paragraphs of text, one of Markdown. */
static void add_words(const pj_plan_result *result, pj_page *page)
{
    pj_str text = pj_str_new(0);
    add_claim(result, &text);
    const char *claim = pj_page_keep(page, &text);
    add_basis(result, &text);
    const char *basis = pj_page_keep(page, &text);
    page->in = PJ_IN_TEXT;
    page->gap = true;
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, claim);
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, basis);
    page->in = PJ_IN_MARKDOWN;
    pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "%s %s", claim, basis)->ours = true;
}

/* The layers, each format alone, findings; then what the plan comes to, at the end, where the prompt is. */
static void page_of(const void *input, pj_page *page)
{
    const pj_plan_told *told = input;
    const pj_plan_result *result = told->result;
    pj_rows *totals = total_rows(result, page->arena), *uniform = uniform_rows(result, page->arena);
    pj_rows *layers = layer_rows(result, true, told->top, page->arena);
    const char *remark = layers ? pj_rows_remark(layers) : "";
    pj_str text = pj_str_new(0);
    pj_text_clean(&text, result->model);
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text)->whole = true;
    page->in = PJ_IN_MARKDOWN;
    pj_page_table(page, totals, 2);
    page->in = PJ_IN_ALL;
    if (page->wanted & PJ_IN_MARKDOWN)
        add_words(result, page);
    page->gap = true;
    for (page->in = PJ_IN_TEXT; page->in <= PJ_IN_MARKDOWN; page->in++) {
        pj_page_printf(page, PJ_BLOCK_PARAGRAPH,
                       "Layers%s (up, down: the next format with less noise or less energy, and what "
                       "that does to the energy of the model; in brackets: layers that change together)%s",
                       remark, page->in == PJ_IN_TEXT ? "" : ":")
            ->hang = 2;
    }
    page->in = PJ_IN_ALL;
    pj_page_table(page, layers, 0);
    page->in = PJ_IN_TEXT;
    page->gap = true;
    pj_page_printf(page, PJ_BLOCK_PARAGRAPH,
                   "One format wherever it can be (stay: layers that cannot take it, and their share)%s", remark)
        ->whole = true;
    page->in = PJ_IN_MARKDOWN;
    pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "One format everywhere%s:", remark);
    page->in = PJ_IN_ALL;
    pj_page_table(page, uniform, 0);
    pj_findings_section(result->findings, result->finding_count, page);
    if (page->wanted & PJ_IN_TEXT) {
        add_words(result, page);
        page->in = PJ_IN_TEXT;
        pj_page_table(page, totals, 2);
    }
}

static void put_totals(pj_json_writer *json, const char *key, const pj_plan_totals *totals)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT_LINE);
    for (int m = 0; m < (int)PJ_PLAN_MEASURES; m++)
        pj_json_put_double(json, pj_plan_measure_word((pj_plan_measure)m), pj_plan_total(totals, (pj_plan_measure)m));
    pj_json_write_end(json);
}

static void put_budgets(pj_json_writer *json, const pj_plan_result *result)
{
    pj_json_put_begin(json, "budgets", PJ_JSON_WRITE_ARRAY);
    for (size_t k = 0; k < result->limit_count; k++) {
        const pj_plan_limit *at = &result->limits[k];
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "measure", pj_plan_measure_word(at->budget.measure));
        pj_json_put_double(json, "most", at->most);
        pj_json_put_double(json, "now", at->now);
        pj_json_put_double(json, "then", at->then);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

void pj_plan_basis_json(const pj_plan_result *result, pj_json_writer *json)
{
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_text(json, "model", result->model);
    pj_json_put_text(json, "table", result->table);
    pj_json_put_text(json, "unit", result->unit);
    pj_json_put_text(json, "target", *result->target ? result->target : NULL);
    pj_json_put_text(json, "sensitivity", result->sensitivity);
    pj_json_put_begin(json, "choices", PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < result->choice_count; i++)
        pj_json_write_text(json, result->choices[i]);
    pj_json_write_end(json);
}

void pj_plan_uniform_json(const pj_plan_result *result, pj_json_writer *json)
{
    pj_json_put_begin(json, "uniform", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < result->uniform_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "format", result->uniform[i].label);
        pj_json_put_uint(json, "stay", result->uniform[i].stay_count);
        pj_json_put_double(json, "stay_share", result->uniform[i].stay_share);
        pj_json_put_text(json, "stay_names", result->uniform[i].stay_names);
        for (int m = 0; m < (int)PJ_PLAN_MEASURES; m++)
            pj_json_put_double(json, pj_plan_measure_word((pj_plan_measure)m),
                               pj_plan_total(&result->uniform[i].totals, (pj_plan_measure)m));
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_plan_result *result = ((const pj_plan_told *)input)->result;
    pj_plan_rows_json(result->layers, result->layer_count, json);
    pj_json_put_begin(json, "report", PJ_JSON_WRITE_OBJECT);
    pj_plan_basis_json(result, json);
    pj_json_put_text(json, "minimizes", result->minimizes_energy ? "energy" : "noise");
    pj_json_put_double(json, "gap", result->gap);
    pj_json_put_double(json, "model_error", result->model_error);
    put_totals(json, "now", &result->now);
    put_totals(json, "then", &result->then);
    put_budgets(json, result);
    pj_plan_uniform_json(result, json);
    pj_json_write_key(json, "layers");
    pj_rows_json(table_of(input, arena), json);
    pj_findings_json(result->findings, result->finding_count, json);
    pj_json_write_end(json);
}

const pj_pieces pj_plan_pieces = {.page = page_of,
                                  .table = table_of,
                                  .json = json_of,
                                  .no_chart = "a chart is that of the frontier: --frontier --format svg"};
