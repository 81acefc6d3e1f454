/* Any bytes as the files of a counter: two readings and a range, in a folder that looks like sysfs. No energy is below 0,
 * and none comes of what is no number. */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "power/power.h"

static char folder[64], energy[300], range[300], name[300];

static void put(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (file) {
        (void)!fwrite(data, 1, size, file);
        (void)fclose(file);
    }
}

static void remove_all(void)
{
    char path[200];
    static const char *const parts[] = {"sys/class/powercap/intel-rapl:0", "sys/class/powercap", "sys/class", "sys", ""};
    unlink(energy);
    unlink(range);
    unlink(name);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        rmdir(path);
    }
}

static void make(void)
{
    static const char *const parts[] = {"sys", "sys/class", "sys/class/powercap", "sys/class/powercap/intel-rapl:0"};
    char path[200];
    if (*folder)
        return;
    snprintf(folder, sizeof folder, "/tmp/fuzz_power.XXXXXX");
    if (!mkdtemp(folder))
        abort();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        mkdir(path, 0700);
    }
    snprintf(energy, sizeof energy, "%s/energy_uj", path);
    snprintf(range, sizeof range, "%s/max_energy_range_uj", path);
    snprintf(name, sizeof name, "%s/name", path);
    atexit(remove_all);
}

/* The first byte says how long the name is, the second how long the first reading; the rest is the second reading. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char sysfs[80];
    size_t at = 2, part;
    pj_error err = {0};
    pj_measure_ask ask = pj_measure_ask_default();
    pj_domain_run *runs;
    if (size < 2)
        return 0;
    make();
    snprintf(sysfs, sizeof sysfs, "%s/sys", folder);
    ask.sysfs = sysfs;
    ask.sources = PJ_SOURCE_BIT(PJ_SOURCE_RAPL);
    pj_power power = {.arena = pj_arena_new(0), .ask = &ask};
    if (!power.arena)
        return 0;
    part = data[0] % 32 < size - at ? data[0] % 32 : size - at;
    put(name, part ? data + at : (const uint8_t *)"package-0", part ? part : 9);
    at += part;
    part = data[1] < size - at ? data[1] : size - at;
    put(energy, data + at, part);
    put(range, data + at, part);
    at += part;
    if (pj_power_open(&power, &err) == PJ_OK && (runs = PJ_NEW(power.arena, pj_domain_run, power.count + 1))) {
        pj_power_begin(&power, 0);
        put(energy, data + at, size - at);
        pj_power_read(&power, 1);
        pj_power_end(&power, 1, runs);
        for (size_t i = 0; i < power.count; i++)
            if (runs[i].joules < 0 || isinf(runs[i].joules))
                abort();
    }
    pj_power_close(&power);
    pj_arena_free(power.arena);
    return 0;
}
