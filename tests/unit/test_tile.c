/* reuse/tile, nest, below: hand calculations, properties over random nests, an exhaustive search over small ones. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "reuse/hierarchy.h"
#include "reuse/tile.h"

/* ---- material ---- */

static uint64_t state = 42;

static double pick(double least, double most)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return floor(least + (double)(state >> 33) / 2147483648.0 * (most - least + 1));
}

static pj_nest product(double m, double n, double r)
{
    return (pj_nest){.groups = 1,
                     .m = m,
                     .n = n,
                     .r = r,
                     .input_bits = 8,
                     .weight_bits = 8,
                     .accumulator_bits = 32,
                     .output_bits = 8};
}

static pj_nest convolution(double size, double kernel, double stride, double channels, double n)
{
    double out = floor((size - kernel) / stride) + 1;
    pj_nest nest = product(out * out, n, kernel * kernel * channels);
    nest.window.batch = 1;
    nest.window.in_h = nest.window.in_w = size;
    nest.window.out_h = nest.window.out_w = out;
    nest.window.kernel_h = nest.window.kernel_w = kernel;
    nest.window.stride_h = nest.window.stride_w = stride;
    nest.window.dilation_h = nest.window.dilation_w = 1;
    return nest;
}

static pj_nest random_nest(void)
{
    static const double widths[] = {4, 8, 16, 32};
    double kernel = pick(1, 7), most = pow(2, pick(3, 12));
    pj_nest nest = pick(0, 2) > 0 ? convolution(kernel + pick(0, 120), kernel, pick(1, 4), pick(1, most), pick(1, most))
                                  : product(pick(1, most), pick(1, most), pick(1, most));
    nest.groups = pick(0, 4) > 0 ? 1 : pick(1, 64);
    nest.input_bits = widths[(int)pick(0, 3)];
    nest.weight_bits = widths[(int)pick(0, 3)];
    nest.output_bits = widths[(int)pick(0, 3)];
    nest.accumulator_bits = fmax(nest.input_bits, fmax(nest.output_bits, 16));
    if (nest.window.out_w > 0 && pick(0, 5) == 0) { /* a batch */
        nest.window.batch = pick(2, 8);
        nest.m *= nest.window.batch;
    }
    return nest;
}

/* One boundary at 1 pJ a bit each way, free below. */
static pj_machine boundary(void)
{
    pj_machine machine = pj_machine_free();
    machine.far = machine.weights = (pj_access){0.5, 0.5};
    machine.near = (pj_access){0.5, 0.5};
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        machine.registers[x] = (pj_registers){.given = true, .bits = 1e15};
    return machine;
}

static pj_tiling tile(const pj_machine *machine, const pj_nest *nest, double bits)
{
    pj_tile_ask ask = {.buffer_bits = bits};
    pj_tiling tiling;
    pj_tile_find(machine, nest, &ask, &tiling);
    return tiling;
}

static pj_tiling tile_far(const pj_nest *nest, double bits)
{
    pj_machine machine = boundary();
    machine.near = (pj_access){0, 0};
    return tile(&machine, nest, bits);
}

/* ---- hand calculations ---- */

static void test_positions(void)
{
    pj_nest nest = convolution(30, 3, 1, 1, 1); /* 28 x 28 outputs of 30 x 30 inputs */
    CHECK_NEAR(pj_nest_positions(&nest, 784), 900, 0);
    CHECK_NEAR(pj_nest_positions(&nest, 56), 4 * 30.0, 0); /* two rows need four */
    CHECK_NEAR(pj_nest_positions(&nest, 5), 3 * 7.0, 0);
    nest = convolution(28, 1, 2, 1, 1); /* a 1x1 window of stride 2 touches a quarter */
    CHECK_NEAR(pj_nest_positions(&nest, 196), 196, 0);
    nest = convolution(31, 3, 2, 1, 1); /* 15 x 15; dilation 2: windows reach 5, so 13 x 13 would fit; 15 by padding */
    nest.window.dilation_h = nest.window.dilation_w = 2;
    CHECK_NEAR(pj_nest_positions(&nest, 15), 3 * 31.0 + 2 * 31.0, 0); /* one row: a reach of 5 rows, all columns */
    nest = convolution(30, 3, 1, 64, 1);
    nest.m *= 4;
    nest.window.batch = 4;
    CHECK_NEAR(pj_nest_positions(&nest, 4 * 784), 3600, 0);
    CHECK_NEAR(pj_nest_inputs(&nest, 1, 1), 1, 0);     /* one element of a window */
    CHECK_NEAR(pj_nest_inputs(&nest, 784, 9), 900, 0); /* one channel */
    CHECK_NEAR(pj_nest_inputs(&nest, 784, 576), 57600, 0);
    nest = product(7, 5, 3);
    CHECK_NEAR(pj_nest_inputs(&nest, 4, 2), 8, 0);
}

