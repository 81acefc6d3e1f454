/* Constant tensors: dims, where the elements are, and the contents of small ones. */
#include "base/limits.h"
#include "load/loader.h"
#include "load/wire.h"

/* "initializer 'w' float32[2,3]" */
static const char *describe(const char *what, const pj_tensor *tensor, char text[2 * PJ_TITLE])
{
    char title[PJ_TITLE];
    const size_t most = (size_t)2 * PJ_TITLE, brim = most - 40;
    size_t at =
        (size_t)snprintf(text, most, "%s %s[", pj_load_title(what, tensor->name, title), pj_dtype_word(tensor->dtype));
    for (int i = 0; i < tensor->rank && at < brim; i++)
        at += (size_t)snprintf(text + at, most - at, "%s%" PRId64, i ? "," : "", tensor->dims[i]);
    snprintf(text + at, most - at, at < brim ? "]" : ",...]");
    return text;
}

static pj_status mismatch(const pj_loader *loader, const char *what, const pj_tensor *tensor, const char *unit,
                          uint64_t want, uint64_t have)
{
    char text[2 * PJ_TITLE];
    return pj_fail(loader->err, PJ_EFORMAT, "%s needs %" PRIu64 " %s, but the file holds %" PRIu64,
                   describe(what, tensor, text), want, unit, have);
}

static uint64_t entry_bytes(pj_dtype dtype)
{
    int bits = pj_dtype_bits(dtype);
    if (dtype == PJ_COMPLEX64 || dtype == PJ_COMPLEX128)
        bits /= 2; /* real and imaginary part are entries of their own */
    return bits < 8 ? 1 : (uint64_t)bits / 8;
}

static uint32_t typed_field(pj_dtype dtype)
{
    switch ((int)dtype) {
    case PJ_FLOAT32:
    case PJ_COMPLEX64:
        return PJ_FLOAT_DATA;
    case PJ_FLOAT64:
    case PJ_COMPLEX128:
        return PJ_DOUBLE_DATA;
    case PJ_INT64:
        return PJ_INT64_DATA;
    case PJ_UINT32:
    case PJ_UINT64:
        return PJ_UINT64_DATA;
    case PJ_STRING:
        return PJ_STRING_DATA;
    default:
        return PJ_INT32_DATA;
    }
}

static const struct {
    const char *name;
    uint32_t field;
} typed_fields[] = {
    {"float_data",  PJ_FLOAT_DATA },
    {"int32_data",  PJ_INT32_DATA },
    {"string_data", PJ_STRING_DATA},
    {"int64_data",  PJ_INT64_DATA },
    {"double_data", PJ_DOUBLE_DATA},
    {"uint64_data", PJ_UINT64_DATA},
};

static size_t typed_count(const PjOnnx__TensorProto *proto, uint32_t field)
{
    switch (field) {
    case PJ_FLOAT_DATA:
        return proto->n_float_data;
    case PJ_INT32_DATA:
        return proto->n_int32_data;
    case PJ_STRING_DATA:
        return proto->n_string_data;
    case PJ_INT64_DATA:
        return proto->n_int64_data;
    case PJ_DOUBLE_DATA:
        return proto->n_double_data;
    default:
        return proto->n_uint64_data;
    }
}

/* The bits of one entry of a typed field. */
static uint64_t typed_bits(const PjOnnx__TensorProto *proto, uint32_t field, size_t at)
{
    uint64_t bits = 0;
    uint32_t half;
    switch (field) {
    case PJ_FLOAT_DATA:
        memcpy(&half, &proto->float_data[at], sizeof half);
        return half;
    case PJ_INT32_DATA:
        return (uint32_t)proto->int32_data[at];
    case PJ_INT64_DATA:
        return (uint64_t)proto->int64_data[at];
    case PJ_DOUBLE_DATA:
        memcpy(&bits, &proto->double_data[at], sizeof bits);
        return bits;
    default:
        return proto->uint64_data[at];
    }
}

