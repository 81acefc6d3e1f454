/* Tiles of the registers. */
#include "reuse/below.h"

enum { M = PJ_EXTENT_M, N = PJ_EXTENT_N, R = PJ_EXTENT_R };

const char pj_order_stays[PJ_ORDERS] = {'O', 'W', 'I'};

/* An operand is brought in once per trip of the loops from the outside to its innermost own one that runs more than
 * once. Relative to once, that is the loop among them that is not its own, if there is one. */
void pj_order_visits(int order, const double trips[PJ_EXTENTS], double visits[PJ_NEST_OPERANDS])
{
    bool m = trips[M] > 1, n = trips[N] > 1, r = trips[R] > 1;
    visits[PJ_NEST_I] = visits[PJ_NEST_W] = visits[PJ_NEST_O] = 1;
    switch (pj_order_stays[order]) {
    case 'O': /* M N R */
        visits[PJ_NEST_I] = r ? trips[N] : 1;
        visits[PJ_NEST_W] = n || r ? trips[M] : 1;
        break;
    case 'W': /* N R M */
        visits[PJ_NEST_I] = r || m ? trips[N] : 1;
        visits[PJ_NEST_O] = m ? trips[R] : 1;
        break;
    default: /* M R N */
        visits[PJ_NEST_W] = r || n ? trips[M] : 1;
        visits[PJ_NEST_O] = n ? trips[R] : 1;
        break;
    }
}

double pj_next_parts(double parts)
{
    double next = rint(parts * 1.5);
    return next > parts ? next : parts + 1;
}

pj_array pj_array_of(const pj_machine *machine, const pj_nest *nest)
{
    pj_array array = {
        .machine = machine,
        .nest = nest,
        .bits = {nest->input_bits,     nest->weight_bits,    nest->accumulator_bits},
        .above = {machine->near,        machine->near,        machine->near         },
        .access = {machine->near_access, machine->near_access, machine->near_access  },
        .windows = pj_nest_window(nest)
    };
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        array.has[x] = machine->registers[x].given && machine->registers[x].bits >= array.bits[x];
    return array;
}

static double busy_of(double extent, double unroll)
{
    return extent / ceil(extent / unroll);
}

static void find_busy(const pj_array *array, const pj_tile *tile, double *busy)
{
    const double *unroll = array->machine->unroll;
    double channels = fmax(tile->size[R] / array->windows, 1);
    busy[PJ_ALONG_M] = busy_of(tile->size[M], unroll[PJ_ALONG_M]);
    busy[PJ_ALONG_N] = busy_of(tile->size[N], unroll[PJ_ALONG_N]);
    busy[PJ_ALONG_R] = busy_of(array->machine->unrolls_window ? tile->size[R] : channels, unroll[PJ_ALONG_R]);
    busy[PJ_ALONG_G] = fmin(unroll[PJ_ALONG_G], array->nest->groups);
}

double pj_below_shared(const pj_array *array, const pj_below *below, pj_nest_operand operand)
{
    const bool *shared = array->machine->registers[operand].shared;
    double product = 1;
    for (int i = 0; i < PJ_DIRECTIONS; i++)
        product *= shared[i] ? below->busy[i] : 1;
    return product;
}

/* Bits of an access that the array has a use for at once. */
static void find_wasted(const pj_array *array, pj_below *below)
{
    const double used[PJ_NEST_OPERANDS] = {
        below->busy[PJ_ALONG_M] * below->busy[PJ_ALONG_R] * array->bits[PJ_NEST_I],
        below->busy[PJ_ALONG_N] * below->busy[PJ_ALONG_R] * array->bits[PJ_NEST_W],
        below->busy[PJ_ALONG_M] * below->busy[PJ_ALONG_N] * array->bits[PJ_NEST_O],
    };
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        below->wasted[x] = used[x] > 0 ? fmax(1, array->access[x] / used[x]) : 1;
}

static double price_registers(const pj_array *array, const pj_below *below, double macs)
{
    double pj = 0;
    for (int x = 0; x < PJ_NEST_OPERANDS; x++) {
        const pj_access *price = &array->machine->registers[x].price;
        double each = x == PJ_NEST_O ? price->read + price->write : price->read;
        if (array->has[x])
            pj += macs * array->bits[x] * each / pj_below_shared(array, below, (pj_nest_operand)x);
    }
    return pj;
}

/* Energy of a bit of I or W on its way into the array. */
static double price_in(const pj_array *array, const pj_below *below, int x)
{
    double pj = array->before[x] + array->above[x].read * below->wasted[x];
    return array->has[x] ? pj + array->machine->registers[x].price.write : pj;
}

static pj_access registers_of_results(const pj_array *array)
{
    return array->has[PJ_NEST_O] ? array->machine->registers[PJ_NEST_O].price : (pj_access){0, 0};
}

