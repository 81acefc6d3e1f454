/* UTF-8 sequences, one at a time. */
#pragma once

#include "base/libc.h"

/* Bytes of the valid sequence at `text`, of which `left` bytes remain; 0: none (truncated, overlong, a surrogate, past
 * U+10FFFF). */
static inline size_t pj_utf8_sequence(const char *text, size_t left)
{
    const unsigned char *at = (const unsigned char *)text;
    if (left == 0)
        return 0;
    if (at[0] < 0x80)
        return 1;
    size_t length = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] < 0xc2 || at[0] > 0xf4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    /* the second byte rules out overlong forms, surrogates and the planes past the last */
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
        (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}
