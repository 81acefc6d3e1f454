/* NumPy's archives: ZIP files of .npy members, stored or deflated. The central directory is what counts; local headers
 * say only where the bytes begin. */
#include "samples/npy.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#if PJ_ZLIB
#include <zlib.h>
#endif

/* Parts of a ZIP file (APPNOTE.TXT): signatures and lengths without what varies. */
enum {
    END_LENGTH = 22,
    END64_LENGTH = 56,
    LOCATOR_LENGTH = 20,
    RECORD_LENGTH = 46,
    LOCAL_LENGTH = 30,
    MOST_COMMENT = 65535,
    STORED = 0,
    DEFLATED = 8,
    DEFLATE_MOST = 1032 /* bytes that one byte can become */
};
static const uint32_t end_mark = 0x06054b50, end64_mark = 0x06064b50, locator_mark = 0x07064b50,
                      record_mark = 0x02014b50, local_mark = 0x04034b50, wide = 0xffffffff;

typedef struct archive {
    const uint8_t *bytes;
    size_t length;
    const char *file;
    pj_arena *arena;
    pj_map names;
    uint64_t unpacked; /* so far */
    pj_error *err;
} archive;

/* A record of the central directory. */
typedef struct member {
    const char *name;
    unsigned flags, method;
    uint64_t packed, length, offset;
    uint32_t crc;
} member;

static uint64_t number_at(const uint8_t *bytes, int count)
{
    uint64_t number = 0;
    while (count-- > 0)
        number = number << 8 | bytes[count];
    return number;
}

static uint32_t mark_at(const archive *a, uint64_t at)
{
    return (uint32_t)number_at(a->bytes + at, 4);
}

bool pj_is_npz(const uint8_t *bytes, size_t length)
{
    return length >= 4 && bytes[0] == 'P' && bytes[1] == 'K' && (bytes[2] == 3 || bytes[2] == 5);
}

/* ---- the directory ---- */

/* Where the directory begins, and how many records it has. */
static pj_status find_directory(const archive *a, uint64_t *at, uint64_t *records)
{
    size_t end = a->length >= END_LENGTH ? a->length - END_LENGTH : 0;
    const size_t last = end > MOST_COMMENT ? end - MOST_COMMENT : 0;
    if (a->length < END_LENGTH)
        return pj_fail(a->err, PJ_EFORMAT, "the archive is cut off: it has %zu bytes", a->length);
    while (mark_at(a, end) != end_mark) {
        if (end == last)
            return pj_fail(a->err, PJ_EFORMAT, "the archive has no end record; it is cut off, or no .npz file");
        end--;
    }
    *records = number_at(a->bytes + end + 10, 2);
    *at = number_at(a->bytes + end + 16, 4);
    if ((*records != 0xffff && *at != wide) || end < LOCATOR_LENGTH || mark_at(a, end - LOCATOR_LENGTH) != locator_mark)
        return PJ_OK;
    uint64_t end64 = number_at(a->bytes + end - LOCATOR_LENGTH + 8, 8);
    if (a->length < END64_LENGTH || end64 > a->length - END64_LENGTH || mark_at(a, end64) != end64_mark)
        return pj_fail(a->err, PJ_EFORMAT, "the archive has no 64-bit end record at offset %" PRIu64, end64);
    *records = number_at(a->bytes + end64 + 32, 8);
    *at = number_at(a->bytes + end64 + 48, 8);
    return PJ_OK;
}

/* Sizes that do not fit 32 bits stand in an extra field, in this order, and only those. */
static void read_wide(member *m, const uint8_t *extra, size_t length)
{
    while (length >= 4) {
        size_t size = (size_t)number_at(extra + 2, 2);
        if (size > length - 4)
            return;
        if (number_at(extra, 2) == 1) {
            uint64_t *const fields[] = {&m->length, &m->packed, &m->offset};
            const uint8_t *at = extra + 4;
            for (size_t i = 0; i < 3; i++)
                if (*fields[i] == wide && at + 8 <= extra + 4 + size) {
                    *fields[i] = number_at(at, 8);
                    at += 8;
                }
        }
        extra += 4 + size;
        length -= 4 + size;
    }
}

