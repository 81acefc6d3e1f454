/* Energy counters of processors: powercap zones of Intel, and of AMD since Linux 5.8. Zones go by their names; what is
 * named twice is one zone through two interfaces. */
#include <errno.h>
#include <sys/stat.h>

#include "power/power.h"
#include "power/sysfs.h"

#define REMEDY "give a group the right to read it: chgrp and chmod 0440 of this energy_uj alone (a udev rule keeps it)"

/* A zone, and the device behind its link. */
typedef struct zone {
    char path[PJ_PATH], name[64], parent[64];
    dev_t device;
    ino_t inode;
    bool is_mmio;
} zone;

/* The name of the zone that holds it: "intel-rapl:0:1" is in "intel-rapl:0". */
static void find_parent(const char *folder, const char *entry, zone *z)
{
    char path[PJ_PATH];
    const char *last = strrchr(entry, ':');
    z->parent[0] = 0;
    if (last && strchr(entry, ':') != last && pj_sysfs_path(path, "%s/%.*s/name", folder, (int)(last - entry), entry))
        (void)pj_sysfs_word(path, z->parent, sizeof z->parent);
}

static bool read_zone(const char *folder, const char *entry, zone *z)
{
    char path[PJ_PATH];
    struct stat stat_of;
    if (!strchr(entry, ':') || !pj_sysfs_path(z->path, "%s/%s", folder, entry) || stat(z->path, &stat_of) != 0 ||
        !pj_sysfs_path(path, "%s/name", z->path) || !pj_sysfs_word(path, z->name, sizeof z->name))
        return false;
    z->device = stat_of.st_dev;
    z->inode = stat_of.st_ino;
    z->is_mmio = strncmp(entry, "intel-rapl-mmio", 15) == 0;
    find_parent(folder, entry, z);
    return true;
}

static bool is_package(const char *name)
{
    return strncmp(name, "package-", 8) == 0;
}

/* Ten times what it is limited to, or 5 kW: more is no power. */
static double limit_of(const zone *z)
{
    char path[PJ_PATH];
    int64_t uw = 0;
    if (!pj_sysfs_path(path, "%s/constraint_0_power_limit_uw", z->path) || !pj_sysfs_number(path, &uw) || uw <= 0)
        return 5000;
    return (double)uw * 1e-6 * 10;
}

static void refuse(pj_power_domain *d, int code)
{
    snprintf(d->why, sizeof d->why, "%s", strerror(code));
    if (code == EACCES || code == EPERM)
        d->remedy = REMEDY;
}

static pj_status add_zone(pj_power *power, const zone *z, pj_error *err)
{
    char path[PJ_PATH], text[160];
    int64_t range = 0;
    pj_power_domain *d = pj_power_add(power, &pj_sensor_rapl);
    PJ_TRY(pj_got(d, err));
    snprintf(text, sizeof text, "%s (%s)", z->name, z->parent);
    d->name = pj_arena_strdup(power->arena, *z->parent ? text : z->name);
    d->zone = pj_arena_strdup(power->arena, z->name);
    d->part = strcmp(z->name, "dram") == 0 ? "ram" : strcmp(z->name, "psys") == 0 ? "board" : "cpu";
    d->is_counter = true;
    d->is_whole = strcmp(z->name, "psys") == 0;
    d->is_candidate = is_package(z->name) || strcmp(z->name, "dram") == 0 || d->is_whole;
    d->limit_w = limit_of(z);
    if (pj_sysfs_path(path, "%s/max_energy_range_uj", z->path) && pj_sysfs_number(path, &range) && range > 0)
        d->range = (uint64_t)range;
    if (!pj_sysfs_path(path, "%s/energy_uj", z->path))
        path[0] = 0;
    d->where = pj_arena_strdup(power->arena, path);
    d->fd[0] = pj_sysfs_open(path);
    if (d->fd[0] < 0)
        refuse(d, errno);
    return pj_got(d->name && d->zone && d->where, err);
}

/* Has the device, or the same zone through the registers of the processor, been seen? */
static bool is_seen(const zone *seen, size_t count, const zone *z)
{
    for (size_t i = 0; i < count; i++) {
        bool same_device = seen[i].device == z->device && seen[i].inode == z->inode;
        bool same_zone = strcmp(seen[i].name, z->name) == 0 && strcmp(seen[i].parent, z->parent) == 0;
        if (same_device || (same_zone && seen[i].is_mmio != z->is_mmio))
            return true;
    }
    return false;
}

static pj_status find(pj_power *power, pj_error *err)
{
    char folder[PJ_PATH];
    size_t entries = 0, count = 0;
    bool fits = pj_sysfs_path(folder, "%s/class/powercap", power->sysfs);
    const char **entry = pj_sysfs_list(power->arena, fits ? folder : "", &entries);
    PJ_TRY(pj_got(entry, err));
    zone *seen = PJ_NEW(power->arena, zone, entries + 1);
    PJ_TRY(pj_got(seen, err));
    for (int mmio = 0; mmio < 2; mmio++)
        for (size_t i = 0; i < entries; i++) {
            zone *z = &seen[count];
            if (strncmp(entry[i], "intel-rapl", 10) != 0 || !read_zone(folder, entry[i], z) || z->is_mmio != mmio ||
                is_seen(seen, count, z))
                continue;
            count++;
            PJ_TRY(add_zone(power, z, err));
        }
    if (!count)
        pj_power_absent(power, &pj_sensor_rapl, folder, entries ? "no intel-rapl zone" : "no such folder",
                        "in a container: mount /sys/class/powercap and /sys/devices/virtual/powercap read-only; a "
                        "virtual machine has no counter");
    return PJ_OK;
}

static bool read_counter(pj_power *power, pj_power_domain *d, pj_reading *out)
{
    (void)power;
    return d->fd[0] >= 0 && pj_sysfs_uint(d->fd[0], &out->uj, d->why, sizeof d->why);
}

const pj_sensor pj_sensor_rapl = {"rapl", find, read_counter, NULL};
