/* Loops over numbers, written so that compilers turn them into vector code: no branches, a fixed number of partial
 * sums. */
#include "weights/kernel.h"

#include <float.h>

/* One more copy of a function for processors with wider vectors, chosen when the program starts, where the build found
 * that the compiler can. No contraction to fused operations (-ffp-contract=off), so both copies give the same bits. */
#ifdef PJ_CLONES
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

enum { LANES = 16, PIECE = 1024, FEW = 32 };

pj_scan pj_scan_new(void)
{
    pj_scan scan;
    memset(&scan, 0, sizeof scan);
    scan.min = scan.least = INFINITY;
    scan.max = -INFINITY;
    scan.is_po2 = true;
    return scan;
}

double pj_scan_most(const pj_scan *scan)
{
    return scan->finite == 0 ? 0 : -scan->min > scan->max ? -scan->min : scan->max;
}

/* Sums of up to PIECE numbers. */
typedef struct sums {
    double min, max, sum, squares;
    int64_t zeros;
} sums;

/* `n` is a multiple of LANES. */
WIDE static sums add_up_lanes(const double *w, size_t n)
{
    double low[LANES], high[LANES], sum[LANES] = {0}, square[LANES] = {0};
    int64_t zero[LANES] = {0};
    for (int k = 0; k < LANES; k++) {
        low[k] = INFINITY;
        high[k] = -INFINITY;
    }
    for (size_t i = 0; i < n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            double x = w[i + (size_t)k];
            low[k] = x < low[k] ? x : low[k];
            high[k] = x > high[k] ? x : high[k];
            sum[k] += x;
            square[k] += x * x;
            zero[k] += x == 0;
        }
    }
    sums out = {low[0], high[0], sum[0], square[0], zero[0]};
    for (int k = 1; k < LANES; k++) {
        out.min = low[k] < out.min ? low[k] : out.min;
        out.max = high[k] > out.max ? high[k] : out.max;
        out.sum += sum[k];
        out.squares += square[k];
        out.zeros += zero[k];
    }
    return out;
}

static void add_one(sums *out, double x)
{
    out->min = x < out->min ? x : out->min;
    out->max = x > out->max ? x : out->max;
    out->sum += x;
    out->squares += x * x;
    out->zeros += x == 0;
}

static sums add_up(const double *w, size_t n)
{
    size_t even = n / LANES * LANES;
    sums out = add_up_lanes(w, even);
    for (size_t i = even; i < n; i++)
        add_one(&out, w[i]);
    return out;
}

/* The same one by one, for a piece that is not all finite or whose squares are too large. */
static sums add_up_checked(pj_scan *scan, double *w, size_t n)
{
    sums out = {INFINITY, -INFINITY, 0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        if (isfinite(w[i])) {
            add_one(&out, w[i]);
            continue;
        }
        scan->nans += isnan(w[i]) ? 1 : 0;
        scan->infinities += isnan(w[i]) ? 0 : 1;
        scan->finite--;
        w[i] = 0;
    }
    return out;
}

#define MANTISSA ((UINT64_C(1) << 52) - 1)

static uint64_t mantissa_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & MANTISSA;
}

/* Do the numbers that are not 0 still have one mantissa, and the smallest of them? Zeros that replace what is not
 * finite change nothing. */
static void add_mantissas(pj_scan *scan, const double *w, size_t n)
{
    uint64_t differ = 0;
    double least = scan->least;
    for (size_t i = 0; i < n && !scan->has_mantissa; i++)
        if (w[i] != 0) {
            scan->mantissa = mantissa_of(w[i]);
            scan->has_mantissa = true;
        }
    for (size_t from = 0; from < n && !differ; from += FEW) /* most weights end here after the first few */
        for (size_t i = from; i < n && i < from + FEW; i++) {
            double size = w[i] == 0 ? INFINITY : fabs(w[i]);
            least = size < least ? size : least;
            differ |= w[i] == 0 ? 0 : mantissa_of(w[i]) ^ scan->mantissa;
        }
    scan->least = least;
    scan->is_po2 = differ == 0;
}

static void add_piece(pj_scan *scan, double *w, size_t n)
{
    sums s = add_up(w, n);
    scan->finite += (int64_t)n;
    if (!isfinite(s.squares))
        s = add_up_checked(scan, w, n);
    scan->min = s.min < scan->min ? s.min : scan->min;
    scan->max = s.max > scan->max ? s.max : scan->max;
    scan->sum += s.sum;
    scan->squares += s.squares;
    scan->zeros += s.zeros;
    if (scan->is_po2)
        add_mantissas(scan, w, n);
}

void pj_scan_add(pj_scan *scan, double *w, size_t n)
{
    for (size_t i = 0; i < n; i += PIECE)
        add_piece(scan, w + i, n - i < PIECE ? n - i : PIECE);
}

