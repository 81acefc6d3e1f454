/* Classes of layers, groups of tensors, wishes of the user. */
#include "plan/network.h"

#include "cost/estimate.h"
#include "plan/written.h"

static size_t find_root(size_t *parent, size_t at)
{
    while (parent[at] != at) {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    return at;
}

/* The smaller number becomes the root, so that groups are numbered in the order of the graph. */
static void unite(size_t *parent, size_t a, size_t b)
{
    size_t x = find_root(parent, a), y = find_root(parent, b);
    if (x < y)
        parent[y] = x;
    else
        parent[x] = y;
}

static bool is_float(const pj_format *format)
{
    return format->from != PJ_FROM_NOTHING && format->number.kind == PJ_FLOAT;
}

/* A float tensor of the run that the layer computes on. */
static bool reads_float(const pj_priced *today, const pj_node *node, int i)
{
    if (!pj_precision_is_data(node, i) || node->in[i]->is_constant || node->in[i]->is_folded)
        return false;
    pj_format format = pj_precision_of(&today->precision, node->in[i]);
    return is_float(&format);
}

static bool reads_floats(const pj_priced *today, const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (reads_float(today, node, i))
            return true;
    return false;
}

/* Does it compute nothing but what integer arithmetic is made for? */
static bool is_plain_arithmetic(const pj_layer_detail *detail)
{
    static const pj_prim needs_floats[] = {PJ_SQRT, PJ_EXP, PJ_LOG, PJ_TANH, PJ_ERF, PJ_SIN, PJ_POW, PJ_DIV, PJ_RAND};
    for (size_t i = 0; i < sizeof needs_floats / sizeof *needs_floats; i++)
        if (detail->count[needs_floats[i]] != 0)
            return false;
    return true;
}

/* The constant that a layer multiplies by; -1: none. */
static int weight_input(const pj_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->in[i] && node->in[i]->is_constant && strchr("wx", pj_node_role(node, i)) &&
            pj_dtype_is_float(node->in[i]->type.dtype))
            return i;
    return -1;
}

int pj_member_weight(const pj_member *unit)
{
    return weight_input(unit->node);
}

/* Constants that somebody reads who does not just look them up, by value. */
static void find_others(const pj_priced *today, bool *others)
{
    for (size_t u = 0; u < today->layers.count; u++) {
        const pj_node *node = today->layers.detail[u].node;
        const bool is_table = pj_written_is_table(node);
        for (int i = 0; i < node->inputs; i++) {
            const pj_value *value = node->in[i];
            if (value && value->is_constant && (!is_table || i > 0 || value->is_output))
                others[pj_parameter_root(&today->precision, value)->index] = true;
        }
    }
}

/* A table that others multiply by, too, stays: the file would hold it twice. */
static bool looks_up(const pj_priced *today, const bool *others, const pj_node *node)
{
    return pj_written_is_table(node) && !others[pj_parameter_root(&today->precision, node->in[0])->index];
}

static pj_part part_of(const pj_priced *today, const pj_layer *row, const pj_layer_detail *detail, bool is_table)
{
    const unsigned outside = PJ_CONTROL | PJ_OPAQUE_OP | PJ_SHAPE_ONLY | PJ_RUNS_BODY;
    const pj_node *node = detail->node;
    const pj_node_precision *own = pj_precision_node(&today->precision, node);
    if (!node->desc || !row->counted || node->desc->traits & outside || node->graph != today->precision.model->graph ||
        own->quantizer != PJ_NO_QUANTIZER || own->is_integer || own->computes_on || node->outputs < 1 ||
        !node->out[0] || (!is_table && !reads_floats(today, node)))
        return PJ_PART_STAYS;
    if (is_table)
        return PJ_PART_FLOATS;
    if (row->macs > 0)
        return is_plain_arithmetic(detail) ? PJ_PART_MULTIPLIES : PJ_PART_FLOATS;
    return row->free || is_plain_arithmetic(detail) ? PJ_PART_FOLLOWS : PJ_PART_FLOATS;
}

