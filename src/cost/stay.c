/* Which tensors stay on chip. */
#include "cost/stay.h"
#include "cost/cache.h"
#include "reuse/resident.h"

/* What is needed on the way. */
typedef struct finder {
    const pj_traffic *traffic;
    const pj_buffers *buffers;
    const pj_machine *machine;
    unsigned keeps;
    pj_stays *out;
    pj_fuse_node *node; /* by layer */
    int *maker;         /* by root: a layer that has a price; -1: none */
    bool *stays;        /* by root: needed otherwise than by layers of its graph */
    int *readers;       /* by root: those layers */
} finder;

/* ---- fused ---- */

static bool is_priced(const finder *f, size_t layer)
{
    const pj_layer *row = &f->traffic->layers->row[layer];
    return row->counted && !row->free;
}

static pj_fuse_class class_of(const finder *f, size_t layer)
{
    const pj_node *node = f->traffic->layers->detail[layer].node;
    if (!is_priced(f, layer))
        return PJ_FUSE_NONE;
    if (pj_precision_node(f->traffic->precision, node)->quantizer != PJ_NO_QUANTIZER)
        return PJ_FUSE_QUANTIZER;
    return pj_op_follows(node->desc);
}

/* The tensor that a layer reads there, of its own graph; -1: none. */
static int tensor_of(const finder *f, const pj_node *node, int i)
{
    return pj_layer_reads_activation(node, i) ? pj_buffers_root(f->buffers, node->graph, node->in[i]) : -1;
}

static pj_status list_nodes(finder *f, pj_error *err)
{
    const pj_layers *layers = f->traffic->layers;
    for (size_t l = 0; l < layers->count; l++) {
        const pj_node *node = layers->detail[l].node;
        int *in = PJ_NEW(f->traffic->arena, int, node->inputs);
        if (!in)
            return pj_fail_memory(err);
        for (int i = 0; i < node->inputs; i++)
            in[i] = tensor_of(f, node, i);
        bool reads = !layers->row[l].free;
        f->node[l] = (pj_fuse_node){class_of(f, l), in, reads ? node->inputs : 0};
        f->out->layer_of[node->id] = (int)l;
        for (int o = 0; o < node->outputs && is_priced(f, l); o++)
            if (pj_buffers_owns(f->buffers, node->out[o]))
                f->maker[node->out[o]->index] = (int)l;
    }
    return PJ_OK;
}

/* Classes that need no memory between layers wherever they stand; softmax is for attention alone. */
static unsigned always_fused(const finder *f)
{
    return f->keeps & PJ_KEEPS_FUSED ? f->traffic->memory->hierarchy->fuse & ~(1u << PJ_FUSE_SOFTMAX) : 0;
}

static pj_status find_fused(finder *f, pj_error *err)
{
    const pj_model *model = f->traffic->schedule->model;
    int values = model->values, layers = (int)f->traffic->layers->count;
    unsigned fuse = always_fused(f);
    for (int v = 0; v < values; v++)
        f->maker[v] = -1;
    PJ_TRY(list_nodes(f, err));
    pj_fuse_find(f->node, layers, f->maker, f->stays, values, 0, f->readers, f->out->into);
    for (int v = 0; v < values; v++)
        f->stays[v] = f->buffers->reads[v] != f->readers[v];
    pj_fuse_find(f->node, layers, f->maker, f->stays, values, fuse, f->readers, f->out->into);
    return fuse ? pj_fuse_join(f->node, layers, f->maker, f->stays, values, fuse, f->readers, f->out->into,
                               f->traffic->arena, err)
                : PJ_OK;
}

/* ---- attention: product, what is fused into it, softmax, product ---- */

/* The layer that makes the main tensor of this one, through those that are fused into it; -1: none. */
static int producer_of(const finder *f, int layer)
{
    const pj_fuse_node *node = &f->node[layer];
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] >= 0 && f->out->into[node->in[i]] == layer)
            return f->maker[node->in[i]];
    return -1;
}

