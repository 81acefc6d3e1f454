/* Opening SQLite files: is it ours, is it sound; transactions; what SQLite's result codes mean to us. */
#include "history/store.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/str.h"
#include "picojoule/history.h"
#if PJ_HISTORY
#include <sqlite3.h>
#endif

bool pj_store_error(const pj_store *store, pj_status status, const char *format, ...)
{
    char what[sizeof store->err->what];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    pj_error_at(store->err, store->file, NULL, NULL);
    return pj_error_set(store->err, status, "%s", what);
}

#if PJ_HISTORY

/* What a result code of SQLite means. The low byte is the kind; the rest tells which system call it was. */
static pj_status fail_with(const pj_store *store, int code)
{
    const char *text = store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);
    int system = store->db ? sqlite3_system_errno(store->db) : 0;
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return pj_store_fail(store, PJ_ENOMEM, "not enough memory");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return pj_store_fail(store, PJ_EIO, "is locked by another process for more than %d s", PJ_HISTORY_WAIT_S);
    case SQLITE_FULL:
        return pj_store_fail(store, PJ_EIO, "cannot be written: the disk is full, or the file may not grow further");
    case SQLITE_READONLY:
        return pj_store_fail(store, PJ_EIO, "cannot be written: %s", text);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return pj_store_fail(store, PJ_EIO, "cannot be opened: %s", system ? strerror(system) : text);
    case SQLITE_IOERR:
        return pj_store_fail(store, PJ_EIO, "cannot be read or written: %s", system ? strerror(system) : text);
    case SQLITE_TOOBIG:
        return pj_store_fail(store, PJ_ELIMIT, "a text is longer than the %d bytes that are accepted here",
                             PJ_MAX_STORE_TEXT);
    case SQLITE_NOTADB:
        return pj_store_fail(store, PJ_EFORMAT, "is no SQLite file");
    default:
        return pj_store_fail(store, PJ_EFORMAT, "is damaged, or no %s of picojoule: %s", store->kind->what, text);
    }
}

pj_status pj_statement_new(pj_store *store, const char *sql, pj_statement *out)
{
    *out = (pj_statement){.store = store};
    int code = sqlite3_prepare_v2(store->db, sql, -1, &out->sql, NULL);
    return code == SQLITE_OK ? PJ_OK : fail_with(store, code);
}

void pj_statement_free(pj_statement *statement)
{
    sqlite3_finalize(statement->sql); /* tells the last step's failure again */
    statement->sql = NULL;
}

static void put_done(pj_statement *s, int code)
{
    if (code != SQLITE_OK)
        s->failed = code;
}

void pj_store_put_text(pj_statement *s, const char *text)
{
    put_done(s, sqlite3_bind_text(s->sql, ++s->at, text, -1, SQLITE_STATIC));
}

void pj_store_put_int(pj_statement *s, int64_t value)
{
    put_done(s, sqlite3_bind_int64(s->sql, ++s->at, value));
}

void pj_store_put_real(pj_statement *s, double value)
{
    put_done(s, sqlite3_bind_double(s->sql, ++s->at, value));
}

pj_status pj_statement_step(pj_statement *statement, bool *row)
{
    int code = statement->failed ? statement->failed : sqlite3_step(statement->sql);
    statement->at = 0;
    if (row)
        *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return PJ_OK;
    pj_status status = code == SQLITE_DONE ? PJ_OK : fail_with(statement->store, code);
    sqlite3_reset(statement->sql);
    sqlite3_clear_bindings(statement->sql);
    return status;
}

/* A file may hold anything in any cell, whatever its columns were declared as. */
static pj_status fail_cell(const pj_statement *s, int column, const char *what)
{
    return pj_store_fail(s->store, PJ_EFORMAT, "is damaged: its %.40s holds %s", sqlite3_column_name(s->sql, column),
                         what);
}

