/* The layout of the changed model, and its bytes. */
#include "apply/emit.h"

#include <stdio.h>
#include <string.h>

#include "apply/output.h"
#include "base/ckd.h"

enum { WINDOW = 1 << 20, ALIGN = 64, ALIGN_LARGE = 4096, LARGE = 1 << 20 };
#define MOST_MESSAGE   ((uint64_t)INT32_MAX)
#define EXTERNAL_ABOVE ((uint64_t)1 << 30)

/* ---- pieces ---- */

typedef enum piece_kind {
    COPY,     /* of the model's file, from `at` */
    BYTES,    /* `bytes` */
    TENSOR,   /* contents of a tensor of the source */
    MAKE,     /* contents that are made */
    LOCATION, /* the name of the data file */
    ZEROS
} piece_kind;

typedef struct piece {
    piece_kind kind;
    uint64_t length, at;
    union {
        const void *bytes;
        const pj_tensor *tensor;
        const pj_make *make;
    };
} piece;

typedef struct list {
    piece *piece;
    size_t count, room;
    uint64_t bytes;
} list;

typedef struct layout {
    pj_edit *edit;
    const pj_apply_options *options;
    list model, graph, data;
    bool is_external;  /* whatever may be external is */
    bool has_external; /* in the source */
    bool follows;      /* new contents are external because others are */
    size_t location;   /* characters of its name */
    pj_output *output;
    pj_error *err;
    pj_lost *lost;
    uint8_t *window;
} layout;

static void add(layout *l, list *to, piece_kind kind, uint64_t length, uint64_t at, const void *what)
{
    piece *last = to->count ? &to->piece[to->count - 1] : NULL;
    to->bytes += length;
    if (length == 0)
        return;
    if (kind == COPY && last && last->kind == COPY && last->at + last->length == at) {
        last->length += length;
        return;
    }
    if (to->count == to->room) {
        size_t room = to->room ? 2 * to->room : 64;
        piece *grown = PJ_NEW(l->edit->arena, piece, room);
        if (!grown)
            return; /* the arena has failed */
        if (to->count > 0)
            memcpy(grown, to->piece, to->count * sizeof *grown);
        to->piece = grown;
        to->room = room;
    }
    to->piece[to->count++] = (piece){.kind = kind, .length = length, .at = at, .bytes = what};
}

/* A copy of the text, which is freed. */
static void add_text(layout *l, list *to, pj_str *text)
{
    size_t length = text->length;
    const char *bytes = text->failed ? NULL : pj_arena_memdup(l->edit->arena, text->data, length + 1, 1);
    if (!bytes)
        pj_arena_fail(l->edit->arena);
    else
        add(l, to, BYTES, length, 0, bytes);
    pj_str_free(text);
}

static void add_list(layout *l, list *to, const list *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const piece *p = &from->piece[i];
        add(l, to, p->kind, p->length, p->at, p->bytes);
    }
}

/* A message: tag, length, contents. */
static void add_message(layout *l, list *to, uint32_t field, const list *body)
{
    pj_str head = pj_str_new(0);
    pj_put_tag(&head, field, PJ_WIRE_BYTES);
    pj_put_varint(&head, body->bytes);
    add_text(l, to, &head);
    add_list(l, to, body);
}

static void add_copy(layout *l, list *to, uint64_t begin, uint64_t end)
{
    add(l, to, COPY, end - begin, begin, NULL);
}

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
static pj_status stays(layout *l, const pj_edit_node *node, const pj_field_at *field, bool *out)
{
    pj_field_at inner;
    const char *name = NULL;
    *out = field->wire != PJ_WIRE_BYTES ||
           (field->number > 2 && field->number != 3 && field->number != 4 && field->number != 7);
    if (!node->lacks || field->number != 5 || field->wire != PJ_WIRE_BYTES)
        return PJ_OK;
    for (uint64_t at = field->value; at < field->end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, field->end, &inner, l->err));
        if (inner.number == 1 && inner.wire == PJ_WIRE_BYTES)
            PJ_TRY(pj_proto_text(&l->edit->file, inner.value, inner.end, l->edit->arena, &name, l->err));
    }
    *out = strcmp(node->lacks, "*") != 0 && !(name && strcmp(name, node->lacks) == 0);
    return PJ_OK;
}

