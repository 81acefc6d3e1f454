/* The numbers of shape inference: whole, real, symbolic, unknown, overflow. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/ckd.h"
#include "check.h"
#include "ir/formula.h"
#include "ir/num.h"

static pj_num text(pj_symbols *s, const char *name)
{
    return pj_num_symbol(s, name);
}

static void check_print(pj_num a, const char *want)
{
    pj_str out = pj_str_new(0);
    pj_num_print(a, &out);
    CHECK_TEXT(out.data, want);
    pj_str_free(&out);
}

static void test_whole(pj_symbols *s)
{
    static const int64_t rows[][7] = {
  /* a, b, floor, ceil, trunc, mod, a*b */
        {7,  2,  3,  4,  3,  1,  14 },
        {-7, 2,  -4, -3, -3, 1,  -14},
        {7,  -2, -4, -3, -3, -1, -14},
        {-7, -2, 3,  4,  3,  -1, 14 },
        {6,  3,  2,  2,  2,  0,  18 },
        {-6, 3,  -2, -2, -2, 0,  -18},
        {0,  -5, 0,  0,  0,  0,  0  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_num a = pj_num_of(rows[i][0]);
        pj_num b = pj_num_of(rows[i][1]);
        CHECK_INT(pj_num_floor_div(s, a, b).whole, rows[i][2]);
        CHECK_INT(pj_num_ceil_div(s, a, b).whole, rows[i][3]);
        CHECK_INT(pj_num_trunc_div(s, a, b).whole, rows[i][4]);
        CHECK_INT(pj_num_mod(s, a, b).whole, rows[i][5]);
        CHECK_INT(pj_num_mul(s, a, b).whole, rows[i][6]);
        CHECK(pj_num_is(pj_num_min(s, a, b), rows[i][0] < rows[i][1] ? rows[i][0] : rows[i][1]));
        CHECK(pj_num_is(pj_num_max(s, a, b), rows[i][0] < rows[i][1] ? rows[i][1] : rows[i][0]));
    }
    pj_num zeroed;
    memset(&zeroed, 0, sizeof zeroed);
    CHECK(pj_num_is(zeroed, 0));
    CHECK(pj_num_is_unknown(pj_num_floor_div(s, pj_num_of(1), zeroed)));
    CHECK(pj_num_is_unknown(pj_num_mod(s, pj_num_of(1), zeroed)));
    const pj_num three[] = {pj_num_of(2), pj_num_of(3), pj_num_of(7)};
    CHECK(pj_num_is(pj_num_product(s, three, 3), 42));
    CHECK(pj_num_is(pj_num_sum(s, three, 3), 12));
    CHECK(pj_num_is(pj_num_product(s, three, 0), 1));
    CHECK(pj_num_is(pj_num_sum(s, three, 0), 0));
}

static void test_overflow(pj_arena *arena)
{
    pj_symbols *s = pj_symbols_new(arena);
    pj_num least = pj_num_of(INT64_MIN);
    pj_num most = pj_num_of(INT64_MAX);
    CHECK(pj_num_is(pj_num_mod(s, least, pj_num_of(-1)), 0));
    CHECK(pj_num_is(pj_num_ceil_div(s, most, pj_num_of(2)), 4611686018427387904)); /* 2^62 */
    CHECK(pj_num_is(pj_num_floor_div(s, least, pj_num_of(2)), -4611686018427387904));
    CHECK(pj_num_overflowed(pj_num_add(s, most, pj_num_of(5))));
    CHECK(pj_num_overflowed(pj_num_neg(s, least)));
    CHECK(pj_num_overflowed(pj_num_floor_div(s, least, pj_num_of(-1))));
    CHECK(pj_num_overflowed(pj_num_ceil_div(s, least, pj_num_of(-1))));
    CHECK(pj_num_overflowed(pj_num_trunc_div(s, least, pj_num_of(-1))));
    CHECK(pj_num_overflowed(pj_num_sub(s, least, pj_num_of(1))));
    pj_num over = pj_num_mul(s, most, pj_num_of(2));
    pj_num n = text(s, "n");
    CHECK(pj_num_overflowed(over));
    CHECK(!pj_num_is_unknown(over) && !pj_num_symbolic(over) && !pj_num_known(over));
    CHECK(pj_num_overflowed(pj_num_add(s, pj_num_unknown(), over)));
    CHECK(pj_num_overflowed(pj_num_min(s, over, n)));
    CHECK(pj_num_overflowed(pj_num_mod(s, n, over)));
    CHECK(pj_num_overflowed(pj_num_mul(s, pj_num_of_real(0.5), over)));
    CHECK(pj_num_overflowed(pj_num_mul(s, pj_num_mul(s, n, most), pj_num_of(2))));
    CHECK(pj_num_overflowed(pj_num_add(s, pj_num_add(s, n, most), pj_num_of(1))));
    CHECK(!pj_num_equal(over, over));
    check_print(over, "overflow");
    check_print(least, "-9223372036854775808");
}

