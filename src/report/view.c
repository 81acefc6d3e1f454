/* Sorting, grouping and cutting the layers of an analysis. */
#include "report/view.h"

#include "report/layer_text.h"
#include "result/field.h"

/* What the device cannot say of a part it cannot say of the whole. */
static void add_device(double *sum, double more)
{
    *sum = *sum < 0 || more < 0 ? -1 : *sum + more;
}

static void add_devices(pj_view_row *to, const pj_device_figure *more, size_t devices)
{
    pj_device_figure *figures = to->devices;
    for (size_t d = 0; d < devices; d++) {
        add_device(&figures[d].energy_pj, more[d].energy_pj);
        add_device(&figures[d].time_us, more[d].time_us);
        add_device(&figures[d].low_pj, more[d].low_pj);
        add_device(&figures[d].high_pj, more[d].high_pj);
    }
}

static bool empty_row(const pj_view *view, const char *name, pj_view_row *out)
{
    *out = (pj_view_row){.name = name};
    out->devices = PJ_NEW(view->arena, pj_device_figure, view->devices);
    out->sum.devices = out->devices;
    return out->devices != NULL;
}

static const pj_device_figure *devices_of(const pj_view *view, const pj_layer *layer)
{
    return layer->counted && !layer->free ? layer->devices : view->unknown;
}

static void add_layers(const pj_view *view, pj_view_row *to, const pj_layer *const *layers, size_t count)
{
    pj_totals_add_layers(&to->sum, layers, count);
    for (size_t i = 0; view->devices && i < count; i++)
        if (!layers[i]->free)
            add_devices(to, devices_of(view, layers[i]), view->devices);
}

static pj_view_row row_of_layer(const pj_view *view, const pj_layer *layer)
{
    pj_view_row row = {.name = layer->name, .layer = layer, .sum = pj_totals_of_layer(layer)};
    row.sum.devices = devices_of(view, layer);
    return row;
}

static const char *op_of(const pj_view *view, const pj_layer *layer)
{
    pj_str op = pj_str_new(0);
    pj_op_text(layer, &op);
    return pj_str_keep(&op, view->arena);
}

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

static bool add_to_group(pj_view *view, pj_map *groups, const pj_layer *layer, int depth)
{
    const char *name = view->group == PJ_GROUP_OP ? op_of(view, layer) : cut_scope(view->arena, layer->scope, depth);
    pj_view_row *group = name ? pj_map_get(groups, name) : NULL;
    if (name && !group) {
        group = &view->row[view->count];
        if (!empty_row(view, name, group) || !pj_map_put(groups, name, group))
            return false;
        view->count++;
    }
    if (name)
        add_layers(view, group, &layer, 1);
    return name;
}

static bool collect_groups(pj_view *view, int depth)
{
    const pj_result *result = view->result;
    pj_map groups;
    pj_map_init(&groups, view->arena);
    view->row = PJ_NEW(view->arena, pj_view_row, result->layer_count);
    for (size_t i = 0; view->row && i < result->layer_count; i++)
        if (!result->layers[i].free && !add_to_group(view, &groups, &result->layers[i], depth))
            return false;
    return view->row != NULL;
}

/* A layer or a group, before rows are made of those that are shown: large models have many more. */
typedef struct ranked {
    double energy;
    int64_t macs;
    size_t at; /* place of the layer, or of the group, in graph order */
} ranked;

static int by_order(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    return (a->at > b->at) - (a->at < b->at);
}

static int by_energy(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    return a->energy != b->energy ? (a->energy < b->energy) - (a->energy > b->energy) : by_order(a, b);
}

static int by_macs(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    return a->macs != b->macs ? (a->macs < b->macs) - (a->macs > b->macs) : by_order(a, b);
}

/* How many layers or groups there are, and which of them can be shown. */
static size_t items_of(const pj_view *view)
{
    return view->group == PJ_NO_GROUP ? view->result->layer_count : view->count;
}

static bool can_show(const pj_view *view, size_t item)
{
    return view->group != PJ_NO_GROUP || !view->for_people || !view->result->layers[item].free;
}

