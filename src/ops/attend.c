/* What scaled dot-product attention counts. */
#include "ops/attend.h"

#include "ops/loops.h"

pj_num pj_attend_scores(pj_ctx *c, const pj_attend *attend)
{
    pj_num extents[] = {attend->batch, attend->heads, attend->queries, attend->keys};
    return pj_num_product(c->symbols, extents, 4);
}

pj_num pj_attend_seen(pj_ctx *c, const pj_attend *attend)
{
    return pj_num_is(attend->window, 0) ? attend->keys : pj_num_min(c->symbols, attend->keys, attend->window);
}

void pj_attend_count(pj_ctx *c, pj_work *work, const pj_attend *all)
{
    pj_attend seen = *all;
    const pj_attend *attend = &seen;
    seen.keys = pj_attend_seen(c, all);
    pj_num scores = pj_attend_scores(c, attend);
    pj_num query[] = {attend->batch, attend->heads, attend->queries, attend->key_size};
    pj_num sizes = pj_num_add(c->symbols, attend->key_size, attend->value_size);
    pj_work_add(c, work, PJ_MAC, pj_num_mul(c->symbols, scores, sizes));
    pj_loops_attention(work, pj_num_mul(c->symbols, attend->batch, attend->heads),
                       pj_num_floor_div(c->symbols, attend->heads, attend->kv_heads), attend->queries, attend->keys,
                       attend->key_size, attend->value_size);
    pj_work_add(c, work, PJ_MUL, pj_num_product(c->symbols, query, 4));
    pj_work_each(c, work, PJ_EACH([PJ_CMP] = 1, [PJ_ADD] = 2 + attend->masks, [PJ_EXP] = 1, [PJ_DIV] = 1), scores);
    if (attend->capped) {
        pj_work_each(c, work, PJ_EACH([PJ_MUL] = 2, [PJ_TANH] = 1), scores);
    }
    work->terms = pj_num_max(c->symbols, work->terms, pj_num_max(c->symbols, attend->key_size, attend->keys));
}

void pj_attend_rotate(pj_ctx *c, pj_work *work, pj_num n)
{
    pj_work_each(c, work, PJ_EACH([PJ_MUL] = 2, [PJ_ADD] = 1), n);
}

pj_status pj_attend_split(pj_ctx *c, pj_num hidden, pj_num heads, pj_num *size)
{
    if (pj_num_known(hidden) && pj_num_known(heads) && heads.whole > 0 && hidden.whole % heads.whole != 0)
        return pj_fail(c->err, PJ_ESHAPE, "a hidden size of %lld does not divide into %lld heads",
                       (long long)hidden.whole, (long long)heads.whole);
    *size = pj_num_floor_div(c->symbols, hidden, heads);
    return PJ_OK;
}
