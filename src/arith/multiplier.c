/* What multiplies two number formats. */
#include "arith/arith.h"

/* Circuit and kind of the product, row = weight, column = input:
 *
 *     w \ x     fixed            po2            ternary          -1/+1            0/1              float
 *     fixed     mul     fixed    shifter fixed  mux     fixed    mux     fixed    and     fixed    mul float
 *     po2       shifter fixed    add     po2    mux     po2      mux     po2      and     po2      mul float
 *     ternary   mux     fixed    mux     po2    mux     ternary  mux     ternary  and     ternary  mul float
 *     -1/+1     mux     fixed    mux     po2    mux     ternary  xor     -1/+1    and     ternary  mul float
 *     0/1       and     fixed    and     po2    and     ternary  and     ternary  and     0/1      mul float
 *     float     mul float everywhere: a float times +-1 or 2^n is a whole float multiplication (Q20) */
/* clang-format off */
#define AS(circuit, kind) {PJ_CIRCUIT_##circuit, PJ_##kind}
/* clang-format on */
static const struct {
    pj_circuit circuit;
    pj_number_kind kind;
} cells[PJ_NUMBER_KINDS][PJ_NUMBER_KINDS] = {
    {AS(MUL,     FIXED), AS(SHIFTER, FIXED), AS(MUX, FIXED),   AS(MUX, FIXED),   AS(AND, FIXED),    AS(MUL, FLOAT)},
    {AS(SHIFTER, FIXED), AS(ADD,     PO2),   AS(MUX, PO2),     AS(MUX, PO2),     AS(AND, PO2),      AS(MUL, FLOAT)},
    {AS(MUX,     FIXED), AS(MUX,     PO2),   AS(MUX, TERNARY), AS(MUX, TERNARY), AS(AND, TERNARY),  AS(MUL, FLOAT)},
    {AS(MUX,     FIXED), AS(MUX,     PO2),   AS(MUX, TERNARY), AS(XOR, BINARY),  AS(AND, TERNARY),  AS(MUL, FLOAT)},
    {AS(AND,     FIXED), AS(AND,     PO2),   AS(AND, TERNARY), AS(AND, TERNARY), AS(AND, BINARY01), AS(MUL, FLOAT)},
    {AS(MUL,     FLOAT), AS(MUL,     FLOAT), AS(MUL, FLOAT),   AS(MUL, FLOAT),   AS(MUL, FLOAT),    AS(MUL, FLOAT)},
};
#undef AS

