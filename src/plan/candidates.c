/* Pricing the choices, and the problem that they make. */
#include "plan/candidates.h"

#include "plan/written.h"

bool pj_unit_has_constants(const pj_member *unit)
{
    for (int i = 0; i < unit->node->inputs; i++)
        if (unit->node->in[i] && unit->node->in[i]->is_constant && pj_precision_is_data(unit->node, i) &&
            pj_dtype_is_float(unit->node->in[i]->type.dtype))
            return true;
    return false;
}

/* A layer's share of an analysis. */
typedef struct row_price {
    bool counted;
    double work; /* inputs, parameters, arithmetic (pJ) */
    double writes;
    double param_bytes, bops;
} row_price;

typedef struct maker {
    const pj_prices *prices;
    const pj_network *network;
    const pj_choice_list *choices;
    const pj_target *target;
    const pj_noise_source *noise;
    pj_arena *arena;
    pj_candidates *out;
    row_price **run; /* by choice, then today: a price per unit */
    size_t today;
} maker;

static const pj_number *number_of(const maker *m, size_t format)
{
    return &m->choices->formats.number[format];
}

/* The format that activations of a choice have in a group: PJ_AS_IS where that is what the model has. */
static size_t activations_in(const maker *m, const pj_cluster *group, size_t choice)
{
    size_t format = m->choices->choice[choice].activations;
    return number_of(m, format)->kind == PJ_FLOAT && number_of(m, format)->bits == group->bits ? PJ_AS_IS : format;
}

/* The weights of a choice in a layer: PJ_AS_IS where it has them already. false: they would be widened. */
static bool weights_in(const maker *m, const pj_member *unit, size_t choice, size_t *out)
{
    size_t format = m->choices->choice[choice].weights;
    *out = pj_number_equal(number_of(m, format), &unit->now_weight) ? PJ_AS_IS : format;
    const bool is_written = !m->target->weighted || (pj_target_lists(m->target->weighted, unit->node) &&
                                                     !pj_written_is_computed(unit->node->in[pj_member_weight(unit)]));
    return *out == PJ_AS_IS || (pj_number_narrower(number_of(m, format), &unit->now_weight) &&
                                (number_of(m, format)->kind == PJ_FLOAT || is_written));
}

/* Can a target that names its operators not run the layer with such activations? */
static bool lacks_form(const maker *m, const pj_member *unit, const pj_number *number)
{
    if (!m->target->integers)
        return false;
    if (number->kind == PJ_FLOAT)
        return *unit->node->domain != 0 || pj_written_stays_wide(unit->node) || pj_written_reads_moved(unit->node);
    return m->network->group[unit->group].bits < 32 || !pj_target_lists(m->target->integers, unit->node) ||
           pj_written_reads_computed(unit->node);
}

enum { LEAST_LOOKED_UP = 16 }; /* bits of what a table's rows become: nobody hands them on as less */

static bool group_takes(const maker *m, size_t at, size_t format)
{
    const pj_cluster *group = &m->network->group[at];
    const pj_number *number = number_of(m, format);
    if (format == PJ_AS_IS)
        return true;
    if (group->stays || number->bits >= group->bits || (group->floats_only && number->kind != PJ_FLOAT))
        return false;
    for (size_t u = group->first_reader; u != PJ_NO_CLUSTER; u = m->network->unit[u].next_reader) {
        const pj_member *unit = &m->network->unit[u];
        bool is_other = !unit->weighted && m->target->has_others && !m->target->others[format];
        if (unit->kept || is_other || (unit->looks_up && number->bits < LEAST_LOOKED_UP) ||
            lacks_form(m, unit, number) || (unit->pin && activations_in(m, group, unit->pin - 1) != format))
            return false;
    }
    return true;
}

/* May the unit take the choice while its group works in `format`? */
static bool unit_takes(const maker *m, const pj_member *unit, size_t choice, size_t format, size_t *weights)
{
    const pj_cluster *group = &m->network->group[unit->group];
    return activations_in(m, group, choice) == format && weights_in(m, unit, choice, weights) && !unit->kept &&
           (!unit->pin || unit->pin == choice + 1);
}

/* As it is: unless it is pinned to something else, or the target has no floats and there is another way. */
static bool unit_stays(const maker *m, const pj_member *unit, size_t format)
{
    size_t weights;
    if (format != PJ_AS_IS)
        return false;
    if (unit->pin)
        return unit_takes(m, unit, unit->pin - 1, format, &weights) && weights == PJ_AS_IS;
    return true;
}

