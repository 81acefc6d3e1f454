/* Resizing, sampling and cutting of images, regions and boxes.
 *
 * Work of an interpolation: along D axes, separably, for each output element
 *   linear: 2^D - 1 interpolations a + f * (b - a), of 1 mul and 2 add;
 *   cubic: 1 + 4 + ... + 4^(D-1) sums of 4 products, of 4 mul and 3 add.
 * Where the places to sample follow from the shapes alone (Resize), they and the fractions are computed once for each
 * row and column and not counted; where they are data (GridSample), they are. */
#include "ops/resize.h"

#include "ops/families.h"

static pj_status shape_resize(pj_ctx *c)
{
    pj_resize r;
    PJ_TRY(pj_resize_read(c, &r));
    return pj_set(c, 0, pj_in_dtype(c, 0), r.rank, r.out);
}

/* x [N, C, d ...], grid [N, place ..., D] -> [N, C, place ...] */
static pj_status shape_grid_sample(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0), rank_grid = pj_in_rank(c, 1);
    if (rank >= 0 && rank_grid >= 0 && rank != rank_grid)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d, the grid has rank %d", rank, rank_grid);
    if (rank < 0)
        rank = rank_grid;
    if (rank < 0)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    if (rank < 3)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d; the least is 3", rank);
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, 0), pj_in_dim(c, 1, 0), "batch of the input and of the grid", &dims[0]));
    dims[1] = pj_in_dim(c, 0, 1);
    for (int k = 2; k < rank; k++)
        dims[k] = pj_in_dim(c, 1, k - 1);
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

/* Each coordinate (elements of the grid): 1 mul and 1 add to pixels, 2 cmp against the borders, 1 round down, 1 add for
 * the fraction; 1 div for a reflection; 12 mul and 13 add for the 4 weights of a cubic. Then the interpolation; nearest
 * has none. */
static pj_status work_grid_sample(pj_ctx *c, pj_work *work)
{
    const char *mode = pj_attr_string(c, "mode", "linear");
    pj_num coordinates = pj_in_count(c, 1);
    bool cubic = strcmp(mode, "cubic") == 0 || strcmp(mode, "bicubic") == 0, nearest = strcmp(mode, "nearest") == 0;
    int rank = pj_in_rank(c, 0) >= 0 ? pj_in_rank(c, 0) : pj_in_rank(c, 1);
    bool reflects = strcmp(pj_attr_string(c, "padding_mode", "zeros"), "reflection") == 0;
    int muls = cubic ? 13 : 1, adds = cubic ? 15 : nearest ? 1 : 2;
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = muls, [PJ_ADD] = adds, [PJ_CMP] = 2, [PJ_ROUND] = 1, [PJ_DIV] = reflects),
                 coordinates);
    if (!nearest)
        pj_work_interpolation(c, work, cubic, rank - 2, pj_out_count(c, 0));
    return PJ_OK;
}

/* theta [N, D, D+1], size N, C, place ... -> grid [N, place ..., D] */
static pj_status shape_affine_grid(pj_ctx *c)
{
    pj_list size;
    pj_num dims[PJ_MAX_RANK], axes = pj_in_dim(c, 0, 1);
    PJ_TRY(pj_list_of(c, NULL, 1, &size));
    int count = size.known ? size.count : pj_num_known(axes) && axes.whole < PJ_MAX_RANK - 2 ? (int)axes.whole + 2 : -1;
    if (count < 0)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    if (count < 4)
        return pj_fail(c->err, PJ_ESHAPE, "the grid would have rank %d; the least is 4", count);
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, 0), size.known ? size.num[0] : pj_num_unknown(), "batch of theta and of size",
                       &dims[0]));
    for (int k = 1; k < count - 1; k++)
        dims[k] = size.known ? size.num[k + 1] : pj_num_unknown();
    dims[count - 1] = pj_num_of(count - 2);
    return pj_set(c, 0, pj_in_dtype(c, 0), count, dims);
}

/* The grid is a matrix product with the homogeneous places (x, y, 1): mac: output elements * (D + 1). The places
 * themselves follow from the shape. */
