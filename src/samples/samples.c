/* One sample after another. */
#include "samples/samples.h"

#include "base/limits.h"
#include "samples/npy.h"

struct pj_samples {
    pj_arena *arena; /* lives as long as the samples */
    pj_arena *file;  /* the file that is open */
    pj_arena *part;  /* the sample that was handed out */
    pj_data data;
    pj_sample_slot *slot;
    size_t slots;
    pj_sample_list list;
    uint64_t read;     /* samples that were handed out since the start */
    size_t next_file;  /* of the list */
    pj_ndarray *whole; /* of the open file, by slot; NULL: none is open */
    bool *is_whole;
    int64_t samples, next_part;
};

/* ---- inputs ---- */

/* Rows of the constant table that an input looks up; 2, a mask, where it looks up none. */
static int64_t rows_of(const pj_model *model, const pj_value *input)
{
    const pj_graph *graph = model->graph;
    for (int i = 0; i < graph->nodes; i++) {
        const pj_node *node = graph->node[i];
        if (strcmp(node->op, "Gather") != 0 || node->inputs < 2 || node->in[1] != input || !node->in[0])
            continue;
        const pj_tensor *table = node->in[0]->tensor;
        const int64_t axis = pj_node_int(node, "axis", 0);
        if (table && axis >= 0 && axis < table->rank && table->dims[axis] > 0)
            return table->dims[axis];
    }
    return 2;
}

static pj_status read_slot(pj_samples *s, const pj_model *model, const pj_value *input, pj_sample_slot *out,
                           pj_error *err)
{
    const pj_type *type = &input->type;
    if (type->kind != PJ_TENSOR || !pj_array_is_real(type->dtype))
        return pj_fail(err, PJ_EARGUMENT, "input \"%.200s\" is no tensor of numbers, so there are no samples for it",
                       input->name);
    *out =
        (pj_sample_slot){.name = input->name, .dtype = type->dtype, .rank = type->rank, .below = rows_of(model, input)};
    int64_t *dims = PJ_NEW(s->arena, int64_t, type->rank > 0 ? type->rank : 0);
    out->symbol = PJ_NEW(s->arena, const char *, type->rank > 0 ? type->rank : 0);
    PJ_TRY(pj_got(dims && out->symbol, err));
    for (int k = 0; k < type->rank; k++) {
        pj_str text = pj_str_new(0);
        dims[k] = pj_num_known(type->dims[k]) ? type->dims[k].whole : -1;
        if (pj_num_symbolic(type->dims[k]))
            pj_num_print(type->dims[k], &text);
        out->symbol[k] = pj_str_keep(&text, s->arena);
        PJ_TRY(pj_got(out->symbol[k], err));
    }
    out->dims = dims;
    return PJ_OK;
}

static pj_status read_slots(pj_samples *s, const pj_model *model, pj_error *err)
{
    const pj_graph *graph = model->graph;
    s->slot = PJ_NEW(s->arena, pj_sample_slot, graph->inputs);
    PJ_TRY(pj_got(s->slot, err));
    for (int i = 0; i < graph->inputs; i++)
        PJ_TRY(read_slot(s, model, graph->in[i], &s->slot[s->slots++], err));
    return s->slots ? PJ_OK : pj_fail(err, PJ_EARGUMENT, "the model has no inputs, so samples change nothing");
}

/* ---- opening ---- */

static pj_status open_all(pj_samples *s, const pj_model *model, pj_error *err)
{
    s->file = pj_arena_new(0);
    s->part = pj_arena_new(0);
    PJ_TRY(pj_got(s->file && s->part, err));
    PJ_TRY(read_slots(s, model, err));
    s->is_whole = PJ_NEW(s->arena, bool, s->slots);
    PJ_TRY(pj_got(s->is_whole, err));
    if (s->data.path)
        return pj_samples_list(s->data.path, s->slot, s->slots, s->arena, &s->list, err);
    for (size_t i = 0; i < s->slots; i++)
        if (s->slot[i].rank < 0)
            return pj_fail(err, PJ_EARGUMENT,
                           "the rank of input \"%.200s\" is not known, so no random numbers can be "
                           "made for it; give samples with --data",
                           s->slot[i].name);
    return PJ_OK;
}

pj_status pj_samples_open(const pj_data *data, const pj_model *model, pj_samples **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_samples *s = arena ? PJ_NEW(arena, pj_samples, 1) : NULL;
    *out = NULL;
    if (!s) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *s = (pj_samples){.arena = arena, .data = *data};
    pj_status status = open_all(s, model, err);
    if (status == PJ_OK)
        *out = s;
    else
        pj_samples_close(s);
    return status;
}

void pj_samples_close(pj_samples *samples)
{
    if (!samples)
        return;
    pj_arena_free(samples->file);
    pj_arena_free(samples->part);
    pj_arena_free(samples->arena);
}

void pj_samples_rewind(pj_samples *samples)
{
    samples->read = 0;
    samples->next_file = 0;
    samples->whole = NULL;
}

size_t pj_samples_slots(const pj_samples *samples)
{
    return samples->slots;
}

const pj_sample_slot *pj_samples_slot(const pj_samples *samples, size_t index)
{
    return &samples->slot[index];
}

const char *pj_samples_told(const pj_samples *samples, uint64_t count, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    const char *plural = count == 1 ? "" : "s";
    if (samples->data.path)
        pj_str_printf(&text, "%" PRIu64 " sample%s of %s", count, plural, samples->data.path);
    else
        pj_str_printf(&text, "%" PRIu64 " random sample%s (seed %" PRIu64 ")", count, plural, samples->data.seed);
    return pj_str_keep(&text, arena);
}

