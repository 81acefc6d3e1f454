/* Energies, durations and shares as people write them. */
#include "base/amount.h"

#include <math.h>
#include <string.h>

#include "picojoule/footprint.h"

static const pj_amount_unit joules[] = {
    {"pJ",  1e-12},
    {"nJ",  1e-9 },
    {"uJ",  1e-6 },
    {"mJ",  1e-3 },
    {"J",   1    },
    {"kJ",  1e3  },
    {"MJ",  1e6  },
    {"Wh",  3600 },
    {"kWh", 3.6e6},
    {"MWh", 3.6e9},
    {NULL,  0    },
};
static const pj_amount_unit seconds[] = {
    {"ns",  1e-9 },
    {"us",  1e-6 },
    {"ms",  1e-3 },
    {"s",   1    },
    {"m",   60   },
    {"min", 60   },
    {"h",   3600 },
    {"d",   86400},
    {NULL,  0    },
};

bool pj_number_read(const char *text, double *out)
{
    double size = 0;
    const char *end = pj_amount_number(text + (*text == '-'), PJ_DIGITS_EXPONENT, &size);
    *out = *text == '-' ? -size : size;
    return end && !*end;
}

bool pj_joules_read(const char *text, double *out)
{
    const char *unit = pj_amount_number(text, PJ_DIGITS_EXPONENT, out);
    return unit && pj_amount_convert(unit, strlen(unit), joules, out);
}

bool pj_hours_read(const char *text, double *out)
{
    double sum = 0, part;
    do {
        const char *unit = pj_amount_number(text, PJ_DIGITS_EXPONENT, &part);
        size_t length = unit ? strspn(unit, "abcdefghijklmnopqrstuvwxyz") : 0;
        if (!unit || !pj_amount_convert(unit, length, seconds, &part))
            return false;
        sum += part;
        text = unit + length + strspn(unit + length, " ");
    } while (*text);
    *out = sum / 3600;
    return true;
}

bool pj_share_read(const char *text, double *out)
{
    double part = 0, of = 1;
    const char *at = pj_amount_number(text, PJ_DIGITS_PLAIN, &part);
    if (at && *at == '/')
        at = pj_amount_number(at + 1, PJ_DIGITS_PLAIN, &of);
    *out = part / of;
    return at && !*at && of > 0 && part <= of;
}

/*  quantity, least (0: also more than 0 alone, where `above`), most, what it wants */
static const struct range {
    const char *quantity;
    double least, most;
    bool above, below;
    const char *wants;
} ranges[] = {
    {"pue",                 1, 1e300, false, false, "a number from 1 on"                  },
    {"losses_percent",      0, 100,   false, true,  "a percentage from 0 to below 100"    },
    {"share",               0, 1,     false, false, "a share from 0 to 1, as 1/8 or 0.125"},
    {"utilization_percent", 0, 100,   false, false, "a percentage from 0 to 100"          },
    {"lifespan_h",          0, 1e300, true,  false, "a time above 0"                      },
    {"functional_units",    0, 1e300, true,  false, "a number above 0"                    },
    {"queries_per_run",     0, 1e300, true,  false, "a number above 0"                    },
    {"tokens",              0, 1e300, true,  false, "a number above 0"                    },
    {"phone_wh",            0, 1e300, true,  false, "watt hours above 0"                  },
    {"",                    0, 1e300, false, false, "a number from 0 on"                  },
};

const char *pj_quantity_wants(const char *quantity, double value)
{
    const struct range *range = ranges;
    while (*range->quantity && strcmp(range->quantity, quantity) != 0)
        range++;
    bool fits = value >= range->least && value <= range->most && !(range->above && value == range->least) &&
                !(range->below && value == range->most);
    return fits ? NULL : range->wants;
}