/* memory-hierarchy: GEMM 512^3, int8, 64 KiB: five passes over one operand. */
static void test_product(void)
{
    pj_nest nest = product(512, 512, 512);
    pj_tiling t = tile_far(&nest, 64 * 8192.0);
    CHECK_NEAR(t.far_bits, 2097152.0 * (1 + 5 + 1), 0);
    CHECK_NEAR(t.bound_bits, 7340032, 1e-12);
    CHECK_NEAR(t.once_bits, 6291456, 0);
    CHECK(t.fits);
    CHECK_NEAR(t.macs, 134217728, 0);
    t = tile_far(&nest, 1e9); /* all fits */
    CHECK_NEAR(t.far_bits, t.once_bits, 0);
    t = tile_far(&nest, 1); /* nothing does: each multiplication brings both in */
    CHECK(!t.fits);
    CHECK_NEAR(t.far_bits, 134217728.0 * 16 + 512 * 512 * 8, 0);
}

/* Weights alone fit: 8 columns of 4 elements. One pass; rows do not matter. A batch shares them. */
static void test_batch(void)
{
    pj_nest one = product(1, 4096, 4096), many = product(64, 4096, 4096);
    pj_machine machine = boundary();
    double bits = 64 * 8192.0;
    CHECK_NEAR(tile_far(&one, bits).far_bits, 4096.0 * 4096 * 8 + 2 * 4096 * 8, 0);
    CHECK(tile(&machine, &many, bits).total_pj < 64 * tile(&machine, &one, bits).total_pj / 4);
}

/* 2 x 3 elements, N = 4, buffer for all: I 6, W 12, O 8 elements of 8 bits. Without registers each of the 24 products
 * reads I and W, and reads and writes a sum of 32 bits. */
static void test_flows(void)
{
    pj_nest nest = product(2, 4, 3);
    pj_machine machine = pj_machine_free();
    machine.far = machine.weights = (pj_access){10, 20};
    machine.near = (pj_access){1, 2};
    pj_tiling t = tile(&machine, &nest, 1e6);
    CHECK_NEAR(t.flow[PJ_NEST_I][PJ_STORE_FAR].read, 48, 0);
    CHECK_NEAR(t.flow[PJ_NEST_I][PJ_STORE_NEAR].written, 48, 0);
    CHECK_NEAR(t.flow[PJ_NEST_I][PJ_STORE_NEAR].read, 24 * 8, 0);
    CHECK_NEAR(t.flow[PJ_NEST_W][PJ_STORE_FAR].read, 96, 0);
    CHECK_NEAR(t.flow[PJ_NEST_W][PJ_STORE_NEAR].read, 24 * 8, 0);
    CHECK_NEAR(t.flow[PJ_NEST_O][PJ_STORE_FAR].written, 64, 0);
    CHECK_NEAR(t.flow[PJ_NEST_O][PJ_STORE_NEAR].read, 64 + 2 * 8 * 32, 0); /* out, and two sums of three read again */
    CHECK_NEAR(t.flow[PJ_NEST_O][PJ_STORE_NEAR].written, 64 + 2 * 8 * 32, 0);
    CHECK_NEAR(t.total_pj, (48 + 96) * (10 + 2) + 2 * 192 * 1 + 64 * 20 + 576 * 1 + 576 * 2, 1e-15);
    CHECK_NEAR(t.cycles, 24, 0);

    machine.unroll[PJ_ALONG_N] = 4; /* one input for four columns; weights are wanted one by one */
    machine.near_access = 32;       /* of which an input uses 8 bits, the four weights all, the sums 128 */
    t = tile(&machine, &nest, 1e6);
    CHECK_NEAR(t.flow[PJ_NEST_I][PJ_STORE_NEAR].read, 6 * 32, 0);
    CHECK_NEAR(t.flow[PJ_NEST_W][PJ_STORE_NEAR].read, 192, 0);
    CHECK_NEAR(t.cycles, 6, 0);
    CHECK_NEAR(t.utilization, 1, 0);
    machine.far_bits_per_cycle = 16; /* 208 bits take 13 cycles */
    t = tile(&machine, &nest, 1e6);
    CHECK_NEAR(t.cycles, 13, 0);
    CHECK(t.is_memory_bound);
}

