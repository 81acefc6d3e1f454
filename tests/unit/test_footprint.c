/* Footprints: known figures, and what has to hold of any. Goldens are replayed by conformance/footprint. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "footprint/csv.h"
#include "footprint/formulas.h"
#include "footprint/generation.h"
#include "footprint/input.h"
#include "footprint/lifecycle.h"
#include "footprint/profile.h"
#include "footprint/region.h"
#include "footprint/stars.h"

static pj_footprint *run(pj_footprint_ask ask)
{
    pj_error err = {0};
    pj_footprint *footprint = NULL;
    CHECK_INT(pj_footprint_run(&ask, &footprint, &err), PJ_OK);
    return footprint;
}

/* models/resnet8.onnx by horowitz-45nm, each tensor in DRAM once: 388.0844... uJ; Ember 2024. */
static const double resnet8_j = 388.0844111879114e-6;

static void test_known(void)
{
    static const char *const region[] = {"DEU"};
    pj_footprint_ask ask = pj_footprint_ask_default();
    ask.energy.joules = resnet8_j;
    ask.site.regions = region;
    ask.site.region_count = 1;
    ask.per_day = 10000;
    pj_footprint *f = run(ask);
    CHECK_NEAR(f->rows[0].query.kwh_site, 1.078012253e-10, 1e-9);
    CHECK_NEAR(f->rows[0].query.gco2e, 3.687448714e-8, 1e-9);
    CHECK_NEAR(f->rows[0].period.kwh_site, 3.934744725e-4, 1e-9);
    CHECK_NEAR(f->rows[0].period.gco2e, 0.1345918780, 1e-9);
    CHECK(isnan(f->rows[0].query.cost) && isnan(f->rows[0].query.water_l) && !f->rows[0].has_sci);
    CHECK(f->rows[0].thousand.gco2e == 1000 * f->rows[0].query.gco2e); /* bit for bit */
    double grams = f->rows[0].query.gco2e;
    pj_footprint_free(f);
    ask.site.pue = 1.2;
    ask.site.price = 0.30;
    f = run(ask);
    CHECK_NEAR(f->rows[0].query.kwh_site, 1.2 * 1.078012253e-10, 1e-9);
    CHECK_NEAR(f->rows[0].query.gco2e, 1.2 * grams, 1e-12);
    CHECK_NEAR(f->rows[0].query.cost, 3.8808e-11, 1e-4);
    pj_footprint_free(f);
}

static void test_ratio(void)
{
    static const char *const two[] = {"FRA", "DEU"};
    pj_footprint_ask ask = pj_footprint_ask_default();
    ask.energy.joules = 1;
    ask.site.regions = two;
    ask.site.region_count = 2;
    pj_footprint *f = run(ask);
    CHECK_INT(f->row_count, 2);
    CHECK_NEAR(f->rows[1].ratio, 342.06 / 44.18, 1e-12);
    CHECK_NEAR(f->rows[1].ratio, 7.7424, 1e-4);
    pj_footprint_free(f);
    ask.site.regions = (const char *const[]){"CAF", "DEU"};
    f = run(ask);
    CHECK(f->rows[0].query.gco2e == 0 && isnan(f->rows[1].ratio)); /* nothing to compare with */
    pj_footprint_free(f);
}

