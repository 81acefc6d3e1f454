/* picojoule: where the energy of a neural network goes, read off its ONNX file.
 *
 *     pj_error err = {0};
 *     pj_model *model = NULL;
 *     pj_result *result = NULL;
 *     pj_setup setup = pj_setup_default();
 *
 *     if (pj_model_open("model.onnx", &setup, &model, &err) == PJ_OK &&
 *         pj_analyze(model, &setup, &result, &err) == PJ_OK) {
 *         const pj_totals *totals = &result->totals;
 *         printf("%.3f uJ\n", pj_energy_total(&totals->energy) / 1e6);
 *     } else {
 *         fprintf(stderr, "%s: %s\n", err.file, err.what);
 *     }
 *     pj_result_free(result);
 *     pj_model_close(model);
 *
 * setup.h says what is asked, model.h opens models and gives shapes, result.h prices them, session.h prices many,
 * probe.h prices a million sizes of a layer, memory.h has the peak of activations, lint.h says what to change, apply.h
 * changes it, diff.h compares two, budget.h checks limits, evaluate.h runs models, history.h keeps figures over time,
 * footprint.h makes CO2e of joules, measure.h finds joules, layers.h puts them beside estimates, report.h prints.
 * error.h says how failures are told.
 *
 * Threads: each header says what may be done at once; objects without a common owner are independent. */
#ifndef PICOJOULE_PICOJOULE_H
#define PICOJOULE_PICOJOULE_H

#include "picojoule/apply.h"
#include "picojoule/binding.h"
#include "picojoule/budget.h"
#include "picojoule/calibrate.h"
#include "picojoule/diff.h"
#include "picojoule/error.h"
#include "picojoule/evaluate.h"
#include "picojoule/footprint.h"
#include "picojoule/generation.h"
#include "picojoule/history.h"
#include "picojoule/layers.h"
#include "picojoule/lint.h"
#include "picojoule/measure.h"
#include "picojoule/memory.h"
#include "picojoule/model.h"
#include "picojoule/plan.h"
#include "picojoule/probe.h"
#include "picojoule/report.h"
#include "picojoule/result.h"
#include "picojoule/session.h"
#include "picojoule/setup.h"
#include "picojoule/skeleton.h"
#include "picojoule/study.h"
#include "picojoule/sweep.h"
#include "picojoule/version.h"
#include "picojoule/weights.h"

#endif
