/* Dimensions bound, and bound anew without loading again; trips of loops; sweeps. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "load/load.h"
#include "model.h"
#include "picojoule/picojoule.h"

/* Opens what was built; NULL with err filled where it is refused. */
static pj_model *open_with(builder *b, const pj_setup *options, pj_error *err)
{
    size_t size;
    pj_model *model = NULL;
    const uint8_t *bytes = build_bytes(b, &size);
    memset(err, 0, sizeof *err);
    pj_model_open_memory(bytes, size, "test.onnx", options, &model, err);
    build_free(b);
    return model;
}

static void check_type(const pj_model *model, const char *name, const char *want)
{
    pj_str text = pj_str_new(0);
    pj_type_print(&build_find(model, name)->type, &text);
    check_text(text.data, want, name, __FILE__, __LINE__);
    pj_str_free(&text);
}

static void rebind(pj_model *model, const pj_dim_binding *dims, size_t count)
{
    const pj_setup options = {.dims = dims, .dim_count = count};
    pj_error err = {0};
    CHECK_INT(pj_model_rebind(model, &options, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
}

/* Attention's cache: out = Concat(past [batch,past,8], x [batch,seq,8]) * w [8,4]. */
static builder decoder(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "batch,seq,8");
    build_input(&b, "past", PJ_FLOAT32, "batch,past,8");
    build_initializer(&b, "w", PJ_FLOAT32, "8,4");
    build_int(&b, build_node(&b, "Concat", "past,x", "all"), "axis", 1);
    build_node(&b, "MatMul", "all,w", "out");
    build_output(&b, "out", PJ_FLOAT32, "batch,past + seq,4");
    return b;
}

static void test_rebind(void)
{
    static const pj_dim_binding prefill[] = {
        {"batch", 1  },
        {"seq",   128},
        {"past",  0  }
    };
    static const pj_dim_binding decode[] = {
        {"past",  127},
        {"seq",   1  },
        {"batch", 2  }
    };
    const pj_setup options = {.dims = prefill, .dim_count = 3};
    builder b = decoder();
    pj_error err;
    pj_model *model = open_with(&b, &options, &err);
    check_type(model, "all", "float32[1,128,8]");
    check_type(model, "out", "float32[1,128,4]");
    rebind(model, decode, 3);
    check_type(model, "x", "float32[2,1,8]");
    check_type(model, "out", "float32[2,128,4]");
    rebind(model, decode, 2);
    check_type(model, "out", "float32[batch,128,4]");
    CHECK_INT(pj_model_describe(model)->dim_count, 2);
    CHECK_INT(pj_model_rebind(model, NULL, &err), PJ_OK);
    check_type(model, "out", "float32[batch,past + seq,4]");
    CHECK_INT(model->diags.count, 1); /* the weight is absent; nothing piles up */

    /* memory is that of one inference */
    rebind(model, decode, 3);
    size_t bytes = pj_arena_bytes(model->results), loaded = pj_arena_bytes(model->arena);
    for (int i = 0; i < 10; i++)
        rebind(model, i % 2 ? decode : prefill, 3);
    CHECK_INT(pj_arena_bytes(model->results), bytes);
    CHECK_INT(pj_arena_bytes(model->arena), loaded);

    /* a failure is no end */
    static const pj_dim_binding typo[] = {
        {"sek", 1}
    };
    const pj_setup wrong = {.dims = typo, .dim_count = 1};
    CHECK_INT(pj_model_rebind(model, &wrong, &err), PJ_EARGUMENT);
    CHECK_TEXT(err.what, "the model has no dimension 'sek'; did you mean 'seq'?");
    CHECK_TEXT(err.file, "test.onnx");
    rebind(model, prefill, 3);
    check_type(model, "out", "float32[1,128,4]");
    pj_model_close(model);
}

/* A branch that ran at one size is not looked at for another. */
static void test_branches(void)
{
    static const int64_t zero = 0, four = 4;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "n,3");
    build_raw(&b, build_initializer(&b, "zero", PJ_INT64, ""), &zero, sizeof zero);
    build_raw(&b, build_initializer(&b, "four", PJ_INT64, ""), &four, sizeof four);
    build_node(&b, "Shape", "x", "shape");
    build_node(&b, "Gather", "shape,zero", "size");
    build_node(&b, "Greater", "size,four", "large");
    PjOnnx__NodeProto *branch = build_node(&b, "If", "large", "y");
    build_output(&b, "y", PJ_FLOAT32, NULL);
    PjOnnx__GraphProto *outer = b.graph, *then_branch = build_graph(&b, "t"), *else_branch = build_graph(&b, "e");
    b.graph = then_branch;
    build_node(&b, "Transpose", "x", "turned");
    build_output(&b, "turned", PJ_FLOAT32, NULL);
    b.graph = else_branch;
    build_node(&b, "Relu", "x", "kept");
    build_output(&b, "kept", PJ_FLOAT32, NULL);
    b.graph = outer;
    build_subgraph(&b, branch, "then_branch", then_branch);
    build_subgraph(&b, branch, "else_branch", else_branch);
    pj_error err;
    pj_model *model = open_with(&b, NULL, &err);
    for (int64_t n = 3; n < 8; n++) {
        const pj_dim_binding dim = {"n", n};
        size_t count;
        rebind(model, &dim, 1);
        const pj_type *type = &build_find(model, "y")->type;
        CHECK_INT(type->dims[0].whole, n > 4 ? 3 : n);
        CHECK(pj_model_tensors(model, &count) && count > 0);
    }
    pj_model_close(model);
}

