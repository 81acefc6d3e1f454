/* cost/table: shipped tables against published figures and hand calculations; each kind of broken table is refused at
 * its JSON path. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "cost/float_format.h"
#include "cost/table.h"

/* A whole small table; the tests below break it at one place each. */
static const char sound[] =
    "{\"schema\": \"picojoule.table/1\", \"title\": \"t\", \"rules\": \"picojoule\", \"unit\": \"pJ\",\n"
    "\"sources\": {\"s\": \"a paper\"},\n"
    "\"process\": {\"nm\": 45, \"source\": \"@s\", \"confidence\": \"primary\"},\n"
    "\"operations\": {\n"
    "  \"add\": {\"fixed\": {\"pj_polynomial\": [0.5, 1], \"source\": \"p1\", \"confidence\": \"primary\"},\n"
    "          \"fp32\": {\"pj\": 7, \"source\": \"p2\", \"confidence\": \"secondary\"},\n"
    "          \"fp16\": {\"pj\": 3, \"source\": \"p2\", \"confidence\": \"secondary\"}},\n"
    "  \"mul\": {\"fixed\": {\"points\": [\n"
    "            {\"bits\": 8, \"pj\": 2, \"source\": \"p3\", \"confidence\": \"derived\"},\n"
    "            {\"bits\": 16, \"pj\": 8, \"source\": \"p3\", \"confidence\": \"derived\"},\n"
    "            {\"bits\": 32, \"pj\": 16, \"source\": \"p3\", \"confidence\": \"derived\"}]},\n"
    "          \"fp32\": {\"pj\": 11, \"source\": \"p4\", \"confidence\": \"memory\"}},\n"
    "  \"mux\": {\"fixed\": {\"pj_polynomial\": [0.25, 0], \"source\": \"p5\", \"confidence\": \"derived\"}}},\n"
    "\"stand_ins\": {\"fp64\": \"fp32\", \"tf32\": \"fp32\", \"fp16\": \"fp32\", \"bf16\": \"fp16\", \"fp8e4m3\": "
    "\"fp16\",\n"
    "              \"fp8e5m2\": \"fp8e4m3\", \"fp8e8m0\": \"fp8e4m3\", \"fp4\": \"fp8e4m3\"},\n"
    "\"compounds\": {\"div\": {\"mul\": 2, \"add\": 1, \"source\": \"p6\", \"confidence\": \"derived\"},\n"
    "              \"logic\": {\"fixed_add\": 0.5, \"source\": \"p6\", \"confidence\": \"derived\"}},\n"
    "\"memory\": {\"sram\": {\"points\": [\n"
    "    {\"kib\": 8, \"pj_per_bit\": 1, \"source\": \"p7\", \"confidence\": \"primary\"},\n"
    "    {\"kib\": 32, \"pj_per_bit\": 2, \"source\": \"p7\", \"confidence\": \"primary\"}],\n"
    "    \"smallest\": {\"kib\": 2, \"source\": \"p7\", \"confidence\": \"primary\"}},\n"
    "  \"dram\": {\"pj_per_bit\": 20, \"source\": \"p8\", \"confidence\": \"primary\"}},\n"
    "\"accumulator\": {\"fixed\": 32, \"float\": \"fp32\"}}\n";

typedef struct text {
    char at[8192];
} text;

/* `of` with the first `from` replaced by `to`. */
static text replaced(const char *of, const char *from, const char *to)
{
    text out = {""};
    const char *at = strstr(of, from);
    CHECK(at != NULL);
    if (at)
        (void)snprintf(out.at, sizeof out.at, "%.*s%s%s", (int)(at - of), of, to, at + strlen(from));
    return out;
}

static void refuse_in(const char *of, const char *from, const char *to, const char *path, const char *what)
{
    pj_table *table = NULL;
    pj_error err = {0};
    const text changed = replaced(of, from, to);
    char place[256];
    (void)snprintf(place, sizeof place, "t.json: %s", path);
    CHECK_INT(pj_table_parse(changed.at, strlen(changed.at), "t.json", &table, &err), PJ_EFORMAT);
    CHECK_TEXT(err.file, place);
    CHECK_PART(err.what, what);
    CHECK(table == NULL);
}

