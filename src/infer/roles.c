/* Which dimension is what: tokens, past, total, batch, and how many positions there are. */
#include "infer/roles.h"

#include "infer/declared.h"

/* Words in the names of integer inputs that are no tokens. */
static const char *const other_words[] = {"position",   "mask",  "length", "seqlens", "segment",
                                          "token_type", "block", "index",  "cache",   "metadata"};
static const char *const token_names[] = {"input_ids", "decoder_input_ids", "inputs_embeds"};
enum { OTHER_WORDS = sizeof other_words / sizeof *other_words, TOKEN_NAMES = sizeof token_names / sizeof *token_names };

typedef struct seeker {
    pj_model *model;
    pj_arena *arena;
    pj_roles *out;
    const pj_value *tokens[2]; /* inputs that index a table and may be tokens */
    int candidates;
    pj_str why;
    pj_error *err;
} seeker;

static int rank_of(const pj_value *value)
{
    return value && value->declared.kind == PJ_TENSOR ? value->declared.rank : -1;
}

static pj_num dim_of(const pj_value *value, int axis)
{
    return axis >= 0 && axis < rank_of(value) ? value->declared.dims[axis] : pj_num_unknown();
}

static pj_role role_at(const pj_value *input, int axis)
{
    return (pj_role){input, axis, dim_of(input, axis)};
}

static bool is_other(const char *name)
{
    for (int i = 0; i < OTHER_WORDS; i++)
        if (strstr(name, other_words[i]))
            return true;
    return false;
}

/* ---- tables: what indexes them ---- */

/* The constant that a table is, through quantizers and casts. */
static const pj_value *table_of(const pj_value *value)
{
    enum { MOST = 4 };
    for (int i = 0; value && i < MOST; i++) {
        if (value->tensor)
            return value;
        if (!value->producer || !value->producer->inputs)
            return NULL;
        value = value->producer->in[0];
    }
    return NULL;
}

static void add_candidate(seeker *s, const pj_value *input)
{
    for (int i = 0; i < s->candidates && i < 2; i++)
        if (s->tokens[i] == input)
            return;
    if (s->candidates < 2)
        s->tokens[s->candidates] = input;
    s->candidates++;
}

static void limit_positions(seeker *s, const pj_value *table, int axis)
{
    const pj_tensor *tensor = table ? table->tensor : NULL;
    if (!tensor || axis >= tensor->rank || tensor->rank < 2)
        return;
    int64_t rows = tensor->dims[axis];
    if (s->out->positions >= 0 && s->out->positions <= rows)
        return;
    s->out->positions = rows;
    s->out->table = table->name;
}

static const pj_value *node_in(const pj_node *node, int i)
{
    return i < node->inputs ? node->in[i] : NULL;
}

/* Indices of a table of floats: tokens, or positions. */
static void look_at_gather(seeker *s, const pj_node *node)
{
    const pj_value *table = table_of(node_in(node, 0)), *in = node_in(node, 1);
    const pj_value *input = in ? pj_roles_origin(in, NULL) : NULL;
    bool is_quantized = strcmp(node->op, "GatherBlockQuantized") == 0;
    if (!table || !input || rank_of(input) < 1 || rank_of(input) > 3 || !pj_dtype_is_integer(input->declared.dtype) ||
        (!is_quantized && !pj_dtype_is_float(table->tensor->dtype) && table == node->in[0]))
        return;
    if (strstr(input->name, "position"))
        limit_positions(s, table, 0);
    else if (rank_of(input) <= 2 && !is_other(input->name))
        add_candidate(s, input);
}