/* What is kept moves nothing over level 0; what is gone is not in the buffer either. */
static void test_kept(void)
{
    pj_nest nest = convolution(34, 3, 1, 16, 32); /* 32 x 32 outputs */
    pj_machine machine = boundary();
    pj_tile_ask ask = {.buffer_bits = 1e7};
    pj_tiling t;
    double i = 34.0 * 34 * 16 * 8, w = 9.0 * 16 * 32 * 8, o = 1024.0 * 32 * 8;
    pj_tile_find(&machine, &nest, &ask, &t);
    CHECK_NEAR(t.far_bits, i + w + o, 0);
    CHECK_NEAR(t.total_pj, 0.5 * 3 * (i + w) + 0.5 * 3 * o, 1e-15); /* far, buffer in and out */
    ask.kept[PJ_NEST_I] = ask.kept[PJ_NEST_O] = PJ_KEPT_CHIP;
    pj_tile_find(&machine, &nest, &ask, &t);
    CHECK_NEAR(t.far_bits, w, 0);
    CHECK_NEAR(t.total_pj, 0.5 * 3 * w + 0.5 * (i + o), 1e-15);
    CHECK_NEAR(t.bound_bits, w, 0);
    ask.kept[PJ_NEST_I] = ask.kept[PJ_NEST_O] = PJ_KEPT_GONE;
    pj_tile_find(&machine, &nest, &ask, &t);
    CHECK_NEAR(t.far_bits, w, 0);
    CHECK_NEAR(t.total_pj, 0.5 * 3 * w, 1e-15);
    machine.weights = (pj_access){3, 3}; /* constants come from elsewhere */
    pj_tile_find(&machine, &nest, &ask, &t);
    CHECK_NEAR(t.pj[PJ_NEST_W][PJ_STORE_FAR], 3 * w, 1e-15);
    ask.weights_move = true;
    pj_tile_find(&machine, &nest, &ask, &t);
    CHECK_NEAR(t.pj[PJ_NEST_W][PJ_STORE_FAR], 0.5 * w, 1e-15);
}

/* Weights past the buffer: through their own one if the tile's fit, else into the registers, else streamed. */
static void test_weights(void)
{
    pj_nest nest = product(100, 10, 10);
    pj_machine machine = boundary();
    machine.holds_weights = false;
    pj_tiling t = tile(&machine, &nest, 1e6); /* registers without limit */
    CHECK_NEAR(t.flow[PJ_NEST_W][PJ_STORE_FAR].read, 800, 0);
    CHECK_NEAR(t.flow[PJ_NEST_W][PJ_STORE_NEAR].read + t.flow[PJ_NEST_W][PJ_STORE_WEIGHTS].read, 0, 0);
    machine.registers[PJ_NEST_W].given = false;
    t = tile(&machine, &nest, 1e6); /* none: each product reads its weight from level 0 */
    CHECK_NEAR(t.flow[PJ_NEST_W][PJ_STORE_FAR].read, 10000 * 8.0, 0);
    machine.has_weight_buffer = true;
    machine.weight_bits = 800;
    machine.weight_buffer = (pj_access){0.1, 0.1};
    t = tile(&machine, &nest, 1e6);
    CHECK_NEAR(t.flow[PJ_NEST_W][PJ_STORE_FAR].read, 800, 0);
    CHECK_NEAR(t.flow[PJ_NEST_W][PJ_STORE_WEIGHTS].read, 10000 * 8.0, 0);
}

/* ---- properties ---- */

static void check_sums(const pj_nest *nest, const pj_tiling *t)
{
    double pj = 0, bits = 0;
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        for (int i = 0; i < PJ_STORES; i++) {
            pj += t->pj[x][i];
            CHECK(t->flow[x][i].read >= 0 && t->flow[x][i].written >= 0);
            bits += i == PJ_STORE_FAR ? t->flow[x][i].read + t->flow[x][i].written : 0;
        }
    CHECK_NEAR(t->total_pj, pj, 1e-12);
    CHECK_NEAR(t->far_bits, bits, 1e-12);
    CHECK(t->bound_bits <= t->far_bits * (1 + 1e-12));
    CHECK(t->bound_bits >= t->once_bits * (1 - 1e-12));
    CHECK(t->utilization > 0 && t->utilization <= 1 + 1e-12);
    CHECK(t->cycles >= t->macs / 1e7 && isfinite(t->total_pj));
    CHECK(!t->fits || (t->m <= nest->m && t->n <= nest->n && t->r <= nest->r));
}

