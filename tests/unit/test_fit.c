/* infer/fit: sizes that only weights tell, declared sizes of 0, graphs without nodes, operators of another opset or
 * domain. */
#include <string.h>

#include "check.h"
#include "quantized.h"

static const pj_finding *finding(const priced *p, const char *code)
{
    static const pj_finding none = {.message = ""};
    for (size_t i = 0; i < p->result->finding_count; i++)
        if (strcmp(p->result->findings[i].code, code) == 0)
            return &p->result->findings[i];
    return &none;
}

/* As price(), with the setup's bindings (NULL: what nobody binds is 1). */
static priced bound(builder *b, const pj_setup *setup)
{
    const pj_setup defaults = pj_setup_default();
    priced p = {NULL, NULL};
    pj_error err;
    size_t size;
    const uint8_t *bytes = build_bytes(b, &size);
    setup = setup ? setup : &defaults;
    memset(&err, 0, sizeof err);
    CHECK_INT(pj_model_open_memory(bytes, size, "test.onnx", setup, &p.model, &err), PJ_OK);
    CHECK_INT(err.status, PJ_OK); /* nothing is left of sizes that did not fit */
    CHECK_TEXT(err.what, "");
    CHECK_INT(pj_analyze(p.model, setup, &p.result, &err), PJ_OK);
    build_free(b);
    return p;
}

/* x [batch,features] by w [784,10]: features can be 784 only; batch counts as 1. 784*10 macs. */
static void test_symbol(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "batch,features");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT32, "784,10");
    put_node(&b, "fc", "MatMul", "x,w", "y");
    priced p = bound(&b, NULL);
    CHECK_INT(layer_of(&p, "fc")->macs, 7840);
    CHECK_INT(findings_of(&p, "assumed-dimension"), 1);
    CHECK_PART(finding(&p, "fixed-dimension")->message, "dimension 'features' as 784");
    priced_free(&p);
}

/* x [batch,features] beside scales or slopes of 6: features can be 6 only. */
static void test_spread(void)
{
    static const struct {
        const char *op, *domain, *inputs;
        int opset;
    } rows[] = {
        {"LayerNormalization",           "",              "x,s",   17},
        {"RMSNormalization",             "",              "x,s",   23},
        {"SimplifiedLayerNormalization", "com.microsoft", "x,s",   17},
        {"SkipLayerNormalization",       "com.microsoft", "x,x,s", 17},
        {"InstanceNormalization",        "",              "x,s,s", 17},
        {"PRelu",                        "",              "x,s",   17},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        builder b = build_new(rows[i].opset);
        build_opset(&b, "com.microsoft", 1);
        build_input(&b, "x", PJ_FLOAT32, "batch,features");
        build_output(&b, "y", PJ_FLOAT32, "");
        build_initializer(&b, "s", PJ_FLOAT32, "6");
        put_node(&b, "n", rows[i].op, rows[i].inputs, "y")->domain = build_strdup(&b, rows[i].domain);
        priced p = bound(&b, NULL);
        CHECK_INT(layer_of(&p, "n")->dims[1].value, 6);
        CHECK_PART(finding(&p, "fixed-dimension")->message, "dimension 'features' as 6");
        priced_free(&p);
    }
}

/* A dimension without a name, a convolution, and a size that the user gives: batch 2, 3 channels, 4*4 pixels, 8 filters
 * of 3*3*3: outputs 2*8*2*2, 27 products each. */
static void test_nameless(void)
{
    static const pj_dim_binding batch = {"batch", 2};
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "batch,?,4,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT32, "8,3,3,3");
    put_node(&b, "conv", "Conv", "x,w", "y");
    pj_setup setup = pj_setup_default();
    setup.dims = &batch;
    setup.dim_count = 1;
    priced p = bound(&b, &setup);
    CHECK_INT(layer_of(&p, "conv")->macs, 2 * 8 * 2 * 2 * 27);
    CHECK_PART(finding(&p, "fixed-dimension")->message, "axis 1 of input 'x' as 3");
    priced_free(&p);
}

