/* Recurrent layers: LSTM, GRU, RNN, and the LSTMs of ONNX Runtime. */
#include "ops/families.h"
#include "ops/fused.h"
#include "ops/loops.h"

#define MS "com.microsoft"

/* What a recurrent node is made of. Every number may be unknown. */
typedef struct recurrence {
    int gates;
    int64_t directions;
    bool batch_first;
    pj_num steps, batch, input, hidden;
    pj_num runs; /* steps * batch: how often the cell of one direction computes */
    pj_num unit; /* runs * hidden: elements of one gate of one direction */
} recurrence;

static pj_status read_directions(pj_ctx *c, recurrence *out)
{
    const char *direction = pj_attr_string(c, "direction", "forward");
    out->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    if (out->directions == 1 && strcmp(direction, "forward") != 0 && strcmp(direction, "reverse") != 0)
        return pj_fail(c->err, PJ_ESHAPE, "direction '%s' is none of forward, reverse, bidirectional", direction);
    return PJ_OK;
}

/* x [T, B, I] (layout 1: [B, T, I]), w [D, gates*H, I], r [D, gates*H, H]; `transposed`: w [D, I, gates*H],
 * r [D, H, gates*H]. H is the attribute hidden_size, or what r says. */
static pj_status read_cell(pj_ctx *c, int gates, bool transposed, recurrence *out)
{
    pj_num same, h = pj_num_of(pj_attr_int(c, "hidden_size", 0));
    memset(out, 0, sizeof *out);
    out->gates = gates;
    out->batch_first = pj_attr_int(c, "layout", 0) != 0;
    PJ_TRY(read_directions(c, out));
    if (pj_in_rank(c, 0) >= 0 && pj_in_rank(c, 0) != 3)
        return pj_fail(c->err, PJ_ESHAPE, "the input of a recurrent layer has rank 3, not %d", pj_in_rank(c, 0));
    out->steps = pj_in_dim(c, 0, out->batch_first ? 1 : 0);
    out->batch = pj_in_dim(c, 0, out->batch_first ? 0 : 1);
    out->hidden = pj_in_dim(c, 2, transposed ? 1 : 2);
    if (!pj_num_is(h, 0))
        PJ_TRY(pj_same_dim(c, h, out->hidden, "hidden_size against the recurrence weights", &out->hidden));
    PJ_TRY(pj_same_dim(c, pj_num_of(out->directions), pj_in_dim(c, 1, 0), "directions against the weights", &same));
    PJ_TRY(pj_same_dim(c, pj_num_mul(c->symbols, pj_num_of(gates), out->hidden), pj_in_dim(c, 1, transposed ? 2 : 1),
                       "gates * hidden_size against the weights", &same));
    out->input = pj_in_dim(c, 1, transposed ? 1 : 2);
    out->runs = pj_num_mul(c->symbols, out->steps, out->batch);
    out->unit = pj_num_mul(c->symbols, out->runs, out->hidden);
    return PJ_OK;
}

/* y [T, D, B, H], then last states [D, B, H]; layout 1: [B, T, D, H] and [B, D, H]. */
static pj_status set_outputs(pj_ctx *c, const recurrence *cell, int states)
{
    pj_num d = pj_num_of(cell->directions);
    pj_num y[] = {cell->steps, d, cell->batch, cell->hidden};
    pj_num y_first[] = {cell->batch, cell->steps, d, cell->hidden};
    pj_num state[] = {d, cell->batch, cell->hidden}, state_first[] = {cell->batch, d, cell->hidden};
    PJ_TRY(pj_set(c, 0, pj_in_dtype(c, 0), 4, cell->batch_first ? y_first : y));
    for (int o = 1; o <= states; o++)
        PJ_TRY(pj_set(c, o, pj_in_dtype(c, 0), 3, cell->batch_first ? state_first : state));
    return PJ_OK;
}

/* The input's size fits the weights (not so for the attention LSTM, which appends its state to the input). */
static pj_status shape_cell(pj_ctx *c, int gates, bool transposed, int states)
{
    recurrence cell;
    pj_num same;
    PJ_TRY(read_cell(c, gates, transposed, &cell));
    PJ_TRY(pj_same_dim(c, pj_in_dim(c, 0, 2), cell.input, "the input size against the weights", &same));
    return set_outputs(c, &cell, states);
}