static const pj_loops *product_of(const finder *f, int layer)
{
    const pj_layer_detail *detail = layer < 0 ? NULL : &f->traffic->layers->detail[layer];
    const pj_loops *loops = detail ? detail->loops : NULL;
    bool is_product = loops && loops->kind == PJ_LOOPS_PRODUCT && loops->nest.window.out_w <= 0 &&
                      tensor_of(f, detail->node, loops->input) >= 0 && tensor_of(f, detail->node, loops->weight) >= 0;
    return is_product ? loops : NULL;
}

static bool is_read_once(const finder *f, int tensor)
{
    return tensor >= 0 && !f->stays[tensor] && f->readers[tensor] == 1;
}

static int result_of(const finder *f, int layer)
{
    const pj_value *value = f->traffic->layers->detail[layer].node->out[0];
    return pj_buffers_owns(f->buffers, value) ? value->index : -1;
}

/* The attention of a softmax between those two products; keeps nothing where it does not pay. */
static void fuse_attention(finder *f, int scores, int softmax, int values, int tensor)
{
    pj_nest first, second;
    pj_stays *out = f->out;
    if (!pj_stays_nest(f->traffic, (size_t)scores, &first) || !pj_stays_nest(f->traffic, (size_t)values, &second) ||
        first.groups != second.groups || first.m != second.m || first.n != second.r)
        return;
    const pj_attention attention = {.rows = first.m,
                                    .columns = first.n,
                                    .depth = first.r,
                                    .value_depth = second.n,
                                    .element_bits = first.input_bits,
                                    .accumulator_bits = first.accumulator_bits,
                                    .buffer_bits = f->machine->near_bits};
    pj_attention_traffic traffic = pj_attention_find(&attention);
    if (!traffic.fits || traffic.bits > traffic.unfused)
        return;
    out->passes[scores] = out->passes[values] = traffic.passes;
    out->into[f->node[softmax].in[0]] = softmax;
    out->into[tensor] = values;
}

static pj_status find_attention(finder *f, pj_error *err)
{
    size_t count = f->traffic->layers->count;
    int *reader = PJ_NEW(f->traffic->arena, int, f->traffic->schedule->model->values);
    if (!reader)
        return pj_fail_memory(err);
    for (size_t l = 0; l < count; l++)
        for (int i = 0; i < f->node[l].inputs; i++)
            if (f->node[l].in[i] >= 0)
                reader[f->node[l].in[i]] = (int)l;
    for (size_t l = 0; l < count; l++) {
        int softmax = (int)l, in = f->node[l].inputs ? f->node[l].in[0] : -1;
        if (f->node[l].fuses != PJ_FUSE_SOFTMAX || !is_read_once(f, in))
            continue;
        int scores = f->maker[in], tensor = result_of(f, softmax);
        int values = is_read_once(f, tensor) ? reader[tensor] : -1;
        while (scores >= 0 && !product_of(f, scores))
            scores = producer_of(f, scores);
        const pj_loops *second = product_of(f, values);
        if (scores >= 0 && second && tensor_of(f, f->traffic->layers->detail[values].node, second->input) == tensor)
            fuse_attention(f, scores, softmax, values, tensor);
    }
    return PJ_OK;
}

/* ---- resident ---- */

/* The tensors of one graph that could stay. */
typedef struct candidates {
    pj_stay *stay;
    int *root;
    size_t count;
} candidates;

static void add_candidate(const finder *f, const pj_value *value, candidates *out)
{
    const pj_lives *lives = &f->traffic->schedule->lives;
    int root = value ? value->index : -1;
    if (!pj_buffers_owns(f->buffers, value) || f->out->into[root] >= 0 || f->buffers->is_unknown[root] ||
        lives->dies[root] == PJ_STEP_NEVER || lives->born[root] == PJ_STEP_NEVER ||
        pj_buffers_is_bundle(f->buffers, root) || f->maker[root] < 0)
        return;
    out->root[out->count] = root;
    out->stay[out->count++] =
        (pj_stay){8 * (double)f->buffers->bytes[root], lives->born[root], lives->dies[root], f->buffers->reads[root]};
}

