/* Traffic by levels of a memory hierarchy: what each layer reads and writes where, and what that costs.
 *
 * An operand of T bits that is in level 0 is read there, written to the buffer and read from it; a result the other way
 * round. What stays whole in the buffer has traffic there alone; what is gone has none. Constants go past a buffer that
 * does not hold them. A layer with a nest moves what its best tiles move (reuse/tile.h), registers included, where the
 * policy tiles. docs/memory.md has all formulas. */
#pragma once

#include "cost/traffic.h"

/* Policies: `prepare` and `charge` of those that price by levels. */
pj_status pj_leveled_prepare(pj_traffic *traffic, unsigned keeps, pj_error *err);
pj_status pj_leveled_charge(const pj_traffic *traffic, size_t layer, pj_layer *row, pj_error *err);

/* Fills `reuse` of a layer whose policy knows no levels: least traffic alone. */
pj_status pj_leveled_bound(const pj_traffic *traffic, size_t layer, pj_layer *row, pj_error *err);

/* What it costs to read and to write so many bits of a cache in level 0. */
void pj_leveled_cache(const pj_memory *memory, double read, double written, double *read_pj, double *written_pj);

/* Sums of all layers, once they are priced. */
pj_status pj_leveled_total(const pj_traffic *traffic, pj_totals *totals, pj_error *err);
