#include "store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_TEMPLATE = 256 * 1024, MOST_EDITS = 64 };

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

const char *fuzz_store_path(void)
{
    static char path[256];
    const char *folder = getenv("TMPDIR");
    if (!*path)
        snprintf(path, sizeof path, "%.200s/pj-fuzz-%ld.db", folder ? folder : "/tmp", (long)getpid());
    return path;
}

bool fuzz_swallow(const char *bytes, size_t length, void *payload)
{
    for (size_t i = 0; i < length; i++)
        must(bytes[i] != '\033', "an escape sequence was printed");
    *(size_t *)payload += length;
    return true;
}

static void write_file(const void *bytes, size_t size)
{
    FILE *file = fopen(fuzz_store_path(), "wb");
    must(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, "the file cannot be written");
}

static sqlite3 *open_file(void)
{
    sqlite3 *db = NULL;
    must(sqlite3_open(fuzz_store_path(), &db) == SQLITE_OK, "the file cannot be opened");
    must(sqlite3_exec(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY", NULL, NULL, NULL) == SQLITE_OK,
         "the file cannot be set up");
    return db;
}

/* Makes the columns forget what they were declared as. */
static void loosen(sqlite3 *db, const char *table)
{
    char sql[2048], columns[1024] = "";
    sqlite3_stmt *all = NULL;
    snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
    must(sqlite3_prepare_v2(db, sql, -1, &all, NULL) == SQLITE_OK, "a table is missing");
    for (int i = 0; i < sqlite3_column_count(all); i++) {
        size_t used = strlen(columns);
        snprintf(columns + used, sizeof columns - used, "%s%s", i ? ", " : "", sqlite3_column_name(all, i));
    }
    sqlite3_finalize(all);
    snprintf(sql, sizeof sql,
             "CREATE TABLE loose(%s); INSERT INTO loose SELECT * FROM %s; DROP TABLE %s;"
             "ALTER TABLE loose RENAME TO %s",
             columns, table, table, table);
    must(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "a table cannot be made anew");
}

static size_t read_template(const fuzz_store *store, uint8_t *bytes)
{
    unlink(fuzz_store_path());
    store->fill(fuzz_store_path());
    sqlite3 *db = open_file();
    for (size_t i = 0; store->tables[i]; i++)
        loosen(db, store->tables[i]);
    sqlite3_close(db);
    FILE *file = fopen(fuzz_store_path(), "rb");
    size_t size = file ? fread(bytes, 1, MOST_TEMPLATE, file) : 0;
    must(file && size > 0 && size < MOST_TEMPLATE && fclose(file) == 0, "the sound file cannot be read");
    return size;
}

static void bind_value(sqlite3_stmt *update, unsigned type, const uint8_t *at, size_t length)
{
    int64_t whole = 0;
    double real;
    memcpy(&whole, at, length < sizeof whole ? length : sizeof whole);
    memcpy(&real, &whole, sizeof real);
    if (type == 0)
        sqlite3_bind_null(update, 1);
    else if (type == 1)
        sqlite3_bind_int64(update, 1, whole);
    else if (type == 2)
        sqlite3_bind_double(update, 1, real);
    else if (type == 3)
        sqlite3_bind_text(update, 1, (const char *)at, (int)length, SQLITE_TRANSIENT);
    else
        sqlite3_bind_blob(update, 1, at, (int)length, SQLITE_TRANSIENT);
}

static const char *column_of(sqlite3 *db, const char *table, unsigned number, char *out, size_t room)
{
    char sql[80];
    sqlite3_stmt *all = NULL;
    snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
    must(sqlite3_prepare_v2(db, sql, -1, &all, NULL) == SQLITE_OK, "a table is missing");
    snprintf(out, room, "%s", sqlite3_column_name(all, (int)(number % (unsigned)sqlite3_column_count(all))));
    sqlite3_finalize(all);
    return out;
}

/* Row 0: all rows. */
static void edit(const fuzz_store *store, sqlite3 *db, const uint8_t head[5], const uint8_t *at)
{
    char sql[160], column[80];
    size_t tables = 0;
    sqlite3_stmt *update = NULL;
    while (store->tables[tables])
        tables++;
    const char *table = store->tables[head[0] % tables];
    snprintf(sql, sizeof sql, "UPDATE %s SET %s = ?1 WHERE ?2 = 0 OR rowid = ?2", table,
             column_of(db, table, head[1], column, sizeof column));
    must(sqlite3_prepare_v2(db, sql, -1, &update, NULL) == SQLITE_OK, "a cell cannot be changed");
    bind_value(update, head[3] % 5, at, head[4]);
    sqlite3_bind_int(update, 2, head[2] % 4);
    sqlite3_step(update);
    sqlite3_finalize(update);
}

void fuzz_store_make(const fuzz_store *store, const uint8_t *data, size_t size)
{
    static uint8_t sound[MOST_TEMPLATE];
    static size_t sound_size;
    enum { HEAD = 5 };
    if (size > 0 && data[0] == 0) {
        write_file(data + 1, size - 1);
        return;
    }
    if (!sound_size)
        sound_size = read_template(store, sound);
    write_file(sound, sound_size);
    sqlite3 *db = open_file();
    for (size_t at = 1, edits = 0; at + HEAD <= size && edits < MOST_EDITS; edits++) {
        const uint8_t *head = data + at;
        uint8_t clipped[HEAD];
        memcpy(clipped, head, HEAD);
        if (clipped[4] > size - at - HEAD)
            clipped[4] = (uint8_t)(size - at - HEAD);
        edit(store, db, clipped, head + HEAD);
        at += HEAD + clipped[4];
    }
    sqlite3_close(db);
}