/* All layers that can take the choice do. */
static pj_status assign_run(const maker *m, size_t choice, pj_assignment *out, pj_error *err)
{
    const pj_network *network = m->network;
    out->activations = PJ_NEW(m->arena, size_t, network->units);
    out->weights = PJ_NEW(m->arena, size_t, network->units);
    PJ_TRY(pj_got(out->activations && out->weights, err));
    for (size_t u = 0; u < network->units && choice < m->choices->count; u++) {
        const pj_member *unit = &network->unit[u];
        if (unit->part == PJ_PART_STAYS)
            continue;
        const pj_cluster *group = &network->group[unit->group];
        size_t format = activations_in(m, group, choice), weights;
        if (group->stays || (group->floats_only && format != PJ_AS_IS && number_of(m, format)->kind != PJ_FLOAT) ||
            (format != PJ_AS_IS && number_of(m, format)->bits >= group->bits))
            continue;
        out->activations[u] = format;
        if (unit->weighted && weights_in(m, unit, choice, &weights))
            out->weights[u] = weights;
    }
    return PJ_OK;
}

/* The formats of layers as a plan in memory. */
static pj_status plan_of(const pj_network *network, const pj_choice_list *choices, const pj_assignment *assignment,
                         pj_arena *arena, pj_plan *out, pj_error *err)
{
    memset(out, 0, sizeof *out);
    out->node = PJ_NEW(arena, const pj_plan_formats *, network->today->precision.model->nodes);
    PJ_TRY(pj_got(out->node, err));
    for (size_t u = 0; u < network->units; u++) {
        const pj_member *unit = &network->unit[u];
        size_t a = assignment->activations[u], w = assignment->weights[u];
        if (!unit->weighted)
            w = pj_unit_has_constants(unit) ? a : PJ_AS_IS;
        if (a == PJ_AS_IS && w == PJ_AS_IS)
            continue;
        pj_plan_formats *formats = PJ_NEW(arena, pj_plan_formats, 1);
        PJ_TRY(pj_got(formats, err));
        if (a != PJ_AS_IS)
            formats->activations = (pj_format){choices->formats.number[a], PJ_FROM_PLAN, 0};
        if (w != PJ_AS_IS)
            formats->weights = (pj_format){choices->formats.number[w], PJ_FROM_PLAN, 0};
        out->node[unit->node->id] = formats;
    }
    return PJ_OK;
}

static void read_prices(const pj_layers *layers, row_price *out)
{
    for (size_t u = 0; u < layers->count; u++) {
        const pj_layer *row = &layers->row[u];
        out[u] = (row_price){row->counted, row->energy.inputs + row->energy.parameters + row->energy.op_cost,
                             row->energy.outputs, (double)row->param_bits / 8, (double)row->bops};
    }
}

static pj_status price_run(maker *m, size_t choice, pj_error *err)
{
    pj_assignment assignment;
    pj_priced priced;
    pj_plan plan;
    pj_diags diags;
    m->run[choice] = PJ_NEW(m->arena, row_price, m->network->units);
    pj_arena *scratch = pj_arena_new(0);
    if (!m->run[choice] || !scratch) {
        pj_arena_free(scratch);
        return pj_fail_memory(err);
    }
    pj_diags_init(&diags, scratch);
    pj_status status = assign_run(m, choice, &assignment, err);
    if (status == PJ_OK)
        status = plan_of(m->network, m->choices, &assignment, scratch, &plan, err);
    if (status == PJ_OK)
        status = pj_run_priced(m->prices, &plan, scratch, scratch, &diags, &priced, err);
    if (status == PJ_OK)
        read_prices(&priced.layers, m->run[choice]);
    pj_arena_free(scratch);
    return status;
}

static pj_status price_runs(maker *m, pj_error *err)
{
    m->today = m->choices->count;
    m->run = PJ_NEW(m->arena, row_price *, m->today + 1);
    PJ_TRY(pj_got(m->run, err));
    for (size_t c = 0; c < m->choices->count; c++)
        PJ_TRY(price_run(m, c, err));
    m->run[m->today] = PJ_NEW(m->arena, row_price, m->network->units);
    PJ_TRY(pj_got(m->run[m->today], err));
    read_prices(&m->network->today->layers, m->run[m->today]);
    return PJ_OK;
}