static pj_status read_strings(pj_loader *loader, const PjOnnx__TensorProto *proto, const char *what, pj_tensor *out)
{
    if (proto->n_string_data == 0 && out->count > 0)
        return PJ_OK;
    if (proto->n_string_data != (uint64_t)out->count)
        return mismatch(loader, what, out, "strings", (uint64_t)out->count, proto->n_string_data);
    char **texts = PJ_NEW(loader->arena, char *, out->count);
    for (size_t i = 0; texts && i < proto->n_string_data; i++) {
        const ProtobufCBinaryData *text = &proto->string_data[i];
        texts[i] = pj_arena_strndup(loader->arena, (const char *)text->data, text->len);
        if (!texts[i])
            texts = NULL;
    }
    PJ_TRY(pj_got(texts, loader->err));
    out->strings = (const char *const *)texts;
    out->storage = PJ_STORED_INLINE;
    return PJ_OK;
}

/* Elements that the walk left in the file. */
static pj_status place_in_file(pj_loader *loader, const PjOnnx__TensorProto *proto, const char *what, uint64_t want,
                               pj_tensor *out)
{
    uint64_t have = proto->pj_length, entries = want / entry_bytes(out->dtype);
    uint32_t field = proto->pj_field;
    char title[PJ_TITLE];
    out->raw = field == PJ_RAW_DATA;
    if (out->raw && have != want)
        return mismatch(loader, what, out, "bytes", want, have);
    if (!out->raw && field != typed_field(out->dtype))
        return pj_fail(loader->err, PJ_EFORMAT, "the elements of %s are in a field that is not for %s",
                       pj_load_title(what, out->name, title), pj_dtype_word(out->dtype));
    if ((field == PJ_FLOAT_DATA || field == PJ_DOUBLE_DATA) && have != want)
        return mismatch(loader, what, out, "bytes", want, have);
    if (!out->raw && field != PJ_STRING_DATA && (have < entries || have / 10 > entries))
        return mismatch(loader, what, out, "numbers of 1 to 10 bytes each", entries, have);
    if (proto->pj_offset == 0)
        return PJ_OK; /* in pieces: no exporter writes it, and no rule needs to read it */
    out->storage = PJ_STORED_FILE;
    out->offset = proto->pj_offset;
    out->length = have;
    return PJ_OK;
}

/* Small elements in a typed field, brought into the form of raw_data. */
static const uint8_t *raw_of_typed(pj_arena *arena, const PjOnnx__TensorProto *proto, uint32_t field, size_t size,
                                   size_t entries)
{
    uint8_t *raw = PJ_NEW(arena, uint8_t, entries * size);
    for (size_t i = 0; raw && i < entries; i++) {
        uint64_t bits = typed_bits(proto, field, i);
        for (size_t b = 0; b < size; b++)
            raw[i * size + b] = (uint8_t)(bits >> (8 * b));
    }
    return raw;
}

/* A tensor without elements is one whose weights were taken out, unless they are in a field of another type. */
static pj_status check_absent(pj_loader *loader, const PjOnnx__TensorProto *proto, const char *what,
                              const pj_tensor *out)
{
    char title[PJ_TITLE];
    for (size_t i = 0; i < sizeof typed_fields / sizeof *typed_fields; i++)
        if (typed_count(proto, typed_fields[i].field) > 0)
            return pj_fail(loader->err, PJ_EFORMAT, "%s is %s, but its elements are in %s",
                           pj_load_title(what, out->name, title), pj_dtype_word(out->dtype), typed_fields[i].name);
    return PJ_OK;
}