/* A changed node: its names, then all else as it was, then what is new. */
static pj_status add_changed_node(layout *l, const pj_edit_node *node)
{
    list body = {0};
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
    add_text(l, &body, &head);
    if (node->attributes)
        pj_str_add_bytes(&tail, node->attributes->data, node->attributes->length);
    pj_status status = pj_proto_next(&l->edit->file, &at, node->end, &message, l->err);
    for (at = message.value; status == PJ_OK && at < message.end;) {
        status = pj_proto_next(&l->edit->file, &at, message.end, &field, l->err);
        if (status == PJ_OK)
            status = stays(l, node, &field, &keep);
        if (status == PJ_OK && keep)
            add_copy(l, &body, field.begin, field.end);
    }
    add_text(l, &body, &tail);
    add_message(l, &l->graph, 1, &body);
    return status;
}

/* All nodes up to (and with) `last`; NULL: all that are left. */
static pj_status add_nodes(layout *l, pj_edit_node **next, const pj_edit_node *last)
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
            list body = {0};
            put_new_node(node, &text);
            add_text(l, &body, &text);
            add_message(l, &l->graph, 1, &body);
        } else if (node->is_edited) {
            PJ_TRY(add_changed_node(l, node));
        } else {
            add_copy(l, &l->graph, node->begin, node->end);
        }
    }
    return PJ_OK;
}

/* ---- tensors ---- */

static bool is_large(const layout *l, uint64_t length)
{
    return length >= l->options->external_min;
}

/* Where contents of `length` bytes go in the data file. */
static uint64_t place(layout *l, uint64_t length)
{
    uint64_t align = length >= LARGE ? ALIGN_LARGE : ALIGN, rest = l->data.bytes % align;
    add(l, &l->data, ZEROS, rest ? align - rest : 0, 0, NULL);
    return l->data.bytes;
}

/* Entries of external_data, and data_location; the name of the file is known at the end. */
static void put_external(layout *l, list *body, uint64_t offset, uint64_t length)
{
    enum { EXTERNAL_DATA = 13, DATA_LOCATION = 14 };
    char number[32];
    pj_str head = pj_str_new(0), tail = pj_str_new(0);
    pj_put_tag(&head, EXTERNAL_DATA, PJ_WIRE_BYTES);
    pj_put_varint(&head, 2 + 8 + 1 + pj_varint_bytes(l->location) + l->location);
    pj_put_text(&head, 1, "location");
    pj_put_tag(&head, 2, PJ_WIRE_BYTES);
    pj_put_varint(&head, l->location);
    add_text(l, body, &head);
    add(l, body, LOCATION, l->location, 0, NULL);
    snprintf(number, sizeof number, "%llu", (unsigned long long)offset);
    pj_put_entry(&tail, EXTERNAL_DATA, "offset", number);
    snprintf(number, sizeof number, "%llu", (unsigned long long)length);
    pj_put_entry(&tail, EXTERNAL_DATA, "length", number);
    pj_put_number(&tail, DATA_LOCATION, 1);
    add_text(l, body, &tail);
}

static void put_raw_head(layout *l, list *body, uint64_t length)
{
    pj_str head = pj_str_new(0);
    pj_put_tag(&head, 9, PJ_WIRE_BYTES);
    pj_put_varint(&head, length);
    add_text(l, body, &head);
}

static void add_new_tensor(layout *l, const pj_edit_tensor *init, const char *name)
{
    list body = {0};
    pj_str head = pj_str_new(0);
    bool external = is_large(l, init->length) && (l->is_external || l->follows);
    const piece_kind kind = init->make ? MAKE : BYTES;
    const void *what = init->make ? (const void *)init->make : init->bytes;
    for (int i = 0; i < init->rank; i++)
        pj_put_number(&head, 1, (uint64_t)init->dims[i]);
    pj_put_number(&head, 2, (uint64_t)init->dtype);
    pj_put_text(&head, 8, name);
    add_text(l, &body, &head);
    if (external) {
        uint64_t offset = place(l, init->length);
        put_external(l, &body, offset, init->length);
        add(l, &l->data, kind, init->length, 0, what);
    } else {
        put_raw_head(l, &body, init->length);
        add(l, &body, kind, init->length, 0, what);
    }
    add_message(l, &l->graph, 5, &body);
}

