/* pj_weights_inspect: from the nodes of a model to a row for each weight. */
#include "base/real.h"
#include "weights/measure.h"

/* One row, and the constant that it is of. */
typedef struct found {
    const pj_node *node;
    pj_constant constant;
    size_t number; /* of what is measured; SIZE_MAX: nothing is */
} found;

typedef struct inspection {
    pj_arena *arena; /* until the end of the call */
    pj_arena *kept;  /* the result's */
    found *row;
    size_t rows, room;
    const pj_constant **constant; /* to be measured, each once */
    size_t constants;
    pj_map seen; /* key of a constant -> its place + 1 */
    pj_error *err;
} inspection;

/* What the caller gets. */
typedef struct result {
    pj_weights weights; /* first: this is what is handed out */
    pj_arena *arena;
    pj_map layers; /* label -> its first row */
} result;

const char *pj_value_set_word(pj_value_set set)
{
    static const char *const words[] = {
        [PJ_VALUES_NONE] = "none",       [PJ_VALUES_ZERO] = "zero", [PJ_VALUES_BINARY] = "binary",
        [PJ_VALUES_TERNARY] = "ternary", [PJ_VALUES_PO2] = "po2",   [PJ_VALUES_ANY] = "any",
    };
    return words[set];
}

pj_weight_options pj_weight_options_default(void)
{
    static const char *const formats[] = {"int2", "int3", "int4", "int5",    "int6",    "int7",
                                          "int8", "fp16", "bf16", "fp8e4m3", "fp8e5m2", "fp4"};
    pj_weight_options options = {
        .formats = formats,
        .format_count = sizeof formats / sizeof *formats,
        .grain = {true, true},
        .rule = {true, true},
        .distinct = true
    };
    return options;
}

static pj_status add_row(inspection *s, const pj_node *node, const pj_constant *constant)
{
    PJ_TRY(pj_got(PJ_GROW(s->arena, s->row, s->rows, s->room), s->err));
    s->row[s->rows++] = (found){node, *constant, SIZE_MAX};
    return PJ_OK;
}

static pj_status find_in_graph(inspection *s, const pj_graph *graph);

static pj_status find_in_node(inspection *s, const pj_node *node)
{
    pj_constant constant;
    for (int i = 0; i < node->inputs; i++)
        if (pj_constant_of(node, i, s->arena, &constant))
            PJ_TRY(add_row(s, node, &constant));
    for (int i = 0; i < node->attrs; i++) {
        const pj_attr *attr = &node->attr[i];
        if (attr->kind == PJ_ATTR_GRAPH)
            PJ_TRY(find_in_graph(s, attr->graph));
        for (int k = 0; attr->kind == PJ_ATTR_GRAPHS && k < attr->count; k++)
            PJ_TRY(find_in_graph(s, attr->graphs[k]));
    }
    return PJ_OK;
}

/* Graphs are at most PJ_MAX_SUBGRAPH_DEPTH deep. */
static pj_status find_in_graph(inspection *s, const pj_graph *graph)
{
    for (int i = 0; i < graph->nodes; i++)
        PJ_TRY(find_in_node(s, graph->node[i]));
    return PJ_OK;
}

/* Where the bytes of a tensor are: names that point to the same place of a file are the same numbers. */
static void add_place(pj_str *key, const pj_tensor *tensor)
{
    bool in_file = tensor && (tensor->storage == PJ_STORED_FILE || tensor->storage == PJ_STORED_EXTERNAL);
    if (in_file)
        pj_str_printf(key, "%d %s %" PRIu64 " %" PRIu64 " %d %d ", (int)tensor->storage,
                      tensor->location ? tensor->location : "", tensor->offset, tensor->length, (int)tensor->dtype,
                      tensor->raw);
    else
        pj_str_printf(key, "%p ", (const void *)tensor);
}

/* The same numbers in the same order have the same key. */
static char *key_of(const pj_constant *c, pj_arena *arena)
{
    const pj_scaling *s = c->scaling;
    pj_str key = pj_str_new(0);
    add_place(&key, c->tensor);
    pj_str_printf(&key, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d", c->lead, c->outer,
                  c->channels, c->inner, c->pitch, (int)c->codes);
    if (s) {
        pj_str_add_char(&key, ' ');
        add_place(&key, s->scale);
        add_place(&key, s->zero);
        pj_str_printf(&key, "%" PRId64 " %" PRId64 " %" PRId64 " %d %d ", s->extent, s->inner, s->block, s->rounds,
                      s->is_sign);
        pj_str_add_double(&key, s->least);
        pj_str_add_char(&key, ' ');
        pj_str_add_double(&key, s->most);
    }
    return pj_str_keep(&key, arena);
}

