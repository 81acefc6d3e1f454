/* Reading measured layers: a JSON document with rows, or CSV with a header of the same names. */
#include "calibrate/layers.h"

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "footprint/csv.h"

static const double most_spread = 0.1, least_pj = 1e-6, most = 1e24; /* beyond, sums of squares are no numbers */

/* Columns of numbers, by name; in JSON those of `dims` may stand in an object of that name. */
enum { BATCH, CIN, H, W, COUT, OH, OW, KERNEL, GROUPS, ENERGY, TIME, WATTS, SPREAD, NUMBERS };
static const char *const number_words[NUMBERS + 1] = {"batch",      "cin",   "h",      "w",      "cout",
                                                      "oh",         "ow",    "kernel", "groups", "energy_uj",
                                                      "latency_us", "watts", "spread", NULL};
enum { OP, HARDWARE, PRECISION, BOUNDARY, MODEL, LAYER, TEXTS };
static const char *const text_words[TEXTS + 1] = {"op", "hardware", "precision", "boundary", "model", "layer", NULL};

typedef struct fields {
    double number[NUMBERS];  /* negative: absent */
    const char *text[TEXTS]; /* "": absent */
} fields;

typedef struct reader {
    pj_measured *out;
    pj_arena *arena;
    pj_error *err;
    pj_fit_model model;
} reader;

/* Which work an operator is, and the operations of an element where it has no MACs. ONNX's names, and those of others.
 */
static const struct {
    const char *op;
    pj_work_class kind;
    double ops;
} operators[] = {
    {"conv",        PJ_WORK_CONV,        0},
    {"linear",      PJ_WORK_MATMUL,      0},
    {"gemm",        PJ_WORK_MATMUL,      0},
    {"matmul",      PJ_WORK_MATMUL,      0},
    {"maxpool",     PJ_WORK_POOL,        0},
    {"averagepool", PJ_WORK_POOL,        0},
    {"avgpool",     PJ_WORK_POOL,        0},
    {"relu",        PJ_WORK_ELEMENTWISE, 1},
    {"sigmoid",     PJ_WORK_ELEMENTWISE, 1},
    {"tanh",        PJ_WORK_ELEMENTWISE, 1},
    {"add",         PJ_WORK_ELEMENTWISE, 1},
    {"mul",         PJ_WORK_ELEMENTWISE, 1},
    {"softmax",     PJ_WORK_ELEMENTWISE, 5},
    {"transpose",   PJ_WORK_MOVEMENT,    0},
    {"concat",      PJ_WORK_MOVEMENT,    0},
};

static double at_least(double value, double least)
{
    return value > least ? value : least;
}

static double bytes_of_precision(const char *precision)
{
    const size_t length = strcspn(precision, "0123456789");
    const long bits = strtol(precision + length, NULL, 10);
    return bits > 0 && bits <= 64 ? (double)bits / 8 : 4;
}

/* The row of an operator by its dimensions. false: some are missing. */
static bool shape(const fields *f, pj_work_class *kind, double ops, pj_fit_row *out)
{
    const double *n = f->number, bytes = bytes_of_precision(f->text[PRECISION]);
    const double batch = at_least(n[BATCH], 1), in = batch * n[CIN] * at_least(n[H], 1) * at_least(n[W], 1);
    const double cout = n[COUT] > 0 ? n[COUT] : n[CIN], places = at_least(n[OH], 1) * at_least(n[OW], 1);
    const double taps = at_least(n[KERNEL], 1) * at_least(n[KERNEL], 1), groups = at_least(n[GROUPS], 1);
    double weights = 0;
    out->input_bytes = in * bytes;
    out->output_bytes = batch * cout * places * bytes;
    out->work = ops * batch * cout * places;
    if (*kind == PJ_WORK_POOL)
        out->work = taps * batch * cout * places;
    if (*kind == PJ_WORK_CONV || *kind == PJ_WORK_MATMUL) {
        weights = taps * n[CIN] / groups * cout;
        out->work = weights * batch * places;
        out->weight_bytes = (weights + cout) * bytes;
    }
    if (*kind == PJ_WORK_CONV) {
        out->channels_in = n[CIN] / groups;
        out->channels_out = cout;
        if (groups > 1 && groups >= n[CIN])
            *kind = PJ_WORK_DEPTHWISE;
    }
    return n[CIN] > 0 && out->work <= most && in <= most && weights <= most && out->output_bytes <= most &&
           (*kind == PJ_WORK_MATMUL || *kind == PJ_WORK_ELEMENTWISE || *kind == PJ_WORK_MOVEMENT || n[OH] > 0);
}