/* Texts that are no formulas for every h; formulas that are bound as a whole; hyphens. */
static void test_texts(void)
{
    static const pj_dim_binding dims[] = {
        {"h",        6},
        {"past + 1", 9},
        {"a-b",      5}
    };
    const pj_setup options = {.dims = dims, .dim_count = 3};
    builder b = build_new(17);
    build_input(&b, "half", PJ_FLOAT32, "h/2,h/4");
    build_input(&b, "next", PJ_FLOAT32, "past + 1,past,1 + past");
    build_input(&b, "odd", PJ_FLOAT32, "a-b");
    build_node(&b, "Relu", "half", "y");
    pj_error err;
    pj_model *model = open_with(&b, &options, &err);
    check_type(model, "half", "float32[3,h/4]"); /* 6/4 is not whole */
    check_type(model, "next", "float32[9,past,9]");
    check_type(model, "odd", "float32[5]");
    CHECK_INT(pj_model_describe(model)->dim_count, 4); /* h/2, a-b, and h and past + 1 as they were given */
    pj_model_close(model);
}

static void refuse(const pj_setup *options, pj_status status, const char *what)
{
    builder b = decoder();
    pj_error err;
    CHECK(!open_with(&b, options, &err));
    CHECK_INT(err.status, status);
    CHECK_TEXT(err.what, what);
}

static void test_refusals(void)
{
    static const int64_t shape[] = {4, 7, 8};
    static const pj_dim_binding twice[] = {
        {"seq", 3},
        {"seq", 4}
    };
    static const pj_input_binding input[] = {
        {"x", NULL, 3, shape}
    };
    static const pj_trips_binding trips[] = {
        {"loop", 4}
    };
    pj_setup options = {.dims = twice, .dim_count = 2};
    refuse(&options, PJ_EARGUMENT, "dimension 'seq' is bound twice: to 3 and to 4");
    options = (pj_setup){.dims = twice, .dim_count = 1, .inputs = input, .input_count = 1};
    refuse(&options, PJ_EARGUMENT, "input 'x' sets dimension 'seq' to 7, but it is 3 already");
    options = (pj_setup){.trips = trips, .trip_count = 1};
    refuse(&options, PJ_EARGUMENT, "the model has no Loop 'loop'; it has no loop at all");
}

/* Where no size fits, the error says who may be to blame. */
static void test_hint(void)
{
    const pj_setup options = {.unbound_dims_are_one = true};
    builder b = build_new(17);
    pj_error err;
    build_input(&b, "x", PJ_FLOAT32, "1,2,seq");
    build_initializer(&b, "w", PJ_FLOAT32, "4,2,3");
    build_initializer(&b, "u", PJ_FLOAT32, "4,5,1"); /* 5 channels, but x has 2 */
    build_node(&b, "Conv", "x,w", "y");
    build_node(&b, "Conv", "x,u", "z");
    CHECK(!open_with(&b, &options, &err));
    CHECK_INT(err.status, PJ_ESHAPE);
    CHECK_PART(err.what, "window of 3 inputs over 1 padded inputs");
    CHECK_PART(err.what, " (dimension 'seq' is taken as 1; set it with --dim seq=N)");
}

