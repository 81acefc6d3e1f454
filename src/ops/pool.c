/* Poolings.
 *
 * Work: windows count in full, taps in the padding included. */
#include "ops/families.h"
#include "ops/window.h"

/* x [N, C, d ...] -> [N, C, positions of the window ...], twice where indices are wanted */
static pj_status shape_pool(pj_ctx *c)
{
    bool channels_last = pj_channels_last(c);
    pj_window w;
    pj_num spatial[PJ_MAX_RANK];
    int axes;
    PJ_TRY(pj_spatial_axes(c, pj_in_rank(c, 0), &axes));
    PJ_TRY(pj_window_read(c, axes, -1, &w));
    for (int k = 0; k < w.axes; k++)
        PJ_TRY(pj_window_pool(c, &w, k, pj_in_spatial(c, 0, channels_last, k), &spatial[k]));
    pj_num batch = pj_in_dim(c, 0, 0), channels = pj_in_channels(c, 0, channels_last);
    PJ_TRY(pj_set_spatial(c, 0, pj_in_dtype(c, 0), channels_last, batch, channels, w.axes, spatial));
    return pj_set_spatial(c, 1, PJ_INT64, channels_last, batch, channels, w.axes, spatial);
}

/* x [N, C, d ...] -> [N, C, 1 ...] */
static pj_status shape_global(pj_ctx *c)
{
    bool channels_last = pj_channels_last(c);
    pj_num spatial[PJ_MAX_RANK];
    int axes;
    PJ_TRY(pj_spatial_axes(c, pj_in_rank(c, 0), &axes));
    for (int k = 0; k < axes; k++)
        spatial[k] = pj_num_of(1);
    return pj_set_spatial(c, 0, pj_in_dtype(c, 0), channels_last, pj_in_dim(c, 0, 0),
                          pj_in_channels(c, 0, channels_last), axes, spatial);
}

/* Taps of the node's window; of a global pooling: all inputs of a channel. */
static pj_status taps_of(pj_ctx *c, pj_num *out)
{
    pj_window w;
    int axes, rank = pj_in_rank(c, 0);
    if (c->node->desc->shape == shape_global) {
        int first = pj_channels_last(c) ? 1 : 2;
        *out = rank < 2 ? pj_num_unknown() : pj_dims_product(c, pj_in_type(c, 0)->dims, first, first + rank - 2);
        return PJ_OK;
    }
    PJ_TRY(pj_spatial_axes(c, rank, &axes));
    PJ_TRY(pj_window_read(c, axes, -1, &w));
    *out = pj_window_taps(c, &w);
    return PJ_OK;
}

/* Adds for each output element `per_tap` primitives a tap and `fixed` besides. */
static void work_taps(pj_ctx *c, pj_work *work, pj_prim prim, pj_num taps, int64_t per_tap, int64_t fixed)
{
    pj_num each = pj_num_add(c->symbols, pj_num_mul(c->symbols, taps, pj_num_of(per_tap)), pj_num_of(fixed));
    pj_work_add(c, work, prim, pj_num_mul(c->symbols, pj_out_count(c, 0), each));
}

/* cmp: taps - 1 an output element */
static pj_status work_max_pool(pj_ctx *c, pj_work *work)
{
    pj_num taps;
    PJ_TRY(taps_of(c, &taps));
    work_taps(c, work, PJ_CMP, taps, 1, -1);
    return PJ_OK;
}

/* cmp: taps - 1 for the maximum and taps for the mask an output element */
static pj_status work_masked_max_pool(pj_ctx *c, pj_work *work)
{
    pj_num taps;
    PJ_TRY(taps_of(c, &taps));
    work_taps(c, work, PJ_CMP, taps, 2, -1);
    return PJ_OK;
}

/* An output element: add taps - 1, mul 1. Window sizes are known when a model is loaded, at the borders too, so the
 * division is a multiplication by a stored reciprocal. */
static pj_status work_average_pool(pj_ctx *c, pj_work *work)
{
    pj_num taps;
    PJ_TRY(taps_of(c, &taps));
    work_taps(c, work, PJ_ADD, taps, 1, -1);
    work_taps(c, work, PJ_MUL, taps, 0, 1);
    return PJ_OK;
}

/* As an average, whose reciprocal is part of the requantizer's factor; add and shift complete the requantizer. */
static pj_status work_qlinear_average_pool(pj_ctx *c, pj_work *work)
{
    PJ_TRY(work_average_pool(c, work));
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_SHIFT] = 1), pj_out_count(c, 0));
    return PJ_OK;
}

/* The exponent p; a float before opset 2. */
static double norm_order(pj_ctx *c)
{
    const pj_attr *attr = pj_node_attr(c->node, "p");
    return attr && attr->kind == PJ_ATTR_FLOAT ? (double)attr->f : (double)pj_attr_int(c, "p", 2);
}

/* An output element is (sum of |x|^p) ^ (1/p). add: taps - 1.
 *   p = 1: cmp for each tap (absolute value)
 *   p = 2: mul for each tap; sqrt
 *   other: cmp for each tap; p - 1 mul (whole p up to 8) or pow for each tap; pow for the root */
