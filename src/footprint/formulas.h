/* The arithmetic of footprints: pure functions of numbers. A number that is not known is NAN, and what follows from it
 * is NAN, too: never 0. docs/footprint.md has each formula with its source. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "picojoule/footprint.h"

#define PJ_J_PER_KWH     3.6e6
#define PJ_HOURS_OF_YEAR 8760.0

/* What one joule becomes. */
typedef struct pj_conditions {
    double pue;                     /* >= 1 */
    double losses;                  /* of lines and transformers, 0..1: for CO2e alone */
    double g_per_kwh;               /* of the grid */
    double wue_onsite, wue_offsite; /* L/kWh: of IT energy, of site energy */
    double price;                   /* money per kWh */
    double phone_wh;                /* of one charge */
} pj_conditions;

/* kwh_it = J / 3.6e6; kwh_site = kwh_it * PUE; gco2e = kwh_site / (1 - losses) * g_per_kwh;
 * water = kwh_it * wue_onsite + kwh_site * wue_offsite; phone charges = kwh_site * 1000 / phone_wh. */
pj_amounts pj_amounts_of(double joules, const pj_conditions *conditions);
pj_amounts pj_amounts_times(const pj_amounts *amounts, double factor);
pj_amounts pj_amounts_sum(const pj_amounts *a, const pj_amounts *b);

/* M of SCI in grams: kg * 1000 * reserved / lifespan * share. */
double pj_embodied_g(double kg, double reserved_h, double lifespan_h, double share);
/* (O + M) / R */
double pj_sci(double o_g, double m_g, double r);

/* Watts at a utilization of 0..1: between idle and most. */
double pj_watts_at(double idle_w, double most_w, double utilization);
/* Joules of watts over hours. */
double pj_joules_of(double watts, double hours);

/* steps = ceil(samples / batch) * epochs; FLOPs = steps * batch * forward * (1 + backward) */
double pj_training_steps(double samples, double batch, double epochs);
double pj_training_flops(double steps, double batch, double forward_flops, double backward);
/* FLOPs * watts / peak / mfu; hours = FLOPs / (peak * mfu) / 3600 */
double pj_training_joules(double flops, double watts, double peak_flops, double mfu);
double pj_training_hours(double flops, double peak_flops, double mfu);

/* The operations of a simulated quantum circuit, as V4 counts them: 2^qubits * layers * 100 * 50 * tokens. The 100 and
 * the 50 have no source: a heuristic. */
double pj_quantum_ops(double qubits, double layers, double tokens);

/* Each value in percent of the sum; NAN where that is 0. */
void pj_shares(const double *values, size_t count, double *percent);

/* a / b; NAN where b is 0. */
double pj_ratio(double a, double b);

/* What holds a PUE without it: energy / pue. */
double pj_without_pue(double energy, double pue);
