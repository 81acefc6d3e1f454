/* Any bytes as a model that is changed, by the bytes: what is written opens again, and applied twice is applied once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "picojoule/picojoule.h"

static bool drop(const char *bytes, size_t length, void *payload)
{
    *(size_t *)payload += length + (size_t)(*bytes == 0);
    return true;
}

static pj_status open_bytes(const uint8_t *data, size_t size, const pj_setup *setup, pj_model **out, pj_error *err)
{
    const pj_resource resource = {.size = sizeof resource, .name = "fuzz.onnx", .bytes = data, .length = size};
    return pj_model_open_resource(&resource, setup, out, err);
}

/* Options by the bytes' hash. */
static void choose(uint64_t pick, pj_setup *setup, pj_apply_options *options)
{
    static const char *const specs[] = {NULL,    "fp16",  "bf16", "w8a32",   "w4a16",  "w8a16", "int8", "w4a8",
                                        "w2a32", "w4a32", "fp8",  "ternary", "w8ai16", NULL,    NULL,   NULL};
    static const char *const only[] = {"*=w4a32"};
    static const int64_t blocks[] = {0, 0, -1, 2, 16, 32};
    setup->quantize = specs[pick % 16];
    options->only = only;
    options->only_count = pick % 16 == 13;
    static const pj_apply_scheme schemes[] = {PJ_APPLY_DYNAMIC, PJ_APPLY_WEIGHTS, PJ_APPLY_STATIC, PJ_APPLY_STATIC};
    options->scheme = schemes[pick >> 33 & 3];
    options->calibration = options->scheme == PJ_APPLY_STATIC ? "ranges.json" : NULL;
    options->target = pick >> 9 & 1 ? "onnxruntime" : "onnx";
    options->block = blocks[(pick >> 10) % 6];
    options->clean = pick >> 16 & 1;
    options->prune = pick >> 17 & 1 ? 0.5 : 0;
    options->prune_of = pick >> 18 & 1 ? 4 : 0;
    options->prune_keep = 2;
    options->name_nodes = pick >> 19 & 1;
    options->probe = pick >> 20 & 1;
    options->half_all = pick >> 21 & 1;
    options->dynamic_conv = options->force = pick >> 22 & 1;
    options->external = pick >> 23 & 1 ? PJ_APPLY_ALWAYS : PJ_APPLY_AS_SOURCE;
    options->external_min = 16;
    options->lenient = true;
    options->per_tensor = pick >> 24 & 1;
    options->asymmetric = pick >> 25 & 1;
    options->io_convert = pick >> 26 & 1;
    options->least_error = pick >> 27 & 1;
    options->prune_global = pick >> 28 & 1;
    options->annotate = options->strict_ir = (pick >> 29 & 7) == 0;
    options->share_concat = pick >> 32 & 1;
}

static const char *file_name(void)
{
    static char name[64];
    if (!name[0])
        snprintf(name, sizeof name, "%s/fuzz_apply.%ld.onnx", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                 (long)getpid());
    return name;
}

/* Ranges of all float tensors with plain names, as a file. */
static void put_ranges(pj_model *model, char *to, size_t room)
{
    size_t count = 0, used = (size_t)snprintf(to, room, "{\"schema\": \"picojoule.ranges/1\", \"tensors\": {");
    const pj_tensor_info *tensor = pj_model_tensors(model, &count);
    const char *comma = "";
    for (size_t i = 0; tensor && i < count && used + 200 < room; i++) {
        const char *name = tensor[i].name;
        if (strcmp(tensor[i].dtype, "float32") != 0 || strpbrk(name, "\"\\") || strlen(name) > 100)
            continue;
        used +=
            (size_t)snprintf(to + used, room - used, "%s\"%s\": [%d, %d]", comma, name, -(int)(i % 7), (int)(i % 5));
        comma = ", ";
    }
    snprintf(to + used, room - used, "}}");
}

static void check_written(const pj_setup *setup)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_status status = pj_model_open(file_name(), setup, &model, &err);
    if (status != PJ_OK && status != PJ_ENOMEM && status != PJ_ELIMIT && status != PJ_ESHAPE) {
        fprintf(stderr, "%s: %s\n", err.node, err.what);
        abort();
    }
    pj_model_close(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t pick = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        pick = (pick ^ data[i]) * 1099511628211u;
    pj_setup setup = pj_setup_default();
    pj_apply_options options = pj_apply_options_default();
    pj_error err = {0};
    pj_model *model = NULL;
    pj_applied *applied = NULL;
    size_t length = 0;
    setup.unbound_dims_are_one = false;
    choose(pick ^ pick >> 32, &setup, &options);
    options.out = file_name();
    static char ranges[1 << 16];
    pj_status status = open_bytes(data, size, &setup, &model, &err);
    if (status == PJ_OK && options.scheme == PJ_APPLY_STATIC)
        put_ranges(model, ranges, sizeof ranges);
    const pj_resource file = {
        .size = sizeof file, .name = "ranges.json", .bytes = ranges, .length = (uint64_t)strlen(ranges)};
    setup.resources = &file;
    setup.resource_count = 1;
    if (status == PJ_OK && pj_apply(model, &setup, &options, &applied, &err) == PJ_OK) {
        if (pj_applied_write(applied, NULL, drop, &length, &err) != PJ_OK)
            abort();
        setup.quantize = NULL;
        check_written(&setup);
    }
    pj_applied_free(applied);
    pj_model_close(model);
    return 0;
}
