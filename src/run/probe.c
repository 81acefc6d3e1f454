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
    const pj_plan *plan; /* `formats`, or NULL */
    pj_priced settled;   /* policy and memory */
} ask;

struct pj_probe {
    pj_model *model;
    pj_arena *arena;   /* of the probe */
    pj_arena *scratch; /* of a row */
    pj_arena *results; /* the model's own, meanwhile */
    pj_shelf shelf;
    pj_places *column;
    size_t columns;
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
    return pj_run_settled(&a->prices, &a->settled, err);
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
    PJ_TRY(pj_places_open(probe->model, probe->arena, err));
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

static pj_status price_row(pj_probe *probe, const int64_t *row, pj_price *out, pj_error *err)
{
    pj_diags diags;
    pj_status status = set_row(probe, row, err);
    start(probe, &diags);
    if (status == PJ_OK)
        status = check_sizes(probe->model->graph, err);
    if (status == PJ_OK)
        status = pj_infer(probe->model, &diags, err);
    for (size_t i = 0; i < probe->asks; i++) {
        const ask *a = &probe->ask[i];
        pj_priced priced = a->settled;
        pj_status own = status;
        if (own == PJ_OK)
            own = pj_run_counted(&a->prices, a->plan, probe->scratch, probe->scratch, &diags, &priced, err);
        if (own == PJ_OK)
            own = pj_run_prices(&a->prices, probe->scratch, probe->scratch, &diags, &priced, err);
        if (own == PJ_ENOMEM)
            return own;
        if (own == PJ_OK)
            tell(&priced, &out[i]);
        else
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
