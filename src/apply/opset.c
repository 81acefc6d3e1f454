/* Opsets: which ones a model can be raised to, and what has to be written otherwise there. */
#include <string.h>

#include "apply/pass.h"

enum { NEWEST = 25, OLDEST = 7 }; /* below 7 operators broadcast otherwise */

/* Rewrites a node, or only says whether it can (`dry`). */
typedef bool converter(pj_pass *pass, pj_edit_node *node, bool dry);

static int rank_of(const pj_node *node, int input)
{
    return input < node->inputs && node->in[input] && node->in[input]->type.kind == PJ_TENSOR
               ? node->in[input]->type.rank
               : -1;
}

/* An attribute of whole numbers becomes input `input`. */
static void move_ints(pj_pass *pass, pj_edit_node *node, const char *name, int input)
{
    const pj_attr *attr = pj_node_attr(node->was, name);
    if (!attr || attr->kind != PJ_ATTR_INTS)
        return;
    const int64_t count = attr->count;
    pj_edit_value *value = pj_edit_bytes(pass->edit, node->out[0] ? node->out[0]->name : node->name, name, PJ_INT64, 1,
                                         &count, attr->ints, 8 * (size_t)count);
    pj_edit_widen(pass->edit, node, input + 1);
    if (node->inputs > input)
        pj_edit_read(pass->edit, node, input, value);
    node->lacks = attr->name;
}

static bool move_axes(pj_pass *pass, pj_edit_node *node, bool dry)
{
    if (!dry)
        move_ints(pass, node, "axes", 1);
    return true;
}

static bool move_split(pj_pass *pass, pj_edit_node *node, bool dry)
{
    if (!dry)
        move_ints(pass, node, "split", 1);
    return true;
}

/* From opset 18 on the number of parts is said where their sizes are not. */
static bool count_parts(pj_pass *pass, pj_edit_node *node, bool dry)
{
    bool has_sizes = pj_node_attr(node->was, "split") || (node->was->inputs > 1 && node->was->in[1]);
    if (!dry && !has_sizes)
        pj_edit_int(pass->edit, node, "num_outputs", node->outputs);
    return true;
}

/* Before 13 it flattened its input from the axis on, which was 1 without one. */
static bool set_axis(pj_pass *pass, pj_edit_node *node, bool dry)
{
    int rank = rank_of(node->was, 0);
    int64_t axis = pj_node_int(node->was, "axis", 1);
    if (rank < 1 || (axis != rank - 1 && axis != -1))
        return false;
    if (!dry && !pj_node_attr(node->was, "axis"))
        pj_edit_int(pass->edit, node, "axis", -1);
    return true;
}

static bool drop_ratio(pj_pass *pass, pj_edit_node *node, bool dry)
{
    if (!dry && pj_node_attr(node->was, "ratio")) {
        node->lacks = "ratio"; /* which means nothing outside of training */
        node->is_edited = pass->edit->is_changed = true;
    }
    return node->was->outputs < 2 || !node->was->out[1];
}

/* Bounds become inputs. */
static bool move_bounds(pj_pass *pass, pj_edit_node *node, bool dry)
{
    const char *const names[] = {"min", "max"};
    const float absent[] = {-0x1.fffffep127F, 0x1.fffffep127F};
    if (node->was->in[0] && node->was->in[0]->type.dtype != PJ_FLOAT32)
        return false;
    for (int i = 0; i < 2 && !dry; i++) {
        const pj_attr *attr = pj_node_attr(node->was, names[i]);
        float bound = attr && attr->kind == PJ_ATTR_FLOAT ? attr->f : absent[i];
        if (!attr)
            continue;
        pj_edit_value *value = pj_edit_bytes(pass->edit, node->out[0]->name, names[i], PJ_FLOAT32, 0, NULL, &bound, 4);
        pj_edit_widen(pass->edit, node, i + 2);
        if (node->inputs > i + 1)
            pj_edit_read(pass->edit, node, i + 1, value);
        node->lacks = "*";
    }
    return true;
}

/* `spatial` was 1, which is all that is left; outputs of training are other ones. */
static bool is_inference(pj_pass *pass, pj_edit_node *node, bool dry)
{
    if (!dry && pj_node_attr(node->was, "spatial")) {
        node->lacks = "spatial";
        node->is_edited = pass->edit->is_changed = true;
    }
    int outputs = 0;
    for (int o = 0; o < node->was->outputs; o++)
        outputs += node->was->out[o] != NULL;
    return pj_node_int(node->was, "spatial", 1) == 1 && outputs == 1;
}

static bool move_slice(pj_pass *pass, pj_edit_node *node, bool dry)
{
    if (dry)
        return true;
    move_ints(pass, node, "starts", 1);
    move_ints(pass, node, "ends", 2);
    move_ints(pass, node, "axes", 3);
    node->lacks = "*";
    return true;
}

