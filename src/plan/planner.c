/* The planner from end to end: prices, noise, search, and the check of the plan by a whole analysis. The public
 * function pj_plan_search is here. */
#include <time.h>

#include "plan/frontier.h"
#include "plan/rows.h"
#include "plan/search.h"
#include "plan/tell.h"
#include "plan/weight_noise.h"
#include "run/findings.h"

#define DEFAULT_SECONDS 2.0

/* What a plan is made of, and the result that is handed out. */
typedef struct planner {
    pj_plan_result result; /* first: this is what is handed out */
    pj_arena *arena;
    pj_model *model;
    const pj_setup *setup;
    const pj_plan_options *options;
    pj_table *table;
    pj_hierarchy *hierarchy;
    pj_prices prices;
    pj_priced today;
    pj_choice_list choices;
    pj_target target;
    pj_network network;
    pj_losses losses;
    pj_map ranges;
    pj_noise_source noise;
    pj_candidates candidates;
    pj_plan_limit *limits;
    pj_plan_point *points; /* of the frontier */
    pj_plan_settings *settings;
    pj_diags diags;
    double seconds;
    struct timespec start;
    bool is_knee; /* the plan is the knee of the frontier */
    pj_error *err;
} planner;

/* Those of the target that the user names. */
static pj_status filter_choices(planner *p)
{
    pj_choice kept[PJ_MOST_CHOICES];
    size_t count = 0;
    for (size_t i = 0; i < p->options->choice_count; i++) {
        const char *word = p->options->choices[i];
        size_t at = pj_choices_find(&p->choices, word);
        pj_format weights, activations;
        PJ_TRY(pj_quantize_parse("--choices", word, &weights, &activations, p->err));
        if (at == p->choices.count)
            return pj_fail(p->err, PJ_EARGUMENT, "--choices \"%.64s\": target %.100s does not have it", word,
                           p->target.name);
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known = known || kept[k].word == p->choices.choice[at].word;
        if (!known)
            kept[count++] = p->choices.choice[at];
    }
    memcpy(p->choices.choice, kept, count * sizeof *kept);
    p->choices.count = count;
    return PJ_OK;
}

static pj_status read_choices(planner *p)
{
    const pj_plan_options *options = p->options;
    const char *target = options->target ? options->target : options->choice_count ? NULL : "onnxruntime";
    size_t ignored;
    pj_choices_init(&p->choices, p->arena);
    p->target = pj_target_none();
    if (options->device && options->target)
        return pj_fail(p->err, PJ_EARGUMENT, "a device is a target: give one of both");
    if (options->device)
        PJ_TRY(pj_target_of_device(options->device, p->setup, &p->choices, &p->target, p->err));
    else if (target)
        PJ_TRY(pj_target_open(target, p->setup, &p->choices, &p->target, p->err));
    if (options->device || target)
        return options->choice_count ? filter_choices(p) : PJ_OK;
    for (size_t i = 0; i < options->choice_count; i++)
        PJ_TRY(pj_choices_word(&p->choices, "--choices", options->choices[i], &ignored, p->err));
    return PJ_OK;
}

static pj_status read_noise(planner *p)
{
    const char *source = p->options->sensitivity;
    bool per_tensor = p->options->per_tensor || p->target.per_tensor;
    pj_str text = pj_str_new(0);
    if (p->options->calibration) {
        PJ_TRY(pj_ranges_read(p->options->calibration, p->setup, p->model, p->arena, &p->ranges, p->err));
        p->noise.ranges = &p->ranges;
    }
    if (!source || strcmp(source, "weights") == 0) {
        pj_str_printf(&text, "rounding noise of the weights (one scale per %s), ",
                      per_tensor ? "tensor" : "output channel");
        double seconds = p->options->time_limit > 0 ? p->options->time_limit : 0; /* for all of it, if it is given */
        pj_status status = pj_weight_noise_read(p->model, &p->network, &p->choices, per_tensor, seconds,
                                                &p->setup->watch, p->arena, &p->noise.weight_noise, &text, p->err);
        if (status != PJ_OK) {
            pj_str_free(&text);
            return status;
        }
    } else if (strcmp(source, "uniform") == 0) {
        pj_str_add(&text, "every layer alike, noise by format alone, ");
    } else {
        PJ_TRY(pj_losses_read(source, p->setup, &p->network, &p->choices, p->arena, &p->losses, p->err));
        p->noise.losses = &p->losses;
        pj_str_printf(&text, "losses measured by the user (%s)", source);
    }
    if (!p->noise.losses)
        pj_str_add(&text, p->noise.ranges ? "activations by their ranges" : "activations by a four-sigma proxy");
    p->result.sensitivity = pj_str_keep(&text, p->arena);
    return pj_got(p->result.sensitivity, p->err);
}

