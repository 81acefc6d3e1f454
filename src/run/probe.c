/* Row after row of sizes: the stages of an analysis, without what only tells of it. */
#include "picojoule/probe.h"

#include "base/limits.h"
#include "infer/infer.h"
#include "run/places.h"
#include "run/priced.h"
#include "run/shelf.h"
#include "setup/setup.h"

/* A setup, with what it names. */
typedef struct ask {
    pj_setup setup;
    pj_prices prices;
    pj_plan formats;
    const pj_plan *plan;    /* `formats`, or NULL */
    const char *plan_words; /* what it was made of */
    pj_priced settled;      /* policy and memory */
    struct ask *like;       /* an earlier one whose formats and counts are the same; NULL: none */
    bool is_kept;           /* `precision` and `schedule` hold for all rows ... */
    pj_precision precision; /* ... as they were before layers settled what they hand on: */
    const pj_format *stored;
    const pj_format **sum;
    pj_schedule schedule;
    pj_interner words; /* formats as they are told */
    pj_priced counted; /* of this row */
    pj_status status;  /* of counting it */
} ask;

struct pj_probe {
    pj_model *model;
    pj_arena *arena;   /* of the probe */
    pj_arena *scratch; /* of a row */
    pj_arena *results; /* the model's own, meanwhile */
    pj_shelf shelf;
    pj_places *column;
    size_t columns;
    const int64_t *first; /* row that was priced; NULL: none was */
    bool is_usual;        /* attributes are as in that one */
    ask *ask;
    size_t asks;
};

/* ---- a new one ---- */

static pj_status open_kept(pj_probe *probe, const pj_setup *setup, pj_resource_kind kind, const char *name,
                           const pj_kept **out, pj_error *err)
{
    *out = NULL;
    return name ? pj_shelf_open(&probe->shelf, setup, kind, name, out, err) : PJ_OK;
}