static pj_status read_record(const archive *a, uint64_t *at, member *m)
{
    if (a->length < RECORD_LENGTH || *at > a->length - RECORD_LENGTH || mark_at(a, *at) != record_mark)
        return pj_fail(a->err, PJ_EFORMAT, "the directory of the archive has no record at offset %" PRIu64, *at);
    const uint8_t *r = a->bytes + *at;
    const size_t name = (size_t)number_at(r + 28, 2), extra = (size_t)number_at(r + 30, 2),
                 comment = (size_t)number_at(r + 32, 2);
    if (name + extra + comment > a->length - RECORD_LENGTH - *at)
        return pj_fail(a->err, PJ_EFORMAT, "a record of the archive's directory goes beyond its end");
    *m = (member){.flags = (unsigned)number_at(r + 8, 2),
                  .method = (unsigned)number_at(r + 10, 2),
                  .crc = (uint32_t)number_at(r + 16, 4),
                  .packed = number_at(r + 20, 4),
                  .length = number_at(r + 24, 4),
                  .offset = number_at(r + 42, 4)};
    m->name = pj_arena_strndup(a->arena, (const char *)r + RECORD_LENGTH, name);
    read_wide(m, r + RECORD_LENGTH + name, extra);
    *at += RECORD_LENGTH + name + extra + comment;
    return pj_got(m->name, a->err);
}

/* ---- contents ---- */

/* Of the polynomial 0xedb88320, a bit at a time from a table of 16. */
static uint32_t crc_of(const uint8_t *bytes, size_t length)
{
    uint32_t table[16], crc = 0xffffffff;
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (int bit = 0; bit < 4; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
    }
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static pj_status inflate_member(const archive *a, const member *m, const uint8_t *from, uint8_t *to)
{
#if PJ_ZLIB
    z_stream z = {0};
    union {
        const uint8_t *from;
        uint8_t *in; /* zlib changes nothing there */
    } cast = {from};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return pj_fail_memory(a->err);
    z.next_in = cast.in;
    z.avail_in = (uInt)m->packed; /* the whole file has less than 4 GiB */
    z.next_out = to;
    z.avail_out = (uInt)m->length;
    int result = inflate(&z, Z_FINISH);
    uint64_t total = z.total_out;
    (void)inflateEnd(&z);
    if (result == Z_MEM_ERROR)
        return pj_fail_memory(a->err);
    if (result != Z_STREAM_END || total != m->length)
        return pj_fail(a->err, PJ_EFORMAT, "its packed bytes are damaged: they give %" PRIu64 " of %" PRIu64 " bytes",
                       total, m->length);
    return PJ_OK;
#else
    (void)m, (void)from, (void)to;
    return pj_fail(a->err, PJ_EUNSUPPORTED,
                   "it is packed, and this build of picojoule is without zlib; numpy.savez stores arrays as they are");
#endif
}

static pj_status check_sizes(archive *a, const member *m)
{
    if (m->flags & 1)
        return pj_fail(a->err, PJ_EFORMAT, "it is encrypted");
    if (m->method != STORED && m->method != DEFLATED)
        return pj_fail(a->err, PJ_EFORMAT, "it is packed by method %u; stored (0) and deflated (8) members are read",
                       m->method);
    if (m->method == STORED && m->packed != m->length)
        return pj_fail(a->err, PJ_EFORMAT, "it is stored, but its sizes differ: %" PRIu64 " and %" PRIu64 " bytes",
                       m->packed, m->length);
    if (m->length > PJ_MAX_SAMPLE_BYTES || a->unpacked + m->length > PJ_MAX_SAMPLE_BYTES)
        return pj_fail(a->err, PJ_ELIMIT,
                       "the arrays of the archive have more than %" PRIu64 " bytes; give a folder of"
                       " files",
                       PJ_MAX_SAMPLE_BYTES);
    if (m->packed < m->length / DEFLATE_MOST)
        return pj_fail(a->err, PJ_EFORMAT,
                       "it claims %" PRIu64 " bytes, more than its %" PRIu64 " packed ones can give", m->length,
                       m->packed);
    a->unpacked += m->length;
    return PJ_OK;
}

static pj_status contents_of(archive *a, const member *m, const uint8_t **out)
{
    PJ_TRY(check_sizes(a, m));
    if (a->length < LOCAL_LENGTH || m->offset > a->length - LOCAL_LENGTH || mark_at(a, m->offset) != local_mark)
        return pj_fail(a->err, PJ_EFORMAT, "it has no local header at offset %" PRIu64, m->offset);
    const uint8_t *local = a->bytes + m->offset;
    uint64_t start = m->offset + LOCAL_LENGTH + number_at(local + 26, 2) + number_at(local + 28, 2);
    if (start > a->length || m->packed > a->length - start)
        return pj_fail(a->err, PJ_EFORMAT,
                       "it needs %" PRIu64 " bytes from offset %" PRIu64 ", but the archive has %zu", m->packed, start,
                       a->length);
    *out = a->bytes + start;
    if (m->method == DEFLATED) {
        uint8_t *bytes = pj_arena_alloc(a->arena, (size_t)m->length + 1, 1);
        PJ_TRY(pj_got(bytes, a->err));
        PJ_TRY(inflate_member(a, m, *out, bytes));
        *out = bytes;
    }
    uint32_t crc = crc_of(*out, (size_t)m->length);
    if (crc != m->crc)
        return pj_fail(a->err, PJ_EFORMAT, "its bytes are damaged: their checksum is %08" PRIx32 ", not %08" PRIx32,
                       crc, m->crc);
    return PJ_OK;
}

/* ---- members ---- */

static bool ends_with_npy(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".npy") == 0;
}

