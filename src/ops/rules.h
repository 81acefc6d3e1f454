/* The vocabulary that rules are written in: inputs, outputs, attributes, axes, broadcasting, values, work.
 *
 * Attribute readers never fail on the spot: a wrong kind is remembered in the context and reported by the driver after
 * the rule, so a rule reads like the operator's definition. Numbers (pj_num) carry unknown and overflow themselves.
 * Functions that can contradict (axes, broadcasting) return a status; forward it with PJ_TRY. */
#pragma once

#include "base/limits.h"
#include "ops/op.h"

/* ---- inputs ---- */

/* The value at input `i`, or NULL when it is absent. */
const pj_value *pj_in(const pj_ctx *c, int i);
bool pj_has(const pj_ctx *c, int i);

/* The first input of that role in the operator's row; -1: the row has none. */
int pj_role_in(const pj_ctx *c, char role);

/* Its type; the unknown type when absent. Never NULL. */
const pj_type *pj_in_type(const pj_ctx *c, int i);
pj_dtype pj_in_dtype(const pj_ctx *c, int i);
int pj_in_rank(const pj_ctx *c, int i); /* -1: unknown */

/* Dimension `axis` (negative counts from the end); unknown when rank or axis is not there. */
pj_num pj_in_dim(const pj_ctx *c, int i, int axis);

/* All elements of the input; unknown where its shape is. */
pj_num pj_in_count(const pj_ctx *c, int i);

/* Known contents of a small input (elements may still be unknown or symbolic), or NULL. */
const pj_num *pj_in_data(const pj_ctx *c, int i, int64_t *count);

/* The contents of input `i` as one whole or real number: unknown if it is absent, not known or not one element. */
pj_num pj_in_scalar(const pj_ctx *c, int i);

/* Is it the same in every run (made from constants alone)? */
bool pj_in_constant(const pj_ctx *c, int i);

/* Is a zero point nothing that has to be added: absent, or known to be 0? */
bool pj_in_zero(const pj_ctx *c, int i);

int64_t pj_node_opset(const pj_ctx *c); /* of the node's domain */

/* ---- attributes: value, or the default when absent ---- */
int64_t pj_attr_int(pj_ctx *c, const char *name, int64_t otherwise);
double pj_attr_float(pj_ctx *c, const char *name, double otherwise);
const char *pj_attr_string(pj_ctx *c, const char *name, const char *otherwise);
const int64_t *pj_attr_ints(pj_ctx *c, const char *name, int *count); /* NULL and -1 when absent */
const float *pj_attr_floats(pj_ctx *c, const char *name, int *count); /* likewise */
const pj_tensor *pj_attr_tensor(pj_ctx *c, const char *name);         /* NULL when absent */
pj_graph *pj_attr_graph(pj_ctx *c, const char *name);                 /* likewise */
bool pj_attr_present(const pj_ctx *c, const char *name);

/* A dtype attribute (Cast's `to`, `dtype` of generators); an invalid number is a failure. */
pj_dtype pj_attr_dtype(pj_ctx *c, const char *name, pj_dtype otherwise);

/* ---- a short list of whole numbers, from an attribute or an input ---- */
typedef struct pj_list {
    bool given; /* present as attribute or input */
    bool known; /* its length is known (single elements may still be unknown) */
    int count;
    pj_num num[PJ_MAX_RANK]; /* so many are set as `count` says */
} pj_list;

/* Attribute `name` if there is one, else input `i` (i < 0: no such input). More than PJ_MAX_RANK elements: failure.
 * A list whose length is known from the input's shape but whose contents are not has unknown elements. */
pj_status pj_list_of(pj_ctx *c, const char *name, int i, pj_list *out);

/* ---- axes ---- */

/* 0 <= *out < rank for axis in [-rank, rank); else PJ_ESHAPE naming both. */
pj_status pj_axis(pj_ctx *c, int64_t axis, int rank, int *out);

/* Marks the axes of the list in `chosen` (rank entries). An axis that is not known, or named twice: PJ_ESHAPE for
 * twice; *known false for not known. An absent list marks none. */
pj_status pj_axes(pj_ctx *c, const pj_list *axes, int rank, bool *chosen, bool *known);

/* ---- outputs ---- */

bool pj_wants(const pj_ctx *c, int o);         /* is output `o` there and named? */
pj_value *pj_out(const pj_ctx *c, int o);      /* NULL when it is not */
pj_dtype pj_out_dtype(const pj_ctx *c, int o); /* PJ_UNDEFINED when it is not */

/* Setters do nothing where the output is not wanted. Dims are copied. rank -1: unknown rank. */
pj_status pj_set(pj_ctx *c, int o, pj_dtype dtype, int rank, const pj_num *dims);
pj_status pj_set_dtype(pj_ctx *c, int o, pj_dtype dtype);           /* shape unknown */
pj_status pj_set_same(pj_ctx *c, int o, int i);                     /* type and shape of input i */
pj_status pj_set_shape_of(pj_ctx *c, int o, pj_dtype dtype, int i); /* shape of input i, another dtype */
pj_status pj_set_type(pj_ctx *c, int o, pj_type type);              /* anything: sequences, optionals, maps */
pj_status pj_set_scalar(pj_ctx *c, int o, pj_dtype dtype);          /* rank 0 */
pj_status pj_set_1d(pj_ctx *c, int o, pj_dtype dtype, pj_num n);    /* rank 1 */

