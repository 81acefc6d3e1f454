/* Loop and Scan.
 *
 * Loop: trip count, condition, carried values; carried values, then what each trip yields.
 * A carried value may change its shape from trip to trip. The body is inferred with the first types, then with what
 * first types and results have in common, until they agree. A loop whose number of trips is small and known is run trip
 * by trip, contents included, where that tells more. */
#include "ops/families.h"
#include "ops/subgraph.h"

enum {
    MOST_WIDENINGS = 3, /* passes before every carried shape is given up */
    MOST_TRIPS = 32,    /* trips that are run singly */
    MOST_VISITS = 4096, /* nodes that are visited for that */
    FREE_DEPTH = 3      /* loops that deep inside others carry no shapes: passes multiply with each level */
};

/* One carried value, before a trip. */
typedef struct carried {
    pj_type type;
    const pj_num *data;
    int64_t count;
} carried;

typedef struct loop {
    pj_graph *body;
    int values, scans; /* carried values, results of each trip */
    int depth;         /* loops around this one */
    pj_num trips;
    carried *start, *now;
    pj_type *scan; /* of one trip */
} loop;

static int loops_around(const pj_node *node)
{
    int depth = 0;
    for (const pj_graph *graph = node->graph; graph && graph->holder; graph = graph->parent)
        depth += strcmp(graph->holder->op, "If") != 0;
    return depth;
}

static pj_status read_loop(pj_ctx *c, loop *out)
{
    memset(out, 0, sizeof *out);
    PJ_TRY(pj_subgraph_of(c, "body", &out->body));
    out->values = c->node->inputs > 2 ? c->node->inputs - 2 : 0;
    out->scans = out->body->outputs - 1 - out->values;
    out->depth = loops_around(c->node);
    out->trips = pj_num_unknown();
    if (out->body->inputs != out->values + 2)
        return pj_fail(c->err, PJ_ESHAPE, "the body takes %d values; with %d carried ones it needs %d",
                       out->body->inputs, out->values, out->values + 2);
    if (out->scans < 0 || c->node->outputs > out->values + out->scans)
        return pj_fail(c->err, PJ_ESHAPE, "the body gives %d values, the node %d", out->body->outputs,
                       c->node->outputs);
    return PJ_OK;
}

/* Types and contents before the first trip. */
static pj_status start_loop(pj_ctx *c, loop *l)
{
    l->start = PJ_NEW(c->arena, carried, l->values);
    l->now = PJ_NEW(c->arena, carried, l->values);
    l->scan = PJ_NEW(c->arena, pj_type, l->scans);
    PJ_TRY(pj_got(l->start && l->now && l->scan, c->err));
    for (int i = 0; i < l->values; i++) {
        carried *at = &l->start[i];
        PJ_TRY(pj_types_fill(c, pj_in_type(c, i + 2), &l->body->in[i + 2]->declared, &at->type));
        at->data = pj_in_data(c, i + 2, &at->count);
    }
    return PJ_OK;
}

/* One pass over the body. The condition is true in every trip that is made. `trip`: its number, if known. */
static pj_status run_body(pj_ctx *c, loop *l, pj_num trip, bool contents)
{
    static const pj_num yes = {NULL, {.whole = 1}};
    pj_type number = pj_type_tensor(PJ_INT64, -1, NULL), condition = pj_type_tensor(PJ_BOOL, -1, NULL);
    pj_num *at = pj_arena_memdup(c->arena, &trip, 1, sizeof trip);
    PJ_TRY(pj_got(at, c->err));
    PJ_TRY(pj_subgraph_enter(c, l->body, 0, number, pj_num_is_unknown(trip) ? NULL : at, 1));
    PJ_TRY(pj_subgraph_enter(c, l->body, 1, pj_has(c, 1) ? *pj_in_type(c, 1) : condition, &yes, 1));
    for (int i = 0; i < 2; i++)
        if (l->body->in[i]->type.rank < 0)
            l->body->in[i]->type = pj_type_tensor(i == 0 ? PJ_INT64 : PJ_BOOL, 0, NULL);
    for (int i = 0; i < l->values; i++) {
        pj_value *in = l->body->in[i + 2];
        in->type = l->now[i].type;
        in->data = contents ? l->now[i].data : NULL;
        in->data_count = in->data ? l->now[i].count : 0;
    }
    return c->driver->infer_graph(c, l->body);
}

