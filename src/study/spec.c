/* Reading a study: blocks, the order of their axes, what is wrong with them. */
#include "base/file.h"
#include "base/limits.h"
#include "picojoule/sweep.h"
#include "setup/resource.h"
#include "study/study.h"

enum { MOST_KEYS = 96, DIM_PLACE = 1, TABLE_PLACE = 9, LEVEL_PLACE = 11 };

/* Keys of a block that are no settings. */
static const char *const own_keys[] = {"name",    "models", "dims",        "zip",          "devices",
                                       "exclude", "points", "absent_dims", "may_be_empty", NULL};

/* The slowest first: the order of what must be redone when an axis changes. */
static const struct {
    size_t at; /* of the member in pj_setup */
    int place;
} places[] = {
    {offsetof(pj_setup, trips),          2          },
    {offsetof(pj_setup, inputs),         3          },
    {offsetof(pj_setup, op_rules),       4          },
    {offsetof(pj_setup, follow_links),   5          },
    {offsetof(pj_setup, plan),           6          },
    {offsetof(pj_setup, quantize),       7          },
    {offsetof(pj_setup, no_fold),        8          },
    {offsetof(pj_setup, table),          TABLE_PLACE},
    {offsetof(pj_setup, hierarchy),      10         },
    {offsetof(pj_setup, reuse),          12         },
    {offsetof(pj_setup, kv_cache),       13         },
    {offsetof(pj_setup, runs),           14         },
    {offsetof(pj_setup, weights_on),     15         },
    {offsetof(pj_setup, activations_on), 16         },
    {offsetof(pj_setup, io_on_dram),     17         },
    {offsetof(pj_setup, sram_min_bits),  18         },
    {offsetof(pj_setup, load),           19         },
    {offsetof(pj_setup, utilization),    20         }
};

/* Of a setting that is not there: after all others. */
static int place_of(const pj_setting *member)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].at == member->at)
            return places[i].place;
    return (int)(sizeof places / sizeof *places) + LEVEL_PLACE;
}

/* A setting is called as in budgets: sram_min, devices. */
static const char *key_of(const pj_setting *member)
{
    return member->in_budget ? member->in_budget : member->name;
}

static const pj_setting *find_setting(const char *key)
{
    const pj_setting *member;
    for (size_t i = 0; (member = pj_setup_setting(i)); i++)
        if (member->kind != PJ_SETTING_FOUND && member->kind != PJ_SETTING_DIMS && member->kind != PJ_SETTING_NAMES &&
            strcmp(key_of(member), key) == 0)
            return member;
    return NULL;
}

/* All keys, and those of levels that the object has. */
static pj_status check_keys(pj_json object, const char *const *own, bool settings, pj_error *err)
{
    const char *known[MOST_KEYS];
    const pj_setting *member;
    size_t count = 0;
    for (size_t i = 0; own[i]; i++)
        known[count++] = own[i];
    for (size_t i = 0; settings && (member = pj_setup_setting(i)) && count < MOST_KEYS - 1; i++)
        if (find_setting(key_of(member)))
            known[count++] = key_of(member);
    for (pj_json at = pj_json_first(object); settings && at.node && count < MOST_KEYS - 1; at = pj_json_next(at))
        if (pj_sweep_is_level(pj_json_key(at)))
            known[count++] = pj_json_key(at);
    known[count] = NULL;
    return pj_json_only_keys(object, known, err);
}

/* ---- axes ---- */

static pj_status add_axis(pj_block *block, const pj_axis *axis, pj_json at, pj_error *err)
{
    if (block->axes == PJ_MOST_AXES)
        return pj_json_fail(at, PJ_ELIMIT, err, "a block has at most %d axes", PJ_MOST_AXES);
    block->axis[block->axes++] = *axis;
    return PJ_OK;
}

static int by_place(const void *a, const void *b)
{
    const pj_axis *x = a, *y = b;
    return x->place != y->place ? x->place - y->place : strcmp(x->name, y->name);
}

static const char *keep(pj_study *study, const char *text)
{
    return pj_arena_strdup(study->arena, text);
}

