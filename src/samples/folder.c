/* Which files are samples, and in which order. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/str.h"
#include "samples/samples.h"

enum { MOST_FILES = 1000 * 1000 };

/* Names in a folder. */
typedef struct names {
    const char **name;
    size_t count, room;
} names;

/* Texts in order, but that digits are compared as numbers: 2 before 10. */
static int compare_names(const void *a, const void *b)
{
    const char *one = *(const char *const *)a, *two = *(const char *const *)b;
    while (*one && *two) {
        size_t digits_one = strspn(one, "0123456789"), digits_two = strspn(two, "0123456789");
        if (!digits_one || !digits_two) {
            if (*one != *two)
                return (unsigned char)*one < (unsigned char)*two ? -1 : 1;
            one++, two++;
            continue;
        }
        while (digits_one > 1 && *one == '0')
            one++, digits_one--;
        while (digits_two > 1 && *two == '0')
            two++, digits_two--;
        int order = digits_one != digits_two ? (digits_one < digits_two ? -1 : 1) : memcmp(one, two, digits_one);
        if (order)
            return order;
        one += digits_one;
        two += digits_two;
    }
    return *one ? 1 : *two ? -1 : strcmp(*(const char *const *)a, *(const char *const *)b);
}

static pj_status list_folder(const char *path, pj_arena *arena, names *out, pj_error *err)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    pj_status status = PJ_OK;
    *out = (names){0};
    if (!folder) {
        pj_error_at(err, path, NULL, NULL);
        return pj_fail(err, PJ_EIO, "cannot be opened: %s", strerror(errno));
    }
    while (status == PJ_OK && (entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        const char *name = pj_arena_strdup(arena, entry->d_name);
        if (!name || !PJ_GROW(arena, out->name, out->count, out->room))
            status = pj_fail_memory(err);
        else if (out->count == MOST_FILES)
            status = pj_fail(err, PJ_ELIMIT, "more than %d files", (int)MOST_FILES);
        else
            out->name[out->count++] = name;
    }
    closedir(folder);
    if (status == PJ_OK && out->count > 1)
        qsort(out->name, out->count, sizeof *out->name, compare_names);
    return status;
}

static const char *join(pj_arena *arena, const char *folder, const char *name)
{
    size_t length = strlen(folder);
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
    return pj_str_keep(&text, arena);
}

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name), more = strlen(ending);
    return length > more && strcmp(name + length - more, ending) == 0;
}

/* ---- what is a sample ---- */

typedef struct lister {
    const pj_sample_slot *slots;
    size_t count;
    pj_arena *arena;
    pj_sample_list *out;
    pj_error *err;
} lister;

static pj_status add(lister *l, const char **paths, size_t count)
{
    if (!PJ_GROW(l->arena, l->out->file, l->out->count, l->out->room))
        return pj_fail_memory(l->err);
    l->out->file[l->out->count++] = (pj_sample_files){paths, count};
    return PJ_OK;
}

static pj_status add_one(lister *l, const char *path)
{
    const char **paths = PJ_NEW(l->arena, const char *, 1);
    PJ_TRY(pj_got(paths && path, l->err));
    paths[0] = path;
    return add(l, paths, 1);
}

/* input_0.pb, input_1.pb ...: by their places among the inputs. */
static pj_status add_test_set(lister *l, const char *folder)
{
    const char **paths = PJ_NEW(l->arena, const char *, l->count);
    PJ_TRY(pj_got(paths, l->err));
    for (size_t i = 0; i < l->count; i++) {
        char name[40];
        struct stat info;
        snprintf(name, sizeof name, "input_%zu.pb", i);
        paths[i] = join(l->arena, folder, name);
        PJ_TRY(pj_got(paths[i], l->err));
        if (stat(paths[i], &info) != 0) {
            pj_error_at(l->err, paths[i], NULL, NULL);
            return pj_fail(l->err, PJ_EIO, "is missing: the model has %zu inputs, number %zu is \"%.100s\"", l->count,
                           i, l->slots[i].name);
        }
    }
    return add(l, paths, l->count);
}

static bool has_test_set(const names *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->name[i], "input_0.pb") == 0)
            return true;
    return false;
}

/* SAMPLE.INPUT.npy, or INPUT.npy: with that input's name behind a dot, or alone. */
static bool is_of(const char *name, const char *stem, size_t length, const char *input)
{
    return strncmp(name, stem, length) == 0 && strncmp(name + length, input, strlen(input)) == 0 &&
           strcmp(name + length + strlen(input), ".npy") == 0;
}

