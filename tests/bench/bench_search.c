/* The search against GLPK's mixed-integer solver, on the same seeded instances in one run: `bench_search [SECONDS]`.
 *
 * Built where GLPK is found; it is needed for nothing else. A row is one instance: time of the search (median of
 * several runs), its proven gap, time and result of GLPK (capped at SECONDS, default 15), how many times faster the
 * search is, and whether both found the same optimum. Exit code 1: a row with one budget takes more than 50 ms or is
 * less than 20 times as fast, or an optimum differs. */
#include <glpk.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "knapsack.h"
#include "plan/search.h"

static double now(void)
{
    struct timespec t;
    (void)timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median time (s) of several searches. */
static double time_search(const pj_problem *problem, pj_solution *out)
{
    enum { RUNS = 5 };
    double times[RUNS];
    for (int i = 0; i < RUNS; i++) {
        pj_arena *arena = pj_arena_new(0);
        pj_error err = {0};
        double start = now();
        if (pj_search(problem, 20, arena, out, &err) != PJ_OK)
            exit(1);
        times[i] = now() - start;
        pj_arena_free(arena);
    }
    qsort(times, RUNS, sizeof *times, compare);
    return times[RUNS / 2];
}

/* One mode and one slot a group: a binary variable per choice, one row per group, one per budget. */
static glp_prob *make_mip(const pj_problem *p)
{
    glp_prob *mip = glp_create_prob();
    int groups = (int)p->groups, budgets = (int)p->budgets;
    glp_set_obj_dir(mip, GLP_MIN);
    glp_add_rows(mip, groups + budgets);
    glp_add_cols(mip, (int)p->choices);
    for (int k = 0; k < budgets; k++)
        glp_set_row_bnds(mip, groups + k + 1, GLP_UP, 0, p->limit[k]);
    for (int g = 0; g < groups; g++) {
        glp_set_row_bnds(mip, g + 1, GLP_FX, 1, 1);
        for (size_t c = p->choice_at[g]; c < p->choice_at[g + 1]; c++) {
            int column = (int)c + 1, rows[2 + PJ_MOST_BUDGETS] = {0, g + 1};
            double values[2 + PJ_MOST_BUDGETS] = {0, 1};
            for (int k = 0; k < budgets; k++) {
                rows[2 + k] = groups + k + 1;
                values[2 + k] = p->point[c].cost[k];
            }
            glp_set_col_kind(mip, column, GLP_BV);
            glp_set_obj_coef(mip, column, p->point[c].noise);
            glp_set_mat_col(mip, column, 1 + budgets, rows, values);
        }
    }
    return mip;
}

static double time_glpk(const pj_problem *p, double most_seconds, double *noise, bool *optimal)
{
    glp_prob *mip = make_mip(p);
    glp_iocp options;
    glp_init_iocp(&options);
    options.presolve = GLP_ON;
    options.msg_lev = GLP_MSG_OFF;
    options.tm_lim = (int)(1000 * most_seconds);
    double start = now();
    int failed = glp_intopt(mip, &options);
    double time = now() - start;
    *optimal = !failed && glp_mip_status(mip) == GLP_OPT;
    *noise = glp_mip_obj_val(mip);
    glp_delete_prob(mip);
    return time;
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        knapsack_kind kind;
        uint64_t seed;
        size_t budgets;
        double tightness;
    } rows[] = {
        {"network, loose",       KNAPSACK_NETWORK,  1, 1, 0.6},
        {"network",              KNAPSACK_NETWORK,  2, 1, 0.4},
        {"network, tight",       KNAPSACK_NETWORK,  3, 1, 0.2},
        {"network, two budgets", KNAPSACK_NETWORK,  4, 2, 0.4},
        {"repeated layers",      KNAPSACK_REPEATED, 5, 1, 0.4},
        {"random",               KNAPSACK_RANDOM,   6, 1, 0.3},
    };
    double most_seconds = count > 1 ? atof(words[1]) : 15;
    int bad = 0;
    glp_term_out(GLP_OFF);
    printf("%-22s %10s %10s %10s %10s %8s  %s\n", "300 layers x 6 choices", "search ms", "gap", "labels", "GLPK ms",
           "times", "same optimum");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_arena *arena = pj_arena_new(0);
        const pj_problem *p =
            knapsack_make(rows[i].kind, rows[i].seed, 300, 1, 1, 6, rows[i].budgets, rows[i].tightness, arena);
        pj_solution solution;
        double noise, ours = time_search(p, &solution);
        bool optimal;
        double theirs = time_glpk(p, most_seconds, &noise, &optimal);
        bool same = fabs(noise - solution.sum.noise) <= 1e-6 * fabs(noise);
        bool worse = solution.sum.noise > noise * (1 + 1e-6);
        printf("%-22s %10.2f %10.1e %10llu %10.0f %8.0f  %s\n", rows[i].name, 1e3 * ours, pj_solution_gap(&solution),
               (unsigned long long)solution.labels, 1e3 * theirs, theirs / ours,
               !optimal ? "GLPK gave up"
               : same   ? "yes"
                        : "NO");
        bad += worse || (optimal && !same) || (p->budgets == 1 && (theirs < 20 * ours || ours > 0.05));
        pj_arena_free(arena);
    }
    return bad != 0;
}
