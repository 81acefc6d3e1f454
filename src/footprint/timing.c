/* When to run: a profile, a duration, and the best window. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "footprint/formulas.h"
#include "footprint/profile.h"

typedef struct timing {
    pj_timing found; /* first: what the caller has */
    pj_profile *profile;
} timing;

const char *pj_instant_wants(const char *text)
{
    return pj_profile_is_time(text) ? NULL : "an hour of the profile, or a time like 2026-11-29T06:00Z";
}

static pj_status read_hour(const pj_profile *profile, const char *text, const char *option, double *out, pj_error *err)
{
    if (!text || pj_profile_hour(profile, text, out))
        return PJ_OK;
    return pj_fail(err, PJ_EARGUMENT, "--%s \"%.40s\": the profile has %s", option, text,
                   profile->is_dated ? "dates" : "hours, no dates");
}

static const char *time_text(const pj_profile *profile, double hour)
{
    pj_str text = pj_str_new(0);
    pj_profile_print(profile, hour, &text);
    return pj_str_keep(&text, profile->arena);
}

static const char *const *time_texts(const pj_profile *profile, const pj_stretch *slots, size_t count)
{
    const char **list = PJ_NEW(profile->arena, const char *, count);
    for (size_t i = 0; list && i < count; i++)
        list[i] = time_text(profile, slots[i].start_h);
    return list;
}

static pj_status find(timing *t, pj_error *err)
{
    pj_timing *out = &t->found;
    const pj_timing_ask *ask = &out->asked;
    const pj_profile *profile = t->profile;
    pj_window_ask window = {ask->duration_h, 0, NAN, ask->interruptible, ask->top};
    PJ_TRY(read_hour(profile, ask->earliest, "earliest", &window.earliest_h, err));
    PJ_TRY(read_hour(profile, ask->latest_end, "latest-end", &window.latest_end_h, err));
    if (!(window.earliest_h >= 0))
        return pj_fail(err, PJ_EARGUMENT, "--earliest is before the profile begins");
    PJ_TRY(pj_window_find(&profile->steps, &window, &out->window, err));
    out->rows = profile->steps.count;
    out->values = profile->steps.value;
    out->step_h = profile->steps.step_h;
    out->repeats = profile->steps.repeats;
    out->earliest_h = window.earliest_h;
    out->latest_end_h = window.latest_end_h;
    out->kwh =
        isnan(ask->joules) ? pj_joules_of(ask->watts, ask->duration_h) / PJ_J_PER_KWH : ask->joules / PJ_J_PER_KWH;
    out->now = time_text(profile, out->earliest_h);
    out->worst = time_text(profile, out->window.worst_start_h);
    out->times = time_texts(profile, out->window.starts, out->window.start_count);
    out->slot_times = time_texts(profile, out->window.slots, out->window.slot_count);
    return pj_arena_failed(profile->arena) ? pj_fail_memory(err) : PJ_OK;
}

pj_status pj_timing_run(const pj_timing_ask *ask, pj_timing **out, pj_error *err)
{
    timing *t = calloc(1, sizeof *t);
    if (err)
        memset(err, 0, sizeof *err);
    *out = NULL;
    pj_status status = t ? pj_profile_open(ask->profile, ask->repeats, &t->profile, err) : pj_fail_memory(err);
    if (status == PJ_OK) {
        t->found.asked = *ask;
        status = find(t, err);
        pj_error_at(status == PJ_OK ? NULL : err, ask->profile, NULL, NULL);
    }
    if (status == PJ_OK)
        *out = &t->found;
    else
        pj_timing_free(t ? &t->found : NULL);
    return status;
}

void pj_timing_free(pj_timing *found)
{
    if (!found)
        return;
    free(found->window.starts);
    free(found->window.slots);
    pj_profile_close(((timing *)found)->profile);
    free(found);
}
