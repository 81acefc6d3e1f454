/* Findings as callers see them. */
#include "run/findings.h"

size_t pj_findings_copy(const pj_diags *diags, pj_finding *out)
{
    size_t count = 0;
    for (const pj_diag *at = diags->first; at; at = at->next)
        out[count++] = (pj_finding){pj_diag_word(at->code), pj_diag_severity(at->code), pj_diag_strict(at->code),
                                    at->node, at->message};
    return count;
}
