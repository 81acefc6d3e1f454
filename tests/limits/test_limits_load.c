/* The loader's caps of base/limits.h: what is at the cap passes, one past it is PJ_ELIMIT. Caps on depth and on what is
 * kept of a tensor are in unit/test_wire.c, the depth of calls in unit/test_load_functions.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "check.h"
#include "load/load.h"
#include "load/wire.h"
#include "model.h"

/* "1,1,1": as many ones as `rank`, valid until the next call. */
static const char *ones(int rank)
{
    static char text[2 * PJ_MAX_RANK + 8];
    char *at = text;
    for (int i = 0; i < rank; i++) {
        *at++ = '1';
        *at++ = ',';
    }
    at[-1] = 0;
    return text;
}

static void test_rank(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, ones(PJ_MAX_RANK));
    build_initializer(&b, "w", PJ_FLOAT32, ones(PJ_MAX_RANK));
    pj_model *m = build_expect(&b);
    CHECK_INT(build_find(m, "x")->type.rank, PJ_MAX_RANK);
    CHECK_INT(build_find(m, "w")->type.rank, PJ_MAX_RANK);
    pj_unload(m);
    b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, ones(PJ_MAX_RANK + 1));
    build_refuses(&b, PJ_ELIMIT, "", "", "input 'x': the shape has 65 dimensions; at most 64 are accepted");
    b = build_new(17);
    build_initializer(&b, "w", PJ_FLOAT32, ones(PJ_MAX_RANK + 1));
    build_refuses(&b, PJ_ELIMIT, "", "", "initializer 'w' has 65 dimensions; at most 64 are accepted");
}

static void test_name(void)
{
    char *name = calloc(PJ_MAX_NAME + 2, 1);
    memset(name, 'n', PJ_MAX_NAME);
    builder b = build_new(17);
    build_input(&b, name, PJ_FLOAT32, "1");
    pj_unload(build_expect(&b));
    name[PJ_MAX_NAME] = 'n';
    b = build_new(17);
    build_input(&b, name, PJ_FLOAT32, "1");
    build_refuses(&b, PJ_ELIMIT, "", "", "a text of 65537 bytes; at most 65536 are accepted");
    free(name);
}

/* Empty nodes take two bytes each. The walk counts them before anything is built of them. */
static pj_status walk_nodes(size_t count, pj_error *err)
{
    pj_str file = pj_str_new(0), skeleton = pj_str_new(0);
    uint8_t head[] = {0x3a, 0x80, 0x80, 0x80, 0x80, 0x00};
    for (int i = 0; i < 5; i++)
        head[1 + i] = (uint8_t)((2 * count >> (7 * i) & 0x7f) | (i < 4 ? 0x80 : 0));
    pj_str_add_bytes(&file, (const char *)head, sizeof head);
    for (size_t i = 0; i < count; i++)
        pj_str_add_bytes(&file, "\x0a\x00", 2);
    pj_source source;
    pj_source_memory(&source, file.data, file.length);
    pj_status status = pj_wire_skeleton(&source, &skeleton, err);
    pj_str_free(&file);
    pj_str_free(&skeleton);
    return status;
}

static void test_nodes(void)
{
    pj_error err;
    CHECK_INT(walk_nodes(PJ_MAX_NODES, &err), PJ_OK);
    CHECK_INT(walk_nodes(PJ_MAX_NODES + 1, &err), PJ_ELIMIT);
    CHECK_TEXT(err.what, "the model has more than 4000000 nodes");
}

/* Attributes without contents: two bytes of file, 224 bytes of memory each. */
static void test_memory(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1");
    PjOnnx__NodeProto *node = build_node(&b, "Relu", "x", "y");
    PjOnnx__AttributeProto empty = PJ_ONNX__ATTRIBUTE_PROTO__INIT;
    const size_t count = 1000000;
    PjOnnx__AttributeProto **list = malloc(count * sizeof(void *));
    for (size_t i = 0; i < count; i++)
        list[i] = &empty;
    node->n_attribute = count;
    node->attribute = list;
    build_refuses(&b, PJ_ELIMIT, "", "", "but without its weights the file has only");
    free(list);
}

/* The skeleton's own cap, with a small one in its place. */
static void test_skeleton(void)
{
    builder b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "1");
    size_t size;
    const uint8_t *bytes = build_bytes(&b, &size);
    pj_error err;
    pj_source source;
    pj_str whole = pj_str_new(0);
    pj_source_memory(&source, bytes, size);
    CHECK_INT(pj_wire_skeleton(&source, &whole, &err), PJ_OK);
    pj_str exact = pj_str_new(whole.length), less = pj_str_new(whole.length - 1);
    pj_source_memory(&source, bytes, size);
    CHECK_INT(pj_wire_skeleton(&source, &exact, &err), PJ_OK);
    pj_source_memory(&source, bytes, size);
    CHECK_INT(pj_wire_skeleton(&source, &less, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "the model without its weights has more than");
    pj_str_free(&whole);
    pj_str_free(&exact);
    pj_str_free(&less);
    build_free(&b);
}

int main(void)
{
    test_rank();
    test_name();
    test_nodes();
    test_memory();
    test_skeleton();
    return check_done();
}