/* [1,n,4] flattened to [1,4n] meets 12 rows: n is 3; 12*5 macs. */
static void test_formula(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,n,4");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT32, "12,5");
    put_node(&b, "flat", "Flatten", "x", "f");
    put_node(&b, "fc", "MatMul", "f,w", "y");
    priced p = bound(&b, NULL);
    CHECK_INT(layer_of(&p, "fc")->macs, 60);
    CHECK_PART(finding(&p, "fixed-dimension")->message, "dimension 'n' as 3");
    priced_free(&p);
}

/* Two sizes for one name fit nothing: the error is that of the first attempt, with what was taken as 1. */
static void test_contradiction(void)
{
    builder b = build_new(17);
    const pj_setup setup = pj_setup_default();
    pj_model *model = NULL;
    pj_error err;
    size_t size;
    memset(&err, 0, sizeof err);
    build_input(&b, "x", PJ_FLOAT32, "1,n");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_output(&b, "z", PJ_FLOAT32, "");
    build_initializer(&b, "v", PJ_FLOAT32, "12,5");
    build_initializer(&b, "w", PJ_FLOAT32, "13,5");
    put_node(&b, "one", "MatMul", "x,v", "y");
    put_node(&b, "two", "MatMul", "x,w", "z");
    const uint8_t *bytes = build_bytes(&b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, "test.onnx", &setup, &model, &err), PJ_ESHAPE);
    CHECK_PART(err.what, "1 is not 12");
    CHECK_PART(err.what, "dimension 'n' is taken as 1");
    CHECK_TEXT(err.node, "one");
    build_free(&b);
}

/* Three convolutions of 3 by 2 without padding want 3 pixels of the last, 7 and 15 of those before; a batch of 1 will
 * do. */
static void test_smallest(void)
{
    static const int64_t stride[] = {2, 2};
    static const char *const inputs[] = {"x,w", "a,w", "b,w"}, *const names[] = {"a", "b", "y"};
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "batch,1,h,?");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT32, "1,1,3,3");
    for (int i = 0; i < 3; i++)
        build_ints(&b, put_node(&b, names[i], "Conv", inputs[i], names[i]), "strides", 2, stride);
    priced p = bound(&b, NULL);
    const pj_layer *last = layer_of(&p, "y");
    CHECK_INT(last->rank, 4);
    for (int k = 0; k < 4; k++)
        CHECK_INT(last->dims[k].value, 1);
    CHECK_INT(findings_of(&p, "assumed-dimension"), 3);
    CHECK_INT(findings_of(&p, "fixed-dimension"), 0);
    CHECK_INT(p.model->dims, 2);
    CHECK_INT(p.model->dim[1].value, 15);
    priced_free(&p);
}

/* The 3 channels that the filters [4,3,3,3] want are told beside the 3 pixels that the window wants: 4*27 macs. */
static void test_fixed_and_smallest(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "batch,channels,h,w");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "f", PJ_FLOAT32, "4,3,3,3");
    put_node(&b, "conv", "Conv", "x,f", "y");
    priced p = bound(&b, NULL);
    CHECK_INT(layer_of(&p, "conv")->macs, 108);
    CHECK_INT(findings_of(&p, "assumed-dimension"), 3);
    CHECK_PART(finding(&p, "fixed-dimension")->message, "dimension 'channels' as 3");
    CHECK(!strstr(finding(&p, "fixed-dimension")->message, "'h'"));
    priced_free(&p);
}

/* total = past + new, as formulas say it; what is not known yet waits, and nothing may stay open. 4*5*7 macs of a
 * batch. */
