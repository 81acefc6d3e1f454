/* NVIDIA GPUs through their management library, which is loaded where it is there. Energy is its counter, in
 * millijoules; where a GPU has none (before Volta), power. */
#include "power/power.h"

#if PJ_RUNTIME /* a build that loads no libraries says so */
#include <dlfcn.h>

#define SONAME "libnvidia-ml.so.1"

enum { SUCCESS = 0, NOT_SUPPORTED = 3, MOST_GPUS = 64 };

typedef struct nvml {
    void *library;
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error)(int);
    int (*count)(unsigned *);
    int (*handle)(unsigned, void **);
    int (*name)(void *, char *, unsigned);
    int (*energy)(void *, unsigned long long *);
    int (*power)(void *, unsigned *);
    int (*temperature)(void *, int, unsigned *); /* may be NULL */
    bool begun;
} nvml;

/* A function of the library; a pointer to data becomes one to a function as POSIX allows. */
#define LOAD(n, member, symbol) (*(void **)(void *)&(n)->member = dlsym((n)->library, symbol))

static bool load(nvml *n)
{
    bool good = LOAD(n, init, "nvmlInit_v2") && LOAD(n, shutdown, "nvmlShutdown") &&
                LOAD(n, error, "nvmlErrorString") && LOAD(n, count, "nvmlDeviceGetCount_v2") &&
                LOAD(n, handle, "nvmlDeviceGetHandleByIndex_v2") && LOAD(n, name, "nvmlDeviceGetName") &&
                LOAD(n, energy, "nvmlDeviceGetTotalEnergyConsumption") && LOAD(n, power, "nvmlDeviceGetPowerUsage");
    (void)LOAD(n, temperature, "nvmlDeviceGetTemperature");
    return good;
}

/* Is the number in "0,2"? Words that are no numbers (UUIDs) let all in. */
static bool is_listed(const char *list, unsigned number)
{
    bool numbers = false;
    while (list && *list) {
        char *end;
        unsigned long one = strtoul(list, &end, 10);
        if (end == list)
            return !numbers;
        numbers = true;
        if (one == number)
            return true;
        list = end + strspn(end, ", ");
    }
    return !numbers;
}

static const char *wanted_gpus(const pj_power *power)
{
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    return power->ask->gpus ? power->ask->gpus : visible && *visible ? visible : NULL;
}

static pj_status add_gpu(pj_power *power, const nvml *n, unsigned index, pj_error *err)
{
    char model[96] = "", name[160];
    unsigned long long mj;
    void *handle = NULL;
    pj_power_domain *d = pj_power_add(power, &pj_sensor_nvml);
    PJ_TRY(pj_got(d, err));
    int code = n->handle(index, &handle);
    if (code == SUCCESS)
        (void)n->name(handle, model, sizeof model);
    model[sizeof model - 1] = 0;
    snprintf(name, sizeof name, "GPU %u", index);
    d->name = pj_arena_strdup(power->arena, name);
    d->zone = pj_arena_strdup(power->arena, *model ? model : name);
    d->where = power->ask->nvml_library ? power->ask->nvml_library : SONAME;
    d->part = "gpu";
    d->is_candidate = true;
    d->handle = handle;
    d->number = index;
    d->is_counter = code == SUCCESS && n->energy(handle, &mj) != NOT_SUPPORTED;
    if (code != SUCCESS)
        snprintf(d->why, sizeof d->why, "%.120s (%d)", n->error(code), code);
    return pj_got(d->name && d->zone, err);
}

static pj_status find(pj_power *power, pj_error *err)
{
    const char *file = power->ask->nvml_library ? power->ask->nvml_library : SONAME;
    unsigned count = 0;
    nvml *n = PJ_NEW(power->arena, nvml, 1);
    PJ_TRY(pj_got(n, err));
    n->library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!n->library) {
        pj_power_absent(power, &pj_sensor_nvml, file, "no such library", "");
        return PJ_OK;
    }
    power->of_source[PJ_SOURCE_NVML] = n;
    if (!load(n)) {
        pj_power_absent(power, &pj_sensor_nvml, file, "it lacks functions of NVML", "");
        return PJ_OK;
    }
    int code = n->init();
    n->begun = code == SUCCESS;
    if (n->begun)
        code = n->count(&count);
    if (code != SUCCESS || count == 0) {
        char why[160];
        snprintf(why, sizeof why, "%.120s (%d)", code == SUCCESS ? "no GPU" : n->error(code), code);
        pj_power_absent(power, &pj_sensor_nvml, file, why, "");
    }
    for (unsigned i = 0; i < count && i < MOST_GPUS; i++)
        if (is_listed(wanted_gpus(power), i))
            PJ_TRY(add_gpu(power, n, i, err));
    return PJ_OK;
}

static bool read_gpu(pj_power *power, pj_power_domain *d, pj_reading *out)
{
    const nvml *n = power->of_source[PJ_SOURCE_NVML];
    unsigned long long mj = 0;
    unsigned mw = 0;
    if (!d->handle)
        return false;
    int code = d->is_counter ? n->energy(d->handle, &mj) : n->power(d->handle, &mw);
    out->uj = mj <= UINT64_MAX / 1000 ? (uint64_t)mj * 1000 : 0;
    out->watts = mw * 1e-3;
    if (code == SUCCESS && mj <= UINT64_MAX / 1000)
        return true;
    snprintf(d->why, sizeof d->why, "%.120s (%d)", code ? n->error(code) : "a count beyond 64 bits", code);
    return false;
}

static void close_library(pj_power *power)
{
    nvml *n = power->of_source[PJ_SOURCE_NVML];
    if (n && n->begun)
        (void)n->shutdown();
    if (n && n->library)
        dlclose(n->library);
}

#else

static pj_status find(pj_power *power, pj_error *err)
{
    (void)err;
    pj_power_absent(power, &pj_sensor_nvml, "", "this build loads no libraries (PJ_RUNTIME)", "");
    return PJ_OK;
}

static bool read_gpu(pj_power *power, pj_power_domain *d, pj_reading *out)
{
    (void)power;
    (void)d;
    (void)out;
    return false;
}

static void close_library(pj_power *power)
{
    (void)power;
}

#endif

const pj_sensor pj_sensor_nvml = {"nvml", find, read_gpu, close_library};
