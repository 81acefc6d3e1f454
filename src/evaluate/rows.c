/* Labels, and the places of largest numbers. */
#include "evaluate/rows.h"

#include "evaluate/evaluation.h"
#include "samples/npy.h"

pj_status pj_labels_read(const char *file, pj_arena *arena, const pj_ndarray **out, pj_error *err)
{
    pj_ndarrays arrays;
    char text[PJ_ARRAY_TEXT];
    *out = NULL;
    if (!file)
        return PJ_OK;
    PJ_TRY(pj_arrays_read(file, arena, &arrays, err));
    *out = arrays.array;
    if (arrays.count == 1 && (pj_dtype_is_integer(arrays.array->dtype) || arrays.array->dtype == PJ_BOOL))
        return PJ_OK;
    pj_error_at(err, file, NULL, NULL);
    return pj_fail(err, PJ_EARGUMENT,
                   "labels are one array of whole numbers, one a row of the first output; this has %zu,"
                   " the first is %s",
                   arrays.count, pj_array_print(arrays.array, text));
}

static int64_t place_of_largest(const pj_ndarray *array, int64_t row, int64_t length)
{
    int64_t best = 0;
    double most = -INFINITY;
    for (int64_t i = 0; i < length; i++) {
        double x = pj_array_real(array, row * length + i);
        if (x > most) {
            most = x;
            best = i;
        }
    }
    return best;
}

static pj_status judge_label(pj_rows_judge *judge, int64_t one, int64_t two, int64_t places, pj_error *err)
{
    if (judge->rows >= (uint64_t)judge->labels->count) {
        pj_error_at(err, judge->file, NULL, NULL);
        return pj_fail(err, PJ_EARGUMENT, "holds %" PRId64 " labels, but the samples have more rows",
                       judge->labels->count);
    }
    int64_t label = pj_array_whole(judge->labels, (int64_t)judge->rows);
    if (label < 0 || label >= places) {
        pj_error_at(err, judge->file, NULL, NULL);
        return pj_fail(err, PJ_EARGUMENT, "label %" PRIu64 " is %" PRId64 ", but the output has places 0 to %" PRId64,
                       judge->rows, label, places - 1);
    }
    judge->right += one == label;
    judge->right_other += two == label;
    return PJ_OK;
}

/* The last dimension is that of the classes. */
static pj_status judge_output(pj_rows_judge *judge, const pj_ndarray *a, const pj_ndarray *b, pj_error *err)
{
    const int64_t places = a->dims[a->rank - 1];
    for (int64_t row = 0; places > 0 && row < a->count / places; row++) {
        int64_t one = place_of_largest(a, row, places), two = a == b ? one : place_of_largest(b, row, places);
        judge->agree += one == two;
        if (judge->labels)
            PJ_TRY(judge_label(judge, one, two, places, err));
        judge->rows++;
    }
    return PJ_OK;
}

pj_status pj_rows_judge_add(pj_rows_judge *judge, const pj_ndarray *a, const pj_ndarray *b, size_t count, pj_error *err)
{
    for (size_t i = 0; i < count && !judge->output; i++)
        if (a[i].data && a[i].rank > 0 && a[i].dims[a[i].rank - 1] > 1 && pj_array_is_real(a[i].dtype))
            judge->output = i + 1;
    if (!judge->output || !pj_arrays_compare(&a[judge->output - 1], &b[judge->output - 1]))
        return PJ_OK;
    return judge_output(judge, &a[judge->output - 1], &b[judge->output - 1], err);
}

pj_status pj_rows_judge_end(const pj_rows_judge *judge, pj_error *err)
{
    if (!judge->labels || judge->rows == (uint64_t)judge->labels->count)
        return PJ_OK;
    pj_error_at(err, judge->file, NULL, NULL);
    return pj_fail(err, PJ_EARGUMENT, "holds %" PRId64 " labels, but the samples have %" PRIu64 " rows",
                   judge->labels->count, judge->rows);
}

double pj_rows_share(uint64_t right, const pj_rows_judge *judge)
{
    return judge->labels && judge->rows ? (double)right / (double)judge->rows : NAN;
}
