/* Binding dimensions and input shapes that the user gives, before inference. */
#ifndef PJ_INFER_BIND_H
#define PJ_INFER_BIND_H

#include "ir/graph.h"
#include "picojoule/model.h"

/* Applies the input shapes of `options` and, if it asks for that, takes what is left unbound as 1 (one finding each,
 * with the option that sets it). Symbolic dims that an input shape gives a value have it everywhere in the model.
 * PJ_EARGUMENT: a name that the model does not have (near names are told), a rank or a value that contradicts. */
pj_status pj_bind(pj_model *model, const pj_model_options *options, pj_error *err);

#endif
