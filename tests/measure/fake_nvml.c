/* A stand-in for libnvidia-ml.so.1, for tests of a program that loads it with dlopen.
 *
 * Build: cc -shared -fPIC -o libnvidia-ml.so.1 fake_nvml.c
 * FAKE_NVML names a text file, read at every call, so that a test can change it while the program runs:
 *   devices 2
 *   init 0                        return code of nvmlInit_v2 (9: driver not loaded)
 *   gpu 0 name "NVIDIA A100-SXM4-80GB" energy_mj 1000000 power_mw 60000 energy_rc 0 power_rc 0
 * A missing file is a machine with no device. Return codes: 0 success, 2 invalid argument, 3 not supported, 9 driver
 * not loaded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int there, energy_rc, power_rc;
    unsigned long long energy_mj;
    unsigned power_mw;
    char name[96];
} gpu;

static struct {
    unsigned devices;
    int init;
    gpu gpus[16];
} state;

static void read_state(void)
{
    const char *path = getenv("FAKE_NVML");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[512];

    memset(&state, 0, sizeof state);
    while (file && fgets(line, sizeof line, file)) {
        unsigned i;
        gpu g = {1, 0, 0, 0, 0, ""};
        if (sscanf(line, "devices %u", &state.devices) == 1 || sscanf(line, "init %d", &state.init) == 1)
            continue;
        if (sscanf(line, "gpu %u name \"%95[^\"]\" energy_mj %llu power_mw %u energy_rc %d power_rc %d", &i, g.name,
                   &g.energy_mj, &g.power_mw, &g.energy_rc, &g.power_rc) == 6 &&
            i < 16)
            state.gpus[i] = g;
    }
    if (file)
        fclose(file);
}

static gpu *find(void *device)
{
    size_t i = (size_t)device;
    read_state();
    return i >= 1 && i <= 16 && state.gpus[i - 1].there ? &state.gpus[i - 1] : NULL;
}

int nvmlInit_v2(void)
{
    read_state();
    return state.init;
}
int nvmlShutdown(void)
{
    return 0;
}
const char *nvmlErrorString(int code)
{
    return code == 9 ? "Driver Not Loaded" : code == 3 ? "Not Supported" : code ? "Error" : "Success";
}
int nvmlDeviceGetCount_v2(unsigned *count)
{
    read_state();
    *count = state.devices;
    return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device)
{
    *device = (void *)(size_t)(index + 1);
    return find(*device) ? 0 : 2;
}

int nvmlDeviceGetName(void *device, char *name, unsigned length)
{
    gpu *g = find(device);
    if (!g || length == 0)
        return 2;
    snprintf(name, length, "%s", g->name);
    return 0;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules)
{
    gpu *g = find(device);
    if (!g)
        return 2;
    if (g->energy_rc == 0)
        *millijoules = g->energy_mj;
    return g->energy_rc;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts)
{
    gpu *g = find(device);
    if (!g)
        return 2;
    if (g->power_rc == 0)
        *milliwatts = g->power_mw;
    return g->power_rc;
}
