/* The stores of a build without SQLite: none can be opened, so nothing else is ever called. */
#include "history/store.h"

#if !PJ_HISTORY

pj_status pj_store_open(const char *file, const pj_store_kind *kind, bool to_write, pj_store *out, pj_error *err)
{
    (void)to_write;
    *out = (pj_store){.file = file, .kind = kind, .err = err};
    return pj_store_fail(out, PJ_EUNSUPPORTED, "a %s is not in this build of picojoule, which is without SQLite",
                         kind->what);
}

pj_status pj_store_close(pj_store *store, pj_status status)
{
    (void)store;
    return status;
}

pj_status pj_store_ask(pj_store *store, const char *sql, int64_t *out)
{
    (void)store, (void)sql;
    *out = 0;
    return PJ_EUNSUPPORTED;
}

pj_status pj_statement_new(pj_store *store, const char *sql, pj_statement *out)
{
    (void)sql;
    *out = (pj_statement){.store = store};
    return PJ_EUNSUPPORTED;
}

void pj_statement_free(pj_statement *statement)
{
    (void)statement;
}

pj_status pj_statement_step(pj_statement *statement, bool *row)
{
    (void)statement, (void)row;
    return PJ_EUNSUPPORTED;
}

void pj_store_put_text(pj_statement *s, const char *text)
{
    (void)s, (void)text;
}

void pj_store_put_int(pj_statement *s, int64_t value)
{
    (void)s, (void)value;
}

void pj_store_put_real(pj_statement *s, double value)
{
    (void)s, (void)value;
}

pj_status pj_store_get_text(pj_statement *s, pj_arena *arena, const char **out)
{
    (void)s, (void)arena;
    *out = NULL;
    return PJ_EUNSUPPORTED;
}

pj_status pj_store_get_int(pj_statement *s, int64_t *out)
{
    (void)s;
    *out = 0;
    return PJ_EUNSUPPORTED;
}

pj_status pj_store_get_real(pj_statement *s, double *out)
{
    (void)s;
    *out = 0;
    return PJ_EUNSUPPORTED;
}

bool pj_store_next_is_null(const pj_statement *s)
{
    (void)s;
    return true;
}

int64_t pj_store_peek_int(const pj_statement *s, int column)
{
    (void)s, (void)column;
    return 0;
}

#endif
