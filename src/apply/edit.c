/* The vocabulary of those who change a model: names, nodes, values, contents. */
#include "apply/edit.h"

#include <string.h>

#include "apply/onnx_fields.h"
#include "base/ckd.h"
#include "ops/op.h"

/* What AttributeProto.type says. */
enum { TYPE_INT = 2, TYPE_STRING = 3, TYPE_TENSOR = 4, TYPE_INTS = 7 };

bool pj_edit_is(const pj_edit_node *node, const char *op)
{
    return node && !*node->domain && strcmp(node->op, op) == 0;
}

bool pj_edit_is_any(const pj_edit_node *node, const char *ops)
{
    return node && !*node->domain && pj_text_lists(ops, node->op);
}

void pj_edit_append(pj_edit *edit, pj_edit_node *node)
{
    node->previous = edit->last;
    if (edit->last)
        edit->last->next = node;
    else
        edit->first = node;
    edit->last = node;
}

static void forget_readers(pj_edit *edit)
{
    for (size_t i = 0; i < edit->values.count; i++) {
        pj_edit_value *value = edit->values.entry[i].value;
        value->readers = value->left = 0;
    }
    edit->spare_value.readers = 0;
}

/* Where memory runs out, nobody is known to read anything. */
void pj_edit_index(pj_edit *edit)
{
    bool ok = true;
    forget_readers(edit);
    for (pj_edit_node *node = edit->first; node; node = node->next)
        for (int i = 0; !node->is_dropped && i < node->inputs; i++)
            if (node->in[i])
                node->in[i]->readers++;
    for (size_t i = 0; ok && i < edit->values.count; i++) {
        pj_edit_value *value = edit->values.entry[i].value;
        value->reader = PJ_NEW(edit->arena, pj_edit_node *, value->readers);
        ok = value->reader != NULL;
    }
    forget_readers(edit);
    for (pj_edit_node *node = edit->first; ok && node; node = node->next)
        for (int i = 0; !node->is_dropped && i < node->inputs; i++)
            if (node->in[i] && node->in[i]->reader)
                node->in[i]->reader[node->in[i]->readers++] = node;
}

/* ---- names ---- */

/* A name nobody has: base + suffix, or with _1, _2 ... after it. */
static const char *free_name(pj_edit *edit, const char *base, const char *suffix)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s", base, suffix);
    for (int i = 1; !text.failed && pj_map_get(&edit->taken, text.data); i++) {
        pj_str_clear(&text);
        pj_str_printf(&text, "%s%s_%d", base, suffix, i);
    }
    char *name = pj_str_keep(&text, edit->arena);
    if (!name || !pj_map_put(&edit->taken, name, edit)) {
        pj_arena_fail(edit->arena);
        return "";
    }
    return name;
}

/* ---- nodes ---- */

static pj_edit_node *new_node(pj_edit *edit, const char *domain, const char *op, const char *base, int inputs,
                              int outputs)
{
    pj_edit_node *node = PJ_NEW(edit->arena, pj_edit_node, 1);
    pj_edit_value **in = PJ_NEW(edit->arena, pj_edit_value *, inputs + outputs);
    pj_str suffix = pj_str_new(0);
    pj_str_printf(&suffix, "/%s", op);
    const char *name = free_name(edit, base, suffix.data);
    if (suffix.failed)
        pj_arena_fail(edit->arena);
    pj_str_free(&suffix);
    edit->is_changed = true;
    if (!node || !in)
        return &edit->spare_node;
    *node = (pj_edit_node){
        .name = name, .op = op, .domain = domain, .inputs = inputs, .outputs = outputs, .in = in, .out = in + inputs};
    return node;
}

