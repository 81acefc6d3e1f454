/* Files of samples: those that NumPy and onnx wrote (fuzz/corpus/make_samples.py says what is in them), and damaged
 * ones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "check.h"
#include "samples/npy.h"

#define FOLDER "fuzz/corpus/samples/"

/* i % 97 - 3, or as the type has it. */
static double wanted(const pj_ndarray *array, int64_t i)
{
    if (array->dtype == PJ_BOOL)
        return i % 3 == 0;
    return (double)(i % 97 - (pj_dtype_is_signed(array->dtype) ? 3 : 0));
}

static void check_numbers(const pj_ndarray *array)
{
    int64_t wrong = 0;
    for (int64_t i = 0; i < array->count; i++)
        wrong += pj_array_real(array, i) != wanted(array, i) || pj_array_whole(array, i) != (int64_t)wanted(array, i);
    CHECK_INT(wrong, 0);
}

/* One array of the shape 3 x 5. */
static void check_file(const char *path, pj_dtype dtype, const char *name)
{
    pj_error err = {0};
    pj_ndarrays arrays;
    pj_arena *arena = pj_arena_new(0);
    CHECK_INT(pj_arrays_read(path, arena, &arrays, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    CHECK_INT(arrays.count, 1);
    if (arrays.count == 1) {
        const pj_ndarray *array = arrays.array;
        CHECK_TEXT(array->name, name);
        CHECK_INT(array->dtype, dtype);
        CHECK(array->rank == 2 && array->dims[0] == 3 && array->dims[1] == 5);
        CHECK_INT(array->count, 15);
        check_numbers(array);
    }
    pj_arena_free(arena);
}

static void test_types(void)
{
    static const struct {
        const char *path;
        pj_dtype dtype;
    } files[] = {
        {FOLDER "le-f2.npy",    PJ_FLOAT16},
        {FOLDER "le-f4.npy",    PJ_FLOAT32},
        {FOLDER "le-f8.npy",    PJ_FLOAT64},
        {FOLDER "be-f4.npy",    PJ_FLOAT32},
        {FOLDER "be-f8.npy",    PJ_FLOAT64},
        {FOLDER "le-i1.npy",    PJ_INT8   },
        {FOLDER "le-i2.npy",    PJ_INT16  },
        {FOLDER "be-i2.npy",    PJ_INT16  },
        {FOLDER "le-i4.npy",    PJ_INT32  },
        {FOLDER "le-i8.npy",    PJ_INT64  },
        {FOLDER "be-i8.npy",    PJ_INT64  },
        {FOLDER "le-u1.npy",    PJ_UINT8  },
        {FOLDER "le-u2.npy",    PJ_UINT16 },
        {FOLDER "be-u4.npy",    PJ_UINT32 },
        {FOLDER "le-u8.npy",    PJ_UINT64 },
        {FOLDER "b1.npy",       PJ_BOOL   },
        {FOLDER "version2.npy", PJ_FLOAT32},
        {FOLDER "version3.npy", PJ_FLOAT32},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        check_file(files[i].path, files[i].dtype, "");
    check_file(FOLDER "raw.pb", PJ_FLOAT32, "x");
    check_file(FOLDER "int64.pb", PJ_INT64, "x");
    check_file(FOLDER "typed.pb", PJ_INT8, "");
}

static void test_shapes(void)
{
    pj_error err = {0};
    pj_ndarrays arrays;
    pj_arena *arena = pj_arena_new(0);
    CHECK_INT(pj_arrays_read(FOLDER "scalar.npy", arena, &arrays, &err), PJ_OK);
    CHECK(arrays.array[0].rank == 0 && arrays.array[0].count == 1 && pj_array_real(arrays.array, 0) == 2.5);
    CHECK_INT(pj_arrays_read(FOLDER "empty.npy", arena, &arrays, &err), PJ_OK);
    CHECK(arrays.array[0].rank == 2 && arrays.array[0].count == 0 && arrays.array[0].dims[1] == 7);
    CHECK_INT(pj_arrays_read(FOLDER "column.npy", arena, &arrays, &err), PJ_OK);
    CHECK(arrays.array[0].rank == 3 && arrays.array[0].dims[2] == 4);
    check_numbers(arrays.array);
    CHECK_INT(pj_arrays_read(FOLDER "column-big.npy", arena, &arrays, &err), PJ_OK);
    check_numbers(arrays.array);
    pj_arena_free(arena);
}

static void check_archive(const char *path)
{
    pj_error err = {0};
    pj_ndarrays arrays;
    pj_arena *arena = pj_arena_new(0);
    CHECK_INT(pj_arrays_read(path, arena, &arrays, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    CHECK_INT(arrays.count, 2);
    if (arrays.count == 2) {
        CHECK_TEXT(arrays.array[0].name, "image");
        CHECK_TEXT(arrays.array[1].name, "ids/of");
        CHECK_INT(arrays.array[0].count, 24);
        CHECK_INT(arrays.array[1].dtype, PJ_INT64);
        check_numbers(&arrays.array[0]);
        check_numbers(&arrays.array[1]);
    }
    pj_arena_free(arena);
}

static void check_refused(const char *path, pj_status status, const char *part, const char *file)
{
    pj_error err = {0};
    pj_ndarrays arrays;
    pj_arena *arena = pj_arena_new(0);
    CHECK_INT(pj_arrays_read(path, arena, &arrays, &err), status);
    CHECK_PART(err.what, part);
    CHECK_TEXT(err.file, file);
    pj_arena_free(arena);
}

static void test_archives(void)
{
    check_archive(FOLDER "stored.npz");
    if (PJ_ZLIB) {
        check_archive(FOLDER "packed.npz");
        check_archive(FOLDER "streamed.npz");
    } else {
        check_refused(FOLDER "packed.npz", PJ_EUNSUPPORTED, "without zlib", FOLDER "packed.npz:image.npy");
    }
    check_refused(FOLDER "bzip2.npz", PJ_EFORMAT, "packed by method 12", FOLDER "bzip2.npz:image.npy");
}

static void test_refused(void)
{
    check_refused(FOLDER "object.npy", PJ_EFORMAT, "Python objects, which are never unpacked", FOLDER "object.npy");
    check_refused(FOLDER "text.npy", PJ_EFORMAT, "texts ('<U2')", FOLDER "text.npy");
    check_refused(FOLDER "complex.npy", PJ_EFORMAT, "complex numbers ('<c16')", FOLDER "complex.npy");
    check_refused(FOLDER "structure.npy", PJ_EFORMAT, "structures", FOLDER "structure.npy");
    check_refused(FOLDER "none.npy", PJ_EIO, "cannot be opened", FOLDER "none.npy");
}

/* ---- damage ---- */

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

static pj_status parse(const uint8_t *bytes, size_t length, pj_error *err)
{
    pj_ndarrays arrays;
    pj_arena *arena = pj_arena_new(64 << 20);
    uint8_t *exact = malloc(length ? length : 1); /* reading past it is seen by AddressSanitizer */
    memcpy(exact, bytes, length);
    pj_status status = pj_arrays_parse(exact, length, "damaged", arena, &arrays, err);
    volatile double sum = 0;
    for (size_t i = 0; status == PJ_OK && i < arrays.count; i++)
        for (int64_t k = 0; k < arrays.array[i].count; k++)
            sum += pj_array_real(&arrays.array[i], k);
    (void)sum;
    pj_arena_free(arena);
    free(exact);
    return status;
}

/* Every file cut off anywhere is refused with a sentence; 100 damaged bytes, one at a time, are read or refused. */
static void damage(const char *path, int *refused)
{
    pj_error err = {0};
    char *text;
    size_t length;
    CHECK_INT(pj_file_read(path, 1 << 20, &text, &length, &err), PJ_OK);
    for (int i = 0; i < 50; i++) {
        pj_error why = {0};
        size_t cut = next_random() % length;
        CHECK(parse((const uint8_t *)text, cut, &why) != PJ_OK && why.what[0]);
    }
    for (int i = 0; i < 100; i++) {
        pj_error why = {0};
        size_t at = i < 50 ? next_random() % length : next_random() % (length < 128 ? length : 128);
        char was = text[at];
        text[at] = (char)(uint8_t)((uint8_t)was ^ (1 + next_random() % 255));
        if (parse((const uint8_t *)text, length, &why) != PJ_OK) {
            CHECK(why.what[0]);
            ++*refused;
        }
        text[at] = was;
    }
    free(text);
}

static void test_damage(void)
{
    int refused = 0;
    damage(FOLDER "le-f4.npy", &refused);
    damage(FOLDER "column.npy", &refused);
    damage(FOLDER "stored.npz", &refused);
    if (PJ_ZLIB)
        damage(FOLDER "packed.npz", &refused);
    CHECK(refused > 100);
}

/* A member of 140 bytes that claims 2 GiB is refused before memory is asked for. */
static void test_claims(void)
{
    pj_error err = {0};
    char *text;
    size_t length, at = 0;
    CHECK_INT(pj_file_read(FOLDER "packed.npz", 1 << 20, &text, &length, &err), PJ_OK);
    for (size_t i = 0; i + 4 < length; i++)
        if (memcmp(text + i, "PK\1\2", 4) == 0 && !at)
            at = i;
    memcpy(text + at + 24, "\0\0\0\x7f", 4);
    CHECK_INT(parse((const uint8_t *)text, length, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "more than its");
    free(text);
}

static void test_headers(void)
{
    static const struct {
        const char *header, *part;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3L,), }",                       ""                                 },
        {"{'shape': (), 'fortran_order': False, 'descr': '<f4'}",                            "12 follow the header"             },
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3), }",                         "a comma or the end"               },
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",                       "a tuple of numbers"               },
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (3,), }",                            "True or False"                    },
        {"{'descr': '<f4', 'descr': '<f4', 'shape': (3,), }",                                "twice"                            },
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'more': 1}",               "a key \"more\""                   },
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4), }", "than 64 bits"                     },
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",     "does not fit 64 bits"             },
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }",                        "float32[4] needs 16 bytes, but 12"},
        {"{'descr': '<f4', 'fortran_order': False}",                                         "one of the keys"                  },
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (3,), }",                       "('<f16')"                         },
        {"[1]",                                                                              "its dictionary"                   },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[256] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
        size_t length = strlen(cases[i].header);
        pj_error err = {0};
        bytes[8] = (uint8_t)length;
        memcpy(bytes + 10, cases[i].header, length);
        CHECK_INT(parse(bytes, 10 + length + 12, &err) == PJ_OK, !cases[i].part[0]);
        CHECK_PART(err.what, cases[i].part);
    }
}