static void test_formulas(void)
{
    static const pj_dim_binding dims[] = {
        {"total=past+new", PJ_DIM_FORMULA},
        {"past",           4             },
        {"new=batch*3",    PJ_DIM_FORMULA}
    };
    static const pj_dim_binding circle[] = {
        {"past=new", PJ_DIM_FORMULA},
        {"new=past", PJ_DIM_FORMULA}
    };
    static const pj_dim_binding less[] = {
        {"past=new-2", PJ_DIM_FORMULA}
    };
    for (int i = 0; i < 3; i++) {
        const pj_dim_binding *lists[] = {dims, circle, less};
        builder b = build_new(17);
        pj_setup setup = pj_setup_default();
        pj_model *model = NULL;
        pj_error err;
        size_t size;
        memset(&err, 0, sizeof err);
        build_input(&b, "x", PJ_FLOAT32, "batch,total,past");
        build_input(&b, "y", PJ_FLOAT32, "past,new");
        build_output(&b, "z", PJ_FLOAT32, "");
        put_node(&b, "mul", "MatMul", "x,y", "z");
        setup.dims = lists[i];
        setup.dim_count = i == 0 ? 3 : i == 1 ? 2 : 1;
        const uint8_t *bytes = build_bytes(&b, &size);
        pj_status status = pj_model_open_memory(bytes, size, "test.onnx", &setup, &model, &err);
        CHECK_INT(status, i == 0 ? PJ_OK : PJ_EARGUMENT);
        CHECK_TEXT(err.what, i == 0   ? ""
                             : i == 1 ? "--dim past=new: nothing sets 'new'"
                                      : "--dim past=new-2: this is no size");
        if (model) {
            CHECK_INT(model->dims, 4);
            CHECK_TEXT(model->dim[1].name, "total");
            CHECK_INT(model->dim[1].value, 4 + 1 * 3);
        }
        pj_model_close(model);
        build_free(&b);
    }
}

/* "?seq" is for models that have seq; this one has not. */
static void test_optional(void)
{
    static const pj_dim_binding dims[] = {
        {"?seq",           3             },
        {"?batch",         2             },
        {"?total=batch+1", PJ_DIM_FORMULA}
    };
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "batch,12");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT32, "12,5");
    put_node(&b, "fc", "MatMul", "x,w", "y");
    pj_setup setup = pj_setup_default();
    setup.dims = dims;
    setup.dim_count = 3;
    priced p = bound(&b, &setup);
    CHECK_INT(layer_of(&p, "fc")->macs, 2 * 12 * 5);
    CHECK_INT(p.model->dims, 1);
    CHECK_TEXT(p.model->dim[0].name, "batch");
    priced_free(&p);
}

/* A size that the user gives is never changed. */
static void test_given(void)
{
    static const pj_dim_binding n = {"n", 7};
    builder b = build_new(17);
    pj_setup setup = pj_setup_default();
    pj_model *model = NULL;
    pj_error err;
    size_t size;
    memset(&err, 0, sizeof err);
    setup.dims = &n;
    setup.dim_count = 1;
    build_input(&b, "x", PJ_FLOAT32, "batch,n");
    build_output(&b, "y", PJ_FLOAT32, "");
    build_initializer(&b, "w", PJ_FLOAT32, "12,5");
    put_node(&b, "fc", "MatMul", "x,w", "y");
    const uint8_t *bytes = build_bytes(&b, &size);
    CHECK_INT(pj_model_open_memory(bytes, size, "test.onnx", &setup, &model, &err), PJ_ESHAPE);
    CHECK_PART(err.what, "7 is not 12");
    build_free(&b);
}

/* ---- sizes of 0 ---- */

