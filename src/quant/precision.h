/* The number format of every tensor, and where it was read off. */
#ifndef PJ_QUANT_PRECISION_H
#define PJ_QUANT_PRECISION_H

#include "arith/number.h"
#include "ir/diag.h"
#include "ir/graph.h"

/*  enumerator, word in reports */
#define PJ_FROM_LIST(X)                 \
    X(PJ_FROM_NOTHING, "unknown")       \
    X(PJ_FROM_DECLARED, "declared")     \
    X(PJ_FROM_QDQ, "QDQ")               \
    X(PJ_FROM_QONNX, "QONNX")           \
    X(PJ_FROM_OPERATOR, "operator")     \
    X(PJ_FROM_PLAN, "plan")             \
    X(PJ_FROM_ASSUMED, "assumed")

typedef enum pj_from {
#define PJ_FROM_ENUM(name, word) name,
    PJ_FROM_LIST(PJ_FROM_ENUM)
#undef PJ_FROM_ENUM
} pj_from;

const char *pj_from_word(pj_from from);

typedef struct pj_format {
    pj_number number;
    pj_from from; /* PJ_FROM_NOTHING: no format is known (strings, unknown types) */
} pj_format;

/* Formats of all values, by pj_value.index. */
typedef struct pj_precision {
    pj_format *format;
    int count;
} pj_precision;

/* Reads every value's format off the model. Arrays live in `arena`. PJ_ENOMEM. */
pj_status pj_precision_read(const pj_model *model, pj_arena *arena, pj_diags *diags, pj_precision *out, pj_error *err);

/* The format of a value; PJ_FROM_NOTHING for NULL. */
pj_format pj_precision_of(const pj_precision *precision, const pj_value *value);

/* The format that an element type declares; false for strings, complex and unknown types. */
bool pj_number_of_dtype(pj_dtype dtype, pj_number *out);

#endif
