/* Data types that annotations of a graph give to values, beside their element types: FINN's key "finn_datatype". The
 * standard's own keys, SCALE_TENSOR and ZERO_POINT_TENSOR, name tensors with scales, but no number format, so nothing
 * follows from them alone; FINN's "tensor_layout" says nothing of numbers. */
#include "load/loader.h"

static pj_status annotate(pj_loader *loader, pj_value *value, const PjOnnx__TensorAnnotation *annotation)
{
    for (size_t k = 0; k < annotation->n_quant_parameter_tensor_names; k++) {
        const PjOnnx__StringStringEntryProto *entry = annotation->quant_parameter_tensor_names[k];
        if (strcmp(pj_text(entry->key), "finn_datatype") != 0)
            continue;
        value->annotation = pj_load_intern(loader, pj_text(entry->value));
        PJ_TRY(pj_got(value->annotation, loader->err));
    }
    return PJ_OK;
}

pj_status pj_load_annotations(pj_loader *loader, const pj_spot *place, const pj_messages *annotations)
{
    for (size_t i = 0; i < annotations->count; i++) {
        const PjOnnx__TensorAnnotation *annotation = pj_unpack(loader, annotations, i);
        PJ_TRY(pj_got(annotation, loader->err));
        pj_value *value = pj_map_get(place->names, pj_text(annotation->tensor_name));
        if (value)
            PJ_TRY(annotate(loader, value, annotation));
    }
    return PJ_OK;
}
