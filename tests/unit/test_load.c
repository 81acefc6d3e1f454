/* From bytes to the model: what is read, in which form, and what each kind of broken file is told. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "check.h"
#include "load/load.h"
#include "load/wire.h"
#include "model.h"
#include "rare.h"

static void refuses_bytes(const void *bytes, size_t size, pj_status status, const char *part)
{
    pj_error err;
    pj_model *model = NULL;
    CHECK_INT(pj_load_memory(bytes, size, NULL, NULL, &model, &err), status);
    CHECK_TEXT(err.file, "memory");
    CHECK_PART(err.what, part);
    pj_unload(model);
}

static void check_type(const pj_type *type, const char *want)
{
    pj_str text = pj_str_new(0);
    pj_type_print(type, &text);
    CHECK_TEXT(text.data, want);
    pj_str_free(&text);
}

/* x -> Relu -> y, with `relu` to change. */
static builder small(PjOnnx__NodeProto **relu)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "N,3");
    PjOnnx__NodeProto *node = build_node(&b, "Relu", "x", "y");
    build_output(&b, "y", PJ_FLOAT32, "N,3");
    if (relu)
        *relu = node;
    return b;
}

/* ---- whole models ---- */

static void test_model(void)
{
    builder b = build_new(17);
    b.model->producer_name = build_strdup(&b, "pytorch");
    b.model->producer_version = build_strdup(&b, "2.4");
    build_opset(&b, "com.microsoft", 1);
    build_input(&b, "x", PJ_FLOAT32, "N,-1,?,3,");
    build_initializer(&b, "w", PJ_FLOAT32, "4,3");
    PjOnnx__NodeProto *gemm = build_node(&b, "Gemm", "x,w,", "h");
    build_node(&b, "FusedThing", "h,,h", "y,")->domain = build_strdup(&b, "com.microsoft");
    gemm->domain = build_strdup(&b, "ai.onnx");
    build_int(&b, gemm, "transB", 1);
    build_value(&b, "h", PJ_FLOAT32, "N,4");
    build_output(&b, "y", PJ_FLOAT16, NULL);
    pj_model *m = build_expect(&b);
    CHECK_TEXT(m->producer, "pytorch 2.4");
    CHECK_INT(m->ir_version, 10);
    CHECK_INT(pj_model_opset(m, ""), 17);
    CHECK_INT(pj_model_opset(m, "com.microsoft"), 1);
    CHECK_INT(pj_model_opset(m, "ai.onnx.ml"), 0);
    CHECK_INT(m->nodes, 2);
    CHECK_INT(m->values, 4);
    for (int i = 0; i < m->values; i++)
        CHECK_INT(m->value[i]->index, i);
    check_type(&build_find(m, "x")->type, "float32[N,?,?,3,?]");
    check_type(&build_find(m, "w")->type, "float32[4,3]");
    check_type(&build_find(m, "h")->type, "?");
    check_type(&build_find(m, "h")->declared, "float32[N,4]");
    check_type(&build_find(m, "y")->declared, "float16");
    const pj_node *first = m->graph->node[0], *second = m->graph->node[1];
    CHECK_INT(first->inputs, 3);
    CHECK(first->in[0] == build_find(m, "x") && first->in[1] == build_find(m, "w") && !first->in[2]);
    CHECK_TEXT(first->domain, "");
    CHECK_INT(first->opset, 17);
    CHECK_INT(second->opset, 1);
    CHECK(second->in[0] == build_find(m, "h") && !second->in[1] && second->outputs == 2 && !second->out[1]);
    CHECK(build_find(m, "h")->producer == first && build_find(m, "h")->uses == 2);
    CHECK(build_find(m, "y")->is_output && build_find(m, "y")->uses == 1 && build_find(m, "x")->is_input);
    CHECK(m->graph->inputs == 1 && m->graph->initializers == 1 && m->graph->outputs == 1);
    CHECK_TEXT(first->label, "Gemm_0");
    pj_str op = pj_str_new(0);
    pj_node_op_print(second, &op);
    CHECK_TEXT(op.data, "com.microsoft::FusedThing");
    pj_str_free(&op);
    CHECK(pj_node_attr(first, "transB") && pj_node_attr(first, "transB")->i == 1 && !pj_node_attr(first, "alpha"));
    pj_unload(m);
}

