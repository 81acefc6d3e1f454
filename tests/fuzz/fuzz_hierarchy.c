/* Any bytes as a memory hierarchy: parse it, then ask it for sizes and tiles, from a single element to 2^40. */
#include <math.h>
#include <stdlib.h>

#include "fuzz.h"
#include "reuse/hierarchy.h"
#include "reuse/tile.h"

static void check(double figure)
{
    if (!(figure >= 0)) /* never negative, never NaN */
        abort();
}

static void ask(const pj_machine *machine, double bits, double extent)
{
    const pj_nest nest = {.groups = 1,
                          .m = extent,
                          .n = fmax(extent / 3, 1),
                          .r = 7,
                          .input_bits = 8,
                          .weight_bits = 4,
                          .accumulator_bits = 32,
                          .output_bits = 16};
    const pj_tile_ask asked = {.buffer_bits = bits};
    pj_tiling tiling;
    pj_tile_find(machine, &nest, &asked, &tiling);
    check(tiling.total_pj);
    check(tiling.far_bits - tiling.bound_bits * (1 - 1e-9));
    check(tiling.cycles);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_error err = {0};
    pj_hierarchy *h = NULL;
    if (pj_hierarchy_parse((const char *)data, size, "fuzz.json", &h, &err) != PJ_OK)
        return 0;
    for (double extent = 1; extent < 2e12; extent = ceil(extent * 512)) {
        pj_machine small = pj_hierarchy_resized(h, 1, extent);
        ask(&h->machine, h->machine.near_bits, extent);
        ask(&small, small.near_bits, extent);
    }
    for (size_t i = 0; i < h->figures.count; i++)
        if (!h->figures.rows[i].source || !h->figures.rows[i].unit || !isfinite(h->figures.rows[i].value))
            abort();
    (void)pj_hierarchy_level(h, "sram");
    pj_hierarchy_close(h);
    return 0;
}
