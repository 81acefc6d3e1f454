/* An SQLite file of ours: opened with care, made as a whole, one transaction from open to close. A build without SQLite
 * (PJ_HISTORY=OFF) opens none, and says so (store_none.c).
 *
 * The journal is SQLite's rollback journal (mode DELETE): between transactions everything is in the one file, so that
 * it can be copied or cached, and a reader needs no right to write. A killed writer leaves FILE-journal behind, which
 * the next one who opens FILE rolls back. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* A kind of file. */
typedef struct pj_store_kind {
    const char *what;    /* "history of figures" */
    const char *made_by; /* the command that makes one */
    int32_t application; /* SQLite's application_id */
    int32_t version;     /* of the tables: user_version */
    const char *schema;  /* SQL that makes them */
} pj_store_kind;

typedef struct pj_store {
    struct sqlite3 *db;
    const char *file;
    const pj_store_kind *kind;
    pj_error *err;
} pj_store;

/* Opens the file and begins a transaction; pj_store_close ends it. To write: a file that is absent or empty becomes one
 * of this kind. PJ_EIO, PJ_EFORMAT, PJ_ENOMEM, with err->file set; then there is nothing to close. */
pj_status pj_store_open(const char *file, const pj_store_kind *kind, bool to_write, pj_store *out, pj_error *err);

/* Ends the transaction: commits if `status` is PJ_OK, else rolls back. Returns `status`, or why the commit failed. */
pj_status pj_store_close(pj_store *store, pj_status status);

/* One SQL statement. Values are put, and got, in the order of its parameters or columns. */
typedef struct pj_statement {
    pj_store *store;
    struct sqlite3_stmt *sql;
    int at; /* parameters put, or columns got */
    int failed;
} pj_statement;

pj_status pj_statement_new(pj_store *store, const char *sql, pj_statement *out);
void pj_statement_free(pj_statement *statement);

void pj_store_put_text(pj_statement *s, const char *text); /* borrowed until the statement is done; NULL: null */
void pj_store_put_int(pj_statement *s, int64_t value);
void pj_store_put_real(pj_statement *s, double value);

/* Runs to the next row; *row is false past the last one, and the statement is ready for new values. `row` NULL: for
 * a statement without rows. */
pj_status pj_statement_step(pj_statement *statement, bool *row);

/* PJ_EFORMAT where the cell holds something of another type, or a text with a NUL in it. A text is a copy in the arena,
 * NULL for null. PJ_ENOMEM. */
pj_status pj_store_get_text(pj_statement *s, pj_arena *arena, const char **out);
pj_status pj_store_get_int(pj_statement *s, int64_t *out);
pj_status pj_store_get_real(pj_statement *s, double *out);
bool pj_store_next_is_null(const pj_statement *s);            /* of the next column; takes nothing */
int64_t pj_store_peek_int(const pj_statement *s, int column); /* of any column; takes nothing */

/* The whole number that a statement without parameters gives. */
pj_status pj_store_ask(pj_store *store, const char *sql, int64_t *out);

/* pj_fail() with the file in err->file; a macro for the same reason. */
#define pj_store_fail(store, status, ...) pj_failed_with((status), pj_store_error((store), (status), __VA_ARGS__))
bool pj_store_error(const pj_store *store, pj_status status, const char *format, ...) PJ_PRINTF(3, 4);
