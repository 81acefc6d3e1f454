/* The search for tiles of the buffer. docs/memory.md has the formulas. */
#include "reuse/tile.h"

#include "reuse/below.h"

enum { M = PJ_EXTENT_M, N = PJ_EXTENT_N, R = PJ_EXTENT_R };

enum { MOST_LOOKS = 40000 }; /* far more than nests of networks need */

/* How W comes to the array. */
typedef enum way {
    THROUGH_BUFFER,  /* a tile of the buffer has room for it */
    THROUGH_WEIGHTS, /* the buffer of weights holds that of a tile */
    INTO_REGISTERS,  /* the registers of the array hold that of a tile */
    STREAMED,        /* read from level 0 whenever the array needs it, through the buffer of weights if there is one */
    WAYS
} way;

/* What is searched, and the best so far. */
typedef struct search {
    const pj_machine *machine;
    const pj_nest *nest;
    const pj_tile_ask *ask;
    pj_array array[WAYS];
    pj_access source;            /* level 0 as W sees it */
    double input, result, again; /* energy of a bit over level 0: I in; O out; a partial sum out and in */
    double weight[WAYS];         /* W in */
    double room[PJ_NEST_OPERANDS], room_partial; /* bits of an element in a tile; of O that is not finished */
    double least_below[WAYS];                    /* energy below the buffer that no tile goes below */
    double again_below[WAYS][PJ_NEST_OPERANDS];  /* what each further pass over an operand adds to it at least */
    double least, least_again[PJ_NEST_OPERANDS]; /* the same of all energy, however W comes */
    double inputs;                               /* elements */
    double bits;                                 /* of the buffer, or of a part of it: what fits that is tried, too */
    int looks;                                   /* tiles whose registers were looked at */
    double best_pj;
    pj_tile tile;
    pj_below below;
    way way;
    double visits[PJ_NEST_OPERANDS];
    int order;
} search;

static pj_kept kept(const search *s, pj_nest_operand operand)
{
    return s->ask->kept[operand];
}

static void set_arrays(search *s)
{
    const pj_machine *m = s->machine;
    pj_array array = pj_array_of(m, s->nest);
    array.results_gone = kept(s, PJ_NEST_O) == PJ_KEPT_GONE;
    if (kept(s, PJ_NEST_I) == PJ_KEPT_GONE)
        array.above[PJ_NEST_I] = (pj_access){0, 0};
    for (int i = 0; i < WAYS; i++)
        s->array[i] = array;
    array.above[PJ_NEST_W] = m->weight_buffer;
    array.access[PJ_NEST_W] = m->weight_access;
    s->array[THROUGH_WEIGHTS] = s->array[STREAMED] = array;
    s->array[STREAMED].before[PJ_NEST_W] = s->source.read + m->weight_buffer.write;
    s->array[INTO_REGISTERS].weights_inside = true;
}

static void set_prices(search *s)
{
    const pj_machine *m = s->machine;
    double out = m->near.read + m->far.write, in = m->far.read + m->near.write;
    s->source = s->ask->weights_move ? m->far : m->weights;
    s->input = kept(s, PJ_NEST_I) == PJ_KEPT_FAR ? in : 0;
    s->result = kept(s, PJ_NEST_O) == PJ_KEPT_FAR ? out : 0;
    s->again = kept(s, PJ_NEST_O) == PJ_KEPT_CHIP ? 0 : out + in;
    s->weight[THROUGH_BUFFER] = kept(s, PJ_NEST_W) == PJ_KEPT_FAR ? s->source.read + m->near.write : 0;
    s->weight[THROUGH_WEIGHTS] = s->source.read + m->weight_buffer.write;
    s->weight[INTO_REGISTERS] = s->source.read + m->registers[PJ_NEST_W].price.write;
    s->weight[STREAMED] = 0; /* the array pays for what it reads */
}

static bool passes_buffer(const search *s)
{
    return s->machine->holds_weights || kept(s, PJ_NEST_W) != PJ_KEPT_FAR;
}

static void set_room(search *s)
{
    const pj_nest *nest = s->nest;
    bool stored = kept(s, PJ_NEST_O) == PJ_KEPT_FAR;
    s->room[PJ_NEST_I] = kept(s, PJ_NEST_I) == PJ_KEPT_FAR ? nest->input_bits : 0;
    s->room[PJ_NEST_W] = s->machine->holds_weights && kept(s, PJ_NEST_W) == PJ_KEPT_FAR ? nest->weight_bits : 0;
    s->room[PJ_NEST_O] = stored ? nest->output_bits : 0;
    s->room_partial = kept(s, PJ_NEST_O) == PJ_KEPT_CHIP ? 0 : nest->accumulator_bits;
}

