/* bench_tile [KIB [HIERARCHY]]: the time that 100,000 different nests take, on the reference hierarchy or another one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "reuse/hierarchy.h"
#include "reuse/tile.h"

enum { NESTS = 100000 };

static uint64_t state = 1;

static double pick(double least, double most)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return least + (double)(state >> 33) / 2147483648.0 * (most - least);
}

static double whole(double least, double most)
{
    return (double)(long long)pick(least, most);
}

static pj_nest make(int i)
{
    double size = whole(4, 113), kernel = i % 4 == 0 ? 1 : 3, stride = i % 5 == 0 ? 2 : 1;
    double channels = whole(3, 1025);
    pj_nest nest = {.groups = 1, .input_bits = 8, .weight_bits = 8, .accumulator_bits = 32, .output_bits = 8};
    nest.m = i % 3 == 0 ? whole(1, 4097) : size * size;
    nest.n = whole(8, i % 3 == 0 ? 4097 : 1025);
    nest.r = i % 3 == 0 ? whole(8, 4097) : channels * kernel * kernel;
    if (i % 3 == 0) /* a matrix product */
        return nest;
    nest.window.batch = 1;
    nest.window.in_h = nest.window.in_w = size * stride;
    nest.window.out_h = nest.window.out_w = size;
    nest.window.kernel_h = nest.window.kernel_w = kernel;
    nest.window.stride_h = nest.window.stride_w = stride;
    nest.window.dilation_h = nest.window.dilation_w = 1;
    return nest;
}

int main(int argc, char **argv)
{
    const double bits_per_kib = 8192;
    pj_hierarchy *h = NULL;
    pj_error err = {0};
    pj_arena *arena = pj_arena_new(0);
    if (pj_hierarchy_open(argc > 2 ? argv[2] : NULL, NULL, &h, &err) != PJ_OK || !arena)
        return 1;
    pj_machine machine = h->machine;
    if (argc > 1)
        machine = pj_hierarchy_resized(h, 1, atof(argv[1]) * bits_per_kib);
    pj_tiler *tiler = pj_tiler_new(&machine, arena);
    pj_tile_ask ask = {.buffer_bits = machine.near_bits};
    double pj = 0;
    clock_t start = clock();
    for (int i = 0; i < NESTS; i++) {
        const pj_tiling *tiling;
        pj_nest nest = make(i);
        if (!tiler || pj_tiler_find(tiler, &nest, &ask, &tiling, &err) != PJ_OK)
            return 1;
        pj += tiling->total_pj;
    }
    printf("%d nests, %.0f KiB: %.2f s (%.4g J)\n", NESTS, machine.near_bits / bits_per_kib,
           (double)(clock() - start) / CLOCKS_PER_SEC, pj * 1e-12);
    pj_arena_free(arena);
    pj_hierarchy_close(h);
    return 0;
}
