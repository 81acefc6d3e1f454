/* From rows of measured layers to a device profile. */
#include "picojoule/calibrate.h"
#include "base/real.h"
#include "base/json_write.h"
#include "base/real.h"
#include "base/str.h"
#include "calibrate/rows.h"
#include "cost/float_format.h"
#include "page/page.h"

static const char *const price_words[PJ_FIT_PRICES] = {"pj_per_mac", "pj_per_input_byte", "pj_per_output_byte",
                                                       "pj_per_weight_byte", "uj_per_layer"};

/* Four digits are more than a fit knows. */
static double short_number(double value)
{
    if (!(value > 0))
        return 0;
    double digits = 3 - floor(pj_log10(value)), unit = pj_pow(10, fabs(digits));
    if (!(unit > 0 && isfinite(unit)))
        return value;
    return digits > 0 ? round(value * unit) / unit : round(value / unit) * unit;
}

/* How far the halves of all rows are off. */
typedef struct ratio {
    double measured; /* over its estimate */
    double pj;
} ratio;

typedef struct spread {
    ratio *row;
    size_t count;
} spread;

static int by_measured(const void *a, const void *b)
{
    const ratio *left = a, *right = b;
    return (left->measured > right->measured) - (left->measured < right->measured);
}

static pj_status fit_class(const pj_fit_row *row, size_t count, pj_arena *arena, pj_fit *fit, spread *all,
                           pj_error *err)
{
    double *of_class = PJ_NEW(arena, double, count);
    PJ_TRY(pj_got(of_class, err));
    PJ_TRY(pj_fit_rows(row, count, arena, of_class, fit, err));
    for (size_t i = 0; i < count; i++)
        if (of_class[i] > 0)
            all->row[all->count++] = (ratio){of_class[i], row[i].pj};
    return PJ_OK;
}

static pj_status fit_all(const pj_measured *m, pj_arena *arena, pj_fit *fit, spread *all, pj_error *err)
{
    size_t count = 0;
    for (int c = 0; c < PJ_MEASURED_LISTS; c++)
        count += m->count[c];
    *all = (spread){PJ_NEW(arena, ratio, count), 0};
    PJ_TRY(pj_got(all->row, err));
    for (int c = 0; c < PJ_MEASURED_LISTS; c++)
        if (m->count[c])
            PJ_TRY(fit_class(m->row[c], m->count[c], arena, &fit[c], all, err));
    qsort(all->row, all->count, sizeof *all->row, by_measured);
    return PJ_OK;
}

/* The ratio below which this share of the measured energy lies. */
static double at_share(const spread *all, double share)
{
    double sum = 0, below = 0;
    size_t i = 0;
    for (size_t r = 0; r < all->count; r++)
        sum += all->row[r].pj;
    while (i + 1 < all->count && (below += all->row[i].pj) < share * sum)
        i++;
    return all->row[i].measured;
}

/* The range of nine tenths of the energy. */
static void put_range(pj_json_writer *json, const spread *all)
{
    pj_json_put_double(json, "low", short_number(fmin(0.8, at_share(all, 0.05))));
    pj_json_put_double(json, "high", short_number(fmax(1.25, at_share(all, 0.95))));
}

/* Of whole networks nobody knows which class took what: all of them cost the same, and the fixed price is the run's. */
static void put_networks(pj_json_writer *json, const pj_fit *fit)
{
    for (int c = 0; c < PJ_WORK_CLASSES; c++) {
        pj_json_put_begin(json, pj_work_class_words[c], PJ_JSON_WRITE_OBJECT_LINE);
        for (int i = c <= PJ_WORK_MATMUL ? 0 : 1; i < PJ_FIT_PRICES - 1; i++)
            if (fit->price[i] > 0)
                pj_json_put_double(json, price_words[i], short_number(fit->price[i]));
        pj_json_write_end(json);
    }
}

static void put_class(pj_json_writer *json, const pj_fit *fit, size_t rows, bool has_macs, const char *word)
{
    pj_json_put_begin(json, word, PJ_JSON_WRITE_OBJECT_LINE);
    for (int i = 0; i < PJ_FIT_PRICES; i++) {
        const double unit = i == PJ_FIT_PRICES - 1 ? 1e6 : 1;
        if (fit->price[i] > 0)
            pj_json_put_double(json, i == 0 && !has_macs ? "pj_per_op" : price_words[i],
                               short_number(fit->price[i] / unit));
    }
    if (fit->pad > 1)
        pj_json_put_int(json, "pad_channels", fit->pad);
    pj_json_put_int(json, "points", (int64_t)rows);
    if (fit->error >= 0)
        pj_json_put_double(json, "error", short_number(fit->error));
    pj_json_put_double(json, "work_from", fit->work_from);
    pj_json_put_double(json, "work_to", fit->work_to);
    pj_json_write_end(json);
}

