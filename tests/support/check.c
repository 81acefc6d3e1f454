/* Assertions: print, count, go on. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int passed, failed;

static bool note(bool ok)
{
    if (ok)
        passed++;
    else
        failed++;
    return ok;
}

void check_true(bool ok, const char *text, const char *file, int line)
{
    if (!note(ok))
        printf("%s:%d: false: %s\n", file, line, text);
}

void check_int(int64_t got, int64_t want, const char *text, const char *file, int line)
{
    if (!note(got == want))
        printf("%s:%d: %s is %lld, expected %lld\n", file, line, text, (long long)got, (long long)want);
}

void check_near(double got, double want, double relative, const char *text, const char *file, int line)
{
    if (!note(fabs(got - want) <= relative * fabs(want)))
        printf("%s:%d: %s is %.17g, expected %.17g\n", file, line, text, got, want);
}

void check_text(const char *got, const char *want, const char *text, const char *file, int line)
{
    if (!note(got && strcmp(got, want) == 0))
        printf("%s:%d: %s is \"%s\", expected \"%s\"\n", file, line, text, got ? got : "(null)", want);
}

void check_part(const char *got, const char *part, const char *text, const char *file, int line)
{
    if (!note(got && strstr(got, part)))
        printf("%s:%d: %s is \"%s\", expected to contain \"%s\"\n", file, line, text, got ? got : "(null)", part);
}

int check_done(void)
{
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed ? 1 : 0;
}
