/* `picojoule layers --increments`: each layer by the difference of two prefixes. */
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "footprint/csv.h"
#include "page/page.h"
#include "page/say.h"
#include "picojoule/layers.h"
#include "picojoule/version.h"
#include "report/footprint_words.h"

typedef struct increments {
    pj_arena *arena;
    const char **layer;
    double *mean, *sd;
    pj_increment *row;
    size_t count, room[3];
    double n, total, clamped;
} increments;

/* ---- reading ---- */

static pj_status read_result(const char *path, double *mean, double *sd, double *n, pj_error *err)
{
    char *text = NULL;
    size_t length = 0;
    double queries = 1, joules = 0;
    pj_json_doc *doc = NULL;
    pj_json result = {0}, runs = {0};
    PJ_TRY(pj_file_read(path, PJ_MAX_JSON_BYTES, &text, &length, err));
    pj_status status = pj_json_parse(text, length, path, &doc, err);
    pj_json root = {0};
    if (status == PJ_OK)
        root = pj_json_root(doc);
    free(text);
    if (status == PJ_OK)
        status = pj_json_get_object(root, "result", &result, err);
    if (status == PJ_OK)
        status = pj_json_get_array(root, "repetitions", &runs, err);
    if (status == PJ_OK)
        status = pj_json_get_double(root, "queries", &queries, err);
    if (status == PJ_OK)
        status = pj_json_get_double(result, "joules", &joules, err);
    if (status == PJ_OK && pj_json_kind_of(pj_json_find(result, "sd")) != PJ_JSON_NUMBER)
        status = pj_json_fail(pj_json_find(result, "sd"), PJ_EFORMAT, err,
                              "one run has no deviation: measure each prefix with --repeat 10");
    if (status == PJ_OK)
        status = pj_json_get_double(result, "sd", sd, err);
    *mean = joules / queries;
    *sd /= queries;
    *n = status == PJ_OK ? (double)pj_json_count(runs) : 0;
    pj_json_free(doc);
    return status;
}

static pj_status add_prefix(increments *all, const char *folder, const char *file, const char *layer, pj_error *err)
{
    double mean = 0, sd = 0, n = 0;
    const char *dot = strrchr(file, '.');
    pj_str path = pj_str_new(0);
    pj_str_printf(&path, "%s/%.*s.json", folder, dot ? (int)(dot - file) : 0, file);
    pj_status status = path.failed ? pj_fail_memory(err) : read_result(path.data, &mean, &sd, &n, err);
    if (status == PJ_OK && all->count && n != all->n) {
        status = pj_fail(err, PJ_EFORMAT, "it has %g repetitions, those before %g: measure all alike", n, all->n);
        pj_error_at(err, path.data, NULL, NULL);
    }
    pj_str_free(&path);
    PJ_TRY(status);
    bool grown = PJ_GROW(all->arena, all->layer, all->count, all->room[0]) &&
                 PJ_GROW(all->arena, all->mean, all->count, all->room[1]) &&
                 PJ_GROW(all->arena, all->sd, all->count, all->room[2]);
    const char *name = grown ? pj_arena_strdup(all->arena, layer) : NULL;
    PJ_TRY(pj_got(name, err));
    all->n = n;
    all->layer[all->count] = name;
    all->mean[all->count] = mean;
    all->sd[all->count++] = sd;
    return PJ_OK;
}

static pj_status read_list(increments *all, const char *folder, char *text, size_t length, pj_error *err)
{
    pj_csv csv = pj_csv_new(text, length, "prefixes.csv");
    bool there;
    PJ_TRY(pj_csv_next(&csv, &there, err));
    for (;;) {
        PJ_TRY(pj_csv_next(&csv, &there, err));
        if (!there)
            break;
        if (csv.fields < 3)
            return pj_csv_fail(&csv, PJ_EFORMAT, err, "three fields are wanted: prefix, file, layer");
        PJ_TRY(add_prefix(all, folder, csv.field[1], csv.field[2], err));
    }
    all->row = PJ_NEW(all->arena, pj_increment, all->count + 1);
    PJ_TRY(pj_got(all->row, err));
    pj_increments(all->mean, all->sd, all->count, all->n, all->row, &all->total, &all->clamped);
    return PJ_OK;
}

