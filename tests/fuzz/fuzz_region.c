/* Any bytes as a file of regions: parse it, then look up what it has and what it has not. */
#include <math.h>
#include <stdlib.h>

#include "footprint/region.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_error err = {0};
    pj_regions *regions = NULL;
    const pj_region *found;
    if (pj_regions_parse((const char *)data, size, "fuzz.json", &regions, &err) != PJ_OK)
        return 0;
    for (size_t i = 0; i < regions->count; i++) {
        const pj_region *region = &regions->rows[i];
        if (pj_region_find(regions, region->id, &found, &err) != PJ_OK || found != region)
            abort();
        if (pj_region_usable(region, &err) == PJ_OK &&
            !(region->g_per_kwh.value >= 0 && region->g_per_kwh.value <= 5000))
            abort();
        if (region->pue.value < 1 || region->wue_onsite.value < 0)
            abort();
    }
    (void)pj_region_find(regions, "no such place", &found, &err);
    pj_regions_close(regions);
    return 0;
}
