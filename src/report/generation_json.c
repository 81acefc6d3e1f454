/* `picojoule generate --format json`. */
#include "base/ckd.h"
#include "picojoule/version.h"
#include "report/findings.h"
#include "report/generation.h"
#include "setup/setup.h"

/* The component has the name of the setting. */
static const char *key_cache(void)
{
    return PJ_SETTING_AT(kv_cache)->in_report;
}

static void put_figure(pj_json_writer *json, const char *key, double value, bool known)
{
    pj_json_put_double(json, key, known ? value : NAN);
}

static void put_devices(const pj_generation *g, const pj_generation_phase *phase, pj_json_writer *json)
{
    pj_json_put_begin(json, "devices", PJ_JSON_WRITE_OBJECT);
    for (size_t d = 0; d < g->setup.device_count; d++) {
        const pj_generation_device *of = &phase->devices[d];
        pj_json_put_begin(json, g->setup.devices[d], PJ_JSON_WRITE_OBJECT);
        put_figure(json, pj_key_energy_pj, of->energy_pj, of->energy_pj >= 0);
        put_figure(json, "served_pj", of->served_pj, of->served_pj >= 0);
        put_figure(json, pj_key_time_us, of->time_us, of->time_us >= 0);
        put_figure(json, "tokens_per_s_at_most", of->tokens_per_s, of->tokens_per_s >= 0);
        pj_json_put_text(json, "bound", isnan(of->ridge) ? NULL : of->is_memory_bound ? "memory" : "compute");
        put_figure(json, "ops_per_byte", of->ops_per_byte, of->ops_per_byte >= 0);
        put_figure(json, "ridge", of->ridge, true);
        pj_json_write_key(json, "fits");
        if (isnan(g->memory_has[d]))
            pj_json_write_null(json);
        else
            pj_json_write_bool(json, g->fits[d]);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_phase(const pj_generation *g, const pj_generation_phase *p, pj_json_writer *json)
{
    pj_json_put_int(json, "runs", p->runs);
    pj_json_put_int(json, pj_key_macs, p->macs);
    pj_json_put_int(json, "macs_attention", p->macs_attention);
    pj_json_put_int(json, pj_key_flops, p->flops);
    pj_json_put_int(json, "weight_bits", p->weight_bits);
    pj_json_put_int(json, "kv_read_bits", p->kv_read_bits);
    pj_json_put_int(json, "kv_written_bits", p->kv_written_bits);
    pj_json_put_int(json, "activation_bits", pj_add_most(p->activation_read_bits, p->activation_written_bits));
    pj_json_put_int(json, "activation_read_bits", p->activation_read_bits);
    pj_json_put_int(json, "activation_written_bits", p->activation_written_bits);
    pj_json_put_begin(json, pj_key_energy_pj, PJ_JSON_WRITE_OBJECT);
    pj_json_put_double(json, "weights", p->weights_pj);
    pj_json_put_double(json, key_cache(), p->kv_cache_pj);
    pj_json_put_double(json, "activations", p->activations_pj);
    pj_json_put_double(json, "arithmetic", p->arithmetic_pj);
    pj_json_put_double(json, "total", p->total_pj);
    pj_json_write_end(json);
    put_devices(g, p, json);
}

static void put_named_phase(const pj_generation *g, const char *key, const pj_generation_phase *p, pj_json_writer *json)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT);
    put_phase(g, p, json);
    pj_json_write_end(json);
}

static void put_role(const pj_role_info *role, pj_json_writer *json)
{
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "input", role->input);
    pj_json_put_int(json, "axis", role->axis);
    pj_json_put_text(json, "dim", role->dim);
    pj_json_write_end(json);
}

static void put_known_role(const char *key, const pj_role_info *role, pj_json_writer *json)
{
    pj_json_write_key(json, key);
    if (role->input)
        put_role(role, json);
    else
        pj_json_write_null(json);
}

static void put_count(pj_json_writer *json, const char *key, int64_t value, bool known)
{
    pj_json_write_key(json, key);
    if (known)
        pj_json_write_int(json, value);
    else
        pj_json_write_null(json);
}

static void put_caches(const char *key, const pj_role_info *caches, size_t count, pj_json_writer *json)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < count; i++) {
        const pj_role_info *cache = &caches[i];
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "input", cache->input);
        pj_json_put_text(json, "output", cache->output);
        pj_json_put_text(json, "layout", cache->layout);
        pj_json_put_bool(json, "paged", cache->paged);
        put_count(json, "axis", cache->axis, cache->axis >= 0);
        put_count(json, "heads", cache->heads, cache->heads > 0);
        put_count(json, "size", cache->size, cache->size > 0);
        pj_json_put_text(json, "format", cache->format);
        put_count(json, "window", cache->window, cache->window > 0);
        put_count(json, "capacity", cache->capacity, cache->capacity >= 0);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_roles(const pj_generation *g, pj_json_writer *json)
{
    pj_json_put_begin(json, "roles", PJ_JSON_WRITE_OBJECT);
    put_known_role("tokens", &g->tokens, json);
    put_known_role("past", &g->past, json);
    pj_json_put_begin(json, "total", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < g->total_count; i++)
        put_role(&g->totals[i], json);
    pj_json_write_end(json);
    put_known_role("batch", &g->batch, json);
    put_caches("caches", g->caches, g->cache_count, json);
    put_caches("cross", g->cross, g->cross_count, json);
    put_caches("states", g->states, g->state_count, json);
    pj_json_put_text(json, "branch", g->branch);
    put_count(json, "positions", g->positions, g->positions >= 0);
    pj_json_put_text(json, "from", g->roles_from);
    pj_json_write_end(json);
}

