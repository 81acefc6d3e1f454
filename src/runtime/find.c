/* The search for the library, and the check of its file. */
#define _XOPEN_SOURCE 700 /* realpath; NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "runtime/find.h"

#if PJ_RUNTIME
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* ---- the file ---- */

enum { HEAD = 64, ELF_X86_64 = 62, ELF_AARCH64 = 183 };

#if defined(__x86_64__)
enum { ELF_HERE = ELF_X86_64 };
#elif defined(__aarch64__)
enum { ELF_HERE = ELF_AARCH64 };
#else
enum { ELF_HERE = 0 }; /* not checked */
#endif

static const char *machine_word(unsigned machine)
{
    return machine == ELF_X86_64 ? "x86-64" : machine == ELF_AARCH64 ? "arm64" : "another machine";
}

static uint64_t number_at(const uint8_t *bytes, int count)
{
    uint64_t number = 0;
    while (count-- > 0)
        number = number << 8 | bytes[count];
    return number;
}

/* Sections stand at the end of the file, so one that is cut off lacks them. Loading it would be the end of a process.
 */
static pj_status check_elf(const uint8_t *head, uint64_t size, pj_error *err)
{
    const unsigned machine = (unsigned)number_at(head + 18, 2);
    const uint64_t sections = number_at(head + 40, 8), each = number_at(head + 58, 2), count = number_at(head + 60, 2);
    if (head[4] != 2 || head[5] != 1)
        return pj_fail(err, PJ_EUNSUPPORTED, "it is a library of another kind of machine (not 64-bit little-endian)");
    if (ELF_HERE != 0 && machine != ELF_HERE)
        return pj_fail(err, PJ_EUNSUPPORTED, "it is a library for %s; this program runs on %s", machine_word(machine),
                       machine_word(ELF_HERE));
    if (number_at(head + 16, 2) != 3)
        return pj_fail(err, PJ_EUNSUPPORTED, "it is a program or an object file, not a shared library");
    if (sections > size || each * count > size - sections)
        return pj_fail(err, PJ_EUNSUPPORTED,
                       "it is cut off: it has %" PRIu64 " bytes, and says that it goes on to %" PRIu64, size,
                       sections > UINT64_MAX - each * count ? UINT64_MAX : sections + each * count);
    return PJ_OK;
}

static pj_status check_head(const uint8_t *head, size_t length, uint64_t size, pj_error *err)
{
    static const uint8_t elf[] = {0x7f, 'E', 'L', 'F'}, mach[] = {0xcf, 0xfa, 0xed, 0xfe};
#ifdef __APPLE__
    const bool is_mac = true;
#else
    const bool is_mac = false;
#endif
    if (length < HEAD)
        return pj_fail(err, PJ_EUNSUPPORTED, "it is no library: it has %zu bytes", length);
    if (memcmp(head, mach, sizeof mach) == 0)
        return is_mac ? PJ_OK : pj_fail(err, PJ_EUNSUPPORTED, "it is a library for macOS");
    if (head[0] == 'M' && head[1] == 'Z')
        return pj_fail(err, PJ_EUNSUPPORTED, "it is a library for Windows");
    if (memcmp(head, elf, sizeof elf) != 0)
        return pj_fail(err, PJ_EUNSUPPORTED, "it is no library");
    return is_mac ? pj_fail(err, PJ_EUNSUPPORTED, "it is a library for Linux") : check_elf(head, size, err);
}

static pj_status check_file(const char *path, uint64_t *bytes, pj_error *err)
{
    struct stat info;
    uint8_t head[HEAD];
    if (stat(path, &info) != 0)
        return pj_fail(err, PJ_EIO, "cannot be opened: %s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return pj_fail(err, PJ_EUNSUPPORTED, "it is no file");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pj_fail(err, PJ_EIO, "cannot be opened: %s", strerror(errno));
    ssize_t length = read(fd, head, HEAD);
    close(fd);
    *bytes = (uint64_t)info.st_size;
    return check_head(head, length > 0 ? (size_t)length : 0, *bytes, err);
}

pj_status pj_library_check(const char *path, uint64_t *bytes, pj_error *err)
{
    pj_status status = check_file(path, bytes, err);
    if (status != PJ_OK)
        pj_error_at(err, path, NULL, NULL);
    return status;
}

/* ---- folders ---- */

static char *join(pj_arena *arena, const char *folder, const char *name)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s/%s", folder, name);
    return pj_str_keep(&text, arena);
}

