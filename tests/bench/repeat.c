/* Analyses a model so many times, in a session where the library has one: instructions to count, for paired.py. It is
 * built against old versions, too. */
#include <stdio.h>
#include <stdlib.h>

#include "picojoule/picojoule.h"

#ifdef PICOJOULE_SESSION_H
static pj_status run(pj_model *model, int runs, pj_error *err)
{
    const pj_setup setup = pj_setup_default();
    pj_session *session = pj_session_new();
    pj_status status = session ? PJ_OK : PJ_ENOMEM;
    for (int i = 0; status == PJ_OK && i < runs; i++) {
        pj_result *result = NULL;
        status = pj_session_run(session, model, &setup, &result, err);
        pj_result_free(result);
    }
    pj_session_free(session);
    return status;
}
#else
static pj_status run(pj_model *model, int runs, pj_error *err)
{
    const pj_settings settings = pj_settings_default();
    pj_status status = PJ_OK;
    for (int i = 0; status == PJ_OK && i < runs; i++) {
        pj_analysis *analysis = NULL;
        status = pj_analyze(model, &settings, &analysis, err);
        pj_analysis_free(analysis);
    }
    return status;
}
#endif

int main(int count, char **words)
{
    pj_error err = {0};
    pj_model *model = NULL;
    if (count != 3) {
        fprintf(stderr, "usage: repeat MODEL RUNS\n");
        return 2;
    }
    pj_status status = pj_model_open(words[1], NULL, &model, &err);
    if (status == PJ_OK)
        status = run(model, (int)strtol(words[2], NULL, 10), &err);
    if (status != PJ_OK)
        fprintf(stderr, "%s: %s\n", words[1], err.what);
    pj_model_close(model);
    return status != PJ_OK;
}