static pj_status add_fixed(pj_study *study, pj_block *block, const pj_item *item, pj_error *err)
{
    pj_item *list = pj_arena_more(study->arena, (void *)(uintptr_t)block->fixed, block->fixed_count, sizeof *list);
    PJ_TRY(pj_got(list, err));
    list[block->fixed_count++] = *item;
    block->fixed = list;
    return PJ_OK;
}

/* A formula: "total": "past + seq". */
static pj_status formula_item(pj_study *study, const char *name, pj_json value, bool optional, pj_item *out,
                              pj_error *err)
{
    const char *text;
    pj_str bound = pj_str_new(0);
    PJ_TRY(pj_json_as_text(value, &text, err));
    pj_str_printf(&bound, "%s%s=%s", optional ? "?" : "", name, text);
    *out = (pj_item){.kind = PJ_ITEM_DIM,
                     .name = name,
                     .text = keep(study, text),
                     .value = pj_str_keep(&bound, study->arena),
                     .number = PJ_DIM_FORMULA,
                     .column = SIZE_MAX};
    return pj_got(out->text && out->value, err);
}

static pj_status read_dims(pj_study *study, pj_block *block, pj_json dims, pj_error *err)
{
    PJ_TRY(pj_json_as_object(dims, &dims, err));
    for (pj_json at = pj_json_first(dims); at.node; at = pj_json_next(at)) {
        pj_axis axis = {.name = keep(study, pj_json_key(at)), .place = DIM_PLACE};
        pj_item item;
        PJ_TRY(pj_got(axis.name, err));
        if (pj_json_kind_of(at) == PJ_JSON_TEXT) {
            PJ_TRY(formula_item(study, axis.name, at, block->ignores_absent_dims, &item, err));
            PJ_TRY(add_fixed(study, block, &item, err));
            continue;
        }
        PJ_TRY(pj_list_values(study, PJ_ITEM_DIM, NULL, axis.name, at, &axis, err));
        PJ_TRY(add_axis(block, &axis, at, err));
    }
    return PJ_OK;
}

/* Formulas have all that they ask for, whatever the numbers. */
static pj_status check_formulas(const pj_block *block, pj_json dims, pj_error *err)
{
    const pj_item *item[PJ_MOST_ITEMS];
    size_t items = pj_point_items(block, block->first, item);
    pj_arena *scratch = pj_arena_new(0);
    const char *why = NULL;
    pj_map values;
    PJ_TRY(pj_got(scratch, err));
    pj_status status = pj_dims_find(item, items, scratch, &values, &why, err);
    if (status == PJ_OK && why && !strstr(why, "no size"))
        status = pj_json_fail(dims, PJ_EFORMAT, err, "%s", why);
    pj_arena_free(scratch);
    return status;
}

/* A scalar of a row of `zip`, or of a list of points. */
static pj_status scalar_item(pj_study *study, pj_json value, pj_item *out, pj_error *err)
{
    const char *key = pj_json_key(value);
    const pj_setting *member = find_setting(key);
    const char *name = keep(study, member ? key_of(member) : key);
    PJ_TRY(pj_got(name, err));
    return pj_list_value(study, member ? PJ_ITEM_SETTING : PJ_ITEM_LEVEL, member, name, value, out, err);
}

static pj_status read_zip_row(pj_study *study, pj_json row, pj_choice *out, pj_error *err)
{
    static const char *const none[] = {NULL};
    pj_item *items = PJ_NEW(study->arena, pj_item, pj_json_count(row));
    PJ_TRY(pj_got(items, err));
    PJ_TRY(pj_json_as_object(row, &row, err));
    PJ_TRY(check_keys(row, none, true, err));
    for (pj_json at = pj_json_first(row); at.node; at = pj_json_next(at))
        PJ_TRY(scalar_item(study, at, &items[out->items++], err));
    out->item = items;
    return PJ_OK;
}

