/* How far one array is from another: signal, noise, and the bounded error e / (1 + e), e = |y - y'|^2 / |y|^2. A plain
 * ratio would let one small output rule a sum over many. */
#include "base/real.h"
#include "evaluate/evaluation.h"

bool pj_arrays_compare(const pj_ndarray *a, const pj_ndarray *b)
{
    if (!a->data || !b->data || !pj_array_is_real(a->dtype) || !pj_array_is_real(b->dtype) || a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

void pj_difference_add(pj_difference *d, const pj_ndarray *a, const pj_ndarray *b)
{
    double signal = 0, noise = 0;
    uint64_t odd = 0, numbers = 0;
    for (int64_t i = 0; i < a->count; i++) {
        double x = pj_array_real(a, i), y = pj_array_real(b, i);
        if (!isfinite(x))
            continue;
        numbers++;
        if (!isfinite(y)) {
            odd++;
            continue;
        }
        signal += x * x;
        noise += (x - y) * (x - y);
        d->largest = fmax(d->largest, fabs(x));
        d->most = fmax(d->most, fabs(x - y));
    }
    if (numbers == 0)
        return;
    d->signal += signal;
    d->noise += noise;
    d->error += odd ? 1 : noise == 0 ? 0 : noise / (signal + noise); /* e / (1 + e) without dividing by a signal of 0 */
    d->arrays++;
    d->numbers += numbers;
    d->odd += odd;
}

double pj_decibels(double signal, double noise)
{
    if (noise == 0)
        return signal > 0 ? INFINITY : NAN;
    return signal == 0 ? -INFINITY : 10 * pj_log10(signal / noise);
}
