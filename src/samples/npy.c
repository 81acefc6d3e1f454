/* NumPy's array files: a Python dictionary of three keys, then the elements. Source of the format: the text of NumPy's
 * own format module, versions 1 to 3. */
#include "samples/npy.h"

#include "base/ckd.h"
#include "base/limits.h"

enum { MAGIC = 8, MOST_WORD = 24 };
static const uint8_t magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

bool pj_is_npy(const uint8_t *bytes, size_t length)
{
    return length >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

/* ---- the header ---- */

/* What the dictionary says; `has` has a bit for each key. */
typedef struct header {
    const char *at, *end;
    char type[MOST_WORD];
    bool by_column;
    int rank;
    int64_t dim[PJ_MAX_RANK];
    unsigned has;
    pj_error *err;
} header;

static void skip_spaces(header *h)
{
    while (h->at < h->end && (*h->at == ' ' || *h->at == '\t' || *h->at == '\n' || *h->at == '\r'))
        h->at++;
}

static bool take(header *h, char c)
{
    skip_spaces(h);
    if (h->at == h->end || *h->at != c)
        return false;
    h->at++;
    return true;
}

static pj_status fail_header(const header *h, const char *wants)
{
    return pj_fail(h->err, PJ_EFORMAT, "the header of the .npy file lacks %s", wants);
}

/* 'text', of plain characters. */
static pj_status take_word(header *h, char word[MOST_WORD], const char *wants)
{
    size_t length = 0;
    skip_spaces(h);
    char quote = h->at < h->end ? *h->at : 0;
    if (quote != '\'' && quote != '"')
        return fail_header(h, wants);
    for (h->at++; h->at < h->end && *h->at != quote; h->at++) {
        if (length + 1 == MOST_WORD || *h->at < ' ' || *h->at > '~' || *h->at == '\\')
            return fail_header(h, wants);
        word[length++] = *h->at;
    }
    word[length] = 0;
    return take(h, quote) ? PJ_OK : fail_header(h, wants);
}

static pj_status take_type(header *h)
{
    skip_spaces(h);
    if (h->at < h->end && *h->at == '[')
        return pj_fail(h->err, PJ_EFORMAT, "its elements are structures; an array of plain numbers is wanted");
    return take_word(h, h->type, "a type after 'descr'");
}

static pj_status take_order(header *h)
{
    static const char *const words[] = {"False", "True"};
    skip_spaces(h);
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(h->end - h->at) < length || memcmp(h->at, words[i], length) != 0)
            continue;
        h->at += length;
        h->by_column = i == 1;
        return PJ_OK;
    }
    return fail_header(h, "True or False after 'fortran_order'");
}

static pj_status take_dim(header *h)
{
    int64_t dim = 0;
    const char *start = h->at;
    for (; h->at < h->end && *h->at >= '0' && *h->at <= '9'; h->at++)
        if (!pj_mul_i64(dim, 10, &dim) || !pj_add_i64(dim, *h->at - '0', &dim))
            return pj_fail(h->err, PJ_EOVERFLOW, "a dimension of the .npy file does not fit 64 bits");
    if (h->at == start)
        return fail_header(h, "a tuple of numbers after 'shape'");
    if (h->at < h->end && *h->at == 'L') /* as Python 2 wrote them */
        h->at++;
    if (h->rank == PJ_MAX_RANK)
        return pj_fail(h->err, PJ_ELIMIT, "the .npy file has more than %d dimensions", (int)PJ_MAX_RANK);
    h->dim[h->rank++] = dim;
    return PJ_OK;
}

/* (), (3,), (3, 4) */
static pj_status take_shape(header *h)
{
    if (!take(h, '('))
        return fail_header(h, "a tuple after 'shape'");
    while (!take(h, ')')) {
        PJ_TRY(take_dim(h));
        bool comma = take(h, ',');
        skip_spaces(h);
        if (!comma && (h->at == h->end || *h->at != ')' || h->rank == 1))
            return fail_header(h, "a comma or the end of the tuple after 'shape'");
    }
    return PJ_OK;
}

static pj_status take_member(header *h)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    static pj_status (*const take_value[])(header *) = {take_type, take_order, take_shape};
    char key[MOST_WORD];
    PJ_TRY(take_word(h, key, "the keys descr, fortran_order and shape"));
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(key, keys[i]) != 0)
            continue;
        if (h->has & 1U << i)
            return pj_fail(h->err, PJ_EFORMAT, "the header of the .npy file has the key %s twice", key);
        h->has |= 1U << i;
        return take(h, ':') ? take_value[i](h) : fail_header(h, "a colon after a key");
    }
    return pj_fail(h->err, PJ_EFORMAT, "the header of the .npy file has a key \"%s\", which the format has not", key);
}

static pj_status take_header(header *h)
{
    if (!take(h, '{'))
        return fail_header(h, "its dictionary");
    while (!take(h, '}')) {
        PJ_TRY(take_member(h));
        bool comma = take(h, ',');
        skip_spaces(h);
        if (!comma && (h->at == h->end || *h->at != '}'))
            return fail_header(h, "a comma after a value");
    }
    skip_spaces(h);
    if (h->at != h->end)
        return pj_fail(h->err, PJ_EFORMAT, "the header of the .npy file goes on after its dictionary");
    return h->has == 7 ? PJ_OK : fail_header(h, "one of the keys descr, fortran_order and shape");
}

