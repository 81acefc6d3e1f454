/* What is asked of a change: plan, ranges, target, and whether they belong together. */
#include <string.h>

#include "apply/pass.h"
#include "base/json_write.h"
#include "picojoule/version.h"
#include "plan/noise.h"
#include "plan/target.h"
#include "setup/resource.h"

enum { FEW_SAMPLES = 32 };

/* A resource's contents, as far as they can be read before they are. */
static pj_status add_file(pj_sha256 *sum, const pj_setup *setup, const char *name, pj_error *err)
{
    pj_bytes bytes;
    if (!name)
        return PJ_OK;
    PJ_TRY(pj_resource_find(setup, PJ_RESOURCE_FILE, name, &bytes, err));
    pj_sha256_add(sum, bytes.sha256, sizeof bytes.sha256);
    pj_bytes_free(&bytes);
    return PJ_OK;
}

/* All that decides what is written. */
pj_status pj_asked_digest(const pj_setup *setup, const pj_apply_options *o, char digits[PJ_SHA256_DIGITS + 1],
                          pj_error *err)
{
    pj_sha256 sum = pj_sha256_new();
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s|%s|%d|%s|%d|%d%d%d%d%d|%lld|%d|%llu|%d%d%d%d%d%d%d%d%d%d%d%d%d|", PICOJOULE_VERSION,
                  setup->quantize ? setup->quantize : "", (int)o->scheme, o->target ? o->target : "onnx",
                  (int)o->activations, o->symmetric, o->reduce_range, o->per_tensor, o->asymmetric, o->least_error,
                  (long long)o->block, (int)o->external, (unsigned long long)o->external_min, o->clean, o->annotate,
                  o->name_nodes, o->half_all, o->dynamic_conv, o->force, o->lenient, o->probe, o->io_convert,
                  o->share_concat, o->reuse_data, o->strict_ir, o->prune_global);
    pj_str_add_double(&text, o->prune);
    pj_str_printf(&text, "|%lld:%lld", (long long)o->prune_keep, (long long)o->prune_of);
    for (size_t i = 0; i < o->keep_float_count; i++)
        pj_str_printf(&text, "|%s", o->keep_float[i]);
    for (size_t i = 0; i < o->only_count; i++)
        pj_str_printf(&text, "|only %s", o->only[i]);
    pj_sha256_add(&sum, text.data, text.length);
    bool failed = text.failed;
    pj_str_free(&text);
    if (failed)
        return pj_fail_memory(err);
    PJ_TRY(add_file(&sum, setup, setup->plan, err));
    PJ_TRY(add_file(&sum, setup, o->calibration, err));
    pj_sha256_end(&sum, digits);
    return PJ_OK;
}

/* ---- what is asked ---- */

/* The entry of a plan that "LAYER=FORMAT" is. */
static pj_status put_only(pj_pass *pass, const char *text, pj_json_writer *json)
{
    const char *format = strrchr(text, '=');
    pj_format weights, activations;
    pj_str words[2] = {pj_str_new(0), pj_str_new(0)};
    if (!format || format == text)
        return pj_fail(pass->err, PJ_EARGUMENT, "--only %.200s: expected LAYER=FORMAT, such as /fc/MatMul=w8a16", text);
    PJ_TRY(pj_quantize_parse("--only", format + 1, &weights, &activations, pass->err));
    char *layer = pj_arena_strndup(pass->arena, text, (size_t)(format - text));
    PJ_TRY(pj_got(layer, pass->err));
    pj_number_print(&weights.number, &words[0]);
    pj_number_print(&activations.number, &words[1]);
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "match", layer);
    pj_json_put_made(json, "weights", &words[0]);
    pj_json_put_made(json, "activations", &words[1]);
    pj_json_write_end(json);
    return PJ_OK;
}

/* A plan that changes these layers alone. */
static pj_status read_only(pj_pass *pass)
{
    const pj_apply_options *o = pass->options;
    pj_str text = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&text, false);
    pj_status status = PJ_OK;
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "schema", "picojoule.plan/1");
    pj_json_put_begin(&json, "layers", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; status == PJ_OK && i < o->only_count; i++)
        status = put_only(pass, o->only[i], &json);
    pj_json_write_end(&json);
    pj_json_write_end(&json);
    if (status == PJ_OK && text.failed)
        status = pj_fail_memory(pass->err);
    if (status == PJ_OK)
        status = pj_plan_parse(text.data, text.length, "--only", pass->model, pass->arena, &pass->plan, pass->err);
    pj_str_free(&text);
    return status;
}

/* A plan is for the model that an earlier run has changed, too: then nothing is to be done. */
pj_status pj_asked_read(pj_pass *pass, const pj_setup *setup)
{
    const pj_apply_options *o = pass->options;
    if (o->only_count > 0 && (setup->plan || setup->quantize))
        return pj_fail(pass->err, PJ_EARGUMENT, "--only changes the layers that it names alone: no plan beside it");
    if (o->only_count > 0)
        PJ_TRY(read_only(pass));
    else
        PJ_TRY(pj_plan_read(setup, pass->model, pass->arena, &pass->plan, pass->err));
    pj_map_init(&pass->ranges, pass->arena);
    pj_map_init(&pass->made, pass->arena);
    pass->has_ranges = o->calibration != NULL;
    pass->has_plan = setup->plan || setup->quantize || o->only_count > 0;
    if (pass->has_ranges)
        PJ_TRY(pj_ranges_read(o->calibration, setup, pass->model, pass->arena, &pass->ranges, pass->err));
    pass->for_ort = o->target && strcmp(o->target, "onnxruntime") == 0;
    pass->layer = PJ_NEW(pass->results, pj_applied_layer, pass->model->nodes);
    pass->layer_of = PJ_NEW(pass->arena, pj_applied_layer *, pass->model->nodes);
    pass->rounding = PJ_NEW(pass->arena, pj_rounding, pass->model->nodes);
    pass->out->layers = pass->layer;
    return pass->layer && pass->layer_of && pass->rounding ? PJ_OK : pj_fail_memory(pass->err);
}

