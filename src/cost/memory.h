/* What moving a tensor costs, by the places at both ends.
 *
 * A *move* brings bits from one place to another. It costs what each end costs: reading the place that it comes from,
 * and writing the place that it goes to (one figure in all tables). Which moves a layer makes is decided by a memory
 * policy (cost/traffic.h); here they are priced. T is the size of the tensor in bits.
 *
 *     dram     T * e_dram
 *     sram     rules picojoule: T * e_sram(max(min(size, 1 MiB), min_sram_bits)): bits are bits, and a staging buffer
 *              is no larger than the largest SRAM with a published figure
 *              rules qtools: ceil(T / 64) * poly(log2(max(size, min_sram_bits)))
 *     fixed    0: hard-wired, or the registers of the arithmetic
 *
 * An empty tensor costs nothing; QTools has no number for it without a smallest SRAM (log2(0): Q4). */
#pragma once

#include "cost/table.h"
#include "picojoule/result.h"
#include "reuse/hierarchy.h"

/* What SRAMs of some sizes cost: networks have few sizes, and each price is a power. */
enum { PJ_SRAM_SLOTS = 6 /* bits of a slot's number */ };
typedef struct pj_sram_prices {
    struct {
        double bits, price; /* bits 0: nothing is known */
    } at[1 << PJ_SRAM_SLOTS];
    double most; /* bits of the largest that was asked for */
} pj_sram_prices;

/* Where tensors live, and the table that prices it (borrowed). */
typedef struct pj_memory {
    const pj_table *table;
    pj_sram_prices *known; /* NULL: nothing is kept; zeroed at first, for this table */
    pj_place weights_on;
    pj_place activations_on;
    bool io_on_dram;
    double min_sram_bits;          /* smallest memory a tensor can sit in; it raises e_sram, never T */
    const pj_hierarchy *hierarchy; /* of policies by levels, and of bounds; NULL: rules qtools */
    bool is_of_table;              /* the prices of the machine are the table's */
    pj_machine machine;            /* its numbers; without a hierarchy that was asked for, prices of the table */
    double mac_pj;                 /* of a multiply-accumulate, where the hierarchy says it; negative: the table does */
    bool append_caches;            /* a cache of keys and values grows by what is new */
    double runs;                   /* over which weights may stay */
    bool is_mute;                  /* nobody reads what is only told of layers */
} pj_memory;

/* As the setup asks for it; keeps nothing. `hierarchy`: the reference where the setup names none; NULL: rules qtools.
 * PJ_EARGUMENT: it has no level of the name that is to be resized. */
pj_status pj_memory_of(const pj_table *table, const pj_hierarchy *hierarchy, const pj_setup *setup, pj_memory *out,
                       pj_error *err);

/* The component of pj_energy that pays for a move. */
typedef enum pj_operand { PJ_OPERAND_INPUT, PJ_OPERAND_OUTPUT, PJ_OPERAND_PARAMETER } pj_operand;

typedef struct pj_move {
    pj_operand operand;
    const pj_value *value; /* NULL: numbers that stand in attributes */
    uint64_t bits;
    double sram_bits; /* size of the SRAM at either end */
    pj_place from, to;
    double times; /* in one run of the layer */
} pj_move;

/* A tensor that lives in `place` on its way to the arithmetic, or from it to there; once, through an SRAM of its own
 * size. The modes are those of QTools, under both rule sets: with `io_on_dram`, what lives in DRAM is staged through
 * SRAM, and pays both; else DRAM alone. */
pj_move pj_move_read(const pj_memory *memory, pj_operand operand, pj_place place, uint64_t bits);
pj_move pj_move_write(const pj_memory *memory, pj_operand operand, pj_place place, uint64_t bits);

/* A finding where the price of an SRAM lies beyond the figures of the table, once all is priced. */
void pj_memory_report(const pj_memory *memory, bool has_levels, pj_diags *diags);

/* Where an activation lives. Model inputs and outputs (`is_io`) are in DRAM with `io_on_dram` and in SRAM without,
 * wherever the other activations are, `fixed` included: they have to come from somewhere (so too in QTools: Q38). */
pj_place pj_memory_place(const pj_memory *memory, bool is_io);

/* Energy (pJ) of all `times` of a move. */
double pj_move_price(const pj_memory *memory, const pj_move *move);

/* Adds it to the component that pays. */
void pj_move_charge(const pj_memory *memory, const pj_move *move, pj_energy *out);
