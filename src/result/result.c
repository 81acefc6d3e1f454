/* Making and freeing results. */
#include "result/result.h"

pj_found *pj_found_new(void)
{
    pj_arena *arena = pj_arena_new(0);
    pj_found *found = arena ? PJ_NEW(arena, pj_found, 1) : NULL;
    if (found)
        found->arena = arena;
    else
        pj_arena_free(arena);
    return found;
}

const pj_found *pj_result_found(const pj_result *result)
{
    return (const pj_found *)(const void *)result;
}

void pj_result_free(pj_result *result)
{
    pj_found *found = (pj_found *)(void *)result;
    if (!found)
        return;
    pj_table_close(found->table);
    pj_weights_free(found->weights);
    for (size_t i = 0; found->devices && i < result->setup.device_count; i++)
        pj_device_close(found->devices[i]);
    pj_arena_free(found->arena);
}
