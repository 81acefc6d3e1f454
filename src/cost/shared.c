/* Constants that several layers read, and by which. */
#include "cost/shared.h"

#include "cost/estimate.h"

/* One constant and its readers so far. */
typedef struct readers {
    const pj_value *value;
    int64_t elements;
    size_t count, last; /* last: number of the layer that read it last, from 1 */
    const char **layer;
} readers;

typedef void (*visit_reader)(readers *at, const pj_layer *layer);

static void count_reader(readers *at, const pj_layer *layer)
{
    (void)layer;
    at->count++;
}

static void name_reader(readers *at, const pj_layer *layer)
{
    if (at->layer)
        at->layer[at->count] = layer->name;
    at->count++;
}

/* Visits each constant once for each layer that reads it. `of` has one entry per value; *count and `order`: those that
 * are read, in the order of their first reader (NULL: not wanted). */
static void each_reader(const pj_precision *precision, const pj_layers *layers, readers *of, visit_reader visit,
                        readers **order, size_t *count)
{
    for (size_t l = 0; l < layers->count; l++) {
        const pj_layer_detail *detail = &layers->detail[l];
        for (int i = 0; i < detail->parameters; i++) {
            const pj_value *root = pj_parameter_root(precision, detail->parameter[i].value);
            readers *at = &of[root->index];
            if (order && at->last == 0)
                order[(*count)++] = at;
            if (at->last == l + 1)
                continue;
            at->value = root;
            at->last = l + 1;
            visit(at, &layers->row[l]);
        }
    }
}

/* Makes room for the names of the layers of each constant that is shared. */
static pj_status list_shared(const pj_precision *precision, readers **order, size_t read, pj_arena *arena,
                             pj_shared_parameter *shared, size_t *count, pj_error *err)
{
    for (size_t i = 0; i < read; i++) {
        readers *at = order[i];
        pj_num elements = pj_type_count(precision->model->symbols, &at->value->type);
        if (at->count > 1 && pj_num_known(elements)) {
            at->layer = PJ_NEW(arena, const char *, at->count);
            PJ_TRY(pj_got(at->layer, err));
            shared[(*count)++] = (pj_shared_parameter){at->value->name, elements.whole, at->layer, at->count};
        }
        at->count = at->last = 0;
    }
    return PJ_OK;
}

pj_status pj_list_shared(const pj_precision *precision, const pj_layers *layers, pj_arena *arena,
                         const pj_shared_parameter **out, size_t *count, pj_error *err)
{
    size_t values = (size_t)precision->model->values, read = 0;
    pj_arena *scratch = pj_arena_new(0);
    readers *of = scratch ? PJ_NEW(scratch, readers, values) : NULL;
    readers **order = scratch ? PJ_NEW(scratch, readers *, values) : NULL;
    *count = 0;
    if (of && order)
        each_reader(precision, layers, of, count_reader, order, &read);
    pj_shared_parameter *shared = of && order ? PJ_NEW(arena, pj_shared_parameter, read) : NULL;
    *out = shared;
    pj_status status = shared ? list_shared(precision, order, read, arena, shared, count, err) : pj_fail_memory(err);
    if (status == PJ_OK)
        each_reader(precision, layers, of, name_reader, NULL, NULL);
    pj_arena_free(scratch);
    return status;
}
