/* Einsum: contractions written as an equation. */
#include "ops/einsum.h"

#include <ctype.h>

#include "ops/families.h"
#include "ops/loops.h"

enum { LABELS = 52, MAX_TERMS = 64 };

/* One operand or the result: letters in order; `dots` is the place of "..." among them, -1 without. */
typedef struct term {
    char label[PJ_MAX_RANK];
    int count;
    int dots;
} term;

typedef struct equation {
    term in[MAX_TERMS];
    int terms;
    term out;
    pj_num extent[LABELS];    /* of each letter; unknown until an operand says it */
    int holders[LABELS];      /* operands that have the letter */
    pj_num dots[PJ_MAX_RANK]; /* extents under "...", broadcast over the operands */
    int dot_rank;             /* -1: not known */
} equation;

static int label_index(char letter)
{
    return letter >= 'a' ? letter - 'a' + 26 : letter - 'A';
}

static pj_status read_term(pj_ctx *c, const char **at, term *out)
{
    memset(out, 0, sizeof *out);
    out->dots = -1;
    for (; **at && **at != ',' && strncmp(*at, "->", 2) != 0; (*at)++) {
        if (**at == ' ')
            continue;
        if (strncmp(*at, "...", 3) == 0 && out->dots < 0) {
            out->dots = out->count;
            *at += 2;
        } else if (isalpha((unsigned char)**at) && (unsigned char)**at < 128 && out->count < PJ_MAX_RANK) {
            out->label[out->count++] = **at;
        } else {
            return pj_fail(c->err, PJ_ESHAPE, "the equation cannot be read at '%.20s'", *at);
        }
    }
    return PJ_OK;
}

/* Without "->" the result has the dots, then each letter that stands once, in alphabetical order. */
static void imply_result(equation *e)
{
    int seen[LABELS] = {0};
    bool dots = false;
    for (int t = 0; t < e->terms; t++) {
        dots = dots || e->in[t].dots >= 0;
        for (int k = 0; k < e->in[t].count; k++)
            seen[label_index(e->in[t].label[k])]++;
    }
    memset(&e->out, 0, sizeof e->out);
    e->out.dots = dots ? 0 : -1;
    for (int k = 0; k < LABELS; k++)
        if (seen[k] == 1)
            e->out.label[e->out.count++] = (char)(k < 26 ? 'A' + k : 'a' + k - 26);
}

static pj_status read_equation(pj_ctx *c, equation *e)
{
    const char *at = pj_attr_string(c, "equation", "");
    memset(e, 0, sizeof *e);
    for (int k = 0; k < LABELS; k++)
        e->extent[k] = pj_num_unknown();
    for (bool more = true; more;) {
        if (e->terms == MAX_TERMS)
            return pj_fail(c->err, PJ_ELIMIT, "the equation has more than %d operands", MAX_TERMS);
        PJ_TRY(read_term(c, &at, &e->in[e->terms++]));
        more = *at == ',';
        at += more;
    }
    if (e->terms != c->node->inputs)
        return pj_fail(c->err, PJ_ESHAPE, "the equation has %d operands, the node %d inputs", e->terms,
                       c->node->inputs);
    if (strncmp(at, "->", 2) != 0) {
        imply_result(e);
        return PJ_OK;
    }
    at += 2;
    PJ_TRY(read_term(c, &at, &e->out));
    return *at ? pj_fail(c->err, PJ_ESHAPE, "the result ends the equation, but '%.20s' follows", at) : PJ_OK;
}

static bool has_letter(const term *t, int letter)
{
    bool found = false;
    for (int k = 0; k < t->count && !found; k++)
        found = label_index(t->label[k]) == letter;
    return found;
}

/* One more extent of a letter; extents of 1 broadcast, so 1 is what is left where nothing else is said. */
static pj_status bind_letter(pj_ctx *c, pj_num *extent, pj_num dim, bool is_first)
{
    if (is_first || pj_num_is(*extent, 1))
        *extent = dim;
    else if (!pj_num_is(dim, 1))
        return pj_same_dim(c, *extent, dim, "a letter of the equation stands for different extents", extent);
    return PJ_OK;
}