static pj_status look(void *payload, pj_node *node)
{
    seeker *s = payload;
    const bool is_ms = strcmp(node->domain, "com.microsoft") == 0;
    if (strcmp(node->op, "Gather") == 0 || strcmp(node->op, "GatherBlockQuantized") == 0) {
        look_at_gather(s, node);
    } else if (is_ms && strcmp(node->op, "EmbedLayerNormalization") == 0) {
        const pj_value *input = node_in(node, 0) ? pj_roles_origin(node->in[0], NULL) : NULL;
        if (input)
            add_candidate(s, input);
        limit_positions(s, table_of(node_in(node, 3)), 0);
    } else if (is_ms && strcmp(node->op, "GroupQueryAttention") == 0) {
        limit_positions(s, table_of(node_in(node, 7)), 0);
    } else if (is_ms && strcmp(node->op, "PagedAttention") == 0) {
        limit_positions(s, table_of(node_in(node, 8)), 0);
    } else if (strcmp(node->op, "RotaryEmbedding") == 0) {
        limit_positions(s, table_of(node_in(node, is_ms ? 2 : 1)), 0);
    }
    return PJ_OK;
}

/* ---- by hand ---- */

static pj_role *role_called(pj_roles *roles, const char *name, size_t length)
{
    const struct {
        const char *name;
        pj_role *role;
    } all[] = {
        {"tokens", &roles->tokens},
        {"past",   &roles->past  },
        {"batch",  &roles->batch },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strlen(all[i].name) == length && memcmp(all[i].name, name, length) == 0)
            return all[i].role;
    return NULL;
}

static bool is_role(const char *name, size_t length)
{
    static const char *const others[] = {"total", "cache", "state", "branch"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i]) == length && memcmp(others[i], name, length) == 0)
            return true;
    return false;
}

static const pj_value *input_of(const seeker *s, const char *name, size_t length)
{
    const pj_graph *graph = s->model->graph;
    for (int i = 0; i < graph->inputs; i++)
        if (strlen(graph->in[i]->name) == length && memcmp(graph->in[i]->name, name, length) == 0)
            return graph->in[i];
    return NULL;
}

