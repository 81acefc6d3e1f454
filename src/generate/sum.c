/* Sums over many steps without running all of them.
 *
 * Every count of a step is a polynomial of its position in the series between breakpoints (a window that is full, a
 * longer format of a sum): of first degree where one token follows the other, of second where whole prompts grow. Three
 * steps give it, in Newton's form
 *
 *     f(i) = f0 + i*d1 + i*(i-1)/2*d2        sum over 0 <= i < n: n*f0 + C(n,2)*d1 + C(n,3)*d2
 *
 * and all other steps that are looked at have to agree to the last bit; where they do not, the panel is halved.
 * Energies are smooth, but no polynomials, where the price of an SRAM follows its size: through nine steps of a panel a
 * polynomial is laid, which three more have to meet. */
#include "generate/generate.h"

enum { EXACT = 16, NODES = 9, PROBES = 3, SAMPLES = 2 + NODES + PROBES, MOST_MEASURED = 4000 };

static const double tolerance = 1e-11;

typedef struct summer {
    pj_stepper *s;
    const pj_series *series;
    pj_step_figures *out;
    int64_t priced;
    pj_error *err;
} summer;

static int values_of(const summer *m)
{
    return PJ_STEP_ENERGIES + PJ_STEP_OF_DEVICE * (int)m->s->setup.device_count;
}

static pj_status measure(summer *m, int64_t i, pj_step_figures *out)
{
    const pj_series *series = m->series;
    m->priced++;
    return pj_step_measure(m->s, series->tokens + i * series->more_tokens, series->past + i * series->more_past,
                           series->batch, out, m->err);
}

static pj_status fail_overflow(const summer *m)
{
    return pj_fail(m->err, PJ_EOVERFLOW, "a count of %" PRId64 " steps does not fit 64 bits", m->series->count);
}

/* ---- step by step ---- */

static pj_status add_step(summer *m, const pj_step_figures *step)
{
    for (int c = 0; c < PJ_STEP_COUNT; c++)
        if (!pj_add_i64(m->out->count[c], step->count[c], &m->out->count[c]))
            return fail_overflow(m);
    for (int v = 0; v < values_of(m); v++)
        m->out->value[v] += step->value[v];
    m->out->uncounted = step->uncounted;
    m->out->layers = step->layers;
    return PJ_OK;
}

static pj_status add_each(summer *m, int64_t first, int64_t count)
{
    pj_step_figures step;
    for (int64_t i = 0; i < count; i++) {
        PJ_TRY(measure(m, first + i, &step));
        PJ_TRY(add_step(m, &step));
    }
    return PJ_OK;
}

/* ---- counts of a panel ---- */

/* n * (n-1) / 2, and that times (n-2) / 3. */
static bool choose(int64_t n, int64_t *two, int64_t *three)
{
    int64_t a = n % 2 ? n : n / 2, b = n % 2 ? (n - 1) / 2 : n - 1;
    if (!pj_mul_i64(a, b, two))
        return false;
    int64_t c = n - 2, part = *two;
    if (part % 3 == 0)
        part /= 3;
    else
        c /= 3;
    return pj_mul_i64(part, c, three);
}

typedef struct newton {
    int64_t f0, d1, d2;
} newton;

static bool newton_of(int64_t a, int64_t b, int64_t c, newton *out)
{
    int64_t next;
    out->f0 = a;
    return pj_sub_i64(b, a, &out->d1) && pj_sub_i64(c, b, &next) && pj_sub_i64(next, out->d1, &out->d2);
}

static bool newton_at(const newton *f, int64_t i, int64_t *out)
{
    int64_t two, three, first, second;
    if (!choose(i, &two, &three) && f->d2)
        return false;
    return pj_mul_i64(i, f->d1, &first) && pj_mul_i64(f->d2 ? two : 0, f->d2, &second) &&
           pj_add_i64(f->f0, first, out) && pj_add_i64(*out, second, out);
}

/* false: it does not fit 64 bits. */
static bool newton_sum(const newton *f, int64_t n, int64_t *out)
{
    int64_t two, three = 0, first, second, third;
    bool fits = choose(n, &two, &three) || !f->d2;
    return fits && pj_mul_i64(n, f->f0, &first) && pj_mul_i64(two, f->d1, &second) &&
           pj_mul_i64(f->d2 ? three : 0, f->d2, &third) && pj_add_i64(first, second, out) &&
           pj_add_i64(*out, third, out);
}

/* ---- energies of a panel ---- */

/* The weights with which a polynomial through the nodes sums over 0 <= i < n: solves for the sums of powers of i/(n-1).
 */
