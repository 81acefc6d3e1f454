/* cost/roofline: hand calculations on both sides of the ridge. */
#include <stddef.h>

#include "check.h"
#include "cost/roofline.h"

/* 100 operations and 10 bytes per us: the ridge lies at 10 operations per byte. */
static const pj_roof machine = {.ops_rate = 100, .bytes_rate = 10};

static void test_bounds(void)
{
    pj_roof_time time = pj_roofline(&machine, 4000, 100); /* 40 us against 10 */
    CHECK_NEAR(time.compute, 40, 1e-15);
    CHECK_NEAR(time.memory, 10, 1e-15);
    CHECK_NEAR(time.total, 40, 1e-15);
    CHECK(!time.is_memory_bound);

    time = pj_roofline(&machine, 500, 100); /* 5 us against 10 */
    CHECK_NEAR(time.total, 10, 1e-15);
    CHECK(time.is_memory_bound);

    time = pj_roofline(&machine, 1000, 100); /* on the ridge: computing is named */
    CHECK_NEAR(time.total, 10, 1e-15);
    CHECK(!time.is_memory_bound);
}

/* A quarter of the peak moves the ridge to 2.5 operations per byte; memory is not slowed. */
static void test_utilization(void)
{
    pj_roof roof = machine;
    roof.utilization = 0.25;
    pj_roof_time time = pj_roofline(&roof, 500, 100);
    CHECK_NEAR(time.compute, 20, 1e-15);
    CHECK_NEAR(time.memory, 10, 1e-15);
    CHECK_NEAR(time.total, 20, 1e-15);
    CHECK(!time.is_memory_bound);
}

static void test_fixed(void)
{
    pj_roof roof = machine;
    roof.fixed = 3;
    CHECK_NEAR(pj_roofline(&roof, 0, 0).total, 3, 1e-15);
    CHECK_NEAR(pj_roofline(&roof, 4000, 100).total, 43, 1e-15);
}

/* Without a rate its side is no limit. */
static void test_missing(void)
{
    pj_roof roof = {.bytes_rate = 10};
    CHECK_NEAR(pj_roofline(&roof, 1e9, 100).total, 10, 1e-15);
    roof = (pj_roof){.ops_rate = 100};
    CHECK_NEAR(pj_roofline(&roof, 500, 1e9).total, 5, 1e-15);
    roof = (pj_roof){.ops_rate = -1, .bytes_rate = -1};
    CHECK_NEAR(pj_roofline(&roof, 500, 1e9).total, 0, 0);
}

static void test_classes(void)
{
    CHECK(pj_work_class_words[PJ_WORK_CLASSES] == NULL);
}

int main(void)
{
    test_bounds();
    test_utilization();
    test_fixed();
    test_missing();
    test_classes();
    return check_done();
}