static pj_status work_affine_grid(pj_ctx *c, pj_work *work)
{
    work->terms = pj_num_add(c->symbols, pj_in_dim(c, 0, 1), pj_num_of(1));
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, pj_out_count(c, 0), work->terms));
    return PJ_OK;
}

/* x [N, C, H, W], rois [regions, 4], batch_indices [regions] -> [regions, C, height, width] */
static pj_status set_regions(pj_ctx *c, pj_num height, pj_num width)
{
    pj_num dims[] = {pj_num_unknown(), pj_in_dim(c, 0, 1), height, width};
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 1, 0), pj_in_dim(c, 2, 0), "regions in rois and in batch_indices", &dims[0]));
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

static pj_status shape_roi_align(pj_ctx *c)
{
    pj_num height = pj_num_of(pj_attr_int(c, "output_height", 1)), width = pj_num_of(pj_attr_int(c, "output_width", 1));
    return set_regions(c, height, width);
}

/* Each output element is the mean (add samples - 1, mul 1) or the maximum (cmp samples - 1) of sampling_ratio^2
 * samples, each bilinear. Without a ratio the samples depend on the size of each region: not known. */
static pj_status work_roi_align(pj_ctx *c, pj_work *work)
{
    pj_symbols *s = c->symbols;
    pj_num ratio = pj_num_of(pj_attr_int(c, "sampling_ratio", 0)), n = pj_out_count(c, 0);
    pj_num samples = ratio.whole > 0 ? pj_num_mul(s, ratio, ratio) : pj_num_unknown();
    bool mean = strcmp(pj_attr_string(c, "mode", "avg"), "max") != 0;
    pj_work_interpolation(c, work, false, 2, pj_num_mul(s, n, samples));
    pj_work_add(c, work, mean ? PJ_ADD : PJ_CMP, pj_num_mul(s, n, pj_num_sub(s, samples, pj_num_of(1))));
    if (mean)
        pj_work_add(c, work, PJ_MUL, n);
    return PJ_OK;
}

static pj_status shape_crop_and_resize(pj_ctx *c)
{
    pj_list size;
    PJ_TRY(pj_list_of(c, NULL, 3, &size));
    if (!size.known)
        return set_regions(c, pj_num_unknown(), pj_num_unknown());
    if (size.count != 2)
        return pj_fail(c->err, PJ_ESHAPE, "'crop_size' lists %d numbers, not 2", size.count);
    return set_regions(c, size.num[0], size.num[1]);
}

static pj_status work_crop_and_resize(pj_ctx *c, pj_work *work)
{
    if (strcmp(pj_attr_string(c, "mode", "bilinear"), "nearest") != 0)
        pj_work_interpolation(c, work, false, 2, pj_out_count(c, 0));
    return PJ_OK;
}

/* How many boxes survive depends on the data. */
static pj_status shape_non_max_suppression(pj_ctx *c)
{
    pj_num dims[] = {pj_num_unknown(), pj_num_of(3)};
    return pj_set(c, 0, PJ_INT64, 2, dims);
}

/* x [N, C, L], image_shape d ..., block_shape -> [N, C / block elements, d ...] */
static pj_status shape_col2im(pj_ctx *c)
{
    pj_list image, block;
    pj_num channels = pj_in_dim(c, 0, 1), taps;
    PJ_TRY(pj_list_of(c, NULL, 1, &image));
    PJ_TRY(pj_list_of(c, NULL, 2, &block));
    if (!image.known)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    taps = block.known ? pj_num_product(c->symbols, block.num, block.count) : pj_num_unknown();
    if (pj_num_known(taps) && pj_num_known(channels) && (taps.whole < 1 || channels.whole % taps.whole != 0))
        return pj_fail(c->err, PJ_ESHAPE, "axis 1: %lld rows are no multiple of a block of %lld",
                       (long long)channels.whole, (long long)taps.whole);
    channels = pj_num_floor_div(c->symbols, channels, taps);
    pj_num dims[PJ_MAX_RANK + 2] = {pj_in_dim(c, 0, 0), channels};
    memcpy(dims + 2, image.num, (size_t)image.count * sizeof *dims);
    return pj_set(c, 0, pj_in_dtype(c, 0), image.count + 2, dims);
}

