/* From roles to sizes. */
#include "infer/step.h"

typedef struct binder {
    pj_model *model;
    const pj_roles *roles;
    const pj_setup *given;
    pj_arena *arena;
    pj_setup *out;
    pj_dim_binding *dims;
    pj_input_binding *inputs;
    pj_map values; /* symbol -> pj_num: what is bound already */
    const char *asked;
    pj_error *err;
} binder;

static bool set_value(pj_map *values, pj_arena *arena, const char *name, int64_t value)
{
    const pj_num number = pj_num_of(value);
    pj_num *copy = pj_arena_memdup(arena, &number, 1, sizeof number);
    return copy && pj_map_put(values, name, copy);
}

/* ---- one dimension ---- */

static pj_status bind_symbol(binder *b, const char *name, int64_t value)
{
    if (value < 0)
        return pj_fail(b->err, PJ_EARGUMENT, "dimension '%.100s' would be %lld", name, (long long)value);
    b->dims[b->out->dim_count++] = (pj_dim_binding){name, value};
    return pj_got(set_value(&b->values, b->arena, name, value), b->err);
}

/* Axes without a name are bound by the shape of the input. */
static pj_status bind_axis(binder *b, const pj_role *role, int64_t value)
{
    int rank = role->input->declared.rank;
    int64_t *sizes = PJ_NEW(b->arena, int64_t, rank);
    PJ_TRY(pj_got(sizes, b->err));
    for (int k = 0; k < rank; k++)
        sizes[k] = k == role->axis ? value : -1;
    b->inputs[b->out->input_count++] = (pj_input_binding){role->input->name, NULL, rank, sizes};
    return PJ_OK;
}

/* --dim says something else. */
static pj_status fail_conflict(binder *b, const pj_role *role, const char *what, int64_t is, int64_t value)
{
    pj_str text = pj_str_new(200);
    pj_num_print(role->dim, &text);
    pj_status status = pj_fail(b->err, PJ_ECONFLICT,
                               "--dim gives %s, the %s, the value %lld, and %s wants %lld: leave one of them out",
                               text.data, what, (long long)is, b->asked, (long long)value);
    pj_str_free(&text);
    return status;
}

/* A number in the file. */
static pj_status fail_fixed(binder *b, const char *what, int64_t is, int64_t value)
{
    if (strcmp(what, "tokens") == 0)
        return pj_fail(b->err, PJ_EARGUMENT,
                       "the model takes %lld tokens at a time, not %lld: a prefill cannot run; give the model of the "
                       "prefill, and this file as --step-model, or --prompt-by-steps",
                       (long long)is, (long long)value);
    return pj_fail(b->err, PJ_EARGUMENT, "the %s is fixed at %lld in the file, not %lld", what, (long long)is,
                   (long long)value);
}

/* Gives what is left of a formula its value: of x + 1, or 2*x, x. */
static pj_status solve(binder *b, pj_num left, const char *what, int64_t value)
{
    pj_symbols *s = b->model->symbols;
    const char *name = pj_num_missing(left, &b->values);
    pj_num symbol = name ? pj_num_symbol(s, name) : pj_num_unknown();
    if (pj_num_equal(left, symbol))
        return bind_symbol(b, name, value);
    pj_num rest = pj_num_sub(s, left, symbol), times = pj_num_floor_div(s, left, symbol);
    if (pj_num_known(rest))
        return bind_symbol(b, name, value - rest.whole);
    if (pj_num_known(times) && times.whole > 0 && value % times.whole == 0)
        return bind_symbol(b, name, value / times.whole);
    pj_str text = pj_str_new(200);
    pj_num_print(left, &text);
    pj_status status = pj_fail(b->err, PJ_EARGUMENT, "%s are %s: bind one, for example --dim %.100s=0", what, text.data,
                               name ? name : "NAME");
    pj_str_free(&text);
    return status;
}

