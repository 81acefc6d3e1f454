/* Dimensions that nobody binds and that cannot be 1: the model is inferred with symbols, and what these are compared
 * with is their size. */
#include "infer/fit.h"

#include "infer/bind.h"
#include "infer/infer.h"
#include "infer/step.h"

typedef struct fit {
    pj_model *model;
    pj_arena *arena; /* outlives the results of each attempt */
    pj_setup setup;
    pj_map fixed; /* symbol -> pj_num; unknown: several sizes */
    pj_error *err;
} fit;

/* The symbol that stands for a dimension without number or name. */
static char *stand_in(pj_arena *arena, const pj_value *input, int axis)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s: axis %d", input->name, axis);
    return pj_str_keep(&text, arena);
}

static pj_status name_dims(fit *f)
{
    const pj_graph *graph = f->model->graph;
    for (int i = 0; i < graph->inputs; i++) {
        pj_type *type = &graph->in[i]->declared;
        if (type->kind != PJ_TENSOR || type->rank < 1)
            continue;
        pj_num *dims = pj_arena_memdup(f->arena, type->dims, (size_t)type->rank, sizeof *dims);
        for (int k = 0; dims && k < type->rank; k++) {
            char *name = pj_num_is_unknown(dims[k]) ? stand_in(f->arena, graph->in[i], k) : NULL;
            if (name)
                dims[k] = pj_num_symbol(f->model->symbols, name);
        }
        type->dims = dims;
        PJ_TRY(pj_got(dims && !pj_arena_failed(f->arena), f->err));
    }
    return PJ_OK;
}

/* Infers with symbols; where that fails, what was found until then counts. */
static pj_status find_fixed(fit *f)
{
    pj_error ignored;
    memset(&ignored, 0, sizeof ignored);
    PJ_TRY(pj_unbind(f->model, f->err));
    PJ_TRY(name_dims(f));
    f->setup.unbound_dims_are_one = false;
    PJ_TRY(pj_bind(f->model, &f->setup, f->err));
    f->setup.unbound_dims_are_one = true;
    pj_status status = pj_infer_noting(f->model, &f->model->diags, &f->fixed, &ignored);
    bool is_whole = !pj_symbols_out_of_memory(f->model->symbols) && !pj_arena_failed(f->arena);
    return status == PJ_ENOMEM || !is_whole ? pj_fail_memory(f->err) : PJ_OK;
}

static int64_t fixed_size(const fit *f, const char *name)
{
    const pj_num *size = name ? pj_map_get(&f->fixed, name) : NULL;
    return size && pj_num_known(*size) && size->whole != 1 ? size->whole : -1;
}

/* The fixed dimensions become bindings beside those of the user. */
static pj_status give_fixed(fit *f, const pj_setup *given, pj_str *note)
{
    const pj_graph *graph = f->model->graph;
    pj_dim_binding *dims = PJ_NEW(f->arena, pj_dim_binding, given->dim_count + f->fixed.count);
    pj_input_binding *inputs = PJ_NEW(f->arena, pj_input_binding, given->input_count + (size_t)graph->inputs);
    const char *name;
    bool bound;
    PJ_TRY(pj_got(dims && inputs, f->err));
    if (given->dim_count)
        memcpy(dims, given->dims, given->dim_count * sizeof *dims);
    if (given->input_count)
        memcpy(inputs, given->inputs, given->input_count * sizeof *inputs);
    f->setup.dims = dims;
    f->setup.inputs = inputs;
    for (int i = 0; i < graph->inputs; i++) {
        const pj_value *in = graph->in[i];
        int64_t *sizes = in->declared.rank > 0 ? PJ_NEW(f->arena, int64_t, in->declared.rank) : NULL;
        bool any = false;
        for (int k = 0; sizes && k < in->declared.rank; k++) {
            sizes[k] = pj_num_is_unknown(in->declared.dims[k]) ? fixed_size(f, stand_in(f->arena, in, k)) : -1;
            if (sizes[k] < 0)
                continue;
            any = true;
            pj_str_printf(note, "%saxis %d of input '%.80s' as %" PRId64, note->length ? ", " : "", k, in->name,
                          sizes[k]);
        }
        if (any)
            inputs[f->setup.input_count++] = (pj_input_binding){in->name, NULL, in->declared.rank, sizes};
    }
    for (size_t i = 0; (name = pj_symbols_name(f->model->symbols, i, &bound)) != NULL; i++) {
        if (bound || fixed_size(f, name) < 0 || !pj_bind_uses(f->model, name))
            continue;
        dims[f->setup.dim_count++] = (pj_dim_binding){name, fixed_size(f, name)};
        pj_str_printf(note, "%sdimension '%.80s' as %" PRId64, note->length ? ", " : "", name, fixed_size(f, name));
    }
    return pj_arena_failed(f->arena) || note->failed ? pj_fail_memory(f->err) : PJ_OK;
}

