/* The best window: prefix sums, and the borders of steps as candidates. */
#include "footprint/window.h"

#include "base/limits.h"
#include <math.h>
#include <stdlib.h>

/* A sum that carries what rounding has lost: windows of nearly equal means are told apart by 1e-12, also late in a
 * year. */
typedef struct exact {
    double high, low;
} exact;

static exact add(exact sum, double value)
{
    double high = sum.high + value, part = high - sum.high;
    double lost = (sum.high - (high - part)) + (value - part);
    return (exact){high, sum.low + lost};
}

typedef struct search {
    const pj_steps *steps;
    const exact *before; /* sum of the values before a step; one more than steps */
    double period, length;
    double first, last; /* starts that are allowed */
} search;

/* The step at a time of the profile itself, and how much of it has passed, in steps. */
static size_t step_at(const search *s, double at, double *passed)
{
    double position = at / s->steps->step_h, whole = floor(position);
    double most = (double)s->steps->count;
    whole = whole < most ? whole : most;
    *passed = position - whole;
    return (size_t)whole;
}

/* The integral from hour 0, in g/kWh * steps. */
static exact integral(const search *s, double at)
{
    double turns = s->steps->repeats ? floor(at / s->period) : 0, passed;
    size_t step = step_at(s, at - turns * s->period, &passed);
    exact sum = add(s->before[step], step < s->steps->count ? s->steps->value[step] * passed : 0);
    exact all = s->before[s->steps->count];
    if (turns == 0)
        return sum;
    sum = add(sum, all.high * turns);
    sum.low += all.low * turns + fma(all.high, turns, -(all.high * turns));
    return sum;
}

static double mean_from(const search *s, double start)
{
    exact from = integral(s, start), to = integral(s, start + s->length);
    double sum = (to.high - from.high) + (to.low - from.low);
    return sum * s->steps->step_h / s->length;
}

/* Neither is negative. */
static bool is_less(double a, double b)
{
    return a < b * (1 - 1e-12);
}

static void take_start(double start, double mean, pj_run_window *out)
{
    if (!(mean > out->mean * (1 + 1e-12))) {
        bool less = is_less(mean, out->mean);
        if (less || start < out->start_h) {
            out->mean = less ? mean : out->mean;
            out->start_h = start;
        }
    }
    if (is_less(out->worst_mean, mean) || (mean >= out->worst_mean && start < out->worst_start_h)) {
        out->worst_mean = mean;
        out->worst_start_h = start;
    }
}

static void try_start(const search *s, double start, pj_run_window *out)
{
    if (start >= s->first && start <= s->last)
        take_start(start, mean_from(s, start), out);
}

/* ---- starts and ends on borders: no division, no search for a step ---- */

/* The integral up to a border. */
static exact before(const search *s, size_t index)
{
    size_t count = s->steps->count;
    if (index <= count)
        return s->before[index];
    double turns = (double)(index / count);
    exact sum = s->before[index % count], all = s->before[count];
    sum = add(sum, all.high * turns);
    sum.low += all.low * turns + fma(all.high, turns, -(all.high * turns));
    return sum;
}

/* Of `whole` steps from a border on, and `part` of the step at `more`. */
static double mean_of(const search *s, size_t from, double whole, double part, size_t more)
{
    exact a = before(s, from), b = before(s, from + (size_t)whole);
    double sum = (b.high - a.high) + (b.low - a.low);
    sum += part > 0 ? part * s->steps->value[more % s->steps->count] : 0;
    return sum * s->steps->step_h / s->length;
}

/* All starts on a border, and all that end on one. */
static void try_borders(const search *s, size_t first, size_t count, pj_run_window *out)
{
    double steps = s->length / s->steps->step_h, whole = floor(steps), part = steps - whole;
    size_t end = (size_t)ceil((s->first + s->length) / s->steps->step_h);
    for (size_t i = first; i < first + count; i++)
        take_start((double)i * s->steps->step_h, mean_of(s, i, whole, part, i + (size_t)whole), out);
    for (size_t i = end; part > 0 && i <= end + s->steps->count; i++) {
        double start = (double)i * s->steps->step_h - s->length;
        size_t from = i - (size_t)whole;
        if (start >= s->first && start <= s->last && from > 0)
            take_start(start, mean_of(s, from, whole, part, from - 1), out);
    }
}

static double saving(double mean, double of)
{
    return of > 0 ? 100 * (1 - mean / of) : NAN;
}

/* ---- the best of each step ---- */

static int compare_slots(const void *a, const void *b)
{
    const pj_stretch *one = a, *two = b;
    if (one->mean != two->mean)
        return one->mean < two->mean ? -1 : 1;
    return one->start_h < two->start_h ? -1 : one->start_h > two->start_h;
}

static int compare_times(const void *a, const void *b)
{
    const pj_stretch *one = a, *two = b;
    return one->start_h < two->start_h ? -1 : one->start_h > two->start_h;
}

static double border(const search *s, double index)
{
    return index * s->steps->step_h;
}

/* Borders from the first start on: the number of the first one, and how many there are up to the last start. */
static double first_border(const search *s, size_t *count)
{
    double first = ceil(s->first / s->steps->step_h);
    double most = 2 * (double)s->steps->count + 2, span = floor(s->last / s->steps->step_h) - first + 1;
    *count = span > 0 ? (size_t)fmin(span, most) : 0;
    return first;
}

