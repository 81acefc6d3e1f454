/* Noise of formats, and ranges of tensors. */
#include "plan/noise.h"

#include "base/real.h"
#include "setup/resource.h"

/* Significant bits, the leading one included. */
static double significant_bits(const pj_number *number)
{
    switch (number->flavour) {
    case PJ_FLOAT_BF16:
        return 8;
    case PJ_FLOAT_TF32:
        return 11;
    case PJ_FLOAT_E5M2:
        return 3;
    case PJ_FLOAT_E8M0:
        return 1;
    case PJ_FLOAT_PLAIN:
        break;
    }
    return number->bits >= 64 ? 53 : number->bits >= 32 ? 24 : number->bits >= 16 ? 11 : number->bits >= 8 ? 4 : 2;
}

double pj_format_noise(const pj_number *number, const pj_range *range)
{
    double bits = (double)number->bits;
    if (number->kind == PJ_FLOAT)
        return 0.180 * pj_pow(4, -significant_bits(number));
    if (!range)
        return 16.0 / 3 * pj_pow(4, -bits);
    double low = fmin(range->min, 0), high = fmax(range->max, 0), step = (high - low) / (pj_pow(2, bits) - 1);
    double square = range->rms > 0 ? range->rms * range->rms
                                   : (range->min * range->min + range->min * range->max + range->max * range->max) / 3;
    return square > 0 ? step * step / 12 / square : 0;
}

static pj_status read_pair(pj_json at, pj_range *out, pj_error *err)
{
    pj_json low = pj_json_first(at), high = low.node ? pj_json_next(low) : low;
    if (pj_json_count(at) != 2)
        return pj_json_fail(at, PJ_EFORMAT, err, "a range is [min, max] or an object with min, max and perhaps rms");
    PJ_TRY(pj_json_as_double(low, &out->min, err));
    return pj_json_as_double(high, &out->max, err);
}

static pj_status read_range(pj_json at, pj_range *out, pj_error *err)
{
    static const char *const keys[] = {"min", "max", "rms", NULL};
    if (pj_json_kind_of(at) == PJ_JSON_ARRAY) {
        PJ_TRY(read_pair(at, out, err));
    } else {
        PJ_TRY(pj_json_as_object(at, &at, err));
        PJ_TRY(pj_json_only_keys(at, keys, err));
        PJ_TRY(pj_json_get_double(at, "min", &out->min, err));
        PJ_TRY(pj_json_get_double(at, "max", &out->max, err));
        PJ_TRY(pj_json_opt_double(at, "rms", &out->rms, err));
    }
    if (out->min > out->max)
        return pj_json_fail(at, PJ_EFORMAT, err, "min %g is above max %g", out->min, out->max);
    if (out->rms < 0)
        return pj_json_fail(at, PJ_EFORMAT, err, "rms %g is negative", out->rms);
    return PJ_OK;
}

static pj_status read_ranges(pj_json root, const pj_model *model, pj_arena *arena, pj_map *out, pj_error *err)
{
    static const char *const keys[] = {"schema", "samples", "tensors", "method", "made", "diagnostics", NULL};
    static const char *const schemas[] = {"picojoule.ranges/1", NULL};
    pj_json tensors;
    double samples = 0;
    int schema;
    PJ_TRY(pj_json_as_object(root, &root, err));
    PJ_TRY(pj_json_only_keys(root, keys, err));
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, err));
    PJ_TRY(pj_json_get_object(root, "tensors", &tensors, err));
    pj_map_init(out, arena);
    PJ_TRY(pj_json_opt_double(root, "samples", &samples, err));
    if (samples > 0) {
        pj_range *count = PJ_NEW(arena, pj_range, 1);
        if (!count || !pj_map_put(out, "", count))
            return pj_fail_memory(err);
        count->max = samples;
    }
    for (pj_json at = pj_json_first(tensors); at.node; at = pj_json_next(at)) {
        pj_range *range = PJ_NEW(arena, pj_range, 1);
        if (!pj_graph_find(model->graph, pj_json_key(at)))
            return pj_json_fail(at, PJ_EFORMAT, err, "the model has no tensor \"%.200s\"", pj_json_key(at));
        const char *name = pj_arena_strdup(arena, pj_json_key(at));
        PJ_TRY(pj_got(range && name, err));
        PJ_TRY(read_range(at, range, err));
        PJ_TRY(pj_got(pj_map_put(out, name, range), err));
    }
    return PJ_OK;
}

pj_status pj_ranges_parse(const char *json, size_t length, const char *name, const pj_model *model, pj_arena *arena,
                          pj_map *out, pj_error *err)
{
    pj_json_doc *doc;
    PJ_TRY(pj_json_parse(json, length, name, &doc, err));
    pj_status status = read_ranges(pj_json_root(doc), model, arena, out, err);
    pj_json_free(doc);
    return status;
}

pj_status pj_ranges_read(const char *path, const pj_setup *setup, const pj_model *model, pj_arena *arena, pj_map *out,
                         pj_error *err)
{
    pj_json_doc *doc;
    PJ_TRY(pj_resource_json(setup, PJ_RESOURCE_FILE, path, &doc, NULL, err));
    pj_status status = read_ranges(pj_json_root(doc), model, arena, out, err);
    pj_json_free(doc);
    return status;
}
