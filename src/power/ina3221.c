/* Rails of Jetson boards: voltage times current, or power where an older driver has it. */
#include <errno.h>

#include "power/power.h"
#include "power/sysfs.h"

enum { CHANNELS = 8 };

/* A rail that the others are behind. */
static bool is_whole(const char *label)
{
    size_t length = strlen(label);
    return (length >= 3 && strcmp(label + length - 3, "_IN") == 0) || strstr(label, "TOTAL") || strstr(label, "SYSTEM");
}

static const char *part_of(const char *label)
{
    bool cpu = strstr(label, "CPU") != NULL, gpu = strstr(label, "GPU") != NULL;
    if (cpu != gpu)
        return cpu ? "cpu" : "gpu";
    return strstr(label, "DDR") ? "ram" : "board";
}

/* `first` and `second` are multiplied; second "": there is only one. */
static pj_status add_rail(pj_power *power, const char *folder, const char *label, const char *first, const char *second,
                          pj_error *err)
{
    char path[PJ_PATH] = "";
    pj_power_domain *d = pj_power_add(power, &pj_sensor_ina3221);
    PJ_TRY(pj_got(d, err));
    d->name = d->zone = pj_arena_strdup(power->arena, label);
    d->part = part_of(label);
    d->is_candidate = true;
    d->is_whole = is_whole(label);
    d->scale = *second ? 1e-6 : 1e-3; /* mV * mA, mW */
    if (*second && pj_sysfs_path(path, "%s/%s", folder, second))
        d->fd[1] = pj_sysfs_open(path);
    if (pj_sysfs_path(path, "%s/%s", folder, first))
        d->fd[0] = pj_sysfs_open(path);
    d->where = pj_arena_strdup(power->arena, path);
    if (d->fd[0] < 0 || (*second && d->fd[1] < 0))
        snprintf(d->why, sizeof d->why, "%s", strerror(errno));
    d->number = *second != 0;
    return pj_got(d->name && d->where, err);
}

static pj_status find_in(pj_power *power, const char *folder, size_t *found, pj_error *err)
{
    char path[PJ_PATH], label[64], first[32], second[32];
    int64_t value;
    for (int i = 0; i < CHANNELS; i++) {
        snprintf(first, sizeof first, "in%d_input", i);
        snprintf(second, sizeof second, "curr%d_input", i);
        bool has_label = pj_sysfs_path(path, "%s/in%d_label", folder, i) && pj_sysfs_word(path, label, sizeof label);
        bool has_current = pj_sysfs_path(path, "%s/%s", folder, second) && pj_sysfs_number(path, &value);
        if (!has_label) { /* the driver of older boards */
            has_label = pj_sysfs_path(path, "%s/rail_name_%d", folder, i) && pj_sysfs_word(path, label, sizeof label);
            snprintf(first, sizeof first, "in_power%d_input", i);
            has_current = pj_sysfs_path(path, "%s/%s", folder, first) && pj_sysfs_number(path, &value);
            second[0] = 0;
        }
        if (!has_label || !has_current || strstr(label, "sum of shunt") || strcmp(label, "NC") == 0)
            continue;
        PJ_TRY(add_rail(power, folder, label, first, second, err));
        ++*found;
    }
    return PJ_OK;
}

/* Folders ROOT/DEVICE/hwmon/hwmonN, and ROOT/DEVICE/iio:deviceN of older drivers. */
static pj_status find_device(pj_power *power, const char *device, size_t *found, pj_error *err)
{
    char folder[PJ_PATH], path[PJ_PATH];
    for (int older = 0; older < 2; older++) {
        size_t count = 0;
        bool fits = pj_sysfs_path(folder, "%s%s", device, older ? "" : "/hwmon");
        const char **entry = pj_sysfs_list(power->arena, fits ? folder : "", &count);
        PJ_TRY(pj_got(entry, err));
        for (size_t i = 0; i < count; i++)
            if (strncmp(entry[i], older ? "iio:device" : "hwmon", 5) == 0 &&
                pj_sysfs_path(path, "%s/%s", folder, entry[i]))
                PJ_TRY(find_in(power, path, found, err));
    }
    return PJ_OK;
}

/* Rails are added where no rail holds them. */
static void choose(pj_power *power)
{
    bool whole = false;
    for (size_t i = 0; i < power->count; i++)
        whole = whole || (power->domain[i].source == &pj_sensor_ina3221 && power->domain[i].is_whole);
    for (size_t i = 0; i < power->count; i++) {
        pj_power_domain *d = &power->domain[i];
        if (d->source != &pj_sensor_ina3221 || d->is_whole)
            continue;
        d->is_candidate = !whole;
        d->is_whole = !whole; /* all rails together are the board */
    }
}

static pj_status find(pj_power *power, pj_error *err)
{
    static const char *const drivers[] = {"ina3221", "ina3221x"};
    char folder[PJ_PATH], path[PJ_PATH];
    size_t found = 0;
    for (size_t k = 0; k < 2; k++) {
        size_t count = 0;
        bool fits = pj_sysfs_path(folder, "%s/bus/i2c/drivers/%s", power->sysfs, drivers[k]);
        const char **entry = pj_sysfs_list(power->arena, fits ? folder : "", &count);
        PJ_TRY(pj_got(entry, err));
        for (size_t i = 0; i < count; i++)
            if (pj_sysfs_path(path, "%s/%s", folder, entry[i]))
                PJ_TRY(find_device(power, path, &found, err));
    }
    choose(power);
    if (!found)
        pj_power_absent(power, &pj_sensor_ina3221, folder, "no such sensor", "");
    return PJ_OK;
}

static bool read_rail(pj_power *power, pj_power_domain *d, pj_reading *out)
{
    int64_t first, second = 1;
    (void)power;
    if (!pj_sysfs_read(d->fd[0], true, &first, d->why, sizeof d->why) ||
        (d->number && !pj_sysfs_read(d->fd[1], true, &second, d->why, sizeof d->why)))
        return false;
    out->watts = (double)first * (double)second * d->scale;
    if (out->watts >= 0)
        return true;
    snprintf(d->why, sizeof d->why, "its power is below 0");
    return false;
}

const pj_sensor pj_sensor_ina3221 = {"ina3221", find, read_rail, NULL};
