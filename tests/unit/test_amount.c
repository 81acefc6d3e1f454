/* Numbers with units: what is one, what is none, to which double it reads, in every locale. */
#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/amount.h"
#include "check.h"

/* The figure of the whole text, or -1. */
static double amount(const char *text, pj_digits digits, const pj_amount_unit *units)
{
    double value = -2;
    const char *unit = pj_amount_number(text, digits, &value);
    return unit && pj_amount_convert(unit, strlen(unit), units, &value) ? value : -1;
}

static void test_units(void)
{
    static const struct {
        const char *text;
        const pj_amount_unit *units;
        double value; /* exactly; -1: refused */
    } rows[] = {
        {"1pJ",      pj_units_energy, 1         },
        {"3nJ",      pj_units_energy, 3000      },
        {"40uJ",     pj_units_energy, 40000000  },
        {"2.5mJ",    pj_units_energy, 2500000000},
        {"1 mJ",     pj_units_energy, 1000000000},
        {"1   mJ",   pj_units_energy, 1000000000},
        {"0J",       pj_units_energy, 0         },
        {"2J",       pj_units_energy, 2e12      },
        {"1",        pj_units_energy, -1        },
        {"1mj",      pj_units_energy, -1        },
        {"1MJ",      pj_units_energy, -1        },
        {"1mJ ",     pj_units_energy, -1        },
        {"1mJx",     pj_units_energy, -1        },
        {"1m",       pj_units_energy, -1        },
        {"1\tmJ",    pj_units_energy, -1        },
        {"mJ",       pj_units_energy, -1        },
        {"250ns",    pj_units_time,   0.25      },
        {"3us",      pj_units_time,   3         },
        {"1.5ms",    pj_units_time,   1500      },
        {"2s",       pj_units_time,   2000000   },
        {"2",        pj_units_time,   -1        },
        {"7",        pj_units_bytes,  7         },
        {"7 ",       pj_units_bytes,  7         },
        {"7B",       pj_units_bytes,  7         },
        {"1.5KiB",   pj_units_bytes,  1536      },
        {"1MiB",     pj_units_bytes,  1048576   },
        {"2GiB",     pj_units_bytes,  2147483648},
        {"300kB",    pj_units_bytes,  300000    },
        {"1MB",      pj_units_bytes,  1000000   },
        {"1GB",      pj_units_bytes,  1000000000},
        {"1KB",      pj_units_bytes,  -1        },
        {"12",       pj_units_count,  12        },
        {"10k",      pj_units_count,  10000     },
        {"12.5M",    pj_units_count,  12500000  },
        {"3G",       pj_units_count,  3000000000},
        {"4T",       pj_units_count,  4e12      },
        {"12K",      pj_units_count,  -1        },
        {"25%",      pj_units_share,  0.25      },
        {"12.5 %",   pj_units_share,  0.125     },
        {"2%%",      pj_units_share,  -1        },
        {"0.25",     pj_units_share,  -1        },
        {"3e9",      pj_units_plain,  3e9       },
        {"3M",       pj_units_plain,  -1        },
        {"1e300",    pj_units_plain,  1e300     },
        {"1.1e300",  pj_units_plain,  -1        },
        {"1e289J",   pj_units_energy, -1        }, /* 1e301 pJ */
        {"1e305J",   pj_units_energy, -1        }, /* no double at all */
        {"1e-400mJ", pj_units_energy, 0         },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double got = amount(rows[i].text, PJ_DIGITS_EXPONENT, rows[i].units);
        CHECK_TEXT(got == rows[i].value ? rows[i].text : "read as another figure", rows[i].text);
    }
}

