/* Options of footprints. Values are checked by the library's own rules (pj_quantity_wants). */
#include "footprint_rows.h"

#include <math.h>

const char *pj_read_joules(pj_line *line, void *at, const char *value)
{
    (void)line;
    return pj_joules_read(value, at) ? NULL : "an energy, for example 0.102J, 388.1uJ or 3kWh";
}

const char *pj_read_hours(pj_line *line, void *at, const char *value)
{
    (void)line;
    return pj_hours_read(value, at) ? NULL : "a duration, for example 7h45m, 90min or 2d";
}

const char *pj_read_share(pj_line *line, void *at, const char *value)
{
    (void)line;
    return pj_share_read(value, at) ? NULL : pj_quantity_wants("share", NAN);
}

/* A number that the quantity can be. */
static const char *read_quantity(const char *quantity, void *at, const char *value)
{
    double number = NAN;
    const char *end = pj_decimal_read(value, &number);
    const char *wants = pj_quantity_wants(quantity, end && !*end ? number : NAN);
    if (!wants)
        *(double *)at = number;
    return wants;
}

#define READER(function, quantity)                                          \
    static const char *function(pj_line *line, void *at, const char *value) \
    {                                                                       \
        (void)line;                                                         \
        return read_quantity(quantity, at, value);                          \
    }
READER(read_intensity, "g_per_kwh")
READER(read_pue, "pue")
READER(read_onsite, "wue_onsite")
READER(read_offsite, "wue_offsite")
READER(read_losses, "losses_percent")
READER(read_price, "price_per_kwh")
READER(read_phone, "phone_wh")

#define AT(member) offsetof(pj_site_args, member)

/* clang-format off */
const pj_option pj_site_rows[11] = {
    {"region", 0, "ID", "DEU, DE, Germany, EU, gcp:us-central1 ... (default\nworld); repeatable: `picojoule regions` lists them",
     PJ_OPTION_TEXTS, .at = AT(regions)},
    {"regions-file", 0, "FILE", "regions of your own (picojoule.regions/1)",
     PJ_OPTION_TEXT, .at = AT(site.regions_file), .wants = "the name of a file"},
    {"intensity", 0, "G", "gCO2e per kWh, instead of the region's",
     PJ_OPTION_READ, .at = AT(site.intensity), .read = read_intensity},
    {"intensity-profile", 0, "FILE", "CSV of intensities, whose mean counts",
     PJ_OPTION_TEXT, .at = AT(site.profile), .wants = "the name of a file"},
    {"marginal", 0, NULL, "that intensity is marginal, not a mean",
     PJ_OPTION_FLAG, .at = AT(site.marginal)},
    {"pue", 0, "X", "kWh of the site per kWh of its machines\n(default: the region's, else 1)",
     PJ_OPTION_READ, .at = AT(site.pue), .read = read_pue},
    {"wue-onsite", 0, "X", "litres per kWh of the machines, at the site",
     PJ_OPTION_READ, .at = AT(site.wue_onsite), .read = read_onsite},
    {"wue-offsite", 0, "X", "litres per kWh of the site, at power stations",
     PJ_OPTION_READ, .at = AT(site.wue_offsite), .read = read_offsite},
    {"losses", 0, "PERCENT", "of lines and transformers, for CO2e alone",
     PJ_OPTION_READ, .at = AT(losses_percent), .read = read_losses},
    {"price", 0, "P", "money per kWh (default: no cost)",
     PJ_OPTION_READ, .at = AT(site.price), .read = read_price},
    {"phone-charge", 0, "WH", "one charge of a phone (default 12, EPA)",
     PJ_OPTION_READ, .at = AT(site.phone_wh), .read = read_phone},
};
/* clang-format on */

void pj_site_defaults(pj_site_args *args)
{
    args->site = pj_site_default();
}

pj_site pj_site_given(const pj_site_args *args)
{
    pj_site site = args->site;
    site.regions = args->regions.text;
    site.region_count = args->regions.count;
    site.losses = args->losses_percent / 100;
    return site;
}