static void test_limits(void)
{
    static const char *const two[] = {"FRA", "DEU"};
    static const char *const limits[] = {"gco2e_query>+5%", "kwh_query>+5%", "water_1000<1", "gco2e_million >= 95"};
    pj_footprint_ask ask = pj_footprint_ask_default();
    ask.energy.joules = 1;
    ask.site.regions = two;
    ask.site.region_count = 2;
    ask.limits = limits;
    ask.limit_count = 4;
    pj_footprint *f = run(ask);
    CHECK(f->verdicts[0].exceeded && f->verdicts[0].row == &f->rows[1]);
    CHECK(!f->verdicts[1].exceeded);
    CHECK(f->verdicts[2].exceeded); /* not known */
    CHECK(f->verdicts[3].exceeded); /* 342.06 / 3.6 = 95.01 */
    CHECK_INT(f->exceeded, 3);
    pj_footprint_free(f);
    CHECK(pj_footprint_limit_wants("gco2e>1") && pj_footprint_limit_wants("gco2e_query>5%"));
    CHECK(pj_footprint_limit_wants("gco2e_query>+5") && pj_footprint_limit_wants("gco2e_query=5"));
    CHECK(!pj_footprint_limit_wants("kwh_it_million_tokens<=-5%"));
}

/* Every id, alpha-2 code and name leads to its row; names of two rows to the first. */
static void test_regions(void)
{
    pj_error err = {0};
    pj_regions *regions = NULL;
    const pj_region *found, *other;
    size_t countries = 0, cloud = 0;
    CHECK_INT(pj_regions_open(NULL, &regions, &err), PJ_OK);
    for (size_t i = 0; i < regions->count; i++) {
        const pj_region *region = &regions->rows[i];
        countries += region->kind == PJ_REGION_COUNTRY;
        cloud += region->kind == PJ_REGION_CLOUD;
        CHECK(pj_region_find(regions, region->id, &found, &err) == PJ_OK && found == region);
        if (region->kind == PJ_REGION_COUNTRY)
            CHECK(pj_region_find(regions, region->alpha2, &found, &err) == PJ_OK && found == region);
        CHECK(region->g_per_kwh.source && region->confidence);
    }
    CHECK_INT(countries, 214);
    CHECK_INT(cloud, 103);
    CHECK_INT(pj_region_find(regions, "germany", &found, &err), PJ_OK);
    CHECK(pj_region_find(regions, "Germany", &other, &err) == PJ_OK && other == found);
    CHECK(pj_region_find(regions, "deu", &other, &err) == PJ_OK && other == found);
    CHECK(pj_region_find(regions, "framework.germany", &other, &err) == PJ_OK && other != found);
    CHECK(pj_region_find(regions, "usa", &found, &err) == PJ_OK && found->kind == PJ_REGION_COUNTRY);
    CHECK_INT(pj_region_find(regions, "germ", &found, &err), PJ_EFORMAT); /* no prefixes */
    CHECK_PART(err.what, "did you mean");
    CHECK_INT(pj_region_find(regions, "azure:westus3", &found, &err), PJ_OK);
    CHECK_INT(pj_region_usable(found, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "USA");
    /* a provider's PUE and water for a region without, the water of its country's grid */
    CHECK_INT(pj_region_find(regions, "gcp:us-west1", &found, &err), PJ_OK);
    CHECK_NEAR(found->wue_onsite.value, 0.99, 1e-12);
    CHECK_NEAR(found->wue_offsite.value, 3.1321, 1e-12);
    pj_regions_close(regions);
}

static void test_amounts(void)
{
    double value = 0;
    CHECK(pj_joules_read("0.102J", &value) && value == 0.102);
    CHECK(pj_joules_read("3 kWh", &value) && value == 3 * 3.6e6);
    CHECK(pj_joules_read("5nJ", &value) && value == 5 * 1e-9);
    CHECK(!pj_joules_read("5", &value) && !pj_joules_read("-5J", &value) && !pj_joules_read("5 Js", &value));
    CHECK(pj_hours_read("7h45m", &value) && value == 7.75);
    CHECK(pj_hours_read("1d 30 min", &value) && value == 24.5);
    CHECK(!pj_hours_read("7", &value) && !pj_hours_read("", &value) && !pj_hours_read("7h x", &value));
    CHECK(pj_share_read("1/8", &value) && value == 0.125);
    CHECK(!pj_share_read("9/8", &value) && !pj_share_read("1/0", &value) && !pj_share_read("2", &value));
    CHECK(!pj_quantity_wants("pue", 1) && pj_quantity_wants("pue", 0.99) && pj_quantity_wants("pue", NAN));
    CHECK(pj_quantity_wants("losses_percent", 100) && pj_quantity_wants("lifespan_h", 0));
}

/* ---- stars ---- */

static void test_stars(void)
{
    static const double values[] = {0.6, 0, 1, 0.6};
    pj_star stars[4];
    CHECK(pj_stars_give(values, 4, PJ_STARS_RANGE, stars));
    CHECK(stars[0].stars == 2 && stars[1].stars == 5 && stars[2].stars == 1); /* 0.6 of 0..1: 2, not 3 */
    CHECK(pj_stars_give(values, 4, PJ_STARS_RANK, stars));
    CHECK(stars[0].stars == stars[3].stars && stars[0].less == 1);
    CHECK(pj_stars_give(values, 4, PJ_STARS_SEED003, stars));
    CHECK(stars[0].stars == 4 && stars[3].stars == 3); /* equal ones by their order, as published */
    CHECK(pj_stars_give(values, 1, PJ_STARS_SEED003, stars) && stars[0].percentile == 0);
}

/* ---- when to run ---- */

static pj_run_window find(const pj_steps *steps, pj_window_ask ask)
{
    pj_error err = {0};
    pj_run_window window;
    CHECK_INT(pj_window_find(steps, &ask, &window, &err), PJ_OK);
    free(window.starts);
    free(window.slots);
    return window;
}

static void test_windows(void)
{
    /* the cheapest step is at no place where the whole job is cheapest */
    static const double spike[] = {5, 5, 1, 9, 9, 2, 2, 2};
    const pj_steps steps = {spike, 8, 1, false};
    CHECK(find(&steps, (pj_window_ask){3, 0, NAN, false, 0}).start_h == 5);
    /* a job at the end of the profile: it ends there, or starts with the next turn where it repeats */
    const pj_steps turning = {spike, 8, 1, true};
    CHECK(find(&steps, (pj_window_ask){2, 6, NAN, false, 0}).start_h == 6);
    CHECK(find(&turning, (pj_window_ask){2, 7, NAN, false, 0}).start_h == 13);
    /* the best start is off a border: it ends at one, or at the latest end */
    static const double falling[] = {9, 7, 6, 4};
    const pj_steps down = {falling, 4, 1, false};
    pj_run_window window = find(&down, (pj_window_ask){1, 0, 3.75, false, 0});
    CHECK(window.start_h == 2.75 && window.mean == 4.5);
    static const double flat[] = {3, 3, 3};
    const pj_steps same = {flat, 3, 1, true};
    window = find(&same, (pj_window_ask){1.5, 0.25, NAN, false, 0});
    CHECK(window.start_h == 0.25 && window.saving_percent_of_now == 0);
    static const double none[] = {0, 1};
    const pj_steps zero = {none, 2, 1, false};
    CHECK(isnan(find(&zero, (pj_window_ask){1, 0, NAN, false, 0}).saving_percent_of_now));
    pj_error err = {0};
    const pj_window_ask long_job = {9, 0, NAN, false, 0}, far = {1, 0, 9, false, 0};
    CHECK_INT(pj_window_find(&steps, &long_job, &window, &err), PJ_EARGUMENT);
    CHECK_INT(pj_window_find(&steps, &far, &window, &err), PJ_EARGUMENT);
}

/* Against trying all of many starts, on a saw that repeats. */
static void test_windows_tried(void)
{
    enum { STEPS = 37, TRIES = 37 * 48 };
    double values[STEPS];
    for (int i = 0; i < STEPS; i++)
        values[i] = (double)((i * 7919) % 101);
    const pj_steps steps = {values, STEPS, 0.5, true};
    for (double hours = 0.3; hours < 20; hours += 1.7) {
        double best = INFINITY;
        for (int k = 0; k < TRIES; k++) {
            double sum = 0, start = (double)k * 18.5 / TRIES, end = start + hours;
            for (int i = 0; i < 4 * STEPS; i++) {
                double low = fmax(start, i * 0.5), high = fmin(end, (i + 1) * 0.5);
                sum += high > low ? (high - low) * values[i % STEPS] : 0;
            }
            best = fmin(best, sum / hours);
        }
        double mean = find(&steps, (pj_window_ask){hours, 0, NAN, false, 0}).mean;
        CHECK(mean <= best + 1e-9 && mean >= best - 3); /* tried starts are 0.0104 h apart */
    }
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* A year of hours in about a millisecond, a million rows in a fraction of a second; ten times that is a fault. */
static void test_speed(void)
{
    enum { YEAR = 8760, MANY = 1000000 };
    char *text = malloc(MANY * 8);
    double *values = malloc(YEAR * sizeof *values);
    size_t length = 0;
    pj_error err = {0};
    pj_profile *profile = NULL;
    pj_run_window window;
    const pj_window_ask ask = {4, 0, NAN, false, 0};
    for (int i = 0; i < YEAR; i++)
        values[i] = (double)((i * 7919) % 500);
    const pj_steps year = {values, YEAR, 1, false};
    double from = milliseconds();
    CHECK_INT(pj_window_find(&year, &ask, &window, &err), PJ_OK);
    double of_year = milliseconds() - from;
    free(window.starts);
    length = (size_t)sprintf(text, "g\n");
    for (int i = 0; i < MANY; i++)
        length += (size_t)sprintf(text + length, "%d.%d\n", (i % 1000 * 7919) % 500, i % 10);
    from = milliseconds();
    CHECK_INT(pj_profile_parse(text, length, "many.csv", PJ_REPEATS_AUTO, &profile, &err), PJ_OK);
    CHECK_INT(pj_window_find(&profile->steps, &ask, &window, &err), PJ_OK);
    double of_many = milliseconds() - from;
    printf("schedule: %.3f ms for 8760 rows, %.1f ms to read and search a million\n", of_year, of_many);
    CHECK(of_year < 10 && of_many < 2000);
    free(window.starts);
    pj_profile_close(profile);
    free(values);
    free(text);
}

/* ---- files ---- */

static void test_profiles(void)
{
    char text[] = "\xEF\xBB\xBFtime,g_per_kwh,price\r\n2026-03-01T00:00+01:00,300,1\r\n\r\n\"2026-03-01T00:30+01:00\", "
                  "200 ,1\r\n";
    pj_error err = {0};
    pj_profile *profile = NULL;
    pj_str said = pj_str_new(0);
    double hour = 0;
    CHECK_INT(pj_profile_parse(text, sizeof text - 1, "p.csv", PJ_REPEATS_AUTO, &profile, &err), PJ_OK);
    CHECK(profile->steps.count == 2 && profile->steps.step_h == 0.5 && profile->steps.value[1] == 200);
    CHECK(profile->steps.repeats && profile->mean == 250);
    CHECK(pj_profile_hour(profile, "2026-02-28T23:15Z", &hour) && hour == 0.25);
    pj_profile_print(profile, 24.5, &said);
    CHECK_TEXT(said.data, "2026-03-01T23:30Z");
    pj_str_free(&said);
    pj_profile_close(profile);
    double number = 0;
    CHECK(pj_csv_number("123.456", &number) && number == 123.456);
    CHECK(pj_csv_number("1234567890123456789", &number) && number == 1234567890123456789.0);
    CHECK(!pj_csv_number("1.2.3", &number) && !pj_csv_number("", &number) && !pj_csv_number("1e", &number));
}

static void test_lifecycle(void)
{
    static const char life_text[] =
        "{\"schema\": \"picojoule.lifecycle/1\", \"intensity\": 100, \"pue\": 1.5, \"phases\": ["
        "{\"phase\": \"inference\", \"queries\": 1000, \"joules_per_query\": 3600}, "
        "{\"phase\": \"shipping\", \"kwh\": 2}, "
        "{\"phase\": \"training\", \"gpu_hours\": 10, \"watts\": 100, \"runs\": 3}, "
        "{\"phase\": \"development\", \"hours\": 10, \"people\": 2, \"watts\": 50, \"embodied\": 8, "
        "\"lifespan_years\": 4, \"reserved_hours\": 8760, \"share\": \"1/2\"}]}";
    const pj_site site = pj_site_default();
    pj_error err = {0};
    pj_lifecycle *life = NULL;
    double shares = 0;
    CHECK_INT(pj_lifecycle_parse(life_text, sizeof life_text - 1, "life.json", &site, false, &life, &err), PJ_OK);
    CHECK_TEXT(life->phases[0].name, "development");
    CHECK_TEXT(life->phases[3].name, "shipping");
    CHECK_NEAR(life->phases[0].amounts.kwh_site, 1, 1e-12); /* desks have no PUE */
    CHECK_NEAR(life->phases[0].embodied_g, 1000, 1e-12);    /* 8 kg, one of four years, half of it */
    CHECK_NEAR(life->phases[1].amounts.kwh_site, 4.5, 1e-12);
    CHECK_NEAR(life->phases[2].amounts.kwh_site, 1.5, 1e-12);
    CHECK_NEAR(life->break_even_queries, 4.5 / 0.0015, 1e-12);
    CHECK_NEAR(life->total.gco2e, 1000, 1e-12);
    for (size_t i = 0; i < life->count; i++)
        shares += life->phases[i].share_percent;
    CHECK_NEAR(shares, 100, 1e-11);
    CHECK(isnan(life->total.water_l) && isnan(life->total.cost));
    pj_lifecycle_free(life);
}

static pj_status generate(const char *points, double tokens, double *pj, pj_error *err)
{
    pj_json_doc *doc = NULL;
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "{\"swept\": [\"past\"], \"points\": [%s]}", points);
    *pj = 0;
    CHECK_INT(pj_json_parse(text.data, text.length, "sweep.json", &doc, err), PJ_OK);
    pj_status status = pj_generation_find(pj_json_root(doc), "t4_energy_pj", tokens, pj, err);
    pj_json_free(doc);
    pj_str_free(&text);
    return status;
}

/* Steps of 10, 12, 14, 16, 18 pJ, then of 21, 24. */
static void test_generation(void)
{
    static const char points[] = "{\"dim_past\": 0, \"t4_energy_pj\": 10}, {\"dim_past\": 4, \"t4_energy_pj\": 18}, "
                                 "{\"dim_past\": 6, \"t4_energy_pj\": 24}";
    pj_error err = {0};
    double pj;
    CHECK(generate(points, 1, &pj, &err) == PJ_OK && pj == 10);
    CHECK(generate(points, 3, &pj, &err) == PJ_OK && pj == 36);
    CHECK(generate(points, 5, &pj, &err) == PJ_OK && pj == 70);
    CHECK(generate(points, 7, &pj, &err) == PJ_OK && pj == 115);
    CHECK_INT(generate(points, 8, &pj, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "beyond past = 6");
    CHECK_INT(generate("{\"dim_past\": 0, \"t4_energy_pj\": null}", 1, &pj, &err), PJ_EFORMAT);
    CHECK_INT(generate("{\"dim_past\": 0}", 1, &pj, &err), PJ_EFORMAT);
    CHECK_INT(generate("", 1, &pj, &err), PJ_EFORMAT);
}

int main(void)
{
    test_known();
    test_ratio();
    test_limits();
    test_regions();
    test_amounts();
    test_stars();
    test_windows();
    test_windows_tried();
    test_speed();
    test_profiles();
    test_lifecycle();
    test_generation();
    return check_done();
}
