/* Where tensors live and what moving them costs.
 *
 * The policy is `once`: each tensor is read once per layer that uses it and written once; no reuse, no tiling, no
 * fusion. Other reuse models get their own word in pj_reuse and their own functions behind this interface.
 *
 * The modes are those of QTools, under both rule sets. T is the size of a tensor in bits (elements * bits; under rules
 * qtools without the batch dimension, which the caller drops).
 *
 *     place    rd_wr_on_io    reading and writing T
 *     dram     true           dram(T) + sram(T)     what lives in DRAM is staged through SRAM
 *     dram     false          dram(T)
 *     sram                    sram(T)
 *     fixed                   0                     hard-wired, registers
 *
 * Model inputs and outputs live in DRAM when rd_wr_on_io is true and in SRAM when it is false, wherever the other
 * activations live, `fixed` included: they have to come from somewhere (QTools does the same: Q38).
 *
 *     rules picojoule    dram(T) = T * e_dram    sram(T) = T * e_sram(max(T, min_sram_bits))      bits are bits
 *     rules qtools       dram(T) = T * e_dram    sram(T) = ceil(T / 64) * poly(log2(max(T, min_sram_bits)))
 *
 * An empty tensor costs nothing; QTools has no number for it without a smallest SRAM (log2(0): Q4). */
#ifndef PJ_COST_MEMORY_H
#define PJ_COST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "cost/table.h"
#include "picojoule/result.h"

typedef enum pj_reuse { PJ_REUSE_ONCE } pj_reuse;
const char *pj_reuse_word(pj_reuse reuse); /* "once" */

/* The table is borrowed. */
typedef struct pj_memory {
    const pj_table *table;
    pj_place weights_on;
    pj_place activations_on;
    bool rd_wr_on_io;
    double min_sram_bits; /* smallest memory a tensor can sit in; it raises e_sram, never T */
    pj_reuse reuse;
} pj_memory;

/* QTools' defaults: weights and activations in DRAM, I/O through DRAM, no smallest SRAM. */
pj_memory pj_memory_default(const pj_table *table);

/* Energy (pJ) of reading or writing an activation tensor of `bits`. `is_io`: the layer reads a model input (all its
 * inputs count as such under rules qtools: Q27), or the tensor is a model output. */
double pj_memory_read_activation(const pj_memory *memory, uint64_t bits, bool is_io);
double pj_memory_write_activation(const pj_memory *memory, uint64_t bits, bool is_io);

/* Energy (pJ) of reading one parameter tensor of `bits`. Kernel and bias are two reads. */
double pj_memory_read_parameter(const pj_memory *memory, uint64_t bits);

/* The two memories themselves (pJ for T bits). */
double pj_memory_sram(const pj_memory *memory, uint64_t bits);
double pj_memory_dram(const pj_memory *memory, uint64_t bits);

#endif
