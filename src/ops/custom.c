/* One shape and one work rule for all operators that a user describes.
 *
 * The formulas of a file are pj_num over its names. At a node, each name gets the number that it stands for there (a
 * dimension, which may be a formula of the model's own symbols, or an attribute), all at once. */
#include "ops/custom_data.h"
#include "ops/rules.h"

static const pj_custom_op *rule_of(const pj_ctx *c)
{
    return (const pj_custom_op *)(const void *)c->node->desc;
}

static const char *tensor_name(pj_ctx *c, const char *what, int i)
{
    pj_str text = pj_str_new(PJ_TENSOR_NAME);
    pj_str_printf(&text, "%s%d", what, i);
    return pj_str_keep(&text, c->arena);
}

static pj_status put_name(pj_ctx *c, pj_map *names, const char *name, pj_num value)
{
    pj_num *copy = pj_arena_memdup(c->arena, &value, 1, sizeof value);
    return pj_got(name && copy && pj_map_put(names, name, copy), c->err);
}

/* The dimension is what the pattern says; a name gets it, and has the same number wherever it stands. */
static pj_status match_dim(pj_ctx *c, const pj_dim_pattern *pattern, int i, int axis, pj_map *names)
{
    pj_str what = pj_str_new(200);
    pj_num dim = pj_in_dim(c, i, axis), before = pj_num_unknown();
    const pj_num *known = pattern->name ? pj_map_get(names, pattern->name) : NULL;
    if (pattern->name)
        pj_str_printf(&what, "dimension '%.60s' of the operator's rule", pattern->name);
    else
        pj_str_printf(&what, "axis %d of input %d and the operator's rule", axis, i);
    if (known)
        before = *known;
    else if (pattern->number >= 0)
        before = pj_num_of(pattern->number);
    pj_status status = pj_same_dim(c, dim, before, what.data, &dim);
    pj_str_free(&what);
    return status == PJ_OK && pattern->name ? put_name(c, names, pattern->name, dim) : status;
}

static pj_status match_input(pj_ctx *c, const pj_input_pattern *pattern, int i, pj_map *names)
{
    int rank = pj_in_rank(c, i);
    for (int k = 0; k < pattern->rank; k++)
        if (pattern->dim[k].name && !pj_map_get(names, pattern->dim[k].name))
            PJ_TRY(put_name(c, names, pattern->dim[k].name, pj_num_unknown()));
    if (pattern->any || rank < 0)
        return PJ_OK;
    if (rank != pattern->rank)
        return pj_fail(c->err, PJ_ESHAPE, "input %d has %d dimensions, its rule in %.150s has %d", i, rank,
                       rule_of(c)->path, pattern->rank);
    for (int k = 0; k < rank; k++)
        PJ_TRY(match_dim(c, &pattern->dim[k], i, k, names));
    return PJ_OK;
}

/* What the names of the file are at this node. */
static pj_status find_names(pj_ctx *c, bool outputs, pj_map *names)
{
    const pj_custom_op *rule = rule_of(c);
    pj_map_init(names, c->arena);
    for (int i = 0; i < rule->inputs; i++) {
        PJ_TRY(match_input(c, &rule->input[i], i, names));
        PJ_TRY(put_name(c, names, tensor_name(c, "in", i), pj_in_count(c, i)));
    }
    for (int o = 0; outputs && o < rule->outputs; o++)
        PJ_TRY(put_name(c, names, tensor_name(c, "out", o), pj_out_count(c, o)));
    for (int k = 0; k < rule->attrs; k++) {
        const pj_attr_rule *attr = &rule->attr[k];
        PJ_TRY(put_name(c, names, attr->name, pj_num_of(pj_attr_int(c, attr->name, attr->otherwise))));
    }
    return PJ_OK;
}

pj_status pj_shape_custom(pj_ctx *c)
{
    const pj_custom_op *rule = rule_of(c);
    pj_map names;
    PJ_TRY(find_names(c, false, &names));
    for (int o = 0; o < rule->outputs; o++) {
        const pj_output_rule *out = &rule->output[o];
        pj_dtype dtype = out->dtype_of >= 0 ? pj_in_dtype(c, out->dtype_of) : out->dtype;
        pj_num dims[PJ_MAX_RANK];
        if (out->shape_of >= 0) {
            PJ_TRY(pj_set_shape_of(c, o, dtype, out->shape_of));
            continue;
        }
        for (int k = 0; k < out->rank; k++)
            dims[k] = pj_num_is_unknown(out->dim[k]) ? out->dim[k] : pj_num_substitute(c->symbols, out->dim[k], &names);
        PJ_TRY(pj_set(c, o, dtype, out->rank, dims));
    }
    return PJ_OK;
}

pj_status pj_work_custom(pj_ctx *c, pj_work *work)
{
    const pj_custom_op *rule = rule_of(c);
    pj_map names;
    PJ_TRY(find_names(c, true, &names));
    for (int p = 0; p < PJ_PRIMS; p++) {
        pj_num count = pj_num_substitute(c->symbols, rule->count[p], &names);
        if (pj_num_known(count) && count.whole < 0)
            return pj_fail(c->err, PJ_ESHAPE, "its rule in %.150s counts %lld of \"%s\"", rule->path,
                           (long long)count.whole, pj_prim_word((pj_prim)p));
        pj_work_add(c, work, (pj_prim)p, count);
    }
    work->terms = pj_num_substitute(c->symbols, rule->terms, &names);
    return PJ_OK;
}

const pj_op_desc *pj_custom_find(const pj_model *model, const char *domain, const char *op)
{
    const pj_custom_op *at = model->custom ? model->custom->first : NULL;
    while (at && (strcmp(at->row.op, op) != 0 || strcmp(at->row.domain, domain) != 0))
        at = at->next;
    return at ? &at->row : NULL;
}

const char *pj_custom_path(const pj_model *model)
{
    return model->custom ? model->custom->path : NULL;
}

const char *pj_custom_sha256(const pj_model *model)
{
    return model->custom ? model->custom->sha256 : "";
}
