/* What a session saves: median processor times of an analysis of each model, with one kept and without.
 *
 *     bench_session MOST MODEL...      exit code 1: with a session an analysis takes more than MOST of the time
 * without, or one with a pricer, at another memory each time, more than a fifth
 *
 * All are timed in turn, so that the machine's moods meet both. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "picojoule/picojoule.h"

enum { RUNS = 201, WAYS = 3 };
static const double most_priced = 0.2;

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times)
{
    qsort(times, RUNS, sizeof *times, by_time);
    return times[RUNS / 2];
}

/* One analysis: afresh, by a session, or by a pricer. */
static pj_status analyze(int way, pj_session *session, pj_pricer *pricer, pj_model *model, uint64_t bits, pj_error *err)
{
    pj_setup setup = pj_setup_default();
    const pj_result *priced;
    pj_result *result = NULL;
    setup.resized = "sram";
    setup.resized_bits = bits;
    if (way == 2)
        return pj_pricer_run(pricer, &setup, &priced, err);
    pj_status status =
        way ? pj_session_run(session, model, &setup, &result, err) : pj_analyze(model, &setup, &result, err);
    pj_result_free(result);
    return status;
}

static pj_status time_model(pj_model *model, double out[WAYS], pj_error *err)
{
    static double times[WAYS][RUNS];
    pj_session *session = pj_session_new();
    pj_pricer *pricer = pj_pricer_new(session, model);
    pj_status status = pricer ? PJ_OK : PJ_ENOMEM;
    for (int run = 0; status == PJ_OK && run < WAYS * RUNS; run++) {
        double begin = now_us();
        status = analyze(run % WAYS, session, pricer, model, (uint64_t)(1 + run % 5) << 18, err);
        times[run % WAYS][run / WAYS] = now_us() - begin;
    }
    pj_pricer_free(pricer);
    pj_session_free(session);
    for (int way = 0; status == PJ_OK && way < WAYS; way++)
        out[way] = median(times[way]);
    return status;
}

int main(int count, char **words)
{
    const pj_setup setup = pj_setup_default();
    double most = count > 1 ? strtod(words[1], NULL) : 1;
    int over = 0;
    for (int i = 2; i < count; i++) {
        pj_error err = {0};
        pj_model *model = NULL;
        double us[WAYS] = {0};
        if (pj_model_open(words[i], &setup, &model, &err) != PJ_OK || time_model(model, us, &err) != PJ_OK) {
            printf("%s: %s\n", words[i], err.what);
            over = 1;
        } else {
            printf("session / fresh: %8.1f / %8.1f us = %.2f   %s\n", us[1], us[0], us[1] / us[0], words[i]);
            printf("pricer / fresh:  %8.1f / %8.1f us = %.2f   %s\n", us[2], us[0], us[2] / us[0], words[i]);
            over = over || us[1] > most * us[0] || us[2] > most_priced * us[0];
        }
        pj_model_close(model);
    }
    return over;
}
