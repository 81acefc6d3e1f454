/* The values of an axis: what JSON says of it, with ranges counted out and patterns of paths listed. */
#include <glob.h>

#include "base/ckd.h"
#include "base/file.h"
#include "setup/resource.h"
#include "study/study.h"

const char *pj_study_path(pj_study *study, const char *name)
{
    pj_str text = pj_str_new(0);
    if (*name == '/' || !*study->folder)
        return pj_arena_strdup(study->arena, name);
    pj_str_printf(&text, "%s%s", study->folder, name);
    return pj_str_keep(&text, study->arena);
}

/* Built-in names stay as they are; whatever looks like a file is one. */
static bool is_path(const pj_setting *member, const char *text)
{
    size_t length = strlen(text);
    bool is_name = member->kind == PJ_SETTING_NAME || member->kind == PJ_SETTING_NAMES;
    if (member->kind == PJ_SETTING_FILE)
        return true;
    return is_name && (strchr(text, '/') || (length > 5 && strcmp(text + length - 5, ".json") == 0));
}

/* ---- one value ---- */

static pj_status take_text(pj_study *study, pj_json value, pj_item *out, pj_error *err)
{
    const char *text;
    PJ_TRY(pj_json_as_text(value, &text, err));
    out->text = pj_arena_strdup(study->arena, text);
    PJ_TRY(pj_got(out->text, err));
    out->value = out->member && is_path(out->member, text) ? pj_study_path(study, text) : out->text;
    return pj_got(out->value, err);
}

/* Sizes of levels as --sweep takes them: 65536, "64KiB". */
static pj_status take_level(pj_study *study, pj_json value, pj_item *out, pj_error *err)
{
    pj_str text = pj_str_new(0);
    if (pj_json_kind_of(value) == PJ_JSON_TEXT) {
        PJ_TRY(take_text(study, value, out, err));
        const char *end = pj_size_scan(out->text, &out->number);
        if (end && !*end && out->number > 0)
            return PJ_OK;
        return pj_json_fail(value, PJ_EFORMAT, err, "'%.60s' is no size of a memory, as \"64KiB\"", out->text);
    }
    PJ_TRY(pj_json_as_int(value, &out->number, err));
    if (out->number < 1)
        return pj_json_fail(value, PJ_EFORMAT, err, "a memory has at least 1 byte, not %" PRId64, out->number);
    pj_str_printf(&text, "%" PRId64, out->number);
    out->text = pj_str_keep(&text, study->arena);
    return pj_got(out->text, err);
}

static pj_status take_number(pj_study *study, pj_json value, pj_item *out, pj_error *err)
{
    pj_str text = pj_str_new(0);
    PJ_TRY(pj_json_as_int(value, &out->number, err));
    if (out->kind == PJ_ITEM_DIM && out->number < 0)
        return pj_json_fail(value, PJ_EFORMAT, err, "a dimension is no less than 0, not %" PRId64, out->number);
    pj_str_printf(&text, "%" PRId64, out->number);
    out->text = out->value = pj_str_keep(&text, study->arena);
    return pj_got(out->text, err);
}

static pj_status take_flag(pj_study *study, pj_json value, pj_item *out, pj_error *err)
{
    bool flag;
    PJ_TRY(pj_json_as_bool(value, &flag, err));
    const char *word = out->member->kind == PJ_SETTING_FLAG ? (flag ? "true" : NULL) : flag ? "yes" : "no";
    out->text = out->value = pj_arena_strdup(study->arena, word);
    return PJ_OK;
}

