/* Rows that name a model: their work and bytes are those of an analysis. */
#include "calibrate/layers.h"

void pj_fit_model_clear(pj_fit_model *last)
{
    pj_result_free(last->result);
    pj_model_close(last->model);
    *last = (pj_fit_model){.arena = last->arena};
}

static pj_status look_at(pj_fit_model *last, const char *path, const char *precision, pj_error *err)
{
    pj_setup setup = pj_setup_default();
    if (last->result && strcmp(last->path, path) == 0 && strcmp(last->precision, precision) == 0)
        return PJ_OK;
    pj_fit_model_clear(last);
    setup.quantize = strcmp(precision, "fp32") == 0 ? NULL : precision;
    last->path = pj_arena_strdup(last->arena, path);
    last->precision = pj_arena_strdup(last->arena, precision);
    PJ_TRY(pj_got(last->path && last->precision, err));
    PJ_TRY(pj_model_open(path, &setup, &last->model, err));
    return pj_analyze(last->model, &setup, &last->result, err);
}

static int list_of(const pj_layer *layer)
{
    int c = 0;
    while (c < PJ_WORK_CLASSES - 1 && strcmp(pj_work_class_words[c], layer->work_class) != 0)
        c++;
    return c;
}

static void add_layer(const pj_layer *layer, pj_fit_row *out)
{
    out->work += (double)(layer->macs > 0 ? layer->macs : layer->flops);
    out->input_bytes += (double)layer->input_bits / 8;
    out->output_bytes += (double)layer->output_bits / 8;
    out->weight_bytes += (double)layer->param_bits / 8;
}

pj_status pj_fit_model_row(pj_fit_model *last, const char *path, const char *layer, const char *precision,
                           pj_fit_row *out, int *list, pj_error *err)
{
    PJ_TRY(look_at(last, path, precision, err));
    const pj_result *result = last->result;
    *list = *layer ? -1 : PJ_MEASURED_NETWORKS;
    for (size_t i = 0; i < result->layer_count; i++) {
        const pj_layer *at = &result->layers[i];
        if (at->free || (*layer && strcmp(at->name, layer) != 0))
            continue;
        if (!at->counted)
            return pj_fail(err, PJ_EFORMAT, "the work of %.120s in %.120s is not known", at->name, path);
        if (*layer) {
            add_layer(at, out);
            *list = list_of(at);
            return PJ_OK;
        }
        const double work = out->work;
        add_layer(at, out);
        out->work = at->macs > 0 ? out->work : work; /* of networks, MACs alone */
    }
    if (*list < 0)
        return pj_fail(err, PJ_EFORMAT, "%.120s has no layer \"%.120s\" that costs anything", path, layer);
    return PJ_OK;
}
