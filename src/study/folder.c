/* The folder of a study: sweep.json says what it is of. Whoever makes it first lists the models; who comes later reads
 * that. Nothing is locked: the file comes into its place by link(2), which replaces nothing. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "load/load.h"
#include "picojoule/version.h"
#include "setup/resource.h"
#include "study/study.h"

static const char schema[] = "picojoule.sweep-run/1";

bool pj_folder_has(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static const char *file_of(const pj_study *study, const char *name, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s/%s", study->target, name);
    return pj_str_keep(&text, arena);
}

/* ---- reading ---- */

static pj_status check_same(const pj_study *study, pj_json root, pj_error *err)
{
    const char *version, *sha256;
    pj_json spec;
    PJ_TRY(pj_json_get_text(root, "version", &version, err));
    PJ_TRY(pj_json_get_object(root, "spec", &spec, err));
    PJ_TRY(pj_json_get_text(spec, "sha256", &sha256, err));
    if (strcmp(sha256, study->sha256) != 0)
        return pj_json_fail(spec, PJ_ECONFLICT, err,
                            "the folder is of another study, whose file has the SHA-256 %.12s..., not %.12s...; "
                            "take another folder",
                            sha256, study->sha256);
    if (strcmp(version, PICOJOULE_VERSION) != 0)
        return pj_json_fail(root, PJ_ECONFLICT, err, "the folder is of version %.40s, this is %s; take another folder",
                            version, PICOJOULE_VERSION);
    return PJ_OK;
}

static pj_status read_names(pj_study *study, pj_json list, pj_folder_list *out, pj_error *err)
{
    PJ_TRY(pj_json_as_array(list, &list, err));
    out->name = PJ_NEW(study->arena, const char *, pj_json_count(list));
    PJ_TRY(pj_got(out->name, err));
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at)) {
        const char *name;
        PJ_TRY(pj_json_as_text(at, &name, err));
        out->name[out->count++] = pj_arena_strdup(study->arena, name);
    }
    return pj_got(!pj_arena_failed(study->arena), err);
}

static pj_status read_lists(pj_study *study, pj_json lists, pj_error *err)
{
    pj_folder_list *list = PJ_NEW(study->arena, pj_folder_list, pj_json_count(lists));
    PJ_TRY(pj_got(list, err));
    for (pj_json at = pj_json_first(lists); at.node; at = pj_json_next(at))
        PJ_TRY(read_names(study, at, &list[study->lists++], err));
    study->listed = list;
    return PJ_OK;
}

static pj_status copy_digest(pj_json object, char out[PJ_SHA256_DIGITS + 1], pj_error *err)
{
    const char *sha256 = "";
    PJ_TRY(pj_json_opt_text(object, "sha256", &sha256, err));
    snprintf(out, PJ_SHA256_DIGITS + 1, "%s", sha256);
    return PJ_OK;
}

static pj_status read_models(pj_study *study, pj_json models, pj_error *err)
{
    for (pj_json at = pj_json_first(models); at.node; at = pj_json_next(at)) {
        const char *path;
        size_t place;
        PJ_TRY(pj_json_get_text(at, "path", &path, err));
        PJ_TRY(pj_list_model(study, path, &place, err));
        PJ_TRY(copy_digest(at, study->model[place].sha256, err));
    }
    return PJ_OK;
}

static pj_status read_files(pj_study *study, pj_json files, pj_error *err)
{
    pj_study_file *file = PJ_NEW(study->arena, pj_study_file, pj_json_count(files));
    PJ_TRY(pj_got(file, err));
    for (pj_json at = pj_json_first(files); at.node; at = pj_json_next(at)) {
        pj_study_file *one = &file[study->recordeds++];
        PJ_TRY(pj_json_get_text(at, "member", &one->member, err));
        PJ_TRY(pj_json_get_text(at, "name", &one->name, err));
        PJ_TRY(copy_digest(at, one->sha256, err));
        one->member = pj_arena_strdup(study->arena, one->member);
        one->name = pj_arena_strdup(study->arena, one->name);
        PJ_TRY(pj_got(one->member && one->name, err));
    }
    study->recorded = file;
    return PJ_OK;
}

static pj_status read_document(pj_study *study, pj_json root, pj_error *err)
{
    const char *const schemas[] = {schema, NULL};
    pj_json lists, models, files;
    int word;
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &word, err));
    PJ_TRY(check_same(study, root, err));
    PJ_TRY(pj_json_get_array(root, "lists", &lists, err));
    PJ_TRY(pj_json_get_array(root, "models", &models, err));
    PJ_TRY(pj_json_get_array(root, "files", &files, err));
    PJ_TRY(read_lists(study, lists, err));
    PJ_TRY(read_models(study, models, err));
    return read_files(study, files, err);
}

pj_status pj_folder_read(pj_study *study, pj_error *err)
{
    pj_json_doc *doc = NULL;
    const char *path = file_of(study, "sweep.json", study->arena);
    PJ_TRY(pj_got(path, err));
    if (!pj_folder_has(path))
        return PJ_OK;
    PJ_TRY(pj_json_read_report(path, &doc, err));
    pj_status status = read_document(study, pj_json_root(doc), err);
    pj_json_free(doc);
    return status;
}

