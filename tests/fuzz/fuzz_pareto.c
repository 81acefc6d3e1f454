/* A Pareto file of any bytes, or with any value in any cell: read it, print it in every format, add to it. */
#include <stdlib.h>

#include "fuzz.h"
#include "picojoule/history.h"
#include "store.h"

static pj_pareto_point point_of(double quality, double energy)
{
    return (pj_pareto_point){.label = "step",
                             .quality = quality,
                             .energy = energy,
                             .unit = "pJ",
                             .basis = "horowitz-45nm",
                             .time = "2026-01-01T00:00:00Z"};
}

static void fill(const char *path)
{
    for (int i = 0; i < 3; i++) {
        const pj_pareto_point point = point_of(3 - i, 1 + i);
        pj_error err = {0};
        if (pj_pareto_add(path, &point, PJ_BETTER_LOWER, &err) != PJ_OK)
            abort();
    }
}

static void read_points(const char *path)
{
    pj_pareto *pareto = NULL;
    pj_error err = {0};
    size_t bytes = 0;
    if (pj_pareto_read(path, PJ_BETTER_AS_FILE, 0.1, &pareto, &err) != PJ_OK)
        return;
    if (pareto->pick >= pareto->count || pareto->frontier_count == 0 || pareto->frontier_count > pareto->count)
        abort();
    for (const char *const *format = pj_chart_formats(); *format; format++) {
        pj_report_options report = pj_report_options_default();
        report.format = *format;
        if (pj_pareto_write(pareto, &report, fuzz_swallow, &bytes, &err) != PJ_OK)
            abort();
    }
    pj_pareto_free(pareto);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tables[] = {"point", "run", NULL};
    static const fuzz_store store = {fill, tables};
    const pj_pareto_point point = point_of(0.5, 9);
    pj_error err = {0};
    fuzz_store_make(&store, data, size);
    read_points(fuzz_store_path());
    if (pj_pareto_add(fuzz_store_path(), &point, PJ_BETTER_AS_FILE, &err) == PJ_OK)
        read_points(fuzz_store_path());
    return 0;
}
