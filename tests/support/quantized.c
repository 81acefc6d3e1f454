/* Small quantized graphs. */
#include "quantized.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

void put_floats(builder *b, const char *name, const char *dims, size_t count, const float *values)
{
    build_raw(b, build_initializer(b, name, PJ_FLOAT32, dims), values, count * sizeof *values);
}

void put_float(builder *b, const char *name, float value)
{
    put_floats(b, name, "", 1, &value);
}

void put_zero(builder *b, const char *name, pj_dtype dtype, int value)
{
    int32_t wide = value;
    build_raw(b, build_initializer(b, name, dtype, ""), &wide, (size_t)pj_dtype_bits(dtype) / 8);
}

static char *joined(builder *b, const char *first, const char *second)
{
    char text[200];
    snprintf(text, sizeof text, "%s%s", first, second);
    return build_strdup(b, text);
}

PjOnnx__NodeProto *put_node(builder *b, const char *name, const char *op, const char *inputs, const char *outputs)
{
    PjOnnx__NodeProto *node = build_node(b, op, inputs, outputs);
    node->name = build_strdup(b, name);
    return node;
}

PjOnnx__NodeProto *put_qonnx(builder *b, const char *name, const char *op, const char *inputs, const char *outputs)
{
    PjOnnx__NodeProto *node = put_node(b, name, op, inputs, outputs);
    node->domain = build_strdup(b, "qonnx.custom_op.general");
    return node;
}

void put_qdq(builder *b, const char *x, const char *out, float scale)
{
    char inputs[200];
    put_float(b, joined(b, out, "_s"), scale);
    put_zero(b, joined(b, out, "_z"), PJ_INT8, 0);
    snprintf(inputs, sizeof inputs, "%s,%s_s,%s_z", x, out, out);
    put_node(b, joined(b, "q_", out), "QuantizeLinear", inputs, joined(b, out, "_q"));
    snprintf(inputs, sizeof inputs, "%s_q,%s_s,%s_z", out, out, out);
    put_node(b, joined(b, "dq_", out), "DequantizeLinear", inputs, out);
}

void put_weight(builder *b, const char *name, pj_dtype dtype, const char *dims, float scale)
{
    build_initializer(b, joined(b, name, "_i"), dtype, dims);
    put_float(b, joined(b, name, "_s"), scale);
    put_node(b, joined(b, "dq_", name), "DequantizeLinear", joined(b, joined(b, name, "_i,"), joined(b, name, "_s")),
             name);
}

priced price(builder *b, const pj_setup *settings)
{
    priced p = {NULL, NULL};
    pj_error err = {0};
    pj_setup defaults = pj_setup_default();
    size_t size;
    uint8_t *bytes = build_bytes(b, &size);
    pj_status status = pj_model_open_memory(bytes, size, "test.onnx", NULL, &p.model, &err);
    if (status == PJ_OK)
        status = pj_analyze(p.model, settings ? settings : &defaults, &p.result, &err);
    build_free(b);
    if (status == PJ_OK)
        return p;
    fprintf(stderr, "node '%s' (%s): %s\n", err.node, err.op, err.what);
    exit(1);
}

void priced_free(priced *p)
{
    pj_result_free(p->result);
    pj_model_close(p->model);
}

const pj_layer *layer_of(const priced *p, const char *name)
{
    static const pj_format_info unknown = {.word = ""};
    static const pj_layer none = {.input = &unknown, .weight = &unknown, .accumulator = &unknown, .output = &unknown};
    const pj_layer *layers = p->result->layers;
    size_t count = p->result->layer_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(layers[i].name, name) == 0)
            return &layers[i];
    CHECK_TEXT("no such layer", name);
    return &none;
}

int64_t work_of(const pj_layer *layer, const char *word)
{
    for (size_t i = 0; layer->work && pj_work_word(i); i++)
        if (strcmp(pj_work_word(i), word) == 0)
            return layer->work[i];
    return -1;
}

int findings_of(const priced *p, const char *code)
{
    const pj_finding *findings = p->result->findings;
    size_t count = p->result->finding_count;
    int found = 0;
    for (size_t i = 0; i < count; i++)
        found += strcmp(findings[i].code, code) == 0;
    return found;
}

const char *finding_of(const priced *p, const char *code)
{
    const pj_finding *findings = p->result->findings;
    size_t count = p->result->finding_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(findings[i].code, code) == 0)
            return findings[i].message;
    return "";
}
