/* Plans as other quantizers take them: ONNX Runtime, NNCF, CSV. */
#include "report/plan.h"

/* ONNX Runtime's name of a format (onnxruntime.quantization.QuantType); NULL: it has none. */
static const char *quant_type(const char *word)
{
    static const char *const names[][2] = {
        {"int4",    "QInt4"        },
        {"uint4",   "QUInt4"       },
        {"int8",    "QInt8"        },
        {"uint8",   "QUInt8"       },
        {"int16",   "QInt16"       },
        {"uint16",  "QUInt16"      },
        {"fp8e4m3", "QFLOAT8E4M3FN"}
    };
    for (size_t i = 0; word && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], word) == 0)
            return names[i][1];
    return NULL;
}

/* What becomes of a layer. */
typedef enum fate { QUANTIZED, WEIGHTS_ONLY, LEFT } fate;

static fate fate_of(const pj_plan_layer *layer)
{
    if (quant_type(layer->activations))
        return QUANTIZED;
    return layer->has_weights && quant_type(layer->weights) ? WEIGHTS_ONLY : LEFT;
}

/* Do all layers of that fate have names in the file? `count`: how many there are. */
static const pj_plan_layer *first_unnamed(const pj_plan_result *result, fate which, size_t *count)
{
    const pj_plan_layer *first = NULL;
    *count = 0;
    for (size_t i = 0; i < result->layer_count; i++) {
        if (fate_of(&result->layers[i]) != which)
            continue;
        ++*count;
        if (!result->layers[i].is_named && !first)
            first = &result->layers[i];
    }
    return first;
}

static pj_status fail_unnamed(const pj_plan_layer *layer, const char *program, const char *what, pj_error *err)
{
    return pj_fail(err, PJ_EUNSUPPORTED,
                   "layer '%.150s' is to be %s, but its node has no name in the file, so %s cannot be told of it: "
                   "picojoule apply --name-nodes names the nodes; --emit csv needs no names",
                   layer->name, what, program);
}

/* An empty list of nodes to quantize means all of them there. */
static pj_status check_onnxruntime(const pj_plan_result *result, pj_error *err)
{
    size_t quantized, weights_only;
    const pj_plan_layer *first = first_unnamed(result, QUANTIZED, &quantized);
    const pj_plan_layer *second = first_unnamed(result, WEIGHTS_ONLY, &weights_only);
    if (first || second)
        return fail_unnamed(first ? first : second, "onnxruntime", "quantized", err);
    if (quantized || weights_only)
        return PJ_OK;
    return pj_fail(err, PJ_EUNSUPPORTED,
                   "the plan makes no layer an integer one, and lists without nodes would mean all of them to "
                   "onnxruntime");
}

static pj_status check_nncf(const pj_plan_result *result, pj_error *err)
{
    size_t left;
    const pj_plan_layer *first = first_unnamed(result, LEFT, &left);
    return first ? fail_unnamed(first, "NNCF", "left alone", err) : PJ_OK;
}

/* Nodes without a name in the file cannot be told of. */
static void put_names(pj_json_writer *json, const char *key, const pj_plan_result *result, fate which)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < result->layer_count; i++)
        if (result->layers[i].is_named && fate_of(&result->layers[i]) == which)
            pj_json_write_text(json, result->layers[i].name);
    pj_json_write_end(json);
}

/* One list of one object, as TensorQuantOverrides has it for a tensor. */
static void put_override(pj_json_writer *json, const char *tensor, const char *type)
{
    pj_json_put_begin(json, tensor, PJ_JSON_WRITE_ARRAY_LINE);
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_text(json, "quant_type", type);
    pj_json_write_end(json);
    pj_json_write_end(json);
}

/* Types of tensors that differ from QInt8, which is meant to be the default of both. */
static void put_overrides(pj_json_writer *json, const pj_plan_result *result)
{
    pj_json_put_begin(json, "TensorQuantOverrides", PJ_JSON_WRITE_OBJECT);
    for (size_t i = 0; i < result->tensor_count; i++) {
        const char *type = quant_type(result->tensors[i].format);
        if (type && strcmp(type, "QInt8") != 0)
            put_override(json, result->tensors[i].name, type);
    }
    pj_json_write_end(json);
}

static void emit_onnxruntime(const pj_plan_result *result, pj_str *out)
{
    pj_json_writer json = pj_json_writer_new(out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "activation_type", "QInt8");
    pj_json_put_text(&json, "weight_type", "QInt8");
    put_names(&json, "nodes_to_quantize", result, QUANTIZED);
    put_names(&json, "nodes_to_exclude", result, LEFT);
    put_names(&json, "weight_only_nodes", result, WEIGHTS_ONLY);
    pj_json_put_begin(&json, "extra_options", PJ_JSON_WRITE_OBJECT);
    put_overrides(&json, result);
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}

/* Layers that NNCF is to leave alone. */
static void emit_nncf(const pj_plan_result *result, pj_str *out)
{
    pj_json_writer json = pj_json_writer_new(out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_begin(&json, "ignored_scope", PJ_JSON_WRITE_OBJECT);
    put_names(&json, "names", result, LEFT);
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(pj_plan_layer, name), .key = "layer", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_plan_layer, op), .key = "op", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_plan_layer, weights), .key = "weights", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_plan_layer, activations), .key = "activations", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

static void emit_csv(const pj_plan_result *result, pj_str *out)
{
    pj_arena *arena = pj_arena_new(0);
    pj_rows *rows = arena ? pj_rows_of(arena, columns, sizeof columns / sizeof *columns, result->layers,
                                       result->layer_count, sizeof *result->layers)
                          : NULL;
    if (rows && !rows->failed)
        pj_rows_csv(rows, out);
    else
        out->failed = true;
    pj_arena_free(arena);
}

pj_status pj_plan_emit(const pj_plan_result *result, const char *program, pj_sink sink, void *payload, pj_error *err)
{
    static const struct {
        const char *name;
        void (*emit)(const pj_plan_result *result, pj_str *out);
        pj_status (*check)(const pj_plan_result *result, pj_error *err); /* PJ_EUNSUPPORTED: it would be misread */
    } programs[] = {
        {"onnxruntime", emit_onnxruntime, check_onnxruntime},
        {"nncf",        emit_nncf,        check_nncf       },
        {"csv",         emit_csv,         NULL             }
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strcmp(programs[i].name, program) == 0) {
            if (programs[i].check)
                PJ_TRY(programs[i].check(result, err));
            pj_str text = pj_str_new(0);
            programs[i].emit(result, &text);
            return pj_emit(&text, sink, payload, err);
        }
    return pj_fail(err, PJ_EARGUMENT, "--emit \"%.60s\": onnxruntime, nncf or csv", program);
}