static void test_unknown_and_real(pj_symbols *s)
{
    pj_num unknown = pj_num_unknown();
    pj_num half = pj_num_of_real(0.5);
    pj_num n = text(s, "n");
    bool known;
    CHECK(pj_num_is_unknown(pj_num_add(s, unknown, n)));
    CHECK(pj_num_is_unknown(pj_num_mul(s, half, unknown)));
    CHECK(pj_num_is_unknown(pj_num_mul(s, half, n)));
    CHECK(pj_num_is_unknown(pj_num_max(s, pj_num_of(0), unknown)));
    CHECK(!pj_num_equal(unknown, unknown) && !pj_num_differ(unknown, unknown));
    CHECK(!pj_num_at_least(unknown, 0));
    CHECK_NEAR(pj_num_as_real(pj_num_add(s, half, pj_num_of(2)), &known), 2.5, 0);
    CHECK(known);
    CHECK_NEAR(pj_num_as_real(pj_num_neg(s, half), &known), -0.5, 0);
    CHECK_NEAR(pj_num_as_real(pj_num_div_real(s, pj_num_of(3), pj_num_of(4)), &known), 0.75, 0);
    pj_num_as_real(n, &known);
    CHECK(!known);
    CHECK(pj_num_is_unknown(pj_num_div_real(s, pj_num_of(3), pj_num_of(0))));
    CHECK(pj_num_is(pj_num_floor(s, pj_num_of_real(-2.5)), -3));
    CHECK(pj_num_is(pj_num_ceil(s, pj_num_of_real(-2.5)), -2));
    CHECK(pj_num_is(pj_num_trunc(s, pj_num_of_real(-2.5)), -2));
    CHECK(pj_num_is_real(pj_num_floor(s, pj_num_of_real(1e300))));
    CHECK(pj_num_is_real(pj_num_floor(s, pj_num_of_real(9223372036854775808.0))));
    CHECK(pj_num_is(pj_num_floor(s, pj_num_of_real(-9223372036854775808.0)), INT64_MIN));
    CHECK(pj_num_is_real(pj_num_trunc(s, pj_num_of_real(NAN))));
    CHECK(pj_num_equal(pj_num_of(2), pj_num_of_real(2.0)));
    CHECK(pj_num_differ(pj_num_of(2), half));
    CHECK(pj_num_at_least(half, 0) && !pj_num_at_least(half, 1));
    CHECK(pj_num_equal(pj_num_floor(s, n), n));
    /* floor of the size times a scale of 2.0, as exporters write upsampling */
    check_print(pj_num_floor(s, pj_num_mul(s, n, pj_num_of_real(2.0))), "2*n");
    check_print(pj_num_div_real(s, pj_num_mul(s, n, pj_num_of(6)), pj_num_of_real(2.0)), "3*n");
    CHECK(pj_num_is_unknown(pj_num_div_real(s, n, pj_num_of(2))));
    check_print(half, "0.5");
    check_print(unknown, "?");
    check_print(pj_num_of_real(INFINITY), "inf");
    check_print(pj_num_max(s, pj_num_of_real(1.5), pj_num_of(1)), "1.5");
}

/* Texts and the normal form they are printed in. By hand: each right side is the left side's value for all symbols
 * >= 1. */