static void refuse(const char *from, const char *to, const char *path, const char *what)
{
    refuse_in(sound, from, to, path, what);
}

static pj_table *open_table(const char *name)
{
    pj_table *table = NULL;
    pj_error err = {0};
    CHECK_INT(pj_table_open(name, NULL, &table, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    return table;
}

static pj_number number(const char *word)
{
    pj_number out = {0};
    pj_error err = {0};
    CHECK_INT(pj_number_parse(word, &out, &err), PJ_OK);
    return out;
}

static double price(const pj_table *table, pj_circuit circuit, const char *format, double bits)
{
    pj_number out = number(format);
    pj_error err = {0};
    double pj = -1;
    CHECK_INT(pj_table_operation(table, circuit, &out, bits, &pj, &err), PJ_OK);
    return pj;
}

static double compound(const pj_table *table, pj_prim prim, const char *format)
{
    pj_number operand = number(format);
    pj_error err = {0};
    double pj = -1;
    CHECK_INT(pj_table_compound(table, prim, &operand, &pj, &err), PJ_OK);
    return pj;
}

static void test_broken_tables(void)
{
    refuse("\"rules\": \"picojoule\"", "\"ruels\": \"picojoule\"", "$.ruels", "did you mean \"rules\"?");
    refuse("picojoule.table/1", "picojoule.table/2", "$.schema", "picojoule.table/1");
    refuse("\"rules\": \"picojoule\"", "\"rules\": \"other\"", "$.rules", "\"picojoule\" or \"qtools\"");
    refuse("\"unit\": \"pJ\"", "\"unit\": \"nJ\"", "$.unit", "\"pJ\" or \"relative\"");
    refuse("\"title\": \"t\", ", "", "$", "\"title\" is missing");
    refuse("\"pj\": 11, ", "", "$.operations.mul.fp32", "\"pj\" is missing");
    refuse("\"pj\": 11", "\"pj\": -11", "$.operations.mul.fp32.pj", "-11 is negative");
    refuse("\"pj\": 11", "\"pj\": 1e999", "$.operations.mul.fp32.pj", "too large");
    refuse("\"pj\": 11", "\"pj\": 1e19", "$.operations.mul.fp32.pj", "past 1e+18");
    refuse("\"pj\": 11", "\"pj\": null", "$.operations.mul.fp32.pj", "null where a number");
    refuse("\"pj\": 11", "\"pj\": \"11\"", "$.operations.mul.fp32.pj", "a text where a number");
    refuse("\"pj\": 11", "\"nj\": 11", "$.operations.mul.fp32.nj", "did you mean \"pj\"?");
    refuse("\"source\": \"p4\", ", "", "$.operations.mul.fp32", "\"source\" is missing");
    refuse("\"source\": \"p4\"", "\"source\": \"\"", "$.operations.mul.fp32.source", "empty");
    refuse("\"source\": \"@s\"", "\"source\": \"@z\"", "$.process.source", "$.sources has no \"z\"");
    refuse("\"confidence\": \"memory\"", "\"confidence\": \"sure\"", "$.operations.mul.fp32.confidence", "secondary");
    refuse("\"fp32\": {\"pj\": 11", "\"fp33\": {\"pj\": 11", "$.operations.mul.fp33", "did you mean");
    refuse("[0.5, 1]", "[1, 0.5, 1]", "$.operations.add.fixed.pj_polynomial", "degree 1 has 2");
    refuse("[0.5, 1]", "[]", "$.operations.add.fixed.pj_polynomial", "degree 1 has 2");
    refuse("[0.5, 1]", "[0.5, true]", "$.operations.add.fixed.pj_polynomial[1]", "a number");
    refuse("[0.5, 1]", "[-0.5, 1]", "$.operations.add.fixed", "at 3 bits is -0.5");
    refuse("\"mux\": {\"fixed\"", "\"mux\": {\"fp32\"", "$.operations.mux.fp32", "unknown key");
    refuse("\"mux\": {", "\"muxx\": {", "$.operations.muxx", "did you mean \"mux\"?");
    refuse("\"bits\": 16", "\"bits\": 8", "$.operations.mul.fixed.points[1].bits", "does not rise above 8");
    refuse("\"pj\": 8", "\"pj\": 1", "$.operations.mul.fixed.points[1].pj", "falls below 2");
    refuse("\"pj\": 2,", "\"pj\": 0,", "$.operations.mul.fixed.points[0].pj", "cannot be 0");
    refuse("\"bits\": 8", "\"bits\": 0", "$.operations.mul.fixed.points[0].bits", "0 is not between");
    refuse("{\"points\": [\n            {", "{\"pj_polynomial\": [1, 1, 1], \"points\": [\n            {",
           "$.operations.mul.fixed", "either \"pj_polynomial\" or \"points\"");
    refuse("\"tf32\": \"fp32\", ", "", "$.stand_ins", "tf32 has neither a figure in \"mul\"");
    refuse("\"bf16\": \"fp16\"", "\"bf16\": \"fp15\"", "$.stand_ins.bf16", "\"fp15\" is no float format");
    refuse("\"bf16\": \"fp16\"", "\"int8\": \"fp16\"", "$.stand_ins.int8", "\"int8\" is no float format");
    refuse("\"bf16\": \"fp16\"", "\"bf16\": \"bf16\"", "$.stand_ins.bf16", "in a circle");
    refuse("\"fp8e4m3\": \"fp16\"", "\"fp8e4m3\": \"fp8e5m2\"", "$.stand_ins.fp8e5m2", "in a circle");
    refuse("\"div\": {", "\"divide\": {", "$.compounds.divide", "unknown key");
    refuse("\"div\": {", "\"mul\": {", "$.compounds.mul", "unknown key");
    refuse("\"mul\": 2, \"add\": 1, ", "", "$.compounds.div", "none of");
    refuse("\"fixed_add\": 0.5", "\"fixed_add\": -0.5", "$.compounds.logic.fixed_add", "negative");
    refuse("\"compounds\": {", "\"compounds_like\": \"qtools\", \"compounds\": {", "$.compounds_like", "cannot both");
    refuse("\"kib\": 32", "\"kib\": 4", "$.memory.sram.points[1].kib", "does not rise");
    refuse("\"smallest\"", "\"smalest\"", "$.memory.sram.smalest", "did you mean \"smallest\"?");
    refuse("\"dram\": {\"pj_per_bit\": 20", "\"dram\": {\"pj_per_bit\": -20", "$.memory.dram.pj_per_bit", "negative");
    refuse("\"dram\": {", "\"drum\": {", "$.memory.drum", "did you mean \"dram\"?");
    refuse("\"rules\": \"picojoule\"", "\"rules\": \"qtools\"", "$.memory.sram.points", "unknown key");
    refuse("\"fixed\": 32", "\"fixed\": 4", "$.accumulator.fixed", "8 to 128");
    refuse("\"fixed\": 32", "\"fixed\": \"shrink\"", "$.accumulator.fixed", "grow");
    refuse("\"float\": \"fp32\"", "\"float\": \"fp16\"", "$.accumulator.float", "widest");
    refuse("\"title\": \"t\"", "\"title\": \"t\", \"title\": \"u\"", "$.title", "twice");
    refuse("\"bf16\": \"fp16\"", "\"bf16\": 16", "$.stand_ins.bf16", "a text");
    refuse("\"fixed\": 32", "\"fixed\": 32.5", "$.accumulator.fixed", "32.5");
    refuse("\"fixed\": 32", "\"fixed\": 129", "$.accumulator.fixed", "129 where \"grow\" or 8 to 128 bits");
    refuse("\"accumulator\": {", "\"counts\": \"some\", \"accumulator\": {", "$.counts", "\"all\" or \"macs\"");
    refuse("\"compounds\": {\"div\"", "\"compounds_like\": 4, \"notes\": {\"div\"", "$.notes", "a text");
    refuse("\"sram\": {\"points\"", "\"sram\": 5, \"dram\": {\"points\"", "$.memory.dram", "twice");
}

/* The compounds of `sound`, all of them. */
#define COMPOUNDS                                                                                           \
    "\"compounds\": {\"div\": {\"mul\": 2, \"add\": 1, \"source\": \"p6\", \"confidence\": \"derived\"},\n" \
    "              \"logic\": {\"fixed_add\": 0.5, \"source\": \"p6\", \"confidence\": \"derived\"}},\n"
#define SMALLEST ",\n    \"smallest\": {\"kib\": 2, \"source\": \"p7\", \"confidence\": \"primary\"}"
#define BITS                                                                                  \
    "\"points\": [\n"                                                                         \
    "    {\"kib\": 8, \"pj_per_bit\": 1, \"source\": \"p7\", \"confidence\": \"primary\"},\n" \
    "    {\"kib\": 32, \"pj_per_bit\": 2, \"source\": \"p7\", \"confidence\": \"primary\"}]" SMALLEST
#define WORDS                                                                                           \
    "\"pj_per_word_polynomial\": [1, 2, 3], \"source\": \"p\", \"confidence\": \"primary\", \"word\": " \
    "{\"bits\": 64, \"source\": \"p\", \"confidence\": \"primary\"}"

/* Members of a wrong kind, and those that are not there. */
static void test_kinds(void)
{
    const text no_compounds = replaced(sound, COMPOUNDS, "");
    const text by_rules = replaced(sound, "\"rules\": \"picojoule\"", "\"rules\": \"qtools\"");
    const text by_words = replaced(by_rules.at, BITS, WORDS);
    refuse("\"operations\": {", "\"operations\": 5, \"counts\": {", "$.operations", "a number where an object");
    refuse("\"stand_ins\": {", "\"stand_ins\": 5, \"counts\": {", "$.stand_ins", "a number where an object");
    refuse("\"div\": {", "\"exp\": 5, \"div\": {", "$.compounds.exp", "a number where an object");
    refuse(COMPOUNDS, "\"compounds_like\": 45,\n", "$.compounds_like", "a number where a text");
    refuse(COMPOUNDS, "\"compounds_like\": \"horowitz\",\n", "$.compounds_like", "no built-in table \"horowitz\"");
    refuse(SMALLEST, "", "$.memory.sram", "\"smallest\" is missing");
    refuse(SMALLEST, ", \"smallest\": 2", "$.memory.sram.smallest", "a number where an object");
    refuse("\"sram\": {" BITS "},\n  ", "", "$.memory", "\"sram\" is missing");
    refuse("{" BITS "}", "5", "$.memory.sram", "a number where an object");
    refuse("\"accumulator\": {\"fixed\": 32, \"float\": \"fp32\"}", "\"accumulator\": 32", "$.accumulator",
           "a number where an object");
    refuse("\"float\": \"fp32\"", "\"float\": 32", "$.accumulator.float", "a number where a text");

    refuse_in(by_words.at, "[1, 2, 3]", "[1, 2]", "$.memory.sram.pj_per_word_polynomial",
              "2 coefficients; expected 3 to 4");
    refuse_in(by_words.at, "\"word\": {\"bits\": 64, \"source\": \"p\", \"confidence\": \"primary\"}", "\"word\": 64",
              "$.memory.sram.word", "a number where an object");
    refuse_in(by_words.at, "\"bits\": 64", "\"bits\": 0.5", "$.memory.sram.word", "a word of 0.5 bits");

    /* that table's own compounds are those of another one */
    pj_table *table = NULL;
    pj_error err = {0};
    const text chained = replaced(sound, COMPOUNDS, "\"compounds_like\": \"horowitz-mac\",\n");
    CHECK_INT(pj_table_parse(chained.at, strlen(chained.at), "t.json", &table, &err), PJ_EFORMAT);
    CHECK_TEXT(err.file, "t.json: $.compounds_like");
    CHECK_TEXT(err.what, "the table \"horowitz-mac\" has no compounds of its own");

    /* A table may price nothing but additions and multiplications. */
    const pj_number fp32 = number("fp32");
    double pj;
    CHECK_INT(pj_table_parse(no_compounds.at, strlen(no_compounds.at), "t.json", &table, &err), PJ_OK);
    if (table) {
        CHECK_INT(pj_table_compound(table, PJ_DIV, &fp32, &pj, &err), PJ_EUNSUPPORTED);
        CHECK_TEXT(err.what, "table t does not say what \"div\" costs");
        CHECK_NEAR(compound(table, PJ_MUL, "fp32"), 11, 1e-15);
    }
    pj_table_close(table);
}

/* What accumulators are as wide as, where a table says it of one kind of number, or of none. */
static void test_accumulators(void)
{
    static const struct {
        const char *to;
        int fixed_bits;
        bool float_is_fp32;
    } rows[] = {
        {"",                                                                 0,   false},
        {",\n\"accumulator\": {}",                                           0,   false},
        {",\n\"accumulator\": {\"fixed\": 128}",                             128, false},
        {",\n\"accumulator\": {\"float\": \"fp32\"}",                        0,   true },
        {",\n\"accumulator\": {\"float\": \"widest\", \"fixed\": \"grow\"}", 0,   false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_table *table = NULL;
        pj_error err = {0};
        const text changed = replaced(sound, ",\n\"accumulator\": {\"fixed\": 32, \"float\": \"fp32\"}", rows[i].to);
        CHECK_INT(pj_table_parse(changed.at, strlen(changed.at), "t.json", &table, &err), PJ_OK);
        CHECK_TEXT(err.what, "");
        if (!table)
            continue;
        CHECK_INT(pj_table_accumulator(table).fixed_bits, rows[i].fixed_bits);
        CHECK_INT(pj_table_accumulator(table).float_is_fp32, rows[i].float_is_fp32);
        pj_table_close(table);
    }
}

/* A multiply-accumulate with a price of its own: of integers a polynomial of degree 2, as its multiplier is one. */
static void test_mac(void)
{
    static const char mac[] = "\"mac\": {\"fixed\": {\"pj_polynomial\": [0.5, 1, 2], \"source\": \"p\", "
                              "\"confidence\": \"primary\"}},\n  \"mul\": {";
    const text with = replaced(sound, "\"mul\": {", mac);
    const pj_number int8 = number("int8"), fp32 = number("fp32");
    pj_table *table = NULL;
    pj_error err = {0};
    double pj = 0;
    CHECK_INT(pj_table_parse(with.at, strlen(with.at), "t.json", &table, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    if (!table)
        return;
    CHECK(pj_table_mac(table, &int8, 8, &pj));
    CHECK_NEAR(pj, 0.5 * 64 + 1 * 8 + 2, 1e-15);
    CHECK(!pj_table_mac(table, &fp32, 32, &pj));
    pj_table_close(table);
}

static void test_sound_table(void)
{
    pj_table *table = NULL;
    pj_error err = {0};
    CHECK_INT(pj_table_parse(sound, strlen(sound), "dir/t.json", &table, &err), PJ_OK);
    if (!table)
        return;
    CHECK_TEXT(pj_table_name(table), "t");
    CHECK_TEXT(pj_table_title(table), "t");
    CHECK_TEXT(pj_table_unit(table), "pJ");
    CHECK_INT(pj_table_rules(table), PJ_RULES_PICOJOULE);
    CHECK(pj_table_process_nm(table) == 45 && pj_table_voltage_v(table) == 0);
    CHECK_INT(pj_table_accumulator(table).fixed_bits, 32);
    CHECK(pj_table_accumulator(table).float_is_fp32);

    CHECK_NEAR(price(table, PJ_CIRCUIT_ADD, "int8", 8), 0.5 * 8 + 1, 1e-15);
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUX, "int8", 8), 0.25 * 8, 1e-15);
    CHECK_NEAR(price(table, PJ_CIRCUIT_XOR, "int8", 8), 0.5 * 8 + 1, 1e-15); /* as add, unless given */
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUX, "fp32", 32), 0.25 * 32, 1e-15);  /* bit by bit, whatever they mean */
    CHECK(price(table, PJ_CIRCUIT_NONE, "fp32", 32) == 0);
    /* exact at the points; quadratic from 8 to 16, linear from 16 on and past the end, quadratic before the first */
    CHECK(price(table, PJ_CIRCUIT_MUL, "int16", 16) == 8);
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "int12", 12), 2 * 1.5 * 1.5, 1e-14);
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "int24", 24), 12, 1e-14);
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "int64", 64), 32, 1e-14);
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "int4", 4), 0.5, 1e-14);
    CHECK(price(table, PJ_CIRCUIT_MUL, "int4", 0) == 0);
    CHECK_NEAR(compound(table, PJ_DIV, "fp32"), 2 * 11 + 7, 1e-15);
    CHECK_NEAR(compound(table, PJ_LOGIC, "fp32"), 0.5 * (0.5 * 32 + 1), 1e-15);
    CHECK_NEAR(compound(table, PJ_MUL, "fp32"), 11, 1e-15);

    /* bf16 -> fp16 -> fp32 for mul, bf16 -> fp16 for add: each operation stops at the first figure */
    pj_number bf16 = number("bf16"), fp32 = number("fp32"), odd = pj_number_float(24, PJ_FLOAT_PLAIN);
    pj_number wide = pj_number_float(128, PJ_FLOAT_PLAIN), int8 = number("int8");
    double pj;
    CHECK(price(table, PJ_CIRCUIT_MUL, "bf16", 16) == 11);
    CHECK(price(table, PJ_CIRCUIT_ADD, "bf16", 16) == 3);
    CHECK_TEXT(pj_table_stand_in(table, PJ_CIRCUIT_MUL, &bf16), "fp32");
    CHECK_TEXT(pj_table_stand_in(table, PJ_CIRCUIT_ADD, &bf16), "fp16");
    CHECK(pj_table_stand_in(table, PJ_CIRCUIT_ADD, &fp32) == NULL);
    CHECK(pj_table_stand_in(table, PJ_CIRCUIT_ADD, &int8) == NULL);
    CHECK_TEXT(pj_table_stand_in(table, PJ_CIRCUIT_ADD, &odd), "fp32"); /* the narrowest that is as wide */
    CHECK_INT(pj_table_operation(table, PJ_CIRCUIT_MUL, &wide, 128, &pj, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "float of 128 bits");
    CHECK(pj_table_stand_in(table, PJ_CIRCUIT_MUL, &wide) == NULL);
    CHECK_INT(pj_table_compound(table, PJ_DIV, &wide, &pj, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "float of 128 bits");
    CHECK_INT(pj_table_compound(table, PJ_EXP, &fp32, &pj, &err), PJ_EUNSUPPORTED);
    CHECK_PART(err.what, "\"exp\"");
    CHECK(!pj_table_mac(table, &fp32, 32, &pj));

    size_t count;
    const pj_figure *figures = pj_table_figures(table, &count);
    CHECK_INT(count, 18);
    CHECK_TEXT(figures[0].path, "$.process.nm");
    CHECK_TEXT(figures[0].source, "a paper");
    CHECK_TEXT(figures[1].path, "$.operations.add.fixed.pj_polynomial[0]");
    CHECK_TEXT(figures[1].unit, "pJ per bit");
    CHECK_TEXT(figures[5].unit, "pJ at 8 bits");
    pj_table_close(table);
}

/* Horowitz, ISSCC 2014 (0.2 and 3.1 pJ for int8 and int32 multipliers, 0.1 for an int32 adder, 3.7 + 0.9 for fp32). */
static void test_horowitz(void)
{
    pj_table *table = open_table("horowitz-45nm");
    if (!table)
        return;
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "int8", 8), 0.2, 2e-10);
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "int32", 32), 3.1, 2e-10);
    CHECK_NEAR(price(table, PJ_CIRCUIT_ADD, "int32", 32), 0.1, 1e-15);
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "int8", 8) + price(table, PJ_CIRCUIT_ADD, "int32", 32), 0.3, 1e-9);
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "fp32", 32) + price(table, PJ_CIRCUIT_ADD, "fp32", 32), 4.6, 1e-15);
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "fp16", 16) + price(table, PJ_CIRCUIT_ADD, "fp16", 16), 1.5, 1e-15);
    CHECK_NEAR(price(table, PJ_CIRCUIT_ADD, "int16", 16), 0.05, 1e-15); /* Sze et al., Proc. IEEE 2017 */
    /* 10, 20, 100 pJ per 64 bits of 8 KB, 32 KB, 1 MB; 1300 pJ per 64 bits of DRAM */
    CHECK(pj_table_sram(table, 8 * 8192) == 0.15625);
    CHECK(pj_table_sram(table, 32 * 8192) == 0.3125);
    CHECK(pj_table_sram(table, 1024 * 8192) == 1.5625);
    CHECK(pj_table_dram(table) == 20.3125);
    /* 8 to 32 KB doubles over a factor of 4, so 16 KB lies at sqrt 2; the slope goes on down to 1 KB, then it is flat
     */
    CHECK_NEAR(pj_table_sram(table, 16 * 8192), 0.15625 * sqrt(2), 1e-14);
    CHECK_NEAR(pj_table_sram(table, 8192), 0.15625 / sqrt(8), 1e-14);
    CHECK(pj_table_sram(table, 1) == pj_table_sram(table, 8192));
    /* 16 MB: 5.66 pJ per bit in the literature's log-log continuation */
    CHECK_NEAR(pj_table_sram(table, 16384.0 * 8192), 5.66, 1e-3);
    CHECK_NEAR(compound(table, PJ_EXP, "fp32"), 8 * 3.7 + 8 * 0.9 + 0.1, 1e-14);
    CHECK_NEAR(compound(table, PJ_CMP, "int8"), 0.025, 1e-14);
    CHECK_INT(pj_table_accumulator(table).fixed_bits, 0);
    CHECK(!pj_table_accumulator(table).float_is_fp32);
    pj_table_close(table);
}