const char *pj_circuit_word(pj_circuit circuit)
{
    static const char *const words[PJ_CIRCUITS] = {"none", "mul", "add", "mux", "xor", "and", "shifter", "or"};
    return (unsigned)circuit < PJ_CIRCUITS ? words[circuit] : "?";
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

pj_number pj_wider_float(const pj_number *a, const pj_number *b)
{
    bool second = a->kind != PJ_FLOAT || (b->kind == PJ_FLOAT && b->bits > a->bits);
    const pj_number *wider = second ? b : a;
    return pj_number_float(wider->bits, wider->flavour);
}

/* A product of the given kind, signed if an operand is. */
static pj_number product(pj_number_kind kind, int64_t bits, int64_t int_bits, const pj_number *w, const pj_number *x)
{
    pj_number out =
        pj_number_fixed(pj_number_whole((double)bits), pj_number_whole((double)int_bits), w->is_signed || x->is_signed);
    out.kind = kind;
    return out;
}

/* int_bits and fraction bits add up, one sign serves both. */
static pj_unit multiply_fixed(const pj_number *w, const pj_number *x)
{
    int64_t fraction = pj_number_fraction(w) + pj_number_fraction(x), int_bits = w->int_bits + x->int_bits;
    bool is_signed = w->is_signed || x->is_signed;
    pj_unit unit = {PJ_CIRCUIT_MUL, sqrt((double)w->bits * (double)x->bits), 1,
                    product(PJ_FIXED, int_bits + fraction + is_signed, int_bits, w, x)};
    return unit;
}

static pj_unit multiply_float(const pj_number *w, const pj_number *x)
{
    pj_number out = pj_wider_float(w, x);
    pj_unit unit = {PJ_CIRCUIT_MUL, (double)out.bits, 1, out};
    return unit;
}

static pj_unit multiply_po2(const pj_number *w, const pj_number *x)
{
    pj_number out = product(PJ_PO2, larger(w->bits, x->bits) + 1, larger(w->int_bits, x->int_bits) + 1, w, x);
    if (w->max_val_po2 != -1 && x->max_val_po2 != -1)
        out.max_val_po2 = w->max_val_po2 * x->max_val_po2;
    pj_unit unit = {PJ_CIRCUIT_ADD, (double)out.bits, 1, out};
    return unit;
}

static double largest_of_po2(const pj_number *w, const pj_number *x)
{
    return w->kind == PJ_PO2 ? w->max_val_po2 : x->max_val_po2;
}

/* -1/+1 or ternary selects among data, -data and 0. Q21: a "ternary" product of -1/+1 data has 1 bit; a stochastic
 * -1/+1 is recognized as weight, but as input it costs as much as a ternary. */
static pj_unit multiply_mux(pj_number_kind kind, const pj_number *w, const pj_number *x)
{
    bool by_weight = w->kind == PJ_BINARY || w->kind == PJ_TERNARY;
    const pj_number *select = by_weight ? w : x, *data = by_weight ? x : w;
    bool two_way = select->kind == PJ_BINARY && (by_weight || select->variant == PJ_VARIANT_PLAIN);
    int64_t bits = data->bits + (!data->is_signed && select->is_signed);
    pj_number out = product(kind, bits, kind == PJ_PO2 ? bits : data->int_bits, w, x);
    if (kind == PJ_PO2)
        out.max_val_po2 = largest_of_po2(w, x);
    pj_unit unit = {PJ_CIRCUIT_MUX, (double)data->bits, two_way ? 0.3 : 0.6, out};
    return unit;
}

/* 0/1 lets the other operand pass. Q21: only a weight of the class `binary` takes int_bits of the input. */
static pj_unit multiply_and(pj_number_kind kind, const pj_number *w, const pj_number *x)
{
    bool plain_weight = w->kind == PJ_BINARY01 && w->variant == PJ_VARIANT_PLAIN;
    pj_number out = product(kind, larger(w->bits, x->bits), plain_weight ? x->int_bits : w->int_bits, w, x);
    if (kind == PJ_TERNARY)
        out = pj_number_ternary();
    else if (kind == PJ_PO2)
        out.max_val_po2 = largest_of_po2(w, x);
    pj_unit unit = {PJ_CIRCUIT_AND, (double)out.bits, 0.1, out};
    return unit;
}

static pj_unit multiply_xor(const pj_number *w, const pj_number *x)
{
    pj_unit unit = {PJ_CIRCUIT_XOR, 1, 0.3,
                    product(PJ_BINARY, larger(w->bits, x->bits), larger(w->int_bits, x->int_bits), w, x)};
    return unit;
}

pj_unit pj_multiplier(const pj_number *weight, const pj_number *input)
{
    pj_number_kind kind = cells[weight->kind][input->kind].kind;
    const pj_number *po2 = weight->kind == PJ_PO2 ? weight : input;
    pj_unit none = {PJ_CIRCUIT_NONE, 0, 0, *input};
    switch (cells[weight->kind][input->kind].circuit) {
    case PJ_CIRCUIT_MUL:
        return kind == PJ_FLOAT ? multiply_float(weight, input) : multiply_fixed(weight, input);
    case PJ_CIRCUIT_ADD:
        return multiply_po2(weight, input);
    case PJ_CIRCUIT_MUX:
        return multiply_mux(kind, weight, input);
    case PJ_CIRCUIT_XOR:
        return multiply_xor(weight, input);
    case PJ_CIRCUIT_AND:
        return multiply_and(kind, weight, input);
    case PJ_CIRCUIT_SHIFTER:
        return pj_shifter(po2 == weight ? input : weight, po2, pj_number_po2_range(po2));
    case PJ_CIRCUIT_NONE:
    case PJ_CIRCUIT_OR:
    case PJ_CIRCUITS:
        break;
    }
    return none;
}
