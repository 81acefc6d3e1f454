/* Times the look at the weights of a model: `scan_weights range|noise|all MODEL [THREADS]` looks once and prints bytes,
 * seconds of the look alone, and GB/s in processor time. range: statistics; noise: six formats, per channel, both
 * scales; all: what
 * --inspect-weights does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "picojoule/picojoule.h"

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    static const char *const six[] = {"int8", "int4", "int3", "fp16", "fp8e4m3", "fp4"};
    pj_weight_options options = pj_weight_options_default();
    pj_error err = {0};
    pj_model *model = NULL;
    pj_weights *weights = NULL;
    if (argc < 3) {
        fprintf(stderr, "usage: %s range|noise|all MODEL [THREADS]\n", argv[0]);
        return 2;
    }
    if (strcmp(argv[1], "all") != 0) {
        options.distinct = options.grain[PJ_PER_TENSOR] = false;
        options.formats = six;
        options.format_count = strcmp(argv[1], "noise") == 0 ? 6 : 0;
    }
    options.threads = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;
    pj_status status = pj_model_open(argv[2], NULL, &model, &err);
    double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    if (status == PJ_OK)
        status = pj_weights_inspect(model, &options, &weights, &err);
    double seconds = now(CLOCK_MONOTONIC) - start;
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    if (status == PJ_OK)
        printf("%s: %llu bytes in %.3f s; processor time %.3f s, %.2f GB/s a core\n", argv[1],
               (unsigned long long)weights->bytes, seconds, cpu, (double)weights->bytes / cpu / 1e9);
    else
        fprintf(stderr, "%s: %s\n", err.file, err.what);
    pj_weights_free(weights);
    pj_model_close(model);
    return status == PJ_OK ? 0 : 1;
}
