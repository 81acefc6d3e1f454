/* A study as it was read: blocks of points, each the product of axes. */
#pragma once

#include "base/json.h"
#include "base/sha256.h"
#include "columns/sheet.h"
#include "picojoule/study.h"
#include "setup/setup.h"

enum {
    PJ_MOST_AXIS = 1000 * 1000, /* values of one axis, points of a list, models */
    PJ_MOST_AXES = 48,          /* of one block */
    PJ_MOST_BLOCKS = 1000,
    PJ_USUAL_CHUNK = 10000,
    PJ_MOST_CHUNK = 1000 * 1000
};
#define PJ_MOST_POINTS ((uint64_t)1000 * 1000 * 1000 * 1000)

typedef enum pj_item_kind { PJ_ITEM_MODEL, PJ_ITEM_DIM, PJ_ITEM_LEVEL, PJ_ITEM_SETTING } pj_item_kind;

/* One thing that a point sets. */
typedef struct pj_item {
    pj_item_kind kind;
    const pj_setting *member; /* of settings */
    const char *name;         /* key in the file, or of the dimension or level */
    const char *text;         /* the value as it is told; NULL: not given */
    const char *value;        /* as it is set: paths are found from here */
    int64_t number;           /* of dimensions and levels; of a model, its place in the list */
    size_t column;            /* of the table of points; SIZE_MAX: none */
} pj_item;

/* What is set together: one value of an axis. */
typedef struct pj_choice {
    const pj_item *item;
    size_t items;
} pj_choice;

typedef struct pj_axis {
    const char *name;
    int place; /* in the order of numbering: the slowest first */
    const pj_choice *choice;
    size_t count;
} pj_axis;

typedef enum pj_comparison { PJ_LESS, PJ_LESS_EQUAL, PJ_EQUAL, PJ_UNEQUAL, PJ_MORE_EQUAL, PJ_MORE } pj_comparison;

/* What a block leaves out: a comparison, or globs that all match. */
typedef struct pj_exclusion {
    const char *left, *right; /* formulas; NULL: globs */
    pj_comparison compare;
    const char *const *key, *const *glob;
    size_t globs;
} pj_exclusion;

typedef struct pj_block {
    const char *name;
    pj_axis axis[PJ_MOST_AXES];
    size_t axes;
    const pj_item *fixed; /* of all its points: formulas of dimensions, devices */
    size_t fixed_count;
    const pj_exclusion *exclusion;
    size_t exclusions;
    bool ignores_absent_dims;
    uint64_t first, points;
} pj_block;

typedef struct pj_study_model {
    const char *name; /* as rows tell it: from the study's folder */
    const char *path;
    char sha256[PJ_SHA256_DIGITS + 1]; /* of its skeleton, once it is known; "": it cannot be read, or nobody asked */
    uint64_t size;
} pj_study_model;

/* A file that settings name. */
typedef struct pj_study_file {
    const char *member, *name;
    char sha256[PJ_SHA256_DIGITS + 1];
} pj_study_file;

/* The models of a block, as its folder lists them. */
typedef struct pj_folder_list {
    const char **name;
    size_t count;
} pj_folder_list;

struct pj_study {
    pj_arena *arena;
    const char *path, *folder;    /* of the file; the folder is "" or ends with a slash */
    const char *target;           /* where results go, or NULL */
    const pj_folder_list *listed; /* models as that folder has listed them, list by list; NULL: it is not begun */
    size_t lists, lists_read;
    pj_folder_list *list; /* as they were read now */
    size_t list_room, list_count;
    const pj_study_file *recorded; /* files that it knows */
    size_t recordeds;
    const char *text; /* what the file holds */
    char sha256[PJ_SHA256_DIGITS + 1];
    uint64_t chunk, points;
    pj_block *block;
    size_t blocks, block_room;
    pj_study_model *model;
    size_t models, model_room;
    pj_map known; /* name of a model -> its place */
    pj_study_file *file;
    size_t files, file_room;
    bool has_devices, has_layers; /* tables beside that of points */
    pj_sheet_column *column;      /* of the table of points */
    size_t columns, column_room;
    size_t first_axis, first_fact; /* columns of axes; those after them */
};

/* ---- study.c ---- */

/* As pj_study_open, from bytes; `path` stands for the file in messages, and says where other paths begin. */
pj_status pj_study_parse(const char *bytes, size_t length, const char *path, const char *folder, pj_study **out,
                         pj_error *err);

/* ---- spec.c ---- */

/* Reads block after block. Errors with JSON path. */
pj_status pj_spec_read(pj_study *study, pj_json root, pj_error *err);

/* ---- list.c: what a block's values are ---- */

/* The values of a key of a block: a value, an array, a range of numbers. */
pj_status pj_list_values(pj_study *study, pj_item_kind kind, const pj_setting *member, const char *name, pj_json value,
                         pj_axis *out, pj_error *err);

/* One value, which is no container; null: not given. */
pj_status pj_list_value(pj_study *study, pj_item_kind kind, const pj_setting *member, const char *name, pj_json value,
                        pj_item *out, pj_error *err);