static void read_unit(const pj_priced *today, const bool *others, size_t index, pj_member *out)
{
    const pj_layer_detail *detail = &today->layers.detail[index];
    const pj_node *node = detail->node;
    out->node = node;
    out->leader = index;
    out->group = out->out = PJ_NO_CLUSTER;
    const bool is_table = looks_up(today, others, node);
    out->part = part_of(today, &today->layers.row[index], detail, is_table);
    if (out->part == PJ_PART_STAYS)
        return;
    out->looks_up = is_table;
    out->passes = !is_table && (node->desc->traits & (PJ_VIEW | PJ_MOVE | PJ_KEEP)) != 0;
    const bool multiplies = out->part == PJ_PART_MULTIPLIES || pj_written_is_recurrent(node);
    out->weighted = (multiplies || is_table) && weight_input(node) >= 0;
    out->now_activation = detail->formats->input.from != PJ_FROM_NOTHING ? detail->formats->input.number
                                                                         : detail->formats->operand.number;
    if (out->weighted)
        out->now_weight = is_table ? detail->formats->input.number : detail->formats->weight.number;
}

static void unite_unit(const pj_network *network, const pj_member *unit, size_t *parent)
{
    const pj_node *node = unit->node;
    size_t first = PJ_NO_CLUSTER;
    for (int i = 0; i < node->inputs; i++) {
        if (!reads_float(network->today, node, i))
            continue;
        if (first == PJ_NO_CLUSTER)
            first = (size_t)node->in[i]->index;
        unite(parent, first, (size_t)node->in[i]->index);
    }
    for (int o = 0; o < node->outputs && unit->passes; o++)
        if (node->out[o] && pj_dtype_is_float(node->out[o]->type.dtype))
            unite(parent, first, (size_t)node->out[o]->index);
}

/* The first tensor of its group that a layer reads. */
static const pj_value *first_float(const pj_network *network, const pj_member *unit)
{
    const pj_node *node = unit->node;
    int i = 0;
    while (!unit->looks_up && !reads_float(network->today, node, i))
        i++; /* a layer that does not stay has one */
    return node->in[i];
}

/* Layers that share weights decide as one. `readers`: by value, the first unit + 1. */
static void unite_shared(pj_network *network, size_t *readers, size_t *parent)
{
    for (size_t u = 0; u < network->units; u++) {
        pj_member *unit = &network->unit[u];
        if (!unit->weighted)
            continue;
        const pj_value *weight = unit->node->in[weight_input(unit->node)];
        size_t *first = &readers[pj_parameter_root(&network->today->precision, weight)->index];
        if (!*first)
            *first = u + 1;
        unit->leader = *first - 1;
        unite(parent, (size_t)first_float(network, unit)->index,
              (size_t)first_float(network, &network->unit[unit->leader])->index);
    }
}

/* Numbers the groups that somebody reads, in the order of their first tensor. */
static void number_groups(pj_network *network, size_t *parent, size_t *number)
{
    size_t values = (size_t)network->today->precision.count;
    for (size_t u = 0; u < network->units; u++) {
        const pj_member *unit = &network->unit[u];
        if (unit->part != PJ_PART_STAYS)
            number[find_root(parent, (size_t)first_float(network, unit)->index)] = 1;
    }
    for (size_t v = 0; v < values; v++)
        if (number[v])
            number[v] = ++network->groups;
    for (size_t v = 0; v < values; v++) {
        size_t root = number[find_root(parent, v)];
        network->group_of[v] = root ? root - 1 : PJ_NO_CLUSTER;
    }
}

/* A reader that cannot change keeps all of its tensors as they are. */
static void hold_group(pj_network *network, const pj_member *unit)
{
    for (int i = 0; i < unit->node->inputs; i++) {
        size_t at = unit->node->in[i] ? network->group_of[unit->node->in[i]->index] : PJ_NO_CLUSTER;
        if (at == PJ_NO_CLUSTER || (unit->node->desc && unit->node->desc->traits & PJ_SHAPE_ONLY))
            continue;
        network->group[at].stays = true;
        network->group[at].why = unit->node->label;
    }
}

