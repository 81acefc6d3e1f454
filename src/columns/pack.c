/* Runs, bits, dictionaries; zstd. */
#include "columns/pack.h"

#include "columns/unthrift.h"

#if PJ_ZSTD
#include <zstd.h>
#endif

enum { GROUP = 8, LEAST_RUN = 16 };

int pj_pack_width(size_t count)
{
    int width = 1;
    while (((size_t)1 << width) < count)
        width++;
    return width;
}

void pj_pack_u32(uint32_t number, pj_str *out)
{
    for (int shift = 0; shift < 32; shift += 8)
        pj_str_add_char(out, (char)(number >> shift));
}

void pj_pack_u64(uint64_t number, pj_str *out)
{
    pj_pack_u32((uint32_t)number, out);
    pj_pack_u32((uint32_t)(number >> 32), out);
}

static size_t run_at(const uint32_t *numbers, size_t count, size_t from, size_t most)
{
    size_t length = 1;
    while (from + length < count && length < most && numbers[from + length] == numbers[from])
        length++;
    return length;
}

static void add_run(uint32_t number, size_t length, int width, pj_str *out)
{
    pj_thrift_varint(out, (uint64_t)length << 1);
    for (int shift = 0; shift < width; shift += 8)
        pj_str_add_char(out, (char)(number >> shift));
}

/* Whole groups of eight; what is missing in the last one is 0. */
static void add_packed(const uint32_t *numbers, size_t count, int width, pj_str *out)
{
    size_t groups = (count + GROUP - 1) / GROUP;
    uint64_t waiting = 0;
    int bits = 0;
    pj_thrift_varint(out, (uint64_t)groups << 1 | 1);
    for (size_t i = 0; i < groups * GROUP; i++) {
        waiting |= (uint64_t)(i < count ? numbers[i] : 0) << bits;
        for (bits += width; bits >= 8; bits -= 8, waiting >>= 8)
            pj_str_add_char(out, (char)waiting);
    }
}

void pj_pack_runs(const uint32_t *numbers, size_t count, int width, pj_str *out)
{
    for (size_t i = 0; i < count;) {
        size_t run = run_at(numbers, count, i, SIZE_MAX), from = i;
        if (run >= GROUP || i + run == count) {
            add_run(numbers[i], run, width, out);
            i += run;
            continue;
        }
        /* up to a run that is worth ending whole groups for */
        while (i < count && ((i - from) % GROUP != 0 || i == from || run_at(numbers, count, i, LEAST_RUN) < LEAST_RUN))
            i++;
        add_packed(numbers + from, i - from, width, out);
    }
}

void pj_pack_bits(const bool *bits, size_t count, pj_str *out)
{
    for (size_t i = 0; i < count; i += GROUP) {
        unsigned byte = 0;
        for (size_t k = 0; k < GROUP && i + k < count; k++)
            byte |= (unsigned)bits[i + k] << k;
        pj_str_add_char(out, (char)byte);
    }
}

/* ---- the other way ---- */

uint32_t pj_unpack_u32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint64_t pj_unpack_u64(const uint8_t *bytes)
{
    return pj_unpack_u32(bytes) | (uint64_t)pj_unpack_u32(bytes + 4) << 32;
}

/* `groups` of eight, of which `count` numbers are wanted; they are all there. */
static void take_packed(const uint8_t *at, size_t count, int width, uint32_t *out)
{
    const uint64_t mask = ((uint64_t)1 << width) - 1;
    uint64_t waiting = 0;
    int bits = 0;
    for (size_t i = 0; i < count; i++) {
        for (; bits < width; bits += 8)
            waiting |= (uint64_t)*at++ << bits;
        out[i] = (uint32_t)(waiting & mask);
        waiting >>= width;
        bits -= width;
    }
}

bool pj_unpack_runs(const uint8_t **at, const uint8_t *end, size_t count, int width, uint32_t *out)
{
    pj_unthrift r = {*at, end, false};
    size_t done = 0;
    while (done < count && width >= 1 && width <= 32) {
        uint64_t head = pj_unthrift_varint(&r), groups = head >> 1;
        size_t left = count - done, bytes = (size_t)(r.end - r.at), size = ((size_t)width + 7) / 8;
        if (r.failed || !groups)
            return false;
        if (head & 1) {
            if (groups > bytes / (size_t)width)
                return false;
            size_t numbers = groups >= (left + GROUP - 1) / GROUP ? left : (size_t)groups * GROUP;
            take_packed(r.at, numbers, width, out + done);
            r.at += groups * (size_t)width;
            done += numbers;
        } else {
            uint32_t number = 0;
            if (groups > left || size > bytes)
                return false;
            for (size_t i = 0; i < size; i++)
                number |= (uint32_t)*r.at++ << 8 * i;
            for (size_t i = 0; i < groups; i++)
                out[done++] = number;
        }
    }
    *at = r.at;
    return done == count;
}

bool pj_distinct_find(const uint64_t *numbers, size_t count, pj_distinct *d, uint32_t *out)
{
    const size_t slots = sizeof d->slot / sizeof *d->slot;
    memset(d->slot, 0, sizeof d->slot);
    d->count = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = numbers[i] * 0x9e3779b97f4a7c15u;
        size_t at = (size_t)(hash >> 48) % slots;
        while (d->slot[at] && d->value[d->slot[at] - 1] != numbers[i])
            at = (at + 1) % slots;
        if (!d->slot[at]) {
            if (d->count == PJ_DISTINCT_MOST)
                return false;
            d->value[d->count++] = numbers[i];
            d->slot[at] = (uint16_t)d->count;
        }
        out[i] = d->slot[at] - 1u;
    }
    return true;
}

#if PJ_ZSTD
int pj_pack_codec(void)
{
    return 6;
}

void pj_pack_compress(const pj_str *bytes, pj_str *out)
{
    enum { LEVEL = 1 };
    size_t most = ZSTD_compressBound(bytes->length);
    char *room = malloc(most + 1);
    size_t length = room ? ZSTD_compress(room, most, bytes->data, bytes->length, LEVEL) : 0;
    if (room && !ZSTD_isError(length))
        pj_str_add_bytes(out, room, length);
    else
        out->failed = out->no_memory = true;
    free(room);
}

bool pj_unpack_bytes(int codec, const void *packed, size_t packed_length, void *out, size_t length)
{
    if (codec == 0 && packed_length == length && length)
        memcpy(out, packed, length);
    if (codec == 0)
        return packed_length == length;
    return codec == pj_pack_codec() && ZSTD_decompress(out, length, packed, packed_length) == length;
}
#else
int pj_pack_codec(void)
{
    return 0;
}

void pj_pack_compress(const pj_str *bytes, pj_str *out)
{
    pj_str_add_bytes(out, bytes->data, bytes->length);
}

bool pj_unpack_bytes(int codec, const void *packed, size_t packed_length, void *out, size_t length)
{
    if (codec == 0 && packed_length == length && length)
        memcpy(out, packed, length);
    return codec == 0 && packed_length == length;
}
#endif
