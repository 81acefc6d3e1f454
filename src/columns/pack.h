/* How Parquet packs cells into pages, and what compresses these. */
#pragma once

#include "base/str.h"

/* Numbers of `width` bits (0 to 32), runs of equal ones shortened: the hybrid of run lengths and packed bits. */
void pj_pack_runs(const uint32_t *numbers, size_t count, int width, pj_str *out);

/* One bit each, the first in the lowest. */
void pj_pack_bits(const bool *bits, size_t count, pj_str *out);

/* Bits that numbers below `count` take, at least 1. */
int pj_pack_width(size_t count);

/* A 32-bit and a 64-bit number, lowest byte first. */
void pj_pack_u32(uint32_t number, pj_str *out);
void pj_pack_u64(uint64_t number, pj_str *out);

/* Distinct ones among 64-bit numbers, at most PJ_DISTINCT_MOST of them, in the order of their first place, and for each
 * number the place of its equal. */
enum { PJ_DISTINCT_MOST = 4096 };
typedef struct pj_distinct {
    uint64_t value[PJ_DISTINCT_MOST];
    size_t count;
    uint16_t slot[2 * PJ_DISTINCT_MOST]; /* number of a value from 1, by hash; 0: free */
} pj_distinct;

/* false: there are more. `out` has room for `count`. */
bool pj_distinct_find(const uint64_t *numbers, size_t count, pj_distinct *scratch, uint32_t *out);

/* Parquet's number of the codec that compresses: 6 (zstd), or 0 (none) where the library is built without. */
int pj_pack_codec(void);

/* The other way, of bytes that may be anything. Runs: at most one page's, from *at on, which moves behind them; false:
 * they are not exactly `count` numbers. */
bool pj_unpack_runs(const uint8_t **at, const uint8_t *end, size_t count, int width, uint32_t *out);
uint32_t pj_unpack_u32(const uint8_t *bytes);
uint64_t pj_unpack_u64(const uint8_t *bytes);

/* false: these are not `length` bytes in that codec, or it is none that we write. */
bool pj_unpack_bytes(int codec, const void *packed, size_t packed_length, void *out, size_t length);

/* Appends the bytes as that codec has them. */
void pj_pack_compress(const pj_str *bytes, pj_str *out);