/* A tensor of the source whose contents go to another place than they came from. */
static pj_status add_moved_tensor(layout *l, const pj_edit_tensor *init, bool external)
{
    list body = {0};
    pj_field_at message, field;
    uint64_t at = init->begin, length = init->tensor->length;
    PJ_TRY(pj_proto_next(&l->edit->file, &at, init->end, &message, l->err));
    for (at = message.value; at < message.end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, message.end, &field, l->err));
        bool is_data =
            field.number == 4 || field.number == 9 || field.number == 10 || field.number == 13 || field.number == 14;
        if (!is_data)
            add_copy(l, &body, field.begin, field.end);
    }
    if (external) {
        uint64_t offset = place(l, length);
        put_external(l, &body, offset, length);
        add(l, &l->data, TENSOR, length, 0, init->tensor);
    } else {
        put_raw_head(l, &body, length);
        add(l, &body, TENSOR, length, 0, init->tensor);
    }
    add_message(l, &l->graph, 5, &body);
    return PJ_OK;
}

static bool is_fixed(const pj_tensor *tensor)
{
    return tensor->raw || tensor->dtype == PJ_FLOAT32 || tensor->dtype == PJ_FLOAT64;
}

static pj_status add_init(layout *l, const pj_edit_part *part)
{
    const pj_edit_tensor *init = part->value->init;
    const pj_tensor *tensor = init->tensor;
    if (init->is_dropped)
        return PJ_OK;
    if (part->begin != init->begin) { /* given twice: the last one counts */
        add_copy(l, &l->graph, part->begin, part->end);
        return PJ_OK;
    }
    bool was = tensor && tensor->storage == PJ_STORED_EXTERNAL;
    bool movable = tensor && tensor->storage == PJ_STORED_FILE && is_fixed(tensor) && is_large(l, tensor->length);
    if (was)
        return add_moved_tensor(l, init, l->options->external != PJ_APPLY_NEVER || l->is_external);
    if (movable && l->is_external)
        return add_moved_tensor(l, init, true);
    add_copy(l, &l->graph, init->begin, init->end);
    return PJ_OK;
}

/* ---- the graph ---- */

static pj_status add_part(layout *l, const pj_edit_part *part, pj_edit_node **next)
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
        break;
    case PJ_PART_VALUE:
        if (value->is_retyped || (value->maker && value->maker->is_dropped) || (value->init && value->init->is_dropped))
            return PJ_OK;
        break;
    case PJ_PART_OUTPUT:
    case PJ_PART_OTHER:
        break;
    }
    add_copy(l, &l->graph, part->begin, part->end);
    return PJ_OK;
}

/* A graph output without a shape, for each float tensor that a node makes and that is none. */
static void add_probes(layout *l)
{
    pj_str text = pj_str_new(0);
    for (const pj_edit_node *node = l->edit->first; node; node = node->next)
        for (int o = 0; !node->is_dropped && o < node->outputs; o++) {
            const pj_edit_value *value = node->out[o];
            if (!value || value->is_output || value->constant || !pj_dtype_is_float(value->dtype))
                continue;
            size_t name = strlen(value->name), head = 1 + pj_varint_bytes(name) + name;
            pj_put_tag(&text, 12, PJ_WIRE_BYTES);
            pj_put_varint(&text, head + 6);
            pj_put_text(&text, 1, value->name);
            pj_put_bytes(&text, 2, (const char[]){10, 2, 8, (char)value->dtype}, 4);
        }
    add_text(l, &l->graph, &text);
}

static pj_status add_graph(layout *l)
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
    if (edit->probes)
        add_probes(l);
    return add_nodes(l, &next, NULL);
}

/* ---- the model ---- */

static void put_opset(pj_str *out, const char *domain, int64_t version)
{
    pj_str body = pj_str_new(0);
    if (*domain)
        pj_put_text(&body, 1, domain);
    pj_put_number(&body, 2, (uint64_t)version);
    pj_put_bytes(out, 8, body.data, body.length);
    out->failed = out->failed || body.failed;
    pj_str_free(&body);
}

/* The version that a domain is to have; 0: as it is. */
static int64_t version_of(const pj_edit *edit, const char *domain)
{
    if (!*domain || strcmp(domain, "ai.onnx") == 0)
        return edit->opset != pj_model_opset(edit->model, "") ? edit->opset : 0;
    return strcmp(domain, "com.microsoft") == 0 && edit->ms_opset != pj_model_opset(edit->model, domain)
               ? edit->ms_opset
               : 0;
}

