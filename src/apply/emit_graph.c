/* The changed graph as pieces: what stays is copied, what is new is made later. */
#include <stdio.h>
#include <string.h>

#include "apply/layout.h"
#include "apply/onnx_fields.h"

enum { ALIGN = 64, ALIGN_LARGE = PJ_MOST_ZEROS, LARGE = 1 << 20 };

/* ---- nodes ---- */

static void put_names(pj_str *out, pj_edit_value *const *value, int count, uint32_t field)
{
    while (count > 0 && !value[count - 1]) /* those that are left out at the end */
        count--;
    for (int i = 0; i < count; i++)
        pj_put_text(out, field, value[i] ? value[i]->name : "");
}

static void put_new_node(const pj_edit_node *node, pj_str *out)
{
    put_names(out, node->in, node->inputs, 1);
    put_names(out, node->out, node->outputs, 2);
    pj_put_text(out, 3, node->name);
    pj_put_text(out, 4, node->op);
    if (node->attributes)
        pj_str_add_bytes(out, node->attributes->data, node->attributes->length);
    if (*node->domain)
        pj_put_text(out, 7, node->domain);
}

/* Is this field of a node one that stays? */
static pj_status stays(pj_layout *l, const pj_edit_node *node, const pj_field_at *field, bool *out)
{
    const bool is_metadata = field->number == NODE_METADATA && field->wire == PJ_WIRE_BYTES && node->replaces;
    pj_field_at inner;
    const char *name = NULL;
    *out = field->wire != PJ_WIRE_BYTES ||
           (field->number > 2 && field->number != 3 && field->number != 4 && field->number != 7);
    if (!is_metadata && (!node->lacks || field->number != NODE_ATTRIBUTE || field->wire != PJ_WIRE_BYTES))
        return PJ_OK;
    for (uint64_t at = field->value; at < field->end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, field->end, &inner, l->err));
        if (inner.number == 1 && inner.wire == PJ_WIRE_BYTES)
            PJ_TRY(pj_proto_text(&l->edit->file, inner.value, inner.end, l->edit->arena, &name, l->err));
    }
    if (!is_metadata)
        *out = strcmp(node->lacks, "*") != 0 && !(name && strcmp(name, node->lacks) == 0);
    for (size_t i = 0; is_metadata && name && node->replaces[i]; i++)
        *out = *out && strcmp(name, node->replaces[i]) != 0;
    return PJ_OK;
}

/* A changed node: its names, then all else as it was, then what is new. */
static pj_status add_changed_node(pj_layout *l, const pj_edit_node *node)
{
    pj_pieces body = {0};
    pj_field_at field, message;
    uint64_t at = node->begin;
    bool keep;
    pj_str head = pj_str_new(0), tail = pj_str_new(0);
    put_names(&head, node->in, node->inputs, 1);
    put_names(&head, node->out, node->outputs, 2);
    if (*node->name)
        pj_put_text(&head, 3, node->name);
    pj_put_text(&head, 4, node->op);
    if (*node->domain)
        pj_put_text(&head, 7, node->domain);
    pj_pieces_text(&body, l->edit->arena, &head);
    if (node->attributes)
        pj_str_add_bytes(&tail, node->attributes->data, node->attributes->length);
    pj_status status = pj_proto_next(&l->edit->file, &at, node->end, &message, l->err);
    for (at = message.value; status == PJ_OK && at < message.end;) {
        status = pj_proto_next(&l->edit->file, &at, message.end, &field, l->err);
        if (status == PJ_OK)
            status = stays(l, node, &field, &keep);
        if (status == PJ_OK && keep)
            pj_pieces_copy(&body, l->edit->arena, field.begin, field.end);
    }
    pj_pieces_text(&body, l->edit->arena, &tail);
    pj_pieces_message(&l->graph, l->edit->arena, 1, &body);
    return status;
}

