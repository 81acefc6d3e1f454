/* Whole numbers in texts, and what is made of them alone. */
#include "setup/setup.h"

const char *pj_whole_read(const char *text, int64_t *out)
{
    int64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';
        if (value > (INT64_MAX - digit) / 10)
            return NULL;
        value = value * 10 + digit;
    }
    *out = value;
    return at > text ? at : NULL;
}

bool pj_step_read(const char *text, int64_t *tokens, int64_t *past)
{
    const int64_t most = INT32_MAX;
    const char *at = text ? pj_whole_read(text, tokens) : NULL;
    at = at && *at == '@' ? pj_whole_read(at + 1, past) : NULL;
    return at && !*at && *tokens >= 1 && *tokens <= most && *past <= most;
}

const char *pj_step_wants(const char *text)
{
    int64_t tokens, past;
    return pj_step_read(text, &tokens, &past) ? NULL : "S@P, at least 1 new token after P cached ones: 512@0, 1@1024";
}

const char *pj_batch_wants(const char *text)
{
    int64_t batch;
    const char *end = pj_whole_read(text, &batch);
    return end && !*end && batch >= 1 && batch <= INT32_MAX ? NULL : "a whole number of at least 1, below 2^31";
}