pj_status pj_folder_check(const pj_study *study, pj_error *err)
{
    for (size_t i = 0; i < study->recordeds; i++)
        for (size_t k = 0; k < study->files; k++) {
            const pj_study_file *then = &study->recorded[i], *now = &study->file[k];
            bool is_it = strcmp(then->member, now->member) == 0 && strcmp(then->name, now->name) == 0;
            if (is_it && strcmp(then->sha256, now->sha256) != 0) {
                pj_error_at(err, now->name, NULL, NULL);
                return pj_fail(err, PJ_ECONFLICT,
                               "the file has changed since %.200s was begun; put it back, or take another folder",
                               study->target);
            }
        }
    return PJ_OK;
}

/* ---- writing ---- */

static void write_models(const pj_study *study, pj_json_writer *json)
{
    pj_json_put_begin(json, "models", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < study->models; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "path", study->model[i].name);
        if (*study->model[i].sha256) {
            pj_json_put_uint(json, "size", study->model[i].size);
            pj_json_put_text(json, "sha256", study->model[i].sha256);
        }
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void write_lists(const pj_study *study, pj_json_writer *json)
{
    pj_json_put_begin(json, "lists", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < study->list_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_ARRAY);
        for (size_t k = 0; k < study->list[i].count; k++)
            pj_json_write_text(json, study->list[i].name[k]);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void write_document(const pj_study *study, pj_str *out)
{
    pj_json_writer writer = pj_json_writer_new(out, true), *json = &writer;
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "schema", schema);
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_put_uint(json, "points", study->points);
    pj_json_put_uint(json, "chunk", study->chunk);
    pj_json_put_uint(json, "chunks", (study->points + study->chunk - 1) / study->chunk);
    pj_json_put_begin(json, "spec", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "sha256", study->sha256);
    pj_json_put_text(json, "text", study->text);
    pj_json_write_end(json);
    pj_json_put_begin(json, "files", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < study->files; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "member", study->file[i].member);
        pj_json_put_text(json, "name", study->file[i].name);
        pj_json_put_text(json, "sha256", study->file[i].sha256);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    write_lists(study, json);
    write_models(study, json);
    pj_json_write_end(json);
    pj_str_add_char(out, '\n');
}

static pj_status fail_write(const char *path, int error, pj_error *err)
{
    pj_error_at(err, path, NULL, NULL);
    return pj_fail(err, PJ_EIO, "cannot be written: %s", strerror(error));
}

static pj_status make_folder(const char *path, pj_error *err)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? PJ_OK : fail_write(path, errno, err);
}

/* Beside its place, then there unless another is. *lost: another is. */
static pj_status put_first(const char *path, const char *temp, const pj_str *text, bool *lost, pj_error *err)
{
    FILE *file = fopen(temp, "wb");
    if (!file)
        return fail_write(temp, errno, err);
    errno = 0;
    bool good =
        fwrite(text->data, 1, text->length, file) == text->length && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int error = errno ? errno : EIO;
    if (fclose(file) != 0 && good) {
        good = false;
        error = errno;
    }
    *lost = false;
    if (good && link(temp, path) != 0) {
        error = errno;
        *lost = error == EEXIST;
        good = *lost;
    }
    (void)unlink(temp);
    return good ? PJ_OK : fail_write(path, error, err);
}

/* Who was slower has to have listed the same: a file may have come in between. */
static pj_status compare_text(const char *path, const pj_str *text, pj_error *err)
{
    char *bytes = NULL;
    size_t length;
    PJ_TRY(pj_file_read(path, PJ_MAX_REPORT_BYTES, &bytes, &length, err));
    bool same = length == text->length && memcmp(bytes, text->data, length) == 0;
    free(bytes);
    if (same)
        return PJ_OK;
    pj_error_at(err, path, NULL, NULL);
    return pj_fail(err, PJ_ECONFLICT,
                   "another process has begun the folder at the same time, with other models or files; run this again");
}

/* What cannot be read now has no digest, and its rows will say why. */
static pj_status digest_models(pj_study *study, pj_error *err)
{
    for (size_t i = 0; i < study->models; i++) {
        pj_study_model *model = &study->model[i];
        pj_error why = {0};
        pj_status status = pj_load_digest(model->path, model->sha256, &model->size, &why);
        if (status == PJ_ENOMEM)
            return pj_fail_memory(err);
        if (status != PJ_OK)
            *model->sha256 = 0;
    }
    return PJ_OK;
}

static pj_status write_first(pj_study *study, const char *path, pj_error *err)
{
    char temp[128], host[64];
    bool lost = false;
    pj_str text = pj_str_new(0);
    pj_host_name(host);
    snprintf(temp, sizeof temp, ".sweep.%s.%ld.tmp", host, (long)getpid());
    const char *beside = file_of(study, temp, study->arena);
    write_document(study, &text);
    pj_status status = pj_got(beside && !text.failed, err);
    if (status == PJ_OK)
        status = put_first(path, beside, &text, &lost, err);
    if (status == PJ_OK && lost)
        status = compare_text(path, &text, err);
    pj_str_free(&text);
    return status;
}

pj_status pj_folder_claim(pj_study *study, pj_error *err)
{
    static const char *const kinds[] = {"points", "devices", "layers"};
    const char *path = file_of(study, "sweep.json", study->arena);
    PJ_TRY(pj_got(path, err));
    PJ_TRY(make_folder(study->target, err));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *folder = file_of(study, kinds[i], study->arena);
        PJ_TRY(pj_got(folder, err));
        if (i == 0 || (i == 1 && study->has_devices) || (i == 2 && study->has_layers))
            PJ_TRY(make_folder(folder, err));
    }
    if (study->listed)
        return PJ_OK;
    PJ_TRY(digest_models(study, err));
    return write_first(study, path, err);
}
