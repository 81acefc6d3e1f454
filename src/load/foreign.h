/* Files that are no ONNX models but are taken for one. */
#pragma once

#include "base/libc.h"

enum { PJ_FOREIGN_BYTES = 512 }; /* as many of a file's first bytes as the test looks at */

/* What a file that begins with these bytes is, and what to do about it, as one sentence; NULL: no known other kind. */
const char *pj_foreign_sentence(const uint8_t *bytes, size_t length);
