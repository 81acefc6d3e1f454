/* From what is asked to phases, points and what they come to. */
#include "generate/generate.h"

#include "infer/bind.h"
#include "infer/step.h"
#include "ir/describe.h"
#include "ops/op.h"
#include "quant/plan_file.h"
#include "setup/setup.h"

/* A generation under construction. */
typedef struct work {
    pj_generation *out;
    pj_arena *arena;
    const pj_generation_ask *ask;
    pj_stepper prompt, step; /* of the model of the prompt, and of the steps, which may be the same */
    pj_stepper *steps;
    pj_model *second;
    pj_format kv_format;
    bool with_changes;
    pj_error *err;
} work;

pj_generation_ask pj_generation_ask_default(void)
{
    return (pj_generation_ask){.prompt = 1, .tokens = 1, .batch = 1, .tokens_per_step = 1, .accepted = 1};
}

/* ---- what is asked ---- */

static pj_status check_number(const work *w, const char *name, int64_t value)
{
    return value >= 1 && value <= INT32_MAX
               ? PJ_OK
               : pj_fail(w->err, PJ_ECONFLICT, "%s is %" PRId64 ": wants a whole number from 1 to 2147483647", name,
                         value);
}

static pj_status check_ask(const work *w)
{
    const pj_generation_ask *ask = w->ask;
    PJ_TRY(check_number(w, "prompt", ask->prompt));
    PJ_TRY(check_number(w, "tokens", ask->tokens));
    PJ_TRY(check_number(w, "batch", ask->batch));
    PJ_TRY(check_number(w, "tokens-per-step", ask->tokens_per_step));
    if (!(ask->accepted >= 1 && ask->accepted <= (double)ask->tokens_per_step))
        return pj_fail(w->err, PJ_ECONFLICT,
                       "%g accepted tokens of %" PRId64 " in a step: wants a number from 1 to %" PRId64, ask->accepted,
                       ask->tokens_per_step, ask->tokens_per_step);
    for (size_t i = 0; i < ask->point_count; i++)
        if (ask->points[i] < 1 || ask->points[i] > INT32_MAX)
            return pj_fail(w->err, PJ_ECONFLICT, "a context of %" PRId64 " tokens is none", ask->points[i]);
    return PJ_OK;
}

static pj_status read_format(work *w)
{
    pj_format weights;
    if (!w->ask->kv_format)
        return w->ask->scale_per_token
                   ? pj_fail(w->err, PJ_ECONFLICT, "scales of the cache go with a format of it: --kv-format int8")
                   : PJ_OK;
    PJ_TRY(pj_quantize_parse("--kv-format", w->ask->kv_format, &weights, &w->kv_format, w->err));
    const pj_roles *roles = w->steps->roles;
    for (size_t i = 0; i < roles->cache_count; i++)
        if (pj_dtype_is_integer(roles->caches[i].in->declared.dtype))
            return pj_fail(w->err, PJ_ECONFLICT,
                           "the cache '%.100s' holds integers already: --kv-format is for caches of floats",
                           roles->caches[i].in->name);
    w->prompt.kv_format = w->step.kv_format = &w->kv_format;
    w->prompt.scale_per_token = w->step.scale_per_token = w->ask->scale_per_token;
    return PJ_OK;
}

/* ---- two files ---- */

static int64_t dim_at(const pj_value *value, int axis)
{
    const pj_type *type = &value->declared;
    return axis >= 0 && axis < type->rank && pj_num_known(type->dims[axis]) ? type->dims[axis].whole : -1;
}

/* The caches of both have to be alike. */
static pj_status compare_caches(const work *w)
{
    const pj_roles *a = w->prompt.roles, *b = w->step.roles;
    if (a->cache_count && a->cache_count != b->cache_count)
        return pj_fail(w->err, PJ_EARGUMENT, "the model of the steps has %zu caches, that of the prompt %zu",
                       b->cache_count, a->cache_count);
    for (size_t i = 0; i < a->cache_count; i++) {
        const pj_value *x = a->caches[i].in, *y = b->caches[i].in;
        for (int k = 0; k < x->declared.rank; k++)
            if (x->declared.rank != y->declared.rank || dim_at(x, k) != dim_at(y, k))
                return pj_fail(w->err, PJ_EARGUMENT,
                               "the cache '%.80s' of the model of the steps has %" PRId64 " on axis %d, that of the "
                               "prompt, '%.80s', %" PRId64,
                               y->name, dim_at(y, k), k, x->name, dim_at(x, k));
    }
    return PJ_OK;
}

