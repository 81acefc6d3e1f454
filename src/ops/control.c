/* If. */
#include "ops/families.h"
#include "ops/subgraph.h"

enum { THEN, ELSE, BRANCHES };

static const char *const branch_names[BRANCHES] = {"then_branch", "else_branch"};

static pj_status read_branches(pj_ctx *c, pj_graph **branch)
{
    for (int k = 0; k < BRANCHES; k++) {
        PJ_TRY(pj_subgraph_of(c, branch_names[k], &branch[k]));
        if (branch[k]->outputs < c->node->outputs)
            return pj_fail(c->err, PJ_ESHAPE, "%s gives %d values, the node %d", branch_names[k], branch[k]->outputs,
                           c->node->outputs);
    }
    return PJ_OK;
}

/* Infers a branch that may run. One that contradicts itself cannot: exporters write branches for other shapes than the
 * model has. Then its `runs` are 0, and *why says what is wrong. */
static pj_status try_branch(pj_ctx *c, pj_graph *branch, pj_error *why)
{
    pj_error none;
    memset(&none, 0, sizeof none);
    *why = none;
    branch->runs = pj_num_of(1);
    pj_status status = c->driver->infer_graph(c, branch);
    if (status != PJ_ESHAPE || !c->err)
        return status;
    *why = *c->err;
    *c->err = none;
    branch->runs = pj_num_of(0);
    return PJ_OK;
}

/* Both branches; at least one of them can run. */
static pj_status infer_branches(pj_ctx *c, pj_graph **branch)
{
    pj_error why[BRANCHES];
    bool dead[BRANCHES];
    for (int k = 0; k < BRANCHES; k++) {
        PJ_TRY(try_branch(c, branch[k], &why[k]));
        dead[k] = pj_num_is(branch[k]->runs, 0);
    }
    for (int k = 0; k < BRANCHES; k++) {
        if (dead[k] && dead[1 - k] && c->err) {
            *c->err = why[k];
            return PJ_ESHAPE;
        }
        if (dead[k])
            pj_diag_add(c->diags, PJ_DIAG_CONTROL_FLOW, c->node->label,
                        "%s cannot run with these shapes (%s: %s); the other branch is taken", branch_names[k],
                        why[k].node, why[k].what);
    }
    return PJ_OK;
}

/* The branch that runs, or the first of two that may; *other: the second one, or NULL. */
static const pj_graph *branch_taken(pj_graph *const *branch, const pj_graph **other)
{
    bool then = !pj_num_is(branch[THEN]->runs, 0), otherwise = !pj_num_is(branch[ELSE]->runs, 0);
    *other = then && otherwise ? branch[ELSE] : NULL;
    return branch[then ? THEN : ELSE];
}

/* A known condition picks its branch, and the other is not looked at. */
static pj_status enter_branches(pj_ctx *c, pj_graph **branch)
{
    pj_num condition = pj_in_scalar(c, 0);
    if (!pj_num_known(condition))
        return infer_branches(c, branch);
    int taken = condition.whole ? THEN : ELSE;
    branch[taken]->runs = pj_num_of(1);
    branch[1 - taken]->runs = pj_num_of(0);
    return c->driver->infer_graph(c, branch[taken]);
}

/* What both branches agree on, where both may run. */
static pj_status shape_if(pj_ctx *c)
{
    pj_graph *branch[BRANCHES];
    PJ_TRY(read_branches(c, branch));
    PJ_TRY(enter_branches(c, branch));
    const pj_graph *other, *taken = branch_taken(branch, &other);
    for (int o = 0; o < c->node->outputs; o++) {
        pj_type type = taken->out[o]->type;
        if (other)
            PJ_TRY(pj_types_merge(c, &type, &other->out[o]->type, &type));
        PJ_TRY(pj_set_type(c, o, type));
    }
    return PJ_OK;
}

/* Contents on which both values agree. */
static pj_status set_common_data(pj_ctx *c, int o, const pj_value *a, const pj_value *b)
{
    if (!a->data || !b->data || a->data_count != b->data_count)
        return PJ_OK;
    pj_num *common = pj_arena_memdup(c->arena, a->data, (size_t)a->data_count, sizeof *common);
    PJ_TRY(pj_got(common, c->err));
    for (int64_t k = 0; k < a->data_count; k++)
        if (!pj_num_equal(common[k], b->data[k]))
            common[k] = pj_num_unknown();
    return pj_set_data(c, o, common, a->data_count);
}

/* Of a branch that is surely taken, contents and whether they are constant; of two, what they agree on. */
static pj_status value_if(pj_ctx *c)
{
    pj_graph *branch[BRANCHES];
    PJ_TRY(read_branches(c, branch));
    const pj_graph *other, *taken = branch_taken(branch, &other);
    for (int o = 0; o < c->node->outputs; o++) {
        const pj_value *from = taken->out[o];
        pj_value *out = pj_out(c, o);
        PJ_TRY(set_common_data(c, o, from, other ? other->out[o] : from));
        if (out && !other) {
            out->is_constant = from->is_constant && pj_in_constant(c, 0);
            out->is_folded = from->is_folded;
        }
    }
    return PJ_OK;
}

/* 2 * mac + every other primitive once */
static pj_num flops(pj_ctx *c, const pj_work *work)
{
    pj_num sum = work->count[PJ_MAC];
    for (int p = 0; p < PJ_PRIMS; p++)
        sum = pj_num_add(c->symbols, sum, work->count[p]);
    return sum;
}

/* The branch that runs; where the run decides, the one of more flops. Each branch is counted once, however deep. */
static pj_status work_if(pj_ctx *c, pj_work *work)
{
    pj_graph *branch[BRANCHES];
    pj_work own[BRANCHES];
    memset(own, 0, sizeof own);
    PJ_TRY(read_branches(c, branch));
    for (int k = 0; k < BRANCHES; k++) {
        if (pj_num_is(branch[k]->runs, 0))
            return pj_subgraph_work(c, work, branch[1 - k], pj_num_of(1));
    }
    for (int k = 0; k < BRANCHES; k++)
        PJ_TRY(pj_subgraph_work(c, &own[k], branch[k], pj_num_of(1)));
    pj_num then = flops(c, &own[THEN]), otherwise = flops(c, &own[ELSE]);
    bool unknown = pj_num_is_unknown(otherwise) && !pj_num_is_unknown(then);
    int dearer = unknown || pj_num_at_least(pj_num_sub(c->symbols, otherwise, then), 1) ? ELSE : THEN;
    pj_diag_add(c->diags, PJ_DIAG_CONTROL_FLOW, c->node->label,
                "the condition is not known before the run; %s, the dearer branch, is counted", branch_names[dearer]);
    memcpy(work->count, own[dearer].count, sizeof work->count);
    work->body = own[dearer].body;
    work->runs = own[dearer].runs;
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"",              "If",        1, "c",  PJ_CONTROL | PJ_RUNS_BODY, shape_if, value_if, work_if},
    {"com.microsoft", "EPContext", 1, "x*", PJ_OPAQUE_OP,              NULL,     NULL,     NULL   },
    {"com.microsoft", "Snpe",      1, "x*", PJ_OPAQUE_OP,              NULL,     NULL,     NULL   },
};

PJ_FAMILY(control);
