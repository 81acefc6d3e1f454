/* Prices of a probe are those of pj_analyze, to the last bit: each operator case becomes a file of one node, a probe
 * changes all of its sizes and whole numbers, and files that have these sizes are analysed.
 *
 *     probe_cases FILE.case...
 *
 * Cases with subgraphs, or inputs that are no tensors of known sizes, are left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "model.h"
#include "picojoule/picojoule.h"

enum { MOST_COLUMNS = 40, MOST_ROWS = MOST_COLUMNS + 2, SETUPS = 4 };

/* What can be changed of a case. */
typedef struct columns {
    char text[MOST_COLUMNS][64];
    const char *word[MOST_COLUMNS];
    int64_t value[MOST_COLUMNS];
    size_t count;
} columns;

static int compared, refused, skipped, wrong;

static void add_column(columns *c, const char *name, const char *part, int index, int64_t value)
{
    if (c->count == MOST_COLUMNS)
        return;
    snprintf(c->text[c->count], sizeof c->text[0], index < 0 ? "%s%s" : "%s%s[%d]", name, part, index);
    c->word[c->count] = c->text[c->count];
    c->value[c->count++] = value;
}

static bool is_plain(const pj_value *value)
{
    bool plain = pj_type_is_tensor(&value->type) && value->type.rank >= 0;
    for (int k = 0; plain && k < value->type.rank; k++)
        plain = pj_num_known(value->type.dims[k]);
    return plain;
}

/* Is it written as an initializer: what is constant, or has contents? */
static bool is_constant(const pj_value *value)
{
    return value->is_constant || value->data;
}

/* The number of a column, if it is one of them; else what the case has. */
static int64_t now(const columns *c, const int64_t *row, const char *name, const char *part, int index, int64_t value)
{
    columns one = {.count = 0};
    add_column(&one, name, part, index, value);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->text[i], one.text[0]) == 0)
            return row[i];
    return value;
}

static void list_columns(const test_case *t, columns *out)
{
    for (int i = 0; i < t->node->inputs; i++) {
        const pj_value *in = t->node->in[i];
        bool is_new = in && !in->data;
        for (int k = 0; k < i; k++)
            is_new = is_new && t->node->in[k] != in;
        for (int k = 0; is_new && k < in->type.rank; k++)
            add_column(out, in->name, "", k, in->type.dims[k].whole);
    }
    for (int i = 0; i < t->node->attrs; i++) {
        const pj_attr *attr = &t->node->attr[i];
        char part[64];
        snprintf(part, sizeof part, ".%.60s", attr->name);
        if (attr->kind == PJ_ATTR_INT)
            add_column(out, "", part, -1, attr->i);
        for (int k = 0; attr->kind == PJ_ATTR_INTS && k < attr->count; k++)
            add_column(out, "", part, k, attr->ints[k]);
    }
}

/* ---- the file of a case ---- */

static void put_contents(builder *b, PjOnnx__TensorProto *tensor, const pj_value *value)
{
    int64_t whole[64];
    double real[64];
    float single[64];
    size_t count = value->data_count > 64 ? 0 : (size_t)value->data_count;
    for (size_t i = 0; i < count; i++) {
        bool known;
        real[i] = pj_num_as_real(value->data[i], &known);
        whole[i] = pj_num_known(value->data[i]) ? value->data[i].whole : 0;
        single[i] = (float)real[i];
    }
    if (value->type.dtype == PJ_INT64)
        build_raw(b, tensor, whole, count * sizeof *whole);
    else if (value->type.dtype == PJ_FLOAT64)
        build_raw(b, tensor, real, count * sizeof *real);
    else if (value->type.dtype == PJ_FLOAT32)
        build_raw(b, tensor, single, count * sizeof *single);
}

static void put_input(builder *b, const columns *c, const int64_t *row, const pj_value *value)
{
    char dims[512] = "";
    for (int k = 0; k < value->type.rank; k++)
        snprintf(dims + strlen(dims), sizeof dims - strlen(dims), k ? ",%lld" : "%lld",
                 (long long)now(c, row, value->name, "", k, value->type.dims[k].whole));
    if (!is_constant(value))
        build_input(b, value->name, value->type.dtype, dims);
    else
        put_contents(b, build_initializer(b, value->name, value->type.dtype, dims), value);
}

