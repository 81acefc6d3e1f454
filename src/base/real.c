/* Logarithms and powers in pairs of doubles: hi + lo, lo at most half a unit in the last place of hi.
 *
 *     log x = e log 2 + log c + 2 (z + z^3 / 3 + z^5 / 5 + ...)   x = m 2^e, c is m in 64ths, z = (m - c) / (m + c)
 *     exp x = 2^k exp(c) (1 + r + r^2 / 2! + r^3 / 3! + ...)      x = k log 2 + c + r, c in 64ths
 *
 * |z| < 0.0056 and |r| < 0.0079, so the terms from the third power on are small enough to be doubles. The tables are
 * from logarithms and powers of 80 digits; tests/unit/test_real.c compares with more such. */
#include "base/real.h"

#include "base/libc.h"
#include <float.h>

_Static_assert(FLT_EVAL_METHOD == 0, "sums and products must be rounded to double; on x86, compile with -mfpmath=sse");

typedef struct pair {
    double hi, lo;
} pair;

static const pair ln_2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
static const pair per_ln_2 = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
static const pair per_ln_10 = {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};

/* clang-format off: two entries a line */
/* log(c), c = 45/64 to 91/64 */
static const pair logs[] = {
    {-0x1.68ac83e9c6a14p-2, -0x1.a64eadd740178p-58},
    {-0x1.522ae0738a3d8p-2, 0x1.8f7e9b38a6979p-57 },
    {-0x1.3c25277333184p-2, 0x1.2ad27e50a8ec6p-56 },
    {-0x1.269621134db92p-2, -0x1.e0efadd9db02bp-56},
    {-0x1.1178e8227e47cp-2, 0x1.0e63a5f01c691p-57 },
    {-0x1.f991c6cb3b379p-3, -0x1.f665066f980a2p-57},
    {-0x1.d1037f2655e7bp-3, -0x1.60629242471a2p-57},
    {-0x1.a93ed3c8ad9e3p-3, -0x1.bcafa9de97203p-57},
    {-0x1.823c16551a3c2p-3, 0x1.1232ce70be781p-57 },
    {-0x1.5bf406b543db2p-3, 0x1.1f5b44c0df7e7p-61 },
    {-0x1.365fcb0159016p-3, -0x1.7d411a5b944adp-58},
    {-0x1.1178e8227e47cp-3, 0x1.0e63a5f01c691p-58 },
    {-0x1.da727638446a2p-4, -0x1.401fa71733019p-58},
    {-0x1.9335e5d594989p-4, 0x1.478a85704ccb7p-58 },
    {-0x1.4d3115d207eacp-4, -0x1.769f42c7842ccp-58},
    {-0x1.08598b59e3a07p-4, 0x1.dd7009902bf32p-58 },
    {-0x1.894aa149fb343p-5, -0x1.a8be97660a23dp-60},
    {-0x1.0415d89e74444p-5, -0x1.c05cf1d753622p-59},
    {-0x1.0205658935847p-6, -0x1.27c8e8416e71fp-60},
    {0,                     0                     },
    {0x1.fc0a8b0fc03e4p-7,  -0x1.83092c59642a1p-62},
    {0x1.f829b0e783300p-6,  0x1.33e3f04f1ef23p-60 },
    {0x1.77458f632dcfcp-5,  0x1.18d3ca87b9296p-59 },
    {0x1.f0a30c01162a6p-5,  0x1.85f325c5bbacdp-59 },
    {0x1.341d7961bd1d1p-4,  -0x1.b599f227becbbp-58},
    {0x1.6f0d28ae56b4cp-4,  -0x1.906d99184b992p-58},
    {0x1.a926d3a4ad563p-4,  0x1.942f48aa70ea9p-58 },
    {0x1.e27076e2af2e6p-4,  -0x1.61578001e0162p-60},
    {0x1.0d77e7cd08e59p-3,  0x1.9a5dc5e9030acp-57 },
    {0x1.29552f81ff523p-3,  0x1.301771c407dbfp-57 },
    {0x1.44d2b6ccb7d1ep-3,  0x1.9f4f6543e1f88p-57 },
    {0x1.5ff3070a793d4p-3,  -0x1.bc60efafc6f6ep-58},
    {0x1.7ab890210d909p-3,  0x1.be36b2d6a0608p-59 },
    {0x1.9525a9cf456b4p-3,  0x1.d904c1d4e2e26p-57 },
    {0x1.af3c94e80bff3p-3,  -0x1.398cff3641985p-58},
    {0x1.c8ff7c79a9a22p-3,  -0x1.4f689f8434012p-57},
    {0x1.e27076e2af2e6p-3,  -0x1.61578001e0162p-59},
    {0x1.fb9186d5e3e2bp-3,  -0x1.caaae64f21acbp-57},
    {0x1.0a324e27390e3p-2,  0x1.7dcfde8061c03p-56 },
    {0x1.1675cababa60ep-2,  0x1.ce63eab883717p-61 },
    {0x1.22941fbcf7966p-2,  -0x1.76f5eb09628afp-56},
    {0x1.2e8e2bae11d31p-2,  -0x1.8f4cdb95ebdf9p-56},
    {0x1.3a64c556945eap-2,  -0x1.c68651945f97cp-57},
    {0x1.4618bc21c5ec2p-2,  0x1.f42decdeccf1dp-56 },
    {0x1.51aad872df82dp-2,  0x1.3927ac19f55e3p-59 },
    {0x1.5d1bdbf5809cap-2,  0x1.4236383dc7fe1p-56 },
    {0x1.686c81e9b14afp-2,  -0x1.ddea0f7f58e3dp-57},
};