static pj_status open_models(work *w, pj_model *model)
{
    const pj_generation_ask *ask = w->ask;
    w->steps = ask->step_path ? &w->step : &w->prompt;
    pj_status opened = pj_stepper_open(&w->prompt, model, ask->setup, ask->recompute, w->err);
    if (ask->step_path && opened == PJ_EARGUMENT && w->prompt.roles)
        opened = PJ_OK; /* a decoder_model.onnx has no cache yet */
    PJ_TRY(opened);
    if (!ask->step_path)
        return PJ_OK;
    PJ_TRY(pj_model_open(ask->step_path, NULL, &w->second, w->err));
    PJ_TRY(pj_stepper_open(&w->step, w->second, ask->setup, false, w->err));
    return compare_caches(w);
}

/* ---- phases ---- */

static void fill_device(const work *w, const pj_step_figures *figures, size_t d, double tokens,
                        const pj_generation_phase *phase, pj_generation_device *out)
{
    const double *value = &figures->value[PJ_STEP_ENERGIES + PJ_STEP_OF_DEVICE * d];
    pj_device_sheet sheet = pj_device_sheet_of(w->steps->device[d]);
    double bytes = ((double)phase->weight_bits + (double)phase->kv_read_bits + (double)phase->kv_written_bits +
                    (double)phase->activation_read_bits + (double)phase->activation_written_bits) /
                   8;
    bool is_gpu = strcmp(pj_device_class(w->steps->device[d]), "gpu") == 0;
    double served = is_gpu ? pj_served_joules(bytes, (double)phase->flops, sheet.watts, sheet.bytes_per_second,
                                              sheet.ops_per_second) *
                                 1e12
                           : NAN;
    *out = (pj_generation_device){.energy_pj = value[0] < 0 ? -1 : value[0],
                                  .time_us = value[1] < 0 ? -1 : value[1],
                                  .served_pj = isnan(served) ? -1 : served,
                                  .tokens_per_s = value[1] > 0 ? tokens / value[1] * 1e6 : -1,
                                  .ops_per_byte = bytes > 0 ? (double)phase->flops / bytes : -1,
                                  .ridge =
                                      sheet.bytes_per_second > 0 ? sheet.ops_per_second / sheet.bytes_per_second : NAN};
    out->is_memory_bound = out->ops_per_byte >= 0 && out->ops_per_byte < out->ridge;
}

void pj_generation_phase_of(const pj_step_figures *figures, int64_t runs, pj_generation_phase *out)
{
    const double *value = figures->value;
    *out = (pj_generation_phase){.runs = runs};
#define PJ_PHASE_MEMBER(name, member) out->member = figures->count[name];
    PJ_STEP_COUNTS(PJ_PHASE_MEMBER)
#undef PJ_PHASE_MEMBER
    out->exported = (pj_energy){value[PJ_STEP_E_EXPORTED], value[PJ_STEP_E_EXPORTED + 1], value[PJ_STEP_E_EXPORTED + 2],
                                value[PJ_STEP_E_EXPORTED + 3]};
    out->weights_pj = value[PJ_STEP_E_WEIGHTS];
    out->kv_cache_pj = value[PJ_STEP_E_CACHE];
    out->activations_pj = value[PJ_STEP_E_ACTIVATIONS];
    out->arithmetic_pj = value[PJ_STEP_E_ARITHMETIC];
    out->total_pj = out->weights_pj + out->kv_cache_pj + out->activations_pj + out->arithmetic_pj;
}

/* `tokens`: that come out of it. As exported, what in place leaves out of the layers is what the cache costs. */
static pj_status fill_phase(work *w, const pj_step_figures *figures, int64_t runs, double tokens,
                            pj_generation_phase *out)
{
    const size_t devices = w->steps->setup.device_count;
    pj_generation_device *device = PJ_NEW(w->arena, pj_generation_device, devices + 1);
    pj_generation_phase_of(figures, runs, out);
    if (w->ask->as_exported) {
        out->weights_pj = out->exported.parameters;
        out->arithmetic_pj = out->exported.op_cost;
        out->kv_cache_pj = out->exported.inputs + out->exported.outputs - out->activations_pj;
        out->total_pj = pj_energy_total(&out->exported);
    }
    out->devices = device;
    for (size_t d = 0; device && d < devices; d++)
        fill_device(w, figures, d, tokens, out, &device[d]);
    return pj_got(device, w->err);
}