/* Where tiles are looked for, tensors leave half of the buffer to them, or all that the layer reads and writes. */
static double *room_for_tiles(const finder *f, const pj_graph *graph)
{
    double *taken = PJ_NEW(f->traffic->arena, double, graph->nodes + 1);
    for (int n = 0; taken && n < graph->nodes; n++) {
        int layer = f->out->layer_of[graph->node[n]->id];
        double operands = 0;
        pj_nest nest;
        if (layer < 0 || !pj_stays_nest(f->traffic, (size_t)layer, &nest))
            continue;
        for (int x = 0; x < PJ_NEST_OPERANDS; x++)
            operands += pj_nest_bits(&nest, (pj_nest_operand)x);
        taken[n + 1] = fmin(operands, f->machine->near_bits / 2);
    }
    return taken;
}

/* Of a subgraph: beside what stays of the graph around it. No tensor stays over trips. */
static pj_status keep_graph(finder *f, const pj_graph *graph, double capacity, pj_error *err)
{
    pj_arena *arena = f->traffic->arena;
    size_t outputs = 0;
    pj_residency found;
    for (int n = 0; n < graph->nodes; n++)
        outputs += (size_t)graph->node[n]->outputs;
    candidates c = {PJ_NEW(arena, pj_stay, outputs), PJ_NEW(arena, int, outputs), 0};
    if (!c.stay || !c.root)
        return pj_fail_memory(err);
    for (int n = 0; n < graph->nodes; n++)
        for (int o = 0; o < graph->node[n]->outputs; o++)
            add_candidate(f, graph->node[n]->out[o], &c);
    double share = (1 - f->machine->reserve) * capacity;
    double *taken = f->keeps & PJ_KEEPS_TILES ? room_for_tiles(f, graph) : NULL;
    if (pj_arena_failed(arena))
        return pj_fail_memory(err);
    PJ_TRY(pj_resident_choose(c.stay, c.count, graph->nodes + 1, share, taken, f->machine->far.write,
                              f->machine->far.read, arena, &found, err));
    f->out->saved_pj += found.saved;
    f->out->most_saved_pj = found.bound < 0 || f->out->most_saved_pj < 0 ? -1 : f->out->most_saved_pj + found.bound;
    for (size_t i = 0; i < c.count; i++)
        f->out->on_chip[c.root[i]] = found.on_chip[i];
    for (int n = 0; n < graph->nodes; n++) {
        int layer = f->out->layer_of[graph->node[n]->id];
        if (layer >= 0)
            f->out->room[layer] = fmax(capacity - found.live[n + 1], f->machine->near_bits / 10);
    }
    return PJ_OK;
}

typedef struct inner {
    finder *f;
    pj_error *err;
} inner;

static pj_status keep_bodies(finder *f, const pj_graph *graph, pj_error *err);

static pj_status keep_body(const pj_graph *body, void *payload)
{
    inner *in = payload;
    int layer = in->f->out->layer_of[body->holder->id];
    double room = layer >= 0 ? in->f->out->room[layer] : in->f->machine->near_bits / 10;
    PJ_TRY(keep_graph(in->f, body, room, in->err));
    return keep_bodies(in->f, body, in->err);
}

static pj_status keep_bodies(finder *f, const pj_graph *graph, pj_error *err)
{
    inner in = {f, err};
    for (int n = 0; n < graph->nodes; n++)
        if (graph->node[n]->attrs)
            PJ_TRY(pj_buffers_bodies(graph->node[n], keep_body, &in));
    return PJ_OK;
}

