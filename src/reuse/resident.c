/* Residency: stub. */
#include "reuse/resident.h"

pj_status pj_resident_choose(const pj_stay *stay, size_t count, int steps, double capacity, double write, double read,
                             pj_arena *arena, pj_residency *out, pj_error *err)
{
    (void)stay;
    (void)capacity;
    (void)write;
    (void)read;
    *out = (pj_residency){PJ_NEW(arena, bool, count), PJ_NEW(arena, double, steps), 0, -1};
    return out->on_chip && out->live ? PJ_OK : pj_fail_memory(err);
}
