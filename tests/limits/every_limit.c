/* One test for each constant of base/limits.h: at the limit passes, one past is refused, or does what the comment at
 * the constant says. */
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/json_write.h"
#include "check.h"
#include "check/entry.h"
#include "cost/table.h"
#include "footprint/profile.h"
#include "infer/infer.h"
#include "ir/diag.h"
#include "load/load.h"
#include "load/wire.h"
#include "model.h"
#include "picojoule/picojoule.h"
#include "quant/plan_file.h"

/* Loads, infers and frees; PJ_OK, or how it failed. */
static pj_status open_built(builder *b, pj_error *err)
{
    pj_model *model = build_load(b, err);
    pj_status status = model ? pj_infer(model, &model->diags, err) : err->status;
    pj_unload(model);
    return status;
}

static void expect(builder *b, pj_status status, const char *part)
{
    pj_error err = {0};
    CHECK_INT(open_built(b, &err), status);
    CHECK_PART(err.what, part);
}

/* ---- depth ---- */

/* A type that is sequences inside each other: the innermost TypeProto is message number `depth`; ModelProto,
 * GraphProto, ValueInfoProto and the outermost TypeProto are 1 to 4, and each sequence adds two. */
static builder deep_type(int depth)
{
    builder b = build_new(17);
    PjOnnx__ValueInfoProto *info = build_input(&b, "x", PJ_FLOAT32, NULL);
    PjOnnx__TypeProto *type = pj_arena_alloc(b.arena, 1, sizeof *type);
    pj_onnx__type_proto__init(type);
    for (int at = 4; at + 2 <= depth; at += 2) {
        PjOnnx__TypeProto *outer = pj_arena_alloc(b.arena, 1, sizeof *outer);
        PjOnnx__TypeProto__Sequence *sequence = pj_arena_alloc(b.arena, 1, sizeof *sequence);
        pj_onnx__type_proto__init(outer);
        pj_onnx__type_proto__sequence__init(sequence);
        sequence->elem_type = type;
        outer->value_case = PJ_ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE;
        outer->sequence_type = sequence;
        type = outer;
    }
    info->type = type;
    return b;
}

static void test_message_depth(void)
{
    builder b = deep_type(PJ_MAX_MESSAGE_DEPTH);
    expect(&b, PJ_OK, "");
    b = deep_type(PJ_MAX_MESSAGE_DEPTH + 2); /* the sequence around it is the first that is too deep */
    expect(&b, PJ_ELIMIT, "nested more than 256 deep");
}

static builder nested_ifs(int depth)
{
    builder b = build_new(17);
    build_input(&b, "c", PJ_BOOL, "");
    for (int i = 0; i < depth; i++) {
        char output[32];
        snprintf(output, sizeof output, "y%d", i);
        PjOnnx__NodeProto *node = build_node(&b, "If", "c", output);
        PjOnnx__GraphProto *inner = build_graph(&b, "inner");
        build_subgraph(&b, node, "then_branch", inner);
        b.graph = inner;
    }
    return b;
}

static void test_subgraph_depth(void)
{
    builder b = nested_ifs(PJ_MAX_SUBGRAPH_DEPTH);
    pj_error err = {0};
    pj_model *model = build_load(&b, &err);
    CHECK(model != NULL);
    CHECK_TEXT(err.what, "");
    pj_unload(model);
    b = nested_ifs(PJ_MAX_SUBGRAPH_DEPTH + 1);
    expect(&b, PJ_ELIMIT, "subgraphs are nested more than 64 deep");
}

/* f1 has `calls` nodes that call f2, and so on; the last one is Relus. */
static builder function_chain(int depth, int calls)
{
    builder b = build_new(17);
    char inner[32], outer[32];
    build_opset(&b, "f", 1);
    PjOnnx__GraphProto *graph = b.graph;
    for (int i = depth; i > 0; i--) {
        b.graph = build_graph(&b, "body");
        snprintf(inner, sizeof inner, "f%d", i + 1);
        snprintf(outer, sizeof outer, "f%d", i);
        for (int k = 0; k < calls; k++) {
            const char *output = k ? "" : "y";
            if (i == depth)
                build_node(&b, "Relu", "x", output);
            else
                build_node(&b, inner, "x", output)->domain = build_strdup(&b, "f");
        }
        build_function(&b, "f", outer, "x", "y", b.graph);
    }
    b.graph = graph;
    build_input(&b, "x", PJ_FLOAT32, "1,2");
    build_node(&b, "f1", "x", "y")->domain = build_strdup(&b, "f");
    build_output(&b, "y", PJ_FLOAT32, "1,2");
    return b;
}

