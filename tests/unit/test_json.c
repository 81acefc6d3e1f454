/* base/json, base/json_write, base/file: strict reading, errors that name the place, and text that reads back. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "check.h"

static pj_json_doc *parse(const char *text)
{
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    CHECK_INT(pj_json_parse(text, strlen(text), "t.json", &doc, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    return doc;
}

static void refuse_bytes(const char *text, size_t length, pj_status status, const char *file, const char *what)
{
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    CHECK_INT(pj_json_parse(text, length, "t.json", &doc, &err), status);
    CHECK_TEXT(err.file, file);
    CHECK_PART(err.what, what);
    CHECK(doc == NULL);
}

static void refuse(const char *text, const char *file, const char *what)
{
    refuse_bytes(text, strlen(text), PJ_EFORMAT, file, what);
}

static void test_syntax(void)
{
    refuse("", "t.json:1:1", "the text ends where a value should follow");
    refuse("{\n  \"a\": 1,\n}", "t.json:3:1", "'}' where a text in double quotes should stand");
    refuse("[1 2]", "t.json:1:4", "'2' where ',' or ']' should stand");
    refuse("{\"a\" 1}", "t.json:1:6", "':'");
    refuse("[1,", "t.json:1:4", "ends");
    refuse("1 2", "t.json:1:3", "the end of the text");
    refuse("[tru]", "t.json:1:2", "a value");
    refuse("[01]", "t.json:1:2", "leading zero");
    refuse("[-01]", "t.json:1:2", "leading zero");
    refuse("[1.]", "t.json:1:4", "a digit");
    refuse("[.5]", "t.json:1:2", "a value");
    refuse("[+1]", "t.json:1:2", "a value");
    refuse("[1e]", "t.json:1:4", "exponent");
    refuse("[NaN]", "t.json:1:2", "a value");
    refuse("[\"a\tb\"]", "t.json:1:4", "control character 0x09");
    refuse("[\"\\x\"]", "t.json:1:4", "one of");
    refuse("[\"\\u12g4\"]", "t.json:1:7", "hexadecimal");
    refuse("[\"\\u0000\"]", "t.json:1:9", "\\u0000");
    refuse("[\"\\ud800\"]", "t.json:1:9", "surrogate");
    refuse("[\"\\ud800\\u0041\"]", "t.json:1:15", "surrogate");
    refuse("[\"\\udc00\"]", "t.json:1:9", "surrogate");
    refuse("[\"\xff\"]", "t.json:1:3", "byte 0xff is not UTF-8");
    refuse("[\"\xc0\xaf\"]", "t.json:1:3", "not UTF-8");         /* overlong */
    refuse("[\"\xed\xa0\x80\"]", "t.json:1:3", "not UTF-8");     /* a surrogate */
    refuse("[\"\xf4\x90\x80\x80\"]", "t.json:1:3", "not UTF-8"); /* past U+10FFFF */
    refuse("[\"\xe2\x82\"]", "t.json:1:3", "not UTF-8");         /* cut off */
    refuse("[\"open", "t.json:1:7", "closing quote");
    refuse_bytes("[1\0]", 4, PJ_EFORMAT, "t.json:1:3", "byte 0x00");
    refuse("[\"\xc3\xa4\", x]", "t.json:1:7", "'x'"); /* columns are characters, not bytes */
    refuse_bytes("[1234567890123456789012345678901234567890123456789012345678901]", 63, PJ_ELIMIT, "t.json:1:2",
                 "60 characters");
}

