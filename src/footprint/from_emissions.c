/* Energies of a file of CodeCarbon: emissions.csv. */
#include "footprint/reader.h"

#include <math.h>
#include <string.h>

#include "footprint/csv.h"
#include "footprint/formulas.h"

/* ---- emissions.csv ---- */

enum { ENERGY, RUN_ID, PUE, DURATION, CPU_MODEL, COLUMNS };
static const char *const column_words[COLUMNS] = {"energy_consumed", "run_id", "pue", "duration", "cpu_model"};

static pj_status find_columns(pj_energy_reader *r, const pj_csv *csv, size_t *column)
{
    for (size_t k = 0; k < COLUMNS; k++) {
        column[k] = PJ_CSV_FIELDS;
        for (size_t i = 0; i < csv->fields; i++)
            if (strcmp(csv->field[i], column_words[k]) == 0)
                column[k] = i;
    }
    if (column[ENERGY] == PJ_CSV_FIELDS || (r->ask->run_id && column[RUN_ID] == PJ_CSV_FIELDS))
        return pj_csv_fail(csv, PJ_EFORMAT, r->err, "there is no column %s",
                           column_words[column[ENERGY] == PJ_CSV_FIELDS ? ENERGY : RUN_ID]);
    return PJ_OK;
}

/* An empty field is not known. */
static pj_status take_number(pj_energy_reader *r, const pj_csv *csv, const size_t *column, size_t which, double *out)
{
    const char *field = column[which] < csv->fields ? csv->field[column[which]] : "";
    if (!*field)
        return PJ_OK;
    if (!pj_csv_number(field, out) || *out < 0)
        return pj_csv_fail(csv, PJ_EFORMAT, r->err, "%s \"%.40s\" is no number from 0 on", column_words[which], field);
    return PJ_OK;
}

static pj_status take_row(pj_energy_reader *r, const pj_csv *csv, const size_t *column, double *kwh)
{
    double pue = 1, seconds = NAN;
    PJ_TRY(take_number(r, csv, column, ENERGY, kwh));
    if (isnan(*kwh))
        return pj_csv_fail(csv, PJ_EFORMAT, r->err, "energy_consumed is empty");
    PJ_TRY(take_number(r, csv, column, PUE, &pue));
    PJ_TRY(take_number(r, csv, column, DURATION, &seconds));
    if (pue < 1)
        return pj_csv_fail(csv, PJ_EFORMAT, r->err, "a pue of %g is below 1", pue);
    r->row.held_pue = pue > 1 ? pue : NAN;
    r->row.joules = pj_without_pue(*kwh * PJ_J_PER_KWH / r->row.queries_per_run, pue);
    r->row.seconds = seconds / r->row.queries_per_run;
    if (!r->ask->hardware && column[CPU_MODEL] < csv->fields)
        r->row.hardware = pj_energy_keep(r, csv->field[column[CPU_MODEL]]);
    return PJ_OK;
}

pj_status pj_energy_of_emissions(pj_energy_reader *r, char *text, size_t length)
{
    pj_csv csv = pj_csv_new(text, length, r->path);
    size_t column[COLUMNS];
    bool there;
    double kwh = NAN;
    pj_energy_begin(r, "emissions");
    r->row.boundary = PJ_BOUND_REPORTED;
    PJ_TRY(pj_csv_next(&csv, &there, r->err));
    PJ_TRY(find_columns(r, &csv, column));
    size_t columns = csv.fields;
    if (isnan(r->row.queries_per_run))
        return pj_csv_fail(&csv, PJ_EFORMAT, r->err,
                           "it does not say how many queries a run answers; give --queries-per-run");
    for (;;) {
        PJ_TRY(pj_csv_next(&csv, &there, r->err));
        if (!there)
            break;
        if (csv.fields != columns)
            return pj_csv_fail(&csv, PJ_EFORMAT, r->err, "%zu fields where the header has %zu", csv.fields, columns);
        if (!r->ask->run_id || strcmp(csv.field[column[RUN_ID]], r->ask->run_id) == 0) {
            kwh = NAN;
            PJ_TRY(take_row(r, &csv, column, &kwh));
        }
    }
    if (isnan(kwh))
        return pj_csv_fail(&csv, PJ_EFORMAT, r->err, "there is no row%s%.60s", r->ask->run_id ? " of run " : "",
                           r->ask->run_id ? r->ask->run_id : "");
    return pj_energy_add(r, &r->row);
}