static pj_status read_elements(pj_loader *loader, const PjOnnx__TensorProto *proto, const char *what, uint64_t want,
                               pj_tensor *out)
{
    uint64_t size = entry_bytes(out->dtype), entries = want / size;
    uint32_t field = typed_field(out->dtype);
    size_t have = typed_count(proto, field);
    if (proto->pj_field)
        return place_in_file(loader, proto, what, want, out);
    if (out->dtype == PJ_STRING)
        return read_strings(loader, proto, what, out);
    const uint8_t *bytes;
    if (proto->raw_data.len > 0) {
        if (proto->raw_data.len != want)
            return mismatch(loader, what, out, "bytes", want, proto->raw_data.len);
        bytes = pj_arena_memdup(loader->arena, proto->raw_data.data, proto->raw_data.len, 1);
    } else {
        if (have == 0 && want > 0)
            return check_absent(loader, proto, what, out);
        if (have != entries)
            return mismatch(loader, what, out, "numbers", entries, have);
        bytes = raw_of_typed(loader->arena, proto, field, (size_t)size, have);
    }
    PJ_TRY(pj_got(bytes, loader->err));
    out->storage = PJ_STORED_INLINE;
    out->raw = true;
    out->bytes = bytes;
    out->length = want;
    return PJ_OK;
}

static pj_status read_dims(pj_loader *loader, const char *what, const int64_t *dims, size_t rank, pj_tensor *out)
{
    char text[2 * PJ_TITLE];
    bool fits = true;
    if (rank > PJ_MAX_RANK)
        return pj_fail(loader->err, PJ_ELIMIT, "%s has %zu dimensions; at most %d are accepted",
                       pj_load_title(what, out->name, text), rank, PJ_MAX_RANK);
    out->rank = (int)rank;
    out->dims = pj_arena_memdup(loader->arena, dims, rank, sizeof *dims);
    PJ_TRY(pj_got(out->dims, loader->err));
    out->count = 1;
    for (size_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return pj_fail(loader->err, PJ_EFORMAT, "%s: dimension %zu is %" PRId64 ", below 0",
                           pj_load_title(what, out->name, text), i, dims[i]);
        fits = fits && pj_mul_i64(out->count, dims[i], &out->count);
    }
    for (size_t i = 0; i < rank; i++)
        if (dims[i] == 0) {
            out->count = 0; /* whatever the others are */
            fits = true;
        }
    uint64_t bytes;
    if (!fits || !pj_dtype_bytes(out->dtype, out->count, &bytes))
        return pj_fail(loader->err, PJ_EOVERFLOW, "%s has more elements than 64 bits can count",
                       describe(what, out, text));
    return PJ_OK;
}

static pj_status read_head(pj_loader *loader, const char *what, const char *name, int32_t dtype, pj_tensor *out)
{
    char title[PJ_TITLE];
    memset(out, 0, sizeof *out);
    out->name = pj_arena_strdup(loader->arena, pj_text(name));
    PJ_TRY(pj_got(out->name, loader->err));
    if (!pj_dtype_valid(dtype))
        return pj_fail(loader->err, PJ_EFORMAT, "%s has element type %" PRId32 ", which does not exist",
                       pj_load_title(what, out->name, title), dtype);
    out->dtype = (pj_dtype)dtype;
    return PJ_OK;
}

pj_status pj_load_tensor(pj_loader *loader, const PjOnnx__TensorProto *proto, const char *what, pj_tensor *out)
{
    uint64_t want = 0;
    PJ_TRY(read_head(loader, what, proto->name, proto->data_type, out));
    PJ_TRY(read_dims(loader, what, proto->dims, proto->n_dims, out));
    pj_dtype_bytes(out->dtype, out->count, &want);
    if (proto->data_location == PJ_ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return pj_load_external(loader, proto, what, want, out);
    return read_elements(loader, proto, what, want, out);
}

pj_status pj_load_sparse(pj_loader *loader, const PjOnnx__SparseTensorProto *proto, const char *what, pj_tensor *out)
{
    if (!proto->values)
        return pj_fail(loader->err, PJ_EFORMAT, "a sparse %s has no values", what);
    PJ_TRY(read_head(loader, what, proto->values->name, proto->values->data_type, out));
    out->sparse = true;
    return read_dims(loader, what, proto->dims, proto->n_dims, out);
}
