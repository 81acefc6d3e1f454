/* picojoule pareto: quality against energy over a training run. */
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "record.h"

/* The energy of one run of the model, and what it rests on; the caller frees *basis. */
static pj_status take_energy(const pj_args *args, pj_pareto_point *point, char **basis, pj_error *err)
{
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_status status = pj_model_open(args->pareto.energy_from, &args->setup, &model, err);
    if (status == PJ_OK)
        status = pj_analyze(model, &args->setup, &result, err);
    if (status == PJ_OK) {
        const pj_totals *totals = &result->totals;
        point->energy = pj_energy_total(&totals->energy);
        point->unit = strcmp(result->unit, "pJ") == 0 ? "pJ" : "relative";
        status = pj_pareto_basis(result, basis, err);
        if (totals->uncounted)
            pj_say("%s: %zu layer%s not counted in this energy; `picojoule analyze` lists them",
                   args->pareto.energy_from, totals->uncounted, totals->uncounted == 1 ? " is" : "s are");
    }
    pj_result_free(result);
    pj_model_close(model);
    return status;
}

static pj_exit add(const pj_args *args)
{
    const pj_pareto_args *given = &args->pareto;
    pj_error err = {0};
    char time[PJ_TIME_SIZE], *basis = NULL;
    pj_pareto_point point = {.quality = given->quality, .energy = given->energy, .unit = given->unit, .time = time};
    if (!given->has_quality)
        return pj_say_usage("pareto", "add wants --quality X");
    if (given->has_energy == (given->energy_from != NULL))
        return pj_say_usage("pareto", "add wants either --energy E or --energy-from MODEL");
    if (given->has_within)
        return pj_say_usage("pareto", "--within is for show");
    if (!pj_time_of(args, time))
        return PJ_EXIT_USAGE;
    if (given->energy_from && take_energy(args, &point, &basis, &err) != PJ_OK)
        return pj_say_error(&err, given->energy_from);
    point.label = given->label ? given->label : given->energy_from;
    point.basis = basis;
    pj_status status = pj_pareto_add(args->operand[1], &point, given->better, &err);
    free(basis);
    return status == PJ_OK ? PJ_EXIT_DONE : pj_say_error(&err, args->operand[1]);
}

static pj_exit show(const pj_args *args)
{
    static const double ten_percent = 0.1;
    const pj_pareto_args *given = &args->pareto;
    pj_error err = {0};
    pj_out out = pj_out_new(args->out);
    pj_pareto *pareto = NULL;
    if (given->has_quality || given->has_energy || given->energy_from || given->label || args->record.time)
        return pj_say_usage("pareto", "--quality, --energy, --energy-from, --label and --time are for add");
    pj_status status =
        pj_pareto_read(args->operand[1], given->better, given->has_within ? given->within : ten_percent, &pareto, &err);
    if (status == PJ_OK)
        status = pj_pareto_write(pareto, &args->report, pj_out_write, &out, &err);
    pj_pareto_free(pareto);
    return pj_out_finish(&out, status, &err, args->operand[1]);
}

static pj_exit run(const pj_args *args)
{
    const char *verb = args->operand[0];
    if (strcmp(verb, "add") == 0)
        return add(args);
    if (strcmp(verb, "show") == 0)
        return show(args);
    return pj_say_usage("pareto", "pareto: add or show, not '%s'", verb);
}

const pj_command pj_command_pareto = {
    "pareto",
    "add|show FILE",
    2,
    2,
    "quality against energy over a training run",
    "`add` appends a point (quality, energy) to an SQLite file and makes the file if\n"
    "need be; processes may add at once. `show` prints the frontier: the points that\n"
    "no other one beats or equals in both. Points that are beaten stay in the file\n"
    "and are part of JSON, CSV and the chart.",
    {&pj_options_pareto, &pj_options_model, &pj_options_energy, &pj_options_chart},
    "picojoule pareto add run.db --quality 12.3 --energy-from step1000.onnx\n"
    "    a checkpoint, with its validation loss\n"
    "picojoule pareto add accuracy.db --quality 0.913 --higher-is-better --energy 3.4uJ\n"
    "    an accuracy, and an energy that was found elsewhere\n"
    "picojoule pareto show run.db\n"
    "    the frontier, and the cheapest model within 10 % of the best quality\n"
    "picojoule pareto show run.db --within 2% --format svg -o run.svg\n"
    "    as a chart",
    run,
};