static void test_old_file(void)
{
    builder b = build_new(1); /* IR version 1: no operator sets, no attribute types, initializers are inputs */
    b.model->ir_version = 1;
    b.model->n_opset_import = 0;
    build_input(&b, "x", PJ_FLOAT32, "1,3,8,8");
    build_input(&b, "w", PJ_FLOAT32, "4,3,3,3");
    build_initializer(&b, "w", PJ_FLOAT32, "4,3,3,3");
    PjOnnx__NodeProto *conv = build_node(&b, "Conv", "x,w", "y");
    build_ints(&b, conv, "pads", 4, (const int64_t[]){1, 1, 1, 1});
    build_int(&b, conv, "group", 1);
    build_text(&b, conv, "auto_pad", "NOTSET");
    PjOnnx__AttributeProto *alpha = build_attr(&b, conv, "alpha", 0);
    alpha->has_f = 1;
    alpha->f = 0.5f;
    for (size_t i = 0; i < conv->n_attribute; i++)
        conv->attribute[i]->has_type = 0;
    build_output(&b, "y", PJ_FLOAT32, "1,4,8,8");
    pj_model *m = build_expect(&b);
    const pj_node *node = m->graph->node[0];
    CHECK_INT(node->opset, 1);
    CHECK_INT(m->graph->inputs, 1);
    CHECK_INT(m->graph->initializers, 1);
    CHECK_INT(pj_node_attr(node, "pads")->kind, PJ_ATTR_INTS);
    CHECK_INT(pj_node_attr(node, "pads")->count, 4);
    CHECK_INT(pj_node_attr(node, "group")->kind, PJ_ATTR_INT);
    CHECK_INT(pj_node_attr(node, "alpha")->kind, PJ_ATTR_FLOAT);
    CHECK_TEXT(pj_node_attr(node, "auto_pad")->s, "NOTSET");
    CHECK_INT(build_find(m, "w")->tensor->storage, PJ_STORED_ABSENT);
    CHECK_INT(m->diags.count, 1);
    CHECK_TEXT(m->diags.first->message, "initializers that have sizes, but no contents: 1");
    CHECK(!build_find(m, "w")->is_input);
    pj_unload(m);
}

static void test_bindings(void)
{
    static const pj_binding bindings[] = {
        {"N", 5}
    };
    const pj_load_options options = {.bindings = bindings, .binding_count = 1};
    builder b = small(NULL);
    size_t size;
    pj_model *m = NULL;
    const uint8_t *bytes = build_bytes(&b, &size);
    CHECK_INT(pj_load_memory(bytes, size, NULL, &options, &m, NULL), PJ_OK);
    check_type(&build_find(m, "x")->type, "float32[5,3]");
    pj_unload(m);
    build_free(&b);
}

/* ---- tensors ---- */

static const pj_tensor *constant(const pj_model *model)
{
    pj_tensor *tensor = build_find(model, "w")->tensor;
    CHECK(pj_tensor_decode(model->arena, tensor));
    return tensor;
}

/* A model that is nothing but the initializer w. */
static builder lone(pj_dtype dtype, const char *dims, PjOnnx__TensorProto **w)
{
    builder b = build_new(21);
    *w = build_initializer(&b, "w", dtype, dims);
    return b;
}

static void check_raw(pj_dtype dtype, const char *dims, const char *raw, size_t size, int count, const double *want)
{
    PjOnnx__TensorProto *w;
    builder b = lone(dtype, dims, &w);
    build_raw(&b, w, raw, size);
    pj_model *m = build_expect(&b);
    const pj_tensor *t = constant(m);
    CHECK_INT(t->storage, PJ_STORED_INLINE);
    CHECK_INT(t->count, count);
    CHECK(t->data != NULL);
    for (int i = 0; t->data && i < count; i++) {
        bool known;
        double got = pj_num_as_real(t->data[i], &known);
        CHECK(known && (got == want[i] || (isnan(got) && isnan(want[i]))));
        CHECK(pj_num_is_real(t->data[i]) == pj_dtype_is_float(dtype));
    }
    pj_unload(m);
}

#define RAW(dtype, dims, raw, ...)                                                                        \
    check_raw(dtype, dims, raw, sizeof(raw) - 1, (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)), \
              (const double[]){__VA_ARGS__})

/* Bit patterns by hand, from the definitions of the formats (IEEE 754; OCP 8-bit floating point; ONNX' own words on
 * the FNUZ types, float4e2m1 and float8e8m0). */