pj_status pj_list_value(pj_study *study, pj_item_kind kind, const pj_setting *member, const char *name, pj_json value,
                        pj_item *out, pj_error *err)
{
    pj_json_kind type = pj_json_kind_of(value);
    *out = (pj_item){.kind = kind, .member = member, .name = name, .column = SIZE_MAX};
    if (type == PJ_JSON_NULL && kind == PJ_ITEM_SETTING)
        return PJ_OK;
    if (kind == PJ_ITEM_LEVEL)
        return take_level(study, value, out, err);
    if (kind == PJ_ITEM_DIM || (type == PJ_JSON_NUMBER && member->kind != PJ_SETTING_FLAG))
        return take_number(study, value, out, err);
    if (type == PJ_JSON_BOOL)
        PJ_TRY(take_flag(study, value, out, err));
    else
        PJ_TRY(take_text(study, value, out, err));
    pj_arena *scratch = pj_arena_new(0);
    pj_setup tried = pj_setup_default();
    pj_error why = {0};
    PJ_TRY(pj_got(scratch, err));
    pj_status status = pj_item_set(out, scratch, &tried, &why);
    pj_arena_free(scratch);
    if (status == PJ_ENOMEM)
        return pj_fail_memory(err);
    return status == PJ_OK ? PJ_OK : pj_json_fail(value, PJ_EFORMAT, err, "%s", why.what);
}

/* ---- all of them ---- */

static pj_status set_choices(pj_study *study, pj_item *items, size_t count, pj_axis *out, pj_error *err)
{
    pj_choice *choice = PJ_NEW(study->arena, pj_choice, count);
    PJ_TRY(pj_got(choice, err));
    for (size_t i = 0; i < count; i++)
        choice[i] = (pj_choice){&items[i], 1};
    out->choice = choice;
    out->count = count;
    return PJ_OK;
}

typedef struct range {
    int64_t from, to, step, factor; /* step or factor is 0 */
} range;

static pj_status read_range(pj_json object, range *out, pj_error *err)
{
    static const char *const keys[] = {"from", "to", "step", "factor", NULL};
    pj_json at, step = pj_json_find(object, "step"), factor = pj_json_find(object, "factor");
    *out = (range){0};
    PJ_TRY(pj_json_only_keys(object, keys, err));
    PJ_TRY(pj_json_get(object, "from", &at, err));
    PJ_TRY(pj_json_as_int(at, &out->from, err));
    PJ_TRY(pj_json_get(object, "to", &at, err));
    PJ_TRY(pj_json_as_int(at, &out->to, err));
    if (!step.node == !factor.node)
        return pj_json_fail(object, PJ_EFORMAT, err, "a range has either a step or a factor");
    PJ_TRY(pj_json_as_int(step.node ? step : factor, step.node ? &out->step : &out->factor, err));
    if (step.node && out->step < 1)
        return pj_json_fail(step, PJ_EFORMAT, err, "the step is %" PRId64 ", and has to be at least 1", out->step);
    if (factor.node && (out->factor < 2 || out->from < 1))
        return pj_json_fail(object, PJ_EFORMAT, err, "a factor is at least 2, and the range then begins at 1 or more");
    if (out->to < out->from)
        return pj_json_fail(object, PJ_EFORMAT, err, "the range ends at %" PRId64 ", before it begins at %" PRId64,
                            out->to, out->from);
    return PJ_OK;
}

static bool next(const range *r, int64_t *value)
{
    return (r->step ? pj_add_i64(*value, r->step, value) : pj_mul_i64(*value, r->factor, value)) && *value <= r->to;
}

static pj_status list_range(pj_study *study, const pj_item *like, pj_json object, pj_axis *out, pj_error *err)
{
    range r;
    size_t count = 1;
    PJ_TRY(read_range(object, &r, err));
    for (int64_t at = r.from; next(&r, &at); count++)
        if (count == PJ_MOST_AXIS)
            return pj_json_fail(object, PJ_ELIMIT, err, "the range has more than %d values", PJ_MOST_AXIS);
    pj_item *items = PJ_NEW(study->arena, pj_item, count);
    PJ_TRY(pj_got(items, err));
    int64_t value = r.from;
    for (size_t i = 0; i < count; i++, (void)next(&r, &value)) {
        pj_str text = pj_str_new(0);
        pj_str_printf(&text, "%" PRId64, value);
        items[i] = *like;
        items[i].number = value;
        items[i].text = items[i].value = pj_str_keep(&text, study->arena);
    }
    return set_choices(study, items, count, out, err);
}

