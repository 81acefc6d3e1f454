/* Chunks of an earlier sweep of the same study: where nothing has changed that their rows rest on, their files are
 * copied, since files are the same bytes whoever writes them. */
#include "columns/footer.h"
#include "picojoule/version.h"
#include "study/study.h"

struct pj_since {
    const char *folder;
    const char *why_not; /* nothing may be taken: a sentence; NULL: chunks may */
    bool *is_same;       /* by model: it is what it was then */
};

static bool is_text(pj_json object, const char *key, const char *wanted)
{
    const char *text = NULL;
    return pj_json_get_text(object, key, &text, NULL) == PJ_OK && strcmp(text, wanted) == 0;
}

/* The same names in the same order. */
static bool is_list(pj_json list, const pj_folder_list *now)
{
    size_t i = 0;
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at), i++) {
        const char *name = NULL;
        if (i == now->count || pj_json_as_text(at, &name, NULL) != PJ_OK || strcmp(name, now->name[i]) != 0)
            return false;
    }
    return i == now->count;
}

static bool has_same_lists(const pj_study *study, pj_json lists)
{
    const pj_folder_list *now = study->listed ? study->listed : study->list;
    size_t count = study->listed ? study->lists : study->list_count, i = 0;
    for (pj_json at = pj_json_first(lists); at.node; at = pj_json_next(at), i++)
        if (i == count || !is_list(at, &now[i]))
            return false;
    return i == count;
}

static bool has_same_files(const pj_study *study, pj_json files)
{
    size_t i = 0;
    for (pj_json at = pj_json_first(files); at.node; at = pj_json_next(at), i++)
        if (i == study->files || !is_text(at, "member", study->file[i].member) ||
            !is_text(at, "name", study->file[i].name) || !is_text(at, "sha256", study->file[i].sha256))
            return false;
    return i == study->files;
}

/* Points that stand in a file of their own, of which sweep.json says nothing. */
static bool has_listed_points(const pj_study *study)
{
    for (size_t b = 0; b < study->blocks; b++)
        for (size_t i = 0; i < study->block[b].axes; i++)
            if (strcmp(study->block[b].axis[i].name, "points") == 0)
                return true;
    return false;
}

/* Rows have the numbers and settings that they had then. */
static const char *why_other(const pj_study *study, pj_json root)
{
    pj_json spec = pj_json_find(root, "spec");
    if (!spec.node || !is_text(spec, "sha256", study->sha256))
        return "it is of another study";
    if (!is_text(root, "version", PICOJOULE_VERSION))
        return "it is of another version";
    if (has_listed_points(study))
        return "it does not say what the file of points held";
    if (!has_same_lists(study, pj_json_find(root, "lists")))
        return "it lists other models, so points had other numbers";
    return has_same_files(study, pj_json_find(root, "files")) ? NULL : "a table, plan or other file has changed since";
}

/* Models by place, which are the same in the same lists. What could not be read is never the same. */
static void compare_models(const pj_study *study, pj_json models, bool *is_same)
{
    size_t i = 0;
    for (pj_json at = pj_json_first(models); at.node && i < study->models; at = pj_json_next(at), i++)
        is_same[i] = *study->model[i].sha256 && is_text(at, "path", study->model[i].name) &&
                     is_text(at, "sha256", study->model[i].sha256);
}