static void add_figures(pj_step_figures *sum, const pj_step_figures *more)
{
    for (int c = 0; c < PJ_STEP_COUNT; c++)
        sum->count[c] = pj_add_most(sum->count[c], more->count[c]);
    for (int v = 0; v < PJ_STEP_VALUES; v++)
        sum->value[v] = sum->value[v] < 0 || more->value[v] < 0 ? -1 : sum->value[v] + more->value[v];
}

static pj_status check_positions(work *w)
{
    const pj_generation *g = w->out;
    pj_str what = pj_str_new(200);
    pj_status status = PJ_OK;
    int64_t limit = pj_step_limit(w->steps->roles, w->ask->batch, &what);
    int64_t prompt = g->has_encoder ? 1 : w->ask->prompt,
            last = g->first_past + g->decode_steps - 1 + w->ask->tokens_per_step;
    int64_t need = g->decode_steps && last > prompt ? last : prompt;
    if (limit >= 0 && need > limit)
        status =
            pj_fail(w->err, PJ_EARGUMENT, "the model has %s; prompt %" PRId64 " and %" PRId64 " tokens need %" PRId64,
                    what.data, prompt, w->ask->tokens, need);
    w->out->positions = limit;
    pj_str_free(&what);
    return status;
}

static pj_status run_prefill(work *w, pj_step_figures *out)
{
    const pj_generation_ask *ask = w->ask;
    int64_t priced = 0, prompt = w->out->has_encoder ? 1 : ask->prompt;
    pj_series series = {prompt, 0, ask->batch, 1, 0, 0};
    if (ask->prompt_by_steps)
        series = (pj_series){1, 0, ask->batch, prompt, 0, 1};
    pj_status status = pj_series_sum(&w->prompt, &series, out, &priced, w->err);
    w->out->priced += priced;
    return status;
}

static pj_status run_decode(work *w, pj_step_figures *out)
{
    const pj_generation_ask *ask = w->ask;
    int64_t priced = 0;
    pj_series series = {ask->tokens_per_step, w->out->first_past, ask->batch, w->out->decode_steps, 0, 1};
    const pj_roles *roles = w->steps->roles;
    memset(out, 0, sizeof *out);
    if (!series.count)
        return PJ_OK;
    int64_t stride =
        roles->cache_count && roles->caches[0].is_paged ? dim_at(roles->caches[0].in, roles->caches[0].axis) : 1;
    if (stride <= 1 || series.count <= 64) {
        pj_status status = pj_series_sum(w->steps, &series, out, &priced, w->err);
        w->out->priced += priced;
        return status;
    }
    for (int64_t r = 0; r < stride && r < series.count; r++) { /* tables of blocks grow by steps of `stride` */
        pj_step_figures part;
        pj_series each = {series.tokens, series.past + r, series.batch, (series.count - r + stride - 1) / stride, 0,
                          stride};
        PJ_TRY(pj_series_sum(w->steps, &each, &part, &priced, w->err));
        w->out->priced += priced;
        add_figures(out, &part);
    }
    return PJ_OK;
}

/* N runs, each of one token more, and nothing kept. */
static pj_status run_again(work *w, pj_step_figures *first, pj_step_figures *rest)
{
    const pj_generation_ask *ask = w->ask;
    int64_t priced = 0;
    pj_series one = {ask->prompt, 0, ask->batch, 1, 0, 0};
    pj_series more = {ask->prompt + 1, 0, ask->batch, ask->tokens - 1, 1, 0};
    PJ_TRY(pj_series_sum(&w->prompt, &one, first, &priced, w->err));
    memset(rest, 0, sizeof *rest);
    if (more.count)
        PJ_TRY(pj_series_sum(&w->prompt, &more, rest, &priced, w->err));
    w->out->priced += priced + 1;
    return PJ_OK;
}

