/* Any bytes as a plan, applied to a small model, in floats or quantized: parse it, then read the precision of every
 * tensor under it. */
#include <stdlib.h>

#include "fuzz.h"
#include "infer/infer.h"
#include "load/load.h"
#include "quant/plan_file.h"
#include "quantized.h"

static pj_model *make_model(bool quantized)
{
    builder b = build_new(17);
    pj_error err = {0};
    build_input(&b, "x", PJ_FLOAT32, "1,3,8,8");
    if (quantized) {
        put_qdq(&b, "x", "a", 0.25F);
        put_weight(&b, "w", PJ_INT8, "4,3,1,1", 0.1F);
    } else {
        build_initializer(&b, "w", PJ_FLOAT32, "4,3,1,1");
    }
    build_node(&b, "Conv", quantized ? "a,w" : "x,w", "c")->name = build_strdup(&b, "net/conv_1");
    build_node(&b, "Relu", "c", "r")->name = build_strdup(&b, "net/relu[1]");
    if (quantized)
        put_qdq(&b, "r", "d", 0.3F);
    build_node(&b, "Relu", quantized ? "d" : "r", "y")->name = build_strdup(&b, "head");
    build_output(&b, "y", PJ_FLOAT32, "1,4,8,8");
    pj_model *model = build_expect(&b);
    if (pj_infer(model, &model->diags, &err) != PJ_OK)
        abort();
    return model;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_model *model = make_model(size / 2 % 2 == 1);
    pj_arena *arena = pj_arena_new(0);
    pj_error err = {0};
    pj_plan plan;
    pj_precision precision;
    pj_diags diags;
    if (!arena)
        abort();
    pj_diags_init(&diags, arena);
    if (pj_plan_parse((const char *)data, size, "fuzz.json", model, arena, &plan, &err) == PJ_OK)
        (void)pj_precision_read(model, &plan, size % 2 == 0, arena, &diags, &precision, &err);
    pj_arena_free(arena);
    pj_unload(model);
    return 0;
}