/* Energy of one more pass over partial sums: out of the array, and in again. */
static double price_again(const pj_array *array, const pj_below *below)
{
    const pj_access *above = &array->above[PJ_NEST_O], registers = registers_of_results(array);
    double out = above->write + registers.read, in = above->read * below->wasted[PJ_NEST_O] + registers.write;
    return array->nest->m * array->nest->n * array->bits[PJ_NEST_O] * (out + in);
}

static double price_results(const pj_array *array, const pj_below *below)
{
    const pj_nest *nest = array->nest;
    double store = array->above[PJ_NEST_O].write + registers_of_results(array).read;
    double final = array->results_gone ? 0 : nest->m * nest->n * nest->output_bits * store;
    return final + (below->sums - 1) * price_again(array, below);
}

static double price_moves(const pj_array *array, const pj_below *below)
{
    double pj = price_results(array, below);
    for (int x = PJ_NEST_I; x <= PJ_NEST_W; x++)
        pj += below->read[x] * price_in(array, below, x);
    return pj;
}

/* Of one processing element. */
typedef struct share {
    double m, n, r;
    double mean_m, mean_r;         /* the same where the last tile is smaller than the others */
    double elements;               /* that load inputs of their own: neighbours load what they share, too */
    bool whole[PJ_NEST_OPERANDS];  /* of which the registers hold all that a tile of the buffer has */
    double room[PJ_NEST_OPERANDS]; /* registers in elements; infinite without a limit here */
} share;

/* Elements of a reduction that one processing element has to do. */
static double share_of_r(const pj_array *array, double r)
{
    double unroll = array->machine->unroll[PJ_ALONG_R], windows = fmin(array->windows, r);
    return array->machine->unrolls_window ? ceil(r / unroll) : windows * ceil(r / windows / unroll);
}

double pj_below_weights(const pj_array *array)
{
    double bits = array->has[PJ_NEST_W] ? array->machine->registers[PJ_NEST_W].bits : 0;
    for (int i = 0; i < PJ_DIRECTIONS; i++)
        bits *= array->machine->unroll[i];
    return bits;
}

static share share_of(const pj_array *array, const pj_tile *tile)
{
    const pj_machine *machine = array->machine;
    share s = {.m = ceil(tile->size[M] / machine->unroll[PJ_ALONG_M]),
               .n = ceil(tile->size[N] / machine->unroll[PJ_ALONG_N]),
               .r = share_of_r(array, tile->size[R])};
    double mean = array->nest->m / tile->trips[M], columns = array->machine->unrolls_window ? 1 : array->windows;
    s.mean_m = fmax(mean / machine->unroll[PJ_ALONG_M], 1);
    s.mean_r = s.r * array->nest->r / tile->trips[R] / tile->size[R];
    s.elements = mean / s.mean_m * fmin(machine->unroll[PJ_ALONG_R], ceil(tile->size[R] / columns));
    const double all[PJ_NEST_OPERANDS] = {pj_nest_inputs(array->nest, s.m, s.r), s.n * s.r, s.m * s.n};
    for (int x = 0; x < PJ_NEST_OPERANDS; x++) {
        double room = array->has[x] ? floor(machine->registers[x].bits / array->bits[x]) : 0;
        s.whole[x] = array->has[x] && all[x] <= room;
        s.room[x] = s.whole[x] || !array->has[x] ? HUGE_VAL : room;
    }
    return s;
}

static const double once[PJ_EXTENTS] = {1, 1, 1};

/* Inputs that one processing element loads for a tile of the buffer. */
static double inputs_of_share(const pj_nest *nest, const share *s, const double *trips)
{
    return trips[M] * trips[R] * pj_nest_inputs(nest, s->mean_m / trips[M], s->mean_r / trips[R]);
}

/* Traffic of all tiles, with trips of the registers' tiles inside of each, under an order. */
static void move(const pj_array *array, const pj_tile *tile, const share *s, const double *trips, int order,
                 pj_below *out)
{
    const pj_nest *nest = array->nest;
    double visits[PJ_NEST_OPERANDS], macs = nest->m * nest->n * nest->r;
    double tiles = tile->trips[M] * tile->trips[N] * tile->trips[R];
    pj_order_visits(order, trips, visits);
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        visits[x] = s->whole[x] ? 1 : visits[x];
    double inputs = s->elements * inputs_of_share(nest, s, s->whole[PJ_NEST_I] ? once : trips);
    out->read[PJ_NEST_I] = array->bits[PJ_NEST_I] *
                           (array->has[PJ_NEST_I] ? tiles * inputs * visits[PJ_NEST_I] : macs / out->busy[PJ_ALONG_N]);
    out->read[PJ_NEST_W] =
        array->bits[PJ_NEST_W] *
        (array->has[PJ_NEST_W] ? tile->trips[M] * nest->n * nest->r * visits[PJ_NEST_W] : macs / out->busy[PJ_ALONG_M]);
    if (array->weights_inside)
        out->read[PJ_NEST_W] = 0;
    out->sums = array->has[PJ_NEST_O] ? tile->trips[R] * visits[PJ_NEST_O] : nest->r / out->busy[PJ_ALONG_R];
    out->pj = price_moves(array, out);
}

