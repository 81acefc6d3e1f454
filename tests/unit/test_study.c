/* Studies: numbers of points, what is left out, and each thing that can be wrong with a file. */
#include <stdlib.h>

#include "check.h"
#include "columns/footer.h"
#include "study/study.h"

static pj_study *parse(const char *text, pj_error *err)
{
    pj_study *study = NULL;
    *err = (pj_error){0};
    pj_status status = pj_study_parse(text, strlen(text), "../models/spec.json", NULL, &study, err);
    CHECK((status == PJ_OK) == (study != NULL));
    return study;
}

#define SPEC(block) "{\"schema\": \"picojoule.sweep-spec/1\", \"chunk\": 7, \"blocks\": [" block "]}"

/* A number of digits that a loop counts up, against those that division gives; and back. */
static void test_numbers(void)
{
    pj_error err;
    pj_study *study = parse(SPEC("{\"name\": \"a\", \"models\": [\"resnet8.onnx\", \"kws_dscnn.onnx\"], \"table\": "
                                 "[\"qtools\", \"jouppi-7nm\", "
                                 "\"horowitz-45nm\"], \"quantize\": [null, \"int8\"], \"dims\": {\"z\": [1, 2], \"b\": "
                                 "{\"from\": 1, \"to\": 8, "
                                 "\"factor\": 2}, \"c\": \"b + z\"}},"
                                 "{\"name\": \"b\", \"models\": \"resnet8.onnx\", \"runs\": [1, 2, 3, 4, 5]}"),
                            &err);
    CHECK_TEXT(err.what, "");
    if (!study)
        return;
    CHECK_INT(study->points, 2 * 3 * 2 * 2 * 4 + 5);
    CHECK_INT(pj_study_describe(study).chunks, 15);
    static const char *const order[] = {"model", "b", "z", "quantize", "table"}; /* the slowest first */
    const pj_block *block = &study->block[0];
    CHECK_INT(block->axes, 5);
    size_t digit[PJ_MOST_AXES] = {0}, found[PJ_MOST_AXES];
    for (size_t i = 0; i < block->axes; i++)
        CHECK_TEXT(block->axis[i].name, order[i]);
    for (uint64_t point = 0; point < block->points; point++) {
        CHECK(pj_point_block(study, point) == block);
        pj_point_digits(block, point, found);
        CHECK(memcmp(digit, found, block->axes * sizeof *digit) == 0);
        CHECK_INT(pj_point_number(block, found), point);
        for (size_t i = block->axes; i-- > 0 && ++digit[i] == block->axis[i].count;)
            digit[i] = 0;
    }
    CHECK(pj_point_block(study, block->points) == &study->block[1]);
    CHECK(pj_point_block(study, study->points - 1) == &study->block[1]);
    pj_study_free(study);
}

/* 10^12 points cost nothing to number: any point is found, and is itself again. */
static void test_many(void)
{
    pj_error err;
    pj_study *study =
        parse(SPEC("{\"models\": \"resnet8.onnx\", \"dims\": {\"a\": {\"from\": 1, \"to\": 10000, \"step\": 1},"
                   " \"b\": {\"from\": 1, \"to\": 10000, \"step\": 1},"
                   " \"c\": {\"from\": 1, \"to\": 10000, \"step\": 1}}}"),
              &err);
    size_t digit[PJ_MOST_AXES];
    uint64_t at = 1;
    CHECK(study != NULL);
    for (int i = 0; study && i < 100000; i++) {
        at = at * 6364136223846793005u + 1442695040888963407u;
        uint64_t point = (at >> 20) % study->points;
        pj_point_digits(study->block, point, digit);
        CHECK_INT(pj_point_number(study->block, digit), point);
    }
    pj_study_free(study);
}