/* Tensors and layers of each group. Backwards, so that the lists are in the order of the graph. */
static void list_members(pj_network *network)
{
    for (size_t g = 0; g < network->groups; g++)
        network->group[g].first_reader = network->group[g].first_writer = network->group[g].first_tensor =
            PJ_NO_CLUSTER;
    for (size_t v = (size_t)network->today->precision.count; v-- > 0;) {
        size_t at = network->group_of[v];
        if (at == PJ_NO_CLUSTER)
            continue;
        network->next_tensor[v] = network->group[at].first_tensor;
        network->group[at].first_tensor = v;
    }
    for (size_t u = network->units; u-- > 0;) {
        pj_member *unit = &network->unit[u];
        if (unit->out != PJ_NO_CLUSTER) {
            unit->next_writer = network->group[unit->out].first_writer;
            network->group[unit->out].first_writer = u;
        }
        if (unit->group != PJ_NO_CLUSTER) {
            unit->next_reader = network->group[unit->group].first_reader;
            network->group[unit->group].first_reader = u;
        }
    }
}

/* Chains layers with the same weights after their leader, the nearest last. */
static void list_shared(pj_network *network)
{
    for (size_t u = 0; u < network->units; u++)
        network->unit[u].next_shared = PJ_NO_CLUSTER;
    for (size_t u = network->units; u-- > 0;) {
        pj_member *unit = &network->unit[u], *leader = &network->unit[unit->leader];
        if (unit == leader)
            continue;
        unit->next_shared = leader->next_shared;
        leader->next_shared = u;
    }
}

static void fill_groups(pj_network *network)
{
    const pj_precision *precision = &network->today->precision;
    for (size_t g = 0; g < network->groups; g++)
        network->group[g].bits = INT64_MAX;
    for (int v = 0; v < precision->count; v++) {
        size_t at = network->group_of[v];
        pj_format format = pj_precision_of(precision, precision->model->value[v]);
        if (at != PJ_NO_CLUSTER && is_float(&format) && format.number.bits < network->group[at].bits)
            network->group[at].bits = format.number.bits;
    }
    for (size_t u = 0; u < network->units; u++) {
        pj_member *unit = &network->unit[u];
        const pj_node *node = unit->node;
        if (node->outputs > 0 && node->out[0])
            unit->out = network->group_of[node->out[0]->index];
        if (unit->part == PJ_PART_STAYS) {
            hold_group(network, unit);
            continue;
        }
        unit->group = network->group_of[first_float(network, unit)->index];
        pj_cluster *group = &network->group[unit->group];
        group->units++;
        group->floats_only = group->floats_only || unit->part == PJ_PART_FLOATS;
    }
    list_members(network);
    list_shared(network);
}

pj_status pj_network_read(const pj_priced *today, pj_arena *arena, pj_network *out, pj_error *err)
{
    size_t values = (size_t)today->precision.count;
    size_t *parent = PJ_NEW(arena, size_t, values), *number = PJ_NEW(arena, size_t, values);
    memset(out, 0, sizeof *out);
    out->today = today;
    out->units = today->layers.count;
    out->unit = PJ_NEW(arena, pj_member, out->units);
    out->group_of = PJ_NEW(arena, size_t, values);
    out->next_tensor = PJ_NEW(arena, size_t, values);
    bool *others = PJ_NEW(arena, bool, values);
    PJ_TRY(pj_got(parent && number && out->unit && out->group_of && out->next_tensor && others, err));
    find_others(today, others);
    for (size_t v = 0; v < values; v++)
        parent[v] = v;
    for (size_t u = 0; u < out->units; u++) {
        read_unit(today, others, u, &out->unit[u]);
        if (out->unit[u].part != PJ_PART_STAYS)
            unite_unit(out, &out->unit[u], parent);
    }
    unite_shared(out, number, parent);
    memset(number, 0, values * sizeof *number);
    number_groups(out, parent, number);
    out->group = PJ_NEW(arena, pj_cluster, out->groups);
    PJ_TRY(pj_got(out->group, err));
    fill_groups(out);
    return PJ_OK;
}

/* Layers that the user may speak of: those that choose, or that compute at all. */
static bool can_change(const pj_member *unit)
{
    return unit->part != PJ_PART_STAYS;
}

static pj_status keep_unit(pj_member *unit, const char *why, pj_error *err)
{
    if (unit->pin)
        return pj_fail(err, PJ_EARGUMENT, "layer \"%.200s\" is %s, and %s as well", unit->node->label, unit->why, why);
    unit->kept = true;
    unit->why = why;
    return PJ_OK;
}