static pj_status work_lp_pool(pj_ctx *c, pj_work *work)
{
    double p = norm_order(c);
    bool small = p >= 1 && p <= 8 && p == floor(p);
    pj_num taps;
    PJ_TRY(taps_of(c, &taps));
    work_taps(c, work, PJ_ADD, taps, 1, -1);
    if (p != 2)
        work_taps(c, work, PJ_CMP, taps, 1, 0);
    if (small)
        work_taps(c, work, PJ_MUL, taps, (int64_t)p - 1, 0);
    else
        work_taps(c, work, PJ_POW, taps, 1, 0);
    if (p == 2)
        work_taps(c, work, PJ_SQRT, taps, 0, 1);
    else if (p != 1)
        work_taps(c, work, PJ_POW, taps, 0, 1);
    return PJ_OK;
}

/* x [N, C, d ...] -> the shape that input 2 lists, or [N, C, (d - 1) * stride + kernel - pads ...] */
static pj_status shape_max_unpool(pj_ctx *c)
{
    pj_symbols *s = c->symbols;
    pj_window w;
    pj_list sizes;
    pj_num spatial[PJ_MAX_RANK];
    int axes;
    PJ_TRY(pj_spatial_axes(c, pj_in_rank(c, 0), &axes));
    PJ_TRY(pj_window_read(c, axes, -1, &w));
    PJ_TRY(pj_list_of(c, NULL, 2, &sizes));
    if (sizes.known)
        return pj_set(c, 0, pj_in_dtype(c, 0), sizes.count, sizes.num);
    for (int k = 0; k < w.axes; k++) {
        pj_num steps = pj_num_sub(s, pj_in_spatial(c, 0, false, k), pj_num_of(1));
        pj_num full = pj_num_add(s, pj_num_mul(s, steps, pj_num_of(w.stride[k])), w.kernel[k]);
        pj_num cut = pj_num_add(s, w.before[k], w.after[k]);
        spatial[k] = sizes.given ? pj_num_unknown() : pj_num_sub(s, full, cut);
    }
    pj_num batch = sizes.given ? pj_num_unknown() : pj_in_dim(c, 0, 0);
    pj_num channels = sizes.given ? pj_num_unknown() : pj_in_dim(c, 0, 1);
    return pj_set_spatial(c, 0, pj_in_dtype(c, 0), false, batch, channels, w.axes, spatial);
}

/* x [N, C, H, W], rois [regions, 5] -> [regions, C, pooled_shape] */
static pj_status shape_max_roi_pool(pj_ctx *c)
{
    pj_list pooled;
    PJ_TRY(pj_list_of(c, "pooled_shape", -1, &pooled));
    if (pooled.count != 2)
        return pj_fail(c->err, PJ_ESHAPE, "'pooled_shape' lists %d numbers, not 2", pooled.count);
    pj_num dims[] = {pj_in_dim(c, 1, 0), pj_in_dim(c, 0, 1), pooled.num[0], pooled.num[1]};
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"",              "MaxPool",                  1, "x",     PJ_KEEP | PJ_POOL,                shape_pool,         NULL, work_max_pool            },
    {"",              "AveragePool",              1, "x",     PJ_POOL,                          shape_pool,         NULL, work_average_pool        },
    {"",              "LpPool",                   1, "x",     PJ_POOL,                          shape_pool,         NULL, work_lp_pool             },
    {"",              "GlobalMaxPool",            1, "x",     PJ_KEEP | PJ_POOL,                shape_global,       NULL, work_max_pool            },
    {"",              "GlobalAveragePool",        1, "x",     PJ_POOL,                          shape_global,       NULL, work_average_pool        },
    {"",              "GlobalLpPool",             1, "x",     PJ_POOL,                          shape_global,       NULL, work_lp_pool             },
    {"",              "MaxUnpool",                9, "xic",   PJ_MOVE,                          shape_max_unpool,   NULL, NULL                     },
 /* a region's bins hold as many elements as its coordinates say */
    {"",              "MaxRoiPool",               1, "xi",    PJ_KEEP | PJ_OPAQUE_OP | PJ_POOL, shape_max_roi_pool, NULL, NULL                     },
    {PJ_NCHWC,        "MaxPool",                  1, "x",     PJ_KEEP | PJ_POOL,                shape_pool,         NULL, work_max_pool            },
    {PJ_NCHWC,        "AveragePool",              1, "x",     PJ_POOL,                          shape_pool,         NULL, work_average_pool        },
    {PJ_NCHWC,        "GlobalMaxPool",            1, "x",     PJ_KEEP | PJ_POOL,                shape_global,       NULL, work_max_pool            },
    {PJ_NCHWC,        "GlobalAveragePool",        1, "x",     PJ_POOL,                          shape_global,       NULL, work_average_pool        },
    {PJ_LAST,         "MaxPool",                  1, "x",     PJ_KEEP | PJ_LAST_AXIS | PJ_POOL, shape_pool,         NULL, work_max_pool            },
    {PJ_LAST,         "AveragePool",              1, "x",     PJ_LAST_AXIS | PJ_POOL,           shape_pool,         NULL, work_average_pool        },
    {"com.microsoft", "MaxpoolWithMask",          1, "xi",    PJ_KEEP,                          shape_pool,         NULL, work_masked_max_pool     },
    {"com.microsoft", "NhwcMaxPool",              1, "x",     PJ_KEEP | PJ_LAST_AXIS | PJ_POOL, shape_pool,         NULL, work_max_pool            },
    {"com.microsoft", "QLinearAveragePool",       1, "xszsz", PJ_POOL,                          shape_pool,         NULL, work_qlinear_average_pool},
    {"com.microsoft", "QLinearGlobalAveragePool", 1, "xszsz", PJ_POOL,                          shape_global,       NULL, work_qlinear_average_pool},
};

PJ_FAMILY(pool);
