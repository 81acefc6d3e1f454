/* What the inputs of a decoder are, and one step of it: found in the graph, by hand, or refused. */
#include "infer/roles.h"

#include <string.h>
#include <time.h>

#include "check.h"
#include "infer/step.h"
#include "model.h"
#include "picojoule/picojoule.h"

#define MS "com.microsoft"

/* What one decoder differs in from the next. */
typedef struct form {
    const char *ids, *past, *present; /* dims of input_ids, of a cache, and of what it comes back as */
    const char *other_past;           /* of the values; NULL: as the keys */
    bool has_positions, has_mask;
    const char *ids_name;
} form;

static const form plain = {"B,S", "B,2,P,4", "B,2,P + S,4", NULL, true, true, NULL};

static PjOnnx__NodeProto *node_of(builder *b, const char *domain, const char *op, const char *in, const char *out)
{
    PjOnnx__NodeProto *node = build_node(b, op, in, out);
    node->domain = build_strdup(b, domain);
    return node;
}

/* One cache: `new` [B,2,S,4] behind `past`, through a move on either side. */
static void add_concat_cache(builder *b, const char *past, const char *present, const char *fresh)
{
    char in[200], out[100];
    snprintf(out, sizeof out, "%.80s_cast", past);
    PjOnnx__NodeProto *cast = build_node(b, "Cast", past, out);
    build_int(b, cast, "to", 1);
    snprintf(in, sizeof in, "%s,%.80s", out, fresh);
    build_int(b, build_node(b, "Concat", in, present), "axis", -2);
}

static void add_embedding(builder *b, const form *f)
{
    const char *ids = f->ids_name ? f->ids_name : "input_ids";
    char in[100];
    build_input(b, ids, PJ_INT64, f->ids);
    build_initializer(b, "emb", PJ_FLOAT32, "32,8");
    snprintf(in, sizeof in, "emb,%.80s", ids);
    build_node(b, "Gather", in, "x0");
    if (f->has_positions) {
        build_input(b, "position_ids", PJ_INT64, f->ids);
        build_initializer(b, "pos", PJ_FLOAT32, "64,8");
        build_node(b, "Gather", "pos,position_ids", "p0");
        build_node(b, "Add", "x0,p0", "x");
    } else {
        build_node(b, "Identity", "x0", "x");
    }
    if (f->has_mask)
        build_input(b, "attention_mask", PJ_INT64, "B,T");
}

static void add_heads(builder *b, const char *name)
{
    char out[100], in[200];
    snprintf(in, sizeof in, "x,w_%s", name);
    snprintf(out, sizeof out, "%s_flat", name);
    build_initializer(b, in + 2, PJ_FLOAT32, "8,8");
    build_node(b, "MatMul", in, out);
    snprintf(in, sizeof in, "%.80s,split", out);
    snprintf(out, sizeof out, "%s_split", name);
    build_node(b, "Reshape", in, out);
    const int64_t perm[] = {0, 2, 1, 3};
    build_ints(b, build_node(b, "Transpose", out, name), "perm", 4, perm);
}

static builder decoder(const form *f)
{
    static const int64_t split[] = {0, 0, 2, 4};
    builder b = build_new(17);
    add_embedding(&b, f);
    build_raw(&b, build_initializer(&b, "split", PJ_INT64, "4"), split, sizeof split);
    build_input(&b, "k_in", PJ_FLOAT32, f->past);
    build_input(&b, "v_in", PJ_FLOAT32, f->other_past ? f->other_past : f->past);
    add_heads(&b, "k");
    add_heads(&b, "v");
    add_concat_cache(&b, "k_in", "k_out", "k");
    add_concat_cache(&b, "v_in", "v_out", "v");
    build_output(&b, "k_out", PJ_FLOAT32, f->present);
    build_output(&b, "v_out", PJ_FLOAT32, f->present);
    build_output(&b, "x", PJ_FLOAT32, "");
    return b;
}

static pj_model *open_with(builder *b, const pj_setup *setup, pj_error *err)
{
    size_t size;
    pj_model *model = NULL;
    uint8_t *bytes = build_bytes(b, &size);
    memset(err, 0, sizeof *err);
    (void)pj_model_open_memory(bytes, size, "test.onnx", setup, &model, err);
    build_free(b);
    return model;
}

static const pj_roles *roles_of(pj_model *model)
{
    const pj_roles *roles = NULL;
    pj_error err;
    CHECK_INT(pj_roles_find(model, NULL, 0, &roles, &err), PJ_OK);
    return roles;
}

static void check_dim(pj_num dim, const char *expected)
{
    pj_str text = pj_str_new(0);
    pj_num_print(dim, &text);
    CHECK_TEXT(text.data, expected);
    pj_str_free(&text);
}

