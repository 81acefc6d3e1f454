/* Energy tables: what one operation and one bit cost, read from a JSON file and checked.
 *
 * The format is documented in energy_tables/README.md. A table is immutable once open and may be used from several
 * threads. Texts that the accessors return live as long as the table. Energies are picojoules, or multiples of a
 * reference operation when pj_table_unit() says "relative". */
#pragma once

#include "arith/arith.h"
#include "base/figure.h"
#include "ops/op.h"
#include "setup/resource.h"

typedef struct pj_table pj_table;

/* Which reading of the energy model a table is meant for. */
typedef enum pj_rules {
    PJ_RULES_PICOJOULE, /* the physically consistent one */
    PJ_RULES_QTOOLS     /* QTools number for number, its quirks included */
} pj_rules;

/* A table of that name (NULL: the default) among the resources of the setup (may be NULL), built in, or else by file.
 * PJ_EARGUMENT: no such table (near names are listed); PJ_EIO, PJ_EFORMAT, PJ_ELIMIT: the file, with the JSON path in
 * err->file. The caller closes *out. */
pj_status pj_table_open(const char *name_or_path, const pj_setup *setup, pj_table **out, pj_error *err);

/* The same of bytes that were found (setup/resource.h) under that name. */
pj_status pj_table_take(const pj_bytes *bytes, const char *name, pj_table **out, pj_error *err);

/* The same from `length` bytes in memory; `name` stands for the file in messages and becomes the table's name. */
pj_status pj_table_parse(const char *json, size_t length, const char *name, pj_table **out, pj_error *err);

void pj_table_close(pj_table *table); /* NULL is allowed */

const char *pj_table_name(const pj_table *table); /* file name without .json */
const char *pj_table_title(const pj_table *table);
const char *pj_table_notes(const pj_table *table); /* may be empty */
const char *pj_table_unit(const pj_table *table);  /* "pJ" or "relative" */
pj_rules pj_table_rules(const pj_table *table);
const char *pj_rules_word(pj_rules rules);         /* "picojoule", "qtools" */
double pj_table_process_nm(const pj_table *table); /* 0: not stated */
double pj_table_voltage_v(const pj_table *table);  /* 0: not stated */

/* Energy of ONE operation of `circuit` whose result has format `out`, at `gate_bits`; never below 0. The unit's
 * gate_factor is the caller's. PJ_EUNSUPPORTED: the table has no such operation (under rules qtools: a float that is
 * not fp16 or fp32, or a mux, xor, and, shifter on a float, where QTools stops with a KeyError: Q18, Q19). */
pj_status pj_table_operation(const pj_table *table, pj_circuit circuit, const pj_number *out, double gate_bits,
                             double *pj, pj_error *err);

/* The same read by the picojoule rules whatever the table's own are: for what QTools cannot price. */
pj_status pj_table_operation_physical(const pj_table *table, pj_circuit circuit, const pj_number *out, double gate_bits,
                                      double *pj, pj_error *err);

/* The format whose figure really prices `circuit` on `out` by the picojoule rules, when it is not the format of `out`
 * itself: "fp16" for an fp8 adder, say. NULL: its own figure, or none at all. */
const char *pj_table_stand_in(const pj_table *table, pj_circuit circuit, const pj_number *out);

/* Energy of one whole multiply-accumulate, for tables that state it as one figure (horowitz-mac: fp32, 4.6 pJ).
 * `out` and `gate_bits` are those of the multiplier. false: price multiplier and adder one by one. */
bool pj_table_mac(const pj_table *table, const pj_number *out, double gate_bits, double *pj);

/* Energy of one compound primitive (PJ_DIV, PJ_SQRT, PJ_EXP, PJ_CMP ...) on an operand: so many multiplications,
 * additions and plain fixed-point additions of the operand's width, by the picojoule rules. PJ_EUNSUPPORTED: the table
 * does not say what it costs: such an operator is uncounted, never free. */
pj_status pj_table_compound(const pj_table *table, pj_prim prim, const pj_number *operand, double *pj, pj_error *err);

/* Does the table count this primitive at all? Some conventions price multiply-accumulates alone, as many papers do:
 * everything else then costs nothing by definition. */
bool pj_table_counts(const pj_table *table, pj_prim prim);

/* How wide accumulators are. */
typedef struct pj_accumulator_policy {
    int fixed_bits;     /* of fixed-point accumulators; 0: product bits + ceil(log2(terms)) */
    bool float_is_fp32; /* floats accumulate in fp32 (or wider); false: in the wider operand, as QTools does */
} pj_accumulator_policy;
pj_accumulator_policy pj_table_accumulator(const pj_table *table);

/* SRAM of `size_bits`: energy of one bit under rules picojoule, of one word under rules qtools; never below 0. */
double pj_table_sram(const pj_table *table, double size_bits);
/* Bits of the largest SRAM that the table has a figure for; infinite where its price is no curve through figures. */
double pj_table_sram_most(const pj_table *table);
/* DRAM: energy of one bit. */
double pj_table_dram(const pj_table *table);
/* Bits that one SRAM access of rules qtools moves (64). 1 under rules picojoule: bits are bits. */
double pj_table_sram_word_bits(const pj_table *table);

/* Every number of the table with its path, unit, source and confidence. */
const pj_figure *pj_table_figures(const pj_table *table, size_t *count);

/* Names of the built-in tables, sorted; NULL past the last. */
const char *pj_table_builtin(size_t index);