/* Gives the letters of operand `t` the extents of input `t`. */
static pj_status bind_term(pj_ctx *c, equation *e, int t)
{
    const term *in = &e->in[t];
    int rank = pj_in_rank(c, t), hidden = rank < 0 ? 0 : rank - in->count;
    if (hidden < 0 || (hidden > 0 && in->dots < 0))
        return pj_fail(c->err, PJ_ESHAPE, "operand %d has rank %d, the equation gives it %d letters", t, rank,
                       in->count);
    if (in->dots >= 0 && rank < 0)
        e->dot_rank = -1;
    else if (in->dots >= 0 && e->dot_rank >= 0)
        PJ_TRY(pj_broadcast(c, e->dot_rank, e->dots, hidden, pj_in_type(c, t)->dims + in->dots, &e->dot_rank, e->dots));
    for (int k = 0; k < in->count; k++) {
        int letter = label_index(in->label[k]);
        pj_num dim = rank < 0 ? pj_num_unknown() : pj_in_dim(c, t, in->dots >= 0 && k >= in->dots ? k + hidden : k);
        PJ_TRY(bind_letter(c, &e->extent[letter], dim, e->holders[letter] == 0));
        if (k == 0 || memchr(in->label, in->label[k], (size_t)k) == NULL)
            e->holders[letter]++;
    }
    return PJ_OK;
}

static pj_status check_result(pj_ctx *c, const equation *e)
{
    const term *out = &e->out;
    for (int k = 0; k < out->count; k++) {
        if (!e->holders[label_index(out->label[k])])
            return pj_fail(c->err, PJ_ESHAPE, "the result has the letter '%c', which no operand has", out->label[k]);
        if (k > 0 && memchr(out->label, out->label[k], (size_t)k))
            return pj_fail(c->err, PJ_ESHAPE, "the result has the letter '%c' twice", out->label[k]);
    }
    if (e->dot_rank > 0 && out->dots < 0)
        return pj_fail(c->err, PJ_ESHAPE, "\"...\" stands for %d axes of the operands, but the result has none",
                       e->dot_rank);
    return PJ_OK;
}

static pj_status solve(pj_ctx *c, equation *e)
{
    PJ_TRY(read_equation(c, e));
    for (int t = 0; t < e->terms; t++)
        PJ_TRY(bind_term(c, e, t));
    return check_result(c, e);
}

static pj_status shape_einsum(pj_ctx *c)
{
    equation e;
    pj_num dims[2 * PJ_MAX_RANK];
    int rank = 0;
    PJ_TRY(solve(c, &e));
    if (e.out.dots >= 0 && e.dot_rank < 0)
        return pj_set_dtype(c, 0, pj_in_dtype(c, 0));
    for (int k = 0; k <= e.out.count; k++) {
        for (int d = 0; k == e.out.dots && d < e.dot_rank; d++)
            dims[rank++] = e.dots[d];
        if (k < e.out.count)
            dims[rank++] = e.extent[label_index(e.out.label[k])];
    }
    return pj_set(c, 0, pj_in_dtype(c, 0), rank, dims);
}

/* A letter that one operand alone has is summed away before anything is multiplied. */
static bool is_summed_first(const equation *e, int letter)
{
    return e->holders[letter] == 1 && !has_letter(&e->out, letter);
}

/* Elements of operand `t` (its diagonal where a letter repeats), all of them or those left once its own letters are
 * summed away. */
static pj_num operand_size(pj_ctx *c, const equation *e, int t, bool summed)
{
    const term *in = &e->in[t];
    int hidden = in->dots >= 0 && pj_in_rank(c, t) >= 0 ? pj_in_rank(c, t) - in->count : 0;
    pj_num all = hidden ? pj_dims_product(c, pj_in_type(c, t)->dims + in->dots, 0, hidden) : pj_num_of(1);
    for (int k = 0; k < LABELS; k++)
        if (has_letter(in, k) && !(summed && is_summed_first(e, k)))
            all = pj_num_mul(c->symbols, all, e->extent[k]);
    return pj_in_rank(c, t) < 0 ? pj_num_unknown() : all;
}

