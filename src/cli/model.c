/* Strict findings. */
#include "model.h"

bool pj_say_strict(const pj_finding *findings, size_t count, const char *model)
{
    enum { MOST = 20 };
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        const pj_finding *at = &findings[i];
        if (!at->strict || failed++ >= MOST)
            continue;
        if (*at->node)
            pj_say("%s: node '%s': %s [%s]", model, at->node, at->message, at->code);
        else
            pj_say("%s: %s [%s]", model, at->message, at->code);
    }
    if (failed > MOST)
        pj_say("%s: and %zu more", model, failed - MOST);
    if (failed)
        pj_say("%s: --strict makes %s an error; there is no report", model, failed == 1 ? "this" : "each of these");
    return failed > 0;
}