static pj_status list_starts(const search *s, size_t top, pj_run_window *out, pj_error *err)
{
    size_t count = 0, kept = 1;
    double first = top > 1 ? first_border(s, &count) : 0;
    pj_stretch *list = malloc((count + 1) * sizeof *list);
    if (!list)
        return pj_fail_memory(err);
    list[0] = (pj_stretch){out->start_h, s->length, out->mean};
    for (size_t i = 0; i < count; i++) {
        double start = border(s, first + (double)i);
        if (start != out->start_h)
            list[kept++] = (pj_stretch){start, s->length, mean_from(s, start)};
    }
    qsort(list + 1, kept - 1, sizeof *list, compare_slots);
    out->starts = list;
    out->start_count = kept < top ? kept : top;
    return PJ_OK;
}

/* ---- interruptible ---- */

/* Whole steps within what is allowed, cut at its ends. */
static size_t list_steps(const search *s, double first, double end, pj_stretch *list)
{
    size_t count = 0;
    double step_h = s->steps->step_h;
    for (double i = floor(first / step_h); i * step_h < end; i++) {
        double start = fmax(i * step_h, first), stop = fmin((i + 1) * step_h, end);
        if (stop > start)
            list[count++] = (pj_stretch){start, stop - start, s->steps->value[(size_t)i % s->steps->count]};
    }
    return count;
}

/* The cheapest steps until the job is done, the last one from its start. */
static pj_status find_slots(const search *s, pj_run_window *out, pj_error *err)
{
    double end = s->last + s->length, sum = 0, left = s->length;
    double steps = (end - s->first) / s->steps->step_h;
    if (steps > PJ_MAX_PROFILE_ROWS)
        return pj_fail(err, PJ_ELIMIT, "more than %d steps between the earliest start and the latest end",
                       PJ_MAX_PROFILE_ROWS);
    pj_stretch *list = malloc(((size_t)steps + 3) * sizeof *list);
    if (!list)
        return pj_fail_memory(err);
    size_t count = list_steps(s, s->first, end, list), used = 0;
    qsort(list, count, sizeof *list, compare_slots);
    for (; used < count && left > s->length * 1e-12; used++) {
        list[used].hours = fmin(list[used].hours, left);
        left -= list[used].hours;
        sum += list[used].hours * list[used].mean;
    }
    qsort(list, used, sizeof *list, compare_times);
    out->slots_mean = sum / s->length;
    out->slots = list;
    out->slot_count = used;
    return PJ_OK;
}

/* ---- the search ---- */

static pj_status bound(const pj_steps *steps, const pj_window_ask *ask, search *s, pj_error *err)
{
    double end = isnan(ask->latest_end_h) && !steps->repeats ? s->period : ask->latest_end_h;
    s->first = ask->earliest_h;
    s->last = isnan(end) ? s->first + s->period : end - s->length;
    if (!(s->first / steps->step_h < 1e15 && s->length / steps->step_h < 1e15 && s->length > 0))
        return pj_fail(err, PJ_EARGUMENT, "%g h from hour %g on are no window of steps of %g h", s->length, s->first,
                       steps->step_h);
    if (!steps->repeats && end > s->period)
        return pj_fail(err, PJ_EARGUMENT, "the latest end, hour %g, is after the end of the profile, hour %g", end,
                       s->period);
    if (!(s->last >= s->first))
        return pj_fail(err, PJ_EARGUMENT, "%g h do not fit between hour %g and hour %g", s->length, s->first,
                       s->last + s->length);
    return PJ_OK;
}

/* What repeats is looked at for one period: later starts bring nothing new. */
static void try_all(const search *s, bool open, pj_run_window *out)
{
    size_t count;
    search within = *s;
    if (s->steps->repeats)
        within.last = fmin(s->last, s->first + s->period);
    if (open) /* starts come before the end of the period */
        within.last = nextafter(within.last, -INFINITY);
    double first = first_border(&within, &count);
    try_start(&within, s->first, out);
    try_borders(&within, (size_t)first, count, out);
    if (!open)
        try_start(&within, s->last, out);
}

pj_status pj_window_find(const pj_steps *steps, const pj_window_ask *ask, pj_run_window *out, pj_error *err)
{
    search s = {.steps = steps, .period = (double)steps->count * steps->step_h, .length = ask->duration_h};
    exact *sums = NULL, sum = {0, 0};
    *out = (pj_run_window){.start_h = INFINITY, .mean = INFINITY, .worst_mean = -INFINITY, .slots_mean = NAN};
    PJ_TRY(bound(steps, ask, &s, err));
    sums = malloc((steps->count + 1) * sizeof *sums);
    if (!sums)
        return pj_fail_memory(err);
    for (size_t i = 0; i < steps->count; i++) {
        sums[i] = sum;
        sum = add(sum, steps->value[i]);
    }
    sums[steps->count] = sum;
    s.before = sums;
    try_all(&s, steps->repeats && isnan(ask->latest_end_h), out);
    out->now_mean = mean_from(&s, s.first);
    out->saving_percent_of_now = saving(out->mean, out->now_mean);
    out->saving_percent_of_worst = saving(out->mean, out->worst_mean);
    pj_status status = list_starts(&s, ask->top ? ask->top : 1, out, err);
    if (status == PJ_OK && ask->interruptible)
        status = find_slots(&s, out, err);
    free(sums);
    if (status != PJ_OK) {
        free(out->starts);
        out->starts = NULL;
    }
    return status;
}
