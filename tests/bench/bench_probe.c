/* What a price of a probe costs: processor time, for one layer and for a block of three, under one setup or several.
 *
 *     bench_probe MOST      exit code 1: a price by the policies `once` and `fused` takes more than MOST of the time of
 *                           binding a model anew for a pricer, in turn, so that the machine's moods meet both
 *
 * Sizes of rows are random, so nothing can be kept from one to the next. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model.h"
#include "picojoule/picojoule.h"

enum { ROWS = 5000, ROUNDS = 21, COLUMNS = 3, SLOW = 200, SETUPS = 8 };

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static pj_model *open_model(bool block)
{
    builder b = build_new(17);
    const int64_t pads[] = {1, 1, 1, 1};
    pj_error err;
    pj_model *model = NULL;
    size_t size;
    build_input(&b, "x", PJ_FLOAT32, "1,c,n,n");
    build_initializer(&b, "w", PJ_FLOAT32, "8,8,3,3");
    build_ints(&b, build_node(&b, "Conv", "x,w", block ? "a" : "y"), "pads", 4, pads);
    if (block) {
        build_node(&b, "Relu", "a", "r");
        build_node(&b, "GlobalAveragePool", "r", "y");
    }
    build_output(&b, "y", PJ_FLOAT32, "?,?,?,?");
    const uint8_t *bytes = build_bytes(&b, &size);
    const pj_dim_binding dims[] = {
        {"c", 8},
        {"n", 8}
    };
    pj_setup setup = pj_setup_default();
    setup.dims = dims;
    setup.dim_count = 2;
    if (pj_model_open_memory(bytes, size, "layer.onnx", &setup, &model, &err) != PJ_OK) {
        printf("%s\n", err.what);
        exit(2);
    }
    build_free(&b);
    return model;
}

/* Least time of a price (ns) by the probe, and by binding anew and a pricer; of several setups the memory differs. */
static void time_both(bool block, const pj_setup *setup, size_t setups, const int64_t *rows, double out[2])
{
    static const char *const columns[COLUMNS] = {"c w[1]", "w[0]", "n"};
    static pj_price prices[ROWS * SETUPS];
    pj_setup memory[SETUPS];
    const pj_setup *asked[SETUPS];
    pj_model *model = open_model(block), *bound = open_model(block);
    pj_session *session = pj_session_new();
    pj_pricer *pricer = pj_pricer_new(session, bound);
    pj_probe *probe = NULL;
    pj_error err;
    for (size_t i = 0; i < setups; i++) {
        memory[i] = *setup;
        memory[i].resized = setups > 1 ? "sram" : NULL;
        memory[i].resized_bits = (uint64_t)1 << (17 + i);
        asked[i] = &memory[i];
    }
    if (!pricer || pj_probe_new(model, columns, COLUMNS, asked, setups, &probe, &err) != PJ_OK)
        exit(2);
    pj_session_settle(session);
    out[0] = out[1] = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns(), taken;
        if (pj_probe_price(probe, rows, ROWS, prices, &err) != PJ_OK || err.status != PJ_OK)
            exit(2);
        taken = (now_ns() - begin) / ROWS / (double)setups;
        out[0] = taken < out[0] ? taken : out[0];
        begin = now_ns();
        for (int i = 0; i < SLOW; i++) {
            const pj_dim_binding dims[] = {
                {"c", 8                    },
                {"n", rows[i * COLUMNS + 2]}
            };
            const pj_result *result;
            pj_setup sized = *setup;
            sized.dims = dims;
            sized.dim_count = 2;
            if (pj_model_rebind(bound, &sized, &err) != PJ_OK || pj_pricer_run(pricer, &sized, &result, &err) != PJ_OK)
                exit(2);
        }
        taken = (now_ns() - begin) / SLOW;
        out[1] = taken < out[1] ? taken : out[1];
    }
    pj_probe_free(probe);
    pj_pricer_free(pricer);
    pj_session_free(session);
    pj_model_close(bound);
    pj_model_close(model);
}

int main(int count, char **words)
{
    static int64_t rows[ROWS * COLUMNS];
    static const struct {
        const char *what;
        bool block, limited;
        size_t setups;
        const char *reuse, *quantize;
    } ways[] = {
        {"a layer, --reuse once",                   false, true,  1, "once",  NULL  },
        {"a layer, --reuse fused",                  false, true,  1, "fused", NULL  },
        {"a layer, --reuse fused, 8 sizes of SRAM", false, true,  8, "fused", NULL  },
        {"a layer, --reuse once, int8",             false, false, 1, "once",  "int8"},
        {"a layer, --reuse tiled",                  false, false, 1, "tiled", NULL  },
        {"a block of 3, --reuse fused",             true,  false, 1, "fused", NULL  },
    };
    double most = count > 1 ? strtod(words[1], NULL) : 1e18;
    int over = 0;
    srand(22);
    for (int i = 0; i < ROWS; i++) {
        rows[i * COLUMNS] = 8 * (1 + rand() % 64);
        rows[i * COLUMNS + 1] = 8 * (1 + rand() % 64);
        rows[i * COLUMNS + 2] = 4 + rand() % 100;
    }
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        double ns[2];
        pj_setup setup = pj_setup_default();
        setup.reuse = ways[i].reuse;
        setup.quantize = ways[i].quantize;
        time_both(ways[i].block, &setup, ways[i].setups, rows, ns);
        printf("probe: %7.0f ns, bound anew: %7.0f ns = 1/%4.1f   %s\n", ns[0], ns[1], ns[1] / ns[0], ways[i].what);
        over = over || (ways[i].limited && ns[0] > most * ns[1]);
    }
    return over;
}
