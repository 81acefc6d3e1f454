/* ONNX test data: a serialized tensor without a frame. */
#include "base/limits.h"
#include "load/loader.h"
#include "samples/npy.h"

static void *allocate(void *arena, size_t size)
{
    return pj_arena_alloc(arena, 1, size);
}

static void leave_it(void *arena, void *object)
{
    (void)arena, (void)object;
}

/* A copy in the bytes of this machine, one byte a truth. */
static pj_status fill(const pj_tensor *tensor, pj_ndarray *out, pj_error *err)
{
    char text[PJ_ARRAY_TEXT];
    out->dtype = tensor->dtype;
    out->rank = tensor->rank;
    out->dims = tensor->dims;
    if (!pj_array_measure(out))
        return pj_fail(err, PJ_EOVERFLOW, "%s has more bytes than 64 bits can count", pj_array_print(out, text));
    if (!tensor->bytes && out->count > 0)
        return pj_fail(err, PJ_EFORMAT, "%s has no elements in the file", pj_array_print(out, text));
    out->data = tensor->bytes;
    return PJ_OK;
}

pj_status pj_test_tensor_parse(const uint8_t *bytes, size_t length, pj_arena *arena, pj_ndarray *out, pj_error *err)
{
    ProtobufCAllocator allocator = {allocate, leave_it, arena};
    pj_loader loader = {.arena = arena, .scratch = arena, .err = err};
    pj_tensor tensor;
    memset(out, 0, sizeof *out);
    const ProtobufCMessage *message =
        length > 0 ? protobuf_c_message_unpack(&pj_onnx__tensor_proto__descriptor, &allocator, length, bytes) : NULL;
    if (!message && pj_arena_failed(arena))
        return pj_fail_memory(err);
    if (!message)
        return pj_fail(err, PJ_EFORMAT, "it is neither a .npy or .npz file nor a serialized ONNX tensor");
    const PjOnnx__TensorProto *proto = (const void *)message;
    if (proto->data_location == PJ_ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL || proto->pj_field)
        return pj_fail(err, PJ_EFORMAT, "the elements of the tensor are in another file; test data holds its own");
    if (proto->data_type == PJ_ONNX__TENSOR_PROTO__DATA_TYPE__STRING)
        return pj_fail(err, PJ_EFORMAT, "the tensor holds texts; only numbers are read");
    PJ_TRY(pj_load_tensor(&loader, proto, "tensor", &tensor));
    out->name = tensor.name;
    return fill(&tensor, out, err);
}
