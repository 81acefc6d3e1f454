/* Prices of moves by the places at their ends. */
#include "cost/memory.h"

pj_memory pj_memory_of(const pj_table *table, const pj_setup *setup)
{
    pj_memory memory = {.table = table,
                        .weights_on = setup->weights_on,
                        .activations_on = setup->activations_on,
                        .io_on_dram = setup->io_on_dram,
                        .min_sram_bits = (double)setup->sram_min_bits};
    return memory;
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
    return (pj_move){operand, NULL, -1, bits, (double)bits, place, staged_in(memory, place), 1};
}

pj_move pj_move_write(const pj_memory *memory, pj_operand operand, pj_place place, uint64_t bits)
{
    return (pj_move){operand, NULL, -1, bits, (double)bits, staged_in(memory, place), place, 1};
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
    }
    return memory->known->at[slot].price;
}

static double price_sram(const pj_memory *memory, const pj_move *move)
{
    double bits = (double)move->bits, price = sram_of(memory, fmax(move->sram_bits, memory->min_sram_bits));
    /* Q1: QTools charges a price per bit once per word, 64 times too little */
    if (pj_table_rules(memory->table) == PJ_RULES_QTOOLS)
        return ceil(bits / pj_table_sram_word_bits(memory->table)) * price;
    return bits * price;
}

static double price_end(const pj_memory *memory, const pj_move *move, pj_place end)
{
    switch (end) {
    case PJ_PLACE_DRAM:
        return (double)move->bits * pj_table_dram(memory->table);
    case PJ_PLACE_SRAM:
        return price_sram(memory, move);
    case PJ_PLACE_FIXED:
        break;
    }
    return 0;
}

double pj_move_price(const pj_memory *memory, const pj_move *move)
{
    if (move->bits == 0) /* Q4 */
        return 0;
    return move->times * (price_end(memory, move, move->from) + price_end(memory, move, move->to));
}

void pj_move_charge(const pj_memory *memory, const pj_move *move, pj_energy *out)
{
    double pj = pj_move_price(memory, move);
    switch (move->operand) {
    case PJ_OPERAND_INPUT:
        out->inputs += pj;
        break;
    case PJ_OPERAND_OUTPUT:
        out->outputs += pj;
        break;
    case PJ_OPERAND_PARAMETER:
        out->parameters += pj;
        break;
    }
}