/* A unit that is not of the table leaves the figure alone. */
static void test_other_unit(void)
{
    double value = 3;
    CHECK(!pj_amount_convert("kB", 2, pj_units_energy, &value));
    CHECK(value == 3);
    CHECK(!pj_amount_convert("nJ", 1, pj_units_energy, &value));
    CHECK(!pj_amount_convert("nJ ", 3, pj_units_energy, &value));
    CHECK(value == 3);
    CHECK(pj_amount_convert("nJ and more", 2, pj_units_energy, &value));
    CHECK(value == 3000);
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        double value;     /* the compiler's, which is the nearest double; -1: refused */
        const char *rest; /* what follows */
    } rows[] = {
        {"0",                       0,                       ""   },
        {"0.1",                     0.1,                     ""   },
        {"12.5M",                   12.5,                    "M"  },
        {"1.",                      1,                       "."  },
        {"1.2.3",                   1.2,                     ".3" },
        {"1,5",                     1,                       ",5" },
        {"1 2",                     1,                       "2"  },
        {"0x10",                    0,                       "x10"},
        {"1e3",                     1e3,                     ""   },
        {"1E+3",                    1e3,                     ""   },
        {"1.5e-3J",                 1.5e-3,                  "J"  },
        {"1e",                      1,                       "e"  },
        {"1e+",                     1,                       "e+" },
        {"1ex",                     1,                       "ex" },
        {"1e 3",                    1,                       "e 3"},
        {"0e99999999999",           0,                       ""   },
        {"0.3333333333333333333",   0.3333333333333333333,   ""   },
        {"9007199254740993.00001",  9007199254740993.00001,  ""   },
        {"2.2250738585072011e-308", 2.2250738585072011e-308, ""   },
        {"1.7976931348623157e308",  1.7976931348623157e308,  ""   },
        {"1.8e308",                 -1,                      ""   },
        {"1e999",                   -1,                      ""   },
        {"1e99999999999999999999",  -1,                      ""   },
        {"",                        -1,                      ""   },
        {"nan",                     -1,                      ""   },
        {"inf",                     -1,                      ""   },
        {"+1",                      -1,                      ""   },
        {"-1",                      -1,                      ""   },
        {" 1",                      -1,                      ""   },
        {".5",                      -1,                      ""   },
        {"e3",                      -1,                      ""   },
        {"007",                     -1,                      ""   },
        {"00.5",                    -1,                      ""   },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double value = -1;
        const char *rest = pj_amount_number(rows[i].text, PJ_DIGITS_EXPONENT, &value);
        CHECK_TEXT((rest != NULL) == (rows[i].value >= 0) ? rows[i].text : "wrong", rows[i].text);
        if (!rest || rows[i].value < 0)
            continue;
        CHECK_TEXT(value == rows[i].value ? rows[i].text : "another double", rows[i].text);
        CHECK_TEXT(rest, rows[i].rest);
    }
}

static void test_plain_digits(void)
{
    double value;
    CHECK(amount("12.5", PJ_DIGITS_PLAIN, pj_units_plain) == 12.5);
    CHECK(amount("123456789012.345", PJ_DIGITS_PLAIN, pj_units_plain) == 123456789012.345);
    CHECK(amount("1234567890123456", PJ_DIGITS_PLAIN, pj_units_plain) == -1);
    CHECK(amount("1e3", PJ_DIGITS_PLAIN, pj_units_plain) == -1);
    CHECK_TEXT(pj_amount_number("1e3", PJ_DIGITS_PLAIN, &value), "e3");
}

/* 60 characters are read, 61 are refused, wherever they stand. */
static void test_longest(void)
{
    static const char *const ends[] = {"", ".5", "e-5", ".5e1"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char text[80];
        double value;
        size_t tail = strlen(ends[i]);
        for (size_t length = 60; length <= 61; length++) {
            memset(text, '9', length);
            snprintf(text + length - tail, tail + 1, "%s", ends[i]);
            CHECK((pj_amount_number(text, PJ_DIGITS_EXPONENT, &value) != NULL) == (length == 60));
        }
    }
}

/* Where the machine has none of these locales, the same again. */
static void test_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !setlocale(LC_ALL, names[i]); i++)
        continue;
    test_numbers();
    setlocale(LC_ALL, "C");
}

int main(void)
{
    test_units();
    test_other_unit();
    test_numbers();
    test_plain_digits();
    test_longest();
    test_locale();
    return check_done();
}
