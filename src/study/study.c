/* Opening a study, and what can be asked of it without a folder. */
#include "study/study.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "run/shelf.h"
#include "setup/resource.h"

/* ---- what settings name ---- */

typedef struct opener {
    pj_study *study;
    pj_shelf shelf;
    pj_map seen; /* "table horowitz-45nm" */
} opener;

static pj_status keep_file(opener *o, const pj_item *item, const char *sha256, pj_error *err)
{
    pj_study *study = o->study;
    PJ_TRY(pj_got(PJ_GROW(study->arena, study->file, study->files, study->file_room), err));
    pj_study_file *file = &study->file[study->files++];
    *file = (pj_study_file){.member = item->member->name, .name = item->text};
    memcpy(file->sha256, sha256, sizeof file->sha256);
    return PJ_OK;
}

/* Opens it, once: settings are checked before any work is begun. */
static pj_status open_item(opener *o, const pj_item *item, pj_error *err)
{
    const struct {
        const pj_setting *member;
        pj_resource_kind kind;
    } kinds[] = {
        {PJ_SETTING_AT(table),     PJ_RESOURCE_TABLE    },
        {PJ_SETTING_AT(hierarchy), PJ_RESOURCE_HIERARCHY},
        {PJ_SETTING_AT(devices),   PJ_RESOURCE_DEVICE   },
        {PJ_SETTING_AT(plan),      PJ_RESOURCE_FILE     },
        {PJ_SETTING_AT(op_rules),  PJ_RESOURCE_FILE     }
    };
    const pj_kept *kept;
    pj_str key = pj_str_new(0);
    size_t i = 0, count = sizeof kinds / sizeof *kinds;
    while (i < count && kinds[i].member != item->member)
        i++;
    if (!item->member || i == count || !item->text)
        return PJ_OK;
    pj_str_printf(&key, "%s %s", item->member->name, item->text);
    char *name = pj_str_keep(&key, o->study->arena);
    PJ_TRY(pj_got(name, err));
    if (pj_map_get(&o->seen, name))
        return PJ_OK;
    PJ_TRY(pj_got(pj_map_put(&o->seen, name, name), err));
    PJ_TRY(pj_shelf_open(&o->shelf, NULL, kinds[i].kind, item->value, &kept, err));
    return keep_file(o, item, kept->sha256, err);
}

static pj_status open_block(opener *o, const pj_block *block, pj_error *err)
{
    for (size_t a = 0; a < block->axes; a++)
        for (size_t c = 0; c < block->axis[a].count; c++)
            for (size_t i = 0; i < block->axis[a].choice[c].items; i++)
                PJ_TRY(open_item(o, &block->axis[a].choice[c].item[i], err));
    for (size_t i = 0; i < block->fixed_count; i++)
        PJ_TRY(open_item(o, &block->fixed[i], err));
    return PJ_OK;
}

static pj_status open_files(pj_study *study, pj_error *err)
{
    opener o = {.study = study};
    pj_status status = PJ_OK;
    pj_map_init(&o.seen, study->arena);
    for (size_t b = 0; b < study->blocks && status == PJ_OK; b++)
        status = open_block(&o, &study->block[b], err);
    pj_shelf_clear(&o.shelf);
    return status;
}

/* ---- opening ---- */

static pj_status read_document(pj_study *study, const char *bytes, size_t length, pj_json_doc **doc, pj_error *err)
{
    pj_sha256 sum = pj_sha256_new();
    pj_sha256_add(&sum, bytes, length);
    pj_sha256_end(&sum, study->sha256);
    study->text = pj_arena_strndup(study->arena, bytes, length);
    PJ_TRY(pj_got(study->text, err));
    PJ_TRY(pj_json_parse(bytes, length, study->path, doc, err));
    if (study->target)
        PJ_TRY(pj_folder_read(study, err));
    return pj_spec_read(study, pj_json_root(*doc), err);
}