static void keep_better(pj_below *best, const pj_below *next)
{
    if (next->pj < best->pj)
        *best = *next;
}

/* All orders of a register tile of n and r, with the largest m that fits. */
static void try_share(const pj_array *array, const pj_tile *tile, const share *s, double n, double r, pj_below *next,
                      pj_below *best)
{
    double m = fmin(s->m, floor(s->room[PJ_NEST_O] / n));
    if (s->room[PJ_NEST_I] < HUGE_VAL)
        m = fmin(m, floor(pj_nest_largest(array->nest, r, 1, 0, s->room[PJ_NEST_I])));
    next->tried++;
    if (m < 1 || n * r > s->room[PJ_NEST_W])
        return;
    const double trips[PJ_EXTENTS] = {[M] = ceil(s->m / m), [N] = ceil(s->n / n), [R] = ceil(s->r / r)};
    for (int order = 0; order < PJ_ORDERS; order++) {
        move(array, tile, s, trips, order, next);
        keep_better(best, next);
    }
}

/* The first of the parts of an extent that is at most `most`: those before cannot fit. */
static double first_parts(double extent, double most)
{
    double parts = 1;
    while (ceil(extent / parts) > fmax(most, 1))
        parts = pj_next_parts(parts);
    return parts;
}

static void try_shares(const pj_array *array, const pj_tile *tile, const share *s, pj_below *next, pj_below *best)
{
    double most = fmin(s->room[PJ_NEST_W], s->room[PJ_NEST_I]);
    for (double r_parts = first_parts(s->r, most);; r_parts = pj_next_parts(r_parts)) {
        double r = ceil(s->r / r_parts), columns = fmin(s->room[PJ_NEST_W] / r, s->room[PJ_NEST_O]);
        for (double n_parts = first_parts(s->n, columns);; n_parts = pj_next_parts(n_parts)) {
            double n = ceil(s->n / n_parts);
            try_share(array, tile, s, n, r, next, best);
            if (n <= 1)
                break;
        }
        if (r <= 1)
            break;
    }
}

void pj_below_find(const pj_array *array, const pj_tile *tile, pj_below *out)
{
    share s = share_of(array, tile);
    pj_below next;
    next.tried = 1;
    find_busy(array, tile, next.busy);
    find_wasted(array, &next);
    double registers = price_registers(array, &next, array->nest->m * array->nest->n * array->nest->r);
    bool is_whole = true;
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        is_whole = is_whole && (s.whole[x] || !array->has[x]);
    move(array, tile, &s, once, 0, &next);
    *out = next;
    if (!is_whole) {
        out->pj = HUGE_VAL;
        try_shares(array, tile, &s, &next, out);
    }
    out->pj += registers;
    out->tried = next.tried;
}

double pj_below_least(const pj_array *array, double again[PJ_NEST_OPERANDS])
{
    const pj_nest *nest = array->nest;
    pj_below least = {.sums = 1};
    double macs = nest->m * nest->n * nest->r;
    const double extents[PJ_DIRECTIONS] = {nest->m, nest->n, nest->r, nest->groups};
    for (int i = 0; i < PJ_DIRECTIONS; i++)
        least.busy[i] = fmin(array->machine->unroll[i], extents[i]);
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        least.wasted[x] = 1;
    if (!array->has[PJ_NEST_O])
        least.sums = fmax(nest->r / least.busy[PJ_ALONG_R], 1);
    least.read[PJ_NEST_I] = array->bits[PJ_NEST_I] * (array->has[PJ_NEST_I] ? pj_nest_inputs(nest, nest->m, nest->r)
                                                                            : macs / least.busy[PJ_ALONG_N]);
    if (!array->weights_inside)
        least.read[PJ_NEST_W] =
            array->bits[PJ_NEST_W] * (array->has[PJ_NEST_W] ? nest->n * nest->r : macs / least.busy[PJ_ALONG_M]);
    for (int x = PJ_NEST_I; x <= PJ_NEST_W; x++)
        again[x] = array->has[x] ? least.read[x] * price_in(array, &least, x) : 0;
    again[PJ_NEST_O] = array->has[PJ_NEST_O] ? price_again(array, &least) : 0;
    return price_registers(array, &least, macs) + price_moves(array, &least);
}
