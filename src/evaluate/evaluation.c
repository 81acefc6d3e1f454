/* Samples, processes, and a folder that is gone at the end. */
#define _XOPEN_SOURCE 700 /* mkdtemp; NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "evaluate/evaluation.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/findings.h"

/* ---- public defaults ---- */

const char *const *pj_engine_levels(void)
{
    static const char *const words[] = {"disabled", "basic", "extended", "all", NULL};
    return words;
}

pj_data pj_data_default(void)
{
    return (pj_data){.seed = 1};
}

pj_engine pj_engine_default(void)
{
    return (pj_engine){.level = 1};
}

static pj_runtime_level level_of(const pj_engine *engine)
{
    static const pj_runtime_level levels[] = {PJ_RUNTIME_DISABLED, PJ_RUNTIME_BASIC, PJ_RUNTIME_EXTENDED,
                                              PJ_RUNTIME_ALL};
    return levels[engine->level >= 0 && engine->level < 4 ? engine->level : 1];
}

/* ---- opening ---- */

pj_status pj_evaluation_runtime(const pj_evaluation *e, pj_runtime **out, pj_error *err)
{
    const pj_runtime_options options = {e->engine->runtime, e->engine->seconds};
    return pj_runtime_open(&options, out, err);
}

pj_status pj_evaluation_open(pj_evaluation *e, pj_error *err)
{
    pj_diags_init(&e->diags, e->arena);
    if (!e->model->is_file)
        return pj_fail(err, PJ_EARGUMENT, "a model that is to be run has to be a file, not a stream");
    if (!e->data->path && e->data->random == 0)
        return pj_fail(err, PJ_EARGUMENT, "there are no samples: --data FOLDER|FILE, or --random N for random numbers");
    PJ_TRY(pj_samples_open(e->data, e->model, &e->samples, err));
    return pj_evaluation_runtime(e, &e->runtime, err);
}

static void remove_folder(const char *folder)
{
    DIR *dir = *folder ? opendir(folder) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        pj_str path = pj_str_new(0);
        pj_str_printf(&path, "%s/%s", folder, entry->d_name);
        if (!path.failed && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlink(path.data);
        pj_str_free(&path);
    }
    if (dir) {
        closedir(dir);
        (void)rmdir(folder);
    }
}

/* A folder of this user, and no link to one: others may write where temporary files are. */
static bool is_ours(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == getuid();
}

/* Folders of runs that were killed: "picojoule-PID-XXXXXX" of processes that are no more. */
static void sweep_folders(const char *base)
{
    static const char prefix[] = "picojoule-";
    DIR *dir = opendir(base);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        const char *name = entry->d_name;
        char path[PJ_FOLDER_ROOM];
        char *end;
        if (strncmp(name, prefix, sizeof prefix - 1) != 0)
            continue;
        long pid = strtol(name + sizeof prefix - 1, &end, 10);
        bool is_gone = end > name + sizeof prefix - 1 && *end == '-' && strlen(end) == 7 && pid > 0 &&
                       kill((pid_t)pid, 0) != 0 && errno == ESRCH;
        int length = snprintf(path, sizeof path, "%s/%s", base, name);
        if (is_gone && length > 0 && length < (int)sizeof path && is_ours(path))
            remove_folder(path);
    }
    if (dir)
        closedir(dir);
}

void pj_evaluation_close(pj_evaluation *e)
{
    pj_samples_close(e->samples);
    pj_runtime_close(e->runtime);
    remove_folder(e->folder);
}

const char *pj_evaluation_path(pj_evaluation *e, const char *name, pj_arena *arena)
{
    if (!*e->folder) {
        const char *base = getenv("TMPDIR");
        base = base && *base ? base : "/tmp";
        sweep_folders(base);
        int length = snprintf(e->folder, sizeof e->folder, "%s/picojoule-%ld-XXXXXX", base, (long)getpid());
        if (length < 0 || length >= (int)sizeof e->folder || !mkdtemp(e->folder)) {
            e->folder[0] = 0;
            return NULL;
        }
    }
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s/%s", e->folder, name);
    return pj_str_keep(&text, arena);
}

void pj_evaluation_note(pj_evaluation *e, const char *layer, const char *format, ...)
{
    va_list args;
    pj_str text = pj_str_new(0);
    va_start(args, format);
    pj_str_vprintf(&text, format, args);
    va_end(args);
    pj_diag_add(&e->diags, PJ_DIAG_MEASURED, layer, "%s", text.data);
    if (text.failed)
        pj_arena_fail(e->arena);
    pj_str_free(&text);
}

/* ---- models ---- */

pj_status pj_evaluation_load(const pj_evaluation *e, pj_runtime *runtime, const char *path, pj_runtime_model **out,
                             pj_error *err)
{
    const pj_runtime_load_options options = {.path = path, .level = level_of(e->engine)};
    return pj_runtime_load(runtime, &options, out, err);
}

pj_status pj_evaluation_probe(pj_evaluation *e, pj_model *model, const char *name, pj_runtime_model **out,
                              pj_error *err)
{
    pj_setup plain = *e->setup;
    pj_apply_options options = pj_apply_options_default();
    pj_applied *applied;
    options.out = pj_evaluation_path(e, name, e->arena);
    if (!options.out)
        return pj_fail(err, PJ_EIO, "no folder for models can be made where TMPDIR says, or in /tmp: %s",
                       strerror(errno));
    options.probe = true;
    plain.plan = plain.quantize = NULL;
    PJ_TRY(pj_apply(model, &plain, &options, &applied, err));
    pj_applied_free(applied);
    return pj_evaluation_load(e, e->runtime, options.out, out, err);
}

pj_status pj_evaluation_run(const pj_evaluation *e, pj_runtime_model *model, const pj_ndarray *sample, uint64_t number,
                            pj_arena *arena, const pj_ndarray **out, pj_error *err)
{
    pj_status status = pj_runtime_run(model, sample, pj_samples_slots(e->samples), NULL, 0, arena, out, err);
    if (status == PJ_OK || status == PJ_ENOMEM || !err)
        return status;
    char what[sizeof err->what];
    memcpy(what, err->what, sizeof what);
    (void)pj_fail(err, status, "sample %" PRIu64 ": %.480s", number + 1, what);
    return status;
}

/* ---- telling ---- */

pj_status pj_evaluation_tell(pj_evaluation *e, uint64_t samples, pj_evaluated *out, pj_error *err)
{
    const pj_runtime_info *info = pj_runtime_describe(e->runtime);
    pj_finding *findings = PJ_NEW(e->arena, pj_finding, e->diags.count);
    PJ_TRY(pj_got(findings, err));
    *out = (pj_evaluated){.model = pj_arena_strdup(e->arena, e->model->path),
                          .data = pj_samples_told(e->samples, samples, e->arena),
                          .is_random = !e->data->path,
                          .samples = samples,
                          .runtime = pj_arena_strdup(e->arena, info->path),
                          .runtime_version = pj_arena_strdup(e->arena, info->version),
                          .runtime_bytes = info->bytes,
                          .findings = findings,
                          .finding_count = pj_findings_copy(&e->diags, findings)};
    return pj_arena_failed(e->arena) ? pj_fail_memory(err) : PJ_OK;
}
