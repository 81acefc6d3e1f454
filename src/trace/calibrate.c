/* From measured layers to a scaled table, and to rows for a profile. */
#include "base/json_write.h"
#include "page/page.h"
#include "picojoule/layers.h"
#include "setup/resource.h"

size_t pj_layers_rows(const pj_layered *const *layered, size_t count)
{
    size_t rows = 0;
    for (size_t i = 0; i < count; i++)
        rows += layered[i]->row_count;
    return rows;
}

/* The operator that most of a kernel's estimate is of. */
static const char *op_of(const pj_layered *l, const pj_layered_row *row)
{
    size_t best = row->layers[0];
    for (size_t k = 1; k < row->layer_count; k++)
        if (pj_energy_total(&l->result->layers[row->layers[k]].energy) >
            pj_energy_total(&l->result->layers[best].energy))
            best = row->layers[k];
    return l->result->layers[best].op;
}

pj_status pj_layers_factors(const pj_layered *const *layered, size_t count, pj_class_factor *factors,
                            size_t *factor_count, double *total, double *geometric, pj_error *err)
{
    size_t rows = 0;
    pj_class_row *list = calloc(pj_layers_rows(layered, count) + 1, sizeof *list);
    *factor_count = 0;
    PJ_TRY(pj_got(list, err));
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < layered[i]->row_count; k++) {
            const pj_layered_row *row = &layered[i]->rows[k];
            if (row->layer_count && !isnan(row->measured_j))
                list[rows++] = (pj_class_row){op_of(layered[i], row), row->estimated_pj * 1e-12, row->measured_j};
        }
    pj_class_factors(list, rows, factors, factor_count, total, geometric);
    free(list);
    if (rows == 0 || !(*total > 0 && isfinite(*total)))
        return pj_fail(err, PJ_EARGUMENT,
                       "no kernel has joules to calibrate with: give --measurement, --joules-per-run, "
                       "--power or --watts");
    return PJ_OK;
}

/* ---- a scaled table ---- */

typedef struct scaling {
    pj_json_writer *json;
    double factor;
    const char *source;
} scaling;

/* A value as it is, numbers times `factor`. */
static void put_value(const scaling *s, pj_json value, double factor)
{
    const char *text = "";
    double number = 0;
    bool flag = false;
    bool is_object = pj_json_kind_of(value) == PJ_JSON_OBJECT;
    switch (pj_json_kind_of(value)) {
    case PJ_JSON_NUMBER:
        (void)pj_json_as_double(value, &number, NULL);
        pj_json_write_double(s->json, number * factor);
        return;
    case PJ_JSON_TEXT:
        (void)pj_json_as_text(value, &text, NULL);
        pj_json_write_text(s->json, text);
        return;
    case PJ_JSON_BOOL:
        (void)pj_json_as_bool(value, &flag, NULL);
        pj_json_write_bool(s->json, flag);
        return;
    case PJ_JSON_ABSENT:
    case PJ_JSON_NULL:
        pj_json_write_null(s->json);
        return;
    case PJ_JSON_ARRAY:
    case PJ_JSON_OBJECT:
        break;
    }
    bool is_price = false;
    for (pj_json at = pj_json_first(value); is_object && at.node; at = pj_json_next(at))
        is_price = is_price || strncmp(pj_json_key(at), "pj", 2) == 0;
    pj_json_write_begin(s->json, is_object ? PJ_JSON_WRITE_OBJECT : PJ_JSON_WRITE_ARRAY);
    for (pj_json at = pj_json_first(value); at.node; at = pj_json_next(at)) {
        const char *key = is_object ? pj_json_key(at) : "";
        if (is_object)
            pj_json_write_key(s->json, key);
        if (is_price && strcmp(key, "source") == 0)
            pj_json_write_text(s->json, "@calibration");
        else if (is_price && strcmp(key, "confidence") == 0)
            pj_json_write_text(s->json, "measured");
        else
            put_value(s, at, is_object && strncmp(key, "pj", 2) == 0 ? s->factor : factor);
    }
    pj_json_write_end(s->json);
}

static void notes_of(const pj_layered *l, const pj_class_factor *factors, size_t count, double total, double geometric,
                     pj_str *out)
{
    pj_str_printf(out,
                  "All prices of %s times %.6g, so that the sum of the measured kernels is met. It says how far that "
                  "table is from this machine, and holds for no other one. Off by %.3g %% by the factors of classes "
                  "(geometric mean). Classes, with n rows, and their error with each row left out in turn:",
                  l->result->table, total, (geometric - 1) * 100);
    for (size_t i = 0; i < count; i++) {
        pj_str_printf(out, "%s %s %.4g (n %zu", i ? ";" : "", factors[i].op, factors[i].factor, factors[i].n);
        if (!isnan(factors[i].left_out_error))
            pj_str_printf(out, ", %.3g %%", factors[i].left_out_error * 100);
        pj_str_add(out, ")");
    }
}