/* Which constants are to be measured: each once. */
static pj_status list_constants(inspection *s)
{
    s->constant = PJ_NEW(s->arena, const pj_constant *, s->rows);
    size_t *place = PJ_NEW(s->arena, size_t, s->rows);
    pj_map_init(&s->seen, s->arena);
    PJ_TRY(pj_got(s->constant && place, s->err));
    for (size_t i = 0; i < s->rows; i++) {
        if (s->row[i].constant.absent)
            continue;
        char *key = key_of(&s->row[i].constant, s->arena);
        size_t *before = key ? pj_map_get(&s->seen, key) : NULL;
        if (!before) {
            before = &place[s->constants];
            *before = s->constants;
            s->constant[s->constants++] = &s->row[i].constant;
            PJ_TRY(pj_got(key && pj_map_put(&s->seen, key, before), s->err));
        }
        s->row[i].number = *before;
    }
    return PJ_OK;
}

static void copy_noise(const pj_measured *m, const pj_weight_options *options, pj_noise *out)
{
    for (size_t f = 0; f < options->format_count; f++)
        for (int grain = 0; grain < 2; grain++)
            for (int rule = 0; rule < 2; rule++, out++) {
                bool wanted = options->grain[grain] && options->rule[rule];
                *out = (pj_noise){m->scan.squares, wanted ? m->errors.sum[grain][rule][f] : -1};
            }
}

static bool copy_measured(const pj_measured *m, const pj_constant *c, const pj_weight_options *options, pj_arena *arena,
                          pj_weight *out)
{
    const pj_scan *scan = &m->scan;
    pj_noise *noise = PJ_NEW(arena, pj_noise, 4 * options->format_count);
    if (!noise)
        return false;
    copy_noise(m, options, noise);
    out->count = scan->finite + scan->nans + scan->infinities;
    out->channels = c->lead * c->channels;
    out->nans = scan->nans;
    out->infinities = scan->infinities;
    out->zeros = scan->zeros;
    if (scan->finite > 0) {
        out->min = scan->min;
        out->max = scan->max;
        out->mean = scan->sum / (double)scan->finite;
        out->rms = sqrt(scan->squares / (double)scan->finite);
    }
    out->distinct = options->distinct ? m->distinct : -1;
    out->values = pj_values_of(scan);
    out->channel_values = m->channel_values;
    out->noise = noise;
    return true;
}

static pj_status copy_row(const found *from, const pj_measured *measured, const pj_weight_options *options, result *r,
                          pj_weight *out, pj_error *err)
{
    const pj_constant *c = &from->constant;
    const pj_measured *m = from->number == SIZE_MAX ? NULL : &measured[from->number];
    out->layer = pj_arena_strdup(r->arena, from->node->label);
    out->input = c->input;
    out->tensor = pj_arena_strdup(r->arena, c->tensor ? c->tensor->name : c->value->name);
    out->dtype =
        pj_dtype_word(c->tensor ? c->codes != PJ_UNDEFINED ? c->codes : c->tensor->dtype : c->value->type.dtype);
    out->absent = c->absent ? c->absent : m ? m->absent : NULL;
    bool ok = out->layer && out->tensor;
    if (ok && !out->absent && m)
        ok = copy_measured(m, c, options, r->arena, out);
    if (ok && !pj_map_get(&r->layers, out->layer))
        ok = pj_map_put(&r->layers, out->layer, out);
    return pj_got(ok, err);
}

static pj_status copy_formats(const pj_weight_options *options, result *r, pj_error *err)
{
    const char **formats = PJ_NEW(r->arena, const char *, options->format_count);
    for (size_t f = 0; formats && f < options->format_count; f++) {
        formats[f] = pj_arena_strdup(r->arena, options->formats[f]);
        PJ_TRY(pj_got(formats[f], err));
    }
    r->weights.formats = formats;
    r->weights.format_count = options->format_count;
    return pj_got(formats, err);
}

