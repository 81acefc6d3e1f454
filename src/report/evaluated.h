/* With what something was measured: in every report of what a runtime said. */
#pragma once

#include "picojoule/evaluate.h"
#include "report/findings.h"

/* "On 12 samples of photos/, with ONNX Runtime 1.30.0 (/usr/lib/...)" */
void pj_evaluated_page(const pj_evaluated *with, pj_page *page);

/* The member "made": data, random, runtime. */
void pj_evaluated_json(const pj_evaluated *with, pj_json_writer *json);

/* "0.0123", for people: four digits. Absent where it is no number. */
void pj_evaluated_figure(pj_rows *rows, pj_cell *cell, double figure);
