/* The layout of a changed model while it is made: what its files consist of. */
#pragma once

#include "apply/emit.h"
#include "apply/pieces.h"

typedef struct pj_layout {
    pj_edit *edit;
    const pj_apply_options *options;
    pj_pieces model, graph, data;
    bool is_external;  /* whatever may be external is */
    bool has_external; /* in the source */
    bool has_opset;    /* the file says which ai.onnx it is of */
    bool follows;      /* new contents are external because others are */
    size_t location;   /* characters of its name */
    pj_error *err;
    pj_lost *lost;
} pj_layout;

/* Nodes, tensors and all else of the graph, into layout->graph and layout->data. */
pj_status pj_layout_graph(pj_layout *l);
