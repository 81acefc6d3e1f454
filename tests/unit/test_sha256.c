/* base/sha256: the test vectors of NIST (FIPS 180-4 examples, SHA256ShortMsg of CAVP), in one piece and in many. */
#include "base/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

/* The digest of `text`, handed over `step` bytes at a time. */
static void check_digest(const char *text, size_t length, size_t step, const char *expected)
{
    char digits[PJ_SHA256_DIGITS + 1];
    pj_sha256 sum = pj_sha256_new();
    for (size_t at = 0; at < length; at += step)
        pj_sha256_add(&sum, text + at, length - at < step ? length - at : step);
    pj_sha256_end(&sum, digits);
    CHECK_TEXT(digits, expected);
}

static void test_vectors(void)
{
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static const char three[] = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnop"
                                "qrlmnopqrsmnopqrstnopqrstu";
    static const size_t steps[] = {1, 7, 64, 1000};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        size_t step = steps[i];
        check_digest("", 0, step, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        check_digest("\xd3", 1, step, "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1");
        check_digest("abc", 3, step, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check_digest(two, strlen(two), step, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        check_digest(three, strlen(three), step, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    }
}

/* A million times "a": through memory and through a file. */
static void test_million(void)
{
    static const char expected[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    enum { COUNT = 1000000 };
    char path[] = "/tmp/test_sha256_XXXXXX", digits[PJ_SHA256_DIGITS + 1];
    char *text = malloc(COUNT);
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    CHECK(text && file);
    if (text && file) {
        memset(text, 'a', COUNT);
        check_digest(text, COUNT, 4096, expected);
        CHECK_INT(fwrite(text, 1, COUNT, file), COUNT);
        fclose(file);
        CHECK_INT(pj_sha256_file(path, digits, NULL), PJ_OK);
        CHECK_TEXT(digits, expected);
        remove(path);
    }
    free(text);
}

static void test_unreadable(void)
{
    char digits[PJ_SHA256_DIGITS + 1];
    pj_error err = {0};
    CHECK_INT(pj_sha256_file("/nowhere/at/all.onnx", digits, &err), PJ_EIO);
    CHECK_TEXT(err.file, "/nowhere/at/all.onnx");
    CHECK_INT(pj_sha256_file("/", digits, &err), PJ_EIO);
}

int main(void)
{
    test_vectors();
    test_million();
    test_unreadable();
    return check_done();
}