static pj_status pin_unit(pj_member *unit, size_t choice, const char *why, pj_error *err)
{
    if (unit->kept || (unit->pin && unit->pin != choice + 1))
        return pj_fail(err, PJ_EARGUMENT, "layer \"%.200s\" is %s, and %s as well", unit->node->label, unit->why, why);
    unit->pin = choice + 1;
    unit->why = why;
    return PJ_OK;
}

static pj_status fail_unmatched(const pj_network *network, const char *option, const char *glob, pj_error *err)
{
    for (size_t u = 0; u < network->units; u++)
        if (pj_text_glob(glob, network->unit[u].node->label))
            return pj_fail(err, PJ_EARGUMENT,
                           "%s \"%.200s\" matches only layers that cannot change (\"%.200s\": not a float layer of the "
                           "main graph with known work)",
                           option, glob, network->unit[u].node->label);
    return pj_fail(err, PJ_EARGUMENT, "%s \"%.200s\" matches no layer of the model", option, glob);
}

static pj_status keep_end(pj_network *network, bool last, pj_error *err)
{
    for (size_t i = 0; i < network->units; i++) {
        pj_member *unit = &network->unit[last ? network->units - 1 - i : i];
        if (unit->weighted && !unit->looks_up)
            return keep_unit(unit, last ? "kept (--keep last)" : "kept (--keep first)", err);
    }
    return PJ_OK;
}

static pj_status pin_glob(pj_network *network, const pj_plan_pin *pin, const pj_choice_list *choices, pj_arena *arena,
                          pj_error *err)
{
    size_t choice = pj_choices_find(choices, pin->choice);
    pj_str text = pj_str_new(0);
    bool found = false;
    if (choice == choices->count)
        return pj_fail(err, PJ_EARGUMENT, "--pin \"%.100s=%.60s\": %.60s is not among the choices", pin->glob,
                       pin->choice, pin->choice);
    pj_str_printf(&text, "pinned to %s (--pin %s=%s)", pin->choice, pin->glob, pin->choice);
    const char *why = pj_str_keep(&text, arena);
    PJ_TRY(pj_got(why, err));
    const bool is_integer = choices->formats.number[choices->choice[choice].activations].kind != PJ_FLOAT;
    for (size_t u = 0; u < network->units; u++) {
        pj_member *unit = &network->unit[u];
        const bool has_none = unit->part == PJ_PART_FLOATS && (!unit->weighted || (unit->looks_up && is_integer));
        if (!can_change(unit) || has_none || !pj_text_glob(pin->glob, unit->node->label))
            continue;
        PJ_TRY(pin_unit(unit, choice, why, err));
        found = true;
    }
    return found ? PJ_OK : fail_unmatched(network, "--pin", pin->glob, err);
}

static pj_status exclude_glob(pj_network *network, const char *glob, pj_arena *arena, pj_error *err)
{
    pj_str text = pj_str_new(0);
    bool found = false;
    pj_str_printf(&text, "excluded (--exclude %s)", glob);
    const char *why = pj_str_keep(&text, arena);
    PJ_TRY(pj_got(why, err));
    for (size_t u = 0; u < network->units; u++) {
        if (!can_change(&network->unit[u]) || !pj_text_glob(glob, network->unit[u].node->label))
            continue;
        PJ_TRY(keep_unit(&network->unit[u], why, err));
        found = true;
    }
    return found ? PJ_OK : fail_unmatched(network, "--exclude", glob, err);
}

pj_status pj_network_wish(pj_network *network, const pj_plan_options *options, const pj_choice_list *choices,
                          pj_arena *arena, pj_error *err)
{
    if (options->keep_first)
        PJ_TRY(keep_end(network, false, err));
    if (options->keep_last)
        PJ_TRY(keep_end(network, true, err));
    for (size_t i = 0; i < options->exclude_count; i++)
        PJ_TRY(exclude_glob(network, options->excludes[i], arena, err));
    for (size_t i = 0; i < options->pin_count; i++)
        PJ_TRY(pin_glob(network, &options->pins[i], choices, arena, err));
    return PJ_OK;
}