void pj_scan_merge(pj_scan *scan, const pj_scan *other)
{
    scan->finite += other->finite;
    scan->nans += other->nans;
    scan->infinities += other->infinities;
    scan->zeros += other->zeros;
    scan->min = other->min < scan->min ? other->min : scan->min;
    scan->max = other->max > scan->max ? other->max : scan->max;
    scan->sum += other->sum;
    scan->squares += other->squares;
    scan->least = other->least < scan->least ? other->least : scan->least;
    scan->is_po2 = scan->is_po2 && other->is_po2 &&
                   (!scan->has_mantissa || !other->has_mantissa || scan->mantissa == other->mantissa);
    if (other->has_mantissa)
        scan->mantissa = other->mantissa;
    scan->has_mantissa = scan->has_mantissa || other->has_mantissa;
}

void pj_clear_infinite(double *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        w[i] = isfinite(w[i]) ? w[i] : 0;
}

/* Squared error of one number: x = w / s, cut to [-most, most], is rounded to a whole number, or to one of the grid's.
 * Macros, because the loops around them exist for double and for float. */
#define CUT(x, most)                         \
    do {                                     \
        (x) = (x) < (most) ? (x) : (most);   \
        (x) = (x) > -(most) ? (x) : -(most); \
    } while (0)

/* `n` is a multiple of LANES, here and below. */
WIDE static double integer_error(const double *w, size_t n, double s, const pj_levels *grid)
{
    double sum[LANES] = {0}, total = 0, inverse = 1 / s;
    const double most = grid->most, anchor = grid->anchor;
    for (size_t i = 0; i < n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            double x = w[i + (size_t)k] * inverse;
            CUT(x, most);
            double error = w[i + (size_t)k] - s * ((x + anchor) - anchor);
            sum[k] += error * error;
        }
    }
    for (int k = 0; k < LANES; k++)
        total += sum[k];
    return total;
}

WIDE static double float_error(const double *w, size_t n, double s, const pj_levels *grid)
{
    double sum[LANES] = {0}, total = 0, inverse = 1 / s;
    const double most = grid->most, split = grid->split, anchor = grid->anchor, least = grid->least_normal;
    for (size_t i = 0; i < n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            double x = w[i + (size_t)k] * inverse;
            CUT(x, most);
            double large = x * split, small = (x + anchor) - anchor;
            large = large - (large - x);
            double error = w[i + (size_t)k] - s * (fabs(x) < least ? small : large);
            sum[k] += error * error;
        }
    }
    for (int k = 0; k < LANES; k++)
        total += sum[k];
    return total;
}

double pj_levels_error(const pj_levels *grid, const double *w, size_t n, double s)
{
    double (*error)(const double *, size_t, double, const pj_levels *) = grid->is_integer ? integer_error : float_error;
    double total = 0, rest[LANES] = {0};
    size_t even = n / LANES * LANES;
    for (size_t i = 0; i < even; i += PIECE)
        total += error(w + i, even - i < PIECE ? even - i : PIECE, s, grid);
    if (even == n)
        return total;
    memcpy(rest, w + even, (n - even) * sizeof *w); /* zeros have no error */
    return total + error(rest, LANES, s, grid);
}

WIDE static void narrow(const double *w, size_t n, double inverse, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(w[i] * inverse);
}

WIDE static float compare_integer(const float *f, size_t n, float s, float inverse, const pj_levels *grid)
{
    float sum[LANES] = {0}, total = 0;
    const float most = (float)grid->most, anchor = grid->anchor_float;
    for (size_t i = 0; i < n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            float x = f[i + (size_t)k] * inverse;
            CUT(x, most);
            float error = f[i + (size_t)k] - s * ((x + anchor) - anchor);
            sum[k] += error * error;
        }
    }
    for (int k = 0; k < LANES; k++)
        total += sum[k];
    return total;
}

WIDE static float compare_float(const float *f, size_t n, float s, float inverse, const pj_levels *grid)
{
    float sum[LANES] = {0}, total = 0;
    const float most = (float)grid->most, split = grid->split_float, anchor = grid->anchor_float;
    const float least = (float)grid->least_normal;
    for (size_t i = 0; i < n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            float x = f[i + (size_t)k] * inverse;
            CUT(x, most);
            float large = x * split, small = (x + anchor) - anchor;
            large = large - (large - x);
            float error = f[i + (size_t)k] - s * (fabsf(x) < least ? small : large);
            sum[k] += error * error;
        }
    }
    for (int k = 0; k < LANES; k++)
        total += sum[k];
    return total;
}

void pj_levels_compare(const pj_levels *grid, const double *w, size_t n, double unit, const double *scale,
                       size_t candidates, double *error)
{
    float (*compare)(const float *, size_t, float, float, const pj_levels *) =
        grid->is_integer ? compare_integer : compare_float;
    float f[PIECE];
    for (size_t i = 0; i < n; i += PIECE) {
        size_t part = n - i < PIECE ? n - i : PIECE;
        size_t padded = (part + LANES - 1) / LANES * LANES;
        narrow(w + i, part, 1 / unit, f);
        for (size_t k = part; k < padded; k++)
            f[k] = 0;
        for (size_t c = 0; c < candidates; c++)
            error[c] += (double)compare(f, padded, (float)scale[c], (float)(1 / scale[c]), grid);
    }
}
