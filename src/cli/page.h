/* What the pages of analyze and view have in common. */
#pragma once

#include "cli.h"

/* What a page needs to answer "what if". *out stays NULL where this build has no engine, or the model comes from a pipe:
 * then it says so. Freed by the caller. */
pj_status pj_page_skeleton(pj_model *model, const pj_setup *setup, pj_skeleton **out, pj_error *err);
