/* Opsets: which ones a model can be raised to, and what has to be written otherwise there. */
#include <string.h>

#include "apply/pass.h"
#include "base/limits.h"

enum { NEWEST = 25, OLDEST = 7 }; /* below 7 operators broadcast otherwise */

/* Rewrites a node, or only says whether it can (`dry`). */
typedef bool converter(pj_pass *pass, pj_edit_node *node, bool dry);

static int rank_of(const pj_node *node, int input)
{
    return input < node->inputs && node->in[input] && node->in[input]->type.kind == PJ_TENSOR
               ? node->in[input]->type.rank
               : -1;
}

/* What names of new values begin with. */
static const char *base_of(const pj_edit_node *node)
{
    return node->out[0] ? node->out[0]->name : node->name;
}

/* An attribute of whole numbers becomes input `input`. */
static void move_ints(pj_pass *pass, pj_edit_node *node, const char *name, int input)
{
    const pj_attr *attr = pj_node_attr(node->was, name);
    if (!attr || attr->kind != PJ_ATTR_INTS)
        return;
    const int64_t count = attr->count;
    pj_edit_value *value =
        pj_edit_bytes(pass->edit, base_of(node), name, PJ_INT64, 1, &count, attr->ints, 8 * (size_t)count);
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
    pj_edit *edit = pass->edit;
    const int rank = rank_of(node->was, 0);
    const int64_t axis = pj_node_int(node->was, "axis", 1);
    if (dry)
        return node->in[0] && node->out[0];
    if (rank < 1 || (axis != rank - 1 && axis != -1)) {
        pj_edit_value *result = node->out[0], *given = node->in[0];
        pj_edit_node *flatten = pj_edit_before(edit, node, "", "Flatten", result->name, 1, 1);
        pj_edit_node *shape = pj_edit_before(edit, node, "", "Shape", result->name, 1, 1);
        pj_edit_node *reshape = pj_edit_after(edit, node, "", "Reshape", result->name, 2, 1);
        flatten->in[0] = shape->in[0] = given;
        pj_edit_int(edit, flatten, "axis", axis);
        pj_edit_read(edit, node, 0, pj_edit_value_new(edit, result->name, "/rows", given->dtype, flatten, 0));
        reshape->in[0] = pj_edit_value_new(edit, result->name, "/flat", result->dtype, node, 0);
        reshape->in[1] = pj_edit_value_new(edit, result->name, "/shape", PJ_INT64, shape, 0);
        reshape->out[0] = result;
        result->maker = reshape;
    }
    node->lacks = "axis";
    pj_edit_int(edit, node, "axis", -1);
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
        pj_edit_value *value = pj_edit_bytes(pass->edit, base_of(node), names[i], PJ_FLOAT32, 0, NULL, &bound, 4);
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
    pj_edit_value *bytes = pj_edit_bytes(pass->edit, base_of(node), "value", PJ_FLOAT32, 0, NULL, &fill, 4);
    if (node->inputs > 2)
        pj_edit_read(pass->edit, node, 2, bytes);
    return true;
}

/* k becomes an input. */
static bool move_k(pj_pass *pass, pj_edit_node *node, bool dry)
{
    const pj_attr *k = pj_node_attr(node->was, "k");
    const int64_t one = 1, count = k && k->kind == PJ_ATTR_INT ? k->i : 0;
    if (dry || !k || k->kind != PJ_ATTR_INT)
        return k && k->kind == PJ_ATTR_INT;
    pj_edit_value *value = pj_edit_bytes(pass->edit, base_of(node), "/k", PJ_INT64, 1, &one, &count, sizeof count);
    pj_edit_widen(pass->edit, node, 2);
    if (node->inputs > 1)
        pj_edit_read(pass->edit, node, 1, value);
    node->lacks = "k";
    return true;
}

/* The new name of the same thing. */
static bool rename_scatter(pj_pass *pass, pj_edit_node *node, bool dry)
{
    if (dry)
        return true;
    node->op = "ScatterElements";
    node->is_edited = pass->edit->is_changed = true;
    return true;
}

/* What it did without an attribute is no longer what it does without one. */
static bool say_mode(pj_pass *pass, pj_edit_node *node, bool dry)
{
    if (!dry && !pj_node_attr(node->was, "coordinate_transformation_mode"))
        pj_edit_string(pass->edit, node, "coordinate_transformation_mode", "output_half_pixel");
    return true;
}

/* bilinear and bicubic are called linear and cubic. */
static bool rename_mode(pj_pass *pass, pj_edit_node *node, bool dry)
{
    const pj_attr *mode = pj_node_attr(node->was, "mode");
    const bool is_text = mode && mode->kind == PJ_ATTR_STRING;
    if (!dry && is_text && strncmp(mode->s, "bi", 2) == 0) {
        node->lacks = "mode";
        pj_edit_string(pass->edit, node, "mode", mode->s + 2);
    }
    return true;
}

/* The axis becomes an input, behind the length; it was 1 without one. */
static bool move_axis(pj_pass *pass, pj_edit_node *node, bool dry)
{
    const int64_t axis = pj_node_int(node->was, "axis", 1);
    if (dry)
        return true;
    pj_edit_value *value = pj_edit_bytes(pass->edit, base_of(node), "/axis", PJ_INT64, 0, NULL, &axis, sizeof axis);
    pj_edit_widen(pass->edit, node, 3);
    if (node->inputs > 2)
        pj_edit_read(pass->edit, node, 2, value);
    node->lacks = "axis";
    return true;
}