static double unit_noise(const maker *m, size_t unit, size_t choice, size_t weights)
{
    if (m->noise->losses)
        return m->noise->losses->loss[unit * m->noise->losses->choices + choice];
    if (weights == PJ_AS_IS)
        return 0;
    if (m->noise->weight_noise)
        return m->noise->weight_noise[unit * m->choices->formats.count + weights];
    return pj_format_noise(number_of(m, weights), NULL);
}

/* Does the tensor hold numbers of the same group, moved or kept? Then they are rounded already. */
static bool is_passed_on(const pj_network *network, const pj_value *value)
{
    const pj_node *producer = value->producer;
    bool passes = producer && producer->desc && producer->desc->traits & (PJ_VIEW | PJ_MOVE | PJ_KEEP);
    size_t group = network->group_of[value->index];
    for (int i = 0; passes && i < producer->inputs; i++)
        if (producer->in[i] && network->group_of[producer->in[i]->index] == group)
            return true;
    return false;
}

/* What layers without weights were measured to lose in the format: the worst of what the choices with it say. */
static double measured_noise(const maker *m, size_t group, size_t format)
{
    const pj_losses *losses = m->noise->losses;
    double sum = 0;
    for (size_t u = m->network->group[group].first_reader; u != PJ_NO_CLUSTER; u = m->network->unit[u].next_reader) {
        double worst = 0;
        for (size_t c = 0; c < m->choices->count && !m->network->unit[u].weighted; c++)
            if (activations_in(m, &m->network->group[group], c) == format)
                worst = fmax(worst, losses->loss[u * losses->choices + c]);
        sum += worst;
    }
    return sum;
}

/* Each tensor of the group that is made by arithmetic, or comes from outside, is rounded once. */
static double group_noise(const maker *m, size_t group, size_t format)
{
    const pj_precision *precision = &m->network->today->precision;
    const pj_number *number = number_of(m, format);
    double sum = 0;
    if (format == PJ_AS_IS)
        return 0;
    if (m->noise->losses)
        return measured_noise(m, group, format);
    for (size_t v = m->network->group[group].first_tensor; v != PJ_NO_CLUSTER; v = m->network->next_tensor[v]) {
        const pj_value *value = precision->model->value[v];
        pj_format now = pj_precision_of(precision, value);
        if (now.from != PJ_FROM_NOTHING && number->bits < now.number.bits && !value->is_constant &&
            !is_passed_on(m->network, value))
            sum += pj_format_noise(number, m->noise->ranges ? pj_map_get(m->noise->ranges, value->name) : NULL);
    }
    return sum;
}

static void add_choice(maker *m, pj_plan_totals figures, size_t weights, size_t word)
{
    pj_candidates *out = m->out;
    size_t at = out->problem.choices++;
    out->figures[at] = figures;
    out->choice_weights[at] = weights;
    out->choice_word[at] = word;
}

static void end_slot(maker *m, size_t unit)
{
    size_t at = m->out->problem.slots++;
    m->out->slot_unit[at] = unit;
    m->out->choice_at[at + 1] = m->out->problem.choices;
}

/* A run in which the group works in `format`. */
static size_t run_of(const maker *m, size_t group, size_t format)
{
    for (size_t c = 0; c < m->choices->count && format != PJ_AS_IS; c++)
        if (activations_in(m, &m->network->group[group], c) == format)
            return c;
    return m->today;
}

/* What follows from the mode alone: layers without weights, and whatever the group's tensors are written by. */
static bool add_common(maker *m, size_t group, size_t format)
{
    const row_price *run = m->run[run_of(m, group, format)];
    pj_plan_totals sum = {0, 0, 0, group_noise(m, group, format)};
    bool counted = true;
    for (size_t u = m->network->group[group].first_writer; u != PJ_NO_CLUSTER; u = m->network->unit[u].next_writer)
        sum.energy += run[u].writes;
    for (size_t u = m->network->group[group].first_reader; u != PJ_NO_CLUSTER; u = m->network->unit[u].next_reader) {
        if (m->network->unit[u].weighted)
            continue;
        sum.energy += run[u].work;
        sum.param_bytes += run[u].param_bytes;
        sum.bops += run[u].bops;
        counted = counted && run[u].counted;
    }
    add_choice(m, sum, PJ_AS_IS, m->choices->count);
    end_slot(m, PJ_NO_PICK);
    return counted;
}

/* All layers that share the weights of `leader`, in one choice (or as they are). false: one has no price, or no loss.
 */
