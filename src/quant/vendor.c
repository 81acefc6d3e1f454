/* Fake quantizers of vendors: floats that hold quantized numbers, whose bits stand in an attribute or in the name. */
#include "ops/vendor.h"
#include "quant/dialect.h"
#include "quant/scale.h"

enum { MOST_BITS = 32 };

/* "fp8_e4m3", "int8": element types of microscaling formats. */
static bool read_element(const char *word, pj_number *out)
{
    const char *exponent = strstr(word, "_e"), *mantissa = exponent ? strchr(exponent, 'm') : NULL;
    if (strncmp(word, "fp", 2) == 0 && mantissa && exponent[2] >= '1' && exponent[2] <= '8' && mantissa[1] >= '0' &&
        mantissa[1] <= '9') {
        *out = pj_number_minifloat(exponent[2] - '0', mantissa[1] - '0');
        return true;
    }
    bool is_signed = strncmp(word, "int", 3) == 0;
    long bits = is_signed || strncmp(word, "uint", 4) == 0 ? strtol(word + (is_signed ? 3 : 4), NULL, 10) : 0;
    if (bits < 1 || bits > MOST_BITS)
        return false;
    *out = pj_number_fixed(bits, bits - is_signed, is_signed);
    return true;
}

/* A number of bits among the attributes; levels are counted instead by some (256: 8 bits). 0: none. */
static int64_t bits_of(const pj_node *node)
{
    static const char *const names[] = {"num_bits", "bits", "bit_width", "bitwidth", "bit", "quant_bits"};
    int64_t bits = 0, levels = pj_node_int(node, "levels", 0);
    for (size_t i = 0; i < sizeof names / sizeof *names && !bits; i++)
        bits = pj_node_int(node, names[i], 0);
    if (!bits && levels > 1 && levels <= INT64_C(1) << MOST_BITS)
        while ((INT64_C(1) << bits) < levels)
            bits++;
    return bits >= 1 && bits <= MOST_BITS ? bits : 0;
}

static pj_quantizer read_fake(const pj_precision *precision, const pj_node *node, pj_diags *diags, pj_quantized *out)
{
    (void)precision;
    (void)diags;
    if (strcmp(node->desc->domain, "*") != 0 || strcmp(node->desc->roles, "xs*") != 0 || node->inputs < 1 ||
        !node->in[0] || pj_text_glob("BFP*", node->op)) /* whose bits count the exponent that a block shares */
        return PJ_NO_QUANTIZER;
    const pj_attr *element = pj_node_attr(node, "element_dtype");
    int64_t bits = bits_of(node);
    if (pj_number_of_dtype(pj_vendor_dtype(node->op), &out->format.number)) {
        /* the name says it */
    } else if (element && element->kind == PJ_ATTR_STRING && read_element(element->s, &out->format.number)) {
        /* the attribute says it */
    } else if (bits) {
        bool is_signed = pj_node_int(node, "signed", pj_node_int(node, "is_signed", 1)) != 0;
        pj_quantized_fixed(bits, is_signed, NULL, out);
    } else {
        return PJ_NO_QUANTIZER;
    }
    out->format.from = PJ_FROM_OPERATOR;
    out->scale = node->inputs > 1 ? node->in[1] : NULL;
    return PJ_FAKE_QUANTIZE;
}

const pj_dialect pj_dialect_vendor = {.quantizer = read_fake};
