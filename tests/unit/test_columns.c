/* Columns: the same cells as CSV and as Parquet. What other programs read of the files is tests/columns. */
#include <stdlib.h>

#include "check.h"
#include "columns/pack.h"
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

int main(void)
{
    test_csv();
    test_packing();
    test_parquet();
    test_failures();
    test_distinct();
    return check_done();
}
