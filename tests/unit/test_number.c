/* Number formats: their words, and powers of two as fixed point. */
#include "arith/number.h"

#include <string.h>

#include "check.h"

static void check_format(const pj_number *got, pj_number_kind kind, int64_t bits, int64_t int_bits, bool is_signed)
{
    CHECK_INT(got->kind, kind);
    CHECK_INT(got->bits, bits);
    CHECK_INT(got->int_bits, int_bits);
    CHECK_INT(got->is_signed, is_signed);
}

/* Every word is read as the format, and the format is written as the word. */
static void test_words(void)
{
    static const struct {
        const char *word;
        pj_number_kind kind;
        int bits;
        int int_bits;
        bool is_signed;
        pj_float_flavour flavour;
    } rows[] = {
        {"fp64",              PJ_FLOAT,    64,   -1,    true,  PJ_FLOAT_PLAIN},
        {"fp32",              PJ_FLOAT,    32,   -1,    true,  PJ_FLOAT_PLAIN},
        {"tf32",              PJ_FLOAT,    32,   -1,    true,  PJ_FLOAT_TF32 },
        {"bf16",              PJ_FLOAT,    16,   -1,    true,  PJ_FLOAT_BF16 },
        {"fp16",              PJ_FLOAT,    16,   -1,    true,  PJ_FLOAT_PLAIN},
        {"fp8e4m3",           PJ_FLOAT,    8,    -1,    true,  PJ_FLOAT_PLAIN},
        {"fp8e5m2",           PJ_FLOAT,    8,    -1,    true,  PJ_FLOAT_E5M2 },
        {"fp8e8m0",           PJ_FLOAT,    8,    -1,    false, PJ_FLOAT_E8M0 },
        {"fp4",               PJ_FLOAT,    4,    -1,    true,  PJ_FLOAT_PLAIN},
        {"int1",              PJ_FIXED,    1,    0,     true,  PJ_FLOAT_PLAIN},
        {"int8",              PJ_FIXED,    8,    7,     true,  PJ_FLOAT_PLAIN},
        {"int64",             PJ_FIXED,    64,   63,    true,  PJ_FLOAT_PLAIN},
        {"uint1",             PJ_FIXED,    1,    1,     false, PJ_FLOAT_PLAIN},
        {"uint64",            PJ_FIXED,    64,   64,    false, PJ_FLOAT_PLAIN},
        {"fixed<16,3>",       PJ_FIXED,    16,   3,     true,  PJ_FLOAT_PLAIN},
        {"fixed<8,-1>",       PJ_FIXED,    8,    -1,    true,  PJ_FLOAT_PLAIN},
        {"ufixed<6,2>",       PJ_FIXED,    6,    2,     false, PJ_FLOAT_PLAIN},
        {"fixed<65,64>",      PJ_FIXED,    65,   64,    true,  PJ_FLOAT_PLAIN},
        {"fixed<1024,-1024>", PJ_FIXED,    1024, -1024, true,  PJ_FLOAT_PLAIN},
        {"po2_4",             PJ_PO2,      4,    4,     true,  PJ_FLOAT_PLAIN},
        {"upo2_24",           PJ_PO2,      24,   24,    false, PJ_FLOAT_PLAIN},
        {"ternary",           PJ_TERNARY,  2,    2,     true,  PJ_FLOAT_PLAIN},
        {"binary",            PJ_BINARY,   1,    1,     true,  PJ_FLOAT_PLAIN},
        {"binary01",          PJ_BINARY01, 1,    1,     false, PJ_FLOAT_PLAIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_number number;
        pj_error err = {0};
        pj_str text = pj_str_new(0);
        CHECK_INT(pj_number_parse(rows[i].word, &number, &err), PJ_OK);
        check_format(&number, rows[i].kind, rows[i].bits, rows[i].int_bits, rows[i].is_signed);
        CHECK_INT(number.flavour, rows[i].flavour);
        CHECK_INT(number.value_count, -1);
        CHECK_NEAR(number.max_val_po2, -1, 0);
        pj_number_print(&number, &text);
        CHECK_TEXT(text.data, rows[i].word);
        pj_str_free(&text);
    }
}

static void test_int_is_fixed(void)
{
    pj_number number;
    pj_str text = pj_str_new(0);
    CHECK_INT(pj_number_parse("fixed<8,7>", &number, NULL), PJ_OK);
    pj_number_print(&number, &text);
    CHECK_TEXT(text.data, "int8");
    pj_str_free(&text);
}

static void test_bad_words(void)
{
    /*  word, what the sentence says */
    static const struct {
        const char *word;
        const char *part;
    } rows[] = {
        {"int0",           "\"int0\": expected int1 to int64"                  },
        {"int65",          "expected int1 to int64"                            },
        {"int",            "expected int1 to int64"                            },
        {"int08",          "expected int1 to int64"                            },
        {"int8 ",          "expected int1 to int64"                            },
        {"int99999999999", "expected int1 to int64"                            },
        {"uint-4",         "expected uint1 to uint64"                          },
        {"po2_25",         "expected po2_1 to po2_24"                          },
        {"upo2_",          "expected upo2_1 to upo2_24"                        },
        {"fixed<8>",       "expected fixed<N,I>"                               },
        {"ufixed<8,1",     "expected ufixed<N,I>"                              },
        {"fixed<8,1>x",    "expected fixed<N,I>"                               },
        {"fixed<8,--1>",   "expected fixed<N,I>"                               },
        {"fixed<0,1>",     "expected 1 to 1024 bits"                           },
        {"fixed<1025,1>",  "expected 1 to 1024 bits"                           },
        {"fixed<8,-1025>", "-1024 to 1024 integer bits"                        },
        {"",               "expected fp64, fp32"                               },
        {"u",              "expected fp64, fp32"                               },
        {"fp8",            "\"fp8\": expected fp64, fp32, tf32, bf16, fp16, fp"},
        {"FP16",           "expected fp64, fp32"                               },
        {"binary2",        "ternary, binary or binary01"                       },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_number number;
        pj_error err = {0};
        CHECK_INT(pj_number_parse(rows[i].word, &number, &err), PJ_EARGUMENT);
        CHECK_PART(err.what, rows[i].part);
    }
}

/* Q19: a float of a width that no float has still prints. */
static void test_odd_float(void)
{
    pj_number number = pj_number_float(20, PJ_FLOAT_PLAIN);
    pj_str text = pj_str_new(0);
    pj_number_print(&number, &text);
    CHECK_TEXT(text.data, "fp20");
    pj_str_free(&text);
}

static void test_equal(void)
{
    pj_number half = pj_number_float(16, PJ_FLOAT_PLAIN), brain = pj_number_float(16, PJ_FLOAT_BF16);
    pj_number a = pj_number_po2(4, true, 2), b = pj_number_po2(4, true, -1);
    CHECK(!pj_number_equal(&half, &brain));
    CHECK(pj_number_equal(&half, &half));
    CHECK(pj_number_equal(&a, &b));
}

static void check_range(int bits, bool is_signed, double max, double right, double left)
{
    pj_number po2 = pj_number_po2(bits, is_signed, max);
    pj_po2_range range = pj_number_po2_range(&po2);
    CHECK_NEAR(range.right, right, 0);
    CHECK_NEAR(range.left, left, 0);
}

static void test_po2_range(void)
{
    check_range(4, true, -1, 4, 3);    /* 3 exponent bits: 2^-4 .. 2^3 */
    check_range(4, false, -1, 8, 7);   /* 4 exponent bits: 2^-8 .. 2^7 */
    check_range(8, true, 16, 64, 4);   /* log2(16) = 4 < 63 */
    check_range(3, false, 2048, 4, 3); /* log2(2048) = 11 > 3 */
    check_range(5, true, 5, 8, 3);     /* ceil(log2(5)) = 3 */
    check_range(4, true, 1, 4, 0);     /* Q24: the sign bit of the exponent stays, though no exponent is above 0 */
    check_range(5, true, 0.5, 8, 0);   /* log2(0.5) = -1, no bit to the left */
    check_range(4, true, 0, 4, 0);
    check_range(1, true, -1, 0.5, 0); /* Q41: no exponent bit: 2^-1, and 2^-1 - 1 < 0 */
    check_range(4, true, 1e300, 4, 3);
}

static void test_po2_to_fixed(void)
{
    pj_number po2 = pj_number_po2(4, true, -1), unsigned_po2 = pj_number_po2(3, false, 2);
    pj_number fixed = pj_number_po2_to_fixed(&po2);
    check_format(&fixed, PJ_FIXED, 8, 3, true); /* 1 + 4 + 3 */
    fixed = pj_number_po2_to_fixed(&unsigned_po2);
    check_format(&fixed, PJ_FIXED, 5, 1, false); /* 0 + 4 + 1 */
    pj_number ternary = pj_number_ternary(), same = pj_number_po2_to_fixed(&ternary);
    check_format(&same, PJ_TERNARY, 2, 2, true);
    /* Q41: int(1 + 0.5 + 0) = 1 */
    pj_number sign_only = pj_number_po2(1, true, -1);
    fixed = pj_number_po2_to_fixed(&sign_only);
    check_format(&fixed, PJ_FIXED, 1, 0, true);
}

/* Formats beyond any sense saturate instead of overflowing. */
static void test_saturation(void)
{
    pj_number po2 = pj_number_po2(PJ_MOST_BITS, true, -1), fixed = pj_number_po2_to_fixed(&po2);
    check_format(&fixed, PJ_FIXED, PJ_MOST_BITS, PJ_MOST_BITS, true);
    CHECK_INT(pj_number_whole(-1e300), -PJ_MOST_BITS);
    CHECK_INT(pj_number_whole(-0.5), 0);
    CHECK_INT(pj_number_whole(2147483649.0), 2147483649);
}

int main(void)
{
    test_words();
    test_int_is_fixed();
    test_bad_words();
    test_odd_float();
    test_equal();
    test_po2_range();
    test_po2_to_fixed();
    test_saturation();
    return check_done();
}