static const pj_value *carried_out(const loop *l, int i)
{
    return l->body->out[1 + i];
}

/* The type without its shape; of other kinds, nothing. */
static pj_type shapeless(const pj_type *type)
{
    return pj_type_is_tensor(type) ? pj_type_tensor(type->dtype, -1, NULL) : pj_type_unknown();
}

/* Widens `now` to what it has in common with the results; *changed: somewhere it had to. */
static pj_status widen(pj_ctx *c, loop *l, bool all, bool *changed)
{
    *changed = false;
    for (int i = 0; i < l->values; i++) {
        pj_type merged;
        PJ_TRY(pj_types_merge(c, &l->now[i].type, &carried_out(l, i)->type, &merged));
        *changed = *changed || !pj_types_equal(&merged, &l->now[i].type);
        l->now[i].type = merged;
    }
    for (int i = 0; i < l->values && all && *changed; i++)
        l->now[i].type = shapeless(&l->now[i].type);
    return PJ_OK;
}

/* Types that hold in every trip. Afterwards the body is inferred with them. */
static pj_status find_fixed_point(pj_ctx *c, loop *l)
{
    int passes = l->depth < FREE_DEPTH ? MOST_WIDENINGS : 0;
    bool changed = true;
    for (int i = 0; i < l->values; i++) {
        l->now[i] = l->start[i];
        if (!passes)
            l->now[i].type = shapeless(&l->start[i].type);
    }
    for (int pass = 0; changed; pass++) {
        pj_diags before = *c->diags;
        PJ_TRY(run_body(c, l, pj_num_unknown(), false));
        if (pass == passes)
            break;
        PJ_TRY(widen(c, l, pass + 1 == passes, &changed));
        if (changed)
            pj_findings_drop(c, before);
    }
    for (int k = 0; k < l->scans; k++)
        l->scan[k] = l->body->out[1 + l->values + k]->type;
    return PJ_OK;
}

/* Trips, from the trip count, the first condition and the condition that the body leaves, as far as these are known.
 * Without a trip count only a condition ends the loop. */
static pj_num count_trips(pj_ctx *c, const loop *l)
{
    pj_num most = pj_in_scalar(c, 0), first = pj_has(c, 1) ? pj_in_scalar(c, 1) : pj_num_of(1);
    const pj_value *out = l->body->out[0];
    pj_num next = out->data && out->data_count == 1 ? out->data[0] : pj_num_unknown();
    if (pj_num_known(most) && most.whole < 0)
        most = pj_num_of(0);
    if (pj_num_is(first, 0))
        return first;
    if (!pj_num_known(first) || !pj_num_known(next))
        return pj_num_is(most, 0) ? most : pj_num_unknown();
    if (next.whole)
        return pj_has(c, 0) ? most : pj_num_unknown();
    return pj_has(c, 0) ? pj_num_min(c->symbols, most, pj_num_of(1)) : pj_num_of(1);
}

/* The trips that the user gives, where they are not known otherwise. */
static pj_num given_trips(pj_ctx *c, pj_num counted)
{
    const pj_num *given = pj_map_get(&c->model->trips, c->node->label);
    if (!given || pj_num_is(counted, given->whole))
        return counted;
    if (!pj_num_known(counted))
        return *given;
    pj_diag_add(c->diags, PJ_DIAG_CONTROL_FLOW, c->node->label,
                "the graph says that the body runs %lld times; the %lld of --trips are not used",
                (long long)counted.whole, (long long)given->whole);
    return counted;
}

static bool all_known(const pj_type *type)
{
    bool known = pj_type_is_tensor(type) && type->rank >= 0;
    for (int k = 0; known && k < type->rank; k++)
        known = !pj_num_is_unknown(type->dims[k]);
    return known;
}

/* Is running the loop trip by trip cheap, and may it tell something? Not where the body holds subgraphs. */
static bool worth_unrolling(const loop *l)
{
    bool open = false;
    for (int n = 0; n < l->body->nodes; n++)
        if (l->body->node[n]->desc && (l->body->node[n]->desc->traits & PJ_CONTROL))
            return false;
    if (!pj_num_known(l->trips) || l->trips.whole < 1 || l->trips.whole > MOST_TRIPS || l->depth > 0 ||
        l->trips.whole * (l->body->nodes + 1) > MOST_VISITS)
        return false;
    for (int i = 0; i < l->values; i++)
        open = open || !all_known(&carried_out(l, i)->type) || !all_known(&l->now[i].type);
    for (int k = 0; k < l->scans; k++)
        open = open || !all_known(&l->scan[k]);
    return open;
}

