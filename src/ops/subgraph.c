/* What operators that hold subgraphs share. */
#include "ops/subgraph.h"

pj_status pj_subgraph_of(pj_ctx *c, const char *name, pj_graph **out)
{
    *out = pj_attr_graph(c, name);
    PJ_TRY(c->failed);
    return *out ? PJ_OK : pj_fail(c->err, PJ_ESHAPE, "the graph attribute '%s' is missing", name);
}

void pj_findings_drop(pj_ctx *c, pj_diags before)
{
    *c->diags = before;
    if (before.last)
        before.last->next = NULL;
}

pj_status pj_subgraph_enter(pj_ctx *c, pj_graph *graph, int i, pj_type type, const pj_num *data, int64_t count)
{
    pj_value *in = graph->in[i];
    in->data = data;
    in->data_count = data ? count : 0;
    return pj_types_fill(c, &type, &in->declared, &in->type);
}

pj_status pj_subgraph_work(pj_ctx *c, pj_work *work, const pj_graph *graph, pj_num times)
{
    pj_work once;
    memset(&once, 0, sizeof once);
    PJ_TRY(c->driver->graph_work(c, graph, &once));
    for (int p = 0; p < PJ_PRIMS; p++)
        pj_work_add(c, work, (pj_prim)p, pj_num_mul(c->symbols, times, once.count[p]));
    work->body = graph;
    work->runs = times;
    return PJ_OK;
}

bool pj_types_equal(const pj_type *a, const pj_type *b)
{
    if (a->kind != b->kind || a->dtype != b->dtype || a->key != b->key || !a->of != !b->of)
        return false;
    if (a->of)
        return pj_types_equal(a->of, b->of);
    if (!pj_type_is_tensor(a))
        return true;
    for (int k = 0; a->rank == b->rank && k < a->rank; k++)
        if (!pj_num_equal(a->dims[k], b->dims[k]) && !(pj_num_is_unknown(a->dims[k]) && pj_num_is_unknown(b->dims[k])))
            return false;
    return a->rank == b->rank;
}

/* `a` or `b`, whichever the choice is for each dim. */
typedef pj_num (*dim_choice)(pj_num a, pj_num b);

static pj_num equal_or_unknown(pj_num a, pj_num b)
{
    return pj_num_equal(a, b) ? a : pj_num_unknown();
}

static pj_num known_or_other(pj_num a, pj_num b)
{
    return pj_num_is_unknown(a) ? b : a;
}

static pj_status combine_dims(pj_ctx *c, const pj_type *a, const pj_type *b, dim_choice choose, pj_type *out)
{
    pj_num *dims = PJ_NEW(c->arena, pj_num, a->rank);
    PJ_TRY(pj_got(dims, c->err));
    for (int k = 0; k < a->rank; k++)
        dims[k] = choose(a->dims[k], b->dims[k]);
    out->dims = dims;
    return PJ_OK;
}

/* What is inside two sequences or optionals. */
static pj_status combine_contents(pj_ctx *c, const pj_type *a, const pj_type *b,
                                  pj_status (*combine)(pj_ctx *, const pj_type *, const pj_type *, pj_type *),
                                  pj_type *out)
{
    pj_type content, *of;
    PJ_TRY(combine(c, a->of, b->of, &content));
    of = pj_arena_memdup(c->arena, &content, 1, sizeof content);
    out->of = of;
    return pj_got(of, c->err);
}

pj_status pj_types_merge(pj_ctx *c, const pj_type *a, const pj_type *b, pj_type *out)
{
    *out = a->kind == b->kind ? *a : pj_type_unknown();
    if (pj_types_equal(a, b) || out->kind == PJ_KIND_UNKNOWN)
        return PJ_OK;
    if (a->of && b->of)
        return combine_contents(c, a, b, pj_types_merge, out);
    if (!pj_type_is_tensor(a))
        return PJ_OK;
    if (a->dtype != b->dtype)
        out->dtype = a->dtype == PJ_UNDEFINED ? b->dtype : b->dtype == PJ_UNDEFINED ? a->dtype : PJ_UNDEFINED;
    if (a->rank >= 0 && a->rank == b->rank)
        return combine_dims(c, a, b, equal_or_unknown, out);
    out->rank = -1;
    out->dims = NULL;
    return PJ_OK;
}

pj_status pj_types_fill(pj_ctx *c, const pj_type *type, const pj_type *other, pj_type *out)
{
    *out = type->kind == PJ_KIND_UNKNOWN ? *other : *type;
    if (type->kind != other->kind || pj_types_equal(type, other))
        return PJ_OK;
    if (type->of && other->of)
        return combine_contents(c, type, other, pj_types_fill, out);
    if (!pj_type_is_tensor(type))
        return PJ_OK;
    if (type->dtype == PJ_UNDEFINED)
        out->dtype = other->dtype;
    if (type->rank >= 0)
        return type->rank == other->rank ? combine_dims(c, type, other, known_or_other, out) : PJ_OK;
    out->rank = other->rank;
    out->dims = other->dims;
    return PJ_OK;
}