static size_t count_excluded(const char *exclude)
{
    char text[1000];
    pj_error err;
    size_t excluded = 0;
    snprintf(text, sizeof text,
             SPEC("{\"models\": [\"resnet8.onnx\", \"kws_dscnn.onnx\"], \"quantize\": [null, \"int8\"], \"dims\": "
                  "{\"b\": [1, 2, 3], "
                  "\"s\": [10, 20], \"t\": \"b * s\"}, \"exclude\": [%s]}"),
             exclude);
    pj_study *study = parse(text, &err);
    CHECK_TEXT(err.what, "");
    for (uint64_t i = 0; study && i < study->points; i++) {
        pj_arena *arena = pj_arena_new(0);
        pj_point point;
        CHECK_INT(pj_point_make(study, i, arena, &point, &err), PJ_OK);
        CHECK_INT(point.number, i);
        excluded += point.is_excluded;
        pj_arena_free(arena);
    }
    CHECK(!study || study->points == 24);
    pj_study_free(study);
    return excluded;
}

/* 24 points: b * s is 10, 20, 20, 40, 30, 60 at each of 2 models and 2 formats. */
static void test_exclusions(void)
{
    CHECK_INT(count_excluded(""), 0);
    CHECK_INT(count_excluded("\"b * s > 20\""), 12);
    CHECK_INT(count_excluded("\"t >= 20\""), 20);
    CHECK_INT(count_excluded("\"t = 20\""), 8);
    CHECK_INT(count_excluded("\"t != 20\""), 16);
    CHECK_INT(count_excluded("\"t<s\""), 0);
    CHECK_INT(count_excluded("\"t <= s\""), 8);
    CHECK_INT(count_excluded("{\"model\": \"kws*\"}"), 12);
    CHECK_INT(count_excluded("{\"model\": \"kws*\", \"quantize\": \"int*\"}"), 6);
    CHECK_INT(count_excluded("{\"model\": \"kws*\"}, \"b = 1\""), 12 + 4);
    CHECK_INT(count_excluded("\"other > 0\""), 0);
}

static void check_bad(const char *text, const char *place, const char *what)
{
    pj_error err;
    pj_study *study = parse(text, &err);
    CHECK(!study);
    CHECK_PART(err.file, place);
    CHECK_PART(err.what, what);
    pj_study_free(study);
}

#define RESNET "\"models\": \"resnet8.onnx\""

static void test_bad_input(void)
{
    check_bad("[]", "spec.json", "");
    check_bad("{\"schema\": \"picojoule.sweep-spec/2\", \"blocks\": []}", "$.schema", "picojoule.sweep-spec/1");
    check_bad("{\"schema\": \"picojoule.sweep-spec/1\", \"blocks\": []}", "$.blocks", "from 1 to 1000 blocks");
    check_bad("{\"schema\": \"picojoule.sweep-spec/1\", \"chunk\": 0, \"blocks\": [{}]}", "$.chunk", "not 0");
    check_bad("{\"schema\": \"picojoule.sweep-spec/1\", \"chunks\": 5, \"blocks\": [{}]}", "$", "chunk");
    check_bad(SPEC("{\"tables\": 1, " RESNET "}"), "$.blocks[0]", "table");
    check_bad(SPEC("{\"table\": []," RESNET "}"), "$.blocks[0].table", "at least one value");
    check_bad(SPEC("{\"table\": \"horowitz-46nm\"," RESNET "}"), "", "horowitz-45nm");
    check_bad(SPEC("{\"hierarchy\": \"absent.json\"," RESNET "}"), "absent.json", "");
    check_bad(SPEC("{\"sram_min\": \"much\"," RESNET "}"), "$.blocks[0].sram_min", "a size like 16KiB");
    check_bad(SPEC("{\"sram\": 0," RESNET "}"), "$.blocks[0].sram", "at least 1 byte, not 0");
    check_bad(SPEC("{\"models\": \"none*.onnx\"}"), "$.blocks[0].models", "no file fits 'none*.onnx'");
    check_bad(SPEC("{\"models\": []}"), "$.blocks[0].models", "there is no model");
    check_bad(SPEC("{\"models\": {\"list\": \"absent.txt\"}}"), "absent.txt", "");
    check_bad(SPEC("{" RESNET ", \"dims\": {\"b\": {\"from\": 1, \"to\": 9, \"step\": 0}}}"), "dims.b.step",
              "is 0, and has to");
    check_bad(SPEC("{" RESNET ", \"dims\": {\"b\": {\"from\": 9, \"to\": 1, \"step\": 1}}}"), "dims.b",
              "ends at 1, before it begins at 9");
    check_bad(SPEC("{" RESNET ", \"dims\": {\"b\": {\"from\": 1, \"to\": 9, \"factor\": 1}}}"), "dims.b",
              "a factor is at least 2");
    check_bad(SPEC("{" RESNET ", \"dims\": {\"b\": {\"from\": 1, \"to\": 9}}}"), "dims.b", "either a step or a factor");
    check_bad(SPEC("{" RESNET ", \"dims\": {\"b\": {\"from\": 0, \"to\": 2000000, \"step\": 1}}}"), "dims.b",
              "more than 1000000 values");
    check_bad(SPEC("{" RESNET ", \"dims\": {\"b\": -1}}"), "dims.b", "no less than 0");
    check_bad(SPEC("{" RESNET ", \"dims\": {\"a\": \"b + 1\", \"b\": \"a - 1\"}}"), "dims", "in a circle");
    check_bad(SPEC("{" RESNET ", \"dims\": {\"a\": \"c + 1\", \"b\": 1}}"), "dims", "there is no dimension 'c'");
    check_bad(SPEC("{" RESNET ", \"dims\": {\"a\": \"1 +\", \"b\": 1}}"), "dims", "this is no formula");
    check_bad(SPEC("{" RESNET ", \"exclude\": [\"batch\"]}"), "exclude[0]", "compares no two formulas");
    check_bad(SPEC("{" RESNET ", \"exclude\": [\"a <> b\"]}"), "exclude[0]", "compares no two formulas");
    check_bad(SPEC("{\"name\": \"x\", " RESNET "}, {\"name\": \"x\", " RESNET "}"), "$.blocks[1]",
              "two blocks are called 'x'");
    check_bad(
        SPEC("{" RESNET
             ", \"dims\": {\"a\": {\"from\": 1, \"to\": 1000000, \"step\": 1}, \"b\": {\"from\": 1, \"to\": 1000000, "
             "\"step\": 1}, \"c\": [1, 2]}}"),
        "$.blocks[0]", "more than 1000000000000 points");
    check_bad(SPEC("{\"points\": \"absent.jsonl\"}"), "absent.jsonl", "");
    check_bad(SPEC("{" RESNET ", \"zip\": [{\"table\": [\"qtools\"]}]}"), "zip[0].table", "");
}