pj_status pj_store_get_text(pj_statement *s, pj_arena *arena, const char **out)
{
    int column = s->at++, type = sqlite3_column_type(s->sql, column);
    *out = NULL;
    if (type == SQLITE_NULL)
        return PJ_OK;
    const char *text = type == SQLITE_TEXT ? (const char *)sqlite3_column_text(s->sql, column) : "";
    PJ_TRY(pj_got(text, s->store->err));
    if (type != SQLITE_TEXT || strlen(text) != (size_t)sqlite3_column_bytes(s->sql, column))
        return fail_cell(s, column, "no text");
    *out = pj_arena_strdup(arena, text);
    return pj_got(*out, s->store->err);
}

pj_status pj_store_get_int(pj_statement *s, int64_t *out)
{
    int column = s->at++;
    *out = sqlite3_column_int64(s->sql, column);
    return sqlite3_column_type(s->sql, column) == SQLITE_INTEGER ? PJ_OK : fail_cell(s, column, "no whole number");
}

pj_status pj_store_get_real(pj_statement *s, double *out)
{
    int column = s->at++, type = sqlite3_column_type(s->sql, column);
    *out = sqlite3_column_double(s->sql, column);
    return type == SQLITE_FLOAT || type == SQLITE_INTEGER ? PJ_OK : fail_cell(s, column, "no number");
}

bool pj_store_next_is_null(const pj_statement *s)
{
    return sqlite3_column_type(s->sql, s->at) == SQLITE_NULL;
}

int64_t pj_store_peek_int(const pj_statement *s, int column)
{
    return sqlite3_column_int64(s->sql, column);
}

static pj_status run(pj_store *store, const char *sql)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? PJ_OK : fail_with(store, code);
}

pj_status pj_store_ask(pj_store *store, const char *sql, int64_t *out)
{
    pj_statement s;
    bool row = false;
    *out = 0;
    PJ_TRY(pj_statement_new(store, sql, &s));
    pj_status status = pj_statement_step(&s, &row);
    if (status == PJ_OK && row)
        status = pj_store_get_int(&s, out);
    pj_statement_free(&s);
    return status;
}

static pj_status fail_foreign(const pj_store *store)
{
    return pj_store_fail(store, PJ_EFORMAT, "is no %s of picojoule; `%s` makes one", store->kind->what,
                         store->kind->made_by);
}

/* Of nothing at all a new file may be made. */
typedef struct identity {
    int64_t application, version, tables;
} identity;

static pj_status check_identity(const pj_store *store, const identity *id, bool *is_new)
{
    const pj_store_kind *kind = store->kind;
    *is_new = id->application == 0 && id->version == 0 && id->tables == 0;
    if (*is_new)
        return PJ_OK;
    if (id->application != kind->application)
        return fail_foreign(store);
    if (id->version > kind->version)
        return pj_store_fail(store, PJ_EFORMAT,
                             "was written by a newer picojoule: its format is %lld, this program knows %d",
                             (long long)id->version, (int)kind->version);
    return id->version == kind->version ? PJ_OK : fail_foreign(store);
}

static int64_t number_at(const unsigned char *bytes)
{
    return (int32_t)((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3]);
}

/* Looks at the header before SQLite does: opening somebody else's file for writing may already change it (a journal is
 * rolled back, a log is put into it). Reads through SQLite's own handle, since closing one of ours would drop the locks
 * that other connections of this process hold. */
static pj_status check_header(const pj_store *store, sqlite3_file *file)
{
    enum { HEADER = 100, VERSION_AT = 60, APPLICATION_AT = 68 }; /* of the SQLite file format, section 1.3 */
    unsigned char header[HEADER];
    sqlite3_int64 size = 0;
    bool is_new;
    int code = file->pMethods->xFileSize(file, &size);
    if (code == SQLITE_OK && size == 0)
        return PJ_OK;
    if (code == SQLITE_OK && size >= HEADER)
        code = file->pMethods->xRead(file, header, HEADER, 0);
    if (code != SQLITE_OK)
        return fail_with(store, code);
    if (size < HEADER || memcmp(header, "SQLite format 3", 16) != 0)
        return fail_with(store, SQLITE_NOTADB);
    identity id = {number_at(header + APPLICATION_AT), number_at(header + VERSION_AT), 1};
    return check_identity(store, &id, &is_new);
}