/* Output types of the body's nodes, one after the other; *same: they are as in `types` already. */
static void note_types(const loop *l, pj_type *types, bool first, bool *same)
{
    int at = 0;
    for (int n = 0; n < l->body->nodes; n++) {
        const pj_node *node = l->body->node[n];
        for (int o = 0; o < node->outputs; o++, at++) {
            if (!node->out[o])
                continue;
            *same = *same && (first || pj_types_equal(&types[at], &node->out[o]->type));
            types[at] = node->out[o]->type;
        }
    }
}

/* Runs the body `trips` times. *uniform: every trip has the same types, so the body may stay as the last one left it.
 */
static pj_status unroll(pj_ctx *c, loop *l, bool *uniform)
{
    int outputs = 0;
    for (int n = 0; n < l->body->nodes; n++)
        outputs += l->body->node[n]->outputs;
    pj_type *types = PJ_NEW(c->arena, pj_type, outputs);
    PJ_TRY(pj_got(types, c->err));
    *uniform = true;
    if (l->values)
        memcpy(l->now, l->start, (size_t)l->values * sizeof *l->now);
    for (int64_t trip = 0; trip < l->trips.whole; trip++) {
        PJ_TRY(run_body(c, l, pj_num_of(trip), true));
        note_types(l, types, trip == 0, uniform);
        for (int i = 0; i < l->values; i++) {
            const pj_value *out = carried_out(l, i);
            l->now[i] = (carried){out->type, out->data, out->data_count};
        }
        for (int k = 0; k < l->scans; k++) {
            const pj_type *one = &l->body->out[1 + l->values + k]->type;
            if (trip == 0)
                l->scan[k] = *one;
            else
                PJ_TRY(pj_types_merge(c, &l->scan[k], one, &l->scan[k]));
        }
    }
    return PJ_OK;
}

/* Results of all trips, joined along a new axis. */
static pj_status set_scan(pj_ctx *c, int o, const pj_type *one, int axis, pj_num length)
{
    pj_num dims[PJ_MAX_RANK + 1];
    int rank = pj_type_is_tensor(one) ? one->rank : -1;
    if (rank < 0)
        return pj_set_dtype(c, o, one->dtype);
    for (int k = 0; k < axis; k++)
        dims[k] = one->dims[k];
    dims[axis] = length;
    for (int k = axis; k < rank; k++)
        dims[k + 1] = one->dims[k];
    return pj_set(c, o, one->dtype, rank + 1, dims);
}

/* After at least one trip a carried value is what the body makes; else it may be as it was. */
static pj_status set_carried(pj_ctx *c, const loop *l, int i, bool unrolled)
{
    bool never = pj_num_is(l->trips, 0), ever = pj_num_known(l->trips) && !never;
    const carried *at = never ? &l->start[i] : &l->now[i];
    PJ_TRY(pj_set_type(c, i, ever && !unrolled ? carried_out(l, i)->type : at->type));
    return (never || unrolled) && at->data ? pj_set_data(c, i, at->data, at->count) : PJ_OK;
}

static pj_status set_outputs(pj_ctx *c, const loop *l, bool unrolled)
{
    for (int i = 0; i < l->values; i++)
        PJ_TRY(set_carried(c, l, i, unrolled));
    for (int k = 0; k < l->scans; k++)
        PJ_TRY(set_scan(c, l->values + k, &l->scan[k], 0, l->trips));
    return PJ_OK;
}

/* Runs the loop trip by trip where that is worth it. A contradiction in a later trip is no error of the file: then the
 * types that hold in every trip must do. *done: `now` and `scan` are those of the run. */
