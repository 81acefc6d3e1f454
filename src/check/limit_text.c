/* Limits as a budget file has them: today's figure, rounded up. */
#include "base/amount.h"
#include "base/real.h"
#include "check/entry.h"

/* As pj_amount_convert() reads it. */
static double amount_of(double number, double factor)
{
    return factor < 1 ? number / round(1 / factor) : number * factor;
}

/* `value` in units of `factor`, rounded up to four digits, and never below it. The steps are counted, so that the
 * figure is the double next to its decimal text. */
static double round_up(double value, double factor)
{
    enum { DIGITS = 4 };
    if (value <= 0)
        return 0;
    int places = DIGITS - 1 - (int)floor(pj_log10(value / factor));
    double step = pj_pow(10, abs(places)), steps = floor(places < 0 ? value / factor / step : value / factor * step);
    double rounded = places < 0 ? steps * step : steps / step;
    while (amount_of(rounded, factor) < value)
        rounded = places < 0 ? ++steps * step : ++steps / step;
    return rounded;
}

void pj_limit_print(double value, pj_quantity quantity, bool plain, pj_str *out)
{
    static const pj_amount_unit *const units[] = {
        [PJ_QUANTITY_ENERGY] = pj_units_energy, [PJ_QUANTITY_COUNT] = pj_units_count,
        [PJ_QUANTITY_BITS] = pj_units_count,    [PJ_QUANTITY_BYTES] = &pj_units_bytes[1], /* a size is never without */
        [PJ_QUANTITY_TIME] = pj_units_time,     [PJ_QUANTITY_SHARE] = pj_units_share,
    };
    const pj_amount_unit *unit = plain ? pj_units_plain : units[quantity];
    bool is_whole = quantity == PJ_QUANTITY_COUNT || quantity == PJ_QUANTITY_BITS || quantity == PJ_QUANTITY_BYTES;
    if (!unit)
        return;
    /* the largest that leaves a figure of 1 or more, of those up to the first that is smaller */
    while (unit[1].word && unit[1].factor > unit->factor && value >= unit[1].factor)
        unit++;
    pj_str_add_double(out, round_up(is_whole && unit->factor <= 1 ? ceil(value) : value, unit->factor));
    pj_str_add(out, unit->word);
}