static bool put_attr(builder *b, const columns *c, const int64_t *row, PjOnnx__NodeProto *node, const pj_attr *attr)
{
    char part[64];
    int64_t ints[MAX_LIST];
    snprintf(part, sizeof part, ".%.60s", attr->name);
    if (attr->kind == PJ_ATTR_INT) {
        build_int(b, node, attr->name, now(c, row, "", part, -1, attr->i));
    } else if (attr->kind == PJ_ATTR_INTS) {
        for (int k = 0; k < attr->count; k++)
            ints[k] = now(c, row, "", part, k, attr->ints[k]);
        build_ints(b, node, attr->name, (size_t)attr->count, ints);
    } else if (attr->kind == PJ_ATTR_STRING) {
        build_text(b, node, attr->name, attr->s);
    } else if (attr->kind == PJ_ATTR_FLOAT) {
        PjOnnx__AttributeProto *real = build_attr(b, node, attr->name, PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
        real->has_f = 1;
        real->f = attr->f;
    } else {
        return false;
    }
    return true;
}

/* NULL: the case is none for this test. */
static pj_model *open_case(const test_case *t, const columns *c, const int64_t *row, pj_status *status)
{
    builder b = build_new(*t->node->domain ? 17 : t->node->opset);
    char inputs[1024] = "", outputs[1024] = "";
    pj_model *model = NULL;
    pj_error err;
    size_t size;
    bool ok = true;
    for (int i = 0; i < t->node->inputs; i++) {
        const pj_value *in = t->node->in[i];
        bool is_new = in != NULL;
        for (int k = 0; k < i; k++)
            is_new = is_new && t->node->in[k] != in;
        if (is_new)
            put_input(&b, c, row, in);
        snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), i ? ",%s" : "%s", in ? in->name : "");
    }
    int outs = t->out_count ? t->out_count : 1;
    for (int o = 0; o < outs; o++) {
        char name[16] = "";
        if (strcmp(t->outs[o], "-") != 0)
            snprintf(name, sizeof name, "out%d", o);
        snprintf(outputs + strlen(outputs), sizeof outputs - strlen(outputs), o ? ",%s" : "%s", name);
        if (*name)
            build_output(&b, name, PJ_UNDEFINED, NULL);
    }
    PjOnnx__NodeProto *node = build_node(&b, t->node->op, inputs, outputs);
    node->domain = build_strdup(&b, t->node->domain);
    if (*t->node->domain)
        build_opset(&b, t->node->domain, t->node->opset == 24 ? 1 : t->node->opset);
    for (int i = 0; ok && i < t->node->attrs; i++)
        ok = put_attr(&b, c, row, node, &t->node->attr[i]);
    const uint8_t *bytes = build_bytes(&b, &size);
    *status = ok ? pj_model_open_memory(bytes, size, "case.onnx", NULL, &model, &err) : PJ_EUNSUPPORTED;
    build_free(&b);
    return model;
}

/* ---- comparing ---- */

static void make_setups(pj_setup *out)
{
    for (int i = 0; i < SETUPS; i++)
        out[i] = pj_setup_default();
    out[1].reuse = "once";
    out[1].quantize = "int8";
    out[2].table = "jouppi-7nm";
    out[2].hierarchy = "tpu-like";
    out[2].quantize = "w4a8";
    out[3].table = "qtools";
}

static pj_price analyzed(pj_model *model, const pj_setup *setup)
{
    pj_result *result = NULL;
    pj_error err;
    pj_status status = pj_analyze(model, setup, &result, &err);
    pj_price out = {.status = (int32_t)status};
    if (status == PJ_OK) {
        const pj_totals *totals = &result->totals;
        out = (pj_price){totals->energy,
                         totals->macs,
                         totals->flops,
                         totals->bops,
                         totals->params,
                         totals->param_bits,
                         0,
                         (int32_t)totals->uncounted};
    }
    pj_result_free(result);
    return out;
}

