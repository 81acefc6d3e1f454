/* Any bytes as a nest and a machine: extents from 1 to 2^40, widths, prices, registers. No overflow, no endless loop,
 * no traffic below its bound. */
#include <math.h>
#include <stdlib.h>

#include "fuzz.h"
#include "reuse/tile.h"

typedef struct bytes {
    const uint8_t *at;
    size_t left;
} bytes;

static unsigned next(bytes *b)
{
    if (b->left == 0)
        return 0;
    b->left--;
    return *b->at++;
}

/* 1 to 2^40, small ones often. */
static double extent(bytes *b)
{
    unsigned first = next(b), power = first % 41;
    return floor(ldexp(1 + next(b) / 256.0, (int)power));
}

static pj_access access_of(bytes *b)
{
    double read = next(b) / 16.0, write = next(b) / 16.0;
    return (pj_access){read, write};
}

static pj_nest nest_of(bytes *b)
{
    pj_nest nest = {.groups = next(b) % 4 ? 1 : extent(b), .n = extent(b)};
    double kernel = next(b) % 8;
    if (kernel > 0) {
        nest.window.batch = 1 + next(b) % 4;
        nest.window.in_h = extent(b);
        nest.window.in_w = extent(b);
        nest.window.kernel_h = kernel;
        nest.window.kernel_w = 1 + next(b) % 8;
        nest.window.stride_h = 1 + next(b) % 8;
        nest.window.stride_w = 1 + next(b) % 8;
        nest.window.dilation_h = nest.window.dilation_w = 1 + next(b) % 4;
        nest.window.out_h = ceil(nest.window.in_h / nest.window.stride_h);
        nest.window.out_w = ceil(nest.window.in_w / nest.window.stride_w);
        nest.m = nest.window.batch * nest.window.out_h * nest.window.out_w;
        nest.r = extent(b) * kernel * nest.window.kernel_w;
    } else {
        nest.m = extent(b);
        nest.r = extent(b);
    }
    nest.input_bits = 1 + next(b) % 64;
    nest.weight_bits = 1 + next(b) % 64;
    nest.output_bits = 1 + next(b) % 64;
    nest.accumulator_bits = 1 + next(b) % 64;
    return nest;
}

static pj_machine machine_of(bytes *b)
{
    pj_machine machine = pj_machine_free();
    machine.far = access_of(b);
    machine.weights = access_of(b);
    machine.near = access_of(b);
    machine.near_access = next(b);
    machine.holds_weights = next(b) % 2;
    machine.unrolls_window = next(b) % 2;
    machine.has_weight_buffer = !machine.holds_weights && next(b) % 2;
    machine.weight_buffer = machine.has_weight_buffer ? access_of(b) : (pj_access){0, 0};
    machine.weight_bits = extent(b);
    for (int x = 0; x < PJ_NEST_OPERANDS; x++) {
        pj_registers *registers = &machine.registers[x];
        registers->given = next(b) % 2;
        registers->bits = extent(b);
        registers->price = access_of(b);
        registers->shared[next(b) % PJ_DIRECTIONS] = true;
    }
    for (int i = 0; i < PJ_DIRECTIONS; i++)
        machine.unroll[i] = 1 + next(b);
    return machine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes b = {data, size};
    pj_nest nest = nest_of(&b);
    pj_machine machine = machine_of(&b);
    pj_tile_ask ask = {.buffer_bits = extent(&b)};
    pj_tiling tiling;
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        ask.kept[x] = (pj_kept)(next(&b) % (x == PJ_NEST_W ? 2 : 3));
    pj_tile_find(&machine, &nest, &ask, &tiling);
    if (!isfinite(tiling.total_pj) || tiling.total_pj < 0 || !isfinite(tiling.cycles))
        abort();
    if (!(tiling.bound_bits <= tiling.far_bits * (1 + 1e-9)))
        abort();
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        for (int i = 0; i < PJ_STORES; i++)
            if (!(tiling.flow[x][i].read >= 0 && tiling.flow[x][i].written >= 0))
                abort();
    return 0;
}
