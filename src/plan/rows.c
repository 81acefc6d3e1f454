/* Rows of a plan. */
#include "plan/rows.h"

typedef struct filler {
    const pj_candidates *candidates;
    const pj_picks *picks;
    const pj_assignment *assignment;
    size_t *slot_of; /* by unit: the slot of its weights in the mode that is picked; PJ_NO_PICK: none */
    pj_arena *arena;
} filler;

/* "int8", or "w4a8" of a layer that multiplies: weights as they will be, or as they are. */
static const char *then_word(const filler *f, const pj_member *unit, size_t activations, size_t weights)
{
    const pj_format_list *formats = &f->candidates->choices->formats;
    const pj_number *a = activations == PJ_AS_IS ? &unit->now_activation : &formats->number[activations];
    const pj_number *w = weights == PJ_AS_IS ? &unit->now_weight : &formats->number[weights];
    pj_str text = pj_str_new(64);
    pj_quantize_print(unit->weighted ? w : a, a, &text);
    return pj_str_keep(&text, f->arena);
}

/* Is `to` a better step from here than `best`? Up: less noise for the least energy; down: less energy for the least
 * noise. */
static bool is_step(bool up, const pj_plan_step *to, const pj_plan_step *best)
{
    double want = up ? -to->noise : -to->energy, cost = up ? to->energy : to->noise;
    double best_cost = up ? best->energy : best->noise;
    return want > 0 && (!best->format || cost < best_cost);
}

/* What a layer's own weights could be in this mode. */
static void step_weights(const filler *f, size_t u, bool up, pj_plan_step *best)
{
    const pj_candidates *c = f->candidates;
    size_t slot = f->slot_of[c->network->unit[u].leader];
    const pj_plan_totals *here = &c->figures[f->picks->slot[slot]];
    for (size_t i = c->choice_at[slot]; i < c->choice_at[slot + 1]; i++) {
        pj_plan_step step = {"", c->figures[i].energy - here->energy, c->figures[i].noise - here->noise, 1};
        if (!is_step(up, &step, best))
            continue;
        *best = step;
        best->format = then_word(f, &c->network->unit[u], f->assignment->activations[u], c->choice_weights[i]);
    }
}

/* A choice for a slot of another mode: the same weights where it has them, else the least noise. */
static size_t carry_over(const pj_candidates *c, size_t slot, size_t weights)
{
    size_t best = c->choice_at[slot];
    for (size_t i = best; i < c->choice_at[slot + 1]; i++) {
        if (c->choice_weights[i] == weights)
            return i;
        if (c->figures[i].noise < c->figures[best].noise)
            best = i;
    }
    return best;
}

/* What the whole group could be: each other mode. */
static void step_group(const filler *f, size_t u, bool up, pj_plan_step *best)
{
    const pj_candidates *c = f->candidates;
    const pj_member *unit = &c->network->unit[u];
    size_t group = unit->group, here = f->picks->mode[group];
    for (size_t m = c->mode_at[group]; m < c->mode_at[group + 1]; m++) {
        pj_plan_step step = {"", 0, 0, c->network->group[group].units};
        size_t own = PJ_AS_IS;
        if (m == here)
            continue;
        for (size_t s = c->slot_at[m]; s < c->slot_at[m + 1]; s++) {
            size_t leader = c->slot_unit[s];
            size_t pick = carry_over(c, s, leader == PJ_NO_PICK ? PJ_AS_IS : f->assignment->weights[leader]);
            step.energy += c->figures[pick].energy;
            step.noise += c->figures[pick].noise;
            if (leader == unit->leader)
                own = c->choice_weights[pick];
        }
        for (size_t s = c->slot_at[here]; s < c->slot_at[here + 1]; s++) {
            step.energy -= c->figures[f->picks->slot[s]].energy;
            step.noise -= c->figures[f->picks->slot[s]].noise;
        }
        if (!is_step(up, &step, best))
            continue;
        *best = step;
        best->format = then_word(f, unit, c->mode_format[m], own);
    }
}

static pj_plan_step find_step(const filler *f, size_t u, bool up)
{
    pj_plan_step step = {0};
    if (f->candidates->network->unit[u].weighted)
        step_weights(f, u, up, &step);
    if (!step.format)
        step_group(f, u, up, &step);
    return step;
}

/* What a plan says of a layer. */
static pj_plan_setting setting_of(const pj_candidates *c, const pj_assignment *assignment, size_t u)
{
    const pj_member *unit = &c->network->unit[u];
    const pj_format_list *formats = &c->choices->formats;
    size_t a = assignment->activations[u], w = assignment->weights[u];
    size_t constants = unit->weighted ? w : pj_unit_has_constants(unit) ? a : PJ_AS_IS;
    return (pj_plan_setting){constants == PJ_AS_IS ? NULL : formats->word[constants],
                             a == PJ_AS_IS ? NULL : formats->word[a]};
}

static void fill_row(const filler *f, size_t u, const pj_layers *then, pj_plan_layer *out)
{
    const pj_candidates *c = f->candidates;
    const pj_member *unit = &c->network->unit[u];
    const pj_layer *row = &c->network->today->layers.row[u];
    const pj_plan_setting setting = setting_of(c, f->assignment, u);
    *out = (pj_plan_layer){.index = row->index, .name = row->name, .op = row->op, .has_weights = unit->weighted};
    out->passes = unit->passes;
    out->is_named = strcmp(unit->node->name, unit->node->label) == 0;
    out->now = then_word(f, unit, PJ_AS_IS, PJ_AS_IS);
    out->then = then_word(f, unit, f->assignment->activations[u], f->assignment->weights[u]);
    out->activations = setting.activations;
    out->weights = setting.weights;
    out->energy_now = pj_energy_total(&row->energy);
    out->energy_then = then ? pj_energy_total(&then->row[u].energy) : 0;
    out->group = unit->group;
    if (unit->weighted && unit->leader == u)
        out->noise = c->figures[f->picks->slot[f->slot_of[u]]].noise;
    out->up = find_step(f, u, true);
    out->down = find_step(f, u, false);
}