static void test_function_depth(void)
{
    builder b = function_chain(PJ_MAX_FUNCTION_DEPTH, 1);
    expect(&b, PJ_OK, "");
    b = function_chain(PJ_MAX_FUNCTION_DEPTH + 1, 1);
    expect(&b, PJ_ELIMIT, "call each other more than 64 deep");
}

/* ---- sizes of single things ---- */

/* "1,1,1": so many of them. */
static char *ones(int count)
{
    char *text = calloc((size_t)count + 1, 2);
    for (int i = 0; text && i < count; i++)
        memcpy(text + 2 * i, i + 1 < count ? "1," : "1", 2);
    return text;
}

static builder with_rank(int rank, const char *op)
{
    builder b = build_new(12);
    char *dims = ones(rank);
    static const int64_t axes[] = {0};
    build_input(&b, "x", PJ_FLOAT32, dims);
    PjOnnx__NodeProto *node = build_node(&b, op, "x", "y");
    if (strcmp(op, "Unsqueeze") == 0)
        build_ints(&b, node, "axes", 1, axes);
    free(dims);
    return b;
}

static void test_rank(void)
{
    builder b = with_rank(PJ_MAX_RANK, "Relu");
    expect(&b, PJ_OK, "");
    b = with_rank(PJ_MAX_RANK + 1, "Relu");
    expect(&b, PJ_ELIMIT, "has 65 dimensions; at most 64 are accepted");
    b = with_rank(PJ_MAX_RANK - 1, "Unsqueeze");
    expect(&b, PJ_OK, "");
    b = with_rank(PJ_MAX_RANK, "Unsqueeze");
    expect(&b, PJ_ELIMIT, "rank 65");
}

static void check_name(size_t length, pj_status status, const char *part)
{
    builder b = build_new(17);
    char *name = calloc(length + 1, 1);
    memset(name, 'n', length);
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_node(&b, "Relu", "x", "y")->name = build_strdup(&b, name);
    free(name);
    expect(&b, status, part);
}

static void test_name(void)
{
    check_name(PJ_MAX_NAME, PJ_OK, "");
    check_name(PJ_MAX_NAME + 1, PJ_ELIMIT, "a text of 65537 bytes; at most 65536");
}

/* Are the contents of an initializer of so many elements kept? It loads in any case. */
static bool keeps(pj_dtype dtype, size_t elements, size_t bytes)
{
    builder b = build_new(17);
    char dims[32];
    void *zeros = calloc(elements, bytes);
    snprintf(dims, sizeof dims, "%zu", elements);
    build_raw(&b, build_initializer(&b, "w", dtype, dims), zeros, elements * bytes);
    free(zeros);
    pj_model *model = build_expect(&b);
    pj_tensor *tensor = build_find(model, "w")->tensor;
    CHECK(pj_tensor_decode(model->arena, tensor));
    bool kept = tensor->data != NULL;
    pj_unload(model);
    return kept;
}

static void test_kept_values(void)
{
    CHECK(keeps(PJ_INT64, PJ_MAX_VALUE_BYTES / 8, 8));
    CHECK(!keeps(PJ_INT64, PJ_MAX_VALUE_BYTES / 8 + 1, 8));
    CHECK(keeps(PJ_INT32, PJ_MAX_VALUE_BYTES / 4, 4));
    CHECK(!keeps(PJ_INT32, PJ_MAX_VALUE_BYTES / 4 + 1, 4));
    CHECK(keeps(PJ_FLOAT32, PJ_MAX_SCALE_ELEMENTS, 4));
    CHECK(!keeps(PJ_FLOAT32, PJ_MAX_SCALE_ELEMENTS + 1, 4));
    CHECK(keeps(PJ_UINT8, PJ_MAX_SCALE_ELEMENTS, 1));
    CHECK(!keeps(PJ_UINT8, PJ_MAX_SCALE_ELEMENTS + 1, 1));
}

