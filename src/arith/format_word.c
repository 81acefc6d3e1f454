/* Number formats as words: int8, fixed<16,3>, bf16, po2_4 ... */
#include "arith/number.h"

enum { MOST_INT = 64, MOST_FIXED = 1024, MOST_PO2 = 24 };

/*  word, bits, flavour */
static const struct {
    const char *word;
    int bits;
    pj_float_flavour flavour;
} floats[] = {
    {"fp64",    64, PJ_FLOAT_PLAIN},
    {"fp32",    32, PJ_FLOAT_PLAIN},
    {"tf32",    32, PJ_FLOAT_TF32 },
    {"bf16",    16, PJ_FLOAT_BF16 },
    {"fp16",    16, PJ_FLOAT_PLAIN},
    {"fp8e4m3", 8,  PJ_FLOAT_PLAIN},
    {"fp8e5m2", 8,  PJ_FLOAT_E5M2 },
    {"fp8e8m0", 8,  PJ_FLOAT_E8M0 },
    {"fp4",     4,  PJ_FLOAT_PLAIN},
};

/*  word, format without parameters */
static const struct {
    const char *word;
    pj_number (*make)(void);
} plain[] = {
    {"ternary",  pj_number_ternary },
    {"binary",   pj_number_binary  },
    {"binary01", pj_number_binary01},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void print_float(const pj_number *number, pj_str *out)
{
    for (size_t i = 0; i < COUNT(floats); i++)
        if (floats[i].bits == number->bits && floats[i].flavour == number->flavour) {
            pj_str_add(out, floats[i].word);
            return;
        }
    pj_str_printf(out, "fp%" PRId64, number->bits);
}

static void print_fixed(const pj_number *number, pj_str *out)
{
    const char *u = number->is_signed ? "" : "u";
    if (number->bits <= MOST_INT && number->int_bits == number->bits - number->is_signed)
        pj_str_printf(out, "%sint%" PRId64, u, number->bits);
    else
        pj_str_printf(out, "%sfixed<%" PRId64 ",%" PRId64 ">", u, number->bits, number->int_bits);
}

void pj_number_print(const pj_number *number, pj_str *out)
{
    switch (number->kind) {
    case PJ_FIXED:
        print_fixed(number, out);
        break;
    case PJ_PO2:
        pj_str_printf(out, "%spo2_%" PRId64, number->is_signed ? "" : "u", number->bits);
        break;
    case PJ_TERNARY:
    case PJ_BINARY:
    case PJ_BINARY01:
        pj_str_add(out, plain[number->kind - PJ_TERNARY].word);
        break;
    case PJ_FLOAT:
        print_float(number, out);
        break;
    case PJ_NUMBER_KINDS:
        break;
    }
}

/* Moves *at past `text` if it starts with it. */
static bool skip(const char **at, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

/* Digits of a number from 0 to 9999 without leading zeros. */
static bool digits(const char **at, int *out)
{
    const char *start = *at;
    int value = 0;
    while (**at >= '0' && **at <= '9' && *at - start < 4)
        value = 10 * value + (*(*at)++ - '0');
    *out = value;
    return *at > start && (*start != '0' || *at - start == 1) && !(**at >= '0' && **at <= '9');
}

/* The N of "intN" and "po2_N": 1 to `most`, up to the end of the word. */
static pj_status parse_count(const char *word, const char *at, int most, int *bits, pj_error *err)
{
    const char *start = at;
    if (digits(&at, bits) && !*at && *bits >= 1 && *bits <= most)
        return PJ_OK;
    int stem = (int)(start - word);
    return pj_fail(err, PJ_EARGUMENT, "number format \"%.64s\": expected %.*s1 to %.*s%d", word, stem, word, stem, word,
                   most);
}

/* The N,I> of "fixed<N,I>". */
static pj_status parse_fixed(const char *word, const char *at, bool is_signed, pj_number *out, pj_error *err)
{
    int bits, int_bits;
    bool ok = digits(&at, &bits) && skip(&at, ",");
    bool negative = ok && skip(&at, "-");
    ok = ok && digits(&at, &int_bits) && skip(&at, ">") && !*at;
    if (!ok)
        return pj_fail(err, PJ_EARGUMENT,
                       "number format \"%.64s\": expected %sfixed<N,I>, N bits of which I are integer bits", word,
                       is_signed ? "" : "u");
    if (bits < 1 || bits > MOST_FIXED || int_bits > MOST_FIXED)
        return pj_fail(err, PJ_EARGUMENT, "number format \"%.64s\": expected 1 to %d bits and -%d to %d integer bits",
                       word, MOST_FIXED, MOST_FIXED, MOST_FIXED);
    *out = pj_number_fixed(bits, negative ? -int_bits : int_bits, is_signed);
    return PJ_OK;
}

/* The words with a count, after an optional u. */
static pj_status parse_counted(const char *word, pj_number *out, pj_error *err)
{
    const char *at = word;
    bool is_signed = !skip(&at, "u");
    int bits;
    if (skip(&at, "fixed<"))
        return parse_fixed(word, at, is_signed, out, err);
    if (skip(&at, "int")) {
        PJ_TRY(parse_count(word, at, MOST_INT, &bits, err));
        *out = pj_number_fixed(bits, bits - is_signed, is_signed);
        return PJ_OK;
    }
    if (skip(&at, "po2_")) {
        PJ_TRY(parse_count(word, at, MOST_PO2, &bits, err));
        *out = pj_number_po2(bits, is_signed, -1);
        return PJ_OK;
    }
    return pj_fail(err, PJ_EARGUMENT,
                   "number format \"%.64s\": expected fp64, fp32, tf32, bf16, fp16, fp8e4m3, fp8e5m2, fp8e8m0, fp4, "
                   "intN, uintN, fixed<N,I>, ufixed<N,I>, po2_N, upo2_N, ternary, binary or binary01",
                   word);
}

pj_status pj_number_parse(const char *word, pj_number *out, pj_error *err)
{
    for (size_t i = 0; i < COUNT(floats); i++)
        if (strcmp(word, floats[i].word) == 0) {
            *out = pj_number_float(floats[i].bits, floats[i].flavour);
            return PJ_OK;
        }
    for (size_t i = 0; i < COUNT(plain); i++)
        if (strcmp(word, plain[i].word) == 0) {
            *out = plain[i].make();
            return PJ_OK;
        }
    return parse_counted(word, out, err);
}
