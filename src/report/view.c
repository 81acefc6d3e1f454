/* Sorting, grouping and cutting the layers of an analysis. */
#include "report/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/ckd.h"

/* ---- rows ---- */

/* Sums that leave 64 bits stay at the largest number: the totals themselves are checked before they come here. */
static void add_capped(int64_t *sum, int64_t more)
{
    if (!pj_add_i64(*sum, more, sum))
        *sum = INT64_MAX;
}

/* What the device cannot say is left out; the sum stays negative until there is something. */
static void add_device(double *sum, double more)
{
    if (more >= 0)
        *sum = *sum < 0 ? more : *sum + more;
}

static void add_row(pj_view_row *sum, const pj_view_row *row, size_t devices)
{
    sum->layers += row->layers;
    sum->uncounted += row->uncounted;
    add_capped(&sum->macs, row->macs);
    add_capped(&sum->flops, row->flops);
    add_capped(&sum->params, row->params);
    add_capped(&sum->param_bits, row->param_bits);
    add_capped(&sum->bops, row->bops);
    sum->energy.inputs += row->energy.inputs;
    sum->energy.outputs += row->energy.outputs;
    sum->energy.parameters += row->energy.parameters;
    sum->energy.op_cost += row->energy.op_cost;
    for (size_t d = 0; d < devices; d++) {
        add_device(&sum->devices[d].energy_pj, row->devices[d].energy_pj);
        add_device(&sum->devices[d].time_us, row->devices[d].time_us);
    }
}

static bool row_of_layer(const pj_view *view, const pj_layer *layer, pj_view_row *out)
{
    pj_str op = pj_str_new(0);
    pj_view_op(layer, &op);
    *out = (pj_view_row){.name = layer->name,
                         .op = pj_str_keep(&op, view->arena),
                         .layer = layer,
                         .order = layer->index,
                         .layers = 1,
                         .uncounted = layer->free || layer->counted ? 0 : 1,
                         .macs = layer->macs,
                         .flops = layer->flops,
                         .params = layer->params,
                         .param_bits = layer->param_bits,
                         .bops = layer->bops,
                         .energy = layer->energy};
    out->devices = pj_arena_memdup(view->arena, layer->devices, view->devices, sizeof *layer->devices);
    for (size_t d = 0; out->devices && (out->uncounted || layer->free) && d < view->devices; d++)
        out->devices[d] = (pj_device_figure){-1, -1};
    return out->op && out->devices;
}

static bool empty_row(const pj_view *view, const char *name, pj_view_row *out)
{
    *out = (pj_view_row){.name = name};
    out->devices = PJ_NEW(view->arena, pj_device_figure, view->devices);
    for (size_t d = 0; out->devices && d < view->devices; d++)
        out->devices[d] = (pj_device_figure){-1, -1};
    return out->devices != NULL;
}

static bool sum_of_totals(pj_view *view)
{
    const pj_totals *totals = view->totals;
    view->sum = (pj_view_row){.name = "total",
                              .layers = totals->layers,
                              .uncounted = totals->uncounted,
                              .macs = totals->macs,
                              .flops = totals->flops,
                              .params = totals->params,
                              .param_bits = totals->param_bits,
                              .bops = totals->bops,
                              .energy = totals->energy};
    view->sum.devices = pj_arena_memdup(view->arena, totals->devices, view->devices, sizeof *totals->devices);
    return view->sum.devices != NULL;
}

/* ---- groups ---- */

/* The first `depth` parts of "/layer1/layer1.0/conv1"; 0: all of them. */
static const char *cut_scope(pj_arena *arena, const char *scope, int depth)
{
    size_t length = *scope == '/';
    for (int part = 0; scope[length] && (depth == 0 || part < depth); part++) {
        length += scope[length] == '/' && part > 0;
        length += strcspn(scope + length, "/");
    }
    return length ? pj_arena_strndup(arena, scope, length) : "(no module)";
}

static bool add_to_group(pj_view *view, pj_map *groups, const pj_view_row *row, int depth)
{
    const char *name = view->group == PJ_GROUP_OP ? row->op : cut_scope(view->arena, row->layer->scope, depth);
    pj_view_row *group = name ? pj_map_get(groups, name) : NULL;
    if (name && !group) {
        group = &view->row[view->count];
        if (!empty_row(view, name, group) || !pj_map_put(groups, name, group))
            return false;
        group->order = row->order;
        view->count++;
    }
    if (!name)
        return false;
    add_row(group, row, view->devices);
    return true;
}