/* ---- files ---- */

static const pj_ndarray *find(const pj_ndarrays *arrays, const char *name)
{
    for (size_t i = 0; i < arrays->count; i++)
        if (strcmp(arrays->array[i].name, name) == 0)
            return &arrays->array[i];
    return NULL;
}

/* numpy.savez() gives arrays without a name these. */
static bool has_no_name(const char *name)
{
    return !*name || (strncmp(name, "arr_", 4) == 0 && name[4] && strspn(name + 4, "0123456789") == strlen(name + 4));
}

/* By name; by place where the file has no names, and where there is one of both. */
static pj_status match(pj_samples *s, const pj_ndarrays *arrays, pj_ndarray *out, pj_error *err)
{
    bool nameless = arrays->count == s->slots;
    for (size_t i = 0; i < arrays->count; i++)
        nameless = nameless && has_no_name(arrays->array[i].name);
    for (size_t i = 0; i < s->slots; i++) {
        const pj_ndarray *array = find(arrays, s->slot[i].name);
        if (!array && (nameless || (arrays->count == 1 && s->slots == 1)))
            array = &arrays->array[i];
        if (!array)
            return pj_fail(err, PJ_EARGUMENT,
                           "holds no array \"%.100s\" for that input; it has %zu, the first is \"%.100s\"",
                           s->slot[i].name, arrays->count, arrays->array[0].name);
        out[i] = *array;
    }
    return PJ_OK;
}

static pj_status fit_type(pj_samples *s, const pj_sample_slot *slot, pj_ndarray *array, pj_error *err)
{
    if (array->dtype == slot->dtype)
        return PJ_OK;
    if (s->data.cast)
        return pj_array_cast(array, slot->dtype, s->file, array, err);
    return pj_fail(err, PJ_EARGUMENT, "%s is given, but input \"%.100s\" wants %s; --cast converts",
                   pj_dtype_word(array->dtype), slot->name, pj_dtype_word(slot->dtype));
}

static pj_status read_files(pj_samples *s, const pj_sample_files *files, pj_ndarray *out, pj_error *err)
{
    pj_ndarrays arrays;
    if (files->count == 1) {
        PJ_TRY(pj_arrays_read(files->path[0], s->file, &arrays, err));
        return match(s, &arrays, out, err);
    }
    for (size_t i = 0; i < files->count; i++) {
        PJ_TRY(pj_arrays_read(files->path[i], s->file, &arrays, err));
        if (arrays.count != 1) {
            pj_error_at(err, files->path[i], NULL, NULL);
            return pj_fail(err, PJ_EARGUMENT, "holds %zu arrays; one is wanted, for input \"%.100s\"", arrays.count,
                           s->slot[i].name);
        }
        out[i] = arrays.array[0];
    }
    return PJ_OK;
}

static pj_status open_next(pj_samples *s, pj_error *err)
{
    const pj_sample_files *files = &s->list.file[s->next_file++];
    pj_arena_reset(s->file);
    pj_ndarray *arrays = PJ_NEW(s->file, pj_ndarray, s->slots);
    PJ_TRY(pj_got(arrays, err));
    pj_status status = read_files(s, files, arrays, err);
    for (size_t i = 0; i < s->slots && status == PJ_OK; i++)
        status = fit_type(s, &s->slot[i], &arrays[i], err);
    if (status == PJ_OK)
        status = pj_samples_split(s->slot, arrays, s->slots, &s->samples, s->is_whole, err);
    if (status != PJ_OK) {
        pj_error_at(err, files->path[0], NULL, NULL);
        return status;
    }
    s->whole = arrays;
    s->next_part = 0;
    return PJ_OK;
}

/* ---- samples ---- */

static pj_status make_random(pj_samples *s, pj_ndarray *out, pj_error *err)
{
    for (size_t i = 0; i < s->slots; i++)
        if (!pj_sample_random(&s->slot[i], s->data.seed, s->read, i, s->part, &out[i]))
            return pj_arena_failed(s->part)
                       ? pj_fail_memory(err)
                       : pj_fail(err, PJ_ELIMIT,
                                 "random numbers for input \"%.200s\" are too many, or of no type that "
                                 "they can be made in",
                                 s->slot[i].name);
    return PJ_OK;
}

static pj_status take_part(pj_samples *s, pj_ndarray *out, pj_error *err)
{
    for (size_t i = 0; i < s->slots; i++)
        if (!pj_sample_part(&s->slot[i], &s->whole[i], s->samples, s->is_whole[i], s->next_part, s->part, &out[i]))
            return pj_fail_memory(err);
    if (++s->next_part == s->samples)
        s->next_part = -1; /* the file stays until the next sample is asked for */
    return PJ_OK;
}

pj_status pj_samples_next(pj_samples *s, const pj_ndarray **out, pj_error *err)
{
    *out = NULL;
    if (s->data.most && s->read >= s->data.most)
        return PJ_OK;
    pj_arena_reset(s->part);
    pj_ndarray *arrays = PJ_NEW(s->part, pj_ndarray, s->slots);
    PJ_TRY(pj_got(arrays, err));
    if (!s->data.path) {
        if (s->read >= s->data.random)
            return PJ_OK;
        PJ_TRY(make_random(s, arrays, err));
    } else {
        if (s->whole && s->next_part < 0)
            s->whole = NULL;
        if (!s->whole && s->next_file == s->list.count)
            return PJ_OK;
        if (!s->whole)
            PJ_TRY(open_next(s, err));
        PJ_TRY(take_part(s, arrays, err));
    }
    s->read++;
    *out = arrays;
    return PJ_OK;
}
