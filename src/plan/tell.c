/* Findings about noise, and layers that stay. */
#include "plan/tell.h"

static const double alike = 1.9953; /* 3 dB */

/* Do all layers lose about the same in a format? How many there are, or 0. */
static size_t count_alike(const pj_candidates *c, const double *noise, size_t format)
{
    double least = INFINITY, most = 0;
    size_t count = 0;
    for (size_t u = 0; u < c->network->units; u++) {
        const pj_member *unit = &c->network->unit[u];
        double one = noise[u * c->choices->formats.count + format];
        if (!unit->weighted || unit->kept || unit->leader != u || one <= 0)
            continue;
        least = fmin(least, one);
        most = fmax(most, one);
        count++;
    }
    return count > 1 && most <= least * alike ? count : 0;
}

void pj_plan_note_noise(const pj_candidates *c, const pj_noise_source *noise, pj_diags *diags)
{
    const pj_format_list *formats = &c->choices->formats;
    pj_str words = pj_str_new(0);
    size_t layers = 0;
    for (size_t f = 1; noise->weight_noise && !noise->losses && f < formats->count; f++) {
        size_t count = formats->number[f].kind == PJ_FLOAT ? 0 : count_alike(c, noise->weight_noise, f);
        if (!count)
            continue;
        pj_str_printf(&words, "%s%s", words.length ? ", " : "", formats->word[f]);
        layers = count;
    }
    if (layers > 0)
        pj_diag_add(
            diags, PJ_DIAG_ALIKE, NULL,
            "what rounding to %s adds to the weights of the %zu layers lies within 3 dB: it does not tell these "
            "layers apart (`picojoule sensitivity` measures them)",
            words.data, layers);
    pj_str_free(&words);
}

pj_status pj_plan_stays(const pj_network *network, const pj_assignment *assignment, const pj_layers *layers,
                        pj_arena *arena, pj_plan_uniform *out, pj_error *err)
{
    enum { NAMED = 3 };
    double all = 0, most[NAMED] = {0}, stays = 0;
    const char *name[NAMED] = {NULL};
    pj_str text = pj_str_new(0);
    for (size_t u = 0; u < network->units; u++) {
        double energy = pj_energy_total(&layers->row[u].energy);
        all += energy;
        if (energy <= 0 || assignment->activations[u] != PJ_AS_IS || assignment->weights[u] != PJ_AS_IS)
            continue;
        stays += energy;
        out->stay_count++;
        size_t at = NAMED;
        while (at > 0 && energy > most[at - 1])
            at--;
        for (size_t k = NAMED - 1; k > at; k--) {
            most[k] = most[k - 1];
            name[k] = name[k - 1];
        }
        if (at < NAMED) {
            most[at] = energy;
            name[at] = layers->row[u].name;
        }
    }
    out->stay_share = all > 0 ? stays / all : 0;
    for (size_t k = 0; k < NAMED && name[k]; k++)
        pj_str_printf(&text, "%s%s", k ? ", " : "", name[k]);
    out->stay_names = pj_str_keep(&text, arena);
    return pj_got(out->stay_names, err);
}

void pj_plan_amount_print(const char *unit, pj_plan_measure measure, double amount, pj_str *out)
{
    if (measure == PJ_PLAN_ENERGY && strcmp(unit, "pJ") == 0)
        pj_str_printf(out, "%.4g uJ", amount / 1e6);
    else if (measure == PJ_PLAN_PARAM_BYTES)
        pj_str_printf(out, "%.0f bytes", amount);
    else
        pj_str_printf(out, "%.4g", amount);
}

void pj_plan_blockers_print(const pj_candidates *c, const char *unit_word, pj_plan_measure measure, pj_str *out)
{
    enum { MOST = 3 };
    double constant = pj_plan_total(&c->constant, measure);
    size_t named[MOST], count = 0;
    if (constant > 0) {
        pj_str_add(out, "; layers that cannot change take ");
        pj_plan_amount_print(unit_word, measure, constant, out);
    }
    for (; count < MOST; count++) {
        size_t best = PJ_NO_PICK;
        double most = 0;
        for (size_t u = 0; u < c->network->units; u++) {
            const pj_member *unit = &c->network->unit[u];
            const pj_layer *row = &c->network->today->layers.row[u];
            bool known = false;
            for (size_t k = 0; k < count; k++)
                known = known || named[k] == u;
            bool held = unit->why || (unit->group != PJ_NO_CLUSTER && c->network->group[unit->group].stays);
            if (!known && held && unit->part != PJ_PART_STAYS && pj_energy_total(&row->energy) > most) {
                best = u;
                most = pj_energy_total(&row->energy);
            }
        }
        if (best == PJ_NO_PICK)
            break;
        named[count] = best;
        const pj_member *unit = &c->network->unit[best];
        pj_str_printf(out, "%s\"%.60s\" %s", count ? ", " : "; held back: ", unit->node->label,
                      unit->why ? unit->why : "reads what a layer that cannot change reads");
    }
}