static pj_status try_unrolling(pj_ctx *c, loop *l, bool *done, bool *uniform)
{
    pj_diags before = *c->diags;
    *done = *uniform = false;
    if (!worth_unrolling(l))
        return PJ_OK;
    pj_status status = unroll(c, l, uniform);
    pj_findings_drop(c, before);
    *done = status == PJ_OK;
    if (status != PJ_ESHAPE || !c->err)
        return status;
    memset(c->err, 0, sizeof *c->err);
    status = find_fixed_point(c, l);
    pj_findings_drop(c, before);
    return status;
}

static pj_status shape_loop(pj_ctx *c)
{
    loop l;
    bool uniform, unrolled;
    PJ_TRY(read_loop(c, &l));
    PJ_TRY(start_loop(c, &l));
    PJ_TRY(find_fixed_point(c, &l));
    l.trips = l.body->runs = given_trips(c, count_trips(c, &l));
    PJ_TRY(try_unrolling(c, &l, &unrolled, &uniform));
    PJ_TRY(set_outputs(c, &l, unrolled));
    if (unrolled && !uniform) {
        pj_diags before = *c->diags;
        PJ_TRY(find_fixed_point(c, &l));
        pj_findings_drop(c, before);
    }
    return PJ_OK;
}

/* trips * body; where the trips are not known, one, and one trip's part of results of unknown length. Output `o` of the
 * node is output `o + skipped` of the body. */
static pj_status count_body(pj_ctx *c, pj_work *work, int skipped, const char *remedy)
{
    pj_graph *body;
    PJ_TRY(pj_subgraph_of(c, "body", &body));
    if (!pj_num_is_unknown(body->runs))
        return pj_subgraph_work(c, work, body, body->runs);
    pj_diag_add(c->diags, PJ_DIAG_CONTROL_FLOW, c->node->label,
                "how often the body runs is not known before the run; one trip is counted; %s", remedy);
    for (int o = 0; o < c->node->outputs; o++)
        if (pj_wants(c, o) && pj_num_is_unknown(work->written[o]))
            work->written[o] = pj_type_count(c->symbols, &body->out[o + skipped]->type);
    return pj_subgraph_work(c, work, body, pj_num_of(1));
}

static pj_status work_loop(pj_ctx *c, pj_work *work)
{
    char remedy[200];
    snprintf(remedy, sizeof remedy, "set it with --trips %s=N", c->node->label);
    return count_body(c, work, 1, remedy);
}

/* Scan: states, then sequences that are taken apart; states, then sequences of results */
typedef struct scan {
    pj_graph *body;
    int first;                   /* input at which the states begin: opset 8 has sequence lengths before them */
    int batch;                   /* 1 with a batch axis in front of everything (opset 8), else 0 */
    int states, inputs, outputs; /* outputs: without states */
    pj_num length, batches;
} scan;

static pj_status read_scan(pj_ctx *c, bool batched, scan *out)
{
    memset(out, 0, sizeof *out);
    PJ_TRY(pj_subgraph_of(c, "body", &out->body));
    int64_t sequences = pj_attr_int(c, "num_scan_inputs", 0);
    int total = c->node->inputs - batched;
    out->first = out->batch = batched;
    if (sequences < 0 || sequences > total)
        return pj_fail(c->err, PJ_ESHAPE, "num_scan_inputs is %lld, but there are %d inputs", (long long)sequences,
                       total);
    out->inputs = (int)sequences;
    out->states = total - out->inputs;
    out->outputs = out->body->outputs - out->states;
    out->length = out->batches = pj_num_unknown();
    if (out->body->inputs != total)
        return pj_fail(c->err, PJ_ESHAPE, "the body takes %d values, the node %d", out->body->inputs, total);
    if (out->outputs < 0 || c->node->outputs > out->body->outputs)
        return pj_fail(c->err, PJ_ESHAPE, "the body gives %d values, the node %d", out->body->outputs,
                       c->node->outputs);
    return PJ_OK;
}

/* Entry `k` of an axes attribute, as an axis of a tensor of `rank`; 0, or 1 after a batch, without the attribute. */
static pj_status scan_axis(pj_ctx *c, const scan *s, const char *name, int k, int rank, int *axis)
{
    pj_list axes;
    PJ_TRY(pj_list_of(c, name, -1, &axes));
    if (!axes.given || s->batch)
        return pj_axis(c, s->batch, rank, axis);
    if (k >= axes.count)
        return pj_fail(c->err, PJ_ESHAPE, "'%s' has %d entries; entry %d is needed", name, axes.count, k);
    return pj_axis(c, axes.num[k].whole, rank, axis);
}

