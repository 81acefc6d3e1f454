/* Statistics of weights as a table and as JSON. */
#include "report/weights.h"

static const char *const grains[] = {"tensor", "channel"};
static const char *const rules[] = {"max_abs", "least_error"};

/* clang-format off */
static const pj_column fixed[] = {
    {PJ_MEMBER(pj_weight, layer), .key = "layer", .title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 16},
    {PJ_MEMBER(pj_weight, input), .key = "input", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_weight, tensor), .key = "tensor", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_weight, dtype), .key = "dtype", .title = "type", .kind = PJ_CELL_TEXT, .rank = 5},
    {PJ_MEMBER(pj_weight, count), .key = "weights", .title = "weights", .kind = PJ_CELL_COUNT, .rank = 3},
    {PJ_MEMBER(pj_weight, channels), .key = "channels", .title = "channels", .kind = PJ_CELL_COUNT, .rank = 6},
    {PJ_MEMBER(pj_weight, nans), .key = "nans", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_weight, infinities), .key = "infinities", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_weight, min), .key = "min", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_weight, max), .key = "max", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_weight, mean), .key = "mean", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_weight, rms), .key = "rms", .kind = PJ_CELL_NUMBER},
    {.title = "range", .kind = PJ_CELL_TEXT, .rank = 4},
    {PJ_MEMBER(pj_weight, zeros), .key = "zeros", .kind = PJ_CELL_COUNT},
    {.title = "zeros", .kind = PJ_CELL_SHARE, .rank = 2},
    {.key = "distinct", .kind = PJ_CELL_COUNT},
    {.title = "distinct", .kind = PJ_CELL_TEXT, .rank = 5},
    {.key = "values", .kind = PJ_CELL_TEXT},
    {.key = "channel_values", .title = "values", .kind = PJ_CELL_TEXT, .rank = 1},
};
/* clang-format on */
enum { FIXED = sizeof fixed / sizeof *fixed };

/* Formats whose noise people see: with one scale, max-abs; and with the best scale for each channel. */
static const char *const shown[] = {"int8", "int4", "int2", "fp8e4m3"};

static bool is_shown(const char *format)
{
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (strcmp(format, shown[i]) == 0)
            return true;
    return false;
}

/* Four columns of noise in full, and for people one of text. */
static bool add_noise_columns(const char *format, pj_column *out, pj_arena *arena)
{
    bool ok = true;
    for (int i = 0; i < 4; i++) {
        pj_str key = pj_str_new(0);
        pj_str_printf(&key, "%s_%s_%s_db", format, grains[i / 2], rules[i % 2]);
        out[i] = (pj_column){.key = pj_str_keep(&key, arena), .kind = PJ_CELL_NUMBER};
        ok = ok && out[i].key;
    }
    out[4] = (pj_column){.title = is_shown(format) ? format : NULL, .kind = PJ_CELL_TEXT};
    if (strcmp(format, "int8") != 0 && strcmp(format, "int4") != 0)
        out[4].rank = 3;
    return ok;
}

static void number_or_absent(pj_cell *cell, double value)
{
    if (isfinite(value))
        pj_cell_number(cell, value);
}

static void add_db(double db, pj_str *out)
{
    if (isnan(db))
        pj_str_add_char(out, '-');
    else if (isinf(db))
        pj_str_add(out, "exact");
    else
        pj_str_add_fixed(out, db, 1);
}

static double db_of(const pj_weights *weights, const pj_weight *w, size_t format, int i)
{
    return pj_noise_db(pj_weight_noise(weights, w, format, (pj_grain)(i / 2), (pj_scale_rule)(i % 2)));
}

static void fill_noise(const pj_weights *weights, const pj_weight *w, pj_cell *cell, pj_rows *rows)
{
    for (size_t f = 0; f < weights->format_count; f++, cell += 5) {
        pj_str text = pj_str_new(0);
        for (int i = 0; i < 4; i++)
            number_or_absent(&cell[i], db_of(weights, w, f, i));
        add_db(db_of(weights, w, f, 0), &text);
        pj_str_add(&text, " / ");
        add_db(db_of(weights, w, f, 3), &text);
        pj_cell_made(&cell[4], rows, &text);
    }
}

