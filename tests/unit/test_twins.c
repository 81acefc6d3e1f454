/* cost/qtools_graph: which Keras layer a node is the twin of. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "cost/qtools_graph.h"
#include "infer/infer.h"
#include "load/load.h"
#include "quantized.h"

typedef struct row {
    const char *op, *inputs;
    pj_twin want;
} row;

/* A node each; with a group where that is not 0. */
static pj_model *make_model(const row *rows, size_t count, const int64_t *group)
{
    builder b = build_new(17);
    char name[32];
    build_input(&b, "image", PJ_FLOAT32, "1,4,8,8");
    build_input(&b, "series", PJ_FLOAT32, "1,4,16");
    build_input(&b, "volume", PJ_FLOAT32, "1,4,6,6,6");
    build_input(&b, "vector", PJ_FLOAT32, "1,12");
    build_input(&b, "words", PJ_FLOAT32, "1,3,12");
    build_initializer(&b, "k2", PJ_FLOAT32, "6,4,3,3");
    build_initializer(&b, "k2d", PJ_FLOAT32, "4,1,3,3");
    build_initializer(&b, "k2g", PJ_FLOAT32, "4,2,3,3");
    build_initializer(&b, "k1", PJ_FLOAT32, "6,4,3");
    build_initializer(&b, "k1g", PJ_FLOAT32, "6,2,3");
    build_initializer(&b, "k3", PJ_FLOAT32, "6,4,3,3,3");
    build_initializer(&b, "w", PJ_FLOAT32, "12,5");
    build_initializer(&b, "c", PJ_FLOAT32, "4");
    build_initializer(&b, "c1", PJ_FLOAT32, "4,1,1");
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "y%zu", i);
        PjOnnx__NodeProto *node = put_node(&b, name, rows[i].op, rows[i].inputs, name);
        if (strcmp(rows[i].op, "Concat") == 0)
            build_int(&b, node, "axis", 1);
        if (group[i])
            build_int(&b, node, "group", group[i]);
        if (strstr(rows[i].op, "Pool") && strncmp(rows[i].op, "Global", 6) != 0)
            build_ints(&b, node, "kernel_shape", strncmp(rows[i].inputs, "image", 5) == 0 ? 2 : 1,
                       (const int64_t[]){2, 2});
        build_output(&b, name, PJ_FLOAT32, NULL);
    }
    return build_expect(&b);
}

static void test_kinds(void)
{
    enum { COUNT = 29 };
    static const int64_t group[COUNT] = {[1] = 4, [2] = 2, [4] = 2, [7] = 2};
    static const row rows[COUNT] = {
        {"Conv",               "image,k2,",     PJ_TWIN_CONV2D        },
        {"Conv",               "image,k2d",     PJ_TWIN_DEPTHWISE     },
        {"Conv",               "image,k2g",     PJ_TWIN_CONV2D        },
        {"Conv",               "series,k1",     PJ_TWIN_CONV1D        },
        {"Conv",               "series,k1g",    PJ_TWIN_NONE          }, /* Keras has no groups there */
        {"Conv",               "volume,k3",     PJ_TWIN_NONE          },
        {"ConvTranspose",      "image,k2d",     PJ_TWIN_CONV_TRANSPOSE},
        {"ConvTranspose",      "image,k2g",     PJ_TWIN_NONE          },
        {"MatMul",             "vector,w",      PJ_TWIN_DENSE         },
        {"MatMul",             "words,w",       PJ_TWIN_NONE          }, /* Q14 */
        {"MatMul",             "image,image",   PJ_TWIN_NONE          },
        {"BatchNormalization", "image,c,c,c,c", PJ_TWIN_BATCHNORM     },
        {"Add",                "image,image",   PJ_TWIN_ADD           },
        {"Add",                "image,c1",      PJ_TWIN_NONE          },
        {"Mul",                "image,image",   PJ_TWIN_MERGE         },
        {"Concat",             "words,words",   PJ_TWIN_MERGE         },
        {"AveragePool",        "image",         PJ_TWIN_POOL          },
        {"AveragePool",        "series",        PJ_TWIN_PASS          },
        {"GlobalAveragePool",  "image",         PJ_TWIN_POOL_GLOBAL   },
        {"GlobalAveragePool",  "series",        PJ_TWIN_PASS          },
        {"MaxPool",            "image",         PJ_TWIN_MAX_POOL      },
        {"MaxPool",            "series",        PJ_TWIN_PASS          },
        {"Relu",               "image",         PJ_TWIN_RELU          },
        {"Sigmoid",            "image",         PJ_TWIN_ACTIVATION    },
        {"Flatten",            "image",         PJ_TWIN_PASS          },
        {"Identity",           "image",         PJ_TWIN_REMOVED       },
        {"ReduceMean",         "image",         PJ_TWIN_NONE          }, /* over channels, too */
        {"ReduceMean",         "vector",        PJ_TWIN_NONE          },
        {"Neg",                "image",         PJ_TWIN_NONE          },
    };
    pj_model *model = make_model(rows, COUNT, group);
    pj_arena *arena = pj_arena_new(0);
    pj_precision precision;
    pj_twins twins;
    pj_diags diags;
    pj_error err = {0};
    pj_diags_init(&diags, arena);
    CHECK_INT(pj_infer(model, &diags, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    CHECK_INT(pj_precision_read(model, NULL, true, arena, &diags, &precision, &err), PJ_OK);
    CHECK_INT(pj_twins_find(&precision, arena, &twins, &err), PJ_OK);
    for (int i = 0; i < model->graph->nodes && i < COUNT; i++)
        if (twins.node[model->graph->node[i]->id].kind != rows[i].want) {
            printf("%s(%s) is %d, not %d\n", rows[i].op, rows[i].inputs, twins.node[i].kind, rows[i].want);
            CHECK(false);
        }
    pj_arena_free(arena);
    pj_unload(model);
}

int main(void)
{
    test_kinds();
    return check_done();
}
