/* Watts that a command prints: a meter at the plug, and nvidia-smi where NVIDIA's library is not found. */
#include <errno.h>

#include "power/power.h"
#include "power/process.h"

#include "picojoule/footprint.h"

enum { GPUS = 64, PATIENCE_MS = 3000 };

typedef struct lines {
    pj_process process;
    double watts[GPUS]; /* the last of each; NAN */
} lines;

static lines *start(pj_power *power, pj_power_source source, const char *command)
{
    lines *l = PJ_NEW(power->arena, lines, 1);
    if (!l)
        return NULL;
    for (size_t i = 0; i < GPUS; i++)
        l->watts[i] = NAN;
    power->of_source[source] = l;
    (void)pj_process_start(&l->process, command);
    return l;
}

static void stop(pj_power *power, pj_power_source source)
{
    lines *l = power->of_source[source];
    if (l)
        pj_process_stop(&l->process);
}

/* The number at the start of a text, and blanks around it. NULL: there is none. */
static const char *number_in(const char *text, double *out)
{
    char word[64];
    size_t length;
    text += strspn(text, " \t");
    length = strcspn(text, " \t\r,");
    if (length == 0 || length >= sizeof word)
        return NULL;
    memcpy(word, text, length);
    word[length] = 0;
    return pj_number_read(word, out) && *out >= 0 ? text + length : NULL;
}

static bool finish_read(const lines *l, pj_power_domain *d, pj_reading *out)
{
    out->watts = l->watts[d->number];
    if (isnan(out->watts))
        snprintf(d->why, sizeof d->why, "it has printed no watts");
    else if (l->process.ended)
        snprintf(d->why, sizeof d->why, "its command has ended");
    return !isnan(out->watts) && !l->process.ended;
}

/* ---- a meter ---- */

static void take_meter(lines *l)
{
    char line[PJ_LINE];
    double watts;
    while (pj_process_line(&l->process, line))
        if (number_in(line, &watts))
            l->watts[0] = watts;
}

static pj_status find_meter(pj_power *power, pj_error *err)
{
    if (!power->ask->meter)
        return PJ_OK;
    pj_power_domain *d = pj_power_add(power, &pj_sensor_meter);
    lines *l = start(power, PJ_SOURCE_METER, power->ask->meter);
    PJ_TRY(pj_got(d && l, err));
    d->name = d->zone = "meter";
    d->part = "board";
    d->where = power->ask->meter;
    d->is_whole = d->is_candidate = true;
    for (int tries = 0; isnan(l->watts[0]) && !l->process.ended && tries < PATIENCE_MS / 100; tries++) {
        pj_process_wait(&l->process, 100);
        take_meter(l);
    }
    return PJ_OK;
}

static bool read_meter(pj_power *power, pj_power_domain *d, pj_reading *out)
{
    lines *l = power->of_source[PJ_SOURCE_METER];
    take_meter(l);
    return finish_read(l, d, out);
}

static void close_meter(pj_power *power)
{
    stop(power, PJ_SOURCE_METER);
}

const pj_sensor pj_sensor_meter = {"meter", find_meter, read_meter, close_meter};

/* ---- nvidia-smi ---- */

#define QUERY "exec nvidia-smi --query-gpu=index,power.draw --format=csv,noheader,nounits"

/* "0, 61.35" */
static void take_gpus(lines *l)
{
    char line[PJ_LINE];
    double index, watts;
    while (pj_process_line(&l->process, line)) {
        const char *rest = number_in(line, &index);
        if (rest && *rest == ',' && number_in(rest + 1, &watts) && index < GPUS)
            l->watts[(size_t)index] = watts;
    }
}

static bool has_library(const pj_power *power)
{
    for (size_t i = 0; i < power->count; i++)
        if (power->domain[i].source == &pj_sensor_nvml)
            return true;
    return power->of_source[PJ_SOURCE_NVML] != NULL;
}

static bool is_in_path(const char *program)
{
    char path[1024];
    const char *at = getenv("PATH");
    while (at && *at) {
        size_t length = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)length, at, program);
        FILE *file = fopen(path, "rb");
        if (file) {
            (void)fclose(file);
            return true;
        }
        at += length + (at[length] == ':');
    }
    return false;
}

static pj_status find_smi(pj_power *power, pj_error *err)
{
    if (has_library(power))
        return PJ_OK;
    if (!is_in_path("nvidia-smi")) {
        pj_power_absent(power, &pj_sensor_smi, "", "no such program in PATH", "");
        return PJ_OK;
    }
    lines *l = start(power, PJ_SOURCE_SMI, QUERY); /* once, to see which there are */
    PJ_TRY(pj_got(l, err));
    for (int tries = 0; !l->process.ended && tries < PATIENCE_MS / 100; tries++) {
        pj_process_wait(&l->process, 100);
        take_gpus(l);
    }
    pj_process_stop(&l->process);
    for (unsigned i = 0; i < GPUS; i++) {
        char name[32];
        if (isnan(l->watts[i]))
            continue;
        pj_power_domain *d = pj_power_add(power, &pj_sensor_smi);
        PJ_TRY(pj_got(d, err));
        snprintf(name, sizeof name, "GPU %u", i);
        d->name = d->zone = pj_arena_strdup(power->arena, name);
        d->part = "gpu";
        d->where = "nvidia-smi";
        d->is_candidate = true;
        d->number = i;
        PJ_TRY(pj_got(d->name, err));
    }
    (void)pj_process_start(&l->process, QUERY " -lms 1000");
    return PJ_OK;
}

static bool read_smi(pj_power *power, pj_power_domain *d, pj_reading *out)
{
    lines *l = power->of_source[PJ_SOURCE_SMI];
    take_gpus(l);
    return finish_read(l, d, out);
}

static void close_smi(pj_power *power)
{
    stop(power, PJ_SOURCE_SMI);
}

const pj_sensor pj_sensor_smi = {"nvidia-smi", find_smi, read_smi, close_smi};