static pj_status bind_role(binder *b, const pj_role *role, const char *what, int64_t value)
{
    if (!role->input || role->axis < 0)
        return PJ_OK;
    if (pj_num_is_unknown(role->dim))
        return bind_axis(b, role, value);
    if (pj_num_known(role->dim))
        return role->dim.whole == value ? PJ_OK : fail_fixed(b, what, role->dim.whole, value);
    pj_num left = pj_num_substitute(b->model->symbols, role->dim, &b->values);
    if (pj_num_known(left))
        return left.whole == value ? PJ_OK : fail_conflict(b, role, what, left.whole, value);
    return solve(b, left, what, value);
}

/* ---- all of them ---- */

static pj_status note_given(binder *b)
{
    pj_map_init(&b->values, b->arena);
    for (size_t i = 0; i < b->given->dim_count; i++) {
        const pj_dim_binding *dim = &b->given->dims[i];
        if (dim->value != PJ_DIM_FORMULA &&
            !set_value(&b->values, b->arena, dim->name + (*dim->name == '?'), dim->value))
            return pj_fail_memory(b->err);
    }
    return PJ_OK;
}

static int64_t batch_of(const binder *b)
{
    pj_num given = pj_num_substitute(b->model->symbols, b->roles->batch.dim, &b->values);
    if (b->given->batch)
        return (int64_t)b->given->batch;
    return b->roles->batch.input && pj_num_known(given) && given.whole > 0 ? given.whole : 1;
}

static pj_status bind_paged(binder *b, int64_t batch, int64_t keys)
{
    const pj_cache_role *cache = &b->roles->caches[0];
    pj_num size = cache->in->declared.dims[cache->axis];
    if (b->roles->bounds.input)
        PJ_TRY(bind_role(b, &b->roles->bounds, "sequences and one more", batch + 1));
    if (b->roles->blocks.input && pj_num_known(size) && size.whole > 0)
        PJ_TRY(bind_role(b, &b->roles->blocks, "blocks of a sequence", (keys + size.whole - 1) / size.whole));
    return PJ_OK;
}

static pj_status bind_step(binder *b)
{
    const pj_roles *roles = b->roles;
    int64_t tokens, past, keys, rows, batch = batch_of(b);
    bool is_paged = roles->cache_count && roles->caches[0].is_paged;
    PJ_TRY(pj_roles_refuse(roles, b->err));
    if (!pj_step_read(b->given->step, &tokens, &past))
        return pj_fail(b->err, PJ_EARGUMENT, "step '%.60s': wants %s", b->given->step, pj_step_wants(b->given->step));
    if (!pj_add_i64(tokens, past, &keys) || !pj_mul_i64(tokens, batch, &rows))
        return pj_fail(b->err, PJ_EOVERFLOW, "the tokens of %lld sequences do not fit 64 bits", (long long)batch);
    if (b->given->batch || is_paged)
        PJ_TRY(bind_role(b, &roles->batch, "batch", batch));
    PJ_TRY(bind_role(b, &roles->tokens, "tokens", is_paged ? rows : tokens));
    if (roles->past.input)
        PJ_TRY(bind_role(b, &roles->past, "past", past));
    for (size_t i = 0; i < roles->totals; i++)
        PJ_TRY(bind_role(b, &roles->total[i], "total", keys));
    return is_paged ? bind_paged(b, batch, keys) : PJ_OK;
}

static bool is_plain(pj_num dim, const char **name)
{
    pj_map none;
    pj_map_init(&none, NULL);
    *name = pj_num_symbolic(dim) ? pj_num_missing(dim, &none) : NULL;
    pj_str text = pj_str_new(4096);
    pj_num_print(dim, &text);
    bool plain = *name && !text.failed && strcmp(text.data, *name) == 0 && !(*name)[strcspn(*name, " +-*/%(),'=?")];
    pj_str_free(&text);
    return plain;
}