pj_status pj_list_values(pj_study *study, pj_item_kind kind, const pj_setting *member, const char *name, pj_json value,
                         pj_axis *out, pj_error *err)
{
    const pj_item like = {.kind = kind, .member = member, .name = name, .column = SIZE_MAX};
    pj_json_kind type = pj_json_kind_of(value);
    bool is_list = type == PJ_JSON_ARRAY;
    size_t count = is_list ? pj_json_count(value) : 1, i = 0;
    if (type == PJ_JSON_OBJECT && kind != PJ_ITEM_SETTING)
        return list_range(study, &like, value, out, err);
    if (!count)
        return pj_json_fail(value, PJ_EFORMAT, err, "an axis has at least one value; leave it out to have none");
    if (count > PJ_MOST_AXIS)
        return pj_json_fail(value, PJ_ELIMIT, err, "the axis has more than %d values", PJ_MOST_AXIS);
    pj_item *items = PJ_NEW(study->arena, pj_item, count);
    PJ_TRY(pj_got(items, err));
    if (!is_list)
        PJ_TRY(pj_list_value(study, kind, member, name, value, items, err));
    for (pj_json at = pj_json_first(value); is_list && at.node; at = pj_json_next(at))
        PJ_TRY(pj_list_value(study, kind, member, name, at, &items[i++], err));
    return set_choices(study, items, count, out, err);
}

/* ---- models ---- */

pj_status pj_list_model(pj_study *study, const char *name, size_t *out, pj_error *err)
{
    const size_t *known = pj_map_get(&study->known, name);
    if (known) {
        *out = *known;
        return PJ_OK;
    }
    PJ_TRY(pj_got(PJ_GROW(study->arena, study->model, study->models, study->model_room), err));
    pj_study_model *model = &study->model[study->models];
    size_t *place = PJ_NEW(study->arena, size_t, 1);
    *model = (pj_study_model){.name = pj_arena_strdup(study->arena, name), .path = pj_study_path(study, name)};
    PJ_TRY(pj_got(place && model->name && model->path && pj_map_put(&study->known, model->name, place), err));
    *out = *place = study->models++;
    return PJ_OK;
}

/* Names as they were found, sorted by bytes, each once. */
typedef struct names {
    pj_study *study;
    bool may_be_empty;
    const char **name;
    size_t count, room;
    pj_map seen;
} names;

static pj_status add_name(names *list, pj_json at, const char *name, pj_error *err)
{
    if (pj_map_get(&list->seen, name))
        return PJ_OK;
    if (list->count == PJ_MOST_AXIS)
        return pj_json_fail(at, PJ_ELIMIT, err, "there are more than %d models", PJ_MOST_AXIS);
    PJ_TRY(pj_got(PJ_GROW(list->study->arena, list->name, list->count, list->room), err));
    char *copy = pj_arena_strdup(list->study->arena, name);
    PJ_TRY(pj_got(copy && pj_map_put(&list->seen, copy, copy), err));
    list->name[list->count++] = copy;
    return PJ_OK;
}

static pj_status add_pattern(names *list, pj_json at, const char *pattern, pj_error *err)
{
    glob_t found = {0};
    pj_status status = PJ_OK;
    const char *path = pj_study_path(list->study, pattern);
    size_t skip = *pattern == '/' ? 0 : strlen(list->study->folder);
    PJ_TRY(pj_got(path, err));
    if (!pattern[strcspn(pattern, "*?[")])
        return add_name(list, at, pattern, err);
    int failed = glob(path, 0, NULL, &found);
    if (failed == GLOB_NOSPACE)
        status = pj_fail_memory(err);
    else if (failed && !list->may_be_empty)
        status =
            pj_json_fail(at, PJ_EFORMAT, err, "no file fits '%.200s'; \"may_be_empty\": true allows that", pattern);
    for (size_t i = 0; !failed && i < found.gl_pathc && status == PJ_OK; i++)
        status = add_name(list, at, found.gl_pathv[i] + skip, err);
    globfree(&found);
    return status;
}