static pj_status add_opset(layout *l, const pj_field_at *field)
{
    pj_field_at inner;
    const char *domain = "";
    for (uint64_t at = field->value; at < field->end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, field->end, &inner, l->err));
        if (inner.number == 1 && inner.wire == PJ_WIRE_BYTES)
            PJ_TRY(pj_proto_text(&l->edit->file, inner.value, inner.end, l->edit->arena, &domain, l->err));
    }
    int64_t version = version_of(l->edit, domain);
    if (version == 0) {
        add_copy(l, &l->model, field->begin, field->end);
        return PJ_OK;
    }
    pj_str text = pj_str_new(0);
    put_opset(&text, domain, version);
    add_text(l, &l->model, &text);
    return PJ_OK;
}

/* Is it a note that we write anew? */
static pj_status is_note(layout *l, const pj_field_at *field, const char *const *notes, bool *out)
{
    pj_field_at inner;
    const char *key = "";
    *out = false;
    for (uint64_t at = field->value; at < field->end;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, field->end, &inner, l->err));
        if (inner.number == 1 && inner.wire == PJ_WIRE_BYTES)
            PJ_TRY(pj_proto_text(&l->edit->file, inner.value, inner.end, l->edit->arena, &key, l->err));
    }
    for (size_t i = 0; notes[i]; i += 2)
        *out = *out || strcmp(notes[i], key) == 0;
    return PJ_OK;
}

static pj_status add_field(layout *l, const pj_field_at *field, const char *const *notes)
{
    bool note = false;
    if (field->number == 1 && field->wire == PJ_WIRE_VARINT && l->edit->ir_version != l->edit->model->ir_version)
        return PJ_OK; /* it has been written */
    if (field->wire == PJ_WIRE_BYTES && field->number == 8)
        return add_opset(l, field);
    if (field->wire == PJ_WIRE_BYTES && field->number == 14)
        PJ_TRY(is_note(l, field, notes, &note));
    if (field->wire == PJ_WIRE_BYTES && field->number == 7)
        add_message(l, &l->model, 7, &l->graph);
    else if (!note)
        add_copy(l, &l->model, field->begin, field->end);
    return PJ_OK;
}

static pj_status add_model(layout *l, const char *const *notes)
{
    const pj_edit *edit = l->edit;
    pj_field_at field;
    pj_str head = pj_str_new(0), tail = pj_str_new(0);
    if (edit->ir_version != edit->model->ir_version)
        pj_put_number(&head, 1, (uint64_t)edit->ir_version);
    add_text(l, &l->model, &head);
    for (uint64_t at = 0; at < edit->size;) {
        PJ_TRY(pj_proto_next(&l->edit->file, &at, edit->size, &field, l->err));
        PJ_TRY(add_field(l, &field, notes));
    }
    if (edit->opset && !pj_model_opset(edit->model, ""))
        put_opset(&tail, "", edit->opset);
    if (edit->ms_opset && !pj_model_opset(edit->model, "com.microsoft"))
        put_opset(&tail, "com.microsoft", edit->ms_opset);
    for (size_t i = 0; notes[i]; i += 2)
        pj_put_entry(&tail, 14, notes[i], notes[i + 1]);
    add_text(l, &l->model, &tail);
    return PJ_OK;
}

/* Bytes of all contents, and whether the source has some in other files. */
static uint64_t weigh(layout *l)
{
    uint64_t all = 0;
    for (size_t i = 0; i < l->edit->parts; i++) {
        const pj_edit_tensor *init = l->edit->part[i].kind == PJ_PART_INIT ? l->edit->part[i].value->init : NULL;
        if (!init || !init->tensor)
            continue;
        l->has_external = l->has_external || init->tensor->storage == PJ_STORED_EXTERNAL;
        if (!init->is_dropped && !pj_add_u64(all, init->tensor->length, &all))
            all = UINT64_MAX;
    }
    for (size_t i = 0; i < l->edit->adds; i++)
        if (!l->edit->added[i]->is_dropped && !pj_add_u64(all, l->edit->added[i]->length, &all))
            all = UINT64_MAX;
    return all;
}

static pj_status lay_out(layout *l, const char *const *notes, bool external)
{
    l->is_external = external;
    l->model = l->graph = l->data = (list){0};
    if (!l->edit->is_changed && !external) {
        add_copy(l, &l->model, 0, l->edit->size);
        return PJ_OK;
    }
    PJ_TRY(add_graph(l));
    PJ_TRY(add_model(l, notes));
    return pj_arena_failed(l->edit->arena) ? pj_fail_memory(l->err) : PJ_OK;
}

