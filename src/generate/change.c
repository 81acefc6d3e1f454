/* What would change a decode token: the same generation with another format or size, run again. */
#include "generate/generate.h"

typedef struct change {
    const char *name;
    pj_generation_ask ask;
    pj_setup setup;
} change;

enum { MOST_CHANGES = 6 };

/* "w8a16" where activations have 16 bits. */
static const char *weights_of(const pj_generation *g, int bits)
{
    bool wide = g->cache_count && g->caches[0].format && strcmp(g->caches[0].format, "float32") == 0;
    return bits == 8 ? (wide ? "w8a32" : "w8a16") : (wide ? "w4a32" : "w4a16");
}

static bool is_float(const pj_generation *g)
{
    return g->cache_count && g->caches[0].format && strstr(g->caches[0].format, "float");
}

static void add(change *list, size_t *count, const char *name, const pj_generation_ask *ask)
{
    change *c = &list[(*count)++];
    *c = (change){name, *ask, *ask->setup};
    c->ask.what_if = false;
    c->ask.point_count = 0;
}

static size_t list_changes(const pj_generation *g, const pj_generation_ask *ask, double weight_bits, change *list)
{
    size_t count = 0;
    if (!ask->kv_format && is_float(g)) {
        add(list, &count, "int8 cache (--kv-format int8)", ask);
        list[count - 1].ask.kv_format = "int8";
    }
    for (int bits = 8; bits >= 4 && !ask->setup->quantize && !ask->setup->plan; bits -= 4) {
        if (weight_bits <= bits + 1)
            continue;
        add(list, &count, bits == 8 ? "weights int8" : "weights int4", ask);
        list[count - 1].setup.quantize = weights_of(g, bits);
    }
    for (int64_t batch = 8; batch <= 32; batch *= 4) {
        if (batch == ask->batch)
            continue;
        add(list, &count, batch == 8 ? "batch 8 (--batch 8)" : "batch 32 (--batch 32)", ask);
        list[count - 1].ask.batch = batch;
    }
    if (ask->prompt > 1) {
        add(list, &count, "half the prompt", ask);
        list[count - 1].ask.prompt = ask->prompt / 2;
    }
    return count;
}

static pj_status change_all(pj_model *model, const pj_generation_ask *ask, double weight_bits, pj_arena *arena,
                            pj_generation *g, pj_error *err)
{
    change list[MOST_CHANGES];
    size_t count = list_changes(g, ask, weight_bits, list);
    pj_generation_change *changes = PJ_NEW(arena, pj_generation_change, MOST_CHANGES);
    PJ_TRY(pj_got(changes, err));
    g->changes = changes;
    for (size_t i = 0; i < count; i++) {
        pj_generation *other = NULL;
        pj_error why = {0};
        list[i].ask.setup = &list[i].setup;
        pj_status status = pj_generate(model, &list[i].ask, &other, &why);
        if (status == PJ_ENOMEM)
            return pj_fail_memory(err);
        pj_str options = pj_str_new(0);
        pj_str_add(&options, list[i].name);
        if (list[i].setup.quantize && !ask->setup->quantize)
            pj_str_printf(&options, " (--quantize %s)", list[i].setup.quantize);
        if (list[i].ask.prompt != ask->prompt)
            pj_str_printf(&options, " (--prompt %" PRId64 ")", list[i].ask.prompt);
        changes[i] = (pj_generation_change){pj_str_keep(&options, arena), NAN, NAN, NULL};
        if (other) {
            changes[i].decode_token_pj = other->decode_token_pj;
            changes[i].ratio = other->decode_token_pj / g->decode_token_pj;
        } else {
            changes[i].why = pj_arena_strdup(arena, why.what);
        }
        pj_generation_free(other);
        g->change_count++;
    }
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
}

/* ---- all of it ---- */

/* The arena is the generation's own. */
typedef struct owned {
    pj_generation generation; /* first: this is what is handed out */
    pj_arena *arena;
} owned;

pj_status pj_generate(pj_model *model, const pj_generation_ask *ask, pj_generation **out, pj_error *err)
{
    double weight_bits;
    if (!model || !ask || !ask->setup || !out)
        return pj_fail_null(err);
    *out = NULL;
    pj_arena *arena = pj_arena_new(0);
    owned *found = arena ? PJ_NEW(arena, owned, 1) : NULL;
    if (!found) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    pj_generation *g = &found->generation;
    found->arena = arena;
    pj_status status = pj_generation_run(model, ask, arena, g, &weight_bits, err);
    if (status == PJ_OK && ask->what_if && g->decode_steps && !ask->recompute)
        status = change_all(model, ask, weight_bits, arena, g, err);
    if (status == PJ_OK)
        *out = g;
    else
        pj_arena_free(arena);
    return status;
}

void pj_generation_free(pj_generation *generation)
{
    if (generation)
        pj_arena_free(((owned *)(void *)generation)->arena);
}