/* Contents known of a computed value of so many elements. */
static int64_t computed(int64_t elements)
{
    builder b = build_new(17);
    pj_error err = {0};
    build_raw(&b, build_initializer(&b, "shape", PJ_INT64, "1"), &elements, sizeof elements);
    PjOnnx__NodeProto *node = build_node(&b, "ConstantOfShape", "shape", "y");
    PjOnnx__TensorProto *zero = build_tensor(&b, "", PJ_INT64, "1");
    static const int64_t nothing = 0;
    build_raw(&b, zero, &nothing, sizeof nothing);
    build_attr(&b, node, "value", PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR)->t = zero;
    pj_model *model = build_expect(&b);
    CHECK_INT(pj_infer(model, &model->diags, &err), PJ_OK);
    const pj_value *y = build_find(model, "y");
    CHECK(pj_num_is(y->type.dims[0], elements));
    int64_t count = y->data ? y->data_count : 0;
    pj_unload(model);
    return count;
}

static void test_computed_values(void)
{
    CHECK_INT(computed(PJ_MAX_VALUE_ELEMENTS), PJ_MAX_VALUE_ELEMENTS);
    CHECK_INT(computed(PJ_MAX_VALUE_ELEMENTS + 1), 0);
}

/* The sum of so many symbols, as Concat makes it. */
static bool sum_is_known(int symbols)
{
    builder b = build_new(17);
    pj_error err = {0};
    char inputs[16 * (PJ_MAX_FORMULA_TERMS + 2)] = "";
    for (int i = 0; i < symbols; i++) {
        char name[16], dim[16];
        snprintf(name, sizeof name, "x%d", i);
        snprintf(dim, sizeof dim, "s%d", i);
        build_input(&b, name, PJ_FLOAT32, dim);
        snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), "%s%s", i ? "," : "", name);
    }
    build_int(&b, build_node(&b, "Concat", inputs, "y"), "axis", 0);
    pj_model *model = build_expect(&b);
    CHECK_INT(pj_infer(model, &model->diags, &err), PJ_OK);
    const pj_value *y = build_find(model, "y");
    CHECK_INT(y->type.rank, 1);
    bool known = y->type.rank == 1 && pj_num_symbolic(y->type.dims[0]);
    pj_unload(model);
    return known;
}

static void test_formula_terms(void)
{
    CHECK(sum_is_known(PJ_MAX_FORMULA_TERMS));
    CHECK(!sum_is_known(PJ_MAX_FORMULA_TERMS + 1));
}

/* ---- many ---- */

