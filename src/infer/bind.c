/* Binding dimensions: every declared type of the model is rewritten under the bindings. */
#include "infer/bind.h"

#include "base/limits.h"
#include "infer/declared.h"

typedef struct binder {
    pj_model *model;
    pj_arena *arena;
    const pj_setup *options;
    pj_map values;    /* symbol -> pj_num */
    pj_num *formula;  /* declared dims that are bound as a whole, `formulas` of them, and ... */
    pj_num *meanings; /* ... their values */
    int formulas;
    pj_node **loop; /* all Loop nodes, where trips are given */
    size_t loops, room;
    const char **target; /* dimension of each --dim with a formula, else NULL */
    pj_error *err;
} binder;

/* Words that a name may have been meant for: the nearest of them, or a list of all. */
typedef struct offers {
    const char *name, *best;
    size_t distance;
    pj_str list;
} offers;

static offers offers_for(const char *name)
{
    return (offers){name, NULL, 4, pj_str_new(300)};
}

static void offer(offers *o, const char *candidate)
{
    size_t found = pj_text_distance(o->name, candidate, 3);
    if (found < o->distance) {
        o->distance = found;
        o->best = candidate;
    }
    pj_str_printf(&o->list, "%s'%s'", o->list.length ? ", " : "", candidate);
}

/* "the model has no input 'x'; did you mean 'y'?", "...; its inputs are 'y', 'z'", or `none`. */
static pj_status fail_offers(binder *b, offers *o, const char *kind, const char *list, const char *none)
{
    if (o->best)
        pj_fail(b->err, PJ_EARGUMENT, "the model has no %s '%s'; did you mean '%s'?", kind, o->name, o->best);
    else if (o->list.length)
        pj_fail(b->err, PJ_EARGUMENT, "the model has no %s '%s'; %s %s", kind, o->name, list, o->list.data);
    else
        pj_fail(b->err, PJ_EARGUMENT, "the model has no %s '%s'; %s", kind, o->name, none);
    pj_str_free(&o->list);
    return PJ_EARGUMENT;
}

static pj_status fail_unknown_dim(binder *b, const char *name)
{
    offers o = offers_for(name);
    const char *symbol;
    bool bound;
    for (size_t i = 0; (symbol = pj_symbols_name(b->model->symbols, i, &bound)) != NULL; i++)
        offer(&o, symbol);
    return fail_offers(b, &o, "dimension", "it has", "all its dimensions are numbers");
}

static pj_status find_input(binder *b, const char *name, pj_value **out)
{
    const pj_graph *graph = b->model->graph;
    offers o = offers_for(name);
    *out = NULL;
    for (int i = 0; i < graph->inputs; i++) {
        if (strcmp(graph->in[i]->name, name) == 0)
            *out = graph->in[i];
        offer(&o, graph->in[i]->name);
    }
    if (!*out)
        return fail_offers(b, &o, "input", "its inputs are", "it has none");
    pj_str_free(&o.list);
    return PJ_OK;
}

/* `input`: the one that gives the value; NULL: none. */
static pj_status set_symbol(binder *b, const char *name, int64_t value, const char *input)
{
    const pj_num *known = pj_map_get(&b->values, name);
    if (known && known->whole != value)
        return input ? pj_fail(b->err, PJ_EARGUMENT, "input '%s' sets dimension '%s' to %lld, but it is %lld already",
                               input, name, (long long)value, (long long)known->whole)
                     : pj_fail(b->err, PJ_EARGUMENT, "dimension '%s' is bound twice: to %lld and to %lld", name,
                               (long long)known->whole, (long long)value);
    const pj_num num = pj_num_of(value);
    pj_num *copy = pj_arena_memdup(b->arena, &num, 1, sizeof num);
    const char *key = pj_arena_strdup(b->arena, name);
    return pj_got(copy && key && pj_map_put(&b->values, key, copy), b->err);
}

static bool is_listed(const binder *b, const char *name)
{
    const char *symbol;
    bool bound, found = false;
    for (size_t i = 0; !found && (symbol = pj_symbols_name(b->model->symbols, i, &bound)) != NULL; i++)
        found = strcmp(symbol, name) == 0;
    return found;
}

static bool is_plain(const char *name)
{
    return name[strcspn(name, " +-*/%(),'")] == 0;
}

/* Is it the text of a declared dim ("past + 1") as a whole? Then that dim has the value. */
static bool bind_formula(binder *b, const char *text, int64_t value)
{
    pj_num meaning;
    if (is_plain(text) || !pj_num_read(b->model->symbols, text, NULL, &meaning) || !pj_num_symbolic(meaning))
        return false;
    for (int i = 0; i < b->model->declareds; i++) {
        const pj_type *type = &b->model->declared[i].original;
        for (int k = 0; k < type->rank; k++)
            if (pj_num_equal(type->dims[k], meaning)) {
                b->formula[b->formulas] = meaning;
                b->meanings[b->formulas++] = pj_num_of(value);
                return true;
            }
    }
    return false;
}

