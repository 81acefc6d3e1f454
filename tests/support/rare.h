/* A model of everything that files may hold and hardly any holds: attributes of every kind, sparse tensors,
 * initializers and names that come twice, nodes out of order around graphs that hide names, a function that returns its
 * input. */
#ifndef RARE_H
#define RARE_H

#include "model.h"

builder build_rare(void);

#endif