/* {"list": FILE}: a path a line; lines that are empty do not count. */
static pj_status add_listed(names *list, pj_json object, pj_error *err)
{
    static const char *const keys[] = {"list", NULL};
    const char *name;
    char *bytes = NULL;
    size_t length;
    PJ_TRY(pj_json_only_keys(object, keys, err));
    PJ_TRY(pj_json_get_text(object, "list", &name, err));
    const char *path = pj_study_path(list->study, name);
    PJ_TRY(pj_got(path, err));
    PJ_TRY(pj_file_read(path, PJ_MAX_JSON_BYTES, &bytes, &length, err));
    pj_status status = PJ_OK;
    for (char *line = bytes, *end; status == PJ_OK && line < bytes + length; line = end + 1) {
        end = line + strcspn(line, "\n");
        *end = 0;
        size_t used = strlen(line);
        if (used && line[used - 1] == '\r')
            line[used - 1] = 0;
        status = *line ? add_name(list, object, line, err) : PJ_OK;
    }
    free(bytes);
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static pj_status add_models(names *list, pj_json at, pj_error *err)
{
    const char *text;
    if (pj_json_kind_of(at) == PJ_JSON_OBJECT)
        return add_listed(list, at, err);
    PJ_TRY(pj_json_as_text(at, &text, err));
    return add_pattern(list, at, text, err);
}

/* Once a folder is begun its models are those of then. */
static pj_status take_listed(pj_study *study, names *list, pj_json at, pj_error *err)
{
    if (study->lists_read == study->lists)
        return pj_json_fail(at, PJ_ECONFLICT, err, "the folder has not listed these models");
    const pj_folder_list *from = &study->listed[study->lists_read++];
    list->name = from->name;
    list->count = from->count;
    return PJ_OK;
}

pj_status pj_list_models(pj_study *study, pj_json models, bool may_be_empty, pj_axis *out, pj_error *err)
{
    names list = {.study = study, .may_be_empty = may_be_empty};
    bool is_list = pj_json_kind_of(models) == PJ_JSON_ARRAY;
    pj_map_init(&list.seen, study->arena);
    if (study->listed)
        PJ_TRY(take_listed(study, &list, models, err));
    else if (!is_list)
        PJ_TRY(add_models(&list, models, err));
    for (pj_json at = pj_json_first(models); is_list && at.node && !study->listed; at = pj_json_next(at))
        PJ_TRY(add_models(&list, at, err));
    if (!list.count && !may_be_empty)
        return pj_json_fail(models, PJ_EFORMAT, err, "there is no model; \"may_be_empty\": true allows that");
    if (list.count && !study->listed)
        qsort(list.name, list.count, sizeof *list.name, by_bytes);
    PJ_TRY(pj_got(PJ_GROW(study->arena, study->list, study->list_count, study->list_room), err));
    study->list[study->list_count++] = (pj_folder_list){list.name, list.count};
    pj_item *items = PJ_NEW(study->arena, pj_item, list.count);
    PJ_TRY(pj_got(items, err));
    for (size_t i = 0; i < list.count; i++) {
        size_t place;
        PJ_TRY(pj_list_model(study, list.name[i], &place, err));
        items[i] = (pj_item){
            .kind = PJ_ITEM_MODEL, .name = "model", .text = list.name[i], .number = (int64_t)place, .column = SIZE_MAX};
    }
    return set_choices(study, items, list.count, out, err);
}