/* Infers with the sizes of f->fixed. PJ_ESHAPE: they do not fit. */
static pj_status try_sizes(fit *f, const pj_setup *given, pj_str *note)
{
    pj_str_clear(note);
    PJ_TRY(pj_unbind(f->model, f->err));
    f->setup.dim_count = given->dim_count;
    f->setup.input_count = given->input_count;
    PJ_TRY(give_fixed(f, given, note));
    if (!note->length)
        return PJ_ESHAPE;
    PJ_TRY(pj_bind(f->model, &f->setup, f->err));
    PJ_TRY(pj_step_settle(f->model, &f->setup, f->err));
    return pj_infer(f->model, &f->model->diags, f->err);
}

/* Sizes that nothing tells, by name: those that 1 is assumed for. */
typedef struct open_sizes {
    const char **name; /* those of `nameless` axes first */
    size_t nameless, count;
    pj_num *size;
} open_sizes;

static void add_open(fit *f, const char *name, open_sizes *open)
{
    if (!name || fixed_size(f, name) >= 0)
        return;
    pj_map_put(&f->fixed, name, &open->size[open->count]);
    open->name[open->count++] = name;
}

static pj_status list_open(fit *f, const pj_setup *given, open_sizes *open)
{
    const pj_graph *graph = f->model->graph;
    size_t most = 0;
    const char *name;
    bool bound;
    while (pj_symbols_name(f->model->symbols, most, &bound))
        most++;
    for (int i = 0; i < graph->inputs; i++)
        most += graph->in[i]->declared.rank > 0 ? (size_t)graph->in[i]->declared.rank : 0;
    *open = (open_sizes){PJ_NEW(f->arena, const char *, most), 0, 0, PJ_NEW(f->arena, pj_num, most)};
    PJ_TRY(pj_got(open->name && open->size, f->err));
    for (int i = 0; i < graph->inputs; i++)
        for (int k = 0; k < graph->in[i]->declared.rank; k++)
            if (pj_num_is_unknown(graph->in[i]->declared.dims[k]))
                add_open(f, stand_in(f->arena, graph->in[i], k), open);
    open->nameless = open->count;
    for (size_t i = 0; (name = pj_symbols_name(f->model->symbols, i, &bound)) != NULL; i++) {
        bool is_given = bound || !pj_bind_uses(f->model, name);
        for (size_t k = 0; k < given->dim_count; k++)
            is_given = is_given || strcmp(given->dims[k].name, name) == 0;
        if (!is_given)
            add_open(f, name, open);
    }
    return pj_arena_failed(f->arena) ? pj_fail_memory(f->err) : PJ_OK;
}

/* All that are not 1. */
static void set_open(open_sizes *open, int64_t size)
{
    for (size_t i = 0; i < open->count; i++)
        if (!pj_num_is(open->size[i], 1))
            open->size[i] = pj_num_of(size);
}

/* All open sizes alike: the first power of two that fits; 1 where one of them can be that; then the others halve. */
static pj_status find_sizes(fit *f, const pj_setup *given, open_sizes *open, pj_str *note)
{
    enum { MOST_SIZE = 1024, MOST_OPEN = 16 };
    int64_t most = 1, least;
    pj_status status = PJ_ESHAPE;
    while (status == PJ_ESHAPE && most < MOST_SIZE && open->count && open->count <= MOST_OPEN) {
        most *= 2;
        set_open(open, most);
        status = try_sizes(f, given, note);
    }
    for (size_t i = 0; status == PJ_OK && i < open->count; i++) {
        open->size[i] = pj_num_of(1);
        status = try_sizes(f, given, note);
        if (status == PJ_ESHAPE) {
            open->size[i] = pj_num_of(most);
            status = PJ_OK;
        }
    }
    for (least = most / 2 + 1; status == PJ_OK && least < most;) {
        set_open(open, (least + most) / 2);
        status = try_sizes(f, given, note);
        if (status == PJ_OK)
            most = (least + most) / 2;
        else
            least = (least + most) / 2 + 1;
        status = status == PJ_ESHAPE ? PJ_OK : status;
    }
    set_open(open, most);
    return status == PJ_OK ? try_sizes(f, given, note) : status;
}