/* add: each input element is added to its pixel */
PJ_WORK(col2im, pj_work_add(c, work, PJ_ADD, pj_in_count(c, 0)))

/* The block's side, of an image [N, C, H, W]. */
static pj_status read_block(pj_ctx *c, pj_num *side)
{
    int64_t size = pj_attr_int(c, "blocksize", 0);
    if (size < 1)
        return pj_fail(c->err, PJ_ESHAPE, "'blocksize' is %lld; the least is 1", (long long)size);
    if (pj_in_rank(c, 0) >= 0 && pj_in_rank(c, 0) != 4)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d, not 4", pj_in_rank(c, 0));
    *side = pj_num_of(size);
    return PJ_OK;
}

/* Dimension `axis` of input 0 by a divisor that must divide it. */
static pj_status divided(pj_ctx *c, int axis, pj_num divisor, pj_num *out)
{
    pj_num dim = pj_in_dim(c, 0, axis);
    if (pj_num_known(dim) && pj_num_known(divisor) && dim.whole % divisor.whole != 0)
        return pj_fail(c->err, PJ_ESHAPE, "axis %d: %lld is no multiple of %lld", axis, (long long)dim.whole,
                       (long long)divisor.whole);
    *out = pj_num_floor_div(c->symbols, dim, divisor);
    return PJ_OK;
}