static void test_elements(void)
{
    RAW(PJ_INT64, "2", "\x02\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 2, -1);
    RAW(PJ_INT32, "2", "\x00\x01\0\0\xfe\xff\xff\xff", 256, -2);
    RAW(PJ_INT16, "1", "\x00\x80", -32768);
    RAW(PJ_INT8, "3", "\x7f\x80\xff", 127, -128, -1);
    RAW(PJ_UINT8, "2", "\x7f\xff", 127, 255);
    RAW(PJ_UINT16, "1", "\xff\xff", 65535);
    RAW(PJ_UINT32, "1", "\xff\xff\xff\xff", 4294967295.0);
    RAW(PJ_UINT64, "1", "\x05\0\0\0\0\0\0\0", 5);
    RAW(PJ_BOOL, "3", "\0\x01\x02", 0, 1, 1);
    RAW(PJ_INT4, "3", "\x8f\x07", -1, -8, 7); /* the low half first */
    RAW(PJ_UINT4, "1,2", "\x8f", 15, 8);
    RAW(PJ_INT2, "5", "\xe4\x02", 0, 1, -2, -1, -2);
    RAW(PJ_UINT2, "4", "\xe4", 0, 1, 2, 3);
    RAW(PJ_FLOAT32, "2", "\0\0\xc0\x3f\0\0\x80\xff", 1.5, -INFINITY);
    RAW(PJ_FLOAT64, "", "\x9a\x99\x99\x99\x99\x99\xb9\x3f", 0.1);
    RAW(PJ_FLOAT16, "5", "\x00\x3c\x00\xc0\x01\x00\x00\x7c\x01\x7c", 1, -2, 0x1p-24, INFINITY, NAN);
    RAW(PJ_BFLOAT16, "2", "\x80\x3f\x20\xc1", 1, -10);
    RAW(PJ_FLOAT8E4M3FN, "4", "\x38\x7e\x7f\x01", 1, 448, NAN, 0x1p-9);
    RAW(PJ_FLOAT8E4M3FNUZ, "3", "\x40\x7f\x80", 1, 240, NAN);
    RAW(PJ_FLOAT8E5M2, "4", "\x3c\x7b\x7c\x01", 1, 57344, INFINITY, 0x1p-16);
    RAW(PJ_FLOAT8E5M2FNUZ, "3", "\x40\x7f\x80", 1, 57344, NAN);
    RAW(PJ_FLOAT4E2M1, "4", "\x21\xf7", 0.5, 1, 6, -6);
    RAW(PJ_FLOAT8E8M0, "3", "\x7f\x80\xff", 1, 2, NAN);
}

static void test_typed_elements(void)
{
    PjOnnx__TensorProto *w;
    builder b = lone(PJ_INT8, "3", &w);
    w->n_int32_data = 3;
    w->int32_data = (int32_t[]){-1, 7, 200}; /* 200: the low byte counts */
    pj_model *m = build_expect(&b);
    CHECK(pj_num_is(constant(m)->data[0], -1) && pj_num_is(constant(m)->data[2], -56));
    pj_unload(m);
    b = lone(PJ_UINT32, "1", &w);
    w->n_uint64_data = 1;
    w->uint64_data = (uint64_t[]){4000000000};
    m = build_expect(&b);
    CHECK(pj_num_is(constant(m)->data[0], 4000000000));
    pj_unload(m);
    b = lone(PJ_INT4, "3", &w); /* two in an entry */
    w->n_int32_data = 2;
    w->int32_data = (int32_t[]){0xf1, 0x02};
    m = build_expect(&b);
    CHECK(pj_num_is(constant(m)->data[0], 1) && pj_num_is(constant(m)->data[1], -1));
    CHECK(pj_num_is(constant(m)->data[2], 2));
    pj_unload(m);
    b = lone(PJ_COMPLEX64, "1", &w); /* two entries each, not decoded */
    w->n_float_data = 2;
    w->float_data = (float[]){1, 2};
    m = build_expect(&b);
    CHECK(constant(m)->storage == PJ_STORED_INLINE && !constant(m)->data && constant(m)->length == 8);
    pj_unload(m);
    b = lone(PJ_STRING, "2", &w);
    w->n_string_data = 2;
    w->string_data = (ProtobufCBinaryData[]){
        {3, (uint8_t[]){0x61, 0x62, 0x63}},
        {0, NULL                         }
    };
    m = build_expect(&b);
    CHECK_TEXT(constant(m)->strings[0], "abc");
    CHECK_TEXT(constant(m)->strings[1], "");
    pj_unload(m);
    b = lone(PJ_INT64, "0", &w);
    m = build_expect(&b);
    CHECK(constant(m)->data && constant(m)->count == 0);
    pj_unload(m);
    b = lone(PJ_FLOAT64, "2", &w);
    w->n_double_data = 2;
    w->double_data = (double[]){0.1, -3};
    m = build_expect(&b);
    CHECK(pj_num_as_real(constant(m)->data[0], &(bool){false}) == 0.1);
    CHECK(pj_num_as_real(constant(m)->data[1], &(bool){false}) == -3);
    pj_unload(m);
    b = lone(PJ_STRING, "3,0", &w); /* nothing is missing */
    m = build_expect(&b);
    CHECK(constant(m)->storage == PJ_STORED_INLINE && constant(m)->count == 0 && m->diags.count == 0);
    pj_unload(m);
    b = lone(PJ_STRING, "3", &w);
    m = build_expect(&b);
    CHECK(constant(m)->storage == PJ_STORED_ABSENT && m->diags.count == 1);
    pj_unload(m);
}

/* More elements in a typed field than are kept: zeros of `field`, each of the size that it has in the file. */
static builder large(pj_dtype dtype, const char *dims, uint32_t field, size_t count)
{
    static float floats[70000];
    static double doubles[7000];
    static int32_t ints[70000];
    PjOnnx__TensorProto *w;
    builder b = lone(dtype, dims, &w);
    if (field == PJ_FLOAT_DATA) {
        w->n_float_data = count;
        w->float_data = floats;
    } else if (field == PJ_DOUBLE_DATA) {
        w->n_double_data = count;
        w->double_data = doubles;
    } else {
        w->n_int32_data = count;
        w->int32_data = ints;
    }
    return b;
}

static void test_large_typed(void)
{
    static const struct {
        pj_dtype dtype;
        const char *dims;
        uint32_t field;
        size_t count;
        const char *part; /* NULL: it is taken */
        uint64_t bytes;
    } rows[] = {
        {PJ_FLOAT32, "5000",  PJ_FLOAT_DATA,  5000,  NULL,                                             20000},
        {PJ_FLOAT32, "6000",  PJ_FLOAT_DATA,  5000,  "needs 24000 bytes, but the file holds 20000",    0    },
        {PJ_FLOAT64, "5000",  PJ_DOUBLE_DATA, 5000,  NULL,                                             40000},
        {PJ_FLOAT64, "4999",  PJ_DOUBLE_DATA, 5000,  "needs 39992 bytes, but the file holds 40000",    0    },
        {PJ_INT8,    "20000", PJ_INT32_DATA,  20000, NULL,                                             20000},
        {PJ_INT8,    "20001", PJ_INT32_DATA,  20000, "needs 20001 numbers of 1 to 10 bytes each, but", 0    },
        {PJ_INT8,    "1999",  PJ_INT32_DATA,  20000, "needs 1999 numbers of 1 to 10 bytes each, but",  0    },
        {PJ_FLOAT32, "20000", PJ_INT32_DATA,  20000,
         "the elements of initializer 'w' are in a field that is not for float32",                     0    },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        builder b = large(rows[i].dtype, rows[i].dims, rows[i].field, rows[i].count);
        if (rows[i].part) {
            build_refuses(&b, PJ_EFORMAT, "", "", rows[i].part);
            continue;
        }
        pj_model *m = build_expect(&b);
        CHECK_INT(build_find(m, "w")->tensor->storage, PJ_STORED_FILE);
        CHECK_INT(build_find(m, "w")->tensor->length, rows[i].bytes);
        CHECK(!build_find(m, "w")->tensor->raw);
        pj_unload(m);
    }
    PjOnnx__TensorProto *w; /* texts: each has a length of its own */
    builder b = lone(PJ_STRING, "1", &w);
    static uint8_t letters[70000];
    w->n_string_data = 1;
    w->string_data = &(ProtobufCBinaryData){sizeof letters, letters};
    pj_model *m = build_expect(&b);
    CHECK_INT(build_find(m, "w")->tensor->storage, PJ_STORED_FILE);
    CHECK_INT(build_find(m, "w")->tensor->length, sizeof letters);
    pj_unload(m);
}

static void test_large_tensor(void)
{
    PjOnnx__TensorProto *w;
    char zeros[4 * 5000] = {0};
    builder b = lone(PJ_FLOAT32, "50,100", &w);
    build_raw(&b, w, zeros, sizeof zeros);
    pj_model *m = build_expect(&b);
    CHECK_INT(constant(m)->storage, PJ_STORED_FILE);
    CHECK_INT(constant(m)->length, 20000);
    CHECK(constant(m)->raw && !constant(m)->data && constant(m)->offset > 0);
    CHECK_INT(constant(m)->count, 5000);
    pj_unload(m);
    b = lone(PJ_FLOAT32, "50,101", &w);
    build_raw(&b, w, zeros, sizeof zeros);
    build_refuses(&b, PJ_EFORMAT, "", "",
                  "initializer 'w' float32[50,101] needs 20200 bytes, but the file holds 20000");
    b = lone(PJ_INT64, "20000", &w);
    build_raw(&b, w, zeros, 4);
    build_refuses(&b, PJ_EFORMAT, "", "", "needs 160000 bytes, but the file holds 4");
}

static void test_broken_tensors(void)
{
    PjOnnx__TensorProto *w;
    builder b = lone(PJ_FLOAT32, "2,-3", &w);
    build_refuses(&b, PJ_EFORMAT, "", "", "initializer 'w': dimension 1 is -3, below 0");
    b = lone(PJ_FLOAT32, "4294967296,4294967296", &w);
    build_refuses(&b, PJ_EOVERFLOW, "", "",
                  "initializer 'w' float32[4294967296,4294967296] has more elements than 64 bits");
    b = lone(PJ_FLOAT32, "4611686018427387904", &w); /* elements fit, bits do not */
    build_refuses(&b, PJ_EOVERFLOW, "", "", "has more elements than 64 bits can count");
    b = lone(PJ_FLOAT32, "4294967296,4294967296,0", &w); /* no element at all */
    pj_unload(build_expect(&b));
#define LONG "9223372036854775807,"
    b = lone(PJ_FLOAT32, LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG "7", &w);
#undef LONG
    build_refuses(&b, PJ_EOVERFLOW, "", "", "9223372036854775807,...] has more elements than 64 bits can count");
    b = lone((pj_dtype)99, "1", &w);
    build_refuses(&b, PJ_EFORMAT, "", "", "initializer 'w' has element type 99, which does not exist");
    b = lone(PJ_INT64, "3", &w);
    w->n_int64_data = 2;
    w->int64_data = (int64_t[]){1, 2};
    build_refuses(&b, PJ_EFORMAT, "", "", "initializer 'w' int64[3] needs 3 numbers, but the file holds 2");
    b = lone(PJ_INT64, "2", &w);
    w->n_int32_data = 2;
    w->int32_data = (int32_t[]){1, 2};
    build_refuses(&b, PJ_EFORMAT, "", "", "initializer 'w' is int64, but its elements are in int32_data");
    b = lone(PJ_STRING, "2", &w);
    w->n_string_data = 1;
    w->string_data = (ProtobufCBinaryData[]){
        {1, (uint8_t[]){0x61}}
    };
    build_refuses(&b, PJ_EFORMAT, "", "", "initializer 'w' string[2] needs 2 strings, but the file holds 1");
    b = lone(PJ_FLOAT32,
             "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
             "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
             &w);
    build_refuses(&b, PJ_ELIMIT, "", "", "initializer 'w' has 65 dimensions; at most 64 are accepted");
    b = lone(PJ_FLOAT32, "1", &w);
    w->name = NULL;
    build_refuses(&b, PJ_EFORMAT, "", "", "an initializer of graph 'main' has no name");
    b = lone(PJ_FLOAT32, "1", &w);
    build_initializer(&b, "w", PJ_FLOAT32, "2");
    build_refuses(&b, PJ_EFORMAT, "", "", "the initializer 'w' is given twice, with different types");
}

/* ---- graphs ---- */

static void test_order(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_node(&b, "Add", "b,c", "d");
    build_node(&b, "Relu", "x", "a");
    build_node(&b, "Abs", "a", "b");
    build_node(&b, "Neg", "a", "c");
    build_node(&b, "Exp", "x", "e");
    build_output(&b, "d", PJ_FLOAT32, "1");
    pj_model *m = build_expect(&b);
    static const char *const want[] = {"Relu_1", "Abs_2", "Neg_3", "Add_0", "Exp_4"};
    for (int i = 0; i < 5; i++) {
        CHECK_TEXT(m->graph->node[i]->label, want[i]);
        CHECK_INT(m->graph->node[i]->index, i);
    }
    pj_unload(m);
}

static void test_broken_graphs(void)
{
    PjOnnx__NodeProto *relu;
    builder b = small(&relu);
    relu->input[0] = build_strdup(&b, "xx");
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu",
                  "input 0 is the tensor 'xx', which nothing in the graph makes; did you mean 'x'?");
    b = small(&relu);
    relu->input[0] = build_strdup(&b, "features");
    relu->name = build_strdup(&b, "act");
    relu->domain = build_strdup(&b, "my.ops");
    build_refuses(&b, PJ_EFORMAT, "act", "my.ops::Relu",
                  "input 0 is the tensor 'features', which nothing in the graph makes");
    b = small(NULL);
    build_output(&b, "z", PJ_FLOAT32, "1");
    build_refuses(&b, PJ_EFORMAT, "", "", "output 1 of the graph is 'z', which nothing in the graph makes");
    b = small(NULL);
    build_node(&b, "Abs", "x", "y");
    build_refuses(&b, PJ_EFORMAT, "Abs_1", "Abs",
                  "the value 'y' is defined twice: by node 'Relu_0' and by node 'Abs_1'");
    b = small(&relu);
    relu->input[0] = build_strdup(&b, "z");
    build_node(&b, "Abs", "y", "z");
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu",
                  "cycle: 'Abs_1' (Abs) reads from 'Relu_0' (Relu) reads from the first");
    b = small(NULL);
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_refuses(&b, PJ_EFORMAT, "", "", "the value 'x' is defined twice: it already is a graph input");
    b = small(NULL);
    build_node(&b, "Abs", "a", "a");
    build_refuses(&b, PJ_EFORMAT, "Abs_1", "Abs", "the graph has a cycle: 'Abs_1' (Abs) reads its own output");
    b = small(&relu);
    relu->op_type = NULL;
    build_refuses(&b, PJ_EFORMAT, "_0", "", "the node does not say its operator");
    b = small(NULL);
    build_initializer(&b, "w", PJ_FLOAT32, "1");
    build_node(&b, "Abs", "x", "w");
    build_refuses(&b, PJ_EFORMAT, "Abs_1", "Abs",
                  "the value 'w' is defined twice: by an initializer and by node 'Abs_1'");
    b = small(NULL);
    build_node(&b, "Abs", "y", "x");
    build_refuses(&b, PJ_EFORMAT, "Abs_1", "Abs",
                  "the value 'x' is defined twice: by a graph input and by node 'Abs_1'");
    b = small(NULL);
    build_node(&b, "Abs", "x", "z");
    build_value(&b, "z", (pj_dtype)77, "1");
    build_refuses(&b, PJ_EFORMAT, "", "", "value 'z': element type 77 does not exist");
    b = small(NULL);
    b.model->graph = NULL;
    build_refuses(&b, PJ_EFORMAT, "", "", "there is no graph in this file");
}