pj_edit_node *pj_edit_before(pj_edit *edit, pj_edit_node *at, const char *domain, const char *op, const char *base,
                             int inputs, int outputs)
{
    pj_edit_node *node = new_node(edit, domain, op, base, inputs, outputs);
    if (node == &edit->spare_node || at == &edit->spare_node)
        return &edit->spare_node;
    at = at ? at : edit->first;
    if (!at) {
        pj_edit_append(edit, node);
        return node;
    }
    node->next = at;
    node->previous = at->previous;
    if (at->previous)
        at->previous->next = node;
    else
        edit->first = node;
    at->previous = node;
    return node;
}

pj_edit_node *pj_edit_after(pj_edit *edit, pj_edit_node *at, const char *domain, const char *op, const char *base,
                            int inputs, int outputs)
{
    if (!at || at->next)
        return pj_edit_before(edit, at ? at->next : NULL, domain, op, base, inputs, outputs);
    pj_edit_node *node = new_node(edit, domain, op, base, inputs, outputs);
    if (node == &edit->spare_node || at == &edit->spare_node)
        return &edit->spare_node;
    pj_edit_append(edit, node);
    return node;
}

void pj_edit_keep_read(pj_edit *edit)
{
    for (pj_edit_node *node = edit->last; node; node = node->previous)
        for (int i = 0; !node->is_dropped && i < node->inputs; i++) {
            if (node->in[i] && node->in[i]->init)
                node->in[i]->init->is_dropped = false;
            if (node->in[i] && node->in[i]->maker)
                node->in[i]->maker->is_dropped = false;
        }
}

void pj_edit_drop(pj_edit *edit, pj_edit_node *node)
{
    node->is_dropped = edit->is_changed = true;
}

/* The text that attributes of the node are added to. */
static pj_str *attributes_of(pj_edit *edit, pj_edit_node *node)
{
    if (!node->attributes) {
        node->attributes = PJ_NEW(edit->arena, pj_str, 1);
        if (!node->attributes)
            return NULL;
        *node->attributes = pj_str_new(0);
    }
    node->is_edited = edit->is_changed = true;
    return node->attributes;
}

/* An attribute: name, one field, type. */
static void add_attribute(pj_edit *edit, pj_edit_node *node, const char *name, const pj_str *value, int type)
{
    pj_str *out = node == &edit->spare_node ? NULL : attributes_of(edit, node), all = pj_str_new(0);
    pj_put_text(&all, ATTRIBUTE_NAME, name);
    pj_str_add_bytes(&all, value->data, value->length);
    pj_put_number(&all, ATTRIBUTE_TYPE, (uint64_t)type);
    if (out)
        pj_put_bytes(out, NODE_ATTRIBUTE, all.data, all.length);
    if (all.failed || value->failed || (out && out->failed))
        pj_arena_fail(edit->arena);
    pj_str_free(&all);
}

void pj_edit_int(pj_edit *edit, pj_edit_node *node, const char *name, int64_t value)
{
    pj_str field = pj_str_new(0);
    pj_put_number(&field, ATTRIBUTE_INT, (uint64_t)value);
    add_attribute(edit, node, name, &field, TYPE_INT);
    pj_str_free(&field);
}

void pj_edit_ints(pj_edit *edit, pj_edit_node *node, const char *name, const int64_t *value, int count)
{
    pj_str field = pj_str_new(0);
    for (int i = 0; i < count; i++)
        pj_put_number(&field, ATTRIBUTE_INTS, (uint64_t)value[i]);
    add_attribute(edit, node, name, &field, TYPE_INTS);
    pj_str_free(&field);
}

void pj_edit_string(pj_edit *edit, pj_edit_node *node, const char *name, const char *value)
{
    pj_str field = pj_str_new(0);
    pj_put_text(&field, ATTRIBUTE_STRING, value);
    add_attribute(edit, node, name, &field, TYPE_STRING);
    pj_str_free(&field);
}