/* All nodes up to (and with) `last`; NULL: all that are left. */
static pj_status add_nodes(pj_layout *l, pj_edit_node **next, const pj_edit_node *last)
{
    bool done = false;
    while (*next && !done) {
        const pj_edit_node *node = *next;
        done = node == last;
        *next = node->next;
        if (node->is_dropped)
            continue;
        if (node->end == 0) {
            pj_str text = pj_str_new(0);
            pj_pieces body = {0};
            put_new_node(node, &text);
            pj_pieces_text(&body, l->edit->arena, &text);
            pj_pieces_message(&l->graph, l->edit->arena, 1, &body);
        } else if (node->is_edited) {
            PJ_TRY(add_changed_node(l, node));
        } else {
            pj_pieces_copy(&l->graph, l->edit->arena, node->begin, node->end);
        }
    }
    return PJ_OK;
}

/* ---- tensors ---- */

static bool is_large(const pj_layout *l, uint64_t length)
{
    return length >= l->options->external_min;
}

/* Where contents of `length` bytes go in the data file. */
static uint64_t place(pj_layout *l, uint64_t length)
{
    uint64_t align = length >= LARGE ? ALIGN_LARGE : ALIGN, rest = l->data.bytes % align;
    pj_pieces_add(&l->data, l->edit->arena, PJ_PIECE_ZEROS, rest ? align - rest : 0, 0, NULL);
    return l->data.bytes;
}

/* Entries of external_data, and data_location; the name of the file is known at the end. */
static void put_external(pj_layout *l, pj_pieces *body, uint64_t offset, uint64_t length)
{
    enum { EXTERNAL_DATA = 13, DATA_LOCATION = 14 };
    char number[32];
    pj_str head = pj_str_new(0), tail = pj_str_new(0);
    pj_put_tag(&head, EXTERNAL_DATA, PJ_WIRE_BYTES);
    pj_put_varint(&head, 2 + 8 + 1 + pj_varint_bytes(l->location) + l->location);
    pj_put_text(&head, 1, "location");
    pj_put_tag(&head, 2, PJ_WIRE_BYTES);
    pj_put_varint(&head, l->location);
    pj_pieces_text(body, l->edit->arena, &head);
    pj_pieces_add(body, l->edit->arena, PJ_PIECE_LOCATION, l->location, 0, NULL);
    snprintf(number, sizeof number, "%llu", (unsigned long long)offset);
    pj_put_entry(&tail, EXTERNAL_DATA, "offset", number);
    snprintf(number, sizeof number, "%llu", (unsigned long long)length);
    pj_put_entry(&tail, EXTERNAL_DATA, "length", number);
    pj_put_number(&tail, DATA_LOCATION, 1);
    pj_pieces_text(body, l->edit->arena, &tail);
}

static void put_raw_head(pj_layout *l, pj_pieces *body, uint64_t length)
{
    pj_str head = pj_str_new(0);
    pj_put_tag(&head, 9, PJ_WIRE_BYTES);
    pj_put_varint(&head, length);
    pj_pieces_text(body, l->edit->arena, &head);
}

static void add_new_tensor(pj_layout *l, const pj_edit_tensor *init, const char *name)
{
    pj_pieces body = {0};
    pj_str head = pj_str_new(0);
    bool external = is_large(l, init->length) && (l->is_external || l->follows);
    const pj_piece_kind kind = init->make ? PJ_PIECE_MAKE : PJ_PIECE_BYTES;
    const void *what = init->make ? (const void *)init->make : init->bytes;
    for (int i = 0; i < init->rank; i++)
        pj_put_number(&head, 1, (uint64_t)init->dims[i]);
    pj_put_number(&head, 2, (uint64_t)init->dtype);
    pj_put_text(&head, 8, name);
    pj_pieces_text(&body, l->edit->arena, &head);
    if (external) {
        uint64_t offset = place(l, init->length);
        put_external(l, &body, offset, init->length);
        pj_pieces_add(&l->data, l->edit->arena, kind, init->length, 0, what);
    } else {
        put_raw_head(l, &body, init->length);
        pj_pieces_add(&body, l->edit->arena, kind, init->length, 0, what);
    }
    pj_pieces_message(&l->graph, l->edit->arena, 5, &body);
}

