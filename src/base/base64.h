/* Base64 (RFC 4648), for bytes inside of a text. */
#pragma once

#include "base/str.h"

void pj_base64_add(pj_str *out, const void *bytes, size_t length);