static pj_status fail_input(const seeker *s, const char *text, const char *name)
{
    const pj_graph *graph = s->model->graph;
    const char **names = PJ_NEW(s->arena, const char *, graph->inputs + 1);
    PJ_TRY(pj_got(names, s->err));
    for (int i = 0; i < graph->inputs; i++)
        names[i] = graph->in[i]->name;
    const char *near = pj_nearest_word(name, names);
    return pj_fail(s->err, PJ_EARGUMENT, "--role %.100s: the model has no input '%.100s'%s%.100s%s", text, name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The output of the same name but for a part that says past or present, or the one with another axis. */
static const pj_value *output_like(const seeker *s, const pj_value *in)
{
    const pj_graph *graph = s->model->graph;
    for (int i = 0; i < graph->outputs; i++)
        if (graph->out[i] && rank_of(graph->out[i]) == rank_of(in) && rank_of(in) > 0 &&
            pj_num_equal(dim_of(graph->out[i], rank_of(in) - 1), dim_of(in, rank_of(in) - 1)))
            return graph->out[i];
    return NULL;
}

static pj_status add_by_hand(seeker *s, const char *text, const pj_value *in, bool is_state, int axis)
{
    pj_roles *out = s->out;
    const size_t count = is_state ? out->state_count : out->cache_count;
    const pj_cache_role *old = is_state ? out->states : out->caches;
    for (size_t i = 0; i < count; i++)
        if (old[i].in == in)
            return PJ_OK;
    pj_cache_role *more = PJ_NEW(s->arena, pj_cache_role, count + 1);
    PJ_TRY(pj_got(more, s->err));
    if (rank_of(in) < 1)
        return pj_fail(s->err, PJ_EARGUMENT, "--role %.100s: this input is no tensor of known rank", text);
    if (count)
        memcpy(more, old, count * sizeof *more);
    more[count] = (pj_cache_role){.in = in,
                                  .out = output_like(s, in),
                                  .layout = PJ_LAYOUT_NAME,
                                  .axis = is_state    ? -1
                                          : axis >= 0 ? axis
                                                      : rank_of(in) - 2,
                                  .capacity = -1};
    if (is_state) {
        out->states = more;
        out->state_count = count + 1;
    } else {
        out->caches = more;
        out->cache_count = count + 1;
    }
    return PJ_OK;
}

/* ROLE=INPUT[:AXIS] */
static pj_status take_role(seeker *s, const char *text)
{
    static const char wants[] = "ROLE=INPUT[:AXIS] with tokens, past, total, batch, cache, state or branch";
    const char *equals = strchr(text, '='), *colon = strrchr(text, ':');
    int64_t axis = -1;
    if (!equals)
        return pj_fail(s->err, PJ_EARGUMENT, "--role %.100s: wants %s", text, wants);
    const char *name = equals + 1, *end = colon ? pj_whole_read(colon + 1, &axis) : NULL;
    size_t role_length = (size_t)(equals - text), length = strlen(name);
    if (colon > equals && end && !*end && !input_of(s, name, length))
        length = (size_t)(colon - name);
    else
        axis = -1;
    pj_role *role = role_called(s->out, text, role_length);
    if (!role && !is_role(text, role_length))
        return pj_fail(s->err, PJ_EARGUMENT, "--role %.100s: wants %s", text, wants);
    const pj_value *in = input_of(s, name, length);
    const char *called = pj_arena_strndup(s->arena, name, length);
    PJ_TRY(pj_got(called, s->err));
    if (!in)
        return fail_input(s, text, called);
    if (axis >= rank_of(in))
        return pj_fail(s->err, PJ_EARGUMENT, "--role %.100s: '%.100s' has %d axes", text, called, rank_of(in));
    s->out->by_user = true;
    if (strncmp(text, "cache", role_length) == 0 || strncmp(text, "state", role_length) == 0)
        return add_by_hand(s, text, in, *text == 's', (int)axis);
    if (strncmp(text, "branch", role_length) == 0) {
        s->out->branch = in;
        s->out->branch_reads = true;
    } else if (role) {
        bool is_tokens = role == &s->out->tokens;
        *role = role_at(in, axis >= 0               ? (int)axis
                            : is_tokens             ? (rank_of(in) > 1 ? 1 : 0)
                            : role == &s->out->past ? rank_of(in) - 2
                                                    : 0);
    } else if (s->out->totals < PJ_MOST_TOTALS) {
        s->out->total[s->out->totals++] = role_at(in, axis >= 0 ? (int)axis : rank_of(in) - 1);
    }
    return PJ_OK;
}

/* ---- roles ---- */

static void refuse(seeker *s, const char *format, ...) PJ_PRINTF(2, 3);
static void refuse(seeker *s, const char *format, ...)
{
    va_list list;
    if (s->out->refused)
        return;
    va_start(list, format);
    pj_str_clear(&s->why);
    pj_str_vprintf(&s->why, format, list);
    va_end(list);
    s->out->refused = pj_arena_strdup(s->arena, s->why.data);
}

static bool is_paged(const pj_roles *roles)
{
    return roles->cache_count && roles->caches[0].is_paged;
}

static void find_tokens(seeker *s)
{
    pj_roles *out = s->out;
    const pj_value *named = NULL;
    for (int i = TOKEN_NAMES - 1; i >= 0; i--) {
        const pj_value *input = input_of(s, token_names[i], strlen(token_names[i]));
        named = input ? input : named;
    }
    if (out->tokens.input)
        return;
    if (s->candidates > 1 && !named)
        refuse(s, "tokens are '%.60s' or '%.60s'%s: say which, for example --role tokens=%.60s", s->tokens[0]->name,
               s->tokens[1]->name, s->candidates > 2 ? " or another" : "", s->tokens[0]->name);
    bool in_graph = s->candidates == 1;
    const pj_value *tokens = in_graph ? s->tokens[0] : named;
    if (!tokens)
        return;
    out->by_name = out->by_name || !in_graph;
    out->tokens = role_at(tokens, rank_of(tokens) > 1 ? 1 : 0);
}

/* The same length in all caches that grow. */
static void find_past(seeker *s)
{
    pj_roles *out = s->out;
    for (size_t i = 0; i < out->cache_count; i++) {
        const pj_cache_role *cache = &out->caches[i];
        if (cache->capacity >= 0 || cache->axis < 0)
            continue;
        pj_role mine = role_at(cache->in, cache->axis);
        if (!out->past.input) {
            out->past = mine;
        } else if (!pj_num_equal(out->past.dim, mine.dim) && !pj_num_is_unknown(mine.dim) && !out->by_user) {
            pj_str a = pj_str_new(200), b = pj_str_new(200);
            pj_num_print(out->past.dim, &a);
            pj_num_print(mine.dim, &b);
            refuse(s,
                   "the caches grow from two lengths, %s of '%.60s' and %s of '%.60s': say which is the past, for "
                   "example --role past=%.60s:%d",
                   a.data, out->past.input->name, b.data, cache->in->name, out->past.input->name, out->past.axis);
            pj_str_free(&a);
            pj_str_free(&b);
        }
    }
}

static bool is_taken(const pj_roles *roles, pj_num dim)
{
    return pj_num_equal(dim, roles->tokens.dim) || pj_num_equal(dim, roles->past.dim) ||
           pj_num_equal(dim, roles->batch.dim) || pj_num_equal(dim, roles->source.dim);
}

static void add_total(pj_roles *out, const pj_value *input, int axis)
{
    pj_num dim = dim_of(input, axis);
    for (size_t i = 0; i < out->totals; i++)
        if (pj_num_equal(out->total[i].dim, dim))
            return;
    if (pj_num_symbolic(dim) && !is_taken(out, dim) && out->totals < PJ_MOST_TOTALS)
        out->total[out->totals++] = role_at(input, axis);
}

/* The axis of the batch in a cache. */
static int batch_axis(const pj_cache_role *cache)
{
    return cache->is_both ? 1 : 0;
}

static void find_batch(seeker *s)
{
    pj_roles *out = s->out;
    const pj_graph *graph = s->model->graph;
    if (out->batch.input)
        return;
    if (!is_paged(out)) {
        out->batch = role_at(out->tokens.input, rank_of(out->tokens.input) > 1 ? 0 : -1);
        if ((pj_num_is_unknown(out->batch.dim) || !out->batch.input) && out->cache_count)
            out->batch = role_at(out->caches[0].in, batch_axis(&out->caches[0]));
        return;
    }
    for (int i = 0; i < graph->inputs; i++) { /* one number for each sequence, and the table of blocks */
        const pj_value *in = graph->in[i];
        if (in == out->tokens.input || !pj_dtype_is_integer(in->declared.dtype))
            continue;
        bool has_blocks = strstr(in->name, "block_table") != NULL,
             has_bounds = strstr(in->name, "cumulative") || strstr(in->name, "cu_seqlens");
        if (rank_of(in) == 2 && has_blocks) {
            out->batch = role_at(in, 0);
            out->blocks = role_at(in, 1);
        } else if (rank_of(in) == 1 && has_bounds) {
            out->bounds = role_at(in, 0);
        }
    }
}

static void find_source(seeker *s)
{
    pj_roles *out = s->out;
    const pj_graph *graph = s->model->graph;
    for (size_t i = 0; i < out->cross_count && !out->source.input; i++)
        if (pj_num_symbolic(dim_of(out->cross[i].in, out->cross[i].axis)) &&
            !pj_num_equal(dim_of(out->cross[i].in, out->cross[i].axis), out->past.dim))
            out->source = role_at(out->cross[i].in, out->cross[i].axis);
    for (int i = 0; i < graph->inputs && !out->source.input; i++)
        if (rank_of(graph->in[i]) == 3 && strncmp(graph->in[i]->name, "encoder", 7) == 0)
            out->source = role_at(graph->in[i], 1);
}

/* Lengths of presents, and of inputs that are masks. */
static void find_totals(seeker *s)
{
    pj_roles *out = s->out;
    const pj_graph *graph = s->model->graph;
    if (is_paged(out))
        return;
    for (int i = 0; i < graph->inputs; i++) {
        const pj_value *in = graph->in[i];
        bool is_cache = rank_of(in) > 2 && !strstr(in->name, "mask"), is_encoder = strncmp(in->name, "encoder", 7) == 0;
        if (in != out->tokens.input && rank_of(in) >= 2 && !is_cache && !is_encoder && !strstr(in->name, "cross"))
            add_total(out, in, rank_of(in) - 1);
    }
    for (size_t i = 0; i < out->cache_count; i++)
        if (out->caches[i].out && out->caches[i].capacity < 0)
            add_total(out, out->caches[i].out, out->caches[i].axis);
}

/* ---- refusals ---- */

static const char no_cache[] = "no cache: no graph input comes back as an output that holds it; export with past key "
                               "values, or --recompute";

static void check_past(seeker *s)
{
    const pj_roles *out = s->out;
    if (out->past.input && pj_num_known(out->past.dim))
        refuse(s, "the past is fixed at %lld: exported for one step; analyze prices it",
               (long long)out->past.dim.whole);
}

static void check(seeker *s)
{
    pj_roles *out = s->out;
    if (!out->has_nodes)
        refuse(s, "no node: nothing to count; the file is a stub");
    if (!out->cache_count)
        refuse(s, "%s", no_cache);
    check_past(s);
    if (!out->tokens.input && out->cache_count)
        refuse(s,
               "no tokens: no integer input indexes a table, and none is called input_ids; say which input has "
               "them, for example --role tokens=%.60s:1",
               s->model->graph->inputs ? s->model->graph->in[0]->name : "INPUT");
}

static pj_status seek(seeker *s, const char *const *given, size_t count)
{
    s->out->has_nodes = s->model->graph->nodes > 0;
    PJ_TRY(pj_roles_caches(s->model, s->arena, s->out, s->err));
    for (size_t i = 0; i < count; i++)
        PJ_TRY(take_role(s, given[i]));
    if (s->out->cache_count || s->out->state_count || count)
        PJ_TRY(pj_each_node(s->model->graph, look, s));
    find_past(s);
    if (s->out->cache_count || s->out->state_count || count)
        find_tokens(s);
    find_batch(s);
    find_source(s);
    find_totals(s);
    check(s);
    return PJ_OK;
}

/* Most models are no decoders: they share this, and take no memory for it. */
static const pj_roles no_decoder = {.positions = -1, .has_nodes = true, .refused = no_cache};

static const pj_roles *keep(const pj_roles *roles, pj_arena *arena)
{
    bool is_nothing = roles->has_nodes && !roles->cache_count && !roles->state_count && !roles->cross_count &&
                      !roles->given_count && !roles->tokens.input;
    return is_nothing ? &no_decoder : pj_arena_memdup(arena, roles, 1, sizeof *roles);
}

pj_status pj_roles_find(pj_model *model, const char *const *given, size_t count, const pj_roles **out, pj_error *err)
{
    *out = model->roles;
    if (*out && (*out)->given_count == count && (!count || (*out)->given == given))
        return PJ_OK;
    pj_roles roles = {.positions = -1, .given = given, .given_count = count};
    seeker s = {.model = model, .arena = model->arena, .out = &roles, .why = pj_str_new(512), .err = err};
    pj_status status = seek(&s, given, count);
    pj_str_free(&s.why);
    if (status != PJ_OK)
        return status;
    model->roles = *out = keep(&roles, model->arena);
    return pj_got(*out && !pj_arena_failed(model->arena), err);
}

pj_status pj_roles_tokens(pj_model *model, pj_role *tokens, pj_role *batch, pj_error *err)
{
    pj_roles roles = {.positions = -1, .has_nodes = true};
    seeker s = {.model = model, .arena = model->arena, .out = &roles, .why = pj_str_new(512), .err = err};
    pj_status status = pj_each_node(model->graph, look, &s);
    if (status == PJ_OK)
        find_tokens(&s);
    if (status == PJ_OK && !roles.tokens.input && !roles.refused)
        roles.refused = "no tokens: no integer input indexes a table, and none is called input_ids";
    find_batch(&s);
    pj_str_free(&s.why);
    *tokens = roles.tokens;
    *batch = roles.batch;
    return status == PJ_OK ? pj_roles_refuse(&roles, err) : status;
}

pj_status pj_roles_refuse(const pj_roles *roles, pj_error *err)
{
    return roles->refused ? pj_fail(err, PJ_EARGUMENT, "%s", roles->refused) : PJ_OK;
}
