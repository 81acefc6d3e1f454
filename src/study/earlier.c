/* Rows of an earlier sweep on their way into a chunk. Points ascend here and there, so each file is read once, forward.
 */
#include "columns/footer.h"
#include "columns/records.h"
#include "study/study.h"

/* A file of rows that is read forward. */
typedef struct tap {
    pj_records *rows; /* NULL: that kind is not asked for */
    size_t row;       /* of the group */
} tap;

enum { POINTS, DEVICES, LAYERS, TAPS };
static const char *const kinds[TAPS] = {"points", "devices", "layers"};

struct pj_earlier {
    const pj_since *since;
    const pj_study *study;
    const pj_sheet_column *column[TAPS];
    size_t columns[TAPS];
    tap tap[TAPS];
    uint64_t chunk; /* UINT64_MAX: none yet */
    bool is_open;   /* false: it is not there, or not whole */
    pj_arena *arena, *of_chunk;
};

pj_earlier *pj_earlier_new(const pj_since *since, const pj_study *study)
{
    pj_earlier *earlier = calloc(1, sizeof *earlier);
    if (!earlier)
        return NULL;
    *earlier = (pj_earlier){
        .since = since,
        .study = study,
        .column = {study->column,  pj_device_columns     },
        .columns = {study->columns, pj_device_column_count},
        .chunk = UINT64_MAX,
        .arena = pj_arena_new(0),
        .of_chunk = pj_arena_new(0)
    };
    if (earlier->arena && earlier->of_chunk)
        earlier->column[LAYERS] = pj_layer_columns(earlier->arena, &earlier->columns[LAYERS]);
    if (earlier->column[LAYERS])
        return earlier;
    pj_earlier_free(earlier);
    return NULL;
}

static void close_chunk(pj_earlier *earlier)
{
    for (size_t i = 0; i < TAPS; i++) {
        pj_records_free(earlier->tap[i].rows);
        earlier->tap[i] = (tap){0};
    }
    earlier->is_open = false;
}

void pj_earlier_free(pj_earlier *earlier)
{
    if (!earlier)
        return;
    close_chunk(earlier);
    pj_arena_free(earlier->of_chunk);
    pj_arena_free(earlier->arena);
    free(earlier);
}

static pj_status open_kind(pj_earlier *earlier, int kind, const char *path, pj_error *err)
{
    pj_footer footer;
    pj_arena *arena = earlier->of_chunk;
    const pj_study *then = pj_since_study(earlier->since);
    if (kind == POINTS) {
        PJ_TRY(pj_footer_read(path, arena, &footer, err));
        if (!pj_footer_is_chunk(&footer, then->sha256, earlier->chunk))
            return pj_fail(err, PJ_EFORMAT, "it is of another chunk");
    }
    PJ_TRY(pj_records_open(path, earlier->column[kind], earlier->columns[kind], &earlier->tap[kind].rows, err));
    return pj_records_next(earlier->tap[kind].rows, err);
}

/* A chunk that is not there, or is another, has nothing to take. */
static pj_status open_chunk(pj_earlier *earlier, uint64_t chunk, const pj_study_sheets *out, pj_error *err)
{
    pj_sheet *const asked[TAPS] = {out->points, out->devices, out->layers};
    pj_error why = {0};
    pj_status status = PJ_OK;
    close_chunk(earlier);
    pj_arena_reset(earlier->of_chunk);
    earlier->chunk = chunk;
    for (int i = 0; i < TAPS && status == PJ_OK; i++) {
        const char *path = pj_folder_file(pj_since_folder(earlier->since), kinds[i], chunk, earlier->of_chunk);
        PJ_TRY(pj_got(path, err));
        if (asked[i])
            status = open_kind(earlier, i, path, &why);
    }
    earlier->is_open = status == PJ_OK;
    return status == PJ_ENOMEM ? pj_fail_memory(err) : PJ_OK;
}

/* Goes to the first row of that point or a later one. */
static pj_status seek(tap *t, uint64_t point, bool *found, pj_error *err)
{
    while (pj_records_held(t->rows) > 0) {
        if (t->row == pj_records_held(t->rows)) {
            t->row = 0;
            PJ_TRY(pj_records_next(t->rows, err));
            continue;
        }
        uint64_t at = (uint64_t)pj_records_int(t->rows, t->row, 0);
        if (at >= point) {
            *found = at == point;
            return PJ_OK;
        }
        t->row++;
    }
    *found = false;
    return PJ_OK;
}

/* All rows of that point, as those of the point that it is now. */
static pj_status copy_rows(tap *t, size_t columns, uint64_t then, uint64_t now, pj_sheet *sheet, pj_error *err)
{
    bool found;
    PJ_TRY(seek(t, then, &found, err));
    while (found) {
        pj_sheet_int(sheet, 0, (int64_t)now);
        for (size_t i = 1; i < columns; i++)
            pj_records_put(t->rows, t->row, i, sheet);
        PJ_TRY(pj_sheet_row(sheet, err));
        t->row++;
        PJ_TRY(seek(t, then, &found, err));
    }
    return PJ_OK;
}

pj_status pj_earlier_take(pj_earlier *earlier, uint64_t point, pj_study_sheets *out, bool *taken, pj_error *err)
{
    pj_sheet *const sheets[TAPS] = {out->points, out->devices, out->layers};
    tap *points = &earlier->tap[POINTS];
    uint64_t number;
    bool found;
    *taken = false;
    if (!pj_since_number(earlier->since, earlier->study, point, &number))
        return PJ_OK;
    uint64_t chunk = number / pj_since_study(earlier->since)->chunk;
    if (chunk != earlier->chunk)
        PJ_TRY(open_chunk(earlier, chunk, out, err));
    if (!earlier->is_open)
        return PJ_OK;
    PJ_TRY(seek(points, number, &found, err));
    if (!found || pj_table_failed(earlier->study, points->rows, points->row)) /* what failed may do better now */
        return PJ_OK;
    for (size_t i = 0; i < TAPS; i++)
        if (sheets[i])
            PJ_TRY(copy_rows(&earlier->tap[i], earlier->columns[i], number, point, sheets[i], err));
    out->rows++;
    out->taken++;
    *taken = true;
    return PJ_OK;
}