/* 'a' and 'b' make a cycle behind the graph input only where both read the other. */
static void test_long_cycle(void)
{
    builder b = build_new(17);
    char in[16], out[16];
    for (int i = 0; i < 20; i++) {
        snprintf(in, sizeof in, "v%d", i);
        snprintf(out, sizeof out, "v%d", (i + 1) % 20);
        build_node(&b, "Relu", in, out);
    }
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "reads from 14 more");
}

static void test_attributes(void)
{
    PjOnnx__NodeProto *relu;
    builder b = small(&relu);
    build_ints(&b, relu, "axis", 1, (const int64_t[]){1});
    relu->attribute[0]->type = PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "attribute 'axis' says it is an int, but it holds ints");
    b = small(&relu);
    build_attr(&b, relu, "value", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "attribute 'value' says it is a tensor, but it holds nothing");
    b = small(&relu);
    build_attr(&b, relu, "value", 42);
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "attribute 'value' has type 42, which does not exist");
    b = small(&relu);
    build_attr(&b, relu, "value", -3);
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "attribute 'value' has type -3, which does not exist");
    b = small(&relu);
    PjOnnx__AttributeProto *attr = build_attr(&b, relu, "value", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
    attr->t = build_tensor(&b, "", PJ_INT64, "2");
    build_raw(&b, attr->t, "1234", 4);
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "attribute 'value' int64[2] needs 16 bytes, but the file holds 4");
    b = small(&relu);
    build_attr(&b, relu, "k", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT)->ref_attr_name = build_strdup(&b, "k");
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "attribute 'k' refers to 'k' of a caller, but is in no function");
    b = small(&relu);
    build_attr(&b, relu, "axis", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT); /* a writer that leaves out zeros */
    build_attr(&b, relu, "axes", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    attr = build_attr(&b, relu, "value", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR);
    attr->t = build_tensor(&b, "", PJ_FLOAT32, "");
    build_raw(&b, attr->t, "\0\0\0\x3f", 4);
    pj_model *m = build_expect(&b);
    const pj_node *node = m->graph->node[0];
    CHECK_INT(pj_node_attr(node, "axis")->kind, PJ_ATTR_INT);
    CHECK_INT(pj_node_attr(node, "axis")->i, 0);
    CHECK_INT(pj_node_attr(node, "axes")->count, 0);
    CHECK(pj_num_as_real(pj_node_attr(node, "value")->tensor->data[0], &(bool){false}) == 0.5);
    pj_unload(m);
}