static bool move_pads(pj_pass *pass, pj_edit_node *node, bool dry)
{
    const pj_attr *mode = pj_node_attr(node->was, "mode"), *value = pj_node_attr(node->was, "value");
    float fill = value && value->kind == PJ_ATTR_FLOAT ? value->f : 0;
    if (!pj_node_attr(node->was, "pads") || !node->was->in[0] || node->was->in[0]->type.dtype != PJ_FLOAT32)
        return false;
    if (dry)
        return true;
    move_ints(pass, node, "pads", 1);
    node->lacks = "*";
    if (mode && mode->kind == PJ_ATTR_STRING)
        pj_edit_string(pass->edit, node, "mode", mode->s);
    if (fill == 0)
        return true;
    pj_edit_widen(pass->edit, node, 3);
    pj_edit_value *bytes = pj_edit_bytes(pass->edit, node->out[0]->name, "value", PJ_FLOAT32, 0, NULL, &fill, 4);
    if (node->inputs > 2)
        pj_edit_read(pass->edit, node, 2, bytes);
    return true;
}

/* What changed its meaning, from which opset on. NULL: nobody has written how. */
static const struct {
    const char *ops;
    int version;
    converter *convert;
} changes[] = {
    {"Upsample",                                                                                                 9,  NULL        },
    {"Scan",                                                                                                     9,  NULL        },
    {"BatchNormalization",                                                                                       9,  is_inference},
    {"Upsample",                                                                                                 10, NULL        },
    {"Dropout",                                                                                                  10, drop_ratio  },
    {"ImageScaler Crop Affine ParametricSoftplus ScaledTanh GivenTensorFill GRUUnit",                            10, NULL        },
    {"Slice",                                                                                                    10, move_slice  },
    {"TopK",                                                                                                     10, NULL        },
    {"Resize",                                                                                                   11, NULL        },
    {"Scatter",                                                                                                  11, NULL        },
    {"Clip",                                                                                                     11, move_bounds },
    {"Pad",                                                                                                      11, move_pads   },
    {"Dropout",                                                                                                  12, drop_ratio  },
    {"Squeeze Unsqueeze ReduceSum",                                                                              13, move_axes   },
    {"Split",                                                                                                    13, move_split  },
    {"Softmax LogSoftmax Hardmax",                                                                               13, set_axis    },
    {"BatchNormalization",                                                                                       14, is_inference},
    {"RoiAlign",                                                                                                 16, NULL        },
    {"Split",                                                                                                    18, count_parts },
    {"ReduceMax ReduceMin ReduceMean ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare", 18,
     move_axes                                                                                                                   },
    {"GridSample DFT",                                                                                           20, NULL        },
    {"GroupNormalization",                                                                                       21, NULL        },
};
enum { CHANGES = sizeof changes / sizeof *changes };

/* A subgraph or function has the operator, which nobody can see into. */
static bool is_inside(const pj_pass *pass, const char *ops)
{
    for (size_t i = 0; i < pass->edit->inner.count; i++) {
        const pj_edit_node node = {.op = pass->edit->inner.entry[i].key, .domain = ""};
        if (pj_edit_is_any(&node, ops))
            return true;
    }
    return false;
}

static bool can_pass(pj_pass *pass, size_t change)
{
    if (is_inside(pass, changes[change].ops))
        return false;
    for (pj_edit_node *node = pass->edit->first; node; node = node->next)
        if (!node->is_dropped && node->begin && pj_edit_is_any(node, changes[change].ops) &&
            (!changes[change].convert || !node->was || !changes[change].convert(pass, node, true)))
            return false;
    return true;
}

void pj_opset_look(pj_pass *pass)
{
    const int64_t now = pass->edit->opset;
    pass->reach = now;
    if (now < OLDEST || now >= NEWEST)
        return;
    pass->reach = NEWEST;
    for (size_t i = CHANGES; i-- > 0;)
        if (changes[i].version > now && changes[i].version <= pass->reach && !can_pass(pass, i))
            pass->reach = changes[i].version - 1;
}

bool pj_opset_need(pj_pass *pass, int64_t version)
{
    const int64_t ir = version >= 25 ? 13 : version >= 21 ? 10 : version >= 19 ? 9 : version >= 13 ? 8 : 4;
    if (version > pass->reach && version > pass->edit->opset)
        return false;
    pass->edit->opset = version > pass->edit->opset ? version : pass->edit->opset;
    pass->edit->ir_version = ir > pass->edit->ir_version ? ir : pass->edit->ir_version;
    return true;
}

pj_status pj_opset_raise(pj_pass *pass)
{
    const int64_t was = pj_model_opset(pass->model, "");
    for (size_t i = 0; i < CHANGES; i++)
        for (pj_edit_node *node = pass->edit->first; node; node = node->next)
            if (!node->is_dropped && node->begin && changes[i].convert && changes[i].version > was &&
                changes[i].version <= pass->edit->opset && pj_edit_is_any(node, changes[i].ops))
                (void)changes[i].convert(pass, node, false);
    if (pass->edit->is_changed && pass->edit->ir_version < 4)
        pass->edit->ir_version = 4;
    return pj_arena_failed(pass->arena) ? pj_fail_memory(pass->err) : PJ_OK;
}