/* A tensor of the source whose contents go to another place than they came from. */
static pj_status add_moved_tensor(pj_layout *l, const pj_edit_tensor *init, bool external)
{
    pj_pieces body = {0};
    pj_field_at message, field;
    uint64_t at = init->begin, length = init->tensor->length;
    PJ_TRY(pj_proto_next(&l->edit->file, &at, init->end, &message, l->err));
    for (at = message.value; at < message.end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, message.end, &field, l->err));
        bool is_data =
            field.number == 4 || field.number == 9 || field.number == 10 || field.number == 13 || field.number == 14;
        if (!is_data)
            pj_pieces_copy(&body, l->edit->arena, field.begin, field.end);
    }
    if (external) {
        uint64_t offset = place(l, length);
        put_external(l, &body, offset, length);
        pj_pieces_add(&l->data, l->edit->arena, PJ_PIECE_TENSOR, length, 0, init->tensor);
    } else {
        put_raw_head(l, &body, length);
        pj_pieces_add(&body, l->edit->arena, PJ_PIECE_TENSOR, length, 0, init->tensor);
    }
    pj_pieces_message(&l->graph, l->edit->arena, 5, &body);
    return PJ_OK;
}

static bool is_fixed(const pj_tensor *tensor)
{
    return tensor->raw || tensor->dtype == PJ_FLOAT32 || tensor->dtype == PJ_FLOAT64;
}

static pj_status add_init(pj_layout *l, const pj_edit_part *part)
{
    const pj_edit_tensor *init = part->value->init;
    const pj_tensor *tensor = init->tensor;
    if (init->is_dropped)
        return PJ_OK;
    if (part->begin != init->begin) { /* given twice: the last one counts */
        pj_pieces_copy(&l->graph, l->edit->arena, part->begin, part->end);
        return PJ_OK;
    }
    bool was = tensor && tensor->storage == PJ_STORED_EXTERNAL && !l->options->reuse_data;
    bool movable = tensor && tensor->storage == PJ_STORED_FILE && is_fixed(tensor) && is_large(l, tensor->length);
    if (was)
        return add_moved_tensor(l, init, l->options->external != PJ_APPLY_NEVER || l->is_external);
    if (movable && l->is_external)
        return add_moved_tensor(l, init, true);
    pj_pieces_copy(&l->graph, l->edit->arena, init->begin, init->end);
    return PJ_OK;
}

/* ---- the graph ---- */

/* A message whose field of that number is left out, or replaced by what `body` begins with. */
static pj_status copy_others(pj_layout *l, const pj_field_at *message, uint32_t number, pj_pieces *body)
{
    pj_field_at field;
    for (uint64_t at = message->value; at < message->end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, message->end, &field, l->err));
        if (field.number != number)
            pj_pieces_copy(body, l->edit->arena, field.begin, field.end);
    }
    return PJ_OK;
}

/* A TypeProto of a tensor, with another element type. */
static pj_status add_type(pj_layout *l, const pj_field_at *type, pj_dtype dtype, pj_pieces *to)
{
    enum { TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, VALUE_TYPE = 2 };
    pj_pieces body = {0};
    pj_field_at field;
    for (uint64_t at = type->value; at < type->end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, type->end, &field, l->err));
        if (field.number != TYPE_TENSOR || field.wire != PJ_WIRE_BYTES) {
            pj_pieces_copy(&body, l->edit->arena, field.begin, field.end);
            continue;
        }
        pj_pieces tensor = {0};
        pj_str element = pj_str_new(0);
        pj_put_number(&element, TENSOR_ELEMENT, (uint64_t)dtype);
        pj_pieces_text(&tensor, l->edit->arena, &element);
        PJ_TRY(copy_others(l, &field, TENSOR_ELEMENT, &tensor));
        pj_pieces_message(&body, l->edit->arena, TYPE_TENSOR, &tensor);
    }
    pj_pieces_message(to, l->edit->arena, VALUE_TYPE, &body);
    return PJ_OK;
}