/* The models of a block, as its axis. */
pj_status pj_list_models(pj_study *study, pj_json models, bool may_be_empty, pj_axis *out, pj_error *err);

/* Adds a model to the list; names are from the study's folder. *out is its place. */
pj_status pj_list_model(pj_study *study, const char *name, size_t *out, pj_error *err);

/* A path that is told from the study's folder, from here. NULL: no memory. */
const char *pj_study_path(pj_study *study, const char *name);

/* ---- formula.c: sizes that follow from others, and what is left out ---- */

/* The sizes of a point, those that follow by formulas too, as a map from name to pj_num in `arena`. *why NULL: they are
 * found; else why not, as a sentence. PJ_ENOMEM. */
pj_status pj_dims_find(const pj_item *const *item, size_t items, pj_arena *arena, pj_map *out, const char **why,
                       pj_error *err);

/* Reads one of a block's exclusions: "batch * total > 65536", {"model": "*tiny*"}. */
pj_status pj_exclusion_read(pj_study *study, pj_json value, pj_exclusion *out, pj_error *err);

/* Does the block leave the point out? What a formula cannot say leaves nothing out. PJ_ENOMEM. */
pj_status pj_point_excluded(const pj_block *block, const pj_item *const *item, size_t items, pj_arena *arena, bool *out,
                            pj_error *err);

/* ---- number.c ---- */

/* The block of a point. */
const pj_block *pj_point_block(const pj_study *study, uint64_t point);

/* The number that an axis has at a point of the block. */
void pj_point_digits(const pj_block *block, uint64_t point, size_t *digit);
uint64_t pj_point_number(const pj_block *block, const size_t *digit);

/* All that the point sets: at most `PJ_MOST_ITEMS`. */
enum { PJ_MOST_ITEMS = 256 };
size_t pj_point_items(const pj_block *block, uint64_t point, const pj_item **out);

/* ---- point.c ---- */

/* The setup of a point, and its model. What is set lives in `arena`. `out` is a default. */
typedef struct pj_point {
    uint64_t number;
    const pj_block *block;
    const pj_item *item[PJ_MOST_ITEMS];
    size_t items;
    const pj_study_model *model;
    bool is_excluded;
    pj_setup setup;
} pj_point;
pj_status pj_point_make(const pj_study *study, uint64_t number, pj_arena *arena, pj_point *out, pj_error *err);

/* Sets what an item says. PJ_EARGUMENT: it cannot. */
pj_status pj_item_set(const pj_item *item, pj_arena *arena, pj_setup *setup, pj_error *err);

/* ---- table.c: rows ---- */

/* Settles the columns of the table of points. PJ_ENOMEM. */
pj_status pj_table_columns(pj_study *study, pj_error *err);

typedef struct pj_study_row {
    const pj_point *point;
    const pj_result *result; /* NULL: there is an error */
    const char *code;        /* of it */
    const pj_error *error;
} pj_study_row;

/* Does the row that a file has tell of an error? */
struct pj_records;
bool pj_table_failed(const pj_study *study, const struct pj_records *rows, size_t row);

pj_status pj_table_add(const pj_study *study, const pj_study_row *row, pj_sheet *sheet, pj_error *err);

/* The tables of devices and of layers. */
extern const pj_sheet_column pj_device_columns[];
extern const size_t pj_device_column_count;
pj_status pj_devices_add(const pj_study_row *row, pj_sheet *sheet, pj_error *err);
const pj_sheet_column *pj_layer_columns(pj_arena *arena, size_t *count); /* NULL: no memory */
pj_status pj_layers_add(const pj_study_row *row, pj_sheet *sheet, pj_error *err);

/* ---- work.c: pricing ---- */

typedef struct pj_work_bench pj_work_bench; /* of one thread */
pj_work_bench *pj_bench_new(const pj_study *study);
void pj_bench_free(pj_work_bench *bench);

/* Where rows go; devices and layers may be NULL. */
typedef struct pj_study_sheets {
    pj_sheet *points, *devices, *layers;
    uint64_t rows, errors, assumed;
    uint64_t taken;       /* points whose rows are those of an earlier sweep */
    uint64_t first_error; /* point, with its sentence; where there are errors */
    char why[256];
    uint64_t code[PJ_STUDY_CODES]; /* rows by status, then by what else there is */
} pj_study_sheets;
/* Those of no pj_status; the code of a place in `code`, "" past the last. */
enum { PJ_CODE_CRASHED = PJ_STUDY_CODES - 3, PJ_CODE_CHANGED };
const char *pj_code_at(size_t place);

/* Adds the rows of a point; nothing where it is excluded. Only what concerns all of it fails: memory, the sink. */
pj_status pj_bench_point(pj_work_bench *bench, uint64_t point, pj_study_sheets *out, pj_error *err);

/* Adds rows that say why the point cannot be priced: it ends the process. */
pj_status pj_bench_crashed(pj_work_bench *bench, uint64_t point, const char *why, pj_study_sheets *out, pj_error *err);

/* ---- poison.c ---- */