/* Is a layer to be computed on integers? */
static bool wants_integers(const pj_pass *pass)
{
    for (const pj_edit_node *node = pass->edit->first; node; node = node->next) {
        pj_wish wish = pj_wish_of(pass, node);
        bool is_integer = wish.activations == PJ_WISH_INT || wish.activations == PJ_WISH_EIGHTH;
        if (is_integer && pj_edit_is_any(node, "Conv ConvTranspose MatMul Gemm"))
            return true;
    }
    return false;
}

/* Is the pair of formats among those of the target? What stays is. */
static bool target_has(const pj_choice_list *list, const pj_format *weights, const pj_format *activations)
{
    if (weights->from == PJ_FROM_NOTHING && activations->from == PJ_FROM_NOTHING)
        return true;
    for (size_t i = 0; i < list->count; i++) {
        const pj_number *w = &list->formats.number[list->choice[i].weights];
        const pj_number *a = &list->formats.number[list->choice[i].activations];
        if ((weights->from == PJ_FROM_NOTHING || pj_number_equal(w, &weights->number)) &&
            (activations->from == PJ_FROM_NOTHING || pj_number_equal(a, &activations->number)))
            return true;
    }
    return false;
}

/* A target of plans says which pairs of formats there are; operators are those of plain ONNX. */
static pj_status check_target(pj_pass *pass, const pj_setup *setup)
{
    const char *name = pass->options->target;
    pj_choice_list *list = PJ_NEW(pass->arena, pj_choice_list, 1);
    pj_target target;
    if (!name || pass->for_ort || strcmp(name, "onnx") == 0)
        return PJ_OK;
    if (!list)
        return pj_fail_memory(pass->err);
    pj_choices_init(list, pass->arena);
    PJ_TRY(pj_target_open(name, setup, list, &target, pass->err));
    for (const pj_edit_node *node = pass->edit->first; node; node = node->next) {
        const pj_plan_formats *formats = node->was ? pass->plan.node[node->was->id] : NULL;
        if (!pj_edit_is_any(node, "Conv ConvTranspose MatMul Gemm") || !node->was)
            continue;
        if (target_has(list, formats && formats->weights.from ? &formats->weights : &pass->plan.weights,
                       formats && formats->activations.from ? &formats->activations : &pass->plan.activations))
            continue;
        pj_error_at(pass->err, NULL, node->was->label, node->op);
        return pj_fail(pass->err, PJ_EARGUMENT, "the target %.100s has no such pair of formats", target.name);
    }
    return PJ_OK;
}

/* Entries that nobody can follow: layers of subgraphs are an error, accumulators of a layer are the runtime's. */
static pj_status check_entries(pj_pass *pass)
{
    static const char inside[] = "it is inside a subgraph or a function, which stay as they are";
    int count;
    pj_node *const *order = pj_model_order(pass->model, pass->arena, &count);
    PJ_TRY(pj_got(order, pass->err));
    for (int i = 0; i < count; i++) {
        const pj_plan_formats *formats = pass->plan.node[order[i]->id];
        const pj_edit_node node = {.was = order[i]};
        bool changes = formats && (formats->weights.from || formats->activations.from);
        if (formats && formats->accumulator.from)
            pj_pass_note(pass, &node,
                         "its accumulator is that of the runtime: what the plan says of it is not written");
        if (!changes || (order[i]->graph == pass->model->graph && order[i]->place >= 0))
            continue;
        if (pass->options->lenient) {
            pj_pass_note(pass, &node, "%s", inside);
            continue;
        }
        pj_error_at(pass->err, NULL, order[i]->label, order[i]->op);
        return pj_fail(pass->err, PJ_EFORMAT, "%s (--lenient leaves it as it is)", inside);
    }
    return PJ_OK;
}

pj_status pj_asked_check(pj_pass *pass, const pj_setup *setup)
{
    const pj_apply_options *o = pass->options;
    const bool integers = wants_integers(pass);
    if (!pass->has_plan && !o->clean && !o->annotate && !o->name_nodes && !o->probe && o->prune == 0 && !o->prune_of)
        return PJ_OK; /* a copy */
    if (integers && o->scheme == PJ_APPLY_AUTO && !o->calibration)
        return pj_fail(pass->err, PJ_EARGUMENT,
                       "activations of 8 bits need ranges (--calibration FILE), or are quantized at run time (--scheme "
                       "dynamic), or stay (--scheme weights)");
    if (integers && o->scheme == PJ_APPLY_STATIC && !o->calibration)
        return pj_fail(pass->err, PJ_EARGUMENT, "--scheme static needs ranges of activations: --calibration FILE");
    const pj_range *samples = pj_map_get(&pass->ranges, "");
    if (samples && samples->max < FEW_SAMPLES)
        pj_pass_note(pass, NULL, "the ranges are of %g samples: with fewer than %d, activations are often cut off",
                     samples->max, FEW_SAMPLES);
    PJ_TRY(check_target(pass, setup));
    PJ_TRY(check_entries(pass));
    if (pass->edit->has_bad_names)
        return pj_fail(pass->err, PJ_EFORMAT, "names of the model hold bytes that are 0, which others would cut short");
    return PJ_OK;
}