static void test_normal_form(pj_symbols *s)
{
    static const char *const rows[][2] = {
        {"seq",                                    "seq"                                                  },
        {"past_sequence_length + sequence_length", "past_sequence_length + sequence_length"               },
        {"2*seq + 1",                              "2*seq + 1"                                            },
        {"1 + seq*2",                              "2*seq + 1"                                            },
        {"seq*batch+1",                            "batch*seq + 1"                                        },
        {"3 - 2*h",                                "-2*h + 3"                                             },
        {"2*h - 3",                                "2*h - 3"                                              },
        {"(a + b)*(a - b)",                        "a**2 - b**2"                                          },
        {"(a + 1)**2 - a*a",                       "2*a + 1"                                              },
        {"c + b + a + a*b",                        "a*b + a + b + c"                                      },
        {"b*a*a + a*b*b",                          "a**2*b + a*b**2"                                      },
        {"a - a",                                  "0"                                                    },
        {"floor(n/2) + 1",                         "floor(n/2) + 1"                                       },
        {"s0//2",                                  "floor(s0/2)"                                          },
        {"(s0//2)",                                "floor(s0/2)"                                          },
        {"((s77 - 1)//2) + 1",                     "floor((s77 + 1)/2)"                                   },
        {"floor(h/2 - 1/2) + 1",                   "floor((h + 1)/2)"                                     },
        {"floor((h - 3)/2) + 1",                   "floor((h + 1)/2) - 1"                                 },
        {"ceiling(h/2)",                           "floor((h + 1)/2)"                                     },
        {"CeilToInt(IntTrueDiv(h, 2))",            "floor((h + 1)/2)"                                     },
        {"-((-h)//2)",                             "floor((h + 1)/2)"                                     },
        {"FloorDiv(h, 4)",                         "floor(h/4)"                                           },
        {"floor(2.0*h)",                           "2*h"                                                  },
        {"floor(1.5*h)",                           "h + floor(h/2)"                                       },
        {"4*h/2",                                  "2*h"                                                  },
        {"(2*h + 1)//2",                           "h"                                                    },
        {"(4*h + 6)//4",                           "h + 1"                                                },
        {"(6*h + 3)//4",                           "h + floor((h + 1)/2)"                                 },
        {"(2*h + 3)//6",                           "floor((h + 1)/3)"                                     },
        {"(n//2)//3",                              "floor(n/6)"                                           },
        {"((n + 1)//2 + 1)//2",                    "floor((n + 3)/4)"                                     },
        {"7//n",                                   "floor(7/n)"                                           },
        {"(batch*seq*768)//(batch*seq)",           "768"                                                  },
        {"(a*b*c)//(a*d)",                         "floor(b*c/d)"                                         },
        {"(a*b + c)//a",                           "b + floor(c/a)"                                       },
        {"a//(b*c)",                               "floor(a/(b*c))"                                       },
        {"(a*a - b*b)//(a + b)",                   "a - b"                                                },
        {"n//(n + 1)",                             "0"                                                    },
        {"5 + -1//n",                              "4"                                                    },
        {"ceil(a/b)",                              "floor((a - 1)/b) + 1"                                 },
        {"Mod(a, 4)",                              "mod(a, 4)"                                            },
        {"a % 4",                                  "mod(a, 4)"                                            },
        {"(4*b + a + 5) % 4",                      "mod(a + 1, 4)"                                        },
        {"(6*a + 3) % 4",                          "2*mod(a + 1, 2) + 1"                                  },
        {"(7 - h % 7) % 7",                        "mod(-h, 7)"                                           },
        {"(a*b) % a",                              "0"                                                    },
        {"(a % 4)//4",                             "0"                                                    },
        {"(a % 4) % 9",                            "mod(a, 4)"                                            },
        {"a % (a + b + 1)",                        "a"                                                    },
        {"a % (0 - 4)",                            "-mod(-a, 4)"                                          },
        {"Max(0, s1)",                             "s1"                                                   },
        {"max(0, a - b)",                          "max(0, a - b)"                                        },
        {"max(a - b, 0)",                          "max(0, a - b)"                                        },
        {"Max(1, s0)",                             "max(1, s0)"                                           },
        {"Min(n, n + 3)",                          "n"                                                    },
        {"max(n, n + 3, 2)",                       "n + 3"                                                },
        {"max(b, max(a, 4))",                      "max(4, a, b)"                                         },
        {"max(max(4, b), a)",                      "max(4, a, b)"                                         },
        {"min(9223372036854775807, n)",            "n"                                                    },
        {"trunc((h - 3)/2)",                       "max(0, floor((h + 1)/2) - 2) + min(0, floor(h/2) - 1)"},
        {"trunc(h/2)",                             "floor(h/2)"                                           },
        {"n + 3 - 9223372036854775807 - 4",        "n - 9223372036854775807 - 1"                          },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_num a = text(s, rows[i][0]);
        check_print(a, rows[i][1]);
        CHECK(pj_num_equal(text(s, rows[i][1]), a));
    }
}

