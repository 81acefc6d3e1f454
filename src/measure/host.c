/* Reading procfs, or a folder that looks like it. */
#include "measure/host.h"

#include <limits.h>
#include <unistd.h>

#include "base/file.h"
#include "power/sysfs.h"

enum { MOST = 4 * 1024 * 1024 };

/* The whole file; NULL: it cannot be read. The caller frees it. */
static char *read_file(const char *root, const char *name)
{
    char path[PJ_PATH], *text = NULL;
    size_t length;
    pj_error err = {0};
    if (!pj_sysfs_path(path, "%s/%s", root, name) || pj_file_read(path, MOST, &text, &length, &err) != PJ_OK)
        return NULL;
    return text;
}

/* What stands behind "KEY : " in the first line of that key; NULL. */
static char *value_of(char *text, const char *key)
{
    size_t length = strlen(key);
    for (char *at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
        char *colon = at + length;
        if (strncmp(at, key, length) != 0)
            continue;
        colon += strspn(colon, " \t");
        if (*colon == ':')
            return colon + 1 + strspn(colon + 1, " \t");
    }
    return NULL;
}

static size_t count_of(const char *text, const char *key)
{
    size_t count = 0, length = strlen(key);
    for (const char *at = text; (at = strstr(at, key)); at += length)
        count += at == text || at[-1] == '\n';
    return count;
}

/* How many numbers the lines "physical id : N" have. */
static size_t count_sockets(const char *text)
{
    unsigned char seen[256] = {0};
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "physical id"));) {
        unsigned long id = ULONG_MAX;
        at += strlen("physical id");
        at += strspn(at, " \t");
        if (*at == ':')
            id = strtoul(at + 1, NULL, 10);
        if (id < sizeof seen && !seen[id]) {
            seen[id] = 1;
            count++;
        }
    }
    return count ? count : 1;
}

void pj_host_look(pj_arena *arena, const char *procfs, const char *sysfs, pj_host *out)
{
    char *cpu = read_file(procfs, "cpuinfo"), *memory = read_file(procfs, "meminfo"), *value;
    *out = (pj_host){.cpu_model = "", .sockets = 1, .ram_gib = NAN, .start_c = NAN, .end_c = NAN};
    if (cpu) {
        out->cores = count_of(cpu, "processor\t");
        out->sockets = count_sockets(cpu);
        out->is_virtual = strstr(cpu, " hypervisor") != NULL;
        value = value_of(cpu, "model name");
        if (value) {
            const char *model = pj_arena_strndup(arena, value, strcspn(value, "\n"));
            out->cpu_model = model ? model : "";
        }
    }
    value = memory ? value_of(memory, "MemTotal") : NULL;
    if (value)
        out->ram_gib = (double)strtoull(value, NULL, 10) / (1024 * 1024);
    free(cpu);
    free(memory);
    out->start_c = pj_host_celsius(arena, sysfs);
}

double pj_host_busy_s(const char *procfs)
{
    unsigned long long user, nice, system, idle, wait, irq, softirq, steal;
    char *text = read_file(procfs, "stat");
    long ticks = sysconf(_SC_CLK_TCK);
    double busy = NAN;
    if (text && ticks > 0 &&
        sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq, &softirq,
               &steal) == 8)
        busy = (double)(user + nice + system + irq + softirq + steal) / (double)ticks;
    free(text);
    return busy;
}

double pj_host_celsius(pj_arena *arena, const char *sysfs)
{
    char folder[PJ_PATH], path[PJ_PATH];
    size_t chips = 0;
    double most = NAN;
    const char **chip = pj_sysfs_path(folder, "%s/class/hwmon", sysfs) ? pj_sysfs_list(arena, folder, &chips) : NULL;
    for (size_t i = 0; chip && i < chips; i++)
        for (int k = 1; k <= 16; k++) {
            int64_t milli;
            if (!pj_sysfs_path(path, "%s/%s/temp%d_input", folder, chip[i], k) || !pj_sysfs_number(path, &milli))
                continue;
            double celsius = (double)milli * 1e-3;
            if (celsius > 0 && celsius < 200 && !(celsius <= most))
                most = celsius;
        }
    return most;
}