/* ---- loops ---- */

/* A loop of `count` trips (an input of the model) with a product of [2,8] and [8,8] in its body: 128 MACs a trip. */
static builder looped(void)
{
    builder b = build_new(17);
    build_input(&b, "count", PJ_INT64, "");
    build_input(&b, "x", PJ_FLOAT32, "2,8");
    build_initializer(&b, "w", PJ_FLOAT32, "8,8");
    PjOnnx__NodeProto *node = build_node(&b, "Loop", "count,,x", "y,each");
    node->name = build_strdup(&b, "decode");
    build_output(&b, "y", PJ_FLOAT32, NULL);
    PjOnnx__GraphProto *outer = b.graph, *body = build_graph(&b, "body");
    b.graph = body;
    build_input(&b, "trip", PJ_INT64, "");
    build_input(&b, "go", PJ_BOOL, "");
    build_input(&b, "state", PJ_FLOAT32, NULL);
    build_node(&b, "Identity", "go", "going");
    build_node(&b, "MatMul", "state,w", "next");
    build_node(&b, "Relu", "next", "one");
    build_output(&b, "going", PJ_BOOL, NULL);
    build_output(&b, "next", PJ_FLOAT32, NULL);
    build_output(&b, "one", PJ_FLOAT32, NULL);
    b.graph = outer;
    build_subgraph(&b, node, "body", body);
    return b;
}

static void check_loop(const pj_trips_binding *trips, const char *each, int64_t macs, const char *finding)
{
    const pj_setup options = {.trips = trips, .trip_count = trips ? 1 : 0};
    const pj_setup settings = pj_setup_default();
    pj_result *result = NULL;
    pj_error err;
    builder b = looped();
    size_t count, found = 0;
    pj_model *model = open_with(&b, &options, &err);
    check_type(model, "each", each);
    CHECK_INT(pj_analyze(model, &settings, &result, &err), PJ_OK);
    CHECK_INT(result->totals.macs, macs);
    const pj_finding *findings = result->findings;
    count = result->finding_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(findings[i].code, "control-flow") == 0) {
            found++;
            CHECK_PART(findings[i].message, finding);
        }
    CHECK_INT(found, *finding != 0);
    pj_result_free(result);
    pj_model_close(model);
}

static void test_trips(void)
{
    static const pj_trips_binding twenty = {"decode", 20}, none = {"decode", 0};
    check_loop(NULL, "float32[?,2,8]", 128, "set it with --trips decode=N");
    check_loop(&twenty, "float32[20,2,8]", 20 * 128, "");
    check_loop(&none, "float32[0,2,8]", 0, "");
}