/* What is wrong inside a list of an attribute. */
static void test_broken_lists(void)
{
    PjOnnx__NodeProto *relu;
    builder b = small(&relu);
    PjOnnx__SparseTensorProto sparse = PJ_ONNX__SPARSE_TENSOR_PROTO__INIT;
    build_attr(&b, relu, "value", 0)->sparse_tensor = &sparse;
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "a sparse attribute 'value' has no values");
    b = small(&relu);
    PjOnnx__AttributeProto *attr = build_attr(&b, relu, "types", 0);
    attr->n_type_protos = 1;
    attr->type_protos = &build_value(&b, "v", (pj_dtype)77, "5")->type;
    b.graph->n_value_info = 0;
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "element type 77 does not exist");
    b = small(&relu);
    PjOnnx__GraphProto *keep = b.graph, *inner = b.graph = build_graph(&b, "inner");
    build_node(&b, "Abs", "nowhere", "z");
    b.graph = keep;
    attr = build_attr(&b, relu, "graphs", 0);
    attr->n_graphs = 1;
    attr->graphs = &inner;
    build_refuses(&b, PJ_EFORMAT, "Relu_0/Abs_0", "Abs", "input 0 is the tensor 'nowhere', which nothing in the graph");
    b = small(&relu); /* the same where nodes are out of order, which is looked at first */
    relu->input[0] = build_strdup(&b, "late");
    keep = b.graph;
    inner = b.graph = build_graph(&b, "inner");
    PjOnnx__SparseTensorProto *sparses[] = {&sparse};
    inner->n_sparse_initializer = 1;
    inner->sparse_initializer = sparses;
    b.graph = keep;
    build_subgraph(&b, relu, "body", inner);
    build_node(&b, "Abs", "x", "late");
    build_refuses(&b, PJ_EFORMAT, "Relu_0", "Relu", "a sparse initializer has no values");
}

