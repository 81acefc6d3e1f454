/* The list of findings. */
#include "ir/diag.h"

#include "base/limits.h"

typedef struct diag_row {
    const char *word, *severity;
    bool strict;
} diag_row;

static const diag_row rows[PJ_DIAG_CODES] = {
#define PJ_DIAG_ROW(name, code, severity, strict) [name] = {code, severity, strict},
    PJ_DIAG_LIST(PJ_DIAG_ROW)
#undef PJ_DIAG_ROW
};

void pj_diags_init(pj_diags *diags, pj_arena *arena)
{
    memset(diags, 0, sizeof *diags);
    diags->arena = arena;
}

void pj_diag_add(pj_diags *diags, pj_diag_code code, const char *node, const char *format, ...)
{
    char text[1024];
    va_list args;
    pj_diag *diag = diags->count < PJ_MAX_DIAGNOSTICS ? PJ_NEW(diags->arena, pj_diag, 1) : NULL;
    if (!diag) {
        diags->dropped++;
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    diag->code = code;
    diag->node = pj_arena_strdup(diags->arena, node ? node : "");
    diag->message = pj_arena_strdup(diags->arena, text);
    if (!diag->node || !diag->message) {
        diags->dropped++;
        return;
    }
    if (diags->last)
        diags->last->next = diag;
    else
        diags->first = diag;
    diags->last = diag;
    diags->count++;
}

const char *pj_diag_word(pj_diag_code code)
{
    return rows[code].word;
}

const char *pj_diag_severity(pj_diag_code code)
{
    return rows[code].severity;
}

bool pj_diag_strict(pj_diag_code code)
{
    return rows[code].strict;
}