static pj_nest transposed(const pj_nest *nest)
{
    pj_nest other = *nest;
    other.m = nest->n;
    other.n = nest->m;
    other.input_bits = nest->weight_bits;
    other.weight_bits = nest->input_bits;
    return other;
}

enum { NESTS = 10000 };

static void test_properties(void)
{
    static const char *const names[] = {"horowitz-45nm", "tpu-like", "edge-npu-gap9-like", "timeloop-eyeriss-like"};
    pj_hierarchy *h[4] = {NULL};
    pj_machine machine = boundary();
    pj_error err = {0};
    for (int i = 0; i < 4; i++)
        CHECK_INT(pj_hierarchy_open(names[i], NULL, &h[i], &err), PJ_OK);
    for (int i = 0; i < NESTS && h[3]; i++) {
        pj_nest nest = random_nest();
        double bits = 8192 * pow(2, pick(0, 12));
        pj_tiling t = tile(&machine, &nest, bits);
        check_sums(&nest, &t);
        t = tile_far(&nest, bits);
        check_sums(&nest, &t);
        if (nest.window.out_w <= 0) {
            pj_nest other = transposed(&nest);
            pj_tiling swapped = tile_far(&other, bits);
            CHECK_NEAR(swapped.far_bits, t.far_bits, 1e-12);
        }
        t = tile_far(&nest, 1e18);
        CHECK_NEAR(t.far_bits, t.once_bits, 1e-12);
        if (i % 4 == 0) {
            const pj_machine *chip = &h[i / 4 % 4]->machine;
            t = tile(chip, &nest, chip->near_bits);
            check_sums(&nest, &t);
        }
    }
    for (int i = 0; i < 4; i++)
        pj_hierarchy_close(h[i]);
}

/* At equal prices the energy rises by at most 2 % from one size of the buffer to a larger one. */
static void test_sizes(void)
{
    static const char *const names[] = {"horowitz-45nm", "edge-npu-gap9-like", "gpu-h200-like", "tpu-like"};
    for (int k = 0; k < 4; k++) {
        pj_hierarchy *h = NULL;
        pj_error err = {0};
        double worst = 0;
        CHECK_INT(pj_hierarchy_open(names[k], NULL, &h, &err), PJ_OK);
        for (int i = 0; i < (k ? NESTS / 100 : NESTS / 10) && h; i++) {
            pj_nest nest = random_nest();
            double before = HUGE_VAL, bound = HUGE_VAL;
            for (double bits = 16 * 8192.0; bits <= 4096 * 8192.0; bits *= 2) {
                pj_tiling t = tile(&h->machine, &nest, bits);
                worst = fmax(worst, t.total_pj / before - 1);
                CHECK(t.bound_bits <= bound);
                before = t.total_pj;
                bound = t.bound_bits;
            }
        }
        CHECK_NEAR(fmin(worst, 0.02), worst, 0);
        pj_hierarchy_close(h);
    }
}

/* ---- against all tiles ---- */

/* Bits over the boundary of the best of all tiles and orders: the formulas once more, without any short cut. */
static double exhaustive(const pj_nest *nest, double bits)
{
    double best = HUGE_VAL;
    for (double m = 1; m <= nest->m; m++)
        for (double n = 1; n <= nest->n; n++)
            for (double r = 1; r <= nest->r; r++) {
                double sum = r < nest->r ? nest->accumulator_bits : nest->output_bits;
                if (m * r * nest->input_bits + n * r * nest->weight_bits + m * n * sum > bits)
                    continue;
                double tm = ceil(nest->m / m), tn = ceil(nest->n / n), tr = ceil(nest->r / r);
                double i = nest->m * nest->r * nest->input_bits, w = nest->n * nest->r * nest->weight_bits;
                double o = nest->m * nest->n, a = nest->accumulator_bits;
                double stays_o = i * (tr > 1 ? tn : 1) + w * (tn > 1 || tr > 1 ? tm : 1);
                double stays_w = i * (tr > 1 || tm > 1 ? tn : 1) + w + o * 2 * a * ((tm > 1 ? tr : 1) - 1);
                double stays_i = i + w * (tr > 1 || tn > 1 ? tm : 1) + o * 2 * a * ((tn > 1 ? tr : 1) - 1);
                best = fmin(best, o * nest->output_bits + fmin(stays_o, fmin(stays_w, stays_i)));
            }
    return best;
}

