/* Element types: three views of one list. */
#include "ir/dtype.h"

#include "base/ckd.h"

typedef struct dtype_row {
    const char *word;
    int bits;
    char cls;
} dtype_row;

static const dtype_row rows[PJ_DTYPE_COUNT] = {
#define PJ_DTYPE_ROW(name, number, word, bits, cls) [number] = {word, bits, cls},
    PJ_DTYPE_LIST(PJ_DTYPE_ROW)
#undef PJ_DTYPE_ROW
};

static const dtype_row *row_of(pj_dtype dtype)
{
    unsigned at = (unsigned)dtype;
    return &rows[at < PJ_DTYPE_COUNT ? at : 0];
}

bool pj_dtype_valid(int number)
{
    return number > 0 && number < PJ_DTYPE_COUNT;
}

const char *pj_dtype_word(pj_dtype dtype)
{
    return row_of(dtype)->word;
}

int pj_dtype_bits(pj_dtype dtype)
{
    return row_of(dtype)->bits;
}

bool pj_dtype_is_float(pj_dtype dtype)
{
    return row_of(dtype)->cls == 'F';
}

bool pj_dtype_is_integer(pj_dtype dtype)
{
    char cls = row_of(dtype)->cls;
    return cls == 'I' || cls == 'U';
}

bool pj_dtype_is_signed(pj_dtype dtype)
{
    char cls = row_of(dtype)->cls;
    return cls == 'I' || cls == 'F';
}

pj_dtype pj_dtype_of_word(const char *word)
{
    static const struct {
        const char *word;
        pj_dtype dtype;
    } aliases[] = {
        {"float",  PJ_FLOAT32 },
        {"fp32",   PJ_FLOAT32 },
        {"double", PJ_FLOAT64 },
        {"fp64",   PJ_FLOAT64 },
        {"half",   PJ_FLOAT16 },
        {"fp16",   PJ_FLOAT16 },
        {"bf16",   PJ_BFLOAT16},
    };
    for (int i = 1; i < PJ_DTYPE_COUNT; i++)
        if (strcmp(rows[i].word, word) == 0)
            return (pj_dtype)i;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].word, word) == 0)
            return aliases[i].dtype;
    return PJ_UNDEFINED;
}

bool pj_dtype_bytes(pj_dtype dtype, int64_t count, uint64_t *out)
{
    uint64_t bits;
    if (!pj_mul_u64((uint64_t)count, (uint64_t)pj_dtype_bits(dtype), &bits) || !pj_add_u64(bits, 7, &bits))
        return false;
    *out = bits / 8;
    return true;
}
