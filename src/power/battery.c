/* A battery that discharges: the whole machine, updated every 1 to 30 seconds. */
#include <errno.h>

#include "power/power.h"
#include "power/sysfs.h"

#define FOLDER "%s/class/power_supply"

static bool word_is(const char *folder, const char *entry, const char *file, const char *word)
{
    char path[PJ_PATH], text[64];
    return pj_sysfs_path(path, "%s/%s/%s", folder, entry, file) && pj_sysfs_word(path, text, sizeof text) &&
           strcmp(text, word) == 0;
}

static pj_status add_battery(pj_power *power, const char *folder, const char *entry, bool is_plugged, pj_error *err)
{
    char path[PJ_PATH];
    pj_power_domain *d = pj_power_add(power, &pj_sensor_battery);
    PJ_TRY(pj_got(d, err));
    d->name = d->zone = pj_arena_strdup(power->arena, entry);
    d->part = "board";
    d->is_whole = d->is_candidate = true;
    d->scale = 1e-6;
    if (pj_sysfs_path(path, "%s/%s/power_now", folder, entry))
        d->fd[0] = pj_sysfs_open(path);
    if (d->fd[0] < 0) { /* uA * uV */
        d->scale = 1e-12;
        if (pj_sysfs_path(path, "%s/%s/voltage_now", folder, entry))
            d->fd[1] = pj_sysfs_open(path);
        if (pj_sysfs_path(path, "%s/%s/current_now", folder, entry))
            d->fd[0] = pj_sysfs_open(path);
    }
    d->where = pj_arena_strdup(power->arena, path);
    if (d->fd[0] < 0 || (d->scale < 1e-6 && d->fd[1] < 0))
        snprintf(d->why, sizeof d->why, "%s", strerror(errno));
    if (is_plugged || !word_is(folder, entry, "status", "Discharging")) {
        d->is_candidate = false;
        snprintf(d->why, sizeof d->why, "it does not discharge: the machine is fed from elsewhere");
        pj_power_note(power, "battery_not_discharging", d->name,
                      "%s does not discharge: it says nothing of the machine", d->name);
    }
    return pj_got(d->name && d->where, err);
}

static pj_status find(pj_power *power, pj_error *err)
{
    char folder[PJ_PATH];
    size_t count = 0, found = 0;
    bool is_plugged = false, fits = pj_sysfs_path(folder, FOLDER, power->sysfs);
    const char **entry = pj_sysfs_list(power->arena, fits ? folder : "", &count);
    PJ_TRY(pj_got(entry, err));
    for (size_t i = 0; i < count; i++)
        is_plugged =
            is_plugged || (!word_is(folder, entry[i], "type", "Battery") && word_is(folder, entry[i], "online", "1"));
    for (size_t i = 0; i < count; i++)
        if (word_is(folder, entry[i], "type", "Battery") && !word_is(folder, entry[i], "scope", "Device")) {
            PJ_TRY(add_battery(power, folder, entry[i], is_plugged, err));
            found++;
        }
    if (!found)
        pj_power_absent(power, &pj_sensor_battery, folder, "no battery", "");
    return PJ_OK;
}

static bool read_battery(pj_power *power, pj_power_domain *d, pj_reading *out)
{
    int64_t first, second = 1;
    (void)power;
    if (!pj_sysfs_read(d->fd[0], true, &first, d->why, sizeof d->why) ||
        (d->scale < 1e-6 && !pj_sysfs_read(d->fd[1], true, &second, d->why, sizeof d->why)))
        return false;
    out->watts = fabs((double)first * (double)second * d->scale); /* some drivers discharge below 0 */
    return true;
}

const pj_sensor pj_sensor_battery = {"battery", find, read_battery, NULL};
