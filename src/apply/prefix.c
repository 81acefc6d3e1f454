/* Prefixes of a model: one for each place to cut at. */
#include <errno.h>

#include "base/str.h"
#include "picojoule/apply.h"
#include "picojoule/layers.h"

typedef struct writing {
    const char *model, *folder;
    const pj_setup *setup;
    pj_str list;
    size_t count;
    pj_error *err;
} writing;

static pj_status write_prefix(writing *w, const char *layer)
{
    pj_model *model = NULL;
    pj_applied *applied = NULL;
    pj_apply_options options = pj_apply_options_default();
    pj_str path = pj_str_new(0);
    pj_str_printf(&path, "%s/prefix_%03zu.onnx", w->folder, ++w->count);
    pj_str_printf(&w->list, "%zu,prefix_%03zu.onnx,\"%s\"\n", w->count, w->count, layer);
    options.out = path.data;
    options.cut_after = layer;
    options.clean = false;
    pj_status status =
        path.failed || w->list.failed ? pj_fail_memory(w->err) : pj_model_open(w->model, w->setup, &model, w->err);
    if (status == PJ_OK)
        status = pj_apply(model, w->setup, &options, &applied, w->err);
    pj_applied_free(applied);
    pj_model_close(model);
    pj_str_free(&path);
    return status;
}

static bool is_named(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static pj_status write_list(const writing *w)
{
    pj_str path = pj_str_new(0);
    pj_str_printf(&path, "%s/prefixes.csv", w->folder);
    FILE *file = path.failed ? NULL : fopen(path.data, "w");
    bool good = file && fputs(w->list.data, file) >= 0;
    good = file && fclose(file) == 0 && good;
    pj_str_free(&path);
    return good ? PJ_OK
                : pj_fail(w->err, PJ_EIO, "%.200s/prefixes.csv cannot be written: %s", w->folder, strerror(errno));
}

/* The places in graph order; the last layer of the main graph, too. */
static pj_status write_all(writing *w, const pj_result *result, size_t every, const char *const *names, size_t count)
{
    const pj_layer *last = NULL;
    size_t costly = 0, found = 0;
    for (size_t i = 0; i < result->layer_count; i++)
        last = result->layers[i].free ? last : &result->layers[i];
    for (size_t i = 0; i < result->layer_count; i++) {
        const pj_layer *layer = &result->layers[i];
        bool named = is_named(layer->name, names, count);
        costly += !layer->free;
        found += named;
        if (named || layer == last || (!count && !layer->free && costly % every == 0))
            PJ_TRY(write_prefix(w, layer->name));
    }
    if (found < count)
        return pj_fail(w->err, PJ_EARGUMENT, "%zu of the %zu layers to cut at are not in %.200s", count - found, count,
                       w->model);
    return write_list(w);
}

pj_status pj_prefixes_write(const char *model, const pj_setup *setup, const char *folder, size_t every,
                            const char *const *names, size_t name_count, pj_error *err)
{
    pj_result *result = NULL;
    writing w = {.model = model, .folder = folder, .setup = setup, .list = pj_str_new(0), .err = err};
    PJ_TRY(pj_result_open(model, setup, &result, err));
    pj_str_add(&w.list, "prefix,file,layer\n");
    pj_status status = write_all(&w, result, every ? every : 1, names, name_count);
    pj_str_free(&w.list);
    pj_result_free(result);
    return status;
}