/* Types that say nothing, each in its own way; and dimensions. */
static void test_unknown_types(void)
{
    PjOnnx__TypeProto empty = PJ_ONNX__TYPE_PROTO__INIT, opaque = PJ_ONNX__TYPE_PROTO__INIT;
    PjOnnx__TypeProto__Opaque nothing = PJ_ONNX__TYPE_PROTO__OPAQUE__INIT;
    opaque.value_case = PJ_ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE;
    opaque.opaque_type = &nothing;
    builder b = small(NULL);
    build_input(&b, "none", PJ_FLOAT32, NULL)->type = NULL;
    build_input(&b, "empty", PJ_FLOAT32, NULL)->type = &empty;
    build_input(&b, "opaque", PJ_FLOAT32, NULL)->type = &opaque;
    PjOnnx__TensorShapeProto *shape = build_input(&b, "dims", PJ_INT8, "a,b,c,d")->type->tensor_type->shape;
    shape->dim[0]->dim_param = build_strdup(&b, "-1");
    shape->dim[1]->dim_param = build_strdup(&b, "None");
    shape->dim[2]->value_case = PJ_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
    pj_model *m = build_expect(&b);
    check_type(&build_find(m, "none")->type, "?");
    check_type(&build_find(m, "empty")->type, "?");
    CHECK_INT(build_find(m, "opaque")->type.kind, PJ_OPAQUE);
    check_type(&build_find(m, "dims")->type, "int8[?,?,?,d]");
    pj_unload(m);
}