/* Writes the plan, reads it back as --plan would, and analyzes the model under it. */
static pj_status analyze(planner *p, const pj_picks *picks, pj_arena *arena, pj_priced *out)
{
    const pj_plan_layer *rows;
    size_t count;
    pj_plan plan;
    pj_diags diags;
    PJ_TRY(pj_plan_rows(&p->candidates, picks, NULL, arena, &rows, &count, p->err));
    pj_str text = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&text, false);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_plan_rows_json(rows, count, &json);
    pj_json_write_end(&json);
    pj_diags_init(&diags, arena);
    pj_status status = text.failed ? pj_fail_memory(p->err)
                                   : pj_plan_parse(text.data, text.length, "plan", p->model, arena, &plan, p->err);
    pj_str_free(&text);
    return status == PJ_OK ? pj_run_priced(&p->prices, &plan, arena, arena, &diags, out, p->err) : status;
}

static pj_plan_totals totals_of(const pj_priced *priced, double noise)
{
    pj_plan_totals totals = {pj_energy_total(&priced->totals.energy), (double)priced->totals.param_bits / 8,
                             (double)priced->totals.bops, noise};
    return totals;
}

/* `uniform` (or NULL) gets what stays as it is. */
static pj_status measure(planner *p, const pj_picks *picks, pj_plan_totals *out, pj_plan_uniform *uniform)
{
    pj_priced priced;
    pj_assignment assignment;
    pj_arena *arena = pj_arena_new(0);
    PJ_TRY(pj_got(arena, p->err));
    pj_status status = analyze(p, picks, arena, &priced);
    if (status == PJ_OK)
        *out = totals_of(&priced, pj_candidates_sum(&p->candidates, picks).noise);
    if (status == PJ_OK && uniform)
        status = pj_got(pj_candidates_assign(&p->candidates, picks, arena, &assignment), p->err);
    if (status == PJ_OK && uniform)
        status = pj_plan_stays(&p->network, &assignment, &priced.layers, p->arena, uniform, p->err);
    pj_arena_free(arena);
    return status;
}

static pj_status fail_budget(planner *p, const pj_solution *solution)
{
    pj_str text = pj_str_new(480);
    bool any = false;
    for (size_t k = 0; k < p->result.limit_count; k++) {
        const pj_plan_limit *limit = &p->limits[k];
        double constant = pj_plan_total(&p->candidates.constant, limit->budget.measure);
        double least = solution->least[k] + constant;
        if (least <= limit->most)
            continue;
        any = true;
        pj_str_printf(&text, "no plan has %s <= ", pj_plan_measure_word(limit->budget.measure));
        pj_plan_amount_print(p->result.unit, limit->budget.measure, limit->most, &text);
        pj_str_add(&text, ": the least that can be had is ");
        pj_plan_amount_print(p->result.unit, limit->budget.measure, least, &text);
        if (limit->now > 0)
            pj_str_printf(&text, " (%.3g %% of today's)", 100 * least / limit->now);
        pj_plan_blockers_print(&p->candidates, p->result.unit, limit->budget.measure, &text);
        break;
    }
    if (!any)
        pj_str_printf(&text, "%s",
                      solution->proven ? "no plan keeps all of the budgets at once, though each alone can be kept"
                                       : "no plan that keeps all budgets was found in the time; give it "
                                         "more with --time-limit, or loosen a budget");
    pj_status status = pj_fail(p->err, PJ_EARGUMENT, "%s", text.data);
    pj_str_free(&text);
    return status;
}

typedef struct best_plan {
    bool found;
    pj_picks picks;
    pj_plan_totals totals;
    double gap, predicted;
} best_plan;

static bool keeps_limits(const planner *p, const pj_plan_totals *totals)
{
    for (size_t k = 0; k < p->result.limit_count; k++)
        if (pj_plan_total(totals, p->limits[k].budget.measure) > p->limits[k].most * (1 + 1e-9))
            return false;
    return true;
}

/* Solves with limits moved by `shift`; a plan that really keeps the budgets and is better than `best` becomes it. */
/* What is left of the time limit; some is always, so that there is an answer. */
static double seconds_left(const planner *p)
{
    static const double least = 0.05;
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    double left = p->seconds - (double)(now.tv_sec - p->start.tv_sec) - 1e-9 * (double)(now.tv_nsec - p->start.tv_nsec);
    return p->options->time_limit < 0 || left > p->seconds ? p->seconds : left > least ? left : least;
}

