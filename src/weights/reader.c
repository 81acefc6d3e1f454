/* Elements of constants from files: positioned reads, decoding, scales and zero points. */
#include "weights/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "weights/decode.h"

/* Many names may point to the same bytes, and a file may be a hole of terabytes: so many times what a file takes on the
 * disk may be read of it, and so much in any case. */
enum { GRANTED_BYTES = 64 << 20, GRANTED_TIMES = 8, BLOCK_BYTES = 512 };

pj_status pj_weight_files_new(pj_weight_files *files, const pj_model *model, pj_arena *arena, pj_error *err)
{
    *files = (pj_weight_files){
        .model = model, .file = PJ_NEW(arena, struct pj_weight_file, PJ_MOST_WEIGHT_FILES), .granted = GRANTED_BYTES};
    pj_map_init(&files->seen, arena);
    return pj_got(files->file, err);
}

bool pj_weight_files_full(const pj_weight_files *files)
{
    return files->count == PJ_MOST_WEIGHT_FILES;
}

void pj_weight_files_grant_all(pj_weight_files *files)
{
    files->granted = UINT64_MAX;
}

void pj_weight_files_close(pj_weight_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        close(files->file[i].input.fd);
    files->count = 0;
}

/* `bytes`: what a file takes on the disk, or what is given in memory. */
static pj_status grant(pj_weight_files *files, const char *location, uint64_t bytes, pj_error *err)
{
    const char *name = location ? location : "";
    if (pj_map_get(&files->seen, name))
        return PJ_OK;
    if (!pj_mul_u64(bytes, GRANTED_TIMES, &bytes) || !pj_add_u64(files->granted, bytes, &files->granted))
        files->granted = UINT64_MAX;
    return pj_got(pj_map_put(&files->seen, name, files), err);
}

static uint64_t bytes_on_disk(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 ? (uint64_t)info.st_blocks * BLOCK_BYTES : 0;
}

