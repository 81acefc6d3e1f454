/* `picojoule generate`: what a prompt, and each token after it, costs. */
#include "picojoule/generation.h"
#include "page/say.h"
#include "report/findings.h"
#include "report/generation.h"
#include "setup/setup.h"

/* ---- rows: phases, steps, changes ---- */

/* clang-format off */
static const pj_column phase_columns[] = {
    {.key = "row", .kind = PJ_CELL_TEXT},
    {.title = "", .kind = PJ_CELL_TEXT},
    {.key = "past", .kind = PJ_CELL_EXACT},
    {.key = "runs", .kind = PJ_CELL_EXACT},
    {PJ_MEMBER(pj_generation_phase, macs), .key = pj_key_macs, .title = "MACs", .kind = PJ_CELL_COUNT, .rank = 3},
    {PJ_MEMBER(pj_generation_phase, flops), .key = pj_key_flops, .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_generation_phase, macs_attention), .key = "macs_attention", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_generation_phase, weight_bits), .key = "weight_bits", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_generation_phase, kv_read_bits), .key = "kv_read_bits", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_generation_phase, kv_written_bits), .key = "kv_written_bits", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_generation_phase, activation_read_bits), .key = "activation_read_bits", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_generation_phase, activation_written_bits), .key = "activation_written_bits", .kind = PJ_CELL_COUNT},
    {PJ_MEMBER(pj_generation_phase, weights_pj), .key = "weights_pj", .title = "weights", .kind = PJ_CELL_ENERGY, .rank = 2},
    {PJ_MEMBER(pj_generation_phase, kv_cache_pj), .key = "kv_cache_pj", .title = "KV cache", .kind = PJ_CELL_ENERGY, .rank = 2},
    {PJ_MEMBER(pj_generation_phase, activations_pj), .key = "activations_pj", .title = "activations", .kind = PJ_CELL_ENERGY, .rank = 2},
    {PJ_MEMBER(pj_generation_phase, arithmetic_pj), .key = "arithmetic_pj", .title = "arithmetic", .kind = PJ_CELL_ENERGY, .rank = 2},
    {PJ_MEMBER(pj_generation_phase, total_pj), .key = "total_pj", .title = "total", .kind = PJ_CELL_ENERGY},
    {.key = "per_token_pj", .title = "per token", .kind = PJ_CELL_ENERGY},
    {.title = "", .kind = PJ_CELL_TEXT},
    {.key = "ratio", .kind = PJ_CELL_NUMBER},
};
/* clang-format on */
enum { ROW, TITLE, PAST, RUNS, PER_TOKEN = 17, OF, RATIO, COLUMNS };

static void add_phase(pj_rows *rows, const char *name, int64_t past, const pj_generation_phase *phase, double per_token,
                      pj_str *of)
{
    pj_cell *cell = pj_rows_add_of(rows, phase);
    pj_cell_text(&cell[ROW], name);
    pj_cell_text(&cell[TITLE], name);
    if (past >= 0)
        pj_cell_count(&cell[PAST], past);
    pj_cell_count(&cell[RUNS], phase->runs);
    if (!isnan(per_token))
        pj_cell_number(&cell[PER_TOKEN], per_token);
    if (of)
        pj_cell_made(&cell[OF], rows, of);
}

static pj_rows *phases_of(const pj_generation *g, pj_arena *arena)
{
    pj_str of = pj_str_new(0);
    pj_rows *rows = pj_rows_new(arena, phase_columns, COLUMNS);
    if (!rows)
        return NULL;
    rows->unit = g->setup.unit;
    rows->how = "--width";
    pj_say(&of, "of {} of prompt", pj_w_plural((size_t)(g->ask.batch * g->ask.prompt), "token", "tokens"));
    add_phase(rows, "prefill", -1, &g->prefill, g->prompt_token_pj, &of);
    add_phase(rows, "decode", -1, &g->decode, g->decode_token_pj, NULL);
    pj_say(&of, "of {} out", pj_w_plural((size_t)(g->ask.batch * g->ask.tokens), "token", "tokens"));
    add_phase(rows, "request", -1, &g->request, g->out_token_pj, &of);
    return rows;
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_generation *g = input;
    pj_rows *rows = phases_of(g, arena);
    for (size_t i = 0; rows && i < g->point_count; i++)
        add_phase(rows, "step", g->points[i].past, &g->points[i].step,
                  g->points[i].step.total_pj / ((double)g->ask.batch * g->ask.accepted), NULL);
    for (size_t i = 0; rows && i < g->change_count; i++) {
        pj_cell *cell = pj_rows_add(rows);
        pj_cell_text(&cell[ROW], g->changes[i].change);
        if (isnan(g->changes[i].decode_token_pj))
            continue;
        pj_cell_number(&cell[PER_TOKEN], g->changes[i].decode_token_pj);
        pj_cell_number(&cell[RATIO], g->changes[i].ratio);
    }
    return rows;
}

