/* The memory policy `once`: where tensors live and what moving them costs. */
#include "cost/memory.h"

#include <math.h>
#include <string.h>

const char *pj_reuse_word(pj_reuse reuse)
{
    switch (reuse) {
    case PJ_REUSE_ONCE:
        break;
    }
    return "once";
}

pj_memory pj_memory_default(const pj_table *table)
{
    pj_memory memory = {table, PJ_PLACE_DRAM, PJ_PLACE_DRAM, true, 0, PJ_REUSE_ONCE};
    return memory;
}

double pj_memory_sram(const pj_memory *memory, uint64_t bits)
{
    double total = (double)bits;
    if (bits == 0) /* Q4 */
        return 0;
    double price = pj_table_sram(memory->table, fmax(total, memory->min_sram_bits));
    /* Q1: QTools charges a price per bit once per word, 64 times too little */
    if (pj_table_rules(memory->table) == PJ_RULES_QTOOLS)
        return ceil(total / pj_table_sram_word_bits(memory->table)) * price;
    return total * price;
}

double pj_memory_dram(const pj_memory *memory, uint64_t bits)
{
    return (double)bits * pj_table_dram(memory->table);
}

/* Reading and writing cost the same in all tables. */
static double move(const pj_memory *memory, pj_place place, uint64_t bits)
{
    switch (place) {
    case PJ_PLACE_DRAM:
        return pj_memory_dram(memory, bits) + (memory->rd_wr_on_io ? pj_memory_sram(memory, bits) : 0);
    case PJ_PLACE_SRAM:
        return pj_memory_sram(memory, bits);
    case PJ_PLACE_FIXED:
        break;
    }
    return 0;
}

static pj_place place_of(const pj_memory *memory, bool is_io)
{
    if (!is_io)
        return memory->activations_on;
    return memory->rd_wr_on_io ? PJ_PLACE_DRAM : PJ_PLACE_SRAM; /* Q38: also where activations are `fixed` */
}

double pj_memory_read_activation(const pj_memory *memory, uint64_t bits, bool is_io)
{
    return move(memory, place_of(memory, is_io), bits);
}

double pj_memory_write_activation(const pj_memory *memory, uint64_t bits, bool is_io)
{
    return move(memory, place_of(memory, is_io), bits);
}

double pj_memory_read_parameter(const pj_memory *memory, uint64_t bits)
{
    return move(memory, memory->weights_on, bits);
}
