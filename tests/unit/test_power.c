/* src/power: counters, samples, statistics, small files. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "picojoule/measure.h"
#include "power/counter.h"
#include "power/power.h"
#include "power/statistics.h"
#include "power/sysfs.h"

/* Quantiles computed with 50 digits (the odd ones with those of a double). */
static void quantiles(void)
{
    CHECK_NEAR(pj_student_t95(1), 12.706204736174659, 1e-12);
    CHECK_NEAR(pj_student_t95(2), 4.302652729749464, 1e-12);
    CHECK_NEAR(pj_student_t95(10), 2.2281388519862747, 1e-13);
    CHECK_NEAR(pj_student_t95(99), 1.9842169515864096, 1e-13);
    CHECK_NEAR(pj_student_t95(1000), 1.9623390808264085, 1e-13);
    CHECK_NEAR(pj_student_t95(100000), 1.9599877075346096, 1e-13);
    CHECK(fabs(pj_student_t95(2000) - pj_student_t95(2001)) < 1e-6); /* where one formula takes over from the other */
    CHECK(isnan(pj_student_t95(0)));
}

/* A failed reading is a gap: the next one tells what was between. A clock that stands still is no interval. */
static void counters(void)
{
    pj_counter c = pj_counter_new(1000);
    pj_counter_read(&c, 0, 900);
    pj_counter_read(&c, 2, 100);
    pj_counter_read(&c, 2, 500);
    CHECK_NEAR(c.uj, 200, 0);
    CHECK_INT(c.wraps, 1);
    CHECK_NEAR(c.covered_s, 2, 0);
    c = pj_counter_new(1000);
    pj_counter_read(&c, 0, 5000); /* it was never so large */
    pj_counter_read(&c, 1, 100);
    CHECK_NEAR(c.uj, 0, 0);
    CHECK_INT(c.backwards, 1);
    c = pj_counter_new(0);
    c.most_w = 10;
    pj_counter_read(&c, 0, 0);
    pj_counter_read(&c, 1, UINT64_MAX);
    pj_counter_read(&c, 2, 5);
    CHECK_NEAR(c.uj, 0, 0);
    CHECK_INT(c.implausible, 1);
    CHECK_INT(c.lost, 2);
}

static void samples(void)
{
    double held, uncovered;
    pj_integral i = pj_integral_new();
    i.from = 0;
    i.to = 10;
    pj_integral_end(&i, &held, &uncovered); /* none */
    CHECK_NEAR(i.joules, 0, 0);
    CHECK_NEAR(uncovered, 10, 0);
    i = pj_integral_new();
    i.from = 5;
    i.to = 6;
    pj_integral_read(&i, 0, 10); /* all before the window: one interval is held, which does not reach it */
    pj_integral_read(&i, 1, 10);
    pj_integral_end(&i, &held, &uncovered);
    CHECK_NEAR(i.joules, 0, 0);
    CHECK_NEAR(held, 0, 0);
    CHECK_NEAR(uncovered, 1, 0);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

/* 1 to 19 digits and a newline. */
static void numbers(void)
{
    static const struct {
        const char *text;
        bool good;
        double value;
    } cases[] = {
        {"0\n",                    true,  0                    },
        {"9999999999999999999\n",  true,  9999999999999999999.0},
        {"12",                     false, 0                    },
        {"\n",                     false, 0                    },
        {"",                       false, 0                    },
        {"-5\n",                   false, 0                    },
        {"12 34\n",                false, 0                    },
        {"1e9\n",                  false, 0                    },
        {"10000000000000000000\n", false, 0                    },
        {"0x10\n",                 false, 0                    },
    };
    char path[] = "/tmp/test_power.XXXXXX", why[64];
    int made = mkstemp(path);
    CHECK(made >= 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 0;
        write_file(path, cases[i].text);
        int fd = pj_sysfs_open(path);
        CHECK(pj_sysfs_uint(fd, &value, why, sizeof why) == cases[i].good);
        if (cases[i].good)
            CHECK_NEAR((double)value, cases[i].value, 0);
        close(fd);
    }
    close(made);
    unlink(path);
    int fd = pj_sysfs_open("/tmp"); /* a folder where a counter should be */
    uint64_t value;
    CHECK(!pj_sysfs_uint(fd, &value, why, sizeof why));
    close(fd);
}

static void words(void)
{
    unsigned sources;
    bool psys;
    CHECK(pj_power_sources_read("rapl,nvml", &sources, &psys) == NULL);
    CHECK_INT(sources, PJ_SOURCE_BIT(PJ_SOURCE_RAPL) | PJ_SOURCE_BIT(PJ_SOURCE_NVML));
    CHECK(!psys);
    CHECK(pj_power_sources_read("psys", &sources, &psys) == NULL);
    CHECK(psys);
    CHECK_PART(pj_power_sources_read("rapl,nvm", &sources, &psys), "nvidia-smi");
    CHECK_PART(pj_power_sources_read("", &sources, &psys), "rapl");
}

int main(void)
{
    quantiles();
    counters();
    samples();
    numbers();
    words();
    return check_done();
}