/* Is it a name in a dim like "h/2", which can be read as a formula only when h is known? */
static bool is_in_text(const binder *b, const char *name)
{
    const char *symbol;
    bool bound, found = false;
    pj_num value;
    for (size_t i = 0; !found && (symbol = pj_symbols_name(b->model->symbols, i, &bound)) != NULL; i++)
        found = !is_plain(symbol) && strstr(symbol, name) && pj_num_read(b->model->symbols, symbol, &b->values, &value);
    return found;
}

/* The dimension of "total=past+1". */
static pj_status name_target(binder *b, size_t index)
{
    const char *name = b->options->dims[index].name;
    bool optional = *name == '?';
    name += optional;
    b->target[index] = pj_arena_strndup(b->arena, name, (size_t)(strrchr(name, '=') - name));
    PJ_TRY(pj_got(b->target[index], b->err));
    if (optional && !is_listed(b, b->target[index])) {
        b->target[index] = NULL;
        return PJ_OK;
    }
    return is_listed(b, b->target[index]) ? PJ_OK : fail_unknown_dim(b, b->target[index]);
}

/* Sets the dimension of a formula; *missing is the name in it that has no value yet, or NULL. */
static pj_status bind_target(binder *b, size_t index, const char **missing)
{
    const char *given = b->options->dims[index].name;
    pj_num value;
    if (!pj_num_read(b->model->symbols, strrchr(given, '=') + 1, &b->values, &value))
        return pj_fail(b->err, PJ_EARGUMENT, "--dim %.200s: this is no formula of whole numbers", given);
    *missing = pj_num_missing(value, &b->values);
    if (*missing)
        return is_listed(b, *missing) ? PJ_OK : fail_unknown_dim(b, *missing);
    if (!pj_num_known(value) || value.whole < 0)
        return pj_fail(b->err, PJ_EARGUMENT, "--dim %.200s: this is no size", given);
    PJ_TRY(set_symbol(b, b->target[index], value.whole, NULL));
    b->target[index] = NULL;
    return PJ_OK;
}

/* Formulas of --dim, as often as one of them gives another a value. With `all`, every one has to get one. */
static pj_status bind_formulas(binder *b, bool all)
{
    const char *missing = NULL, *waiting = NULL;
    size_t stuck = 0;
    bool more = true;
    while (more) {
        more = false;
        waiting = NULL;
        for (size_t i = 0; i < b->options->dim_count; i++) {
            if (!b->target[i])
                continue;
            PJ_TRY(bind_target(b, i, &missing));
            more = more || !missing;
            if (missing && !waiting) {
                waiting = missing;
                stuck = i;
            }
        }
    }
    return waiting && all ? pj_fail(b->err, PJ_EARGUMENT, "--dim %.200s: nothing sets '%.100s'",
                                    b->options->dims[stuck].name, waiting)
                          : PJ_OK;
}

/* Does a formula give it a value later? */
static bool is_target(const binder *b, const char *name)
{
    for (size_t i = 0; i < b->options->dim_count; i++)
        if (b->target[i] && strcmp(b->target[i], name) == 0)
            return true;
    return false;
}

static pj_status bind_dims(binder *b)
{
    const pj_setup *options = b->options;
    b->formula = PJ_NEW(b->arena, pj_num, options->dim_count);
    b->meanings = PJ_NEW(b->arena, pj_num, options->dim_count);
    b->target = PJ_NEW(b->arena, const char *, options->dim_count);
    PJ_TRY(pj_got(b->formula && b->meanings && b->target, b->err));
    for (size_t i = 0; i < options->dim_count; i++) {
        const pj_dim_binding *dim = &options->dims[i];
        if (dim->value == PJ_DIM_FORMULA) {
            PJ_TRY(name_target(b, i));
            continue;
        }
        bool optional = *dim->name == '?';
        if (optional && !is_listed(b, dim->name + 1))
            continue;
        if (optional || is_listed(b, dim->name) || !bind_formula(b, dim->name, dim->value))
            PJ_TRY(set_symbol(b, dim->name + optional, dim->value, NULL));
    }
    for (size_t i = 0; i < options->dim_count; i++) {
        const char *name = options->dims[i].name;
        if (pj_map_get(&b->values, name) && !is_listed(b, name) && !is_in_text(b, name))
            return pj_arena_failed(b->model->arena) ? pj_fail_memory(b->err) : fail_unknown_dim(b, name);
    }
    return PJ_OK;
}

