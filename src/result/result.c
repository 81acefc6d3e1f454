/* Making and freeing results. */
#include "result/result.h"

pj_found *pj_found_new(pj_arena *arena)
{
    arena = arena ? arena : pj_arena_new(0);
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

void pj_result_keep(pj_result *result)
{
    ((pj_found *)(void *)result)->take_back = NULL;
}

void pj_result_own(pj_result *result, void (*close)(pj_model *model))
{
    ((pj_found *)(void *)result)->close_model = close;
}

void pj_result_free(pj_result *result)
{
    pj_found *found = (pj_found *)(void *)result;
    if (!found)
        return;
    pj_weights_free(found->weights);
    if (found->close_model)
        found->close_model(found->model);
    if (found->take_back)
        found->take_back(found);
    else
        pj_arena_free(found->arena);
}

pj_status pj_found_finish(pj_found *found, pj_status status, pj_result **out, pj_error *err)
{
    if (status == PJ_OK && pj_arena_failed(found->arena))
        status = pj_fail_memory(err);
    if (status == PJ_OK)
        *out = &found->result;
    else if (found)
        pj_result_free(&found->result);
    return status;
}

int64_t pj_count_of(double value)
{
    const double beyond = 9223372036854775808.0; /* 2^63 */
    return value >= beyond ? (int64_t)nextafter(beyond, 0) : (int64_t)value;
}