pj_status pj_since_open(const pj_study *study, const char *folder, pj_arena *arena, pj_since **out, pj_error *err)
{
    static const char *const schemas[] = {"picojoule.sweep-run/1", NULL};
    pj_json_doc *doc = NULL;
    pj_str path = pj_str_new(0);
    int word;
    *out = NULL;
    pj_since *since = PJ_NEW(arena, pj_since, 1);
    bool *is_same = PJ_NEW(arena, bool, study->models + 1);
    pj_str_printf(&path, "%s/sweep.json", folder);
    pj_status status = pj_got(since && is_same && !path.failed, err);
    if (status == PJ_OK)
        status = pj_json_read_report(path.data, &doc, err);
    if (status == PJ_EIO) /* what was asked for is wrong, not the system */
        status = pj_fail(err, PJ_EFORMAT, "cannot be read; an earlier sweep has this file in its folder");
    pj_str_free(&path);
    if (status == PJ_OK)
        status = pj_json_get_word(pj_json_root(doc), "schema", schemas, &word, err);
    if (status == PJ_OK) {
        pj_json root = pj_json_root(doc);
        *since = (pj_since){folder, why_other(study, root), is_same};
        compare_models(study, pj_json_find(root, "models"), is_same);
        *out = since;
    }
    pj_json_free(doc);
    return status;
}

const char *pj_since_why_not(const pj_since *since)
{
    return since->why_not;
}

static bool is_same_point(const pj_since *since, const pj_study *study, uint64_t point)
{
    const pj_item *item[PJ_MOST_ITEMS];
    size_t items = pj_point_items(pj_point_block(study, point), point, item), models = 0;
    for (size_t i = 0; i < items; i++) {
        if (item[i]->kind != PJ_ITEM_MODEL)
            continue;
        models++;
        if (!since->is_same[item[i]->number])
            return false;
    }
    return models > 0;
}

bool pj_since_has(const pj_since *since, const pj_study *study, uint64_t chunk, uint64_t first, uint64_t end,
                  pj_arena *arena)
{
    pj_footer footer;
    pj_error none = {0};
    if (!since || since->why_not)
        return false;
    for (uint64_t point = first; point < end; point++)
        if (!is_same_point(since, study, point))
            return false;
    const char *path = pj_folder_file(since->folder, "points", chunk, arena);
    if (!path || pj_footer_read(path, arena, &footer, &none) != PJ_OK ||
        !pj_footer_is_chunk(&footer, study->sha256, chunk))
        return false;
    const char *errors = pj_footer_fact(&footer, "picojoule.errors");
    return errors && strcmp(errors, "0") == 0; /* what failed may do better now */
}

/* *copied: it was there, and is whole. */
static pj_status copy_file(const char *from, const pj_study *study, const char *kind, uint64_t chunk, pj_arena *arena,
                           bool *copied, pj_error *err)
{
    char buffer[1 << 14];
    pj_whole whole = {0};
    pj_footer footer;
    pj_error none = {0};
    pj_status status = PJ_OK;
    *copied = false;
    FILE *file = pj_footer_read(from, arena, &footer, &none) == PJ_OK ? fopen(from, "rb") : NULL;
    if (!file)
        return PJ_OK;
    status = pj_whole_begin(&whole, study->target, kind, chunk, arena, err);
    for (size_t got; status == PJ_OK && (got = fread(buffer, 1, sizeof buffer, file)) > 0;)
        if (!pj_whole_write(buffer, got, &whole))
            status = pj_fail(err, PJ_EIO, "cannot be written");
    bool is_read = !ferror(file);
    (void)fclose(file);
    if (status == PJ_OK && !is_read) {
        (void)pj_whole_end(&whole, PJ_EIO, &none);
        return PJ_OK;
    }
    status = pj_whole_end(&whole, status, err);
    *copied = status == PJ_OK;
    return status;
}

pj_status pj_since_take(const pj_since *since, const pj_study *study, const char *const *kinds, size_t count,
                        uint64_t chunk, pj_arena *arena, bool *taken, pj_error *err)
{
    *taken = true;
    for (size_t i = 0; i < count && *taken; i++) {
        const char *from = kinds[i] ? pj_folder_file(since->folder, kinds[i], chunk, arena) : NULL;
        PJ_TRY(pj_got(from || !kinds[i], err));
        if (kinds[i])
            PJ_TRY(copy_file(from, study, kinds[i], chunk, arena, taken, err));
    }
    return PJ_OK;
}
