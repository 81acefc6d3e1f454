/* Statistics of weights as a table and as JSON. */
#include "report/weights.h"

#include <math.h>
#include <string.h>

static const char *const grains[] = {"tensor", "channel"};
static const char *const rules[] = {"max_abs", "least_error"};

/* ---- the table ---- */

/* clang-format off */
static const pj_column fixed[] = {
    {.key = "layer", .title = "layer", .kind = PJ_CELL_TEXT, .wish = 32, .least = 16},
    {.key = "input", .kind = PJ_CELL_COUNT},
    {.key = "tensor", .kind = PJ_CELL_TEXT},
    {.key = "dtype", .title = "type", .kind = PJ_CELL_TEXT, .rank = 5},
    {.key = "weights", .title = "weights", .kind = PJ_CELL_COUNT, .rank = 3},
    {.key = "channels", .title = "channels", .kind = PJ_CELL_COUNT, .rank = 6},
    {.key = "nans", .kind = PJ_CELL_COUNT},
    {.key = "infinities", .kind = PJ_CELL_COUNT},
    {.key = "min", .kind = PJ_CELL_NUMBER},
    {.key = "max", .kind = PJ_CELL_NUMBER},
    {.key = "mean", .kind = PJ_CELL_NUMBER},
    {.key = "rms", .kind = PJ_CELL_NUMBER},
    {.title = "range", .kind = PJ_CELL_TEXT, .rank = 4},
    {.key = "zeros", .kind = PJ_CELL_COUNT},
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
    pj_str text = pj_str_new(0);
    bool ok = true;
    for (int i = 0; i < 4; i++) {
        pj_str_clear(&text);
        pj_str_printf(&text, "%s_%s_%s_db", format, grains[i / 2], rules[i % 2]);
        out[i] = (pj_column){.key = pj_arena_strndup(arena, text.data, text.length), .kind = PJ_CELL_NUMBER};
        ok = ok && out[i].key && !text.failed;
    }
    pj_str_free(&text);
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

static const char *keep(pj_str *text, pj_arena *arena)
{
    const char *copy = text->failed ? NULL : pj_arena_strndup(arena, text->data, text->length);
    pj_str_clear(text);
    return copy;
}

static bool fill_noise(const pj_weights *weights, const pj_weight *w, pj_cell *cell, pj_arena *arena, pj_str *text)
{
    for (size_t f = 0; f < weights->format_count; f++, cell += 5) {
        for (int i = 0; i < 4; i++)
            number_or_absent(&cell[i], db_of(weights, w, f, i));
        add_db(db_of(weights, w, f, 0), text);
        pj_str_add(text, " / ");
        add_db(db_of(weights, w, f, 3), text);
        pj_cell_text(&cell[4], keep(text, arena));
        if (!cell[4].text)
            return false;
    }
    return true;
}

static bool fill_row(const pj_weights *weights, const pj_weight *w, pj_cell *cell, pj_arena *arena, pj_str *text)
{
    pj_cell_text(&cell[0], w->layer);
    pj_cell_count(&cell[1], w->input);
    pj_cell_text(&cell[2], w->tensor);
    pj_cell_text(&cell[3], w->dtype);
    if (w->absent) {
        pj_cell_unknown(&cell[4]);
        pj_cell_unknown(&cell[18]);
        return true;
    }
    pj_cell_count(&cell[4], w->count);
    pj_cell_count(&cell[5], w->channels);
    pj_cell_count(&cell[6], w->nans);
    pj_cell_count(&cell[7], w->infinities);
    number_or_absent(&cell[8], w->min);
    number_or_absent(&cell[9], w->max);
    number_or_absent(&cell[10], w->mean);
    number_or_absent(&cell[11], w->rms);
    pj_human_digits(text, w->min);
    pj_str_add(text, "..");
    pj_human_digits(text, w->max);
    pj_cell_text(&cell[12], keep(text, arena));
    pj_cell_count(&cell[13], w->zeros);
    int64_t finite = w->count - w->nans - w->infinities;
    pj_cell_number(&cell[14], finite > 0 ? (double)w->zeros / (double)finite : 0);
    bool many = w->distinct > PJ_MOST_DISTINCT;
    if (!many)
        pj_cell_count(&cell[15], w->distinct);
    pj_str_printf(text, many ? ">%d" : "%d", many ? (int)PJ_MOST_DISTINCT : (int)w->distinct);
    pj_cell_text(&cell[16], keep(text, arena));
    pj_cell_text(&cell[17], pj_value_set_word(w->values));
    pj_cell_text(&cell[18], pj_value_set_word(w->channel_values));
    return cell[12].text && cell[16].text && fill_noise(weights, w, cell + FIXED, arena, text);
}

pj_rows *pj_weight_rows(const pj_weights *weights, pj_arena *arena)
{
    size_t count = FIXED + 5 * weights->format_count;
    pj_column *columns = PJ_NEW(arena, pj_column, count);
    pj_str text = pj_str_new(0);
    bool ok = columns != NULL;
    if (ok)
        memcpy(columns, fixed, sizeof fixed);
    for (size_t f = 0; ok && f < weights->format_count; f++)
        ok = add_noise_columns(weights->formats[f], columns + FIXED + 5 * f, arena);
    pj_rows *rows = ok ? pj_rows_new(arena, columns, count) : NULL;
    for (size_t i = 0; rows && ok && i < weights->count; i++)
        ok = fill_row(weights, &weights->weight[i], pj_rows_add(rows), arena, &text);
    pj_str_free(&text);
    return rows && ok && !rows->failed ? rows : NULL;
}

/* ---- JSON ---- */

static void put_noise(const pj_weights *weights, const pj_weight *w, pj_json_writer *json)
{
    pj_json_write_key(json, "sqnr_db");
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    for (size_t f = 0; f < weights->format_count; f++) {
        pj_json_write_key(json, weights->formats[f]);
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        for (int grain = 0; grain < 2; grain++) {
            pj_json_write_key(json, grains[grain]);
            pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
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
    pj_json_write_key(json, "weights");
    pj_json_write_begin(json, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < weights->count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        put_weight(weights, &weights->weight[i], json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}
