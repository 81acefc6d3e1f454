/* Watts of what nothing reads, by constants: estimates, never readings. */
#pragma once

#include "measure/host.h"
#include "power/power.h"

/* *tdp_w, where it is NAN: W of all processors of the machine by their name (footprint_data/tdp.json), else 4 a core (a
 * virtual machine has a part of the processor that it names), with a note that says which; NAN stays where nothing is
 * known. PJ_ENOMEM. */
pj_status pj_estimate_tdp(pj_power *power, const pj_host *host, double *tdp_w, pj_error *err);

/* W of the processors during a run, by ask->tdp_w and load; of the command's share where that is asked for. */
double pj_estimate_cpu_w(const pj_measure_ask *ask, const pj_host *host, const pj_measured_run *run);

/* W of the memory by its size; NAN: not known. */
double pj_estimate_ram_w(const pj_host *host);