static pj_setup step_of(const char *step, uint64_t batch)
{
    pj_setup setup = pj_setup_default();
    setup.step = step;
    setup.batch = batch;
    return setup;
}

/* ---- found ---- */

static void test_concat(void)
{
    builder b = decoder(&plain);
    pj_setup none = {0};
    pj_error err;
    pj_model *model = open_with(&b, &none, &err);
    CHECK(model);
    const pj_roles *r = roles_of(model);
    CHECK(!r->refused && !r->by_name && !r->by_user);
    CHECK_INT(r->cache_count, 2);
    CHECK_INT(r->caches[0].layout, PJ_LAYOUT_CONCAT);
    CHECK_TEXT(pj_layout_word(r->caches[0].layout), "concat");
    CHECK_INT(r->caches[0].axis, 2); /* -2 of rank 4, through a Cast */
    CHECK_TEXT(r->caches[0].in->name, "k_in");
    CHECK_TEXT(r->caches[0].out->name, "k_out");
    CHECK_TEXT(r->tokens.input->name, "input_ids"); /* not position_ids, which index a table, too */
    check_dim(r->tokens.dim, "S");
    check_dim(r->past.dim, "P");
    check_dim(r->batch.dim, "B");
    CHECK_INT(r->totals, 2);
    check_dim(r->total[0].dim, "T");
    check_dim(r->total[1].dim, "P + S"); /* of a present: it binds itself */
    CHECK_INT(r->positions, 64);
    CHECK_TEXT(r->table, "pos");
    pj_model_close(model);
}

/* Sizes by roles; the total follows. */
static void test_step(void)
{
    builder b = decoder(&plain);
    pj_setup setup = step_of("3@5", 2);
    pj_error err;
    pj_model *model = open_with(&b, &setup, &err);
    CHECK(model);
    check_dim(build_find(model, "k_out")->type.dims[2], "8");
    check_dim(build_find(model, "k_out")->type.dims[0], "2");
    check_dim(build_find(model, "attention_mask")->type.dims[1], "8");
    setup = step_of("1@63", 0);
    CHECK_INT(pj_model_rebind(model, &setup, &err), PJ_OK);
    check_dim(build_find(model, "k_out")->type.dims[2], "64");
    setup.step = "1@64"; /* the table has rows 0 to 63 */
    CHECK_INT(pj_model_rebind(model, &setup, &err), PJ_ESHAPE);
    CHECK_TEXT(err.what, "the model has 64 positions (table pos); 64 cached and 1 new tokens need 65");
    pj_model_close(model);
}

/* Without a step the total follows from past and tokens, and another one is refused. */
static void test_total(void)
{
    static const pj_dim_binding given[] = {
        {"P", 7 },
        {"S", 1 },
        {"T", 16},
        {"B", 1 }
    };
    builder b = decoder(&plain);
    pj_setup setup = pj_setup_default();
    pj_error err;
    setup.dims = given;
    setup.dim_count = 2;
    pj_model *model = open_with(&b, &setup, &err);
    CHECK(model);
    check_dim(build_find(model, "attention_mask")->type.dims[1], "8");
    setup.dim_count = 3;
    CHECK_INT(pj_model_rebind(model, &setup, &err), PJ_ESHAPE);
    CHECK_TEXT(err.what, "T is 16, but 7 cached and 1 new tokens are 8: leave it out, it follows from them");
    setup.dim_count = 0;
    CHECK_INT(pj_model_rebind(model, &setup, &err), PJ_OK); /* all are 1 */
    check_dim(build_find(model, "attention_mask")->type.dims[1], "2");
    pj_model_close(model);
}

static void test_buffer(void)
{
    builder b = build_new(17);
    static const form f = {"1,S", "", "", NULL, false, false, NULL};
    pj_setup setup = step_of("1@31", 0);
    pj_error err;
    add_embedding(&b, &f);
    build_input(&b, "cache_position", PJ_INT64, "S,1");
    build_input(&b, "past_key_values.0.key", PJ_FLOAT32, "32,1,2,4");
    build_input(&b, "fresh", PJ_FLOAT32, "S,1,2,4");
    build_node(&b, "Relu", "fresh", "made");
    build_node(&b, "ScatterND", "past_key_values.0.key,cache_position,made", "present.0.key");
    build_output(&b, "present.0.key", PJ_FLOAT32, "32,1,2,4");
    pj_model *model = open_with(&b, &setup, &err);
    CHECK(model);
    const pj_roles *r = roles_of(model);
    CHECK_INT(r->caches[0].layout, PJ_LAYOUT_SCATTER);
    CHECK_INT(r->caches[0].capacity, 32);
    CHECK(!r->past.input && !r->caches[0].is_paged);
    setup.step = "1@32";
    CHECK_INT(pj_model_rebind(model, &setup, &err), PJ_ESHAPE);
    CHECK_TEXT(err.what,
               "the model has 32 positions (buffer past_key_values.0.key); 32 cached and 1 new tokens need 33");
    setup = step_of("1@7", 2);
    CHECK_INT(pj_model_rebind(model, &setup, &err), PJ_EARGUMENT);
    CHECK_TEXT(err.what, "the batch is fixed at 1 in the file, not 2");
    pj_model_close(model);
}

