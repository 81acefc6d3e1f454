/* Histories: what goes in comes out, in the order of time; what is wrong is refused. */
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "check.h"
#include "picojoule/history.h"
#include "picojoule/version.h"
#include "report/trend.h"

static char file[64];

static const pj_history_layer two_layers[] = {
    {"conv1", "Conv", 1.5 },
    {"fc",    "Gemm", 0.25}
};

static pj_history_entry entry_at(const char *time, double energy)
{
    pj_history_entry entry = {
        .model = "net.onnx",
        .path = "models/net.onnx",
        .commit = "c0ffee",
        .branch = "main",
        .time = time,
        .table = "horowitz-45nm",
        .rules = "picojoule",
        .unit = "pJ",
        .settings = "--weights-on dram",
        .totals = {.energy = {energy, 2, 3, 4},
                   .macs = INT64_MAX,
                   .params = 5,
                   .param_bits = 160,
                   .bops = 7,
                   .peak_activation_bytes = -1,
                   .uncounted = 1},
        .layers = two_layers,
        .layer_count = 2
    };
    return entry;
}

static void append(const pj_history_entry *entry)
{
    pj_error err = {0};
    CHECK_INT(pj_history_append(file, entry, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
}

static pj_history *read_trend(const char *branch, const char *layer, size_t last)
{
    pj_error err = {0};
    pj_history *history = NULL;
    const pj_history_query query = {"net.onnx", branch, layer, last};
    CHECK_INT(pj_history_read(file, &query, &history, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    return history;
}

static void test_round_trip(void)
{
    pj_history_entry entry = entry_at("2026-01-01T00:00:00Z", 0.1);
    unlink(file);
    append(&entry);
    pj_history *history = read_trend(NULL, NULL, 0);
    CHECK_INT(history->count, 1);
    const pj_history_entry *got = &history->entries[0];
    CHECK_INT(got->id, 1);
    CHECK_TEXT(got->model, "net.onnx");
    CHECK_TEXT(got->path, "models/net.onnx");
    CHECK_TEXT(got->commit, "c0ffee");
    CHECK_TEXT(got->branch, "main");
    CHECK_TEXT(got->time, "2026-01-01T00:00:00Z");
    CHECK_TEXT(got->version, PICOJOULE_VERSION);
    CHECK_TEXT(got->table, "horowitz-45nm");
    CHECK_TEXT(got->rules, "picojoule");
    CHECK_TEXT(got->unit, "pJ");
    CHECK_TEXT(got->settings, "--weights-on dram");
    CHECK(got->totals.energy.inputs == 0.1 && got->totals.energy.outputs == 2);
    CHECK(got->totals.energy.parameters == 3 && got->totals.energy.op_cost == 4);
    CHECK_INT(got->totals.macs, INT64_MAX);
    CHECK_INT(got->totals.params, 5);
    CHECK_INT(got->totals.param_bits, 160);
    CHECK_INT(got->totals.bops, 7);
    CHECK_INT(got->totals.peak_activation_bytes, -1);
    CHECK_INT(got->totals.uncounted, 1);
    CHECK_INT(got->layer_count, 0); /* none was asked for */
    pj_history_free(history);
}

/* Recorded out of order; the third without commit, branch, path, with a known peak. */
static void fill_file(void)
{
    pj_history_entry late = entry_at("2026-03-01T00:00:00Z", 30), early = entry_at("2026-01-01T00:00:00Z", 10);
    pj_history_entry between = entry_at("2026-02-01T00:00:00Z", 20);
    between.commit = between.branch = between.path = NULL;
    between.totals.peak_activation_bytes = 4096;
    between.version = "0.0.9";
    unlink(file);
    append(&late);
    append(&early);
    append(&between);
}

/* A file from before a figure was known: its records do not know it, and the next one brings the column. */
static void test_later_figure(void)
{
    sqlite3 *db = NULL;
    pj_history_entry entry = entry_at("2026-04-01T00:00:00Z", 1);
    fill_file();
    CHECK_INT(sqlite3_open(file, &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, "ALTER TABLE record DROP COLUMN peak_bytes", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    pj_history *history = read_trend(NULL, NULL, 0);
    CHECK_INT(history->entries[1].totals.peak_activation_bytes, -1); /* was 4096 */
    CHECK_INT(history->entries[1].totals.macs, INT64_MAX);
    pj_history_free(history);
    entry.totals.peak_activation_bytes = 77;
    append(&entry);
    history = read_trend(NULL, NULL, 0);
    CHECK_INT(history->count, 4);
    CHECK_INT(history->entries[1].totals.peak_activation_bytes, -1);
    CHECK_INT(history->entries[3].totals.peak_activation_bytes, 77);
    pj_history_free(history);
}

static void test_order(void)
{
    fill_file();
    pj_history *history = read_trend(NULL, NULL, 0);
    CHECK_INT(history->count, 3);
    CHECK_NEAR(history->entries[0].totals.energy.inputs, 10, 0);
    CHECK_NEAR(history->entries[1].totals.energy.inputs, 20, 0);
    CHECK_NEAR(history->entries[2].totals.energy.inputs, 30, 0);
    CHECK(!history->entries[1].commit && !history->entries[1].branch && !history->entries[1].path);
    CHECK_INT(history->entries[1].totals.peak_activation_bytes, 4096);
    CHECK_TEXT(history->entries[1].version, "0.0.9");
    CHECK(!pj_trend_compares(history, 1) && !pj_trend_compares(history, 2)); /* of another version */
    pj_history_free(history);

    history = read_trend(NULL, NULL, 2);
    CHECK_INT(history->count, 2);
    CHECK_NEAR(history->entries[0].totals.energy.inputs, 20, 0);
    pj_history_free(history);

    history = read_trend("main", NULL, 0);
    CHECK_INT(history->count, 2);
    CHECK_NEAR(history->entries[1].totals.energy.inputs, 30, 0);
    pj_history_free(history);
}

static void test_layers(void)
{
    fill_file();
    pj_history *history = read_trend(NULL, "f?", 0);
    CHECK_INT(history->entries[0].layer_count, 1);
    CHECK_TEXT(history->entries[0].layers[0].name, "fc");
    CHECK_TEXT(history->entries[0].layers[0].op, "Gemm");
    CHECK_NEAR(history->entries[0].layers[0].energy, 0.25, 0);
    pj_history_free(history);
    history = read_trend(NULL, "*", 1);
    CHECK_INT(history->entries[0].layer_count, 2);
    pj_history_free(history);
}

static void test_models(void)
{
    pj_error err = {0};
    pj_history_list *list = NULL;
    fill_file();
    pj_history_entry other = entry_at("2025-01-01T00:00:00Z", 1);
    other.model = "a.onnx";
    append(&other);
    CHECK_INT(pj_history_models(file, &list, &err), PJ_OK);
    CHECK_INT(list->count, 2);
    CHECK_TEXT(list->models[0].model, "a.onnx");
    CHECK_INT(list->models[0].records, 1);
    CHECK_TEXT(list->models[1].model, "net.onnx");
    CHECK_INT(list->models[1].records, 3);
    CHECK_TEXT(list->models[1].last.time, "2026-03-01T00:00:00Z");
    pj_history_list_free(list);
}

static void refuse_read(const pj_history_query *query, pj_status status, const char *part)
{
    pj_error err = {0};
    pj_history *history = NULL;
    CHECK_INT(pj_history_read(file, query, &history, &err), status);
    CHECK(!history);
    CHECK_PART(err.what, part);
    CHECK_TEXT(err.file, file);
}

static void test_questions(void)
{
    fill_file();
    const pj_history_query model = {"net", NULL, NULL, 0}, branch = {"net.onnx", "dev", NULL, 0};
    const pj_history_query layer = {"net.onnx", NULL, "pool*", 0};
    refuse_read(&model, PJ_EARGUMENT, "has no records of net; it has those of net.onnx");
    refuse_read(&branch, PJ_EARGUMENT, "has no records of net.onnx on branch dev");
    refuse_read(&layer, PJ_EARGUMENT, "no layer of net.onnx matches 'pool*'");
}

static void refuse_entry(const pj_history_entry *entry, const char *part)
{
    pj_error err = {0};
    unlink(file);
    CHECK_INT(pj_history_append(file, entry, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, part);
    CHECK(access(file, F_OK) != 0); /* not even made */
}

static void test_bad_entries(void)
{
    const pj_history_layer broken = {"conv1", "Conv", NAN};
    pj_history_entry entry = entry_at("2026-01-01", 1);
    refuse_entry(&entry, "\"2026-01-01\" is not of the form");
    entry = entry_at("2026-01-01T00:00:00Z", INFINITY);
    refuse_entry(&entry, "inputs is no number from 0 on");
    entry = entry_at("2026-01-01T00:00:00Z", -1);
    refuse_entry(&entry, "inputs is no number from 0 on");
    entry = entry_at("2026-01-01T00:00:00Z", 1);
    entry.totals.macs = -1;
    refuse_entry(&entry, "macs is negative");
    entry = entry_at("2026-01-01T00:00:00Z", 1);
    entry.model = NULL;
    refuse_entry(&entry, "model is missing");
    entry = entry_at("2026-01-01T00:00:00Z", 1);
    entry.layers = &broken;
    entry.layer_count = 1;
    refuse_entry(&entry, "layer 0 of the record");
}

/* A text past the limit of one text or row: nothing of the record is left. */
static void test_long_text(void)
{
    pj_error err = {0};
    char *text = calloc(PJ_MAX_STORE_TEXT + 2, 1);
    fill_file();
    pj_history_entry entry = entry_at("2026-04-01T00:00:00Z", 1);
    memset(text, 'x', PJ_MAX_STORE_TEXT + 1);
    entry.settings = text;
    CHECK_INT(pj_history_append(file, &entry, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "longer than the 1048576 bytes");
    pj_history *history = read_trend(NULL, NULL, 0);
    CHECK_INT(history->count, 3);
    pj_history_free(history);
    text[PJ_MAX_STORE_TEXT / 2] = 0;
    append(&entry);
    free(text);
}

static void change_file(const char *sql)
{
    sqlite3 *db = NULL;
    char *what = NULL;
    CHECK_INT(sqlite3_open(file, &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, &what), SQLITE_OK);
    CHECK(!what);
    sqlite3_close(db);
}

/* A file that somebody has tampered with. */
static void test_hostile(void)
{
    /* clang-format off */
    static const struct {
        const char *sql, *part;
    } cases[] = {
        {"UPDATE record SET macs = -5 WHERE id = 2", "record 2 is damaged: its macs is negative"},
        {"UPDATE record SET inputs = 9e999", "its inputs is no number from 0 on"},
        {"UPDATE record SET time = 'yesterday' WHERE id = 1", "record 1 is damaged: its time is \"yesterday\""},
        {"UPDATE layer SET energy = -1", "a layer has no name, operator or energy"},
        {"UPDATE record SET path = CAST(x'6e006e' AS TEXT)", "is damaged: its path holds no text"},
        {"UPDATE record SET path = x'6e6e'", "is damaged: its path holds no text"},
        {"UPDATE record SET macs = 'many'", "is damaged: its macs holds no whole number"},
        {"UPDATE record SET inputs = x'00'", "is damaged: its inputs holds no number"},
        {"UPDATE layer SET name = x'00'", "is damaged: its name holds no text"},
        {"UPDATE layer SET energy = 'much'", "is damaged: its energy holds no number"},
        {"DROP TABLE layer", "no history of picojoule: no such table: layer"},
        {"ALTER TABLE record DROP COLUMN bops", "no history of picojoule: no such column: bops"},
        {"DROP TABLE record; CREATE VIEW record AS SELECT *, 1 AS id FROM layer", "access to view"},
    };
    /* clang-format on */
    const pj_history_query query = {"net.onnx", NULL, "*", 0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill_file();
        change_file(cases[i].sql);
        refuse_read(&query, PJ_EFORMAT, cases[i].part);
    }
    static const char *const names[] = {"x'6e006e'", "CAST(x'6e006e' AS TEXT)", "CAST(x'ff00' AS TEXT)"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char sql[80];
        pj_error err = {0};
        pj_history_list *list = NULL;
        fill_file();
        snprintf(sql, sizeof sql, "UPDATE record SET model = %s WHERE id = 2", names[i]);
        change_file(sql);
        CHECK_INT(pj_history_models(file, &list, &err), PJ_EFORMAT);
        CHECK_PART(err.what, "is damaged: its model holds no text");
    }
    /* a trigger of somebody else's is not run */
    fill_file();
    change_file("CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM layer; END");
    pj_history_entry entry = entry_at("2026-05-01T00:00:00Z", 1);
    append(&entry);
    pj_history *history = read_trend(NULL, "*", 0);
    CHECK_INT(history->entries[0].layer_count, 2);
    pj_history_free(history);
}

/* Any byte of a file may be another one: reading ends with a status, and no record that it gives is absurd. */
static void test_mutations(void)
{
    enum { MOST = 64 * 1024, STEP = 37 };
    static char bytes[MOST];
    fill_file();
    FILE *from = fopen(file, "rb");
    size_t size = from ? fread(bytes, 1, MOST, from) : 0;
    CHECK(from && fclose(from) == 0 && size > 4096 && size < MOST);
    for (size_t at = 0; at < size; at += at < 100 ? 1 : STEP) {
        pj_error err = {0};
        pj_history *history = NULL;
        const pj_history_query query = {"net.onnx", NULL, "*", 0};
        char good = bytes[at];
        bytes[at] = (char)(good ^ (1 << at % 8));
        FILE *to = fopen(file, "wb");
        CHECK(to && fwrite(bytes, 1, size, to) == size && fclose(to) == 0);
        bytes[at] = good;
        pj_status status = pj_history_read(file, &query, &history, &err);
        CHECK(status != PJ_OK || (history->count > 0 && history->entries[0].totals.energy.inputs >= 0));
        CHECK(err.status == status);
        pj_history_free(history);
    }
}

static void test_times(void)
{
    CHECK(pj_time_is_valid("2026-11-20T22:09:24Z"));
    CHECK(pj_time_is_valid("0000-01-01T00:00:00Z"));
    CHECK(pj_time_is_valid("2016-12-31T23:59:60Z")); /* a leap second */
    static const char *const wrong[] = {"",
                                        "2026",
                                        "2026-11-20",
                                        "2026-11-20T22:09:24",
                                        "2026-11-20 22:09:24Z",
                                        "2026-11-20T22:09:24Zx",
                                        "2026-13-20T22:09:24Z",
                                        "2026-00-20T22:09:24Z",
                                        "2026-11-32T22:09:24Z",
                                        "2026-11-20T24:09:24Z",
                                        "2026-11-20T22:60:24Z",
                                        "2026-11-20T22:09:61Z",
                                        "-026-11-20T22:09:24Z"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!pj_time_is_valid(wrong[i]));
}

static void check_spark(const double *values, size_t count, bool utf8, const char *want)
{
    pj_str text = pj_str_new(0);
    pj_trend_spark(values, count, utf8, &text);
    CHECK_TEXT(text.data, want);
    pj_str_free(&text);
}

/* Eight levels: the range in eight equal parts, its upper end in the last one. */
static void test_sparks(void)
{
    const double up[] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, flat[] = {3, 3}, gap[] = {1, NAN, 9};
    check_spark(up, 9, false, "_.-:=+*##");
    check_spark(up, 9, true, "▁▂▃▄▅▆▇██");
    check_spark(flat, 2, false, "=="); /* neither high nor low */
    check_spark(gap, 3, true, "▁ █");
    check_spark(gap + 1, 1, true, " ");
}

static void check_change(double from, double to, const char *want)
{
    pj_str text = pj_str_new(0);
    pj_trend_change(from, to, &text);
    CHECK_TEXT(text.data, want);
    pj_str_free(&text);
}

static void test_changes(void)
{
    check_change(200, 210, "+5.0 %");
    check_change(200, 100, "-50.0 %");
    check_change(200, 200, "0.0 %");
    check_change(10000, 10001, "<+0.1 %");
    check_change(10000, 9999, ">-0.1 %");
    check_change(0, 1, "");
    check_change(NAN, 1, "");
}

static void test_difference(void)
{
    pj_history_entry entries[2] = {entry_at("2026-01-01T00:00:00Z", 1), entry_at("2026-01-02T00:00:00Z", 1)};
    const pj_history history = {file, "net.onnx", NULL, entries, 2};
    pj_str text = pj_str_new(0);
    entries[0].version = entries[1].version = PICOJOULE_VERSION;
    CHECK(pj_trend_compares(&history, 0) && pj_trend_compares(&history, 1) && pj_trend_is_even(&history));
    entries[0].settings = "--weights-on dram --sram-min 0 --dim a=1";
    entries[1].settings = "--weights-on sram --sram-min 0 --quantize int8 --dim a=1";
    entries[1].table = "mine";
    CHECK(!pj_trend_compares(&history, 1) && !pj_trend_is_even(&history));
    pj_trend_difference(&history, 1, &text);
    CHECK_TEXT(text.data, "table mine instead of horowitz-45nm, with --weights-on sram, with --quantize int8, "
                          "without --weights-on dram");
    pj_str_free(&text);
}

/* Energies in another unit than the newest one's are not drawn; layers are sorted by what they once cost. */
static void test_lines(void)
{
    const pj_history_layer first[] = {
        {"a", "Conv", 1},
        {"b", "Conv", 5}
    };
    const pj_history_layer second[] = {
        {"a", "Conv", 9}
    };
    pj_history_entry entries[3] = {entry_at("2026-01-01T00:00:00Z", 1), entry_at("2026-01-02T00:00:00Z", 2),
                                   entry_at("2026-01-03T00:00:00Z", 3)};
    pj_history history = {file, "net.onnx", NULL, entries, 3};
    pj_arena *arena = pj_arena_new(0);
    size_t count;
    entries[0].unit = "relative";
    entries[0].layers = entries[1].layers = first;
    entries[2].layers = second;
    entries[2].layer_count = 1;
    pj_trend_line *lines = pj_trend_lines(&history, pj_trend_metric(NULL), arena, &count);
    CHECK_INT(count, 1);
    CHECK(isnan(lines[0].values[0]));
    CHECK_NEAR(lines[0].values[1], 2 + 2 + 3 + 4, 0);
    CHECK_NEAR(lines[0].most, 3 + 2 + 3 + 4, 0);
    lines = pj_trend_lines(&history, pj_trend_metric("peak_bytes"), arena, &count);
    CHECK(isnan(lines[0].values[2]));
    lines = pj_trend_lines(&history, pj_trend_metric("params"), arena, &count);
    CHECK_NEAR(lines[0].values[0], 5, 0);
    history.layer = "*";
    lines = pj_trend_lines(&history, pj_trend_metric(NULL), arena, &count);
    CHECK_INT(count, 2);
    CHECK_TEXT(lines[0].name, "a"); /* 9 > 5 */
    CHECK(isnan(lines[0].values[0]) && lines[0].values[1] == 1 && lines[0].values[2] == 9);
    CHECK(lines[1].values[1] == 5 && isnan(lines[1].values[2]));
    pj_arena_free(arena);
}

int main(void)
{
    snprintf(file, sizeof file, "/tmp/pj-history-%ld.db", (long)getpid());
    test_round_trip();
    test_order();
    test_later_figure();
    test_layers();
    test_models();
    test_questions();
    test_bad_entries();
    test_long_text();
    test_hostile();
    test_mutations();
    test_times();
    test_sparks();
    test_changes();
    test_difference();
    test_lines();
    unlink(file);
    return check_done();
}