static bool add(pj_library_places *places, pj_arena *arena, const char *path)
{
    struct stat info;
    if (!path || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return true;
    if (!PJ_GROW(arena, places->path, places->count, places->room))
        return false;
    places->path[places->count++] = path;
    return true;
}

/* libonnxruntime.so.1, then the highest of others, .so last; on macOS .dylib. Not those of its providers. */
static bool is_library_name(const char *name)
{
    static const char so[] = "libonnxruntime.so";
    size_t length = strlen(name);
    if (strncmp(name, so, sizeof so - 1) == 0)
        return !name[sizeof so - 1] || name[sizeof so - 1] == '.';
    return strncmp(name, "libonnxruntime", 14) == 0 && (name[14] == '.') && length > 6 &&
           strcmp(name + length - 6, ".dylib") == 0;
}

/* Which of two names is to be taken: longer names have a version; of these, the higher. */
static bool is_better(const char *name, const char *best)
{
    size_t a = strlen(name), b = strlen(best);
    if (strcmp(best, "libonnxruntime.so.1") == 0)
        return false;
    return strcmp(name, "libonnxruntime.so.1") == 0 || a > b || (a == b && strcmp(name, best) > 0);
}

static bool add_folder(pj_library_places *places, pj_arena *arena, const char *folder)
{
    char best[256] = "";
    DIR *dir = folder && *folder == '/' ? opendir(folder) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (strlen(entry->d_name) < sizeof best && is_library_name(entry->d_name) &&
            (!*best || is_better(entry->d_name, best)))
            memcpy(best, entry->d_name, strlen(entry->d_name) + 1);
    if (dir)
        closedir(dir);
    return !*best || add(places, arena, join(arena, folder, best));
}

/* Python's package in lib/python3*: `base` is the environment's folder. */
static bool add_python(pj_library_places *places, pj_arena *arena, const char *base)
{
    const char *lib = base && *base == '/' ? join(arena, base, "lib") : NULL;
    DIR *dir = lib ? opendir(lib) : NULL;
    const struct dirent *entry;
    bool ok = true;
    while (dir && ok && (entry = readdir(dir))) {
        if (strncmp(entry->d_name, "python3", 7) != 0)
            continue;
        const char *python = join(arena, lib, entry->d_name);
        ok = add_folder(places, arena, python ? join(arena, python, "site-packages/onnxruntime/capi") : NULL);
    }
    if (dir)
        closedir(dir);
    return ok;
}

/* ---- the order ---- */

static bool add_beside_program(pj_library_places *places, pj_arena *arena)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *slash = program ? strrchr(program, '/') : NULL;
    bool ok = true;
    if (slash) {
        *slash = 0;
        const char *folder = pj_arena_strdup(arena, program);
        ok = add_folder(places, arena, folder) &&
             add_folder(places, arena, folder ? join(arena, folder, "../lib") : NULL);
    }
    free(program);
    return ok;
}

static bool add_loader_path(pj_library_places *places, pj_arena *arena)
{
    const char *at = getenv("LD_LIBRARY_PATH");
    bool ok = true;
    while (at && *at && ok) {
        size_t length = strcspn(at, ":");
        ok = add_folder(places, arena, pj_arena_strndup(arena, at, length));
        at += length + (at[length] == ':');
    }
    return ok;
}

static bool add_system(pj_library_places *places, pj_arena *arena)
{
    static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu",
                                          "/usr/lib/aarch64-linux-gnu",
                                          "/usr/lib64",
                                          "/usr/lib",
                                          "/usr/local/lib",
                                          "/opt/homebrew/lib",
                                          "/home/linuxbrew/.linuxbrew/lib",
                                          "/usr/lib/python3/dist-packages/onnxruntime/capi",
                                          NULL};
    const char *home = getenv("HOME");
    bool ok = true;
    for (size_t i = 0; folders[i] && ok; i++)
        ok = add_folder(places, arena, folders[i]);
    return ok && add_python(places, arena, home ? join(arena, home, ".local") : NULL) &&
           add_python(places, arena, "/usr/local");
}

static pj_status find_named(const char *place, pj_arena *arena, pj_library_places *out, pj_error *err)
{
    struct stat info;
    char *whole = realpath(place, NULL);
    const char *path = whole ? pj_arena_strdup(arena, whole) : NULL;
    free(whole);
    if (!path) {
        pj_error_at(err, place, NULL, NULL);
        return pj_fail(err, PJ_EIO, "%s names it as the library of ONNX Runtime, but it cannot be opened: %s",
                       out->named_by, strerror(errno));
    }
    bool ok = stat(path, &info) == 0 && S_ISDIR(info.st_mode) ? add_folder(out, arena, path) : add(out, arena, path);
    if (ok && out->count == 0) {
        pj_error_at(err, place, NULL, NULL);
        return pj_fail(err, PJ_EIO, "%s names it, but there is no libonnxruntime.so in it", out->named_by);
    }
    return pj_got(ok, err);
}

pj_status pj_library_find(const char *asked, pj_arena *arena, pj_library_places *out, pj_error *err)
{
    static const char *const names[] = {"--runtime", "PICOJOULE_ORT", "ORT_DYLIB_PATH"};
    *out = (pj_library_places){0};
    for (int i = 0; i < 3; i++) {
        const char *place = i == 0 ? asked : getenv(names[i]);
        if (!place || !*place)
            continue;
        out->named_by = names[i];
        return find_named(place, arena, out, err);
    }
    const char *conda = getenv("CONDA_PREFIX");
    bool ok = add_beside_program(out, arena) && add_python(out, arena, getenv("VIRTUAL_ENV")) &&
              add_python(out, arena, conda) && add_folder(out, arena, conda ? join(arena, conda, "lib") : NULL) &&
              add_loader_path(out, arena) && add_system(out, arena);
    return pj_got(ok && !pj_arena_failed(arena), err);
}

const char *pj_library_hint(pj_arena *arena)
{
#if defined(__aarch64__)
    static const char folder[] = "node_modules/onnxruntime-node/bin/napi-v6/linux/arm64/libonnxruntime.so.1";
#else
    static const char folder[] = "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1";
#endif
    return access(folder, R_OK) == 0 ? pj_arena_strdup(arena, folder) : NULL;
}
#endif