/* What is no formula is one name, or nothing. */
static void test_opaque(pj_symbols *s)
{
    static const char *const unknown[] = {"", "?", "None", "none", "-1", "unk", "Unknown", "-5", "3 - 5"};
    static const char *const opaque[] = {"unk__123",   "batch size",
                                         "batch-size", "1st",
                                         "a/b",        "Reshape_/model/Reshape_output_0_dim_1",
                                         "h/2",        "2*",
                                         "(a",         "a)",
                                         "f(a)",       "a b",
                                         "#",          "a,b",
                                         "'",          "''",
                                         "'a'",        "'a + b'",
                                         "it's",       "a//0",
                                         "a**17",      "99999999999999999999*a",
                                         "Höhe",       "max()",
                                         "min(a,)",    "mod(a)",
                                         "'''a b'''",  "floor(a",
                                         "1.5*a",      "a - - ",
                                         "- "};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        CHECK(pj_num_is_unknown(text(s, unknown[i])));
    pj_num before = pj_num_unknown();
    for (size_t i = 0; i < sizeof opaque / sizeof *opaque; i++) {
        pj_num a = text(s, opaque[i]);
        check_print(a, opaque[i]);
        CHECK(pj_num_at_least(a, 0));
        CHECK(!pj_num_equal(a, before));
        pj_str out = pj_str_new(0);
        pj_num more = pj_num_add(s, a, pj_num_of(1));
        pj_num_print(more, &out);
        CHECK(pj_num_equal(text(s, out.data), more));
        pj_str_free(&out);
        before = a;
    }
    check_print(pj_num_mul(s, text(s, "batch size"), pj_num_of(2)), "2*'batch size'");
    check_print(pj_num_add(s, text(s, "it's"), pj_num_of(2)), "'it''s' + 2");
    check_print(text(s, "7"), "7");
    check_print(text(s, " seq "), "seq");
    check_print(text(s, "floor"), "floor");
    check_print(text(s, "a.b:0*2"), "2*a.b:0");
    check_print(text(s, "seq-1"), "seq - 1");
}

/* (n + pads - window)/stride + 1, as Conv has it. */
static pj_num window(pj_symbols *s, pj_num n, int64_t pads, int64_t taps, int64_t stride)
{
    pj_num span = pj_num_add(s, n, pj_num_of(pads - taps));
    return pj_num_add(s, pj_num_floor_div(s, span, pj_num_of(stride)), pj_num_of(1));
}

static void test_shapes(pj_symbols *s)
{
    pj_num h = text(s, "h");
    /* ResNet stem: 7x7/2 pad 3, then 3x3/2 pad 1: 1 + floor((floor((h - 1)/2) + 1 - 1)/2) = floor((h + 3)/4) */
    pj_num stem = window(s, h, 6, 7, 2);
    check_print(stem, "floor((h + 1)/2)");
    check_print(window(s, stem, 2, 3, 2), "floor((h + 3)/4)");
    CHECK(pj_num_equal(stem, window(s, h, 2, 3, 2)));
    CHECK(pj_num_equal(stem, pj_num_ceil_div(s, h, pj_num_of(2))));
    CHECK(pj_num_equal(window(s, h, 2, 3, 1), h));
    pj_num down = window(s, window(s, h, 0, 2, 2), 0, 2, 2);
    check_print(pj_num_mul(s, down, pj_num_of(4)), "4*floor(h/4)");
    /* even sizes survive down and up */
    pj_num even = text(s, "16*k");
    CHECK(pj_num_equal(pj_num_mul(s, window(s, window(s, even, 2, 3, 2), 2, 3, 2), pj_num_of(4)), even));

    /* reshape [batch, seq, 768] to [0, 0, 12, -1] and [-1, 768] */
    const pj_num dims[] = {text(s, "batch"), text(s, "seq"), pj_num_of(768)};
    const pj_num heads[] = {dims[0], dims[1], pj_num_of(12)};
    pj_num all = pj_num_product(s, dims, 3);
    CHECK(pj_num_is(pj_num_floor_div(s, all, pj_num_product(s, heads, 3)), 64));
    check_print(pj_num_floor_div(s, all, dims[2]), "batch*seq");
    pj_num total = pj_num_add(s, text(s, "past"), dims[1]);
    check_print(pj_num_sub(s, total, dims[1]), "past");
    check_print(pj_num_mul(s, total, dims[0]), "batch*past + batch*seq");
    CHECK(pj_num_equal(pj_num_floor_div(s, pj_num_mul(s, total, all), all), total));
    CHECK(pj_num_equal(pj_num_floor_div(s, pj_num_mul(s, total, all), total), all));
    /* halves */
    pj_num half = pj_num_floor_div(s, dims[1], pj_num_of(2));
    CHECK(pj_num_equal(pj_num_add(s, half, pj_num_sub(s, dims[1], half)), dims[1]));
}

