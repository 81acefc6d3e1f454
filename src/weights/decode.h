/* Bytes of raw_data as real numbers. */
#pragma once

#include "ir/dtype.h"

/* Can elements of this type be decoded: numbers and bool? */
bool pj_decodes(pj_dtype dtype);

/* `n` little-endian elements; those of less than 8 bits are packed from the low bits on, and begin after `skip` others
 * in the first byte. */
void pj_decode(pj_dtype dtype, const uint8_t *bytes, size_t skip, size_t n, double *out);