PJ_SHAPE(lstm, shape_cell(c, 4, false, 2))
PJ_SHAPE(gru, shape_cell(c, 3, false, 1))
PJ_SHAPE(rnn, shape_cell(c, 1, false, 1))
PJ_SHAPE(dynamic_lstm, shape_cell(c, 4, true, 2))

static pj_status shape_attention_lstm(pj_ctx *c)
{
    recurrence cell;
    PJ_TRY(read_cell(c, 4, false, &cell));
    return set_outputs(c, &cell, 2);
}

/* `n` evaluations of the activation at `place` of the list, `otherwise` where the list ends before it. A name that
 * nobody knows makes the counts unknown. With a clip threshold the argument is clipped: 2 cmp. */
static void count_activation(pj_ctx *c, pj_work *work, int place, const char *otherwise, pj_num n)
{
    const pj_attr *list = pj_node_attr(c->node, "activations");
    bool given = list && list->kind == PJ_ATTR_STRINGS && place < list->count;
    if (pj_attr_present(c, "clip"))
        pj_work_times(c, work, PJ_CMP, 2, n);
    pj_work_fused(c, work, given ? list->strings[place] : otherwise, n);
}

/* Whole batches of whole sequences: what sequence_lens leaves out is counted. The two bias vectors are one.
 * mac = directions * T * B * gates * H * (I + H); bias: 1 add per gate element */
static void count_products(pj_ctx *c, pj_work *work, const recurrence *cell)
{
    pj_num extent = pj_num_add(c->symbols, cell->input, cell->hidden);
    int64_t factor = cell->directions * cell->gates;
    pj_work_times(c, work, PJ_MAC, factor, pj_num_mul(c->symbols, cell->unit, extent));
    work->terms = extent;
    pj_loops_recurrent(work, 0, 1, cell->directions, cell->steps, cell->batch,
                       pj_num_mul(c->symbols, pj_num_of(cell->gates), cell->hidden), extent);
    if (pj_has(c, 3))
        pj_work_times(c, work, PJ_ADD, factor, cell->unit);
}

/* i, o, f = F(..), c = G(..); C = f*C + i*c: 2 mul, 1 add; H = o*Hact(C): 1 mul. Peepholes (input 7): 3 mul, 3 add.
 * Coupled gates: f = 1 - i, 1 add in place of an activation. */
static void count_lstm(pj_ctx *c, pj_work *work, const recurrence *cell)
{
    bool coupled = pj_attr_int(c, "input_forget", 0) != 0;
    int64_t d = cell->directions;
    count_products(c, work, cell);
    for (int k = 0; k < d; k++) {
        count_activation(c, work, 3 * k, "Sigmoid", pj_num_mul(c->symbols, pj_num_of(coupled ? 2 : 3), cell->unit));
        count_activation(c, work, 3 * k + 1, "Tanh", cell->unit);
        count_activation(c, work, 3 * k + 2, "Tanh", cell->unit);
    }
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 3 * d, [PJ_ADD] = d * (coupled ? 2 : 1)), cell->unit);
    if (pj_has(c, 7)) {
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = 3 * d, [PJ_ADD] = 3 * d), cell->unit);
    }
}

static pj_status work_lstm(pj_ctx *c, pj_work *work)
{
    recurrence cell;
    PJ_TRY(read_cell(c, 4, false, &cell));
    count_lstm(c, work, &cell);
    return PJ_OK;
}

/* z, r = F(..), h = G(.. + r*H): 1 mul; H = (1 - z)*h + z*H: 2 mul, 2 add. With linear_before_reset r multiplies the
 * product with R instead, whose bias and sum then are additions of their own: 1 add, and 1 more with a bias. */
static pj_status work_gru(pj_ctx *c, pj_work *work)
{
    recurrence cell;
    PJ_TRY(read_cell(c, 3, false, &cell));
    int64_t d = cell.directions, apart = pj_attr_int(c, "linear_before_reset", 0) != 0;
    count_products(c, work, &cell);
    for (int k = 0; k < d; k++) {
        count_activation(c, work, 2 * k, "Sigmoid", pj_num_mul(c->symbols, pj_num_of(2), cell.unit));
        count_activation(c, work, 2 * k + 1, "Tanh", cell.unit);
    }
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 3 * d, [PJ_ADD] = d * (2 + apart * (1 + pj_has(c, 3)))), cell.unit);
    return PJ_OK;
}