static ranked rank_of(const pj_view *view, size_t item)
{
    const pj_layer *layer = &view->result->layers[item];
    if (view->group == PJ_NO_GROUP)
        return (ranked){pj_energy_total(&layer->energy), layer->macs, item};
    const pj_totals *sum = &view->row[item].sum;
    return (ranked){pj_energy_total(&sum->energy), sum->macs, item};
}

/* The first `shown` of `count`, in the order of the view: of many, a few are kept at hand. NULL: no memory. */
static ranked *rank(const pj_view *view, size_t count, size_t shown)
{
    int (*const order)(const void *, const void *) = view->sort == PJ_BY_ENERGY ? by_energy
                                                     : view->sort == PJ_BY_MACS ? by_macs
                                                                                : by_order;
    size_t room = shown < count / 2 ? 2 * shown + 1 : count, listed = 0, sorted = 0;
    ranked *list = PJ_NEW(view->arena, ranked, room);
    for (size_t i = 0; list && shown && i < items_of(view); i++) {
        ranked item = rank_of(view, i);
        if (!can_show(view, i) || (sorted && order(&list[sorted - 1], &item) < 0))
            continue;
        list[listed++] = item;
        if (listed < room)
            continue;
        qsort(list, listed, sizeof *list, order);
        listed = sorted = shown;
    }
    if (list)
        qsort(list, listed, sizeof *list, order);
    return list;
}

/* All that is not shown, in graph order. */
static bool add_rest(pj_view *view, const bool *is_shown)
{
    bool is_layer = view->group == PJ_NO_GROUP;
    const pj_layer **layers = PJ_NEW(view->arena, const pj_layer *, is_layer ? view->left_out : 0);
    size_t count = 0;
    for (size_t i = 0; layers && i < items_of(view); i++) {
        if (is_shown[i] || !can_show(view, i))
            continue;
        if (is_layer) {
            layers[count++] = &view->result->layers[i];
            continue;
        }
        pj_totals_add(&view->rest.sum, &view->row[i].sum);
        add_devices(&view->rest, view->row[i].devices, view->devices);
    }
    if (layers)
        add_layers(view, &view->rest, layers, count);
    return layers;
}

/* Rows of the first `shown` of `count`, and the sum of the others. */
static bool show(pj_view *view, size_t count, size_t shown)
{
    bool is_layer = view->group == PJ_NO_GROUP;
    const ranked *list = rank(view, count, shown);
    pj_view_row *rows = PJ_NEW(view->arena, pj_view_row, shown);
    bool *is_shown = PJ_NEW(view->arena, bool, items_of(view));
    if (!list || !rows || !is_shown)
        return false;
    for (size_t i = 0; i < shown; i++) {
        const pj_layer *layer = &view->result->layers[list[i].at];
        rows[i] = is_layer ? row_of_layer(view, layer) : view->row[list[i].at];
        if (is_layer && !(rows[i].op = op_of(view, layer)))
            return false;
        is_shown[list[i].at] = true;
    }
    view->left_out = count - shown;
    if (view->left_out && !add_rest(view, is_shown))
        return false;
    view->row = rows;
    view->count = shown;
    return true;
}

/* How many rows to show. A row for the rest makes no sense in place of one. */
static size_t choose_top(size_t asked, bool for_people, size_t count)
{
    enum { USUAL = 20 };
    if (asked)
        return asked == PJ_TOP_NONE ? 0 : asked;
    return for_people && count > USUAL + 1 ? USUAL : count;
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
    out->sum = (pj_view_row){.name = "total", .sum = result->totals};
    pj_device_figure *unknown = PJ_NEW(arena, pj_device_figure, out->devices);
    for (size_t d = 0; unknown && d < out->devices; d++)
        unknown[d] = (pj_device_figure){-1, -1, -1, -1};
    out->unknown = unknown;
    if (!unknown || !empty_row(out, "rest", &out->rest) ||
        (out->group != PJ_NO_GROUP && !collect_groups(out, options ? options->scope_depth : 0)))
        return false;
    size_t count = 0;
    for (size_t i = 0; i < items_of(out); i++)
        count += can_show(out, i);
    size_t top = choose_top(options ? options->top : 0, for_people, count);
    out->columns = options ? options->columns : NULL;
    return show(out, count, top < count ? top : count);
}