static void test_exhaustive(void)
{
    enum { SMALL = 300 };
    int exact = 0, compared = 0;
    double worst = 1;
    for (int i = 0; i < SMALL; i++) {
        pj_nest nest = product(pick(1, 24), pick(1, 24), pick(1, 24));
        double bits = pick(48, 4096), best = exhaustive(&nest, bits);
        pj_tiling t = tile_far(&nest, bits);
        if (best == HUGE_VAL)
            continue;
        CHECK(t.far_bits >= best * (1 - 1e-12));
        compared++;
        exact += t.far_bits <= best * (1 + 1e-12);
        worst = fmax(worst, t.far_bits / best);
    }
    CHECK(compared >= SMALL * 9 / 10);
    CHECK(exact >= compared * 8 / 10);
    CHECK_NEAR(fmin(worst, 1.35), worst, 0);
}

/* ---- large and strange ---- */

static void test_huge(void)
{
    const double huge = 1099511627776.0; /* 2^40 */
    pj_machine machine = boundary();
    for (int i = 0; i < 64; i++) {
        pj_nest nest = product(i & 1 ? huge : 1, i & 2 ? huge : 1, i & 4 ? huge : 1);
        nest.groups = i & 8 ? huge : 1;
        pj_tiling t = tile(&machine, &nest, i & 16 ? 8192.0 * 256 : 8);
        CHECK(isfinite(t.total_pj) && isfinite(t.far_bits) && t.far_bits >= 0 && t.bound_bits <= t.far_bits);
    }
    pj_nest nest = convolution(1048576, 7, 1, huge, huge);
    pj_tiling t = tile(&machine, &nest, 8192.0 * 256);
    CHECK(isfinite(t.total_pj) && t.far_bits >= t.bound_bits);
}

static void test_memo(void)
{
    pj_machine machine = boundary();
    pj_arena *arena = pj_arena_new(0);
    pj_tiler *tiler = pj_tiler_new(&machine, arena);
    pj_tile_ask ask = {.buffer_bits = 1e5};
    pj_error err = {0};
    const pj_tiling *first = NULL, *again = NULL, *other = NULL;
    enum { MANY = 1000 };
    for (int i = 1; i <= MANY && tiler; i++) {
        pj_nest nest = product(i, 7, 9);
        CHECK_INT(pj_tiler_find(tiler, &nest, &ask, i == 5 ? &first : &other, &err), PJ_OK);
    }
    pj_nest nest = product(5, 7, 9);
    CHECK_INT(pj_tiler_find(tiler, &nest, &ask, &again, &err), PJ_OK);
    CHECK(again == first);
    ask.kept[PJ_NEST_O] = PJ_KEPT_CHIP;
    CHECK_INT(pj_tiler_find(tiler, &nest, &ask, &other, &err), PJ_OK);
    CHECK(other != first && other->far_bits < first->far_bits);
    pj_arena_free(arena);
}

/* 100 x 100 positions of windows of 1 x 7 on 16 channels, every third row: 71,680,000 products; each input stands in
 * 7 windows of its row, and the rows between are read by none: that lessens no overlap. In 1 KiB, of int8:
 * 2 x 71,680,000 x sqrt(8 x 8 x 8 / (7 x 8,192)) - 2 x 8,192. */
static void test_gaps(void)
{
    const pj_nest nest = {
        .groups = 1,
        .m = 10000,
        .n = 64,
        .r = 112,
        .window = {.batch = 1,
                   .in_h = 300,
                   .in_w = 100,
                   .kernel_h = 1,
                   .kernel_w = 7,
                   .stride_h = 3,
                   .stride_w = 1,
                   .dilation_h = 1,
                   .dilation_w = 1,
                   .out_h = 100,
                   .out_w = 100},
        .input_bits = 8,
        .weight_bits = 8,
        .output_bits = 8,
        .accumulator_bits = 32
    };
    CHECK_NEAR(pj_nest_bound(&nest, 8192), 143360000 / sqrt(112) - 16384, 1e-12);
}

int main(void)
{
    test_positions();
    test_gaps();
    test_product();
    test_batch();
    test_flows();
    test_kept();
    test_weights();
    test_properties();
    test_sizes();
    test_exhaustive();
    test_huge();
    test_memo();
    return check_done();
}