/* clang-format off */
static const pj_column step_columns[] = {
    {.title = "context", .kind = PJ_CELL_EXACT},
    {.title = "total", .kind = PJ_CELL_ENERGY},
    {.title = "per token", .kind = PJ_CELL_ENERGY},
    {.title = "share of KV", .kind = PJ_CELL_SHARE},
    {.title = "KV read", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

static pj_rows *steps_of(const pj_generation *g, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, step_columns, sizeof step_columns / sizeof *step_columns);
    for (size_t i = 0; rows && i < g->point_count; i++) {
        const pj_generation_phase *step = &g->points[i].step;
        pj_cell *cell = pj_rows_add(rows);
        pj_str bits = pj_str_new(0);
        pj_cell_count(&cell[0], g->points[i].past + g->ask.tokens_per_step);
        pj_cell_number(&cell[1], step->total_pj);
        pj_cell_number(&cell[2], step->total_pj / ((double)g->ask.batch * g->ask.accepted));
        pj_cell_number(&cell[3], step->total_pj > 0 ? step->kv_cache_pj / step->total_pj : 0);
        pj_human_bits(&bits, (double)step->kv_read_bits);
        pj_cell_made(&cell[4], rows, &bits);
    }
    if (rows)
        rows->unit = g->setup.unit;
    return rows;
}

/* clang-format off */
static const pj_column change_columns[] = {
    {.title = "", .kind = PJ_CELL_TEXT},
    {.title = "a decode token", .kind = PJ_CELL_ENERGY, .or_unknown = true},
    {.title = "of what it is", .kind = PJ_CELL_SHARE},
    {.title = "", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */

static pj_rows *changes_of(const pj_generation *g, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, change_columns, sizeof change_columns / sizeof *change_columns);
    pj_cell *cell = rows ? pj_rows_add(rows) : NULL;
    if (!rows)
        return NULL;
    rows->unit = g->setup.unit;
    pj_cell_text(&cell[0], "as is");
    pj_cell_number(&cell[1], g->decode_token_pj);
    for (size_t i = 0; i < g->change_count; i++) {
        const pj_generation_change *change = &g->changes[i];
        cell = pj_rows_add(rows);
        pj_cell_text(&cell[0], change->change);
        if (isnan(change->decode_token_pj)) {
            pj_cell_unknown(&cell[1]);
            pj_cell_text(&cell[3], change->why);
            continue;
        }
        pj_cell_number(&cell[1], change->decode_token_pj);
        pj_cell_number(&cell[2], change->ratio);
    }
    return rows;
}

/* clang-format off */
static const pj_column device_columns[] = {
    {.title = "device", .kind = PJ_CELL_TEXT, .wish = 24, .least = 12},
    {.title = "phase", .kind = PJ_CELL_TEXT},
    {.title = "energy", .kind = PJ_CELL_ENERGY, .or_unknown = true},
    {.title = "as servers measure", .kind = PJ_CELL_ENERGY, .rank = 2},
    {.title = "time", .kind = PJ_CELL_TIME, .or_unknown = true},
    {.title = "tokens/s at most", .kind = PJ_CELL_COUNT},
    {.title = "op/B", .kind = PJ_CELL_COUNT, .rank = 2},
    {.title = "bound", .kind = PJ_CELL_TEXT},
};
/* clang-format on */

static void add_device(pj_rows *rows, const char *name, const char *phase, const pj_generation_device *d)
{
    pj_cell *cell = pj_rows_add(rows);
    pj_cell_text(&cell[0], name);
    pj_cell_text(&cell[1], phase);
    if (d->energy_pj >= 0)
        pj_cell_number(&cell[2], d->energy_pj);
    else
        pj_cell_unknown(&cell[2]);
    if (d->served_pj >= 0)
        pj_cell_number(&cell[3], d->served_pj);
    if (d->time_us >= 0)
        pj_cell_number(&cell[4], d->time_us);
    else
        pj_cell_unknown(&cell[4]);
    if (d->tokens_per_s >= 0)
        pj_cell_count(&cell[5], (int64_t)fmin(round(d->tokens_per_s), 1e18));
    if (d->ops_per_byte >= 0)
        pj_cell_count(&cell[6], (int64_t)fmin(round(d->ops_per_byte), 1e18));
    pj_cell_text(&cell[7], isnan(d->ridge) ? NULL : d->is_memory_bound ? "memory" : "compute");
}

static pj_rows *devices_of(const pj_generation *g, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, device_columns, sizeof device_columns / sizeof *device_columns);
    for (size_t d = 0; rows && d < g->setup.device_count; d++) {
        add_device(rows, g->setup.devices[d], "prefill", &g->prefill.devices[d]);
        if (g->decode_steps)
            add_device(rows, g->setup.devices[d], "decode", &g->decode.devices[d]);
        add_device(rows, g->setup.devices[d], "request", &g->request.devices[d]);
    }
    if (rows)
        rows->unit = "pJ";
    return rows;
}

/* ---- sentences ---- */

static void add_role(pj_str *out, const char *name, const pj_role_info *role)
{
    if (role->input && role->dim)
        pj_say(out, "{} {}, ", pj_w_ours(name), pj_w_text(role->dim));
}

/* "cache: 6 inputs past_key_values.0.key ..., float16, 2 heads of 8, 192 B a token; in place" */
static void add_cache(const pj_generation *g, pj_page *page)
{
    pj_str text = pj_str_new(0);
    const pj_role_info *cache = g->caches;
    if (!g->cache_count)
        return;
    pj_say(&text, "{}, the first {}, {}, {}", pj_w_plural(g->cache_count, "input", "inputs"), pj_w_text(cache->input),
           pj_w_ours(g->ask.kv_format ? g->ask.kv_format : cache->format), pj_w_ours(cache->layout));
    if (cache->heads > 0 && cache->size > 0)
        pj_str_printf(&text, ", %" PRId64 " heads of %" PRId64, cache->heads, cache->size);
    if (cache->window > 0)
        pj_str_printf(&text, ", window %" PRId64, cache->window);
    pj_str_add(&text, "; ");
    pj_human_bits(&text, (double)g->kv_token_bits);
    pj_say(&text, " a token; {}", pj_w_ours(g->ask.as_exported ? "as exported" : "in place"));
    pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = "cache";
    add_role(&text, "tokens", &g->tokens);
    add_role(&text, "past", &g->past);
    for (size_t i = 0; i < g->total_count; i++)
        add_role(&text, "total", &g->totals[i]);
    add_role(&text, "batch", &g->batch);
    pj_say(&text, "found by {}", pj_w_ours(g->roles_from));
    pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = "roles";
}

/* gqa.onnx: 4 sequences, prompt 32, 17 tokens each (1 prefill, 16 decode steps); table horowitz-45nm, --reuse fused */
static void add_title(const pj_generation *g, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_say(&text, "{}: {}, {} {}, {} each (", pj_w_text(g->model),
           pj_w_plural((size_t)g->ask.batch, "sequence", "sequences"),
           pj_w_ours(g->has_encoder ? "encoder's output" : "prompt"), pj_w_exact((size_t)g->ask.prompt),
           pj_w_plural((size_t)g->ask.tokens, "token", "tokens"));
    if (g->ask.recompute)
        pj_say(&text, "{} without a cache", pj_w_plural((size_t)g->ask.tokens, "run", "runs"));
    else
        pj_say(&text, "1 prefill, {}", pj_w_plural((size_t)g->decode_steps, "decode step", "decode steps"));
    pj_say(&text, "); table {}, --reuse {}", pj_w_text(g->setup.table), pj_w_text(g->setup.reuse));
    pj_page_lead(page, &text);
}

/* The other account of the cache, always on one line. */
static void add_other(const pj_generation *g, pj_page *page)
{
    pj_str text = pj_str_new(0);
    double graph = pj_energy_total(&g->decode.exported), place = g->ask.as_exported ? NAN : g->decode.total_pj;
    if (!g->decode_steps || g->ask.recompute)
        return;
    if (g->ask.as_exported)
        pj_str_add(&text,
                   "Kept in place (--kv-cache in-place), tensors that hold the cache would cost nothing but reading "
                   "it once and writing what is new.");
    else if (place > 0 && graph > place * 1.0005)
        pj_say(&text, "As the graph stands (--kv-cache as-exported), the cache is copied: decode {}, {} more.",
               pj_w_energy(graph, g->setup.unit), pj_w_share(graph / place - 1));
    else
        pj_say(&text, "As the graph stands (--kv-cache as-exported), decode takes {}.",
               pj_w_energy(graph, g->setup.unit));
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
}

static void add_turning(const pj_generation *g, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (g->equal_tokens >= 0 && g->cache_count) {
        pj_say(&text, "Weights equal the cache at {} cached tokens: context {} at batch {}.",
               pj_w_exact((size_t)g->equal_tokens), pj_w_exact((size_t)(g->equal_tokens / g->ask.batch)),
               pj_w_exact((size_t)g->ask.batch));
        pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    }
    for (size_t d = 0; d < g->setup.device_count; d++) {
        if (!isnan(g->compute_bound_batch[d]))
            pj_say(&text, "On {} layers of weights are compute-bound from batch {} on. ",
                   pj_w_text(g->setup.devices[d]), pj_w_exact((size_t)ceil(g->compute_bound_batch[d])));
        if (!isnan(g->memory_has[d]))
            pj_say(&text, "{}: weights and cache take {}, {} has {}.",
                   pj_w_ours(g->fits[d] ? "It fits" : "It does not fit"), pj_w_bytes(g->memory_wants),
                   pj_w_text(g->setup.devices[d]), pj_w_bytes(g->memory_has[d]));
        if (text.length)
            pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    }
    if (!isnan(g->experts_at_most)) {
        pj_str_printf(&text,
                      "A decode step reads at most %.4g experts of each layer; where tokens choose at random, %.4g.",
                      g->experts_at_most, g->experts_expected);
        pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    }
    if (g->prefill.macs_attention && g->prefill.macs > g->causal_macs) {
        pj_str_add(&text,
                   "Attention counts all pairs of the prompt; a kernel that leaves out what a causal mask hides does ");
        pj_human_count(&text, g->causal_macs);
        pj_str_add(&text, " MACs in the prefill.");
        pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
    }
}

static void page_of(const void *input, pj_page *page)
{
    const pj_generation *g = input;
    add_title(g, page);
    add_cache(g, page);
    page->gap = true;
    pj_page_table(page, phases_of(g, page->arena), 0);
    if (g->uncounted) {
        pj_page_printf(page, PJ_BLOCK_PARAGRAPH, "%lld of %lld layers are not counted: every figure is a lower bound.",
                       (long long)g->uncounted, (long long)g->layers)
            ->look = PJ_WARN;
    }
    if (g->point_count) {
        pj_page_say(page, PJ_BLOCK_HEADING, "One decode step");
        pj_page_table(page, steps_of(g, page->arena), 0);
    }
    if (g->setup.device_count) {
        pj_page_say(page, PJ_BLOCK_HEADING, "Devices: bounds of the chip's own work");
        pj_page_table(page, devices_of(g, page->arena), 0);
        page->gap = true;
        pj_page_say(
            page, PJ_BLOCK_PARAGRAPH,
            "Energies and times of devices are a bound of the chip's own work; GPUs that serve were measured at "
            "2 to 5 times this, which `as servers measure` stands for.");
    }
    if (g->change_count) {
        pj_page_say(page, PJ_BLOCK_HEADING, "What would change a decode token");
        pj_page_table(page, changes_of(g, page->arena), 0);
    }
    page->gap = true;
    add_other(g, page);
    add_turning(g, page);
    pj_findings_section(g->findings, g->finding_count, page);
}

pj_status pj_generation_write(const pj_generation *generation, const pj_report_options *options, pj_sink sink,
                              void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = pj_generation_json};
    return pj_tell(&pieces, generation, options, sink, payload, err);
}