static void test_presets(void)
{
    pj_number fp32 = number("fp32"), fp16 = number("fp16"), int8 = number("int8");
    double pj = 0;
    pj_table *table = open_table("horowitz-mac");
    if (table) {
        CHECK(pj_table_mac(table, &fp32, 32, &pj));
        CHECK(pj == 4.6);
        CHECK(!pj_table_mac(table, &fp16, 16, &pj));
        CHECK(!pj_table_mac(table, &int8, 8, &pj));
        CHECK(pj_table_dram(table) == 0 && pj_table_sram(table, 1e6) == 0);
        CHECK_NEAR(compound(table, PJ_TANH, "fp32"), 16 * 3.7 + 14 * 0.9 + 2 * 0.1, 1e-14); /* of horowitz-45nm */
        CHECK(pj_table_counts(table, PJ_MAC) && !pj_table_counts(table, PJ_ADD) && !pj_table_counts(table, PJ_TANH));
        pj_table_close(table);
    }
    table = open_table("jouppi-7nm"); /* Jouppi et al., ISCA 2021, Table 2 */
    if (table) {
        CHECK(price(table, PJ_CIRCUIT_MUL, "int8", 8) == 0.07 && price(table, PJ_CIRCUIT_MUL, "int32", 32) == 1.48);
        CHECK(price(table, PJ_CIRCUIT_ADD, "int8", 8) == 0.007 && price(table, PJ_CIRCUIT_ADD, "int32", 32) == 0.03);
        CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "bf16", 16) + price(table, PJ_CIRCUIT_ADD, "fp32", 32), 0.59, 1e-15);
        /* half way in log bits: the geometric mean */
        CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "int16", 16), sqrt(0.07 * 1.48), 1e-14);
        CHECK_NEAR(pj_table_sram(table, 8 * 8192) * 64, 7.5, 1e-15);
        CHECK_INT(pj_table_accumulator(table).fixed_bits, 32);
        CHECK(pj_table_accumulator(table).float_is_fp32);
        pj_table_close(table);
    }
    table = open_table("eyeriss-65nm-relative"); /* 1 : 1 : 6 : 200 per 16 bits */
    if (table) {
        CHECK_TEXT(pj_table_unit(table), "relative");
        CHECK_NEAR(price(table, PJ_CIRCUIT_MUL, "int16", 16) + price(table, PJ_CIRCUIT_ADD, "int32", 32), 1, 1e-12);
        CHECK_NEAR(pj_table_sram(table, 0.5 * 8192) * 16, 1, 1e-14);
        CHECK_NEAR(pj_table_sram(table, 100 * 8192) * 16, 6, 1e-14);
        CHECK(pj_table_dram(table) * 16 == 200);
        pj_table_close(table);
    }
}