/* The kind that an attribute says it has decides which of its contents count, where it holds several. */
static void test_attribute_of_two_kinds(void)
{
    PjOnnx__NodeProto *relu;
    builder b = small(&relu);
    PjOnnx__AttributeProto *attr = build_attr(&b, relu, "list", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS);
    PjOnnx__TensorProto *list[] = {build_tensor(&b, "", PJ_FLOAT32, "3"), build_tensor(&b, "", PJ_FLOAT32, "4")};
    attr->t = build_tensor(&b, "", PJ_FLOAT32, "7");
    attr->tensors = list;
    attr->n_tensors = 2;
    attr = build_attr(&b, relu, "types", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS);
    PjOnnx__TypeProto *types[] = {build_value(&b, "v", PJ_INT8, "5")->type};
    attr->tp = build_value(&b, "v2", PJ_INT8, "6")->type;
    attr->type_protos = types;
    attr->n_type_protos = 1;
    pj_model *m = build_expect(&b);
    const pj_node *node = m->graph->node[0];
    CHECK_INT(pj_node_attr(node, "list")->count, 2);
    CHECK_INT(pj_node_attr(node, "list")->tensor[0].count, 3);
    CHECK_INT(pj_node_attr(node, "list")->tensor[1].count, 4);
    check_type(pj_node_attr(node, "types")->type, "int8[5]");
    pj_unload(m);
}

static void check_rare_attributes(const pj_node *odd)
{
    const pj_attr *attr = odd->attr;
    static const struct {
        const char *name;
        pj_attr_kind kind;
        int count;
    } want[] = {
        {"ints",    PJ_ATTR_INTS,           2},
        {"text",    PJ_ATTR_STRING,         1},
        {"floats",  PJ_ATTR_FLOATS,         1},
        {"texts",   PJ_ATTR_STRINGS,        1},
        {"tensors", PJ_ATTR_TENSORS,        1},
        {"sparse",  PJ_ATTR_SPARSE_TENSOR,  1},
        {"sparses", PJ_ATTR_SPARSE_TENSORS, 1},
        {"type",    PJ_ATTR_TYPE,           1},
        {"types",   PJ_ATTR_TYPES,          1},
        {"graphs",  PJ_ATTR_GRAPHS,         1},
        {"zero",    PJ_ATTR_FLOAT,          1},
        {"graph",   PJ_ATTR_GRAPH,          1}
    };
    CHECK_INT(odd->attrs, sizeof want / sizeof *want);
    for (int i = 0; i < odd->attrs; i++) {
        CHECK_TEXT(attr[i].name, want[i].name);
        CHECK_INT(attr[i].kind, want[i].kind);
        CHECK_INT(attr[i].count, want[i].count);
    }
    CHECK_INT(attr[0].ints[1], -4);
    CHECK_TEXT(attr[1].s, "word");
    CHECK_NEAR(attr[2].floats[0], 0.25, 0);
    CHECK_TEXT(attr[3].strings[0], "more");
    CHECK_INT(attr[4].tensor->count, 0);
    CHECK_INT(attr[5].tensor->count, 20000);
    CHECK_INT(attr[6].tensor->count, 20000);
    check_type(attr[7].type, "int8[N,7]");
    check_type(attr[8].type, "int8[N,7]");
    CHECK_NEAR(attr[10].f, 0, 0);
}