static bool collect(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

static void check_told(const pj_result *result, const char *format, const char *part)
{
    pj_str out = pj_str_new(0);
    pj_error err;
    pj_report_options options = pj_report_options_default();
    options.format = format;
    CHECK_INT(pj_report_write(result, &options, collect, &out, &err), PJ_OK);
    CHECK_PART(out.data, part);
    pj_str_free(&out);
}

/* What was asked is told by every report, tells two results apart, and is part of what histories compare by. */
static void test_trips_leave_a_trace(void)
{
    static const pj_trips_binding few = {"decode", 2}, many = {"decode", 20};
    const pj_trips_binding *const trips[] = {&few, &many};
    pj_result *result[2] = {NULL, NULL};
    pj_model *model[2];
    pj_setting_change *changes;
    size_t count;
    pj_error err;
    char *basis = NULL;
    for (int i = 0; i < 2; i++) {
        builder b = looped();
        pj_setup setup = pj_setup_default();
        setup.trips = trips[i];
        setup.trip_count = 1;
        model[i] = open_with(&b, &setup, &err);
        CHECK_INT(pj_analyze(model[i], &setup, &result[i], &err), PJ_OK);
    }
    check_told(result[1], "text", "Loops run as often as given (--trips): decode=20.");
    check_told(result[1], "json", "\"trips\": {\"decode\": 20}");
    CHECK_INT(pj_setup_compare(&result[0]->setup, &result[1]->setup, &changes, &count, &err), PJ_OK);
    CHECK_INT(count, 1);
    CHECK_TEXT(changes[0].name, "trips.decode");
    CHECK_TEXT(changes[0].b, "20");
    pj_setting_changes_free(changes);
    CHECK_INT(pj_pareto_basis(result[1], &basis, &err), PJ_OK);
    CHECK_PART(basis, "--trips decode=20");
    free(basis);
    for (int i = 0; i < 2; i++) {
        pj_result_free(result[i]);
        pj_model_close(model[i]);
    }
}

/* ---- sweeps ---- */

static void test_sweep(void)
{
    static const int64_t seqs[] = {1, 3}, pasts[] = {0, 5, 127};
    static const pj_sweep_dim dims[] = {
        {"seq",  seqs,  2},
        {"past", pasts, 3}
    };
    static const pj_dim_binding batch = {"batch", 2};
    pj_setup setup = pj_setup_default();
    pj_sweep *sweep = NULL;
    pj_error err;
    builder b = decoder();
    setup.dims = &batch;
    setup.dim_count = 1;
    pj_model *model = open_with(&b, &setup, &err);
    CHECK_INT(pj_sweep_run(model, &setup, dims, 2, &sweep, &err), PJ_OK);
    CHECK_INT(sweep->point_count, 6);
    CHECK_INT(sweep->setup.dim_count, 1);
    CHECK_TEXT(sweep->setup.table, "horowitz-45nm");
    for (size_t i = 0; i < 6; i++) {
        const pj_sweep_point *point = &sweep->points[i];
        CHECK_INT(point->values[0], seqs[i / 3]);
        CHECK_INT(point->values[1], pasts[i % 3]);
        CHECK_INT(point->totals.macs, 2 * (seqs[i / 3] + pasts[i % 3]) * 8 * 4);
        CHECK_INT(point->totals.params, 32);
    }
    CHECK_INT(sweep->finding_count, 1); /* the weight is absent, said once */
    pj_sweep_free(sweep);

    static const int64_t many[1001];
    static const pj_sweep_dim too_many = {"seq", many, 1001};
    CHECK_INT(pj_sweep_run(model, &setup, &too_many, 1, &sweep, &err), PJ_EARGUMENT);
    CHECK_TEXT(err.what, "the sweep has more than 1000 combinations of values");
    CHECK(!sweep);
    pj_model_close(model);
}

/* A size that the model does not stand is a point with an error; where it stands none, the last one is named. */
static void test_sweep_failure(void)
{
    static const int64_t lengths[] = {8, 2};
    static const pj_sweep_dim dim = {"seq", lengths, 2};
    static const pj_dim_binding first = {"seq", 8};
    const pj_setup options = {.dims = &first, .dim_count = 1};
    const pj_setup setup = pj_setup_default();
    pj_sweep *sweep = NULL;
    pj_error err;
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1,2,seq");
    build_initializer(&b, "w", PJ_FLOAT32, "4,2,3");
    build_node(&b, "Conv", "x,w", "y");
    pj_model *model = open_with(&b, &options, &err);
    CHECK_INT(pj_sweep_run(model, &setup, &dim, 1, &sweep, &err), PJ_OK);
    CHECK_INT(sweep->failed, 1);
    CHECK(!sweep->points[0].error);
    CHECK_INT(sweep->points[0].totals.macs, 4 * 2 * 3 * 6); /* 4 channels, 2 inputs, 3 taps, 8 - 2 places */
    CHECK_TEXT(sweep->points[1].error, "node 'Conv_0' (Conv): spatial axis 0: window of 3 inputs over 2 padded inputs");
    pj_sweep_free(sweep);
    CHECK_INT(pj_sweep_run(model, &setup, &(pj_sweep_dim){"seq", lengths + 1, 1}, 1, &sweep, &err), PJ_ESHAPE);
    CHECK(!sweep);
    CHECK_TEXT(err.what, "with seq = 2: spatial axis 0: window of 3 inputs over 2 padded inputs");
    CHECK_TEXT(err.op, "Conv");
    pj_model_close(model);
}

int main(void)
{
    test_rebind();
    test_branches();
    test_texts();
    test_refusals();
    test_hint();
    test_trips();
    test_trips_leave_a_trace();
    test_sweep();
    test_sweep_failure();
    return check_done();
}
