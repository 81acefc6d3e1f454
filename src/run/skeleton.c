/* Opens a model once more through callbacks that keep what they read. */
#include "picojoule/skeleton.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/input.h"
#include "base/limits.h"
#include "setup/setup.h"

typedef struct kept {
    uint64_t at;
    size_t length;
    const unsigned char *bytes;
} kept;

/* A file while it is read. */
typedef struct record {
    struct recorder *of;
    const char *name;
    uint64_t size;
    int fd;
    kept *read;
    size_t count, room;
    struct record *next;
} record;

typedef struct recorder {
    pj_arena *arena;
    const pj_model_info *model;
    record *first, **end; /* in the order in which they are opened */
    size_t count;
} recorder;

typedef struct owned {
    pj_skeleton skeleton; /* first: what is handed out */
    pj_arena *arena;
} owned;

static int64_t read_at(void *payload, uint64_t offset, void *to, uint64_t length)
{
    record *r = payload;
    const pj_input input = pj_input_of_file(r->fd);
    int64_t got = pj_input_read(&input, offset, to, (size_t)length);
    if (got <= 0)
        return got;
    const unsigned char *copy = pj_arena_memdup(r->of->arena, to, (size_t)got, 1);
    if (!copy || !PJ_GROW(r->of->arena, r->read, r->count, r->room))
        return -1;
    r->read[r->count++] = (kept){offset, (size_t)got, copy};
    return got;
}

static void close_file(void *payload)
{
    record *r = payload;
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

/* false: it is not there, is no regular file, or there is no memory. */
static bool open_record(recorder *of, const char *path, pj_resource *out)
{
    struct stat info;
    record *r = PJ_NEW(of->arena, record, 1);
    int fd = r ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return false;
    }
    *r = (record){.of = of, .name = path, .size = (uint64_t)info.st_size, .fd = fd};
    *of->end = r;
    of->end = &r->next;
    of->count++;
    out->length = r->size;
    out->read_at = read_at;
    out->close = close_file;
    out->payload = r;
    return true;
}

/* The path of a file that the model has been allowed to read; NULL: there is none of that name. */
static const char *find_path(const pj_model_info *model, const char *location)
{
    size_t length = strlen(location);
    for (size_t i = 0; i < model->data_file_count; i++) {
        const char *path = model->data_files[i];
        size_t whole = strlen(path);
        if (whole >= length && strcmp(path + whole - length, location) == 0 &&
            (whole == length || path[whole - length - 1] == '/'))
            return path;
    }
    return NULL;
}

static int open_other(void *payload, const char *location, pj_resource *out)
{
    record *r = payload;
    const char *path = find_path(r->of->model, location);
    return path && open_record(r->of, pj_arena_strdup(r->of->arena, path), out);
}

static int by_place(const void *a, const void *b)
{
    const kept *one = a, *two = b;
    return one->at < two->at ? -1 : one->at > two->at;
}

/* What was read in pieces becomes parts with gaps between them. */
static pj_status join(pj_arena *arena, record *r, pj_skeleton_file *out, pj_error *err)
{
    pj_file_part *part = PJ_NEW(arena, pj_file_part, r->count);
    PJ_TRY(pj_got(part, err));
    *out = (pj_skeleton_file){.name = r->name, .size = r->size, .parts = part};
    qsort(r->read, r->count, sizeof *r->read, by_place);
    for (size_t i = 0, next; i < r->count; i = next) {
        uint64_t end = r->read[i].at;
        for (next = i; next < r->count && r->read[next].at <= end; next++) {
            uint64_t ends = r->read[next].at + r->read[next].length;
            end = ends > end ? ends : end;
        }
        unsigned char *bytes = PJ_NEW(arena, unsigned char, end - r->read[i].at);
        PJ_TRY(pj_got(bytes, err));
        for (size_t k = i; k < next; k++)
            memcpy(bytes + (r->read[k].at - r->read[i].at), r->read[k].bytes, r->read[k].length);
        part[out->part_count++] = (pj_file_part){r->read[i].at, end - r->read[i].at, bytes};
    }
    return PJ_OK;
}

static pj_status keep_request(const pj_setup *setup, pj_arena *arena, pj_skeleton *out, pj_error *err)
{
    pj_str text = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&text, false);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    if (setup)
        pj_setup_request(setup, &json);
    pj_json_write_end(&json);
    out->request = pj_str_keep(&text, arena);
    return pj_got(out->request, err);
}

static pj_status join_all(const recorder *from, pj_skeleton *out, pj_error *err)
{
    pj_skeleton_file *file = PJ_NEW(from->arena, pj_skeleton_file, from->count);
    PJ_TRY(pj_got(file, err));
    out->files = file;
    for (record *r = from->first; r; r = r->next)
        PJ_TRY(join(from->arena, r, &file[out->file_count++], err));
    return PJ_OK;
}

static pj_status read_again(recorder *from, const pj_setup *setup, pj_error *err)
{
    pj_model *again = NULL;
    pj_resource resource = {.size = sizeof resource, .name = from->model->path, .open_other = open_other};
    if (!open_record(from, from->model->path, &resource))
        return pj_fail(err, PJ_EARGUMENT, "%s is no file that can be read again", from->model->path);
    pj_status status = pj_model_open_resource(&resource, setup, &again, err);
    pj_model_close(again);
    return status;
}

pj_status pj_skeleton_read(pj_model *model, const pj_setup *setup, pj_skeleton **out, pj_error *err)
{
    if (!model || !out)
        return pj_fail_null(err);
    *out = NULL;
    pj_arena *arena = pj_arena_new(PJ_MAX_SKELETON_BYTES);
    owned *o = arena ? PJ_NEW(arena, owned, 1) : NULL;
    recorder from = {.arena = arena, .model = pj_model_describe(model)};
    from.end = &from.first;
    pj_status status = o ? read_again(&from, setup, err) : pj_fail_memory(err);
    if (status == PJ_OK)
        status = keep_request(setup, arena, &o->skeleton, err);
    if (status == PJ_OK)
        status = join_all(&from, &o->skeleton, err);
    if (status != PJ_OK) {
        pj_arena_free(arena);
        return status;
    }
    o->arena = arena;
    *out = &o->skeleton;
    return PJ_OK;
}

void pj_skeleton_free(pj_skeleton *skeleton)
{
    if (skeleton)
        pj_arena_free(((owned *)skeleton)->arena);
}