static bool find_slots(filler *f)
{
    const pj_candidates *c = f->candidates;
    f->slot_of = PJ_NEW(f->arena, size_t, c->network->units);
    for (size_t u = 0; f->slot_of && u < c->network->units; u++)
        f->slot_of[u] = PJ_NO_PICK;
    for (size_t s = 0; f->slot_of && s < c->problem.slots; s++)
        if (f->picks->slot[s] != PJ_NO_PICK && c->slot_unit[s] != PJ_NO_PICK)
            f->slot_of[c->slot_unit[s]] = s;
    return f->slot_of != NULL;
}

pj_status pj_plan_rows(const pj_candidates *candidates, const pj_picks *picks, const pj_layers *then, pj_arena *arena,
                       const pj_plan_layer **out, size_t *count, pj_error *err)
{
    pj_assignment assignment;
    filler f = {.candidates = candidates, .picks = picks, .assignment = &assignment, .arena = arena};
    const pj_network *network = candidates->network;
    pj_plan_layer *rows = PJ_NEW(arena, pj_plan_layer, network->units);
    *out = rows;
    *count = 0;
    PJ_TRY(pj_got(rows && pj_candidates_assign(candidates, picks, arena, &assignment) && find_slots(&f), err));
    for (size_t u = 0; u < network->units; u++)
        if (network->unit[u].part != PJ_PART_STAYS)
            fill_row(&f, u, then, &rows[(*count)++]);
    return pj_arena_failed(arena) ? pj_fail_memory(err) : PJ_OK;
}

pj_status pj_plan_tensors(const pj_candidates *candidates, const pj_picks *picks, pj_arena *arena,
                          const pj_plan_tensor **out, size_t *count, pj_error *err)
{
    const pj_network *network = candidates->network;
    const pj_precision *precision = &network->today->precision;
    const pj_format_list *formats = &candidates->choices->formats;
    pj_plan_tensor *tensors = PJ_NEW(arena, pj_plan_tensor, (size_t)precision->count + network->units);
    pj_assignment assignment;
    *out = tensors;
    *count = 0;
    PJ_TRY(pj_got(tensors && pj_candidates_assign(candidates, picks, arena, &assignment), err));
    for (int v = 0; v < precision->count; v++) {
        size_t group = precision->model->value[v]->is_constant ? PJ_NO_CLUSTER : network->group_of[v]; /* no tables */
        size_t format = group == PJ_NO_CLUSTER ? PJ_AS_IS : candidates->mode_format[picks->mode[group]];
        if (format != PJ_AS_IS)
            tensors[(*count)++] = (pj_plan_tensor){precision->model->value[v]->name, formats->word[format]};
    }
    for (size_t u = 0; u < network->units; u++) {
        const pj_member *unit = &network->unit[u];
        if (unit->weighted && unit->leader == u && assignment.weights[u] != PJ_AS_IS)
            tensors[(*count)++] =
                (pj_plan_tensor){unit->node->in[pj_member_weight(unit)]->name, formats->word[assignment.weights[u]]};
    }
    return PJ_OK;
}

/* Words of formats are constants of one list, so equal ones are one. */
static size_t number_of(pj_plan_settings *list, pj_plan_setting setting)
{
    size_t i = 0;
    while (i < list->count &&
           (list->setting[i].weights != setting.weights || list->setting[i].activations != setting.activations))
        i++;
    if (i == list->count && i < PJ_MOST_SETTINGS)
        list->setting[list->count++] = setting;
    return i;
}

pj_status pj_plan_numbers(const pj_candidates *candidates, const pj_picks *picks, pj_plan_settings *list,
                          pj_arena *arena, const unsigned short **out, pj_error *err)
{
    const pj_network *network = candidates->network;
    unsigned short *numbers = PJ_NEW(arena, unsigned short, network->units);
    pj_arena *scratch = pj_arena_new(0);
    pj_assignment assignment;
    size_t count = 0;
    bool made = numbers && scratch && pj_candidates_assign(candidates, picks, scratch, &assignment);
    for (size_t u = 0; made && u < network->units; u++)
        if (network->unit[u].part != PJ_PART_STAYS)
            numbers[count++] = (unsigned short)number_of(list, setting_of(candidates, &assignment, u));
    pj_arena_free(scratch);
    *out = numbers;
    return pj_got(made, err);
}

static void put_text(pj_json_writer *json, const char *key, const char *text)
{
    if (!text)
        return;
    pj_json_write_key(json, key);
    pj_json_write_text(json, text);
}

void pj_plan_rows_json(const pj_plan_layer *layers, size_t count, pj_json_writer *json)
{
    put_text(json, "schema", "picojoule.plan/1");
    pj_json_write_key(json, "layers");
    pj_json_write_begin(json, PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < count; i++) {
        const pj_plan_layer *at = &layers[i];
        if (!at->weights && !at->activations)
            continue;
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        put_text(json, "match", at->name);
        put_text(json, "op", at->op);
        put_text(json, "weights", at->weights);
        put_text(json, "activations", at->activations);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}
