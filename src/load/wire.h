/* The walk over a model's bytes that comes before protobuf-c sees any of them.
 *
 * It copies the model without its weights, the skeleton, and makes sure of all that protobuf-c does not: depth and
 * counts are bounded, lengths fit, no field comes in that is not used (unknown fields, documentation, metadata,
 * training), wire types agree, singular messages are given once. The payload of a large tensor stays where it is:
 * TensorProto's fields pj_offset, pj_length and pj_field say where. Submessages of the skeleton have their length in
 * five bytes, so that it can be written after them. */
#pragma once

#include "load/source.h"

/* The fields of TensorProto that hold elements, by number, and one that does not but is looked at on the way. */
enum {
    PJ_DATA_TYPE = 2,
    PJ_FLOAT_DATA = 4,
    PJ_INT32_DATA = 5,
    PJ_STRING_DATA = 6,
    PJ_INT64_DATA = 7,
    PJ_RAW_DATA = 9,
    PJ_DOUBLE_DATA = 10,
    PJ_UINT64_DATA = 11
};

/* Reads a ModelProto to the end of `source` and appends its skeleton to `out`. PJ_EFORMAT, PJ_ELIMIT, PJ_EIO,
 * PJ_ENOMEM (also: `out` is at its limit). */
pj_status pj_wire_skeleton(pj_source *source, pj_str *out, pj_error *err);

/* Bytes of raw_data up to which a tensor of this TensorProto.DataType is worth keeping: those whose contents decide
 * shapes or formats. */
uint64_t pj_wire_kept_bytes(int data_type);