static void fill_row(const pj_weights *weights, const pj_weight *w, pj_rows *rows)
{
    pj_cell *cell = pj_rows_add_of(rows, w);
    int64_t finite = w->count - w->nans - w->infinities;
    bool many = w->distinct > PJ_MOST_DISTINCT;
    pj_str range = pj_str_new(0), distinct = pj_str_new(0);
    if (w->absent) {
        memset(&cell[4], 0, (FIXED - 4) * sizeof *cell);
        pj_cell_unknown(&cell[4]);
        pj_cell_unknown(&cell[18]);
        return;
    }
    pj_human_digits(&range, w->min);
    pj_str_add(&range, "..");
    pj_human_digits(&range, w->max);
    pj_cell_made(&cell[12], rows, &range);
    pj_cell_number(&cell[14], finite > 0 ? (double)w->zeros / (double)finite : 0);
    if (!many)
        pj_cell_count(&cell[15], w->distinct);
    pj_str_printf(&distinct, many ? ">%d" : "%d", many ? (int)PJ_MOST_DISTINCT : (int)w->distinct);
    pj_cell_made(&cell[16], rows, &distinct);
    pj_cell_text(&cell[17], pj_value_set_word(w->values));
    pj_cell_text(&cell[18], pj_value_set_word(w->channel_values));
    fill_noise(weights, w, cell + FIXED, rows);
}

pj_rows *pj_weight_rows(const pj_weights *weights, pj_arena *arena)
{
    size_t count = FIXED + 5 * weights->format_count;
    pj_column *columns = PJ_NEW(arena, pj_column, count);
    if (!columns)
        return NULL;
    memcpy(columns, fixed, sizeof fixed);
    for (size_t f = 0; f < weights->format_count; f++)
        if (!add_noise_columns(weights->formats[f], columns + FIXED + 5 * f, arena))
            return NULL;
    pj_rows *rows = pj_rows_new(arena, columns, count);
    for (size_t i = 0; rows && i < weights->count; i++)
        fill_row(weights, &weights->weight[i], rows);
    return rows;
}

static void put_noise(const pj_weights *weights, const pj_weight *w, pj_json_writer *json)
{
    pj_json_put_begin(json, "sqnr_db", PJ_JSON_WRITE_OBJECT);
    for (size_t f = 0; f < weights->format_count; f++) {
        pj_json_put_begin(json, weights->formats[f], PJ_JSON_WRITE_OBJECT_LINE);
        for (int grain = 0; grain < 2; grain++) {
            pj_json_put_begin(json, grains[grain], PJ_JSON_WRITE_OBJECT);
            for (int rule = 0; rule < 2; rule++)
                pj_json_put_double(json, rules[rule], db_of(weights, w, f, 2 * grain + rule));
            pj_json_write_end(json);
        }
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_weight(const pj_weights *weights, const pj_weight *w, pj_json_writer *json)
{
    pj_json_put_text(json, "layer", w->layer);
    pj_json_put_int(json, "input", w->input);
    pj_json_put_text(json, "tensor", w->tensor);
    pj_json_put_text(json, "dtype", w->dtype);
    if (w->absent) {
        pj_json_put_text(json, "absent", w->absent);
        return;
    }
    pj_json_put_int(json, "weights", w->count);
    pj_json_put_int(json, "channels", w->channels);
    pj_json_put_int(json, "nans", w->nans);
    pj_json_put_int(json, "infinities", w->infinities);
    pj_json_put_int(json, "zeros", w->zeros);
    pj_json_put_double(json, "min", w->min);
    pj_json_put_double(json, "max", w->max);
    pj_json_put_double(json, "mean", w->mean);
    pj_json_put_double(json, "rms", w->rms);
    pj_json_write_key(json, "distinct");
    if (w->distinct <= PJ_MOST_DISTINCT)
        pj_json_write_int(json, w->distinct);
    else
        pj_json_write_null(json);
    pj_json_put_text(json, "values", pj_value_set_word(w->values));
    pj_json_put_text(json, "channel_values", pj_value_set_word(w->channel_values));
    put_noise(weights, w, json);
}

void pj_weights_json(const pj_weights *weights, pj_json_writer *json)
{
    pj_json_put_begin(json, "weights", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < weights->count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        put_weight(weights, &weights->weight[i], json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}