/* What all rows share; the first one says it. */
static pj_status agree(const reader *r, const char *what, const char *text, const char **common)
{
    if (!*common) {
        *common = pj_arena_strdup(r->arena, text);
        return pj_got(*common, r->err);
    }
    if (strcmp(*common, text) != 0)
        return pj_fail(r->err, PJ_EFORMAT, "rows of one %s make one profile: '%.60s' and '%.60s' stand here", what,
                       *common, text);
    return PJ_OK;
}

/* The row of an operator and its dimensions. */
static pj_status take_operator(const reader *r, const fields *f, pj_fit_row *row, int *list)
{
    size_t at = 0;
    while (at < sizeof operators / sizeof *operators && strcasecmp(operators[at].op, f->text[OP]) != 0)
        at++;
    if (at == sizeof operators / sizeof *operators)
        return pj_fail(r->err, PJ_EFORMAT, "\"%.60s\" is no operator that rows are read of (docs/devices.md)",
                       f->text[OP]);
    pj_work_class kind = operators[at].kind;
    if (!shape(f, &kind, operators[at].ops, row))
        return pj_fail(r->err, PJ_EFORMAT, "its dimensions are not all there: batch, cin, h, w, cout, oh, ow, kernel");
    *list = (int)kind;
    return PJ_OK;
}

static pj_status take_energy(const reader *r, const fields *f, pj_fit_row *row)
{
    row->pj = (f->number[ENERGY] >= 0 ? f->number[ENERGY] : f->number[TIME] * f->number[WATTS]) * 1e6;
    if (!((f->number[ENERGY] > 0 || (f->number[TIME] > 0 && f->number[WATTS] > 0)) && isfinite(row->pj)))
        return pj_fail(r->err, PJ_EFORMAT, "it has no energy_uj above 0, nor latency_us and watts");
    if (row->pj < least_pj || row->pj > most)
        return pj_fail(r->err, PJ_EFORMAT, "%g uJ is no energy that a layer takes", row->pj / 1e6);
    if (!(f->number[TIME] > 0))
        return PJ_OK;
    pj_measured *out = r->out;
    PJ_TRY(pj_got(PJ_GROW(r->arena, out->watts, out->watts_count, out->watts_room), r->err));
    out->watts[out->watts_count++] = row->pj / 1e6 / f->number[TIME];
    return PJ_OK;
}

static pj_status add(reader *r, const fields *f)
{
    pj_measured *out = r->out;
    pj_fit_row row = {0};
    int list;
    if (f->number[SPREAD] > most_spread) {
        out->left_out++;
        return PJ_OK;
    }
    PJ_TRY(take_energy(r, f, &row));
    PJ_TRY(agree(r, "machine", f->text[HARDWARE], &out->hardware));
    PJ_TRY(agree(r, "precision", f->text[PRECISION], &out->precision));
    PJ_TRY(agree(r, "boundary", f->text[BOUNDARY], &out->boundary));
    if (*f->text[MODEL])
        PJ_TRY(pj_fit_model_row(&r->model, f->text[MODEL], f->text[LAYER], f->text[PRECISION], &row, &list, r->err));
    else
        PJ_TRY(take_operator(r, f, &row, &list));
    PJ_TRY(pj_got(PJ_GROW(r->arena, out->row[list], out->count[list], out->room[list]), r->err));
    out->row[list][out->count[list]++] = row;
    return PJ_OK;
}

static void clear(fields *f)
{
    for (int i = 0; i < NUMBERS; i++)
        f->number[i] = -1;
    for (int i = 0; i < TEXTS; i++)
        f->text[i] = i == PRECISION ? "fp32" : "";
}

static pj_status take_json(pj_json object, fields *f, pj_error *err)
{
    for (int i = 0; i < NUMBERS; i++)
        if (pj_json_kind_of(pj_json_find(object, number_words[i])) == PJ_JSON_NUMBER)
            PJ_TRY(pj_json_opt_double(object, number_words[i], &f->number[i], err));
    for (int i = 0; i < TEXTS; i++)
        PJ_TRY(pj_json_opt_text(object, text_words[i], &f->text[i], err));
    return PJ_OK;
}