/* [N, C, H, W] -> [N, C / b^2, H * b, W * b] */
static pj_status shape_depth_to_space(pj_ctx *c)
{
    pj_num side = pj_num_of(1), dims[4] = {pj_in_dim(c, 0, 0)};
    PJ_TRY(read_block(c, &side));
    PJ_TRY(divided(c, 1, pj_num_mul(c->symbols, side, side), &dims[1]));
    dims[2] = pj_num_mul(c->symbols, pj_in_dim(c, 0, 2), side);
    dims[3] = pj_num_mul(c->symbols, pj_in_dim(c, 0, 3), side);
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/* [N, C, H, W] -> [N, C * b^2, H / b, W / b] */
static pj_status shape_space_to_depth(pj_ctx *c)
{
    pj_num side = pj_num_of(1), dims[4] = {pj_in_dim(c, 0, 0)};
    PJ_TRY(read_block(c, &side));
    dims[1] = pj_num_mul(c->symbols, pj_in_dim(c, 0, 1), pj_num_mul(c->symbols, side, side));
    PJ_TRY(divided(c, 2, side, &dims[2]));
    PJ_TRY(divided(c, 3, side, &dims[3]));
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/* The output has the sizes of input 1 along `axes` (all where there is no such attribute). */
static pj_status shape_center_crop_pad(pj_ctx *c)
{
    pj_list sizes, axes;
    pj_num dims[PJ_MAX_RANK];
    int rank = pj_in_rank(c, 0), axis;
    PJ_TRY(pj_list_of(c, NULL, 1, &sizes));
    PJ_TRY(pj_list_of(c, "axes", -1, &axes));
    if (rank < 0 && !axes.given && sizes.known)
        rank = sizes.count;
    if (rank < 0)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    int count = axes.given ? axes.count : rank;
    if (sizes.known && sizes.count != count)
        return pj_fail(c->err, PJ_ESHAPE, "'shape' lists %d numbers for %d axes", sizes.count, count);
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 0, k);
    for (int k = 0; k < count; k++) {
        PJ_TRY(pj_axis(c, axes.given ? axes.num[k].whole : k, rank, &axis));
        dims[axis] = sizes.known ? sizes.num[k] : pj_num_unknown();
    }
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

/* Only what stays is read: along each axis the smaller of both sizes. */
static pj_status work_cut(pj_ctx *c, pj_work *work)
{
    const pj_value *out = pj_out(c, 0);
    pj_num read = pj_num_of(1);
    if (!out || out->type.rank < 0 || out->type.rank != pj_in_rank(c, 0))
        return PJ_OK;
    for (int k = 0; k < out->type.rank; k++)
        read = pj_num_mul(c->symbols, read, pj_num_min(c->symbols, pj_in_dim(c, 0, k), out->type.dims[k]));
    work->read[0] = read;
    return PJ_OK;
}

/* Crop, an experimental operator of early opsets: border left, top, right, bottom; scale (height, width of the result)
 * in place of right and bottom. */
static pj_status shape_crop(pj_ctx *c)
{
    pj_list border, scale;
    pj_symbols *s = c->symbols;
    PJ_TRY(pj_list_of(c, "border", -1, &border));
    PJ_TRY(pj_list_of(c, "scale", -1, &scale));
    if (border.count != 4 || (scale.count && scale.count != 2))
        return pj_fail(c->err, PJ_ESHAPE, "'border' lists %d numbers, not 4, or 'scale' %d, not 2", border.count,
                       scale.count);
    pj_num dims[4] = {pj_in_dim(c, 0, 0), pj_in_dim(c, 0, 1)};
    for (int k = 0; k < 2; k++) {
        pj_num cut = pj_num_add(s, border.num[1 - k], border.num[3 - k]);
        dims[2 + k] = scale.count ? scale.num[k] : pj_num_sub(s, pj_in_dim(c, 0, 2 + k), cut);
        if (pj_num_known(dims[2 + k]) && dims[2 + k].whole < 0)
            return pj_fail(c->err, PJ_ESHAPE, "axis %d: a border of %lld cut from %lld", 2 + k, (long long)cut.whole,
                           (long long)pj_in_dim(c, 0, 2 + k).whole);
    }
    return pj_set(c, 0, pj_in_dtype(c, 0), 4, dims);
}

/* The size of the image is in the stream. */
static pj_status shape_image_decoder(pj_ctx *c)
{
    bool gray = strcmp(pj_attr_string(c, "pixel_format", "RGB"), "Grayscale") == 0;
    pj_num dims[] = {pj_num_unknown(), pj_num_unknown(), pj_num_of(gray ? 1 : 3)};
    return pj_set(c, 0, PJ_UINT8, 3, dims);
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"",              "Resize",            10, "xc*",   PJ_KEEP,                shape_resize,              NULL, pj_work_resize      },
    {"",              "Upsample",          1,  "xc",    PJ_KEEP,                shape_resize,              NULL, pj_work_resize      },
    {PJ_NCHWC,        "Upsample",          1,  "x",     PJ_KEEP,                shape_resize,              NULL, pj_work_resize      },
    {"",              "GridSample",        16, "xi",    0,                      shape_grid_sample,         NULL, work_grid_sample    },
    {"",              "AffineGrid",        20, "xc",    PJ_WIDE,                shape_affine_grid,         NULL, work_affine_grid    },
    {"",              "RoiAlign",          10, "xii",   0,                      shape_roi_align,           NULL, work_roi_align      },
    {"",              "NonMaxSuppression", 10, "xxccc", PJ_OPAQUE_OP | PJ_WIDE, shape_non_max_suppression, NULL, NULL                },
    {"",              "Col2Im",            18, "xcc",   0,                      shape_col2im,              NULL, work_col2im         },
    {"",              "DepthToSpace",      1,  "x",     PJ_MOVE,                shape_depth_to_space,      NULL, NULL                },
    {"",              "SpaceToDepth",      1,  "x",     PJ_MOVE,                shape_space_to_depth,      NULL, NULL                },
    {"",              "CenterCropPad",     18, "xc",    PJ_MOVE,                shape_center_crop_pad,     NULL, work_cut            },
    {"",              "ImageDecoder",      20, "x",     PJ_OPAQUE_OP | PJ_WIDE, shape_image_decoder,       NULL, NULL                },
    {"",              "Crop",              1,  "x",     PJ_MOVE,                shape_crop,                NULL, work_cut            },
    {"com.microsoft", "GridSample",        1,  "xi",    0,                      shape_grid_sample,         NULL, work_grid_sample    },
    {"com.microsoft", "CropAndResize",     1,  "xiic",  0,                      shape_crop_and_resize,     NULL, work_crop_and_resize},
};

PJ_FAMILY(image);
