/* Asks for what a page needs, and says what it will lack. */
#include "page.h"

#include <string.h>

#include "say.h"

pj_status pj_page_skeleton(pj_model *model, const pj_setup *setup, pj_skeleton **out, pj_error *err)
{
    const char *path = pj_model_describe(model)->path;
    *out = NULL;
    if (!pj_has_feature("engine")) {
        pj_say(
            "this build has no engine, so the page shows what was computed and answers no \"what if\"; `./dev engine "
            "build` makes one that does");
        return PJ_OK;
    }
    pj_status status = pj_skeleton_read(model, setup, out, err);
    if (status != PJ_EARGUMENT)
        return status;
    pj_say("%s: cannot be read again, so the page answers no \"what if\"; give the path of a file", path);
    return PJ_OK;
}
