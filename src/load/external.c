/* Elements in other files: where they may be, whether they are there, and the contents of small ones. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "load/loader.h"
#include "load/wire.h"

/* One external file, looked at once. */
typedef struct data_file {
    const char *path; /* NULL: of a model that somebody else gives, which has `origin` */
    const pj_origin *origin;
    bool there;
    bool is_outside; /* it is there, behind a link out of the model's folder that is not followed */
    uint64_t size;
} data_file;

static pj_status bad(const pj_loader *loader, const char *what, const pj_tensor *tensor, const char *text)
{
    char title[PJ_TITLE];
    return pj_fail(loader->err, PJ_EFORMAT, "external data of %s: %s", pj_load_title(what, tensor->name, title), text);
}

static bool parse_size(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++)
        if (*text < '0' || *text > '9' || !pj_mul_u64(value, 10, &value) ||
            !pj_add_u64(value, (uint64_t)(*text - '0'), &value))
            return false;
    *out = value;
    return true;
}

static pj_status read_entries(pj_loader *loader, const PjOnnx__TensorProto *proto, const char *what, pj_tensor *out)
{
    for (size_t i = 0; i < proto->n_external_data; i++) {
        const char *key = pj_text(proto->external_data[i]->key), *value = pj_text(proto->external_data[i]->value);
        if (strcmp(key, "location") == 0)
            out->location = value;
        else if (strcmp(key, "offset") == 0 && !parse_size(value, &out->offset))
            return bad(loader, what, out, "the offset is not a number");
        else if (strcmp(key, "length") == 0 && !parse_size(value, &out->length))
            return bad(loader, what, out, "the length is not a number");
    }
    if (!out->location || !*out->location)
        return bad(loader, what, out, "no location is given");
    out->location = pj_load_intern(loader, out->location);
    return pj_got(out->location, loader->err);
}

/* The location is a path below the model's folder, written with slashes. */
static pj_status check_location(const pj_loader *loader, const char *what, const pj_tensor *out)
{
    const char *at = out->location;
    char text[300];
    snprintf(text, sizeof text, "the location '%.200s' is not a path inside the model's folder", at);
    if (*at == '/' || strchr(at, '\\') || at[1] == ':')
        return bad(loader, what, out, text);
    while (at) {
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == 0))
            return bad(loader, what, out, text);
        at = strchr(at, '/');
        at = at ? at + 1 : NULL;
    }
    return PJ_OK;
}

/* Both are paths without links; of folders, only "/" ends with a slash. */
static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    length -= folder[length - 1] == '/';
    return strncmp(path, folder, length) == 0 && path[length] == '/';
}

/* The path without links; NULL in *out where it went away meanwhile. False: no memory. */
static bool resolve(const char *path, char **out)
{
    errno = 0;
    *out = pj_real_path(path);
    return *out || errno != ENOMEM;
}

/* The path of a file becomes that of its folder. */
static void cut_name(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = 0;
}

