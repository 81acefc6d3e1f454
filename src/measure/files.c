/* The files of two other tools: a row that is appended, a result in a folder. */
#define _DEFAULT_SOURCE /* flock */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "measure/compat.h"
#include "picojoule/measure.h"

/* ---- what both hold ---- */

/* The hardware that the ML Energy Score knows; else the name of the GPU. */
static const char *hardware_of(const pj_measurement *m)
{
    static const char *const known[] = {"T4", "V100", "A100", "H100", "M1", "M2"};
    const char *model = m->host.gpu_count ? m->host.gpus[0] : m->host.cpu_model;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(model, known[i]))
            return known[i];
    return m->host.gpu_count ? model : "CPU";
}

static const char *command_of(const pj_measurement *m)
{
    const char *command = m->command && m->command[0] ? m->command[0] : "machine", *slash = strrchr(command, '/');
    return slash ? slash + 1 : command;
}

/* A version 4 UUID from the system's random numbers. */
static void make_uuid(char out[40])
{
    unsigned char byte[16] = {0};
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!read(fd, byte, sizeof byte);
        close(fd);
    }
    byte[6] = (unsigned char)((byte[6] & 0x0f) | 0x40);
    byte[8] = (unsigned char)((byte[8] & 0x3f) | 0x80);
    int at = 0;
    for (int i = 0; i < 16; i++)
        at += snprintf(out + at, 40 - (size_t)at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", byte[i]);
}

typedef struct texts {
    char timestamp[64], uuid[40], os[200], gpus[200];
} texts;

static void fill_texts(const pj_measurement *m, texts *t)
{
    time_t seconds = (time_t)m->started_s;
    struct tm parts;
    struct utsname name;
    *t = (texts){"", "", "", ""};
    if (localtime_r(&seconds, &parts))
        (void)strftime(t->timestamp, sizeof t->timestamp, "%Y-%m-%dT%H:%M:%S", &parts);
    make_uuid(t->uuid);
    if (uname(&name) == 0)
        snprintf(t->os, sizeof t->os, "%.60s-%.60s-%.60s", name.sysname, name.release, name.machine);
    if (m->host.gpu_count)
        snprintf(t->gpus, sizeof t->gpus, "%zu x %.150s", m->host.gpu_count, m->host.gpus[0]);
}

static const char *text_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

/* Sums over all counted runs, as both tools have it. */
static pj_compat compat_of(const pj_measurement *m, const pj_measured_names *names, const texts *t)
{
    const pj_footprint_row *row = m->footprint && m->footprint->row_count ? &m->footprint->rows[0] : NULL;
    const pj_region *region = row ? row->region : NULL;
    const double n = (double)m->joules.n;
    bool is_cloud = region && region->kind == PJ_REGION_CLOUD, is_country = region && region->kind == PJ_REGION_COUNTRY;
    return (pj_compat){.cpu_j = m->cpu_j * n,
                       .gpu_j = m->gpu_j * n,
                       .ram_j = m->ram_j * n,
                       .other_j = m->board_j * n,
                       .duration_s = m->seconds * n,
                       .samples = m->queries * n,
                       .pue = row ? row->pue : 1,
                       .wue = row ? row->wue_onsite : NAN,
                       .g_per_kwh = region ? region->g_per_kwh.value : NAN,
                       .of_command = m->of_command,
                       .timestamp = t->timestamp,
                       .project_name = "picojoule",
                       .run_id = t->uuid,
                       .model_name = text_or(names->model, command_of(m)),
                       .task_name = text_or(names->task, ""),
                       .hardware = text_or(names->hardware, hardware_of(m)),
                       .country_iso = is_country ? region->id
                                      : is_cloud ? text_or(region->country, "")
                                                 : "",
                       .country_name = is_country ? region->name : "",
                       .region = is_cloud ? region->id : "",
                       .provider = "",
                       .os = t->os,
                       .cpu_model = m->host.cpu_model,
                       .gpu_model = t->gpus,
                       .cpu_count = m->host.cores ? (double)m->host.cores : NAN,
                       .gpu_count = m->host.gpu_count ? (double)m->host.gpu_count : NAN,
                       .ram_gib = m->host.ram_gib};
}

static pj_status fail(const char *path, const char *what, pj_error *err)
{
    pj_status status = pj_fail(err, PJ_EIO, "%s: %s", what, strerror(errno));
    pj_error_at(err, path, NULL, NULL);
    return status;
}

/* ---- emissions.csv ---- */

/* 0: the file is empty; 1: it begins with this header; -1: with something else. */
static int look_at(int fd, const char *header)
{
    char text[2048];
    size_t length = strlen(header);
    ssize_t got = pread(fd, text, sizeof text, 0);
    if (got <= 0)
        return 0;
    size_t own = length - 1; /* whatever ends the line */
    return (size_t)got > own && memcmp(text, header, own) == 0 && (text[own] == '\n' || text[own] == '\r') ? 1 : -1;
}