static void test_proofs(pj_symbols *s)
{
    pj_num n = text(s, "n");
    pj_num next = pj_num_add(s, n, pj_num_of(1));
    CHECK(pj_num_differ(n, next) && !pj_num_equal(n, next));
    CHECK(!pj_num_differ(n, text(s, "m")) && !pj_num_equal(n, text(s, "m")));
    CHECK(!pj_num_differ(n, pj_num_of(5)));
    CHECK(pj_num_differ(n, pj_num_of(-1)));
    CHECK(pj_num_differ(pj_num_of(5), text(s, "n + 6")));
    CHECK(pj_num_differ(text(s, "n % 4"), pj_num_of(4)));
    CHECK(pj_num_at_least(next, 1) && !pj_num_at_least(next, 2));
    CHECK(pj_num_at_least(text(s, "2*n*m + floor(m/3) + mod(n, 4) + 2"), 2));
    CHECK(!pj_num_at_least(text(s, "n - m"), 0));
    CHECK(pj_num_at_least(text(s, "floor((n - 3)/2)"), -2));
    CHECK(pj_num_at_least(text(s, "max(n - m, 2)"), 2));
    /* ends as far as it goes, backward: -1 is beyond n - 2^63 */
    pj_num far = pj_num_add(s, n, pj_num_of(INT64_MIN));
    CHECK(pj_num_is(pj_num_max(s, far, pj_num_of(-1)), -1));
    CHECK(pj_num_equal(pj_num_min(s, pj_num_of(INT64_MAX), next), next));
    CHECK(pj_num_is(pj_num_max(s, text(s, "n"), pj_num_of(INT64_MAX)), INT64_MAX));
}

static void test_bindings(pj_arena *arena)
{
    pj_symbols *s = pj_symbols_new(arena);
    CHECK(pj_symbols_bind(s, "batch", 4));
    CHECK(pj_symbols_bind(s, "never", 9));
    CHECK(pj_symbols_bind(s, "odd name", 3));
    CHECK(pj_symbols_bind(s, "x + y", 11));
    CHECK(pj_num_is(text(s, "batch"), 4));
    CHECK(pj_num_is(text(s, "odd name"), 3));
    CHECK(pj_num_is(text(s, "x + y"), 11));
    CHECK(pj_num_is(text(s, "batch*2 + 1"), 9));
    CHECK(pj_num_is_unknown(text(s, "batch - 5")));
    check_print(text(s, "batch*seq + 'odd name'"), "4*seq + 3");
    text(s, "a/b");
    text(s, "None");
    static const char *const names[] = {"batch", "odd name", "x + y", "seq", "a/b"};
    static const bool want[] = {true, true, true, false, false};
    for (size_t i = 0; i < 5; i++) {
        bool bound = !want[i];
        CHECK_TEXT(pj_symbols_name(s, i, &bound), names[i]);
        CHECK(bound == want[i]);
    }
    bool bound;
    CHECK(!pj_symbols_name(s, 5, &bound));
}

/* Numbers in the place of symbols: some, all, formulas; and names in the place of others. */
static void test_substitute(pj_arena *arena)
{
    pj_symbols *s = pj_symbols_new(arena);
    pj_map map;
    pj_num seq = pj_num_of(7), w = pj_num_of(2);
    pj_map_init(&map, arena);
    pj_num a = text(s, "max(seq - w, 1)*mod(seq, 4) + min(seq, w) + floor(seq/w)");
    CHECK(pj_num_equal(pj_num_substitute(s, a, &map), a));
    CHECK_TEXT(pj_num_missing(a, &map), "seq");
    pj_map_put(&map, "seq", &seq);
    CHECK(pj_num_equal(pj_num_substitute(s, a, &map), text(s, "max(7 - w, 1)*3 + min(7, w) + floor(7/w)")));
    CHECK_TEXT(pj_num_missing(a, &map), "w");
    pj_map_put(&map, "w", &w);
    CHECK(pj_num_is(pj_num_substitute(s, a, &map), 5 * 3 + 2 + 3));
    CHECK(pj_num_is(pj_num_substitute(s, pj_num_of(5), &map), 5));
    CHECK(!pj_num_missing(a, &map));
    seq = text(s, "w*w");
    w = text(s, "seq + 1"); /* at once: the seq that comes in stays */
    CHECK(pj_num_equal(pj_num_substitute(s, text(s, "seq*w"), &map), text(s, "w*w*(seq + 1)")));
    seq = pj_num_unknown();
    CHECK(pj_num_is_unknown(pj_num_substitute(s, text(s, "seq + 1"), &map)));
    seq = pj_num_of(INT64_MAX);
    w = pj_num_of(2);
    CHECK(pj_num_overflowed(pj_num_substitute(s, text(s, "seq*w"), &map)));
}