/* Constants that all fit beside what stays are there for the next run, too. */
static pj_status find_weights_read(finder *f, pj_error *err)
{
    const pj_layers *layers = f->traffic->layers;
    double bits = 0, room = f->machine->near_bits;
    bool *seen = PJ_NEW(f->traffic->arena, bool, f->traffic->schedule->model->values);
    if (!seen)
        return pj_fail_memory(err);
    for (size_t l = 0; l < layers->count; l++) {
        room = is_priced(f, l) ? fmin(room, f->out->room[l]) : room;
        for (int i = 0; i < layers->detail[l].parameters; i++) {
            const pj_parameter *parameter = &layers->detail[l].parameter[i];
            uint64_t one = 0;
            pj_error why;
            if (!seen[parameter->value->index] &&
                pj_traffic_bits(&parameter->format, parameter->value, parameter->read, &one, &why) == PJ_OK)
                bits += (double)one;
            seen[parameter->value->index] = true;
        }
    }
    if (f->machine->holds_weights && bits <= room)
        f->out->weights_read = 1 / fmax((double)f->traffic->memory->runs, 1);
    return PJ_OK;
}

/* ---- all of it ---- */

/* Results that are stored are those of the first layer of a chain of fused ones. The products of an attention have
 * their own. */
static void find_heads(finder *f)
{
    const pj_layers *layers = f->traffic->layers;
    pj_stays *out = f->out;
    for (size_t l = 0; l < layers->count; l++) {
        const pj_node *node = layers->detail[l].node;
        int into = -1;
        for (int i = 0; i < f->node[l].inputs && into < 0 && out->passes[l] == 0; i++)
            if (f->node[l].in[i] >= 0 && out->into[f->node[l].in[i]] >= 0)
                into = f->maker[f->node[l].in[i]];
        out->head[l] = into < 0 ? (int)l : out->head[into];
        for (int o = node->outputs - 1; o >= 0; o--) {
            const pj_value *value = node->out[o];
            if (!value || pj_stays_where(f->traffic, out, value) == PJ_KEPT_GONE)
                continue;
            out->next[value->index] = out->result[out->head[l]];
            out->result[out->head[l]] = value;
        }
    }
}

static void count_tensors(finder *f)
{
    int values = f->traffic->schedule->model->values;
    for (int v = 0; v < values; v++) {
        if (f->maker[v] < 0)
            continue;
        f->out->gone += f->out->into[v] >= 0;
        f->out->chip += f->out->on_chip[v];
        f->out->level0 += f->out->into[v] < 0 && !f->out->on_chip[v];
    }
}

static void find_caches(finder *f)
{
    const pj_value *first = NULL;
    size_t count = f->traffic->memory->append_caches ? pj_caches_find(f->traffic, f->out->past, &first) : 0;
    if (count && f->traffic->diags)
        pj_diag_add(f->traffic->diags, PJ_DIAG_CACHE, "",
                    "caches of keys and values that are read and grow: %zu, the first '%.64s'. Only what is new is "
                    "written (--kv-cache whole: all of it)",
                    count, first->name);
}

