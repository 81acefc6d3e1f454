/* Attributes of nodes: their kind, their value, and references inside functions. */
#include "load/loader.h"

typedef PjOnnx__AttributeProto attr_proto;

/*  word, single message that must be there */
static const struct {
    const char *word;
    bool needed;
} kinds[] = {
    [PJ_ATTR_NONE] = {"nothing",         false},
    [PJ_ATTR_FLOAT] = {"a float",         false},
    [PJ_ATTR_INT] = {"an int",          false},
    [PJ_ATTR_STRING] = {"a string",        false},
    [PJ_ATTR_TENSOR] = {"a tensor",        true },
    [PJ_ATTR_GRAPH] = {"a graph",         true },
    [PJ_ATTR_FLOATS] = {"floats",          false},
    [PJ_ATTR_INTS] = {"ints",            false},
    [PJ_ATTR_STRINGS] = {"strings",         false},
    [PJ_ATTR_TENSORS] = {"tensors",         false},
    [PJ_ATTR_GRAPHS] = {"graphs",          false},
    [PJ_ATTR_SPARSE_TENSOR] = {"a sparse tensor", true },
    [PJ_ATTR_SPARSE_TENSORS] = {"sparse tensors",  false},
    [PJ_ATTR_TYPE] = {"a type",          true },
    [PJ_ATTR_TYPES] = {"types",           false},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* pj_attr_kind has the numbers of AttributeType; this says so to the compiler. */
_Static_assert((int)PJ_ATTR_TYPES == (int)PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS, "same numbers");
_Static_assert((int)PJ_ATTR_GRAPHS == (int)PJ_ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS, "same numbers");

/* How many elements of a kind the message holds. */
static size_t held(const attr_proto *proto, pj_attr_kind kind)
{
    switch (kind) {
    case PJ_ATTR_NONE:
        return 0;
    case PJ_ATTR_FLOAT:
        return proto->has_f != 0;
    case PJ_ATTR_INT:
        return proto->has_i != 0;
    case PJ_ATTR_STRING:
        return proto->has_s != 0;
    case PJ_ATTR_TENSOR:
        return proto->t != NULL;
    case PJ_ATTR_GRAPH:
        return proto->g != NULL;
    case PJ_ATTR_FLOATS:
        return proto->n_floats;
    case PJ_ATTR_INTS:
        return proto->n_ints;
    case PJ_ATTR_STRINGS:
        return proto->n_strings;
    case PJ_ATTR_TENSORS:
        return proto->n_tensors;
    case PJ_ATTR_GRAPHS:
        return proto->n_graphs;
    case PJ_ATTR_SPARSE_TENSOR:
        return proto->sparse_tensor != NULL;
    case PJ_ATTR_SPARSE_TENSORS:
        return proto->n_sparse_tensors;
    case PJ_ATTR_TYPE:
        return proto->tp != NULL;
    case PJ_ATTR_TYPES:
    default:
        return proto->n_type_protos;
    }
}

/* The kind that the message's contents have; files of IR version 1 do not say it. */
static pj_attr_kind found_kind(const attr_proto *proto)
{
    for (int kind = PJ_ATTR_NONE; kind < KINDS; kind++)
        if (held(proto, (pj_attr_kind)kind) > 0)
            return (pj_attr_kind)kind;
    return PJ_ATTR_NONE;
}

static pj_status check_type(const pj_loader *loader, const attr_proto *proto, const pj_attr *out)
{
    if ((int)proto->type < 0 || (int)proto->type >= KINDS)
        return pj_fail(loader->err, PJ_EFORMAT, "attribute '%s' has type %d, which does not exist", out->name,
                       (int)proto->type);
    return PJ_OK;
}

/* Writers of the third protobuf version leave out a 0 or an empty text, so a scalar may be missing. */
static pj_status read_kind(pj_loader *loader, const attr_proto *proto, pj_attr *out)
{
    pj_attr_kind found = found_kind(proto), said = (pj_attr_kind)proto->type;
    out->kind = said == PJ_ATTR_NONE ? found : said;
    PJ_TRY(check_type(loader, proto, out));
    if (held(proto, out->kind) == 0 && (found != PJ_ATTR_NONE || kinds[out->kind].needed))
        return pj_fail(loader->err, PJ_EFORMAT, "attribute '%s' says it is %s, but it holds %s", out->name,
                       kinds[said].word, kinds[found].word);
    return PJ_OK;
}

static pj_status read_strings(pj_loader *loader, const ProtobufCBinaryData *strings, size_t count, pj_attr *out)
{
    const char **texts = PJ_NEW(loader->arena, const char *, count);
    for (size_t i = 0; texts && i < count; i++) {
        texts[i] = pj_arena_strndup(loader->arena, (const char *)strings[i].data, strings[i].len);
        if (!texts[i])
            texts = NULL;
    }
    out->strings = texts;
    return pj_got(texts, loader->err);
}

static pj_status read_tensors(pj_loader *loader, const attr_proto *proto, pj_attr *out)
{
    char what[PJ_TITLE];
    size_t count = (size_t)out->count;
    pj_tensor *tensors = PJ_NEW(loader->arena, pj_tensor, count);
    PJ_TRY(pj_got(tensors, loader->err));
    pj_load_title("attribute", out->name, what);
    for (size_t i = 0; i < count; i++) {
        if (out->kind == PJ_ATTR_TENSOR || out->kind == PJ_ATTR_TENSORS)
            PJ_TRY(
                pj_load_tensor(loader, out->kind == PJ_ATTR_TENSOR ? proto->t : proto->tensors[i], what, &tensors[i]));
        else
            PJ_TRY(pj_load_sparse(loader,
                                  out->kind == PJ_ATTR_SPARSE_TENSOR ? proto->sparse_tensor : proto->sparse_tensors[i],
                                  what, &tensors[i]));
        PJ_TRY(pj_got(pj_tensor_decode(loader->arena, &tensors[i]), loader->err));
    }
    out->tensor = tensors;
    return PJ_OK;
}

static pj_status read_types(pj_loader *loader, const attr_proto *proto, pj_attr *out)
{
    pj_type *types = PJ_NEW(loader->arena, pj_type, out->count);
    PJ_TRY(pj_got(types, loader->err));
    for (size_t i = 0; i < (size_t)out->count; i++)
        PJ_TRY(pj_load_type(loader, out->kind == PJ_ATTR_TYPE ? proto->tp : proto->type_protos[i], &types[i]));
    out->type = types;
    return PJ_OK;
}

static pj_status read_graph(pj_loader *loader, const pj_spot *place, pj_node *node, const PjOnnx__GraphProto *proto,
                            pj_graph **out)
{
    const pj_graph_text text = pj_unpacked_graph(proto);
    return pj_load_graph(loader, place, node, &text, out);
}

static pj_status read_graphs(pj_loader *loader, const pj_spot *place, pj_node *node, const attr_proto *proto,
                             pj_attr *out)
{
    if (out->kind == PJ_ATTR_GRAPH)
        return read_graph(loader, place, node, proto->g, &out->graph);
    pj_graph **graphs = PJ_NEW(loader->arena, pj_graph *, proto->n_graphs);
    PJ_TRY(pj_got(graphs, loader->err));
    for (size_t i = 0; i < proto->n_graphs; i++)
        PJ_TRY(read_graph(loader, place, node, proto->graphs[i], &graphs[i]));
    out->graphs = graphs;
    return PJ_OK;
}

static pj_status copy_numbers(pj_loader *loader, const void *numbers, size_t count, size_t size, const void **out)
{
    *out = pj_arena_memdup(loader->arena, numbers, count, size);
    return pj_got(*out, loader->err);
}

/* `place` is where the attribute is written: names in its graphs mean what they mean there. */
static pj_status read_value(pj_loader *loader, const pj_spot *place, pj_node *node, const attr_proto *proto,
                            pj_attr *out)
{
    const void *numbers;
    size_t count = held(proto, out->kind);
    out->count = (int)count; /* each takes a byte of the skeleton, which has at most 2^30 */
    switch (out->kind) {
    case PJ_ATTR_FLOAT:
        out->count = 1;
        out->f = proto->f;
        break;
    case PJ_ATTR_INT:
        out->count = 1;
        out->i = proto->i;
        break;
    case PJ_ATTR_STRING:
        out->count = 1;
        out->s = pj_arena_strndup(loader->arena, (const char *)proto->s.data, proto->s.len);
        return pj_got(out->s, loader->err);
    case PJ_ATTR_FLOATS:
        PJ_TRY(copy_numbers(loader, proto->floats, count, sizeof(float), &numbers));
        out->floats = numbers;
        break;
    case PJ_ATTR_INTS:
        PJ_TRY(copy_numbers(loader, proto->ints, count, sizeof(int64_t), &numbers));
        out->ints = numbers;
        break;
    case PJ_ATTR_STRINGS:
        return read_strings(loader, proto->strings, count, out);
    case PJ_ATTR_TENSOR:
    case PJ_ATTR_TENSORS:
    case PJ_ATTR_SPARSE_TENSOR:
    case PJ_ATTR_SPARSE_TENSORS:
        return read_tensors(loader, proto, out);
    case PJ_ATTR_TYPE:
    case PJ_ATTR_TYPES:
        return read_types(loader, proto, out);
    case PJ_ATTR_GRAPH:
    case PJ_ATTR_GRAPHS:
        return read_graphs(loader, place, node, proto, out);
    case PJ_ATTR_NONE:
    default:
        break;
    }
    return PJ_OK;
}

static const attr_proto *find_attr(attr_proto *const *attrs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(pj_text(attrs[i]->name), name) == 0)
            return attrs[i];
    return NULL;
}

