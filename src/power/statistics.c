/* Statistics of runs, shares of a command, power constants. */
#include "power/statistics.h"

#include "base/real.h"

static const double pi = 3.14159265358979323846;

/* The angle whose tangent is x >= 0: halved until the series is short. No library's, which differ in the last bit. */
static double arc_tangent(double x)
{
    double sum = 0, power, times = 1;
    for (int i = 0; i < 4; i++, times *= 2)
        x = x / (1 + sqrt(1 + x * x));
    power = x;
    for (int k = 1; k < 40; k += 2, power *= -x * x)
        sum += power / k;
    return sum * times;
}

/* The share of cases in which |T| <= t: sums of powers of a cosine, for whole degrees of freedom. */
static double within(double t, size_t freedom)
{
    const double tangent = t / sqrt((double)freedom), cosine2 = 1 / (1 + tangent * tangent);
    const double sine = tangent * sqrt(cosine2);
    bool odd = freedom % 2 == 1;
    double term = odd ? sqrt(cosine2) : 1, sum = 0;
    for (size_t k = odd ? 3 : 2; k <= freedom; k += 2) {
        sum += term;
        term *= cosine2 * (double)(k - 1) / (double)k;
    }
    return odd ? (arc_tangent(tangent) + sine * sum) * 2 / pi : sine * sum;
}

double pj_student_t95(size_t freedom)
{
    enum { EXACT = 2000 };
    const double z = 1.959963984540054, n = (double)freedom, z2 = z * z;
    double low = 1.9, high = 13;
    if (freedom == 0)
        return NAN;
    if (freedom > EXACT) /* Fisher's expansion around the normal distribution: the next term is below 1e-13 */
        return z + z * (z2 + 1) / (4 * n) + z * ((5 * z2 + 16) * z2 + 3) / (96 * n * n) +
               z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * n * n * n);
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(within(middle, freedom) < 0.95 ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double mean_of(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

void pj_repetitions_of(const double *joules, size_t n, double *scratch, pj_repetitions *out)
{
    double squares = 0;
    *out = (pj_repetitions){.n = n,
                            .mean = NAN,
                            .median = NAN,
                            .sd = NAN,
                            .cv_percent = NAN,
                            .t = NAN,
                            .low = NAN,
                            .high = NAN,
                            .drift_percent = NAN};
    if (n == 0)
        return;
    memcpy(scratch, joules, n * sizeof *joules);
    qsort(scratch, n, sizeof *scratch, ascending);
    out->mean = mean_of(joules, n);
    out->median = n % 2 ? scratch[n / 2] : (scratch[n / 2 - 1] + scratch[n / 2]) / 2;
    if (n < 2)
        return;
    for (size_t i = 0; i < n; i++)
        squares += (joules[i] - out->mean) * (joules[i] - out->mean);
    out->sd = sqrt(squares / (double)(n - 1));
    out->cv_percent = out->mean > 0 ? 100 * out->sd / out->mean : NAN;
    out->t = pj_student_t95(n - 1);
    const double half = out->t * out->sd / sqrt((double)n);
    out->low = out->mean - half;
    out->high = out->mean + half;
    if (n < 6)
        return;
    const size_t third = n / 3;
    const double first = mean_of(joules, third), last = mean_of(joules + n - third, third);
    out->drift_percent = first > 0 ? 100 * (last / first - 1) : NAN;
    out->steady = fabs(out->drift_percent) <= 5;
}

void pj_share_of(const pj_share_in *in, pj_share_figures *out)
{
    const double idle_j = in->idle_w * in->duration_s;
    double share = in->machine_busy_cpu_s > 0 ? in->command_cpu_s / in->machine_busy_cpu_s : NAN;
    share = share > 1 ? 1 : share; /* clocks of different grain */
    *out = (pj_share_figures){.machine_j = in->machine_j,
                              .cpu_share = share,
                              .command_j = NAN,
                              .above_idle_j = NAN,
                              .command_above_idle_j = NAN,
                              .command_with_idle_j = NAN};
    if (isnan(in->idle_w)) {
        out->command_j = in->machine_j * share;
        return;
    }
    out->below_idle = in->machine_j < idle_j;
    out->above_idle_j = out->below_idle ? 0 : in->machine_j - idle_j;
    out->command_above_idle_j = out->above_idle_j * share;
    const double with_idle = out->command_above_idle_j + idle_j * in->command_cpu_s / (in->cores * in->duration_s);
    out->command_with_idle_j = with_idle > in->machine_j ? in->machine_j : with_idle;
}

double pj_tdp_machine_w(double tdp_w, double load)
{
    if (isnan(tdp_w))
        return 85;
    return isnan(load) ? tdp_w / 2 : tdp_w * (0.1 + 0.9 * (load * load * load));
}

double pj_tdp_command_w(double tdp_w, double cpu_s, double duration_s, double cores)
{
    return tdp_w * cpu_s / (duration_s * cores);
}

/* How many modules a memory of this size is taken to have. */
static double modules_of(double gib)
{
    if (gib <= 2)
        return 1;
    if (gib <= 16)
        return 2;
    if (gib <= 64)
        return 4;
    if (gib <= 128)
        return 8;
    for (double size = 128; size >= 4; size /= 2)
        if (ceil(gib / size) >= 8)
            return fmin(ceil(gib / size), 32);
    return 8;
}

/* Of `count` modules, those from the one numbered `from` to the one numbered `to`. */
static double between(double count, double from, double to)
{
    return fmax(0, fmin(count, to) - from);
}

double pj_ram_w(double gib, bool arm, double *modules)
{
    const double count = modules_of(gib), each = arm ? 1.5 : 5;
    const double watts = each * (between(count, 0, 4) + 0.9 * between(count, 4, 8) + 0.8 * between(count, 8, 16) +
                                 0.7 * between(count, 16, INFINITY));
    *modules = count;
    return fmax(watts, arm ? 3 : 10);
}