static pj_status read_zip(pj_study *study, pj_block *block, pj_json zip, pj_error *err)
{
    size_t count = pj_json_count(zip), i = 0;
    pj_choice *choice = PJ_NEW(study->arena, pj_choice, count);
    PJ_TRY(pj_got(choice, err));
    PJ_TRY(pj_json_as_array(zip, &zip, err));
    if (!count || count > PJ_MOST_AXIS)
        return pj_json_fail(zip, PJ_EFORMAT, err, "zip has from 1 to %d rows", PJ_MOST_AXIS);
    for (pj_json at = pj_json_first(zip); at.node; at = pj_json_next(at))
        PJ_TRY(read_zip_row(study, at, &choice[i++], err));
    const pj_axis axis = {.name = "zip", .place = TABLE_PLACE, .choice = choice, .count = count};
    return add_axis(block, &axis, zip, err);
}

/* ---- points one by one ---- */

static pj_status read_point_dims(pj_study *study, pj_block *block, pj_json dims, pj_item *items, size_t *count,
                                 pj_error *err)
{
    PJ_TRY(pj_json_as_object(dims, &dims, err));
    for (pj_json at = pj_json_first(dims); at.node && *count < PJ_MOST_ITEMS; at = pj_json_next(at)) {
        const char *name = keep(study, pj_json_key(at));
        PJ_TRY(pj_got(name, err));
        pj_item *item = &items[(*count)++];
        PJ_TRY(pj_json_kind_of(at) == PJ_JSON_TEXT
                   ? formula_item(study, name, at, block->ignores_absent_dims, item, err)
                   : pj_list_value(study, PJ_ITEM_DIM, NULL, name, at, item, err));
    }
    return PJ_OK;
}

static pj_status read_point(pj_study *study, pj_block *block, pj_json point, pj_choice *out, pj_error *err)
{
    static const char *const own[] = {"model", "dims", NULL};
    pj_item items[PJ_MOST_ITEMS];
    const char *model;
    size_t place, count = 1;
    PJ_TRY(pj_json_as_object(point, &point, err));
    PJ_TRY(check_keys(point, own, true, err));
    PJ_TRY(pj_json_get_text(point, "model", &model, err));
    PJ_TRY(pj_list_model(study, model, &place, err));
    items[0] = (pj_item){.kind = PJ_ITEM_MODEL,
                         .name = "model",
                         .text = study->model[place].name,
                         .number = (int64_t)place,
                         .column = SIZE_MAX};
    for (pj_json at = pj_json_first(point); at.node && count < PJ_MOST_ITEMS; at = pj_json_next(at)) {
        if (strcmp(pj_json_key(at), "model") == 0)
            continue;
        if (strcmp(pj_json_key(at), "dims") == 0)
            PJ_TRY(read_point_dims(study, block, at, items, &count, err));
        else
            PJ_TRY(scalar_item(study, at, &items[count++], err));
    }
    out->item = pj_arena_memdup(study->arena, items, count, sizeof *items);
    out->items = count;
    return pj_got(out->item, err);
}

static size_t count_lines(const char *text)
{
    size_t lines = 1;
    while ((text = strchr(text, '\n')))
        lines++, text++;
    return lines;
}

static pj_status read_line(pj_study *study, pj_block *block, const char *path, const char *line, size_t length,
                           size_t number, pj_choice *out, pj_error *err)
{
    pj_json_doc *doc = NULL;
    char name[sizeof err->file];
    snprintf(name, sizeof name, "%.200s line %zu", path, number);
    pj_status status = pj_json_parse(line, length, name, &doc, err);
    if (status == PJ_OK)
        status = read_point(study, block, pj_json_root(doc), out, err);
    pj_json_free(doc);
    return status;
}

static pj_status read_lines(pj_study *study, pj_block *block, const char *path, const char *text, pj_json at,
                            pj_axis *axis, pj_error *err)
{
    size_t lines = count_lines(text), number = 0;
    pj_choice *choice = PJ_NEW(study->arena, pj_choice, lines);
    PJ_TRY(pj_got(choice, err));
    for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
        end = line + strcspn(line, "\n");
        number++;
        if (line + strspn(line, " \t\r") >= end)
            continue;
        if (axis->count == PJ_MOST_AXIS)
            return pj_json_fail(at, PJ_ELIMIT, err, "the list has more than %d points", PJ_MOST_AXIS);
        PJ_TRY(read_line(study, block, path, line, (size_t)(end - line), number, &choice[axis->count++], err));
    }
    axis->choice = choice;
    return axis->count ? PJ_OK : pj_json_fail(at, PJ_EFORMAT, err, "%.200s has no points", path);
}

