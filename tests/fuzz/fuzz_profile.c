/* Any bytes as an intensity profile: the best window is no worse than any border, the worst no better. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "footprint/profile.h"
#include "fuzz.h"

static void check(const pj_profile *profile, double duration_h)
{
    pj_error err = {0};
    pj_run_window window;
    const pj_window_ask ask = {duration_h, 0, NAN, true, 5};
    if (pj_window_find(&profile->steps, &ask, &window, &err) != PJ_OK)
        return;
    double slack = 1e-9 * (window.worst_mean + 1);
    if (!(window.mean <= window.now_mean + slack && window.now_mean <= window.worst_mean + slack))
        abort();
    if (!(window.slots_mean <= window.mean + slack) || window.start_count == 0)
        abort();
    free(window.starts);
    free(window.slots);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_error err = {0};
    pj_profile *profile = NULL;
    pj_str text = pj_str_new(0);
    char *copy = malloc(size + 1);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    copy[size] = 0;
    if (pj_profile_parse(copy, size, "fuzz.csv", PJ_REPEATS_AUTO, &profile, &err) == PJ_OK) {
        double period = (double)profile->steps.count * profile->steps.step_h;
        check(profile, period / 3);
        check(profile, profile->steps.step_h);
        check(profile, 0.4 * profile->steps.step_h);
        pj_profile_print(profile, period / 2, &text);
    }
    pj_str_free(&text);
    pj_profile_close(profile);
    free(copy);
    return 0;
}
