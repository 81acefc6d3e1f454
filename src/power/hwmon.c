/* Sensors of the kernel: power in microwatts, energy in microjoules, by the name of the chip. */
#include <errno.h>

#include "power/power.h"
#include "power/sysfs.h"

/* What is known of a chip: its part, and whether its sensors are added up. Of others nobody knows what they hold.
 *  chip, part, kind of file ("" any), start of the labels, is a candidate, is the whole machine */
static const struct chip {
    const char *name, *part, *label;
    bool is_candidate, is_whole;
} chips[] = {
    {"amdgpu",      "gpu",   "",        true, false},
    {"amd_energy",  "cpu",   "Esocket", true, false}, /* Ecore... are parts of it */
    {"power_meter", "board", "",        true, true }, /* ACPI: the supply of a server */
    {"xgene",       "cpu",   "",        true, false},
};

static const struct chip *chip_of(const char *name)
{
    for (size_t i = 0; i < sizeof chips / sizeof *chips; i++)
        if (strcmp(chips[i].name, name) == 0)
            return &chips[i];
    return NULL;
}

typedef struct sensor {
    const char *folder;
    char chip[64];
    unsigned number;
    bool is_counter;
    const char *file; /* "power1_average" */
} sensor;

static pj_status add_sensor(pj_power *power, const sensor *s, pj_error *err)
{
    char path[PJ_PATH], label[64], text[160];
    const struct chip *chip = chip_of(s->chip);
    pj_power_domain *d = pj_power_add(power, &pj_sensor_hwmon);
    PJ_TRY(pj_got(d, err));
    if (!pj_sysfs_path(path, "%s/%s%u_label", s->folder, s->is_counter ? "energy" : "power", s->number) ||
        !pj_sysfs_word(path, label, sizeof label))
        snprintf(label, sizeof label, "%s%u", s->is_counter ? "energy" : "power", s->number);
    snprintf(text, sizeof text, "%s %s", s->chip, label);
    d->name = pj_arena_strdup(power->arena, s->is_counter && chip ? label : text);
    d->zone = pj_arena_strdup(power->arena, label);
    d->part = chip ? chip->part : "board";
    d->is_counter = s->is_counter;
    d->is_whole = chip && chip->is_whole;
    d->is_candidate = chip ? chip->is_candidate && strncmp(label, chip->label, strlen(chip->label)) == 0
                           : pj_power_named(power, PJ_SOURCE_HWMON);
    if (!pj_sysfs_path(path, "%s/%s", s->folder, s->file))
        path[0] = 0;
    d->where = pj_arena_strdup(power->arena, path);
    d->fd[0] = pj_sysfs_open(path);
    if (d->fd[0] < 0)
        snprintf(d->why, sizeof d->why, "%s", strerror(errno));
    return pj_got(d->name && d->zone && d->where, err);
}

/* The N of "powerN_average"; 0: it is another file. */
static unsigned number_of(const char *file, const char *kind, const char *suffix)
{
    size_t length = strlen(kind);
    char *end;
    if (strncmp(file, kind, length) != 0)
        return 0;
    unsigned long number = strtoul(file + length, &end, 10);
    return end != file + length && strcmp(end, suffix) == 0 && number < 1000 ? (unsigned)number : 0;
}

static bool has_file(const char *const *file, size_t count, const char *kind, unsigned number, const char *suffix)
{
    for (size_t i = 0; i < count; i++)
        if (number_of(file[i], kind, suffix) == number)
            return true;
    return false;
}

static pj_status find_in(pj_power *power, const char *folder, size_t *found, pj_error *err)
{
    char path[PJ_PATH];
    size_t count = 0;
    sensor s = {.folder = folder};
    if (!pj_sysfs_path(path, "%s/name", folder) || !pj_sysfs_word(path, s.chip, sizeof s.chip) ||
        strcmp(s.chip, "ina3221") == 0)
        return PJ_OK;
    const char **file = pj_sysfs_list(power->arena, folder, &count);
    PJ_TRY(pj_got(file, err));
    /* power is preferred to energy, whose unit is disputed for AMD GPUs; means to moments */
    for (size_t i = 0; i < count; i++) {
        unsigned mean = number_of(file[i], "power", "_average"), moment = number_of(file[i], "power", "_input");
        unsigned energy = number_of(file[i], "energy", "_input");
        if (moment && has_file(file, count, "power", moment, "_average"))
            continue;
        if (energy &&
            (has_file(file, count, "power", energy, "_average") || has_file(file, count, "power", energy, "_input")))
            continue;
        s.number = mean ? mean : moment ? moment : energy;
        s.is_counter = energy != 0;
        s.file = file[i];
        if (!s.number)
            continue;
        PJ_TRY(add_sensor(power, &s, err));
        ++*found;
    }
    return PJ_OK;
}

static pj_status find(pj_power *power, pj_error *err)
{
    char folder[PJ_PATH], path[PJ_PATH];
    size_t count = 0, found = 0;
    bool fits = pj_sysfs_path(folder, "%s/class/hwmon", power->sysfs);
    const char **entry = pj_sysfs_list(power->arena, fits ? folder : "", &count);
    PJ_TRY(pj_got(entry, err));
    for (size_t i = 0; i < count; i++) {
        const char *kept = pj_sysfs_path(path, "%s/%s", folder, entry[i]) ? pj_arena_strdup(power->arena, path) : NULL;
        if (kept)
            PJ_TRY(find_in(power, kept, &found, err));
    }
    if (!found)
        pj_power_absent(power, &pj_sensor_hwmon, folder, "no sensor of power or energy", "");
    return PJ_OK;
}

static bool read_sensor(pj_power *power, pj_power_domain *d, pj_reading *out)
{
    uint64_t value;
    (void)power;
    if (d->fd[0] < 0 || !pj_sysfs_uint(d->fd[0], &value, d->why, sizeof d->why))
        return false;
    out->uj = value;
    out->watts = (double)value * 1e-6;
    return true;
}

const pj_sensor pj_sensor_hwmon = {"hwmon", find, read_sensor, NULL};
