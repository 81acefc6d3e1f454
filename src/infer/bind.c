/* Binding dimensions: every declared type of the model is rewritten under the bindings. */
#include "infer/bind.h"

#include <string.h>

#include "base/limits.h"

typedef struct binder {
    pj_model *model;
    pj_map values; /* symbol -> int64_t* */
    pj_error *err;
} binder;

/* ---- names ---- */

/* The text nearest to `name` among the offered ones; offer "" to start. */
static void offer(const char *name, const char *candidate, const char **best, size_t *distance)
{
    size_t found = pj_text_distance(name, candidate, 3);
    if (found < *distance) {
        *distance = found;
        *best = candidate;
    }
}

static pj_status fail_unknown_dim(binder *b, const char *name)
{
    const char *best = NULL, *symbol;
    size_t distance = 4, count = 0;
    pj_str list = pj_str_new(300);
    bool bound;
    for (; (symbol = pj_symbols_name(b->model->symbols, count, &bound)) != NULL; count++) {
        offer(name, symbol, &best, &distance);
        pj_str_printf(&list, "%s%s", count ? ", " : "", symbol);
    }
    pj_status status =
        best ? pj_fail(b->err, PJ_EARGUMENT, "the model has no dimension '%s'; did you mean '%s'?", name, best)
        : count
            ? pj_fail(b->err, PJ_EARGUMENT, "the model has no dimension '%s'; it has %s", name, list.data)
            : pj_fail(b->err, PJ_EARGUMENT, "the model has no dimension '%s'; all its dimensions are numbers", name);
    pj_str_free(&list);
    return status;
}

static pj_status find_input(binder *b, const char *name, pj_value **out)
{
    const pj_graph *graph = b->model->graph;
    const char *best = NULL;
    size_t distance = 4;
    pj_str list = pj_str_new(300);
    for (int i = 0; i < graph->inputs; i++) {
        if (strcmp(graph->in[i]->name, name) == 0) {
            pj_str_free(&list);
            *out = graph->in[i];
            return PJ_OK;
        }
        offer(name, graph->in[i]->name, &best, &distance);
        pj_str_printf(&list, "%s'%s'", i ? ", " : "", graph->in[i]->name);
    }
    pj_status status =
        best ? pj_fail(b->err, PJ_EARGUMENT, "the model has no input '%s'; did you mean '%s'?", name, best)
             : pj_fail(b->err, PJ_EARGUMENT, "the model has no input '%s'; its inputs are %s", name, list.data);
    pj_str_free(&list);
    return status;
}

/* Every --dim must name a symbol of the model. */
static pj_status check_dims(binder *b, const pj_model_options *options)
{
    for (size_t i = 0; i < options->dim_count; i++) {
        const char *symbol;
        bool bound, found = false;
        for (size_t k = 0; !found && (symbol = pj_symbols_name(b->model->symbols, k, &bound)) != NULL; k++)
            found = strcmp(symbol, options->dims[i].name) == 0;
        if (!found)
            return fail_unknown_dim(b, options->dims[i].name);
    }
    return PJ_OK;
}

/* ---- values ---- */

static pj_status set_symbol(binder *b, const char *name, int64_t value, const char *input)
{
    const int64_t *known = pj_map_get(&b->values, name);
    if (known && *known != value)
        return pj_fail(b->err, PJ_EARGUMENT, "input '%s' sets dimension '%s' to %lld, but it is %lld already", input,
                       name, (long long)value, (long long)*known);
    int64_t *copy = pj_arena_memdup(b->model->arena, &value, 1, sizeof value);
    const char *key = pj_arena_strdup(b->model->arena, name);
    return copy && key && pj_map_put(&b->values, key, copy) ? PJ_OK : pj_fail_memory(b->err);
}

/* A dim that is one symbol and nothing else takes the value; in a formula the parts must be bound by --dim. */
static pj_status bind_dim(binder *b, pj_num declared, int64_t value, const char *input)
{
    if (!pj_num_symbolic(declared))
        return PJ_OK;
    pj_str text = pj_str_new(0);
    pj_num_print(declared, &text);
    bool plain = text.data[strcspn(text.data, " +-*/(),")] == 0;
    pj_status status = plain ? set_symbol(b, text.data, value, input) : PJ_OK;
    pj_str_free(&text);
    return status;
}

