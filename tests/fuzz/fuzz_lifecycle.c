/* Any bytes as a lifecycle: shares add up, totals are sums, nothing is negative. */
#include <math.h>
#include <stdlib.h>

#include "footprint/lifecycle.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_error err = {0};
    pj_lifecycle *life = NULL;
    const pj_site site = pj_site_default();
    double shares = 0, kwh = 0;
    if (pj_lifecycle_parse((const char *)data, size, "/nowhere/fuzz.json", &site, false, &life, &err) != PJ_OK)
        return 0;
    for (size_t i = 0; i < life->count; i++) {
        if (!(life->phases[i].amounts.kwh_site >= 0 && life->phases[i].embodied_g >= 0))
            abort();
        shares += life->phases[i].share_percent;
        kwh += life->phases[i].amounts.kwh_site;
    }
    if (!isnan(shares) && isfinite(life->total.gco2e) && fabs(shares - 100) > 1e-9)
        abort();
    if (isfinite(kwh) && fabs(kwh - life->total.kwh_site) > 1e-9 * kwh)
        abort();
    pj_lifecycle_free(life);
    return 0;
}
