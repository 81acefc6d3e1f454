/* Every writer on one made-up report that has everything. What each must print is in page/FORMAT.golden, read by eye
 * when it changes; PJ_UPDATE_GOLDEN=1 rewrites it. A new format is found here by its row in the table of formats. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "page/page.h"
#include "picojoule/budget.h"
#include "picojoule/history.h"

/* ---- the report ---- */

typedef struct item {
    const char *name, *note;
    int64_t count;
    double energy;
    bool flag;
} item;

/* A name with what is special in some format, a missing note, an energy that is not known. */
static const item items[] = {
    {"/a|b*c_<d>&\"e\", 'f'", "first, with a comma", 1500, 2000, true },
    {"plain",                 "",                    7,    0.25, false},
    {"third",                 NULL,                  0,    -1,   false},
};
enum { ITEMS = sizeof items / sizeof *items };

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(item, name), .key = "name", .title = "layer", .kind = PJ_CELL_TEXT, .wish = 16, .least = 8},
    {PJ_MEMBER(item, count), .key = "count", .title = "count", .kind = PJ_CELL_COUNT, .rank = 1},
    {PJ_MEMBER(item, energy), .key = "energy_pj", .title = "energy", .kind = PJ_CELL_ENERGY, .from_zero = true,
     .or_unknown = true},
    {PJ_MEMBER(item, flag), .key = "flag", .kind = PJ_CELL_FLAG},
    {PJ_MEMBER(item, note), .key = "note", .title = "note", .kind = PJ_CELL_TEXT, .no_empty = true},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    return pj_rows_of(arena, columns, COLUMNS, input, ITEMS, sizeof(item));
}

static void add_blocks(pj_page *page)
{
    pj_block *block = pj_page_say(page, PJ_BLOCK_PARAGRAPH, " in a run of a batch, which is long enough to be wrapped");
    block->lead = "One run takes ";
    block->strong = "2.000 nJ";
    block->look = PJ_WARN;
    block->hang = 2;
    page->gap = true;
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, "as it is: `code` and *stars*")->ours = true;
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, "one line, however long it may be, because it says so itself")->whole = true;
    pj_page_say(page, PJ_BLOCK_FACT, "45 nm")->lead = "process";
    pj_page_say(page, PJ_BLOCK_FACT, "an article, quoted at some length, so that it is wrapped")->lead = "source";
    pj_page_say(page, PJ_BLOCK_ITEM, "an item with a*star, long enough to go on in the next line");
    pj_page_say(page, PJ_BLOCK_ITEM, "one below it")->level = 1;
    page->in = PJ_IN_TEXT;
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, "for a terminal only");
    page->in = PJ_IN_MARKDOWN;
    pj_page_say(page, PJ_BLOCK_PARAGRAPH, "for a web page only");
    pj_page_say(page, PJ_BLOCK_RAW, "<!-- raw -->\n");
    page->in = PJ_IN_ALL;
}

static void page_of(const void *input, pj_page *page)
{
    pj_page_say(page, PJ_BLOCK_TITLE, "A title with a_special character");
    add_blocks(page);
    pj_page_printf(page, PJ_BLOCK_HEADING, "%d rows", ITEMS);
    pj_page_table(page, table_of(input, page->arena), 2);
    pj_block *folded = pj_page_table(page, table_of(input, page->arena), 0);
    folded->kind = PJ_BLOCK_FOLDED;
    folded->text = "3 more rows";
    folded->one = "row";
    folded->many = "rows";
}

static const pj_chart *chart_of(const void *input, pj_arena *arena)
{
    static const pj_chart_point points[] = {
        {1, 3.5, "a<b",  false},
        {2, 3.1, NULL,   false},
        {3, 3.1, "last", true }
    };
    static const pj_chart_series series[] = {
        {"line", PJ_CHART_LINE,   points,     3},
        {"best", PJ_CHART_LABELS, points + 1, 1}
    };
    static const pj_chart chart = {
        .title = "a chart",
        .subtitle = "of nothing",
        .x = {.title = "record",      .whole = true    },
        .y = {.title = "energy (nJ)", .from_zero = true},
        .series = series,
        .count = 2
    };
    (void)input, (void)arena;
    return &chart;
}

