/* Sessions: what is kept from one analysis to the next. pj_analyze is one of a single run. */
#include "picojoule/session.h"

#include "run/run.h"

/* Results are mostly freed before the next one is made; comparisons hold two. */
enum { MOST_SPARE = 2, MOST_OPENED = 64 };

struct pj_session {
    pj_shelf shelf;
    pj_keeper keeper;
    pj_arena *scratch;
    pj_arena *spare[MOST_SPARE]; /* empty, for results */
    int spares;
};

pj_session *pj_session_new(void)
{
    pj_session *session = calloc(1, sizeof *session);
    pj_arena *scratch = session ? pj_arena_new(0) : NULL;
    if (!scratch) {
        free(session);
        return NULL;
    }
    session->scratch = scratch;
    return session;
}

void pj_session_free(pj_session *session)
{
    if (!session)
        return;
    pj_shelf_clear(&session->shelf);
    pj_counted_drop(session->keeper.counted);
    for (int i = 0; i < session->spares; i++)
        pj_arena_free(session->spare[i]);
    pj_arena_free(session->scratch);
    free(session);
}

/* The memory of a result that is freed. */
static void take_back(pj_found *found)
{
    pj_session *session = found->owner;
    pj_arena *arena = found->arena;
    pj_counted_drop(found->counted);
    if (session->spares == MOST_SPARE) {
        pj_arena_free(arena);
        return;
    }
    pj_arena_reset(arena);
    session->spare[session->spares++] = arena;
}

void pj_session_settle(pj_session *session)
{
    if (session)
        session->shelf.is_settled = true;
}

/* `keeper` may be NULL. */
static pj_status run(pj_session *session, pj_keeper *keeper, pj_model *model, const pj_setup *setup, pj_result **out,
                     pj_error *err)
{
    if (session->shelf.count > MOST_OPENED)
        pj_shelf_clear(&session->shelf);
    pj_found *found = pj_found_new(session->spares ? session->spare[--session->spares] : NULL);
    PJ_TRY(pj_got(found, err));
    found->take_back = take_back;
    found->owner = session;
    pj_status status = pj_run(&session->shelf, keeper, session->scratch, model, setup, found, err);
    if (pj_arena_failed(session->scratch) && status == PJ_OK)
        status = pj_fail_memory(err);
    pj_arena_reset(session->scratch);
    return pj_found_finish(found, status, out, err);
}

pj_status pj_session_run(pj_session *session, pj_model *model, const pj_setup *setup, pj_result **out, pj_error *err)
{
    if (!session || !model || !setup || !out)
        return pj_fail_null(err);
    *out = NULL;
    return run(session, &session->keeper, model, setup, out, err);
}

struct pj_pricer {
    pj_session *session;
    pj_model *model;
    pj_result *result; /* of the last call, or NULL */
};

pj_pricer *pj_pricer_new(pj_session *session, pj_model *model)
{
    pj_pricer *pricer = session && model ? calloc(1, sizeof *pricer) : NULL;
    if (!pricer)
        return NULL;
    *pricer = (pj_pricer){.session = session, .model = model};
    session->keeper.is_eager = true;
    return pricer;
}

pj_status pj_pricer_run(pj_pricer *pricer, const pj_setup *setup, const pj_result **out, pj_error *err)
{
    if (!pricer || !setup || !out)
        return pj_fail_null(err);
    *out = NULL;
    pj_result_free(pricer->result);
    pricer->result = NULL;
    PJ_TRY(run(pricer->session, &pricer->session->keeper, pricer->model, setup, &pricer->result, err));
    *out = pricer->result;
    return PJ_OK;
}

void pj_pricer_free(pj_pricer *pricer)
{
    if (!pricer)
        return;
    pj_result_free(pricer->result);
    free(pricer);
}

pj_status pj_analyze(pj_model *model, const pj_setup *setup, pj_result **out, pj_error *err)
{
    if (out)
        *out = NULL;
    if (!model || !setup || !out)
        return pj_fail_null(err);
    pj_session *session = pj_session_new();
    PJ_TRY(pj_got(session, err));
    pj_status status = run(session, NULL, model, setup, out, err);
    if (status == PJ_OK)
        pj_result_keep(*out);
    pj_session_free(session);
    return status;
}

pj_status pj_result_open(const char *path, const pj_setup *setup, pj_result **out, pj_error *err)
{
    pj_model *model = NULL;
    *out = NULL;
    if (pj_result_is_report(path))
        return pj_result_read(path, out, err);
    PJ_TRY(pj_model_open(path, setup, &model, err));
    pj_status status = pj_analyze(model, setup, out, err);
    if (status == PJ_OK)
        pj_result_own(*out, pj_model_close);
    else
        pj_model_close(model);
    return status;
}