/* ---- types ---- */

static pj_status type_of(const char *word, pj_dtype *out, bool *is_big, pj_error *err)
{
    static const struct {
        const char *word;
        pj_dtype dtype;
    } types[] = {
        {"f2", PJ_FLOAT16},
        {"f4", PJ_FLOAT32},
        {"f8", PJ_FLOAT64},
        {"i1", PJ_INT8   },
        {"i2", PJ_INT16  },
        {"i4", PJ_INT32  },
        {"i8", PJ_INT64  },
        {"u1", PJ_UINT8  },
        {"u2", PJ_UINT16 },
        {"u4", PJ_UINT32 },
        {"u8", PJ_UINT64 },
        {"b1", PJ_BOOL   },
    };
    const char *kind = word + (*word && strchr("<>|", *word) != NULL);
    *is_big = *word == '>';
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(kind, types[i].word) == 0) {
            *out = types[i].dtype;
            return PJ_OK;
        }
    const char *why = *kind == 'O'                   ? "Python objects, which are never unpacked here"
                      : *kind == 'U' || *kind == 'S' ? "texts"
                      : *kind == 'c'                 ? "complex numbers"
                      : *kind == 'V'                 ? "raw bytes (what bfloat16 may be stored as)"
                                                     : "of a type that is not read here";
    return pj_fail(err, PJ_EFORMAT, "its elements are %s ('%s'); integers, bool, and floats of 16 to 64 bits are read",
                   why, word);
}

/* ---- elements ---- */

/* Element by element into C order, in the bytes of this machine. */
static void put_in_order(const uint8_t *from, const pj_ndarray *array, bool by_column, bool is_big, uint8_t *to)
{
    const size_t size = (size_t)pj_dtype_bits(array->dtype) / 8;
    int64_t index[PJ_MAX_RANK] = {0}, step[PJ_MAX_RANK];
    int64_t stride = 1, at = 0;
    for (int k = 0; k < array->rank; k++) {
        int d = by_column ? k : array->rank - 1 - k;
        step[d] = stride;
        stride *= array->dims[d];
    }
    for (int64_t i = 0; i < array->count; i++) {
        for (size_t b = 0; b < size; b++)
            to[(size_t)i * size + b] = from[(size_t)at * size + (is_big ? size - 1 - b : b)];
        for (int d = array->rank - 1; d >= 0; d--) { /* the next place in C order */
            at += step[d];
            if (++index[d] < array->dims[d])
                break;
            at -= step[d] * array->dims[d];
            index[d] = 0;
        }
    }
}

static pj_status place(const uint8_t *bytes, size_t length, bool by_column, bool is_big, pj_arena *arena,
                       pj_ndarray *out, pj_error *err)
{
    char text[PJ_ARRAY_TEXT];
    const size_t size = (size_t)pj_dtype_bits(out->dtype) / 8;
    if (!pj_array_measure(out))
        return pj_fail(err, PJ_EOVERFLOW, "%s has more bytes than 64 bits can count", pj_array_print(out, text));
    if (out->bytes != length)
        return pj_fail(err, PJ_EFORMAT, "%s needs %" PRIu64 " bytes, but %zu follow the header",
                       pj_array_print(out, text), out->bytes, length);
    const bool is_moved = by_column && out->rank > 1;
    if (!is_moved && (!is_big || size == 1) && out->dtype != PJ_BOOL) {
        out->data = bytes;
        return PJ_OK;
    }
    uint8_t *data = pj_arena_alloc(arena, (size_t)out->count, size);
    PJ_TRY(pj_got(data, err));
    put_in_order(bytes, out, by_column, is_big && size > 1, data);
    for (int64_t i = 0; out->dtype == PJ_BOOL && i < out->count; i++)
        data[i] = data[i] != 0; /* other bytes are undefined where they are read as truth */
    out->data = data;
    return PJ_OK;
}

pj_status pj_npy_parse(const uint8_t *bytes, size_t length, pj_arena *arena, pj_ndarray *out, pj_error *err)
{
    memset(out, 0, sizeof *out);
    out->name = "";
    if (!pj_is_npy(bytes, length) || length < MAGIC + 2)
        return pj_fail(err, PJ_EFORMAT, "it is no .npy file: it does not begin as one");
    const size_t before = bytes[6] == 1 ? MAGIC + 2 : MAGIC + 4;
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return pj_fail(err, PJ_EFORMAT, "the .npy file has version %d.%d; 1.0, 2.0 and 3.0 are read", bytes[6],
                       bytes[7]);
    if (length < before)
        return pj_fail(err, PJ_EFORMAT, "the .npy file ends within its header");
    size_t header_length = bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        header_length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (header_length > length - before)
        return pj_fail(err, PJ_EFORMAT, "the .npy file has a header of %zu bytes, but only %zu follow", header_length,
                       length - before);
    header h = {.at = (const char *)bytes + before, .end = (const char *)bytes + before + header_length, .err = err};
    bool is_big;
    PJ_TRY(take_header(&h));
    PJ_TRY(type_of(h.type, &out->dtype, &is_big, err));
    out->rank = h.rank;
    out->dims = pj_arena_memdup(arena, h.dim, (size_t)h.rank, sizeof *h.dim);
    PJ_TRY(pj_got(out->dims, err));
    return place(bytes + before + header_length, length - before - header_length, h.by_column, is_big, arena, out, err);
}
