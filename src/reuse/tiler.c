/* Tilings of nests that were seen before. */
#include <string.h>

#include "reuse/tile.h"

struct pj_tiler {
    const pj_machine *machine;
    pj_arena *arena;
};

pj_tiler *pj_tiler_new(const pj_machine *machine, pj_arena *arena)
{
    pj_tiler *tiler = PJ_NEW(arena, pj_tiler, 1);
    if (tiler)
        *tiler = (pj_tiler){machine, arena};
    return tiler;
}

pj_status pj_tiler_find(pj_tiler *tiler, const pj_nest *nest, const pj_tile_ask *ask, const pj_tiling **out,
                        pj_error *err)
{
    pj_tiling *tiling = PJ_NEW(tiler->arena, pj_tiling, 1);
    if (!tiling)
        return pj_fail_memory(err);
    pj_tile_find(tiler->machine, nest, ask, tiling);
    *out = tiling;
    return PJ_OK;
}