static pj_status read_folder(increments *all, const char *folder, pj_error *err)
{
    char *text = NULL;
    size_t length = 0;
    pj_str path = pj_str_new(0);
    pj_str_printf(&path, "%s/prefixes.csv", folder);
    pj_status status =
        path.failed ? pj_fail_memory(err) : pj_file_read(path.data, PJ_MAX_CSV_BYTES, &text, &length, err);
    pj_str_free(&path);
    if (status == PJ_OK)
        status = read_list(all, folder, text, length, err);
    free(text);
    return status;
}

/* ---- telling ---- */

/* clang-format off */
static const pj_column columns[] = {
    {.key = "layer", .title = "up to layer", .kind = PJ_CELL_TEXT, .wish = 40, .least = 16},
    {.key = "prefix_j", .kind = PJ_CELL_NUMBER},
    {.key = "j", .kind = PJ_CELL_NUMBER},
    {.key = "se_j", .kind = PJ_CELL_NUMBER},
    {.key = "significant", .kind = PJ_CELL_FLAG},
    {.key = "negative", .kind = PJ_CELL_FLAG},
    {.title = "J", .kind = PJ_CELL_TEXT},
    {.title = "+-", .kind = PJ_CELL_TEXT},
    {.title = "", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

static void digits_cell(pj_cell *cell, pj_rows *rows, double value)
{
    pj_str text = pj_str_new(0);
    pj_footprint_digits(value, &text);
    pj_cell_made(cell, rows, &text);
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const increments *all = input;
    pj_rows *rows = pj_rows_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; rows && i < all->count; i++) {
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], all->layer[i]);
        pj_cell_number(&cell[1], all->mean[i]);
        pj_cell_number(&cell[2], all->row[i].j);
        pj_cell_number(&cell[3], all->row[i].se_j);
        pj_cell_flag(&cell[4], all->row[i].significant);
        pj_cell_flag(&cell[5], all->row[i].negative);
        digits_cell(&cell[6], rows, all->row[i].j);
        digits_cell(&cell[7], rows, all->row[i].se_j);
        pj_cell_text(&cell[8], all->row[i].negative ? "negative" : all->row[i].significant ? NULL : "not significant");
    }
    return rows;
}

static void page_of(const void *input, pj_page *page)
{
    const increments *all = input;
    pj_str text = pj_str_new(0);
    pj_say(&text, "{}: each by the difference to the one before", pj_w_plural(all->count, "prefix", "prefixes"));
    pj_page_add(page, PJ_BLOCK_TITLE, &text)->ours = true;
    pj_page_table(page, table_of(all, page->arena), 0);
    page->gap = true;
    pj_str_add(&text, "The whole takes ");
    pj_footprint_digits(all->total, &text);
    pj_str_add(&text, " J, which the rows sum to. Negative ones are as they were measured: fusion across the cut, warm "
                      "caches, noise; without them the sum would be ");
    pj_footprint_digits(all->clamped, &text);
    pj_str_add(&text, " J.");
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const increments *all = input;
    pj_json_put_text(json, "schema", "picojoule.increments/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_double(json, "repetitions", all->n);
    pj_json_put_double(json, "total_j", all->total);
    pj_json_put_double(json, "clamped_total_j", all->clamped);
    pj_json_write_key(json, "rows");
    pj_rows_json(table_of(all, arena), json);
}

pj_status pj_increments_write(const char *folder, const pj_report_options *options, pj_sink sink, void *payload,
                              pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of};
    increments all = {.arena = pj_arena_new(0)};
    pj_status status = all.arena ? read_folder(&all, folder, err) : pj_fail_memory(err);
    if (status == PJ_OK)
        status = pj_tell(&pieces, &all, options, sink, payload, err);
    pj_arena_free(all.arena);
    return status;
}
