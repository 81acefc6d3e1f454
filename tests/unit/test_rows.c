/* The neutral table and its writers, on a small table whose every rendering is written out here. */
#include <string.h>

#include "check.h"
#include "page/page.h"

/* clang-format off */
static const pj_column columns[] = {
    {.key = "name", .title = "layer", .kind = PJ_CELL_TEXT, .wish = 12, .least = 8},
    {.key = "hidden", .kind = PJ_CELL_COUNT},
    {.key = "macs", .title = "MACs", .kind = PJ_CELL_COUNT, .rank = 2},
    {.key = "total_pj", .title = "total", .kind = PJ_CELL_ENERGY},
    {.key = "share", .title = "share", .kind = PJ_CELL_SHARE, .rank = 1},
    {.key = "free", .kind = PJ_CELL_FLAG},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static void fill(pj_cell *cell, const char *name, int64_t macs, double total)
{
    pj_cell_text(&cell[0], name);
    pj_cell_count(&cell[1], 1);
    pj_cell_count(&cell[2], macs);
    pj_cell_number(&cell[3], total);
    pj_cell_number(&cell[4], total / 2500);
    pj_cell_flag(&cell[5], macs == 0);
}

static pj_rows *make(pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    fill(pj_rows_add(rows), "/stage1/\"a\",conv", 1500, 2000);
    fill(pj_rows_add(rows), "pipe|line", 0, 0.25);
    pj_cell *cell = pj_rows_add(rows);
    pj_cell_text(&cell[0], "odd");
    pj_cell_unknown(&cell[3]);
    fill(pj_rows_add_footer(rows), "total", 1500, 2000.25);
    return rows;
}

/* What a spreadsheet would compute is a text to it, what a terminal would obey is gone; options stay as they are. */
static void test_csv_hostile(pj_arena *arena)
{
    static const pj_column one[] = {
        {.key = "name", .title = "name", .kind = PJ_CELL_TEXT}
    };
    static const char *const texts[] = {"=1+1", "+1", "-1", "@a", "--dim a=1", "a=b", "=a,\"b\"", "\033[31m\n"};
    pj_str out = pj_str_new(0);
    pj_rows *rows = pj_rows_new(arena, one, 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        pj_cell_text(pj_rows_add(rows), texts[i]);
    pj_rows_csv(rows, &out);
    CHECK_TEXT(out.data, "name\r\n'=1+1\r\n'+1\r\n'-1\r\n'@a\r\n--dim a=1\r\na=b\r\n\"'=a,\"\"b\"\"\"\r\n?[31m?\r\n");
    pj_str_free(&out);
}

static void check_text_at(const pj_rows *rows, size_t width, const char *want)
{
    pj_str out = pj_str_new(0);
    pj_text_style style = {width, false};
    pj_rows_text(rows, &style, 0, &out);
    CHECK_TEXT(out.data, want);
    pj_str_free(&out);
}

static void test_text(const pj_rows *rows)
{
    check_text_at(rows, 80,
                  "layer               MACs     total   share\n"
                  "/stage1/\"a\",conv  1.50 k   2.00 nJ  80.0 %\n"
                  "pipe|line              0  0.250 pJ  <0.1 %\n"
                  "odd                              ?\n"
                  "total             1.50 k   2.00 nJ  80.0 %\n");
    check_text_at(rows, 31,
                  "layer             total   share\n" /* MACs yield first */
                  "/s1/\"a\",conv    2.00 nJ  80.0 %\n"
                  "pipe|line      0.250 pJ  <0.1 %\n"
                  "odd                   ?\n"
                  "total           2.00 nJ  80.0 %\n"
                  "  no room for MACs (--width)\n");
    check_text_at(rows, 16,
                  "layer        total\n"
                  "/s1/...v   2.00 nJ\n"
                  "pipe...e  0.250 pJ\n"
                  "odd              ?\n"
                  "total      2.00 nJ\n"
                  "  no room for\n"
                  "    MACs, share\n"
                  "    (--width)\n");
}

static void test_csv(const pj_rows *rows)
{
    pj_str out = pj_str_new(0);
    pj_rows_csv(rows, &out);
    CHECK_TEXT(out.data, "name,hidden,macs,total_pj,share,free\r\n"
                         "\"/stage1/\"\"a\"\",conv\",1,1500,2000,0.8,false\r\n"
                         "pipe|line,1,0,0.25,0.0001,true\r\n"
                         "odd,,,,,\r\n");
    pj_str_free(&out);
}

static void test_markdown(const pj_rows *rows)
{
    pj_str out = pj_str_new(0);
    pj_rows_markdown(rows, &out);
    CHECK_TEXT(out.data, "| layer | MACs | total | share |\n"
                         "|---|---:|---:|---:|\n"
                         "| /stage1/\"a\",conv | 1.50 k | 2.00 nJ | 80.0 % |\n"
                         "| pipe\\|line | 0 | 0.250 pJ | \\<0.1 % |\n"
                         "| odd |  | ? |  |\n"
                         "| **total** | **1.50 k** | **2.00 nJ** | **80.0 %** |\n");
    pj_str_free(&out);
}

static void test_json(const pj_rows *rows)
{
    pj_str out = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&out, false);
    pj_rows_json(rows, &json);
    CHECK_TEXT(out.data, "[{\"name\":\"/stage1/\\\"a\\\",conv\",\"hidden\":1,\"macs\":1500,\"total_pj\":2000,"
                         "\"share\":0.8,\"free\":false},"
                         "{\"name\":\"pipe|line\",\"hidden\":1,\"macs\":0,\"total_pj\":0.25,"
                         "\"share\":0.0001,\"free\":true},"
                         "{\"name\":\"odd\",\"total_pj\":null}]");
    pj_str_free(&out);
}

static void test_colour(pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, 1);
    pj_text_style style = {80, true};
    pj_str out = pj_str_new(0);
    pj_cell_text(&pj_rows_add(rows)[0], "a\033b");
    pj_rows_text(rows, &style, 2, &out);
    CHECK_TEXT(out.data, "\033[1m  layer\033[0m\n  a?b\n");
    pj_str_free(&out);
}

/* Rows find their memory however many there are. */
static void test_many(pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (int i = 0; i < 1000; i++)
        pj_cell_count(&pj_rows_add(rows)[1], i);
    CHECK_INT(rows->count, 1000);
    CHECK_INT(rows->row[999][1].count, 999);
    CHECK(!rows->failed);
}

/* An arena that is full shows in `failed`, never in a crash. */
static void test_no_memory(void)
{
    pj_arena *arena = pj_arena_new(20480);
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (int i = 0; i < 1000; i++)
        fill(pj_rows_add(rows), "layer", i, i);
    CHECK(rows->failed);
    CHECK(rows->count < 1000);
    pj_arena_free(arena);
}

int main(void)
{
    pj_arena *arena = pj_arena_new(0);
    const pj_rows *rows = make(arena);
    test_text(rows);
    test_csv(rows);
    test_csv_hostile(arena);
    test_markdown(rows);
    test_json(rows);
    test_colour(arena);
    test_many(arena);
    test_no_memory();
    pj_arena_free(arena);
    return check_done();
}