static void test_rare(void)
{
    builder b = build_rare();
    pj_model *m = build_expect(&b);
    static const char *const labels[] = {"pair_1/Abs_1", "pair_1/Neg_0", "pair_1/Identity_2", "odd", "odd_2"};
    CHECK_INT(m->graph->nodes, 5);
    for (int i = 0; i < 5 && i < m->graph->nodes; i++)
        CHECK_TEXT(m->graph->node[i]->label, labels[i]);
    const pj_node *odd = m->graph->node[3];
    CHECK_TEXT(odd->scope, "net/first");
    check_type(&build_find(m, "x")->type, "float32[?,N,?,?,2]");
    check_type(&build_find(m, "s")->type, "float32[100,200]");
    CHECK_INT(build_find(m, "s")->tensor->count, 20000);
    check_rare_attributes(odd);
    CHECK_TEXT(build_find(m, "x")->annotation, "INT4");
    CHECK_TEXT(build_find(m, "words")->tensor->strings[0], "abc");
    CHECK_TEXT(build_find(m, "words")->tensor->strings[1], "");
    const pj_graph *other = pj_node_attr(odd, "graph")->graph; /* the labels of the first one are taken */
    CHECK_TEXT(other->node[0]->label, "odd/Add_1_2");
    CHECK_TEXT(other->node[1]->label, "odd/Add_0_2");
    const pj_graph *inside = pj_node_attr(odd, "graphs")->graphs[0];
    CHECK_TEXT(inside->node[0]->label, "odd/Add_1");
    CHECK_TEXT(inside->node[1]->label, "odd/Add_0");
    CHECK(inside->node[0]->in[0] == build_find(m, "late") && inside->node[1]->in[0] == inside->node[0]->out[0]);
    pj_unload(m);
}

/* ---- what is no model ---- */

static void test_foreign(void)
{
#define REFUSES(bytes, part) refuses_bytes(bytes, sizeof(bytes) - 1, PJ_EFORMAT, part)
    refuses_bytes("", 0, PJ_EFORMAT, "the file is empty");
    REFUSES("PK\3\4\x14\0\0\0\0\0 archive/data.pkl", "PyTorch checkpoint (export it with torch.onnx.export)");
    REFUSES("\x80\x02\x8a\nl\xfc\x9c", "torch.onnx.export");
    REFUSES("\x1c\0\0\0TFL3\0\0\0\0", "TensorFlow Lite");
    REFUSES("\x89HDF\r\n\x1a\n\0\0", "HDF5");
    REFUSES("\x1f\x8b\x08\0\0\0", "compressed");
    REFUSES("GGUF\3\0\0\0", "GGUF");
    REFUSES("ftrt\0\0\0\0", "TensorRT");
    REFUSES("\x40\0\0\0\0\0\0\0{\"w\":{\"dtype\":\"F32\"}}", "safetensors");
    REFUSES("\x40\0\0\0\0\1\0\0{\"w\":{}}", "this is not an ONNX model ("); /* a head of a TiB and more */
    REFUSES("\x40\0\0\0\0\0\1\0{\"w\":{}}", "this is not an ONNX model (");
    REFUSES("\x40\0\0\0\0\0\0\1{\"w\":{}}", "this is not an ONNX model (");
    REFUSES("\x40\0\0\0\0\0\0\0{}", "this is not an ONNX model (");
    REFUSES("\0\0\0\0\0\0\0\0\0\0\0\0", "this is not an ONNX model (");
    REFUSES("  {\"layers\": []}\n", "JSON");
    REFUSES("<\n  ir_version: 8\n>\nagraph (float[N] x)", "text");
    REFUSES("ir_version: 8\ngraph {\n}\n", "protobuf text");
    REFUSES("version https://git-lfs.github.com/spec/v1\noid sha256:1", "git lfs pull");
    REFUSES("<!DOCTYPE html>\n<html>", "web page");
    REFUSES("some words of nobody", "this is a text file");
    REFUSES("\x0a\x04node\x01\x02\x03", "this is not an ONNX model (");
    REFUSES("\x08\x01\x12\x00", "there is no graph in this file");
    REFUSES("\x08\x08\x3a\x7f\x0a", "graph has 127 bytes, but only 1 are left in the file");
    refuses_bytes("\x0a\x00", 2, PJ_EFORMAT, "there is no graph in this file");
#undef REFUSES
}

int main(void)
{
    test_model();
    test_old_file();
    test_bindings();
    test_elements();
    test_typed_elements();
    test_large_tensor();
    test_large_typed();
    test_broken_tensors();
    test_order();
    test_broken_graphs();
    test_long_cycle();
    test_attributes();
    test_broken_lists();
    test_unknown_types();
    test_attribute_of_two_kinds();
    test_rare();
    test_foreign();
    return check_done();
}