static bool sum_shared(const maker *m, size_t leader, size_t run, size_t choice, size_t weights, pj_plan_totals *out)
{
    memset(out, 0, sizeof *out);
    for (size_t u = leader; u != PJ_NO_CLUSTER; u = m->network->unit[u].next_shared) {
        const row_price *price = &m->run[run][u];
        out->energy += price->work;
        out->param_bytes += u == leader ? price->param_bytes : 0;
        out->bops += price->bops;
        if (choice < m->choices->count)
            out->noise += unit_noise(m, u, choice, weights);
        if (!price->counted)
            return false;
    }
    return true;
}

/* Do all layers that share the leader's weights agree to it? */
static bool shared_take(const maker *m, size_t leader, size_t choice, size_t format, size_t *weights)
{
    for (size_t u = leader; u != PJ_NO_CLUSTER; u = m->network->unit[u].next_shared) {
        const pj_member *unit = &m->network->unit[u];
        size_t own = PJ_AS_IS;
        if (choice == m->choices->count ? !unit_stays(m, unit, format) : !unit_takes(m, unit, choice, format, &own))
            return false;
        *weights = choice == m->choices->count ? PJ_AS_IS : own;
    }
    return true;
}

/* The choices of a layer's weights; false: there is none. `as_is`: to stay is one of them. */
static bool add_layer(maker *m, size_t leader, size_t format, bool as_is)
{
    size_t before = m->out->problem.choices, weights = PJ_AS_IS;
    pj_plan_totals figures;
    for (size_t c = 0; c <= m->choices->count; c++) {
        bool stays = c == m->choices->count;
        if ((stays && !as_is) || !shared_take(m, leader, c, format, &weights))
            continue;
        if (sum_shared(m, leader, stays ? m->today : c, c, weights, &figures))
            add_choice(m, figures, weights, c);
    }
    end_slot(m, leader);
    return m->out->problem.choices > before;
}

/* A mode of a group; taken back where a layer has no choice in it. */
static bool add_mode(maker *m, size_t group, size_t format, bool as_is)
{
    pj_candidates *out = m->out;
    pj_problem before = out->problem;
    bool fills = add_common(m, group, format);
    for (size_t u = m->network->group[group].first_reader; u != PJ_NO_CLUSTER && fills;
         u = m->network->unit[u].next_reader)
        if (m->network->unit[u].weighted && m->network->unit[u].leader == u)
            fills = add_layer(m, u, format, as_is);
    if (!fills) {
        out->problem.slots = before.slots;
        out->problem.choices = before.choices;
        return false;
    }
    out->mode_format[out->problem.modes] = format;
    out->slot_at[++out->problem.modes] = out->problem.slots;
    return true;
}

static pj_status fail_group(const maker *m, size_t group, pj_error *err)
{
    const pj_member *first = NULL, *second = NULL;
    for (size_t u = m->network->group[group].first_reader; u != PJ_NO_CLUSTER; u = m->network->unit[u].next_reader) {
        const pj_member *unit = &m->network->unit[u];
        if (!unit->pin && !unit->kept)
            continue;
        if (!first)
            first = unit;
        else if (!second && (unit->pin != first->pin || unit->kept != first->kept))
            second = unit;
    }
    if (first && second)
        return pj_fail(
            err, PJ_EARGUMENT,
            "layer \"%.120s\" is %.120s, but \"%.120s\" is %.120s: they read the same tensors, so they work in "
            "one format of activations",
            first->node->label, first->why, second->node->label, second->why);
    return pj_fail(err, PJ_EARGUMENT,
                   "layer \"%.200s\" cannot be %.160s: another layer that reads the same tensors cannot work in that "
                   "format, or it would widen what the model has",
                   first ? first->node->label : "?", first ? first->why : "changed");
}

/* Is there something in the group that a target without floats has to change? */
static bool has_to_change(const maker *m, size_t group)
{
    for (size_t u = m->network->group[group].first_reader; u != PJ_NO_CLUSTER; u = m->network->unit[u].next_reader)
        if (m->network->unit[u].weighted && !m->network->unit[u].kept)
            return !m->target->floats_stay;
    return false;
}

static pj_status add_group(maker *m, size_t group, pj_error *err)
{
    pj_candidates *out = m->out;
    size_t before = out->problem.modes;
    bool must = has_to_change(m, group);
    for (size_t format = 1; format < m->choices->formats.count; format++)
        if (run_of(m, group, format) != m->today && group_takes(m, group, format))
            (void)add_mode(m, group, format, false);
    if (!must || out->problem.modes == before)
        (void)add_mode(m, group, PJ_AS_IS, true);
    if (out->problem.modes == before)
        return fail_group(m, group, err);
    out->mode_at[++out->problem.groups] = out->problem.modes;
    return PJ_OK;
}