/* "... 37 more" */
static const char *name_rest(const pj_view *view)
{
    pj_str text = pj_str_new(0);
    pj_str_add(&text, "... ");
    pj_human_exact(&text, (int64_t)view->left_out);
    pj_str_add(&text, " more");
    return pj_str_keep(&text, view->arena);
}

/* Does any layer run more or less often than once? */
static bool has_loops(const pj_result *result)
{
    for (size_t i = 0; i < result->layer_count; i++)
        if (result->layers[i].runs != 1)
            return true;
    return false;
}

static pj_columns columns_of(const pj_view *view)
{
    const pj_result *result = view->result;
    return (pj_columns){.arena = view->arena,
                        .table = view->group == PJ_NO_GROUP ? PJ_COLUMNS_LAYERS : PJ_COLUMNS_GROUPS,
                        .for_people = view->for_people,
                        .has_loops = has_loops(result),
                        .unit = result->unit,
                        .group_title = view->group == PJ_GROUP_OP ? "operator" : "module",
                        .devices = result->devices,
                        .device_count = view->devices,
                        .levels = view->result->levels,
                        .level_count = view->result->level_count,
                        .model = result->model->path,
                        .setup = &result->setup,
                        .whole = pj_energy_total(&result->totals.energy),
                        .list = view->columns};
}

const char *pj_view_unknown_column(const pj_view *view, pj_str *names)
{
    pj_columns of = columns_of(view);
    return of.list ? pj_columns_unknown(&of, names) : NULL;
}

pj_rows *pj_view_rows(const pj_view *view)
{
    pj_columns of = columns_of(view);
    pj_columns_made *columns = NULL;
    pj_rows *rows = pj_columns_make(&of, &columns);
    if (!rows)
        return NULL;
    for (size_t i = 0; i < view->count; i++)
        pj_columns_fill(columns, &view->row[i], pj_rows_add(rows));
    if (view->left_out) {
        pj_view_row rest = view->rest;
        rest.name = name_rest(view);
        pj_columns_fill(columns, &rest, pj_rows_add_footer(rows));
    }
    pj_columns_fill(columns, &view->sum, pj_rows_add_footer(rows));
    return pj_arena_failed(view->arena) ? NULL : rows;
}

/* The place where the next largest layer goes: `top` is kept in order. */
static void insert(const pj_layer **top, size_t *count, size_t most, const pj_layer *layer)
{
    size_t at = *count < most ? (*count)++ : most;
    for (; at > 0 && pj_energy_total(&top[at - 1]->energy) < pj_energy_total(&layer->energy); at--)
        if (at < most)
            top[at] = top[at - 1];
    if (at < most)
        top[at] = layer;
}

pj_rows *pj_view_top(const pj_view *view, size_t n)
{
    /* clang-format off */
    static const pj_column columns[] = {
        {.title = "layer", .kind = PJ_CELL_TEXT, PJ_NAME_FITS},
        {.title = "op", .kind = PJ_CELL_TEXT, PJ_OP_FITS},
        {.title = "energy", .kind = PJ_CELL_TEXT},
        {.title = "share",.kind = PJ_CELL_SHARE},
    };
    /* clang-format on */
    size_t count = 0;
    const pj_layer *layer = view->result->layers;
    size_t layers = view->result->layer_count;
    const pj_layer **top = PJ_NEW(view->arena, const pj_layer *, n);
    double whole = pj_energy_total(&view->totals->energy);
    pj_rows *rows = pj_rows_new(view->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; top && i < layers; i++)
        if (pj_energy_total(&layer[i].energy) > 0)
            insert(top, &count, n, &layer[i]);
    for (size_t i = 0; top && rows && i < count; i++) {
        pj_str op = pj_str_new(0), energy = pj_str_new(0);
        pj_cell *cell = pj_rows_add(rows);
        pj_op_text(top[i], &op);
        pj_human_energy(&energy, pj_energy_total(&top[i]->energy), view->result->unit);
        pj_cell_text(&cell[0], top[i]->name);
        pj_cell_made(&cell[1], rows, &op);
        pj_cell_made(&cell[2], rows, &energy);
        pj_cell_number(&cell[3], pj_energy_total(&top[i]->energy) / whole);
    }
    return top ? rows : NULL;
}