static pj_status inspect(inspection *s, const pj_model *model, const pj_weight_options *options,
                         const pj_measure_options *plan, result *r)
{
    PJ_TRY(copy_formats(options, r, s->err));
    PJ_TRY(find_in_graph(s, model->graph));
    PJ_TRY(list_constants(s));
    PJ_TRY(pj_got(!pj_arena_failed(s->arena), s->err));
    pj_measured *measured = PJ_NEW(s->arena, pj_measured, s->constants);
    pj_weight *weight = PJ_NEW(r->arena, pj_weight, s->rows);
    PJ_TRY(pj_got(measured && weight, s->err));
    PJ_TRY(pj_measure(model, s->constant, s->constants, plan, measured, s->err));
    for (size_t i = 0; i < s->rows; i++)
        PJ_TRY(copy_row(&s->row[i], measured, options, r, &weight[i], s->err));
    for (size_t i = 0; i < s->constants; i++)
        r->weights.bytes += measured[i].absent ? 0 : s->constant[i]->tensor->length;
    r->weights.weight = weight;
    r->weights.count = s->rows;
    return PJ_OK;
}

static pj_status read_options(const pj_weight_options *options, pj_levels *grid, pj_measure_options *out, pj_error *err)
{
    if (options->format_count > PJ_MOST_FORMATS)
        return pj_fail(err, PJ_EARGUMENT, "noise of %zu formats is wanted; at most %d can be had",
                       options->format_count, (int)PJ_MOST_FORMATS);
    for (size_t f = 0; f < options->format_count; f++)
        PJ_TRY(pj_levels_of(options->formats[f], &grid[f], err));
    *out = (pj_measure_options){
        .grid = grid,
        .grids = options->format_count,
        .grain = {options->grain[0], options->grain[1]},
        .rule = {options->rule[0],  options->rule[1] },
        .distinct = options->distinct,
        .threads = options->threads,
        .watch = options->watch,
        .seconds = options->seconds
    };
    return PJ_OK;
}

pj_status pj_weights_inspect(pj_model *model, const pj_weight_options *options, pj_weights **out, pj_error *err)
{
    pj_levels grid[PJ_MOST_FORMATS];
    pj_measure_options plan;
    *out = NULL;
    PJ_TRY(read_options(options, grid, &plan, err));
    inspection s = {.arena = pj_arena_new(0), .kept = pj_arena_new(0), .err = err};
    result *r = s.kept ? PJ_NEW(s.kept, result, 1) : NULL;
    pj_status status = s.arena && r ? PJ_OK : pj_fail_memory(err);
    if (status == PJ_OK) {
        r->arena = s.kept;
        pj_map_init(&r->layers, r->arena);
        status = inspect(&s, model, options, &plan, r);
    }
    if (status == PJ_OK)
        *out = &r->weights;
    else
        pj_arena_free(s.kept);
    if (status != PJ_OK)
        pj_error_at(err, model->path, NULL, NULL);
    pj_arena_free(s.arena);
    return status;
}

void pj_weights_free(pj_weights *weights)
{
    if (weights)
        pj_arena_free(((result *)(void *)weights)->arena);
}

const pj_weight *pj_weights_of(const pj_weights *weights, const char *layer, size_t *count)
{
    const result *r = (const result *)(const void *)weights;
    const pj_weight *first = pj_map_get(&r->layers, layer), *end = weights->weight + weights->count;
    *count = 0;
    for (const pj_weight *at = first; first && at < end && strcmp(at->layer, layer) == 0; at++)
        ++*count;
    return first;
}

pj_noise pj_weight_noise(const pj_weights *weights, const pj_weight *weight, size_t format, pj_grain grain,
                         pj_scale_rule rule)
{
    pj_noise none = {0, -1};
    if (weight->absent || format >= weights->format_count)
        return none;
    return weight->noise[4 * format + 2 * (size_t)grain + (size_t)rule];
}

double pj_noise_db(pj_noise noise)
{
    if (!(noise.noise >= 0) || !(noise.signal > 0) || isinf(noise.signal))
        return NAN;
    return noise.noise > 0 ? 10 * pj_log10(noise.signal / noise.noise) : INFINITY;
}