static pj_status try_plan(planner *p, const double *shift, double seconds, best_plan *best, pj_solution *solution,
                          pj_plan_totals *really)
{
    pj_problem *problem = &p->candidates.problem;
    for (size_t k = 0; k < p->result.limit_count; k++)
        problem->limit[k] =
            p->limits[k].most - pj_plan_total(&p->candidates.constant, p->limits[k].budget.measure) - shift[k];
    PJ_TRY(pj_search(problem, seconds, p->arena, solution, p->err));
    if (!solution->found)
        return PJ_OK;
    PJ_TRY(measure(p, &solution->picks, really, NULL));
    pj_plan_measure objective = p->result.minimizes_energy ? PJ_PLAN_ENERGY : PJ_PLAN_NOISE;
    bool better = !best->found || pj_plan_total(really, objective) < pj_plan_total(&best->totals, objective);
    if ((p->is_knee || keeps_limits(p, really)) && better) {
        best->found = true;
        best->picks = solution->picks;
        best->totals = *really;
        best->gap = pj_solution_gap(solution);
        best->predicted = pj_candidates_sum(&p->candidates, &solution->picks).energy;
    }
    return PJ_OK;
}

/* The plan of the knee is the one that the frontier names; what its layers sum up to is off by little from what an
 * analysis says, which is the limit that is told. */
static pj_status take_knee(planner *p, best_plan *best)
{
    const double none[PJ_MOST_BUDGETS] = {0};
    pj_solution solution;
    pj_plan_totals really;
    PJ_TRY(try_plan(p, none, seconds_left(p) / 2, best, &solution, &really));
    if (!solution.found)
        return fail_budget(p, &solution);
    p->limits[0].most = best->totals.energy;
    return PJ_OK;
}

/* Moves the limits by what the sum was off, until a plan really keeps them. Each round has half of the time that is
 * left. */
static pj_status solve(planner *p, best_plan *best)
{
    enum { MOST_ROUNDS = 10 };
    double shift[PJ_MOST_BUDGETS] = {0};
    size_t after = 0;
    for (int round = 0; round < MOST_ROUNDS && after < 2; round++) {
        pj_solution solution;
        pj_plan_totals really;
        double moved = 0;
        PJ_TRY(try_plan(p, shift, seconds_left(p) / (2 << round), best, &solution, &really));
        if (!solution.found) {
            if (round == 0)
                return fail_budget(p, &solution);
            break;
        }
        pj_plan_totals sum = pj_candidates_sum(&p->candidates, &solution.picks);
        for (size_t k = 0; k < p->result.limit_count; k++) {
            pj_plan_measure measure_of = p->limits[k].budget.measure;
            double off = pj_plan_total(&really, measure_of) - pj_plan_total(&sum, measure_of);
            double over = pj_plan_total(&really, measure_of) - p->limits[k].most, next = off;
            if (over > 0)
                next = fmax(off, shift[k] + 1.02 * over);
            moved = fmax(moved, fabs(next - shift[k]) / fmax(p->limits[k].most, 1e-300));
            shift[k] = next;
        }
        after += best->found;
        if (best->found && moved < 1e-4)
            break;
    }
    if (!best->found)
        return pj_fail(p->err, PJ_EARGUMENT,
                       "no plan keeps the budgets: by the sum of its layers one would, but a whole analysis of it says "
                       "more; loosen the budget a little");
    return PJ_OK;
}

/* One format wherever it can be is a plan, too: where the sum over layers misjudges borders, it may be the better one.
 */
static pj_status compare_uniform(planner *p, best_plan *best)
{
    pj_plan_measure objective = p->result.minimizes_energy ? PJ_PLAN_ENERGY : PJ_PLAN_NOISE;
    for (size_t c = 0; c < p->choices.count; c++) {
        const pj_plan_totals *totals = &p->result.uniform[c + 1].totals;
        if (!keeps_limits(p, totals) ||
            !(pj_plan_total(totals, objective) < pj_plan_total(&best->totals, objective) * (1 - 1e-9)))
            continue;
        PJ_TRY(pj_got(pj_picks_new(&p->candidates.problem, p->arena, &best->picks), p->err));
        pj_candidates_uniform(&p->candidates, c, &best->picks);
        best->totals = *totals;
        best->predicted = pj_candidates_sum(&p->candidates, &best->picks).energy;
    }
    return PJ_OK;
}