/* Of two operands: letters of both and of the result number the products, those of both alone are summed over. */
static void tell_loops(pj_ctx *c, pj_work *work, const equation *e, pj_num dots)
{
    enum { GROUPS, M, N, R };
    int x = pj_in_constant(c, 0) && !pj_in_constant(c, 1), w = 1 - x;
    pj_num one = pj_num_of(1), extent[] = {one, one, one, one};
    for (int k = 0; k < LABELS; k++) {
        bool both = e->holders[k] == 2, summed = both && !has_letter(&e->out, k);
        int along = summed ? R : both ? GROUPS : has_letter(&e->in[x], k) ? M : N;
        if (e->holders[k] && !is_summed_first(e, k))
            extent[along] = pj_num_mul(c->symbols, extent[along], e->extent[k]);
    }
    bool of_x = e->in[x].dots >= 0, of_w = e->in[w].dots >= 0;
    int along = of_x && of_w ? GROUPS : of_x ? M : N;
    extent[along] = pj_num_mul(c->symbols, extent[along], dots);
    pj_loops_product(work, x, w, extent[GROUPS], extent[M], extent[N], extent[R]);
}

/* What an operand alone has and the result has not is summed first: an addition for each element that goes; a diagonal
 * or transposition costs nothing. Two operands: mac = product of the extents that are left. Each further operand
 * multiplies once more over them. */
static pj_status work_einsum(pj_ctx *c, pj_work *work)
{
    equation e;
    PJ_TRY(solve(c, &e));
    pj_num all = e.dot_rank < 0 ? pj_num_unknown() : pj_dims_product(c, e.dots, 0, e.dot_rank);
    for (int t = 0; t < e.terms; t++)
        pj_work_add(c, work, PJ_ADD,
                    pj_num_sub(c->symbols, operand_size(c, &e, t, false), operand_size(c, &e, t, true)));
    if (e.terms == 1)
        return PJ_OK;
    if (e.terms == 2)
        tell_loops(c, work, &e, all);
    for (int k = 0; k < LABELS; k++)
        if (e.holders[k] && !is_summed_first(&e, k))
            all = pj_num_mul(c->symbols, all, e.extent[k]);
    pj_work_add(c, work, PJ_MAC, all);
    work->terms = pj_num_floor_div(c->symbols, all, pj_out_count(c, 0));
    if (e.terms > 2)
        pj_work_times(c, work, PJ_MUL, e.terms - 2, all);
    return PJ_OK;
}

static bool is_channel(const equation *e, int i, int letter)
{
    bool found = has_letter(&e->out, letter);
    for (int t = 0; t < e->terms; t++)
        found = found && (t == i || !has_letter(&e->in[t], letter));
    return found;
}

bool pj_einsum_channels(const pj_node *node, int i, int rank, int *first, int *last)
{
    pj_node copy = *node;
    pj_ctx c = {.node = &copy};
    equation e;
    if (read_equation(&c, &e) != PJ_OK || i >= e.terms || (e.in[i].dots < 0 && e.in[i].count != rank))
        return false;
    const term *in = &e.in[i];
    int found = 0, hidden = rank - in->count;
    for (int k = 0; k < in->count && hidden >= 0; k++) {
        if (!is_channel(&e, i, label_index(in->label[k])))
            continue;
        *last = in->dots >= 0 && k >= in->dots ? k + hidden : k;
        *first = found++ ? *first : *last;
    }
    return found && *last - *first + 1 == found;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Einsum", 12, "xwx*", PJ_PRODUCT, shape_einsum, NULL, work_einsum},
};

PJ_FAMILY(einsum);
