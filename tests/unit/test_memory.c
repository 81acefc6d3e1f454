/* cost/memory: the mode table by hand, and rows of the unmodified QTools. */
#include <math.h>

#include "check.h"
#include "cost/memory.h"

static pj_table *open_table(const char *name)
{
    pj_table *table = NULL;
    pj_error err = {0};
    CHECK_INT(pj_table_open(name, NULL, &table, &err), PJ_OK);
    return table;
}

static pj_memory on(const pj_table *table, pj_place place, bool io_on_dram, double min_sram_bits)
{
    return (pj_memory){.table = table,
                       .weights_on = place,
                       .activations_on = place,
                       .io_on_dram = io_on_dram,
                       .min_sram_bits = min_sram_bits};
}

/* Each operand goes to a component of its own. */
static double read_activation(const pj_memory *memory, uint64_t bits, bool is_io)
{
    pj_energy energy = {0};
    pj_move move = pj_move_read(memory, PJ_OPERAND_INPUT, pj_memory_place(memory, is_io), bits);
    pj_move_charge(memory, &move, &energy);
    CHECK(energy.outputs == 0 && energy.parameters == 0 && energy.op_cost == 0);
    return energy.inputs;
}

static double write_activation(const pj_memory *memory, uint64_t bits, bool is_io)
{
    pj_energy energy = {0};
    pj_move move = pj_move_write(memory, PJ_OPERAND_OUTPUT, pj_memory_place(memory, is_io), bits);
    pj_move_charge(memory, &move, &energy);
    CHECK(energy.inputs == 0 && energy.parameters == 0 && energy.op_cost == 0);
    return energy.outputs;
}

static double read_parameter(const pj_memory *memory, uint64_t bits)
{
    pj_energy energy = {0};
    pj_move move = pj_move_read(memory, PJ_OPERAND_PARAMETER, memory->weights_on, bits);
    pj_move_charge(memory, &move, &energy);
    CHECK(energy.inputs == 0 && energy.outputs == 0 && energy.op_cost == 0);
    return energy.parameters;
}

/* 8 KB = 65536 bits: sram 65536 * 0.15625 = 10240 pJ, dram 65536 * 20.3125 = 1331200 pJ. */
static void test_modes(const pj_table *table)
{
    const uint64_t bits = 65536;
    const double sram = 10240, dram = 1331200;
    const struct {
        pj_place place;
        bool io_on_dram;
        double inner, io;
    } rows[] = {
        {PJ_PLACE_DRAM,  true,  dram + sram, dram + sram},
        {PJ_PLACE_DRAM,  false, dram,        sram       },
        {PJ_PLACE_SRAM,  true,  sram,        dram + sram},
        {PJ_PLACE_SRAM,  false, sram,        sram       },
        {PJ_PLACE_FIXED, true,  0,           dram + sram},
        {PJ_PLACE_FIXED, false, 0,           sram       },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_memory memory = on(table, rows[i].place, rows[i].io_on_dram, 0);
        CHECK_NEAR(read_activation(&memory, bits, false), rows[i].inner, 1e-15);
        CHECK_NEAR(write_activation(&memory, bits, false), rows[i].inner, 1e-15);
        CHECK_NEAR(read_activation(&memory, bits, true), rows[i].io, 1e-15);
        CHECK_NEAR(write_activation(&memory, bits, true), rows[i].io, 1e-15);
        CHECK_NEAR(read_parameter(&memory, bits), rows[i].inner, 1e-15);
    }
}

static void test_sizes(const pj_table *table)
{
    pj_memory memory = on(table, PJ_PLACE_SRAM, false, 0);
    CHECK(read_parameter(&memory, 0) == 0);
    /* bits are bits: one more bit, no new word; below 1 KB the price per bit stays */
    CHECK_NEAR(read_parameter(&memory, 65), 65 * 0.15625 / sqrt(8), 1e-14);
    memory.min_sram_bits = 8.0 * 1024 * 8192; /* 8 MB: the tensor sits in a larger memory, and its bits stay its own */
    CHECK_NEAR(read_parameter(&memory, 65), 65 * pj_table_sram(table, 8.0 * 1024 * 8192), 1e-14);
    CHECK(pj_table_sram(table, 8.0 * 1024 * 8192) > 1.5625);
    memory.min_sram_bits = 100; /* smaller than the tensor: no effect */
    CHECK_NEAR(read_parameter(&memory, 65536), 10240, 1e-15);
    CHECK(isfinite(read_parameter(&memory, UINT64_MAX)));
}