/* A cache of its own axis, a window, rotary rows; and what crosses from an encoder does not grow. */
static void test_fused(void)
{
    builder b = build_new(17);
    pj_setup none = {0};
    pj_error err;
    static const form f = {"B,S", "", "", NULL, false, true, NULL};
    add_embedding(&b, &f);
    build_opset(&b, MS, 1);
    build_input(&b, "lengths", PJ_INT32, "B");
    build_input(&b, "n", PJ_INT32, "");
    build_input(&b, "a", PJ_FLOAT32, "B,1,P,8");
    build_input(&b, "b", PJ_FLOAT32, "B,1,P,8");
    build_input(&b, "past_key_cross_0", PJ_FLOAT32, "B,1,E,8");
    build_initializer(&b, "cos", PJ_FLOAT32, "48,4");
    PjOnnx__NodeProto *node = node_of(&b, MS, "GroupQueryAttention", "x,x,x,a,b,lengths,n,cos,cos", "y,a2,b2");
    build_int(&b, node, "num_heads", 1);
    build_int(&b, node, "kv_num_heads", 1);
    build_int(&b, node, "local_window_size", 16);
    build_output(&b, "y", PJ_FLOAT32, "B,S,8");
    build_output(&b, "a2", PJ_FLOAT32, "B,1,T,8");
    build_output(&b, "b2", PJ_FLOAT32, "B,1,T,8");
    pj_model *model = open_with(&b, &none, &err);
    CHECK(model);
    const pj_roles *r = roles_of(model);
    CHECK(!r->refused);
    CHECK_INT(r->cache_count, 2);
    CHECK_INT(r->caches[1].window, 16);
    CHECK_INT(r->caches[1].layout, PJ_LAYOUT_FUSED);
    CHECK_INT(r->cross_count, 1);
    check_dim(r->source.dim, "E");
    CHECK_INT(r->positions, 48);
    CHECK_INT(r->totals, 1);
    pj_model_close(model);
}

/* decoder_model_merged: the branch that reads the cache runs once there is one. */
static void test_branch(void)
{
    builder b = decoder(&plain);
    pj_error err;
    b.graph->n_output = 0;
    build_input(&b, "use_cache_branch", PJ_BOOL, "1");
    PjOnnx__GraphProto *main = b.graph, *with = build_graph(&b, "with"), *without = build_graph(&b, "without");
    b.graph = with;
    build_int(&b, build_node(&b, "Concat", "k_in,k", "k_with"), "axis", 2);
    build_output(&b, "k_with", PJ_FLOAT32, "B,2,P + S,4");
    b.graph = without;
    build_node(&b, "Identity", "k", "k_without");
    build_output(&b, "k_without", PJ_FLOAT32, "B,2,S,4");
    b.graph = main;
    PjOnnx__NodeProto *choice = build_node(&b, "If", "use_cache_branch", "present.0.key");
    build_subgraph(&b, choice, "then_branch", with);
    build_subgraph(&b, choice, "else_branch", without);
    build_output(&b, "present.0.key", PJ_FLOAT32, "B,2,L,4");
    pj_setup setup = step_of("1@9", 1);
    pj_model *model = open_with(&b, &setup, &err);
    CHECK(model);
    CHECK(roles_of(model)->branch && roles_of(model)->branch_reads);
    check_dim(build_find(model, "present.0.key")->type.dims[2], "10");
    setup.step = "6@0";
    CHECK_INT(pj_model_rebind(model, &setup, &err), PJ_OK);
    check_dim(build_find(model, "present.0.key")->type.dims[2], "6");
    pj_model_close(model);
}

/* ---- refused ---- */

static void refuse(builder b, const pj_setup *setup, pj_status status, const char *what)
{
    pj_error err;
    pj_model *model = open_with(&b, setup, &err);
    CHECK(!model);
    CHECK_INT(err.status, status);
    CHECK_TEXT(err.what, what);
    pj_model_close(model);
}