static pj_status set_limits(planner *p)
{
    const pj_plan_options *options = p->options;
    bool energy = false, noise = false;
    pj_plan_measure measures[PJ_MOST_BUDGETS];
    if (options->budget_count > PJ_MOST_BUDGETS)
        return pj_fail(p->err, PJ_EARGUMENT, "%zu budgets; %d at once are possible", options->budget_count,
                       (int)PJ_MOST_BUDGETS);
    p->limits = PJ_NEW(p->arena, pj_plan_limit, PJ_MOST_BUDGETS);
    PJ_TRY(pj_got(p->limits, p->err));
    for (size_t k = 0; k < options->budget_count; k++) {
        const pj_plan_budget *budget = &options->budgets[k];
        double now = pj_plan_total(&p->result.now, budget->measure);
        p->limits[k] = (pj_plan_limit){*budget, budget->relative ? budget->most * now : budget->most, now, 0};
        measures[k] = budget->measure;
        energy = energy || budget->measure == PJ_PLAN_ENERGY;
        noise = noise || budget->measure == PJ_PLAN_NOISE;
        if (!isfinite(p->limits[k].most))
            return pj_fail(p->err, PJ_EARGUMENT, "a budget is not a finite number");
    }
    p->result.limits = p->limits;
    p->result.limit_count = options->budget_count;
    p->result.minimizes_energy = noise && !energy;
    pj_candidates_pose(&p->candidates, p->result.minimizes_energy, measures, options->budget_count);
    return PJ_OK;
}

/* The plan of a point. Points are numbered as those of the result will be. */
static pj_status take_point(size_t at, const pj_picks *picks, void *payload)
{
    planner *p = payload;
    return pj_plan_numbers(&p->candidates, picks, p->settings, p->arena, &p->points[at].plan, p->err);
}

static pj_status find_frontier(planner *p, pj_frontier *frontier)
{
    static const pj_plan_measure energy = PJ_PLAN_ENERGY;
    pj_candidates_pose(&p->candidates, false, &energy, 1);
    p->points = PJ_NEW(p->arena, pj_plan_point, PJ_MOST_FRONTIER);
    p->settings = PJ_NEW(p->arena, pj_plan_settings, 1);
    PJ_TRY(pj_got(p->points && p->settings, p->err));
    PJ_TRY(pj_frontier_find(&p->candidates.problem, p->arena, frontier, p->options->frontier ? take_point : NULL, p,
                            p->err));
    for (size_t i = 0; i < frontier->count; i++) {
        p->points[i].energy = frontier->point[i].cost[0] + p->candidates.constant.energy;
        p->points[i].noise = frontier->point[i].noise;
    }
    p->result.frontier = p->points;
    p->result.settings = p->settings->setting;
    p->result.setting_count = p->settings->count;
    p->result.frontier_count = frontier->count;
    p->result.frontier_complete = frontier->complete;
    p->result.knee = pj_frontier_knee(frontier);
    return PJ_OK;
}

/* The knee as a budget of energy. */
static void limit_to_knee(planner *p)
{
    static const pj_plan_measure energy = PJ_PLAN_ENERGY;
    double most = p->result.frontier[p->result.knee].energy;
    p->limits[0] = (pj_plan_limit){
        {PJ_PLAN_ENERGY, most, false},
        most, p->result.now.energy, 0
    };
    p->result.limit_count = 1;
    pj_candidates_pose(&p->candidates, false, &energy, 1);
}

/* Today's model, then each choice wherever it can be. */
static pj_status find_uniform(planner *p)
{
    size_t count = p->choices.count;
    pj_plan_uniform *uniform = PJ_NEW(p->arena, pj_plan_uniform, count + 1);
    const char **words = PJ_NEW(p->arena, const char *, count);
    pj_picks picks;
    PJ_TRY(pj_got(uniform && words && pj_picks_new(&p->candidates.problem, p->arena, &picks), p->err));
    uniform[0] = (pj_plan_uniform){.label = "today", .totals = p->result.now, .stay_names = ""};
    for (size_t c = 0; c < count; c++) {
        words[c] = uniform[c + 1].label = p->choices.choice[c].word;
        pj_candidates_uniform(&p->candidates, c, &picks);
        PJ_TRY(measure(p, &picks, &uniform[c + 1].totals, &uniform[c + 1]));
    }
    p->result.choices = words;
    p->result.choice_count = count;
    p->result.uniform = uniform;
    p->result.uniform_count = count + 1;
    return PJ_OK;
}

