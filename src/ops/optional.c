/* Optionals: a tensor or sequence, or nothing. Wrapping and unwrapping cost nothing. */
#include "ops/families.h"
#include "ops/rules.h"

/* Around the input, or empty and of the type that the attribute names. */
static pj_status shape_optional(pj_ctx *c)
{
    const pj_attr *type = pj_node_attr(c->node, "type");
    pj_type holder = pj_type_unknown(), content = pj_type_unknown();
    if (pj_has(c, 0))
        content = *pj_in_type(c, 0);
    else if (type && type->kind == PJ_ATTR_TYPE)
        content = *type->type;
    holder.kind = PJ_OPTIONAL;
    holder.of = pj_arena_memdup(c->arena, &content, 1, sizeof content);
    return holder.of ? pj_set_type(c, 0, holder) : pj_fail_memory(c->err);
}

/* From opset 18 on also of what is no optional: itself. */
static pj_status shape_get_element(pj_ctx *c)
{
    const pj_type *type = pj_in_type(c, 0);
    return pj_set_type(c, 0, type->kind == PJ_OPTIONAL ? *type->of : *type);
}

PJ_SHAPE(has_element, pj_set_scalar(c, 0, PJ_BOOL))

/* Known where the input is absent, no optional, or made by Optional. */
static pj_status value_has_element(pj_ctx *c)
{
    const pj_value *in = pj_in(c, 0);
    const pj_node *maker = in ? in->producer : NULL;
    pj_num there = pj_num_unknown();
    if (!in)
        there = pj_num_of(0);
    else if (maker && !*maker->domain && strcmp(maker->op, "Optional") == 0)
        there = pj_num_of(maker->inputs > 0 && maker->in[0]);
    else if (in->type.kind == PJ_TENSOR || in->type.kind == PJ_SEQUENCE)
        there = pj_num_of(1);
    return pj_set_data(c, 0, &there, 1);
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Optional",           15, "x", PJ_VIEW,       shape_optional,    NULL,              NULL},
    {"", "OptionalGetElement", 15, "x", PJ_VIEW,       shape_get_element, NULL,              NULL},
    {"", "OptionalHasElement", 15, "x", PJ_SHAPE_ONLY, shape_has_element, value_has_element, NULL},
};

PJ_FAMILY(optional);