/* The other files of a sample whose first input is in `name`; `length` is that of "SAMPLE.". */
static pj_status add_group(lister *l, const char *folder, const names *all, const char *name, size_t length)
{
    const char **paths = PJ_NEW(l->arena, const char *, l->count);
    PJ_TRY(pj_got(paths, l->err));
    for (size_t i = 0; i < l->count; i++) {
        for (size_t k = 0; k < all->count && !paths[i]; k++)
            if (is_of(all->name[k], name, length, l->slots[i].name))
                paths[i] = join(l->arena, folder, all->name[k]);
        if (!paths[i]) {
            pj_error_at(l->err, folder, NULL, NULL);
            return pj_fail(l->err, PJ_EARGUMENT, "has %.100s, but no %.*s%.100s.npy beside it for the input \"%.100s\"",
                           name, (int)length, name, l->slots[i].name, l->slots[i].name);
        }
    }
    return add(l, paths, l->count);
}

/* .npy files of a model with several inputs. */
static pj_status add_groups(lister *l, const char *folder, const names *all)
{
    const char *first = l->slots[0].name;
    size_t before = l->out->count;
    for (size_t i = 0; i < all->count; i++) {
        size_t length = strlen(all->name[i]), tail = strlen(first) + 4;
        if (length < tail || !ends_with(all->name[i], ".npy"))
            continue;
        const char *at = all->name[i] + length - tail;
        if (strncmp(at, first, strlen(first)) != 0 || (at > all->name[i] && at[-1] != '.'))
            continue;
        PJ_TRY(add_group(l, folder, all, all->name[i], (size_t)(at - all->name[i])));
    }
    if (l->out->count > before)
        return PJ_OK;
    pj_error_at(l->err, folder, NULL, NULL);
    return pj_fail(l->err, PJ_EARGUMENT,
                   "the model has %zu inputs, so each .npy file must say which it is for: SAMPLE.%.100s.npy, "
                   "SAMPLE.%.100s.npy ...; or put arrays of these names into .npz files",
                   l->count, first, l->slots[1].name);
}

static pj_status list_files(lister *l, const char *folder, const names *all)
{
    size_t npy = 0, others = 0;
    for (size_t i = 0; i < all->count; i++) {
        npy += ends_with(all->name[i], ".npy");
        others += ends_with(all->name[i], ".npz");
    }
    if (npy > 0 && l->count > 1 && others == 0)
        return add_groups(l, folder, all);
    for (size_t i = 0; i < all->count; i++)
        if (ends_with(all->name[i], ".npz") || (l->count == 1 && ends_with(all->name[i], ".npy")))
            PJ_TRY(add_one(l, join(l->arena, folder, all->name[i])));
    return PJ_OK;
}

/* test_data_set_0, test_data_set_1 ... */
static pj_status list_test_sets(lister *l, const char *folder, const names *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct stat info;
        names inner;
        const char *path = join(l->arena, folder, all->name[i]);
        PJ_TRY(pj_got(path, l->err));
        if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
            continue;
        PJ_TRY(list_folder(path, l->arena, &inner, l->err));
        if (has_test_set(&inner))
            PJ_TRY(add_test_set(l, path));
    }
    return PJ_OK;
}

pj_status pj_samples_list(const char *path, const pj_sample_slot *slots, size_t count, pj_arena *arena,
                          pj_sample_list *out, pj_error *err)
{
    lister l = {slots, count, arena, out, err};
    struct stat info;
    names all;
    *out = (pj_sample_list){0};
    if (stat(path, &info) != 0) {
        pj_error_at(err, path, NULL, NULL);
        return pj_fail(err, PJ_EIO, "cannot be opened: %s", strerror(errno));
    }
    if (!S_ISDIR(info.st_mode))
        return add_one(&l, pj_arena_strdup(arena, path));
    PJ_TRY(list_folder(path, arena, &all, err));
    if (has_test_set(&all))
        return add_test_set(&l, path);
    PJ_TRY(list_files(&l, path, &all));
    if (out->count == 0)
        PJ_TRY(list_test_sets(&l, path, &all));
    if (out->count > 0)
        return PJ_OK;
    pj_error_at(err, path, NULL, NULL);
    return pj_fail(err, PJ_EARGUMENT, "holds no samples: no .npy or .npz file, and no test_data_set_N/input_0.pb");
}