static bool collect(pj_view *view, int depth, bool with_free)
{
    const pj_layer *layers = view->result->layers;
    size_t count = view->result->layer_count;
    pj_map groups;
    pj_map_init(&groups, view->arena);
    view->row = PJ_NEW(view->arena, pj_view_row, count);
    for (size_t i = 0; view->row && i < count; i++) {
        pj_view_row row;
        if (layers[i].free && (!with_free || view->group != PJ_NO_GROUP))
            continue;
        if (!row_of_layer(view, &layers[i], &row))
            return false;
        if (view->group == PJ_NO_GROUP)
            view->row[view->count++] = row;
        else if (!add_to_group(view, &groups, &row, depth))
            return false;
    }
    return view->row != NULL;
}

/* ---- order ---- */

static int by_order(const pj_view_row *a, const pj_view_row *b)
{
    return (a->order > b->order) - (a->order < b->order);
}

static int by_energy(const void *left, const void *right)
{
    const pj_view_row *a = left, *b = right;
    double ea = pj_energy_total(&a->energy), eb = pj_energy_total(&b->energy);
    return ea != eb ? (ea < eb) - (ea > eb) : by_order(a, b);
}

static int by_macs(const void *left, const void *right)
{
    const pj_view_row *a = left, *b = right;
    return a->macs != b->macs ? (a->macs < b->macs) - (a->macs > b->macs) : by_order(a, b);
}

/* Rows are collected in graph order. */
static void sort_rows(pj_view *view)
{
    if (view->sort == PJ_BY_ENERGY)
        qsort(view->row, view->count, sizeof *view->row, by_energy);
    else if (view->sort == PJ_BY_MACS)
        qsort(view->row, view->count, sizeof *view->row, by_macs);
}

static void cut(pj_view *view, size_t top)
{
    if (!top || view->count <= top)
        return;
    view->left_out = view->count - top;
    for (size_t i = top; i < view->count; i++)
        add_row(&view->rest, &view->row[i], view->devices);
    view->count = top;
}

bool pj_view_make(const pj_result *result, const pj_report_options *options, bool for_people, pj_arena *arena,
                  pj_view *out)
{
    pj_sort usual = for_people ? PJ_BY_ENERGY : PJ_IN_ORDER;
    memset(out, 0, sizeof *out);
    out->result = result;
    out->totals = &result->totals;
    out->arena = arena;
    out->group = options ? options->group : PJ_NO_GROUP;
    out->sort = options && options->sort != PJ_BY_FORMAT ? options->sort : usual;
    out->for_people = for_people;
    out->devices = result->setup.device_count;
    if (!sum_of_totals(out) || !empty_row(out, "rest", &out->rest) ||
        !collect(out, options ? options->scope_depth : 0, !for_people))
        return false;
    sort_rows(out);
    cut(out, options ? options->top : 0);
    return true;
}

/* ---- texts ---- */

void pj_view_op(const pj_layer *layer, pj_str *out)
{
    if (*layer->domain)
        pj_str_printf(out, "%s::", layer->domain);
    pj_str_add(out, layer->op);
}

static bool alike(const pj_format_info *a, const pj_format_info *b)
{
    return !b->known || (a->known && strcmp(a->word, b->word) == 0);
}

static bool is_assumed(const pj_format_info *format)
{
    return format->known && strcmp(format->from, "assumed") == 0;
}

static const char *word_of(const pj_format_info *format)
{
    return format->known ? format->word : "?";
}

void pj_view_precision(const pj_layer *layer, pj_str *out)
{
    const pj_format_info *in = layer->input, *w = layer->weight, *sum = layer->accumulator, *to = layer->output;
    if (!in->known && !to->known)
        return;
    if (layer->macs > 0 && !(alike(in, w) && alike(in, sum)))
        pj_str_printf(out, "%s*%s>%s", word_of(in), word_of(w), word_of(sum));
    else if (!in->known || layer->macs > 0 || alike(in, to))
        pj_str_add(out, in->known ? in->word : to->word);
    else
        pj_str_printf(out, "%s>%s", in->word, to->word);
    if (is_assumed(in) || is_assumed(w) || is_assumed(sum) || is_assumed(to))
        pj_str_add_char(out, '?');
}
