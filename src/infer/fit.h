/* Inference under bindings, with the sizes that only weights tell. */
#pragma once

#include "ir/graph.h"
#include "picojoule/setup.h"

/* Binds and infers the model. Where taking unbound dimensions as 1 contradicts the model, those that only one size fits
 * (the inner extent of a product with weights) get it, each with a finding. Errors as pj_bind and pj_infer; those of
 * shapes say which dimensions were taken as 1. */
pj_status pj_infer_bound(pj_model *model, const pj_setup *setup, pj_error *err);