/* ---- casts ---- */

static void check_cast(double value, pj_dtype from, pj_dtype to, double want)
{
    pj_error err = {0};
    pj_arena *arena = pj_arena_new(0);
    pj_ndarray given, array, out;
    given = (pj_ndarray){.name = "", .dtype = PJ_FLOAT64, .count = 1, .bytes = 8, .data = &value};
    CHECK_INT(pj_array_cast(&given, from, arena, &array, &err), PJ_OK);
    CHECK_INT(pj_array_cast(&array, to, arena, &out, &err), PJ_OK);
    double got = pj_array_real(&out, 0);
    CHECK((isnan(got) && isnan(want)) || got == want);
    pj_arena_free(arena);
}

static void test_casts(void)
{
    check_cast(0.1, PJ_FLOAT64, PJ_FLOAT32, (double)0.1F);
    check_cast(0.1, PJ_FLOAT32, PJ_FLOAT16, 0.0999755859375); /* 0x2e66: 1638 / 2^14 */
    check_cast(2049, PJ_FLOAT32, PJ_FLOAT16, 2048);           /* a tie, to even */
    check_cast(2051, PJ_FLOAT32, PJ_FLOAT16, 2052);
    check_cast(65519, PJ_FLOAT32, PJ_FLOAT16, 65504);
    check_cast(1e9, PJ_FLOAT32, PJ_FLOAT16, 65504);
    check_cast(-INFINITY, PJ_FLOAT32, PJ_FLOAT16, -INFINITY);
    check_cast(0x1p-24, PJ_FLOAT32, PJ_FLOAT16, 0x1p-24);
    check_cast(0x1.8p-15, PJ_FLOAT32, PJ_FLOAT16, 0x1.8p-15);
    check_cast(0x1.ffep-15, PJ_FLOAT32, PJ_FLOAT16, 0x1p-14); /* a tie between 1023 and 1024 steps */
    check_cast(NAN, PJ_FLOAT32, PJ_FLOAT16, NAN);
    check_cast(-3.5, PJ_FLOAT64, PJ_INT8, -4);
    check_cast(300, PJ_FLOAT64, PJ_INT8, 127);
    check_cast(-1, PJ_FLOAT64, PJ_UINT8, 0);
    check_cast(0x1.8p63, PJ_FLOAT64, PJ_UINT64, 0x1.8p63); /* more than an int64 holds */
    check_cast(-5, PJ_FLOAT64, PJ_UINT64, 0);
    check_cast(-0x1p63, PJ_FLOAT64, PJ_INT64, -0x1p63);
    check_cast(7, PJ_INT64, PJ_INT32, 7);
    check_cast(0x1p53, PJ_INT64, PJ_INT64, 0x1p53);
    check_cast(2, PJ_FLOAT32, PJ_BOOL, 1);
}

int main(void)
{
    test_types();
    test_shapes();
    test_archives();
    test_refused();
    test_damage();
    test_claims();
    test_headers();
    test_casts();
    return check_done();
}