static pj_status read_study(pj_study *study, const char *bytes, size_t length, pj_error *err)
{
    pj_json_doc *doc = NULL;
    pj_status status = read_document(study, bytes, length, &doc, err);
    pj_json_free(doc);
    PJ_TRY(status);
    PJ_TRY(open_files(study, err));
    PJ_TRY(pj_folder_check(study, err));
    return pj_table_columns(study, err);
}

static pj_study *new_study(const char *path, const char *folder)
{
    pj_arena *arena = pj_arena_new(0);
    pj_study *study = arena ? PJ_NEW(arena, pj_study, 1) : NULL;
    const char *slash = strrchr(path, '/');
    if (!study) {
        pj_arena_free(arena);
        return NULL;
    }
    study->arena = arena;
    study->path = pj_arena_strdup(arena, path);
    study->folder = pj_arena_strndup(arena, path, slash ? (size_t)(slash - path) + 1 : 0);
    study->target = pj_arena_strdup(arena, folder);
    pj_map_init(&study->known, arena);
    return study;
}

pj_status pj_study_parse(const char *bytes, size_t length, const char *path, const char *folder, pj_study **out,
                         pj_error *err)
{
    pj_study *study = new_study(path, folder);
    *out = NULL;
    pj_status status = pj_got(study && !pj_arena_failed(study->arena), err);
    if (status == PJ_OK)
        status = read_study(study, bytes, length, err);
    if (status == PJ_OK)
        *out = study;
    else
        pj_study_free(study);
    return status;
}

pj_status pj_study_open(const char *path, const char *folder, pj_study **out, pj_error *err)
{
    char *bytes = NULL;
    size_t length;
    if (err)
        memset(err, 0, sizeof *err);
    if (!path || !out)
        return pj_fail_null(err);
    *out = NULL;
    PJ_TRY(pj_file_read(path, PJ_MAX_TABLE_BYTES, &bytes, &length, err));
    pj_status status = pj_study_parse(bytes, length, path, folder, out, err);
    free(bytes);
    return status;
}

void pj_study_free(pj_study *study)
{
    if (study)
        pj_arena_free(study->arena);
}

pj_study_info pj_study_describe(const pj_study *study)
{
    return (pj_study_info){.points = study->points,
                           .chunk = study->chunk,
                           .chunks = (study->points + study->chunk - 1) / study->chunk,
                           .blocks = study->blocks,
                           .models = study->models,
                           .sha256 = study->sha256};
}

/* ---- rows of some points ---- */

static pj_status check_rows(const pj_study *study, uint64_t first, uint64_t last, uint64_t step, pj_error *err)
{
    if (!study->points || first > last || last >= study->points || !step)
        return pj_fail(err, PJ_EARGUMENT, "there are no points %" PRIu64 " to %" PRIu64 ": there are %" PRIu64, first,
                       last, study->points);
    if ((last - first) / step >= PJ_MOST_STUDY_ROWS)
        return pj_fail(err, PJ_EARGUMENT, "these are more than %d points; a folder takes any number",
                       PJ_MOST_STUDY_ROWS);
    return PJ_OK;
}

pj_status pj_study_rows(const pj_study *study, uint64_t first, uint64_t last, uint64_t step, const char *format,
                        pj_sink sink, void *payload, pj_error *err)
{
    bool csv = strcmp(format, "csv") == 0;
    if (err)
        memset(err, 0, sizeof *err);
    PJ_TRY(check_rows(study, first, last, step, err));
    if (!csv && strcmp(format, "parquet") != 0)
        return pj_fail(err, PJ_EARGUMENT, "there is no format '%.40s': csv, parquet", format);
    pj_work_bench *bench = pj_bench_new(study);
    pj_study_sheets sheets = {
        .points = pj_sheet_new(csv ? &pj_sheet_csv : &pj_sheet_parquet, study->column, study->columns, sink, payload)};
    pj_status status = pj_got(bench && sheets.points, err);
    for (uint64_t at = first; status == PJ_OK; at += step) {
        status = pj_bench_point(bench, at, &sheets, err);
        if (last - at < step)
            break;
    }
    if (status == PJ_OK)
        status = pj_sheet_end(sheets.points, err);
    pj_sheet_free(sheets.points);
    pj_bench_free(bench);
    return status;
}
