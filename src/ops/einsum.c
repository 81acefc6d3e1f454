/* Einsum: contractions written as an equation. */
#include <ctype.h>
#include <string.h>

#include "ops/families.h"
#include "ops/rules.h"

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
    pj_num extent[LABELS]; /* of each letter; unknown until an operand says it */
    bool used[LABELS];
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
    for (; **at && **at != ',' && **at != '-'; (*at)++) {
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
    return read_term(c, &at, &e->out);
}

/* Gives the letters of operand `t` the extents of input `t`. */
static pj_status bind_term(pj_ctx *c, equation *e, int t)
{
    const term *in = &e->in[t];
    int rank = pj_in_rank(c, t);
    for (int k = 0; k < in->count; k++)
        e->used[label_index(in->label[k])] = true;
    if (rank < 0) {
        if (in->dots >= 0)
            e->dot_rank = -1;
        return PJ_OK;
    }
    int hidden = rank - in->count;
    if (hidden < 0 || (hidden > 0 && in->dots < 0))
        return pj_fail(c->err, PJ_ESHAPE, "operand %d has rank %d, the equation gives it %d letters", t, rank,
                       in->count);
    if (in->dots >= 0 && e->dot_rank >= 0)
        PJ_TRY(pj_broadcast(c, e->dot_rank, e->dots, hidden, pj_in_type(c, t)->dims + in->dots, &e->dot_rank, e->dots));
    for (int k = 0; k < in->count; k++) {
        pj_num *extent = &e->extent[label_index(in->label[k])];
        pj_num dim = pj_in_dim(c, t, in->dots >= 0 && k >= in->dots ? k + hidden : k);
        if (pj_num_is(*extent, 1)) /* letters of extent 1 broadcast */
            *extent = dim;
        else if (!pj_num_is(dim, 1))
            PJ_TRY(pj_same_dim(c, *extent, dim, "a letter of the equation stands for different extents", extent));
    }
    return PJ_OK;
}

static pj_status solve(pj_ctx *c, equation *e)
{
    PJ_TRY(read_equation(c, e));
    for (int t = 0; t < e->terms; t++)
        PJ_TRY(bind_term(c, e, t));
    for (int k = 0; k < e->out.count; k++)
        if (!e->used[label_index(e->out.label[k])])
            return pj_fail(c->err, PJ_ESHAPE, "the result has the letter '%c', which no operand has", e->out.label[k]);
    return PJ_OK;
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

/* One operand: what is summed away costs an addition an element; a diagonal or transposition costs nothing.
 * Two: mac = product of all extents. Each further operand multiplies once more over all extents. */
static pj_status work_einsum(pj_ctx *c, pj_work *work)
{
    equation e;
    PJ_TRY(solve(c, &e));
    pj_num all = e.dot_rank < 0 ? pj_num_unknown() : pj_dims_product(c, e.dots, 0, e.dot_rank);
    for (int k = 0; k < LABELS; k++)
        if (e.used[k])
            all = pj_num_mul(c->symbols, all, e.extent[k]);
    pj_num outputs = pj_out_count(c, 0);
    if (e.terms == 1) {
        pj_work_add(c, work, PJ_ADD, pj_num_sub(c->symbols, all, outputs));
        return PJ_OK;
    }
    pj_work_add(c, work, PJ_MAC, all);
    work->terms = pj_num_floor_div(c->symbols, all, outputs);
    if (e.terms > 2)
        pj_work_times(c, work, PJ_MUL, e.terms - 2, all);
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {"", "Einsum", 12, "xwx*", 0, shape_einsum, NULL, work_einsum},
};

PJ_FAMILY(einsum);