/* Where weights fix nothing, either: convolutions that want 29 pixels, for example. */
static pj_status enlarge(fit *f, const pj_setup *given, pj_str *note)
{
    static const char smallest[] = "the smallest size with which the model runs; set it with";
    const pj_graph *graph = f->model->graph;
    pj_diags *diags = &f->model->diags;
    open_sizes open;
    PJ_TRY(pj_unbind(f->model, f->err));
    PJ_TRY(list_open(f, given, &open));
    PJ_TRY(find_sizes(f, given, &open, note));
    for (size_t i = open.nameless; i < open.count; i++)
        if (!pj_num_is(open.size[i], 1))
            pj_diag_add(diags, PJ_DIAG_ASSUMED_DIM, NULL, "dimension '%s' is taken as %" PRId64 ", %s --dim %s=N",
                        open.name[i], open.size[i].whole, smallest, open.name[i]);
    for (int i = 0; i < graph->inputs; i++)
        for (int k = 0; k < graph->in[i]->declared.rank; k++) {
            const char *symbol = stand_in(f->arena, graph->in[i], k);
            PJ_TRY(pj_got(symbol, f->err));
            const pj_num *size = pj_map_get(&f->fixed, symbol);
            if (size && size >= open.size && size < open.size + open.count && !pj_num_is(*size, 1))
                pj_diag_add(diags, PJ_DIAG_ASSUMED_DIM, NULL,
                            "axis %d of input '%s' is taken as %" PRId64 ", %s --input %s=DIMS", k, graph->in[i]->name,
                            size->whole, smallest, graph->in[i]->name);
        }
    return PJ_OK;
}

/* A second attempt; PJ_ESHAPE: nothing fits. */
static pj_status attempt(fit *f, const pj_setup *given, pj_str *note)
{
    PJ_TRY(find_fixed(f));
    pj_status status = try_sizes(f, given, note);
    const char *fixed = pj_arena_strdup(f->arena, note->length ? note->data : "");
    PJ_TRY(pj_got(fixed && !note->no_memory, f->err));
    if (status == PJ_ESHAPE)
        status = enlarge(f, given, note);
    if (status == PJ_OK && *fixed)
        pj_diag_add(&f->model->diags, PJ_DIAG_FIXED_DIM, NULL, "no other size fits the weights, so the model takes %s",
                    fixed);
    return status;
}

/* Infers with these sizes, and with others where nobody binds what does not fit. */
static pj_status infer_bound(pj_model *model, const pj_setup *given, pj_error *err)
{
    pj_error second;
    PJ_TRY(pj_bind(model, given, err));
    PJ_TRY(pj_step_settle(model, given, err));
    pj_status status = pj_infer(model, &model->diags, err);
    if (status != PJ_ESHAPE)
        return status;
    pj_bind_explain(model, err);
    if (!given->unbound_dims_are_one)
        return status;
    memset(&second, 0, sizeof second);
    fit f = {.model = model, .arena = pj_arena_new(pj_arena_limit(model->arena)), .setup = *given, .err = &second};
    pj_str note = pj_str_new(1000);
    if (f.arena) {
        pj_map_init(&f.fixed, f.arena);
        status = attempt(&f, given, &note);
    } else {
        status = pj_fail_memory(&second);
    }
    pj_str_free(&note);
    pj_arena_free(f.arena);
    if (status == PJ_ENOMEM || pj_arena_failed(model->diags.arena)) /* or a finding is missing */
        return pj_fail_memory(err);
    if (status == PJ_OK && err)
        memset(err, 0, sizeof *err); /* of the first attempt */
    return status == PJ_OK ? status : PJ_ESHAPE;
}

pj_status pj_infer_bound(pj_model *model, const pj_setup *setup, pj_error *err)
{
    static const pj_setup none;
    const pj_setup *asked = setup ? setup : &none;
    const pj_roles *roles;
    pj_setup given;
    PJ_TRY(pj_roles_find(model, asked->roles, asked->role_count, &roles, err));
    if (roles->refused && !asked->step && !asked->batch)
        return infer_bound(model, asked, err);
    pj_arena *arena = pj_arena_new(pj_arena_limit(model->arena)); /* outlives what is inferred several times */
    PJ_TRY(pj_got(arena, err));
    pj_status status = pj_step_bind(model, asked, arena, &given, err);
    if (status == PJ_OK)
        status = infer_bound(model, &given, err);
    pj_arena_free(arena);
    return status;
}