static void weigh(const int64_t *node, int64_t n, long double *weight)
{
    long double a[NODES][NODES + 1];
    for (int k = 0; k < NODES; k++) {
        for (int j = 0; j < NODES; j++)
            a[k][j] = k ? a[k - 1][j] * ((long double)node[j] / (long double)(n - 1) - 0.5L) : 1;
        a[k][NODES] = 0;
    }
    for (int64_t i = 0; i < n; i++) {
        long double t = (long double)i / (long double)(n - 1) - 0.5L, power = 1;
        for (int k = 0; k < NODES; k++, power *= t)
            a[k][NODES] += power;
    }
    for (int p = 0; p < NODES; p++) {
        int best = p;
        for (int r = p + 1; r < NODES; r++)
            best = fabsl(a[r][p]) > fabsl(a[best][p]) ? r : best;
        for (int c = 0; c <= NODES; c++) {
            long double swap = a[p][c];
            a[p][c] = a[best][c];
            a[best][c] = swap;
        }
        for (int r = 0; r < NODES; r++) {
            long double factor = r == p ? 0 : a[r][p] / a[p][p];
            for (int c = p; c <= NODES; c++)
                a[r][c] -= factor * a[p][c];
        }
    }
    for (int p = 0; p < NODES; p++)
        weight[p] = a[p][NODES] / a[p][p];
}

static long double lagrange(const int64_t *node, const double *value, int64_t at)
{
    long double sum = 0;
    for (int j = 0; j < NODES; j++) {
        long double part = value[j];
        for (int k = 0; k < NODES; k++)
            part *= k == j ? 1 : (long double)(at - node[k]) / (long double)(node[j] - node[k]);
        sum += part;
    }
    return sum;
}

/* ---- panels ---- */

typedef struct panel {
    int64_t first, count;
    int64_t at[SAMPLES]; /* nodes, probes, and the two steps after the first */
    pj_step_figures step[SAMPLES];
} panel;

static void place(panel *p)
{
    static const double probe[PROBES] = {0.07, 0.45, 0.91};
    for (int i = 0; i < NODES; i++)
        p->at[i] = (p->count - 1) * i / (NODES - 1);
    for (int i = 0; i < PROBES; i++)
        p->at[NODES + i] = (int64_t)((double)p->count * probe[i]);
    p->at[NODES + PROBES] = 1;
    p->at[NODES + PROBES + 1] = 2;
}

static bool counts_agree(const panel *p, newton *f)
{
    const int one = NODES + PROBES;
    for (int c = 0; c < PJ_STEP_COUNT; c++) {
        if (!newton_of(p->step[0].count[c], p->step[one].count[c], p->step[one + 1].count[c], &f[c]))
            return false;
        for (int i = 0; i < SAMPLES; i++) {
            int64_t expected;
            if (!newton_at(&f[c], p->at[i], &expected) || expected != p->step[i].count[c])
                return false;
        }
    }
    return true;
}

static bool energies_agree(const summer *m, const panel *p)
{
    double node[NODES];
    for (int v = 0; v < values_of(m); v++) {
        double most = 0;
        for (int i = 0; i < NODES; i++) {
            node[i] = p->step[i].value[v];
            most = fmax(most, fabs(node[i]));
        }
        for (int i = NODES; i < SAMPLES; i++) {
            long double expected = lagrange(p->at, node, p->at[i]);
            if (fabsl(expected - (long double)p->step[i].value[v]) > (long double)(tolerance * most))
                return false;
        }
    }
    return true;
}

static pj_status add_panel(summer *m, const panel *p, const newton *f)
{
    long double weight[NODES];
    weigh(p->at, p->count, weight);
    for (int c = 0; c < PJ_STEP_COUNT; c++) {
        int64_t sum;
        if (!newton_sum(&f[c], p->count, &sum) || !pj_add_i64(m->out->count[c], sum, &m->out->count[c]))
            return fail_overflow(m);
    }
    for (int v = 0; v < values_of(m); v++) {
        long double sum = 0;
        for (int i = 0; i < NODES; i++)
            sum += weight[i] * (long double)p->step[i].value[v];
        m->out->value[v] += (double)sum;
    }
    m->out->uncounted = p->step[0].uncounted;
    m->out->layers = p->step[0].layers;
    return PJ_OK;
}

static pj_status add_range(summer *m, int64_t first, int64_t count, panel *p)
{
    newton f[PJ_STEP_COUNT];
    if (count <= EXACT)
        return add_each(m, first, count);
    if (m->priced > MOST_MEASURED)
        return pj_fail(m->err, PJ_ELIMIT, "the steps differ too often to be summed: %" PRId64 " were priced",
                       m->priced);
    p->first = first;
    p->count = count;
    place(p);
    for (int i = 0; i < SAMPLES; i++)
        PJ_TRY(measure(m, first + p->at[i], &p->step[i]));
    if (counts_agree(p, f) && energies_agree(m, p))
        return add_panel(m, p, f);
    PJ_TRY(add_range(m, first, count / 2, p));
    return add_range(m, first + count / 2, count - count / 2, p);
}

pj_status pj_series_sum(pj_stepper *s, const pj_series *series, pj_step_figures *out, int64_t *priced, pj_error *err)
{
    enum { ONE_BY_ONE = 64 };
    summer m = {s, series, out, 0, err};
    memset(out, 0, sizeof *out);
    panel *p = series->count > ONE_BY_ONE ? malloc(sizeof *p) : NULL;
    if (series->count > ONE_BY_ONE)
        PJ_TRY(pj_got(p, err));
    pj_status status = p ? add_range(&m, 0, series->count, p) : add_each(&m, 0, series->count);
    free(p);
    *priced = m.priced;
    return status;
}
