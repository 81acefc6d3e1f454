/* The range of every float tensor over samples, one sample at a time. */
#include "base/map.h"
#include "evaluate/bench.h"
#include "evaluate/histogram.h"

pj_calibrate_options pj_calibrate_options_default(void)
{
    return (pj_calibrate_options){.data = pj_data_default(), .engine = pj_engine_default(), .percentile = 99.99};
}

/* A tensor that is looked at. */
typedef struct seen {
    pj_tensor_range range;
    double squares;
    pj_histogram histogram;
} seen;

typedef struct ranger {
    pj_evaluation e;
    const pj_calibrate_options *options;
    pj_map by_name;
    seen *tensor;
    size_t count, room;
    uint64_t samples;
    pj_ranges *out;
} ranger;

/* What is returned: the arena is behind it. */
typedef struct ranges_memory {
    pj_ranges ranges;
    pj_arena *arena;
} ranges_memory;

static seen *find(ranger *r, const char *name)
{
    uintptr_t at = (uintptr_t)pj_map_get(&r->by_name, name);
    if (at)
        return &r->tensor[at - 1];
    if (!PJ_GROW(r->e.arena, r->tensor, r->count, r->room))
        return NULL;
    seen *tensor = &r->tensor[r->count++];
    *tensor = (seen){
        .range = {.tensor = pj_arena_strdup(r->e.arena, name), .min = INFINITY, .max = -INFINITY}
    };
    union {
        uintptr_t number;
        void *pointer;
    } cast = {r->count};
    return tensor->range.tensor && pj_map_put(&r->by_name, tensor->range.tensor, cast.pointer) ? tensor : NULL;
}

static void look(seen *tensor, const pj_ndarray *array)
{
    for (int64_t i = 0; i < array->count; i++) {
        double x = pj_array_real(array, i);
        tensor->range.numbers++;
        if (!isfinite(x)) {
            tensor->range.odd++;
            continue;
        }
        tensor->range.min = fmin(tensor->range.min, x);
        tensor->range.max = fmax(tensor->range.max, x);
        tensor->squares += x * x;
    }
}

static pj_status look_at_all(ranger *r, const pj_ndarray *arrays, size_t count, bool counts, pj_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!arrays[i].data || !pj_dtype_is_float(arrays[i].dtype) || !pj_array_is_real(arrays[i].dtype))
            continue;
        seen *tensor = find(r, arrays[i].name);
        PJ_TRY(pj_got(tensor, err));
        if (!counts)
            look(tensor, &arrays[i]);
        else if (tensor->histogram.count)
            pj_histogram_add(&tensor->histogram, &arrays[i]);
    }
    return PJ_OK;
}

/* All samples once. */
static pj_status pass(ranger *r, pj_runtime_model *model, bool counts, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_status status = pj_got(arena, err);
    pj_samples_rewind(r->e.samples);
    r->samples = 0;
    while (status == PJ_OK) {
        const pj_ndarray *sample, *outputs;
        pj_arena_reset(arena);
        status = pj_watch_step(r->options->watch, "samples", r->samples, r->options->data.random, err);
        if (status == PJ_OK)
            status = pj_samples_next(r->e.samples, &sample, err);
        if (status != PJ_OK || !sample)
            break;
        status = pj_evaluation_run(&r->e, model, sample, r->samples++, arena, &outputs, err);
        if (status == PJ_OK)
            status = look_at_all(r, sample, pj_samples_slots(r->e.samples), counts, err);
        if (status == PJ_OK)
            status = look_at_all(r, outputs, pj_runtime_outputs(model).count, counts, err);
    }
    pj_arena_free(arena);
    return status;
}

/* Percentiles count numbers, entropy their magnitudes. */
static pj_status cut(ranger *r, pj_runtime_model *model, pj_error *err)
{
    const bool entropy = r->options->method == PJ_RANGE_ENTROPY;
    for (size_t i = 0; i < r->count; i++) {
        pj_tensor_range *range = &r->tensor[i].range;
        const double size = fmax(fabs(range->min), fabs(range->max));
        if (range->numbers > range->odd && range->max > range->min)
            PJ_TRY(pj_got(pj_histogram_init(&r->tensor[i].histogram, entropy ? 0 : range->min,
                                            entropy ? size : range->max, r->e.arena),
                          err));
    }
    PJ_TRY(pass(r, model, true, err));
    for (size_t i = 0; i < r->count; i++) {
        pj_tensor_range *range = &r->tensor[i].range;
        if (!r->tensor[i].histogram.count)
            continue;
        if (entropy) {
            double bound = pj_histogram_entropy(&r->tensor[i].histogram);
            range->min = fmax(range->min, -bound);
            range->max = fmin(range->max, bound);
        } else {
            pj_histogram_percentile(&r->tensor[i].histogram, r->options->percentile, &range->min, &range->max);
        }
    }
    return PJ_OK;
}

