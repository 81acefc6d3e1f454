/* Binding what the user gives, before inference: dimensions, input shapes, trips of loops. */
#pragma once

#include "ir/graph.h"
#include "picojoule/model.h"

/* Rewrites the declared types of the model under the bindings of `options` and, if it asks for that, takes what is left
 * unbound as 1 (one finding each, with the option that sets it). Symbolic dims that an input shape gives a value have
 * it everywhere in the model. Once per model, or again after pj_unbind.
 * PJ_EARGUMENT: a name that the model does not have (near names are told), a rank or a value that contradicts. */
pj_status pj_bind(pj_model *model, const pj_setup *options, pj_error *err);

/* Puts the model back to how it was loaded: declared types, findings, nothing known of any value. Frees the memory of
 * what was inferred since the last time. PJ_ENOMEM. */
pj_status pj_unbind(pj_model *model, pj_error *err);

/* Does a dimension of a model input, as it is declared now, depend on the symbol? */
bool pj_bind_uses(const pj_model *model, const char *symbol);

/* Adds to the sentence of a failed inference which dimensions were taken as 1, if any were: that may be why. */
void pj_bind_explain(const pj_model *model, pj_error *err);