/* The type without its axis `axis` (-1: none) and without the batch axis in front. */
static pj_status slice_of(pj_ctx *c, const scan *s, const pj_type *type, int axis, pj_type *out)
{
    pj_num dims[PJ_MAX_RANK];
    int rank = 0;
    *out = *type;
    if (!pj_type_is_tensor(type) || type->rank < 0)
        return PJ_OK;
    for (int k = s->batch; k < type->rank; k++)
        if (k != axis)
            dims[rank++] = type->dims[k];
    out->rank = rank;
    out->dims = pj_arena_memdup(c->arena, dims, (size_t)rank, sizeof *dims);
    return pj_got(out->dims, c->err);
}

/* Gives the body its input `i`; learns length and batch from it. */
static pj_status enter_scan(pj_ctx *c, scan *s, int i)
{
    int from = s->first + i, axis = -1;
    bool ranked = pj_in_rank(c, from) >= 0;
    pj_type type;
    if (s->batch && ranked)
        PJ_TRY(pj_same_dim(c, s->batches, pj_in_dim(c, from, 0), "the batches of the inputs", &s->batches));
    if (i >= s->states && ranked) {
        PJ_TRY(scan_axis(c, s, "scan_input_axes", i - s->states, pj_in_rank(c, from), &axis));
        PJ_TRY(pj_same_dim(c, s->length, pj_in_dim(c, from, axis), "the lengths of the sequences", &s->length));
    }
    PJ_TRY(slice_of(c, s, pj_in_type(c, from), axis, &type));
    return pj_subgraph_enter(c, s->body, i, type, NULL, 0);
}

/* Results [batch, length, ...] (opset 8), or with the length at an axis of choice. */
static pj_status set_results(pj_ctx *c, const scan *s, int o)
{
    const pj_type *one = &s->body->out[o]->type;
    int axis = 0;
    if (!pj_type_is_tensor(one) || one->rank < 0)
        return pj_set_dtype(c, o, one->dtype);
    if (!s->batch) {
        PJ_TRY(scan_axis(c, s, "scan_output_axes", o - s->states, one->rank + 1, &axis));
        return set_scan(c, o, one, axis, s->length);
    }
    pj_num dims[PJ_MAX_RANK + 2] = {s->batches, s->length};
    for (int k = 0; k < one->rank; k++)
        dims[k + 2] = one->dims[k];
    return pj_set(c, o, one->dtype, one->rank + 2, dims);
}

/* States keep their shapes. */
static pj_status set_state(pj_ctx *c, const scan *s, int o)
{
    pj_type state = *pj_in_type(c, s->first + o);
    if (!s->batch)
        PJ_TRY(pj_types_fill(c, &state, &s->body->out[o]->type, &state));
    return pj_set_type(c, o, state);
}

static pj_status shape_scan(pj_ctx *c, bool batched)
{
    scan s;
    PJ_TRY(read_scan(c, batched, &s));
    for (int i = 0; i < s.states + s.inputs; i++)
        PJ_TRY(enter_scan(c, &s, i));
    s.body->runs = batched ? pj_num_mul(c->symbols, s.batches, s.length) : s.length;
    PJ_TRY(c->driver->infer_graph(c, s.body));
    for (int o = 0; o < c->node->outputs; o++)
        PJ_TRY(o < s.states ? set_state(c, &s, o) : set_results(c, &s, o));
    return PJ_OK;
}

PJ_SHAPE(scan_batched, shape_scan(c, true))
PJ_SHAPE(scan_plain, shape_scan(c, false))

static pj_status work_scan(pj_ctx *c, pj_work *work)
{
    return count_body(c, work, 0, "give the shapes of the inputs with --input NAME=DIMS");
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Loop", 1, "ccx*", PJ_CONTROL | PJ_RUNS_BODY, shape_loop,         NULL, work_loop},
    {"", "Scan", 8, "cx*",  PJ_CONTROL | PJ_RUNS_BODY, shape_scan_batched, NULL, work_scan},
    {"", "Scan", 9, "x*",   PJ_CONTROL | PJ_RUNS_BODY, shape_scan_plain,   NULL, work_scan},
};

PJ_FAMILY(loop);