/* exp(c), c = -23/64 to 23/64 */
static const pair exps[] = {
    {0x1.656f00bf5796ap-1, 0x1.93e6dd6872d13p-55 },
    {0x1.6b0ff72deb89dp-1, -0x1.dabf5975c0c02p-57},
    {0x1.70c79eba33c07p-1, -0x1.58b71227465a1p-55},
    {0x1.769652df22f7ep-1, 0x1.3445f7544e0efp-57 },
    {0x1.7c7c70887763cp-1, -0x1.09aa682553231p-60},
    {0x1.827a561889716p-1, -0x1.6b2eab63020c1p-57},
    {0x1.8890636e31f54p-1, 0x1.d9c29d8d982edp-56 },
    {0x1.8ebef9eac820bp-1, -0x1.797d4686c5393p-57},
    {0x1.95067c78379f2p-1, 0x1.f483a3e8cd60fp-55 },
    {0x1.9b674f8f2f3d8p-1, -0x1.51bfdbb129094p-55},
    {0x1.a1e1d93d687d0p-1, 0x1.e3a6bdaece8f9p-58 },
    {0x1.a876812c0877cp-1, -0x1.fd36226fadd44p-56},
    {0x1.af25b0a61a7b5p-1, -0x1.676a52a1a618bp-55},
    {0x1.b5efd29f24c26p-1, 0x1.3d5fd7d70a5edp-56 },
    {0x1.bcd553b9d7b62p-1, 0x1.6ad4c353465b0p-61 },
    {0x1.c3d6a24ed8222p-1, -0x1.e1e0a76cb0685p-55},
    {0x1.caf42e73a4c7ep-1, -0x1.b5beee8bcee31p-55},
    {0x1.d22e6a0197c03p-1, -0x1.32ae7bdaf1116p-55},
    {0x1.d985c89d041a3p-1, 0x1.8798de3138a56p-57 },
    {0x1.e0fabfbc702a4p-1, -0x1.8d0e700fcfb65p-56},
    {0x1.e88dc6afecfc0p-1, -0x1.38e62149c16e2p-55},
    {0x1.f03f56a88b5d8p-1, -0x1.bad3fd501a227p-55},
    {0x1.f80feabfeefa5p-1, -0x1.b60bbd08aac55p-55},
    {1,                    0                     },
    {0x1.04080ab55de39p+0, 0x1.7ab864b3e9045p-56 },
    {0x1.08205601127edp+0, -0x1.9c7d0bdf15160p-54},
    {0x1.0c49236829e8cp+0, -0x1.eb6980ce14da7p-55},
    {0x1.1082b577d34edp+0, 0x1.f56c680678897p-54 },
    {0x1.14cd4fc989cd6p+0, 0x1.1557a8671b89ep-54 },
    {0x1.192937074e0cdp+0, 0x1.a24f46336ea04p-54 },
    {0x1.1d96b0eff0e79p+0, 0x1.e8ac7a4d3206cp-55 },
    {0x1.2216045b6f5cdp+0, -0x1.8c4a5df1ec7e5p-58},
    {0x1.26a7793f60164p+0, 0x1.5aeb9860044d0p-55 },
    {0x1.2b4b58b372c79p+0, 0x1.404dd9f031676p-54 },
    {0x1.3001ecf601af7p+0, 0x1.7ab912c69ffebp-61 },
    {0x1.34cb8170b5835p+0, 0x1.6a7062465be33p-55 },
    {0x1.39a862bd3c106p+0, 0x1.7dd1a79cbd0fcp-54 },
    {0x1.3e98deaa11dccp+0, -0x1.5722108fefcffp-54},
    {0x1.439d443f5f159p+0, -0x1.1c5b2e8735a43p-56},
    {0x1.48b5e3c3e8186p+0, 0x1.9d9ef0eda6eabp-54 },
    {0x1.4de30ec211e60p+0, 0x1.3b5223eca1712p-56 },
    {0x1.5325180cfacf7p+0, 0x1.b28b660a648dap-54 },
    {0x1.587c53c5a7af0p+0, 0x1.3b0e93c017937p-55 },
    {0x1.5de9176045ff5p+0, 0x1.da89923298baap-55 },
    {0x1.636bb9a983258p+0, 0x1.349cc31f7248dp-54 },
    {0x1.690492cbf9433p+0, -0x1.812833f7d6e43p-55},
    {0x1.6eb3fc55b1e76p+0, -0x1.2d8a6cc888d03p-54},
};
/* clang-format on */

