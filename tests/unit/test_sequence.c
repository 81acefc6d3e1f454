/* Sequences followed back through the nodes that made them, and bodies run for each of their tensors. */
#include <string.h>

#include "check.h"
#include "infer/infer.h"
#include "load/load.h"
#include "model.h"
#include "schedule/work.h"

static void constant(builder *b, const char *name, const char *dims, size_t count, const int64_t *values)
{
    build_raw(b, build_initializer(b, name, PJ_INT64, dims), values, count * sizeof *values);
}

/* The model, inferred; ends the test program where it is refused. */
static pj_model *infer(builder *b)
{
    pj_model *model = build_expect(b);
    pj_error err;
    memset(&err, 0, sizeof err);
    CHECK_INT(pj_infer(model, &model->diags, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    return model;
}

static void check_type(const pj_model *model, const char *name, const char *want)
{
    pj_str text = pj_str_new(0);
    pj_type_print(&build_find(model, name)->type, &text);
    check_text(text.data, want, name, __FILE__, __LINE__);
    pj_str_free(&text);
}

static void check_scalar(const pj_model *model, const char *name, int64_t want)
{
    const pj_value *value = build_find(model, name);
    CHECK_INT(value->data_count, 1);
    CHECK(value->data && pj_num_is(value->data[0], want));
}

/* a [2,3], b [4,3], c [5,3]: construct (a, b); insert c at 0: c, a, b; erase 1: c, b; insert a before the last: c, a,
 * b; erase the last: c, a. */
static void test_list(void)
{
    const int64_t zero = 0, one = 1, last = -1;
    builder b = build_new(17);
    build_input(&b, "a", PJ_FLOAT32, "2,3");
    build_input(&b, "b", PJ_FLOAT32, "4,3");
    build_input(&b, "c", PJ_FLOAT32, "5,3");
    constant(&b, "zero", "", 1, &zero);
    constant(&b, "one", "", 1, &one);
    constant(&b, "last", "", 1, &last);
    build_node(&b, "SequenceConstruct", "a,b", "ab");
    build_node(&b, "SequenceInsert", "ab,c,zero", "cab");
    build_node(&b, "SequenceErase", "cab,one", "cb");
    build_node(&b, "SequenceInsert", "cb,a,last", "cab2");
    build_node(&b, "Identity", "cab2", "same");
    build_node(&b, "SequenceErase", "same", "ca");
    build_node(&b, "SequenceAt", "cab,one", "taken_a");
    build_node(&b, "SequenceAt", "cb,last", "taken_b");
    build_node(&b, "SequenceAt", "ca,one", "taken_last");
    build_node(&b, "SequenceLength", "ca", "length");
    build_int(&b, build_node(&b, "ConcatFromSequence", "same", "joined"), "axis", 0);
    build_output(&b, "joined", PJ_FLOAT32, NULL);
    pj_model *m = infer(&b);
    check_type(m, "ab", "seq(float32[?,3])");
    check_type(m, "taken_a", "float32[2,3]");
    check_type(m, "taken_b", "float32[4,3]");
    check_type(m, "taken_last", "float32[2,3]");
    check_type(m, "joined", "float32[11,3]");
    check_scalar(m, "length", 2);
    pj_unload(m);
}

/* An empty start takes the type of what is inserted first. */
static void test_empty(void)
{
    builder b = build_new(17);
    build_input(&b, "a", PJ_FLOAT32, "2,N");
    build_node(&b, "SequenceEmpty", "", "none");
    build_node(&b, "SequenceInsert", "none,a", "one");
    build_node(&b, "SequenceInsert", "one,a", "two");
    PjOnnx__NodeProto *stack = build_node(&b, "ConcatFromSequence", "two", "stacked");
    build_int(&b, stack, "axis", 1);
    build_int(&b, stack, "new_axis", 1);
    build_node(&b, "SequenceLength", "none", "length");
    build_output(&b, "stacked", PJ_FLOAT32, NULL);
    pj_model *m = infer(&b);
    check_type(m, "two", "seq(float32[2,N])");
    check_type(m, "stacked", "float32[2,2,N]");
    check_scalar(m, "length", 0);
    pj_unload(m);
}

/* Rows 0-3, 4-7 and 8-9 of ten; the shape itself in parts of one and by a list. */
static void test_split(void)
{
    const int64_t four = 4, two = 2, lengths[2] = {1, 2};
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "10,3,7");
    constant(&b, "four", "", 1, &four);
    constant(&b, "two", "", 1, &two);
    constant(&b, "lengths", "2", 2, lengths);
    constant(&b, "one", "", 1, &lengths[0]);
    build_node(&b, "SplitToSequence", "x,four", "rows");
    build_node(&b, "SequenceAt", "rows,two", "rest");
    build_node(&b, "SequenceAt", "rows,one", "middle");
    build_int(&b, build_node(&b, "ConcatFromSequence", "rows", "joined"), "axis", 0);
    build_node(&b, "Shape", "x", "shape");
    build_int(&b, build_node(&b, "SplitToSequence", "shape", "dims"), "keepdims", 0);
    build_node(&b, "SequenceAt", "dims,two", "width");
    build_node(&b, "SplitToSequence", "shape,lengths", "parts");
    build_node(&b, "SequenceAt", "parts,one", "inner");
    build_output(&b, "joined", PJ_FLOAT32, NULL);
    pj_model *m = infer(&b);
    check_type(m, "rows", "seq(float32[?,3,7])");
    check_type(m, "rest", "float32[2,3,7]");
    check_type(m, "middle", "float32[4,3,7]");
    check_type(m, "joined", "float32[10,3,7]");
    check_type(m, "width", "int64[]");
    check_scalar(m, "width", 7);
    check_type(m, "inner", "int64[2]");
    const pj_value *inner = build_find(m, "inner");
    CHECK(inner->data_count == 2 && pj_num_is(inner->data[0], 3) && pj_num_is(inner->data[1], 7));
    pj_unload(m);
}

static void test_outside(void)
{
    const int64_t three = 3;
    builder b = build_new(17);
    build_input(&b, "a", PJ_FLOAT32, "2,3");
    constant(&b, "three", "", 1, &three);
    build_node(&b, "SequenceConstruct", "a,a", "aa");
    build_node(&b, "SequenceAt", "aa,three", "taken");
    build_output(&b, "taken", PJ_FLOAT32, NULL);
    pj_model *m = build_expect(&b);
    pj_error err;
    memset(&err, 0, sizeof err);
    CHECK_INT(pj_infer(m, &m->diags, &err), PJ_ESHAPE);
    CHECK_PART(err.what, "position 3 is outside of a sequence of 2 tensors");
    pj_unload(m);
}

/* Add in the body, for tensors [2,3] and [4,3]: the types have only the width in common, so the work of one run is not
 * known; for two of [2,3] it is 2*6, reading 12 + 3 and writing 12 elements. */
static void test_map(void)
{
    builder b = build_new(17);
    build_input(&b, "a", PJ_FLOAT32, "2,3");
    build_input(&b, "b", PJ_FLOAT32, "4,3");
    build_input(&b, "bias", PJ_FLOAT32, "3");
    build_node(&b, "SequenceConstruct", "a,a", "even");
    build_node(&b, "SequenceConstruct", "a,b", "uneven");
    PjOnnx__GraphProto *outer = b.graph;
    for (int k = 0; k < 2; k++) {
        PjOnnx__NodeProto *map = build_node(&b, "SequenceMap", k ? "uneven,bias" : "even,bias", k ? "map1" : "map0");
        b.graph = build_graph(&b, "body");
        build_input(&b, "t", PJ_FLOAT32, NULL);
        build_input(&b, "u", PJ_FLOAT32, NULL);
        build_node(&b, "Add", "t,u", "sum");
        build_output(&b, "sum", PJ_FLOAT32, NULL);
        build_subgraph(&b, map, "body", b.graph);
        b.graph = outer;
    }
    build_int(&b, build_node(&b, "ConcatFromSequence", "map0", "joined"), "axis", 0);
    build_output(&b, "joined", PJ_FLOAT32, NULL);
    pj_model *m = infer(&b);
    check_type(m, "map0", "seq(float32[2,3])");
    check_type(m, "map1", "seq(float32[?,3])");
    check_type(m, "joined", "float32[4,3]");
    pj_error err;
    pj_work work;
    bool counted;
    CHECK_INT(pj_work_of_node(m, m->graph->node[2], m->arena, &m->diags, &work, &counted, &err), PJ_OK);
    CHECK(counted && pj_num_is(work.count[PJ_ADD], 12));
    CHECK(pj_num_is(work.read[0], 12) && pj_num_is(work.read[1], 3) && pj_num_is(work.written[0], 12));
    CHECK_INT(pj_work_of_node(m, m->graph->node[3], m->arena, &m->diags, &work, &counted, &err), PJ_OK);
    CHECK(!counted);
    CHECK(pj_num_is(work.read[0], 18));
    pj_unload(m);
}

int main(void)
{
    test_list();
    test_empty();
    test_split();
    test_outside();
    test_map();
    return check_done();
}