/* Formulas with numbers for names; nothing that is read this way is listed. */
static void test_read(pj_arena *arena)
{
    pj_symbols *s = pj_symbols_new(arena);
    pj_map map;
    pj_num h = pj_num_of(224), out;
    bool bound;
    pj_map_init(&map, arena);
    CHECK(!pj_num_read(s, "h/2", NULL, &out)); /* not whole for every h */
    pj_map_put(&map, "h", &h);
    CHECK(pj_num_read(s, "h/2", &map, &out) && pj_num_is(out, 112));
    CHECK(pj_num_read(s, "h*k", &map, &out));
    check_print(out, "224*k");
    CHECK(!pj_num_read(s, "h*", &map, &out));
    CHECK(!pj_symbols_name(s, 0, &bound));
}

/* Past a limit a formula is unknown, and nothing takes long. */
static void test_limits(pj_arena *arena)
{
    pj_symbols *s = pj_symbols_new(arena);
    pj_num sum = pj_num_of(0);
    pj_num product = pj_num_of(1);
    char name[16];
    for (int i = 0; i < PJ_MAX_FORMULA_TERMS; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        sum = pj_num_add(s, sum, text(s, name));
        if (i < PJ_MAX_FORMULA_DEGREE)
            product = pj_num_mul(s, product, text(s, name));
    }
    CHECK(pj_num_symbolic(sum) && pj_num_symbolic(product));
    CHECK(pj_num_is_unknown(pj_num_add(s, sum, text(s, "one more"))));
    CHECK(pj_num_is_unknown(pj_num_mul(s, product, text(s, "one more"))));
    CHECK(pj_num_is_unknown(pj_num_mul(s, sum, sum)));

    pj_num deep = text(s, "n");
    int depth = 0;
    for (; depth < 100000 && pj_num_symbolic(deep); depth++)
        deep = pj_num_mod(s, pj_num_mul(s, deep, deep), pj_num_of(1000003 + depth));
    CHECK(pj_num_is_unknown(deep));
    CHECK(depth <= PJ_MAX_FORMULA_DEPTH + 1);
    deep = text(s, "n");
    for (int i = 0; i < 1000; i++) /* one division is enough for all */
        deep = pj_num_floor_div(s, pj_num_add(s, deep, pj_num_of(1)), pj_num_of(2));
    CHECK(pj_num_symbolic(deep) || pj_num_is_unknown(deep));

    char nested[400];
    memset(nested, '(', 200);
    (void)snprintf(nested + 200, sizeof nested - 200, "a");
    memset(nested + 201, ')', 198);
    nested[399] = '\0';
    check_print(text(s, nested), nested); /* too deep to be read */
    CHECK(!pj_symbols_out_of_memory(s));
}

/* With too little memory results are unknown, never wrong, and the table says so. */
static void test_memory(void)
{
    bool all = false;
    for (size_t limit = 256; limit < 1 << 20 && !all; limit += 512) {
        pj_arena *arena = pj_arena_new(limit);
        pj_symbols *s = arena ? pj_symbols_new(arena) : NULL;
        if (s) {
            pj_num a = text(s, "max(floor((h + 1)/2)*w + mod(h, 3), 'a b'*'a b')");
            pj_num b = pj_num_floor_div(s, pj_num_mul(s, a, text(s, "w + 1")), a);
            all = !pj_symbols_out_of_memory(s);
            CHECK(all || pj_num_is_unknown(b) || pj_num_symbolic(b));
            if (all)
                check_print(b, "w + 1");
        }
        pj_arena_free(arena);
    }
    CHECK(all);
}

/* Names decide the order of terms, not the time when they were made. */
static void test_order(pj_arena *arena)
{
    static const char *const formulas[] = {"c + a*b + mod(d, 3) + floor(e/2)*a", "max(e, d) + min(b - a, c - a)",
                                           "floor((a + b*c)/d) - mod(a*b - c, e)"};
    static const char *const wants[] = {"a*b + a*floor(e/2) + c + mod(d, 3)", "max(d, e) + min(-a + b, -a + c)",
                                        "floor((b*c + a)/d) - mod(a*b - c, e)"};
    for (int back = 0; back < 2; back++) {
        pj_symbols *s = pj_symbols_new(arena);
        for (int i = 0; i < 5; i++) {
            const char name[2] = {(char)(back ? 'e' - i : 'a' + i), '\0'};
            text(s, name);
        }
        for (int i = 0; i < 3; i++)
            check_print(text(s, formulas[back ? 2 - i : i]), wants[back ? 2 - i : i]);
    }
}

/* ---- random formulas against plain arithmetic ---- */