static void test_limits(void)
{
    char deep[2 * PJ_MAX_JSON_DEPTH + 3];
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    memset(deep, '[', PJ_MAX_JSON_DEPTH);
    memset(deep + PJ_MAX_JSON_DEPTH, ']', PJ_MAX_JSON_DEPTH);
    CHECK_INT(pj_json_parse(deep, 2 * PJ_MAX_JSON_DEPTH, "t", &doc, &err), PJ_OK);
    pj_json_free(doc);
    memset(deep, '[', PJ_MAX_JSON_DEPTH + 1);
    refuse_bytes(deep, PJ_MAX_JSON_DEPTH + 1, PJ_ELIMIT, "t.json:1:65", "inside each other");

    size_t length = 2 * (size_t)PJ_MAX_JSON_VALUES + 1; /* [0,0,...]: one value too many with the array itself */
    char *many = malloc(length);
    CHECK(many != NULL);
    for (size_t i = 0; many && i < length; i++)
        many[i] = i % 2 ? '0' : ',';
    if (many) {
        many[0] = '[';
        many[length - 1] = ']';
        refuse_bytes(many, length, PJ_ELIMIT, "t.json:1:8000000", "values");
    }
    free(many);
    refuse_bytes("", (size_t)PJ_MAX_JSON_BYTES + 1, PJ_ELIMIT, "t.json", "bytes of JSON");
}