static void test_refusals(void)
{
    form f = plain;
    pj_setup setup = step_of("1@7", 1);
    pj_dim_binding other = {"P", 5};
    f.past = "B,2,8,4";
    f.present = "B,2,9,4";
    refuse(decoder(&f), &setup, PJ_EARGUMENT, "the past is fixed at 8: exported for one step; analyze prices it");
    f = plain;
    f.other_past = "B,2,Q,4";
    refuse(decoder(&f), &setup, PJ_EARGUMENT,
           "the caches grow from two lengths, P of 'k_in' and Q of 'v_in': say which is the past, for example --role "
           "past=k_in:2");
    f = plain;
    f.ids = "B,c + S";
    refuse(decoder(&f), &setup, PJ_EARGUMENT, "tokens are S + c: bind one, for example --dim S=0");
    f = plain;
    f.ids = "B,1";
    setup.step = "4@0";
    refuse(decoder(&f), &setup, PJ_EARGUMENT,
           "the model takes 1 tokens at a time, not 4: a prefill cannot run; give the model of the prefill, and this "
           "file as --step-model, or --prompt-by-steps");
    setup.dims = &other;
    setup.dim_count = 1;
    setup.step = "1@7";
    refuse(decoder(&plain), &setup, PJ_ECONFLICT,
           "--dim gives P, the past, the value 5, and --step wants 7: leave one of them out");
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "N,3");
    build_node(&b, "Relu", "x", "y");
    build_output(&b, "y", PJ_FLOAT32, "N,3");
    setup = step_of("1@7", 1);
    refuse(
        b, &setup, PJ_EARGUMENT,
        "no cache: no graph input comes back as an output that holds it; export with past key values, or --recompute");
}

/* Which of two inputs has the tokens only the user knows. */
static void test_by_hand(void)
{
    static const char *const tokens[] = {"tokens=ids_a", "tokens=idsa", "speed=ids_a", "tokens=ids_a:7"};
    static const char *const wrong[] = {
        NULL, "--role tokens=idsa: the model has no input 'idsa'; did you mean 'ids_a'?",
        "--role speed=ids_a: wants ROLE=INPUT[:AXIS] with tokens, past, total, batch, cache, state or branch",
        "--role tokens=ids_a:7: 'ids_a' has 2 axes"};
    for (int i = 0; i < 5; i++) {
        form f = plain;
        f.ids_name = "ids_a";
        f.has_positions = false;
        builder b = decoder(&f);
        build_input(&b, "ids_b", PJ_INT64, "B,S");
        build_node(&b, "Gather", "emb,ids_b", "extra");
        build_output(&b, "extra", PJ_FLOAT32, "");
        pj_setup setup = step_of("1@7", 1);
        if (i < 4) {
            setup.roles = &tokens[i];
            setup.role_count = 1;
        }
        if (i > 0) {
            refuse(b, &setup, PJ_EARGUMENT,
                   i < 4 ? wrong[i] : "tokens are 'ids_a' or 'ids_b': say which, for example --role tokens=ids_a");
            continue;
        }
        pj_error err;
        pj_model *model = open_with(&b, &setup, &err);
        CHECK(model);
        pj_model_close(model);
    }
}

/* What is no decoder keeps its sizes: --batch is the first axis of its inputs. */
static void test_batch(void)
{
    builder b = build_new(17);
    pj_setup setup = step_of(NULL, 6);
    pj_error err;
    build_input(&b, "x", PJ_FLOAT32, "N,3");
    build_node(&b, "Relu", "x", "y");
    build_output(&b, "y", PJ_FLOAT32, "N,3");
    pj_model *model = open_with(&b, &setup, &err);
    CHECK(model);
    check_dim(build_find(model, "y")->type.dims[0], "6");
    pj_model_close(model);
}

/* Recognition is linear: 100,000 caches in a second. */
static void test_many(void)
{
    enum { CACHES = 100000 };
    builder b = build_new(17);
    pj_error err;
    char in[64], out[64];
    build_input(&b, "fresh", PJ_FLOAT32, "1,2,S,4");
    build_node(&b, "Relu", "fresh", "made");
    for (int i = 0; i < CACHES; i++) {
        snprintf(in, sizeof in, "c%d", i);
        build_input(&b, in, PJ_FLOAT32, "1,2,P,4");
        snprintf(in, sizeof in, "c%d,made", i);
        snprintf(out, sizeof out, "o%d", i);
        build_int(&b, build_node(&b, "Concat", in, out), "axis", 2);
        build_output(&b, out, PJ_FLOAT32, "1,2,P + S,4");
    }
    pj_model *model = build_load(&b, &err);
    CHECK(model);
    clock_t start = clock();
    const pj_roles *r = roles_of(model);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    CHECK_INT(r->cache_count, CACHES);
    CHECK(seconds < 1);
    pj_model_close(model);
}

int main(void)
{
    test_concat();
    test_step();
    test_total();
    test_buffer();
    test_fused();
    test_branch();
    test_refusals();
    test_by_hand();
    test_batch();
    test_many();
    return check_done();
}
