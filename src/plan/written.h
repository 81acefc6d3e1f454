/* What `apply` writes, and ONNX Runtime runs: asked by the planner, which names nothing else for that target, and by
 * the passes of apply. */
#pragma once

#include "ir/graph.h"

/* Numbers that are computed before the run from others that the file holds, and not just shaped anew: they can be read
 * by whoever computes with floats, but not be written as integers, and nobody measures their range. */
bool pj_written_is_computed(const pj_value *value);

/* Does the node read floats that are computed so, as data or as weights? Then it has no integers. */
bool pj_written_reads_computed(const pj_node *node);

/* Does it keep a state from step to step (LSTM, GRU, RNN)? Its weights become integers, its arithmetic stays floats. */
bool pj_written_is_recurrent(const pj_node *node);

/* Are rows of a matrix of the file looked up in the run, as embeddings are? The matrix becomes integers, what is looked
 * up stays floats. */
bool pj_written_is_table(const pj_node *node);

/* A Transpose that moves the first axis behind the other batches: in front of a MatMul ONNX Runtime 1.30 makes one
 * operator of both, and crashes where it is fp16. */
bool pj_written_moves_batches(const pj_node *node);
bool pj_written_reads_moved(const pj_node *node); /* such a MatMul */

/* Why an operator of ai.onnx does not work on floats of 16 bits; NULL: it does. */
const char *pj_written_stays_wide(const pj_node *node);
