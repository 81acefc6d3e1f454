/* Any bytes as a profile (ONNX Runtime, TensorRT, OpenVINO, CSV) and as watts over time: kernels with times that can be,
 * or a sentence why not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "trace/match.h"
#include "trace/trace.h"
#include "trace/watts.h"

static void read_trace(const uint8_t *data, size_t size, size_t drop)
{
    pj_error err = {0};
    pj_trace trace = {.arena = pj_arena_new(64 * 1024 * 1024)};
    const pj_input input = {.from = {.bytes = data, .length = size}, .fd = -1};
    if (!trace.arena)
        return;
    pj_status status = pj_trace_from(&input, "fuzz.json", drop, &trace, &err);
    if (status != PJ_OK && !*err.what)
        abort();
    for (size_t i = 0; status == PJ_OK && i < trace.count; i++) {
        char *copy = pj_arena_strdup(trace.arena, trace.kernel[i].name);
        if (!trace.kernel[i].count || (copy && !pj_strip_name(copy)))
            abort();
        for (size_t k = 0; k < trace.kernel[i].count; k++)
            if (!(trace.kernel[i].time[k].us >= 0))
                abort();
    }
    pj_arena_free(trace.arena);
}

static void read_watts(const uint8_t *data, size_t size)
{
    pj_error err = {0};
    pj_watts watts;
    double uncovered;
    pj_arena *arena = pj_arena_new(64 * 1024 * 1024);
    char *copy = malloc(size + 1);
    if (copy && arena) {
        memcpy(copy, data, size);
        copy[size] = 0;
        pj_status status = pj_watts_parse(copy, size, "fuzz.csv", arena, &watts, &err);
        if (status != PJ_OK ? !*err.what : !(pj_watts_energy(&watts, 0, 1, &uncovered) >= 0))
            abort();
    }
    free(copy);
    pj_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_trace(data, size, 0);
    read_trace(data, size, 1);
    read_watts(data, size);
    return 0;
}
