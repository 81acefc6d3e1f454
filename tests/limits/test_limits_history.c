/* The caps of history files: at the limit a file is read, one past it is refused. That of one text is in
 * unit/test_history.c. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "picojoule/history.h"

static char file[64];

/* Points 1, 2, ... with energies 1, 2, ... and qualities that get worse: the first one dominates all others. */
static void fill_to(int first, int last)
{
    sqlite3 *db = NULL;
    char sql[512];
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO "
             "point(quality, energy, time) SELECT i, i, '2026-01-01T00:00:00Z' FROM n",
             first, last);
    CHECK_INT(sqlite3_open(file, &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

int main(void)
{
    pj_error err = {0};
    pj_pareto *pareto = NULL;
    const pj_pareto_point point = {.quality = 1, .energy = 1, .unit = "pJ", .time = "2026-01-01T00:00:00Z"};
    snprintf(file, sizeof file, "/tmp/pj-limit-%ld.db", (long)getpid());
    CHECK_INT(pj_pareto_add(file, &point, PJ_BETTER_AS_FILE, &err), PJ_OK);
    fill_to(2, PJ_HISTORY_MOST);
    CHECK_INT(pj_pareto_read(file, PJ_BETTER_AS_FILE, 0.1, &pareto, &err), PJ_OK);
    CHECK_INT(pareto ? pareto->count : 0, PJ_HISTORY_MOST);
    CHECK_INT(pareto ? pareto->frontier_count : 0, 1);
    pj_pareto_free(pareto);
    pareto = NULL;
    fill_to(PJ_HISTORY_MOST + 1, PJ_HISTORY_MOST + 1);
    CHECK_INT(pj_pareto_read(file, PJ_BETTER_AS_FILE, 0.1, &pareto, &err), PJ_ELIMIT);
    CHECK_PART(err.what, "more than 1000000 points");
    CHECK(!pareto);
    unlink(file);
    return check_done();
}
