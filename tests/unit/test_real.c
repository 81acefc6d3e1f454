/* Logarithms and powers: bit by bit against decimal arithmetic of 90 digits, and what C says of special values. */
#include "base/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static double apply(const char *name, double x, double y)
{
    return strcmp(name, "log") == 0     ? pj_log(x)
           : strcmp(name, "log2") == 0  ? pj_log2(x)
           : strcmp(name, "log10") == 0 ? pj_log10(x)
           : strcmp(name, "exp2") == 0  ? pj_exp2(x)
                                        : pj_pow(x, y);
}

/* conformance/real.txt: name, one or two arguments, and the nearest double, made by conformance/real.py. */
static void test_table(void)
{
    char line[256];
    size_t cases = 0;
    FILE *file = fopen("conformance/real.txt", "r");
    CHECK(file != NULL);
    while (file && fgets(line, sizeof line, file)) {
        char name[16], *at = line + strcspn(line, " ");
        double number[3];
        int count = 0;
        snprintf(name, sizeof name, "%.*s", (int)(at - line), line);
        while (count < 3 && *at == ' ')
            number[count++] = strtod(at, &at);
        if (apply(name, number[0], number[1]) != number[count - 1])
            printf("%s", line);
        CHECK(count >= 2 && apply(name, number[0], number[1]) == number[count - 1]);
        cases++;
    }
    if (file)
        fclose(file);
    CHECK(cases >= 500);
}

/* What has an exact answer gets it. */
static void test_exact(void)
{
    for (int k = -300; k <= 300; k++) {
        double power = pj_pow(10, k);
        char text[32], *end;
        snprintf(text, sizeof text, "1e%d", k);
        CHECK(power == strtod(text, &end));
        CHECK(pj_log10(power) == k);
        CHECK(pj_log2(ldexp(1, k)) == k && pj_exp2(k) == ldexp(1, k) && pj_pow(2, k) == ldexp(1, k));
    }
    CHECK(pj_pow(4, 0.5) == 2 && pj_pow(27, 1.0 / 3) == 3 && pj_pow(0x1p-40, 0.25) == 0x1p-10);
    CHECK(pj_pow(-3, 3) == -27 && pj_pow(-3, -2) == 1.0 / 9 && pj_pow(3, 33) == 5559060566555523.0);
    CHECK(pj_pow(94906267, 2) == 0x1p53 + 261134296); /* 9007199515875289, in the middle of two: to the even one */
    CHECK(pj_log(1) == 0 && pj_log2(1) == 0 && pj_log10(1) == 0);
    CHECK(pj_log(2) == 0x1.62e42fefa39efp-1 && pj_log10(2) == 0x1.34413509f79ffp-2);
    CHECK(pj_log(0x1p-1074) == -0x1.74385446d71c3p+9); /* -744.4400719213812 */
}

static void test_special(void)
{
    CHECK(pj_log(0) == -INFINITY && pj_log2(INFINITY) == INFINITY && isnan(pj_log10(-1)) && isnan(pj_log(NAN)));
    CHECK(pj_exp2(INFINITY) == INFINITY && pj_exp2(-INFINITY) == 0 && isnan(pj_exp2(NAN)) &&
          pj_exp2(1e300) == INFINITY);
    CHECK(pj_exp2(1500.5) == INFINITY && pj_exp2(-1500.5) == 0 && pj_exp2(-1074) == 0x1p-1074);
    CHECK(pj_pow(NAN, 0) == 1 && pj_pow(1, NAN) == 1 && isnan(pj_pow(NAN, 1)) && isnan(pj_pow(-2, 0.5)));
    CHECK(pj_pow(0, 2) == 0 && pj_pow(0, -2) == INFINITY && pj_pow(-0.0, -3) == -INFINITY &&
          pj_pow(0, -0.5) == INFINITY);
    CHECK(signbit(pj_pow(-0.0, 3)) && !signbit(pj_pow(-0.0, 2)) && pj_pow(-INFINITY, 3) == -INFINITY);
    CHECK(pj_pow(INFINITY, -1) == 0 && pj_pow(0.5, INFINITY) == 0 && pj_pow(-2, INFINITY) == INFINITY);
    CHECK(pj_pow(-1, INFINITY) == 1 && pj_pow(2, 5000) == INFINITY && pj_pow(2, -5000) == 0);
    CHECK(pj_pow(1e300, 1e300) == INFINITY && pj_pow(1e-300, 1e300) == 0 && pj_pow(10, 400) == INFINITY);
}

int main(void)
{
    test_table();
    test_exact();
    test_special();
    return check_done();
}