/* Follows a reference out of the function, from call to call; NULL in *attr: the caller leaves the attribute out. */
static pj_status resolve(pj_loader *loader, const attr_proto **attr, const pj_spot **place)
{
    while (*pj_text((*attr)->ref_attr_name)) {
        const char *name = (*attr)->ref_attr_name;
        const pj_call *call = (*place)->call;
        if (!call)
            return pj_fail(loader->err, PJ_EFORMAT, "attribute '%s' refers to '%s' of a caller, but is in no function",
                           pj_text((*attr)->name), name);
        *attr = find_attr(call->node->attribute, call->node->n_attribute, name);
        if (*attr) {
            *place = call->from;
            continue;
        }
        *attr = find_attr(call->function->attribute_proto, call->function->n_attribute_proto, name);
        return PJ_OK; /* a default is a value */
    }
    return PJ_OK;
}

/* Reads one attribute; *kept is false where the caller leaves out what it refers to. */
static pj_status read_attr(pj_loader *loader, const pj_spot *place, pj_node *node, const attr_proto *proto,
                           pj_attr *out, bool *kept)
{
    const attr_proto *value = proto;
    out->name = pj_load_intern(loader, pj_text(proto->name));
    PJ_TRY(pj_got(out->name, loader->err));
    if (!*out->name)
        return pj_fail(loader->err, PJ_EFORMAT, "an attribute has no name");
    PJ_TRY(check_type(loader, proto, out)); /* of a reference, too */
    PJ_TRY(resolve(loader, &value, &place));
    *kept = value != NULL;
    if (!value)
        return PJ_OK;
    PJ_TRY(read_kind(loader, value, out));
    if (value != proto && (int)proto->type != PJ_ATTR_NONE && (int)proto->type != (int)out->kind)
        return pj_fail(loader->err, PJ_EFORMAT, "attribute '%s' is %s in the function, but the caller gives %s",
                       out->name, kinds[proto->type].word, kinds[out->kind].word);
    return read_value(loader, place, node, value, out);
}

pj_status pj_load_attrs(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *proto, pj_node *node)
{
    node->attr = PJ_NEW(loader->arena, pj_attr, proto->n_attribute);
    PJ_TRY(pj_got(node->attr, loader->err));
    for (size_t i = 0; i < proto->n_attribute; i++) {
        bool kept = false;
        PJ_TRY(read_attr(loader, place, node, proto->attribute[i], &node->attr[node->attrs], &kept));
        node->attrs += kept;
    }
    return PJ_OK;
}