/* Contents of output `o`: `count` numbers, copied; too many (PJ_MAX_VALUE_ELEMENTS) or none known: nothing is kept. */
pj_status pj_set_data(pj_ctx *c, int o, const pj_num *data, int64_t count);

/* ---- shapes ---- */

/* Two dims that must be equal: the more specific one goes to *out; PJ_ESHAPE when they differ, with `what` ("axis 2 of
 * the inputs") and both figures. */
pj_status pj_same_dim(pj_ctx *c, pj_num a, pj_num b, const char *what, pj_num *out);

/* Input `i` is spread over input 0: counted from the last axis, it has the size of that or 1, so sizes that nobody
 * binds follow from it. PJ_ESHAPE. */
pj_status pj_spread(pj_ctx *c, int i, const char *what);

/* ONNX (NumPy) broadcasting of two shapes into dims; rank -1 in, rank -1 out. */
pj_status pj_broadcast(pj_ctx *c, int rank_a, const pj_num *a, int rank_b, const pj_num *b, int *rank, pj_num *dims);

/* Broadcast of inputs first .. first+count-1 (absent ones are skipped). */
pj_status pj_broadcast_inputs(pj_ctx *c, int first, int count, int *rank, pj_num *dims);

/* Product of dims[from .. to-1]. */
pj_num pj_dims_product(pj_ctx *c, const pj_num *dims, int from, int to);

/* Defines shape_NAME, a rule that is one expression of c: PJ_SHAPE(size, pj_set_scalar(c, 0, PJ_INT64)) */
#define PJ_SHAPE(name, set)                  \
    static pj_status shape_##name(pj_ctx *c) \
    {                                        \
        return set;                          \
    }

/* ---- common shape rules ---- */
pj_status pj_shape_same(pj_ctx *c); /* output 0 has type and shape of input 0 */
pj_status
pj_shape_broadcast(pj_ctx *c);         /* output 0: dtype of input 0, broadcast of all inputs (opset < 7: see there) */
pj_status pj_shape_compare(pj_ctx *c); /* as broadcast, bool */

/* ---- common value rules ---- */
pj_status pj_value_same(pj_ctx *c); /* output 0 has the contents of input 0 */

/* ---- work ---- */
/* Adds `n` primitives. */
void pj_work_add(pj_ctx *c, pj_work *work, pj_prim prim, pj_num n);
/* Adds factor * n primitives. */
void pj_work_times(pj_ctx *c, pj_work *work, pj_prim prim, int64_t factor, pj_num n);
/* Adds each[p] primitives p for each of `n` elements: pj_work_each(c, work, PJ_EACH([PJ_MUL] = 1, ...), n) */
void pj_work_each(pj_ctx *c, pj_work *work, const int64_t each[PJ_PRIMS], pj_num n);
#define PJ_EACH(...) ((const int64_t[PJ_PRIMS]){__VA_ARGS__})
/* No arithmetic and no traffic: the node turns out to do nothing. */
void pj_work_nothing(pj_ctx *c, pj_work *work);
/* Quantizes n elements: 1 mul (by the reciprocal of the scale), 1 add (a zero point that is not 0), 1 round each (to
 * the narrow type, saturating as conversions do). A scale that is no constant costs a div for each of its elements. */
void pj_work_quantize(pj_ctx *c, pj_work *work, pj_num n, int scale, int zero_point);
/* Dequantizes them: 1 add (unless the zero point is 0), 1 round (integer to float), 1 mul (by the scale) each. */
void pj_work_dequantize(pj_ctx *c, pj_work *work, pj_num n, bool zero);
/* Elements of output `o`. */
pj_num pj_out_count(const pj_ctx *c, int o);

/* The node's arithmetic works on integers (output 0, or input 0 where output 0 is bool). */
bool pj_on_integers(const pj_ctx *c);

/* Defines work_NAME, which counts so many primitives per element of output 0: PJ_WORK_EACH(mish, [PJ_EXP] = 1, ...) */
#define PJ_WORK_EACH(name, ...)                                          \
    static pj_status work_##name(pj_ctx *c, pj_work *work)               \
    {                                                                    \
        pj_work_each(c, work, PJ_EACH(__VA_ARGS__), pj_out_count(c, 0)); \
        return PJ_OK;                                                    \
    }

/* Defines work_NAME, a rule of one step: PJ_WORK(nonzero, pj_work_add(c, work, PJ_CMP, pj_in_count(c, 0))) */
#define PJ_WORK(name, count)                               \
    static pj_status work_##name(pj_ctx *c, pj_work *work) \
    {                                                      \
        count;                                             \
        return PJ_OK;                                      \
    }

/* One primitive per element of output 0. */
pj_status pj_work_add1(pj_ctx *c, pj_work *work);
pj_status pj_work_mul1(pj_ctx *c, pj_work *work);
pj_status pj_work_cmp1(pj_ctx *c, pj_work *work);
pj_status pj_work_logic1(pj_ctx *c, pj_work *work);
pj_status pj_work_div1(pj_ctx *c, pj_work *work);
pj_status pj_work_round1(pj_ctx *c, pj_work *work);