static const pj_verdicts *verdicts_of(const void *input, pj_arena *arena)
{
    static const pj_verdict_rule rules[] = {
        {"limit",    "A figure is over its limit"},
        {"baseline", "A figure has grown"        },
        {"broken",   "It cannot be checked"      }
    };
    static const pj_judged judged[] = {
        {.name = "limits.total",
         .exceeded = true,
         .sentence = "total is 5, 1 over the limit of 4",
         .top = "Costs most: a, b",
         .advice = "fewer",
         .path = "$.limits.total",
         .line = 3,
         .layer = "/conv<1>",
         .key = "limit|net|total"                          },
        {.name = "limits.macs",
         .exceeded = true,
         .sentence = "macs are 100 % over",
         .advice = "`less`",
         .path = "$.limits.macs",
         .line = 4,
         .layer = "",
         .key = "limit|net|macs"                         },
        {.name = "limits.params",
         .sentence = "params is 1",
         .advice = "",
         .path = "$.limits.params",
         .line = 5,
         .layer = "",
         .key = "limit|net|params"  },
        {.name = "baseline",
         .rule = 1,
         .error = true,
         .sentence = "old.json: cannot be opened",
         .advice = "a new one",
         .path = "$.baseline",
         .line = 6,
         .layer = "",
         .key = "baseline|net|total"},
    };
    static const pj_subject subjects[] = {
        {.name = "net: \"a\"",           .line = 2, .judged = judged, .count = 4,               .exceeded = 2, .unjudged = 1},
        {.name = "good",                 .line = 6,                          .better = "better than before",                             .better_key = "baseline|good"                           },
        {.name = "bad", .line = 7,          .error = "bad.onnx: cannot be opened",.error_key = "broken|bad"},
    };
    static const pj_verdicts verdicts = {.title = "a check",
                                         .file = "./budget file.json",
                                         .headline = "3 models: 1 passed, 1 failed, 1 cannot be checked",
                                         .rules = rules,
                                         .rule_count = 3,
                                         .error_rule = 2,
                                         .better_rule = 1,
                                         .subjects = subjects,
                                         .count = 3};
    (void)input, (void)arena;
    return &verdicts;
}

static bool line_of(const void *input, size_t at, pj_arena *arena, pj_json_writer *json)
{
    static const char *const names[] = {"net: \"a\"", "good", "two\nlines"};
    (void)input, (void)arena;
    if (at >= sizeof names / sizeof *names)
        return false;
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "name", names[at]);
    pj_json_put_begin(json, "verdicts", PJ_JSON_WRITE_ARRAY);
    pj_json_write_int(json, (int64_t)at);
    pj_json_write_end(json);
    pj_json_write_end(json);
    return true;
}

static const pj_pieces everything = {
    .page = page_of, .table = table_of, .line = line_of, .list = "rows", .chart = chart_of, .verdicts = verdicts_of};

/* ---- the writers ---- */