static pj_status read_json(reader *r, const char *text, size_t length, const char *name)
{
    pj_json_doc *doc;
    pj_json rows = {0}, dims = {0};
    PJ_TRY(pj_json_parse_report(text, length, name, &doc, r->err));
    pj_json root = pj_json_root(doc);
    pj_status status = pj_json_kind_of(root) == PJ_JSON_ARRAY ? pj_json_as_array(root, &rows, r->err)
                                                              : pj_json_get_array(root, "rows", &rows, r->err);
    for (pj_json at = pj_json_first(rows); status == PJ_OK && at.node; at = pj_json_next(at)) {
        fields f;
        clear(&f);
        dims = (pj_json){0};
        status = pj_json_as_object(at, &at, r->err);
        if (status == PJ_OK)
            status = take_json(at, &f, r->err);
        if (status == PJ_OK)
            status = pj_json_opt_object(at, "dims", &dims, r->err);
        if (status == PJ_OK && dims.node)
            status = take_json(dims, &f, r->err);
        if (status == PJ_OK && (status = add(r, &f)) == PJ_EFORMAT) {
            pj_error why = *r->err;
            status = pj_json_fail(at, PJ_EFORMAT, r->err, "%s", why.what);
        }
    }
    pj_json_free(doc);
    return status;
}

static int column_of(const char *word, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

static pj_status take_csv(const pj_csv *csv, const int *number, const int *text, size_t columns, fields *f,
                          pj_error *err)
{
    for (size_t c = 0; c < columns && c < csv->fields; c++) {
        const char *field = csv->field[c];
        if (text[c] >= 0 && *field)
            f->text[text[c]] = field;
        if (number[c] >= 0 && *field && !pj_csv_number(field, &f->number[number[c]]))
            return pj_csv_fail(csv, PJ_EFORMAT, err, "'%.60s' is no number", field);
    }
    return PJ_OK;
}

static pj_status read_csv(reader *r, char *bytes, size_t length, const char *name)
{
    pj_csv csv = pj_csv_new(bytes, length, name);
    int number[PJ_CSV_FIELDS], text[PJ_CSV_FIELDS];
    bool there;
    PJ_TRY(pj_csv_next(&csv, &there, r->err));
    const size_t columns = there ? csv.fields : 0;
    for (size_t c = 0; c < columns; c++) {
        number[c] = column_of(csv.field[c], number_words);
        text[c] = column_of(csv.field[c], text_words);
    }
    while (there) {
        fields f;
        clear(&f);
        PJ_TRY(pj_csv_next(&csv, &there, r->err));
        if (!there)
            break;
        PJ_TRY(take_csv(&csv, number, text, columns, &f, r->err));
        if (add(r, &f) != PJ_OK) {
            pj_error why = *r->err;
            return why.status == PJ_EFORMAT ? pj_csv_fail(&csv, PJ_EFORMAT, r->err, "%s", why.what) : why.status;
        }
    }
    return PJ_OK;
}

pj_status pj_measured_read(const char *path, pj_arena *arena, pj_measured *out, pj_error *err)
{
    reader r = {.out = out, .arena = arena, .err = err, .model.arena = arena};
    char *bytes;
    size_t length, all = 0;
    memset(out, 0, sizeof *out);
    PJ_TRY(pj_file_read(path, PJ_MAX_CSV_BYTES, &bytes, &length, err));
    const char first = bytes[strspn(bytes, " \t\r\n")];
    pj_status status =
        first == '{' || first == '[' ? read_json(&r, bytes, length, path) : read_csv(&r, bytes, length, path);
    free(bytes);
    pj_fit_model_clear(&r.model);
    PJ_TRY(status);
    for (int c = 0; c < PJ_MEASURED_LISTS; c++)
        all += out->count[c];
    if (!all)
        return pj_fail(err, PJ_EFORMAT, "%.200s: no row of a measured layer", path);
    if (out->count[PJ_MEASURED_NETWORKS] && out->count[PJ_MEASURED_NETWORKS] < all)
        return pj_fail(err, PJ_EFORMAT, "%.200s: rows of layers and of whole networks make no profile together", path);
    return PJ_OK;
}