static void say(const test_case *t, const columns *c, const int64_t *row, int setup, const pj_price *got,
                const pj_price *want)
{
    wrong++;
    printf("%s:%d: %s, setup %d:", t->file, t->line, t->node->op, setup);
    for (size_t i = 0; i < c->count; i++)
        printf(" %s=%lld", c->text[i], (long long)row[i]);
    printf("\n    probe status %d, %.17g pJ, %lld macs, %d uncounted; analyze status %d, %.17g pJ, %lld macs, %d\n",
           got->status, pj_energy_total(&got->energy), (long long)got->macs, got->uncounted, want->status,
           pj_energy_total(&want->energy), (long long)want->macs, want->uncounted);
}

static void check_row(const test_case *t, const columns *c, const int64_t *row, const pj_setup *setups,
                      const pj_price *prices)
{
    pj_status opened;
    pj_model *model = open_case(t, c, row, &opened);
    for (int s = 0; s < SETUPS; s++) {
        pj_price want = {.status = (int32_t)opened};
        if (opened == PJ_OK)
            want = analyzed(model, &setups[s]);
        bool both_fail = prices[s].status != PJ_OK && want.status != PJ_OK; /* a file is refused in other words */
        if (!both_fail && memcmp(&prices[s], &want, sizeof want) != 0)
            say(t, c, row, s, &prices[s], &want);
        refused += both_fail;
        compared++;
    }
    pj_model_close(model);
}

/* As the case has it, each number changed alone, and all of them doubled. */
static size_t make_rows(const columns *c, int64_t *rows)
{
    static unsigned turn;
    for (size_t r = 0; r < c->count + 2; r++) {
        int64_t *row = rows + r * c->count;
        memcpy(row, c->value, c->count * sizeof *row);
        for (size_t i = 0; i < c->count && r == c->count + 1; i++)
            row[i] *= 2;
        if (r >= 1 && r <= c->count) {
            int64_t was = row[r - 1], changed[] = {was + 1, was * 3, 1, 0, INT64_MAX / 2};
            row[r - 1] = changed[turn++ % (sizeof changed / sizeof *changed)];
        }
    }
    return c->count + 2;
}

static void run_case(test_case *t, void *payload)
{
    static int64_t rows[MOST_ROWS * MOST_COLUMNS];
    static pj_price prices[MOST_ROWS * SETUPS];
    const pj_setup *setups = payload, *asked[SETUPS];
    columns c = {.count = 0};
    for (int i = 0; i < SETUPS; i++)
        asked[i] = &setups[i];
    pj_probe *probe = NULL;
    pj_error err;
    pj_status status = PJ_OK;
    bool plain = true;
    for (int i = 0; i < t->node->inputs; i++)
        plain = plain && (!t->node->in[i] || is_plain(t->node->in[i]));
    if (plain)
        list_columns(t, &c);
    pj_model *model = plain && c.count ? open_case(t, &c, c.value, &status) : NULL;
    if (!model) {
        skipped++;
        return;
    }
    status = pj_probe_new(model, c.word, c.count, asked, SETUPS, &probe, &err);
    size_t count = make_rows(&c, rows);
    if (status == PJ_OK)
        status = pj_probe_price(probe, rows, count, prices, &err);
    if (status != PJ_OK) {
        printf("%s:%d: %s: %s\n", t->file, t->line, t->node->op, err.what);
        wrong++;
    }
    for (size_t r = 0; r < count && status == PJ_OK; r++)
        check_row(t, &c, rows + r * c.count, setups, prices + r * SETUPS);
    pj_probe_free(probe);
    pj_model_close(model);
}

int main(int argc, char **argv)
{
    static pj_setup setups[SETUPS];
    make_setups(setups);
    for (int i = 1; i < argc; i++)
        each_case(argv[i], run_case, setups);
    printf("%d prices as analyze has them, of those %d that both refuse; %d cases left out; %d differ\n", compared,
           refused, skipped, wrong);
    return wrong || !compared;
}
