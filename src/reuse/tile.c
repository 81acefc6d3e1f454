/* Tiles: stub. */
#include "reuse/tile.h"

#include <string.h>

struct pj_tiler {
    const pj_machine *machine;
    pj_arena *arena;
};

double pj_nest_positions(const pj_nest *nest, double m)
{
    (void)nest;
    return m;
}

double pj_nest_bits(const pj_nest *nest, pj_nest_operand operand)
{
    switch (operand) {
    case PJ_NEST_I:
        return nest->groups * pj_nest_positions(nest, nest->m) * nest->r * nest->input_bits;
    case PJ_NEST_W:
        return nest->groups * nest->r * nest->n * nest->weight_bits;
    case PJ_NEST_O:
    case PJ_NEST_OPERANDS:
        break;
    }
    return nest->groups * nest->m * nest->n * nest->output_bits;
}

double pj_nest_bound(const pj_nest *nest, double buffer_bits)
{
    (void)buffer_bits;
    return pj_nest_bits(nest, PJ_NEST_I) + pj_nest_bits(nest, PJ_NEST_W) + pj_nest_bits(nest, PJ_NEST_O);
}

void pj_tile_find(const pj_machine *machine, const pj_nest *nest, const pj_tile_ask *ask, pj_tiling *out)
{
    (void)machine;
    memset(out, 0, sizeof *out);
    out->once_bits = out->bound_bits = out->far_bits = pj_nest_bound(nest, ask->buffer_bits);
    out->macs = nest->groups * nest->m * nest->n * nest->r;
    out->cycles = out->macs;
    out->utilization = 1;
    out->stays = 'O';
}

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
