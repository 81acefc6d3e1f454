/* Pareto files: dominance against its definition tried on all pairs, the pick, what the first point settles. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "picojoule/history.h"

static char file[64];

/* xorshift: the same points in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The definition: at least as good in both and better in one, or the same and earlier. */
static bool beats(const pj_pareto_point *a, const pj_pareto_point *b, bool higher, bool earlier)
{
    double qa = higher ? -a->quality : a->quality, qb = higher ? -b->quality : b->quality;
    bool as_good = qa <= qb && a->energy <= b->energy;
    return as_good && (qa < qb || a->energy < b->energy || earlier);
}

/* Few distinct figures, so that equal ones are frequent. */
static void test_brute_force(void)
{
    enum { MOST = 40, ROUNDS = 500 };
    uint64_t state = 88172645463325252u;
    pj_pareto_point points[MOST];
    size_t frontier[MOST], found;
    size_t wrong = 0, unordered = 0, miscounted = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = 1 + next_random(&state) % MOST, free_ones = 0;
        bool higher = round % 2;
        memset(points, 0, sizeof points);
        for (size_t i = 0; i < count; i++) {
            points[i].quality = (double)(next_random(&state) % 12) - 5;
            points[i].energy = (double)(next_random(&state) % 12);
        }
        CHECK(pj_pareto_sort(points, count, higher ? PJ_BETTER_HIGHER : PJ_BETTER_LOWER, frontier, &found));
        for (size_t i = 0; i < count; i++) {
            bool dominated = false;
            for (size_t k = 0; k < count; k++)
                dominated = dominated || (k != i && beats(&points[k], &points[i], higher, k < i));
            wrong += dominated != points[i].dominated;
            free_ones += !dominated;
        }
        miscounted += found != free_ones;
        for (size_t i = 0; i < found; i++) {
            wrong += points[frontier[i]].dominated;
            unordered += i > 0 && points[frontier[i - 1]].energy >= points[frontier[i]].energy;
        }
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(unordered, 0);
    CHECK_INT(miscounted, 0);
}

static pj_status add(double quality, double energy, const char *unit, pj_better better, pj_error *err)
{
    pj_pareto_point point = {.quality = quality, .energy = energy, .unit = unit, .time = "2026-01-01T00:00:00Z"};
    memset(err, 0, sizeof *err);
    return pj_pareto_add(file, &point, better, err);
}

static size_t pick_at(double within)
{
    pj_error err = {0};
    pj_pareto *pareto = NULL;
    CHECK_INT(pj_pareto_read(file, PJ_BETTER_AS_FILE, within, &pareto, &err), PJ_OK);
    size_t pick = pareto ? pareto->pick : 999;
    pj_pareto_free(pareto);
    return pick;
}

/* Best quality 10: within 10 % is up to 11, within 25 % up to 12.5, within 100 % up to 20. */
static void test_pick_lower(void)
{
    pj_error err;
    unlink(file);
    add(20, 1, "pJ", PJ_BETTER_AS_FILE, &err);     /* 0 */
    add(12, 3, "pJ", PJ_BETTER_AS_FILE, &err);     /* 1 */
    add(11, 5, "pJ", PJ_BETTER_LOWER, &err);       /* 2 */
    add(10.5, 4.5, "pJ", PJ_BETTER_AS_FILE, &err); /* 3: dominates 2 */
    add(10, 9, "pJ", PJ_BETTER_AS_FILE, &err);     /* 4 */
    add(10.5, 4.5, "pJ", PJ_BETTER_AS_FILE, &err); /* 5: the same as 3, later */
    CHECK_INT(pick_at(0), 4);
    CHECK_INT(pick_at(0.1), 3);
    CHECK_INT(pick_at(0.25), 1);
    CHECK_INT(pick_at(1), 0);
}

/* Best 0.9: within 10 % is from 0.81 on. A negative best: -2 within 50 % is from -3 on. */
static void test_pick_higher(void)
{
    pj_error err;
    unlink(file);
    add(0.8, 1, "pJ", PJ_BETTER_HIGHER, &err);
    add(0.82, 2, "pJ", PJ_BETTER_AS_FILE, &err);
    add(0.9, 7, "pJ", PJ_BETTER_HIGHER, &err);
    CHECK_INT(pick_at(0.1), 1);
    CHECK_INT(pick_at(0.05), 2);
    CHECK_INT(pick_at(0.2), 0);
    unlink(file);
    add(-4, 1, "relative", PJ_BETTER_HIGHER, &err);
    add(-2.5, 2, "relative", PJ_BETTER_HIGHER, &err);
    add(-2, 3, "relative", PJ_BETTER_HIGHER, &err);
    CHECK_INT(pick_at(0.5), 1);
}

static void refuse(pj_status got, const pj_error *err, const char *part)
{
    CHECK_INT(got, PJ_EARGUMENT);
    CHECK_PART(err->what, part);
}

static void test_first_point_settles(void)
{
    pj_error err = {0};
    pj_pareto *pareto = NULL;
    unlink(file);
    refuse(add(NAN, 1, "pJ", PJ_BETTER_AS_FILE, &err), &err, "quality is no finite number");
    refuse(add(1, -1, "pJ", PJ_BETTER_AS_FILE, &err), &err, "energy is no number from 0 on");
    refuse(add(1, 1, "kWh", PJ_BETTER_AS_FILE, &err), &err, "kWh");
    CHECK(access(file, F_OK) != 0); /* not even made */

    CHECK_INT(add(1, 1, "pJ", PJ_BETTER_HIGHER, &err), PJ_OK);
    refuse(add(2, 1, "pJ", PJ_BETTER_LOWER, &err), &err, "\"higher is better\"");
    refuse(add(2, 1, "relative", PJ_BETTER_AS_FILE, &err), &err, "energies are in pJ, this one is in relative");
    CHECK_INT(add(2, 1, "pJ", PJ_BETTER_AS_FILE, &err), PJ_OK);
    CHECK_INT(pj_pareto_read(file, PJ_BETTER_LOWER, 0, &pareto, &err), PJ_EARGUMENT);
    CHECK_INT(pj_pareto_read(file, PJ_BETTER_HIGHER, 0, &pareto, &err), PJ_OK);
    CHECK_INT(pareto->count, 2); /* what was refused is not there */
    CHECK(pareto->higher_is_better);
    CHECK(pareto->points[0].dominated && !pareto->points[1].dominated);
    pj_pareto_free(pareto);
}

int main(void)
{
    snprintf(file, sizeof file, "/tmp/pj-pareto-%ld.db", (long)getpid());
    test_brute_force();
    test_pick_lower();
    test_pick_higher();
    test_first_point_settles();
    unlink(file);
    return check_done();
}
