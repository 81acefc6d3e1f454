/* What a loaded table holds; only table.c (prices) and table_read.c (reads) look inside. */
#pragma once

#include "base/curve.h"
#include "cost/float_format.h"
#include "cost/table.h"

/* Operations by circuit, and one more: the whole multiply-accumulate. */
enum { PJ_OPERATION_MAC = PJ_CIRCUITS, PJ_OPERATIONS };

typedef struct pj_operation {
    pj_curve fixed; /* over gate bits */
    struct {
        bool given;
        double pj;
    } floats[PJ_FLOAT_FORMATS];
} pj_operation;

/* So many of each stand for one compound operation. */
typedef struct pj_compound {
    bool given;
    double mul;
    double add;
    double fixed_add; /* fixed-point additions as wide as the operand, whatever its kind */
} pj_compound;

struct pj_table {
    pj_arena *arena;
    const char *name;
    const char *title;
    const char *notes;
    const char *unit;
    pj_rules rules;
    double process_nm;
    double voltage_v;
    pj_operation operations[PJ_OPERATIONS];
    int stand_in[PJ_FLOAT_FORMATS]; /* position of the format that stands in; -1: none */
    pj_compound compounds[PJ_PRIMS];
    pj_curve sram;         /* picojoule: over KiB, per bit; qtools: over log2(bits), per word */
    double sram_least_kib; /* picojoule: smaller memories cost as much as this one */
    double sram_word_bits;
    double dram;
    pj_accumulator_policy accumulator;
    bool macs_only;
    pj_figures figures;
};

/* Position of the format whose figure prices operation `op` on format `format`: itself or what stands in; -1: none. */
int pj_table_resolve(const pj_table *table, int op, int format);

/* Fills an empty table (arena, name and figures are set) from its document. */
pj_status pj_table_fill(pj_table *table, pj_json root, pj_error *err);
