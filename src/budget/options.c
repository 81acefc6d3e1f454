/* What a budget's figures rest on, as options of analyze. */
#include <inttypes.h>
#include <string.h>

#include "budget/entry.h"

static void add(pj_str *out, const char *option, const char *value)
{
    pj_str_printf(out, "%s%s ", out->length ? " " : "", option);
    pj_str_add_shell(out, value);
}

static void add_dims(pj_str *out, const pj_setup *setup)
{
    for (size_t i = 0; i < setup->dim_count; i++) {
        pj_str text = pj_str_new(0);
        pj_str_printf(&text, "%s=%" PRId64, setup->dims[i].name, setup->dims[i].value);
        add(out, "--dim", text.data);
        pj_str_free(&text);
    }
}

const char *pj_budget_options(const pj_budget_entry *entry, pj_arena *arena)
{
    const pj_setup *given = &entry->setup, usual = pj_setup_default();
    pj_str out = pj_str_new(0);
    add_dims(&out, &entry->setup);
    if (strcmp(given->table, usual.table) != 0)
        add(&out, "--table", given->table);
    if (given->plan)
        add(&out, "--plan", given->plan);
    if (given->quantize)
        add(&out, "--quantize", given->quantize);
    if (entry->setup.op_rules)
        add(&out, "--op-rules", entry->setup.op_rules);
    if (given->weights_on != usual.weights_on)
        add(&out, "--weights-on", pj_place_word(given->weights_on));
    if (given->activations_on != usual.activations_on)
        add(&out, "--activations-on", pj_place_word(given->activations_on));
    if (!given->io_on_dram)
        add(&out, "--io-on-dram", "no");
    if (given->sram_min_bits)
        pj_str_printf(&out, "%s--sram-min %" PRIu64, out.length ? " " : "", given->sram_min_bits);
    return pj_str_keep(&out, arena);
}
