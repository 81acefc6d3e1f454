/* Types that a file declares. */
#include "base/limits.h"
#include "load/loader.h"

/* Exporters write these for a dimension they do not know; two of them need not be equal. */
static bool is_placeholder(const char *name)
{
    return strcmp(name, "?") == 0 || strcmp(name, "-1") == 0 || strcmp(name, "None") == 0;
}

static pj_num read_dim(pj_loader *loader, const PjOnnx__TensorShapeProto__Dimension *dim)
{
    switch (dim->value_case) {
    case PJ_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE:
        return dim->dim_value < 0 ? pj_num_unknown() : pj_num_of(dim->dim_value);
    case PJ_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM:
        if (!is_placeholder(dim->dim_param))
            return pj_num_symbol(loader->model->symbols, dim->dim_param);
        break;
    case PJ_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET:
    case _PJ_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__CASE_IS_INT_SIZE:
    default:
        break;
    }
    return pj_num_unknown();
}

static pj_status read_dtype(pj_loader *loader, int32_t number, pj_dtype *out)
{
    if (number != PJ_UNDEFINED && !pj_dtype_valid(number))
        return pj_fail(loader->err, PJ_EFORMAT, "element type %d does not exist", (int)number);
    *out = (pj_dtype)number;
    return PJ_OK;
}

static pj_status read_tensor_type(pj_loader *loader, int32_t dtype, const PjOnnx__TensorShapeProto *shape, pj_type *out)
{
    PJ_TRY(read_dtype(loader, dtype, &out->dtype));
    if (!shape)
        return PJ_OK;
    if (shape->n_dim > PJ_MAX_RANK)
        return pj_fail(loader->err, PJ_ELIMIT, "the shape has %zu dimensions; at most %d are accepted", shape->n_dim,
                       PJ_MAX_RANK);
    pj_num *dims = PJ_NEW(loader->arena, pj_num, shape->n_dim);
    PJ_TRY(pj_got(dims, loader->err));
    for (size_t i = 0; i < shape->n_dim; i++)
        dims[i] = read_dim(loader, shape->dim[i]);
    out->rank = (int)shape->n_dim;
    out->dims = dims;
    return PJ_OK;
}

static pj_status read_element(pj_loader *loader, pj_kind kind, const PjOnnx__TypeProto *element, pj_type *out)
{
    pj_type *of = PJ_NEW(loader->arena, pj_type, 1);
    PJ_TRY(pj_got(of, loader->err));
    out->kind = kind;
    out->of = of;
    return pj_load_type(loader, element, of);
}

/* Recursion is as deep as the walk lets messages nest. */
pj_status pj_load_type(pj_loader *loader, const PjOnnx__TypeProto *proto, pj_type *out)
{
    *out = pj_type_unknown();
    if (!proto)
        return PJ_OK;
    switch (proto->value_case) {
    case PJ_ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
        out->kind = PJ_TENSOR;
        return read_tensor_type(loader, proto->tensor_type->elem_type, proto->tensor_type->shape, out);
    case PJ_ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
        out->kind = PJ_SPARSE;
        return read_tensor_type(loader, proto->sparse_tensor_type->elem_type, proto->sparse_tensor_type->shape, out);
    case PJ_ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
        return read_element(loader, PJ_SEQUENCE, proto->sequence_type->elem_type, out);
    case PJ_ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
        return read_element(loader, PJ_OPTIONAL, proto->optional_type->elem_type, out);
    case PJ_ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
        PJ_TRY(read_dtype(loader, proto->map_type->key_type, &out->key));
        return read_element(loader, PJ_MAP, proto->map_type->value_type, out);
    case PJ_ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
        out->kind = PJ_OPAQUE;
        return PJ_OK;
    case PJ_ONNX__TYPE_PROTO__VALUE__NOT_SET:
    case _PJ_ONNX__TYPE_PROTO__VALUE__CASE_IS_INT_SIZE:
    default:
        break;
    }
    return PJ_OK;
}
