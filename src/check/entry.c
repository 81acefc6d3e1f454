/* What the files of check share. */
#include "check/entry.h"

#include "ir/diag.h"

pj_status pj_budget_fail(const pj_budget *budget, const char *path, pj_status status, pj_error *err, const char *format,
                         ...)
{
    char what[sizeof err->what];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (err) {
        *err = (pj_error){.status = status};
        snprintf(err->file, sizeof err->file, "%s: %s", budget->file, path);
    }
    return pj_fail(err, status, "%s", what);
}

bool pj_budget_code_known(const char *code, const char **near)
{
    size_t least = 4;
    *near = NULL;
    for (size_t i = 0; i < PJ_DIAG_CODES || pj_lint_rule_at(i - PJ_DIAG_CODES); i++) {
        const char *word = i < PJ_DIAG_CODES ? pj_diag_word((pj_diag_code)i) : pj_lint_rule_at(i - PJ_DIAG_CODES)->code;
        size_t distance = pj_text_distance(code, word, 3);
        if (distance == 0)
            return true;
        if (strncmp(code, word, strlen(code)) == 0) { /* the beginning of one */
            *near = word;
            least = 0;
        }
        if (distance < least) {
            least = distance;
            *near = word;
        }
    }
    return false;
}
