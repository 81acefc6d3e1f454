/* Errors: status texts and the one function that writes a sentence. */
#include "base/err.h"

const char *pj_status_text(pj_status status)
{
    static const char *const texts[] = {
#define PJ_STATUS_TEXT(name, text) text,
        PJ_STATUS_LIST(PJ_STATUS_TEXT)
#undef PJ_STATUS_TEXT
    };
    size_t at = (size_t)status;
    return at < sizeof texts / sizeof *texts ? texts[at] : "unknown status";
}

bool pj_error_set(pj_error *err, pj_status status, const char *format, ...)
{
    va_list args;
    if (!err)
        return false;
    err->status = status;
    va_start(args, format);
    vsnprintf(err->what, sizeof err->what, format, args);
    va_end(args);
    return true;
}

static void fill(char *field, size_t size, const char *text)
{
    if (text && !field[0])
        snprintf(field, size, "%s", text);
}

void pj_error_at(pj_error *err, const char *file, const char *node, const char *op)
{
    if (!err)
        return;
    fill(err->file, sizeof err->file, file);
    fill(err->node, sizeof err->node, node);
    fill(err->op, sizeof err->op, op);
}
