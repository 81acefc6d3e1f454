/* Threads, each with a session and models of its own, over bytes that they share; and one result that all read. Preset
 * `tsan` looks for races. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "everything.h"
#include "model.h"

enum { THREADS = 6, ROUNDS = 3, ROWS = 300, COLUMNS = 90 };

static uint8_t *bytes;
static size_t size;
static char history[] = "/tmp/picojoule-threads-XXXXXX";

static void build_shared(void)
{
    static float w[ROWS * COLUMNS];
    builder b = build_new(17);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        w[i] = (float)(i * 7919 % 1013) / 500 - 1;
    build_input(&b, "x", PJ_FLOAT32, "batch,300");
    build_raw(&b, build_initializer(&b, "w", PJ_FLOAT32, "300,90"), w, sizeof w);
    build_node(&b, "MatMul", "x,w", "h");
    build_node(&b, "Relu", "h", "y");
    build_output(&b, "y", PJ_FLOAT32, "batch,90");
    const uint8_t *built = build_bytes(&b, &size);
    bytes = malloc(size);
    if (bytes)
        memcpy(bytes, built, size);
    build_free(&b);
}

/* What a thread does, and what it has seen: the first trouble, and a digest that is the same for all. */
typedef struct worker {
    pthread_t thread;
    pj_status (*work)(struct worker *w);
    const pj_result *shared;
    digest seen;
    pj_status status;
    pj_error err;
} worker;

static pj_status run_once(worker *w, pj_session *session, pj_model *model, const pj_setup *setup)
{
    pj_result *result = NULL;
    pj_status status = pj_session_run(session, model, setup, &result, &w->err);
    if (status == PJ_OK)
        status = pj_result_report(result, "json", digest_sink, &w->seen, &w->err);
    pj_result_free(result);
    return status;
}

static pj_status search(worker *w, pj_model *model, const pj_setup *setup)
{
    const pj_plan_options options = {.knee = true, .time_limit = 0};
    pj_plan_result *plan = NULL;
    pj_status status = pj_plan_search(model, setup, &options, &plan, &w->err);
    if (status == PJ_OK)
        digest_add(&w->seen, &plan->layer_count, sizeof plan->layer_count);
    pj_plan_result_free(plan);
    return status;
}

static pj_status alone(worker *w)
{
    const pj_resource resource = {.size = sizeof resource, .name = "m.onnx", .bytes = bytes, .length = size};
    pj_model *model = NULL;
    pj_setup *setup = pj_setup_new();
    pj_session *session = pj_session_new();
    pj_status status = setup && session ? PJ_OK : PJ_ENOMEM;
    const char *const asked[][2] = {
        {"dim",             "batch=2"  },
        {"inspect-weights", NULL       },
        {"device",          "stm32h7a3"}
    };
    for (size_t i = 0; status == PJ_OK && i < sizeof asked / sizeof *asked; i++)
        status = pj_setup_set(setup, asked[i][0], asked[i][1], &w->err);
    if (status == PJ_OK)
        status = pj_model_open_resource(&resource, setup, &model, &w->err);
    for (int i = 0; status == PJ_OK && i < ROUNDS; i++)
        status = run_once(w, session, model, setup);
    if (status == PJ_OK)
        status = search(w, model, setup);
    pj_session_free(session);
    pj_model_close(model);
    pj_setup_free(setup);
    return status;
}

static pj_status together(worker *w)
{
    double column[2];
    pj_diff *diff = NULL;
    const pj_diff_options diff_options = {0};
    const pj_history_stamp stamp = {.model = "m", .commit = "c0ffee", .branch = "main", .time = "2026-01-01T00:00:00Z"};
    pj_status status = write_reports(w->shared, &w->seen, &w->err);
    if (status == PJ_OK)
        status = lint_analysis(w->shared, &w->seen, &w->err);
    if (status == PJ_OK)
        status = pj_result_column(w->shared, "total", column, 2, &w->err);
    if (status == PJ_OK)
        status = pj_diff_run(w->shared, w->shared, &diff_options, &diff, &w->err);
    pj_diff_free(diff);
    if (status == PJ_OK && PJ_HISTORY)
        status = pj_history_record(history, w->shared, &stamp, &w->err);
    digest_add(&w->seen, column, sizeof column);
    return status;
}

static void *start(void *payload)
{
    worker *w = payload;
    w->status = w->work(w);
    return NULL;
}

/* As many at once as there are: each sees what one alone has seen. */
static void test_at_once(pj_status (*work)(worker *), const pj_result *shared)
{
    static worker list[THREADS];
    worker one = {.work = work, .shared = shared, .seen = digest_new()};
    start(&one);
    CHECK_INT(one.status, PJ_OK);
    CHECK_TEXT(one.err.what, "");
    CHECK(one.seen.bytes > 1000);
    for (int i = 0; i < THREADS; i++) {
        list[i] = (worker){.work = work, .shared = shared, .seen = digest_new()};
        CHECK_INT(pthread_create(&list[i].thread, NULL, start, &list[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_INT(pthread_join(list[i].thread, NULL), 0);
        CHECK_INT(list[i].status, PJ_OK);
        CHECK_TEXT(list[i].err.what, "");
        CHECK(list[i].seen.bytes == one.seen.bytes && list[i].seen.hash == one.seen.hash);
    }
}

int main(void)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_setup setup = pj_setup_default();
    const pj_dim_binding batch = {"batch", 2};
    int file = mkstemp(history);
    build_shared();
    if (!bytes || file < 0)
        return 1;
    (void)close(file);
    test_at_once(alone, NULL);
    setup.dims = &batch;
    setup.dim_count = 1;
    CHECK_INT(pj_model_open_memory(bytes, size, "m.onnx", &setup, &model, &err), PJ_OK);
    CHECK_INT(pj_analyze(model, &setup, &result, &err), PJ_OK);
    if (result)
        test_at_once(together, result);
    pj_result_free(result);
    pj_model_close(model);
    free(bytes);
    (void)unlink(history);
    return check_done();
}