enum { POINTS = 6, SYMBOLS = 4, TREES = 20000 };

/* A number together with its value at some points; not `valid` where the value divides by zero or is too large. */
typedef struct sample {
    pj_num num;
    int64_t values[POINTS];
    bool valid[POINTS];
} sample;

typedef struct world {
    pj_symbols *s;
    pj_map maps[POINTS];
    pj_num nums[POINTS][SYMBOLS];
    int64_t values[POINTS][SYMBOLS];
    uint64_t random;
} world;

static const char *const symbol_names[SYMBOLS] = {"a", "b", "c", "d e"};

static int64_t pick(world *w, int64_t below)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((w->random >> 33) % (uint64_t)below);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient * b != a && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

static bool apply(int op, int64_t a, int64_t b, int64_t *out)
{
    const int64_t bound = (int64_t)1 << 40;
    *out = 0;
    if (op >= 3 && op <= 6 && b == 0)
        return false;
    if (op == 0)
        *out = a + b;
    else if (op == 1)
        *out = a - b;
    else if (op == 2 && !pj_mul_i64(a, b, out))
        return false;
    else if (op == 3)
        *out = floor_div(a, b);
    else if (op == 4)
        *out = -floor_div(-a, b);
    else if (op == 5)
        *out = a / b;
    else if (op == 6)
        *out = a - b * floor_div(a, b);
    else if (op == 7)
        *out = a < b ? a : b;
    else if (op == 8)
        *out = a > b ? a : b;
    return *out<bound && * out> - bound;
}

static pj_num apply_num(pj_symbols *s, int op, pj_num a, pj_num b)
{
    static pj_num (*const operations[])(pj_symbols *, pj_num, pj_num) = {
        pj_num_add,       pj_num_sub, pj_num_mul, pj_num_floor_div, pj_num_ceil_div,
        pj_num_trunc_div, pj_num_mod, pj_num_min, pj_num_max};
    return operations[op](s, a, b);
}

static sample grow(world *w, int depth)
{
    sample out;
    int64_t kind = pick(w, 8);
    if (depth == 0 || kind == 0) {
        int64_t which = pick(w, SYMBOLS + 2);
        int64_t number = pick(w, 4) ? pick(w, 8) : pick(w, 30) - 15;
        out.num = which < SYMBOLS ? text(w->s, symbol_names[which]) : pj_num_of(number);
        for (int i = 0; i < POINTS; i++) {
            out.values[i] = which < SYMBOLS ? w->values[i][which] : number;
            out.valid[i] = true;
        }
        return out;
    }
    int op = (int)(kind < 5 ? pick(w, 3) : pick(w, 9));
    sample a = grow(w, depth - 1);
    sample b = grow(w, depth - 1);
    out.num = apply_num(w->s, op, a.num, b.num);
    for (int i = 0; i < POINTS; i++)
        out.valid[i] = apply(op, a.values[i], b.values[i], &out.values[i]) && a.valid[i] && b.valid[i];
    return out;
}

static void check_sample(world *w, const sample *a, int *checked)
{
    if (pj_num_is_unknown(a->num) || pj_num_overflowed(a->num))
        return;
    for (int i = 0; i < POINTS; i++) {
        pj_num value = pj_num_substitute(w->s, a->num, &w->maps[i]);
        if (!a->valid[i])
            continue;
        bool ok = pj_num_is(value, a->values[i]) && !pj_num_at_least(a->num, a->values[i] + 1);
        ++*checked;
        if (!ok) {
            pj_str out = pj_str_new(0);
            pj_num_print(a->num, &out);
            pj_str_printf(&out, " is %lld, not %lld", (long long)value.whole, (long long)a->values[i]);
            CHECK_TEXT(out.data, "");
            pj_str_free(&out);
        }
    }
    pj_str out = pj_str_new(0);
    pj_num_print(a->num, &out);
    bool negative = pj_num_known(a->num) && a->num.whole < 0;
    if (!negative && !pj_num_equal(pj_num_symbol(w->s, out.data), a->num))
        CHECK_TEXT(out.data, "the same formula again");
    pj_str_free(&out);
}

/* The same formula or number by two routes; what is too large to be either proves nothing. */
static void check_same(pj_num a, pj_num b, const char *law)
{
    bool skipped = pj_num_is_unknown(a) || pj_num_is_unknown(b) || pj_num_overflowed(a) || pj_num_overflowed(b);
    if (skipped || pj_num_equal(a, b))
        return;
    pj_str out = pj_str_new(0);
    pj_num_print(a, &out);
    pj_str_add(&out, " == ");
    pj_num_print(b, &out);
    CHECK_TEXT(out.data, law);
    pj_str_free(&out);
}