static void test_empty(void)
{
    static const int64_t dims[] = {2, 4};
    static const pj_input_binding given = {"x", NULL, 2, dims};
    for (int is_given = 0; is_given < 2; is_given++) {
        builder b = build_new(17);
        pj_setup setup = pj_setup_default();
        setup.inputs = &given;
        setup.input_count = (size_t)is_given;
        build_input(&b, "x", PJ_FLOAT32, "0,4");
        build_output(&b, "y", PJ_FLOAT32, "");
        build_initializer(&b, "w", PJ_FLOAT32, "4,5");
        put_node(&b, "fc", "MatMul", "x,w", "y");
        priced p = bound(&b, &setup);
        CHECK_INT(layer_of(&p, "fc")->macs, is_given ? 40 : 0);
        CHECK_INT(findings_of(&p, "empty-dimension"), !is_given);
        if (!is_given)
            CHECK_PART(finding(&p, "empty-dimension")->message, "axis 0 of input 'x' is 0");
        priced_free(&p);
    }
}

/* ---- no nodes ---- */

static void test_no_nodes(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,4");
    build_output(&b, "x", PJ_FLOAT32, "1,4");
    priced p = bound(&b, NULL);
    CHECK_INT(p.result->layer_count, 0);
    CHECK_INT(p.result->totals.macs, 0);
    CHECK_NEAR(p.result->totals.energy.op_cost, 0, 0);
    priced_free(&p);
}

/* ---- operators that others have ---- */

static void test_elsewhere(void)
{
    static const struct {
        const char *op;
        int64_t opset;
        const char *part;
    } rows[] = {
        {"Einsum",      11, "operator Einsum is known from opset 12 on, but the model imports 11"     },
        {"FusedMatMul", 17, "not known in ai.onnx, but in com.microsoft: the node may lack its domain"},
        {"Nonsense",    17, "operator Nonsense is not known; its outputs"                             },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        builder b = build_new(rows[i].opset);
        build_input(&b, "x", PJ_FLOAT32, "4,4");
        build_output(&b, "y", PJ_FLOAT32, "4,4");
        put_node(&b, "n", rows[i].op, "x,x", "y");
        priced p = bound(&b, NULL);
        CHECK_PART(finding(&p, "unknown-operator")->message, rows[i].part);
        CHECK(!layer_of(&p, "n")->counted);
        priced_free(&p);
    }
}

/* ---- rules that come along ---- */

/* RequantShift: 1 mul, 1 add, 1 shift, 2 cmp for each of 8 elements. A node that does not fit its rule is unknown. */
static void test_shipped_rules(void)
{
    static const char *const domains[] = {"PACTOps", ""};
    for (size_t i = 0; i < 2; i++) {
        builder b = build_new(17);
        build_input(&b, "x", PJ_FLOAT32, "2,4");
        build_output(&b, "y", PJ_FLOAT32, "");
        put_float(&b, "m", 3);
        put_float(&b, "a", 1);
        put_node(&b, "n", "RequantShift", "x,m,a", "y")->domain = build_strdup(&b, domains[i]);
        priced p = bound(&b, NULL);
        CHECK(layer_of(&p, "n")->counted);
        CHECK_INT(work_of(layer_of(&p, "n"), "shift"), 8);
        CHECK_INT(work_of(layer_of(&p, "n"), "cmp"), 16);
        CHECK_PART(finding(&p, "operator-rule")->message, "op_rules/deeploy.json");
        priced_free(&p);
    }
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "2,4");
    build_output(&b, "y", PJ_FLOAT32, "2,4");
    put_node(&b, "n", "grid_sampler", "x,x", "y")->domain = build_strdup(&b, "mmdeploy"); /* wants rank 4 */
    priced p = bound(&b, NULL);
    CHECK(!layer_of(&p, "n")->counted);
    CHECK_INT(findings_of(&p, "unknown-operator"), 1);
    priced_free(&p);
}

int main(void)
{
    test_symbol();
    test_spread();
    test_nameless();
    test_formula();
    test_contradiction();
    test_smallest();
    test_fixed_and_smallest();
    test_formulas();
    test_optional();
    test_given();
    test_empty();
    test_no_nodes();
    test_elsewhere();
    test_shipped_rules();
    return check_done();
}
