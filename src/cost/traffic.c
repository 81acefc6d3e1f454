/* The words that memory policies are written in. */
#include "cost/traffic.h"

pj_status pj_moves_add(pj_moves *moves, const pj_move *move, pj_error *err)
{
    PJ_TRY(pj_got(PJ_GROW(moves->arena, moves->at, moves->count, moves->room), err));
    moves->at[moves->count++] = *move;
    return PJ_OK;
}

pj_status pj_traffic_bits(const pj_format *format, const pj_value *value, pj_num elements, uint64_t *out, pj_error *err)
{
    int64_t bits;
    *out = 0;
    if (pj_num_is(elements, 0))
        return PJ_OK;
    if (format->from == PJ_FROM_NOTHING)
        return pj_fail(err, PJ_EUNSUPPORTED, "the size of '%s' in bits is not known (%s)", value->name,
                       pj_dtype_word(value->type.dtype));
    *out = pj_format_bits(format, elements.whole, &bits) ? (uint64_t)bits : INT64_MAX;
    return PJ_OK;
}

int pj_traffic_buffer(const pj_traffic *traffic, const pj_value *value)
{
    return value ? traffic->schedule->buffers.root[value->index] : -1;
}