/* ---- Upsample and Resize ---- */

/* Up to opset 10 they took the number at floor(x / scale), but at ceil(x / scale) where they shrink. NULL: some of
 * both, or nobody knows. */
static const char *nearest_mode(pj_pass *pass, const pj_edit_node *node)
{
    const pj_attr *attr = pj_node_attr(node->was, "scales");
    bool grows = true, shrinks = true;
    pj_held held;
    const float *scale = NULL;
    int64_t count = 0;
    if (attr && attr->kind == PJ_ATTR_FLOATS) {
        scale = attr->floats;
        count = attr->count;
    } else if (node->inputs > 1 && pj_weight_of(pass, node->in[1], &held) && held.from.count <= PJ_MAX_RANK &&
               pj_weight_check(pass, node, &held) == PJ_OK && pj_weight_read(pass, &held, &scale) == PJ_OK) {
        count = held.from.count;
    }
    for (int64_t i = 0; i < count; i++) {
        grows = grows && scale[i] >= 1;
        shrinks = shrinks && scale[i] <= 1;
    }
    return count < 1 ? NULL : grows ? "floor" : shrinks ? "ceil" : NULL;
}

static bool is_nearest(const pj_edit_node *node)
{
    const pj_attr *mode = pj_node_attr(node->was, "mode");
    return !mode || mode->kind != PJ_ATTR_STRING || strcmp(mode->s, "nearest") == 0;
}

/* Scales become an input. */
static bool move_scales(pj_pass *pass, pj_edit_node *node, bool dry)
{
    const pj_attr *scales = pj_node_attr(node->was, "scales");
    if (dry || !scales || scales->kind != PJ_ATTR_FLOATS)
        return scales && scales->kind == PJ_ATTR_FLOATS;
    const int64_t count = scales->count;
    pj_edit_value *value =
        pj_edit_bytes(pass->edit, base_of(node), "/scales", PJ_FLOAT32, 1, &count, scales->floats, 4 * (size_t)count);
    pj_edit_widen(pass->edit, node, 2);
    if (node->inputs > 1)
        pj_edit_read(pass->edit, node, 1, value);
    node->lacks = "scales";
    return true;
}

static bool become_resize(pj_pass *pass, pj_edit_node *node, bool dry)
{
    if (dry)
        return !is_nearest(node) || nearest_mode(pass, node);
    node->op = "Resize";
    node->is_edited = pass->edit->is_changed = true;
    return true;
}

/* An input for regions comes between, and what it did has a name. */
static bool say_resize(pj_pass *pass, pj_edit_node *node, bool dry)
{
    const char *nearest = is_nearest(node) ? nearest_mode(pass, node) : "floor";
    if (dry || !nearest)
        return nearest != NULL;
    pj_edit_widen(pass->edit, node, 3);
    if (node->inputs > 2) {
        pj_edit_read(pass->edit, node, 2, node->in[1]);
        node->in[1] = pass->edit->opset >= 13 ? NULL
                                              : pj_edit_bytes(pass->edit, base_of(node), "/roi", PJ_FLOAT32, 1,
                                                              (const int64_t[]){0}, "", 0);
    }
    pj_edit_string(pass->edit, node, "coordinate_transformation_mode", "asymmetric");
    if (is_nearest(node))
        pj_edit_string(pass->edit, node, "nearest_mode", nearest);
    return true;
}

static bool has_no_old_mode(pj_pass *pass, pj_edit_node *node, bool dry)
{
    const pj_attr *mode = pj_node_attr(node->was, "coordinate_transformation_mode");
    (void)pass;
    (void)dry;
    return !mode || mode->kind != PJ_ATTR_STRING || strcmp(mode->s, "tf_half_pixel_for_nn") != 0;
}

/* What changed its meaning, from which opset on. NULL: nobody has written how. */
static const struct {
    const char *ops;
    int version;
    converter *convert;
} changes[] = {
    {"Upsample",                                                                                                 9,  move_scales    },
    {"Scan",                                                                                                     9,  NULL           },
    {"BatchNormalization",                                                                                       9,  is_inference   },
    {"Upsample",                                                                                                 10, become_resize  },
    {"Dropout",                                                                                                  10, drop_ratio     },
    {"ImageScaler Crop Affine ParametricSoftplus ScaledTanh GivenTensorFill GRUUnit",                            10, NULL           },
    {"Slice",                                                                                                    10, move_slice     },
    {"TopK",                                                                                                     10, move_k         },
    {"Resize",                                                                                                   11, say_resize     },
    {"Scatter",                                                                                                  11, rename_scatter },
    {"Clip",                                                                                                     11, move_bounds    },
    {"Pad",                                                                                                      11, move_pads      },
    {"Dropout",                                                                                                  12, drop_ratio     },
    {"Squeeze Unsqueeze ReduceSum",                                                                              13, move_axes      },
    {"Resize",                                                                                                   13, has_no_old_mode},
    {"Split",                                                                                                    13, move_split     },
    {"Softmax LogSoftmax Hardmax",                                                                               13, set_axis       },
    {"BatchNormalization",                                                                                       14, is_inference   },
    {"RoiAlign",                                                                                                 16, say_mode       },
    {"Split",                                                                                                    18, count_parts    },
    {"ReduceMax ReduceMin ReduceMean ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare", 18,
     move_axes                                                                                                                      },
    {"GridSample",                                                                                               20, rename_mode    },
    {"DFT",                                                                                                      20, move_axis      },
    {"GroupNormalization",                                                                                       21, NULL           },
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