/* The rule "total=past+tokens" where nobody says otherwise. */
static pj_status add_rules(binder *b)
{
    const pj_roles *roles = b->roles;
    const char *total, *past, *tokens;
    if (roles->refused || !is_plain(roles->past.dim, &past) || !is_plain(roles->tokens.dim, &tokens))
        return PJ_OK;
    for (size_t i = 0; i < roles->totals; i++) {
        bool given = !is_plain(roles->total[i].dim, &total) || pj_map_get(&b->values, total);
        for (size_t k = 0; k < b->given->input_count && !given; k++)
            given = strcmp(b->given->inputs[k].name, roles->total[i].input->name) == 0;
        for (size_t k = 0; k < b->given->dim_count && !given; k++)
            given =
                b->given->dims[k].value == PJ_DIM_FORMULA && strncmp(b->given->dims[k].name, total, strlen(total)) == 0;
        if (given)
            continue;
        pj_str rule = pj_str_new(4096);
        pj_str_printf(&rule, "%s=%s+%s", total, past, tokens);
        b->dims[b->out->dim_count++] = (pj_dim_binding){pj_str_keep(&rule, b->arena), PJ_DIM_FORMULA};
    }
    return pj_arena_failed(b->arena) ? pj_fail_memory(b->err) : PJ_OK;
}

/* The batch of what is no decoder: the first axis that its inputs share. */
static pj_status bind_first_axis(binder *b)
{
    const pj_graph *graph = b->model->graph;
    pj_role role = {NULL, 0, pj_num_unknown()};
    for (int i = 0; i < graph->inputs; i++) {
        const pj_type *type = &graph->in[i]->declared;
        if (!pj_type_is_tensor(type) || type->rank < 1 || pj_num_known(type->dims[0]))
            continue;
        if (role.input && !pj_num_equal(role.dim, type->dims[0]))
            return pj_fail(b->err, PJ_EARGUMENT,
                           "the inputs '%.60s' and '%.60s' begin with different dimensions: bind them with --dim "
                           "instead of --batch",
                           role.input->name, graph->in[i]->name);
        role = (pj_role){graph->in[i], 0, type->dims[0]};
    }
    if (!role.input && b->given->batch != 1)
        return pj_fail(b->err, PJ_EARGUMENT, "no input begins with a dimension that is open: the batch is fixed");
    return bind_role(b, &role, "batch", (int64_t)b->given->batch);
}

static pj_status make_room(binder *b)
{
    const pj_setup *given = b->given;
    size_t more = (size_t)b->roles->totals + 8;
    b->dims = PJ_NEW(b->arena, pj_dim_binding, given->dim_count + more);
    b->inputs = PJ_NEW(b->arena, pj_input_binding, given->input_count + more);
    PJ_TRY(pj_got(b->dims && b->inputs, b->err));
    if (given->dim_count)
        memcpy(b->dims, given->dims, given->dim_count * sizeof *b->dims);
    if (given->input_count)
        memcpy(b->inputs, given->inputs, given->input_count * sizeof *b->inputs);
    b->out->dims = b->dims;
    b->out->inputs = b->inputs;
    return PJ_OK;
}

pj_status pj_step_bind(pj_model *model, const pj_setup *given, pj_arena *arena, pj_setup *out, pj_error *err)
{
    binder b = {.model = model, .given = given, .arena = arena, .out = out, .asked = "--batch", .err = err};
    *out = *given;
    PJ_TRY(pj_roles_find(model, given->roles, given->role_count, &b.roles, err));
    PJ_TRY(note_given(&b));
    PJ_TRY(make_room(&b));
    if (given->source_tokens > 0)
        PJ_TRY(bind_role(&b, &b.roles->source, "encoder's output", given->source_tokens));
    if (given->step) {
        b.asked = "--step";
        return bind_step(&b);
    }
    if (given->batch && (b.roles->refused || !b.roles->batch.input))
        return bind_first_axis(&b);
    if (given->batch)
        PJ_TRY(bind_role(&b, &b.roles->batch, "batch", (int64_t)given->batch));
    return add_rules(&b);
}

/* ---- once they are bound ---- */

int64_t pj_step_limit(const pj_roles *roles, int64_t batch, pj_str *out)
{
    int64_t limit = roles->positions;
    pj_str_clear(out);
    if (limit >= 0)
        pj_str_printf(out, "%" PRId64 " positions (table %.100s)", limit, roles->table);
    for (size_t i = 0; i < roles->cache_count; i++) {
        const pj_cache_role *cache = &roles->caches[i];
        const pj_type *type = &cache->in->declared;
        int64_t own = cache->capacity;
        if (own < 0)
            continue;
        if (cache->is_paged && pj_num_known(type->dims[0]))
            own = pj_mul_most(type->dims[0].whole / (batch > 0 ? batch : 1), own);
        if (limit >= 0 && limit <= own)
            continue;
        limit = own;
        pj_str_clear(out);
        pj_str_printf(out, "%" PRId64 " positions (%s %.100s)", limit, cache->is_paged ? "blocks of" : "buffer",
                      cache->in->name);
    }
    return limit;
}