/* A dim that is one symbol and nothing else takes the value; in a formula the parts must be bound by --dim. */
static pj_status bind_dim(binder *b, pj_num declared, int64_t value, const char *input)
{
    pj_map none;
    pj_map_init(&none, b->arena);
    const char *name = pj_num_missing(declared, &none);
    if (!name || !pj_num_equal(declared, pj_num_symbol(b->model->symbols, name)))
        return PJ_OK;
    return set_symbol(b, name, value, input);
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
    const pj_num *copy = pj_arena_memdup(b->arena, dims, (size_t)given->rank, sizeof *dims);
    *declared = pj_type_tensor(dtype, given->rank, copy);
    return pj_got(copy, b->err);
}

/* Texts that could not be read as formulas, and can now: "h/2" of a known h. */
static pj_status read_texts(binder *b)
{
    const char *name;
    bool bound;
    pj_num value;
    for (size_t i = 0; (name = pj_symbols_name(b->model->symbols, i, &bound)) != NULL; i++)
        if (!is_plain(name) && !pj_map_get(&b->values, name) &&
            pj_num_read(b->model->symbols, name, &b->values, &value) && pj_num_known(value) && value.whole >= 0)
            PJ_TRY(set_symbol(b, name, value.whole, NULL));
    return PJ_OK;
}

bool pj_bind_uses(const pj_model *model, const char *symbol)
{
    const pj_graph *graph = model->graph;
    pj_num one = pj_num_of(1);
    pj_map map;
    pj_map_init(&map, pj_model_results(model));
    if (!pj_map_put(&map, symbol, &one))
        return true;
    for (int i = 0; i < graph->inputs; i++) {
        const pj_type *type = &graph->in[i]->declared;
        for (int k = 0; k < type->rank; k++)
            if (pj_num_symbolic(type->dims[k]) &&
                !pj_num_equal(pj_num_substitute(model->symbols, type->dims[k], &map), type->dims[k]))
                return true;
    }
    return false;
}

/* Symbols of inputs that are not bound count as 1. Those that only inner declarations name are left alone: what they
 * stand for follows from the inputs, or is not known. */
static pj_status assume_symbols(binder *b)
{
    const char *name;
    bool bound;
    for (size_t i = 0; (name = pj_symbols_name(b->model->symbols, i, &bound)) != NULL; i++) {
        if (bound || pj_map_get(&b->values, name) || !pj_bind_uses(b->model, name) || is_target(b, name))
            continue;
        PJ_TRY(set_symbol(b, name, 1, NULL));
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
        declared->dims = pj_arena_memdup(b->arena, dims, (size_t)declared->rank, sizeof *dims);
        PJ_TRY(pj_got(declared->dims, b->err));
        pj_diag_add(&b->model->diags, PJ_DIAG_ASSUMED_DIM, NULL,
                    "input '%s' has dimensions without number or name; they are taken as 1; set them with --input "
                    "%s=DIMS",
                    graph->in[i]->name, graph->in[i]->name);
    }
    return PJ_OK;
}

/* A declared dim under the bindings; unknown where it would be negative. */
static pj_num bound_dim(const binder *b, pj_num dim)
{
    for (int i = 0; i < b->formulas; i++)
        if (pj_num_equal(dim, b->formula[i]))
            return b->meanings[i];
    pj_num now = pj_num_substitute(b->model->symbols, dim, &b->values);
    return pj_num_known(now) && now.whole < 0 ? pj_num_unknown() : now;
}

/* Rewrites one type, and what is in it. */
static pj_status rewrite(binder *b, pj_type *type)
{
    if (!pj_has_symbol(type))
        return PJ_OK;
    if (type->of) {
        pj_type *of = pj_arena_memdup(b->arena, type->of, 1, sizeof *of);
        type->of = of;
        return of ? rewrite(b, of) : pj_fail_memory(b->err);
    }
    pj_num *dims = pj_arena_memdup(b->arena, type->dims, (size_t)type->rank, sizeof *dims);
    PJ_TRY(pj_got(dims, b->err));
    for (int k = 0; k < type->rank; k++)
        if (pj_num_symbolic(dims[k]))
            dims[k] = bound_dim(b, dims[k]);
    type->dims = dims;
    return PJ_OK;
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
    pj_dim_binding *dim = PJ_NEW(b->arena, pj_dim_binding, symbols + b->options->dim_count);
    PJ_TRY(pj_got(dim, b->err));
    model->dim = dim;
    for (size_t i = 0; (name = pj_symbols_name(model->symbols, i, &bound)) != NULL; i++) {
        const pj_num *value = pj_map_get(&b->values, name);
        if (value)
            dim[model->dims++] = (pj_dim_binding){name, value->whole};
    }
    for (size_t i = 0; i < b->options->dim_count; i++) {
        const pj_dim_binding *given = &b->options->dims[i];
        if (given->value == PJ_DIM_FORMULA || *given->name == '?' || is_listed(b, given->name))
            continue;
        name = pj_arena_strdup(b->arena, given->name);
        PJ_TRY(pj_got(name, b->err));
        dim[model->dims++] = (pj_dim_binding){name, given->value};
    }
    return PJ_OK;
}

