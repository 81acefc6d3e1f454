/* Least relative errors: weighted least squares with weights that make large errors count less and less. */
#include "calibrate/fit.h"

#include "cost/device.h"

enum { ROUNDS = 30, FIRST_ROUNDS = 7, STEPS = 3000, PADS = 4 };

static const double least_error = 0.02, far = 0.3;

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double pj_fit_median(double *value, size_t count)
{
    qsort(value, count, sizeof *value, by_value);
    return (value[(count - 1) / 2] + value[count / 2]) / 2;
}

static void features(const pj_fit_row *row, int pad, double *out)
{
    out[0] = pj_padded_macs(row->work, row->channels_in, row->channels_out, pad);
    out[1] = row->input_bytes;
    out[2] = row->output_bytes;
    out[3] = row->weight_bytes;
    out[4] = 1;
}

static double estimate(const double *price, const pj_fit_row *row, int pad)
{
    double x[PJ_FIT_PRICES], sum = 0;
    features(row, pad, x);
    for (int i = 0; i < PJ_FIT_PRICES; i++)
        sum += price[i] * x[i];
    return sum;
}

typedef double point[PJ_FIT_PRICES];

/* Some rows, and room to work with them. */
typedef struct sample {
    const pj_fit_row *row;
    const size_t *use;
    size_t count;
    point *x; /* features over the energy, so that an estimate wants to be 1 */
    double *weight;
} sample;

/* Prices of least weighted squares, none below 0: one after the other until nothing moves. */
static void solve(const sample *s, double *price)
{
    double a[PJ_FIT_PRICES][PJ_FIT_PRICES] = {{0}}, c[PJ_FIT_PRICES] = {0};
    for (size_t r = 0; r < s->count; r++)
        for (int i = 0; i < PJ_FIT_PRICES; i++) {
            c[i] += s->weight[r] * s->x[r][i];
            for (int j = 0; j < PJ_FIT_PRICES; j++)
                a[i][j] += s->weight[r] * s->x[r][i] * s->x[r][j];
        }
    memset(price, 0, PJ_FIT_PRICES * sizeof *price);
    double most = 1;
    for (int step = 0; step < STEPS && most > 1e-9; step++) {
        most = 0;
        for (int i = 0; i < PJ_FIT_PRICES; i++) {
            double left = c[i];
            for (int j = 0; j < PJ_FIT_PRICES; j++)
                left -= j == i ? 0 : a[i][j] * price[j];
            double now = a[i][i] > 0 ? fmax(0, left / a[i][i]) : 0;
            most = fmax(most, fabs(now - price[i]) * sqrt(a[i][i]));
            price[i] = now;
        }
    }
}

/* One price: that of the first kind of feature that all rows have. */
static void scale(const sample *s, int pad, double *price)
{
    memset(price, 0, PJ_FIT_PRICES * sizeof *price);
    for (int i = 0; i < PJ_FIT_PRICES; i++) {
        bool all = true;
        for (size_t r = 0; r < s->count && all; r++) {
            double x[PJ_FIT_PRICES];
            features(&s->row[s->use[r]], pad, x);
            all = x[i] > 0;
            s->weight[r] = all ? s->row[s->use[r]].pj / x[i] : 0;
        }
        if (all) {
            price[i] = pj_fit_median(s->weight, s->count);
            return;
        }
    }
}

static void learn(const sample *s, int pad, bool is_scale, double *price)
{
    double size[PJ_FIT_PRICES] = {0};
    if (is_scale) {
        scale(s, pad, price);
        return;
    }
    for (size_t r = 0; r < s->count; r++) {
        const pj_fit_row *row = &s->row[s->use[r]];
        features(row, pad, s->x[r]);
        for (int i = 0; i < PJ_FIT_PRICES; i++) {
            s->x[r][i] /= row->pj;
            size[i] = fmax(size[i], s->x[r][i]);
        }
        s->weight[r] = 1;
    }
    for (size_t r = 0; r < s->count; r++)
        for (int i = 0; i < PJ_FIT_PRICES; i++)
            s->x[r][i] /= size[i] > 0 ? size[i] : 1;
    for (int round = 0; round < ROUNDS; round++) {
        solve(s, price);
        for (size_t r = 0; r < s->count; r++) {
            double off = -1;
            for (int i = 0; i < PJ_FIT_PRICES; i++)
                off += price[i] * s->x[r][i];
            s->weight[r] = 1 / fmax(fabs(off), least_error);
            if (round >= FIRST_ROUNDS)
                s->weight[r] /= 1 + off * off / (far * far);
        }
    }
    for (int i = 0; i < PJ_FIT_PRICES; i++)
        price[i] = size[i] > 0 ? price[i] / size[i] : 0;
}

/* Each half by the prices of the other. */
static double cross(const pj_fit_row *row, const size_t *order, size_t count, int pad, const sample *room, double *off,
                    double *ratio)
{
    size_t half = count / 2;
    for (int side = 0; side < 2; side++) {
        sample s = *room;
        double price[PJ_FIT_PRICES];
        s.row = row;
        s.use = side ? order + half : order;
        s.count = side ? count - half : half;
        learn(&s, pad, s.count < PJ_FIT_LEAST / 2, price);
        for (size_t i = side ? 0 : half; i < (side ? half : count); i++) {
            double guess = estimate(price, &row[order[i]], pad);
            ratio[order[i]] = guess > 0 ? row[order[i]].pj / guess : 0;
            off[i] = fabs(guess / row[order[i]].pj - 1);
        }
    }
    return pj_fit_median(off, count);
}

/* An order that looks random, the same every time. */
static void shuffle(size_t *order, size_t count)
{
    uint64_t state = 14;
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        size_t other = (size_t)((state >> 33) % i), kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static bool has_channels(const pj_fit_row *row, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(row[i].channels_in > 0 && row[i].channels_out > 0))
            return false;
    return true;
}

pj_status pj_fit_rows(const pj_fit_row *row, size_t count, pj_arena *arena, double *ratio, pj_fit *out, pj_error *err)
{
    static const int pads[PADS] = {1, 8, 16, 32};
    size_t *order = PJ_NEW(arena, size_t, count);
    double *off = PJ_NEW(arena, double, count), *tried = PJ_NEW(arena, double, count);
    sample s = {row, order, count, PJ_NEW(arena, point, count), PJ_NEW(arena, double, count)};
    PJ_TRY(pj_got(order && off && tried && s.x && s.weight, err));
    *out = (pj_fit){.pad = 1, .error = -1, .is_scale = count < PJ_FIT_LEAST};
    shuffle(order, count);
    for (size_t i = 0; i < count; i++) {
        out->work_from = i ? fmin(out->work_from, row[i].work) : row[i].work;
        out->work_to = fmax(out->work_to, row[i].work);
    }
    for (int p = 0; p < PADS && count >= 4; p++) {
        if (p && (out->is_scale || !has_channels(row, count)))
            break;
        double error = cross(row, order, count, pads[p], &s, off, tried);
        if (p && error > 0.95 * out->error) /* by chance some multiple is always a bit better */
            continue;
        out->error = error;
        out->pad = pads[p];
        memcpy(ratio, tried, count * sizeof *ratio);
    }
    learn(&s, out->pad, out->is_scale, out->price);
    return PJ_OK;
}