/* Rows of memory_grid of the QTools golden files: shape without batch times bits is T. */
static void test_qtools(const pj_table *horowitz, const pj_table *defaults)
{
    pj_memory memory = on(defaults, PJ_PLACE_DRAM, false, 65536);
    CHECK_NEAR(read_activation(&memory, 2 * 16 * 2 * 16, true), 46.42079999999999, 1e-13);
    memory = on(horowitz, PJ_PLACE_DRAM, false, 0);
    CHECK_NEAR(read_activation(&memory, 5 * 13 * 24, false), 31687.5, 1e-13);
    memory = on(horowitz, PJ_PLACE_FIXED, false, 0);
    CHECK_NEAR(read_activation(&memory, 2 * 12, true), 0.4796136205667589, 1e-13); /* Q38 */
    memory = on(horowitz, PJ_PLACE_SRAM, true, 1000);
    CHECK_NEAR(read_activation(&memory, 5 * 200 * 8, true), 162519.49233450412, 1e-13);
    memory = on(defaults, PJ_PLACE_SRAM, true, 65536);
    CHECK_NEAR(read_activation(&memory, UINT64_C(5) * 10 * 2000000 * 24, false), 616020304.4234555, 1e-13);
    memory = on(horowitz, PJ_PLACE_DRAM, true, 0);
    CHECK_NEAR(read_activation(&memory, 1250 * 10 * 5 * 16 * 12, false), 244083923.51904118, 1e-13);
    /* test_qenergy of QKeras: 784 x 8 bits with 2^27 bits of SRAM: 98 words */
    memory = on(horowitz, PJ_PLACE_SRAM, false, 134217728);
    CHECK_NEAR(read_activation(&memory, 784 * 8, false), 372.77, 1e-5);
    /* a convolution's kernel and bias, two reads: [3,3,16,32] x 4 bits and 32 x 8 bits */
    memory = on(horowitz, PJ_PLACE_SRAM, false, 0);
    CHECK_NEAR(read_parameter(&memory, 3 * 3 * 16 * 32 * 4) + read_parameter(&memory, 32 * 8), 38.95384596696952,
               1e-13);
    CHECK(read_parameter(&memory, 0) == 0); /* Q4: NaN there */
}

/* A tile of 1000 bits that is brought in three times from a memory of 8 KB: 3 * 1000 * 0.15625 pJ from the SRAM and
 * 3 * 1000 * 20.3125 pJ into DRAM. */
static void test_moves(const pj_table *table)
{
    pj_memory memory = on(table, PJ_PLACE_DRAM, true, 0);
    pj_move tile = {PJ_OPERAND_OUTPUT, NULL, 1000, 65536, PJ_PLACE_SRAM, PJ_PLACE_DRAM, 3};
    CHECK_NEAR(pj_move_price(&memory, &tile), 3 * (156.25 + 20312.5), 1e-15);
    tile.from = PJ_PLACE_FIXED;
    CHECK_NEAR(pj_move_price(&memory, &tile), 3 * 20312.5, 1e-15);
    tile.to = PJ_PLACE_FIXED;
    CHECK(pj_move_price(&memory, &tile) == 0);
}

static void test_words(void)
{
    CHECK_TEXT(pj_place_word(PJ_PLACE_FIXED), "fixed");
    CHECK_TEXT(pj_place_words()[PJ_PLACE_SRAM], "sram");
    CHECK(pj_place_words()[PJ_PLACE_FIXED + 1] == NULL);
}

int main(void)
{
    pj_table *horowitz = open_table("horowitz-45nm"), *qtools = open_table("qtools");
    pj_table *defaults = open_table("qtools-defaults");
    if (horowitz && qtools && defaults) {
        test_modes(horowitz);
        test_sizes(horowitz);
        test_moves(horowitz);
        test_qtools(qtools, defaults);
    }
    test_words();
    pj_table_close(horowitz);
    pj_table_close(qtools);
    pj_table_close(defaults);
    return check_done();
}