static bool keep(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

static void read_golden(const char *path, pj_str *out)
{
    FILE *file = fopen(path, "rb");
    for (int c = file ? fgetc(file) : EOF; c != EOF; c = fgetc(file))
        pj_str_add_char(out, (char)c);
    if (file)
        fclose(file);
}

/* Leaves out what the page is made of besides the report, and so the digests of that. */
static void take_out(pj_str *page, const char *from, const char *to)
{
    char *begin = page->data, *end;
    while ((begin = strstr(begin, from)) && (end = strstr(begin += strlen(from), to))) {
        memmove(begin, end, strlen(end) + 1);
        page->length = strlen(page->data);
    }
}

static void test_format(const char *format, const char *golden, bool color)
{
    char path[128];
    pj_error err = {0};
    pj_str got = pj_str_new(0), want = pj_str_new(0);
    pj_report_options options = pj_report_options_default();
    options.format = format;
    options.width = 60;
    options.color = color;
    CHECK_INT(pj_tell(&everything, items, &options, keep, &got, &err), PJ_OK);
    snprintf(path, sizeof path, "page/%s.golden", golden);
    if (strcmp(format, "html") == 0) {
        take_out(&got, "sha256-", "'");
        take_out(&got, "<style>", "</style>");
        take_out(&got, "<script>", "</script>");
    }
    FILE *file = getenv("PJ_UPDATE_GOLDEN") ? fopen(path, "wb") : NULL;
    if (file) {
        fwrite(got.data, 1, got.length, file);
        fclose(file);
    }
    read_golden(path, &want);
    if (!want.length)
        printf("%s is missing: PJ_UPDATE_GOLDEN=1 writes it\n", path);
    CHECK_TEXT(got.data, want.data);
    pj_str_free(&got);
    pj_str_free(&want);
}

static void test_all(const char *const *formats)
{
    for (; *formats; formats++)
        test_format(*formats, *formats, false);
}

/* ---- what a report offers ---- */

static void check_refusal(const pj_pieces *pieces, const char *format, const char *want)
{
    pj_error err = {0};
    pj_str out = pj_str_new(0);
    pj_report_options options = pj_report_options_default();
    options.format = format;
    CHECK_INT(pj_tell(pieces, items, &options, keep, &out, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, want);
    CHECK_INT(out.length, 0);
    pj_str_free(&out);
}

static void test_offers(void)
{
    static const pj_pieces table = {.table = table_of, .list = "rows"};
    static const pj_pieces page = {.page = page_of, .table = table_of, .no_chart = "draw it yourself"};
    check_refusal(&table, "text", "there is no format \"text\"; there are json");
    check_refusal(&page, "sarif", "there is no format \"sarif\"; there are text, csv");
    check_refusal(&page, "svg", "draw it yourself");
    check_refusal(&everything, "pdf", "there is no format \"pdf\"; there are text, json, csv, ");
    check_refusal(&everything, "pdf", " and ");
}

static bool has(const char *const *formats, const char *word)
{
    for (; *formats; formats++)
        if (strcmp(*formats, word) == 0)
            return true;
    return false;
}

static void test_lists(void)
{
    CHECK(has(pj_report_formats(), "csv") && !has(pj_report_formats(), "svg") && !has(pj_report_formats(), "junit"));
    CHECK(has(pj_chart_formats(), "csv") && has(pj_chart_formats(), "svg") && !has(pj_chart_formats(), "sarif"));
    CHECK(has(pj_check_formats(), "github") && has(pj_check_formats(), "text") && !has(pj_check_formats(), "csv"));
}

/* Rows that a comment has no room for are cut, and it says so: 600 rows of 100 characters are 60,000. */
static void big_page(const void *input, pj_page *page)
{
    enum { MANY = 1000 };
    static const pj_column one[] = {
        {.title = "name", .kind = PJ_CELL_TEXT}
    };
    pj_rows *rows = pj_rows_new(page->arena, one, 1);
    (void)input;
    for (int i = 0; rows && i < MANY; i++)
        pj_cell_text(
            &pj_rows_add(rows)[0],
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456");
    pj_block *folded = pj_page_table(page, rows, 0);
    folded->kind = PJ_BLOCK_FOLDED;
    folded->text = "1000 rows";
    folded->one = "row";
    folded->many = "rows";
}

static void test_cut(void)
{
    static const pj_pieces pieces = {.page = big_page};
    pj_error err = {0};
    pj_str out = pj_str_new(0);
    pj_report_options options = pj_report_options_default();
    options.format = "markdown";
    CHECK_INT(pj_tell(&pieces, NULL, &options, keep, &out, &err), PJ_OK);
    CHECK(out.length < 65536);
    CHECK_PART(out.data, "Not shown here: 500 rows; CSV and JSON have all.");
    pj_str_free(&out);
}

int main(void)
{
    test_all(pj_chart_formats());
    test_all(pj_check_formats());
    test_format("text", "text_color", true);
    test_offers();
    test_lists();
    test_cut();
    return check_done();
}