static pj_status read_points(pj_study *study, pj_block *block, pj_json value, pj_error *err)
{
    const char *name;
    char *text = NULL;
    size_t length;
    pj_axis axis = {.name = "points"};
    PJ_TRY(pj_json_as_text(value, &name, err));
    const char *path = pj_study_path(study, name);
    PJ_TRY(pj_got(path, err));
    PJ_TRY(pj_file_read(path, PJ_MAX_JSON_BYTES, &text, &length, err));
    pj_status status = read_lines(study, block, path, text, value, &axis, err);
    free(text);
    PJ_TRY(status);
    return add_axis(block, &axis, value, err);
}

/* ---- blocks ---- */

static pj_status read_axis(pj_study *study, pj_block *block, pj_json value, pj_error *err)
{
    const pj_setting *member = find_setting(pj_json_key(value));
    bool is_level = !member && pj_sweep_is_level(pj_json_key(value));
    pj_axis axis = {.name = keep(study, pj_json_key(value)), .place = LEVEL_PLACE};
    PJ_TRY(pj_got(axis.name, err));
    if (!member && !is_level)
        return PJ_OK;
    if (member)
        axis.place = place_of(member);
    PJ_TRY(pj_list_values(study, member ? PJ_ITEM_SETTING : PJ_ITEM_LEVEL, member, axis.name, value, &axis, err));
    return add_axis(block, &axis, value, err);
}

static pj_status read_devices(pj_study *study, pj_block *block, pj_json devices, pj_error *err)
{
    const pj_setting *member = PJ_SETTING_AT(devices);
    pj_axis axis = {0};
    PJ_TRY(pj_list_values(study, PJ_ITEM_SETTING, member, "devices", devices, &axis, err));
    for (size_t i = 0; i < axis.count; i++)
        PJ_TRY(add_fixed(study, block, axis.choice[i].item, err));
    study->has_devices = true;
    return PJ_OK;
}

static pj_status read_exclusions(pj_study *study, pj_block *block, pj_json list, pj_error *err)
{
    size_t count = pj_json_count(list);
    pj_exclusion *exclusion = PJ_NEW(study->arena, pj_exclusion, count);
    PJ_TRY(pj_got(exclusion, err));
    PJ_TRY(pj_json_as_array(list, &list, err));
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(pj_exclusion_read(study, at, &exclusion[block->exclusions++], err));
    block->exclusion = exclusion;
    return PJ_OK;
}

static pj_status read_axes(pj_study *study, pj_block *block, pj_json object, pj_error *err)
{
    pj_json models, dims = pj_json_find(object, "dims"), zip = pj_json_find(object, "zip");
    pj_axis axis = {.name = "model"};
    bool may_be_empty = false;
    PJ_TRY(pj_json_opt_bool(object, "may_be_empty", &may_be_empty, err));
    PJ_TRY(pj_json_get(object, "models", &models, err));
    PJ_TRY(pj_list_models(study, models, may_be_empty, &axis, err));
    PJ_TRY(add_axis(block, &axis, models, err));
    if (dims.node)
        PJ_TRY(read_dims(study, block, dims, err));
    if (zip.node)
        PJ_TRY(read_zip(study, block, zip, err));
    for (pj_json at = pj_json_first(object); at.node; at = pj_json_next(at))
        PJ_TRY(read_axis(study, block, at, err));
    qsort(block->axis, block->axes, sizeof *block->axis, by_place);
    return axis.count && dims.node ? check_formulas(block, dims, err) : PJ_OK;
}

static pj_status read_absent(pj_json object, pj_block *block, pj_error *err)
{
    static const char *const words[] = {"error", "ignore", NULL};
    int word = 0;
    if (pj_json_find(object, "absent_dims").node)
        PJ_TRY(pj_json_get_word(object, "absent_dims", words, &word, err));
    block->ignores_absent_dims = word == 1;
    return PJ_OK;
}