/* Q18, Q19: what QTools answers with a KeyError. The picojoule reading has a price for each. */
static void test_qtools(void)
{
    static const struct {
        pj_circuit circuit;
        const char *format;
    } missing[] = {
        {PJ_CIRCUIT_MUX,     "fp32"   },
        {PJ_CIRCUIT_SHIFTER, "fp16"   },
        {PJ_CIRCUIT_MUL,     "bf16"   },
        {PJ_CIRCUIT_ADD,     "tf32"   },
        {PJ_CIRCUIT_MUL,     "fp8e4m3"},
        {PJ_CIRCUIT_ADD,     "fp64"   },
        {PJ_CIRCUIT_AND,     "fp32"   },
    };
    pj_table *table = open_table("qtools");
    if (!table)
        return;
    CHECK_INT(pj_table_rules(table), PJ_RULES_QTOOLS);
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        pj_number out = number(missing[i].format);
        pj_error err = {0};
        double pj = -1;
        CHECK_INT(pj_table_operation(table, missing[i].circuit, &out, 16, &pj, &err), PJ_EUNSUPPORTED);
        CHECK_PART(err.what, "QTools has no");
        CHECK_INT(pj_table_operation_physical(table, missing[i].circuit, &out, 16, &pj, &err), PJ_OK);
        CHECK(pj > 0);
    }
    CHECK(price(table, PJ_CIRCUIT_MUL, "fp32", 32) == 3.7);
    CHECK(price(table, PJ_CIRCUIT_ADD, "fp16", 16) == 0.4);
    /* golden figures of the unmodified QTools */
    CHECK_NEAR(price(table, PJ_CIRCUIT_MUX, "int8", 9.5), 0.029687500000000002, 1e-15);
    CHECK_NEAR(pj_table_sram(table, exp2(16)), 0.1562500060159997, 1e-13);
    CHECK_NEAR(pj_table_sram(table, exp2(4.2)), 0.469994790646248, 1e-13);
    CHECK_NEAR(pj_table_sram(table, exp2(27)), 3.803789819042999, 1e-13);
    CHECK(pj_table_sram(table, 1) == 0);
    CHECK(pj_table_sram_word_bits(table) == 64);
    pj_table_close(table);
    table = open_table("qtools-defaults");
    if (table)
        CHECK_NEAR(pj_table_sram(table, exp2(23)), 7.74425, 1e-13);
    pj_table_close(table);
}