/* Opens the file of a path; what is no regular file (a pipe that has been read) is -1 without an error. */
static pj_status open_regular(const char *path, uint64_t size, int *fd, pj_error *err)
{
    struct stat info;
    *fd = -1;
    if (stat(path, &info) != 0)
        return pj_fail(err, PJ_EIO, "cannot read the weights in '%.200s': %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return PJ_OK;
    if ((uint64_t)info.st_size < size)
        return pj_fail(err, PJ_EIO, "'%.200s' is shorter than it was when the model was read", path);
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    return *fd >= 0 ? PJ_OK : pj_fail(err, PJ_EIO, "cannot read the weights in '%.200s': %s", path, strerror(errno));
}

static pj_status open_file(pj_weight_files *files, const pj_tensor *tensor, const pj_input **out, pj_error *err)
{
    const pj_model *model = files->model;
    const char *location = tensor->storage == PJ_STORED_EXTERNAL ? tensor->location : NULL;
    int fd;
    *out = NULL;
    if (model->origin) {
        const pj_origin *from = pj_origin_find(model->origin, location);
        *out = from ? &from->self : NULL;
        return from ? grant(files, location, from->self.from.length, err) : PJ_OK;
    }
    if (!model->is_file)
        return PJ_OK;
    for (size_t i = 0; i < files->count; i++)
        if (files->file[i].location == location) {
            *out = &files->file[i].input;
            return PJ_OK;
        }
    pj_str path = pj_str_new(0);
    const char *slash = strrchr(model->path, '/');
    if (location && slash)
        pj_str_add_bytes(&path, model->path, (size_t)(slash - model->path) + 1);
    pj_str_add(&path, location ? location : model->path);
    uint64_t size = location ? tensor->offset + tensor->length : model->file_bytes;
    pj_status status = path.failed ? pj_fail_memory(err) : open_regular(path.data, size, &fd, err);
    pj_str_free(&path);
    if (status == PJ_OK && fd >= 0) {
        files->file[files->count] = (struct pj_weight_file){location, pj_input_of_file(fd)};
        *out = &files->file[files->count++].input;
        status = grant(files, location, bytes_on_disk(fd), err);
    }
    return status;
}

static pj_status read_bytes(const pj_stored *from, uint64_t at, size_t length, uint8_t *to, pj_error *err)
{
    while (length > 0) {
        int64_t got = pj_input_read(from->input, from->offset + at, to, length);
        if (got < 0)
            return pj_fail(err, PJ_EIO, "cannot read the weights '%.100s': %s", from->name, strerror(errno));
        if (got == 0)
            return pj_fail(err, PJ_EIO, "the file ends inside the weights '%.100s'", from->name);
        at += (uint64_t)got;
        to += got;
        length -= (size_t)got;
    }
    return PJ_OK;
}

/* Bytes that one number of a typed field is worth; types of less than 8 bits are packed there, too. */
static size_t entry_bytes(pj_dtype dtype)
{
    int bits = pj_dtype_bits(dtype);
    return bits < 8 ? 1 : (size_t)bits / 8;
}

/* Numbers of 1 to 10 bytes each, as protobuf packs them, brought into the form of raw_data: they can only be read from
 * their beginning. */
static pj_status unpack(const pj_tensor *tensor, pj_stored *bytes, pj_arena *arena, pj_error *err)
{
    uint8_t part[4096];
    size_t size = entry_bytes(tensor->dtype), at = 0, width = (size_t)pj_dtype_bits(tensor->dtype);
    size_t want = width < 8 ? ((size_t)tensor->count * width + 7) / 8 : (size_t)tensor->count * size;
    uint64_t number = 0, done = 0;
    unsigned shift = 0;
    uint8_t *raw = PJ_NEW(arena, uint8_t, want);
    PJ_TRY(pj_got(raw, err));
    while (done < bytes->length) {
        size_t length = bytes->length - done < sizeof part ? (size_t)(bytes->length - done) : sizeof part;
        PJ_TRY(read_bytes(bytes, done, length, part, err));
        done += length;
        for (size_t i = 0; i < length; i++) {
            if (shift < 64)
                number |= (uint64_t)(part[i] & 0x7f) << shift;
            shift += 7;
            if (part[i] & 0x80)
                continue;
            for (size_t b = 0; b < size && at < want; b++)
                raw[at++] = (uint8_t)(number >> (8 * b));
            number = shift = 0;
        }
    }
    if (at < want || shift > 0)
        return pj_fail(err, PJ_EFORMAT, "the weights '%.100s' end before their last number", bytes->name);
    bytes->memory = raw;
    return PJ_OK;
}

static bool is_fixed_width(pj_dtype dtype)
{
    return dtype == PJ_FLOAT32 || dtype == PJ_FLOAT64; /* float_data and double_data are as raw_data */
}

/* Where the bytes of a tensor are. */
static pj_status open_bytes(const pj_tensor *tensor, pj_weight_files *files, pj_arena *arena, pj_stored *out,
                            const char **absent, pj_error *err)
{
    *out = (pj_stored){tensor->bytes, NULL, tensor->offset, tensor->length, tensor->name};
    if (out->memory || tensor->count == 0)
        return PJ_OK;
    if (tensor->storage == PJ_STORED_FILE || tensor->storage == PJ_STORED_EXTERNAL)
        PJ_TRY(open_file(files, tensor, &out->input, err));
    if (!out->input) {
        *absent = tensor->storage == PJ_STORED_ABSENT || tensor->storage == PJ_STORED_INLINE
                      ? "the file has no contents for it"
                      : "the model does not come from a file that can be read again";
        return PJ_OK;
    }
    if (files->granted < UINT64_MAX && tensor->length > files->granted - files->taken) {
        *absent = "more bytes than its file really holds are to be read: the same ones many times, or a hole";
        return PJ_OK;
    }
    files->taken += tensor->length;
    if (tensor->raw || is_fixed_width(tensor->dtype))
        return PJ_OK;
    if (tensor->count > PJ_MAX_UNPACKED_WEIGHTS) {
        *absent = "it has too many numbers for a typed field";
        return PJ_OK;
    }
    return unpack(tensor, out, arena, err);
}

/* Elements `first` to first + n - 1, as they are stored. */
static pj_status get_codes(const pj_stored *bytes, pj_dtype dtype, int64_t first, int64_t n, uint8_t *scratch,
                           double *out, pj_error *err)
{
    size_t width = (size_t)pj_dtype_bits(dtype), most = (size_t)PJ_READ_BYTES * 8 / width - 8;
    while (n > 0) {
        size_t part = (size_t)n < most ? (size_t)n : most;
        uint64_t bit = (uint64_t)first * width, byte = bit / 8;
        size_t skip = (size_t)(bit % 8) / (width < 8 ? width : 8), length = ((skip + part) * width + 7) / 8;
        const uint8_t *from = bytes->memory ? bytes->memory + byte : scratch;
        if (!bytes->memory)
            PJ_TRY(read_bytes(bytes, byte, length, scratch, err));
        pj_decode(dtype, from, skip, part, out);
        out += part;
        first += (int64_t)part;
        n -= (int64_t)part;
    }
    return PJ_OK;
}

/* All numbers of a small tensor, as floats; one alone goes to *one. */
static pj_status read_side(const pj_tensor *tensor, pj_weight_files *files, pj_arena *arena, const float **out,
                           double *one, const char **absent, pj_error *err)
{
    pj_stored bytes;
    double part[512];
    if (tensor->count > PJ_MAX_UNPACKED_WEIGHTS) {
        *absent = "it has too many scales";
        return PJ_OK;
    }
    uint8_t *scratch = PJ_NEW(arena, uint8_t, PJ_READ_BYTES);
    float *all = scratch ? PJ_NEW(arena, float, tensor->count) : NULL;
    PJ_TRY(pj_got(all, err));
    if (!pj_decodes(tensor->dtype))
        *absent = "its scales or zero points are no numbers";
    else
        PJ_TRY(open_bytes(tensor, files, arena, &bytes, absent, err));
    for (int64_t at = 0; !*absent && at < tensor->count; at += 512) {
        int64_t n = tensor->count - at < 512 ? tensor->count - at : 512;
        PJ_TRY(get_codes(&bytes, tensor->dtype, at, n, scratch, part, err));
        for (int64_t k = 0; k < n; k++)
            all[at + k] = fabs(part[k]) <= (double)0x1.fffffep127F ? (float)part[k] : NAN;
    }
    *out = tensor->count == 1 ? NULL : all;
    *one = tensor->count == 1 ? (double)all[0] : 0;
    return PJ_OK;
}

/* Packed zero points: `row` a row, rows begin at whole bytes. */
static pj_status read_packed_zeros(const pj_scaling *s, pj_weight_files *files, pj_arena *arena, const float **out,
                                   const char **absent, pj_error *err)
{
    const float *bytes = NULL;
    double one = 0;
    float *all = PJ_NEW(arena, float, s->scales);
    PJ_TRY(pj_got(all, err));
    PJ_TRY(read_side(s->zero, files, arena, &bytes, &one, absent, err));
    int64_t per_byte = 8 / s->zero_bits, row = s->zero_row / per_byte + (s->zero_row % per_byte != 0);
    for (int64_t k = 0; !*absent && k < s->scales; k++) {
        int64_t in_row = k % s->zero_row, at = k / s->zero_row * row + in_row / per_byte;
        unsigned byte = (unsigned)(bytes ? (double)bytes[at] : one);
        all[k] = (float)(byte >> in_row % per_byte * s->zero_bits & ((1u << s->zero_bits) - 1));
    }
    *out = all;
    return PJ_OK;
}

pj_status pj_reader_open(pj_reader *reader, const pj_constant *constant, pj_weight_files *files, pj_arena *arena,
                         const char **absent, pj_error *err)
{
    const pj_scaling *s = constant->scaling;
    *reader = (pj_reader){.constant = constant, .one_scale = 1, .one_zero = s ? s->offset : 0};
    PJ_TRY(open_bytes(constant->tensor, files, arena, &reader->bytes, absent, err));
    if (!s || *absent)
        return PJ_OK;
    if (s->scale)
        PJ_TRY(read_side(s->scale, files, arena, &reader->scale, &reader->one_scale, absent, err));
    if (s->zero && s->zero_row && !*absent)
        PJ_TRY(read_packed_zeros(s, files, arena, &reader->zero, absent, err));
    else if (s->zero && !*absent)
        PJ_TRY(read_side(s->zero, files, arena, &reader->zero, &reader->one_zero, absent, err));
    return PJ_OK;
}

static bool is_little_endian(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1;
}

/* ---- real numbers ---- */

static double stands_for(const pj_scaling *s, double x, double scale, double zero)
{
    if (s->is_sign)
        return x < 0 ? -scale : scale;
    if (s->rounds) {
        x = rint(x / scale + zero);
        x = x < s->least ? s->least : x > s->most ? s->most : x;
    }
    return (x - zero) * scale;
}

/* `n` numbers that have the same scale (step 0) or one after the other (step 1), from number `k` on. */
static void apply(const pj_reader *reader, int64_t k, int64_t step, int64_t n, double *x)
{
    const pj_scaling *s = reader->constant->scaling;
    bool rounds = s->rounds || s->is_sign;
    double scale = reader->scale ? (double)reader->scale[k] : reader->one_scale;
    double zero = reader->zero ? (double)reader->zero[k] : reader->one_zero;
    if (step == 0 && !rounds) {
        for (int64_t i = 0; i < n; i++)
            x[i] = (x[i] - zero) * scale;
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        scale = reader->scale ? (double)reader->scale[k + i * step] : scale;
        zero = reader->zero ? (double)reader->zero[k + i * step] : zero;
        x[i] = stands_for(s, x[i], scale, zero);
    }
}

/* Elements p to p + n - 1 become the real numbers that they stand for. */
static void scale_run(const pj_reader *reader, int64_t p, int64_t n, double *x)
{
    const pj_scaling *s = reader->constant->scaling;
    if (!s)
        return;
    if (!reader->scale && !reader->zero) {
        apply(reader, 0, 0, n, x);
        return;
    }
    int64_t blocks = s->block > 0 ? s->extent / s->block + (s->extent % s->block != 0) : 0;
    while (n > 0) {
        int64_t i = p % s->inner, a = p / s->inner % s->extent, o = p / s->inner / s->extent;
        int64_t k = s->block > 0 ? (o * blocks + a / s->block) * s->inner + i : a;
        bool in_row = s->inner > 1;
        int64_t step = in_row == (s->block > 0), left = s->inner - i;
        if (!in_row)
            left = s->block > 0 && s->block - a % s->block < s->extent - a ? s->block - a % s->block : s->extent - a;
        left = left < n ? left : n;
        apply(reader, k, step, left, x);
        p += left;
        x += left;
        n -= left;
    }
}

pj_status pj_reader_get(const pj_reader *reader, int64_t first, int64_t n, uint8_t *scratch, double *out, pj_error *err)
{
    const pj_constant *c = reader->constant;
    while (n > 0) {
        int64_t p = first, part = n;
        if (c->pitch) { /* row by row, without what fills rows up */
            p = first / c->inner * c->pitch + first % c->inner;
            part = c->inner - first % c->inner < n ? c->inner - first % c->inner : n;
        }
        PJ_TRY(get_codes(&reader->bytes, c->codes, p, part, scratch, out, err));
        scale_run(reader, p, part, out);
        first += part;
        out += part;
        n -= part;
    }
    return PJ_OK;
}

pj_status pj_reader_raw(const pj_reader *reader, uint64_t at, size_t n, void *out, pj_error *err)
{
    if (!reader->bytes.memory)
        return read_bytes(&reader->bytes, at, n, out, err);
    memcpy(out, reader->bytes.memory + at, n);
    return PJ_OK;
}

pj_status pj_reader_floats(const pj_reader *reader, int64_t first, int64_t n, uint8_t *scratch, float *out,
                           pj_error *err)
{
    enum { PART = 4096 };
    const pj_constant *c = reader->constant;
    double part[PART];
    if (c->codes == PJ_FLOAT32 && !c->scaling && !c->pitch && is_little_endian())
        return pj_reader_raw(reader, 4 * (uint64_t)first, 4 * (size_t)n, out, err);
    for (int64_t at = 0; at < n; at += PART) {
        int64_t some = n - at < PART ? n - at : PART;
        PJ_TRY(pj_reader_get(reader, first + at, some, scratch, part, err));
        for (int64_t i = 0; i < some; i++)
            out[at + i] = fabs(part[i]) < 0x1.ffffffp127 || isnan(part[i])
                              ? (float)part[i]
                              : copysignf(INFINITY, (float)copysign(1, part[i]));
    }
    return PJ_OK;
}