/* H = F(x*W + H*R + b) */
static pj_status work_rnn(pj_ctx *c, pj_work *work)
{
    recurrence cell;
    PJ_TRY(read_cell(c, 1, false, &cell));
    count_products(c, work, &cell);
    for (int k = 0; k < cell.directions; k++)
        count_activation(c, work, k, "Tanh", cell.unit);
    return PJ_OK;
}

/* An LSTM on int8 weights. The input once, and each direction's state at each step, are quantized as by
 * DynamicQuantizeLinear: 2 cmp, 1 mul, 1 add, 1 round per element. Each gate adds two integer products with scales of
 * their own: 2 round, 2 mul, 1 add. */
static pj_status work_dynamic_lstm(pj_ctx *c, pj_work *work)
{
    recurrence cell;
    PJ_TRY(read_cell(c, 4, true, &cell));
    pj_num gate = pj_num_mul(c->symbols, pj_num_of(4 * cell.directions), cell.unit);
    pj_num states = pj_num_mul(c->symbols, pj_num_of(cell.directions), cell.unit);
    pj_num quantized = pj_num_add(c->symbols, pj_in_count(c, 0), states);
    count_lstm(c, work, &cell);
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 2, [PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_ROUND] = 1), quantized);
    pj_work_each(c, work, PJ_EACH([PJ_ROUND] = 2, [PJ_MUL] = 2, [PJ_ADD] = 1), gate);
    return PJ_OK;
}

/* One step of Bahdanau attention over `places` memory entries of `depth` values with an attention size of `size`. */
static void count_alignment(pj_ctx *c, pj_work *work, pj_num runs, pj_num places, pj_num size, pj_num depth)
{
    pj_num scores = pj_num_mul(c->symbols, runs, places), sums = pj_num_mul(c->symbols, scores, size);
    /* v * tanh(keys + query) */
    pj_work_each(c, work, PJ_EACH([PJ_ADD] = 1, [PJ_TANH] = 1, [PJ_MAC] = 1), sums);
    /* softmax */
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_ADD] = 2, [PJ_EXP] = 1, [PJ_DIV] = 1), scores);
    /* context */
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, scores, depth));
}

/* An LSTM whose input carries the attention state along (w has its columns), and Bahdanau attention after each step:
 * keys = memory * MW once, query = H * QW, alignment, context, and [H, context] * AW where AW is given.
 * Inputs 8 to 13: QW [D, H, A], MW [D, M, A], V [D, A], memory [B, S, M], its lengths, AW [D, M + H, K]. */
static pj_status work_attention_lstm(pj_ctx *c, pj_work *work)
{
    recurrence cell;
    PJ_TRY(read_cell(c, 4, false, &cell));
    pj_num d = pj_num_of(cell.directions), runs = pj_num_mul(c->symbols, d, cell.runs);
    pj_num size = pj_in_dim(c, 8, 2), depth = pj_in_dim(c, 11, 2), places = pj_in_dim(c, 11, 1);
    pj_num keys[] = {d, pj_in_count(c, 11), size}, query[] = {runs, cell.hidden, size};
    count_lstm(c, work, &cell);
    pj_work_add(c, work, PJ_MAC, pj_num_product(c->symbols, keys, 3));
    pj_work_add(c, work, PJ_MAC, pj_num_product(c->symbols, query, 3));
    count_alignment(c, work, runs, places, size, depth);
    if (pj_has(c, 13)) {
        pj_num layer[] = {runs, pj_in_dim(c, 13, 1), pj_in_dim(c, 13, 2)};
        pj_work_add(c, work, PJ_MAC, pj_num_product(c->symbols, layer, 3));
    }
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "LSTM",                1, "xwwbixxp",       0, shape_lstm,           NULL, work_lstm          },
    {"", "GRU",                 1, "xwwbix",         0, shape_gru,            NULL, work_gru           },
    {"", "RNN",                 1, "xwwbix",         0, shape_rnn,            NULL, work_rnn           },
    {MS, "DynamicQuantizeLSTM", 1, "xwwbixxpszsz",   0, shape_dynamic_lstm,   NULL, work_dynamic_lstm  },
    {MS, "AttnLSTM",            1, "xwwbixxpwwpxiw", 0, shape_attention_lstm, NULL, work_attention_lstm},
};

PJ_FAMILY(rnn);