static way way_of(const search *s, double n, double r)
{
    if (passes_buffer(s))
        return THROUGH_BUFFER;
    if (s->machine->has_weight_buffer && n * r * s->nest->weight_bits <= s->machine->weight_bits)
        return THROUGH_WEIGHTS;
    return n * r * s->nest->weight_bits <= pj_below_weights(&s->array[0]) ? INTO_REGISTERS : STREAMED;
}

/* Input elements that come in over level 0 if each tile comes once: windows that cross tiles come twice. */
static double inputs_of(const search *s, double trips)
{
    const pj_nest *nest = s->nest;
    return trips > 1 ? fmax(s->inputs, trips * pj_nest_inputs(nest, nest->m / trips, nest->r)) : s->inputs;
}

/* Energy over level 0. */
static double price_far(const search *s, double inputs, way w, const double *visits)
{
    const pj_nest *nest = s->nest;
    return inputs * visits[PJ_NEST_I] * nest->input_bits * s->input +
           nest->n * nest->r * visits[PJ_NEST_W] * nest->weight_bits * s->weight[w] +
           nest->m * nest->n *
               (nest->output_bits * s->result + (visits[PJ_NEST_O] - 1) * nest->accumulator_bits * s->again);
}

/* The order that moves least over level 0. */
static double find_order(const search *s, const pj_tile *tile, way w, int *order, double *visits)
{
    double inputs = inputs_of(s, tile->trips[M]), best = HUGE_VAL, next[PJ_NEST_OPERANDS];
    for (int i = 0; i < PJ_ORDERS; i++) {
        pj_order_visits(i, tile->trips, next);
        double pj = price_far(s, inputs, w, next);
        if (pj >= best)
            continue;
        best = pj;
        *order = i;
        memcpy(visits, next, sizeof next);
    }
    return best;
}

/* No tile with these trips spends less below the buffer. */
static double least_with(const search *s, const pj_tile *tile, way w)
{
    const double *again = s->again_below[w];
    return s->least_below[w] + (tile->trips[N] - 1) * again[PJ_NEST_I] + (tile->trips[M] - 1) * again[PJ_NEST_W] +
           (tile->trips[R] - 1) * again[PJ_NEST_O];
}

/* False: neither this tile nor one of a smaller m can be the best. */
static bool try_tile(search *s, double m, double n, double r)
{
    const pj_nest *nest = s->nest;
    pj_tile tile = {
        {m,                 n,                 r                },
        {ceil(nest->m / m), ceil(nest->n / n), ceil(nest->r / r)}
    };
    double visits[PJ_NEST_OPERANDS];
    int order = 0;
    way w = way_of(s, n, r);
    double far = find_order(s, &tile, w, &order, visits);
    if (far + least_with(s, &tile, w) >= s->best_pj || s->looks >= MOST_LOOKS)
        return false;
    pj_below below;
    pj_below_find(&s->array[w], &tile, &below);
    s->looks += below.tried;
    if (far + below.pj >= s->best_pj)
        return true;
    s->best_pj = far + below.pj;
    s->tile = tile;
    s->below = below;
    s->way = w;
    s->order = order;
    memcpy(s->visits, visits, sizeof visits);
    return true;
}

/* The largest m beside n and r, in whole rows where it has some; below 1: none. */
static double largest_m(const search *s, double n, double r)
{
    const pj_nest *nest = s->nest;
    double result = r < nest->r ? s->room_partial : s->room[PJ_NEST_O];
    return pj_nest_largest(nest, r, s->room[PJ_NEST_I], n * result, s->bits - n * r * s->room[PJ_NEST_W]);
}

/* As many trips as m needs, then tiles of one size. */
static double even_m(const pj_nest *nest, double m)
{
    double width = nest->window.out_w;
    m = width > 0 && m >= width ? floor(m / width) * width : floor(m);
    return ceil(nest->m / ceil(nest->m / m));
}

enum { HALVES = 4 }; /* sizes that are tried: smaller ones leave less to be read again below */

/* The largest m, half of it, and so on. */
static void try_sizes(search *s, double n, double r)
{
    double largest = largest_m(s, n, r), last = 0;
    for (int i = 0; i < HALVES && largest >= 1; i++, largest /= 2) {
        double m = even_m(s->nest, largest);
        if (m != last && !try_tile(s, m, n, r))
            break;
        last = m;
    }
}

