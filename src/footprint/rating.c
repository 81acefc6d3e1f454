/* Ratings: energies in groups that compare, and their stars. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "footprint/stars.h"

const char *const *pj_star_methods(void)
{
    static const char *const words[] = {"rank", "range", "seed003", NULL};
    return words;
}

typedef struct rating {
    pj_rating found; /* first: what the caller has */
    pj_arena *arena;
    pj_star_group *groups;
} rating;

/* The classes of AI Energy Score for text generation. */
static const char *class_of(const pj_energy_source *s, bool classes)
{
    const int64_t billion = 1000000000;
    if (!classes || s->params < 0)
        return "";
    return s->params <= 20 * billion ? "A" : s->params <= 66 * billion ? "B" : "C";
}

static pj_star_group group_of(const pj_energy_source *s, bool classes, bool mix)
{
    return (pj_star_group){s->task ? s->task : "", s->hardware && !mix ? s->hardware : "", class_of(s, classes),
                           mix ? "mixed" : pj_boundary_word(s->boundary), 0};
}

static bool same_group(const pj_star_group *a, const pj_star_group *b)
{
    return strcmp(a->task, b->task) == 0 && strcmp(a->hardware, b->hardware) == 0 &&
           strcmp(a->size_class, b->size_class) == 0 && strcmp(a->boundary, b->boundary) == 0;
}

static pj_status check(const pj_footprint *f, bool mix, pj_error *err)
{
    for (size_t i = 0; i < f->source_count && !mix; i++) {
        const pj_energy_source *s = &f->sources[i];
        if (s->boundary == PJ_BOUND_OPERATIONS)
            return pj_fail(err, PJ_EFORMAT, "%s: an estimate of operations earns no stars (--mix: all the same)",
                           s->name);
        if (s->boundary != f->sources[0].boundary)
            return pj_fail(err, PJ_EFORMAT, "%s is %s, %s is %s: that does not compare (--mix: all the same)",
                           f->sources[0].name, pj_boundary_word(f->sources[0].boundary), s->name,
                           pj_boundary_word(s->boundary));
    }
    return PJ_OK;
}

static int compare(const void *a, const void *b)
{
    const pj_rated *one = a, *two = b;
    double x = one->row->thousand.kwh_site, y = two->row->thousand.kwh_site;
    if (one->group != two->group)
        return one->group < two->group ? -1 : 1;
    if (x != y)
        return x < y ? -1 : 1;
    return one->row < two->row ? -1 : one->row > two->row;
}

/* Each row into its group, then group by group. */
static void sort(rating *r, pj_rated *rated, bool classes, bool mix)
{
    const pj_footprint *f = r->found.footprint;
    for (size_t i = 0; i < f->row_count; i++) {
        const pj_star_group mine = group_of(f->rows[i].source, classes, mix);
        size_t group = 0;
        while (group < r->found.group_count && !same_group(&r->groups[group], &mine))
            group++;
        if (group == r->found.group_count) {
            r->groups[group] = mine;
            r->found.group_count++;
        }
        r->groups[group].count++;
        rated[i] = (pj_rated){.row = &f->rows[i], .group = group};
    }
    qsort(rated, f->row_count, sizeof *rated, compare);
}

static pj_status rate(rating *r, pj_star_method method, bool classes, bool mix, pj_error *err)
{
    size_t count = r->found.footprint->row_count;
    pj_rated *rated = PJ_NEW(r->arena, pj_rated, count);
    double *values = PJ_NEW(r->arena, double, count);
    pj_star *stars = PJ_NEW(r->arena, pj_star, count);
    r->groups = PJ_NEW(r->arena, pj_star_group, count);
    if (!rated || !values || !stars || !r->groups)
        return pj_fail_memory(err);
    sort(r, rated, classes, mix);
    for (size_t i = 0; i < count; i++)
        values[i] = rated[i].row->thousand.kwh_site;
    for (size_t i = 0; i < count; i += r->groups[rated[i].group].count)
        if (!pj_stars_give(values + i, r->groups[rated[i].group].count, method, stars + i))
            return pj_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        rated[i].star = stars[i];
    r->found.groups = r->groups;
    r->found.rated = rated;
    r->found.count = count;
    return PJ_OK;
}

pj_status pj_rating_run(const pj_footprint_ask *ask, pj_star_method method, bool classes, pj_rating **out,
                        pj_error *err)
{
    pj_footprint *footprint = NULL;
    *out = NULL;
    PJ_TRY(pj_footprint_run(ask, &footprint, err));
    pj_arena *arena = pj_arena_new(0);
    rating *r = arena ? PJ_NEW(arena, rating, 1) : NULL;
    pj_status status = r ? check(footprint, ask->mix, err) : pj_fail_memory(err);
    if (r) {
        r->arena = arena;
        r->found.footprint = footprint;
        r->found.method = method;
    }
    if (status == PJ_OK && ask->site.region_count > 1)
        status = pj_fail(err, PJ_EARGUMENT, "stars are given in one region");
    if (status == PJ_OK)
        status = rate(r, method, classes, ask->mix, err);
    if (status == PJ_OK) {
        *out = &r->found;
        return PJ_OK;
    }
    pj_footprint_free(footprint);
    pj_arena_free(arena);
    return status;
}

void pj_rating_free(pj_rating *found)
{
    if (!found)
        return;
    pj_footprint_free(found->footprint);
    pj_arena_free(((rating *)found)->arena);
}