static pj_status run_phases(work *w)
{
    pj_generation *g = w->out;
    const pj_generation_ask *ask = w->ask;
    pj_step_figures prefill, decode, request;
    double out = (double)ask->batch, all = (double)ask->batch * (double)ask->tokens;
    if (ask->recompute) {
        PJ_TRY(run_again(w, &prefill, &decode));
    } else {
        PJ_TRY(run_prefill(w, &prefill));
        PJ_TRY(run_decode(w, &decode));
    }
    request = prefill;
    for (int c = 0; c < PJ_STEP_COUNT; c++)
        if (!pj_add_i64(prefill.count[c], decode.count[c], &request.count[c]))
            return pj_fail(w->err, PJ_EOVERFLOW, "a count of the request does not fit 64 bits");
    for (int v = 0; v < PJ_STEP_VALUES; v++)
        request.value[v] = prefill.value[v] < 0 || decode.value[v] < 0 ? -1 : prefill.value[v] + decode.value[v];
    int64_t first = ask->prompt_by_steps ? ask->prompt : 1;
    PJ_TRY(fill_phase(w, &prefill, first, out, &g->prefill));
    PJ_TRY(fill_phase(w, &decode, g->decode_steps, all - out, &g->decode));
    PJ_TRY(fill_phase(w, &request, first + g->decode_steps, all, &g->request));
    g->layers = prefill.layers;
    g->uncounted = prefill.uncounted > decode.uncounted ? prefill.uncounted : decode.uncounted;
    g->kv_token_bits = w->steps->token_bits ? w->steps->token_bits : w->prompt.token_bits;
    g->prompt_token_pj = g->prefill.total_pj / ((double)ask->batch * (double)ask->prompt);
    g->decode_token_pj = g->decode_steps ? g->decode.total_pj / (all - out) : NAN;
    g->out_token_pj = g->request.total_pj / all;
    return PJ_OK;
}

static pj_status run_points(work *w)
{
    pj_generation *g = w->out;
    const pj_generation_ask *ask = w->ask;
    int64_t last = g->first_past + (g->decode_steps ? g->decode_steps - 1 : 0);
    const int64_t usual[] = {g->first_past, g->first_past + (last - g->first_past) / 2, last};
    size_t count = ask->point_count ? ask->point_count : g->decode_steps > 2 ? 3 : g->decode_steps ? 1 : 0;
    pj_generation_point *points = PJ_NEW(w->arena, pj_generation_point, count + 1);
    PJ_TRY(pj_got(points, w->err));
    g->points = points;
    for (size_t i = 0; i < count && !ask->recompute; i++) {
        pj_step_figures step;
        int64_t past = ask->point_count ? ask->points[i] - 1 : usual[i];
        PJ_TRY(pj_step_measure(w->steps, ask->tokens_per_step, past, ask->batch, &step, w->err));
        points[i].past = past;
        PJ_TRY(fill_phase(w, &step, 1, (double)ask->batch, &points[i].step));
        g->point_count++;
    }
    return PJ_OK;
}

/* ---- what they come to ---- */

static double weights_of_step(const pj_generation *g)
{
    return g->decode_steps ? (double)g->decode.weight_bits / (double)g->decode_steps : (double)g->prefill.weight_bits;
}

/* Bits of a weight among the parameters of linear layers; 16 where none are known. */
static double weight_width(const work *w)
{
    double bits = (double)w->out->prefill.weight_bits, numbers = 0;
    const pj_model *model = w->steps->model;
    for (int i = 0; i < model->values; i++) {
        const pj_tensor *tensor = model->value[i]->tensor;
        if (tensor && tensor->rank >= 2)
            numbers += (double)tensor->count * (tensor->dtype == PJ_UINT8 ? 2 : 1);
    }
    return numbers > 0 && bits > 0 ? fmin(32, fmax(1, bits / numbers)) : 16;
}

static pj_status fill_devices(work *w)
{
    pj_generation *g = w->out;
    const size_t count = w->steps->setup.device_count;
    double *batch = PJ_NEW(w->arena, double, count + 1), *has = PJ_NEW(w->arena, double, count + 1), width;
    bool *fits = PJ_NEW(w->arena, bool, count + 1);
    PJ_TRY(pj_got(batch && has && fits, w->err));
    g->compute_bound_batch = batch;
    g->memory_has = has;
    g->fits = fits;
    width = weight_width(w);
    double weights = (double)g->prefill.weight_bits / 8;
    double cache = (double)(g->first_past + g->decode_steps) * (double)w->ask->batch * (double)g->kv_token_bits / 8;
    g->memory_wants = weights + cache;
    for (size_t d = 0; d < count; d++) {
        pj_device_sheet sheet = pj_device_sheet_of(w->steps->device[d]);
        const char *what;
        double wants;
        batch[d] = pj_compute_bound_batch(sheet.ops_per_second, sheet.bytes_per_second, width);
        pj_device_fits(w->steps->device[d], weights, cache, &what, &has[d], &wants);
        fits[d] = wants <= has[d];
        has[d] = *what ? has[d] : NAN;
    }
    return PJ_OK;
}