/* The members of the base, but for what tells whose figures they are. */
static void put_table(const scaling *s, pj_json root, const char *title, const char *notes)
{
    pj_json_write_begin(s->json, PJ_JSON_WRITE_OBJECT);
    for (pj_json at = pj_json_first(root); at.node; at = pj_json_next(at)) {
        const char *key = pj_json_key(at);
        if (strcmp(key, "title") == 0 || strcmp(key, "notes") == 0 || strcmp(key, "$schema") == 0)
            continue;
        pj_json_write_key(s->json, key);
        if (strcmp(key, "sources") != 0) {
            put_value(s, at, 1);
            continue;
        }
        pj_json_write_begin(s->json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(s->json, "calibration", s->source);
        for (pj_json one = pj_json_first(at); one.node; one = pj_json_next(one)) {
            pj_json_write_key(s->json, pj_json_key(one));
            put_value(s, one, 1);
        }
        pj_json_write_end(s->json);
    }
    pj_json_put_text(s->json, "title", title);
    pj_json_put_text(s->json, "notes", notes);
    if (!pj_json_find(root, "sources").node) {
        pj_json_put_begin(s->json, "sources", PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(s->json, "calibration", s->source);
        pj_json_write_end(s->json);
    }
    pj_json_write_end(s->json);
}

pj_status pj_layers_calibrate(const pj_layered *const *layered, size_t count, const char *when, const char *host,
                              pj_sink sink, void *payload, pj_error *err)
{
    const pj_layered *first = layered[0];
    const char *table = first->asked.setup && first->asked.setup->table ? first->asked.setup->table : "horowitz-45nm";
    pj_class_factor *factors = calloc(pj_layers_rows(layered, count) + 1, sizeof *factors);
    size_t classes = 0;
    double total = NAN, geometric = NAN;
    pj_json_doc *doc = NULL;
    pj_str text = pj_str_new(0), source = pj_str_new(0), title = pj_str_new(0), notes = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&text, true);
    pj_status status = pj_got(factors, err);
    if (status == PJ_OK)
        status = pj_layers_factors(layered, count, factors, &classes, &total, &geometric, err);
    if (status == PJ_OK)
        status = pj_resource_json(first->asked.setup, PJ_RESOURCE_TABLE, table, &doc, NULL, err);
    if (status == PJ_OK) {
        pj_str_printf(&source, "measured: %s (%s), %s, %s; the figure of %s times %.6g", first->asked.trace,
                      first->energy_source, when, host, first->result->table, total);
        pj_str_printf(&title, "%s, scaled to %s", first->result->table, host);
        notes_of(first, factors, classes, total, geometric, &notes);
        const scaling s = {&json, total, source.data};
        put_table(&s, pj_json_root(doc), title.data, notes.data);
        pj_str_add_char(&text, '\n');
        pj_str_fail_as(&text, &source);
        pj_str_fail_as(&text, &title);
        pj_str_fail_as(&text, &notes);
        status = pj_emit(&text, sink, payload, err);
    }
    pj_json_free(doc);
    free(factors);
    pj_str_free(&text);
    pj_str_free(&source);
    pj_str_free(&title);
    pj_str_free(&notes);
    return status;
}

/* ---- rows for a profile ---- */

static void add_field(pj_str *out, const char *text)
{
    pj_str_add_char(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            pj_str_add_char(out, '"');
        pj_str_add_char(out, *text == '\n' || *text == '\r' ? ' ' : *text);
    }
    pj_str_add(out, "\",");
}

pj_status pj_layers_fit_rows(const pj_layered *const *layered, size_t count, const char *host, pj_sink sink,
                             void *payload, pj_error *err)
{
    pj_str text = pj_str_new(0);
    size_t rows = 0;
    pj_str_add(&text, "model,layer,hardware,boundary,energy_uj\n");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < layered[i]->result->layer_count; k++) {
            const pj_layered_part *part = &layered[i]->parts[k];
            const pj_layer *layer = &layered[i]->result->layers[k];
            if (!(part->measured_j > 0) || layer->free || !layer->counted)
                continue;
            add_field(&text, layered[i]->asked.model);
            add_field(&text, layer->name);
            add_field(&text, host);
            add_field(&text, layered[i]->mode);
            pj_str_add_double(&text, part->measured_j * 1e6);
            pj_str_add_char(&text, '\n');
            rows++;
        }
    if (rows == 0) {
        pj_str_free(&text);
        return pj_fail(err, PJ_EARGUMENT,
                       "no layer has joules to fit to: give --measurement, --joules-per-run, --power or "
                       "--watts");
    }
    return pj_emit(&text, sink, payload, err);
}
