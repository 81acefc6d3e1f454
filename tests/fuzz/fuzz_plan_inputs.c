/* Any bytes as what a plan is made with: the first byte says which file they are, measured losses (JSON or CSV), ranges
 * of tensors, or a target. */
#include <stdlib.h>

#include "fuzz.h"
#include "infer/infer.h"
#include "load/load.h"
#include "model.h"
#include "plan/noise.h"
#include "plan/sensitivity.h"
#include "plan/target.h"

static pj_model *make_model(void)
{
    builder b = build_new(17);
    pj_error err = {0};
    build_input(&b, "x", PJ_FLOAT32, "1,3,8,8");
    build_initializer(&b, "w", PJ_FLOAT32, "4,3,1,1");
    build_node(&b, "Conv", "x,w", "y")->name = build_strdup(&b, "conv");
    build_output(&b, "y", PJ_FLOAT32, "1,4,8,8");
    pj_model *model = build_expect(&b);
    if (pj_infer(model, &model->diags, &err) != PJ_OK)
        abort();
    return model;
}

/* A network of one layer, without prices. */
static void read_file(pj_model *model, pj_arena *arena, const char *text, size_t size, char which)
{
    pj_choice_list choices;
    pj_target target;
    pj_map ranges;
    pj_losses losses;
    pj_member unit = {.node = model->graph->node[0], .part = PJ_PART_MULTIPLIES, .weighted = true};
    pj_network network = {.unit = &unit, .units = 1};
    pj_error err = {0};
    size_t ignored;
    pj_choices_init(&choices, arena);
    if (which == 't') {
        (void)pj_target_parse(text, size, "fuzz.json", &choices, &target, &err);
        return;
    }
    if (which == 'r') {
        (void)pj_ranges_parse(text, size, "fuzz.json", model, arena, &ranges, &err);
        return;
    }
    if (pj_choices_word(&choices, "", "int8", &ignored, &err) != PJ_OK)
        abort();
    (void)pj_losses_parse(text, size, "fuzz.file", which == 'c', &network, &choices, arena, &losses, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_model *model = make_model();
    pj_arena *arena = pj_arena_new(0);
    if (!arena)
        abort();
    if (size > 0)
        read_file(model, arena, (const char *)data + 1, size - 1, (char)data[0]);
    pj_arena_free(arena);
    pj_unload(model);
    return 0;
}
