/* What a session saves: median processor times of an analysis of each model, with one kept and without.
 *
 *     bench_session MOST MODEL...      exit code 1: with a session an analysis takes more than MOST of the time without
 *
 * Both are timed in turn, so that the machine's moods meet both. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "picojoule/picojoule.h"

enum { RUNS = 201 };

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

static pj_status time_model(pj_model *model, double *fresh, double *kept, pj_error *err)
{
    const pj_setup setup = pj_setup_default();
    double times[2][RUNS];
    pj_session *session = pj_session_new();
    pj_status status = session ? PJ_OK : PJ_ENOMEM;
    for (int run = 0; status == PJ_OK && run < 2 * RUNS; run++) {
        pj_result *result = NULL;
        double begin = now_us();
        status =
            run % 2 ? pj_session_run(session, model, &setup, &result, err) : pj_analyze(model, &setup, &result, err);
        pj_result_free(result);
        times[run % 2][run / 2] = now_us() - begin;
    }
    pj_session_free(session);
    if (status != PJ_OK)
        return status;
    *fresh = median(times[0]);
    *kept = median(times[1]);
    return PJ_OK;
}

int main(int count, char **words)
{
    const pj_setup setup = pj_setup_default();
    double most = count > 1 ? strtod(words[1], NULL) : 1;
    int over = 0;
    for (int i = 2; i < count; i++) {
        pj_error err = {0};
        pj_model *model = NULL;
        double fresh = 0, kept = 0;
        if (pj_model_open(words[i], &setup, &model, &err) != PJ_OK || time_model(model, &fresh, &kept, &err) != PJ_OK) {
            printf("%s: %s\n", words[i], err.what);
            over = 1;
        } else {
            printf("session / fresh: %8.1f / %8.1f us = %.2f   %s\n", kept, fresh, kept / fresh, words[i]);
            over = over || kept > most * fresh;
        }
        pj_model_close(model);
    }
    return over;
}
