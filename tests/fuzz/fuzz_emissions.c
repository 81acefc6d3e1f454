/* Any bytes as emissions.csv, a measurement or a result of the ML Energy Score: an energy, or a sentence why not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "footprint/input.h"
#include "fuzz.h"

static void read(const pj_energy_ask *ask, const uint8_t *data, size_t size)
{
    pj_error err = {0};
    pj_energy_sources list = {.arena = pj_arena_new(0)};
    char *copy = malloc(size + 1);
    if (copy && list.arena) {
        memcpy(copy, data, size);
        copy[size] = 0;
        pj_status status = pj_energy_parse(ask, copy, size, "fuzz.dat", &list, &err);
        if (status != PJ_OK && !*err.what)
            abort();
        for (size_t i = 0; i < list.count; i++)
            if (!(list.rows[i].joules >= 0) || !list.rows[i].name || isinf(list.rows[i].joules))
                abort();
    }
    free(copy);
    pj_arena_free(list.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_energy_ask ask = {.joules = NAN, .seconds = NAN, .queries_per_run = NAN, .tokens = NAN, .input_pue = NAN};
    read(&ask, data, size);
    ask.queries_per_run = 100;
    ask.run_id = "b";
    ask.figure = "table";
    read(&ask, data, size);
    return 0;
}