static pj_status open_ask(pj_probe *probe, const pj_setup *given, ask *a, pj_error *err)
{
    const pj_kept *table, *hierarchy, *plan;
    a->setup = pj_setup_copy(given, probe->arena);
    PJ_TRY(open_kept(probe, given, PJ_RESOURCE_TABLE, given->table, &table, err));
    const char *levels = given->hierarchy                                     ? given->hierarchy
                         : pj_table_rules(table->table) == PJ_RULES_PICOJOULE ? PJ_HIERARCHY_DEFAULT
                                                                              : NULL;
    PJ_TRY(open_kept(probe, given, PJ_RESOURCE_HIERARCHY, levels, &hierarchy, err));
    PJ_TRY(open_kept(probe, given, PJ_RESOURCE_FILE, given->plan, &plan, err));
    a->prices = (pj_prices){probe->model, table->table, hierarchy ? hierarchy->hierarchy : NULL, &a->setup, NULL};
    a->plan = plan || given->quantize ? &a->formats : NULL;
    if (a->plan)
        PJ_TRY(pj_plan_take(plan ? plan->plan : NULL, given->quantize, probe->model, probe->arena, &a->formats, err));
    a->plan_words = plan ? plan->sha256 : "";
    PJ_TRY(pj_run_settled(&a->prices, &a->settled, err));
    a->settled.memory.is_mute = true;
    return PJ_OK;
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Prices of QTools change formats. */
static bool counts_alike(const ask *a, const ask *b)
{
    pj_accumulator_policy x = pj_table_accumulator(a->prices.table), y = pj_table_accumulator(b->prices.table);
    return is_same_text(a->setup.quantize, b->setup.quantize) && strcmp(a->plan_words, b->plan_words) == 0 &&
           a->setup.no_fold == b->setup.no_fold && x.fixed_bits == y.fixed_bits && x.float_is_fp32 == y.float_is_fp32 &&
           pj_table_rules(a->prices.table) != PJ_RULES_QTOOLS && pj_table_rules(b->prices.table) != PJ_RULES_QTOOLS;
}

static void find_like(pj_probe *probe, ask *a)
{
    for (ask *other = probe->ask; other < a && !a->like; other++)
        if (!other->like && counts_alike(other, a))
            a->like = other;
}

/* What the file declares of results rests on other sizes: their kind and element type stay. */
static void forget_shapes(const pj_model *model)
{
    for (int i = 0; i < model->values; i++) {
        pj_value *value = model->value[i];
        bool is_given = value->tensor || (value->is_input && value->graph == model->graph);
        if (!is_given && pj_type_is_tensor(&value->declared)) {
            value->declared.rank = -1;
            value->declared.dims = NULL;
        }
    }
}

static pj_status fill(pj_probe *probe, const char *const *columns, const pj_setup *const *setups, pj_error *err)
{
    pj_places all = {0};
    PJ_TRY(pj_places_open(probe->model, err));
    for (size_t i = 0; i < probe->columns; i++) {
        size_t before = all.count;
        PJ_TRY(pj_places_find(probe->model, columns[i], probe->arena, &all, err));
        probe->column[i].count = all.count - before;
    }
    for (size_t i = 0; i < probe->columns; i++) {
        probe->column[i].at = i ? probe->column[i - 1].at + probe->column[i - 1].count : all.at;
    }
    PJ_TRY(pj_places_cover(probe->model, &all, err));
    forget_shapes(probe->model);
    for (size_t i = 0; i < probe->asks; i++)
        PJ_TRY(open_ask(probe, setups[i], &probe->ask[i], err));
    for (size_t i = 0; i < probe->asks; i++)
        find_like(probe, &probe->ask[i]);
    return pj_got(!pj_arena_failed(probe->arena), err);
}

pj_status pj_probe_new(pj_model *model, const char *const *columns, size_t column_count, const pj_setup *const *setups,
                       size_t setup_count, pj_probe **out, pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (out)
        *out = NULL;
    if (!model || !columns || !column_count || !setups || !setup_count || !out)
        return pj_fail_null(err);
    pj_arena *arena = pj_arena_new(0);
    pj_probe *probe = arena ? PJ_NEW(arena, pj_probe, 1) : NULL;
    if (!probe) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *probe = (pj_probe){.model = model,
                        .arena = arena,
                        .scratch = pj_arena_new(pj_arena_limit(model->arena)),
                        .results = model->results,
                        .column = PJ_NEW(arena, pj_places, column_count),
                        .columns = column_count,
                        .ask = PJ_NEW(arena, ask, setup_count),
                        .asks = setup_count};
    pj_status status = pj_got(probe->scratch && probe->column && probe->ask, err);
    if (status == PJ_OK)
        status = fill(probe, columns, setups, err);
    if (status == PJ_OK)
        *out = probe;
    else
        pj_probe_free(probe);
    return status;
}

void pj_probe_free(pj_probe *probe)
{
    if (!probe)
        return;
    probe->model->results = probe->results;
    pj_shelf_clear(&probe->shelf);
    pj_arena_free(probe->scratch);
    pj_arena_free(probe->arena);
}

/* ---- a row ---- */

/* Attributes may say formats; sizes of tensors do not. */
static pj_status compare_first(pj_probe *probe, const int64_t *row, pj_error *err)
{
    if (!probe->first)
        probe->first = pj_arena_memdup(probe->arena, row, probe->columns, sizeof *row);
    PJ_TRY(pj_got(probe->first, err));
    probe->is_usual = true;
    for (size_t c = 0; c < probe->columns; c++)
        for (size_t i = 0; i < probe->column[c].count && row[c] != probe->first[c]; i++)
            probe->is_usual = probe->is_usual && !probe->column[c].at[i].number;
    return PJ_OK;
}

static pj_status set_row(const pj_probe *probe, const int64_t *row, pj_error *err)
{
    for (size_t c = 0; c < probe->columns; c++) {
        for (size_t i = 0; i < probe->column[c].count; i++) {
            const pj_place_at *at = &probe->column[c].at[i];
            if (at->dim && row[c] < 0)
                return pj_fail(err, PJ_EARGUMENT, "column %zu is %" PRId64 ": a size is at least 0", c, row[c]);
            if (at->dim)
                *at->dim = pj_num_of(row[c]);
            else
                *at->number = row[c];
        }
    }
    return PJ_OK;
}

/* What loading asks of each initializer: bytes that 64 bits can count. */
static pj_status check_sizes(const pj_graph *graph, pj_error *err)
{
    for (int i = 0; i < graph->initializers; i++) {
        const pj_type *type = &graph->initializer[i]->type;
        int64_t count = 1;
        uint64_t bytes;
        bool fits = true, is_empty = false;
        for (int k = 0; k < type->rank; k++) {
            is_empty = is_empty || type->dims[k].whole == 0;
            fits = fits && pj_mul_i64(count, type->dims[k].whole, &count);
        }
        if (!is_empty && (!fits || !pj_dtype_bytes(type->dtype, count, &bytes)))
            return pj_fail(err, PJ_EOVERFLOW, "%.200s has more elements than 64 bits can count",
                           graph->initializer[i]->name);
    }
    return PJ_OK;
}

/* Nothing is known of any value, and nobody reads findings. */
static void start(pj_probe *probe, pj_diags *diags)
{
    pj_model *model = probe->model;
    pj_arena_reset(probe->scratch);
    model->results = probe->scratch;
    pj_diags_init(diags, probe->scratch);
    diags->count = PJ_MAX_DIAGNOSTICS;
    for (int i = 0; i < model->values; i++) {
        pj_value *value = model->value[i];
        if (value->tensor)
            continue;
        value->is_constant = value->is_folded = false;
        value->data = NULL;
        value->data_count = 0;
        value->type = pj_type_unknown();
    }
}

static void tell(const pj_priced *priced, pj_price *out)
{
    const pj_totals *t = &priced->totals;
    *out = (pj_price){.energy = t->energy,
                      .macs = t->macs,
                      .flops = t->flops,
                      .bops = t->bops,
                      .params = t->params,
                      .param_bits = t->param_bits,
                      .uncounted = (int32_t)t->uncounted};
}

/* Do formats and the order of layers rest on nothing that rows change? Quantizers look at sizes, subgraphs run or not.
 */
static bool rests_on_structure(const pj_precision *precision)
{
    const pj_graph *graph = precision->model->graph;
    bool rests = true;
    for (int n = 0; rests && n < graph->nodes; n++) {
        const pj_node *node = graph->node[n];
        rests = node->desc && pj_precision_node(precision, node)->quantizer == PJ_NO_QUANTIZER;
        for (int i = 0; rests && i < node->attrs; i++)
            rests = node->attr[i].kind != PJ_ATTR_GRAPH && node->attr[i].kind != PJ_ATTR_GRAPHS;
        for (int o = 0; rests && o < node->outputs; o++)
            rests = !node->out[o] || !node->out[o]->is_constant;
    }
    return rests;
}

/* Once, for the first row that gets this far. */
static pj_status keep(pj_probe *probe, ask *a, pj_diags *diags, pj_error *err)
{
    size_t values = (size_t)probe->model->values;
    pj_precision *p = &a->precision;
    PJ_TRY(pj_precision_read(probe->model, a->plan, !a->setup.no_fold, probe->arena, diags, p, err));
    PJ_TRY(pj_schedule_steps(probe->model, probe->arena, diags, &a->schedule, err));
    pj_interner_init(&a->words, probe->arena);
    a->stored = pj_arena_memdup(probe->arena, p->stored, values, sizeof *p->stored);
    a->sum = pj_arena_memdup(probe->arena, p->sum, values, sizeof *p->sum);
    a->is_kept = a->stored && a->sum;
    return pj_got(a->is_kept, err);
}

static pj_status count_kept(pj_probe *probe, ask *a, pj_diags *diags, pj_error *err)
{
    pj_priced *out = &a->counted;
    pj_precision *p = &a->precision;
    size_t values = (size_t)probe->model->values;
    memcpy(p->stored, a->stored, values * sizeof *p->stored);
    memcpy(p->sum, a->sum, values * sizeof *p->sum);
    *out = (pj_priced){.precision = *p, .schedule = a->schedule};
    out->precision.arena = probe->scratch;
    out->layers.formats = a->words;
    pj_status status =
        pj_layers_count(&out->schedule, &out->precision, a->prices.table, probe->scratch, diags, &out->layers, err);
    a->words = out->layers.formats;
    return status;
}

/* Formats and counts of a row. */
static pj_status count(pj_probe *probe, ask *a, pj_diags *diags, pj_error *err)
{
    if (a->is_kept && probe->is_usual)
        return count_kept(probe, a, diags, err);
    a->counted = (pj_priced){0};
    PJ_TRY(pj_run_counted(&a->prices, a->plan, probe->scratch, probe->scratch, diags, &a->counted, err));
    bool can_keep = !a->is_kept && probe->is_usual && rests_on_structure(&a->counted.precision);
    return can_keep ? keep(probe, a, diags, err) : PJ_OK;
}

/* Prices of a row; rows of layers are copied where another setup prices the same ones. */
static pj_status price(pj_probe *probe, const ask *a, pj_diags *diags, pj_price *out, pj_error *err)
{
    const ask *counted = a->like ? a->like : a;
    pj_priced priced = counted->counted;
    pj_layers *layers = &priced.layers;
    PJ_TRY(counted->status);
    if (probe->asks > 1)
        layers->row = pj_arena_memdup(probe->scratch, layers->row, layers->count, sizeof *layers->row);
    PJ_TRY(pj_got(layers->row, err));
    priced.policy = a->settled.policy;
    priced.memory = a->settled.memory;
    if (priced.policy->prepare && !priced.schedule.buffers.root)
        PJ_TRY(pj_schedule_buffers(&priced.precision, probe->scratch, &priced.schedule, err));
    PJ_TRY(pj_run_prices(&a->prices, probe->scratch, probe->scratch, diags, &priced, err));
    tell(&priced, out);
    return PJ_OK;
}

static pj_status price_row(pj_probe *probe, const int64_t *row, pj_price *out, pj_error *err)
{
    pj_diags diags;
    PJ_TRY(compare_first(probe, row, err));
    pj_status status = set_row(probe, row, err);
    start(probe, &diags);
    if (status == PJ_OK)
        status = check_sizes(probe->model->graph, err);
    if (status == PJ_OK)
        status = pj_infer_again(probe->model, &diags, err);
    for (size_t i = 0; i < probe->asks; i++) {
        ask *a = &probe->ask[i];
        a->status = status != PJ_OK || a->like ? status : count(probe, a, &diags, err);
        pj_status own = a->status == PJ_OK ? price(probe, a, &diags, &out[i], err) : a->status;
        if (own == PJ_ENOMEM)
            return own;
        if (own != PJ_OK)
            out[i] = (pj_price){.status = (int32_t)own};
    }
    return PJ_OK;
}

pj_status pj_probe_price(pj_probe *probe, const int64_t *rows, size_t count, pj_price *out, pj_error *err)
{
    pj_error unheard;
    pj_status status = PJ_OK;
    if (!err)
        err = &unheard;
    memset(err, 0, sizeof *err);
    if (!probe || ((!rows || !out) && count))
        return pj_fail_null(err);
    for (size_t i = 0; i < count && status == PJ_OK; i++)
        status = price_row(probe, rows + i * probe->columns, out + i * probe->asks, err);
    return status;
}
