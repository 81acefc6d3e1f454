/* Looking at weights, and what their layers lose in each format. */
#include "plan/weight_noise.h"

enum { NARROWER_THAN = 32 }; /* bits: in wider formats nothing is lost */

/* Formats that are asked for; numbers[k] is the number of words[k] in the list. */
typedef struct asked {
    const char *words[PJ_MOST_FORMATS];
    size_t numbers[PJ_MOST_FORMATS];
    size_t count;
} asked;

static void ask(const pj_choice_list *choices, asked *out)
{
    out->count = 0;
    for (size_t f = 1; f < choices->formats.count; f++) {
        bool used = false;
        for (size_t c = 0; c < choices->count; c++)
            used = used || choices->choice[c].weights == f;
        if (!used || choices->formats.number[f].bits >= NARROWER_THAN)
            continue;
        out->words[out->count] = choices->formats.word[f];
        out->numbers[out->count++] = f;
    }
}

/* Weights that are no numbers. */
static pj_status check_numbers(const pj_weight *row, const pj_member *unit, pj_error *err)
{
    if (!row->nans && !row->infinities)
        return PJ_OK;
    pj_error_at(err, NULL, row->layer, unit->node->op);
    return pj_fail(err, PJ_EFORMAT, "weight '%.200s' holds %" PRId64 " NaN and %" PRId64 " infinities", row->tensor,
                   row->nans, row->infinities);
}

/* Layers whose weights cannot be looked at: how many of how many, and the first such weight. Some are computed from
 * other constants, which no file could bring. */
typedef struct absent {
    size_t count, of, computed;
    const pj_weight *first;
} absent;

static bool is_computed(const pj_member *unit)
{
    const pj_value *weight = unit->node->in[pj_member_weight(unit)];
    return weight->is_constant && !pj_value_tensor(weight);
}

/* Without its weights nobody knows what a layer loses, so it stays as it is, unless the user says what it becomes. */
static pj_status check_unit(const pj_weights *weights, pj_member *unit, absent *missing, pj_error *err)
{
    size_t count;
    const pj_weight *row = pj_weights_of(weights, unit->node->label, &count), *gone = NULL;
    if (unit->kept)
        return PJ_OK;
    missing->of++;
    for (size_t i = 0; i < count; i++) {
        if (!row[i].absent)
            PJ_TRY(check_numbers(&row[i], unit, err));
        else if (!gone)
            gone = &row[i];
    }
    if (!gone)
        return PJ_OK;
    if (unit->pin) {
        pj_error_at(err, NULL, unit->node->label, unit->node->op);
        return pj_fail(err, PJ_EARGUMENT,
                       "it is %s, but its weights cannot be looked at ('%.120s': %.120s), so its noise is not known",
                       unit->why, gone->tensor, gone->absent);
    }
    unit->kept = true;
    unit->why = "kept (its weights cannot be looked at)";
    missing->count++;
    missing->computed += is_computed(unit);
    missing->first = missing->first ? missing->first : gone;
    return PJ_OK;
}

static pj_status check(const pj_weights *weights, pj_network *network, pj_str *note, pj_error *err)
{
    absent missing = {0};
    for (size_t u = 0; u < network->units; u++)
        if (network->unit[u].weighted)
            PJ_TRY(check_unit(weights, &network->unit[u], &missing, err));
    if (!missing.count)
        return PJ_OK;
    if (missing.count == missing.of && missing.computed < missing.count)
        return pj_fail(err, PJ_EARGUMENT,
                       "the weights of %zu of %zu layers cannot be looked at ('%.120s': %.120s), so their noise is not "
                       "known: give measured losses (--sensitivity FILE), or plan by formats alone "
                       "(--sensitivity uniform)",
                       missing.count, missing.of, missing.first->tensor, missing.first->absent);
    pj_str_printf(note,
                  "weights of %zu of %zu layers, which stay as they are, cannot be looked at ('%.120s': %.120s), ",
                  missing.count, missing.of, missing.first->tensor, missing.first->absent);
    return PJ_OK;
}

static double noise_of(const pj_weights *weights, const char *layer, size_t format, pj_grain grain)
{
    pj_noise sum = {0, 0};
    size_t count;
    const pj_weight *row = pj_weights_of(weights, layer, &count);
    for (size_t i = 0; i < count; i++) {
        pj_noise one = pj_weight_noise(weights, &row[i], format, grain, PJ_SCALE_MAX_ABS);
        sum.signal += one.signal;
        sum.noise += one.noise;
    }
    return sum.signal > 0 ? sum.noise / sum.signal : 0;
}

pj_status pj_weight_noise_read(pj_model *model, pj_network *network, const pj_choice_list *choices, bool per_tensor,
                               double seconds, const pj_watch *watch, pj_arena *arena, const double **out, pj_str *note,
                               pj_error *err)
{
    pj_grain grain = per_tensor ? PJ_PER_TENSOR : PJ_PER_CHANNEL;
    size_t formats = choices->formats.count;
    double *noise = PJ_NEW(arena, double, network->units *formats);
    pj_weights *weights = NULL;
    asked wanted;
    PJ_TRY(pj_got(noise, err));
    ask(choices, &wanted);
    pj_weight_options options = pj_weight_options_default();
    options.formats = wanted.words;
    options.format_count = wanted.count;
    options.distinct = false;
    options.seconds = seconds;
    options.watch = watch;
    options.grain[per_tensor ? PJ_PER_CHANNEL : PJ_PER_TENSOR] = false;
    options.rule[PJ_SCALE_LEAST_ERROR] = false;
    PJ_TRY(pj_weights_inspect(model, &options, &weights, err));
    pj_status status = check(weights, network, note, err);
    for (size_t u = 0; u < network->units && status == PJ_OK; u++)
        for (size_t k = 0; k < wanted.count && network->unit[u].weighted; k++)
            noise[u * formats + wanted.numbers[k]] = noise_of(weights, network->unit[u].node->label, k, grain);
    pj_weights_free(weights);
    *out = noise;
    return status;
}