/* A try at a chunk. */
typedef struct pj_try {
    const char *path; /* of its marker */
    bool is_ours;     /* false: another process is at the chunk, too */
    bool is_careful;  /* an earlier try has died */
} pj_try;

/* Marks the chunk; lives in `arena`. A marker that cannot be written is no error. PJ_ENOMEM. */
pj_status pj_try_begin(pj_try *out, const char *folder, uint64_t chunk, pj_arena *arena, pj_error *err);
void pj_try_end(const pj_try *one); /* it is over, and the process lives */

/* Prices points [first, end) in a process of its own, of 60 s and 2 GiB at most. `why` is "" where that lives, else
 * what became of it. PJ_EIO: there is no process; PJ_ESTOPPED: somebody stopped it. */
pj_status pj_try_points(const pj_study *study, uint64_t first, uint64_t end, char *why, size_t size, pj_error *err);

/* ---- status.c ---- */

struct pj_footer;

/* Is it the footer of the chunk of that number, of the study whose file has this digest? */
bool pj_footer_is_chunk(const struct pj_footer *footer, const char *sha256, uint64_t chunk);

/* ---- since.c ---- */

typedef struct pj_since pj_since; /* an earlier sweep of the study */

/* Compares FOLDER/sweep.json with the study, whose models have their digests. Lives in `arena`; `folder` is borrowed.
 * Close it even where it fails. PJ_EFORMAT: it is no folder of a sweep; PJ_ENOMEM. */
pj_status pj_since_open(const pj_study *study, const char *folder, pj_arena *arena, pj_since **out, pj_error *err);
void pj_since_close(pj_since *since); /* NULL is allowed */

/* Why nothing may be taken from it, as a sentence; NULL: rows may. */
const char *pj_since_why_not(const pj_since *since);

/* The number that a point had then, with the same model; numbers ascend with those of points. false: it had none. Only
 * where rows may be taken, like the next two: the study as it was, and its folder. */
bool pj_since_number(const pj_since *since, const pj_study *study, uint64_t point, uint64_t *out);
const pj_study *pj_since_study(const pj_since *since);
const char *pj_since_folder(const pj_since *since);

/* Is the chunk of points [first, end) there, would its rows be the same, and has none an error? `since` may be NULL. */
bool pj_since_has(const pj_since *since, const pj_study *study, uint64_t chunk, uint64_t first, uint64_t end,
                  pj_arena *arena);

/* Copies its files of these kinds (NULLs are passed over) into the study's folder, the last of them last. *taken false:
 * one is not there or not whole. PJ_EIO: it cannot be written; PJ_ENOMEM. */
pj_status pj_since_take(const pj_since *since, const pj_study *study, const char *const *kinds, size_t count,
                        uint64_t chunk, pj_arena *arena, bool *taken, pj_error *err);

/* ---- earlier.c: rows of an earlier sweep, for the points of one chunk in ascending order ---- */

typedef struct pj_earlier pj_earlier;
pj_earlier *pj_earlier_new(const pj_since *since, const pj_study *study); /* NULL: no memory */
void pj_earlier_free(pj_earlier *earlier);                                /* NULL is allowed */

/* Adds the rows that the point had, if it had some and they tell of no error. PJ_EFORMAT: files there are damaged, and
 * some rows may have been added; PJ_EIO, PJ_ENOMEM. */
pj_status pj_earlier_take(pj_earlier *earlier, uint64_t point, pj_study_sheets *out, bool *taken, pj_error *err);

/* ---- folder.c ---- */

/* Reads FOLDER/sweep.json, if there is one: models, and whether it is of this study. PJ_ECONFLICT, PJ_EFORMAT. */
pj_status pj_folder_read(pj_study *study, pj_error *err);

/* Have files that settings name changed since? PJ_ECONFLICT. */
pj_status pj_folder_check(const pj_study *study, pj_error *err);

/* Makes the folder with its sweep.json, or finds that another process has made the same. */
pj_status pj_folder_claim(pj_study *study, pj_error *err);

/* FOLDER/KIND/c0000012.parquet; NULL: no memory. */
char *pj_folder_file(const char *folder, const char *kind, uint64_t chunk, pj_arena *arena);
bool pj_folder_has(const char *path);

/* ---- whole.c: files that are there whole or not at all ---- */

typedef struct pj_whole {
    const char *path, *temp, *folder; /* the folder that it is in */
    FILE *file;
    int error; /* errno, or 0 */
} pj_whole;

/* The name of this host, as part of a file's name; "" where it has none. */
void pj_host_name(char out[64]);

/* Begins FOLDER/KIND/c0000012.parquet. The texts live in `arena`. PJ_EIO, PJ_ENOMEM. */
pj_status pj_whole_begin(pj_whole *whole, const char *folder, const char *kind, uint64_t chunk, pj_arena *arena,
                         pj_error *err);
bool pj_whole_write(const char *bytes, size_t length, void *payload); /* a pj_sink */

/* Puts it in its place where `status` is PJ_OK, else leaves nothing. Returns what came of it. */
pj_status pj_whole_end(pj_whole *whole, pj_status status, pj_error *err);