static void check_laws(world *w, pj_num x, pj_num y)
{
    pj_symbols *s = w->s;
    int64_t number = 2 + pick(w, 6);
    pj_num k = pj_num_of(number);
    pj_num z = text(s, symbol_names[pick(w, SYMBOLS)]);
    pj_num sum = pj_num_add(s, x, y);
    check_same(sum, pj_num_add(s, y, x), "x + y");
    check_same(pj_num_sub(s, sum, y), x, "x + y - y");
    check_same(pj_num_mul(s, sum, z), pj_num_add(s, pj_num_mul(s, z, x), pj_num_mul(s, y, z)), "(x + y)*z");
    check_same(pj_num_floor_div(s, pj_num_mul(s, x, z), z), x, "x*z/z");
    check_same(pj_num_mod(s, pj_num_mul(s, x, z), z), pj_num_of(0), "mod(x*z, z)");
    pj_num odd = pj_num_of(3 + 2 * pick(w, 3)); /* y/2 and -y/2 are one but for y, which has no form of its own */
    check_same(pj_num_floor_div(s, pj_num_add(s, pj_num_mul(s, x, odd), y), odd),
               pj_num_add(s, x, pj_num_floor_div(s, y, odd)), "(k*x + y)/k");
    check_same(pj_num_ceil_div(s, x, k), pj_num_floor_div(s, pj_num_add(s, x, pj_num_of(number - 1)), k), "ceil(x/k)");
    check_same(pj_num_ceil_div(s, x, k), pj_num_neg(s, pj_num_floor_div(s, x, pj_num_neg(s, k))), "-floor(x/-k)");
    pj_num line = pj_num_add(s, pj_num_mul(s, pj_num_of(pick(w, 20) - 10), z), pj_num_of(pick(w, 20)));
    line = pj_num_sub(s, pj_num_mul(s, text(s, "a*b"), pj_num_of(pick(w, 9))), line);
    check_same(pj_num_floor_div(s, pj_num_floor_div(s, line, odd), k), pj_num_floor_div(s, line, pj_num_mul(s, odd, k)),
               "floor(floor(x/m)/k)");
    check_same(pj_num_mod(s, pj_num_sub(s, line, pj_num_mul(s, x, k)), k), pj_num_mod(s, line, k), "mod(y - k*x, k)");
    check_same(pj_num_max(s, x, y), pj_num_max(s, y, x), "max(x, y)");
    check_same(pj_num_min(s, z, pj_num_min(s, x, y)), pj_num_min(s, pj_num_min(s, y, z), x), "min(x, y, z)");
}

static void test_random(pj_arena *arena)
{
    world w = {.s = pj_symbols_new(arena), .random = 2024};
    for (int i = 0; i < POINTS; i++) {
        pj_map_init(&w.maps[i], arena);
        for (int k = 0; k < SYMBOLS; k++) {
            w.values[i][k] = i == 0 ? pick(&w, 3) : 1 + pick(&w, 12);
            w.nums[i][k] = pj_num_of(w.values[i][k]);
            pj_map_put(&w.maps[i], symbol_names[k], &w.nums[i][k]);
        }
    }
    int checked = 0;
    int differ = 0;
    int false_proofs = 0;
    sample before = grow(&w, 3);
    for (int i = 0; i < TREES; i++) {
        sample next = grow(&w, 2 + i % 4);
        check_sample(&w, &next, &checked);
        check_laws(&w, before.num, next.num);
        bool same = pj_num_equal(before.num, next.num);
        bool other = pj_num_differ(before.num, next.num);
        differ += other;
        for (int k = 0; k < POINTS; k++)
            if (before.valid[k] && next.valid[k] &&
                ((same && before.values[k] != next.values[k]) || (other && before.values[k] == next.values[k])))
                false_proofs++;
        before = next;
    }
    CHECK_INT(false_proofs, 0);
    CHECK(checked > TREES * 3);
    CHECK(differ > TREES / 100);
}

int main(void)
{
    pj_arena *arena = pj_arena_new(0);
    pj_symbols *s = pj_symbols_new(arena);
    test_whole(s);
    test_unknown_and_real(s);
    test_normal_form(s);
    test_opaque(s);
    test_shapes(s);
    test_proofs(s);
    test_overflow(arena);
    test_bindings(arena);
    test_substitute(arena);
    test_read(arena);
    test_limits(arena);
    test_memory();
    test_order(arena);
    test_random(arena);
    pj_arena_free(arena);
    return check_done();
}
