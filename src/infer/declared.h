/* The types that a file declares, before bindings rewrite them, and the way back to them. */
#pragma once

#include "ir/graph.h"

/* Notes the types that bindings may rewrite, inputs and all that mention a symbol, and the findings so far; before the
 * first binding. PJ_ENOMEM. */
pj_status pj_declared_note(pj_model *model, pj_error *err);

/* Is a symbol in the type, or in what is in it? */
bool pj_has_symbol(const pj_type *type);

/* Calls `visit` for every node of the graph and of the graphs inside, until one fails. */
typedef pj_status (*pj_node_visit)(void *payload, pj_node *node);
pj_status pj_each_node(const pj_graph *graph, pj_node_visit visit, void *payload);