static void find_experts(work *w)
{
    const pj_model *model = w->steps->model;
    double tokens = (double)w->ask->batch * (double)w->ask->tokens_per_step;
    w->out->experts_at_most = w->out->experts_expected = NAN;
    for (int n = 0; n < model->graph->nodes; n++) {
        const pj_node *node = model->graph->node[n];
        if ((strcmp(node->op, "MoE") != 0 && strcmp(node->op, "QMoE") != 0) || node->inputs < 3 || !node->in[2])
            continue;
        double experts = (double)dim_at(node->in[2], 0), chosen = (double)pj_node_int(node, "k", 1);
        if (node->in[2]->tensor)
            experts = (double)node->in[2]->tensor->dims[0];
        if (experts < 1)
            continue;
        w->out->experts_at_most = fmin(experts, chosen * tokens);
        w->out->experts_expected = pj_experts_read(experts, chosen, tokens);
    }
}

/* ---- roles ---- */

static const char *print_dim(pj_num dim, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    pj_num_print(dim, &text);
    return pj_str_keep(&text, arena);
}

static pj_role_info role_info(const pj_role *role, pj_arena *arena)
{
    return (pj_role_info){.input = role->input ? pj_arena_strdup(arena, role->input->name) : NULL,
                          .axis = role->input ? role->axis : -1,
                          .dim = role->input ? print_dim(role->dim, arena) : NULL,
                          .capacity = -1};
}

static int64_t known_dim(const pj_value *value, int axis)
{
    const pj_type *type = &value->type;
    return axis >= 0 && axis < type->rank && pj_num_known(type->dims[axis]) ? type->dims[axis].whole : 0;
}

static pj_status list_caches(work *w, const pj_cache_role *roles, size_t count, const pj_role_info **out)
{
    pj_role_info *infos = PJ_NEW(w->arena, pj_role_info, count + 1);
    PJ_TRY(pj_got(infos, w->err));
    for (size_t i = 0; i < count; i++) {
        const pj_cache_role *role = &roles[i];
        int rank = role->in->declared.rank, heads = role->axis == rank - 2 ? rank - 3 : role->axis == 1 ? 2 : -1;
        infos[i] = (pj_role_info){.input = pj_arena_strdup(w->arena, role->in->name),
                                  .output = role->out ? pj_arena_strdup(w->arena, role->out->name) : NULL,
                                  .axis = role->axis,
                                  .layout = pj_layout_word(role->layout),
                                  .paged = role->is_paged,
                                  .heads = known_dim(role->in, heads),
                                  .size = known_dim(role->in, rank - 1),
                                  .format = pj_dtype_word(role->in->declared.dtype),
                                  .window = role->window,
                                  .capacity = role->capacity};
        if (role->axis >= 0 && role->axis < rank)
            infos[i].dim = print_dim(role->in->declared.dims[role->axis], w->arena);
    }
    *out = infos;
    return PJ_OK;
}

/* Sizes of heads are known of a bound model, names of dimensions of one that is not. */
static pj_status fill_roles(work *w)
{
    pj_generation *g = w->out;
    const pj_roles *roles = w->steps->roles;
    pj_role_info *totals = PJ_NEW(w->arena, pj_role_info, roles->totals + 1);
    PJ_TRY(pj_got(totals, w->err));
    g->tokens = role_info(&roles->tokens, w->arena);
    g->past = role_info(&roles->past, w->arena);
    g->batch = role_info(&roles->batch, w->arena);
    for (size_t i = 0; i < roles->totals; i++)
        totals[i] = role_info(&roles->total[i], w->arena);
    g->totals = totals;
    g->total_count = roles->totals;
    g->roles_from = roles->by_user ? "user" : roles->by_name ? "names" : "graph";
    g->branch = roles->branch ? pj_arena_strdup(w->arena, roles->branch->name) : NULL;
    g->cache_count = roles->cache_count;
    g->state_count = roles->state_count;
    g->cross_count = roles->cross_count;
    PJ_TRY(list_caches(w, roles->caches, roles->cache_count, &g->caches));
    PJ_TRY(list_caches(w, roles->states, roles->state_count, &g->states));
    PJ_TRY(list_caches(w, roles->cross, roles->cross_count, &g->cross));
    return pj_arena_failed(w->arena) ? pj_fail_memory(w->err) : PJ_OK;
}