static pj_status bind_input(binder *b, const pj_input_binding *given)
{
    pj_value *input = NULL;
    PJ_TRY(find_input(b, given->name, &input));
    pj_type *declared = &input->declared;
    pj_dtype dtype = declared->dtype;
    if (given->rank > PJ_MAX_RANK)
        return pj_fail(b->err, PJ_EARGUMENT, "input '%s' is given %d dimensions; at most %d are accepted", given->name,
                       given->rank, PJ_MAX_RANK);
    if (declared->kind != PJ_TENSOR && declared->kind != PJ_KIND_UNKNOWN)
        return pj_fail(b->err, PJ_EARGUMENT, "input '%s' is no tensor, so it has no shape to set", given->name);
    if (given->dtype && (dtype = pj_dtype_of_word(given->dtype)) == PJ_UNDEFINED)
        return pj_fail(b->err, PJ_EARGUMENT, "input '%s': '%s' is no element type", given->name, given->dtype);
    if (declared->rank >= 0 && declared->rank != given->rank)
        return pj_fail(b->err, PJ_EARGUMENT, "input '%s' is given %d dimensions, the model declares %d", given->name,
                       given->rank, declared->rank);
    pj_num dims[PJ_MAX_RANK];
    for (int k = 0; k < given->rank; k++) {
        pj_num before = declared->rank >= 0 ? declared->dims[k] : pj_num_unknown();
        dims[k] = given->dims[k] >= 0 ? pj_num_of(given->dims[k]) : before;
        if (given->dims[k] >= 0)
            PJ_TRY(bind_dim(b, before, given->dims[k], given->name));
    }
    const pj_num *copy = pj_arena_memdup(b->model->arena, dims, (size_t)given->rank, sizeof *dims);
    *declared = pj_type_tensor(dtype, given->rank, copy);
    return copy ? PJ_OK : pj_fail_memory(b->err);
}

/* Symbols that nobody bound count as 1. */
static pj_status assume_symbols(binder *b)
{
    const char *name;
    bool bound;
    for (size_t i = 0; (name = pj_symbols_name(b->model->symbols, i, &bound)) != NULL; i++) {
        if (bound || pj_map_get(&b->values, name))
            continue;
        PJ_TRY(set_symbol(b, name, 1, ""));
        pj_diag_add(&b->model->diags, PJ_DIAG_ASSUMED_DIM, NULL, "dimension '%s' is taken as 1; set it with --dim %s=N",
                    name, name);
    }
    return PJ_OK;
}

/* Dims of inputs that have neither number nor name count as 1, too. */
static pj_status assume_nameless(binder *b)
{
    const pj_graph *graph = b->model->graph;
    for (int i = 0; i < graph->inputs; i++) {
        pj_type *declared = &graph->in[i]->declared;
        pj_num dims[PJ_MAX_RANK];
        bool any = false;
        if (declared->kind != PJ_TENSOR)
            continue;
        for (int k = 0; k < declared->rank; k++) {
            bool unknown = pj_num_is_unknown(declared->dims[k]);
            any = any || unknown;
            dims[k] = unknown ? pj_num_of(1) : declared->dims[k];
        }
        if (!any)
            continue;
        declared->dims = pj_arena_memdup(b->model->arena, dims, (size_t)declared->rank, sizeof *dims);
        if (!declared->dims)
            return pj_fail_memory(b->err);
        pj_diag_add(&b->model->diags, PJ_DIAG_ASSUMED_DIM, NULL,
                    "input '%s' has dimensions without number or name; they are taken as 1; set them with --input "
                    "%s=DIMS",
                    graph->in[i]->name, graph->in[i]->name);
    }
    return PJ_OK;
}

/* Rewrites one type under the bindings. */
static pj_status rewrite(binder *b, pj_type *type)
{
    pj_num dims[PJ_MAX_RANK];
    bool changed = false;
    for (int k = 0; k < type->rank; k++) {
        bool symbolic = pj_num_symbolic(type->dims[k]);
        pj_num now = symbolic ? pj_num_evaluate(b->model->symbols, type->dims[k], &b->values) : type->dims[k];
        dims[k] = pj_num_is_unknown(now) ? type->dims[k] : now;
        changed = changed || symbolic;
    }
    if (!changed)
        return PJ_OK;
    type->dims = pj_arena_memdup(b->model->arena, dims, (size_t)type->rank, sizeof *dims);
    return type->dims ? PJ_OK : pj_fail_memory(b->err);
}

/* Lists for reports which symbol has which value. */
static pj_status list_bound(binder *b)
{
    pj_model *model = b->model;
    const char *name;
    size_t symbols = 0;
    bool bound;
    while (pj_symbols_name(model->symbols, symbols, &bound))
        symbols++;
    pj_dim_binding *dim = PJ_NEW(model->arena, pj_dim_binding, symbols);
    if (!dim)
        return pj_fail_memory(b->err);
    model->dim = dim;
    for (size_t i = 0; (name = pj_symbols_name(model->symbols, i, &bound)) != NULL; i++) {
        pj_num own = bound ? pj_num_symbol(model->symbols, name) : pj_num_unknown();
        const int64_t *given = pj_map_get(&b->values, name);
        if (given || pj_num_known(own))
            dim[model->dims++] = (pj_dim_binding){name, given ? *given : own.whole};
    }
    return PJ_OK;
}

pj_status pj_bind(pj_model *model, const pj_model_options *options, pj_error *err)
{
    binder b = {.model = model, .err = err};
    pj_map_init(&b.values, model->arena);
    PJ_TRY(check_dims(&b, options));
    for (size_t i = 0; i < options->input_count; i++)
        PJ_TRY(bind_input(&b, &options->inputs[i]));
    if (options->unbound_dims_are_one) {
        PJ_TRY(assume_symbols(&b));
        PJ_TRY(assume_nameless(&b));
    }
    PJ_TRY(list_bound(&b));
    if (!b.values.count)
        return PJ_OK;
    for (int i = 0; i < model->values; i++)
        PJ_TRY(rewrite(&b, &model->value[i]->declared));
    return PJ_OK;
}
