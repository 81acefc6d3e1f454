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
    static const char *const specs[] = {NULL,   "fp16", "bf16",  "w8a32", "w4a16", "w8a16",
                                        "int8", "w4a8", "w4a32", "fp8",   "int8",  "w8ai16"};
    static const int64_t blocks[] = {0, 0, -1, 2, 16, 32};
    setup->quantize = specs[pick % 12];
    options->scheme = pick >> 8 & 1 ? PJ_APPLY_DYNAMIC : PJ_APPLY_WEIGHTS;
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
}

static const char *file_name(void)
{
    static char name[64];
    if (!name[0])
        snprintf(name, sizeof name, "%s/fuzz_apply.%ld.onnx", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                 (long)getpid());
    return name;
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
    if (open_bytes(data, size, &setup, &model, &err) == PJ_OK &&
        pj_apply(model, &setup, &options, &applied, &err) == PJ_OK) {
        if (pj_applied_write(applied, NULL, drop, &length, &err) != PJ_OK)
            abort();
        setup.quantize = NULL;
        check_written(&setup);
    }
    pj_applied_free(applied);
    pj_model_close(model);
    return 0;
}
