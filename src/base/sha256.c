/* SHA-256 as FIPS 180-4 has it: constants of section 4.2.2, the compression of section 6.2.2. */
#include "base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { BLOCK = 64, ROUNDS = 64, LENGTH_AT = 56 };

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t k[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

static void expand(const uint8_t *block, uint32_t w[ROUNDS])
{
    for (int t = 0; t < 16; t++, block += 4)
        w[t] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
    for (int t = 16; t < ROUNDS; t++) {
        uint32_t a = w[t - 15], b = w[t - 2];
        w[t] =
            w[t - 16] + w[t - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[ROUNDS], s[8];
    expand(block, w);
    memcpy(s, state, sizeof s);
    for (int t = 0; t < ROUNDS; t++) {
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]), majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t one = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + choice + k[t] + w[t];
        uint32_t two = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + majority;
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

pj_sha256 pj_sha256_new(void)
{
    /* first 32 bits of the fractional parts of the square roots of the first 8 primes */
    pj_sha256 sum = {
        {0x6a09e667,  0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
        0, {0}
    };
    return sum;
}

void pj_sha256_add(pj_sha256 *sum, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    while (length > 0) {
        size_t held = (size_t)(sum->length % BLOCK), part = BLOCK - held < length ? BLOCK - held : length;
        memcpy(sum->block + held, at, part);
        sum->length += part;
        at += part;
        length -= part;
        if (held + part == BLOCK)
            compress(sum->state, sum->block);
    }
}

void pj_sha256_end(pj_sha256 *sum, char digits[PJ_SHA256_DIGITS + 1])
{
    static const uint8_t one = 0x80, zero = 0;
    static const char hex[] = "0123456789abcdef";
    uint64_t bits = sum->length * 8;
    uint8_t tail[8];
    pj_sha256_add(sum, &one, 1);
    while (sum->length % BLOCK != LENGTH_AT)
        pj_sha256_add(sum, &zero, 1);
    for (int i = 0; i < 8; i++)
        tail[i] = (uint8_t)(bits >> (56 - 8 * i));
    pj_sha256_add(sum, tail, sizeof tail);
    for (int i = 0; i < PJ_SHA256_DIGITS; i++)
        digits[i] = hex[sum->state[i / 8] >> (28 - 4 * (i % 8)) & 0xf];
    digits[PJ_SHA256_DIGITS] = 0;
}

pj_status pj_sha256_input(const pj_input *input, char digits[PJ_SHA256_DIGITS + 1], pj_error *err)
{
    uint8_t window[16 * 1024];
    pj_sha256 sum = pj_sha256_new();
    uint64_t at = 0;
    int64_t got;
    while ((got = pj_input_read(input, at, window, sizeof window)) > 0) {
        pj_sha256_add(&sum, window, (size_t)got);
        at += (uint64_t)got;
    }
    if (got < 0)
        return pj_fail(err, PJ_EIO, "cannot be read: %s", strerror(errno));
    pj_sha256_end(&sum, digits);
    return PJ_OK;
}

pj_status pj_sha256_file(const char *path, char digits[PJ_SHA256_DIGITS + 1], pj_error *err)
{
    const pj_input input = pj_input_of_file(open(path, O_RDONLY | O_CLOEXEC));
    pj_status status = input.fd >= 0 ? pj_sha256_input(&input, digits, err)
                                     : pj_fail(err, PJ_EIO, "cannot be opened: %s", strerror(errno));
    if (input.fd >= 0)
        close(input.fd);
    if (status != PJ_OK)
        pj_error_at(err, path, NULL, NULL);
    return status;
}