/* The largest n beside m and r of a matrix product; below 1: none. */
static double largest_n(const search *s, double m, double r)
{
    double result = r < s->nest->r ? s->room_partial : s->room[PJ_NEST_O];
    double each = m * result + r * s->room[PJ_NEST_W], room = s->bits - m * r * s->room[PJ_NEST_I];
    return room < 0 ? 0 : each > 0 ? fmin(room / each, s->nest->n) : s->nest->n;
}

/* The same with m given, where the nest is a matrix product: transposed, it moves as much. */
static void try_columns(search *s, double m, double r)
{
    double largest = largest_n(s, m, r), last = 0;
    for (int i = 0; i < HALVES && largest >= 1; i++, largest /= 2) {
        double n = ceil(s->nest->n / ceil(s->nest->n / floor(largest)));
        if (n != last)
            (void)try_tile(s, m, n, r);
        last = n;
    }
}

static bool is_product(const search *s)
{
    return s->nest->window.out_w <= 0;
}

/* Parts of the reduction: a whole window of the channels' 1st, 4th, 16th ... part. */
static double next_r(const search *s, double r, double *parts)
{
    const double step = 4;
    double windows = s->array[0].windows;
    if (r <= windows)
        return 0;
    *parts *= step;
    return windows * ceil(s->nest->r / windows / *parts);
}

/* Parts of m or n. */
static double next_part(double all, double now, double *parts)
{
    if (now <= 1)
        return 0;
    *parts = pj_next_parts(*parts);
    return ceil(all / *parts);
}

/* No tile of n and r, and none of less, can be the best; the same of m and r. */
static bool is_hopeless(const search *s, pj_nest_operand again, double trips, double r)
{
    double sums = ceil(s->nest->r / r) - 1;
    return s->least + (trips - 1) * s->least_again[again] + sums * s->least_again[PJ_NEST_O] >= s->best_pj;
}

/* Tiles that are whole in two directions: nothing is moved twice over level 0. */
static void try_slices(search *s)
{
    const pj_nest *nest = s->nest;
    double parts = 1, all = nest->m;
    bool inputs_fit = largest_m(s, 1, nest->r) >= all, results_fit = largest_m(s, nest->n, 1) >= all;
    for (double n = nest->n; n >= 1 && inputs_fit; n = next_part(nest->n, n, &parts))
        if (largest_m(s, n, nest->r) >= all)
            (void)try_tile(s, all, n, nest->r);
    try_sizes(s, nest->n, nest->r);
    if (is_product(s)) {
        parts = 1;
        for (double m = all; m >= 1; m = next_part(all, m, &parts))
            if (largest_m(s, nest->n, nest->r) >= m)
                (void)try_tile(s, m, nest->n, nest->r);
        try_columns(s, all, nest->r);
    }
    parts = 1;
    double windows = s->array[0].windows, channels = nest->r / windows;
    for (double c = channels; c >= 1 && results_fit; c = next_part(channels, c, &parts))
        if (largest_m(s, nest->n, c * windows) >= all)
            (void)try_tile(s, all, nest->n, c * windows);
    if (results_fit)
        (void)try_tile(s, all, nest->n, 1);
}

/* All positions, or all columns, with as much of the reduction as fits beside them: the fewest passes over results that
 * are not finished. */
static void try_whole(search *s, double m, double n)
{
    const pj_nest *nest = s->nest;
    double windows = s->array[0].windows, channels = nest->r / windows;
    double each = pj_nest_inputs(nest, m, windows) * s->room[PJ_NEST_I] + n * windows * s->room[PJ_NEST_W];
    double fit = floor((s->bits - m * n * s->room_partial) / each);
    if (fit >= 1 && fit < channels)
        (void)try_tile(s, m, n, windows * ceil(channels / ceil(channels / fit)));
}

/* Parts of n, with the largest m that each leaves room for; of matrix products parts of m with the largest n, too. */
static void try_parts(search *s, double r)
{
    const pj_nest *nest = s->nest;
    double parts = 1;
    for (double n = nest->n; n >= 1 && !is_hopeless(s, PJ_NEST_I, ceil(nest->n / n), r);
         n = next_part(nest->n, n, &parts)) {
        try_sizes(s, n, r);
        if (r == nest->r)
            try_whole(s, nest->m, n);
    }
    parts = 1;
    for (double m = nest->m; is_product(s) && m >= 1 && !is_hopeless(s, PJ_NEST_W, ceil(nest->m / m), r);
         m = next_part(nest->m, m, &parts)) {
        try_columns(s, m, r);
        if (r == nest->r)
            try_whole(s, m, nest->n);
    }
}