static bool read_from(const pj_input *input, uint64_t offset, uint8_t *to, size_t length)
{
    size_t have = 0;
    errno = 0;
    while (have < length) {
        int64_t got = pj_input_read(input, offset + have, to + have, length - have);
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    return have == length;
}

static bool read_at(const data_file *file, uint64_t offset, uint8_t *to, size_t length)
{
    if (file->origin)
        return read_from(&file->origin->self, offset, to, length);
    const pj_input input = pj_input_of_file(open(file->path, O_RDONLY | O_CLOEXEC));
    bool ok = input.fd >= 0 && read_from(&input, offset, to, length);
    int reason = errno;
    if (input.fd >= 0)
        close(input.fd);
    errno = reason;
    return ok;
}

/* A repository that was cloned without its large files holds a short text in place of each. */
static bool is_pointer_file(const data_file *file)
{
    static const char head[] = "version https://git-lfs";
    uint8_t text[sizeof head - 1];
    return file->size <= 1024 && read_at(file, 0, text, sizeof text) && memcmp(text, head, sizeof text) == 0;
}

/* A file of the place that the model was given from. */
static pj_status look_there(pj_loader *loader, const pj_tensor *tensor, data_file *file)
{
    PJ_TRY(pj_origin_open(loader->origin, tensor->location, &file->origin, loader->err));
    file->there = file->origin != NULL;
    file->size = file->there ? file->origin->self.from.length : 0;
    return PJ_OK;
}

/* Below the model's folder, or below that of the file that the model itself is a link to: download caches keep both a
 * model and its data as links into one folder. */
static pj_status check_inside(const pj_loader *loader, const char *path, bool *out)
{
    char *real = NULL, *folder = NULL, *model = NULL;
    bool fits = resolve(path, &real) && resolve(loader->folder, &folder) && resolve(loader->model->path, &model);
    *out = false;
    if (real && folder && model) {
        cut_name(model);
        *out = is_below(real, folder) || is_below(real, model);
    }
    free(real);
    free(folder);
    free(model);
    return fits ? PJ_OK : pj_fail_memory(loader->err);
}

static pj_status keep_path(pj_loader *loader, const char *path)
{
    pj_data_path *kept = PJ_NEW(loader->arena, pj_data_path, 1);
    PJ_TRY(pj_got(kept, loader->err));
    *kept = (pj_data_path){loader->model->data, path};
    loader->model->data = kept;
    return PJ_OK;
}

static pj_status look(pj_loader *loader, const char *what, const pj_tensor *tensor, data_file *file)
{
    struct stat info;
    if (loader->origin)
        return look_there(loader, tensor, file);
    if (!loader->folder)
        return PJ_OK;
    pj_str path = pj_str_new(0);
    pj_str_printf(&path, "%s/%s", loader->folder, tensor->location);
    file->path = path.failed ? NULL : pj_arena_strdup(loader->arena, path.data);
    pj_str_free(&path);
    PJ_TRY(pj_got(file->path, loader->err));
    if (stat(file->path, &info) != 0)
        return PJ_OK;
    if (!S_ISREG(info.st_mode)) {
        char text[300];
        snprintf(text, sizeof text, "'%.200s' is not a regular file", tensor->location);
        return bad(loader, what, tensor, text);
    }
    PJ_TRY(keep_path(loader, file->path));
    bool is_inside = true;
    if (!loader->follow_links)
        PJ_TRY(check_inside(loader, file->path, &is_inside));
    file->is_outside = !is_inside;
    file->size = (uint64_t)info.st_size;
    file->there = !file->is_outside && !is_pointer_file(file);
    return PJ_OK;
}

/* Figures need sizes only, so data that is not there, or not to be followed to, is a finding. */
static void report_absent(const pj_loader *loader, const char *location, const data_file *file)
{
    const char *why = file->is_outside ? "is a link that leads out of the model's folder (--follow-links follows it)"
                                       : "is not there";
    pj_diag_add(&loader->model->diags, PJ_DIAG_WEIGHTS_ABSENT, NULL,
                "the file '%s' %s: the tensors in it have sizes, but no contents", location, why);
}

static pj_status find_file(pj_loader *loader, const char *what, const pj_tensor *tensor, const data_file **out)
{
    data_file *file = pj_map_get(&loader->files, tensor->location);
    if (!file) {
        file = PJ_NEW(loader->arena, data_file, 1);
        PJ_TRY(pj_got(file && pj_map_put(&loader->files, tensor->location, file), loader->err));
        PJ_TRY(look(loader, what, tensor, file));
        if (!file->there)
            report_absent(loader, tensor->location, file);
    }
    *out = file;
    return PJ_OK;
}

pj_status pj_load_external(pj_loader *loader, const PjOnnx__TensorProto *proto, const char *what, uint64_t want,
                           pj_tensor *out)
{
    uint64_t end;
    const data_file *file = NULL;
    PJ_TRY(read_entries(loader, proto, what, out));
    PJ_TRY(check_location(loader, what, out));
    out->raw = true;
    if (!pj_add_u64(out->offset, want, &end))
        return bad(loader, what, out, "offset and length do not fit 64 bits");
    if (out->length > 0 && out->length != want) {
        char text[120];
        snprintf(text, sizeof text, "its dims need %" PRIu64 " bytes, but the length is %" PRIu64, want, out->length);
        return bad(loader, what, out, text);
    }
    out->length = want;
    PJ_TRY(find_file(loader, what, out, &file));
    if (!file->there)
        return PJ_OK;
    if (end > file->size) {
        char text[400];
        snprintf(text, sizeof text, "bytes %" PRIu64 " to %" PRIu64 " of '%.200s' are wanted, which has %" PRIu64,
                 out->offset, end, out->location, file->size);
        return bad(loader, what, out, text);
    }
    out->storage = PJ_STORED_EXTERNAL;
    if (want > pj_wire_kept_bytes((int)out->dtype))
        return PJ_OK;
    uint8_t *bytes = PJ_NEW(loader->arena, uint8_t, want);
    PJ_TRY(pj_got(bytes, loader->err));
    if (!read_at(file, out->offset, bytes, (size_t)want))
        return pj_fail(loader->err, PJ_EIO, "cannot read '%.200s': %s", out->location,
                       errno ? strerror(errno) : "it ends too early");
    out->bytes = bytes;
    return PJ_OK;
}