static pj_status read_member(archive *a, const member *m, pj_ndarray *out)
{
    const uint8_t *bytes;
    PJ_TRY(contents_of(a, m, &bytes));
    PJ_TRY(pj_npy_parse(bytes, (size_t)m->length, a->arena, out, a->err));
    out->name = pj_arena_strndup(a->arena, m->name, strlen(m->name) - 4);
    PJ_TRY(pj_got(out->name, a->err));
    if (pj_map_get(&a->names, out->name))
        return pj_fail(a->err, PJ_EFORMAT, "the archive has it twice");
    return pj_got(pj_map_put(&a->names, out->name, out), a->err);
}

static pj_status fail_at(const archive *a, const char *name, pj_status status)
{
    char place[256];
    snprintf(place, sizeof place, "%.150s:%.100s", a->file, name);
    pj_error_at(a->err, place, NULL, NULL);
    return status;
}

pj_status pj_npz_parse(const uint8_t *bytes, size_t length, const char *file, pj_arena *arena, pj_ndarrays *out,
                       pj_error *err)
{
    archive a = {.bytes = bytes, .length = length, .file = file, .arena = arena, .err = err};
    uint64_t at, records;
    size_t room = 0;
    pj_ndarray *arrays = NULL;
    pj_map_init(&a.names, arena);
    memset(out, 0, sizeof *out);
    PJ_TRY(find_directory(&a, &at, &records));
    if (records > length / RECORD_LENGTH)
        return pj_fail(err, PJ_EFORMAT,
                       "the archive says that it has %" PRIu64 " members, more than its bytes can hold", records);
    for (uint64_t i = 0; i < records; i++) {
        member m;
        PJ_TRY(read_record(&a, &at, &m));
        if (!ends_with_npy(m.name))
            continue;
        if (!PJ_GROW(arena, arrays, out->count, room))
            return pj_fail_memory(err);
        pj_status status = read_member(&a, &m, &arrays[out->count]);
        if (status != PJ_OK)
            return fail_at(&a, m.name, status);
        out->count++;
    }
    out->array = arrays;
    return out->count ? PJ_OK : pj_fail(err, PJ_EFORMAT, "the archive holds no .npy file");
}