/* Names and digests as one analysis of a step tells them, and its findings. */
static pj_status fill_setup(work *w)
{
    pj_generation *g = w->out;
    pj_result *result = NULL;
    pj_setup setup = w->steps->setup;
    if (w->steps->recomputes) {
        setup.step = NULL;
        setup.batch = 0;
    }
    PJ_TRY(pj_analyze(w->steps->model, &setup, &result, w->err));
    pj_finding *findings = PJ_NEW(w->arena, pj_finding, result->finding_count + 1);
    g->setup = pj_setup_copy(&result->setup, w->arena);
    g->setup.step = NULL;
    g->findings = findings;
    for (size_t i = 0; findings && i < result->finding_count; i++) {
        const pj_finding *from = &result->findings[i];
        if (strcmp(from->code, "cache-appended") == 0)
            continue; /* the report has an account of the cache of its own */
        findings[g->finding_count] = *from;
        findings[g->finding_count].node = pj_arena_strdup(w->arena, from->node);
        findings[g->finding_count++].message = pj_arena_strdup(w->arena, from->message);
    }
    pj_result_free(result);
    return pj_arena_failed(w->arena) ? pj_fail_memory(w->err) : PJ_OK;
}

/* ---- all of it ---- */

static int64_t count_steps(const pj_generation_ask *ask)
{
    return (int64_t)ceil((double)(ask->tokens - 1) / ask->accepted);
}

static pj_status generate(work *w, pj_model *model)
{
    pj_generation *g = w->out;
    const pj_generation_ask *ask = w->ask;
    PJ_TRY(check_ask(w));
    PJ_TRY(open_models(w, model));
    PJ_TRY(read_format(w));
    g->model = pj_arena_strdup(w->arena, model->path);
    g->step_model = ask->step_path ? pj_arena_strdup(w->arena, ask->step_path) : NULL;
    g->ask = *ask;
    g->ask.setup = NULL;
    g->ask.kv_format = ask->kv_format ? pj_arena_strdup(w->arena, ask->kv_format) : NULL;
    g->ask.step_path = g->step_model;
    g->ask.points = pj_arena_memdup(w->arena, ask->points, ask->point_count, sizeof *ask->points);
    g->decode_steps = count_steps(ask);
    g->has_encoder = w->steps->roles->source.input != NULL;
    g->first_past = g->has_encoder ? 1 : ask->prompt;
    if (g->has_encoder)
        w->prompt.setup.source_tokens = w->step.setup.source_tokens = ask->prompt;
    PJ_TRY(check_positions(w));
    PJ_TRY(run_phases(w));
    PJ_TRY(run_points(w));
    PJ_TRY(fill_setup(w));
    g->equal_tokens = pj_equal_tokens(weights_of_step(g), (double)g->kv_token_bits);
    double half = ((double)ask->prompt + 1) / 2 / (double)ask->prompt;
    g->causal_macs = g->prefill.macs - (int64_t)((1 - half) * (double)g->prefill.macs_attention);
    find_experts(w);
    PJ_TRY(fill_devices(w));
    return fill_roles(w);
}

pj_status pj_generation_run(pj_model *model, const pj_generation_ask *ask, pj_arena *arena, pj_generation *out,
                            double *weight_bits, pj_error *err)
{
    work w = {.out = out, .arena = arena, .ask = ask, .err = err};
    pj_status status = generate(&w, model);
    *weight_bits = status == PJ_OK ? weight_width(&w) : 16;
    pj_stepper_close(&w.prompt);
    pj_stepper_close(&w.step);
    pj_model_close(w.second);
    return status == PJ_OK && pj_arena_failed(arena) ? pj_fail_memory(err) : status;
}