static void put_asked(const pj_generation *g, pj_json_writer *json)
{
    pj_json_put_begin(json, "asked", PJ_JSON_WRITE_OBJECT);
    pj_json_put_int(json, "prompt", g->ask.prompt);
    pj_json_put_int(json, "tokens", g->ask.tokens);
    pj_json_put_int(json, "batch", g->ask.batch);
    pj_json_put_int(json, "decode_steps", g->decode_steps);
    pj_json_put_int(json, "tokens_per_step", g->ask.tokens_per_step);
    pj_json_put_double(json, "accepted", g->ask.accepted);
    pj_json_put_text(json, key_cache(), g->ask.as_exported ? "as-exported" : "in-place");
    pj_json_put_text(json, "kv_format", g->ask.kv_format);
    pj_json_put_text(json, "kv_scale", g->ask.scale_per_token ? "token" : "tensor");
    pj_json_put_bool(json, "recompute", g->ask.recompute);
    pj_json_write_end(json);
}

static void put_turning(const pj_generation *g, pj_json_writer *json)
{
    pj_json_put_begin(json, "turning_points", PJ_JSON_WRITE_OBJECT);
    put_count(json, "weights_equal_cache_tokens", g->equal_tokens, g->equal_tokens >= 0 && g->cache_count);
    pj_json_put_begin(json, "devices", PJ_JSON_WRITE_OBJECT);
    for (size_t d = 0; d < g->setup.device_count; d++) {
        pj_json_put_begin(json, g->setup.devices[d], PJ_JSON_WRITE_OBJECT);
        pj_json_put_double(json, "compute_bound_batch", g->compute_bound_batch[d]);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    pj_json_write_end(json);
}

static void put_changes(const pj_generation *g, pj_json_writer *json)
{
    pj_json_put_begin(json, "what_if", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < g->change_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_text(json, "change", g->changes[i].change);
        pj_json_put_double(json, "decode_token_pj", g->changes[i].decode_token_pj);
        pj_json_put_double(json, "ratio", g->changes[i].ratio);
        pj_json_put_text(json, "why", g->changes[i].why);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_tokens(const pj_generation *g, pj_json_writer *json)
{
    pj_json_put_begin(json, "per_token_pj", PJ_JSON_WRITE_OBJECT);
    pj_json_put_double(json, "prompt", g->prompt_token_pj);
    pj_json_put_double(json, "decode", g->decode_token_pj);
    pj_json_put_double(json, "out", g->out_token_pj);
    pj_json_write_end(json);
    pj_json_put_int(json, "kv_bits_per_token", g->kv_token_bits);
    pj_json_put_begin(json, "as_exported", PJ_JSON_WRITE_OBJECT);
    pj_json_put_int(json, "decode_kv_bits_read", g->decode.exported_kv_read_bits);
    pj_json_put_int(json, "decode_kv_bits_written", g->decode.exported_kv_written_bits);
    pj_json_put_double(json, "decode_total_pj", pj_energy_total(&g->decode.exported));
    pj_json_write_end(json);
    pj_json_put_int(json, "causal_macs", g->causal_macs);
    pj_json_write_key(json, "experts");
    if (isnan(g->experts_at_most)) {
        pj_json_write_null(json);
        return;
    }
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_double(json, "read_at_most", g->experts_at_most);
    pj_json_put_double(json, "expected", g->experts_expected);
    pj_json_write_end(json);
}

void pj_generation_json(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_generation *g = input;
    (void)arena;
    pj_json_put_text(json, "schema", "picojoule.generation/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_begin(json, "model", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "path", g->model);
    pj_json_put_text(json, "step_path", g->step_model);
    pj_json_write_end(json);
    pj_setup_json(&g->setup, json);
    put_asked(g, json);
    put_roles(g, json);
    put_named_phase(g, "prefill", &g->prefill, json);
    put_named_phase(g, "decode", &g->decode, json);
    put_named_phase(g, "request", &g->request, json);
    pj_json_put_begin(json, "points", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < g->point_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_int(json, "past", g->points[i].past);
        put_phase(g, &g->points[i].step, json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    put_tokens(g, json);
    put_turning(g, json);
    put_changes(g, json);
    pj_json_put_begin(json, "coverage", PJ_JSON_WRITE_OBJECT);
    pj_json_put_int(json, "layers", g->layers);
    pj_json_put_int(json, "uncounted", g->uncounted);
    pj_json_put_int(json, "steps_priced", g->priced);
    pj_json_write_end(json);
    pj_findings_json(g->findings, g->finding_count, json);
}
