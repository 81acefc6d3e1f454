/* The same counters as rapl's through perf events, for those who may read these and not the others: system-wide events
 * of the PMU "power". */
#define _DEFAULT_SOURCE /* syscall() */
#include <errno.h>
#include <unistd.h>
#if defined(__linux__) && defined(__has_include)
#if __has_include(<linux/perf_event.h>)
#include <linux/perf_event.h>
#include <sys/syscall.h>
#define HAS_PERF
#endif
#endif

#include "power/power.h"
#include "power/sysfs.h"

#include "picojoule/footprint.h"

#ifdef HAS_PERF

#define REMEDY \
    "setcap cap_perfmon=ep on a copy of this program, or kernel.perf_event_paranoid=0 (which opens all events)"

/*  event, zone, part, is added: as rapl's zones */
static const struct event {
    const char *name, *zone, *part;
    bool is_candidate;
} events[] = {
    {"energy-pkg",   "package", "cpu",   true },
    {"energy-ram",   "dram",    "ram",   true },
    {"energy-cores", "core",    "cpu",   false},
    {"energy-gpu",   "uncore",  "cpu",   false},
    {"energy-psys",  "psys",    "board", false},
};

static int open_event(uint32_t type, uint64_t config, int cpu)
{
    struct perf_event_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.type = type;
    attr.config = config;
    return (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* One domain for each processor of the PMU's mask, which has one a socket: "0,18". */
static pj_status add_event(pj_power *power, const char *folder, const struct event *event, const char *mask,
                           uint32_t type, pj_error *err)
{
    char path[PJ_PATH], text[64], name[64];
    unsigned config = 0, socket = 0;
    double scale = 0;
    if (!pj_sysfs_path(path, "%s/events/%s", folder, event->name) || !pj_sysfs_word(path, text, sizeof text) ||
        sscanf(text, "event=%x", &config) != 1 || !pj_sysfs_path(path, "%s/events/%s.scale", folder, event->name) ||
        !pj_sysfs_word(path, text, sizeof text) || !pj_number_read(text, &scale) || !(scale > 0))
        return PJ_OK;
    while (*mask) {
        char *end;
        long cpu = strtol(mask, &end, 10);
        if (end == mask)
            break;
        mask = end + strspn(end, ",-");
        pj_power_domain *d = pj_power_add(power, &pj_sensor_perf);
        PJ_TRY(pj_got(d, err));
        snprintf(name, sizeof name, "%s-%u", event->zone, socket++);
        d->name = d->zone = pj_arena_strdup(power->arena, name);
        d->part = event->part;
        d->where = event->name;
        d->is_counter = true;
        d->is_candidate = event->is_candidate || (strcmp(event->zone, "psys") == 0 && power->ask->psys);
        d->is_whole = strcmp(event->zone, "psys") == 0;
        d->scale = scale * 1e6;
        d->fd[0] = open_event(type, config, (int)cpu);
        if (d->fd[0] < 0) {
            snprintf(d->why, sizeof d->why, "perf_event_open: %s", strerror(errno));
            d->remedy = errno == EACCES || errno == EPERM ? REMEDY : "";
        }
        PJ_TRY(pj_got(d->name, err));
    }
    return PJ_OK;
}

static bool rapl_is_readable(const pj_power *power)
{
    for (size_t i = 0; i < power->count; i++)
        if (power->domain[i].source == &pj_sensor_rapl && power->domain[i].is_candidate && power->domain[i].fd[0] >= 0)
            return true;
    return false;
}

static pj_status find(pj_power *power, pj_error *err)
{
    char folder[PJ_PATH], path[PJ_PATH], mask[64];
    int64_t type;
    if (rapl_is_readable(power) && !pj_power_named(power, PJ_SOURCE_PERF))
        return PJ_OK;
    if (!pj_sysfs_path(folder, "%s/devices/power", power->sysfs) || !pj_sysfs_path(path, "%s/type", folder) ||
        !pj_sysfs_number(path, &type) || type < 0 || type > UINT32_MAX || !pj_sysfs_path(path, "%s/cpumask", folder) ||
        !pj_sysfs_word(path, mask, sizeof mask)) {
        pj_power_absent(power, &pj_sensor_perf, folder, "no such PMU", "");
        return PJ_OK;
    }
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        PJ_TRY(add_event(power, folder, &events[i], mask, (uint32_t)type, err));
    return PJ_OK;
}

#else

static pj_status find(pj_power *power, pj_error *err)
{
    (void)err;
    pj_power_absent(power, &pj_sensor_perf, "", "this build has no perf events", "");
    return PJ_OK;
}

#endif

static bool read_event(pj_power *power, pj_power_domain *d, pj_reading *out)
{
    uint64_t count;
    (void)power;
    if (d->fd[0] < 0)
        return false;
    if (read(d->fd[0], &count, sizeof count) != (ssize_t)sizeof count) {
        snprintf(d->why, sizeof d->why, "%s", strerror(errno));
        return false;
    }
    out->uj = (uint64_t)((double)count * d->scale);
    return true;
}

const pj_sensor pj_sensor_perf = {"perf", find, read_event, NULL};