/* ---- what is told ---- */

static void note_odd(ranger *r)
{
    enum { FEW = 32 };
    size_t odd = 0, first = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (r->tensor[i].range.odd > 0 && odd++ == 0)
            first = i;
        if (r->tensor[i].range.odd == r->tensor[i].range.numbers)
            pj_evaluation_note(&r->e, NULL, "tensor \"%.200s\" has no finite number, so it has no range",
                               r->tensor[i].range.tensor);
    }
    if (odd > 0)
        pj_evaluation_note(&r->e, NULL,
                           "%zu tensors have numbers that are not finite, which count nowhere; the first is "
                           "\"%.200s\"",
                           odd, r->tensor[first].range.tensor);
    if (!r->options->data.path)
        pj_evaluation_note(&r->e, NULL, "the samples are random numbers: ranges of real ones may be far from these");
    if (r->samples < FEW)
        pj_evaluation_note(&r->e, NULL, "with %" PRIu64 " samples ranges may be too narrow; %d or more are better",
                           r->samples, (int)FEW);
}

static pj_status tell(ranger *r, pj_error *err)
{
    pj_tensor_range *ranges = PJ_NEW(r->e.arena, pj_tensor_range, r->count);
    pj_str method = pj_str_new(0);
    PJ_TRY(pj_got(ranges, err));
    note_odd(r);
    for (size_t i = 0; i < r->count; i++) {
        pj_tensor_range range = r->tensor[i].range;
        if (range.numbers == range.odd)
            continue;
        range.rms = sqrt(r->tensor[i].squares / (double)(range.numbers - range.odd));
        ranges[r->out->count++] = range;
    }
    pj_str_add(&method, r->options->method == PJ_RANGE_MINMAX       ? "minmax"
                        : r->options->method == PJ_RANGE_PERCENTILE ? "percentile "
                                                                    : "entropy");
    if (r->options->method == PJ_RANGE_PERCENTILE)
        pj_str_add_double(&method, r->options->percentile);
    r->out->method = pj_str_keep(&method, r->e.arena);
    r->out->ranges = ranges;
    return pj_evaluation_tell(&r->e, r->samples, &r->out->with, err);
}

static pj_status calibrate(ranger *r, pj_model *model, pj_error *err)
{
    pj_runtime_model *probe;
    PJ_TRY(pj_evaluation_open(&r->e, err));
    PJ_TRY(pj_evaluation_probe(&r->e, model, "probe.onnx", &probe, err));
    PJ_TRY(pass(r, probe, false, err));
    if (r->samples == 0)
        return pj_fail(err, PJ_EARGUMENT, "there are no samples in it");
    if (r->options->method != PJ_RANGE_MINMAX)
        PJ_TRY(cut(r, probe, err));
    return tell(r, err);
}

pj_status pj_calibrate(pj_model *model, const pj_setup *setup, const pj_calibrate_options *options, pj_ranges **out,
                       pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (!model || !setup || !options || !out)
        return pj_fail_null(err);
    *out = NULL;
    pj_arena *arena = pj_arena_new(0);
    ranges_memory *memory = arena ? PJ_NEW(arena, ranges_memory, 1) : NULL;
    if (!memory) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    memory->arena = arena;
    ranger r = {
        .e = {.model = model, .setup = setup, .data = &options->data, .engine = &options->engine, .arena = arena},
        .options = options,
        .out = &memory->ranges
    };
    pj_map_init(&r.by_name, arena);
    pj_status status = calibrate(&r, model, err);
    pj_evaluation_close(&r.e);
    if (status == PJ_OK) {
        *out = &memory->ranges;
        return PJ_OK;
    }
    pj_error_at(err, model->path, NULL, NULL);
    pj_arena_free(arena);
    return status;
}

void pj_ranges_json(const pj_ranges *ranges, pj_json_writer *json)
{
    pj_json_put_begin(json, "tensors", PJ_JSON_WRITE_OBJECT);
    for (size_t i = 0; i < ranges->count; i++) {
        pj_json_put_begin(json, ranges->ranges[i].tensor, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_double(json, "min", ranges->ranges[i].min);
        pj_json_put_double(json, "max", ranges->ranges[i].max);
        pj_json_put_double(json, "rms", ranges->ranges[i].rms);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

void pj_ranges_free(pj_ranges *ranges)
{
    if (ranges)
        pj_arena_free(((ranges_memory *)(void *)ranges)->arena);
}