static pj_status note_loop(void *payload, pj_node *node)
{
    binder *b = payload;
    if (strcmp(node->op, "Loop") != 0 || *node->domain)
        return PJ_OK;
    PJ_TRY(pj_got(PJ_GROW(b->arena, b->loop, b->loops, b->room), b->err));
    b->loop[b->loops++] = node;
    return PJ_OK;
}

static pj_status give_trips(binder *b, const pj_trips_binding *given)
{
    offers o = offers_for(given->node);
    bool found = false, ok = true;
    const pj_num trips = pj_num_of(given->trips);
    for (size_t i = 0; i < b->loops; i++) {
        const pj_node *node = b->loop[i];
        offer(&o, node->label);
        if (strcmp(node->label, given->node) != 0 && strcmp(node->name, given->node) != 0)
            continue;
        pj_num *copy = pj_arena_memdup(b->arena, &trips, 1, sizeof trips);
        ok = ok && copy && pj_map_put(&b->model->trips, node->label, copy);
        found = true;
    }
    if (!found)
        return fail_offers(b, &o, "Loop", "its loops are", "it has no loop at all");
    pj_str_free(&o.list);
    return pj_got(ok, b->err);
}

static pj_status bind_trips(binder *b)
{
    pj_map_init(&b->model->trips, b->arena);
    if (b->options->trip_count)
        PJ_TRY(pj_each_node(b->model->graph, note_loop, b));
    for (size_t i = 0; i < b->options->trip_count; i++)
        PJ_TRY(give_trips(b, &b->options->trips[i]));
    return PJ_OK;
}

/* An axis of 0 that the file itself declares, and nobody binds: old exporters write it for a size that they do not
 * know, and what has no elements costs nothing. */
static void report_empty(const binder *b, const pj_value *input, const pj_type *original)
{
    const pj_type *type = &input->declared;
    for (int k = 0; k < type->rank && k < original->rank; k++) {
        if (!pj_num_is(type->dims[k], 0) || !pj_num_is(original->dims[k], 0))
            continue;
        pj_diag_add(&b->model->diags, PJ_DIAG_EMPTY_DIM, NULL,
                    "axis %d of input '%s' is 0, so what is computed from it has no elements and costs nothing; set it "
                    "with --input %s=DIMS",
                    k, input->name, input->name);
        return;
    }
}

static void report_empties(const binder *b)
{
    const pj_model *model = b->model;
    for (int i = 0; i < model->graph->inputs; i++)
        for (int k = 0; k < model->declareds; k++)
            if (model->declared[k].type == &model->graph->in[i]->declared)
                report_empty(b, model->graph->in[i], &model->declared[k].original);
}

pj_status pj_bind(pj_model *model, const pj_setup *options, pj_error *err)
{
    binder b = {.model = model, .arena = pj_model_results(model), .options = options, .err = err};
    pj_map_init(&b.values, b.arena);
    if (!model->is_bound)
        PJ_TRY(pj_declared_note(model, err));
    PJ_TRY(bind_dims(&b));
    for (size_t i = 0; i < options->input_count; i++)
        PJ_TRY(bind_input(&b, &options->inputs[i]));
    PJ_TRY(bind_formulas(&b, false));
    PJ_TRY(read_texts(&b));
    if (options->unbound_dims_are_one) {
        PJ_TRY(assume_nameless(&b));
        PJ_TRY(assume_symbols(&b));
        PJ_TRY(bind_formulas(&b, true));
    }
    PJ_TRY(list_bound(&b));
    PJ_TRY(bind_trips(&b));
    for (int i = 0; i < model->declareds; i++)
        PJ_TRY(rewrite(&b, model->declared[i].type));
    report_empties(&b);
    return PJ_OK;
}

void pj_bind_explain(const pj_model *model, pj_error *err)
{
    enum { SHOWN = 2 };
    pj_str text = pj_str_new(sizeof err->what);
    int count = 0;
    for (const pj_diag *at = model->diags.first; at; at = at->next) {
        if (at->code != PJ_DIAG_ASSUMED_DIM || ++count > SHOWN)
            continue;
        pj_str_printf(&text, "%s%s", count > 1 ? "; " : "", at->message);
    }
    if (count > SHOWN)
        pj_str_printf(&text, "; and %d more", count - SHOWN);
    if (count && err) {
        char what[sizeof err->what];
        memcpy(what, err->what, sizeof what);
        pj_fail(err, err->status, "%.*s (%s)", (int)(sizeof what - text.length - 4), what, text.data);
    }
    pj_str_free(&text);
}