/* A file that is not there passes. */
static pj_status probe(const char *path, pj_store *store)
{
    struct stat info;
    sqlite3_file *file = NULL;
    if (stat(path, &info) != 0)
        return errno == ENOENT ? PJ_OK : pj_store_fail(store, PJ_EIO, "cannot be opened: %s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return pj_store_fail(store, PJ_EIO, "is no regular file");
    int code = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, (void *)&file);
    pj_status status = code == SQLITE_OK ? check_header(store, file) : fail_with(store, code);
    sqlite3_close(store->db);
    store->db = NULL;
    return status;
}

/* The file may be hostile: no code out of its schema is run, sizes are capped. EXTRA: a commit that was told is on
 * disk, the removal of its journal included. */
static pj_status set_up(pj_store *store)
{
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, PJ_HISTORY_WAIT_S * 1000);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, PJ_MAX_STORE_TEXT);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)NULL);
    return run(store, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = EXTRA");
}

static pj_status make_tables(pj_store *store)
{
    char sql[128];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", (int)store->kind->application,
             (int)store->kind->version);
    PJ_TRY(run(store, store->kind->schema));
    return run(store, sql);
}

/* Under the lock, so that of two who make the file the second one finds it made. */
static pj_status begin(pj_store *store, bool to_write)
{
    identity id = {0};
    bool is_new;
    PJ_TRY(run(store, to_write ? "BEGIN IMMEDIATE" : "BEGIN"));
    PJ_TRY(pj_store_ask(store, "PRAGMA application_id", &id.application));
    PJ_TRY(pj_store_ask(store, "PRAGMA user_version", &id.version));
    PJ_TRY(pj_store_ask(store, "SELECT count(*) FROM sqlite_master", &id.tables));
    PJ_TRY(check_identity(store, &id, &is_new));
    if (is_new && !to_write)
        return pj_store_fail(store, PJ_EFORMAT, "is empty: nothing has been recorded yet; `%s` does",
                             store->kind->made_by);
    return is_new ? make_tables(store) : PJ_OK;
}

static pj_status open_path(const char *path, bool to_write, pj_store *store)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (to_write ? SQLITE_OPEN_CREATE : 0);
    PJ_TRY(probe(path, store));
    int code = sqlite3_open_v2(path, &store->db, flags, NULL);
    pj_status status = code == SQLITE_OK ? set_up(store) : fail_with(store, code);
    if (status == PJ_OK)
        status = begin(store, to_write);
    return status == PJ_OK ? PJ_OK : pj_store_close(store, status);
}

pj_status pj_store_open(const char *file, const pj_store_kind *kind, bool to_write, pj_store *out, pj_error *err)
{
    *out = (pj_store){NULL, file, kind, err};
    pj_str path = pj_str_new(0); /* ":memory:", "file:..." and "" would mean something else to SQLite */
    pj_str_add(&path, file[0] == '/' ? "" : "./");
    pj_str_add(&path, file);
    pj_status status = path.failed ? pj_store_fail(out, PJ_ENOMEM, "not enough memory") : PJ_OK;
    if (status == PJ_OK)
        status = open_path(path.data, to_write, out);
    pj_str_free(&path);
    return status;
}

pj_status pj_store_close(pj_store *store, pj_status status)
{
    if (status == PJ_OK)
        status = run(store, "COMMIT");
    sqlite3_close(store->db); /* rolls back what is not committed */
    store->db = NULL;
    return status;
}

#endif
