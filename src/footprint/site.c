/* Sites: what is asked wins over what the region has. */
#include "footprint/site.h"

#include <math.h>

#include "footprint/profile.h"

pj_site pj_site_default(void)
{
    return (pj_site){.intensity = NAN, .pue = NAN, .wue_onsite = NAN, .wue_offsite = NAN, .price = NAN, .phone_wh = 12};
}

static double either(double asked, double else_this)
{
    return isnan(asked) ? else_this : asked;
}

pj_conditions pj_site_conditions(const pj_site *site, const pj_region *region)
{
    return (pj_conditions){.pue = either(site->pue, either(region->pue.value, 1)),
                           .losses = site->losses,
                           .g_per_kwh = region->g_per_kwh.value,
                           .wue_onsite = either(site->wue_onsite, region->wue_onsite.value),
                           .wue_offsite = either(site->wue_offsite, region->wue_offsite.value),
                           .price = site->price,
                           .phone_wh = site->phone_wh};
}

/* The intensity that is given instead of that of the region. */
static pj_status replace(const pj_site *site, pj_region *region, pj_error *err)
{
    pj_profile *profile = NULL;
    if (!isnan(site->intensity))
        region->g_per_kwh = (pj_sourced){.value = site->intensity, .source = "given"};
    if (site->profile) {
        PJ_TRY(pj_profile_open(site->profile, PJ_REPEATS_AUTO, &profile, err));
        region->g_per_kwh = (pj_sourced){.value = profile->mean, .source = "mean of the profile that was given"};
        pj_profile_close(profile);
    }
    if (site->profile || !isnan(site->intensity)) {
        region->confidence = "given";
        region->note = site->marginal ? "marginal" : NULL;
        region->other.value = NAN;
    }
    return PJ_OK;
}

/* Without a region, what is given belongs to none. */
static pj_region nowhere(void)
{
    const pj_sourced none = {.value = NAN};
    return (pj_region){.kind = PJ_REGION_GROUP,
                       .id = "given",
                       .name = "given",
                       .g_per_kwh = none,
                       .other = none,
                       .pue = none,
                       .wue_onsite = none,
                       .wue_offsite = none};
}

pj_status pj_site_regions(const pj_site *site, const pj_regions *regions, pj_arena *arena, pj_region **out,
                          size_t *count, pj_error *err)
{
    static const char *const world[] = {"world"};
    bool is_given = site->profile || !isnan(site->intensity);
    const char *const *names = site->region_count ? site->regions : world;
    const pj_region *found;
    *count = site->region_count ? site->region_count : 1;
    *out = PJ_NEW(arena, pj_region, *count);
    if (!*out)
        return pj_fail_memory(err);
    for (size_t i = 0; i < *count; i++) {
        if (is_given && !site->region_count) {
            (*out)[i] = nowhere();
        } else {
            PJ_TRY(pj_region_find(regions, names[i], &found, err));
            (*out)[i] = *found;
        }
        PJ_TRY(replace(site, &(*out)[i], err));
        PJ_TRY(pj_region_usable(&(*out)[i], err));
    }
    return PJ_OK;
}
