/* Arrays that hold several samples, and the shapes of single ones. */
#include <ctype.h>

#include "base/ckd.h"
#include "samples/samples.h"

/* How an array fits a slot. */
typedef struct fit {
    bool fits;
    int64_t samples;
    bool may_be_whole; /* its first dimension may be a batch of any size */
} fit;

/* Is it a word for the number of samples in a batch? Without a name it is taken for one, too. */
static bool is_batch(const char *symbol)
{
    static const char *const words[] = {"", "n", "b", "bs", NULL};
    char word[32];
    size_t length = 0;
    for (; symbol[length] && length + 1 < sizeof word; length++)
        word[length] = (char)tolower((unsigned char)symbol[length]);
    word[length] = 0;
    for (size_t i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return strstr(word, "batch") != NULL;
}

/* Do dimensions from `first` on fit those of the array from `at` on? */
static bool rest_fits(const pj_sample_slot *slot, const pj_ndarray *array, int first, int at)
{
    for (int i = first; i < slot->rank; i++)
        if (slot->dims[i] >= 0 && slot->dims[i] != array->dims[at + i - first])
            return false;
    return true;
}

static fit fit_of(const pj_sample_slot *slot, const pj_ndarray *array)
{
    if (slot->rank < 0)
        return (fit){true, 1, false};
    if (array->rank == slot->rank + 1 && rest_fits(slot, array, 0, 1) && array->dims[0] > 0)
        return (fit){true, array->dims[0], false};
    if (array->rank != slot->rank)
        return (fit){0};
    if (slot->rank == 0 || array->dims[0] == 0)
        return (fit){rest_fits(slot, array, 0, 0), 1, false};
    if (!rest_fits(slot, array, 1, 1))
        return (fit){0};
    if (slot->dims[0] < 0)
        return is_batch(slot->symbol[0]) ? (fit){true, array->dims[0], true} : (fit){true, 1, false};
    if (slot->dims[0] == 0 || array->dims[0] % slot->dims[0] != 0)
        return (fit){0};
    return (fit){true, array->dims[0] / slot->dims[0], false};
}

static pj_status fail_fit(const pj_sample_slot *slot, const pj_ndarray *array, pj_error *err)
{
    char has[PJ_ARRAY_TEXT], wants[PJ_ARRAY_TEXT];
    pj_ndarray shape = {.dtype = slot->dtype, .rank = slot->rank, .dims = slot->dims};
    return pj_fail(err, PJ_EARGUMENT, "the array is %s, but input \"%.100s\" wants %s (-1: any), or several of these",
                   pj_array_print(array, has), slot->name, pj_array_print(&shape, wants));
}

pj_status pj_samples_split(const pj_sample_slot *slots, const pj_ndarray *arrays, size_t count, int64_t *samples,
                           bool *whole, pj_error *err)
{
    int64_t most = 1;
    for (size_t i = 0; i < count; i++) {
        fit one = fit_of(&slots[i], &arrays[i]);
        if (!one.fits)
            return fail_fit(&slots[i], &arrays[i], err);
        most = one.samples > most && !one.may_be_whole ? one.samples : most;
    }
    bool all_may = true; /* every input has the batch, of the same size: rows are samples of their own */
    for (size_t i = 0; i < count; i++) {
        fit one = fit_of(&slots[i], &arrays[i]);
        all_may = all_may && one.may_be_whole && one.samples == fit_of(&slots[0], &arrays[0]).samples;
    }
    *samples = all_may && count > 0 ? fit_of(&slots[0], &arrays[0]).samples : most;
    for (size_t i = 0; i < count; i++) {
        fit one = fit_of(&slots[i], &arrays[i]);
        whole[i] = *samples == 1 && one.samples != 1 && one.may_be_whole;
        if (one.samples != *samples && !whole[i])
            return pj_fail(err, PJ_EARGUMENT,
                           "there are %" PRId64 " samples of input \"%.100s\", but %" PRId64 " of another one",
                           one.samples, slots[i].name, *samples);
    }
    return PJ_OK;
}

bool pj_sample_part(const pj_sample_slot *slot, const pj_ndarray *array, int64_t samples, bool whole, int64_t i,
                    pj_arena *arena, pj_ndarray *out)
{
    *out = *array;
    out->name = slot->name;
    if (whole || samples == 1) {
        if (slot->rank >= 0 && array->rank == slot->rank + 1) {
            out->rank = slot->rank;
            out->dims = array->dims + 1;
        }
        return true;
    }
    const bool is_stack = array->rank == slot->rank + 1;
    int64_t *dims = pj_arena_memdup(arena, array->dims, (size_t)array->rank, sizeof *dims);
    if (!dims)
        return false;
    dims[0] = array->dims[0] / samples;
    out->dims = is_stack ? dims + 1 : dims;
    out->rank = is_stack ? array->rank - 1 : array->rank;
    out->count = array->count / samples;
    out->bytes = array->bytes / (uint64_t)samples; /* of whole bytes: smaller types come from no file */
    out->data = (const uint8_t *)array->data + (size_t)out->bytes * (size_t)i;
    return true;
}