static uint8_t *put_varint(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

/* A model of so many nodes of operator A without inputs and outputs, five bytes each. The caller frees it. */
static uint8_t *many_nodes(size_t nodes, size_t *size)
{
    static const uint8_t node[] = {1 << 3 | 2, 3, 4 << 3 | 2, 1, 'A'};
    uint8_t *bytes = malloc(nodes * sizeof node + 16), *at = bytes;
    *at++ = 7 << 3 | 2; /* ModelProto.graph */
    at = put_varint(at, nodes * sizeof node);
    for (size_t i = 0; i < nodes; i++, at += sizeof node)
        memcpy(at, node, sizeof node);
    *size = (size_t)(at - bytes);
    return bytes;
}

/* The walk alone: the nodes themselves would take gigabytes. */
static pj_status walk_nodes(size_t nodes, pj_error *err)
{
    size_t size;
    uint8_t *bytes = many_nodes(nodes, &size);
    pj_source source;
    pj_str skeleton = pj_str_new(0);
    pj_source_memory(&source, bytes, size);
    pj_status status = pj_wire_skeleton(&source, &skeleton, err);
    pj_str_free(&skeleton);
    free(bytes);
    return status;
}

static void test_nodes(void)
{
    pj_error err = {0};
    CHECK_INT(walk_nodes(PJ_MAX_NODES, &err), PJ_OK);
    CHECK_INT(walk_nodes((size_t)PJ_MAX_NODES + 1, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "the model has more than 4000000 nodes");
}

/* A short file whose functions unfold to 2^n nodes: the memory that its size grants is used up before the nodes are. */
static void test_model_bytes(void)
{
    builder b = function_chain(10, 2);
    expect(&b, PJ_OK, "");
    b = function_chain(30, 2);
    expect(&b, PJ_ELIMIT, "unfolds to more than");
}

/* The walk's limit is that of the text it writes to; what a file of a gigabyte would show is shown at 100 nodes. */
static void test_skeleton_bytes(void)
{
    size_t size;
    uint8_t *bytes = many_nodes(100, &size);
    pj_error err = {0};
    size_t length = 0;
    for (int past = 0; past < 2; past++) {
        pj_source source;
        pj_str skeleton = pj_str_new(past ? length - 1 : PJ_MAX_SKELETON_BYTES);
        pj_source_memory(&source, bytes, size);
        CHECK_INT(pj_wire_skeleton(&source, &skeleton, &err), past ? PJ_ELIMIT : PJ_OK);
        length = skeleton.length;
        pj_str_free(&skeleton);
    }
    CHECK_PART(err.what, "the model without its weights has more than");
    free(bytes);
}

static void test_diagnostics(void)
{
    pj_arena *arena = pj_arena_new(0);
    pj_diags diags;
    pj_diags_init(&diags, arena);
    for (int i = 0; i < PJ_MAX_DIAGNOSTICS; i++)
        pj_diag_add(&diags, PJ_DIAG_UNKNOWN_OP, "n", "finding %d", i);
    CHECK_INT(diags.count, PJ_MAX_DIAGNOSTICS);
    CHECK_INT(diags.dropped, 0);
    pj_diag_add(&diags, PJ_DIAG_UNKNOWN_OP, "n", "one past");
    CHECK_INT(diags.count, PJ_MAX_DIAGNOSTICS);
    CHECK_INT(diags.dropped, 1);
    CHECK(!pj_arena_failed(arena));
    pj_arena_free(arena);
}

/* ---- JSON ---- */

static pj_status parse(const char *text, size_t length, pj_error *err)
{
    pj_json_doc *doc = NULL;
    pj_status status = pj_json_parse(text, length, "t.json", &doc, err);
    if (status == PJ_OK)
        pj_json_free(doc);
    return status;
}

static void test_json_bytes(void)
{
    size_t length = PJ_MAX_JSON_BYTES;
    char *text = malloc(length + 1);
    pj_error err = {0};
    memset(text, ' ', length + 1);
    text[0] = '0';
    CHECK_INT(parse(text, length, &err), PJ_OK);
    CHECK_INT(parse(text, length + 1, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "67108865 bytes of JSON; at most 67108864");
    free(text);
}

/* Reports may have more of both: a value for each eight bytes. */
static void test_report_json(void)
{
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    CHECK_INT(pj_json_parse_report("0", PJ_MAX_REPORT_BYTES + 1, "t.json", &doc, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "2147483649 bytes of JSON; at most 2147483648");
#ifndef __SANITIZE_ADDRESS__ /* there, each value is an allocation of its own */
    const size_t values = PJ_MAX_JSON_VALUES + 2;
    char *text = malloc(PJ_REPORT_BYTES_PER_VALUE * (values + 1));
    if (!text)
        return;
    for (size_t i = 0; i <= values; i++)
        memcpy(text + PJ_REPORT_BYTES_PER_VALUE * i, i == 0 ? "[       " : i < values ? "0,      " : "0      ]", 8);
    CHECK_INT(pj_json_parse_report(text, 8 * (values + 1), "t.json", &doc, &err), PJ_OK);
    pj_json_free(doc);
    CHECK_INT(parse(text, 8 * (values + 1), &err), PJ_ELIMIT);
    memcpy(text + 8, "0,0,0,0,", 8);
    CHECK_INT(pj_json_parse_report(text, 8 * (values + 1), "t.json", &doc, &err), PJ_ELIMIT);
    free(text);
#endif
}

static pj_status parse_nested(size_t depth, pj_error *err)
{
    char text[2 * (PJ_MAX_JSON_DEPTH + 1)];
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return parse(text, 2 * depth, err);
}

static bool write_nested(int depth)
{
    pj_str text = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&text, false);
    for (int i = 0; i < depth; i++)
        pj_json_write_begin(&json, PJ_JSON_WRITE_ARRAY);
    for (int i = 0; i < depth; i++)
        pj_json_write_end(&json);
    bool ok = !text.failed;
    pj_str_free(&text);
    return ok;
}

static void test_json_depth(void)
{
    pj_error err = {0};
    CHECK_INT(parse_nested(PJ_MAX_JSON_DEPTH, &err), PJ_OK);
    CHECK_INT(parse_nested(PJ_MAX_JSON_DEPTH + 1, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "more than 64 arrays and objects inside each other");
    CHECK(write_nested(PJ_MAX_JSON_DEPTH));
    CHECK(!write_nested(PJ_MAX_JSON_DEPTH + 1));
}

static void test_json_values(void)
{
#ifdef __SANITIZE_ADDRESS__
    const bool slow = true; /* each value is an allocation of its own */
#else
    const bool slow = false;
#endif
    size_t elements = PJ_MAX_JSON_VALUES - 1; /* the array is a value, too */
    pj_json_doc *doc = NULL;
    char *text = slow ? NULL : malloc(2 * elements + 3);
    pj_error err = {0};
    for (size_t i = 0; text && i <= elements; i++)
        memcpy(text + 1 + 2 * i, "0,", 2);
    if (!text)
        return;
    text[0] = '[';
    text[2 * elements] = ']';
    CHECK_INT(pj_json_parse(text, 2 * elements + 1, "t.json", &doc, &err), PJ_OK);
    pj_json_free(doc);
    text[2 * elements] = ',';
    text[2 * elements + 2] = ']';
    CHECK_INT(pj_json_parse(text, 2 * elements + 3, "t.json", &doc, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "more than 4000000 values");
    free(text);
}

static void test_json_digits(void)
{
    char text[PJ_MAX_JSON_DIGITS + 1];
    pj_error err = {0};
    memset(text, '1', sizeof text);
    CHECK_INT(parse(text, PJ_MAX_JSON_DIGITS, &err), PJ_OK);
    CHECK_INT(parse(text, PJ_MAX_JSON_DIGITS + 1, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "a number of more than 60 characters");
}

/* ---- streams ---- */

/* ir_version; a graph, a tensor and its contents, whose lengths are the limit and something, half of it ... */
static void put_length(pj_str *out, char tag, uint64_t length)
{
    pj_str_add_char(out, tag);
    for (; length > 127; length >>= 7)
        pj_str_add_char(out, (char)(length | 128));
    pj_str_add_char(out, (char)length);
}

/* A pipe that promises more than the limit is refused before that is read; one that only ends too early, as such. */
static void test_stream_bytes(void)
{
    static const struct {
        uint64_t bytes;
        pj_status status;
        const char *part;
    } cases[] = {
        {PJ_MAX_STREAM_BYTES + 1, PJ_ELIMIT,  "more than the 4 GiB that are read from a stream"},
        {PJ_MAX_STREAM_BYTES,     PJ_EFORMAT, "the file ends at byte"                          }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int ends[2];
        char path[40];
        pj_error err = {0};
        pj_model *model = NULL;
        pj_str head = pj_str_new(0);
        pj_str_add_bytes(&head, "\010\010", 2);
        put_length(&head, '\072', (uint64_t)1 << 61);
        put_length(&head, '\052', (uint64_t)1 << 60);
        pj_str_add_bytes(&head, "\010\004\020\001", 4);
        put_length(&head, '\112', cases[i].bytes);
        CHECK_INT(pipe(ends), 0);
        CHECK_INT(write(ends[1], head.data, head.length), (int64_t)head.length);
        close(ends[1]);
        snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
        CHECK_INT(pj_load(path, NULL, &model, &err), cases[i].status);
        CHECK_PART(err.what, cases[i].part);
        pj_unload(model);
        close(ends[0]);
        pj_str_free(&head);
    }
}

/* ---- tables and plans ---- */

static pj_status parse_globs(const pj_model *model, int count, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_plan plan;
    pj_str text = pj_str_new(0);
    pj_str_add(&text, "{\"schema\": \"picojoule.plan/1\", \"layers\": [");
    for (int i = 0; i < count; i++)
        pj_str_printf(&text, "%s{\"match\": \"*\"}", i ? "," : "");
    pj_str_add(&text, "]}");
    pj_status status = pj_plan_parse(text.data, text.length, "plan.json", model, arena, &plan, err);
    pj_str_free(&text);
    pj_arena_free(arena);
    return status;
}

static void test_plan_globs(void)
{
    builder b = build_new(17);
    pj_error err = {0};
    build_input(&b, "x", PJ_FLOAT32, "1");
    build_node(&b, "Relu", "x", "y");
    pj_model *model = build_expect(&b);
    CHECK_INT(parse_globs(model, PJ_MAX_PLAN_GLOBS, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    CHECK_INT(parse_globs(model, PJ_MAX_PLAN_GLOBS + 1, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "more than 4096 entries match by wildcards");
    pj_unload(model);
}

/* Defaults of 1000 limits count for each of 1000 models, and one more is too much. */
static void test_budget_rules(void)
{
    enum { LIMITS = 1000, MODELS = PJ_MAX_BUDGET_RULES / LIMITS };
    for (int more = 0; more < 2; more++) {
        pj_str text = pj_str_new(0);
        pj_budget *budget = NULL;
        pj_error err = {0};
        pj_str_add(&text, "{\"schema\": \"picojoule.budget/1\", \"defaults\": {\"limits\": {\"layers\": [");
        for (int i = 0; i < LIMITS; i++)
            pj_str_printf(&text, "%s{\"match\": \"%d\", \"macs\": 1}", i ? "," : "", i);
        pj_str_add(&text, "]}}, \"models\": [");
        for (int i = 0; i < MODELS; i++)
            pj_str_printf(&text, "%s{\"model\": \"%d.onnx\"%s}", i ? "," : "", i,
                          more && i == 0 ? ", \"limits\": {\"macs\": 1}" : "");
        pj_str_add(&text, "]}");
        CHECK_INT(pj_budget_parse(text.data, text.length, "b", &budget, &err), more ? PJ_ELIMIT : PJ_OK);
        if (more)
            CHECK_PART(err.what, "more than 1000000 limits in all models");
        pj_budget_free(budget);
        pj_str_free(&text);
    }
}

/* A name of 64 Ki a's is compared with half as many a's and a b some 32 Ki times: 2^30 steps. One that is short enough
 * has no match, which is told as that. */
static void test_glob_steps(void)
{
    static const struct {
        int stars, status;
        const char *part;
    } cases[] = {
        {PJ_MAX_NAME / 2, PJ_ELIMIT,  "take too long to compare"},
        {100,             PJ_EFORMAT, "matches no layer"        }
    };
    builder b = build_new(17);
    pj_error err = {0};
    build_input(&b, "x", PJ_FLOAT32, "1");
    PjOnnx__NodeProto *node = build_node(&b, "Relu", "x", "y");
    char name[PJ_MAX_NAME + 1];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = 0;
    node->name = build_strdup(&b, name);
    pj_model *model = build_expect(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pj_arena *arena = pj_arena_new(0);
        pj_plan plan;
        pj_str text = pj_str_new(0);
        pj_str_printf(&text, "{\"schema\": \"picojoule.plan/1\", \"layers\": [{\"match\": \"*%.*sb\"}]}",
                      cases[i].stars, name);
        CHECK_INT(pj_plan_parse(text.data, text.length, "plan.json", model, arena, &plan, &err), cases[i].status);
        CHECK_PART(err.what, cases[i].part);
        pj_str_free(&text);
        pj_arena_free(arena);
    }
    pj_unload(model);
}

static const char table[] = "limits_table.json";

/* The built-in table with spaces behind it, as a file of so many bytes. */
static pj_status open_padded(const char *path, size_t length, pj_error *err)
{
    pj_table *opened = NULL;
    char *text = malloc(PJ_MAX_TABLE_BYTES + 1);
    memset(text, ' ', PJ_MAX_TABLE_BYTES + 1);
    FILE *from = fopen(path, "rb"), *to = fopen(table, "wb");
    CHECK(from && fread(text, 1, PJ_MAX_TABLE_BYTES, from) > 0);
    CHECK(to && fwrite(text, 1, length, to) == length);
    if (from)
        fclose(from);
    if (to)
        fclose(to);
    pj_status status = pj_table_open(table, NULL, &opened, err);
    pj_table_close(opened);
    remove(table);
    free(text);
    return status;
}

static void test_table_bytes(const char *path)
{
    pj_error err = {0};
    CHECK_INT(open_padded(path, PJ_MAX_TABLE_BYTES, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    CHECK_INT(open_padded(path, PJ_MAX_TABLE_BYTES + 1, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "1048576");
}

/* Why a weight of so many int8 numbers in int32_data is not looked at; NULL: it is. */
static const char *unread(int64_t count)
{
    static const char name[] = "limits_weights.onnx";
    builder b = build_new(17);
    char dims[32], x[32];
    size_t size;
    pj_weight_options options = {.threads = 1};
    pj_model *model = NULL;
    pj_weights *weights = NULL;
    snprintf(dims, sizeof dims, "%lld,1", (long long)count);
    snprintf(x, sizeof x, "1,%lld", (long long)count);
    build_input(&b, "x", PJ_INT8, x);
    PjOnnx__TensorProto *tensor = build_initializer(&b, "w", PJ_INT8, dims);
    int32_t *numbers = calloc((size_t)count, sizeof *numbers);
    tensor->int32_data = numbers;
    tensor->n_int32_data = (size_t)count;
    build_node(&b, "MatMulInteger", "x,w", "y");
    build_output(&b, "y", PJ_INT32, "1,1");
    const uint8_t *bytes = build_bytes(&b, &size);
    FILE *file = fopen(name, "wb");
    CHECK(file && fwrite(bytes, 1, size, file) == size);
    if (file)
        fclose(file);
    build_free(&b);
    free(numbers);
    CHECK_INT(pj_model_open(name, NULL, &model, NULL), PJ_OK);
    CHECK_INT(pj_weights_inspect(model, &options, &weights, NULL), PJ_OK);
    const char *why = weights && weights->count == 1 ? weights->weight[0].absent : "no row";
    pj_weights_free(weights);
    pj_model_close(model);
    remove(name);
    return why;
}

static void test_unpacked_weights(void)
{
    CHECK(!unread(PJ_MAX_UNPACKED_WEIGHTS));
    CHECK_TEXT(unread(PJ_MAX_UNPACKED_WEIGHTS + 1), "it has too many numbers for a typed field");
}

/* ---- CSV ---- */

/* A profile of `rows` lines, the last of them `longest` bytes long. */
static pj_status read_profile(size_t rows, size_t longest, pj_error *err)
{
    size_t length = 2 * (rows + 1) + longest;
    char *text = malloc(length + 1);
    pj_profile *profile = NULL;
    memcpy(text, "g\n", 2);
    for (size_t i = 0; i < rows; i++)
        memcpy(text + 2 + 2 * i, "1\n", 2);
    memset(text + 2 * (rows + 1), ' ', longest);
    if (longest)
        text[length - 1] = '1';
    text[length] = 0;
    pj_status status = pj_profile_parse(text, length, "grid.csv", PJ_REPEATS_NO, &profile, err);
    pj_profile_close(profile);
    free(text);
    return status;
}

static void test_csv(void)
{
    pj_error err = {0};
    CHECK_INT(read_profile(PJ_MAX_PROFILE_ROWS, 0, &err), PJ_OK);
    CHECK_INT(read_profile(PJ_MAX_PROFILE_ROWS + 1, 0, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "row 1000002");
    CHECK_INT(read_profile(1, PJ_MAX_CSV_LINE, &err), PJ_OK);
    CHECK_INT(read_profile(1, PJ_MAX_CSV_LINE + 1, &err), PJ_ELIMIT);
    char path[] = "/tmp/picojoule-csv-XXXXXX";
    int file = mkstemp(path);
    pj_profile *profile = NULL;
    CHECK(file >= 0 && ftruncate(file, PJ_MAX_CSV_BYTES + 1) == 0);
    CHECK_INT(pj_profile_open(path, PJ_REPEATS_NO, &profile, &err), PJ_ELIMIT);
    close(file);
    remove(path);
}

int main(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "usage: every_limit TABLE.json\n");
        return 2;
    }
    test_message_depth();
    test_subgraph_depth();
    test_function_depth();
    test_rank();
    test_name();
    test_kept_values();
    test_computed_values();
    test_formula_terms();
    test_nodes();
    test_model_bytes();
    test_skeleton_bytes();
    test_diagnostics();
    test_json_bytes();
    test_report_json();
    test_json_depth();
    test_json_values();
    test_json_digits();
    test_plan_globs();
    test_budget_rules();
    test_glob_steps();
    test_stream_bytes();
    test_table_bytes(words[1]);
    test_unpacked_weights();
    test_csv();
    return check_done();
}