static pj_status make_room(maker *m, pj_error *err)
{
    const pj_network *network = m->network;
    size_t modes = network->groups * m->choices->formats.count, slots = modes, choices = modes;
    for (size_t u = 0; u < network->units; u++)
        if (network->unit[u].weighted) {
            slots += m->choices->formats.count;
            choices += m->choices->formats.count * (m->choices->count + 1);
        }
    pj_candidates *out = m->out;
    out->problem.mode_at = out->mode_at = PJ_NEW(m->arena, size_t, network->groups + 1);
    out->problem.slot_at = out->slot_at = PJ_NEW(m->arena, size_t, modes + 1);
    out->problem.choice_at = out->choice_at = PJ_NEW(m->arena, size_t, slots + 1);
    out->problem.point = out->point = PJ_NEW(m->arena, pj_point, choices);
    out->figures = PJ_NEW(m->arena, pj_plan_totals, choices);
    out->choice_weights = PJ_NEW(m->arena, size_t, choices);
    out->choice_word = PJ_NEW(m->arena, size_t, choices);
    out->slot_unit = PJ_NEW(m->arena, size_t, slots);
    out->mode_format = PJ_NEW(m->arena, size_t, modes);
    return pj_arena_failed(m->arena) ? pj_fail_memory(err) : PJ_OK;
}

/* Losses must be there for all that can be chosen. */
static pj_status check_losses(const maker *m, pj_error *err)
{
    const pj_network *network = m->network;
    size_t missing = 0, unit = 0, word = 0;
    for (size_t u = 0; m->noise->losses && u < network->units; u++)
        for (size_t c = 0; c < m->choices->count && network->unit[u].weighted; c++) {
            size_t weights;
            const pj_cluster *group = &network->group[network->unit[u].group];
            size_t format = activations_in(m, group, c);
            bool can =
                group_takes(m, network->unit[u].group, format) && unit_takes(m, &network->unit[u], c, format, &weights);
            if (!can || m->noise->losses->loss[u * m->noise->losses->choices + c] >= 0)
                continue;
            if (!missing++) {
                unit = u;
                word = c;
            }
        }
    if (!missing)
        return PJ_OK;
    return pj_fail(
        err, PJ_EFORMAT,
        "there is no loss for layer \"%.200s\" in %.40s (%zu missing in all); add them, or leave formats out "
        "with --choices",
        network->unit[unit].node->label, m->choices->choice[word].word, missing);
}

/* What is left of today's totals without everything that can be chosen as it is. */
static void find_constant(maker *m)
{
    const pj_network *network = m->network;
    const pj_totals *today = &network->today->totals;
    const row_price *run = m->run[m->today];
    pj_plan_totals sum = {0};
    for (size_t u = 0; u < network->units; u++) {
        const pj_member *unit = &network->unit[u];
        sum.energy += unit->out != PJ_NO_CLUSTER ? run[u].writes : 0;
        if (unit->group == PJ_NO_CLUSTER)
            continue;
        sum.energy += run[u].work;
        sum.param_bytes += unit->weighted && unit->leader != u ? 0 : run[u].param_bytes;
        sum.bops += run[u].bops;
    }
    m->out->constant.energy = pj_energy_total(&today->energy) - sum.energy;
    m->out->constant.param_bytes = (double)today->param_bits / 8 - sum.param_bytes;
    m->out->constant.bops = (double)today->bops - sum.bops;
}

pj_status pj_candidates_make(const pj_prices *prices, const pj_network *network, const pj_choice_list *choices,
                             const pj_target *target, const pj_noise_source *noise, pj_arena *arena, pj_candidates *out,
                             pj_error *err)
{
    maker m = {.prices = prices,
               .network = network,
               .choices = choices,
               .target = target,
               .noise = noise,
               .arena = arena,
               .out = out};
    memset(out, 0, sizeof *out);
    out->network = network;
    out->choices = choices;
    PJ_TRY(check_losses(&m, err));
    PJ_TRY(price_runs(&m, err));
    PJ_TRY(make_room(&m, err));
    for (size_t g = 0; g < network->groups; g++)
        PJ_TRY(add_group(&m, g, err));
    find_constant(&m);
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
}