static const char *list_word(int list)
{
    return list == PJ_MEASURED_NETWORKS ? "whole networks" : pj_work_class_words[list];
}

/* "conv: 860 rows, 5.6 % off at the median; matmul: 4 rows, one scale" */
static void say_fits(const pj_measured *m, const pj_fit *fit, pj_str *out)
{
    for (int c = 0; c < PJ_MEASURED_LISTS; c++) {
        if (!m->count[c])
            continue;
        pj_str_printf(out, "%s%s: %zu row%s", out->length ? "; " : "", list_word(c), m->count[c],
                      m->count[c] > 1 ? "s" : "");
        if (fit[c].is_scale)
            pj_str_add(out, ", too few for more than one scale");
        if (fit[c].error >= 0)
            pj_str_printf(out, ", %.1f %% off at the median by halves", 100 * fit[c].error);
    }
    pj_str_add_char(out, '.');
    if (m->left_out)
        pj_str_printf(out, " Left out for a spread above 0.1: %zu.", m->left_out);
}

static void put_fitted(pj_json_writer *json, const pj_measured *m, const pj_fit *fit, const spread *all,
                       const char *path)
{
    size_t rows = 0;
    for (int c = 0; c < PJ_MEASURED_LISTS; c++)
        rows += m->count[c];
    pj_json_put_begin(json, "fitted", PJ_JSON_WRITE_OBJECT);
    pj_json_put_uint(json, "points", rows);
    pj_json_put_text(json, "source", path);
    pj_json_put_text(json, "confidence", "derived");
    if (all->count)
        put_range(json, all);
    pj_json_put_text(json, "precision", m->precision);
    if (*m->boundary)
        pj_json_put_text(json, "boundary", m->boundary);
    if (m->watts_count)
        pj_json_put_double(json, "watts", short_number(pj_fit_median(m->watts, m->watts_count)));
    if (m->count[PJ_MEASURED_NETWORKS] && fit[PJ_MEASURED_NETWORKS].price[PJ_FIT_PRICES - 1] > 0)
        pj_json_put_double(json, "uj_per_run", short_number(fit[PJ_MEASURED_NETWORKS].price[PJ_FIT_PRICES - 1] / 1e6));
    pj_json_put_begin(json, "classes", PJ_JSON_WRITE_OBJECT);
    for (int c = 0; c < PJ_MEASURED_LISTS; c++)
        if (m->count[c] && c < PJ_MEASURED_NETWORKS)
            put_class(json, &fit[c], m->count[c], c <= PJ_WORK_MATMUL, pj_work_class_words[c]);
    if (m->count[PJ_MEASURED_NETWORKS])
        put_networks(json, &fit[PJ_MEASURED_NETWORKS]);
    pj_json_write_end(json);
    pj_json_write_end(json);
}

static pj_status write_profile(const char *path, pj_arena *arena, pj_str *out, pj_str *notes, pj_error *err)
{
    pj_measured m;
    pj_fit fit[PJ_MEASURED_LISTS];
    spread all;
    PJ_TRY(pj_measured_read(path, arena, &m, err));
    if (pj_precision_of_word(m.precision) < 0)
        return pj_fail(err, PJ_EFORMAT, "%.200s: \"%.32s\" is no precision of a profile", path, m.precision);
    PJ_TRY(fit_all(&m, arena, fit, &all, err));
    say_fits(&m, fit, notes);
    pj_json_writer json = pj_json_writer_new(out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "schema", "picojoule.device/1");
    pj_json_put_text(&json, "title", *m.hardware ? m.hardware : path);
    pj_json_put_text(&json, "class", "cpu");
    pj_json_put_text(&json, "formula", "fitted");
    pj_json_put_text(&json, "notes", notes->data ? notes->data : "");
    put_fitted(&json, &m, fit, &all, path);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
    return pj_got(!out->failed && !notes->failed, err);
}

pj_status pj_device_fit(const char *rows, pj_sink sink, void *payload, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_str out = pj_str_new(0), notes = pj_str_new(0);
    pj_status status = pj_got(arena, err);
    if (status == PJ_OK)
        status = write_profile(rows, arena, &out, &notes, err);
    if (status == PJ_OK)
        status = pj_emit(&out, sink, payload, err);
    else
        pj_str_free(&out);
    pj_str_free(&notes);
    pj_arena_free(arena);
    return status;
}
