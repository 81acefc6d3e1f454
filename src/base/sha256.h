/* SHA-256 (FIPS 180-4), to tell whether a file is the one that is meant. */
#pragma once

#include "base/input.h"

enum { PJ_SHA256_BYTES = 32, PJ_SHA256_DIGITS = 64 };

typedef struct pj_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
} pj_sha256;

pj_sha256 pj_sha256_new(void);
void pj_sha256_add(pj_sha256 *sum, const void *bytes, size_t length);

/* Writes the digest as 64 small hexadecimal digits and a terminator. `sum` must not be used afterwards. */
void pj_sha256_end(pj_sha256 *sum, char digits[PJ_SHA256_DIGITS + 1]);

/* The digest of a file, read through a small window. PJ_EIO: it cannot be opened or read; err->file is set. */
pj_status pj_sha256_input(const pj_input *input, char digits[PJ_SHA256_DIGITS + 1], pj_error *err); /* PJ_EIO */
pj_status pj_sha256_file(const char *path, char digits[PJ_SHA256_DIGITS + 1], pj_error *err);