static void test_content(void)
{
    static const char text[] =
        "\xef\xbb\xbf{\"n\": 0.1, \"i\": -7, \"u\": 9007199254740992, \"b\": true, \"s\": \"\\u00e4\\n"
        "\\ud83d\\ude00\", \"o\": {\"x y\": [1, {\"k\": \"v\"}]}, \"z\": null, \"big\": 1e16, \"frac\": 1.5, \"inf\": "
        "1e999, \"odd\": 9007199254740993, \"most\": 9223372036854775807, \"over\": 9223372036854775808, \"zero\": -0}";
    pj_json_doc *doc = parse(text);
    pj_json root = pj_json_root(doc), object, array;
    pj_error err = {0};
    double n = 0;
    int64_t i = 0;
    uint64_t u = 0;
    bool b = false;
    const char *s = NULL;
    CHECK_INT(pj_json_get_double(root, "n", &n, &err), PJ_OK);
    CHECK(n == 0.1);
    CHECK_INT(pj_json_as_int(pj_json_find(root, "i"), &i, &err), PJ_OK);
    CHECK_INT(i, -7);
    CHECK_INT(pj_json_get_uint(root, "u", &u, &err), PJ_OK);
    CHECK(u == UINT64_C(1) << 53);
    CHECK_INT(pj_json_get_bool(root, "b", &b, &err), PJ_OK);
    CHECK(b);
    CHECK_INT(pj_json_get_text(root, "s", &s, &err), PJ_OK);
    CHECK_TEXT(s, "\xc3\xa4\n\xf0\x9f\x98\x80");
    CHECK_INT(pj_json_get_object(root, "o", &object, &err), PJ_OK);
    CHECK_INT(pj_json_get_array(object, "x y", &array, &err), PJ_OK);
    CHECK_INT(pj_json_count(array), 2);
    CHECK_INT(pj_json_kind_of(pj_json_find(root, "z")), PJ_JSON_NULL);
    CHECK_INT(pj_json_kind_of(pj_json_find(root, "Z")), PJ_JSON_ABSENT); /* case counts */
    CHECK_TEXT(pj_json_key(pj_json_first(root)), "n");

    pj_str path = pj_str_new(0);
    pj_json_path(pj_json_find(pj_json_next(pj_json_first(array)), "k"), &path);
    CHECK_TEXT(path.data, "$.o[\"x y\"][1].k");
    pj_str_free(&path);

    CHECK_INT(pj_json_as_int(pj_json_find(pj_json_next(pj_json_first(array)), "k"), &i, &err), PJ_EFORMAT);
    CHECK_TEXT(err.file, "t.json: $.o[\"x y\"][1].k");
    CHECK_TEXT(err.what, "a text where a number should stand");
    CHECK_INT(pj_json_get_double(root, "none", &n, &err), PJ_EFORMAT);
    CHECK_TEXT(err.file, "t.json: $");
    CHECK_TEXT(err.what, "\"none\" is missing");
    CHECK_INT(pj_json_as_int(pj_json_find(root, "big"), &i, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "whole number up to 2^53");
    CHECK_INT(pj_json_as_int(pj_json_find(root, "frac"), &i, &err), PJ_EFORMAT);
    CHECK_INT(pj_json_as_int(pj_json_find(root, "odd"), &i, &err), PJ_OK); /* 2^53 + 1 is none of the doubles */
    CHECK_INT(i, INT64_C(9007199254740993));
    CHECK_INT(pj_json_as_int(pj_json_find(root, "most"), &i, &err), PJ_OK);
    CHECK_INT(i, INT64_MAX);
    CHECK_INT(pj_json_get_double(root, "most", &n, &err), PJ_OK);
    CHECK(n == 9223372036854775808.0);
    CHECK_INT(pj_json_as_int(pj_json_find(root, "over"), &i, &err), PJ_EFORMAT);
    CHECK_INT(pj_json_get_double(root, "zero", &n, &err), PJ_OK);
    CHECK(n == 0 && signbit(n));
    CHECK_INT(pj_json_get_uint(root, "i", &u, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "-7 is negative");
    CHECK_INT(pj_json_get_double(root, "inf", &n, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "too large");
    CHECK_INT(pj_json_get_bool(root, "z", &b, &err), PJ_EFORMAT);
    CHECK_INT(pj_json_get_object(array, "k", &object, &err), PJ_EFORMAT);

    n = 3;
    CHECK_INT(pj_json_opt_double(root, "none", &n, &err), PJ_OK);
    CHECK(n == 3);
    CHECK_INT(pj_json_opt_double(root, "n", &n, &err), PJ_OK);
    CHECK(n == 0.1);
    CHECK_INT(pj_json_opt_double(root, "z", &n, &err), PJ_EFORMAT);
    pj_json_free(doc);
}

static void test_keys(void)
{
    static const char *const known[] = {"weights", "activations", NULL};
    pj_json_doc *doc = parse("{\"layers\": [{\"weights\": 1, \"wieghts\": 2}, {\"qqqqq\": 1}, {\"weights\": 1}]}");
    pj_json layer = pj_json_first(pj_json_find(pj_json_root(doc), "layers"));
    pj_error err = {0};
    CHECK_INT(pj_json_only_keys(layer, known, &err), PJ_EFORMAT);
    CHECK_TEXT(err.file, "t.json: $.layers[0].wieghts");
    CHECK_TEXT(err.what, "unknown key; did you mean \"weights\"?");
    layer = pj_json_next(layer);
    CHECK_INT(pj_json_only_keys(layer, known, &err), PJ_EFORMAT);
    CHECK_TEXT(err.what, "unknown key");
    CHECK_INT(pj_json_only_keys(pj_json_next(layer), known, &err), PJ_OK);
    pj_json_free(doc);

    refuse("{\"a\": {\"k\": 1, \"l\": 2, \"k\": 3}}", "t.json: $.a.k", "twice");
    pj_str text = pj_str_new(0); /* past the few that are compared pair by pair */
    pj_str_add(&text, "{\"k0\": 1");
    for (int i = 1; i < 100; i++)
        pj_str_printf(&text, ", \"k%d\": 1", i);
    pj_json_doc *many = NULL;
    pj_str_add_char(&text, '}');
    CHECK_INT(pj_json_parse(text.data, text.length, "t.json", &many, &err), PJ_OK);
    pj_json_free(many);
    text.data[text.length - 1] = ' ';
    pj_str_add(&text, ", \"k50\": 1}");
    refuse(text.data, "t.json: $.k50", "twice");
    pj_str_free(&text);

    doc = parse("{\"a\": [1]}"); /* a long file name keeps the end, where the path is */
    char name[600];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    pj_json_free(doc);
    CHECK_INT(pj_json_parse("{\"a\": [1]}", 10, name, &doc, &err), PJ_OK);
    pj_json_fail(pj_json_first(pj_json_find(pj_json_root(doc), "a")), PJ_EFORMAT, &err, "%d", 1);
    CHECK_INT(strlen(err.file), sizeof err.file - 1);
    CHECK_PART(err.file, "nnn: $.a[0]");
    pj_json_free(doc);
}

static void test_write(void)
{
    pj_str text = pj_str_new(0);
    pj_json_writer w = pj_json_writer_new(&text, true);
    pj_json_write_begin(&w, PJ_JSON_WRITE_OBJECT);
    pj_json_write_key(&w, "shape");
    pj_json_write_begin(&w, PJ_JSON_WRITE_ARRAY_LINE);
    pj_json_write_int(&w, 1);
    pj_json_write_begin(&w, PJ_JSON_WRITE_OBJECT);
    pj_json_write_key(&w, "k");
    pj_json_write_null(&w);
    pj_json_write_end(&w);
    pj_json_write_end(&w);
    pj_json_write_key(&w, "list");
    pj_json_write_begin(&w, PJ_JSON_WRITE_ARRAY);
    pj_json_write_double(&w, 4.6);
    pj_json_write_double(&w, -1.0 / 0.0);
    pj_json_write_bool(&w, true);
    pj_json_write_end(&w);
    pj_json_write_key(&w, "empty");
    pj_json_write_begin(&w, PJ_JSON_WRITE_ARRAY);
    pj_json_write_end(&w);
    pj_json_write_key(&w, "most");
    pj_json_write_uint(&w, UINT64_MAX);
    pj_json_write_key(&w, "least");
    pj_json_write_int(&w, INT64_MIN);
    pj_json_write_key(&w, "text");
    pj_json_write_text(&w, NULL);
    pj_json_write_end(&w);
    CHECK_TEXT(text.data, "{\n  \"shape\": [1, {\"k\": null}],\n  \"list\": [\n    4.6,\n    null,\n    true\n  ],\n"
                          "  \"empty\": [],\n  \"most\": 18446744073709551615,\n  \"least\": -9223372036854775808,\n"
                          "  \"text\": null\n}");
    CHECK(!text.failed);

    pj_str_clear(&text);
    w = pj_json_writer_new(&text, false);
    pj_json_write_begin(&w, PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_write_key(&w, "a\"\\\n\x01");
    pj_json_write_text(&w, "\xc3\xa4 \xff \xe2\x82 \x7f/");
    pj_json_write_key(&w, "b");
    pj_json_write_bool(&w, false);
    pj_json_write_end(&w);
    CHECK_TEXT(text.data,
               "{\"a\\\"\\\\\\n\\u0001\":\"\xc3\xa4 \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd \\u007f/\",\"b\":false}");
    pj_json_free(parse(text.data));

    pj_json_write_end(&w); /* one too many */
    CHECK(text.failed);
    pj_str_clear(&text);
    w = pj_json_writer_new(&text, true);
    for (int i = 0; i <= PJ_MAX_JSON_DEPTH; i++)
        pj_json_write_begin(&w, PJ_JSON_WRITE_ARRAY);
    CHECK(text.failed);
    pj_str_free(&text);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    if (!file)
        return;
    fputs(text, file);
    (void)fclose(file);
}

static void test_file(void)
{
    char path[] = "/tmp/pj_test_json_XXXXXX", *text = NULL;
    size_t length = 0;
    pj_error err = {0};
    pj_json_doc *doc = NULL;
    int handle = mkstemp(path);
    CHECK(handle >= 0);
    write_file(path, "[1, 2]");
    CHECK_INT(pj_file_read(path, 6, &text, &length, &err), PJ_OK);
    CHECK_INT(length, 6);
    CHECK_TEXT(text, "[1, 2]");
    free(text);
    CHECK_INT(pj_file_read(path, 5, &text, &length, &err), PJ_ELIMIT);
    CHECK_TEXT(err.file, path);
    CHECK_PART(err.what, "5 bytes");
    CHECK_INT(pj_json_read_report(path, &doc, &err), PJ_OK);
    CHECK_INT(pj_json_count(pj_json_root(doc)), 2);
    pj_json_free(doc);
    doc = NULL;
    write_file(path, "");
    CHECK_INT(pj_file_read(path, 5, &text, &length, &err), PJ_OK);
    CHECK_INT(length, 0);
    free(text);
    remove(path);
    err = (pj_error){0};
    CHECK_INT(pj_file_read(path, 5, &text, &length, &err), PJ_EIO);
    CHECK_TEXT(err.file, path);
    CHECK_PART(err.what, "cannot be opened");
    CHECK_INT(pj_file_read("/tmp", 5, &text, &length, &err), PJ_EIO);
    CHECK_INT(pj_file_read("/dev/zero", 100000, &text, &length, &err), PJ_ELIMIT); /* no end, and no size to ask for */
}

/* Numbers mean the same where the decimal point is a comma; skipped where no such locale is installed. */
static void test_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8", "de_DE", "nl_NL.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    pj_json_doc *doc = parse("[1.25]");
    pj_error err = {0};
    double number = 0;
    CHECK_INT(pj_json_as_double(pj_json_first(pj_json_root(doc)), &number, &err), PJ_OK);
    CHECK(number == 1.25);
    pj_json_free(doc);
    setlocale(LC_ALL, "C");
}

static void test_lines(void)
{
    static const char text[] = "{\n  \"a\": \"x\\\"y\\\\\",\n  \"b\": [1,\n 2], \"c\": {}\n}\n";
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    CHECK_INT(pj_json_parse(text, strlen(text), "b", &doc, &err), PJ_OK);
    pj_json root = pj_json_root(doc), b = pj_json_find(root, "b");
    CHECK_INT(pj_json_line(root), 1);
    CHECK_INT(pj_json_line(pj_json_find(root, "a")), 2);
    CHECK_INT(pj_json_line(b), 3);
    CHECK_INT(pj_json_line(pj_json_next(pj_json_first(b))), 4);
    CHECK_INT(pj_json_line(pj_json_find(root, "c")), 4);
    CHECK_INT(pj_json_line(pj_json_find(root, "d")), 0);
    pj_json_free(doc);
}

static void check_text_of(const char *json, const char *want)
{
    const char *got = "";
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    CHECK_INT(pj_json_parse(json, strlen(json), "t", &doc, &err), PJ_OK);
    CHECK_INT(pj_json_as_text(pj_json_root(doc), &got, &err), PJ_OK);
    CHECK_TEXT(got, want);
    pj_json_free(doc);
}

/* One code point of each length, and the escapes: RFC 8259, RFC 3629. */
static void test_texts(void)
{
    check_text_of("\"\"", "");
    check_text_of("\"\\u0041\\u007f\"", "A\x7f");
    check_text_of("\"\\u0080\\u07ff\"", "\xc2\x80\xdf\xbf");
    check_text_of("\"\\u0800\\uFFFF\"", "\xe0\xa0\x80\xef\xbf\xbf");
    check_text_of("\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
    check_text_of("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
    check_text_of("\"a\\\\\"", "a\\");
}

static void check_number_of(const char *json, double want)
{
    double got = 0;
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    CHECK_INT(pj_json_parse(json, strlen(json), "t", &doc, &err), PJ_OK);
    CHECK_INT(pj_json_as_double(pj_json_root(doc), &got, &err), PJ_OK);
    CHECK(got == want && signbit(got) == signbit(want));
    pj_json_free(doc);
}

/* The nearest double, as the compiler reads it. */
static void test_numbers(void)
{
    check_number_of("0", 0);
    check_number_of("-0", -0.0);
    check_number_of("-12.5e-3", -12.5e-3);
    check_number_of("0.1", 0.1);
    check_number_of("1e0", 1);
    check_number_of("123456789012345678", 123456789012345678.0);
    check_number_of("4.9e-324", 4.9e-324);
    check_number_of("1.7976931348623157e308", 1.7976931348623157e308);
    check_number_of("1e-400", 0);
    check_number_of("0.1000000000000000055511151231257827021181583404541015625", 0.1);
}

int main(void)
{
    test_lines();
    test_texts();
    test_numbers();
    test_syntax();
    test_limits();
    test_content();
    test_keys();
    test_write();
    test_file();
    test_locale();
    return check_done();
}