static pj_status open_prices(planner *p)
{
    const pj_setup *setup = p->setup;
    PJ_TRY(pj_table_open(setup->table, setup, &p->table, p->err));
    if (setup->hierarchy || pj_table_rules(p->table) == PJ_RULES_PICOJOULE)
        PJ_TRY(pj_hierarchy_open(setup->hierarchy, setup, &p->hierarchy, p->err));
    p->prices = (pj_prices){p->model, p->table, p->hierarchy, setup, NULL};
    PJ_TRY(pj_run_priced(&p->prices, NULL, p->arena, p->arena, &p->diags, &p->today, p->err));
    p->result.now = totals_of(&p->today, 0);
    p->result.model = p->model->path;
    p->result.table = pj_table_name(p->table);
    p->result.unit = pj_table_unit(p->table);
    return PJ_OK;
}

static pj_status finish(planner *p, const best_plan *best)
{
    pj_priced priced;
    PJ_TRY(analyze(p, &best->picks, p->arena, &priced));
    PJ_TRY(pj_plan_rows(&p->candidates, &best->picks, &priced.layers, p->arena, &p->result.layers,
                        &p->result.layer_count, p->err));
    PJ_TRY(
        pj_plan_tensors(&p->candidates, &best->picks, p->arena, &p->result.tensors, &p->result.tensor_count, p->err));
    p->result.then = best->totals;
    p->result.gap = best->gap;
    p->result.model_error = best->totals.energy > 0 ? best->predicted / best->totals.energy - 1 : 0;
    for (size_t k = 0; k < p->result.limit_count; k++)
        p->limits[k].then = pj_plan_total(&best->totals, p->limits[k].budget.measure);
    pj_finding *findings = PJ_NEW(p->arena, pj_finding, p->diags.count);
    PJ_TRY(pj_got(findings, p->err));
    p->result.finding_count = pj_findings_copy(&p->diags, findings);
    p->result.findings = findings;
    return pj_arena_failed(p->arena) ? pj_fail_memory(p->err) : PJ_OK;
}

static pj_status run(planner *p)
{
    best_plan best = {0};
    pj_frontier frontier;
    PJ_TRY(open_prices(p));
    PJ_TRY(read_choices(p));
    p->result.target = p->target.name;
    PJ_TRY(pj_network_read(&p->today, p->arena, &p->network, p->err));
    if (p->network.groups == 0)
        return pj_fail(p->err, PJ_EARGUMENT, "the model has no float layers that could be quantized");
    PJ_TRY(pj_network_wish(&p->network, p->options, &p->choices, p->arena, p->err));
    PJ_TRY(pj_watch_step(&p->setup->watch, "weights", 0, 1, p->err));
    PJ_TRY(read_noise(p));
    PJ_TRY(pj_candidates_make(&p->prices, &p->network, &p->choices, &p->target, &p->noise, p->arena, &p->candidates,
                              p->err));
    pj_plan_note_noise(&p->candidates, &p->noise, &p->diags);
    p->result.is_measured = p->noise.losses != NULL;
    PJ_TRY(find_uniform(p));
    PJ_TRY(pj_watch_step(&p->setup->watch, "search", 0, 2, p->err));
    bool knee = p->options->knee || p->options->budget_count == 0;
    if (knee || p->options->frontier)
        PJ_TRY(find_frontier(p, &frontier));
    PJ_TRY(set_limits(p));
    if (knee)
        limit_to_knee(p);
    p->is_knee = knee;
    PJ_TRY(pj_watch_step(&p->setup->watch, "search", 1, 2, p->err));
    PJ_TRY(p->is_knee ? take_knee(p, &best) : solve(p, &best));
    if (!p->is_knee)
        PJ_TRY(compare_uniform(p, &best));
    return finish(p, &best);
}

pj_status pj_plan_search(pj_model *model, const pj_setup *setup, const pj_plan_options *options, pj_plan_result **out,
                         pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    planner *p = arena ? PJ_NEW(arena, planner, 1) : NULL;
    *out = NULL;
    if (!p) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *p = (planner){.arena = arena, .model = model, .setup = setup, .options = options, .err = err};
    p->seconds = options->time_limit >= 0 ? options->time_limit : DEFAULT_SECONDS;
    timespec_get(&p->start, TIME_UTC);
    pj_diags_init(&p->diags, arena);
    pj_status status = run(p);
    if (status != PJ_OK) {
        pj_table_close(p->table);
        pj_hierarchy_close(p->hierarchy);
        pj_arena_free(arena);
        return status;
    }
    *out = &p->result;
    return PJ_OK;
}

void pj_plan_result_free(pj_plan_result *result)
{
    if (!result)
        return;
    planner *p = (planner *)(void *)result;
    pj_table_close(p->table);
    pj_hierarchy_close(p->hierarchy);
    pj_arena_free(p->arena);
}
