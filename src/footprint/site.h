/* From a site as it is asked for to the conditions of its energy. */
#pragma once

#include "footprint/formulas.h"
#include "footprint/region.h"

/* The regions of a site, at least one: looked up, or made of --intensity or --intensity-profile. Texts and rows live in
 * `arena`. Errors of pj_region_find, pj_region_usable and pj_profile_open. */
pj_status pj_site_regions(const pj_site *site, const pj_regions *regions, pj_arena *arena, pj_region **out,
                          size_t *count, pj_error *err);

/* What the site says, else what the region says; PUE without either: 1. */
pj_conditions pj_site_conditions(const pj_site *site, const pj_region *region);