static pj_status name_block(pj_study *study, pj_json object, pj_block *block, pj_error *err)
{
    pj_str text = pj_str_new(0);
    const char *name = NULL;
    PJ_TRY(pj_json_opt_text(object, "name", &name, err));
    pj_str_printf(&text, name ? "%s" : "block%s%zu", name ? name : "", study->blocks);
    block->name = pj_str_keep(&text, study->arena);
    PJ_TRY(pj_got(block->name, err));
    for (size_t i = 0; i < study->blocks; i++)
        if (strcmp(study->block[i].name, block->name) == 0)
            return pj_json_fail(object, PJ_EFORMAT, err, "two blocks are called '%.100s'", block->name);
    return PJ_OK;
}

static pj_status count_points(pj_study *study, pj_block *block, pj_json at, pj_error *err)
{
    block->points = 1;
    for (size_t i = 0; i < block->axes; i++) {
        if (block->axis[i].count && block->points > PJ_MOST_POINTS / block->axis[i].count)
            return pj_json_fail(at, PJ_ELIMIT, err, "there are more than %" PRIu64 " points", PJ_MOST_POINTS);
        block->points *= block->axis[i].count;
    }
    study->points += block->points;
    if (study->points > PJ_MOST_POINTS)
        return pj_json_fail(at, PJ_ELIMIT, err, "there are more than %" PRIu64 " points", PJ_MOST_POINTS);
    return PJ_OK;
}

static pj_status read_block(pj_study *study, pj_json object, pj_block *block, pj_error *err)
{
    pj_json points = pj_json_find(object, "points"), devices = pj_json_find(object, "devices"),
            exclude = pj_json_find(object, "exclude");
    static const char *const with_points[] = {"name", "points", "devices", "exclude", "absent_dims", NULL};
    PJ_TRY(pj_json_as_object(object, &object, err));
    PJ_TRY(check_keys(object, points.node ? with_points : own_keys, !points.node, err));
    PJ_TRY(name_block(study, object, block, err));
    block->first = study->points;
    PJ_TRY(read_absent(object, block, err));
    if (devices.node)
        PJ_TRY(read_devices(study, block, devices, err));
    if (exclude.node)
        PJ_TRY(read_exclusions(study, block, exclude, err));
    PJ_TRY(points.node ? read_points(study, block, points, err) : read_axes(study, block, object, err));
    return count_points(study, block, object, err);
}

pj_status pj_spec_read(pj_study *study, pj_json root, pj_error *err)
{
    static const char *const keys[] = {"schema", "chunk", "blocks", NULL};
    static const char *const schemas[] = {"picojoule.sweep-spec/1", NULL};
    pj_json blocks, chunk = pj_json_find(root, "chunk");
    int schema;
    int64_t points = PJ_USUAL_CHUNK;
    PJ_TRY(pj_json_as_object(root, &root, err));
    PJ_TRY(pj_json_only_keys(root, keys, err));
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, err));
    if (chunk.node)
        PJ_TRY(pj_json_as_int(chunk, &points, err));
    if (points < 1 || points > PJ_MOST_CHUNK)
        return pj_json_fail(chunk, PJ_EFORMAT, err, "a chunk has from 1 to %d points, not %" PRId64, PJ_MOST_CHUNK,
                            points);
    study->chunk = (uint64_t)points;
    PJ_TRY(pj_json_get_array(root, "blocks", &blocks, err));
    size_t count = pj_json_count(blocks);
    if (!count || count > PJ_MOST_BLOCKS)
        return pj_json_fail(blocks, PJ_EFORMAT, err, "there have to be from 1 to %d blocks", PJ_MOST_BLOCKS);
    study->block = PJ_NEW(study->arena, pj_block, count);
    PJ_TRY(pj_got(study->block, err));
    for (pj_json at = pj_json_first(blocks); at.node; at = pj_json_next(at)) {
        PJ_TRY(read_block(study, at, &study->block[study->blocks], err));
        study->blocks++;
    }
    return PJ_OK;
}
