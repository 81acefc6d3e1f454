/* Loops, from extents to plain numbers. */
#include "ops/loops.h"

/* False where the extent is not known, or there is none. */
static bool extent(pj_num n, double *out)
{
    *out = pj_num_known(n) ? (double)n.whole : 0;
    return *out >= 1;
}

/* A layer has one nest, or too many. */
static void keep(pj_work *work, const pj_loops *loops, bool known)
{
    if (work->loops.kind != PJ_LOOPS_NONE)
        work->loops = (pj_loops){.kind = PJ_LOOPS_SEVERAL};
    else if (known)
        work->loops = *loops;
}

static bool fill(pj_nest *nest, pj_num groups, pj_num m, pj_num n, pj_num r)
{
    bool known = extent(groups, &nest->groups);
    known = extent(m, &nest->m) && known;
    known = extent(n, &nest->n) && known;
    return extent(r, &nest->r) && known;
}

void pj_loops_product(pj_work *work, int input, int weight, pj_num groups, pj_num m, pj_num n, pj_num r)
{
    pj_loops loops = {.kind = PJ_LOOPS_PRODUCT, .input = input, .weight = weight};
    bool known = fill(&loops.nest, groups, m, n, r);
    keep(work, &loops, known);
}

void pj_loops_recurrent(pj_work *work, int input, int weight, int64_t directions, pj_num steps, pj_num batch, pj_num n,
                        pj_num r)
{
    pj_loops loops = {.kind = PJ_LOOPS_RECURRENT, .input = input, .weight = weight};
    bool known = fill(&loops.nest, pj_num_of(directions), batch, n, r);
    known = extent(steps, &loops.steps) && known;
    keep(work, &loops, known);
}

void pj_loops_attention(pj_work *work, pj_num heads, pj_num shared, pj_num queries, pj_num keys, pj_num key_size,
                        pj_num value_size)
{
    pj_loops loops = {.kind = PJ_LOOPS_ATTENTION};
    bool known = fill(&loops.nest, heads, queries, keys, key_size);
    known = extent(value_size, &loops.value_size) && known;
    known = extent(shared, &loops.shared) && known;
    keep(work, &loops, known);
}

/* The last axis is w, all others are one in h. */
static bool fill_window(pj_ctx *c, const pj_window *window, int input, bool last, pj_nest *nest)
{
    double in[2] = {1, 1}, out[2] = {1, 1}, kernel[2] = {1, 1}, stride[2] = {1, 1}, dilation[2] = {1, 1};
    const pj_value *result = pj_out(c, 0);
    int axes = window->axes;
    if (axes < 0 || !result || result->type.rank != axes + 2)
        return false;
    for (int k = 0; k < axes; k++) {
        int at = k == axes - 1;
        double inputs, outputs, taps;
        if (!extent(pj_in_spatial(c, input, last, k), &inputs) || !extent(window->kernel[k], &taps) ||
            !extent(result->type.dims[last ? 1 + k : 2 + k], &outputs))
            return false;
        in[at] *= inputs;
        out[at] *= outputs;
        kernel[at] *= taps;
        stride[at] *= (double)window->stride[k];
        dilation[at] *= (double)window->dilation[k];
    }
    nest->window.in_h = in[0];
    nest->window.in_w = in[1];
    nest->window.out_h = out[0];
    nest->window.out_w = out[1];
    nest->window.kernel_h = kernel[0];
    nest->window.kernel_w = kernel[1];
    nest->window.stride_h = stride[0];
    nest->window.stride_w = stride[1];
    nest->window.dilation_h = dilation[0];
    nest->window.dilation_w = dilation[1];
    nest->m = nest->window.batch * out[0] * out[1];
    return true;
}

void pj_loops_convolution(pj_ctx *c, pj_work *work, int input, int weight, const pj_window *window, pj_num batch,
                          int64_t groups, pj_num n, pj_num r)
{
    pj_loops loops = {.kind = PJ_LOOPS_PRODUCT, .input = input, .weight = weight};
    bool known = fill(&loops.nest, pj_num_of(groups), batch, n, r);
    known = extent(batch, &loops.nest.window.batch) && known;
    known = fill_window(c, window, input, pj_channels_last(c), &loops.nest) && known;
    keep(work, &loops, known);
}
