/* Reading numbers with units. */
#include "base/amount.h"

#include "base/limits.h"

static const char decimals[] = "0123456789";

const pj_amount_unit pj_units_energy[] = {
    {"pJ", 1   },
    {"nJ", 1e3 },
    {"uJ", 1e6 },
    {"mJ", 1e9 },
    {"J",  1e12},
    {NULL, 0   }
};
const pj_amount_unit pj_units_time[] = {
    {"ns", 1e-3},
    {"us", 1   },
    {"ms", 1e3 },
    {"s",  1e6 },
    {NULL, 0   }
};
const pj_amount_unit pj_units_bytes[] = {
    {"",    1         },
    {"B",   1         },
    {"KiB", 1024      },
    {"MiB", 1048576   },
    {"GiB", 1073741824},
    {"kB",  1e3       },
    {"MB",  1e6       },
    {"GB",  1e9       },
    {"bit", 0.125     },
    {NULL,  0         }
};
const pj_amount_unit pj_units_count[] = {
    {"",   1   },
    {"k",  1e3 },
    {"M",  1e6 },
    {"G",  1e9 },
    {"T",  1e12},
    {NULL, 0   }
};
const pj_amount_unit pj_units_share[] = {
    {"%",  0.01},
    {NULL, 0   }
};
const pj_amount_unit pj_units_plain[] = {
    {"",   1},
    {NULL, 0}
};

/* "e-3" if it stands here; returns what follows. Exponents beyond all doubles stay so, without overflow. */
static const char *read_exponent(const char *at, int *out)
{
    enum { FAR = 100000 };
    const char *from = at + 1;
    if (*at != 'e' && *at != 'E')
        return at;
    bool negative = *from == '-';
    from += *from == '+' || *from == '-';
    size_t length = strspn(from, decimals);
    for (size_t i = 0; i < length && *out < FAR; i++)
        *out = *out * 10 + (from[i] - '0');
    *out = negative ? -*out : *out;
    return length ? from + length : at;
}

const char *pj_amount_number(const char *text, pj_digits digits, double *out)
{
    enum { MOST_PLAIN = 15 };
    size_t whole = strspn(text, decimals), fraction = 0;
    const char *end = text + whole;
    int exponent = 0;
    if (whole == 0 || (whole > 1 && *text == '0'))
        return NULL;
    if (*end == '.' && (fraction = strspn(end + 1, decimals)) > 0)
        end += 1 + fraction;
    const char *decimals_at = end - fraction;
    if (digits == PJ_DIGITS_EXPONENT)
        end = read_exponent(end, &exponent);
    if (digits == PJ_DIGITS_PLAIN ? whole + fraction > MOST_PLAIN : end - text > PJ_MAX_JSON_DIGITS)
        return NULL;
    char shifted[PJ_MAX_JSON_DIGITS + 16]; /* "25e-1": what strtod reads without the locale's point */
    snprintf(shifted, sizeof shifted, "%.*s%.*se%d", (int)whole, text, (int)fraction, decimals_at,
             exponent - (int)fraction);
    *out = strtod(shifted, NULL);
    return isfinite(*out) ? end + strspn(end, " ") : NULL;
}

bool pj_amount_convert(const char *word, size_t length, const pj_amount_unit *units, double *amount)
{
    while (units->word && (strlen(units->word) != length || memcmp(units->word, word, length) != 0))
        units++;
    if (!units->word || !(*amount * units->factor <= 1e300))
        return false;
    if (units->factor < 1)
        *amount /= round(1 / units->factor); /* 57% is 57 / 100, which 57 * 0.01 is not */
    else
        *amount *= units->factor;
    return true;
}
