/* Any bytes as a nest and a machine: extents from 1 to 2^40, widths, prices, registers. No overflow, no endless loop,
 * no traffic below its bound. */
#include <math.h>
#include <stdlib.h>

#include "bytes.h"
#include "fuzz.h"
#include "reuse/tile.h"

static pj_access access_of(fuzz_bytes *b)
{
    double read = fuzz_next(b) / 16.0, write = fuzz_next(b) / 16.0;
    return (pj_access){read, write};
}

static pj_nest nest_of(fuzz_bytes *b)
{
    pj_nest nest = {.groups = fuzz_next(b) % 4 ? 1 : fuzz_extent(b), .n = fuzz_extent(b)};
    double kernel = fuzz_next(b) % 8;
    if (kernel > 0) {
        nest.window.batch = 1 + fuzz_next(b) % 4;
        nest.window.in_h = fuzz_extent(b);
        nest.window.in_w = fuzz_extent(b);
        nest.window.kernel_h = kernel;
        nest.window.kernel_w = 1 + fuzz_next(b) % 8;
        nest.window.stride_h = 1 + fuzz_next(b) % 8;
        nest.window.stride_w = 1 + fuzz_next(b) % 8;
        nest.window.dilation_h = nest.window.dilation_w = 1 + fuzz_next(b) % 4;
        nest.window.out_h = ceil(nest.window.in_h / nest.window.stride_h);
        nest.window.out_w = ceil(nest.window.in_w / nest.window.stride_w);
        nest.m = nest.window.batch * nest.window.out_h * nest.window.out_w;
        nest.r = fuzz_extent(b) * kernel * nest.window.kernel_w;
    } else {
        nest.m = fuzz_extent(b);
        nest.r = fuzz_extent(b);
    }
    nest.input_bits = 1 + fuzz_next(b) % 64;
    nest.weight_bits = 1 + fuzz_next(b) % 64;
    nest.output_bits = 1 + fuzz_next(b) % 64;
    nest.accumulator_bits = 1 + fuzz_next(b) % 64;
    return nest;
}

static pj_machine machine_of(fuzz_bytes *b)
{
    pj_machine machine = pj_machine_free();
    machine.far = access_of(b);
    machine.weights = access_of(b);
    machine.near = access_of(b);
    machine.near_access = fuzz_next(b);
    machine.holds_weights = fuzz_next(b) % 2;
    machine.unrolls_window = fuzz_next(b) % 2;
    machine.has_weight_buffer = !machine.holds_weights && fuzz_next(b) % 2;
    machine.weight_buffer = machine.has_weight_buffer ? access_of(b) : (pj_access){0, 0};
    machine.weight_bits = fuzz_extent(b);
    for (int x = 0; x < PJ_NEST_OPERANDS; x++) {
        pj_registers *registers = &machine.registers[x];
        registers->given = fuzz_next(b) % 2;
        registers->bits = fuzz_extent(b);
        registers->price = access_of(b);
        registers->shared[fuzz_next(b) % PJ_DIRECTIONS] = true;
    }
    for (int i = 0; i < PJ_DIRECTIONS; i++)
        machine.unroll[i] = 1 + fuzz_next(b);
    return machine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_bytes b = {data, size};
    pj_nest nest = nest_of(&b);
    pj_machine machine = machine_of(&b);
    pj_tile_ask ask = {.buffer_bits = fuzz_extent(&b)};
    pj_tiling tiling;
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        ask.kept[x] = (pj_kept)(fuzz_next(&b) % (x == PJ_NEST_W ? 2 : 3));
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