/* ---- writing ---- */

static pj_status put(void *payload, const void *bytes, size_t n, pj_error *err)
{
    return pj_output_put(payload, bytes, n, err);
}

static pj_status write_copy(layout *l, const piece *p)
{
    for (uint64_t done = 0; done < p->length;) {
        size_t n = p->length - done < WINDOW ? (size_t)(p->length - done) : WINDOW;
        if (p->kind == TENSOR) {
            PJ_TRY(pj_edit_raw(l->edit, p->tensor, done, n, l->window, l->err));
        } else {
            int64_t got = pj_input_read(l->edit->file.input, p->at + done, l->window, n);
            if (got <= 0)
                return pj_fail(l->err, PJ_EIO, "the model became shorter while it was read");
            n = (size_t)got;
        }
        PJ_TRY(pj_output_put(l->output, l->window, n, l->err));
        done += n;
        PJ_TRY(pj_watch_step(l->options->watch, "writing", pj_output_bytes(l->output), l->model.bytes + l->data.bytes,
                             l->err));
    }
    return PJ_OK;
}

static pj_status write_list(layout *l, const list *from)
{
    static const uint8_t zeros[ALIGN_LARGE];
    const pj_bytes_to to = {put, l->output};
    for (size_t i = 0; i < from->count; i++) {
        const piece *p = &from->piece[i];
        uint64_t before = pj_output_bytes(l->output);
        switch (p->kind) {
        case COPY:
        case TENSOR:
            PJ_TRY(write_copy(l, p));
            break;
        case BYTES:
            PJ_TRY(pj_output_put(l->output, p->bytes, p->length, l->err));
            break;
        case MAKE:
            PJ_TRY(pj_make_run(p->make, &to, l->lost, l->err));
            break;
        case LOCATION:
            PJ_TRY(pj_output_put(l->output, pj_output_data_name(l->output), p->length, l->err));
            break;
        case ZEROS:
            PJ_TRY(pj_output_put(l->output, zeros, p->length, l->err));
            break;
        }
        if (pj_output_bytes(l->output) - before != p->length)
            return pj_fail(l->err, PJ_EFORMAT, "a tensor has other contents than were announced");
        PJ_TRY(pj_watch_step(l->options->watch, "writing", pj_output_bytes(l->output), l->model.bytes + l->data.bytes,
                             l->err));
    }
    return PJ_OK;
}

static pj_status write_all(layout *l, const char *const *notes)
{
    pj_status status =
        pj_output_open(l->options->out, l->data.count > 0, l->edit->model, notes, l->edit->arena, &l->output, l->err);
    if (status == PJ_OK && l->data.count > 0)
        status = write_list(l, &l->data);
    if (status == PJ_OK)
        status = pj_output_next(l->output, l->err);
    if (status == PJ_OK)
        status = write_list(l, &l->model);
    return pj_output_close(l->output, status, l->err);
}

pj_status pj_apply_emit(pj_edit *edit, const pj_apply_options *options, const char *const *notes, pj_emitted *out,
                        pj_error *err)
{
    layout l = {.edit = edit, .options = options, .err = err, .lost = &out->lost};
    l.location = pj_output_name_length(options->out);
    l.window = PJ_NEW(edit->arena, uint8_t, WINDOW);
    if (!l.window)
        return pj_fail_memory(err);
    uint64_t weights = weigh(&l);
    l.follows = l.has_external && options->external == PJ_APPLY_AS_SOURCE;
    bool external = options->external == PJ_APPLY_ALWAYS ||
                    (options->external == PJ_APPLY_AS_SOURCE && edit->is_changed && weights > EXTERNAL_ABOVE);
    if (l.has_external && !edit->is_changed && !external && pj_output_is_elsewhere(options->out, edit->model->path))
        edit->is_changed = true; /* data files are beside the model */
    PJ_TRY(lay_out(&l, notes, external));
    if (l.model.bytes > MOST_MESSAGE && !external) {
        out->forced_external = true;
        PJ_TRY(lay_out(&l, notes, true));
    }
    out->model_bytes = l.model.bytes;
    out->data_bytes = l.data.bytes;
    if (l.model.bytes > MOST_MESSAGE)
        return pj_fail(err, PJ_ELIMIT, "the model would have more than 2 GiB beside its external data");
    return options->dry_run ? PJ_OK : write_all(&l, notes);
}
