/* Data types of QONNX and FINN by name, and what a graph's annotations say of values that nothing else speaks of. */
#include "quant/dialect.h"

enum { MOST_BITS = 64 };

/* A decimal number without sign at *at, of at most three digits; -1: none. */
static int take_number(const char **at)
{
    int value = 0, digits = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, digits++)
        value = digits < 3 ? 10 * value + (**at - '0') : value;
    return digits >= 1 && digits <= 3 ? value : -1;
}

/* NAME<a,b,c>: up to three numbers; how many, 0 where the word is another one. */
static int take_arguments(const char *word, const char *name, int out[3])
{
    size_t length = strlen(name);
    int count = 0;
    const char *at = word + length;
    if (strncmp(word, name, length) != 0 || *at != '<')
        return 0;
    do {
        at++;
        at += strspn(at, " ");
        out[count] = take_number(&at);
    } while (out[count++] >= 0 && *at == ',' && count < 3);
    return out[count - 1] >= 0 && strcmp(at, ">") == 0 ? count : 0;
}

static bool is_width(int bits)
{
    return bits >= 1 && bits <= MOST_BITS;
}

/* INTn, UINTn */
static bool parse_int(const char *word, pj_number *out)
{
    bool is_signed = *word != 'U';
    const char *at = word + !is_signed;
    if (strncmp(at, "INT", 3) != 0)
        return false;
    at += 3;
    int bits = take_number(&at);
    if (*at || !is_width(bits))
        return false;
    *out = bits == 1 && !is_signed ? pj_number_binary01() : pj_number_fixed(bits, bits - is_signed, is_signed);
    return true;
}

bool pj_finn_parse(const char *word, pj_number *out, bool *is_exact)
{
    static const struct {
        const char *word;
        pj_number (*make)(void);
    } plain[] = {
        {"BIPOLAR", pj_number_binary  },
        {"TERNARY", pj_number_ternary },
        {"BINARY",  pj_number_binary01},
    };
    int n[3];
    *is_exact = true;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(word, plain[i].word) == 0) {
            *out = plain[i].make();
            return true;
        }
    if (parse_int(word, out))
        return true;
    if (take_arguments(word, "FIXED", n) == 2 && is_width(n[0]) && n[1] < n[0]) {
        *out = pj_number_fixed(n[0], n[1] - 1, true); /* theirs count the sign among the integer bits */
        return true;
    }
    *is_exact = false;
    if (take_arguments(word, "SCALEDINT", n) == 1 && is_width(n[0])) {
        *out = pj_number_fixed(n[0], n[0] - 1, true);
        return true;
    }
    int count = take_arguments(word, "FLOAT", n);
    if (count >= 2 && n[0] >= 1 && is_width(1 + n[0] + n[1]))
        *out = pj_number_minifloat(n[0], n[1]);
    else if (strcmp(word, "FLOAT16") == 0)
        *out = pj_number_float(16, PJ_FLOAT_PLAIN);
    else
        return false;
    return true;
}

static bool read_annotation(const pj_value *value, pj_diags *diags, pj_quantized *out)
{
    const char *word = value->annotation;
    memset(out, 0, sizeof *out);
    if (!word || !pj_dtype_is_float(value->type.dtype) || strcmp(word, "FLOAT32") == 0)
        return false;
    if (!pj_finn_parse(word, &out->format.number, &out->is_exact)) {
        pj_diag_add(diags, PJ_DIAG_QUANTIZER, NULL,
                    "the annotation \"%.64s\" of '%.200s' is no data type: it is not used", word, value->name);
        return false;
    }
    out->format.from = PJ_FROM_ANNOTATION;
    return true;
}

const pj_dialect pj_dialect_annotation = {.annotation = read_annotation};