pj_status pj_stays_find(const pj_traffic *traffic, unsigned keeps, pj_stays *out, pj_error *err)
{
    const pj_model *model = traffic->schedule->model;
    pj_arena *arena = traffic->arena;
    size_t count = traffic->layers->count;
    finder f = {.traffic = traffic,
                .buffers = &traffic->schedule->buffers,
                .machine = &traffic->memory->machine,
                .keeps = keeps,
                .out = out,
                .node = PJ_NEW(arena, pj_fuse_node, count),
                .maker = PJ_NEW(arena, int, model->values),
                .readers = PJ_NEW(arena, int, model->values),
                .stays = PJ_NEW(arena, bool, model->values)};
    *out = (pj_stays){.into = PJ_NEW(arena, int, model->values),
                      .on_chip = PJ_NEW(arena, bool, model->values),
                      .room = PJ_NEW(arena, double, count),
                      .passes = PJ_NEW(arena, double, count),
                      .past = PJ_NEW(arena, const pj_value *, model->values),
                      .head = PJ_NEW(arena, int, count),
                      .result = PJ_NEW(arena, const pj_value *, count),
                      .next = PJ_NEW(arena, const pj_value *, model->values),
                      .layer_of = PJ_NEW(arena, int, model->nodes),
                      .told = PJ_NEW(arena, size_t, model->values),
                      .weights_read = 1};
    if (pj_arena_failed(arena))
        return pj_fail_memory(err);
    for (int n = 0; n < model->nodes; n++)
        out->layer_of[n] = -1;
    for (size_t l = 0; l < count; l++)
        out->room[l] = f.machine->near_bits;
    find_caches(&f);
    PJ_TRY(find_fused(&f, err));
    if (keeps & PJ_KEEPS_FUSED && traffic->memory->hierarchy->fuse & 1u << PJ_FUSE_SOFTMAX)
        PJ_TRY(find_attention(&f, err));
    if (keeps & PJ_KEEPS_TENSORS) {
        PJ_TRY(keep_graph(&f, model->graph, f.machine->near_bits, err));
        PJ_TRY(keep_bodies(&f, model->graph, err));
        PJ_TRY(find_weights_read(&f, err));
    }
    find_heads(&f);
    count_tensors(&f);
    return PJ_OK;
}

/* ---- one layer ---- */

pj_kept pj_stays_where(const pj_traffic *traffic, const pj_stays *stays, const pj_value *value)
{
    int root = pj_traffic_buffer(traffic, value);
    if (pj_layers_hide(traffic->layers, value))
        return PJ_KEPT_GONE;
    if (root < 0)
        return PJ_KEPT_FAR;
    return stays->into[root] >= 0 ? PJ_KEPT_GONE : stays->on_chip[root] ? PJ_KEPT_CHIP : PJ_KEPT_FAR;
}

/* Bits of an operand by the format of the layer; 0: not known. */
static double operand_bits(const pj_traffic *traffic, const pj_layer_detail *detail, int i)
{
    uint64_t bits = 0;
    pj_error why;
    pj_format format = pj_precision_reads(traffic->precision, detail->node, i);
    (void)pj_traffic_bits(&format, detail->node->in[i], detail->read[i], &bits, &why);
    return (double)bits;
}

bool pj_stays_nest(const pj_traffic *traffic, size_t layer, pj_nest *out)
{
    const pj_layer_detail *detail = &traffic->layers->detail[layer];
    const pj_node *node = detail->node;
    const pj_loops *loops = detail->loops;
    uint64_t results = 0;
    pj_error why;
    if (!loops || loops->kind != PJ_LOOPS_PRODUCT || !node->outputs || !node->out[0] ||
        detail->formats->accumulator.from == PJ_FROM_NOTHING)
        return false;
    pj_format input = pj_precision_reads(traffic->precision, node, loops->input);
    pj_format output = pj_precision_of(traffic->precision, node->out[0]);
    (void)pj_traffic_bits(&output, node->out[0], detail->written[0], &results, &why);
    *out = loops->nest;
    /* what is shared, or packed, by as many elements as the loops have */
    out->input_bits = out->window.out_w > 0
                          ? (double)input.number.bits
                          : operand_bits(traffic, detail, loops->input) / (out->groups * out->m * out->r);
    out->weight_bits = operand_bits(traffic, detail, loops->weight) / (out->groups * out->n * out->r);
    out->output_bits = (double)results / (out->groups * out->m * out->n);
    double stated = traffic->memory->hierarchy->accumulator_bits;
    out->accumulator_bits = stated > 0 ? stated : (double)detail->formats->accumulator.number.bits;
    return out->input_bits > 0 && out->weight_bits > 0 && out->output_bits > 0 && out->accumulator_bits > 0;
}