static void try_all(search *s)
{
    double parts = 1;
    for (double r = s->nest->r; r >= 1 && !is_hopeless(s, PJ_NEST_I, 1, r); r = next_r(s, r, &parts))
        try_parts(s, r);
    if (s->best_pj == HUGE_VAL) /* not even one window fits */
        try_sizes(s, 1, 1);
}

/* No search finds less than each element once. */
static void find_least(search *s)
{
    const double once[PJ_NEST_OPERANDS] = {1, 1, 1};
    s->least = HUGE_VAL;
    for (int i = 0; i < WAYS; i++) {
        s->least_below[i] = pj_below_least(&s->array[i], s->again_below[i]);
        double all = s->least_below[i] + price_far(s, s->inputs, (way)i, once);
        if ((i == THROUGH_BUFFER) == passes_buffer(s) && all < s->least) {
            s->least = all;
            memcpy(s->least_again, s->again_below[i], sizeof s->least_again);
        }
    }
}

/* Do the registers never bind, whatever fits in the buffer? */
static bool is_plain(const search *s)
{
    bool plain = passes_buffer(s);
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        plain = plain && s->array[0].has[x] && s->machine->registers[x].bits >= s->ask->buffer_bits;
    return plain;
}

/* Where registers bind, a smaller tile of the buffer can be better for them: those of smaller buffers are tried, so
 * that a larger buffer is not worse than a smaller one. */
static bool find(search *s)
{
    const double near_enough = 1.01, smallest = 65536;
    find_least(s);
    s->bits = s->ask->buffer_bits;
    s->best_pj = HUGE_VAL;
    try_slices(s);
    while (s->best_pj > s->least * near_enough) {
        try_all(s);
        s->bits /= 2;
        if (is_plain(s) || s->best_pj == HUGE_VAL || !(s->bits >= smallest && s->bits < HUGE_VAL))
            break;
    }
    if (s->best_pj < HUGE_VAL)
        return true;
    (void)try_tile(s, 1, 1, 1);
    return false;
}

static void tell_inputs(const search *s, pj_tiling *out)
{
    const pj_nest *nest = s->nest;
    pj_flow *flow = out->flow[PJ_NEST_I];
    double far = inputs_of(s, s->tile.trips[M]) * s->visits[PJ_NEST_I] * nest->input_bits;
    double read = s->below.read[PJ_NEST_I];
    if (kept(s, PJ_NEST_I) == PJ_KEPT_FAR)
        flow[PJ_STORE_FAR].read = flow[PJ_STORE_NEAR].written = far;
    if (kept(s, PJ_NEST_I) != PJ_KEPT_GONE)
        flow[PJ_STORE_NEAR].read = read * s->below.wasted[PJ_NEST_I];
    flow[PJ_STORE_REGISTERS].written = read;
}

static void tell_weights(const search *s, pj_tiling *out)
{
    static const pj_store passed[WAYS] = {PJ_STORE_NEAR, PJ_STORE_WEIGHTS, PJ_STORE_REGISTERS, PJ_STORE_WEIGHTS};
    const pj_nest *nest = s->nest;
    pj_flow *flow = out->flow[PJ_NEST_W], *on_the_way = &flow[passed[s->way]];
    double read = s->below.read[PJ_NEST_W];
    double far = s->way == STREAMED ? read : nest->n * nest->r * s->visits[PJ_NEST_W] * nest->weight_bits;
    bool stops = s->way != STREAMED || s->machine->has_weight_buffer;
    flow[PJ_STORE_REGISTERS].written = read;
    if (kept(s, PJ_NEST_W) == PJ_KEPT_FAR) {
        flow[PJ_STORE_FAR].read = far;
        on_the_way->written = stops ? far : on_the_way->written;
    }
    if (stops && s->way != INTO_REGISTERS)
        on_the_way->read = read * s->below.wasted[PJ_NEST_W];
}

static void tell_results(const search *s, pj_tiling *out)
{
    const pj_nest *nest = s->nest;
    pj_flow *flow = out->flow[PJ_NEST_O];
    double all = nest->m * nest->n, final = kept(s, PJ_NEST_O) == PJ_KEPT_GONE ? 0 : all * nest->output_bits;
    double far = kept(s, PJ_NEST_O) == PJ_KEPT_FAR ? final : 0;
    double spilled = kept(s, PJ_NEST_O) == PJ_KEPT_CHIP ? 0 : all * (s->visits[PJ_NEST_O] - 1) * nest->accumulator_bits;
    double sums = all * (s->below.sums - 1) * nest->accumulator_bits;
    flow[PJ_STORE_FAR] = (pj_flow){spilled, far + spilled};
    flow[PJ_STORE_NEAR].read = far + spilled + sums * s->below.wasted[PJ_NEST_O];
    flow[PJ_STORE_NEAR].written = final + spilled + sums;
    flow[PJ_STORE_REGISTERS] = (pj_flow){final + sums, sums};
}

