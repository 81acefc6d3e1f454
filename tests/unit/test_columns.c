/* Columns: the same cells as CSV and as Parquet. What other programs read of the files is tests/columns. */
#include <stdlib.h>

#include "check.h"
#include "columns/pack.h"
#include "columns/records.h"
#include "columns/sheet.h"
#include "columns/thrift.h"

static bool append(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

static bool refuse(const char *bytes, size_t length, void *payload)
{
    (void)bytes, (void)length, (void)payload;
    return false;
}

static const pj_sheet_column columns[] = {
    {"point", PJ_SHEET_INT,  false},
    {"name",  PJ_SHEET_TEXT, true },
    {"pj",    PJ_SHEET_REAL, true },
    {"ok",    PJ_SHEET_FLAG, true }
};

static void test_csv(void)
{
    pj_str out = pj_str_new(0);
    pj_sheet *sheet = pj_sheet_new(&pj_sheet_csv, columns, 4, append, &out);
    pj_sheet_int(sheet, 0, 7);
    pj_sheet_text(sheet, 1, "a,\"b\"");
    pj_sheet_real(sheet, 2, 0.1);
    pj_sheet_flag(sheet, 3, true);
    CHECK_INT(pj_sheet_row(sheet, NULL), PJ_OK);
    pj_sheet_text(sheet, 1, "=1+1");
    pj_sheet_real(sheet, 2, NAN); /* missing */
    CHECK_INT(pj_sheet_row(sheet, NULL), PJ_OK);
    pj_sheet_int(sheet, 0, INT64_MIN);
    pj_sheet_text(sheet, 1, "b\xff");
    CHECK_INT(pj_sheet_row(sheet, NULL), PJ_OK);
    CHECK_INT(pj_sheet_end(sheet, NULL), PJ_OK);
    CHECK_TEXT(out.data, "point,name,pj,ok\r\n7,\"a,\"\"b\"\"\",0.1,true\r\n0,'=1+1,,\r\n"
                         "-9223372036854775808,b\xef\xbf\xbd,,\r\n");
    pj_sheet_free(sheet);
    pj_str_free(&out);
}

/* Examples of the formats' own descriptions: 300 is ac 02; a run of eight 1s of one bit is 10 01; 0 to 7 of three bits
 * are 88 c6 fa; -1 as a zigzag is 01. */
static void test_packing(void)
{
    static const uint32_t ones[8] = {1, 1, 1, 1, 1, 1, 1, 1}, rising[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    pj_str out = pj_str_new(0);
    pj_thrift_varint(&out, 300);
    pj_pack_runs(ones, 8, 1, &out);
    pj_pack_runs(rising, 8, 3, &out);
    CHECK_INT(out.length, 8);
    CHECK(memcmp(out.data, "\xac\x02\x10\x01\x03\x88\xc6\xfa", 8) == 0);
    pj_str_clear(&out);
    pj_thrift t = pj_thrift_new(&out);
    pj_thrift_int(&t, 1, PJ_THRIFT_I32, -1); /* field 1 after 0: 15 01 */
    pj_thrift_struct(&t, 3);                 /* field 3 after 1: 2c */
    pj_thrift_text(&t, 1, "x");              /* 18 01 78 */
    pj_thrift_end(&t);
    pj_thrift_end(&t);
    CHECK_INT(out.length, 8);
    CHECK(memcmp(out.data, "\x15\x01\x2c\x18\x01x\0\0", 8) == 0);
    CHECK_INT(pj_pack_width(0), 1);
    CHECK_INT(pj_pack_width(2), 1);
    CHECK_INT(pj_pack_width(3), 2);
    CHECK_INT(pj_pack_width(4096), 12);
    CHECK_INT(pj_pack_width(4097), 13);
    pj_str_free(&out);
}

static pj_str file_of(size_t rows, size_t words)
{
    pj_str out = pj_str_new(0);
    pj_sheet *sheet = pj_sheet_new(&pj_sheet_parquet, columns, 4, append, &out);
    pj_sheet_note(sheet, "rows", "all");
    for (size_t i = 0; i < rows; i++) {
        char name[32];
        snprintf(name, sizeof name, "word%zu", i % words);
        pj_sheet_int(sheet, 0, (int64_t)i);
        pj_sheet_text(sheet, 1, name);
        pj_sheet_real(sheet, 2, (double)(i % words) / 4);
        CHECK_INT(pj_sheet_row(sheet, NULL), PJ_OK);
    }
    CHECK_INT(pj_sheet_end(sheet, NULL), PJ_OK);
    CHECK_INT(pj_sheet_rows(sheet), rows);
    pj_sheet_free(sheet);
    return out;
}

/* Frames, and the same bytes again. */
static void test_parquet(void)
{
    static const size_t rows[] = {0, 1, PJ_SHEET_GROUP, PJ_SHEET_GROUP + 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_str a = file_of(rows[i], 4097), b = file_of(rows[i], 4097);
        CHECK(a.length == b.length && memcmp(a.data, b.data, a.length) == 0);
        CHECK(memcmp(a.data, "PAR1", 4) == 0 && memcmp(a.data + a.length - 4, "PAR1", 4) == 0);
        const unsigned char *tail = (const unsigned char *)a.data + a.length - 8;
        size_t footer = tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16;
        CHECK(footer > 50 && footer + 12 <= a.length);
        pj_str_free(&a);
        pj_str_free(&b);
    }
}

static void test_failures(void)
{
    pj_error err = {0};
    pj_sheet *sheet = pj_sheet_new(&pj_sheet_parquet, columns, 4, refuse, NULL);
    CHECK_INT(pj_sheet_row(sheet, &err), PJ_OK);
    CHECK_INT(pj_sheet_end(sheet, &err), PJ_EIO);
    pj_sheet_free(sheet);
    pj_sheet_free(NULL);
}

static void test_distinct(void)
{
    static uint64_t numbers[PJ_DISTINCT_MOST + 1];
    static uint32_t places[PJ_DISTINCT_MOST + 1];
    static pj_distinct scratch;
    for (size_t i = 0; i <= PJ_DISTINCT_MOST; i++)
        numbers[i] = i * 3;
    CHECK(pj_distinct_find(numbers, PJ_DISTINCT_MOST, &scratch, places));
    CHECK_INT(scratch.count, PJ_DISTINCT_MOST);
    CHECK_INT(places[17], 17);
    CHECK(!pj_distinct_find(numbers, PJ_DISTINCT_MOST + 1, &scratch, places));
    numbers[1] = 0;
    CHECK(pj_distinct_find(numbers, 3, &scratch, places));
    CHECK_INT(places[1], 0);
    CHECK_INT(places[2], 1);
}

/* ---- reading back ---- */

static pj_records *open_bytes(const pj_str *bytes, size_t length, const pj_sheet_column *wanted)
{
    pj_records *rows = NULL;
    FILE *file = fmemopen(bytes->data, length, "rb");
    CHECK(file != NULL);
    if (file)
        (void)pj_records_take(file, wanted, 4, &rows, NULL);
    return rows;
}

/* Writes again what can be read. */
static pj_status copy_rows(pj_records *rows, pj_str *out)
{
    pj_sheet *sheet = pj_sheet_new(&pj_sheet_parquet, columns, 4, append, out);
    pj_status status;
    while ((status = pj_records_next(rows, NULL)) == PJ_OK && pj_records_held(rows) > 0)
        for (size_t row = 0; row < pj_records_held(rows); row++) {
            for (size_t c = 0; c < 4; c++)
                pj_records_put(rows, row, c, sheet);
            CHECK_INT(pj_sheet_row(sheet, NULL), PJ_OK);
        }
    pj_sheet_note(sheet, "rows", "all");
    if (status == PJ_OK)
        status = pj_sheet_end(sheet, NULL);
    pj_sheet_free(sheet);
    return status;
}

/* What is read and written again is the same bytes: groups, dictionaries, values by themselves. */
static void test_reading(void)
{
    static const size_t rows[] = {0, 1, 7, 8, 1000, PJ_SHEET_GROUP, PJ_SHEET_GROUP + 1};
    static const size_t words[] = {1, 3, 300, 4097};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
            pj_str file = file_of(rows[i], words[k]), again = pj_str_new(0);
            pj_records *read = open_bytes(&file, file.length, columns);
            CHECK(read != NULL);
            CHECK_INT(copy_rows(read, &again), PJ_OK);
            CHECK(file.length == again.length && memcmp(file.data, again.data, file.length) == 0);
            pj_records_free(read);
            pj_str_free(&again);
            pj_str_free(&file);
        }
}

static pj_str mixed_file(void)
{
    pj_str out = pj_str_new(0);
    pj_sheet *sheet = pj_sheet_new(&pj_sheet_parquet, columns, 4, append, &out);
    pj_sheet_int(sheet, 0, INT64_MIN);
    pj_sheet_text(sheet, 1, "b\xff");
    pj_sheet_real(sheet, 2, -0.0);
    CHECK_INT(pj_sheet_row(sheet, NULL), PJ_OK);
    pj_sheet_int(sheet, 0, INT64_MAX);
    pj_sheet_text(sheet, 1, "b\xfe"); /* the same, once it is UTF-8 */
    pj_sheet_flag(sheet, 3, true);
    CHECK_INT(pj_sheet_row(sheet, NULL), PJ_OK);
    for (int i = 0; i < 40; i++) {
        pj_sheet_int(sheet, 0, i);
        pj_sheet_text(sheet, 1, i % 5 ? "" : NULL);
        pj_sheet_flag(sheet, 3, i % 3 == 0);
        CHECK_INT(pj_sheet_row(sheet, NULL), PJ_OK);
    }
    pj_sheet_note(sheet, "rows", "all");
    CHECK_INT(pj_sheet_end(sheet, NULL), PJ_OK);
    pj_sheet_free(sheet);
    return out;
}

static void test_cells(void)
{
    pj_str file = mixed_file(), again = pj_str_new(0);
    pj_records *rows = open_bytes(&file, file.length, columns);
    CHECK_INT(pj_records_next(rows, NULL), PJ_OK);
    CHECK_INT(pj_records_held(rows), 42);
    CHECK(pj_records_int(rows, 0, 0) == INT64_MIN && pj_records_int(rows, 1, 0) == INT64_MAX);
    CHECK_TEXT(pj_records_text(rows, 0, 1), "b\xef\xbf\xbd");
    CHECK(pj_records_text(rows, 0, 1) == pj_records_text(rows, 1, 1));
    CHECK(!pj_records_text(rows, 2, 1));
    CHECK_TEXT(pj_records_text(rows, 3, 1), "");
    CHECK(!pj_records_text(rows, 0, 0)); /* of another kind */
    CHECK_INT(pj_records_next(rows, NULL), PJ_OK);
    CHECK_INT(pj_records_held(rows), 0);
    pj_records_free(rows);
    rows = open_bytes(&file, file.length, columns);
    CHECK_INT(copy_rows(rows, &again), PJ_OK);
    CHECK(file.length == again.length && memcmp(file.data, again.data, file.length) == 0);
    pj_records_free(rows);
    pj_str_free(&again);
    pj_str_free(&file);
}

static void test_other_columns(void)
{
    pj_sheet_column other[4];
    pj_str file = mixed_file();
    for (int kind = 0; kind < 2; kind++) {
        memcpy(other, columns, sizeof other);
        if (kind)
            other[2].kind = PJ_SHEET_INT;
        else
            other[2].name = "uj";
        pj_records *rows = open_bytes(&file, file.length, other);
        CHECK(rows != NULL);
        CHECK_INT(pj_records_next(rows, NULL), PJ_EFORMAT);
        CHECK_INT(pj_records_held(rows), 0);
        pj_records_free(rows);
    }
    pj_str_free(&file);
}

/* Cut, or with a bit turned over: it is read or refused, and nothing else. */
static void test_damage(void)
{
    pj_str file = mixed_file(), sink = pj_str_new(0);
    for (size_t length = 1; length < file.length; length++)
        CHECK(!open_bytes(&file, length, columns));
    for (size_t at = 0; at < file.length; at++)
        for (int bit = 0; bit < 8; bit++) {
            file.data[at] = (char)(file.data[at] ^ 1 << bit);
            pj_records *rows = open_bytes(&file, file.length, columns);
            pj_status status = rows ? copy_rows(rows, &sink) : PJ_EFORMAT;
            CHECK(status == PJ_OK || status == PJ_EFORMAT);
            pj_records_free(rows);
            pj_str_clear(&sink);
            file.data[at] = (char)(file.data[at] ^ 1 << bit);
        }
    pj_str_free(&sink);
    pj_str_free(&file);
}

/* Runs that claim more than there is, or more than is asked for. */
static void test_bad_runs(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        int width;
    } bad[] = {
        {"",                                             0,  1 }, /* nothing */
        {"\x00\x01",                                     2,  1 }, /* a run of none */
        {"\x12\x01",                                     2,  1 }, /* nine of eight */
        {"\x10",                                         1,  1 }, /* whose number is not there */
        {"\x03",                                         1,  1 }, /* a group that is not there */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01", 11, 1 }, /* 2^63 groups */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, 1 }, /* no varint */
        {"\x10\x01",                                     2,  0 },
        {"\x10\x01\x00\x00\x00\x00",                     6,  33},
    };
    uint32_t numbers[8];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const uint8_t *at = (const uint8_t *)bad[i].bytes;
        CHECK(!pj_unpack_runs(&at, at + bad[i].length, 8, bad[i].width, numbers));
    }
    const uint8_t *good = (const uint8_t *)"\x03\x88\xc6\xfa"; /* 0 to 7, of three bits */
    CHECK(pj_unpack_runs(&good, good + 4, 8, 3, numbers));
    for (uint32_t i = 0; i < 8; i++)
        CHECK_INT(numbers[i], i);
}

int main(void)
{
    test_reading();
    test_cells();
    test_other_columns();
    test_damage();
    test_bad_runs();
    test_csv();
    test_packing();
    test_parquet();
    test_failures();
    test_distinct();
    return check_done();
}
