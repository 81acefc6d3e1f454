/* An earlier sweep of the same study. Where nothing has changed that the rows of a chunk rest on, its files are copied,
 * since files are the same bytes whoever writes them; where a model has come or gone, points have other numbers, and
 * what a point is says which it was. */
#include "columns/footer.h"
#include "picojoule/version.h"
#include "study/study.h"

/* Where a block's models were then: by place on its axis; SIZE_MAX: it had no such model, or that is another one. */
typedef struct places {
    size_t axis; /* of the models */
    size_t *then;
} places;

struct pj_since {
    const char *folder;
    const char *why_not; /* nothing may be taken: a sentence; NULL: rows may */
    pj_study *then;      /* with the models of then; NULL: nothing may be taken */
    bool *is_same;       /* by model: it is what it was then */
    bool has_same_lists; /* so points have the same numbers */
    places *block;
};

static bool is_text(pj_json object, const char *key, const char *wanted)
{
    const char *text = NULL;
    return pj_json_get_text(object, key, &text, NULL) == PJ_OK && strcmp(text, wanted) == 0;
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

/* Rows have the settings that they had then. */
static const char *why_other(const pj_study *study, pj_json root)
{
    pj_json spec = pj_json_find(root, "spec");
    if (!spec.node || !is_text(spec, "sha256", study->sha256))
        return "it is of another study";
    if (!is_text(root, "version", PICOJOULE_VERSION))
        return "it is of another version";
    if (has_listed_points(study))
        return "it does not say what the file of points held";
    return has_same_files(study, pj_json_find(root, "files")) ? NULL : "a table, plan or other file has changed since";
}

/* ---- what has become of models and of numbers ---- */

static bool has_same_lists(const pj_study *study, const pj_study *then)
{
    bool is_same = study->list_count == then->list_count;
    for (size_t i = 0; i < study->list_count && is_same; i++) {
        const pj_folder_list *a = &study->list[i], *b = &then->list[i];
        is_same = a->count == b->count;
        for (size_t k = 0; k < a->count && is_same; k++)
            is_same = strcmp(a->name[k], b->name[k]) == 0;
    }
    return is_same;
}

/* What could not be read is never the same. */
static void compare_models(const pj_study *study, pj_since *since)
{
    for (size_t i = 0; i < study->models; i++) {
        const pj_study_model *now = &study->model[i];
        const size_t *place = pj_map_get(&since->then->known, now->name);
        since->is_same[i] = place && *now->sha256 && strcmp(now->sha256, since->then->model[*place].sha256) == 0;
    }
}

/* The same block of the same file: axes differ by their models alone. */
static bool is_same_block(const pj_block *now, const pj_block *then, size_t *models)
{
    *models = SIZE_MAX;
    bool is_same = now->axes == then->axes;
    for (size_t i = 0; i < now->axes && is_same; i++) {
        if (strcmp(now->axis[i].name, "model") == 0)
            *models = i;
        is_same = strcmp(now->axis[i].name, then->axis[i].name) == 0 &&
                  (*models == i || now->axis[i].count == then->axis[i].count);
    }
    return is_same && *models != SIZE_MAX;
}

static pj_status place_models(const pj_since *since, const pj_axis *now, const pj_axis *then, pj_arena *arena,
                              size_t *out, pj_error *err)
{
    pj_map known;
    size_t *number = PJ_NEW(arena, size_t, then->count + 1);
    pj_map_init(&known, arena);
    PJ_TRY(pj_got(number, err));
    for (size_t i = 0; i < then->count; i++) {
        number[i] = i;
        PJ_TRY(pj_got(pj_map_put(&known, then->choice[i].item->text, &number[i]), err));
    }
    for (size_t i = 0; i < now->count; i++) {
        const pj_item *item = now->choice[i].item;
        const size_t *place = since->is_same[item->number] ? pj_map_get(&known, item->text) : NULL;
        out[i] = place ? *place : SIZE_MAX;
    }
    return PJ_OK;
}

static pj_status place_blocks(pj_since *since, const pj_study *study, pj_arena *arena, pj_error *err)
{
    const pj_study *then = since->then;
    since->block = PJ_NEW(arena, places, study->blocks + 1);
    PJ_TRY(pj_got(since->block, err));
    for (size_t i = 0; i < study->blocks; i++) {
        places *out = &since->block[i];
        if (study->blocks != then->blocks || !is_same_block(&study->block[i], &then->block[i], &out->axis)) {
            since->why_not = "its blocks are others";
            return PJ_OK;
        }
        const pj_axis *now = &study->block[i].axis[out->axis];
        out->then = PJ_NEW(arena, size_t, now->count + 1);
        PJ_TRY(pj_got(out->then, err));
        PJ_TRY(place_models(since, now, &then->block[i].axis[out->axis], arena, out->then, err));
    }
    return PJ_OK;
}

/* The study as it was: its file is the same, its models are those that the folder lists. */
static pj_status read_then(pj_since *since, const pj_study *study, pj_arena *arena, pj_error *err)
{
    pj_error why = {0};
    pj_status status = pj_study_parse(study->text, strlen(study->text), study->path, since->folder, &since->then, &why);
    if (status == PJ_ENOMEM)
        return pj_fail_memory(err);
    if (status != PJ_OK) {
        since->why_not = "its sweep.json is damaged";
        return PJ_OK;
    }
    compare_models(study, since);
    since->has_same_lists = has_same_lists(study, since->then);
    return place_blocks(since, study, arena, err);
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
        *since = (pj_since){.folder = folder, .why_not = why_other(study, pj_json_root(doc)), .is_same = is_same};
        *out = since;
    }
    pj_json_free(doc);
    return status == PJ_OK && !since->why_not ? read_then(since, study, arena, err) : status;
}

void pj_since_close(pj_since *since)
{
    if (since)
        pj_study_free(since->then);
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
    if (!since || since->why_not || !since->has_same_lists)
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

bool pj_since_number(const pj_since *since, const pj_study *study, uint64_t point, uint64_t *out)
{
    size_t digit[PJ_MOST_AXES];
    const pj_block *now = pj_point_block(study, point);
    const places *models = &since->block[now - study->block];
    const pj_block *then = &since->then->block[now - study->block];
    pj_point_digits(now, point, digit);
    digit[models->axis] = models->then[digit[models->axis]];
    if (digit[models->axis] == SIZE_MAX)
        return false;
    *out = pj_point_number(then, digit);
    return true;
}

const pj_study *pj_since_study(const pj_since *since)
{
    return since->then;
}

const char *pj_since_folder(const pj_since *since)
{
    return since->folder;
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
