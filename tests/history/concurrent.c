/* Histories and Pareto files under many writers, and under writers that are killed: nothing that was acknowledged is
 * lost, and the file stays sound.
 *
 *     concurrent FOLDER        works in a folder of its own in there */
#define _XOPEN_SOURCE 700 /* mkdtemp; NOLINT */

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "picojoule/history.h"

enum { WRITERS = 8, RECORDS = 200, KILLS = 12 };

static char file[4096];

static void use_file(const char *folder, const char *name)
{
    snprintf(file, sizeof file, "%s/%s", folder, name);
}

/* A record that tells its writer and its number: 1000 * writer + number MACs, and as many layers as a small network. */
static bool append(int writer, int number)
{
    enum { LAYERS = 20 };
    pj_error err = {0};
    char commit[32];
    pj_history_layer layers[LAYERS];
    for (int i = 0; i < LAYERS; i++)
        layers[i] = (pj_history_layer){"conv", "Conv", i};
    snprintf(commit, sizeof commit, "%d-%d", writer, number);
    pj_history_entry entry = {
        .model = "m",
        .commit = commit,
        .time = "2026-01-01T00:00:00Z",
        .table = "t",
        .rules = "picojoule",
        .unit = "pJ",
        .settings = "",
        .totals = {.macs = 1000 * writer + number, .peak_activation_bytes = -1},
        .layers = layers,
        .layer_count = LAYERS
    };
    bool ok = pj_history_append(file, &entry, &err) == PJ_OK;
    if (!ok)
        fprintf(stderr, "%s: %s\n", err.file, err.what);
    return ok;
}

static bool add_point(int writer, int number)
{
    pj_error err = {0};
    pj_pareto_point point = {.quality = 1000 * writer + number, .unit = "pJ", .time = "2026-01-01T00:00:00Z"};
    return pj_pareto_add(file, &point, PJ_BETTER_AS_FILE, &err) == PJ_OK;
}

/* Runs all writers at once; each calls `write` so often. Returns how many succeeded in everything. */
static int run_writers(bool (*write)(int writer, int number), int count)
{
    pid_t child[WRITERS];
    int good = 0;
    for (int w = 0; w < WRITERS; w++) {
        child[w] = fork();
        if (child[w] == 0) {
            bool ok = true;
            for (int i = 0; ok && i < count; i++)
                ok = write(w, i);
            _exit(ok ? 0 : 1);
        }
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        waitpid(child[w], &status, 0);
        good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    return good;
}

/* How many records there are of each (writer, number); true: exactly one of each, each with its layers. */
static void check_all_present(void)
{
    static int seen[WRITERS][RECORDS];
    pj_error err = {0};
    pj_history *history = NULL;
    const pj_history_query query = {.model = "m", .layer = "conv"};
    CHECK_INT(pj_history_read(file, &query, &history, &err), PJ_OK);
    if (!history)
        return;
    CHECK_INT(history->count, WRITERS * RECORDS);
    size_t whole = 0, once = 0;
    for (size_t i = 0; i < history->count; i++) {
        int64_t macs = history->entries[i].totals.macs;
        if (macs >= 0 && macs / 1000 < WRITERS && macs % 1000 < RECORDS)
            seen[macs / 1000][macs % 1000]++;
        whole += history->entries[i].layer_count == 20;
    }
    for (int w = 0; w < WRITERS; w++)
        for (int i = 0; i < RECORDS; i++)
            once += seen[w][i] == 1;
    CHECK_INT(once, WRITERS * RECORDS);
    CHECK_INT(whole, history->count);
    pj_history_free(history);
}

/* SQLite's own word on the file. */
static void check_sound(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    CHECK_INT(sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_step(statement), SQLITE_ROW);
    CHECK_TEXT((const char *)sqlite3_column_text(statement, 0), "ok");
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* The child acknowledges each record with its number; the parent kills it after some, at a moment of its own. Returns
 * the last number that was acknowledged. */
static int record_until_killed(int round)
{
    int ends[2], last = -1, number;
    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (int i = 0; append(round, i); i++)
            if (write(ends[1], &i, sizeof i) != sizeof i)
                break;
        _exit(1);
    }
    close(ends[1]);
    for (int i = 0; i < 3 + round % 4 && read(ends[0], &number, sizeof number) == sizeof number; i++)
        last = number;
    const struct timespec pause = {0, round * 700000L}; /* to somewhere in a later record */
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(ends[0], &number, sizeof number) == sizeof number)
        last = number;
    close(ends[0]);
    return last;
}

/* All up to the last acknowledged one are there, and at most one more: killed between commit and acknowledgement. */
static void check_round(int round, int last)
{
    pj_error err = {0};
    pj_history *history = NULL;
    const pj_history_query query = {.model = "m", .layer = "conv"};
    int64_t records = 0, whole = 0;
    CHECK(last >= 0);
    CHECK_INT(pj_history_read(file, &query, &history, &err), PJ_OK);
    for (size_t i = 0; history && i < history->count; i++)
        if (history->entries[i].totals.macs / 1000 == round) {
            CHECK_INT(history->entries[i].totals.macs % 1000, records);
            records++;
            whole += history->entries[i].layer_count == 20;
        }
    CHECK(records == last + 1 || records == last + 2);
    CHECK_INT(whole, records);
    pj_history_free(history);
}

static void test_many(const char *folder)
{
    use_file(folder, "many.db"); /* made by whoever comes first */
    CHECK_INT(run_writers(append, RECORDS), WRITERS);
    check_all_present();
    check_sound();
    unlink(file);
}

static void test_points(const char *folder)
{
    pj_error err = {0};
    pj_pareto *pareto = NULL;
    use_file(folder, "points.db");
    CHECK_INT(run_writers(add_point, 20), WRITERS);
    CHECK_INT(pj_pareto_read(file, PJ_BETTER_AS_FILE, 0, &pareto, &err), PJ_OK);
    CHECK_INT(pareto ? pareto->count : 0, WRITERS * 20);
    pj_pareto_free(pareto);
    unlink(file);
}

static void test_killed(const char *folder)
{
    use_file(folder, "killed.db");
    for (int round = 0; round < KILLS; round++) {
        int last = record_until_killed(round);
        check_round(round, last); /* takes back what the dead one left half done */
        check_sound();
    }
    CHECK(append(KILLS, 0)); /* a journal that was only begun stays until somebody writes */
    unlink(file);
}

int main(int count, char **words)
{
    char folder[2048];
    if (count != 2)
        return 2;
    snprintf(folder, sizeof folder, "%s/picojoule-XXXXXX", words[1]);
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    test_many(folder);
    test_points(folder);
    test_killed(folder);
    CHECK_INT(rmdir(folder), 0); /* nothing was left behind */
    return check_done();
}