/* What the multiply-accumulates do to the registers. */
static void tell_registers(const search *s, pj_tiling *out)
{
    const pj_array *array = &s->array[s->way];
    double macs = s->nest->m * s->nest->n * s->nest->r;
    for (int x = 0; x < PJ_NEST_OPERANDS; x++) {
        pj_flow *flow = &out->flow[x][PJ_STORE_REGISTERS];
        double bits = macs * array->bits[x] / pj_below_shared(array, &s->below, (pj_nest_operand)x);
        flow->read += bits;
        flow->written += x == PJ_NEST_O ? bits : 0;
        if (!array->has[x])
            *flow = (pj_flow){0, 0};
    }
}

static pj_access price_of(const search *s, int operand, int store)
{
    switch ((pj_store)store) {
    case PJ_STORE_FAR:
        return operand == PJ_NEST_W ? s->source : s->machine->far;
    case PJ_STORE_NEAR:
        return s->machine->near;
    case PJ_STORE_WEIGHTS:
        return s->machine->weight_buffer;
    case PJ_STORE_REGISTERS:
    case PJ_STORES:
        break;
    }
    return s->machine->registers[operand].price;
}

static void tell_energy(const search *s, pj_tiling *out)
{
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        for (int i = 0; i < PJ_STORES; i++) {
            pj_flow *flow = &out->flow[x][i];
            pj_access price = price_of(s, x, i);
            flow->read *= s->nest->groups;
            flow->written *= s->nest->groups;
            out->pj[x][i] = flow->read * price.read + flow->written * price.write;
            out->total_pj += out->pj[x][i];
            out->far_bits += i == PJ_STORE_FAR ? flow->read + flow->written : 0;
        }
}

static void tell_time(const search *s, pj_tiling *out)
{
    double busy = 1, all = 1;
    for (int i = 0; i < PJ_DIRECTIONS; i++) {
        busy *= s->below.busy[i];
        all *= s->machine->unroll[i];
    }
    out->macs = s->nest->groups * s->nest->m * s->nest->n * s->nest->r;
    out->cycles = out->macs / busy;
    out->utilization = busy / all;
    double waiting = s->machine->far_bits_per_cycle > 0 ? out->far_bits / s->machine->far_bits_per_cycle : 0;
    out->is_memory_bound = waiting > out->cycles;
    out->cycles = fmax(out->cycles, waiting);
}

/* What the buffer, and what stands beside it for weights, can hold at once: one product at least. */
static double storage_of(const search *s)
{
    const pj_machine *m = s->machine;
    double product = s->nest->input_bits + s->nest->weight_bits + s->nest->accumulator_bits;
    double bits = fmax(s->ask->buffer_bits, product);
    if (passes_buffer(s))
        return bits;
    if (m->has_weight_buffer)
        bits += m->weight_bits;
    return bits + pj_below_weights(&s->array[0]);
}

static void tell_bounds(const search *s, pj_tiling *out)
{
    double moving = 0;
    bool all = true;
    for (int x = 0; x < PJ_NEST_OPERANDS; x++) {
        double bits = pj_nest_bits(s->nest, (pj_nest_operand)x);
        out->once_bits += bits;
        bool moves = kept(s, (pj_nest_operand)x) == PJ_KEPT_FAR;
        moving += moves ? bits : 0;
        all = all && moves;
    }
    out->bound_bits = all ? pj_nest_bound(s->nest, storage_of(s)) : moving;
}

void pj_tile_find(const pj_machine *machine, const pj_nest *nest, const pj_tile_ask *ask, pj_tiling *out)
{
    search s = {.machine = machine, .nest = nest, .ask = ask, .inputs = pj_nest_inputs(nest, nest->m, nest->r)};
    set_prices(&s);
    set_arrays(&s);
    set_room(&s);
    memset(out, 0, sizeof *out);
    out->fits = find(&s);
    out->m = s.tile.size[M];
    out->n = s.tile.size[N];
    out->r = s.tile.size[R];
    out->stays = pj_order_stays[s.order];
    tell_inputs(&s, out);
    tell_weights(&s, out);
    tell_results(&s, out);
    tell_registers(&s, out);
    tell_energy(&s, out);
    tell_time(&s, out);
    tell_bounds(&s, out);
}
