/* Prices of moves by the places at their ends. */
#include "cost/memory.h"

#include "setup/setup.h"

static pj_status resize(pj_memory *memory, const pj_setup *setup, pj_error *err)
{
    const pj_hierarchy *hierarchy = memory->hierarchy;
    int level = pj_hierarchy_level(hierarchy, setup->resized);
    if (level < 0 || !hierarchy->level[level].has_size)
        return pj_fail(err, PJ_EARGUMENT, "the hierarchy %.64s has no level '%.64s' with a size", hierarchy->name,
                       setup->resized);
    memory->machine = pj_hierarchy_resized(hierarchy, level, (double)setup->resized_bits);
    return PJ_OK;
}

/* Without a hierarchy of its own a table is a chip with its own DRAM, and an SRAM of its own as large as the
 * reference's.
 */
static void price_by_table(pj_memory *memory)
{
    pj_machine *machine = &memory->machine;
    double dram = pj_table_dram(memory->table), sram = pj_table_sram(memory->table, machine->near_bits);
    machine->far = machine->weights = (pj_access){dram, dram};
    machine->near = (pj_access){sram, sram};
    memory->is_of_table = true;
}

pj_status pj_memory_of(const pj_table *table, const pj_hierarchy *hierarchy, const pj_setup *setup, pj_memory *out,
                       pj_error *err)
{
    *out = (pj_memory){.table = table,
                       .weights_on = setup->weights_on,
                       .activations_on = setup->activations_on,
                       .io_on_dram = setup->io_on_dram,
                       .min_sram_bits = (double)setup->sram_min_bits,
                       .hierarchy = hierarchy,
                       .mac_pj = setup->hierarchy ? hierarchy->mac_pj : -1,
                       .append_caches = !setup->kv_cache || (strcmp(setup->kv_cache, PJ_CACHE_WHOLE) != 0 &&
                                                             strcmp(setup->kv_cache, PJ_CACHE_EXPORTED) != 0),
                       .runs = setup->runs ? (double)setup->runs : 1};
    if (!hierarchy)
        return PJ_OK;
    out->machine = hierarchy->machine;
    if (setup->resized)
        PJ_TRY(resize(out, setup, err));
    if (!setup->hierarchy)
        price_by_table(out);
    return PJ_OK;
}

void pj_memory_report(const pj_memory *memory, bool has_levels, pj_diags *diags)
{
    double used = has_levels ? memory->machine.near_bits : memory->known ? memory->known->most : 0;
    double most = pj_table_sram_most(memory->table);
    bool by_table = !has_levels || memory->is_of_table;
    if (by_table && used > most)
        pj_diag_add(diags, PJ_DIAG_EXTRAPOLATED, "",
                    "table %s has figures for SRAMs of up to %g KiB; the price of one of %g KiB continues its curve",
                    pj_table_name(memory->table), most / 8192, used / 8192);
}

pj_place pj_memory_place(const pj_memory *memory, bool is_io)
{
    if (!is_io)
        return memory->activations_on;
    return memory->io_on_dram ? PJ_PLACE_DRAM : PJ_PLACE_SRAM;
}

static pj_place staged_in(const pj_memory *memory, pj_place place)
{
    return place == PJ_PLACE_DRAM && memory->io_on_dram ? PJ_PLACE_SRAM : PJ_PLACE_FIXED;
}

pj_move pj_move_read(const pj_memory *memory, pj_operand operand, pj_place place, uint64_t bits)
{
    return (pj_move){operand, NULL, bits, (double)bits, place, staged_in(memory, place), 1};
}

pj_move pj_move_write(const pj_memory *memory, pj_operand operand, pj_place place, uint64_t bits)
{
    return (pj_move){operand, NULL, bits, (double)bits, staged_in(memory, place), place, 1};
}

/* Of one bit, or word, of an SRAM of that size. */
static double sram_of(const pj_memory *memory, double size)
{
    uint64_t key;
    if (!memory->known)
        return pj_table_sram(memory->table, size);
    memcpy(&key, &size, sizeof key);
    size_t slot = (size_t)(key * 0x9E3779B97F4A7C15u >> (64 - PJ_SRAM_SLOTS)); /* whole numbers differ in high bits */
    if (memory->known->at[slot].bits != size) {
        memory->known->at[slot].bits = size;
        memory->known->at[slot].price = pj_table_sram(memory->table, size);
        memory->known->most = fmax(memory->known->most, size);
    }
    return memory->known->at[slot].price;
}

static double price_sram(const pj_memory *memory, const pj_move *move)
{
    const double largest = 8.0 * 1024 * 1024; /* bits of the largest SRAM that Horowitz has a figure for */
    bool is_qtools = pj_table_rules(memory->table) == PJ_RULES_QTOOLS;
    double size = is_qtools ? move->sram_bits : fmin(move->sram_bits, largest);
    double bits = (double)move->bits, price = sram_of(memory, fmax(size, memory->min_sram_bits));
    /* Q1: QTools charges a price per bit once per word, 64 times too little */
    if (is_qtools)
        return ceil(bits / pj_table_sram_word_bits(memory->table)) * price;
    return bits * price;
}

static double price_end(const pj_memory *memory, const pj_move *move, pj_place end)
{
    if (end == PJ_PLACE_DRAM)
        return (double)move->bits * pj_table_dram(memory->table);
    return end == PJ_PLACE_SRAM ? price_sram(memory, move) : 0;
}

double pj_move_price(const pj_memory *memory, const pj_move *move)
{
    if (move->bits == 0) /* Q4 */
        return 0;
    return move->times * (price_end(memory, move, move->from) + price_end(memory, move, move->to));
}

void pj_move_charge(const pj_memory *memory, const pj_move *move, pj_energy *out)
{
    double *const sums[] = {[PJ_OPERAND_INPUT] = &out->inputs,
                            [PJ_OPERAND_OUTPUT] = &out->outputs,
                            [PJ_OPERAND_PARAMETER] = &out->parameters};
    *sums[move->operand] += pj_move_price(memory, move);
}