enum { STEPS = 64, LEAST_LOG = 45, LEAST_EXP = -23 };

/* Exact; |a| >= |b|, or a is 0. */
static pair fast_sum(double a, double b)
{
    double hi = a + b;
    return (pair){hi, b - (hi - a)};
}

/* Exact. */
static pair sum(double a, double b)
{
    double hi = a + b, part = hi - a;
    return (pair){hi, (a - (hi - part)) + (b - part)};
}

/* Exact (Dekker); |a| and |b| below 2^996. */
static pair product(double a, double b)
{
    double hi = a * b, split_a = 0x1p27 * a + a, split_b = 0x1p27 * b + b;
    double a1 = split_a - (split_a - a), a2 = a - a1, b1 = split_b - (split_b - b), b2 = b - b1;
    return (pair){hi, ((a1 * b1 - hi) + a1 * b2 + a2 * b1) + a2 * b2};
}

static pair add(pair a, pair b)
{
    pair hi = sum(a.hi, b.hi), lo = sum(a.lo, b.lo);
    hi = fast_sum(hi.hi, hi.lo + lo.hi);
    return fast_sum(hi.hi, hi.lo + lo.lo);
}

static pair times(pair a, pair b)
{
    pair out = product(a.hi, b.hi);
    return fast_sum(out.hi, out.lo + (a.hi * b.lo + a.lo * b.hi));
}

static pair over(pair a, pair b)
{
    double first = a.hi / b.hi;
    pair part = times(b, (pair){first, 0});
    pair rest = add(a, (pair){-part.hi, -part.lo});
    double second = rest.hi / b.hi;
    part = times(b, (pair){second, 0});
    rest = add(rest, (pair){-part.hi, -part.lo});
    return add(fast_sum(first, second), (pair){rest.hi / b.hi, 0});
}

/* log(m) of 0.7 < m < 1.42; (m - c) is exact. */
static pair log_near_1(double m)
{
    int c = (int)rint(STEPS * m);
    double middle = c / (double)STEPS, apart = m - middle;
    pair both = sum(m, middle), z = {apart / both.hi, 0};
    pair back = product(z.hi, both.hi);
    z.lo = ((apart - back.hi) - back.lo - z.hi * both.lo) / both.hi;
    double square = z.hi * z.hi,
           tail = 2 * z.hi * square * (1.0 / 3 + square * (0.2 + square * (1.0 / 7 + square / 9)));
    return add(logs[c - LEAST_LOG], fast_sum(2 * z.hi, 2 * z.lo + tail));
}