/* Opens the file under its lock, a new one where it has other columns. -1: errno. */
static int open_csv(const char *path, const char *header, bool *is_new)
{
    char other[4096];
    for (int tries = 0; tries < 2; tries++) {
        int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0 || flock(fd, LOCK_EX) != 0)
            return fd;
        int kind = look_at(fd, header);
        *is_new = kind == 0;
        if (kind >= 0)
            return fd;
        snprintf(other, sizeof other, "%.4000s.bak", path);
        if (rename(path, other) != 0) {
            close(fd);
            return -1;
        }
        close(fd);
    }
    errno = EBUSY;
    return -1;
}

pj_status pj_emissions_append(const char *path, const pj_measurement *m, const pj_measured_names *names, pj_error *err)
{
    texts t;
    bool is_new = false;
    pj_str header = pj_str_new(0), text = pj_str_new(0);
    fill_texts(m, &t);
    const pj_compat in = compat_of(m, names, &t);
    pj_emissions_header(&header);
    int fd = header.failed ? -1 : open_csv(path, header.data, &is_new);
    if (is_new)
        pj_str_add(&text, header.data);
    pj_emissions_row(&in, &text);
    pj_status status = PJ_OK;
    if (header.failed || text.failed)
        status = pj_fail_memory(err);
    else if (fd < 0 || write(fd, text.data, text.length) != (ssize_t)text.length)
        status = fail(path, "cannot be written", err);
    if (fd >= 0 && close(fd) != 0 && status == PJ_OK)
        status = fail(path, "cannot be written", err);
    pj_str_free(&header);
    pj_str_free(&text);
    return status;
}

/* ---- the ML Energy Score ---- */

/* As a part of a path: what is not a letter, digit, '.', '-' or '_' becomes '_'. */
static void add_part(pj_str *path, const char *word)
{
    size_t begin = path->length;
    for (; *word; word++) {
        bool plain = (*word >= 'a' && *word <= 'z') || (*word >= 'A' && *word <= 'Z') ||
                     (*word >= '0' && *word <= '9') || (*word == '.' && path->length > begin) || *word == '-' ||
                     *word == '_';
        pj_str_add_char(path, plain ? *word : '_');
    }
    if (path->length == begin)
        pj_str_add(path, "any");
}

static bool make_folder(const pj_str *path)
{
    return !path->failed && (mkdir(path->data, 0777) == 0 || errno == EEXIST);
}

/* Whole, or not at all. */
static pj_status write_whole(const pj_str *path, const pj_str *json, pj_error *err)
{
    pj_str temp = pj_str_new(0);
    pj_str_printf(&temp, "%s.%ld.tmp", path->data, (long)getpid());
    FILE *file = temp.failed ? NULL : fopen(temp.data, "wx");
    bool good = file && fwrite(json->data, 1, json->length, file) == json->length;
    good = file && fclose(file) == 0 && good && rename(temp.data, path->data) == 0;
    pj_status status = good ? PJ_OK : fail(path->data, "cannot be written", err);
    if (!good && file)
        (void)unlink(temp.data);
    pj_str_free(&temp);
    return status;
}

pj_status pj_seed003_write(const char *folder, const pj_measurement *m, const pj_measured_names *names, pj_error *err)
{
    texts t;
    char stamp[40] = "";
    time_t seconds = (time_t)m->started_s;
    struct tm parts;
    pj_str path = pj_str_new(0), json = pj_str_new(0);
    fill_texts(m, &t);
    strcat(t.timestamp, ".000000");
    const pj_compat in = compat_of(m, names, &t);
    if (localtime_r(&seconds, &parts))
        (void)strftime(stamp, sizeof stamp, "_%Y%m%d_%H%M%S.json", &parts);
    pj_seed003_json(&in, &json);
    pj_str_add(&path, folder);
    bool good = make_folder(&path);
    pj_str_add_char(&path, '/');
    add_part(&path, in.task_name);
    good = good && make_folder(&path);
    pj_str_add_char(&path, '/');
    add_part(&path, in.hardware);
    good = good && make_folder(&path);
    pj_status status = good ? PJ_OK : fail(path.data, "cannot be made", err);
    pj_str_add_char(&path, '/');
    add_part(&path, in.model_name);
    pj_str_add(&path, stamp);
    if (path.failed || json.failed)
        status = pj_fail_memory(err);
    if (status == PJ_OK)
        status = write_whole(&path, &json, err);
    pj_str_free(&path);
    pj_str_free(&json);
    return status;
}
