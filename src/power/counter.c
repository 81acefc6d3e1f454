/* Counters that wrap around, and samples of power, one reading after the other. */
#include "power/counter.h"

/* Counters move in steps: over less time than this, what they moved by is not judged as power. */
static const double grain_s = 0.25;

/* The part of [a, b] that lies in [from, to]. */
static double overlap(double a, double b, double from, double to)
{
    double begin = a > from ? a : from, end = b < to ? b : to;
    return end > begin ? end - begin : 0;
}

pj_counter pj_counter_new(uint64_t range)
{
    return (pj_counter){.from = -INFINITY, .to = INFINITY, .range = range, .most_w = INFINITY};
}

/* FNV-1a over the bytes of the difference. */
static uint64_t digest(uint64_t seed, uint64_t value)
{
    seed = seed ? seed : 14695981039346656037U;
    for (int i = 0; i < 8; i++, value >>= 8)
        seed = (seed ^ (value & 255)) * 1099511628211U;
    return seed;
}

void pj_counter_read(pj_counter *c, double at, uint64_t uj)
{
    bool is_first = !c->has_last;
    const double seconds = at - c->at;
    const uint64_t before = c->last;
    uint64_t moved = uj - before;
    c->has_last = true;
    c->at = at;
    c->last = uj;
    c->readings++;
    if (is_first || !(seconds > 0))
        return;
    if (uj < before && (c->range < before || c->range == 0)) { /* it was never so large, or nobody knows */
        c->lost++;
        c->backwards++;
        return;
    }
    if (uj < before) {
        moved = uj + (c->range - before);
        c->wraps++;
    }
    c->moves = digest(c->moves, moved);
    const double watts = (double)moved * 1e-6 / seconds, inside = overlap(at - seconds, at, c->from, c->to);
    if ((double)moved * 1e-6 > c->most_w * fmax(seconds, grain_s)) {
        c->lost++;
        c->implausible++;
        return;
    }
    if (!(inside > 0))
        return;
    c->uj += inside < seconds ? (double)moved * (inside / seconds) : (double)moved;
    c->covered_s += inside;
    c->most_seen_w = watts > c->most_seen_w ? watts : c->most_seen_w;
}

pj_integral pj_integral_new(void)
{
    return (pj_integral){.from = -INFINITY, .to = INFINITY, .first_step = NAN, .last_step = NAN};
}

void pj_integral_read(pj_integral *in, double at, double watts)
{
    const double before = in->at, first = in->last_w, step = at - before;
    if (in->samples > 0 && !(step > 0))
        return;
    in->at = at;
    in->last_w = watts;
    in->most_seen_w = watts > in->most_seen_w ? watts : in->most_seen_w;
    if (in->samples++ == 0) {
        in->first_at = at;
        in->first_w = watts;
        return;
    }
    in->first_step = in->samples == 2 ? step : in->first_step;
    in->last_step = step;
    const double begin = before > in->from ? before : in->from, end = at < in->to ? at : in->to;
    if (!(end > begin))
        return;
    const double slope = (watts - first) / step;
    const double at_begin = first + slope * (begin - before), at_end = first + slope * (end - before);
    in->joules += (at_begin + at_end) / 2 * (end - begin);
    in->covered_s += end - begin;
}

/* Holds `watts` from `edge` on for at most `step`; `wanted` is asked for. Returns what is held. */
static double hold(pj_integral *in, double watts, double step, double wanted)
{
    double held = isnan(step) ? 0 : wanted < step ? wanted : step;
    in->joules += watts * held;
    in->covered_s += held;
    return held;
}

void pj_integral_end(pj_integral *in, double *held_s, double *uncovered_s)
{
    const double whole = in->to - in->from;
    *held_s = 0;
    if (in->samples > 0) {
        double before = overlap(in->from, in->to, -INFINITY, in->first_at);
        double after = overlap(in->from, in->to, in->at, INFINITY);
        /* what is asked for may lie wholly outside of what is held */
        double head =
            isnan(in->first_step) ? 0 : overlap(in->from, in->to, in->first_at - in->first_step, in->first_at);
        double tail = isnan(in->last_step) ? 0 : overlap(in->from, in->to, in->at, in->at + in->last_step);
        *held_s += hold(in, in->first_w, head, before);
        *held_s += hold(in, in->last_w, tail, after);
    }
    *uncovered_s = whole > in->covered_s ? whole - in->covered_s : 0;
}