/* A footer that was written is read; one that is cut, or turned over byte by byte, is refused or read, and nothing
 * else. */
static bool append(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

static void test_footers(void)
{
    static const pj_sheet_column columns[] = {
        {"point", PJ_SHEET_INT,  false},
        {"name",  PJ_SHEET_TEXT, true }
    };
    pj_str out = pj_str_new(0);
    pj_sheet *sheet = pj_sheet_new(&pj_sheet_parquet, columns, 2, append, &out);
    for (int i = 0; i < 3; i++) {
        pj_sheet_int(sheet, 0, i);
        CHECK_INT(pj_sheet_row(sheet, NULL), PJ_OK);
    }
    pj_sheet_note(sheet, "picojoule.chunk", "12");
    CHECK_INT(pj_sheet_end(sheet, NULL), PJ_OK);
    pj_sheet_free(sheet);
    pj_arena *arena = pj_arena_new(0);
    pj_footer footer;
    CHECK_INT(pj_footer_parse(out.data, out.length, arena, &footer, NULL), PJ_OK);
    CHECK_INT(footer.rows, 3);
    CHECK_TEXT(pj_footer_fact(&footer, "picojoule.chunk"), "12");
    CHECK(!pj_footer_fact(&footer, "picojoule"));
    for (size_t length = 0; length < out.length; length++)
        CHECK_INT(pj_footer_parse(out.data, length, arena, &footer, NULL), PJ_EFORMAT);
    for (size_t at = 0; at < out.length; at++)
        for (int bit = 0; bit < 8; bit++) {
            out.data[at] = (char)(out.data[at] ^ 1 << bit);
            pj_status status = pj_footer_parse(out.data, out.length, arena, &footer, NULL);
            CHECK(status == PJ_OK || status == PJ_EFORMAT);
            out.data[at] = (char)(out.data[at] ^ 1 << bit);
        }
    pj_arena_free(arena);
    pj_str_free(&out);
}

int main(void)
{
    test_numbers();
    test_many();
    test_exclusions();
    test_bad_input();
    test_footers();
    return check_done();
}