/* An input or output of the model whose type is another one now. */
static pj_status add_retyped(pj_layout *l, const pj_edit_part *part)
{
    enum { VALUE_TYPE = 2 };
    pj_pieces body = {0};
    pj_field_at message, field;
    uint64_t at = part->begin;
    PJ_TRY(pj_proto_next(&l->edit->file, &at, part->end, &message, l->err));
    for (at = message.value; at < message.end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, message.end, &field, l->err));
        if (field.number == VALUE_TYPE && field.wire == PJ_WIRE_BYTES)
            PJ_TRY(add_type(l, &field, part->value->dtype, &body));
        else
            pj_pieces_copy(&body, l->edit->arena, field.begin, field.end);
    }
    pj_pieces_message(&l->graph, l->edit->arena, message.number, &body);
    return PJ_OK;
}

static pj_status add_part(pj_layout *l, const pj_edit_part *part, pj_edit_node **next)
{
    const pj_edit *edit = l->edit;
    const pj_edit_value *value = part->kind == PJ_PART_NODE ? NULL : part->value;
    switch (part->kind) {
    case PJ_PART_NODE:
        return add_nodes(l, next, part->node);
    case PJ_PART_INIT:
        return add_init(l, part);
    case PJ_PART_INPUT:
        if (value->init && (value->init->is_dropped || (edit->model->ir_version < 4 && edit->ir_version >= 4)))
            return PJ_OK; /* or callers would have to give it */
        if (value->is_retyped)
            return add_retyped(l, part);
        break;
    case PJ_PART_VALUE:
        if (value->is_retyped || (value->maker && value->maker->is_dropped) || (value->init && value->init->is_dropped))
            return PJ_OK;
        break;
    case PJ_PART_OUTPUT:
        if (value->maker && value->maker->is_dropped)
            return PJ_OK;
        if (value->is_retyped)
            return add_retyped(l, part);
        break;
    case PJ_PART_OTHER:
        break;
    }
    pj_pieces_copy(&l->graph, l->edit->arena, part->begin, part->end);
    return PJ_OK;
}

/* A graph output without a shape, for each tensor that is wanted, or each float tensor, that a node makes and that is
 * none. */
static void add_probes(pj_layout *l)
{
    pj_str text = pj_str_new(0);
    for (const pj_edit_node *node = l->edit->first; node; node = node->next)
        for (int o = 0; !node->is_dropped && o < node->outputs; o++) {
            const pj_edit_value *value = node->out[o];
            if (!value || value->is_output ||
                (!value->is_wanted && (!l->edit->probes || value->constant || !pj_dtype_is_float(value->dtype))))
                continue;
            size_t name = strlen(value->name), head = 1 + pj_varint_bytes(name) + name;
            pj_put_tag(&text, 12, PJ_WIRE_BYTES);
            pj_put_varint(&text, head + 6);
            pj_put_text(&text, 1, value->name);
            pj_put_bytes(&text, 2, (const char[]){10, 2, 8, (char)value->dtype}, 4);
        }
    pj_pieces_text(&l->graph, l->edit->arena, &text);
}

pj_status pj_layout_graph(pj_layout *l)
{
    const pj_edit *edit = l->edit;
    pj_edit_node *next = edit->first;
    const pj_edit_node *last = NULL;
    size_t last_init = edit->parts;
    for (size_t i = 0; i < edit->parts; i++) {
        last_init = edit->part[i].kind == PJ_PART_INIT ? i : last_init;
        last = edit->part[i].kind == PJ_PART_NODE ? edit->part[i].node : last;
    }
    for (size_t i = 0; i <= edit->parts; i++) {
        if (i < edit->parts)
            PJ_TRY(add_part(l, &edit->part[i], &next));
        if (i < edit->parts && edit->part[i].kind == PJ_PART_NODE && edit->part[i].node == last)
            PJ_TRY(add_nodes(l, &next, NULL));
        for (size_t k = 0; i == last_init && k < edit->adds; k++)
            if (!edit->added[k]->is_dropped)
                add_new_tensor(l, edit->added[k], edit->added_name[k]);
    }
    if (edit->probes || edit->is_cut)
        add_probes(l);
    return add_nodes(l, &next, NULL);
}
