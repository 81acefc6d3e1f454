/* The examples of RFC 4648, section 10, and bytes above 127. */
#include "base/base64.h"
#include "check.h"

static void check(const char *bytes, size_t length, const char *want)
{
    pj_str out = pj_str_new(0);
    pj_base64_add(&out, bytes, length);
    CHECK_TEXT(out.data, want);
    pj_str_free(&out);
}

int main(void)
{
    check("", 0, "");
    check("f", 1, "Zg==");
    check("fo", 2, "Zm8=");
    check("foo", 3, "Zm9v");
    check("foob", 4, "Zm9vYg==");
    check("fooba", 5, "Zm9vYmE=");
    check("foobar", 6, "Zm9vYmFy");
    check("\xff\xfe\x00\xfb", 4, "//4A+w==");
    return check_done();
}
