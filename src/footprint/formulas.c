/* The arithmetic of footprints. */
#include "footprint/formulas.h"

#include <math.h>

#include "base/real.h"

pj_amounts pj_amounts_of(double joules, const pj_conditions *c)
{
    pj_amounts a = {.kwh_it = joules / PJ_J_PER_KWH};
    a.kwh_site = a.kwh_it * c->pue;
    a.gco2e = a.kwh_site / (1 - c->losses) * c->g_per_kwh;
    a.water_onsite_l = a.kwh_it * c->wue_onsite;
    a.water_offsite_l = a.kwh_site * c->wue_offsite;
    a.water_l = a.water_onsite_l + a.water_offsite_l;
    a.phone_charges = a.kwh_site * 1000 / c->phone_wh;
    a.cost = a.kwh_site * c->price;
    return a;
}

pj_amounts pj_amounts_times(const pj_amounts *a, double factor)
{
    return (pj_amounts){
        a->kwh_it * factor,          a->kwh_site * factor, a->gco2e * factor,         a->water_onsite_l * factor,
        a->water_offsite_l * factor, a->water_l * factor,  a->phone_charges * factor, a->cost * factor};
}

pj_amounts pj_amounts_sum(const pj_amounts *a, const pj_amounts *b)
{
    return (pj_amounts){a->kwh_it + b->kwh_it,
                        a->kwh_site + b->kwh_site,
                        a->gco2e + b->gco2e,
                        a->water_onsite_l + b->water_onsite_l,
                        a->water_offsite_l + b->water_offsite_l,
                        a->water_l + b->water_l,
                        a->phone_charges + b->phone_charges,
                        a->cost + b->cost};
}

double pj_embodied_g(double kg, double reserved_h, double lifespan_h, double share)
{
    return kg * 1000 * reserved_h / lifespan_h * share;
}

double pj_sci(double o_g, double m_g, double r)
{
    return (o_g + m_g) / r;
}

double pj_watts_at(double idle_w, double most_w, double utilization)
{
    return idle_w + (most_w - idle_w) * utilization;
}

double pj_joules_of(double watts, double hours)
{
    return watts * hours * 3600;
}

double pj_training_steps(double samples, double batch, double epochs)
{
    return ceil(samples / batch) * epochs;
}

double pj_training_flops(double steps, double batch, double forward_flops, double backward)
{
    return steps * batch * forward_flops * (1 + backward);
}

double pj_training_joules(double flops, double watts, double peak_flops, double mfu)
{
    return flops * watts / peak_flops / mfu;
}

double pj_training_hours(double flops, double peak_flops, double mfu)
{
    return flops / (peak_flops * mfu) / 3600;
}

double pj_quantum_ops(double qubits, double layers, double tokens)
{
    const double shots = 100, gates = 50; /* V4's */
    return pj_exp2(qubits) * layers * shots * gates * tokens;
}

void pj_shares(const double *values, size_t count, double *percent)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    for (size_t i = 0; i < count; i++)
        percent[i] = sum > 0 ? 100 * values[i] / sum : NAN;
}

double pj_ratio(double a, double b)
{
    return b != 0 ? a / b : NAN;
}

double pj_without_pue(double energy, double pue)
{
    return energy / pue;
}