static void test_open(void)
{
    pj_table *table = NULL;
    pj_error err = {0};
    const char *name;
    for (size_t i = 0; (name = pj_table_builtin(i)) != NULL; i++) {
        size_t count;
        table = open_table(name);
        if (!table)
            continue;
        CHECK_TEXT(pj_table_name(table), name);
        pj_table_figures(table, &count);
        CHECK(count > 20);
        pj_table_close(table);
        CHECK(i == 0 || strcmp(pj_table_builtin(i - 1), name) < 0);
    }
    table = open_table(NULL);
    CHECK_TEXT(table ? pj_table_name(table) : NULL, "horowitz-45nm"); /* the default */
    pj_table_close(table);
    table = NULL;
    CHECK_INT(pj_table_open("horowitz-45", NULL, &table, &err), PJ_EARGUMENT);
    CHECK_TEXT(
        err.what,
        "there is no energy table \"horowitz-45\", built in or as a file; did you mean horowitz-45nm, horowitz-mac?; "
        "see `picojoule tables`");
    CHECK_INT(pj_table_open("no/such.json", NULL, &table, &err), PJ_EIO);
    CHECK_TEXT(err.file, "no/such.json");
    for (int i = 0; i < PJ_FLOAT_FORMATS; i++) { /* the words mean here what they mean in a plan */
        pj_number parsed = number(pj_float_formats[i].word);
        CHECK_INT(pj_float_format_of_number(&parsed), i);
    }
}

int main(void)
{
    test_broken_tables();
    test_kinds();
    test_accumulators();
    test_mac();
    test_sound_table();
    test_horowitz();
    test_presets();
    test_qtools();
    test_open();
    return check_done();
}