static pj_num under(const pj_model *model, pj_num dim, const pj_map *values)
{
    return pj_num_substitute(model->symbols, dim, values);
}

static pj_status set_branch(pj_model *model, const pj_roles *roles, int64_t past, pj_error *err)
{
    pj_value *branch = NULL;
    const pj_num taken = pj_num_of((past > 0) == roles->branch_reads);
    for (int i = 0; i < model->graph->inputs && roles->branch; i++)
        branch = model->graph->in[i] == roles->branch ? model->graph->in[i] : branch;
    if (!branch)
        return PJ_OK;
    branch->data = pj_arena_memdup(pj_model_results(model), &taken, 1, sizeof taken);
    branch->data_count = 1;
    return pj_got(branch->data, err);
}

static pj_status check_total(const pj_model *model, const pj_roles *roles, const pj_map *values, int64_t past,
                             int64_t tokens, pj_error *err)
{
    for (size_t i = 0; i < roles->totals; i++) {
        pj_num total = under(model, roles->total[i].dim, values);
        if (!pj_num_known(total) || total.whole == past + tokens)
            continue;
        pj_str text = pj_str_new(200);
        pj_num_print(roles->total[i].dim, &text);
        pj_status status =
            pj_fail(err, PJ_ESHAPE,
                    "%s is %lld, but %lld cached and %lld new tokens are %lld: leave it out, it follows "
                    "from them",
                    text.data, (long long)total.whole, (long long)past, (long long)tokens, (long long)(past + tokens));
        pj_str_free(&text);
        return status;
    }
    return PJ_OK;
}

static pj_status check_limit(const pj_roles *roles, int64_t batch, int64_t past, int64_t tokens, pj_error *err)
{
    pj_str what = pj_str_new(200);
    int64_t limit = pj_step_limit(roles, batch, &what);
    pj_status status = PJ_OK;
    if (limit >= 0 && past > limit - tokens)
        status = pj_fail(err, PJ_ESHAPE, "the model has %s; %lld cached and %lld new tokens need %lld", what.data,
                         (long long)past, (long long)tokens, (long long)(past + tokens));
    pj_str_free(&what);
    return status;
}

/* Cached and new tokens of a sequence, by the setup, else by the dimensions. */
static bool find_sizes(const pj_model *model, const pj_roles *roles, const pj_setup *setup, const pj_map *values,
                       int64_t *past, int64_t *tokens)
{
    pj_num length = under(model, roles->past.dim, values), width = under(model, roles->tokens.dim, values);
    if (setup->step)
        return pj_step_read(setup->step, tokens, past);
    *past = length.whole;
    *tokens = width.whole;
    return roles->past.input && pj_num_known(length) && pj_num_known(width) && width.whole < INT64_MAX - length.whole;
}

pj_status pj_step_settle(pj_model *model, const pj_setup *setup, pj_error *err)
{
    const pj_roles *roles;
    pj_map values;
    int64_t past, tokens;
    model->keys_after = 0;
    PJ_TRY(pj_roles_find(model, setup->roles, setup->role_count, &roles, err));
    pj_map_init(&values, pj_model_results(model));
    for (int i = 0; i < model->dims; i++)
        PJ_TRY(pj_got(set_value(&values, pj_model_results(model), model->dim[i].name, model->dim[i].value), err));
    if (roles->refused || !find_sizes(model, roles, setup, &values, &past, &tokens))
        return PJ_OK;
    pj_num batch = under(model, roles->batch.dim, &values);
    model->keys_after = setup->step ? past + tokens : 0;
    PJ_TRY(set_branch(model, roles, past, err));
    if (roles->past.input)
        PJ_TRY(check_total(model, roles, &values, past, tokens, err));
    return check_limit(roles, pj_num_known(batch) ? batch.whole : 1, past, tokens, err);
}