void pj_edit_scalar(pj_edit *edit, pj_edit_node *node, const char *name, pj_dtype dtype, const void *bytes,
                    size_t length)
{
    pj_str field = pj_str_new(0), tensor = pj_str_new(0);
    pj_put_number(&tensor, 1, 1);
    pj_put_number(&tensor, 2, (uint64_t)dtype);
    pj_put_bytes(&tensor, 9, bytes, length);
    pj_put_bytes(&field, ATTRIBUTE_TENSOR, tensor.data, tensor.length);
    add_attribute(edit, node, name, &field, TYPE_TENSOR);
    if (tensor.failed)
        pj_arena_fail(edit->arena);
    pj_str_free(&tensor);
    pj_str_free(&field);
}

void pj_edit_metadata(pj_edit *edit, pj_edit_node *node, const char *key, const char *value)
{
    pj_str *out = node == &edit->spare_node ? NULL : attributes_of(edit, node);
    if (out)
        pj_put_entry(out, NODE_METADATA, key, value);
    if (out && out->failed)
        pj_arena_fail(edit->arena);
}

void pj_edit_read(pj_edit *edit, pj_edit_node *node, int input, pj_edit_value *value)
{
    node->in[input] = value;
    node->is_edited = edit->is_changed = true;
}

void pj_edit_widen(pj_edit *edit, pj_edit_node *node, int count)
{
    pj_edit_value **in = PJ_NEW(edit->arena, pj_edit_value *, count);
    if (!in || count <= node->inputs)
        return;
    memcpy(in, node->in, (size_t)node->inputs * sizeof *in);
    node->in = in;
    node->inputs = count;
    node->is_edited = edit->is_changed = true;
}

/* ---- values ---- */

static pj_edit_value *new_value(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype)
{
    const char *name = free_name(edit, base, suffix);
    pj_edit_value *value = PJ_NEW(edit->arena, pj_edit_value, 1);
    edit->is_changed = true;
    if (!value || !*name || !pj_map_put(&edit->values, name, value))
        return &edit->spare_value;
    value->name = name;
    value->dtype = dtype;
    return value;
}

pj_edit_value *pj_edit_value_new(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype,
                                 pj_edit_node *maker, int output)
{
    pj_edit_value *value = new_value(edit, base, suffix, dtype);
    value->maker = maker;
    maker->out[output] = value;
    return value;
}

void pj_edit_redirect(pj_edit *edit, pj_edit_value *from, pj_edit_value *to, const pj_edit_node *except)
{
    for (int r = 0; r < from->readers; r++)
        for (int i = 0; from->reader[r] != except && i < from->reader[r]->inputs; i++)
            if (from->reader[r]->in[i] == from)
                pj_edit_read(edit, from->reader[r], i, to);
}

pj_edit_value *pj_edit_set_aside(pj_edit *edit, pj_edit_value *value, const char *suffix, pj_dtype dtype)
{
    pj_edit_node *maker = value->maker;
    pj_edit_value *aside = new_value(edit, value->name, suffix, dtype);
    aside->maker = maker;
    for (int o = 0; maker && o < maker->outputs; o++)
        if (maker->out[o] == value) {
            maker->out[o] = aside;
            maker->is_edited = true;
        }
    value->maker = NULL;
    return aside;
}

/* Makes room for one more new initializer. */
static bool grow_added(pj_edit *edit)
{
    if (edit->adds < edit->room)
        return true;
    size_t room = edit->room ? 2 * edit->room : 64;
    pj_edit_tensor **added = PJ_NEW(edit->arena, pj_edit_tensor *, room);
    const char **names = PJ_NEW(edit->arena, const char *, room);
    if (!added || !names)
        return false;
    if (edit->adds > 0) {
        memcpy(added, edit->added, edit->adds * sizeof *added);
        memcpy(names, edit->added_name, edit->adds * sizeof *names);
    }
    edit->added = added;
    edit->added_name = names;
    edit->room = room;
    return true;
}