/* x = m * 2^*exponent, m from sqrt(1/2) to sqrt(2); x > 0 and finite. */
static double split(double x, int *exponent)
{
    double m = frexp(x, exponent);
    if (m < 0.70710678118654752) {
        m *= 2;
        --*exponent;
    }
    return m;
}

static bool has_log(double x)
{
    return x > 0 && x < INFINITY;
}

/* The logarithm of what has none: of 0, of infinity, of a negative number, of NaN. */
static double no_log(double x)
{
    return x == 0 ? -INFINITY : x < 0 ? NAN : x;
}

static pair log_of(double x)
{
    int exponent;
    pair log_m = log_near_1(split(x, &exponent));
    return add(times((pair){exponent, 0}, ln_2), log_m);
}

double pj_log(double x)
{
    return has_log(x) ? log_of(x).hi : no_log(x);
}

double pj_log10(double x)
{
    return has_log(x) ? times(log_of(x), per_ln_10).hi : no_log(x);
}

double pj_log2(double x)
{
    int exponent;
    if (!has_log(x))
        return no_log(x);
    pair log_m = log_near_1(split(x, &exponent));
    return add((pair){exponent, 0}, times(log_m, per_ln_2)).hi;
}

static double exp_of(pair x)
{
    if (x.hi > 750)
        return INFINITY;
    if (x.hi < -750)
        return 0;
    double k = rint(x.hi * per_ln_2.hi);
    pair rest = add(x, times((pair){-k, 0}, ln_2));
    int c = (int)rint(STEPS * rest.hi);
    rest = add(rest, (pair){-c / (double)STEPS, 0});
    double r = rest.hi, tail = r * r * r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720 + r / 5040))));
    pair half_square = product(r, r / 2);
    pair series = add(rest, fast_sum(half_square.hi, half_square.lo + r * rest.lo + tail));
    return ldexp(add(exps[c - LEAST_EXP], times(exps[c - LEAST_EXP], series)).hi, (int)k);
}

double pj_exp2(double x)
{
    if (x == rint(x)) /* infinities, too */
        return ldexp(1, (int)fmax(-2000, fmin(x, 2000)));
    return fabs(x) < 1100 ? exp_of(times((pair){x, 0}, ln_2)) : x > 0 ? INFINITY : x < 0 ? 0 : x;
}

/* x^n by squaring, n > 0: exact where the result is, so that one in the middle of two doubles is rounded as it should
 * be. 0.5 <= x < 1. */
static pair whole_power(double x, int n)
{
    pair out = {1, 0}, square = {x, 0};
    for (; n > 0; n /= 2) {
        if (n % 2)
            out = times(out, square);
        square = times(square, square);
    }
    return out;
}

/* |x|^y of ordinary numbers; x > 0 */
static double power(double x, double y)
{
    int exponent, n = (int)fmax(-65, fmin(y, 65));
    if (n == y && n >= -64 && n <= 64) {
        pair out = whole_power(frexp(x, &exponent), n < 0 ? -n : n);
        return n < 0 ? ldexp(over((pair){1, 0}, out).hi, n * exponent) : ldexp(out.hi, n * exponent);
    }
    pair log_x = log_of(x);
    double size = log_x.hi * y;
    return fabs(size) > 750 ? size > 0 ? INFINITY : 0 : exp_of(times(log_x, (pair){y, 0}));
}

double pj_pow(double x, double y)
{
    bool whole = y == rint(y), odd = whole && fabs(y) < 0x1p53 && fmod(y, 2) != 0;
    if (x == 1 || y == 0)
        return 1;
    if (isnan(x) || isnan(y))
        return NAN;
    if (isinf(y))
        return fabs(x) == 1 ? 1 : (fabs(x) > 1) == (y > 0) ? INFINITY : 0;
    if (x == 0 || isinf(x)) {
        double size = (x == 0) == (y < 0) ? INFINITY : 0;
        return odd ? copysign(size, x) : size;
    }
    if (x < 0 && !whole)
        return NAN;
    double size = power(fabs(x), y);
    return x < 0 && odd ? -size : size;
}