static pj_edit_value *add_tensor(pj_edit *edit, const char *base, const char *suffix, const pj_edit_tensor *given)
{
    pj_edit_value *value = new_value(edit, base, suffix, given->dtype);
    pj_edit_tensor *init = pj_arena_memdup(edit->arena, given, 1, sizeof *given);
    int64_t *dims = pj_arena_memdup(edit->arena, given->dims, (size_t)given->rank, sizeof *dims);
    if (!init || !dims || value == &edit->spare_value || !grow_added(edit))
        return &edit->spare_value;
    init->dims = dims;
    value->init = init;
    edit->added[edit->adds] = init;
    edit->added_name[edit->adds++] = value->name;
    return value;
}

pj_edit_value *pj_edit_bytes(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype, int rank,
                             const int64_t *dims, const void *bytes, size_t length)
{
    const int64_t none = 0;
    const pj_edit_tensor tensor = {.dtype = dtype,
                                   .rank = rank,
                                   .dims = dims ? dims : &none,
                                   .length = length,
                                   .bytes = bytes ? pj_arena_memdup(edit->arena, bytes, length, 1) : NULL};
    return tensor.bytes ? add_tensor(edit, base, suffix, &tensor) : &edit->spare_value; /* no memory */
}

pj_edit_value *pj_edit_make(pj_edit *edit, const char *base, const char *suffix, pj_dtype dtype, int rank,
                            const int64_t *dims, const pj_make *make)
{
    const int64_t none = 0;
    pj_edit_tensor tensor = {.dtype = dtype,
                             .rank = rank,
                             .dims = dims ? dims : &none,
                             .make = pj_arena_memdup(edit->arena, make, 1, sizeof *make)};
    if (!tensor.make || !pj_make_bytes(make, &tensor.length))
        return &edit->spare_value;
    return add_tensor(edit, base, suffix, &tensor);
}

void pj_edit_take(pj_edit *edit, pj_edit_value *value, pj_edit_value *from)
{
    if (edit->adds == 0 || !from->init)
        return;
    edit->added_name[edit->adds - 1] = value->name;
    value->init = from->init;
    value->maker = NULL;
    from->init = NULL;
}

/* ---- contents ---- */

typedef struct contents {
    pj_edit *edit;
    const pj_tensor *tensor;
} contents;

/* One tensor is open at a time, so that thousands of files may be read. */
static pj_status open_tensor(pj_edit *edit, const pj_tensor *tensor, pj_error *err)
{
    const char *absent = NULL;
    if (edit->open == tensor)
        return PJ_OK;
    edit->open = NULL;
    if (pj_weight_files_full(&edit->files))
        pj_weight_files_close(&edit->files);
    if (!edit->open_memory)
        edit->open_memory = pj_arena_new(0);
    else
        pj_arena_reset(edit->open_memory);
    if (!edit->open_memory)
        return pj_fail_memory(err);
    edit->reading = pj_constant_of_tensor(tensor);
    PJ_TRY(pj_reader_open(&edit->reader, &edit->reading, &edit->files, edit->open_memory, &absent, err));
    if (absent)
        return pj_fail(err, PJ_EFORMAT, "the contents of '%.200s' are needed, but %s", tensor->name, absent);
    edit->open = tensor;
    return PJ_OK;
}

static pj_status get_contents(void *payload, int64_t first, size_t n, float *out, pj_error *err)
{
    const contents *from = payload;
    PJ_TRY(pj_got(from, err));
    PJ_TRY(open_tensor(from->edit, from->tensor, err));
    return pj_reader_floats(&from->edit->reader, first, (int64_t)n, from->edit->scratch, out, err);
}

pj_numbers pj_edit_numbers(pj_edit *edit, const pj_tensor *tensor)
{
    contents *from = PJ_NEW(edit->arena, contents, 1);
    if (from)
        *from = (contents){edit, tensor};
    return (pj_numbers){get_contents, from, from ? tensor->count : 0};
}

pj_status pj_edit_raw(pj_edit *edit, const pj_tensor *tensor, uint64_t at, size_t n, void *to, pj_error *err)
{
    PJ_TRY(open_tensor(edit, tensor, err));
    return pj_reader_raw(&edit->reader, at, n, to, err);
}
